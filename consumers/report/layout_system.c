/* How the management system is kept up, and what auditors have looked at. */
#include "consumers/report/sections.h"
#include "consumers/report/words.h"

#include <stdlib.h>
#include <string.h>

/* "91.5", "100"; "" for what is no number. */
static const char *number(const json_t *object, const char *key, char out[static 40])
{
    const json_t *value = json_object_get(object, key);
    out[0] = '\0';
    if (json_is_integer(value))
        snprintf(out, 40, "%lld", (long long)json_integer_value(value));
    else if (json_is_real(value))
        snprintf(out, 40, "%.15g", json_real_value(value));
    return out;
}

static void due_cell(struct grid *grid, const json_t *record)
{
    char due[WORDS_DATE_MAX];
    grid_cell(grid, "%s%s", words_dated(record, "next_due_at", due),
              words_is(record, "overdue") ? ", overdue" : "");
}

static void internal_row(struct grid *grid, const char *name, const json_t *audit, const char *none)
{
    char from[WORDS_DATE_MAX], until[WORDS_DATE_MAX];
    grid_row(grid, GRID_ROW);
    grid_cell(grid, "%s", name);
    if (!json_is_object(audit)) {
        grid_cell(grid, "%s", none);
        for (int i = 0; i < 4; i++)
            grid_cell(grid, "%s", "");
        return;
    }
    grid_cell(grid, "%s", words_text(audit, "audit"));
    grid_cell(grid, "%s to %s", words_dated(audit, "starts_at", from),
              words_dated(audit, "ends_at", until));
    grid_cell(grid, "%s", words_text(audit, "auditor"));
    grid_cell(grid, "%s", words_text(audit, "recommendation"));
    grid_cell(grid, "%s", "");
}

static void write_latest(const struct sheet *sheet, const json_t *said)
{
    const json_t *latest = json_object_get(said, "latest");
    const json_t *internal = json_object_get(said, "internal_audit");
    char at[WORDS_DATE_MAX];
    struct grid *grid =
        SHEET_GRID("Last of each", "What", "Record", "Date", "By", "Outcome", "Next due");
    for (size_t i = 0; i < json_array_size(latest); i++) {
        const json_t *entry = json_array_get(latest, i);
        const json_t *record = json_object_get(entry, "record");
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_named(entry, "kind"));
        grid_cell(grid, "%s",
                  json_is_object(record) ? words_text(record, "title") : "None on record");
        grid_cell(grid, "%s", words_dated(record, "at", at));
        grid_cell(grid, "%s", words_text(record, "performed_by"));
        grid_cell(grid, "%s", words_text(record, "outcome"));
        due_cell(grid, record);
    }
    internal_row(grid, "Internal audit", json_object_get(internal, "latest"), "None on record");
    internal_row(grid, "Next internal audit", json_object_get(internal, "next"), "None planned");
    sheet_grid_end(sheet, grid, "");
}

static void write_measured(const struct sheet *sheet, const char *caption, const json_t *records,
                           const char *none)
{
    char at[WORDS_DATE_MAX], value[40], before[40], target[40];
    struct grid *grid =
        SHEET_GRID(caption, "What", "Date", "By", "Value#", "At the previous audit#", "Target#",
                   "Unit", "Outcome", "Next due");
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(record, "title"));
        grid_cell(grid, "%s", words_dated(record, "at", at));
        grid_cell(grid, "%s", words_text(record, "performed_by"));
        grid_cell(grid, "%s", number(record, "value", value));
        grid_cell(grid, "%s", number(record, "value_before", before));
        grid_cell(grid, "%s", number(record, "target", target));
        grid_cell(grid, "%s", words_text(record, "unit"));
        grid_cell(grid, "%s", words_text(record, "outcome"));
        due_cell(grid, record);
    }
    sheet_grid_end(sheet, grid, none);
}

static void write_overdue(const struct sheet *sheet, const json_t *said)
{
    const json_t *records = json_object_get(said, "records");
    const json_t *audits = json_object_get(said, "internal_audits");
    char date[WORDS_DATE_MAX];
    struct grid *grid = SHEET_GRID("Overdue", "What", "Kind", "Last done", "Was due");
    for (size_t i = 0; i < json_array_size(records); i++) {
        const json_t *record = json_array_get(records, i);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(record, "title"));
        grid_cell(grid, "%s", words_named(record, "kind"));
        grid_cell(grid, "%s", words_dated(record, "at", date));
        grid_cell(grid, "%s", words_dated(record, "next_due_at", date));
    }
    for (size_t i = 0; i < json_array_size(audits); i++) {
        const json_t *audit = json_array_get(audits, i);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(audit, "audit"));
        grid_cell(grid, "Internal audit, planned");
        grid_cell(grid, "%s", "");
        grid_cell(grid, "%s", words_dated(audit, "ends_at", date));
    }
    sheet_grid_end(sheet, grid, "Nothing is overdue.");
}

void section_management(const struct sheet *sheet, const json_t *said)
{
    write_latest(sheet, said);
    sheet_heading(sheet, "Objectives and indicators");
    write_measured(sheet, "Objectives", json_object_get(said, "objectives"),
                   "No objectives are on record.");
    write_measured(sheet, "Indicators", json_object_get(said, "indicators"),
                   "No indicators are on record.");
    sheet_heading(sheet, "Overdue");
    write_overdue(sheet, json_object_get(said, "overdue"));
}

