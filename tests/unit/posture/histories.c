#include "tests/unit/posture/histories.h"

#include "tests/unit/posture/play.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FACTS_MOST = 60, SERVICES = 2 };

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

static int below(struct chance *chance, int bound)
{
    if (chance->bytes == NULL)
        return (int)(next(&chance->seed) % (uint64_t)bound);
    if (chance->left == 0)
        return 0;
    chance->left--;
    return *chance->bytes++ % bound;
}

#define PICK(chance, ...) PICK_FROM(chance, ((const char *const[]){__VA_ARGS__}))
#define PICK_FROM(chance, texts)                                                                   \
    ((texts)[below(chance, (int)(sizeof(texts) / sizeof((const char *){NULL})))])

static void make_result(struct chance *chance, struct told *told)
{
    told->body = ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT;
    told->service = PICK(chance, "mail", "mail", "chat");
    told->result = below(chance, 2) == 0 ? ASSAY__V1__RESULT__RESULT_PASS
                                         : (Assay__V1__Result)(1 + below(chance, 8));
    told->environment = PICK(chance, "public", "public", "gov");
    told->check = PICK(chance, "c", "c", "d", "e");
    told->subject = PICK(chance, "", "x", "y", "z");
    told->topic = PICK(chance, NULL, NULL, "assay.evidence.red", "assay.evidence.blue");
    told->tool = PICK(chance, NULL, "scan 1", "scan 2");
    told->expires = below(chance, 3) == 0 ? day(below(chance, 20)) : 0;
}

static void make_governance(struct chance *chance, struct told *told)
{
    switch (below(chance, 4)) {
    case 0:
        told->body = ASSAY__V1__EVENT__BODY_STANDARD;
        told->standard = PICK(chance, "iso", "iso", "cloud");
        told->controls = PICK(chance, "A.1 A.2", "A.1", "A.2! A.3", "");
        told->extends = PICK(chance, NULL, "iso", "cloud", "iso privacy");
        break;
    case 1:
        told->body = ASSAY__V1__EVENT__BODY_PROGRAMME;
        told->programme = PICK(chance, "p", "q");
        told->environments = PICK(chance, "public", "public! gov", "gov", "", "public gov");
        told->standards = PICK(chance, "iso cloud", "cloud", "iso", "");
        break;
    case 2:
        told->body = ASSAY__V1__EVENT__BODY_TOOL_RECALL;
        told->tool = PICK(chance, "scan 1", "scan 2");
        told->service = PICK(chance, "*", "mail", "other");
        told->lifted = below(chance, 2) == 0;
        break;
    default:
        told->body = ASSAY__V1__EVENT__BODY_CHECK_MAPPING;
        told->check = PICK(chance, "c", "c", "d", "e");
        told->controls = PICK(chance, "A.1", "A.1 A.2", "cloud/A.1 A.3", "A.9", "");
        told->applies = PICK(chance, NULL, NULL, "mail/public", "*/gov", "other/*");
        told->optional = below(chance, 4) == 0;
        told->ttl = below(chance, 3) == 0 ? 0 : below(chance, 8);
    }
}

static void make_office(struct chance *chance, struct told *told)
{
    told->programme = PICK(chance, "p", "p", "q");
    told->key = PICK(chance, "k", "l");
    told->standard = PICK(chance, "iso", "iso", "cloud");
    told->control = PICK(chance, "A.1", "A.2", "*");
    told->service = PICK(chance, "mail", "mail", "other", "*");
    told->environment = PICK(chance, "public", "gov", "*");
    switch (below(chance, 5)) {
    case 3:
        told->body = ASSAY__V1__EVENT__BODY_CERTIFICATE;
        told->decision = (Assay__V1__CertificateDecision)(1 + below(chance, 7));
        told->from = day(below(chance, 20));
        told->until = day(30 + below(chance, 1500));
        told->scope_as_of = below(chance, 3) == 0 ? day(below(chance, 20)) : 0;
        told->version = PICK(chance, "1", "2");
        break;
    case 4:
        told->body = ASSAY__V1__EVENT__BODY_AUDIT;
        told->audit = (Assay__V1__AuditKind)(1 + below(chance, 5));
        told->planned = below(chance, 4) == 0;
        told->until = day(below(chance, 400));
        told->standards = PICK(chance, "iso", "cloud iso");
        break;
    case 0:
        told->body = ASSAY__V1__EVENT__BODY_FINDING;
        told->grade = (Assay__V1__FindingGrade)(1 + below(chance, 4));
        told->closed = below(chance, 4) == 0;
        told->due = day(below(chance, 20));
        break;
    case 1:
        told->body = ASSAY__V1__EVENT__BODY_EXCEPTION;
        told->standard = PICK(chance, "iso", "cloud", "*");
        told->check = PICK(chance, "c", "d", "*", "*");
        told->subject = PICK(chance, "", "x", "y", "*", "*");
        told->state = (Assay__V1__ExceptionState)(below(chance, 3) == 0 ? 1 + below(chance, 3) : 2);
        told->expires = day(below(chance, 30));
        break;
    default:
        told->body = ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY;
        told->version = PICK(chance, "1", "2");
        told->controls = PICK(chance, NULL, "A.1", "A.1 A.2 cloud/A.1");
        told->excluded = PICK(chance, NULL, "A.2", "A.3", "cloud/A.2 A.3", "A.9");
        told->unjustified = below(chance, 4) == 0;
    }
}

