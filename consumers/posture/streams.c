/* Streams and populations, found by their texts: every result asks for its own. */
#include "consumers/posture/array.h"
#include "consumers/posture/service.h"

#include <string.h>

enum { MENTIONS = 32 }; /* looked for at a time */

static uint32_t stream_hash(const void *owner, uint32_t number)
{
    const struct posture_service *service = owner;
    return hash_pair(service->streams[number].population, service->streams[number].subject);
}

static uint32_t population_hash(const void *owner, uint32_t number)
{
    const struct posture_service *service = owner;
    const struct population *population = service->populations[number];
    return hash_texts(text_of(service, population->environment->name),
                      text_of(service, population->check));
}

/* A population's number, which is only a part of its streams' key. Every result asks for it. */
static uint32_t population_number(struct posture_service *service, uint32_t hash,
                                  const char *environment, const char *check)
{
    uint32_t cursor = hash;
    uint32_t number;
    while ((number = index_next(&service->by_check, &cursor)) != INDEX_NONE) {
        const struct population *population = service->populations[number];
        if (strcmp(text_of(service, population->check), check) == 0 &&
            strcmp(text_of(service, population->environment->name), environment) == 0)
            return number;
    }
    struct environment *in = environment_of(service, environment);
    uint32_t name = names_add(service->names, check);
    struct population *population = array_new(1, sizeof *population, &service->bytes);
    population->environment = in;
    population->check = name;
    population->dirty_from = population->reasons_changed = INSTANT_END;
    population->mapping_changed = population->reasons_stale = true;
    in->populations_changed = true;
    HASH_ADD(hh, in->populations, check, sizeof population->check, population);
    service->populations =
        array_room(service->populations, &service->population_room, service->population_count + 1u,
                   sizeof(struct population *), &service->bytes);
    population->number = service->population_count;
    service->populations[service->population_count++] = population;
    index_add(&service->by_check, hash, population->number, population_hash, service,
              &service->bytes);
    return population->number;
}

static uint32_t stream_new(struct posture_service *service, uint32_t population, uint32_t subject)
{
    uint32_t number = service->stream_count;
    service->streams = array_room(service->streams, &service->stream_room, number + 1u,
                                  sizeof *service->streams, &service->bytes);
    service->streams[number] = (struct stream){.population = population, .subject = subject};
    service->stream_count++;
    index_add(&service->by_key, hash_pair(population, subject), number, stream_hash, service,
              &service->bytes);
    struct population *in = service->populations[population];
    in->streams = array_room(in->streams, &in->stream_room, in->stream_count + 1u,
                             sizeof *in->streams, &service->bytes);
    in->streams[in->stream_count++] = number;
    return number;
}

static uint32_t stream_number(struct posture_service *service, uint32_t population, uint32_t name,
                              bool *created)
{
    uint32_t cursor = hash_pair(population, name);
    uint32_t number;
    while ((number = index_next(&service->by_key, &cursor)) != INDEX_NONE) {
        const struct stream *stream = &service->streams[number];
        if (stream->population == population && stream->subject == name)
            break;
    }
    if (created != NULL)
        *created = number == INDEX_NONE;
    return number != INDEX_NONE ? number : stream_new(service, population, name);
}

uint32_t posture_stream(struct posture_service *service, const char *environment, const char *check,
                        const char *subject, bool *created)
{
    uint32_t population =
        population_number(service, hash_texts(environment, check), environment, check);
    return stream_number(service, population, names_add(service->names, subject), created);
}

/* What a population is found by and what is noted in it. */
static void population_ahead(const struct posture_service *service, uint32_t hash)
{
    uint32_t number = index_first(&service->by_check, hash);
    if (number == INDEX_NONE)
        return;
    const char *population = (const char *)service->populations[number];
    for (size_t i = 0; i < sizeof(struct population); i += 64)
        __builtin_prefetch(population + i);
}

static void mention_some(struct posture_service *service, struct posture_mention *mentions,
                         size_t count)
{
    uint32_t hashes[MENTIONS], subjects[MENTIONS];
    for (size_t i = 0; i < count; i++) {
        hashes[i] = hash_texts(mentions[i].environment, mentions[i].check);
        population_ahead(service, hashes[i]);
    }
    for (size_t i = 0; i < count; i++) {
        struct posture_mention *mention = &mentions[i];
        mention->pair = population_number(service, hashes[i], mention->environment, mention->check);
        subjects[i] = names_add(service->names, mention->subject);
        hashes[i] = hash_pair(mention->pair, subjects[i]);
        index_ahead(&service->by_key, hashes[i]);
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t first = index_first(&service->by_key, hashes[i]);
        if (first != INDEX_NONE)
            __builtin_prefetch(&service->streams[first]);
    }
    for (size_t i = 0; i < count; i++) {
        struct posture_mention *mention = &mentions[i];
        mention->stream = stream_number(service, mention->pair, subjects[i], &mention->created);
        const struct stream *stream = &service->streams[mention->stream];
        if (stream->room > 0)
            __builtin_prefetch(&stream->many[stream->count - 1]);
    }
}

void posture_streams(struct posture_service *service, struct posture_mention *mentions,
                     size_t count)
{
    for (size_t at = 0; at < count; at += MENTIONS)
        mention_some(service, mentions + at, count - at < MENTIONS ? count - at : MENTIONS);
}
