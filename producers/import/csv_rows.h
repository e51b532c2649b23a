/*
 * csv_rows -- a CSV file row by row, as RFC 4180 has it: quoted fields with commas, line breaks
 * and doubled quotes, CRLF or LF, an UTF-8 byte order mark at the beginning.
 *
 * Strict where guessing would change what a row says: a quote inside an unquoted field, text behind
 * a closing quote, a quote that is never closed, a NUL and a row over the bounds are faults of that
 * row; reading goes on behind the next line break. Blank lines are passed over.
 *
 * Knows no columns. Ownership: a row's texts are good until the next call.
 */
#ifndef ASSAY_PRODUCERS_IMPORT_CSV_ROWS_H
#define ASSAY_PRODUCERS_IMPORT_CSV_ROWS_H

#include "producers/import/foreign_file.h"

#include <stddef.h>
#include <stdint.h>

enum { CSV_FIELDS_MOST = 64, CSV_ROW_MOST = 512 * 1024 };

struct csv_field {
    const char *text; /* NUL-terminated */
    size_t size;
    uint64_t line; /* where it begins, from 1 */
};

struct csv_row {
    uint64_t line; /* where it begins, from 1 */
    size_t count;
    struct csv_field fields[CSV_FIELDS_MOST];
};

enum csv_kind {
    CSV_ROW,
    CSV_BAD_ROW, /* *why says what is wrong with it; row->line and row->count are set */
    CSV_END,
    CSV_FAILED, /* the file cannot be read; *why */
};

struct csv_rows;

struct csv_rows *csv_rows_new(struct foreign_file *file); /* rewound by the caller */
void csv_rows_free(struct csv_rows *rows);

enum csv_kind csv_rows_next(struct csv_rows *rows, struct csv_row *row, struct fault *why);

#endif
