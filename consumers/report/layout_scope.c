/* What is covered: scope statement, Statement of Applicability, changes, services, locations. */
#include "consumers/report/sections.h"
#include "consumers/report/words.h"

#include <stdlib.h>
#include <string.h>

static void write_certificates(const struct sheet *sheet, const json_t *standards)
{
    char from[WORDS_DATE_MAX], until[WORDS_DATE_MAX];
    struct grid *grid =
        SHEET_GRID("Standards, and the certification body's decisions on them", "Standard", "Role",
                   "State", "Number", "Certification body", "Valid", "Statement", "To note");
    for (size_t i = 0; i < json_array_size(standards); i++) {
        const json_t *standard = json_array_get(standards, i);
        const json_t *certificate = json_object_get(standard, "certificate");
        char *roles = words_join_names(json_object_get(standard, "roles"), ", ");
        char *flags = words_join_names(json_object_get(certificate, "flags"), ", ");
        words_dated(certificate, "valid_from", from);
        words_dated(certificate, "valid_until", until);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(standard, "title"));
        grid_cell(grid, "%s", roles);
        grid_cell(grid, "%s", words_named(certificate, "state"));
        grid_cell(grid, "%s", words_text(certificate, "number"));
        grid_cell(grid, "%s", words_text(certificate, "body"));
        grid_cell(grid, "%s%s%s", from, *until != '\0' ? " to before " : "", until);
        grid_cell(grid, "%s", words_text(certificate, "soa_version"));
        grid_cell(grid, "%s", flags);
        free(roles);
        free(flags);
    }
    sheet_grid_end(sheet, grid, "The programme names no standard.");
}

void section_scope_statement(const struct sheet *sheet, const json_t *said)
{
    const json_t *in_force = json_object_get(said, "soa_in_force");
    const char *version = words_text(said, "soa_version");
    const char *fieldwork = words_text(said, "fieldwork_soa_version");
    char date[WORDS_DATE_MAX], approved[WORDS_DATE_MAX];
    const char *text = words_text(said, "text");
    sheet_say(sheet, "%s", *text != '\0' ? text : "No scope statement is on record.");
    if (*words_dated(said, "updated_at", date) != '\0')
        sheet_say(sheet, "Brought up to date %s.", date);
    if (*words_dated(said, "approved_at", approved) != '\0')
        sheet_say(sheet, "Approved %s.", approved);
    if (*version != '\0')
        sheet_say(sheet, "Statement of Applicability the report speaks of: version %s.", version);
    if (*fieldwork != '\0' && strcmp(fieldwork, version) != 0)
        sheet_say(sheet, "The fieldwork went by version %s.", fieldwork);
    if (json_is_object(in_force)) {
        const char *dated = words_dated(in_force, "dated", date);
        sheet_say(sheet, "In force: version %s%s%s, with %lld of %lld controls applicable.",
                  words_text(in_force, "version"), *dated != '\0' ? " of " : "", dated,
                  words_count(in_force, "applicable"), words_count(in_force, "entries"));
    } else {
        sheet_say(sheet, "No Statement of Applicability is in force.");
    }
    write_certificates(sheet, json_object_get(said, "standards"));
}

static const char *yes_no(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_true(value)    ? "applicable"
           : json_is_false(value) ? "not applicable"
                                  : "not listed";
}

/* How an entry was and is, as far as it changed. */
static void change_cell(struct grid *grid, const json_t *change, const char *applicable,
                        const char *implementation, const char *justification)
{
    const char *how = words_named(change, implementation);
    const char *why = words_text(change, justification);
    grid_cell(grid, "%s%s%s%s%s", yes_no(change, applicable), *how != '\0' ? "; " : "", how,
              *why != '\0' ? "\n" : "", why);
}

