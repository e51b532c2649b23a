#include "consumers/store/service.h"

#include "consumers/store/connection.h"
#include "proto/codec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const size_t ARENA_CAP = 64 << 20;

struct service *services_get(struct services *services, const char *name)
{
    struct service *service;
    HASH_FIND_STR(services->by_name, name, service);
    if (service == NULL) {
        service = calloc(1, sizeof *service);
        if (service == NULL || (service->name = strdup(name)) == NULL)
            abort();
        HASH_ADD_KEYPTR(hh, services->by_name, service->name, strlen(service->name), service);
    }
    service->used = services->clock;
    return service;
}

struct pair *service_pair(struct service *service, const char *environment)
{
    for (size_t i = 0; i < service->pair_count; i++)
        if (strcmp(pair_environment(service->pairs[i]), environment) == 0)
            return service->pairs[i];
    service->pairs = reallocarray(service->pairs, service->pair_count + 1, sizeof *service->pairs);
    if (service->pairs == NULL)
        abort();
    struct pair *pair = pair_new(service->name, environment);
    service->pairs[service->pair_count++] = pair;
    return pair;
}

void service_unload(struct services *services, struct service *service)
{
    posture_service_free(service->posture);
    service->posture = NULL;
    heard_free(service->heard);
    service->heard = NULL;
    for (size_t i = 0; i < service->pair_count; i++)
        pair_free(service->pairs[i]);
    free(service->pairs);
    service->pairs = NULL;
    service->pair_count = 0;
    services->memory -= service->memory;
    service->memory = 0;
}

void services_settle(struct services *services, struct service *service)
{
    services->memory -= service->memory;
    service->memory = service->posture == NULL ? 0 : posture_service_memory(service->posture);
    services->memory += service->memory;
}

void services_trim(struct services *services)
{
    while (services->memory > services->cap) {
        struct service *oldest = NULL;
        for (struct service *at = services->by_name; at != NULL; at = at->hh.next)
            if (at->posture != NULL && at->used != services->clock &&
                (oldest == NULL || at->used < oldest->used))
                oldest = at;
        if (oldest == NULL)
            return;
        service_unload(services, oldest);
    }
}

void services_free(struct services *services)
{
    struct service *service;
    struct service *next;
    HASH_ITER(hh, services->by_name, service, next)
    {
        HASH_DEL(services->by_name, service);
        service_unload(services, service);
        free(service->name);
        free(service);
    }
}

/* ---- loading ---- */

struct loading {
    struct service *service;
    PGconn *connection;
    struct topics *topics;
    int64_t position;
    struct fault *fault;
};

/* Asks about the service: $1 its name, $2 the position up to which batches count. */
static PGresult *ask(const struct loading *loading, const char *sql)
{
    struct request request = {0};
    pgwire_text(request_next(&request), loading->service->name);
    if (strstr(sql, "$2") != NULL)
        pgwire_int8(request_next(&request), loading->position);
    PGresult *result =
        connection_call(loading->connection, loading->fault, PGRES_TUPLES_OK, sql, &request);
    request_free(&request);
    return result;
}

/* Names get the numbers they have in the record: mentioned in order, before any fact. */
static bool load_names(const struct loading *loading)
{
    struct posture_service *posture = loading->service->posture;
    PGresult *streams = ask(loading, "SELECT environment, \"check\", subject FROM record.stream"
                                     " WHERE service = $1 ORDER BY stream");
    PGresult *tools = streams == NULL ? NULL
                                      : ask(loading, "SELECT name, version FROM record.tool"
                                                     " WHERE service = $1 ORDER BY tool");
    PGresult *cells = tools == NULL
                          ? NULL
                          : ask(loading, "SELECT environment, standard, control FROM record.cell"
                                         " WHERE service = $1 ORDER BY environment, cell");
    for (int row = 0; cells != NULL && row < PQntuples(streams); row++) {
        uint32_t number =
            posture_stream(posture, result_text(streams, row, 0), result_text(streams, row, 1),
                           result_text(streams, row, 2), NULL);
        assert(number == (uint32_t)row);
    }
    for (int row = 0; cells != NULL && row < PQntuples(tools); row++)
        posture_tool(posture, result_text(tools, row, 0), result_text(tools, row, 1), NULL);
    for (int row = 0; cells != NULL && row < PQntuples(cells); row++)
        posture_cell(posture, result_text(cells, row, 0), result_text(cells, row, 1),
                     result_text(cells, row, 2), NULL);
    PQclear(streams);
    PQclear(tools);
    PQclear(cells);
    return cells != NULL;
}

