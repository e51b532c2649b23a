/*
 * Everything derived, again, from the ledger and the commit log: position by position, with the
 * code that folded it the first time, so that it arrives at the same rows.
 */
#include "consumers/store/connection.h"
#include "consumers/store/kin_set.h"
#include "consumers/store/reading.h"
#include "consumers/store/sharing.h"
#include "consumers/store/store.h"
#include "runtime/stop.h"

#include <stdlib.h>
#include <string.h>

struct rebuild {
    struct store *store;
    PGconn *connection;
    struct reading *reading;
    struct kept *kept;
    int64_t head;            /* position of the last governance commit folded */
    struct locked *services; /* every service met, by name; texts owned */
    size_t count;
};

/* Rows are sent as soon as those before them are, and waited for where there are so many. */
static const size_t UNSENT_MOST = 64 << 20; /* bytes */

/* The version of services that have been held once, and may have rows: they are read where memory
 * has lost them, others begin with nothing. */
enum { WRITTEN = 1 };

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
    size_t found;
    const char **names = taken_services(stored->records, stored->count, &found);
    for (size_t i = 0; i < found; i++)
        names[i] = meet(rebuild, names[i])->service;
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
        rebuild->services[i].version = WRITTEN;
    }
    kin_set_free(&kin);
    free(known);
    free(names);
    return locked;
}

/* What the commit accepted from services, as a live batch would have folded it. */
static bool fold_evidence(struct rebuild *rebuild, const struct commit *commit, struct fault *fault)
{
    struct fold *fold = store_fold(rebuild->store);
    size_t count;
    struct locked *locked = hold(rebuild, &commit->stored, &count);
    bool *changed = calloc(count + 1, sizeof *changed);
    if (changed == NULL)
        abort();
    bool done =
        fold_catch_up(fold, rebuild->connection, locked, count, rebuild->head, changed, fault);
    if (done)
        fold_told(fold, commit->batch, commit->stored.records, commit->stored.count, locked, count,
                  rebuild->head, changed);
    for (size_t i = 0; i < count && done; i++)
        fold_committed(fold, locked[i].service, WRITTEN);
    free(changed);
    free(locked);
    return done;
}

static bool fold_commit(struct rebuild *rebuild, const struct commit *commit, struct fault *fault)
{
    struct fold *fold = store_fold(rebuild->store);
    bool done = true;
    if (commit->governance) {
        fold_governance_facts(fold, commit->batch, commit->position, commit->stored.records,
                              commit->stored.count);
        rebuild->head = commit->position;
    } else {
        done = fold_evidence(rebuild, commit, fault);
    }
    struct copies *copies = fold_copies(fold);
    if (done && (!copies_under_way(copies) || copies_bytes(copies) > UNSENT_MOST))
        done = copies_send_ahead(copies, rebuild->connection, fault);
    fold_trim(fold);
    return done;
}

static bool fold_all(struct rebuild *rebuild, void (*progress)(uint64_t, uint64_t),
                     struct fault *fault)
{
    for (;;) {
        const struct commit *commit;
        if (!reading_next(rebuild->reading, &commit, fault))
            return false;
        if (commit == NULL)
            return true;
        if (stop_requested())
            return fault_set(fault, FAULT_FATAL, "stopped before position %lld",
                             (long long)commit->position);
        if (!fold_commit(rebuild, commit, fault))
            return fault_context(fault, "rebuilding position %lld", (long long)commit->position);
        if (progress != NULL)
            progress((uint64_t)commit->position, (uint64_t)commit->last);
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
    if (!done || !copies_settle(fold_copies(fold), rebuild->connection, fault))
        return false;
    PGresult *result = connection_call(
        rebuild->connection, fault, PGRES_TUPLES_OK,
        "SELECT record.store_services((SELECT array_agg(service) FROM record.service),"
        " (SELECT position FROM record.governance_head))",
        NULL);
    PQclear(result);
    return result != NULL && connection_command(rebuild->connection, "COMMIT", fault);
}

/* Keeps every writer out, and has what is derived emptied while the first commits are read. */
static bool begin(struct rebuild *rebuild, struct fault *fault)
{
    if (!connection_command(rebuild->connection, "BEGIN; SET LOCAL statement_timeout = 0", fault))
        return false;
    PGresult *result = connection_call(rebuild->connection, fault, PGRES_TUPLES_OK,
                                       "SELECT record.require_ledger()", NULL);
    PQclear(result);
    if (result == NULL)
        return false;
    struct copies *copies = fold_copies(store_fold(rebuild->store));
    copies_empty_first(copies, STORE_DERIVATION, rebuild->kept);
    return copies_send_ahead(copies, rebuild->connection, fault);
}

bool store_rebuild(struct store *store, void (*progress)(uint64_t done, uint64_t total),
                   struct fault *fault)
{
    struct rebuild rebuild = {.store = store, .connection = store_connection(store, fault)};
    PGconn *second = rebuild.connection == NULL ? NULL : store_another(store, fault);
    if (second == NULL)
        return false;
    rebuild.reading = reading_new(second);
    rebuild.kept = kept_new();
    fold_forget(store_fold(store));
    fold_with_hands(store_fold(store), sharing_hands());
    bool done =
        begin(&rebuild, fault) && fold_all(&rebuild, progress, fault) && finish(&rebuild, fault);
    reading_free(rebuild.reading);
    if (!done)
        store_undo(store);
    fold_forget(store_fold(store)); /* versions have moved under it */
    fold_with_hands(store_fold(store), 1);
    kept_free(rebuild.kept);
    for (size_t i = 0; i < rebuild.count; i++)
        free((char *)(uintptr_t)rebuild.services[i].service);
    free(rebuild.services);
    return done;
}
