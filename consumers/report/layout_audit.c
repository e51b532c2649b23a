/* What the auditors said: recommendation, findings, conclusions, performance, review, cycle. */
#include "consumers/report/sections.h"
#include "consumers/report/words.h"

#include <stdlib.h>
#include <string.h>

static const char *or_none(const char *text)
{
    return *text != '\0' ? text : "Nothing said.";
}

/* "A.8.30 Title (iso-27001-2022); service in environment; at location" */
static char *where(const struct sheet *sheet, const json_t *finding)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        abort();
    const char *between = "";
    if (*words_text(finding, "control") != '\0') {
        fprintf(out, "%s", words_named(finding, "control"));
        if (*words_text(finding, "control_title") != '\0')
            fprintf(out, " %s", words_text(finding, "control_title"));
        between = "; ";
    }
    if (*words_text(finding, "standard") != '\0')
        fprintf(out, " (%s)", words_text(finding, "standard"));
    if (*words_text(finding, "service") != '\0') {
        fprintf(out, "%sservice: %s", between, words_titled(finding, "service", "service_title"));
        between = "; ";
    }
    if (*words_text(finding, "environment") != '\0') {
        fprintf(out, "%senvironment: %s", between,
                sheet_environment(sheet, words_text(finding, "environment")));
        between = "; ";
    }
    if (*words_text(finding, "location") != '\0')
        fprintf(out, "%slocation: %s", between,
                words_titled(finding, "location", "location_title"));
    if (fclose(out) != 0)
        abort();
    return text;
}

static void append(FILE *out, const char *name, const char *said)
{
    if (*said != '\0')
        fprintf(out, "%s%s: %s", ftell(out) > 0 ? "\n" : "", name, said);
}

/* What was done about a finding, a line each. */
static char *treatment(const json_t *finding)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        abort();
    append(out, "Cause", words_text(finding, "root_cause"));
    append(out, "Correction", words_text(finding, "correction"));
    append(out, "Corrective action", words_text(finding, "corrective_action"));
    append(out, "Verified by", words_text(finding, "verified_by"));
    append(out, "Verified in", words_text(finding, "verified_in"));
    if (fclose(out) != 0)
        abort();
    return text;
}

static void write_findings(const struct sheet *sheet, const char *caption, const json_t *findings,
                           const char *none)
{
    char due[WORDS_DATE_MAX];
    struct grid *grid =
        SHEET_GRID(caption, "Finding", "Grade", "What", "Where", "State", "Due", "Treatment");
    for (size_t i = 0; i < json_array_size(findings); i++) {
        const json_t *finding = json_array_get(findings, i);
        char *place = where(sheet, finding);
        char *done = treatment(finding);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(finding, "finding"));
        grid_cell(grid, "%s", words_named(finding, "grade"));
        grid_cell(grid, "%s", words_text(finding, "title"));
        grid_cell(grid, "%s", place);
        grid_cell(grid, "%s", words_named(finding, "state"));
        grid_cell(grid, "%s%s", words_dated(finding, "due_at", due),
                  words_is(finding, "overdue") ? ", overdue" : "");
        grid_cell(grid, "%s", done);
        free(place);
        free(done);
    }
    sheet_grid_end(sheet, grid, none);
}

static void write_summary(const struct sheet *sheet, const json_t *summary)
{
    static const char *const keys[] = {"raised", "closed", "open", "overdue", "open_earlier"};
    enum { KEYS = sizeof keys / sizeof keys[0] };
    long long totals[KEYS] = {0};
    struct grid *grid = SHEET_GRID("Findings of this audit by grade", "Grade", "Raised#", "Closed#",
                                   "Open#", "Overdue#", "Open from earlier audits#");
    for (size_t i = 0; i < json_array_size(summary); i++) {
        const json_t *grade = json_array_get(summary, i);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_named(grade, "grade"));
        for (size_t k = 0; k < KEYS; k++) {
            totals[k] += words_count(grade, keys[k]);
            grid_cell(grid, "%lld", words_count(grade, keys[k]));
        }
    }
    grid_row(grid, GRID_TOTAL);
    grid_cell(grid, "Total");
    for (size_t k = 0; k < KEYS; k++)
        grid_cell(grid, "%lld", totals[k]);
    sheet_grid_end(sheet, grid, "");
}

