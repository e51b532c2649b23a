#include "schema/apply/session.h"

#include "consumers/store/login.h"
#include "runtime/log.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SERVER_LEAST = 150000 };

/* What PostgreSQL reports while all goes well is for developers; a warning is for everyone. */
static void take_notice(void *context, const PGresult *result)
{
    (void)context;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    if (severity != NULL && text != NULL && strcmp(severity, "WARNING") == 0)
        log_warning("PostgreSQL: %s", text);
    else if (text != NULL)
        log_debug("PostgreSQL: %s", text);
}

/* PostgreSQL's messages have lines; a fault is one line. */
static void set_from_text(struct fault *fault, const char *doing, const char *text)
{
    fault_set(fault, FAULT_FATAL, "%s: %s", doing, text);
    size_t length = strlen(fault->text);
    while (length > 0 && fault->text[length - 1] == '\n')
        fault->text[--length] = '\0';
    for (char *at = fault->text; *at != '\0'; at++)
        if (*at == '\n' || *at == '\t')
            *at = ' ';
}

static const char *advice_for(const char *sqlstate)
{
    if (strcmp(sqlstate, "55P03") == 0)
        return "another session holds it for more than " SESSION_LOCK_TIMEOUT
               ": see pg_stat_activity, then run assay migrate again";
    if (strcmp(sqlstate, "42501") == 0)
        return "run assay migrate as a superuser or a member of assay_owner";
    if (strncmp(sqlstate, "53", 2) == 0)
        return "the server lacks resources: make room and run assay migrate again";
    return NULL;
}

/* Line of the 1-based character position `at` in UTF-8 `text`. */
static int line_of(const char *text, long at)
{
    int line = 1;
    for (const char *byte = text; *byte != '\0' && at > 1; byte++) {
        if (((unsigned char)byte[1] & 0xC0) != 0x80)
            at--;
        if (*byte == '\n')
            line++;
    }
    return line;
}

static bool set_from_result(struct fault *fault, PGconn *database, const PGresult *result,
                            const char *doing, const char *text)
{
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (message == NULL || sqlstate == NULL) {
        set_from_text(fault, doing, PQerrorMessage(database));
        return false;
    }
    const char *position = PQresultErrorField(result, PG_DIAG_STATEMENT_POSITION);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    char where[32] = "";
    if (text != NULL && position != NULL)
        snprintf(where, sizeof where, ":%d", line_of(text, strtol(position, NULL, 10)));
    if (hint == NULL)
        hint = advice_for(sqlstate);
    char whole[FAULT_TEXT_MAX];
    snprintf(whole, sizeof whole, "%s%s%s%s%s (SQLSTATE %s)", message, detail ? "; " : "",
             detail ? detail : "", hint ? "; " : "", hint ? hint : "", sqlstate);
    char place[256];
    snprintf(place, sizeof place, "%s%s", doing, where);
    set_from_text(fault, place, whole);
    return false;
}

static bool check_server(PGconn *database, struct fault *fault)
{
    if (PQserverVersion(database) < SERVER_LEAST)
        return fault_set(fault, FAULT_FATAL,
                         "the server is PostgreSQL %s; Assay needs PostgreSQL 15 or later",
                         PQparameterStatus(database, "server_version"));
    PGresult *result = session_query(
        database, PGRES_TUPLES_OK, fault,
        "SELECT pg_catalog.getdatabaseencoding(), pg_catalog.current_database()", 0, NULL);
    if (result == NULL)
        return false;
    bool utf8 = strcmp(PQgetvalue(result, 0, 0), "UTF8") == 0;
    if (!utf8)
        fault_set(fault, FAULT_FATAL,
                  "database %s is encoded in %s; Assay needs UTF8 (createdb -E UTF8 -T template0)",
                  PQgetvalue(result, 0, 1), PQgetvalue(result, 0, 0));
    PQclear(result);
    return utf8;
}

PGconn *session_open(const char *uri, struct fault *fault)
{
    if (!login_check(uri, fault))
        return NULL;
    /* What comes before dbname, which may be a URI, is only a default. */
    const char *const keywords[] = {"fallback_application_name", "client_encoding",
                                    "connect_timeout", "dbname", NULL};
    const char *const values[] = {"assay-migrate", "UTF8", "10", uri, NULL};
    PGconn *database = PQconnectdbParams(keywords, values, 1);
    if (database == NULL || PQstatus(database) != CONNECTION_OK) {
        login_failed(database, fault);
        PQfinish(database);
        return NULL;
    }
    PQsetNoticeReceiver(database, take_notice, NULL);
    if (!session_command(database,
                         "SELECT pg_catalog.set_config('search_path', '', false),"
                         " pg_catalog.set_config('timezone', 'UTC', false),"
                         " pg_catalog.set_config('lock_timeout', '0', false),"
                         " pg_catalog.set_config('statement_timeout', '0', false)",
                         fault) ||
        !check_server(database, fault)) {
        PQfinish(database);
        return NULL;
    }
    return database;
}

PGresult *session_query(PGconn *database, ExecStatusType expected, struct fault *fault,
                        const char *sql, int count, const char *const *parameters)
{
    PGresult *result = PQexecParams(database, sql, count, NULL, parameters, NULL, NULL, 0);
    if (PQresultStatus(result) == expected)
        return result;
    set_from_result(fault, database, result, "asking PostgreSQL", NULL);
    PQclear(result);
    return NULL;
}

bool session_command(PGconn *database, const char *sql, struct fault *fault)
{
    PGresult *result = PQexec(database, sql);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!done)
        set_from_result(fault, database, result, "asking PostgreSQL", NULL);
    PQclear(result);
    return done;
}

bool session_run(PGconn *database, const struct script *script, struct fault *fault)
{
    char doing[160];
    snprintf(doing, sizeof doing, "schema/%s", script->name);
    PGresult *result = PQexec(database, script->text);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
    if (!done)
        set_from_result(fault, database, result, doing, script->text);
    PQclear(result);
    /* A script that ends the transaction would leave half a schema behind. */
    assert(!done || PQtransactionStatus(database) == PQTRANS_INTRANS);
    return done;
}
