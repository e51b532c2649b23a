#include "consumers/table/table.h"
#include "consumers/whatif/print.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Rows as the table takes them. */
struct rows {
    PGresult *result;
    int count, columns;
};

static struct rows rows_new(const struct table_column *columns, int count)
{
    struct rows rows = {.result = PQmakeEmptyPGresult(NULL, PGRES_TUPLES_OK), .columns = count};
    PGresAttDesc *attributes = calloc((size_t)count, sizeof *attributes);
    if (rows.result == NULL || attributes == NULL)
        abort();
    for (int i = 0; i < count; i++)
        attributes[i].name = (char *)(uintptr_t)columns[i].title; /* copied, not written */
    if (!PQsetResultAttrs(rows.result, count, attributes))
        abort();
    free(attributes);
    return rows;
}

static void rows_add(struct rows *rows, const char *const *fields)
{
    for (int i = 0; i < rows->columns; i++) {
        /* libpq copies; its parameter only lacks the const. */
        char *field = (char *)(uintptr_t)fields[i];
        int size = field == NULL ? -1 : (int)strlen(field);
        if (!PQsetvalue(rows->result, rows->count, i, field, size))
            abort();
    }
    rows->count++;
}

static bool rows_print(struct rows *rows, const struct table_column *columns, bool *first)
{
    bool printed = true;
    if (rows->count > 0) {
        if (!*first)
            putchar('\n');
        *first = false;
        printed = table_print(columns, rows->columns, rows->result);
    }
    PQclear(rows->result);
    return printed;
}

/* To the second, as people read it; NULL: for good. */
static const char *instant_text(instant at, char text[static INSTANT_TEXT_MAX])
{
    if (at == INSTANT_END)
        return NULL;
    instant rest = at % INSTANT_SECOND;
    return instant_format(at - (rest < 0 ? rest + INSTANT_SECOND : rest), text);
}

static bool alike(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* ---- cells ---- */

static const struct table_column CELLS[] = {
    {"AT", TABLE_TEXT},          {"UNTIL", TABLE_TEXT},      {"SERVICE", TABLE_TEXT},
    {"ENVIRONMENT", TABLE_TEXT}, {"STANDARD", TABLE_TEXT},   {"FROM", TABLE_STATUS},
    {"TO", TABLE_STATUS},        {"CONTROLS", TABLE_NUMBER}, {"WHICH", TABLE_CUT},
    {"WHY", TABLE_CUT},
};
enum { CELL_COLUMNS = sizeof CELLS / sizeof CELLS[0], WHY_MAX = 1024 };

/* "FAILED: a stream fails (events.jsonl:3)" */
static void why_text(const struct difference *cell, const struct supposed *supposed,
                     char text[static WHY_MAX])
{
    char id[UUID_TEXT_MAX];
    const struct posture_record *record = &cell->deciding.record;
    if (cell->sentence == NULL)
        snprintf(text, WHY_MAX, "there is no such control");
    else if (!cell->deciding.any)
        snprintf(text, WHY_MAX, "%s", cell->sentence);
    else if (cell->deciding.body != NULL && record->topic == SUPPOSED_TOPIC)
        snprintf(text, WHY_MAX, "%s (%s:%" PRId64 ")", cell->sentence,
                 supposed_file(supposed, (size_t)record->partition), record->offset);
    else
        snprintf(text, WHY_MAX, "%s (%s)", cell->sentence, uuid_format(&cell->deciding.id, id));
}

static bool same_group(const struct difference *a, const struct difference *b,
                       const struct supposed *supposed)
{
    char why_a[WHY_MAX];
    char why_b[WHY_MAX];
    if (a->at != b->at || a->until != b->until || strcmp(a->service, b->service) != 0 ||
        !alike(a->environment, b->environment) || strcmp(a->standard, b->standard) != 0 ||
        !alike(a->before, b->before) || !alike(a->after, b->after))
        return false;
    why_text(a, supposed, why_a);
    why_text(b, supposed, why_b);
    return strcmp(why_a, why_b) == 0;
}

/* All that change alike at one place share a row: cells[first], and those after it that are not
 * shown yet. */
static void add_group(struct rows *rows, const struct differences *cells, size_t first, bool *shown,
                      const struct supposed *supposed)
{
    const struct difference *cell = &cells->items[first];
    char *which = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&which, &size);
    size_t count = 0;
    if (out == NULL)
        abort();
    for (size_t i = first; i < cells->count && cells->items[i].at == cell->at &&
                           strcmp(cells->items[i].service, cell->service) == 0;
         i++) {
        if (shown[i] || !same_group(cell, &cells->items[i], supposed))
            continue;
        shown[i] = true;
        fprintf(out, "%s%s", count++ == 0 ? "" : " ", cells->items[i].what);
    }
    if (fclose(out) != 0)
        abort();
    char at[INSTANT_TEXT_MAX];
    char until[INSTANT_TEXT_MAX];
    char number[24];
    char why[WHY_MAX];
    snprintf(number, sizeof number, "%zu", count);
    why_text(cell, supposed, why);
    const char *const fields[CELL_COLUMNS] = {
        instant_text(cell->at, at),
        instant_text(cell->until, until),
        cell->service,
        cell->environment,
        cell->standard,
        cell->before,
        cell->after,
        number,
        which,
        why,
    };
    rows_add(rows, fields);
    free(which);
}

