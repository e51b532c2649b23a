#include "consumers/store/kept.h"

#include "consumers/posture/index.h"
#include "consumers/store/connection.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TABLES = 3 };

/* Of a table with more rows nothing is kept: reading them would take too much memory. */
static const uint32_t ROWS_MOST = 1 << 20;

struct table {
    const char *target;
    struct pgwire rows; /* as COPY's binary format has them, one after the other */
    size_t *starts;     /* of each, and where the last one ends */
    bool *made;         /* which have been made again */
    uint32_t count, made_count;
    struct index index;
    bool renewed; /* nothing is kept any more */
};

struct kept {
    struct table tables[TABLES];
    size_t count;
};

struct kept *kept_new(void)
{
    struct kept *kept = calloc(1, sizeof *kept);
    if (kept == NULL)
        abort();
    return kept;
}

static void forget_rows(struct table *table)
{
    pgwire_free(&table->rows);
    free(table->starts);
    free(table->made);
    index_free(&table->index);
    *table = (struct table){.target = table->target, .renewed = true};
}

void kept_free(struct kept *kept)
{
    if (kept == NULL)
        return;
    for (size_t i = 0; i < kept->count; i++)
        forget_rows(&kept->tables[i]);
    free(kept);
}

/* ---- what is there ---- */

static uint32_t hash_of(const void *owner, uint32_t number)
{
    const struct table *table = owner;
    return hash_bytes(table->rows.bytes + table->starts[number],
                      table->starts[number + 1] - table->starts[number]);
}

static void add_rows(struct table *table, const PGresult *result)
{
    table->count = (uint32_t)PQntuples(result);
    table->starts = calloc(table->count + 1u, sizeof *table->starts);
    table->made = calloc(table->count + 1u, sizeof *table->made);
    if (table->starts == NULL || table->made == NULL)
        abort();
    for (uint32_t i = 0; i < table->count; i++) {
        pgwire_raw16(&table->rows, (int16_t)PQnfields(result));
        for (int column = 0; column < PQnfields(result); column++) {
            size_t size;
            const uint8_t *field = result_bytes(result, (int)i, column, &size);
            pgwire_bytes(&table->rows, field, size);
        }
        table->starts[i + 1] = table->rows.size;
        index_add(&table->index, hash_of(table, i), i, hash_of, table, NULL);
    }
}

/* "record.table (columns…)" in its two parts. */
static const char *columns_of(const char *target, int *name_size)
{
    const char *columns = strstr(target, " (");
    assert(columns != NULL);
    *name_size = (int)(columns - target);
    return columns + 2;
}

static bool renew(struct table *table, PGconn *connection, struct fault *fault);

bool kept_read(struct kept *kept, const char *target, PGconn *connection, struct fault *fault)
{
    assert(kept->count < TABLES);
    struct table *table = &kept->tables[kept->count++];
    table->target = target;
    char sql[256];
    int name_size;
    const char *columns = columns_of(target, &name_size);
    snprintf(sql, sizeof sql, "SELECT %.*s FROM %.*s LIMIT %u", (int)strcspn(columns, ")"), columns,
             name_size, target, ROWS_MOST + 1);
    PGresult *result = connection_call(connection, fault, PGRES_TUPLES_OK, sql, NULL);
    if (result == NULL)
        return false;
    bool many = (uint32_t)PQntuples(result) > ROWS_MOST;
    if (!many)
        add_rows(table, result);
    PQclear(result);
    return !many || renew(table, connection, fault);
}

/* ---- what comes out ---- */

/* Deletes all that is there and sends what was made again so far. */
static bool renew(struct table *table, PGconn *connection, struct fault *fault)
{
    int name_size;
    columns_of(table->target, &name_size);
    struct request request = {0};
    char name[64];
    snprintf(name, sizeof name, "%.*s", name_size, table->target);
    pgwire_text(request_next(&request), name);
    PGresult *result = connection_call(connection, fault, PGRES_TUPLES_OK,
                                       "SELECT record.forget_names($1)", &request);
    request_free(&request);
    PQclear(result);
    struct copy again = {0};
    for (uint32_t i = 0; i < table->count; i++)
        if (table->made[i])
            copy_add(&again, table->rows.bytes + table->starts[i],
                     table->starts[i + 1] - table->starts[i]);
    forget_rows(table);
    bool done = result != NULL &&
                copy_send(&(struct copy_into){&again, table->target}, 1, connection, fault);
    copy_free(&again);
    return done;
}

/* Where the row is; INDEX_NONE: it is not there. */
static uint32_t find(const struct table *table, const uint8_t *row, size_t size)
{
    uint32_t cursor = hash_bytes(row, size);
    uint32_t number;
    while ((number = index_next(&table->index, &cursor)) != INDEX_NONE)
        if (table->starts[number + 1] - table->starts[number] == size &&
            memcmp(table->rows.bytes + table->starts[number], row, size) == 0)
            break;
    return number;
}

/* Marks the rows of a copy, or takes the marks back; ends where one is not there: false. */
static bool mark(struct table *table, const struct copy *copy, bool made)
{
    size_t size = 0;
    for (const uint8_t *row = NULL; (row = copy_next(copy, row, &size)) != NULL;) {
        uint32_t number = find(table, row, size);
        if (number == INDEX_NONE)
            return false;
        assert(table->made[number] != made); /* names are made once */
        table->made[number] = made;
        table->made_count += made ? 1 : UINT32_MAX;
    }
    return true;
}

bool kept_send(struct kept *kept, const char *target, struct copy *copy, PGconn *connection,
               struct fault *fault)
{
    struct table *table = kept->tables;
    while (table->target != target)
        table++;
    if (!table->renewed && mark(table, copy, true)) {
        copy_clear(copy);
        return true;
    }
    if (!table->renewed) {
        mark(table, copy, false);
        if (!renew(table, connection, fault))
            return false;
    }
    return copy_send(&(struct copy_into){copy, target}, 1, connection, fault);
}

bool kept_settle(struct kept *kept, PGconn *connection, struct fault *fault)
{
    for (size_t i = 0; i < kept->count; i++) {
        struct table *table = &kept->tables[i];
        if (!table->renewed && table->made_count < table->count && !renew(table, connection, fault))
            return false;
    }
    return true;
}
