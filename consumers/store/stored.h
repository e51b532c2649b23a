/*
 * stored -- records read back from the ledger, as they were taken.
 *
 * For a rebuild (accepted records of one commit) and a replay (refused records, judged again).
 * Ownership: the records borrow from the result held here and from the caller's arena.
 */
#ifndef ASSAY_STORE_STORED_H
#define ASSAY_STORE_STORED_H

#include "consumers/store/taken.h"
#include "consumers/store/topics.h"
#include "proto/codec.h"
#include "runtime/fault.h"

#include <libpq-fe.h>

struct stored {
    struct taken *records;
    size_t count;
    bool more; /* of stored_refused: there may be others after these */
    PGresult *result;
};

/* The records that a commit accepted, decoded, in the order of taken_sort. */
bool stored_batch(struct stored *stored, PGconn *connection, struct topics *topics, int64_t batch,
                  bool replay, struct arena *arena, struct fault *fault);

/*
 * Up to `most` records that are refused as of now, judged again, after the coordinate
 * (ledger batch, topic, partition, offset) of `after`, NULL: from the first. `topic` NULL: of all
 * partitions; else only the record at (topic, partition, offset).
 */
bool stored_refused(struct stored *stored, PGconn *connection, struct topics *topics,
                    const struct taken *after, const char *topic, int32_t partition, int64_t offset,
                    int most, struct arena *arena, struct fault *fault);

void stored_free(struct stored *stored);

#endif
