#include "consumers/store/copy.h"

#include "consumers/store/sqlstate.h"

#include <stdio.h>

/* libpq copies what it is given into its own buffer: large chunks would be held twice. */
static const size_t CHUNK = 1 << 18;

static const uint8_t HEADER[19] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xFF, '\r', '\n', 0};

void copy_row(struct copy *copy, int16_t columns)
{
    if (copy->rows++ == 0)
        pgwire_raw(&copy->wire, HEADER, sizeof HEADER);
    pgwire_raw16(&copy->wire, columns);
}

static bool put_all(struct copy *copy, PGconn *connection)
{
    pgwire_raw16(&copy->wire, -1);
    for (size_t at = 0; at < copy->wire.size;) {
        size_t size = copy->wire.size - at < CHUNK ? copy->wire.size - at : CHUNK;
        if (PQputCopyData(connection, (const char *)copy->wire.bytes + at, (int)size) != 1)
            return false;
        at += size;
    }
    return PQputCopyEnd(connection, NULL) == 1;
}

bool copy_send(struct copy *copy, PGconn *connection, const char *target, struct fault *fault)
{
    if (copy->rows == 0)
        return true;
    char sql[512];
    snprintf(sql, sizeof sql, "COPY %s FROM STDIN (FORMAT binary)", target);
    PGresult *result = PQexec(connection, sql);
    if (PQresultStatus(result) != PGRES_COPY_IN) {
        sqlstate_fault(fault, connection, result, sql);
        PQclear(result);
        return false;
    }
    PQclear(result);
    bool sent = put_all(copy, connection);
    copy->wire.size = 0;
    copy->rows = 0;
    result = PQgetResult(connection);
    bool done = sent && PQresultStatus(result) == PGRES_COMMAND_OK;
    if (!done)
        sqlstate_fault(fault, connection, result, sql);
    PQclear(result);
    while (sent && (result = PQgetResult(connection)) != NULL)
        PQclear(
            result); /* where it was not sent the COPY is still open: the connection is given up */
    return done;
}

void copy_free(struct copy *copy)
{
    pgwire_free(&copy->wire);
    copy->rows = 0;
}
