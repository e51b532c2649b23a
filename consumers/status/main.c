/*
 * assay-status -- the status of services, and of one service's controls, at any instant.
 *
 * Reads schema assay and nothing else: what it shows, anyone can select.
 */
#include "consumers/store/connection.h"
#include "consumers/table/table.h"
#include "proto/instant.h"
#include "runtime/log.h"
#include "runtime/settings.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char *database_uri;
static const char *at_text;
static const char *known_at_text;
static const char *environment;
static const char *standard;
static bool as_json;

static const struct setting settings[] = {
    {SETTING_TEXT, 0, "database", "ASSAY_DATABASE", "URI",
     "the database; default: libpq's PG* variables and service files", NULL, 0, 0, &database_uri},
    {SETTING_TEXT, 0, "at", "ASSAY_AT", "INSTANT",
     "the status at that instant, 2026-11-23T12:00:00Z; default: now", NULL, 0, 0, &at_text},
    {SETTING_TEXT, 0, "known-at", "ASSAY_KNOWN_AT", "INSTANT",
     "by what was known at that instant; default: by all that is known", NULL, 0, 0,
     &known_at_text},
    {SETTING_TEXT, 0, "environment", "ASSAY_ENVIRONMENT", "NAME", "only this environment", NULL, 0,
     0, &environment},
    {SETTING_TEXT, 0, "standard", "ASSAY_STANDARD", "NAME", "only this standard", NULL, 0, 0,
     &standard},
    {SETTING_SWITCH, 0, "json", "ASSAY_JSON", NULL,
     "one JSON object, {\"services\": […], \"certificates\" or \"cells\": […]}, instead of tables",
     NULL, 0, 0, &as_json},
};

static const struct program program = {
    .name = "assay-status",
    .synopsis = "status [FLAGS] [SERVICE]",
    .summary =
        "Shows posture, counts and certificate of every service in scope, and what becomes of the\n"
        "certificates; with SERVICE only that one, and the status of each of its controls. Exits\n"
        "1 where nothing matches.",
    .settings = settings,
    .setting_count = SETTINGS_COUNT(settings),
};

/* A SELECT that grows, and the parameters it names. */
struct query {
    char sql[4096];
    const char *parameters[10]; /* five of each of two relations */
    int count;
};

static void add_sql(struct query *query, const char *text)
{
    size_t used = strlen(query->sql);
    size_t size = strlen(text) + 1;
    assert(used + size <= sizeof query->sql);
    memcpy(query->sql + used, text, size);
}

/* Appends `before`, the next parameter as `type`, `after`. */
static void add_parameter(struct query *query, const char *before, const char *value,
                          const char *type, const char *after)
{
    char name[32];
    assert(query->count < (int)(sizeof query->parameters / sizeof query->parameters[0]));
    query->parameters[query->count++] = value;
    snprintf(name, sizeof name, "$%d::%s", query->count, type);
    add_sql(query, before);
    add_sql(query, name);
    add_sql(query, after);
}

/* The instants of the command line, checked and as PostgreSQL takes them. */
static char at[INSTANT_TEXT_MAX];
static char known_at[INSTANT_TEXT_MAX];

static void read_instant(const char *flag, const char *text, char out[static INSTANT_TEXT_MAX])
{
    instant parsed;
    bool zoneless = false;
    if (text == NULL)
        return;
    if (!instant_parse(text, &parsed, &zoneless))
        settings_usage(&program, "%s takes an instant like 2026-11-23T12:00:00Z, not '%s'%s", flag,
                       text, zoneless ? ": the zone is missing" : "");
    instant_format(parsed, out);
}

/* FROM the relation at the instants wanted. */
static void add_relation(struct query *query, const char *relation)
{
    add_sql(query, " FROM assay.");
    add_sql(query, relation);
    if (*at != '\0')
        add_parameter(query, "_at(", at, "timestamptz", "");
    else
        add_sql(query, "_at(now()");
    if (*known_at != '\0')
        add_parameter(query, ", ", known_at, "timestamptz", "");
    add_sql(query, ") s WHERE true");
}

