/*
 * ledger -- the rows of a batch's records, and how far it takes its partitions.
 */
#ifndef ASSAY_STORE_LEDGER_H
#define ASSAY_STORE_LEDGER_H

#include "consumers/store/pack.h"
#include "consumers/store/pipeline.h"
#include "consumers/store/taken.h"
#include "runtime/fault.h"

/* One array parameter of `request` over all takes, `count` of them; `write` writes the element of
 * the i-th to `wire`. */
#define TAKES(request, type, write)                                                                \
    do {                                                                                           \
        struct pgwire *wire = request_next(request);                                               \
        size_t mark_ = pgwire_array(wire, (type), count);                                          \
        for (size_t i = 0; i < count; i++)                                                         \
            write;                                                                                 \
        pgwire_array_end(wire, mark_);                                                             \
    } while (0)

/* Adds each record's ledger row, or, for a replay, its verdict row. */
void ledger_write(struct copies *copies, int64_t batch, const struct taken *records, size_t count);

/* Names a batch and moves the partitions on by compare-and-swap: as the statement that it returns
 * the number of, and what that has answered. FENCED where the partitions were not where the takes
 * say, or another's. Takes sorted; none: a replay, and only the name is asked for. */
int ledger_advance(struct pipeline *pipeline, const struct take *takes, size_t count);
bool ledger_advanced(const struct pipeline *pipeline, int number, int64_t *batch,
                     struct fault *fault);

#endif
