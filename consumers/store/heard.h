/*
 * heard -- which sources have sent results of a service, when last, and of which checks: what
 * assay.silent_producer is read from.
 *
 * One row a service, since a row a source would be thousands a batch; and not every batch rewrites
 * it. It names every source, check and environment there is, and counts all results up to a row of
 * record.history in each environment; what has come since is in the rows behind, which say of each
 * result the source by its place in the list, and stand for few results (record.heard_since).
 *
 * The list is packed; record.heard_sources reads the same layout. For each source three fields,
 * each its length in four bytes (big-endian) and then its bytes: the source; the last occurred_at
 * as PostgreSQL sends it; bits, bit n (of byte n / 8, the lowest first) saying that it has sent the
 * service's n-th check.
 *
 * Ownership: a heard owns copies of all it is told.
 */
#ifndef ASSAY_STORE_HEARD_H
#define ASSAY_STORE_HEARD_H

#include "consumers/store/pgwire.h"

#include <uthash.h>

struct heard *heard_new(void);
void heard_free(struct heard *heard);

/* What the row says: `bytes` in the layout above, the checks in order, how many environments.
 * Aborts on bytes that are not in it: only this file writes them. */
void heard_restore(struct heard *heard, const uint8_t *bytes, size_t size,
                   struct array_reader checks, size_t environments);

/* What came since: so many results of a check by a source of the row, the last one at `at`. */
void heard_restore_since(struct heard *heard, uint32_t source, const char *check, instant at,
                         int64_t results);

/* An accepted result of the service; `pair` is posture's small number of its environment and check.
 * Returns the source's place. */
uint32_t heard_note(struct heard *heard, const char *source, uint32_t pair, const char *check,
                    instant at);

/* ---- the rows of one transaction, not sent yet ---- */

struct heard_row {
    char *service;
    uint8_t *bytes;
    size_t size;
    char *checks;              /* one a line; NULL: as they were */
    char *environments, *upto; /* one a line: the last row that counts in each */
    UT_hash_handle hh;
};

/* An environment of the service and its last row. */
struct heard_upto {
    const char *environment;
    int32_t seq;
};

/* Puts what is heard of the service into its row, where that is due: a name is new, or much has
 * come since the last time. `upto` is sorted by environment. */
void heard_write(struct heard *heard, const char *service, const struct heard_upto *upto,
                 size_t count, struct heard_row **rows);
void heard_rows_free(struct heard_row **rows);

#endif
