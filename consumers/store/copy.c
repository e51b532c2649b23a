#include "consumers/store/copy.h"

#include "consumers/store/connection.h"

#include <stdio.h>
#include <stdlib.h>

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

static char *statement_of(const struct copy_into *into)
{
    char *sql;
    if (asprintf(&sql, "COPY %s FROM STDIN (FORMAT binary)", into->target) < 0)
        abort();
    return sql;
}

/* The statements that are not NULL, joined. */
static char *joined(char *const *statements, size_t count)
{
    char *sql = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&sql, &size);
    if (out == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        if (statements[i] != NULL)
            fprintf(out, "%s%s", ftell(out) > 0 ? "; " : "", statements[i]);
    if (fclose(out) != 0)
        abort();
    return sql;
}

bool copy_send(const struct copy_into *into, size_t count, PGconn *connection, struct fault *fault)
{
    char **statements = calloc(count + 1, sizeof *statements);
    if (statements == NULL)
        abort();
    size_t last = count; /* that has rows */
    for (size_t i = 0; i < count; i++)
        if (into[i].copy->rows > 0)
            statements[last = i] = statement_of(&into[i]);
    char *sql = joined(statements, count);
    bool done = last == count || connection_copy(connection, sql, fault);
    for (size_t i = 0; i < count && done; i++) {
        if (statements[i] == NULL)
            continue;
        put_all(into[i].copy, connection);
        copy_clear(into[i].copy);
        done = connection_copied(connection, statements[i], i == last, fault);
    }
    for (size_t i = 0; i < count; i++)
        free(statements[i]);
    free(statements);
    free(sql);
    return done;
}

void copy_free(struct copy *copy)
{
    pgwire_free(&copy->wire);
    copy->rows = 0;
}