static bool load_fact(const struct loading *loading, const PGresult *result, int row,
                      struct arena *arena)
{
    const struct topic *topic = topics_numbered(loading->topics, loading->connection,
                                                result_int2(result, row, 0), loading->fault);
    if (topic == NULL)
        return false;
    size_t size;
    const uint8_t *value = result_bytes(result, row, 5, &size);
    arena_reset(arena);
    Assay__V1__Event *event = codec_decode(value, size, arena, loading->fault);
    if (event == NULL) {
        loading->fault->reaction = FAULT_FATAL;
        return fault_context(loading->fault, "a fact of service %s, topic %s, offset %lld",
                             loading->service->name, topic->name,
                             (long long)result_int8(result, row, 3));
    }
    const uint8_t *digest = result_bytes(result, row, 6, &size); /* of what was received */
    assert(size == 16);
    struct posture_record record = {
        .topic = topic->number,
        .partition = result_int4(result, row, 1),
        .incarnation = result_int4(result, row, 2),
        .offset = result_int8(result, row, 3),
        .batch = result_int8(result, row, 4),
        .team = topic->team,
    };
    posture_add_fact(loading->service->posture, event, digest, &record);
    return true;
}

static bool load_facts(const struct loading *loading)
{
    PGresult *result =
        ask(loading, "SELECT f.topic, f.partition, f.incarnation, f.\"offset\", f.batch, f.value,"
                     " f.digest"
                     " FROM record.fact f LEFT JOIN record.commit_log c ON c.batch = f.batch"
                     " WHERE f.service = $1 AND coalesce(c.position, 0) <= $2"
                     " ORDER BY c.position, f.topic, f.partition, f.\"offset\"");
    if (result == NULL)
        return false;
    struct arena *arena = arena_new(ARENA_CAP);
    bool done = true;
    for (int row = 0; row < PQntuples(result) && done; row++)
        done = load_fact(loading, result, row, arena);
    arena_free(arena);
    PQclear(result);
    return done;
}

enum { HISTORY_ARRAYS = 12 };

/* One packed row of results: twelve arrays walked in step, some of one element for all. */
static bool load_history_row(const struct loading *loading, const PGresult *result, int row)
{
    struct array_reader columns[HISTORY_ARRAYS];
    for (int i = 0; i < HISTORY_ARRAYS; i++) {
        size_t size;
        const uint8_t *field = result_bytes(result, row, i + 1, &size);
        columns[i] = array_open(field, size);
    }
    const uint8_t *at[HISTORY_ARRAYS] = {NULL};
    while (columns[0].left > 0) {
        for (int i = 0; i < HISTORY_ARRAYS; i++) {
            size_t size;
            if (columns[i].left > 0) /* else the one element stands for all */
                at[i] = array_next(&columns[i], &size);
        }
        const struct topic *topic = topics_numbered(loading->topics, loading->connection,
                                                    pgwire_read16(at[8]), loading->fault);
        if (topic == NULL)
            return false;
        struct posture_result fact = {
            .order = {.occurred_at = pgwire_read_instant(at[1]),
                      .sequence = (uint64_t)pgwire_read64(at[2])},
            .result = (Assay__V1__Result)pgwire_read16(at[3]),
            .expires_at = pgwire_read_instant(at[6]),
            .tool = pgwire_read32(at[7]) < 0 ? POSTURE_NO_TOOL : (uint32_t)pgwire_read32(at[7]),
            .record = {.topic = topic->number,
                       .partition = pgwire_read32(at[9]),
                       .incarnation = pgwire_read32(at[10]),
                       .offset = pgwire_read64(at[11]),
                       .batch = result_int8(result, row, 0),
                       .team = topic->team},
        };
        memcpy(fact.order.id.bytes, at[4], 16);
        memcpy(fact.order.digest, at[5], 16);
        posture_add_result(loading->service->posture, (uint32_t)pgwire_read32(at[0]), &fact);
    }
    return true;
}

static bool load_history(const struct loading *loading)
{
    PGresult *result = ask(
        loading, "SELECT h.batch, h.stream, h.occurred_at, h.sequence, h.result, h.id, h.digest,"
                 " h.expires_at, h.tool, h.topic, h.partition, h.incarnation, h.\"offset\""
                 " FROM record.history h LEFT JOIN record.commit_log c ON c.batch = h.batch"
                 " WHERE h.service = $1 AND coalesce(c.position, 0) <= $2"
                 " ORDER BY h.environment, h.seq");
    if (result == NULL)
        return false;
    bool done = true;
    for (int row = 0; row < PQntuples(result) && done; row++)
        done = load_history_row(loading, result, row);
    PQclear(result);
    return done;
}