static void make_inheritance(struct chance *chance, struct told *told)
{
    told->body = ASSAY__V1__EVENT__BODY_INHERITANCE;
    told->service = PICK(chance, "mail", "mail", "chat", "*");
    told->environment = PICK(chance, "public", "public", "gov");
    told->standard = PICK(chance, "iso", "iso", "cloud");
    told->control = PICK(chance, "A.1", "A.2", "*");
    told->kind = (Assay__V1__InheritanceKind)(1 + below(chance, 3));
    told->provider = PICK(chance, "chat/public", "chat/public", "mail/gov", "mail/public",
                          "chat/gov", "none/gov");
}

static void make_own(struct chance *chance, struct told *told)
{
    told->service = PICK(chance, "mail", "mail", "chat");
    if (below(chance, 2) == 0) {
        told->body = ASSAY__V1__EVENT__BODY_SERVICE_ONBOARDING;
        told->lifecycle = (Assay__V1__Lifecycle)(below(chance, 4) == 0 ? 4 : 3);
        told->owner = PICK(chance, "red", "blue", "");
    } else {
        told->body = ASSAY__V1__EVENT__BODY_SCOPE_CHANGE;
        told->environment = PICK(chance, "public", "public", "gov");
        told->standard = PICK(chance, "iso", "iso", "cloud");
        told->membership = (Assay__V1__Membership)(1 + below(chance, 5));
    }
}

static void make_retraction(struct chance *chance, struct told *told, int known)
{
    told->body = ASSAY__V1__EVENT__BODY_RETRACTION;
    told->retracts = 1 + below(chance, known + 2);
    told->topic = PICK(chance, NULL, "assay.evidence.red", "assay.governance", "assay.governance");
    if (told->topic != NULL && strcmp(told->topic, "assay.governance") == 0)
        told->service = PICK(chance, NULL, "mail", "other");
}

/* One more fact; `known`: how far ids go that a retraction may name. */
static void make_fact(struct chance *chance, struct history *history, int number, int known)
{
    struct told *told = &history->facts[number];
    int kind = below(chance, 28);
    if (number > 0 && kind == 27) { /* again, by another record; or another content of the id */
        *told = history->facts[below(chance, number)];
        if (told->body == ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT)
            told->topic = PICK(chance, NULL, "assay.evidence.red");
        told->content += below(chance, 2);
        return;
    }
    told->id = 1 + number;
    told->at = day(below(chance, 12));
    told->sequence = (uint64_t)below(chance, 2);
    if (kind < 9)
        make_result(chance, told);
    else if (kind < 14)
        make_governance(chance, told);
    else if (kind < 17)
        make_own(chance, told);
    else if (kind < 22)
        make_office(chance, told);
    else if (kind < 25)
        make_inheritance(chance, told);
    else
        make_retraction(chance, told, known);
}

/* Of a seed: 5 facts or more. Of bytes: as many as they last for. */
static struct history make_history(struct chance chance)
{
    struct history history = {.seed = chance.seed};
    if (chance.bytes == NULL) {
        history.count = 5 + below(&chance, FACTS_MOST - 5);
        for (int i = 0; i < history.count; i++)
            make_fact(&chance, &history, i, history.count);
        return history;
    }
    while (chance.left > 0 && history.count < FACTS_MOST) {
        make_fact(&chance, &history, history.count, history.count + 2);
        history.count++;
    }
    return history;
}

/* Tells the history in the order given, cutting batches with that chance in ten. */
static struct play tell(const struct history *history, const int *order, int cuts,
                        struct chance *chance)
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
        if (below(chance, 10) >= cuts)
            continue;
        play_commit(&play);
        if (below(chance, 4) == 0)
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
    abort();
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

void histories_check(struct chance chance, int orders)
{
    struct history history = make_history(chance);
    chance.bytes = NULL; /* the orders are of the seed */
    int order[FACTS_MOST];
    for (int i = 0; i < history.count; i++)
        order[i] = i;
    struct play at_once = tell(&history, order, 0, &chance);
    for (int i = 0; i < orders; i++) {
        for (int j = history.count - 1; j > 0; j--) {
            int other = below(&chance, j + 1), one = order[j];
            order[j] = order[other];
            order[other] = one;
        }
        struct play play = tell(&history, order, i == 0 ? 10 : below(&chance, 10), &chance);
        compare(&history, "another order or other batches", all_of(&at_once), all_of(&play));
        check_twice(&history, &play);
        for (size_t j = 0; j < SERVICES; j++)
            check_each(&history, &play, services[j]);
        play_end(&play);
    }
    play_end(&at_once);
}

void histories_write(struct chance chance, FILE *out)
{
    static const double asked[] = {0, 2.5, 5, 8, 11.5, 13, 20, 400};
    struct history history = make_history(chance);
    struct play play = play_begin();
    rehearsal_copy(play.rehearsal, out);
    for (int i = 0; i < history.count; i++) {
        play_take(&play, &history.facts[i]);
        if (i % 3 == 2)
            play_commit(&play);
    }
    play_commit(&play);
    play_end(&play);
    for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
        char text[INSTANT_TEXT_MAX];
        fprintf(out, "{\"query\": \"%s\"}\n", instant_format(day(asked[i]), text));
    }
}
