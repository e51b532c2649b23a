#include "producers/import/governance.h"

#include "proto/codec.h"
#include "proto/identity.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct version {
    struct version *next;
    Assay__V1__Event *event; /* own copy */
    instant occurred_at;
    uint8_t digest[32];
};

struct check {
    char *name;
    struct version *versions;
    UT_hash_handle hh;
};

struct retracted {
    char id[UUID_TEXT_MAX];
    UT_hash_handle hh;
};

struct governance {
    struct check *checks;
    struct retracted *retracted;
};

struct governance *governance_new(void)
{
    struct governance *governance = calloc(1, sizeof *governance);
    assert(governance != NULL);
    return governance;
}

void governance_free(struct governance *governance)
{
    struct check *check, *next_check;
    struct retracted *retracted, *next_retracted;
    if (governance == NULL)
        return;
    HASH_ITER(hh, governance->checks, check, next_check)
    {
        HASH_DEL(governance->checks, check);
        while (check->versions != NULL) {
            struct version *version = check->versions;
            check->versions = version->next;
            assay__v1__event__free_unpacked(version->event, NULL);
            free(version);
        }
        free(check->name);
        free(check);
    }
    HASH_ITER(hh, governance->retracted, retracted, next_retracted)
    {
        HASH_DEL(governance->retracted, retracted);
        free(retracted);
    }
    free(governance);
}

static Assay__V1__Event *copy_of(const Assay__V1__Event *event)
{
    size_t size = codec_encode(event, NULL);
    uint8_t *bytes = malloc(size);
    assert(bytes != NULL);
    codec_encode(event, bytes);
    Assay__V1__Event *copied = assay__v1__event__unpack(NULL, size, bytes);
    assert(copied != NULL);
    free(bytes);
    return copied;
}

static void take_mapping(struct governance *governance, const Assay__V1__Event *event,
                         const uint8_t digest[static 32])
{
    struct check *check;
    const char *name = event->check_mapping->check;
    HASH_FIND_STR(governance->checks, name, check);
    if (check == NULL) {
        check = calloc(1, sizeof *check);
        assert(check != NULL);
        check->name = strdup(name);
        assert(check->name != NULL);
        HASH_ADD_KEYPTR(hh, governance->checks, check->name, strlen(check->name), check);
    }
    struct version *version = calloc(1, sizeof *version);
    assert(version != NULL);
    version->event = copy_of(event);
    version->occurred_at = codec_instant(event->occurred_at, INSTANT_BEGIN);
    memcpy(version->digest, digest, sizeof version->digest);
    version->next = check->versions;
    check->versions = version;
}

static void take_retraction(struct governance *governance, const Assay__V1__Retraction *retraction)
{
    struct retracted *retracted;
    if (retraction->service[0] != '\0')
        return;
    HASH_FIND_STR(governance->retracted, retraction->event_id, retracted);
    if (retracted != NULL)
        return;
    retracted = calloc(1, sizeof *retracted);
    assert(retracted != NULL && strlen(retraction->event_id) < sizeof retracted->id);
    memcpy(retracted->id, retraction->event_id, strlen(retraction->event_id) + 1);
    HASH_ADD_STR(governance->retracted, id, retracted);
}

void governance_take(struct governance *governance, const Assay__V1__Event *event,
                     const uint8_t digest[static 32])
{
    if (event->body_case == ASSAY__V1__EVENT__BODY_CHECK_MAPPING)
        take_mapping(governance, event, digest);
    else if (event->body_case == ASSAY__V1__EVENT__BODY_RETRACTION)
        take_retraction(governance, event->retraction);
}

static bool is_greater(const struct version *a, const struct version *b)
{
    if (a->occurred_at != b->occurred_at)
        return a->occurred_at > b->occurred_at;
    if (a->event->sequence != b->event->sequence)
        return a->event->sequence > b->event->sequence;
    int order = strcmp(a->event->id, b->event->id);
    return order != 0 ? order > 0 : memcmp(a->digest, b->digest, sizeof a->digest) > 0;
}

bool governance_retracted(const struct governance *governance, const char *id)
{
    struct retracted *retracted;
    HASH_FIND_STR(governance->retracted, id, retracted);
    return retracted != NULL;
}

const Assay__V1__Event *governance_mapping(const struct governance *governance, const char *name)
{
    struct check *check;
    const struct version *greatest = NULL;
    HASH_FIND_STR(governance->checks, name, check);
    for (const struct version *version = check != NULL ? check->versions : NULL; version != NULL;
         version = version->next)
        if (!governance_retracted(governance, version->event->id) &&
            (greatest == NULL || is_greater(version, greatest)))
            greatest = version;
    return greatest != NULL ? greatest->event : NULL;
}
