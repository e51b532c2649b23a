/*
 * Chance against the library itself: the same facts in any order and any batches give the same
 * steps, and what was reported adds up to what posture_each tells and to what a fresh start gives.
 *
 * The first argument is the number of histories, the second the first seed.
 */
#include "tests/unit/posture/play.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACTS_MOST = 60, ORDERS = 4, SERVICES = 2 };

static const char *const services[SERVICES] = {"mail", "chat"};

struct history {
    uint64_t seed;
    struct told facts[FACTS_MOST];
    int count;
};

/* splitmix64 (Sebastiano Vigna, public domain). */
static uint64_t next(uint64_t *seed)
{
    uint64_t z = (*seed += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static int below(uint64_t *seed, int bound)
{
    return (int)(next(seed) % (uint64_t)bound);
}

#define PICK(seed, ...) PICK_FROM(seed, ((const char *const[]){__VA_ARGS__}))
#define PICK_FROM(seed, texts)                                                                     \
    ((texts)[below(seed, (int)(sizeof(texts) / sizeof((const char *){NULL})))])

static void make_result(uint64_t *seed, struct told *told)
{
    told->body = ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT;
    told->service = PICK(seed, "mail", "mail", "chat");
    told->result = below(seed, 2) == 0 ? ASSAY__V1__RESULT__RESULT_PASS
                                       : (Assay__V1__Result)(1 + below(seed, 8));
    told->environment = PICK(seed, "public", "public", "gov");
    told->check = PICK(seed, "c", "c", "d", "e");
    told->subject = PICK(seed, "", "x", "y", "z");
    told->topic = PICK(seed, NULL, NULL, "assay.evidence.red", "assay.evidence.blue");
    told->tool = PICK(seed, NULL, "scan 1", "scan 2");
    told->expires = below(seed, 3) == 0 ? day(below(seed, 20)) : 0;
}

static void make_governance(uint64_t *seed, struct told *told)
{
    switch (below(seed, 4)) {
    case 0:
        told->body = ASSAY__V1__EVENT__BODY_STANDARD;
        told->standard = PICK(seed, "iso", "iso", "cloud");
        told->controls = PICK(seed, "A.1 A.2", "A.1", "A.2! A.3", "");
        told->extends = PICK(seed, NULL, "iso", "cloud", "iso privacy");
        break;
    case 1:
        told->body = ASSAY__V1__EVENT__BODY_PROGRAMME;
        told->programme = PICK(seed, "p", "q");
        told->environments = PICK(seed, "public", "public! gov", "gov", "", "public gov");
        told->standards = PICK(seed, "iso cloud", "cloud", "iso", "");
        break;
    case 2:
        told->body = ASSAY__V1__EVENT__BODY_TOOL_RECALL;
        told->tool = PICK(seed, "scan 1", "scan 2");
        told->service = PICK(seed, "*", "mail", "other");
        told->lifted = below(seed, 2) == 0;
        break;
    default:
        told->body = ASSAY__V1__EVENT__BODY_CHECK_MAPPING;
        told->check = PICK(seed, "c", "c", "d", "e");
        told->controls = PICK(seed, "A.1", "A.1 A.2", "cloud/A.1 A.3", "A.9", "");
        told->applies = PICK(seed, NULL, NULL, "mail/public", "*/gov", "other/*");
        told->optional = below(seed, 4) == 0;
        told->ttl = below(seed, 3) == 0 ? 0 : below(seed, 8);
    }
}

static void make_office(uint64_t *seed, struct told *told)
{
    told->programme = PICK(seed, "p", "p", "q");
    told->key = PICK(seed, "k", "l");
    told->standard = PICK(seed, "iso", "iso", "cloud");
    told->control = PICK(seed, "A.1", "A.2", "*");
    told->service = PICK(seed, "mail", "mail", "other", "*");
    told->environment = PICK(seed, "public", "gov", "*");
    switch (below(seed, 5)) {
    case 3:
        told->body = ASSAY__V1__EVENT__BODY_CERTIFICATE;
        told->decision = (Assay__V1__CertificateDecision)(1 + below(seed, 7));
        told->from = day(below(seed, 20));
        told->until = day(30 + below(seed, 1500));
        told->scope_as_of = below(seed, 3) == 0 ? day(below(seed, 20)) : 0;
        told->version = PICK(seed, "1", "2");
        break;
    case 4:
        told->body = ASSAY__V1__EVENT__BODY_AUDIT;
        told->audit = (Assay__V1__AuditKind)(1 + below(seed, 5));
        told->planned = below(seed, 4) == 0;
        told->until = day(below(seed, 400));
        told->standards = PICK(seed, "iso", "cloud iso");
        break;
    case 0:
        told->body = ASSAY__V1__EVENT__BODY_FINDING;
        told->grade = (Assay__V1__FindingGrade)(1 + below(seed, 4));
        told->closed = below(seed, 4) == 0;
        told->due = day(below(seed, 20));
        break;
    case 1:
        told->body = ASSAY__V1__EVENT__BODY_EXCEPTION;
        told->standard = PICK(seed, "iso", "cloud", "*");
        told->check = PICK(seed, "c", "d", "*", "*");
        told->subject = PICK(seed, "", "x", "y", "*", "*");
        told->state = (Assay__V1__ExceptionState)(below(seed, 3) == 0 ? 1 + below(seed, 3) : 2);
        told->expires = day(below(seed, 30));
        break;
    default:
        told->body = ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY;
        told->version = PICK(seed, "1", "2");
        told->controls = PICK(seed, NULL, "A.1", "A.1 A.2 cloud/A.1");
        told->excluded = PICK(seed, NULL, "A.2", "A.3", "cloud/A.2 A.3", "A.9");
        told->unjustified = below(seed, 4) == 0;
    }
}

static void make_inheritance(uint64_t *seed, struct told *told)
{
    told->body = ASSAY__V1__EVENT__BODY_INHERITANCE;
    told->service = PICK(seed, "mail", "mail", "chat", "*");
    told->environment = PICK(seed, "public", "public", "gov");
    told->standard = PICK(seed, "iso", "iso", "cloud");
    told->control = PICK(seed, "A.1", "A.2", "*");
    told->kind = (Assay__V1__InheritanceKind)(1 + below(seed, 3));
    told->provider =
        PICK(seed, "chat/public", "chat/public", "mail/gov", "mail/public", "chat/gov", "none/gov");
}

static void make_own(uint64_t *seed, struct told *told)
{
    told->service = PICK(seed, "mail", "mail", "chat");
    if (below(seed, 2) == 0) {
        told->body = ASSAY__V1__EVENT__BODY_SERVICE_ONBOARDING;
        told->lifecycle = (Assay__V1__Lifecycle)(below(seed, 4) == 0 ? 4 : 3);
        told->owner = PICK(seed, "red", "blue", "");
    } else {
        told->body = ASSAY__V1__EVENT__BODY_SCOPE_CHANGE;
        told->environment = PICK(seed, "public", "public", "gov");
        told->standard = PICK(seed, "iso", "iso", "cloud");
        told->membership = (Assay__V1__Membership)(1 + below(seed, 5));
    }
}

static void make_retraction(uint64_t *seed, struct told *told, int known)
{
    told->body = ASSAY__V1__EVENT__BODY_RETRACTION;
    told->retracts = 1 + below(seed, known + 2);
    told->topic = PICK(seed, NULL, "assay.evidence.red", "assay.governance", "assay.governance");
    if (told->topic != NULL && strcmp(told->topic, "assay.governance") == 0)
        told->service = PICK(seed, NULL, "mail", "other");
}

static struct history make_history(uint64_t seed)
{
    struct history history = {.seed = seed};
    history.count = 5 + below(&seed, FACTS_MOST - 5);
    for (int i = 0; i < history.count; i++) {
        struct told *told = &history.facts[i];
        int kind = below(&seed, 28);
        if (i > 0 && kind == 27) { /* again, by another record; or another content of the id */
            *told = history.facts[below(&seed, i)];
            if (told->body == ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT)
                told->topic = PICK(&seed, NULL, "assay.evidence.red");
            told->content += below(&seed, 2);
            continue;
        }
        told->id = 1 + i;
        told->at = day(below(&seed, 12));
        told->sequence = (uint64_t)below(&seed, 2);
        if (kind < 9)
            make_result(&seed, told);
        else if (kind < 14)
            make_governance(&seed, told);
        else if (kind < 17)
            make_own(&seed, told);
        else if (kind < 22)
            make_office(&seed, told);
        else if (kind < 25)
            make_inheritance(&seed, told);
        else
            make_retraction(&seed, told, history.count);
    }
    return history;
}

/* Tells the history in the order given, cutting batches with that chance in ten. */
static struct play tell(const struct history *history, const int *order, int cuts, uint64_t *seed)
{
    struct play play = play_begin();
    static const char *const topics[] = {"assay.evidence", "assay.evidence.red",
                                         "assay.evidence.blue", "assay.services", "assay.scope"};
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        rehearsal_topic(play.rehearsal, topics[i]); /* the same numbers in every order */
    for (size_t i = 0; i < SERVICES; i++)
        recorder_with_known(rehearsal_recorder(play.rehearsal, services[i]), false);
    for (int i = 0; i < history->count; i++) {
        play.offset = order[i]; /* the record's, whenever it comes */
        play_take(&play, &history->facts[order[i]]);
        if (below(seed, 10) >= cuts)
            continue;
        play_commit(&play);
        if (below(seed, 4) == 0)
            rehearsal_catch_up(play.rehearsal);
    }
    play_commit(&play);
    rehearsal_catch_up(play.rehearsal);
    return play;
}

static char *all_of(struct play *play)
{
    char *mail = recorder_text(rehearsal_recorder(play->rehearsal, "mail"), true);
    char *chat = recorder_text(rehearsal_recorder(play->rehearsal, "chat"), true);
    char *governance = recorder_text(rehearsal_governance_recorder(play->rehearsal), true);
    char *all;
    int size = asprintf(&all, "%s---\n%s---\n%s", mail, chat, governance);
    assert(size >= 0);
    free(mail);
    free(chat);
    free(governance);
    return all;
}

static void differs(const struct history *history, const char *what, const char *one,
                    const char *other)
{
    fprintf(stderr, "seed %llu: %s\n--- one\n%s\n--- other\n%s\n",
            (unsigned long long)history->seed, what, one, other);
    exit(EXIT_FAILURE);
}

static void compare(const struct history *history, const char *what, char *one, char *other)
{
    if (strcmp(one, other) != 0)
        differs(history, what, one, other);
    free(one);
    free(other);
}

/* What is held, told again from the beginning, is what was reported. */
static void check_each(const struct history *history, struct play *play, const char *name)
{
    struct recorder *recorder = rehearsal_recorder(play->rehearsal, name);
    char *reported = recorder_text(recorder, false);
    recorder_forget(recorder);
    const struct posture_service *service = rehearsal_service(play->rehearsal, name);
    const char *const environments[] = {NULL, "public", "gov"};
    for (size_t i = 0; i < sizeof environments / sizeof environments[0]; i++)
        posture_each(service, environments[i], INSTANT_BEGIN, recorder_sink(recorder));
    compare(history, "posture_each differs from the reports", reported,
            recorder_text(recorder, false));
}

/* Evaluating once more reports nothing. */
static void check_twice(const struct history *history, struct play *play)
{
    struct posture_service *both[SERVICES];
    struct posture_sink sinks[SERVICES];
    uint32_t reports = 0;
    for (size_t i = 0; i < SERVICES; i++) {
        both[i] = rehearsal_service(play->rehearsal, services[i]);
        sinks[i] = *recorder_sink(rehearsal_recorder(play->rehearsal, services[i]));
        recorder_reports(rehearsal_recorder(play->rehearsal, services[i]));
    }
    recorder_reports(rehearsal_governance_recorder(play->rehearsal));
    posture_evaluate_together(both, SERVICES, rehearsal_governance(play->rehearsal),
                              rehearsal_position(play->rehearsal), play->batch, sinks);
    posture_governance_settle(rehearsal_governance(play->rehearsal),
                              rehearsal_position(play->rehearsal),
                              recorder_sink(rehearsal_governance_recorder(play->rehearsal)));
    for (size_t i = 0; i < SERVICES; i++)
        reports += recorder_reports(rehearsal_recorder(play->rehearsal, services[i]));
    reports += recorder_reports(rehearsal_governance_recorder(play->rehearsal));
    if (reports != 0)
        differs(history, "a second evaluation reports something", "", "");
}

static void check_history(uint64_t seed)
{
    struct history history = make_history(seed);
    int order[FACTS_MOST];
    for (int i = 0; i < history.count; i++)
        order[i] = i;
    struct play at_once = tell(&history, order, 0, &seed);
    for (int i = 0; i < ORDERS; i++) {
        for (int j = history.count - 1; j > 0; j--) {
            int other = below(&seed, j + 1), one = order[j];
            order[j] = order[other];
            order[other] = one;
        }
        struct play play = tell(&history, order, i == 0 ? 10 : below(&seed, 10), &seed);
        compare(&history, "another order or other batches", all_of(&at_once), all_of(&play));
        check_twice(&history, &play);
        for (size_t j = 0; j < SERVICES; j++)
            check_each(&history, &play, services[j]);
        play_end(&play);
    }
    play_end(&at_once);
}

int main(int argc, char **argv)
{
    long histories = argc > 1 ? strtol(argv[1], NULL, 10) : 300;
    long first = argc > 2 ? strtol(argv[2], NULL, 10) : 1;
    for (long i = 0; i < histories; i++)
        check_history((uint64_t)(first + i));
    printf("%ld histories in %d orders each: alike\n", histories, ORDERS + 1);
    return EXIT_SUCCESS;
}
