#include "consumers/store/taken.h"

#include "proto/codec.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

bool taken_judge(struct taken *taken, struct arena *arena)
{
    struct judgement judgement;
    if (!record_judge(taken->kind, taken->key, taken->key_size, taken->value, taken->value_size,
                      taken->kafka_timestamp, arena, &judgement))
        return false;
    char *detail = NULL;
    if (judgement.verdict != VERDICT_ACCEPTED) {
        size_t size = strlen(judgement.detail) + 1;
        detail = arena_take(arena, size);
        if (detail == NULL)
            return false;
        memcpy(detail, judgement.detail, size);
    }
    codec_digest(taken->value, taken->value_size, taken->digest);
    taken->verdict = judgement.verdict;
    taken->detail = detail;
    taken_decoded(taken, judgement.event);
    return true;
}

/* Whose own fact an event is; NULL: governance's. */
static const char *service_of(const Assay__V1__Event *event)
{
    switch (event->body_case) {
    case ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT:
        return event->control_test_result->service;
    case ASSAY__V1__EVENT__BODY_SERVICE_ONBOARDING:
        return event->service_onboarding->service;
    case ASSAY__V1__EVENT__BODY_SCOPE_CHANGE:
        return event->scope_change->service;
    case ASSAY__V1__EVENT__BODY_RETRACTION:
        return event->retraction->service;
    default:
        return NULL;
    }
}

void taken_decoded(struct taken *taken, Assay__V1__Event *event)
{
    taken->event = event;
    taken->has_id = event != NULL && uuid_parse(event->id, &taken->id);
    taken->occurred_at = INSTANT_BEGIN;
    taken->service = NULL;
    if (event == NULL || taken->verdict != VERDICT_ACCEPTED) /* else it may say anything */
        return;
    taken->occurred_at = codec_instant(event->occurred_at, INSTANT_BEGIN);
    taken->service = taken->kind == RECORD_GOVERNANCE ? NULL : service_of(event);
    if (taken->service == NULL)
        return;
    taken->service_size = (uint32_t)strlen(taken->service);
    HASH_VALUE(taken->service, taken->service_size, taken->service_hash);
}

void taken_digest(const struct taken *taken, uint8_t digest[static 32])
{
    uint8_t both[40];
    uint64_t timestamp = htobe64((uint64_t)taken->kafka_timestamp);
    memcpy(both, taken->digest, 32);
    memcpy(both + 32, &timestamp, 8);
    codec_digest(both, sizeof both, digest);
}

struct posture_record taken_record(const struct taken *taken, int64_t batch)
{
    return (struct posture_record){
        .topic = taken->topic,
        .partition = taken->partition,
        .incarnation = taken->incarnation,
        .offset = taken->offset,
        .batch = batch,
        .team = taken->team,
        .governance = taken->kind == RECORD_GOVERNANCE,
    };
}

struct named {
    const char *name;
    UT_hash_handle hh;
};

static int compare_named(const struct named *a, const struct named *b)
{
    return strcmp(a->name, b->name);
}

const char **taken_services(const struct taken *records, size_t count, size_t *found)
{
    enum { AHEAD = 16 };
    struct named *all = NULL;
    struct named *named;
    struct named *next;
    for (size_t i = 0; i < count; i++) {
        const struct taken *taken = &records[i];
        if (i + AHEAD < count)
            __builtin_prefetch(records[i + AHEAD].service);
        if (taken->verdict != VERDICT_ACCEPTED || taken->service == NULL)
            continue;
        HASH_FIND_BYHASHVALUE(hh, all, taken->service, taken->service_size, taken->service_hash,
                              named);
        if (named != NULL)
            continue;
        named = calloc(1, sizeof *named);
        if (named == NULL)
            abort();
        named->name = taken->service;
        HASH_ADD_KEYPTR_BYHASHVALUE(hh, all, named->name, taken->service_size, taken->service_hash,
                                    named);
    }
    const char **names = calloc(HASH_COUNT(all) + 1, sizeof *names);
    if (names == NULL)
        abort();
    HASH_SORT(all, compare_named);
    *found = 0;
    HASH_ITER(hh, all, named, next)
    {
        names[(*found)++] = named->name;
        HASH_DEL(all, named);
        free(named);
    }
    return names;
}

static int taken_compare(const void *a, const void *b)
{
    const struct taken *left = a;
    const struct taken *right = b;
    if (left->topic != right->topic)
        return left->topic < right->topic ? -1 : 1;
    if (left->partition != right->partition)
        return left->partition < right->partition ? -1 : 1;
    if (left->incarnation != right->incarnation)
        return left->incarnation < right->incarnation ? -1 : 1;
    return (left->offset > right->offset) - (left->offset < right->offset);
}

/* Records that lie in order. */
struct run {
    size_t first, count;
};

/* How many runs there are; 0: more than `most`. */
static size_t find_runs(const struct taken *records, size_t count, struct run *runs, size_t most)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && taken_compare(&records[i - 1], &records[i]) < 0) {
            runs[found - 1].count++;
            continue;
        }
        if (found == most)
            return 0;
        runs[found++] = (struct run){i, 1};
    }
    return found;
}

static int compare_runs(const void *a, const void *b, void *context)
{
    const struct taken *records = context;
    return taken_compare(&records[((const struct run *)a)->first],
                         &records[((const struct run *)b)->first]);
}

/* Puts the runs one behind the other; false where that is no order. */
static bool join_runs(struct taken *records, size_t count, struct run *runs, size_t run_count)
{
    qsort_r(runs, run_count, sizeof *runs, compare_runs, records);
    for (size_t i = 1; i < run_count; i++)
        if (taken_compare(&records[runs[i - 1].first + runs[i - 1].count - 1],
                          &records[runs[i].first]) >= 0)
            return false;
    struct taken *joined = calloc(count, sizeof *joined);
    if (joined == NULL)
        abort();
    size_t at = 0;
    for (size_t i = 0; i < run_count; at += runs[i++].count)
        memcpy(joined + at, records + runs[i].first, runs[i].count * sizeof *joined);
    memcpy(records, joined, count * sizeof *joined);
    free(joined);
    return true;
}

/* Kafka hands out what it has of a partition in pieces of thousands of records. */
void taken_sort(struct taken *records, size_t count)
{
    enum { RUNS_MOST = 256 };
    struct run runs[RUNS_MOST];
    size_t found = find_runs(records, count, runs, RUNS_MOST);
    if (count > 0 && found != 1 && (found == 0 || !join_runs(records, count, runs, found)))
        qsort(records, count, sizeof *records, taken_compare);
}
