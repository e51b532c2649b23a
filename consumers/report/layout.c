#include "consumers/report/layout.h"

#include "consumers/report/sections.h"
#include "consumers/report/words.h"

#include <assert.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *key; /* of the model */
    void (*write)(const struct sheet *sheet, const json_t *said);
    struct form_entry entry;
} sections[] = {
    {"recommendation", section_recommendation, {"findings", "Recommendation and findings"}},
    {"conclusions", section_conclusions, {"conclusions", "Areas and conclusions"}},
    {"performance", section_performance, {"performance", "Performance over the cycle"}},
    {"scope_statement", section_scope_statement, {"scope", "Scope statement"}},
    {"soa", section_soa, {"soa", "Statement of Applicability compared"}},
    {"review", section_review, {"review", "Review clause by clause"}},
    {"management_system", section_management, {"management-system", "Management system"}},
    {"changes", section_changes, {"changes", "Changes since the previous audit"}},
    {"sampling", section_sampling, {"sampling", "What was sampled, and what never"}},
    {"cycle", section_cycle, {"cycle", "Certification cycle"}},
    {"services", section_services, {"services", "Appendix A: services in scope"}},
    {"locations", section_locations, {"locations", "Appendix B: locations in scope"}},
};
enum { SECTIONS = sizeof sections / sizeof sections[0] };

void sheet_say(const struct sheet *sheet, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    va_end(arguments);
    sheet->form->paragraph(sheet->out, text);
    free(text);
}

const char *sheet_environment(const struct sheet *sheet, const char *environment)
{
    const json_t *programme = json_object_get(sheet->model, "programme");
    const json_t *listed = json_object_get(programme, "environments");
    for (size_t i = 0; i < json_array_size(listed); i++) {
        const json_t *entry = json_array_get(listed, i);
        if (strcmp(words_text(entry, "environment"), environment) == 0)
            return words_text(entry, "title");
    }
    return words_name(environment);
}

char *sheet_environments(const struct sheet *sheet, const json_t *environments)
{
    json_t *titles = json_array();
    for (size_t i = 0; i < json_array_size(environments); i++) {
        const char *key = json_string_value(json_array_get(environments, i));
        json_array_append_new(titles, json_string(sheet_environment(sheet, key)));
    }
    char *text = words_join(titles, NULL, ", ");
    json_decref(titles);
    return text;
}

void sheet_heading(const struct sheet *sheet, const char *text)
{
    sheet->form->heading(sheet->out, 3, NULL, text);
}

struct grid *sheet_grid(const char *caption, const char *of, const char *const *titles,
                        size_t count)
{
    char *whole = NULL;
    if (asprintf(&whole, "%s%s%s", caption, of != NULL ? ": " : "", of != NULL ? of : "") < 0)
        abort();
    struct grid *grid = grid_new(whole);
    free(whole);
    for (size_t i = 0; i < count; i++) {
        char title[64];
        size_t size = strlen(titles[i]);
        bool number = size > 0 && titles[i][size - 1] == '#';
        assert(size < sizeof title);
        memcpy(title, titles[i], size + 1);
        if (number)
            title[size - 1] = '\0';
        grid_column(grid, title, number);
    }
    return grid;
}

void sheet_grid_end(const struct sheet *sheet, struct grid *grid, const char *none)
{
    if (grid_rows(grid) > 0)
        sheet->form->grid(sheet->out, grid);
    else
        sheet->form->paragraph(sheet->out, none);
    grid_free(grid);
}

static void add_fact(struct grid *grid, const char *name, const char *said)
{
    if (*said == '\0')
        return;
    grid_row(grid, GRID_ROW);
    grid_cell(grid, "%s", name);
    grid_cell(grid, "%s", said);
}

static void add_joined(struct grid *grid, const char *name, const json_t *array, const char *key,
                       const char *between)
{
    char *said = words_join(array, key, between);
    add_fact(grid, name, said);
    free(said);
}

