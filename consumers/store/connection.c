#include "consumers/store/connection.h"

#include "consumers/store/login.h"
#include "consumers/store/sqlstate.h"
#include "runtime/elapsed.h"
#include "runtime/log.h"
#include "runtime/stop.h"

#include <assert.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

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
     * A peer that is gone without a word is noticed: idle, or with data that it does not take. */
    const char *const names[] = {"application_name",
                                 "client_encoding",
                                 "connect_timeout",
                                 "keepalives_idle",
                                 "keepalives_interval",
                                 "keepalives_count",
                                 "tcp_user_timeout",
                                 "dbname",
                                 NULL};
    const char *const values[] = {
        program, "UTF8", "10", "30", "10", "3", "60000", uri != NULL && *uri != '\0' ? uri : NULL,
        NULL};
    if (!login_check(uri, fault))
        return NULL;
    PGconn *connection = PQconnectdbParams(names, values, 1);
    if (connection == NULL || PQstatus(connection) != CONNECTION_OK) {
        login_failed(connection, fault);
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

/* ---- asking ---- */

/*
 * How long an answer is waited for. By then every limit above has ended the statement, so a server
 * that works has answered; keepalives do not tell one that hangs, nor a proxy that has lost it.
 */
enum { LOOK_MS = 500, MENTION_MS = 30 * 1000, ANSWER_MS = 150 * 1000, LEAVE_MS = 10 * 1000 };

static bool forever;

void connection_wait_forever(void)
{
    forever = true;
}

void connection_abandon(PGconn *connection)
{
    shutdown(PQsocket(connection), SHUT_RDWR);
    while (PQstatus(connection) == CONNECTION_OK && PQconsumeInput(connection))
        continue; /* until libpq knows, too */
}

/* The answer is not waited for any longer. */
static bool give_up(PGconn *connection, const char *sql, int64_t waited_ms, struct fault *fault)
{
    connection_abandon(connection);
    return fault_set(fault, FAULT_RETRY,
                     "PostgreSQL, at \"%.80s\": no answer for %lld s; this connection is given up",
                     sql, (long long)(waited_ms / 1000));
}

bool connection_await(PGconn *connection, const char *sql, struct fault *fault)
{
    int64_t began = elapsed_ms();
    int64_t asked_to_stop = 0;
    bool mentioned = forever;
    while (PQisBusy(connection)) {
        struct pollfd line = {.fd = PQsocket(connection), .events = POLLIN};
        if (poll(&line, 1, LOOK_MS) > 0 && !PQconsumeInput(connection))
            return true; /* PQgetResult says why */
        int64_t now = elapsed_ms();
        if (stop_requested() && asked_to_stop == 0)
            asked_to_stop = now;
        if ((asked_to_stop != 0 && now - asked_to_stop >= LEAVE_MS) ||
            (!forever && now - began >= ANSWER_MS))
            return give_up(connection, sql, now - began, fault);
        if (!mentioned && now - began >= MENTION_MS) {
            log_warning("PostgreSQL, at \"%.80s\": no answer for %d s; waiting for %d s", sql,
                        MENTION_MS / 1000, ANSWER_MS / 1000);
            mentioned = true;
        }
    }
    return true;
}

/* A server that only reads may stay so: the next connection finds the one that writes, by the URI's
 * hosts and target_session_attrs or by a name or a proxy that has moved. */
static void leave_standby(PGconn *connection, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state != NULL && strcmp(state, "25006") == 0)
        shutdown(PQsocket(connection), SHUT_RDWR);
}

void connection_fault(PGconn *connection, const PGresult *result, const char *sql,
                      struct fault *fault)
{
    char doing[96];
    snprintf(doing, sizeof doing, "at \"%.80s\"", sql);
    sqlstate_fault(fault, connection, result, doing);
    leave_standby(connection, result);
}

/* NULL, where it ended otherwise than expected. */
static PGresult *as_expected(PGconn *connection, PGresult *last, ExecStatusType expected,
                             const char *sql, struct fault *fault)
{
    if (fault->reaction == FAULT_NONE && last != NULL && PQresultStatus(last) == expected)
        return last;
    if (fault->reaction == FAULT_NONE)
        connection_fault(connection, last, sql, fault);
    PQclear(last);
    return NULL;
}

/* The last of the results of what was sent, which must be as expected. */
static PGresult *expect(PGconn *connection, int sent, ExecStatusType expected, const char *sql,
                        struct fault *fault)
{
    PGresult *last = NULL;
    fault->reaction = FAULT_NONE;
    while (sent && connection_await(connection, sql, fault)) {
        PGresult *result = PQgetResult(connection);
        if (result == NULL)
            break;
        PQclear(last);
        last = result;
        if (PQresultStatus(last) == PGRES_COPY_IN)
            break;
    }
    return as_expected(connection, last, expected, sql, fault);
}

PGresult *connection_query(PGconn *connection, struct fault *fault, ExecStatusType expected,
                           const char *sql, int count, const char *const *parameters)
{
    int sent = PQsendQueryParams(connection, sql, count, NULL, parameters, NULL, NULL, 0);
    return expect(connection, sent, expected, sql, fault);
}

static int send_call(PGconn *connection, const char *sql, const struct request *request)
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
    return PQsendQueryParams(connection, sql, count, NULL, values, lengths, formats, 1);
}

PGresult *connection_call(PGconn *connection, struct fault *fault, ExecStatusType expected,
                          const char *sql, const struct request *request)
{
    return expect(connection, send_call(connection, sql, request), expected, sql, fault);
}

bool connection_each(PGconn *connection, struct fault *fault, const char *sql,
                     const struct request *request, connection_row *each, void *context)
{
    int sent = send_call(connection, sql, request);
    PGresult *last = NULL;
    bool wanted = true;
    fault->reaction = FAULT_NONE;
    if (sent)
        PQsetSingleRowMode(connection);
    while (sent && connection_await(connection, sql, fault)) {
        PGresult *result = PQgetResult(connection);
        if (result == NULL)
            break;
        if (wanted && PQresultStatus(result) == PGRES_SINGLE_TUPLE)
            wanted = each(context, result);
        PQclear(last);
        last = result;
    }
    last = as_expected(connection, last, PGRES_TUPLES_OK, sql, fault);
    PQclear(last);
    return last != NULL;
}

bool connection_command(PGconn *connection, const char *sql, struct fault *fault)
{
    PGresult *result =
        expect(connection, PQsendQuery(connection, sql), PGRES_COMMAND_OK, sql, fault);
    PQclear(result);
    return result != NULL;
}

bool connection_copy(PGconn *connection, const char *sql, struct fault *fault)
{
    PGresult *result = expect(connection, PQsendQuery(connection, sql), PGRES_COPY_IN, sql, fault);
    PQclear(result);
    return result != NULL;
}

bool connection_copied(PGconn *connection, const char *copy, bool last, struct fault *fault)
{
    PGresult *result = expect(connection, 1, last ? PGRES_COMMAND_OK : PGRES_COPY_IN, copy, fault);
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
