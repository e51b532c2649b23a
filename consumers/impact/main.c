/*
 * assay-impact -- every control that rests on a service's own, directly or through others.
 *
 * Follows the inheritances in force, control by control, through the cells there are. Reads the
 * record and nothing else; the reader's rights suffice.
 */
#include "consumers/store/connection.h"
#include "consumers/table/table.h"
#include "proto/instant.h"
#include "proto/validate.h"
#include "runtime/log.h"
#include "runtime/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *database_uri;
static const char *at_text;
static bool as_json;

static const struct setting settings[] = {
    {.kind = SETTING_TEXT,
     .name = "database",
     .environment = "ASSAY_DATABASE",
     .argument = "URI",
     .help = "the database; default: libpq's PG* variables and service files",
     .value = &database_uri},
    {.kind = SETTING_TEXT,
     .name = "at",
     .environment = "ASSAY_AT",
     .argument = "INSTANT",
     .help = "by what was in force then, as 2026-11-23T12:00:00Z; default: now",
     .value = &at_text},
    {.kind = SETTING_SWITCH,
     .name = "json",
     .environment = "ASSAY_JSON",
     .help = "one JSON object with every control, instead of a table",
     .value = &as_json},
};

static const struct program program = {
    .name = "assay-impact",
    .synopsis = "impact [FLAGS] SERVICE [ENVIRONMENT…]",
    .summary = "Shows every control that inherits from SERVICE (in these environments only), the\n"
               "nearest first: 1 inherits from it directly, 2 from one that does, and so on.\n"
               "Exits 1 where nothing does.",
    .settings = settings,
    .setting_count = SETTINGS_COUNT(settings),
};

/*
 * $1 the instant, $2 the service, $3 its environments (NULL: all).
 *
 * Each cell has one inheritance at most: that of its service before that of every one, then that of
 * its control before that of every one; one from itself is as if absent, NONE is none.
 */
#define INHERITING                                                                                 \
    "WITH RECURSIVE fact AS (SELECT x.fields ->> 'service' AS service,"                            \
    "  x.fields ->> 'environment' AS environment, x.fields ->> 'standard' AS standard,"            \
    "  x.fields ->> 'control' AS control, x.fields ->> 'provider_service' AS provider_service,"    \
    "  x.fields ->> 'provider_environment' AS provider_environment,"                               \
    "  record.without_prefix(x.fields ->> 'kind', 'INHERITANCE_KIND_') AS kind"                    \
    " FROM (SELECT f.fields -> 'inheritance' AS fields"                                            \
    "  FROM record.facts_in_force('inheritance', $1::timestamptz, NULL) f) x),"                    \
    "edge AS MATERIALIZED (SELECT DISTINCT ON (c.service, c.environment, c.standard, c.control)"   \
    "  c.service, c.environment, c.standard, c.control, c.status, f.provider_service,"             \
    "  f.provider_environment, f.kind"                                                             \
    " FROM assay.cell_status_at($1::timestamptz) c JOIN fact f ON f.environment = c.environment"   \
    "  AND f.standard = c.standard AND f.service IN (c.service, '*')"                              \
    "  AND f.control IN (c.control, '*')"                                                          \
    "  AND (f.kind = 'NONE' OR f.provider_service <> c.service"                                    \
    "   OR f.provider_environment <> c.environment)"                                               \
    " ORDER BY c.service, c.environment, c.standard, c.control, f.service = '*',"                  \
    "  f.control = '*'),"                                                                          \
    "walk AS (SELECT e.*, 1 AS distance FROM edge e WHERE e.kind <> 'NONE'"                        \
    "  AND e.provider_service = $2 AND ($3::text[] IS NULL OR e.provider_environment = ANY ($3))"  \
    " UNION ALL SELECT e.*, w.distance + 1 FROM walk w JOIN edge e ON e.kind <> 'NONE'"            \
    "  AND e.provider_service = w.service AND e.provider_environment = w.environment"              \
    "  AND e.standard = w.standard AND e.control = w.control"                                      \
    ") CYCLE service, environment, standard, control SET again USING path,"                        \
    "inheriting AS (SELECT DISTINCT ON (w.service, w.environment, w.standard, w.control) w.*"      \
    " FROM walk w ORDER BY w.service, w.environment, w.standard, w.control, w.distance)"

/* By distance and place; controls by the numbers in their names, so that A.9 comes before A.10. */
#define BY_PLACE                                                                                   \
    " ORDER BY i.distance, i.service COLLATE \"C\", i.environment COLLATE \"C\","                  \
    " i.standard COLLATE \"C\""
#define BY_CONTROL                                                                                 \
    " regexp_replace(regexp_replace(i.control, '(\\d+)', '000000\\1', 'g'),"                       \
    " '\\d*(\\d{7})(?!\\d)', '\\1', 'g') COLLATE \"C\", i.control COLLATE \"C\""

static const char TABLE[] =
    INHERITING " SELECT i.distance, i.service, i.environment, i.standard,"
               " i.provider_service || '/' || i.provider_environment, i.kind, i.status, count(*),"
               " string_agg(i.control, ' ' ORDER BY" BY_CONTROL ") FROM inheriting i"
               " GROUP BY i.distance, i.service, i.environment, i.standard, i.provider_service,"
               "  i.provider_environment, i.kind, i.status" BY_PLACE
               ", i.provider_service COLLATE \"C\", i.provider_environment COLLATE \"C\", i.kind,"
               "  i.status";

