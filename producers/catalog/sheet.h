/*
 * sheet -- one file of the catalogue: named values, an empty line, a table with its column names.
 *
 *     standard<TAB>iso-27017-2015
 *     provenance<TAB>...
 *
 *     control<TAB>kind<TAB>group<TAB>title
 *     CLD.6.3.1<TAB>CONTROL<TAB>...
 *
 * Knows lines and fields, not what they mean. Strict, since the files are written by hand: no
 * comments, no quoting, no blanks at either end of a field, nothing but UTF-8 without control
 * characters.
 *
 * Ownership: a sheet owns its copy of the text, which all its texts point into.
 */
#ifndef ASSAY_PRODUCERS_CATALOG_SHEET_H
#define ASSAY_PRODUCERS_CATALOG_SHEET_H

#include "runtime/fault.h"

#include <stdbool.h>
#include <stddef.h>

enum { SHEET_COLUMNS_MAX = 8 };

struct sheet_value {
    const char *name;
    const char *text;
    unsigned line; /* from 1 */
};

struct sheet_row {
    const char *fields[SHEET_COLUMNS_MAX]; /* as many as there are columns */
    unsigned line;
};

struct sheet {
    char *text;
    struct sheet_value *values;
    size_t value_count;
    struct sheet_row *rows;
    size_t row_count;
};

/*
 * Reads `size` bytes of the file called `name`, whose table has `column_count` columns
 * (1 … SHEET_COLUMNS_MAX, asserted), named `columns`. False: FAULT_REJECT that names file, line and
 * what is wrong, and nothing to clear.
 */
bool sheet_read(struct sheet *sheet, const char *name, const char *text, size_t size,
                const char *const *columns, size_t column_count, struct fault *why);
void sheet_clear(struct sheet *sheet);

#endif
