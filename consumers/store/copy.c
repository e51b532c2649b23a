#include "consumers/store/copy.h"

#include "consumers/store/connection.h"

#include <stdio.h>

/* libpq copies what it is given into its own buffer: large chunks would be held twice. */
static const size_t CHUNK = 1 << 18;

static const uint8_t HEADER[19] = {'P', 'G', 'C', 'O', 'P', 'Y', '\n', 0xFF, '\r', '\n', 0};

static void begin_row(struct copy *copy)
{
    if (copy->rows++ == 0)
        pgwire_raw(&copy->wire, HEADER, sizeof HEADER);
}

void copy_row(struct copy *copy, int16_t columns)
{
    begin_row(copy);
    pgwire_raw16(&copy->wire, columns);
}

void copy_add(struct copy *copy, const uint8_t *row, size_t size)
{
    begin_row(copy);
    pgwire_raw(&copy->wire, row, size);
}

static size_t row_size(const uint8_t *row)
{
    size_t size = 2;
    for (int16_t columns = pgwire_read16(row); columns > 0; columns--) {
        int32_t field = pgwire_read32(row + size);
        size += 4 + (field < 0 ? 0 : (size_t)field);
    }
    return size;
}

const uint8_t *copy_next(const struct copy *copy, const uint8_t *row, size_t *size)
{
    const uint8_t *end = copy->wire.bytes + copy->wire.size;
    const uint8_t *next =
        row != NULL ? row + *size : copy->wire.bytes + (copy->rows == 0 ? 0 : sizeof HEADER);
    if (copy->rows == 0 || next == end)
        return NULL;
    *size = row_size(next);
    return next;
}

void copy_join(struct copy *copy, struct copy *more)
{
    if (more->rows == 0)
        return;
    begin_row(copy);
    copy->rows += more->rows - 1;
    pgwire_raw(&copy->wire, more->wire.bytes + sizeof HEADER, more->wire.size - sizeof HEADER);
    copy_clear(more);
}

void copy_clear(struct copy *copy)
{
    copy->wire.size = 0;
    copy->rows = 0;
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
    copy_clear(copy);
    return connection_finish(connection, sql, fault);
}

void copy_free(struct copy *copy)
{
    pgwire_free(&copy->wire);
    copy->rows = 0;
}