void section_recommendation(const struct sheet *sheet, const json_t *said)
{
    static const struct {
        const char *key, *heading;
    } parts[] = {{"deviations", "Deviations from the plan"},
                 {"unresolved", "Differences of opinion left unresolved"},
                 {"complaints", "Complaints"},
                 {"marks", "Use of certification marks"}};
    sheet_heading(sheet, "What the audit team recommends");
    sheet_say(sheet, "%s", or_none(words_text(said, "text")));
    sheet_heading(sheet, "Findings");
    write_summary(sheet, json_object_get(said, "summary"));
    write_findings(sheet, "Findings of this audit", json_object_get(said, "findings"),
                   "No findings of this audit are on record.");
    write_findings(sheet, "Findings of earlier audits that are open",
                   json_object_get(said, "open_earlier"),
                   "No findings of earlier audits are on record as open.");
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        sheet_heading(sheet, parts[i].heading);
        sheet_say(sheet, "%s", or_none(words_text(said, parts[i].key)));
    }
}

void section_conclusions(const struct sheet *sheet, const json_t *said)
{
    const json_t *areas = json_object_get(said, "areas");
    const json_t *more = json_object_get(said, "sections");
    struct grid *grid = SHEET_GRID("What the auditors concluded", "Area", "Conclusion", "Comment");
    for (size_t i = 0; i < json_array_size(areas); i++) {
        const json_t *area = json_array_get(areas, i);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(area, "area"));
        grid_cell(grid, "%s", words_text(area, "conclusion"));
        grid_cell(grid, "%s", words_text(area, "comment"));
    }
    sheet_grid_end(sheet, grid, "No conclusions are on record.");
    for (size_t i = 0; i < json_array_size(more); i++) {
        const json_t *section = json_array_get(more, i);
        sheet_heading(sheet, words_text(section, "heading"));
        sheet_say(sheet, "%s", words_text(section, "text"));
    }
}

static void write_trend(const struct sheet *sheet, const json_t *said)
{
    const char *trend = words_text(said, "trend");
    if (*trend == '\0') {
        sheet_say(sheet, "There is no earlier audit in this cycle to compare with.");
        return;
    }
    sheet_say(sheet, "Nonconformities raised: %lld, after %lld in the previous audit: %s.",
              words_count(said, "nonconformities"), words_count(said, "nonconformities_before"),
              *trend == 'F'   ? "fewer"
              : *trend == 'M' ? "more"
                              : "as many");
}

void section_performance(const struct sheet *sheet, const json_t *said)
{
    static const char *const keys[] = {"major",  "minor", "ofi",      "observation",
                                       "closed", "open",  "open_then"};
    const json_t *audits = json_object_get(said, "audits");
    char date[WORDS_DATE_MAX];
    struct grid *grid = SHEET_GRID("Findings of the cycle, audit by audit", "Audit", "Kind",
                                   "Ended", "Major#", "Minor#", "Improvement#", "Observation#",
                                   "Closed since#", "Open#", "Open in all at its report#");
    for (size_t i = 0; i < json_array_size(audits); i++) {
        const json_t *audit = json_array_get(audits, i);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(audit, "audit"));
        grid_cell(grid, "%s", words_named(audit, "kind"));
        grid_cell(grid, "%s", words_dated(audit, "ends_at", date));
        for (size_t k = 0; k < sizeof keys / sizeof keys[0]; k++)
            grid_cell(grid, "%lld", words_count(audit, keys[k]));
    }
    sheet_grid_end(sheet, grid, "No audit of this cycle is on record.");
    write_trend(sheet, said);

    const json_t *closed = json_object_get(said, "closed_since_previous");
    grid = SHEET_GRID("Findings closed since the previous audit", "Finding", "Grade", "What",
                      "Raised in", "State", "Since", "Treatment");
    for (size_t i = 0; i < json_array_size(closed); i++) {
        const json_t *finding = json_array_get(closed, i);
        char *done = treatment(finding);
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%s", words_text(finding, "finding"));
        grid_cell(grid, "%s", words_named(finding, "grade"));
        grid_cell(grid, "%s", words_text(finding, "title"));
        grid_cell(grid, "%s", words_text(finding, "audit"));
        grid_cell(grid, "%s", words_named(finding, "state"));
        grid_cell(grid, "%s", words_dated(finding, "changed_at", date));
        grid_cell(grid, "%s", done);
        free(done);
    }
    sheet_grid_end(sheet, grid, "No findings are on record as closed since the previous audit.");
}

