/*
 * listing -- rows of text as a table for people, by libsmartcols, as util-linux prints its own.
 *
 * A terminal's width is kept to by cutting the columns that say so; into a pipe nothing is cut.
 * Not for programs to read: that is --json.
 *
 * Ownership: cells are copied.
 */
#ifndef ASSAY_PRODUCERS_CATALOG_LISTING_H
#define ASSAY_PRODUCERS_CATALOG_LISTING_H

#include <stdbool.h>
#include <stddef.h>

enum listing_kind {
    LISTING_TEXT,
    LISTING_CUT,    /* text that may be cut where the terminal is narrow */
    LISTING_NUMBER, /* to the right */
};

struct listing_column {
    const char *title;
    enum listing_kind kind;
};

struct listing;

/* Never NULL (aborts). */
struct listing *listing_new(const struct listing_column *columns, size_t count);
void listing_free(struct listing *listing);

/* One cell for each column; NULL and "" show as nothing. */
void listing_add(struct listing *listing, const char *const *cells);

/* False where standard output could not be written. */
bool listing_print(struct listing *listing);

#endif