static void write_samples(const struct sheet *sheet, const json_t *samples)
{
    struct grid *grid = SHEET_GRID("Samples of this audit", "Control", "Title", "Standard",
                                   "Service", "Environment", "Location", "Method", "Conclusion");
    for (size_t i = 0; i < json_array_size(samples); i++) {
        const json_t *sample = json_array_get(samples, i);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(sample, "control"));
        grid_cell(grid, "%s", words_text(sample, "control_title"));
        grid_cell(grid, "%s", words_text(sample, "standard"));
        grid_cell(grid, "%s", words_titled(sample, "service", "service_title"));
        grid_cell(grid, "%s", sheet_environment(sheet, words_text(sample, "environment")));
        grid_cell(grid, "%s", words_titled(sample, "location", "location_title"));
        grid_cell(grid, "%s", words_text(sample, "method"));
        grid_cell(grid, "%s", words_text(sample, "conclusion"));
    }
    sheet_grid_end(sheet, grid, "This audit has no samples on record.");
}

static void coverage_row(struct grid *grid, const char *what, const char *of, const json_t *counts)
{
    grid_row(grid, GRID_ROW);
    grid_cell(grid, "%s%s", what, of);
    grid_cell(grid, "%lld", words_count(counts, "total"));
    grid_cell(grid, "%lld", words_count(counts, "sampled"));
    grid_cell(grid, "%lld", words_count(counts, "total") - words_count(counts, "sampled"));
}

static void write_coverage(const struct sheet *sheet, const json_t *cycle)
{
    const json_t *controls = json_object_get(cycle, "controls");
    struct grid *grid = SHEET_GRID("Coverage in this cycle, this audit included",
                                   "Of what is in scope", "In all#", "Sampled#", "Never sampled#");
    for (size_t i = 0; i < json_array_size(controls); i++) {
        const json_t *standard = json_array_get(controls, i);
        coverage_row(grid, "Controls and clauses of ", words_text(standard, "title"), standard);
    }
    coverage_row(grid, "Services, each environment apart", "", json_object_get(cycle, "services"));
    coverage_row(grid, "Locations", "", json_object_get(cycle, "locations"));
    sheet_grid_end(sheet, grid, "");
}

/* What an empty list of never sampled ones means: nothing was there, or all of it was sampled. */
static const char *none_left(long long total, const char *all)
{
    return total > 0 ? all : "Nothing of the kind is in scope, so nothing was sampled.";
}

static void write_never(const struct sheet *sheet, const json_t *cycle)
{
    const json_t *controls = json_object_get(cycle, "controls");
    const json_t *service_counts = json_object_get(cycle, "services");
    const json_t *location_counts = json_object_get(cycle, "locations");
    const json_t *services = json_object_get(service_counts, "never");
    const json_t *locations = json_object_get(location_counts, "never");
    long long total = 0;
    struct grid *grid =
        SHEET_GRID("Controls and clauses never sampled", "Control", "Title", "Group");
    for (size_t i = 0; i < json_array_size(controls); i++) {
        const json_t *standard = json_array_get(controls, i);
        const json_t *never = json_object_get(standard, "never");
        total += words_count(standard, "total");
        if (json_array_size(never) == 0)
            continue;
        grid_row(grid, GRID_SECTION);
        grid_cell(grid, "%s", words_text(standard, "title"));
        for (size_t k = 0; k < json_array_size(never); k++) {
            const json_t *control = json_array_get(never, k);
            grid_row(grid, GRID_ROW);
            grid_cell(grid, "%s", words_text(control, "control"));
            grid_cell(grid, "%s", words_text(control, "title"));
            grid_cell(grid, "%s", words_text(control, "group"));
        }
    }
    sheet_grid_end(sheet, grid,
                   none_left(total, "Every control and clause was sampled in this cycle."));
    grid = SHEET_GRID("Services never sampled", "Service", "Category", "Environment");
    for (size_t i = 0; i < json_array_size(services); i++) {
        const json_t *service = json_array_get(services, i);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(service, "title"));
        grid_cell(grid, "%s", words_text(service, "category"));
        grid_cell(grid, "%s", sheet_environment(sheet, words_text(service, "environment")));
    }
    sheet_grid_end(sheet, grid,
                   none_left(words_count(service_counts, "total"),
                             "Every service was sampled in this cycle, wherever it is in scope."));
    grid =
        SHEET_GRID("Locations never visited nor sampled", "Location", "Section", "Kind", "Country");
    for (size_t i = 0; i < json_array_size(locations); i++) {
        const json_t *location = json_array_get(locations, i);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(location, "title"));
        grid_cell(grid, "%s", words_text(location, "section"));
        grid_cell(grid, "%s", words_named(location, "kind"));
        grid_cell(grid, "%s", words_text(location, "country"));
    }
    sheet_grid_end(sheet, grid,
                   none_left(words_count(location_counts, "total"),
                             "Every location was visited or sampled in this cycle."));
}

void section_sampling(const struct sheet *sheet, const json_t *said)
{
    const json_t *cycle = json_object_get(said, "cycle");
    write_samples(sheet, json_object_get(said, "samples"));
    sheet_heading(sheet, "The cycle so far");
    write_coverage(sheet, cycle);
    sheet_heading(sheet, "Never sampled in this cycle");
    write_never(sheet, cycle);
}
