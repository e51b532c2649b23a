#include "consumers/store/store.h"

#include "consumers/store/connection.h"
#include "consumers/store/ledger.h"
#include "consumers/store/pipeline.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct store {
    char *uri;
    const char *program;
    PGconn *connection; /* NULL: to be opened */
    struct topics topics;
    struct fold *fold;
};

struct store *store_new(const char *uri, const char *program, size_t memory)
{
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        abort();
    store->uri = uri == NULL ? NULL : strdup(uri);
    store->program = program;
    store->fold = fold_new(&store->topics, memory);
    return store;
}

void store_free(struct store *store)
{
    if (store == NULL)
        return;
    fold_free(store->fold);
    topics_free(&store->topics);
    PQfinish(store->connection);
    free(store->uri);
    free(store);
}

/*
 * A new session may be with a server that was failed over or restored, and has lost commits: what
 * was cached of its predecessor is forgotten, and topics' numbers must still be theirs.
 */
static PGconn *reconnect(struct store *store, struct fault *fault)
{
    fold_forget(store->fold);
    PGconn *connection = connection_open(store->uri, store->program, fault);
    if (connection != NULL && !topics_hold(&store->topics, connection, fault)) {
        PQfinish(connection);
        return NULL;
    }
    return connection;
}

PGconn *store_connection(struct store *store, struct fault *fault)
{
    if (store->connection != NULL && PQstatus(store->connection) != CONNECTION_OK) {
        PQfinish(store->connection);
        store->connection = NULL;
    }
    if (store->connection == NULL)
        store->connection = reconnect(store, fault);
    return store->connection;
}

PGconn *store_another(struct store *store, struct fault *fault)
{
    return connection_open(store->uri, store->program, fault);
}

struct fold *store_fold(struct store *store)
{
    return store->fold;
}

struct topics *store_topics(struct store *store)
{
    return &store->topics;
}

bool store_undo(struct store *store)
{
    struct fault ignored;
    copies_await(fold_copies(store->fold)); /* a thread may be using the connection */
    if (store->connection != NULL &&
        (PQstatus(store->connection) != CONNECTION_OK ||
         !connection_command(store->connection, "ROLLBACK", &ignored))) {
        PQfinish(store->connection); /* the server rolls back what it was left with */
        store->connection = NULL;
    }
    fold_forget(store->fold);
    return false;
}

bool store_check(struct store *store, struct fault *fault)
{
    PGconn *connection = store_connection(store, fault);
    if (connection == NULL)
        return false;
    PGresult *result = connection_call(
        connection, fault, PGRES_TUPLES_OK,
        "SELECT to_regclass('record.commit_head') IS NOT NULL,"
        " to_regprocedure('record.refresh_present(text, text, integer)') IS NOT NULL",
        NULL);
    if (result == NULL)
        return false;
    bool there = result_bool(result, 0, 0) && result_bool(result, 0, 1);
    PQclear(result);
    if (!there)
        return fault_set(fault, FAULT_FATAL,
                         "the database has no Assay schema: run assay migrate first");
    result = connection_call(connection, fault, PGRES_TUPLES_OK,
                             "SELECT record.ensure_ledger_partitions()", NULL);
    PQclear(result);
    return result != NULL;
}

bool store_check_derived(struct store *store, struct fault *fault)
{
    if (!store_check(store, fault))
        return false;
    struct request request = {0};
    pgwire_int4(request_next(&request), STORE_DERIVATION);
    PGresult *result = connection_call(store_connection(store, fault), fault, PGRES_TUPLES_OK,
                                       "SELECT record.derivation($1)", &request);
    request_free(&request);
    if (result == NULL)
        return false;
    int32_t version = result_int4(result, 0, 0);
    PQclear(result);
    if (version != STORE_DERIVATION)
        return fault_set(fault, FAULT_FATAL,
                         "what is derived in the database was made by another version of Assay "
                         "(%d, this is %d): run assay rebuild first",
                         (int)version, (int)STORE_DERIVATION);
    return true;
}

const struct topic *store_topic(struct store *store, const char *name, struct fault *fault)
{
    PGconn *connection = store_connection(store, fault);
    return connection == NULL ? NULL : topics_named(&store->topics, connection, name, fault);
}