static void add_standard(struct query *query)
{
    if (standard != NULL)
        add_parameter(query, " AND s.standard = ", standard, "text", "");
}

/* FROM a relation of services, WHERE what was asked for. */
static void add_source(struct query *query, const char *relation, const char *service)
{
    add_relation(query, relation);
    if (service != NULL)
        add_parameter(query, " AND s.service = ", service, "text", "");
    if (environment != NULL)
        add_parameter(query, " AND s.environment = ", environment, "text", "");
    add_standard(query);
}

/* Certificates are a programme's: shown beside all services, not beside some of them. */
static bool certificates_wanted(const char *service)
{
    return service == NULL && environment == NULL;
}

static PGresult *ask(PGconn *database, const struct query *query, struct fault *fault)
{
    return connection_query(database, fault, PGRES_TUPLES_OK, query->sql, query->count,
                            query->parameters);
}

static const char SERVICE_ORDER[] =
    " ORDER BY s.service COLLATE \"C\", s.environment COLLATE \"C\", s.standard COLLATE \"C\"";

/* Controls by the numbers in their names, so that A.9 comes before A.10. */
static const char CELL_ORDER[] =
    " ORDER BY s.environment COLLATE \"C\", s.standard COLLATE \"C\","
    " regexp_replace(regexp_replace(s.control, '(\\d+)', '000000\\1', 'g'),"
    " '\\d*(\\d{7})(?!\\d)', '\\1', 'g') COLLATE \"C\", s.control COLLATE \"C\"";

/* ---- tables ---- */

static const struct table_column service_columns[] = {
    {"SERVICE", TABLE_TEXT},   {"TITLE", TABLE_CUT},       {"ENVIRONMENT", TABLE_TEXT},
    {"STANDARD", TABLE_TEXT},  {"MEMBERSHIP", TABLE_TEXT}, {"POSTURE", TABLE_STATUS},
    {"PASSED", TABLE_NUMBER},  {"EXCEPTED", TABLE_NUMBER}, {"FAILED", TABLE_NUMBER},
    {"ERROR", TABLE_NUMBER},   {"STALE", TABLE_NUMBER},    {"UNTESTED", TABLE_NUMBER},
    {"OF", TABLE_NUMBER},      {"%", TABLE_NUMBER},        {"CERTIFICATE", TABLE_TEXT},
    {"CERTIFIED", TABLE_TEXT},
};
enum { SERVICE_COLUMNS = sizeof service_columns / sizeof service_columns[0] };

static PGresult *ask_services(PGconn *database, const char *service, struct fault *fault)
{
    struct query query = {0};
    add_sql(&query, "SELECT s.service, s.title, s.environment, s.standard, s.membership, s.posture,"
                    " s.passed, s.excepted, s.failed, s.error, s.stale, s.not_tested,"
                    " s.applicable, s.percent, s.certificate_state,"
                    " CASE WHEN s.certified THEN 'yes' ELSE 'no' END");
    add_source(&query, "service_status", service);
    add_sql(&query, SERVICE_ORDER);
    return ask(database, &query, fault);
}

#define TO_DAY     "'YYYY-MM-DD'"
#define TO_SECONDS "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'"

static const struct table_column certificate_columns[] = {
    {"PROGRAMME", TABLE_TEXT},  {"STANDARD", TABLE_TEXT}, {"STATE", TABLE_STATUS},
    {"CERTIFICATE", TABLE_CUT}, {"BODY", TABLE_CUT},      {"FROM", TABLE_TEXT},
    {"UNTIL", TABLE_TEXT},      {"SOA", TABLE_CUT},       {"SURVEILLANCE BY", TABLE_TEXT},
    {"FLAGS", TABLE_CUT},
};
enum { CERTIFICATE_COLUMNS = sizeof certificate_columns / sizeof certificate_columns[0] };

