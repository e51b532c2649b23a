/*
 * sections -- layout's parts, one function a section; the heading is written already.
 *
 * Internal to layout.
 */
#ifndef ASSAY_REPORT_SECTIONS_H
#define ASSAY_REPORT_SECTIONS_H

#include "consumers/report/form.h"

#include <jansson.h>

struct sheet {
    const struct form *form;
    FILE *out;
    const json_t *model;
};

void section_recommendation(const struct sheet *sheet, const json_t *said);
void section_conclusions(const struct sheet *sheet, const json_t *said);
void section_performance(const struct sheet *sheet, const json_t *said);
void section_scope_statement(const struct sheet *sheet, const json_t *said);
void section_soa(const struct sheet *sheet, const json_t *said);
void section_review(const struct sheet *sheet, const json_t *said);
void section_management(const struct sheet *sheet, const json_t *said);
void section_changes(const struct sheet *sheet, const json_t *said);
void section_sampling(const struct sheet *sheet, const json_t *said);
void section_cycle(const struct sheet *sheet, const json_t *said);
void section_services(const struct sheet *sheet, const json_t *said);
void section_locations(const struct sheet *sheet, const json_t *said);

/* ---- what they write with ---- */

/* One paragraph of a pattern. */
__attribute__((format(printf, 2, 3))) void sheet_say(const struct sheet *sheet, const char *format,
                                                     ...);

/* What the programme calls an environment; the key itself where it does not list it; "all" of "*".
 */
const char *sheet_environment(const struct sheet *sheet, const char *environment);
/* The same of an array, in its order, with commas; malloc'ed. */
char *sheet_environments(const struct sheet *sheet, const json_t *environments);

void sheet_heading(const struct sheet *sheet, const char *text);

/* A grid with these columns, a title each; one that ends in '#' is of numbers. `of` tells grids of
 * one caption apart; NULL: there is one. */
struct grid *sheet_grid(const char *caption, const char *of, const char *const *titles,
                        size_t count);
#define SHEET_GRID(caption, ...) SHEET_GRID_OF(caption, NULL, __VA_ARGS__)
#define SHEET_GRID_OF(caption, of, ...)                                                            \
    sheet_grid(caption, of, (const char *const[]){__VA_ARGS__},                                    \
               sizeof((const char *const[]){__VA_ARGS__}) / sizeof(const char *))

/* Writes the grid, or, where it has no rows, `none`; frees it. */
void sheet_grid_end(const struct sheet *sheet, struct grid *grid, const char *none);

#endif
