#include "consumers/store/copy.h"

#include "consumers/store/connection.h"

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

/* Where it fails, how the COPY ends says why. */
static void put_all(struct copy *copy, PGconn *connection)
{
    pgwire_raw16(&copy->wire, -1);
    for (size_t at = 0; at < copy->wire.size;) {
        size_t size = copy->wire.size - at < CHUNK ? copy->wire.size - at : CHUNK;
        if (PQputCopyData(connection, (const char *)copy->wire.bytes + at, (int)size) != 1)
            return;
        at += size;
    }
    PQputCopyEnd(connection, NULL);
}

bool copy_send(struct copy *copy, PGconn *connection, const char *target, struct fault *fault)
{
    if (copy->rows == 0)
        return true;
    char sql[512];
    snprintf(sql, sizeof sql, "COPY %s FROM STDIN (FORMAT binary)", target);
    if (!connection_copy(connection, sql, fault))
        return false;
    put_all(copy, connection);
    copy->wire.size = 0;
    copy->rows = 0;
    return connection_finish(connection, sql, fault);
}

void copy_free(struct copy *copy)
{
    pgwire_free(&copy->wire);
    copy->rows = 0;
}
