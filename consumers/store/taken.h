/*
 * taken -- a Kafka record in hand: where it stood, its bytes, and what was made of them.
 *
 * The aggregator fills it from Kafka, a rebuild from the ledger; everything after that is the same.
 * Plain data. Ownership: every pointer is borrowed and lives as long as the batch it is part of.
 */
#ifndef ASSAY_STORE_TAKEN_H
#define ASSAY_STORE_TAKEN_H

#include "assay/v1/event.pb-c.h"
#include "consumers/posture/posture.h"
#include "proto/identity.h"
#include "proto/instant.h"
#include "proto/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct taken {
    int16_t topic; /* the record's number of the topic's name */
    enum record_topic kind;
    const char *team; /* NULL: not a team's topic */
    int32_t partition;
    int32_t incarnation;
    int64_t offset;
    instant kafka_timestamp; /* INSTANT_BEGIN: none */
    const uint8_t *key;      /* NULL: none */
    size_t key_size;
    const uint8_t *headers; /* packed, see headers.h; NULL: none */
    size_t headers_size;
    const uint8_t *value; /* NULL: a tombstone */
    size_t value_size;
    uint8_t digest[32]; /* SHA-256 of the value; of nothing for a tombstone */
    enum verdict verdict;
    const char *detail;      /* of a refusal */
    Assay__V1__Event *event; /* NULL where it could not be decoded */
    uuid id;                 /* the event's, where it has one */
    bool has_id;
    /* Of an accepted event, read while it is at hand: who comes by later waits for none of its
     * memory. */
    instant occurred_at;   /* INSTANT_BEGIN: refused */
    const char *service;   /* whose own fact it is; NULL: governance's, or refused */
    uint32_t service_hash; /* uthash's, of the name */
    uint32_t service_size;
    int64_t ledger_batch; /* of a replayed refusal: the batch that took it; else 0 */
};

/* How far a batch takes one partition. */
struct take {
    int16_t topic;
    int32_t partition;
    int32_t incarnation;
    int64_t epoch;
    int64_t from_offset, next_offset; /* [from, next) */
    int64_t last_offset;              /* of the last record in it */
    uint8_t last_digest[32];          /* taken_digest of that record */
    instant last_event_at;            /* greatest occurred_at accepted; INSTANT_BEGIN: none */
    instant complete_through;         /* Kafka's timestamp of the last record */
};

/*
 * Judges the record as it stands (topic, key, value, timestamp), filling digest, verdict, detail
 * and event. False where the arena is full: nothing was judged.
 */
bool taken_judge(struct taken *taken, struct arena *arena);

/* The same of a record whose verdict is known: what it says is decoded, and what is read of that
 * beforehand. Its `kind` says whose fact it is. */
void taken_decoded(struct taken *taken, Assay__V1__Event *event);

/* What tells the last record taken from another at the same offset of a recreated topic: the
 * value's digest and Kafka's timestamp, hashed. */
void taken_digest(const struct taken *taken, uint8_t digest[static 32]);

/* The record as posture is told of it, taken by `batch`. */
struct posture_record taken_record(const struct taken *taken, int64_t batch);

/* The services that the accepted records are facts of, by name, each once. The caller frees the
 * array; the names are the events'. */
const char **taken_services(const struct taken *records, size_t count, size_t *found);

/* By (topic, partition, incarnation, offset): the order in which a batch's records count, live and
 * in a rebuild. Hardly any work where they lie in that order, or in long runs that do. */
void taken_sort(struct taken *records, size_t count);

#endif
