/*
 * kept -- the names that a rebuild finds in the record, and leaves there if they come out the same.
 *
 * They nearly always do. Deleted and written again, each name meets in its index the entry of the
 * row just deleted, which costs PostgreSQL more than all other rows of a rebuild. So what is there
 * is read first, and a row that is made again is only marked. As soon as one is made that is not
 * there, or one that is there has not been made in the end, the whole table is deleted after all,
 * and the rows marked so far are sent: what is there then is what was made, and nothing else.
 *
 * Ownership: an opaque handle that owns copies of the rows; whoever sends has it for himself.
 */
#ifndef ASSAY_STORE_KEPT_H
#define ASSAY_STORE_KEPT_H

#include "consumers/store/copy.h"

struct kept;

struct kept *kept_new(void);
void kept_free(struct kept *kept); /* NULL is fine */

/* Reads the rows of a table, "record.table (columns…)", a text that outlives the handle. */
bool kept_read(struct kept *kept, const char *target, PGconn *connection, struct fault *fault);

/* Instead of copy_send, for a table that was read. */
bool kept_send(struct kept *kept, const char *target, struct copy *copy, PGconn *connection,
               struct fault *fault);

/* From now on the record holds the rows sent, and no others. */
bool kept_settle(struct kept *kept, PGconn *connection, struct fault *fault);

#endif