void section_review(const struct sheet *sheet, const json_t *said)
{
    const json_t *standards = json_object_get(said, "standards");
    for (size_t i = 0; i < json_array_size(standards); i++) {
        const json_t *standard = json_array_get(standards, i);
        const json_t *reviews = json_object_get(standard, "reviews");
        const json_t *missing = json_object_get(standard, "not_reviewed");
        const char *group = "";
        sheet_heading(sheet, words_text(standard, "title"));
        struct grid *grid = SHEET_GRID_OF("Review", words_text(standard, "title"),
                                          "Clause or control", "Title", "Review");
        for (size_t k = 0; k < json_array_size(reviews); k++) {
            const json_t *review = json_array_get(reviews, k);
            const char *own = words_text(review, "group");
            if (*own != '\0' && strcmp(own, group) != 0) {
                grid_row(grid, GRID_SECTION);
                grid_cell(grid, "%s", own);
            }
            group = own;
            grid_row(grid, GRID_ROW);
            grid_cell(grid, "%s",
                      *words_text(review, "control") != '\0' ? words_text(review, "control")
                                                             : "The group");
            grid_cell(grid, "%s", words_text(review, "title"));
            grid_cell(grid, "%s", words_text(review, "text"));
        }
        sheet_grid_end(sheet, grid, "Nothing of it was reviewed.");
        grid = SHEET_GRID_OF("Clauses without a review", words_text(standard, "title"), "Clause",
                             "Title");
        for (size_t k = 0; k < json_array_size(missing); k++) {
            const json_t *clause = json_array_get(missing, k);
            grid_row(grid, GRID_ROW);
            grid_cell(grid, "%s", words_text(clause, "control"));
            grid_cell(grid, "%s", words_text(clause, "title"));
        }
        sheet_grid_end(sheet, grid,
                       words_count(standard, "clauses") > 0 ? "Every clause has its review."
                                                            : "No clauses of it are on record.");
    }
    if (json_array_size(standards) == 0)
        sheet_say(sheet, "The audit names no standard.");
}

/* A process a line, with its items. */
static char *processes(const json_t *listed)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out == NULL)
        abort();
    for (size_t i = 0; i < json_array_size(listed); i++) {
        const json_t *process = json_array_get(listed, i);
        char *items = words_join(json_object_get(process, "items"), NULL, ", ");
        fprintf(out, "%s%s%s%s", i > 0 ? "\n" : "", words_text(process, "text"),
                *items != '\0' ? ": " : "", items);
        free(items);
    }
    if (fclose(out) != 0)
        abort();
    return text;
}

void section_cycle(const struct sheet *sheet, const json_t *said)
{
    const json_t *audits = json_object_get(said, "audits");
    char from[WORDS_DATE_MAX], until[WORDS_DATE_MAX];
    if (*words_dated(said, "from", from) != '\0')
        sheet_say(sheet, "The cycle began with the renewal of %s.", from);
    else
        sheet_say(sheet, "The first cycle: no renewal has been decided before this audit.");
    struct grid *grid = SHEET_GRID("Audits of the cycle, done and planned", "Year", "Type", "State",
                                   "Processes", "Dates", "Locations");
    for (size_t i = 0; i < json_array_size(audits); i++) {
        const json_t *audit = json_array_get(audits, i);
        char *listed = processes(json_object_get(audit, "processes"));
        char *places = words_join(json_object_get(audit, "locations"), "title", ", ");
        grid_row(grid, GRID_ROW);
        grid_cell(grid, "%lld", words_count(audit, "year"));
        grid_cell(grid, "%s%s", words_named(audit, "kind"),
                  words_is(audit, "this") ? " (this audit)" : "");
        grid_cell(grid, "%s", words_named(audit, "state"));
        grid_cell(grid, "%s", listed);
        grid_cell(grid, "%s to %s", words_dated(audit, "starts_at", from),
                  words_dated(audit, "ends_at", until));
        grid_cell(grid, "%s", places);
        free(listed);
        free(places);
    }
    sheet_grid_end(sheet, grid, "No audit of this cycle is on record.");
}
