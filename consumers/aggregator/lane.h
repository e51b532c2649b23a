/*
 * lane -- takes records of the partitions it has been assigned, and commits them: one thread of an
 * aggregator, and a whole one.
 *
 * A lane has a place in the consumer group, a connection and services in memory of its own, and
 * shares nothing with the other lanes of its process that it would not share with another process.
 * So how many there are changes what can go on at the same time (one folds while PostgreSQL works
 * for another), and nothing else.
 */
#ifndef ASSAY_AGGREGATOR_LANE_H
#define ASSAY_AGGREGATOR_LANE_H

#include "consumers/aggregator/batch.h"
#include "producers/kafka_settings.h"

#include <stdatomic.h>

struct lane_settings { /* the same for all lanes of a process; borrowed */
    const struct kafka_settings *kafka;
    const char *group;
    const char *database, *program; /* as store_new has them */
    size_t lanes;                   /* of the process, which share what is fetched ahead */
    struct batch_bounds bounds;     /* of one lane */
    size_t memory;                  /* of one lane, bytes */
    bool once;                      /* return when everything there is has been taken */
};

/*
 * Works until a stop is requested, or something fails that no waiting mends: then it has been said,
 * and every lane of the process returns (patience_failed). `number`: from 1. `committed_ms`: set
 * after each commit, elapsed_ms. Returns how many of its partitions have halted.
 */
size_t lane_run(const struct lane_settings *settings, size_t number, _Atomic int64_t *committed_ms);

#endif
