#include "producers/catalog/edition.h"

#include "producers/catalog/sheet.h"
#include "proto/limits.h"
#include "proto/validate.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

static const char *const columns[] = {"control", "kind", "group", "title"};
enum { CONTROL, KIND, GROUP, TITLE, COLUMNS };

static bool refuse(const char *name, unsigned line, const char *field, const char *what,
                   struct fault *why)
{
    return fault_set(why, FAULT_REJECT, "%s:%u: %s: %s", name, line, field, what);
}

static bool put_text(const char **place, const struct sheet_value *value, const char *name,
                     struct fault *why)
{
    if (*place != NULL)
        return refuse(name, value->line, value->name, "said twice", why);
    *place = value->text;
    return true;
}

static bool put_more(const char **list, size_t *count, size_t most, const struct sheet_value *value,
                     const char *name, struct fault *why)
{
    if (*count == most)
        return refuse(name, value->line, value->name, "said too often", why);
    list[(*count)++] = value->text;
    return true;
}

static bool put_instant(instant *at, bool *said, const struct sheet_value *value, const char *name,
                        struct fault *why)
{
    if (*said)
        return refuse(name, value->line, value->name, "said twice", why);
    *said = true;
    return instant_parse(value->text, at, NULL) ||
           refuse(name, value->line, value->name, "no instant like 2022-10-01T00:00:00Z", why);
}

static bool put_revision(uint64_t *revision, const struct sheet_value *value, const char *name,
                         struct fault *why)
{
    char *end;
    if (*revision != 0)
        return refuse(name, value->line, value->name, "said twice", why);
    errno = 0;
    *revision = strtoull(value->text, &end, 10);
    return (errno == 0 && *end == '\0' && value->text[0] >= '1' && value->text[0] <= '9' &&
            *revision <= LIMIT_COUNT) ||
           refuse(name, value->line, value->name, "no number from 1 on", why);
}

/* `dated` says whether the date has been said. */
static bool put_value(struct edition *edition, bool *dated, const struct sheet_value *value,
                      const char *name, struct fault *why)
{
    const char *what = value->name;
    if (strcmp(what, "standard") == 0)
        return put_text(&edition->standard, value, name, why);
    if (strcmp(what, "title") == 0)
        return put_text(&edition->title, value, name, why);
    if (strcmp(what, "edition") == 0)
        return put_text(&edition->edition, value, name, why);
    if (strcmp(what, "extends") == 0)
        return put_more(edition->extends, &edition->extend_count, EDITION_EXTENDS_MAX, value, name,
                        why);
    if (strcmp(what, "certifiable_until") == 0)
        return put_instant(&edition->certifiable_until, &edition->ends, value, name, why);
    if (strcmp(what, "dated") == 0)
        return put_instant(&edition->dated, dated, value, name, why);
    if (strcmp(what, "revision") == 0)
        return put_revision(&edition->revision, value, name, why);
    if (strcmp(what, "provenance") == 0)
        return put_more(edition->provenance, &edition->provenance_count, EDITION_PROVENANCE_MAX,
                        value, name, why);
    return refuse(name, value->line, what, "a standard has no such value", why);
}

static bool put_values(struct edition *edition, const char *name, struct fault *why)
{
    bool dated = false;
    for (size_t i = 0; i < edition->sheet->value_count; i++)
        if (!put_value(edition, &dated, &edition->sheet->values[i], name, why))
            return false;
    const char *missing = edition->standard == NULL        ? "standard"
                          : edition->title == NULL         ? "title"
                          : edition->edition == NULL       ? "edition"
                          : !dated                         ? "dated"
                          : edition->revision == 0         ? "revision"
                          : edition->provenance_count == 0 ? "provenance"
                                                           : NULL;
    if (missing != NULL)
        return fault_set(why, FAULT_REJECT, "%s: %s is not said", name, missing);
    return true;
}

static bool put_control(struct edition *edition, const struct sheet_row *row, const char *name,
                        struct fault *why)
{
    struct edition_control control = {
        .control = row->fields[CONTROL], .group = row->fields[GROUP], .title = row->fields[TITLE]};
    if (!validate_slug(control.control, false))
        return refuse(name, row->line, columns[CONTROL], "no slug", why);
    if (edition_find(edition, control.control) != NULL)
        return refuse(name, row->line, columns[CONTROL], "stands twice", why);
    if (strcmp(row->fields[KIND], "CONTROL") == 0)
        control.kind = ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CONTROL;
    else if (strcmp(row->fields[KIND], "CLAUSE") == 0)
        control.kind = ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CLAUSE;
    else
        return refuse(name, row->line, columns[KIND], "neither CONTROL nor CLAUSE", why);
    if (control.group[0] == '\0' || control.title[0] == '\0')
        return refuse(name, row->line, columns[control.group[0] == '\0' ? GROUP : TITLE], "empty",
                      why);
    edition->controls[edition->control_count++] = control;
    return true;
}

struct edition *edition_read(const char *name, const char *text, size_t size, struct fault *why)
{
    struct sheet sheet;
    if (!sheet_read(&sheet, name, text, size, columns, COLUMNS, why))
        return NULL;
    struct edition *edition = calloc(1, sizeof *edition);
    assert(edition != NULL);
    edition->sheet = malloc(sizeof *edition->sheet);
    edition->controls = calloc(sheet.row_count, sizeof *edition->controls);
    assert(edition->sheet != NULL && edition->controls != NULL);
    *edition->sheet = sheet;
    bool read = put_values(edition, name, why);
    for (size_t i = 0; read && i < sheet.row_count; i++)
        read = put_control(edition, &sheet.rows[i], name, why);
    if (!read) {
        edition_free(edition);
        return NULL;
    }
    return edition;
}

void edition_free(struct edition *edition)
{
    if (edition == NULL)
        return;
    sheet_clear(edition->sheet);
    free(edition->sheet);
    free(edition->controls);
    free(edition);
}

const struct edition_control *edition_find(const struct edition *edition, const char *control)
{
    for (size_t i = 0; i < edition->control_count; i++)
        if (strcmp(edition->controls[i].control, control) == 0)
            return &edition->controls[i];
    return NULL;
}

size_t edition_count(const struct edition *edition, Assay__V1__ControlKind kind)
{
    size_t count = 0;
    for (size_t i = 0; i < edition->control_count; i++)
        count += edition->controls[i].kind == kind;
    return count;
}

const char *edition_kind_name(Assay__V1__ControlKind kind)
{
    return kind == ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CLAUSE ? "CLAUSE" : "CONTROL";
}
