#include "consumers/store/gathered.h"

#include <stdlib.h>
#include <string.h>

static int compare_instants(instant a, instant b)
{
    return (a > b) - (a < b);
}

static int compare_phases(const void *a, const void *b)
{
    const struct phase_row *x = a, *y = b;
    int by_standard = x->standard == y->standard ? 0 : strcmp(x->standard, y->standard);
    return by_standard != 0 ? by_standard : compare_instants(x->step.at, y->step.at);
}

static int compare_tallies(const void *a, const void *b)
{
    const struct tally_row *x = a, *y = b;
    int order = x->standard == y->standard ? 0 : strcmp(x->standard, y->standard);
    if (order == 0)
        order = compare_instants(x->at, y->at);
    return order != 0 ? order : x->status - y->status;
}

static int compare_texts(const char *a, const char *b)
{
    return a == NULL || b == NULL ? (a != NULL) - (b != NULL) : strcmp(a, b);
}

static int compare_unmapped(const void *a, const void *b)
{
    const struct unmapped_row *x = a, *y = b;
    const struct posture_record *of = &x->record, *and = &y->record;
    int order = (of->topic > and->topic) - (of->topic < and->topic);
    if (order == 0)
        order = (of->partition > and->partition) - (of->partition < and->partition);
    if (order == 0)
        order = (of->incarnation > and->incarnation) - (of->incarnation < and->incarnation);
    if (order == 0)
        order = (of->offset > and->offset) - (of->offset < and->offset);
    if (order == 0)
        order = compare_texts(x->standard, y->standard);
    if (order == 0)
        order = compare_texts(x->control, y->control);
    return order != 0 ? order : compare_instants(x->at, y->at);
}

/* Posture mostly tells in order. */
static void sort_rows(struct rows *rows, size_t size, int (*compare)(const void *, const void *))
{
    size_t sorted = 1;
    while (sorted < rows->count &&
           compare(rows->items + (sorted - 1) * size, rows->items + sorted * size) <= 0)
        sorted++;
    if (sorted < rows->count)
        qsort(rows->items, rows->count, size, compare);
}

/* Most cells pass before and after: of all there are as many. */
static void drop_nothing(struct rows *tallies)
{
    struct tally_row *row = (struct tally_row *)(void *)tallies->items;
    size_t kept = 0;
    for (size_t i = 0; i < tallies->count; i++)
        if (row[i].change != 0)
            row[kept++] = row[i];
    tallies->count = kept;
}

/* A step that is removed says its instant only: the rest as the first that is set, so that one
 * element may stand for all. */
static void level_removed(struct rows *cells)
{
    struct cell_row *row = (struct cell_row *)(void *)cells->items;
    size_t set = 0;
    while (set < cells->count && row[set].status == STEP_IS_REMOVED)
        set++;
    for (size_t i = 0; i < cells->count && set < cells->count; i++) {
        if (row[i].status != STEP_IS_REMOVED)
            continue;
        row[i].checks = row[set].checks;
        row[i].missing = row[set].missing;
    }
}

void gathered_arrange(struct gathered *gathered)
{
    drop_nothing(&gathered->tallies);
    level_removed(&gathered->cells);
    sort_rows(&gathered->phases, sizeof(struct phase_row), compare_phases);
    sort_rows(&gathered->tallies, sizeof(struct tally_row), compare_tallies);
    sort_rows(&gathered->unmapped, sizeof(struct unmapped_row), compare_unmapped);
}
