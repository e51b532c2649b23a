/*
 * copy -- rows into tables by binary COPY, in chunks.
 *
 * The way in which C adds rows, but for so few that each goes as a statement (copies_say). A COPY
 * cannot be refused for data that was validated first, so a failure is the world's or a bug.
 *
 * Ownership: borrows the connection, which must be in a transaction; owns its buffer.
 */
#ifndef ASSAY_STORE_COPY_H
#define ASSAY_STORE_COPY_H

#include "consumers/store/pgwire.h"
#include "runtime/fault.h"

#include <libpq-fe.h>
#include <stdbool.h>

struct copy {
    struct pgwire wire; /* rows not sent yet */
    uint64_t rows;
};

/* Begins a row of `columns` fields; the caller then writes them to copy->wire. */
void copy_row(struct copy *copy, int16_t columns);

/* A row made before; and the rows there are: the one after `row` (NULL: the first), or NULL. */
void copy_add(struct copy *copy, const uint8_t *row, size_t size);
const uint8_t *copy_next(const struct copy *copy, const uint8_t *row, size_t *size);

/* Sends all rows, each copy's to its "record.table (columns…)", in the order given, and empties the
 * copies. One statement for all that have rows: a round trip each, and one more. */
struct copy_into {
    struct copy *copy;
    const char *target;
};
bool copy_send(const struct copy_into *into, size_t count, PGconn *connection, struct fault *fault);

/* Adds the rows of `more` and empties it. */
void copy_join(struct copy *copy, struct copy *more);

void copy_clear(struct copy *copy); /* keeps the room */
void copy_free(struct copy *copy);

#endif
