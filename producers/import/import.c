/*
 * assay-import -- what a foreign file says, as events.
 *
 * The same file gives the same events with the same ids, so importing it twice changes nothing. No
 * clock is read: when something became true is said by the file, or by a flag.
 */
#include "producers/import/import.h"

#include "producers/import/governance_topic.h"
#include "proto/limits.h"
#include "proto/validate.h"
#include "runtime/log.h"
#include "runtime/stop.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sending_settings settings;
static struct import import;
static const char *required;
static const char *observed_at;

static const struct setting table[] = {
    {.kind = SETTING_HEADING, .help = "what is said"},
    {.kind = SETTING_TEXT,
     .name = "service",
     .environment = "ASSAY_SERVICE",
     .argument = "SERVICE",
     .help = "the service that a scan's target belongs to",
     .value = &import.service},
    {.kind = SETTING_TEXT,
     .name = "environment",
     .environment = "ASSAY_ENVIRONMENT",
     .argument = "ENVIRONMENT",
     .help = "its environment",
     .value = &import.environment},
    {.kind = SETTING_TEXT,
     .name = "subject",
     .environment = "ASSAY_SUBJECT",
     .argument = "SUBJECT",
     .help = "what was scanned, in place of the scan's target",
     .value = &import.subject},
    {.kind = SETTING_TEXT,
     .name = "source",
     .environment = "ASSAY_SOURCE",
     .argument = "SOURCE",
     .help = "who says so; a scan: its benchmark's id, csv: import/csv",
     .value = &import.source},
    {.kind = SETTING_TEXT,
     .name = "actor",
     .environment = "ASSAY_ACTOR",
     .argument = "ACTOR",
     .help = "the person or system that answers for it",
     .value = &import.actor},
    {.kind = SETTING_TEXT,
     .name = "observed-at",
     .environment = "ASSAY_OBSERVED_AT",
     .argument = "INSTANT",
     .help = "when the scan ended, for one whose times lack a zone (RFC 3339)",
     .value = &observed_at},
    {.kind = SETTING_TEXT,
     .name = "team",
     .environment = "ASSAY_TEAM",
     .argument = "TEAM",
     .help = "results go to assay.evidence.TEAM",
     .value = &settings.team},
    {.kind = SETTING_HEADING, .help = "check mappings (xccdf)"},
    {.kind = SETTING_SWITCH,
     .name = "with-mappings",
     .environment = "ASSAY_WITH_MAPPINGS",
     .help = "send the rules' ISO/IEC 27001:2013 references too; needs rights on assay.governance",
     .value = &import.with_mappings},
    {.kind = SETTING_TEXT,
     .name = "required",
     .environment = "ASSAY_REQUIRED",
     .argument = "none|ran|all",
     .help = "the rules without which their controls are unproven",
     .fallback = "ran",
     .value = &required},
    {.kind = SETTING_HEADING, .help = "output"},
    {.kind = SETTING_SWITCH,
     .name = "dry-run",
     .environment = "ASSAY_DRY_RUN",
     .help = "print the events as JSON Lines instead of sending them",
     .value = &import.dry_run},
    SENDING_SETTINGS_ROWS(settings),
};

static const struct program program = {
    .name = "assay-import",
    .synopsis = "import xccdf --service SERVICE --environment ENVIRONMENT [FLAGS] FILE…\n"
                "       assay import csv [FLAGS] FILE…",
    .summary =
        "Sends what foreign files say as events; - is standard input, gzip is read as it is.\n"
        "xccdf: the results of scans (XCCDF 1.1 and 1.2, also within ARF). Rules that were not\n"
        "       selected are counted, not sent.\n"
        "csv:   attestations, with the header service,environment,check,subject,result,\n"
        "       occurred_at,expires_at,method,summary.\n"
        "What cannot be taken is named by file, line and field; the rest is sent, and the exit\n"
        "status is 1. Importing a file twice changes nothing.",
    .settings = table,
    .setting_count = SETTINGS_COUNT(table)};

