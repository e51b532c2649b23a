/*
 * assay-forecast -- what changes in the days to come if nothing more happens.
 *
 * Reads the record's timelines, whose future is part of them, and the facts in force. Decides
 * nothing, and needs no more than the reader's rights.
 */
#include "consumers/forecast/query.h"
#include "consumers/store/connection.h"
#include "consumers/table/table.h"
#include "proto/instant.h"
#include "runtime/log.h"
#include "runtime/settings.h"

#include <stdio.h>
#include <string.h>

static const char *database_uri;
static const char *at_text;
static int64_t days;
static bool as_json;

static const struct setting settings[] = {
    {.kind = SETTING_TEXT,
     .name = "database",
     .environment = "ASSAY_DATABASE",
     .argument = "URI",
     .help = "the database; default: libpq's PG* variables and service files",
     .value = &database_uri},
    {.kind = SETTING_NUMBER,
     .name = "days",
     .environment = "ASSAY_DAYS",
     .argument = "N",
     .help = "how many days to look ahead",
     .fallback = "30",
     .least = 1,
     .most = 36525,
     .value = &days},
    {.kind = SETTING_TEXT,
     .name = "at",
     .environment = "ASSAY_AT",
     .argument = "INSTANT",
     .help = "look ahead from there, as 2026-11-23T12:00:00Z; default: now",
     .value = &at_text},
    {.kind = SETTING_SWITCH,
     .name = "json",
     .environment = "ASSAY_JSON",
     .help = "one JSON object with every control, instead of a table",
     .value = &as_json},
};

static const struct program program = {
    .name = "assay-forecast",
    .synopsis = "forecast [FLAGS] [SERVICE]",
    .summary = "Shows what goes stale, expires, falls overdue or takes effect in the days to come\n"
               "if nothing more happens, by service, environment and standard; with SERVICE only\n"
               "what concerns that one.",
    .settings = settings,
    .setting_count = SETTINGS_COUNT(settings),
};

static const struct table_column columns[] = {
    {"AT", TABLE_TEXT},       {"SERVICE", TABLE_TEXT}, {"ENVIRONMENT", TABLE_TEXT},
    {"STANDARD", TABLE_TEXT}, {"WHAT", TABLE_TEXT},    {"FROM", TABLE_STATUS},
    {"TO", TABLE_STATUS},     {"DETAIL", TABLE_CUT},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* From where on and up to where, as PostgreSQL writes instants. */
struct period {
    char at[64], until[64];
};

/* Asked apart from the rest: only plain parameters let the selections use their indexes. */
static bool read_period(PGconn *database, struct period *period, struct fault *fault)
{
    char length[24];
    snprintf(length, sizeof length, "%lld", (long long)days);
    const char *const parameters[] = {at_text, length};
    PGresult *result =
        connection_query(database, fault, PGRES_TUPLES_OK,
                         "SELECT p.at, least(p.at + $2::integer * interval '24 hours',"
                         "  '9999-12-31T23:59:59.999999Z')"
                         " FROM (SELECT coalesce($1::timestamptz, now())) AS p (at)",
                         2, parameters);
    if (result == NULL)
        return false;
    snprintf(period->at, sizeof period->at, "%s", PQgetvalue(result, 0, 0));
    snprintf(period->until, sizeof period->until, "%s", PQgetvalue(result, 0, 1));
    PQclear(result);
    return true;
}

static bool find_service(PGconn *database, const char *service, bool *known, struct fault *fault)
{
    const char *const parameters[] = {service};
    PGresult *result =
        connection_query(database, fault, PGRES_TUPLES_OK,
                         "SELECT FROM record.service WHERE service = $1", 1, parameters);
    if (result == NULL)
        return false;
    *known = PQntuples(result) == 1;
    PQclear(result);
    return true;
}

static bool show(PGconn *database, const char *service, const struct period *period,
                 struct fault *fault)
{
    const char *const parameters[] = {period->at, period->until, service};
    PGresult *rows = connection_query(database, fault, PGRES_TUPLES_OK,
                                      as_json ? QUERY_JSON : QUERY_TABLE, 3, parameters);
    if (rows == NULL)
        return false;
    bool shown = true;
    if (as_json)
        shown = puts(PQgetvalue(rows, 0, 0)) >= 0 && fflush(stdout) == 0;
    else if (PQntuples(rows) > 0)
        shown = table_print(columns, COLUMNS, rows);
    else
        log_notice("nothing changes until %s", period->until);
    PQclear(rows);
    return shown || fault_set(fault, FAULT_FATAL, "cannot write to standard output");
}

static enum exit_status forecast(PGconn *database, const char *service, struct fault *fault)
{
    struct period period;
    bool known = true;
    /* One snapshot and one now() for all that is shown. */
    if (!connection_command(database, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", fault) ||
        !read_period(database, &period, fault) ||
        (service != NULL && !find_service(database, service, &known, fault)))
        return EXIT_FAILED;
    if (!known) {
        log_error("the record knows no service %s", service);
        return EXIT_ANSWER_NO;
    }
    return show(database, service, &period, fault) ? EXIT_DONE : EXIT_FAILED;
}

int main(int argc, char **argv)
{
    char **operands;
    size_t operand_count;
    instant parsed;
    bool zoneless = false;
    log_open(program.name);
    table_start();
    settings_read(&program, argc, argv, &operands, &operand_count);
    if (operand_count > 1)
        settings_usage(&program, "takes one service, not also '%s'", operands[1]);
    if (at_text != NULL && !instant_parse(at_text, &parsed, &zoneless))
        settings_usage(&program, "--at takes an instant like 2026-11-23T12:00:00Z, not '%s'%s",
                       at_text, zoneless ? ": the zone is missing" : "");
    struct fault fault = {0};
    PGconn *database = connection_open(database_uri, program.name, &fault);
    enum exit_status status = EXIT_FAILED;
    if (database != NULL)
        status = forecast(database, operand_count == 1 ? operands[0] : NULL, &fault);
    if (status == EXIT_FAILED)
        log_error("%s", fault.text);
    PQfinish(database);
    settings_free(&program);
    return (int)status;
}
