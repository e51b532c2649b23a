#include "consumers/store/pipeline.h"

#include "consumers/store/connection.h"

#include <assert.h>
#include <libpq-events.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what a session has prepared ---- */

enum { STATEMENTS_MOST = 48, NAME_MAX_SIZE = 64 };

struct statement {
    char *sql;
    int number;
    bool prepared; /* or on its way to be */
};

struct session {
    struct statement statements[STATEMENTS_MOST];
    int count;
};

/* libpq keeps a session's statements with its connection, and says when that ends. */
static int on_event(PGEventId event, void *information, void *context)
{
    (void)context;
    if (event != PGEVT_CONNDESTROY)
        return 1;
    const PGEventConnDestroy *end = information;
    struct session *session = PQinstanceData(end->conn, on_event);
    for (int i = 0; session != NULL && i < session->count; i++)
        free(session->statements[i].sql);
    free(session);
    return 1;
}

static struct session *session_of(PGconn *connection)
{
    struct session *session = PQinstanceData(connection, on_event);
    if (session != NULL)
        return session;
    session = calloc(1, sizeof *session);
    if (session == NULL || !PQregisterEventProc(connection, on_event, "statements", NULL) ||
        !PQsetInstanceData(connection, on_event, session))
        abort();
    return session;
}

static struct statement *statement_of(struct session *session, const char *sql)
{
    for (int i = 0; i < session->count; i++)
        if (strcmp(session->statements[i].sql, sql) == 0)
            return &session->statements[i];
    assert(session->count < STATEMENTS_MOST); /* they are the texts of this program */
    struct statement *statement = &session->statements[session->count];
    *statement = (struct statement){.sql = strdup(sql), .number = session->count++};
    if (statement->sql == NULL)
        abort();
    return statement;
}

/* ---- saying ---- */

/*
 * libpq sends what it has by 8 kB. A server that has done one statement and waits for the next has
 * no timeout running, so whoever were stopped between two pieces would hold its locks for good.
 * After an end there is one: so there is an end wherever a piece is full.
 */
static const size_t PIECE = 4096;

enum { FIELDS_MOST = 24, AROUND = 16 }; /* bytes around a field, or a text */

/* Has the server tell how the last statement went, and forget about those before. */
static void end_last(struct pipeline *pipeline)
{
    struct said *last = &pipeline->said[pipeline->count - 1];
    if (!last->ends && !PQpipelineSync(pipeline->connection))
        pipeline->broken = true;
    last->ends = true;
    pipeline->unended = 0;
}

static void send_one(struct pipeline *pipeline, struct said *said, int count,
                     const char *const *values, const int *lengths)
{
    PGconn *connection = pipeline->connection;
    const char *sql = said->statement->sql;
    char name[NAME_MAX_SIZE];
    int formats[FIELDS_MOST];
    for (int i = 0; i < count; i++)
        formats[i] = 1;
    snprintf(name, sizeof name, "%d %.48s", said->statement->number, sql);
    if (said->prepares && !PQsendPrepare(connection, name, sql, 0, NULL))
        pipeline->broken = true;
    said->statement->prepared = true;
    if (!PQsendQueryPrepared(connection, name, count, values, lengths, formats, 1))
        pipeline->broken = true;
}

static int say(struct pipeline *pipeline, const char *sql, int count, const uint8_t *const *fields)
{
    const char *values[FIELDS_MOST];
    int lengths[FIELDS_MOST];
    size_t size = AROUND * 8;
    assert(count <= FIELDS_MOST && pipeline->count < PIPELINE_MOST);
    for (int i = 0; i < count; i++) {
        int32_t length = pgwire_read32(fields[i]);
        values[i] = length < 0 ? NULL : (const char *)(fields[i] + 4);
        lengths[i] = length < 0 ? 0 : length;
        size += (size_t)lengths[i] + AROUND;
    }
    if (pipeline->count == 0)
        pipeline->broken = !PQenterPipelineMode(pipeline->connection);
    struct statement *statement = statement_of(session_of(pipeline->connection), sql);
    if (!statement->prepared)
        size += strlen(sql);
    if (pipeline->count > 0 && pipeline->unended + size > PIECE)
        end_last(pipeline);
    struct said *said = &pipeline->said[pipeline->count++];
    *said = (struct said){.statement = statement, .prepares = !statement->prepared};
    send_one(pipeline, said, count, values, lengths);
    pipeline->unended += size;
    if (pipeline->unended > PIECE)
        end_last(pipeline);
    return pipeline->count - 1;
}

