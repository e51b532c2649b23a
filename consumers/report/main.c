/*
 * assay-report -- the summary of an audit and of the programme it is about, from events alone: as
 * JSON, Markdown or one HTML page.
 *
 * Reads the facts in force at one instant and nothing else; the report's instant is the audit's
 * own, never the clock's, so the same events give the same bytes. The organisation writes it about
 * itself: every report says that it is no certificate and no certification body's report.
 */
#include "consumers/report/layout.h"
#include "consumers/report/model.h"
#include "proto/instant.h"
#include "runtime/log.h"
#include "runtime/settings.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *database_uri;
static const char *at_text;
static const char *known_at_text;
static const char *format;

static const struct setting settings[] = {
    {SETTING_TEXT, 0, "database", "ASSAY_DATABASE", "URI",
     "the database; default: libpq's PG* variables and service files", NULL, 0, 0, &database_uri},
    {SETTING_TEXT, 0, "at", "ASSAY_AT", "INSTANT",
     "everything as of that instant, 2026-11-23T12:00:00Z; default: when the audit was reported, "
     "else its last day",
     NULL, 0, 0, &at_text},
    {SETTING_TEXT, 0, "known-at", "ASSAY_KNOWN_AT", "INSTANT",
     "by what was known at that instant; default: by all that is known", NULL, 0, 0,
     &known_at_text},
    {SETTING_TEXT, 0, "format", "ASSAY_FORMAT", "FORMAT", "markdown, html or json", "markdown", 0,
     0, &format},
};

static const struct program program = {
    .name = "assay-report",
    .synopsis = "report [FLAGS] PROGRAMME AUDIT",
    .summary =
        "Writes the summary of an audit: findings, conclusions, performance over the cycle,\n"
        "scope with Statement of Applicability and what changed, review, management system,\n"
        "sampling, and what is in scope where. The same events give the same bytes.\n"
        "Prepared by the organisation; not a certificate, nor a certification body's\n"
        "report. Exits 1 where there is no such programme or audit.",
    .settings = settings,
    .setting_count = SETTINGS_COUNT(settings),
};

/* NULL where the flag was not given; else as PostgreSQL takes it. */
static const char *read_instant(const char *flag, const char *text,
                                char out[static INSTANT_TEXT_MAX])
{
    instant parsed;
    bool zoneless = false;
    if (text == NULL)
        return NULL;
    if (!instant_parse(text, &parsed, &zoneless))
        settings_usage(&program, "%s takes an instant like 2026-11-23T12:00:00Z, not '%s'%s", flag,
                       text, zoneless ? ": the zone is missing" : "");
    return instant_format(parsed, out);
}

static bool write_json(const json_t *model)
{
    /* 15 digits: what a double holds for sure, without the tail that is none of the fact's */
    return json_dumpf(model, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(15)) == 0 &&
           putchar('\n') != EOF;
}

/* On standard error: the report is of what is on record, and the same facts give the same bytes. */
static bool warn_of_halted(PGconn *database, struct fault *fault)
{
    char *halted = model_halted(database, fault);
    if (halted == NULL)
        return false;
    if (*halted != '\0')
        log_warning("not all is on record, what came since is in no report; halted: %s", halted);
    free(halted);
    return true;
}

static enum exit_status report(PGconn *database, const struct model_wish *wish,
                               const struct form *form, struct fault *fault)
{
    /* One snapshot for all that is shown. */
    if (!connection_command(database, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", fault))
        return EXIT_FAILED;
    if (!warn_of_halted(database, fault))
        return EXIT_FAILED;
    json_t *model = model_read(database, wish, fault);
    if (model == NULL)
        return fault->reaction == FAULT_REJECT ? EXIT_ANSWER_NO : EXIT_FAILED;
    bool written = form == NULL ? write_json(model) : layout_write(model, form, stdout);
    json_decref(model);
    if (written && fflush(stdout) == 0)
        return EXIT_DONE;
    fault_set(fault, FAULT_FATAL, "cannot write to standard output: %s", strerror(errno));
    return EXIT_FAILED;
}

int main(int argc, char **argv)
{
    static char at[INSTANT_TEXT_MAX], known_at[INSTANT_TEXT_MAX];
    char **operands;
    size_t operand_count;
    log_open(program.name);
    settings_read(&program, argc, argv, &operands, &operand_count);
    if (operand_count != 2)
        settings_usage(&program, "PROGRAMME and AUDIT are needed");
    const struct form *form = strcmp(format, "markdown") == 0 ? &markdown_form
                              : strcmp(format, "html") == 0   ? &html_form
                                                              : NULL;
    if (form == NULL && strcmp(format, "json") != 0)
        settings_usage(&program, "--format takes markdown, html or json, not '%s'", format);
    struct model_wish wish = {.programme = operands[0],
                              .audit = operands[1],
                              .at = read_instant("--at", at_text, at),
                              .known_at = read_instant("--known-at", known_at_text, known_at)};
    struct fault fault = {0};
    PGconn *database = connection_open(database_uri, program.name, &fault);
    enum exit_status status = EXIT_FAILED;
    if (database != NULL)
        status = report(database, &wish, form, &fault);
    if (status != EXIT_DONE)
        log_error("%s", fault.text);
    PQfinish(database);
    settings_free(&program);
    return (int)status;
}