static void write_comparison(const struct sheet *sheet, const json_t *said)
{
    const char *verdict = words_text(said, "verdict");
    const json_t *counts = json_object_get(said, "counts");
    const json_t *changes = json_object_get(said, "changes");
    const char *from = words_text(said, "from_version");
    const char *to = words_text(said, "to_version");
    const json_t *basis = json_object_get(said, "basis");
    const char *first = json_string_value(json_array_get(basis, 0));
    sheet_heading(sheet, json_array_size(basis) > 1
                             ? "From the fieldwork, and from the previous audit, to the report"
                         : strcmp(first, "FIELDWORK") == 0 ? "From the fieldwork to the report"
                                                           : "From the previous audit to this one");
    if (strcmp(verdict, "UNKNOWN") == 0) {
        char *missing = words_join(json_object_get(said, "missing"), NULL, ", ");
        sheet_say(sheet, "Version %s and version %s cannot be compared; not on record: %s.", from,
                  to, missing);
        free(missing);
        return;
    }
    sheet_say(sheet, "Version %s and version %s: %s", from, to,
              strcmp(verdict, "MATERIAL") == 0
                  ? "something material changed: applicability, or controls added or removed."
              : strcmp(verdict, "EDITS_ONLY") == 0 ? "nothing material changed, only edits."
                                                   : "nothing changed.");
    sheet_say(sheet,
              "Controls added: %lld; removed: %lld; applicability changed: %lld; edited: "
              "%lld.",
              words_count(counts, "added"), words_count(counts, "removed"),
              words_count(counts, "applicability"), words_count(counts, "edited"));
    struct grid *grid = SHEET_GRID_OF("What changed since version", from, "Control", "Title",
                                      "Standard", "Change", "Material", "Before", "After");
    for (size_t i = 0; i < json_array_size(changes); i++) {
        const json_t *change = json_array_get(changes, i);
        char *fields = words_join(json_object_get(change, "fields"), NULL, ", ");
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(change, "control"));
        grid_cell(grid, "%s", words_text(change, "title"));
        grid_cell(grid, "%s", words_text(change, "standard"));
        grid_cell(grid, "%s%s%s", words_named(change, "change"), *fields != '\0' ? ": " : "",
                  fields);
        grid_cell(grid, "%s", words_is(change, "material") ? "yes" : "no");
        change_cell(grid, change, "from_applicable", "from_implementation", "from_justification");
        change_cell(grid, change, "to_applicable", "to_implementation", "to_justification");
        free(fields);
    }
    sheet_grid_end(sheet, grid, "No entry differs.");
}

void section_soa(const struct sheet *sheet, const json_t *said)
{
    const json_t *comparisons = json_object_get(said, "comparisons");
    for (size_t i = 0; i < json_array_size(comparisons); i++)
        write_comparison(sheet, json_array_get(comparisons, i));
    if (json_array_size(comparisons) == 0)
        sheet_say(
            sheet,
            "The fieldwork, the report and the previous audit name no two versions that differ: "
            "there is nothing to compare.");
}

static void write_service_changes(const struct sheet *sheet, const json_t *services)
{
    struct grid *grid = SHEET_GRID("Services", "Service", "Category", "Environment", "Change",
                                   "Standards", "Reason");
    for (size_t i = 0; i < json_array_size(services); i++) {
        const json_t *service = json_array_get(services, i);
        char *standards = words_join(json_object_get(service, "standards"), NULL, ", ");
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(service, "title"));
        grid_cell(grid, "%s", words_text(service, "category"));
        grid_cell(grid, "%s", sheet_environment(sheet, words_text(service, "environment")));
        grid_cell(grid, "%s%s", words_named(service, "change"),
                  words_is(service, "whole") ? ", the whole service" : "");
        grid_cell(grid, "%s", standards);
        grid_cell(grid, "%s", words_text(service, "reason"));
        free(standards);
    }
    sheet_grid_end(sheet, grid, "No service came into scope or left it.");
}

static void write_place_changes(const struct sheet *sheet, const json_t *said)
{
    const json_t *environments = json_object_get(said, "environments");
    const json_t *locations = json_object_get(said, "locations");
    struct grid *grid = SHEET_GRID("Environments", "Environment", "Change");
    for (size_t i = 0; i < json_array_size(environments); i++) {
        const json_t *environment = json_array_get(environments, i);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(environment, "title"));
        grid_cell(grid, "%s", words_named(environment, "change"));
    }
    sheet_grid_end(sheet, grid, "No environment was added, removed or discontinued.");
    grid = SHEET_GRID("Locations", "Location", "Section", "Kind", "Country", "Change");
    for (size_t i = 0; i < json_array_size(locations); i++) {
        const json_t *location = json_array_get(locations, i);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(location, "title"));
        grid_cell(grid, "%s", words_text(location, "section"));
        grid_cell(grid, "%s", words_named(location, "kind"));
        grid_cell(grid, "%s", words_text(location, "country"));
        grid_cell(grid, "%s", words_named(location, "change"));
    }
    sheet_grid_end(sheet, grid, "No location came into scope or left it.");
}

