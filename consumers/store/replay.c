/*
 * Refused records judged again: the bytes are the ledger's, the validator is today's, and the new
 * verdict stands at a new position. What it accepts is folded as if it came now.
 */
#include "consumers/store/connection.h"
#include "consumers/store/store.h"
#include "consumers/store/stored.h"

#include <stdlib.h>

enum { REPLAY_AT_A_TIME = 64 }; /* with values of several MiB, what one answer may hold */
static const size_t ARENA_CAP = (size_t)1 << 30;

/* Whether the record is, accepted, governance's own: those commit apart. */
static bool of_governance(const struct taken *taken)
{
    return taken->verdict == VERDICT_ACCEPTED && taken->service == NULL;
}

static bool commit_part(struct store *store, const struct stored *stored, bool governance,
                        struct fault *fault)
{
    struct taken *part = calloc(stored->count + 1, sizeof *part);
    if (part == NULL)
        abort();
    size_t count = 0;
    for (size_t i = 0; i < stored->count; i++)
        if (of_governance(&stored->records[i]) == governance)
            part[count++] = stored->records[i];
    int64_t position;
    bool done = count == 0 || store_commit(store, part, count, NULL, 0, &position, fault);
    free(part);
    return done;
}

/* Two replays at once would judge the same records: the session holds a lock until it ends. */
static bool alone(struct store *store, struct fault *fault)
{
    PGconn *connection = store_connection(store, fault);
    if (connection == NULL)
        return false;
    PGresult *result =
        connection_call(connection, fault, PGRES_TUPLES_OK,
                        "SELECT pg_try_advisory_lock(hashtextextended('assay replay', 0))", NULL);
    if (result == NULL)
        return false;
    bool held = result_bool(result, 0, 0);
    PQclear(result);
    return held || fault_set(fault, FAULT_RETRY, "another replay is under way: wait for its end");
}

bool store_replay(struct store *store, const char *topic, int32_t partition, int64_t offset,
                  uint64_t *accepted, uint64_t *refused, struct fault *fault)
{
    *accepted = *refused = 0;
    if (!alone(store, fault))
        return false;
    struct arena *arena = arena_new(ARENA_CAP);
    struct taken last = {0};
    bool done = true;
    for (bool more = true; more && done;) {
        PGconn *connection = store_connection(store, fault);
        struct stored stored;
        arena_reset(arena);
        done =
            connection != NULL && stored_refused(&stored, connection, store_topics(store),
                                                 last.ledger_batch == 0 ? NULL : &last, topic,
                                                 partition, offset, REPLAY_AT_A_TIME, arena, fault);
        if (!done)
            break;
        more = stored.more;
        for (size_t i = 0; i < stored.count; i++)
            *(stored.records[i].verdict == VERDICT_ACCEPTED ? accepted : refused) += 1;
        if (stored.count > 0)
            last = stored.records[stored.count - 1];
        done =
            commit_part(store, &stored, true, fault) && commit_part(store, &stored, false, fault);
        stored_free(&stored);
    }
    arena_free(arena);
    return done;
}
