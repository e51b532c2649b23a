/*
 * intake -- Kafka's side of an aggregator: group membership, assignment, and records in order.
 *
 * One thread polls and handles rebalances in the poll. Kafka is not asked where to go on: at every
 * assignment the handler says, for each partition, at which offset to start, for positions live in
 * PostgreSQL; Kafka is only told of them afterwards, for the tools that show lag. The assignor is
 * the eager one (range): with librdkafka 2.0.2 the cooperative ones lose track in ways fixed only
 * later.
 *
 * Knows no SQL and judges no record. Ownership: a received record borrows from librdkafka until
 * intake_release.
 */
#ifndef ASSAY_INTAKE_INTAKE_H
#define ASSAY_INTAKE_INTAKE_H

#include "producers/kafka_settings.h"
#include "proto/instant.h"
#include "runtime/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intake;

#define INTAKE_LEAVE_OUT INT64_MIN /* do not consume this partition */

struct intake_partition {
    const char *topic;
    int32_t partition;
    int64_t start; /* filled by the handler: an offset, or INTAKE_LEAVE_OUT */
};

/* Called from within intake_poll and intake_rejoin, on their thread. */
struct intake_handler {
    void *context;
    void (*assigned)(void *context, struct intake_partition *partitions, size_t count);
    void (*revoked)(void *context); /* every partition: what is in hand must be dropped */
};

/* Connects lazily: unreachable brokers show as faults of intake_poll. NULL: FAULT_FATAL. It is the
 * `number`-th (from 1) `among` those of a process, which share the bound on what is fetched ahead,
 * unless -X sets it; partitions go to the first ones of all processes before any second one. */
struct intake *intake_new(const struct kafka_settings *kafka, const char *group, size_t number,
                          size_t among, const struct intake_handler *handler, struct fault *fault);

/* Leaves the group (the handler sees the revocation) and frees. */
void intake_free(struct intake *intake);

enum intake_event {
    INTAKE_NOTHING, /* no record within the time */
    INTAKE_RECORD,
    INTAKE_END,     /* the end of topic and partition has been reached */
    INTAKE_LOST,    /* the offset to go on at is not in the log any more: topic and partition */
    INTAKE_DAMAGED, /* records of topic and partition cannot be read, and would be passed over */
    INTAKE_FAULT,   /* RETRY: librdkafka goes on by itself; FATAL: it cannot */
};

struct received {
    const char *topic;
    int32_t partition;
    int64_t offset;
    instant timestamp;  /* INSTANT_BEGIN: none */
    const uint8_t *key; /* NULL: none */
    size_t key_size;
    const uint8_t *value; /* NULL: a tombstone */
    size_t value_size;
    void *message; /* librdkafka's; NULL: nothing to release */
};

/* The next thing that happens, waiting at most `timeout_ms`. `received` is filled for RECORD, and
 * topic, partition of END and LOST; what it holds must be released. */
enum intake_event intake_poll(struct intake *intake, int timeout_ms, struct received *received,
                              struct fault *fault);
void intake_release(struct received *received);

/* Calls `add` for each header of a record, in order; value NULL: null. */
void intake_headers(const struct received *received,
                    void (*add)(void *context, const char *name, const void *value, size_t size),
                    void *context);

/* The id of the Kafka cluster that is there now, valid until asked for again; NULL where it does
 * not come within the time. */
const char *intake_cluster(struct intake *intake, int timeout_ms);

/* Whether any broker answers at all, asked of one. */
bool intake_answered(struct intake *intake, int timeout_ms, struct fault *fault);

/* The log's first offset and the one after its last, asked of the broker. */
bool intake_bounds(struct intake *intake, const char *topic, int32_t partition, int timeout_ms,
                   int64_t *low, int64_t *high, struct fault *fault);

/* Fetches a partition again from `offset` on; what was fetched and not polled yet comes again. Only
 * between batches: nothing that is in hand may be at that offset or after it. */
void intake_seek(struct intake *intake, const char *topic, int32_t partition, int64_t offset);

/* Stops fetching a partition. */
void intake_pause(struct intake *intake, const char *topic, int32_t partition);

/* Tells Kafka, for lag tools only, that `next` is the first offset not taken. Asynchronous. */
void intake_report(struct intake *intake, const char *topic, int32_t partition, int64_t next);

/* Leaves the group and joins it again: a new assignment follows. */
bool intake_rejoin(struct intake *intake, struct fault *fault);

#endif
