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

void taken_decoded(struct taken *taken, Assay__V1__Event *event)
{
    taken->event = event;
    taken->has_id = event != NULL && uuid_parse(event->id, &taken->id);
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

const char *taken_service(const struct taken *taken)
{
    if (taken->kind == RECORD_GOVERNANCE)
        return NULL;
    const Assay__V1__Event *event = taken->event;
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
    struct named *all = NULL;
    struct named *named;
    struct named *next;
    for (size_t i = 0; i < count; i++) {
        const char *name =
            records[i].verdict == VERDICT_ACCEPTED ? taken_service(&records[i]) : NULL;
        if (name == NULL)
            continue;
        size_t size = strlen(name);
        HASH_FIND(hh, all, name, size, named);
        if (named != NULL)
            continue;
        named = calloc(1, sizeof *named);
        if (named == NULL)
            abort();
        named->name = name;
        HASH_ADD_KEYPTR(hh, all, name, size, named);
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

int taken_compare(const void *a, const void *b)
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