/*
 * When a transition that time alone causes was first known follows from no fact: it is read back.
 * Told in the order of the rows, so that the last to speak of a step counts; of steps that are no
 * more, posture takes no notice.
 */
static bool load_known(const struct loading *loading)
{
    PGresult *result =
        ask(loading, "SELECT t.environment, s.cell, s.at, coalesce(s.known, t.batch)"
                     " FROM record.timeline t,"
                     " unnest(t.cell, t.at, t.status, t.flags, t.cause, t.known)"
                     " AS s (cell, at, status, flags, cause, known) WHERE t.service = $1"
                     " AND s.status >= 0 AND s.flags & 1 = 1 AND s.cause IS NULL"
                     " ORDER BY t.environment, t.seq");
    if (result == NULL)
        return false;
    for (int row = 0; row < PQntuples(result); row++) {
        size_t size;
        posture_restore_known(loading->service->posture, result_text(result, row, 0),
                              (uint32_t)result_int4(result, row, 1),
                              pgwire_read_instant(result_bytes(result, row, 2, &size)),
                              result_int8(result, row, 3));
    }
    PQclear(result);
    return true;
}

static bool load_counters(const struct loading *loading)
{
    PGresult *result =
        ask(loading,
            "SELECT e.environment, max(e.seq),"
            " (SELECT t.weight FROM record.timeline t WHERE t.service = $1"
            "  AND t.environment = e.environment AND t.keyframe ORDER BY t.seq DESC LIMIT 1),"
            " (SELECT CASE WHEN t.keyframe THEN 0 ELSE t.weight END FROM record.timeline t"
            "  WHERE t.service = $1 AND t.environment = e.environment ORDER BY t.seq DESC LIMIT 1),"
            " (SELECT t.horizon FROM record.timeline t WHERE t.service = $1"
            "  AND t.environment = e.environment ORDER BY t.seq DESC LIMIT 1),"
            " (SELECT t.complete_from FROM record.timeline t WHERE t.service = $1"
            "  AND t.environment = e.environment AND t.keyframe ORDER BY t.seq DESC LIMIT 1)"
            " FROM (SELECT environment, max(seq) AS seq FROM record.history WHERE service = $1"
            "  GROUP BY 1 UNION ALL SELECT environment, max(seq) FROM record.timeline"
            "  WHERE service = $1 GROUP BY 1 UNION ALL SELECT environment, max(seq)"
            "  FROM record.standing WHERE service = $1 GROUP BY 1 UNION ALL SELECT environment,"
            "  max(seq) FROM record.unmapped WHERE service = $1 GROUP BY 1) e GROUP BY 1");
    if (result == NULL)
        return false;
    for (int row = 0; row < PQntuples(result); row++) {
        struct pair_state state = {
            .seq = result_int4(result, row, 1) + 1,
            .keyframe_weight = -1,
            .horizon = INSTANT_BEGIN,
            .complete_from = INSTANT_BEGIN,
        };
        if (!result_null(result, row, 2)) {
            size_t size;
            state.keyframe_weight = result_int4(result, row, 2);
            state.weight = result_int4(result, row, 3);
            state.horizon = pgwire_read_instant(result_bytes(result, row, 4, &size));
            state.complete_from = pgwire_read_instant(result_bytes(result, row, 5, &size));
        }
        pair_restore(service_pair(loading->service, result_text(result, row, 0)), state);
    }
    PQclear(result);
    return true;
}

static bool load_heard(const struct loading *loading)
{
    PGresult *result = ask(loading, "SELECT heard, checks FROM record.producer WHERE service = $1");
    if (result == NULL)
        return false;
    loading->service->heard = heard_new();
    if (PQntuples(result) > 0) {
        size_t size;
        size_t checks_size;
        const uint8_t *bytes = result_bytes(result, 0, 0, &size);
        const uint8_t *checks = result_bytes(result, 0, 1, &checks_size);
        heard_restore(loading->service->heard, bytes, size, array_open(checks, checks_size));
    }
    PQclear(result);
    return true;
}

bool service_read(struct service *service, PGconn *connection, struct topics *topics,
                  int64_t position, struct fault *fault)
{
    assert(service->posture == NULL);
    struct loading loading = {service, connection, topics, position, fault};
    service->posture = posture_service_new(service->name);
    return load_names(&loading) && load_facts(&loading) && load_history(&loading);
}

bool service_resume(struct service *service, PGconn *connection, struct fault *fault)
{
    struct loading loading = {service, connection, NULL, INT64_MAX, fault};
    return load_known(&loading) && load_counters(&loading) && load_heard(&loading);
}

void service_begin(struct service *service)
{
    assert(service->posture == NULL);
    service->posture = posture_service_new(service->name);
    service->heard = heard_new();
}
