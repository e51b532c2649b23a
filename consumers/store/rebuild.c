/*
 * Everything derived, again, from the ledger and the commit log: position by position, with the
 * code that folded it the first time, so that it arrives at the same rows.
 */
#include "consumers/store/connection.h"
#include "consumers/store/kin_set.h"
#include "consumers/store/store.h"
#include "consumers/store/stored.h"
#include "runtime/stop.h"

#include <stdlib.h>
#include <string.h>

struct rebuild {
    struct store *store;
    PGconn *connection;
    struct arena *arena;
    int64_t head;            /* position of the last governance commit folded */
    struct locked *services; /* every service met, by name; texts owned */
    size_t count;
};

static const size_t ARENA_CAP = (size_t)1 << 30; /* as a replay may have had */
static const size_t SEND_BYTES = 8 << 20;        /* rows kept before they are sent */

/* Where the service stands among those met; adds it where it is new. */
static struct locked *meet(struct rebuild *rebuild, const char *name)
{
    size_t low = 0;
    size_t high = rebuild->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(rebuild->services[middle].service, name);
        if (order == 0)
            return &rebuild->services[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    rebuild->services =
        reallocarray(rebuild->services, rebuild->count + 1, sizeof *rebuild->services);
    if (rebuild->services == NULL)
        abort();
    memmove(&rebuild->services[low + 1], &rebuild->services[low],
            (rebuild->count - low) * sizeof *rebuild->services);
    char *copied = strdup(name);
    if (copied == NULL)
        abort();
    rebuild->services[low] = (struct locked){copied, 0, rebuild->head};
    rebuild->count++;
    return &rebuild->services[low];
}

/* The services of the records and their kin, by name, as a live batch would have locked them. */
static struct locked *hold(struct rebuild *rebuild, const struct stored *stored, size_t *count)
{
    const char **names = calloc(stored->count + 1, sizeof *names);
    if (names == NULL)
        abort();
    size_t found = 0;
    for (size_t i = 0; i < stored->count; i++) {
        const char *name = taken_service(&stored->records[i]);
        if (name != NULL && (found == 0 || strcmp(names[found - 1], name) != 0))
            names[found++] = meet(rebuild, name)->service;
    }
    const char **known = calloc(rebuild->count + 1, sizeof *known);
    struct locked *locked = calloc(rebuild->count + 1, sizeof *locked);
    if (known == NULL || locked == NULL)
        abort();
    for (size_t i = 0; i < rebuild->count; i++)
        known[i] = rebuild->services[i].service;
    struct kin_set kin;
    kin_set_gather(&kin, fold_governance(store_fold(rebuild->store)), names, found, known,
                   rebuild->count);
    *count = 0;
    for (size_t i = 0; i < rebuild->count; i++) {
        if (!kin_set_holds(&kin, known[i]))
            continue;
        locked[(*count)++] = rebuild->services[i];
        rebuild->services[i].governance = rebuild->head; /* where folding leaves it */
    }
    kin_set_free(&kin);
    free(known);
    free(names);
    return locked;
}

static bool fold_commit(struct rebuild *rebuild, int64_t position, int64_t batch, bool governance,
                        bool replay, struct fault *fault)
{
    struct fold *fold = store_fold(rebuild->store);
    struct stored stored;
    arena_reset(rebuild->arena);
    if (!stored_batch(&stored, rebuild->connection, store_topics(rebuild->store), batch, replay,
                      rebuild->arena, fault))
        return fault_context(fault, "rebuilding position %lld", (long long)position);
    bool done;
    if (governance) {
        done = fold_governance_facts(fold, rebuild->connection, batch, position, stored.records,
                                     stored.count, fault);
        rebuild->head = position;
    } else {
        size_t count;
        struct locked *locked = hold(rebuild, &stored, &count);
        bool *changed = calloc(count + 1, sizeof *changed);
        if (changed == NULL)
            abort();
        done =
            fold_catch_up(fold, rebuild->connection, locked, count, rebuild->head, changed, fault);
        if (done)
            fold_told(fold, batch, stored.records, stored.count, locked, count, rebuild->head,
                      changed);
        free(changed);
        free(locked);
    }
    struct copies *copies = fold_copies(fold);
    /* Noted environments borrow their texts from services, which may go away now. */
    if (done && (copies_bytes(copies) > SEND_BYTES || copies->environment_count > 0))
        done = copies_send(copies, rebuild->connection, fault);
    stored_free(&stored);
    fold_trim(fold);
    return done;
}

static bool fold_all(struct rebuild *rebuild, void (*progress)(uint64_t, uint64_t),
                     struct fault *fault)
{
    int64_t last = 0;
    int64_t total = 0;
    for (;;) {
        struct request request = {0};
        pgwire_int8(request_next(&request), last);
        PGresult *result = connection_call(
            rebuild->connection, fault, PGRES_TUPLES_OK,
            "SELECT c.position, c.batch, c.governance, c.replay, (SELECT h.position FROM"
            " record.commit_head h) FROM record.commit_log c WHERE c.position > $1"
            " ORDER BY c.position LIMIT 1000",
            &request);
        request_free(&request);
        if (result == NULL)
            return false;
        int rows = PQntuples(result);
        bool done = true;
        for (int row = 0; row < rows && done; row++) {
            if (stop_requested()) {
                done = fault_set(fault, FAULT_FATAL, "stopped at position %lld", (long long)last);
                break;
            }
            last = result_int8(result, row, 0);
            total = result_int8(result, row, 4);
            done = fold_commit(rebuild, last, result_int8(result, row, 1),
                               result_bool(result, row, 2), result_bool(result, row, 3), fault);
            if (progress != NULL)
                progress((uint64_t)last, (uint64_t)total);
        }
        PQclear(result);
        if (!done || rows == 0)
            return done;
    }
}

/* All services forward to the last governance commit, and their rows saying so. */
static bool finish(struct rebuild *rebuild, struct fault *fault)
{
    struct fold *fold = store_fold(rebuild->store);
    /* All at once where some inherit; else each alone, so that memory stays bounded. */
    size_t at_once = governance_log_inherits(fold_governance(fold)) ? rebuild->count : 1;
    bool *changed = calloc(rebuild->count + 1, sizeof *changed);
    if (changed == NULL)
        abort();
    bool done = true;
    for (size_t i = 0; i < rebuild->count && done; i += at_once) {
        done = fold_catch_up(fold, rebuild->connection, &rebuild->services[i], at_once,
                             rebuild->head, changed, fault) &&
               copies_send(fold_copies(fold), rebuild->connection, fault);
        fold_trim(fold);
    }
    free(changed);
    if (!done)
        return false;
    PGresult *result = connection_call(
        rebuild->connection, fault, PGRES_TUPLES_OK,
        "SELECT record.store_services((SELECT array_agg(service) FROM record.service),"
        " (SELECT position FROM record.governance_head))",
        NULL);
    PQclear(result);
    return result != NULL && connection_command(rebuild->connection, "COMMIT", fault);
}

bool store_rebuild(struct store *store, void (*progress)(uint64_t done, uint64_t total),
                   struct fault *fault)
{
    struct rebuild rebuild = {.store = store, .connection = store_connection(store, fault)};
    if (rebuild.connection == NULL)
        return false;
    rebuild.arena = arena_new(ARENA_CAP);
    fold_forget(store_fold(store));
    bool begun =
        connection_command(rebuild.connection, "BEGIN; SET LOCAL statement_timeout = 0", fault);
    if (begun) {
        PGresult *result = connection_call(rebuild.connection, fault, PGRES_TUPLES_OK,
                                           "SELECT record.require_ledger()", NULL);
        begun = result != NULL;
        PQclear(result);
    }
    if (begun) {
        struct request request = {0};
        pgwire_int4(request_next(&request), STORE_DERIVATION);
        PGresult *result = connection_call(rebuild.connection, fault, PGRES_TUPLES_OK,
                                           "SELECT record.forget_derived($1)", &request);
        request_free(&request);
        begun = result != NULL;
        PQclear(result);
    }
    bool done = begun && fold_all(&rebuild, progress, fault) && finish(&rebuild, fault);
    if (!done)
        store_undo(store);
    fold_forget(store_fold(store)); /* versions have moved under it */
    for (size_t i = 0; i < rebuild.count; i++)
        free((char *)(uintptr_t)rebuild.services[i].service);
    free(rebuild.services);
    arena_free(rebuild.arena);
    return done;
}
