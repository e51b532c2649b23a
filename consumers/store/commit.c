/*
 * The transaction of a batch, from BEGIN to COMMIT:
 *
 *   name the batch                    record.batch_name
 *   move its partitions on            record.advance: compare-and-swap, or fenced
 *   lock its services, then governance, shared        record.lock_services
 *     (governance batch: governance, alone            record.lock_governance)
 *   load governance up to the head; bring the services forward; fold; gather all rows
 *   COPY                              the ledger first
 *   raise the services' versions      record.store_services
 *   take a position                   record.append_commit: the one lock that orders all commits
 *   COMMIT                            nothing in between
 */
#include "consumers/store/connection.h"
#include "consumers/store/ledger.h"
#include "consumers/store/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The services a batch concerns, and what their rows say under lock. */
struct hold {
    const char **names;
    size_t count;
    struct locked *locked; /* texts point into `result` */
    PGresult *result;
    int64_t head; /* position of the last governance commit */
};

static void hold_free(struct hold *hold)
{
    free(hold->names);
    free(hold->locked);
    PQclear(hold->result);
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void gather_names(struct hold *hold, const struct taken *records, size_t count)
{
    hold->names = calloc(count + 1, sizeof *hold->names);
    if (hold->names == NULL)
        abort();
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const char *name =
            records[i].verdict == VERDICT_ACCEPTED ? taken_service(&records[i]) : NULL;
        /* Records of a partition often follow one another for one service. */
        if (name != NULL && (found == 0 || strcmp(hold->names[found - 1], name) != 0))
            hold->names[found++] = name;
    }
    qsort(hold->names, found, sizeof *hold->names, compare_names);
    for (size_t i = 0; i < found; i++)
        if (hold->count == 0 || strcmp(hold->names[hold->count - 1], hold->names[i]) != 0)
            hold->names[hold->count++] = hold->names[i];
}

/* Rows of (service, version, governance, head) to hold->locked. */
static void hold_rows(struct hold *hold, PGresult *result)
{
    hold->result = result;
    hold->count = (size_t)PQntuples(result);
    hold->locked = calloc(hold->count + 1, sizeof *hold->locked);
    if (hold->locked == NULL)
        abort();
    for (size_t i = 0; i < hold->count; i++) {
        int row = (int)i;
        hold->locked[i] = (struct locked){result_text(result, row, 0), result_int8(result, row, 1),
                                          result_int8(result, row, 2)};
        hold->head = result_int8(result, row, 3);
    }
}

static bool lock_services(struct hold *hold, PGconn *connection, struct fault *fault)
{
    struct request request = {0};
    struct pgwire *wire = request_next(&request);
    size_t mark = pgwire_array(wire, PGWIRE_TEXT, hold->count);
    for (size_t i = 0; i < hold->count; i++)
        pgwire_text(wire, hold->names[i]);
    pgwire_array_end(wire, mark);
    size_t wanted = hold->count;
    PGresult *result = connection_call(connection, fault, PGRES_TUPLES_OK,
                                       "SELECT service, version, governance, head"
                                       " FROM record.lock_services($1) ORDER BY service COLLATE "
                                       "\"C\"",
                                       &request);
    request_free(&request);
    if (result == NULL)
        return false;
    hold_rows(hold, result);
    assert(hold->count == wanted);
    return true;
}

/* Calls a function of (text[], bigint) on some of the held services. */
static bool mark_services(const struct hold *hold, const bool *chosen, bool which, const char *sql,
                          PGconn *connection, struct fault *fault)
{
    size_t count = 0;
    for (size_t i = 0; i < hold->count; i++)
        count += chosen[i] == which;
    if (count == 0)
        return true;
    struct request request = {0};
    struct pgwire *wire = request_next(&request);
    size_t mark = pgwire_array(wire, PGWIRE_TEXT, count);
    for (size_t i = 0; i < hold->count; i++)
        if (chosen[i] == which)
            pgwire_text(wire, hold->locked[i].service);
    pgwire_array_end(wire, mark);
    pgwire_int8(request_next(&request), hold->head);
    PGresult *result = connection_call(connection, fault, PGRES_TUPLES_OK, sql, &request);
    request_free(&request);
    PQclear(result);
    return result != NULL;
}

static const char STORE_SERVICES[] = "SELECT record.store_services($1, $2)";
static const char SKIP_SERVICES[] = "SELECT record.skip_services($1, $2)";

static bool append_commit(PGconn *connection, int64_t batch, bool governance, bool replay,
                          int64_t *position, struct fault *fault)
{
    struct request request = {0};
    pgwire_int8(request_next(&request), batch);
    pgwire_bool(request_next(&request), governance);
    pgwire_bool(request_next(&request), replay);
    PGresult *result =
        connection_call(connection, fault, PGRES_TUPLES_OK,
                        "SELECT commit_position FROM record.append_commit($1, $2, $3)", &request);
    request_free(&request);
    if (result == NULL)
        return false;
    *position = result_int8(result, 0, 0);
    PQclear(result);
    return connection_command(connection, "COMMIT", fault);
}

/* One bigint from a statement without parameters. */
static bool ask_number(PGconn *connection, const char *sql, int64_t *number, struct fault *fault)
{
    PGresult *result = connection_call(connection, fault, PGRES_TUPLES_OK, sql, NULL);
    if (result == NULL)
        return false;
    *number = result_int8(result, 0, 0);
    PQclear(result);
    return true;
}

