/*
 * One check of many subjects: results told a few at a time, of which each evaluation looks at the
 * touched streams only, give what all of them at once give. (Histories have few subjects.)
 */
#include "tests/unit/posture/play.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HISTORIES = 150, RESULTS = 120, SUBJECTS = 16 };

static uint32_t below(uint64_t *seed, uint32_t bound)
{
    /* splitmix64, as in Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014 */
    uint64_t z = (*seed += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (uint32_t)((z ^ (z >> 31)) % bound);
}

/* Mostly one newer than all before; some late, failing, expiring by themselves, or retracted. */
static struct told fact(uint64_t *seed, int number, bool plain)
{
    static char subjects[SUBJECTS][8];
    uint32_t subject = below(seed, SUBJECTS);
    snprintf(subjects[subject], sizeof subjects[subject], "h-%u", subject);
    if (number > 0 && below(seed, 20) == 0)
        return (struct told){.body = ASSAY__V1__EVENT__BODY_RETRACTION,
                             .id = 1000 + number,
                             .at = day(0),
                             .topic = "assay.evidence",
                             .service = "mail",
                             .retracts = 1 + (int)below(seed, (uint32_t)number)};
    double at = below(seed, 6) == 0 ? below(seed, 40) : number / 4.0;
    Assay__V1__Result result =
        below(seed, 8) == 0 ? ASSAY__V1__RESULT__RESULT_FAIL : ASSAY__V1__RESULT__RESULT_PASS;
    if (!plain && below(seed, 6) == 0)
        result = (Assay__V1__Result)(1 + below(seed, 8));
    return (struct told){.body = ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT,
                         .id = 1 + number,
                         .at = day(at),
                         .subject = subjects[subject],
                         .result = result,
                         .expires = !plain && below(seed, 4) == 0 ? day(at + below(seed, 9)) : 0};
}

/* `together`: so many results a batch, at most. */
static char *told(uint64_t seed, uint32_t together)
{
    struct play play = play_begin();
    recorder_with_known(rehearsal_recorder(play.rehearsal, "mail"), false);
    bool plain = below(&seed, 2) == 0;
    const struct told office[] = {
        {.body = ASSAY__V1__EVENT__BODY_STANDARD, .id = 2001, .at = day(0), .controls = "A.1"},
        {.body = ASSAY__V1__EVENT__BODY_SCOPE_CHANGE,
         .id = 2002,
         .at = day(0),
         .membership = ASSAY__V1__MEMBERSHIP__MEMBERSHIP_IN_SCOPE},
        {.body = ASSAY__V1__EVENT__BODY_CHECK_MAPPING,
         .id = 2003,
         .at = day(0),
         .controls = "A.1",
         .ttl = 5 + below(&seed, 20)},
        {.body = ASSAY__V1__EVENT__BODY_CHECK_MAPPING,
         .id = 2004,
         .at = day(below(&seed, 60)),
         .controls = "A.1",
         .ttl = 3 + below(&seed, 20)},
    };
    for (size_t i = 0; i < sizeof office / sizeof office[0]; i++) {
        play_take(&play, &office[i]);
        play_commit(&play);
    }
    for (int i = 0; i < RESULTS; i++) {
        struct told one = fact(&seed, i, plain);
        play.offset = 100 + i;
        play_take(&play, &one);
        if ((uint32_t)i % together == 0)
            play_commit(&play);
    }
    play_commit(&play);
    rehearsal_catch_up(play.rehearsal);
    char *text = recorder_text(rehearsal_recorder(play.rehearsal, "mail"), true);
    play_end(&play);
    return text;
}

int main(void)
{
    for (uint64_t seed = 1; seed <= HISTORIES; seed++) {
        char *at_once = told(seed, RESULTS + 1);
        for (uint32_t together = 1; together <= 3; together += 2) {
            char *few = told(seed, together);
            if (strcmp(few, at_once) != 0) {
                fprintf(stderr, "seed %llu, %u at a time\n--- at once\n%s\n--- few\n%s\n",
                        (unsigned long long)seed, together, at_once, few);
                return EXIT_FAILURE;
            }
            free(few);
        }
        free(at_once);
    }
    printf("%d histories, told one or three at a time or at once: alike\n", HISTORIES);
    return EXIT_SUCCESS;
}