static void add_meetings(struct grid *grid, const json_t *meetings)
{
    char at[WORDS_DATE_MAX];
    for (size_t i = 0; i < json_array_size(meetings); i++) {
        const json_t *meeting = json_array_get(meetings, i);
        const char *mode = words_text(meeting, "mode");
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "Meeting: %s", words_text(meeting, "kind"));
        grid_cell(grid, "%s%s%s", words_dated(meeting, "at", at), *mode != '\0' ? ", " : "", mode);
    }
}

/* With the names that the tables call them by. */
static void add_standards(struct grid *grid, const json_t *standards)
{
    for (size_t i = 0; i < json_array_size(standards); i++) {
        const json_t *standard = json_array_get(standards, i);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "Standard");
        grid_cell(grid, "%s (%s)", words_text(standard, "title"), words_text(standard, "standard"));
    }
}

/* What the report is about, before its first section. */
static void write_front(const struct sheet *sheet)
{
    const json_t *programme = json_object_get(sheet->model, "programme");
    const json_t *audit = json_object_get(sheet->model, "audit");
    const json_t *previous = json_object_get(sheet->model, "previous_audit");
    char from[WORDS_DATE_MAX], until[WORDS_DATE_MAX];
    struct grid *grid = SHEET_GRID("The audit", "Item", "Detail");
    add_fact(grid, "Organisation", words_text(programme, "organisation"));
    add_fact(grid, "Programme", words_text(programme, "title"));
    add_fact(grid, "Audit", words_text(audit, "audit"));
    add_fact(grid, "Kind", words_named(audit, "kind"));
    add_fact(grid, "State", words_named(audit, "state"));
    grid_row(grid, GRID_ROW);
    grid_cell(grid, "Fieldwork");
    grid_cell(grid, "%s to %s", words_dated(audit, "starts_at", from),
              words_dated(audit, "ends_at", until));
    add_fact(grid, "Reported", words_dated(audit, "reported_at", from));
    add_fact(grid, "Audited by", words_text(audit, "auditor"));
    add_joined(grid, "Audit team", json_object_get(audit, "team"), NULL, "\n");
    add_standards(grid, json_object_get(audit, "standards"));
    add_joined(grid, "Objectives", json_object_get(audit, "objectives"), NULL, "\n");
    add_joined(grid, "Locations visited", json_object_get(audit, "locations"), "title", "\n");
    add_meetings(grid, json_object_get(audit, "meetings"));
    if (json_is_object(previous)) {
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "Previous audit");
        grid_cell(grid, "%s (%s), %s", words_text(previous, "audit"), words_named(previous, "kind"),
                  words_dated(previous, "at", from));
    }
    add_fact(grid, "As of", words_dated(sheet->model, "at", from));
    add_fact(grid, "By what was known at", words_dated(sheet->model, "known_at", from));
    sheet_grid_end(sheet, grid, "");
}

bool layout_write(const json_t *model, const struct form *form, FILE *out)
{
    const struct sheet sheet = {form, out, model};
    struct form_entry contents[SECTIONS];
    for (size_t i = 0; i < SECTIONS; i++)
        contents[i] = sections[i].entry;
    const json_t *programme = json_object_get(model, "programme");
    const json_t *audit = json_object_get(model, "audit");
    char *title = NULL;
    if (asprintf(&title, "%s: summary of audit %s", words_text(programme, "title"),
                 words_text(audit, "audit")) < 0)
        abort();
    struct form_front front = {title, words_text(model, "statement"), contents, SECTIONS};
    form->begin(out, &front);
    write_front(&sheet);
    for (size_t i = 0; i < SECTIONS; i++) {
        form->heading(out, 2, sections[i].entry.id, sections[i].entry.title);
        sections[i].write(&sheet, json_object_get(model, sections[i].key));
    }
    form->end(out, &front);
    free(title);
    return ferror(out) == 0;
}