static bool print_cells(const struct differences *cells, const struct supposed *supposed,
                        bool *first)
{
    struct rows rows = rows_new(CELLS, CELL_COLUMNS);
    bool *shown = calloc(cells->count + 1, sizeof *shown);
    if (shown == NULL)
        abort();
    for (size_t i = 0; i < cells->count; i++)
        if (!shown[i])
            add_group(&rows, cells, i, shown, supposed);
    free(shown);
    return rows_print(&rows, CELLS, first);
}

/* ---- standings and certificates ---- */

static const struct table_column STANDINGS[] = {
    {"AT", TABLE_TEXT},          {"UNTIL", TABLE_TEXT},    {"SERVICE", TABLE_TEXT},
    {"ENVIRONMENT", TABLE_TEXT}, {"STANDARD", TABLE_TEXT}, {"WHAT", TABLE_TEXT},
    {"FROM", TABLE_STATUS},      {"TO", TABLE_STATUS},
};
enum { STANDING_COLUMNS = sizeof STANDINGS / sizeof STANDINGS[0] };

static const struct table_column CERTIFICATES[] = {
    {"AT", TABLE_TEXT},       {"UNTIL", TABLE_TEXT}, {"PROGRAMME", TABLE_TEXT},
    {"STANDARD", TABLE_TEXT}, {"WHAT", TABLE_TEXT},  {"FROM", TABLE_STATUS},
    {"TO", TABLE_STATUS},
};
enum { CERTIFICATE_COLUMNS = sizeof CERTIFICATES / sizeof CERTIFICATES[0] };

static bool print_standings(const struct differences *list, bool *first)
{
    struct rows rows = rows_new(STANDINGS, STANDING_COLUMNS);
    for (size_t i = 0; i < list->count; i++) {
        const struct difference *item = &list->items[i];
        char at[INSTANT_TEXT_MAX];
        char until[INSTANT_TEXT_MAX];
        const char *const fields[STANDING_COLUMNS] = {instant_text(item->at, at),
                                                      instant_text(item->until, until),
                                                      item->service,
                                                      item->environment,
                                                      item->standard,
                                                      item->what,
                                                      item->before,
                                                      item->after};
        rows_add(&rows, fields);
    }
    return rows_print(&rows, STANDINGS, first);
}

static bool print_certificates(const struct differences *list, bool *first)
{
    struct rows rows = rows_new(CERTIFICATES, CERTIFICATE_COLUMNS);
    for (size_t i = 0; i < list->count; i++) {
        const struct difference *item = &list->items[i];
        char at[INSTANT_TEXT_MAX];
        char until[INSTANT_TEXT_MAX];
        const char *const fields[CERTIFICATE_COLUMNS] = {instant_text(item->at, at),
                                                         instant_text(item->until, until),
                                                         item->service,
                                                         item->standard,
                                                         item->what,
                                                         item->before,
                                                         item->after};
        rows_add(&rows, fields);
    }
    return rows_print(&rows, CERTIFICATES, first);
}

static const struct table_column INEFFECTIVE[] = {
    {"WITHOUT EFFECT", TABLE_TEXT}, {"REASON", TABLE_TEXT},  {"ENVIRONMENT", TABLE_TEXT},
    {"STANDARD", TABLE_TEXT},       {"CONTROL", TABLE_TEXT},
};
enum { INEFFECTIVE_COLUMNS = sizeof INEFFECTIVE / sizeof INEFFECTIVE[0] };

static bool print_ineffective(const struct ineffectives *list, const struct supposed *supposed,
                              bool *first)
{
    struct rows rows = rows_new(INEFFECTIVE, INEFFECTIVE_COLUMNS);
    for (size_t i = 0; i < list->count; i++) {
        const struct ineffective *item = &list->items[i];
        char place[WHY_MAX];
        snprintf(place, sizeof place, "%s:%" PRId64, supposed_file(supposed, item->file),
                 item->line);
        const char *const fields[INEFFECTIVE_COLUMNS] = {place, item->reason, item->environment,
                                                         item->standard, item->control};
        rows_add(&rows, fields);
    }
    return rows_print(&rows, INEFFECTIVE, first);
}

bool print_text(const struct answer *answer, const struct supposed *supposed)
{
    bool first = true;
    return print_cells(&answer->cells, supposed, &first) &&
           print_standings(&answer->standings, &first) &&
           print_certificates(&answer->certificates, &first) &&
           print_ineffective(&answer->ineffective, supposed, &first) && fflush(stdout) == 0;
}
