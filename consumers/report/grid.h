/*
 * grid -- a table of a document: columns with titles, rows of texts, headings and totals among
 * them.
 *
 * The first cell of a row names it. Filled cell by cell, then written by a form. Knows nothing of
 * escaping and of what the texts mean.
 *
 * Ownership: a grid owns copies of all its texts. Aborts where there is no memory.
 */
#ifndef ASSAY_REPORT_GRID_H
#define ASSAY_REPORT_GRID_H

#include <stdbool.h>
#include <stddef.h>

enum grid_row_kind {
    GRID_ROW,     /* as many cells as columns */
    GRID_SECTION, /* one cell, over all columns */
    GRID_TOTAL,   /* as many cells as columns */
};

struct grid;

struct grid *grid_new(const char *caption);
void grid_free(struct grid *grid); /* NULL is fine */

/* Columns come before rows. */
void grid_column(struct grid *grid, const char *title, bool number);

/* Begins a row. The row before it must be full (asserted). */
void grid_row(struct grid *grid, enum grid_row_kind kind);
__attribute__((format(printf, 2, 3))) void grid_cell(struct grid *grid, const char *format, ...);

const char *grid_caption(const struct grid *grid);
size_t grid_columns(const struct grid *grid);
const char *grid_title(const struct grid *grid, size_t column);
bool grid_number(const struct grid *grid, size_t column);
size_t grid_rows(const struct grid *grid);
enum grid_row_kind grid_kind(const struct grid *grid, size_t row);
const char *grid_text(const struct grid *grid, size_t row, size_t column);

#endif