void section_changes(const struct sheet *sheet, const json_t *said)
{
    const json_t *pending = json_object_get(said, "pending");
    if (words_is(said, "since")) {
        write_service_changes(sheet, json_object_get(said, "services"));
        write_place_changes(sheet, said);
    } else {
        sheet_say(sheet, "There is no previous audit to compare with.");
    }
    struct grid *grid = SHEET_GRID("On their way into scope", "Service", "Category", "Environment",
                                   "Standard", "State", "Reason");
    for (size_t i = 0; i < json_array_size(pending); i++) {
        const json_t *service = json_array_get(pending, i);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(service, "title"));
        grid_cell(grid, "%s", words_text(service, "category"));
        grid_cell(grid, "%s", sheet_environment(sheet, words_text(service, "environment")));
        grid_cell(grid, "%s", words_text(service, "standard"));
        grid_cell(grid, "%s", words_named(service, "membership"));
        grid_cell(grid, "%s", words_text(service, "reason"));
    }
    sheet_grid_end(sheet, grid, "No service is on its way into scope.");
}

/* "Yes", or which standards where it is not all of them; with the numbers of footnotes. */
static void scope_cell(struct grid *grid, const json_t *cell)
{
    const json_t *notes = json_object_get(cell, "footnotes");
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        abort();
    if (!words_is(cell, "in_scope")) {
        fputs("–", out);
    } else if (words_is(cell, "every_standard")) {
        fputs("Yes", out);
    } else {
        char *standards = words_join(json_object_get(cell, "standards"), NULL, ", ");
        fputs(standards, out);
        free(standards);
    }
    for (size_t i = 0; i < json_array_size(notes); i++)
        fprintf(out, " [%lld]", (long long)json_integer_value(json_array_get(notes, i)));
    if (fclose(out) != 0)
        abort();
    grid_cell(grid, "%s", text);
    free(text);
}

static void total_row(struct grid *grid, const char *name, const json_t *totals)
{
    const json_t *environments = json_object_get(totals, "environments");
    grid_row(grid, GRID_TOTAL);
    grid_cell(grid, "%s: %lld", name, words_count(totals, "services"));
    for (size_t i = 0; i < json_array_size(environments); i++)
        grid_cell(grid, "%lld", (long long)json_integer_value(json_array_get(environments, i)));
}

static void category_rows(struct grid *grid, const json_t *category)
{
    const json_t *services = json_object_get(category, "services");
    const char *name = words_text(category, "category");
    grid_row(grid, GRID_SECTION);
    grid_cell(grid, "%s", *name != '\0' ? name : "Without a category");
    for (size_t i = 0; i < json_array_size(services); i++) {
        const json_t *service = json_array_get(services, i);
        const json_t *cells = json_object_get(service, "environments");
        char *former = words_join(json_object_get(service, "former_titles"), NULL, ", ");
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s%s%s%s", words_text(service, "title"),
                  *former != '\0' ? " (formerly " : "", former, *former != '\0' ? ")" : "");
        for (size_t k = 0; k < json_array_size(cells); k++)
            scope_cell(grid, json_array_get(cells, k));
        free(former);
    }
    total_row(grid, "In this category", json_object_get(category, "totals"));
}

void section_services(const struct sheet *sheet, const json_t *said)
{
    const json_t *environments = json_object_get(said, "environments");
    const json_t *categories = json_object_get(said, "categories");
    const json_t *notes = json_object_get(said, "footnotes");
    const json_t *totals = json_object_get(said, "totals");
    if (json_array_size(categories) > 0)
        sheet_say(sheet, "Yes: in scope of every standard of the audit; otherwise the standards it "
                         "is in scope of are named. A number in brackets is that of a footnote.");
    struct grid *grid = SHEET_GRID("Services by category and environment", "Service");
    for (size_t i = 0; i < json_array_size(environments); i++)
        grid_column(grid, words_text(json_array_get(environments, i), "title"), false);
    for (size_t i = 0; i < json_array_size(categories); i++)
        category_rows(grid, json_array_get(categories, i));
    if (json_array_size(categories) > 0)
        total_row(grid, "In all", totals);
    sheet_grid_end(sheet, grid, "No service is in scope.");
    if (json_array_size(notes) > 0) {
        grid = SHEET_GRID("Footnotes", "Number", "Boundary");
        for (size_t i = 0; i < json_array_size(notes); i++) {
            const json_t *note = json_array_get(notes, i);
            grid_row(grid, GRID_ROW);
            grid_cell(grid, "[%lld]", words_count(note, "number"));
            grid_cell(grid, "%s", words_text(note, "text"));
        }
        sheet_grid_end(sheet, grid, "");
    }
    sheet_say(sheet, "Services in scope: %lld; counted once in each environment: %lld.",
              words_count(totals, "services"), words_count(totals, "entries"));
}