int pipeline_say(struct pipeline *pipeline, const char *sql, const struct request *request)
{
    const uint8_t *fields[REQUEST_MOST];
    int count = request == NULL ? 0 : request->count;
    for (int i = 0; i < count; i++)
        fields[i] = request->wire.bytes + request->starts[i];
    return say(pipeline, sql, count, fields);
}

int pipeline_say_row(struct pipeline *pipeline, const char *sql, const uint8_t *row)
{
    const uint8_t *fields[FIELDS_MOST];
    int count = pgwire_read16(row);
    const uint8_t *at = row + 2;
    for (int i = 0; i < count && i < FIELDS_MOST; i++) {
        int32_t length = pgwire_read32(at);
        fields[i] = at;
        at += 4 + (length < 0 ? 0 : (size_t)length);
    }
    return say(pipeline, sql, count, fields);
}

/* ---- answers ---- */

/* The last result before libpq says that there are no more; an end stands alone. */
static PGresult *next(PGconn *connection, const char *sql, struct fault *fault)
{
    PGresult *last = NULL;
    while (connection_await(connection, sql, fault)) {
        PGresult *result = PQgetResult(connection);
        if (result == NULL)
            break;
        PQclear(last);
        last = result;
        if (PQresultStatus(last) == PGRES_PIPELINE_SYNC)
            break;
    }
    return last;
}

/* Notes the first failure; false: there will be no more answers. */
static bool note(PGconn *connection, const PGresult *result, const char *sql, struct fault *fault)
{
    ExecStatusType status = PQresultStatus(result); /* of none: a failure */
    bool good =
        status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_PIPELINE_SYNC;
    if (!good && fault->reaction == FAULT_NONE)
        connection_fault(connection, result, sql, fault);
    return result != NULL && PQstatus(connection) == CONNECTION_OK;
}

/* Everything that is answered to one statement. */
static bool hear(PGconn *connection, struct said *said, struct fault *fault)
{
    const char *sql = said->statement->sql;
    if (said->prepares) {
        PGresult *result = next(connection, sql, fault);
        said->statement->prepared = PQresultStatus(result) == PGRES_COMMAND_OK;
        bool more = note(connection, result, sql, fault);
        PQclear(result);
        if (!more)
            return false;
    }
    said->result = next(connection, sql, fault);
    if (!note(connection, said->result, sql, fault))
        return false;
    if (!said->ends)
        return true;
    PGresult *end = next(connection, sql, fault);
    bool more = note(connection, end, sql, fault);
    PQclear(end);
    return more;
}

bool pipeline_end(struct pipeline *pipeline, struct fault *fault)
{
    PGconn *connection = pipeline->connection;
    fault->reaction = FAULT_NONE;
    if (pipeline->count == 0)
        return true;
    end_last(pipeline);
    bool whole = !pipeline->broken;
    if (!whole)
        connection_fault(connection, NULL, pipeline->said[0].statement->sql, fault);
    for (int i = 0; i < pipeline->count && whole; i++)
        whole = hear(connection, &pipeline->said[i], fault);
    if (!whole || !PQexitPipelineMode(connection))
        connection_abandon(connection);
    assert(whole || fault->reaction != FAULT_NONE);
    return fault->reaction == FAULT_NONE;
}

const PGresult *pipeline_result(const struct pipeline *pipeline, int number)
{
    return pipeline->said[number].result;
}

PGresult *pipeline_take(struct pipeline *pipeline, int number)
{
    PGresult *result = pipeline->said[number].result;
    pipeline->said[number].result = NULL;
    return result;
}

void pipeline_free(struct pipeline *pipeline)
{
    for (int i = 0; i < pipeline->count; i++)
        PQclear(pipeline->said[i].result);
    pipeline->count = 0;
}

PGresult *pipeline_ask(PGconn *connection, struct fault *fault, const char *sql,
                       const struct request *request)
{
    struct pipeline pipeline = {.connection = connection};
    pipeline_say(&pipeline, sql, request);
    PGresult *result = pipeline_end(&pipeline, fault) ? pipeline_take(&pipeline, 0) : NULL;
    pipeline_free(&pipeline);
    return result;
}