static void read_flags(void)
{
    bool zoneless = false;
    if (strcmp(required, "none") == 0)
        import.required = IMPORT_REQUIRED_NONE;
    else if (strcmp(required, "ran") == 0)
        import.required = IMPORT_REQUIRED_RAN;
    else if (strcmp(required, "all") == 0)
        import.required = IMPORT_REQUIRED_ALL;
    else
        settings_usage(&program, "--required takes none, ran or all, not \"%.64s\"", required);
    import.has_observed_at = observed_at != NULL;
    if (observed_at != NULL && !instant_parse(observed_at, &import.observed_at, &zoneless))
        settings_usage(&program, "--observed-at takes an instant like 2026-11-23T03:56:28Z, %s",
                       zoneless ? "with its zone" : "nothing else");
    if (import.service != NULL && !validate_slug(import.service, false))
        settings_usage(&program, "--service takes [A-Za-z0-9][A-Za-z0-9._:-]*, at most 128 bytes");
    if (import.environment != NULL && !validate_slug(import.environment, false))
        settings_usage(&program,
                       "--environment takes [A-Za-z0-9][A-Za-z0-9._:-]*, at most 128 bytes");
    if (import.source != NULL && !validate_slug(import.source, true))
        settings_usage(&program, "--source takes [A-Za-z0-9][A-Za-z0-9._:/-]*, at most 128 bytes");
}

static const struct import_format *find_format(const char *name)
{
    static const struct import_format *const formats[] = {&xccdf_format, &attestation_format};
    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
        if (strcmp(formats[i]->name, name) == 0)
            return formats[i];
    settings_usage(&program, "there is no format \"%.64s\": xccdf or csv", name);
}

/* What is in force, before any mapping is made. False: it cannot be read. */
static bool read_governance(void)
{
    struct fault why = {0};
    if (!import.with_mappings)
        return true;
    import.governance = governance_new();
    if (import.dry_run && settings.kafka.brokers == NULL && settings.kafka.properties.count == 0) {
        log_notice("no broker is named, so assay.governance is taken to be empty");
        return true;
    }
    if (governance_topic_read(import.governance, &settings.kafka, program.name,
                              settings.timeout_s * 1000, &why))
        return true;
    log_error("%s", why.text);
    return false;
}

static void read_files(const struct import_format *format, char **names, size_t count)
{
    struct sending *sending = &import.sending;
    for (size_t i = 0; i < count; i++) {
        struct foreign_file opened;
        struct fault why = {0};
        if (!import_goes_on(&import)) {
            log_error("%s: not imported", sending_name(sending, i));
        } else if (!foreign_file_open(&opened, names[i], &why)) {
            log_error("%s: %s", sending_name(sending, i), why.text);
            sending->unreadable = true;
        } else {
            if (!format->read(&import, i, &opened))
                sending->stopped = true;
            foreign_file_close(&opened);
        }
    }
}

static int run(const struct import_format *format, char **names, size_t count)
{
    struct fault why = {0};
    struct assay_counts counts;
    struct sending *sending = &import.sending;
    import.out = stdout;
    if (import.dry_run)
        *sending = (struct sending){.settings = &settings, .names = (const char *const *)names};
    else if (!sending_open(sending, &settings, program.name, (const char *const *)names, &why))
        settings_usage(&program, "%s", why.text);
    import.arena = arena_new(LIMIT_DECODED_BYTES + LIMIT_JSON_BYTES);
    sending->stopped = (!import.dry_run && !sending_reach(sending)) || !read_governance();
    read_files(format, names, count);
    sending_finish(sending, &counts);
    counts.delivered += import.printed;
    if (settings.as_json && !import.dry_run)
        printf("{\"delivered\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"failed\": %" PRIu64 "}\n",
               counts.delivered, counts.refused, counts.failed);
    log_notice("%s %" PRIu64 ", refused %" PRIu64 ", not delivered %" PRIu64,
               import.dry_run ? "printed" : "delivered", counts.delivered, counts.refused,
               counts.failed);
    arena_free(import.arena);
    governance_free(import.governance);
    if (fflush(stdout) != 0) {
        log_error("cannot write to standard output: %s", strerror(errno));
        return EXIT_FAILED;
    }
    return sending_status(sending, &counts);
}

int main(int argc, char **argv)
{
    char **operands;
    size_t count;
    sending_hold_streams();
    stop_install();
    log_open(program.name);
    settings_read(&program, argc, argv, &operands, &count);
    if (count == 0)
        settings_usage(&program, "say the format: xccdf or csv");
    const struct import_format *format = find_format(operands[0]);
    if (count == 1)
        settings_usage(&program, "name the files to import (- is standard input)");
    read_flags();
    if (format->needs_place && (import.service == NULL || import.environment == NULL))
        settings_usage(&program, "%s needs --service and --environment: a scan does not know them",
                       format->name);
    if (!format->needs_place &&
        (import.service != NULL || import.environment != NULL || import.subject != NULL ||
         import.with_mappings || import.has_observed_at))
        settings_usage(&program,
                       "%s has service, environment, subject and times in its rows, and "
                       "no mappings: those flags are for xccdf",
                       format->name);
    int status = run(format, operands + 1, count - 1);
    settings_free(&program);
    return status;
}