static const char JSON[] =
    INHERITING " SELECT json_build_object('service', $2::text, 'environments', $3::text[],"
               " 'at', $1::timestamptz, 'inheriting', coalesce(json_agg(json_build_object("
               "  'distance', i.distance, 'service', i.service, 'environment', i.environment,"
               "  'standard', i.standard, 'control', i.control,"
               "  'provider_service', i.provider_service,"
               "  'provider_environment', i.provider_environment, 'kind', i.kind,"
               "  'status', i.status)" BY_PLACE "," BY_CONTROL "), '[]')), count(*)"
               " FROM inheriting i";

static const struct table_column columns[] = {
    {"DISTANCE", TABLE_NUMBER}, {"SERVICE", TABLE_TEXT},       {"ENVIRONMENT", TABLE_TEXT},
    {"STANDARD", TABLE_TEXT},   {"INHERITS FROM", TABLE_TEXT}, {"KIND", TABLE_TEXT},
    {"STATUS", TABLE_STATUS},   {"CONTROLS", TABLE_NUMBER},    {"WHICH", TABLE_CUT},
};
enum { COLUMNS = sizeof columns / sizeof columns[0] };

/* The slugs as PostgreSQL writes an array; NULL: none are given. malloc'ed. */
static char *array_of(char **names, size_t count)
{
    if (count == 0)
        return NULL;
    size_t room = 3;
    for (size_t i = 0; i < count; i++)
        room += strlen(names[i]) + 3;
    char *array = malloc(room);
    if (array == NULL)
        abort();
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        used +=
            (size_t)snprintf(array + used, room - used, "%s\"%s\"", i == 0 ? "{" : ",", names[i]);
    snprintf(array + used, room - used, "}");
    return array;
}

/* Which of two reasons: it is not the same to mistype a name. */
static bool say_nothing_inherits(PGconn *database, const char *service, struct fault *fault)
{
    const char *const parameters[] = {service};
    PGresult *known =
        connection_query(database, fault, PGRES_TUPLES_OK,
                         "SELECT FROM record.service WHERE service = $1", 1, parameters);
    if (known == NULL)
        return false;
    if (PQntuples(known) == 0)
        log_error("the record knows no service %s", service);
    else
        log_notice("nothing inherits from service %s", service);
    PQclear(known);
    return true;
}

/* Asked apart: only a plain parameter lets the selections use their indexes. */
static bool read_now(PGconn *database, char at[static 64], struct fault *fault)
{
    PGresult *result = connection_query(database, fault, PGRES_TUPLES_OK, "SELECT now()", 0, NULL);
    if (result == NULL)
        return false;
    snprintf(at, 64, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    return true;
}

static enum exit_status show(PGconn *database, const char *service, const char *environments,
                             struct fault *fault)
{
    char now[64];
    /* One snapshot for the facts and the cells. */
    if (!connection_command(database, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", fault) ||
        (at_text == NULL && !read_now(database, now, fault)))
        return EXIT_FAILED;
    const char *const parameters[] = {at_text != NULL ? at_text : now, service, environments};
    PGresult *rows =
        connection_query(database, fault, PGRES_TUPLES_OK, as_json ? JSON : TABLE, 3, parameters);
    if (rows == NULL)
        return EXIT_FAILED;
    bool any = as_json ? strcmp(PQgetvalue(rows, 0, 1), "0") != 0 : PQntuples(rows) > 0;
    bool shown = true;
    if (as_json)
        shown = puts(PQgetvalue(rows, 0, 0)) >= 0 && fflush(stdout) == 0;
    else if (any)
        shown = table_print(columns, COLUMNS, rows);
    PQclear(rows);
    if (!shown) {
        fault_set(fault, FAULT_FATAL, "cannot write to standard output");
        return EXIT_FAILED;
    }
    if (any)
        return EXIT_DONE;
    return say_nothing_inherits(database, service, fault) ? EXIT_ANSWER_NO : EXIT_FAILED;
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
    if (operand_count == 0)
        settings_usage(&program, "SERVICE is needed");
    for (size_t i = 0; i < operand_count; i++)
        if (!validate_slug(operands[i], false))
            settings_usage(&program, "'%s' is no name of %s", operands[i],
                           i == 0 ? "a service" : "an environment");
    if (at_text != NULL && !instant_parse(at_text, &parsed, &zoneless))
        settings_usage(&program, "--at takes an instant like 2026-11-23T12:00:00Z, not '%s'%s",
                       at_text, zoneless ? ": the zone is missing" : "");
    struct fault fault = {0};
    PGconn *database = connection_open(database_uri, program.name, &fault);
    enum exit_status status = EXIT_FAILED;
    char *environments = array_of(operands + 1, operand_count - 1);
    if (database != NULL)
        status = show(database, operands[0], environments, &fault);
    if (status == EXIT_FAILED)
        log_error("%s", fault.text);
    free(environments);
    PQfinish(database);
    settings_free(&program);
    return (int)status;
}
