/*
 * batch -- what has been received and not committed: collected, judged, committed in one go.
 *
 * Adaptive by having no timer: a batch is what is there when the aggregator looks, up to its
 * bounds. Alone, an event is committed at once; under a backlog batches are as large as they may
 * be.
 *
 * A batch of governance and one of services' facts commit apart. Where PostgreSQL blames a record,
 * the batch is halved until that record stands alone, and its partition halts there.
 *
 * Ownership: holds the received records until they are committed or dropped.
 */
#ifndef ASSAY_AGGREGATOR_BATCH_H
#define ASSAY_AGGREGATOR_BATCH_H

#include "consumers/aggregator/held.h"

struct batch;

struct batch_bounds {
    size_t records; /* most records */
    size_t bytes;   /* of keys and values, about */
    size_t decoded; /* most bytes of decoded events; where they need more it is committed in parts.
                       At least what one of the largest takes. */
};

struct batch *batch_new(struct held *held, struct batch_bounds bounds);
void batch_free(struct batch *batch);

/* Takes over the received record. */
void batch_add(struct batch *batch, struct received *received);
bool batch_full(const struct batch *batch);
size_t batch_count(const struct batch *batch);

/*
 * Judges what is in hand by a thread, beside the commit of the batch before this one; until this
 * one is committed or dropped nothing may be added. Governance's records are not: they wait for
 * batch_commit, as those do for which memory does not suffice.
 */
void batch_judge_ahead(struct batch *batch);

/* Everything in hand is let go: the partitions are no longer this aggregator's. */
void batch_drop(struct batch *batch);

enum batch_outcome {
    BATCH_DONE,
    BATCH_FENCED,  /* dropped; rejoin */
    BATCH_STOPPED, /* a stop was requested, or it failed for good (patience_failed) */
};

/* Judges and commits everything in hand, waiting out the world. `*governance`: some was. */
enum batch_outcome batch_commit(struct batch *batch, bool *governance);

#endif
