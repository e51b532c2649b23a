/*
 * reading -- the commits of the commit log, one after the other, each with the records it accepted.
 *
 * For a rebuild: a thread with a connection of its own reads and decodes some commits ahead of the
 * caller, who folds meanwhile. Both see the same ledger, since the caller keeps every writer out.
 *
 * Ownership: owns its connection, its thread and the commits it has read.
 */
#ifndef ASSAY_STORE_READING_H
#define ASSAY_STORE_READING_H

#include "consumers/store/stored.h"
#include "runtime/fault.h"

struct reading;

/* Takes over the connection, from now on the thread's. */
struct reading *reading_new(PGconn *connection);
void reading_free(struct reading *reading); /* NULL is fine */

struct commit {
    int64_t position, batch;
    int64_t last; /* position of the log's last commit */
    bool governance;
    struct stored stored;
    struct arena *arena; /* of what is decoded */
};

/* The next commit, valid until the next call. *commit NULL: there are no more. False: fault. */
bool reading_next(struct reading *reading, const struct commit **commit, struct fault *fault);

#endif
