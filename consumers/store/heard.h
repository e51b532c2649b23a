/*
 * heard -- which sources have sent results of a service, when last, and of which checks: what
 * assay.silent_producer is read from.
 *
 * One row a service, rewritten by every batch that has results of it: a row a source would be
 * thousands a batch. Stored packed; record.heard_sources reads the same layout. For each source
 * three fields, each its length in four bytes (big-endian) and then its bytes: the source; the last
 * occurred_at as PostgreSQL sends it; bits, bit n (of byte n / 8, the lowest first) saying that it
 * has sent the service's n-th check.
 *
 * Ownership: a heard owns copies of all it is told.
 */
#ifndef ASSAY_STORE_HEARD_H
#define ASSAY_STORE_HEARD_H

#include "consumers/store/pgwire.h"

#include <uthash.h>

struct heard *heard_new(void);
void heard_free(struct heard *heard);

/* What the row says: `bytes` in the layout above, the checks in order. Aborts on bytes that are not
 * in it: only this file writes them. */
void heard_restore(struct heard *heard, const uint8_t *bytes, size_t size,
                   struct array_reader checks);

/* An accepted result of the service. */
void heard_note(struct heard *heard, const char *source, const char *check, instant at);

/* ---- the rows of one transaction, not sent yet ---- */

struct heard_row {
    char *service;
    uint8_t *bytes;
    size_t size;
    char *checks; /* one a line; NULL: as they were */
    UT_hash_handle hh;
};

/* Puts what is heard of the service into its row, where anything was noted since the last time. */
void heard_write(struct heard *heard, const char *service, struct heard_row **rows);
void heard_rows_free(struct heard_row **rows);

#endif