bool store_claim(struct store *store, int16_t topic, int32_t partition, const char *cluster,
                 struct claim *claim, struct fault *fault)
{
    PGconn *connection = store_connection(store, fault);
    if (connection == NULL)
        return false;
    struct request request = {0};
    pgwire_int2(request_next(&request), topic);
    pgwire_int4(request_next(&request), partition);
    pgwire_text(request_next(&request), cluster);
    PGresult *result =
        connection_call(connection, fault, PGRES_TUPLES_OK,
                        "SELECT incarnation, epoch, next_offset, last_offset, last_digest, cluster,"
                        " halted, reason FROM record.claim($1, $2, $3)",
                        &request);
    request_free(&request);
    if (result == NULL)
        return false;
    *claim = (struct claim){
        .incarnation = result_int4(result, 0, 0),
        .epoch = result_int8(result, 0, 1),
        .next_offset = result_int8(result, 0, 2),
        .last_offset = result_null(result, 0, 3) ? -1 : result_int8(result, 0, 3),
        .halted = result_bool(result, 0, 6),
    };
    size_t size;
    const uint8_t *digest = result_bytes(result, 0, 4, &size);
    if (size == sizeof claim->last_digest)
        memcpy(claim->last_digest, digest, size);
    snprintf(claim->cluster, sizeof claim->cluster, "%s", result_text(result, 0, 5));
    snprintf(claim->reason, sizeof claim->reason, "%s", result_text(result, 0, 7));
    PQclear(result);
    return true;
}

bool store_start_at(struct store *store, int16_t topic, int32_t partition, int64_t epoch,
                    int64_t first, struct fault *fault)
{
    PGconn *connection = store_connection(store, fault);
    if (connection == NULL)
        return false;
    struct request request = {0};
    pgwire_int2(request_next(&request), topic);
    pgwire_int4(request_next(&request), partition);
    pgwire_int8(request_next(&request), epoch);
    pgwire_int8(request_next(&request), first);
    PGresult *result = connection_call(connection, fault, PGRES_TUPLES_OK,
                                       "SELECT record.start_at($1, $2, $3, $4)", &request);
    request_free(&request);
    if (result == NULL)
        return false;
    bool moved = result_bool(result, 0, 0);
    PQclear(result);
    return moved || fault_set(fault, FAULT_FENCED, "the partition has been claimed by another");
}

bool store_halt(struct store *store, int16_t topic, int32_t partition, int64_t epoch,
                const char *reason, struct fault *fault)
{
    PGconn *connection = store_connection(store, fault);
    if (connection == NULL)
        return false;
    struct request request = {0};
    pgwire_int2(request_next(&request), topic);
    pgwire_int4(request_next(&request), partition);
    pgwire_int8(request_next(&request), epoch);
    pgwire_text(request_next(&request), reason);
    PGresult *result = connection_call(connection, fault, PGRES_TUPLES_OK,
                                       "SELECT record.halt($1, $2, $3, $4)", &request);
    request_free(&request);
    PQclear(result);
    return result != NULL;
}

bool store_look(struct store *store, const struct take *held, size_t count, instant seen_at,
                struct fault *fault)
{
    PGconn *connection = store_connection(store, fault);
    if (connection == NULL)
        return false;
    struct request request = {0};
    TAKES(&request, PGWIRE_INT2, pgwire_int2(wire, held[i].topic));
    TAKES(&request, PGWIRE_INT4, pgwire_int4(wire, held[i].partition));
    TAKES(&request, PGWIRE_INT8, pgwire_int8(wire, held[i].epoch));
    TAKES(&request, PGWIRE_INT8, pgwire_int8(wire, held[i].next_offset));
    pgwire_instant(request_next(&request), seen_at);
    PGresult *result =
        pipeline_ask(connection, fault, "SELECT record.look($1, $2, $3, $4, $5)", &request);
    request_free(&request);
    if (result == NULL)
        return false;
    int64_t still = result_int8(result, 0, 0);
    PQclear(result);
    if (still != (int64_t)count)
        return fault_set(fault, FAULT_FENCED,
                         "another aggregator holds %lld of this one's partitions, an operator has "
                         "reopened them, or the database is one that has taken less",
                         (long long)((int64_t)count - still));
    return true;
}

bool store_lagging(struct store *store, bool *lagging, struct fault *fault)
{
    PGconn *connection = store_connection(store, fault);
    if (connection == NULL)
        return false;
    PGresult *result = pipeline_ask(connection, fault,
                                    "SELECT EXISTS (SELECT FROM record.service s WHERE"
                                    " s.governance < (SELECT g.position FROM"
                                    " record.governance_head g))",
                                    NULL);
    *lagging = result != NULL && result_bool(result, 0, 0);
    PQclear(result);
    return result != NULL;
}

bool store_settled(struct store *store)
{
    bool lagging;
    struct fault ignored;
    return store_lagging(store, &lagging, &ignored) && !lagging;
}

bool store_reopen(struct store *store, const char *topic, int32_t partition, bool resume,
                  int32_t *incarnation, struct fault *fault)
{
    PGconn *connection = store_connection(store, fault);
    if (connection == NULL)
        return false;
    struct request request = {0};
    pgwire_text(request_next(&request), topic);
    pgwire_int4(request_next(&request), partition);
    PGresult *result = connection_call(
        connection, fault, PGRES_TUPLES_OK,
        resume ? "SELECT record.resume($1, $2)" : "SELECT record.reopen($1, $2)", &request);
    request_free(&request);
    if (result == NULL)
        return false;
    *incarnation = result_null(result, 0, 0) ? 0 : result_int4(result, 0, 0);
    PQclear(result);
    return true;
}