static const char CERTIFICATE_ORDER[] =
    " ORDER BY s.programme COLLATE \"C\", s.standard COLLATE \"C\"";

static PGresult *ask_certificates(PGconn *database, struct fault *fault)
{
    struct query query = {0};
    add_sql(&query, "SELECT s.programme, s.standard, s.state, s.number, s.body,"
                    " to_char(s.valid_from AT TIME ZONE 'UTC', " TO_DAY "),"
                    " to_char(s.valid_until AT TIME ZONE 'UTC', " TO_DAY "), s.soa_version,"
                    " to_char(s.surveillance_deadline AT TIME ZONE 'UTC', " TO_SECONDS "),"
                    " array_to_string(s.flags, ', ')");
    add_relation(&query, "certification");
    add_standard(&query);
    add_sql(&query, CERTIFICATE_ORDER);
    return ask(database, &query, fault);
}

static const struct table_column cell_columns[] = {
    {"ENVIRONMENT", TABLE_TEXT}, {"STANDARD", TABLE_TEXT},  {"CONTROL", TABLE_TEXT},
    {"STATUS", TABLE_STATUS},    {"SINCE", TABLE_TEXT},     {"UNTIL", TABLE_TEXT},
    {"CHECKS", TABLE_NUMBER},    {"MISSING", TABLE_NUMBER}, {"NOTE", TABLE_CUT},
};
enum { CELL_COLUMNS = sizeof cell_columns / sizeof cell_columns[0] };

/* What a reader should know besides the status. */
static const char CELL_NOTE[] = "concat_ws(', ', CASE WHEN s.due_soon THEN 'due soon' END,"
                                " CASE WHEN s.stale AND s.status <> 'STALE' THEN 'stale' END,"
                                " 'inherited from ' || s.inherited_from,"
                                " 'exception ' || s.exception, 'finding ' || s.finding)";

static PGresult *ask_cells(PGconn *database, const char *service, struct fault *fault)
{
    struct query query = {0};
    add_sql(&query, "SELECT s.environment, s.standard, s.control, s.status,"
                    " to_char(s.since AT TIME ZONE 'UTC', " TO_SECONDS "),"
                    " to_char(s.until AT TIME ZONE 'UTC', " TO_SECONDS "),"
                    " s.checks, s.checks_missing, ");
    add_sql(&query, CELL_NOTE);
    add_source(&query, "cell_status", service);
    add_sql(&query, CELL_ORDER);
    return ask(database, &query, fault);
}

static bool print_rows(const struct table_column *columns, int count, const PGresult *rows,
                       struct fault *fault)
{
    return table_print(columns, count, rows) ||
           fault_set(fault, FAULT_FATAL, "cannot write to standard output");
}

/* Prints a table, if it has rows, and frees them. *shown is set where there was a table. */
static bool show_table(const struct table_column *columns, int count, PGresult *rows, bool *shown,
                       struct fault *fault)
{
    if (rows == NULL)
        return false;
    bool printed = true;
    if (PQntuples(rows) > 0) {
        if (*shown)
            putchar('\n');
        *shown = true;
        printed = print_rows(columns, count, rows, fault);
    }
    PQclear(rows);
    return printed;
}

static bool show_tables(PGconn *database, const char *service, bool *found, struct fault *fault)
{
    PGresult *services = ask_services(database, service, fault);
    if (!show_table(service_columns, SERVICE_COLUMNS, services, found, fault))
        return false;
    if (certificates_wanted(service))
        return show_table(certificate_columns, CERTIFICATE_COLUMNS,
                          ask_certificates(database, fault), found, fault);
    if (service == NULL || !*found)
        return true;
    return show_table(cell_columns, CELL_COLUMNS, ask_cells(database, service, fault), found,
                      fault);
}

/* ---- JSON ---- */

/* Appends an array of rows with all columns in order, up to where they come from. */
static void begin_array(struct query *query, const char *order)
{
    add_sql(query, "(SELECT coalesce(json_agg(row_to_json(s)");
    add_sql(query, order);
    add_sql(query, "), '[]')");
}

