#include "consumers/store/governance_log.h"

#include "consumers/store/connection.h"
#include "proto/codec.h"

#include <assert.h>
#include <stdlib.h>

struct governance_commit {
    int64_t position, batch;
};

struct governance_log {
    struct posture_governance *posture;
    struct governance_commit *commits; /* by position */
    size_t count, room;
    bool inherits;
};

/* What one load decodes at a time lives here; facts are copied by posture. */
static const size_t ARENA_CAP = 64 << 20;

struct governance_log *governance_log_new(void)
{
    struct governance_log *governance = calloc(1, sizeof *governance);
    if (governance == NULL)
        abort();
    governance->posture = posture_governance_new();
    return governance;
}

void governance_log_free(struct governance_log *governance)
{
    if (governance == NULL)
        return;
    posture_governance_free(governance->posture);
    free(governance->commits);
    free(governance);
}

const struct posture_governance *governance_log_posture(const struct governance_log *governance)
{
    return governance->posture;
}

bool governance_log_inherits(const struct governance_log *governance)
{
    return governance->inherits;
}

static void tell(struct governance_log *governance, const Assay__V1__Event *event,
                 const uint8_t digest[static 16], const struct posture_record *record,
                 int64_t position)
{
    if (event->body_case == ASSAY__V1__EVENT__BODY_INHERITANCE)
        governance->inherits = true;
    posture_governance_add(governance->posture, event, digest, record, position);
}

int64_t governance_log_position(const struct governance_log *governance)
{
    return governance->count == 0 ? 0 : governance->commits[governance->count - 1].position;
}

static void add_commit(struct governance_log *governance, int64_t position, int64_t batch)
{
    if (governance_log_position(governance) == position)
        return;
    assert(position > governance_log_position(governance));
    if (governance->count == governance->room) {
        governance->room = governance->room == 0 ? 64 : governance->room * 2;
        governance->commits =
            reallocarray(governance->commits, governance->room, sizeof *governance->commits);
        if (governance->commits == NULL)
            abort();
    }
    governance->commits[governance->count++] = (struct governance_commit){position, batch};
}

static const char LOAD[] = "SELECT c.position, c.batch, f.topic, f.partition, f.incarnation, "
                           "f.\"offset\", f.value, f.digest"
                           " FROM record.commit_log c LEFT JOIN record.fact f"
                           " ON f.batch = c.batch AND f.service IS NULL"
                           " WHERE c.governance AND c.position > $1 AND c.position <= $2"
                           " ORDER BY c.position, f.topic, f.partition, f.\"offset\"";

static bool load_row(struct governance_log *governance, PGconn *connection, struct topics *topics,
                     const PGresult *result, int row, struct arena *arena, struct fault *fault)
{
    int64_t position = result_int8(result, row, 0);
    add_commit(governance, position, result_int8(result, row, 1));
    if (result_null(result, row, 2))
        return true;
    const struct topic *topic =
        topics_numbered(topics, connection, result_int2(result, row, 2), fault);
    if (topic == NULL)
        return false;
    size_t size;
    const uint8_t *value = result_bytes(result, row, 6, &size);
    arena_reset(arena);
    Assay__V1__Event *event = codec_decode(value, size, arena, fault);
    if (event == NULL) {
        fault->reaction =
            FAULT_FATAL; /* it was accepted once: the record or this program is broken */
        return fault_context(fault, "governance at offset %lld of the record",
                             (long long)result_int8(result, row, 5));
    }
    const uint8_t *digest = result_bytes(result, row, 7, &size); /* of what was received */
    assert(size == 16);
    struct posture_record record = {
        .topic = topic->number,
        .partition = result_int4(result, row, 3),
        .incarnation = result_int4(result, row, 4),
        .offset = result_int8(result, row, 5),
        .batch = result_int8(result, row, 1),
        .governance = true,
    };
    tell(governance, event, digest, &record, position);
    return true;
}

bool governance_log_read(struct governance_log *governance, PGconn *connection,
                         struct topics *topics, int64_t position, const struct posture_sink *sink,
                         struct fault *fault)
{
    if (governance_log_position(governance) >= position)
        return true;
    struct request request = {0};
    pgwire_int8(request_next(&request), governance_log_position(governance));
    pgwire_int8(request_next(&request), position);
    PGresult *result = connection_call(connection, fault, PGRES_TUPLES_OK, LOAD, &request);
    request_free(&request);
    if (result == NULL)
        return false;
    struct arena *arena = arena_new(ARENA_CAP);
    bool done = true;
    for (int row = 0; row < PQntuples(result) && done; row++)
        done = load_row(governance, connection, topics, result, row, arena, fault);
    arena_free(arena);
    PQclear(result);
    if (done)
        posture_governance_settle(governance->posture, position, sink);
    return done;
}

bool governance_log_load(struct governance_log *governance, PGconn *connection,
                         struct topics *topics, int64_t position, struct fault *fault)
{
    /* What is reported has been stored by whoever committed it. */
    static const struct posture_sink silent = {0};
    return governance_log_read(governance, connection, topics, position, &silent, fault);
}

void governance_log_commit(struct governance_log *governance, const struct taken *records,
                           size_t count, int64_t batch, int64_t position,
                           const struct posture_sink *sink)
{
    add_commit(governance, position, batch);
    for (size_t i = 0; i < count; i++) {
        if (records[i].verdict != VERDICT_ACCEPTED || records[i].service != NULL)
            continue;
        struct posture_record record = taken_record(&records[i], batch);
        tell(governance, records[i].event, records[i].digest, &record, position);
    }
    posture_governance_settle(governance->posture, position, sink);
}

bool governance_log_next(const struct governance_log *governance, int64_t position, int64_t *next,
                         int64_t *batch)
{
    size_t low = 0;
    size_t high = governance->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (governance->commits[middle].position <= position)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == governance->count)
        return false;
    *next = governance->commits[low].position;
    *batch = governance->commits[low].batch;
    return true;
}
