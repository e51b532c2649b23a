#include "consumers/store/connection.h"

#include "consumers/store/sqlstate.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

/*
 * What a session says once, whatever the URI or the role's defaults say: waits end, results are in
 * UTC, names are always qualified, statements see what was committed before them. The timeouts
 * are also for the others: who is stopped, or loses its network, within a transaction holds locks
 * (within a COPY too, which counts as a statement that runs), and all would wait for it.
 */
static const char SESSION[] =
    "SET timezone = 'UTC'; SET datestyle = 'ISO'; SET search_path = ''; SET lock_timeout = '60s';"
    "SET idle_in_transaction_session_timeout = '120s'; SET statement_timeout = '120s';"
    "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;"
    "SET default_transaction_isolation = 'read committed';"
    "SET client_min_messages = warning; SET jit = off"; /* compiling costs more than any query */

static void say_nothing(void *context, const char *message)
{
    (void)context;
    (void)message;
}

PGconn *connection_open(const char *uri, const char *program, struct fault *fault)
{
    /* expand_dbname: a `dbname` that is a URI is taken apart. What comes first is only a default.
     */
    const char *const names[] = {"application_name", "client_encoding", "connect_timeout", "dbname",
                                 NULL};
    const char *const values[] = {program, "UTF8", "10", uri != NULL && *uri != '\0' ? uri : NULL,
                                  NULL};
    PGconn *connection = PQconnectdbParams(names, values, 1);
    if (connection == NULL || PQstatus(connection) != CONNECTION_OK) {
        sqlstate_fault(fault, connection, NULL, "connecting");
        /* libpq gives no SQLSTATE for a refused login; the server's words are all there is. */
        const char *why = connection != NULL ? PQerrorMessage(connection) : "";
        if (strstr(why, "authentication failed") != NULL || strstr(why, "no password supplied") ||
            (strstr(why, "role \"") != NULL && strstr(why, "does not exist") != NULL) ||
            strstr(why, "invalid connection option") != NULL ||
            strstr(why, "missing \"=\"") != NULL || strstr(why, "certificate verify failed"))
            fault->reaction = FAULT_FATAL;
        PQfinish(connection);
        return NULL;
    }
    PQsetNoticeProcessor(connection, say_nothing, NULL);
    if (!connection_command(connection, SESSION, fault)) {
        PQfinish(connection);
        return NULL;
    }
    return connection;
}

static PGresult *expect(PGconn *connection, PGresult *result, ExecStatusType expected,
                        const char *sql, struct fault *fault)
{
    if (result != NULL && PQresultStatus(result) == expected)
        return result;
    char doing[96];
    snprintf(doing, sizeof doing, "at \"%.80s\"", sql);
    sqlstate_fault(fault, connection, result, doing);
    PQclear(result);
    return NULL;
}

PGresult *connection_query(PGconn *connection, struct fault *fault, ExecStatusType expected,
                           const char *sql, int count, const char *const *parameters)
{
    PGresult *result = PQexecParams(connection, sql, count, NULL, parameters, NULL, NULL, 0);
    return expect(connection, result, expected, sql, fault);
}

PGresult *connection_call(PGconn *connection, struct fault *fault, ExecStatusType expected,
                          const char *sql, const struct request *request)
{
    const char *values[REQUEST_MOST];
    int lengths[REQUEST_MOST];
    int formats[REQUEST_MOST];
    int count = request == NULL ? 0 : request->count;
    for (int i = 0; i < count; i++) {
        const uint8_t *field = request->wire.bytes + request->starts[i];
        int32_t length = pgwire_read32(field);
        values[i] = length < 0 ? NULL : (const char *)(field + 4);
        lengths[i] = length < 0 ? 0 : length;
        formats[i] = 1;
    }
    PGresult *result = PQexecParams(connection, sql, count, NULL, values, lengths, formats, 1);
    return expect(connection, result, expected, sql, fault);
}

bool connection_command(PGconn *connection, const char *sql, struct fault *fault)
{
    PGresult *result = expect(connection, PQexec(connection, sql), PGRES_COMMAND_OK, sql, fault);
    PQclear(result);
    return result != NULL;
}

bool result_null(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) != 0;
}

static const uint8_t *fixed(const PGresult *result, int row, int column, int size)
{
    assert(PQgetlength(result, row, column) == size);
    return (const uint8_t *)PQgetvalue(result, row, column);
}

int64_t result_int8(const PGresult *result, int row, int column)
{
    return pgwire_read64(fixed(result, row, column, 8));
}

int32_t result_int4(const PGresult *result, int row, int column)
{
    return pgwire_read32(fixed(result, row, column, 4));
}

int16_t result_int2(const PGresult *result, int row, int column)
{
    return pgwire_read16(fixed(result, row, column, 2));
}

bool result_bool(const PGresult *result, int row, int column)
{
    return *fixed(result, row, column, 1) != 0;
}

const char *result_text(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column);
}

const uint8_t *result_bytes(const PGresult *result, int row, int column, size_t *size)
{
    *size = (size_t)PQgetlength(result, row, column);
    return (const uint8_t *)PQgetvalue(result, row, column);
}