static void add_array(struct query *query, const char *relation, const char *order,
                      const char *service)
{
    begin_array(query, order);
    add_source(query, relation, service);
    add_sql(query, ")");
}

static void add_certificates(struct query *query)
{
    begin_array(query, CERTIFICATE_ORDER);
    add_relation(query, "certification");
    add_standard(query);
    add_sql(query, ")");
}

static bool show_json(PGconn *database, const char *service, bool *found, struct fault *fault)
{
    struct query query = {0};
    bool certificates = certificates_wanted(service);
    const char *second = certificates ? "certificates" : service != NULL ? "cells" : NULL;
    add_sql(&query, "SELECT json_array_length(r.services)");
    if (certificates)
        add_sql(&query, " + json_array_length(r.certificates)");
    add_sql(&query, ", json_build_object('services', r.services");
    if (second != NULL) {
        add_sql(&query, ", '");
        add_sql(&query, second);
        add_sql(&query, "', r.");
        add_sql(&query, second);
    }
    add_sql(&query, ") FROM (SELECT ");
    add_array(&query, "service_status", SERVICE_ORDER, service);
    add_sql(&query, " AS services");
    if (second != NULL) {
        add_sql(&query, ", ");
        if (certificates)
            add_certificates(&query);
        else
            add_array(&query, "cell_status", CELL_ORDER, service);
        add_sql(&query, " AS ");
        add_sql(&query, second);
    }
    add_sql(&query, ") r");
    PGresult *rows = ask(database, &query, fault);
    if (rows == NULL)
        return false;
    *found = strcmp(PQgetvalue(rows, 0, 0), "0") != 0;
    bool shown = puts(PQgetvalue(rows, 0, 1)) >= 0 && fflush(stdout) == 0;
    PQclear(rows);
    return shown || fault_set(fault, FAULT_FATAL, "cannot write to standard output");
}

/* Asked apart, so that a refusal is not buried in a long query. */
static bool known_at_settled(PGconn *database, struct fault *fault)
{
    if (*known_at == '\0')
        return true;
    const char *const parameters[] = {known_at};
    PGresult *position = connection_query(database, fault, PGRES_TUPLES_OK,
                                          "SELECT record.known_position($1)", 1, parameters);
    PQclear(position);
    return position != NULL;
}

static enum exit_status show(PGconn *database, const char *service, struct fault *fault)
{
    bool found = false;
    /* One snapshot and one now() for all that is shown. */
    if (!connection_command(database, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", fault) ||
        !known_at_settled(database, fault) ||
        !(as_json ? show_json : show_tables)(database, service, &found, fault))
        return EXIT_FAILED;
    if (found)
        return EXIT_DONE;
    log_notice("nothing matches: no scope change in force%s%s%s%s%s%s%s%s",
               service != NULL ? " for service " : "", service != NULL ? service : "",
               environment != NULL ? " in environment " : "",
               environment != NULL ? environment : "", standard != NULL ? " under standard " : "",
               standard != NULL ? standard : "", *at != '\0' ? " at " : "", at);
    return EXIT_ANSWER_NO;
}

int main(int argc, char **argv)
{
    char **operands;
    size_t operand_count;
    log_open(program.name);
    table_start();
    settings_read(&program, argc, argv, &operands, &operand_count);
    if (operand_count > 1)
        settings_usage(&program, "takes one service, not also '%s'", operands[1]);
    read_instant("--at", at_text, at);
    read_instant("--known-at", known_at_text, known_at);
    struct fault fault = {0};
    PGconn *database = connection_open(database_uri, program.name, &fault);
    enum exit_status status = EXIT_FAILED;
    if (database != NULL)
        status = show(database, operand_count == 1 ? operands[0] : NULL, &fault);
    if (status == EXIT_FAILED)
        log_error("%s", fault.text);
    PQfinish(database);
    settings_free(&program);
    return (int)status;
}