static bool commit_services(struct store *store, PGconn *connection, int64_t batch,
                            struct taken *records, size_t count, bool replay, struct hold *hold,
                            int64_t *position, struct fault *fault)
{
    struct fold *fold = store_fold(store);
    gather_names(hold, records, count);
    /* Also without services: the share lock keeps governance from counting on this position. */
    if (!lock_services(hold, connection, fault) ||
        !governance_log_load(fold_governance(fold), connection, store_topics(store), hold->head,
                             fault) ||
        !fold_services(fold, connection, batch, records, count, hold->locked, hold->count,
                       hold->head, fault))
        return false;
    bool *all = calloc(hold->count + 1, sizeof *all);
    if (all == NULL)
        abort();
    bool done = copies_send(fold_copies(fold), connection, fault) &&
                mark_services(hold, all, false, STORE_SERVICES, connection, fault) &&
                append_commit(connection, batch, false, replay, position, fault);
    free(all);
    return done;
}

static bool commit_governance(struct store *store, PGconn *connection, int64_t batch,
                              struct taken *records, size_t count, bool replay, int64_t *position,
                              struct fault *fault)
{
    struct fold *fold = store_fold(store);
    int64_t head;
    int64_t last;
    /* While governance is held alone no other batch can be on its way to a position. */
    if (!ask_number(connection, "SELECT record.lock_governance()", &head, fault) ||
        !ask_number(connection, "SELECT position FROM record.commit_head", &last, fault) ||
        !governance_log_load(fold_governance(fold), connection, store_topics(store), head, fault) ||
        !fold_governance_facts(fold, connection, batch, last + 1, records, count, fault) ||
        !copies_send(fold_copies(fold), connection, fault) ||
        !append_commit(connection, batch, true, replay, position, fault))
        return false;
    assert(*position == last + 1);
    return true;
}

bool store_commit(struct store *store, struct taken *records, size_t count,
                  const struct take *takes, size_t take_count, int64_t *position,
                  struct fault *fault)
{
    PGconn *connection = store_connection(store, fault);
    if (connection == NULL)
        return false;
    bool replay = take_count == 0;
    bool governance = false;
    for (size_t i = 0; i < count && !governance; i++)
        governance = records[i].verdict == VERDICT_ACCEPTED && taken_service(&records[i]) == NULL;
    qsort(records, count, sizeof *records, taken_compare);

    int64_t batch = 0;
    struct hold hold = {0};
    bool done = connection_command(connection, "BEGIN", fault) &&
                ask_number(connection, "SELECT record.batch_name()", &batch, fault) &&
                (replay || ledger_advance(connection, batch, takes, take_count, fault));
    if (done) {
        ledger_write(fold_copies(store_fold(store)), batch, records, count);
        done = governance ? commit_governance(store, connection, batch, records, count, replay,
                                              position, fault)
                          : commit_services(store, connection, batch, records, count, replay, &hold,
                                            position, fault);
    }
    if (done)
        for (size_t i = 0; i < hold.count; i++)
            fold_committed(store_fold(store), hold.locked[i].service, hold.locked[i].version + 1);
    hold_free(&hold);
    if (!done)
        return store_undo(store);
    fold_trim(store_fold(store));
    return true;
}

static bool catch_up_held(struct store *store, PGconn *connection, struct hold *hold, bool *changed,
                          struct fault *fault)
{
    struct fold *fold = store_fold(store);
    if (!governance_log_load(fold_governance(fold), connection, store_topics(store), hold->head,
                             fault))
        return false;
    for (size_t i = 0; i < hold->count; i++)
        if (!fold_catch_up(fold, connection, &hold->locked[i], hold->head, &changed[i], fault))
            return false;
    return copies_send(fold_copies(fold), connection, fault) &&
           mark_services(hold, changed, true, STORE_SERVICES, connection, fault) &&
           mark_services(hold, changed, false, SKIP_SERVICES, connection, fault) &&
           connection_command(connection, "COMMIT", fault);
}

bool store_catch_up(struct store *store, int most, size_t *done, struct fault *fault)
{
    *done = 0;
    PGconn *connection = store_connection(store, fault);
    if (connection == NULL)
        return false;
    struct request request = {0};
    pgwire_int4(request_next(&request), most);
    PGresult *result = NULL;
    if (connection_command(connection, "BEGIN", fault))
        result = connection_call(connection, fault, PGRES_TUPLES_OK,
                                 "SELECT service, version, governance, head"
                                 " FROM record.lock_lagging($1)",
                                 &request);
    request_free(&request);
    if (result == NULL)
        return store_undo(store);
    struct hold hold = {0};
    hold_rows(&hold, result);
    bool *changed = calloc(hold.count + 1, sizeof *changed);
    if (changed == NULL)
        abort();
    bool worked = hold.count == 0 ? connection_command(connection, "COMMIT", fault)
                                  : catch_up_held(store, connection, &hold, changed, fault);
    if (worked) {
        *done = hold.count;
        for (size_t i = 0; i < hold.count; i++)
            if (changed[i])
                fold_committed(store_fold(store), hold.locked[i].service,
                               hold.locked[i].version + 1);
    }
    free(changed);
    hold_free(&hold);
    if (!worked)
        return store_undo(store);
    fold_trim(store_fold(store));
    return true;
}
