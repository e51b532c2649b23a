#include "producers/catalog/crosswalk.h"

#include "producers/catalog/sheet.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const char *const columns[] = {"from", "to", "extent", "note"};
enum { FROM, TO, EXTENT, NOTE, COLUMNS };

static const char *const extents[] = {
    [CROSSWALK_FULL] = "full", [CROSSWALK_PARTIAL] = "partial", [CROSSWALK_NEW] = "new"};
enum { EXTENTS = sizeof extents / sizeof extents[0] };

const char *crosswalk_extent_name(enum crosswalk_extent extent)
{
    return extents[extent];
}

/* One reading, with the two editions it is about. */
struct reading {
    const char *name;
    const struct edition *from;
    const struct edition *to;
    struct fault *why;
};

static bool refuse(const struct reading *reading, unsigned line, const char *field,
                   const char *what)
{
    return fault_set(reading->why, FAULT_REJECT, "%s:%u: %s: %s", reading->name, line, field, what);
}

static bool put_values(struct crosswalk *crosswalk, const struct reading *reading)
{
    for (size_t i = 0; i < crosswalk->sheet->value_count; i++) {
        const struct sheet_value *value = &crosswalk->sheet->values[i];
        const char **place = strcmp(value->name, "from") == 0 ? &crosswalk->from
                             : strcmp(value->name, "to") == 0 ? &crosswalk->to
                                                              : NULL;
        if (place != NULL && *place != NULL)
            return refuse(reading, value->line, value->name, "said twice");
        if (place != NULL) {
            *place = value->text;
        } else if (strcmp(value->name, "provenance") != 0) {
            return refuse(reading, value->line, value->name, "a crosswalk has no such value");
        } else {
            if (crosswalk->provenance_count == CROSSWALK_PROVENANCE_MAX)
                return refuse(reading, value->line, value->name, "said too often");
            crosswalk->provenance[crosswalk->provenance_count++] = value->text;
        }
    }
    const char *missing = crosswalk->from == NULL            ? "from"
                          : crosswalk->to == NULL            ? "to"
                          : crosswalk->provenance_count == 0 ? "provenance"
                                                             : NULL;
    if (missing != NULL)
        return fault_set(reading->why, FAULT_REJECT, "%s: %s is not said", reading->name, missing);
    return true;
}

static const struct edition *find_edition(struct edition *const *editions, size_t count,
                                          const char *standard)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(editions[i]->standard, standard) == 0)
            return editions[i];
    return NULL;
}

/* A new control has one row, any other one row for each control it draws on. */
static bool fits_others(const struct crosswalk *crosswalk, const struct crosswalk_pair *pair)
{
    for (size_t i = 0; i < crosswalk->pair_count; i++) {
        const struct crosswalk_pair *other = &crosswalk->pairs[i];
        if (strcmp(other->to, pair->to) == 0 &&
            (other->from == NULL || pair->from == NULL || strcmp(other->from, pair->from) == 0))
            return false;
    }
    return true;
}

static bool put_pair(struct crosswalk *crosswalk, const struct sheet_row *row,
                     const struct reading *reading)
{
    bool none = strcmp(row->fields[FROM], "-") == 0;
    struct crosswalk_pair pair = {
        .from = none ? NULL : row->fields[FROM], .to = row->fields[TO], .note = row->fields[NOTE]};
    size_t extent = 0;
    while (extent < EXTENTS && strcmp(extents[extent], row->fields[EXTENT]) != 0)
        extent++;
    if (extent == EXTENTS)
        return refuse(reading, row->line, columns[EXTENT], "neither full, partial nor new");
    pair.extent = (enum crosswalk_extent)extent;
    if (none != (pair.extent == CROSSWALK_NEW))
        return refuse(reading, row->line, columns[FROM], "- goes with new, and only with it");
    if (!none && edition_find(reading->from, pair.from) == NULL)
        return refuse(reading, row->line, columns[FROM], "the standard has no such control");
    if (edition_find(reading->to, pair.to) == NULL)
        return refuse(reading, row->line, columns[TO], "the standard has no such control");
    if (!fits_others(crosswalk, &pair))
        return refuse(reading, row->line, columns[TO],
                      "stands with the same control already, or is new and has others");
    crosswalk->pairs[crosswalk->pair_count++] = pair;
    return true;
}

static bool covers_all(const struct crosswalk *crosswalk, const struct reading *reading)
{
    for (size_t i = 0; i < reading->to->control_count; i++) {
        const char *control = reading->to->controls[i].control;
        size_t j = 0;
        while (j < crosswalk->pair_count && strcmp(crosswalk->pairs[j].to, control) != 0)
            j++;
        if (j == crosswalk->pair_count)
            return fault_set(reading->why, FAULT_REJECT, "%s: %s of %s does not stand in it",
                             reading->name, control, crosswalk->to);
    }
    return true;
}

static bool put_all(struct crosswalk *crosswalk, struct reading *reading,
                    struct edition *const *editions, size_t edition_count)
{
    if (!put_values(crosswalk, reading))
        return false;
    reading->from = find_edition(editions, edition_count, crosswalk->from);
    reading->to = find_edition(editions, edition_count, crosswalk->to);
    if (reading->from == NULL || reading->to == NULL)
        return fault_set(reading->why, FAULT_REJECT, "%s: the catalogue has no standard %s",
                         reading->name, reading->from == NULL ? crosswalk->from : crosswalk->to);
    for (size_t i = 0; i < crosswalk->sheet->row_count; i++)
        if (!put_pair(crosswalk, &crosswalk->sheet->rows[i], reading))
            return false;
    return covers_all(crosswalk, reading);
}

struct crosswalk *crosswalk_read(const char *name, const char *text, size_t size,
                                 struct edition *const *editions, size_t edition_count,
                                 struct fault *why)
{
    struct reading reading = {.name = name, .why = why};
    struct sheet sheet;
    if (!sheet_read(&sheet, name, text, size, columns, COLUMNS, why))
        return NULL;
    struct crosswalk *crosswalk = calloc(1, sizeof *crosswalk);
    assert(crosswalk != NULL);
    crosswalk->sheet = malloc(sizeof *crosswalk->sheet);
    crosswalk->pairs = calloc(sheet.row_count, sizeof *crosswalk->pairs);
    assert(crosswalk->sheet != NULL && crosswalk->pairs != NULL);
    *crosswalk->sheet = sheet;
    if (!put_all(crosswalk, &reading, editions, edition_count)) {
        crosswalk_free(crosswalk);
        return NULL;
    }
    return crosswalk;
}

void crosswalk_free(struct crosswalk *crosswalk)
{
    if (crosswalk == NULL)
        return;
    sheet_clear(crosswalk->sheet);
    free(crosswalk->sheet);
    free(crosswalk->pairs);
    free(crosswalk);
}