static void location_rows(const struct sheet *sheet, struct grid *grid, const json_t *locations)
{
    for (size_t i = 0; i < json_array_size(locations); i++) {
        const json_t *location = json_array_get(locations, i);
        char *environments = sheet_environments(sheet, json_object_get(location, "environments"));
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(location, "title"));
        grid_cell(grid, "%s", words_text(location, "address"));
        grid_cell(grid, "%s", words_text(location, "country"));
        grid_cell(grid, "%s", environments);
        free(environments);
    }
}

static const char *section_name(const json_t *section)
{
    const char *name = words_text(section, "section");
    return *name != '\0' ? name : "Without a section";
}

static void write_location_section(const struct sheet *sheet, const json_t *section)
{
    const char *name = section_name(section);
    const json_t *kinds = json_object_get(section, "kinds");
    sheet_heading(sheet, name);
    struct grid *grid =
        SHEET_GRID_OF("Locations", name, "Location", "Address", "Country", "Environments");
    for (size_t i = 0; i < json_array_size(kinds); i++) {
        const json_t *kind = json_array_get(kinds, i);
        const json_t *groups = json_object_get(kind, "groups");
        for (size_t k = 0; k < json_array_size(groups); k++) {
            const json_t *group = json_array_get(groups, k);
            const char *within = words_text(group, "group");
            grid_row(grid, GRID_SECTION);
            grid_cell(grid, "%s%s%s: %lld", words_named(kind, "kind"), *within != '\0' ? ", " : "",
                      within, words_count(group, "total"));
            location_rows(sheet, grid, json_object_get(group, "locations"));
        }
    }
    grid_row(grid, GRID_TOTAL);
    grid_cell(grid, "In this section: %lld", words_count(section, "total"));
    for (int i = 1; i < 4; i++)
        grid_cell(grid, "%s", "");
    sheet_grid_end(sheet, grid, "");
}

/* A cell for each of `kinds`, with how many `own` has of it, and how many it has in all. */
static void kind_cells(struct grid *grid, const json_t *kinds, const json_t *own, long long total)
{
    for (size_t i = 0; i < json_array_size(kinds); i++) {
        const char *kind = words_text(json_array_get(kinds, i), "kind");
        long long found = 0;
        for (size_t k = 0; k < json_array_size(own); k++)
            if (strcmp(words_text(json_array_get(own, k), "kind"), kind) == 0)
                found = words_count(json_array_get(own, k), "total");
        grid_cell(grid, "%lld", found);
    }
    grid_cell(grid, "%lld", total);
}

static void write_location_totals(const struct sheet *sheet, const json_t *said)
{
    const json_t *sections = json_object_get(said, "sections");
    const json_t *kinds = json_object_get(said, "kinds");
    sheet_heading(sheet, "Totals");
    struct grid *grid = SHEET_GRID("Locations in scope by section and kind", "Section");
    for (size_t i = 0; i < json_array_size(kinds); i++)
        grid_column(grid, words_named(json_array_get(kinds, i), "kind"), true);
    grid_column(grid, "In all", true);
    for (size_t i = 0; i < json_array_size(sections); i++) {
        const json_t *section = json_array_get(sections, i);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", section_name(section));
        kind_cells(grid, kinds, json_object_get(section, "kinds"), words_count(section, "total"));
    }
    grid_row(grid, GRID_TOTAL);
    grid_cell(grid, "In all");
    kind_cells(grid, kinds, kinds, words_count(said, "total"));
    sheet_grid_end(sheet, grid, "");
}

void section_locations(const struct sheet *sheet, const json_t *said)
{
    const json_t *sections = json_object_get(said, "sections");
    for (size_t i = 0; i < json_array_size(sections); i++)
        write_location_section(sheet, json_array_get(sections, i));
    write_location_totals(sheet, said);
    const json_t *others = json_object_get(said, "not_in_scope");
    if (json_array_size(others) > 0) {
        struct grid *grid =
            SHEET_GRID("On record, not in scope", "Location", "Address", "Country", "Environments");
        location_rows(sheet, grid, others);
        sheet_grid_end(sheet, grid, "");
    }
}
