/*
 * table -- the rows of a query as a table for people, by libsmartcols, as util-linux prints its
 * own.
 *
 * A terminal's width is kept to by cutting the columns that say so; into a pipe nothing is cut.
 * Colours only on a terminal, and not where NO_COLOR is set. Control characters in data are shown
 * escaped, so that no record can play with the terminal.
 *
 * Not for programs to read: that is --json, which every command that prints a table has.
 */
#ifndef ASSAY_TABLE_TABLE_H
#define ASSAY_TABLE_TABLE_H

#include "consumers/store/connection.h"

enum table_kind {
    TABLE_TEXT,
    TABLE_CUT,    /* text that may be cut where the terminal is narrow */
    TABLE_NUMBER, /* to the right */
    TABLE_STATUS, /* a status or posture, coloured by what it means */
};

struct table_column {
    const char *title;
    enum table_kind kind;
};

/* To be called once, before anything is printed: takes the locale of the environment. */
void table_start(void);

/* Prints `rows`, whose first fields are the columns in order, as text, to standard output. NULL
 * shows as nothing. False where it could not be written. Aborts when there is no memory. */
bool table_print(const struct table_column *columns, int count, const PGresult *rows);

#endif
