#include "consumers/store/service.h"

#include "consumers/store/connection.h"
#include "proto/codec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static const size_t ARENA_CAP = 64 << 20;

static struct service *entry_of(struct services *services, const char *name, size_t size,
                                uint32_t hash)
{
    struct service *service;
    HASH_FIND_BYHASHVALUE(hh, services->by_name, name, size, hash, service);
    if (service == NULL) {
        service = calloc(1, sizeof *service);
        if (service == NULL || (service->name = strdup(name)) == NULL)
            abort();
        HASH_ADD_KEYPTR_BYHASHVALUE(hh, services->by_name, service->name, size, hash, service);
    }
    service->used = services->clock;
    return service;
}

struct service *services_get(struct services *services, const char *name)
{
    size_t size = strlen(name);
    uint32_t hash;
    HASH_VALUE(name, size, hash);
    return entry_of(services, name, size, hash);
}

struct service *services_of(struct services *services, const struct taken *taken)
{
    return entry_of(services, taken->service, taken->service_size, taken->service_hash);
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

/* Services that one set of statements reads: few statements. */
enum { TOGETHER = 16 };

struct loading {
    struct service *const *services;
    size_t count;
    PGconn *connection;
    struct topics *topics;
    int64_t position;
    struct fault *fault;
    struct arena *arena; /* of the fact being read */
};

/*
 * What is asked of each of the services, $1, in the order said: the service's place among them,
 * counted from 1, then `columns`. A service at a time, so that PostgreSQL looks into an index for
 * each and sorts nothing, whatever it thinks of the tables.
 */
#define OF_EACH(columns, from_where_order)                                                         \
    "SELECT w.number, x.* FROM unnest($1::text[]) WITH ORDINALITY AS w (service, number)"          \
    " CROSS JOIN LATERAL (SELECT " columns " FROM " from_where_order " OFFSET 0) x"

/* Asks about the services and hands on each row; $2, where there is one, is the position up to
 * which batches count. The first column of what is answered is w.number. */
static bool ask(struct loading *loading, const char *sql, connection_row *each)
{
    const char *names[TOGETHER];
    for (size_t i = 0; i < loading->count; i++)
        names[i] = loading->services[i]->name;
    struct request request = {0};
    request_texts(&request, names, loading->count);
    if (strstr(sql, "$2") != NULL)
        pgwire_int8(request_next(&request), loading->position);
    bool done = connection_each(loading->connection, loading->fault, sql, &request, each, loading);
    request_free(&request);
    return done;
}

static struct service *service_of(const struct loading *loading, const PGresult *result)
{
    int64_t number = result_int8(result, 0, 0);
    assert(number >= 1 && (uint64_t)number <= loading->count);
    return loading->services[number - 1];
}

/* Names get the numbers they have in the record: mentioned in order, before any fact. */
static bool stream_row(void *context, const PGresult *result)
{
    uint32_t number =
        posture_stream(service_of(context, result)->posture, result_text(result, 0, 1),
                       result_text(result, 0, 2), result_text(result, 0, 3), NULL);
    assert(number == (uint32_t)result_int4(result, 0, 4));
    return true;
}

static bool load_streams(struct loading *loading)
{
    return ask(loading,
               OF_EACH("s.environment, s.\"check\", s.subject, s.stream",
                       "record.stream s WHERE s.service = w.service ORDER BY s.stream"),
               stream_row);
}

static bool tool_row(void *context, const PGresult *result)
{
    posture_tool(service_of(context, result)->posture, result_text(result, 0, 1),
                 result_text(result, 0, 2), NULL);
    return true;
}

static bool load_tools(struct loading *loading)
{
    return ask(
        loading,
        OF_EACH("t.name, t.version", "record.tool t WHERE t.service = w.service ORDER BY t.tool"),
        tool_row);
}

static bool cell_row(void *context, const PGresult *result)
{
    posture_cell(service_of(context, result)->posture, result_text(result, 0, 1),
                 result_text(result, 0, 2), result_text(result, 0, 3), NULL);
    return true;
}

static bool load_cells(struct loading *loading)
{
    return ask(loading,
               OF_EACH("c.environment, c.standard, c.control",
                       "record.cell c WHERE c.service = w.service ORDER BY c.environment, c.cell"),
               cell_row);
}

static bool fact_row(void *context, const PGresult *result)
{
    struct loading *loading = context;
    struct service *service = service_of(loading, result);
    const struct topic *topic =
        topics_known(loading->topics, result_int2(result, 0, 1), loading->fault);
    if (topic == NULL)
        return false;
    size_t size;
    const uint8_t *value = result_bytes(result, 0, 6, &size);
    arena_reset(loading->arena);
    Assay__V1__Event *event = codec_decode(value, size, loading->arena, loading->fault);
    if (event == NULL) {
        loading->fault->reaction = FAULT_FATAL;
        return fault_context(loading->fault, "a fact of service %s, topic %s, offset %lld",
                             service->name, topic->name, (long long)result_int8(result, 0, 4));
    }
    const uint8_t *digest = result_bytes(result, 0, 7, &size); /* of what was received */
    assert(size == 16);
    struct posture_record record = {
        .topic = topic->number,
        .partition = result_int4(result, 0, 2),
        .incarnation = result_int4(result, 0, 3),
        .offset = result_int8(result, 0, 4),
        .batch = result_int8(result, 0, 5),
        .team = topic->team,
    };
    posture_add_fact(service->posture, event, digest, &record);
    return true;
}

static bool load_facts(struct loading *loading)
{
    loading->arena = arena_new(ARENA_CAP);
    bool done = ask(loading,
                    OF_EACH("f.topic, f.partition, f.incarnation, f.\"offset\", f.batch, f.value,"
                            " f.digest",
                            "record.fact f LEFT JOIN record.commit_log c ON c.batch = f.batch"
                            " WHERE f.service = w.service AND coalesce(c.position, 0) <= $2"
                            " ORDER BY c.position, f.topic, f.partition, f.\"offset\""),
                    fact_row);
    arena_free(loading->arena);
    return done;
}

enum { HISTORY_ARRAYS = 12 };

/* One packed row of results: twelve arrays walked in step, some of one element for all. */
static bool history_row(void *context, const PGresult *result)
{
    struct loading *loading = context;
    struct service *service = service_of(loading, result);
    struct array_reader columns[HISTORY_ARRAYS];
    for (int i = 0; i < HISTORY_ARRAYS; i++) {
        size_t size;
        const uint8_t *field = result_bytes(result, 0, i + 2, &size);
        columns[i] = array_open(field, size);
    }
    const uint8_t *at[HISTORY_ARRAYS] = {NULL};
    while (columns[0].left > 0) {
        for (int i = 0; i < HISTORY_ARRAYS; i++) {
            size_t size;
            if (columns[i].left > 0) /* else the one element stands for all */
                at[i] = array_next(&columns[i], &size);
        }
        const struct topic *topic =
            topics_known(loading->topics, pgwire_read16(at[8]), loading->fault);
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
                       .batch = result_int8(result, 0, 1),
                       .team = topic->team},
        };
        memcpy(fact.order.id.bytes, at[4], 16);
        memcpy(fact.order.digest, at[5], 16);
        posture_add_result(service->posture, (uint32_t)pgwire_read32(at[0]), &fact);
    }
    return true;
}

static bool load_history(struct loading *loading)
{
    return ask(loading,
               OF_EACH("h.batch, h.stream, h.occurred_at, h.sequence, h.result, h.id,"
                       " h.digest, h.expires_at, h.tool, h.topic, h.partition, h.incarnation,"
                       " h.\"offset\"",
                       "record.history h WHERE h.service = w.service"
                       " AND ($2 = 9223372036854775807 OR coalesce((SELECT c.position"
                       "  FROM record.commit_log c WHERE c.batch = h.batch), 0) <= $2)"
                       " ORDER BY h.environment, h.seq"),
               history_row);
}

enum { KNOWN_ARRAYS = 6 };

/* One row's steps: cell, at, status, flags; cause and known, which may be NULL as a whole. */
static bool known_row(void *context, const PGresult *result)
{
    struct service *service = service_of(context, result);
    const char *environment = result_text(result, 0, 1);
    int64_t batch = result_int8(result, 0, 2);
    struct array_reader columns[KNOWN_ARRAYS] = {0};
    for (int i = 0; i < KNOWN_ARRAYS; i++) {
        size_t size;
        const uint8_t *field = result_bytes(result, 0, i + 3, &size);
        if (!result_null(result, 0, i + 3))
            columns[i] = array_open(field, size);
    }
    while (columns[0].left > 0) {
        const uint8_t *at[KNOWN_ARRAYS] = {NULL};
        for (int i = 0; i < KNOWN_ARRAYS; i++) {
            size_t size;
            if (columns[i].left > 0)
                at[i] = array_next(&columns[i], &size);
        }
        if (pgwire_read16(at[2]) >= 0 && pgwire_read16(at[3]) & 1 && at[4] == NULL)
            posture_restore_known(service->posture, environment, (uint32_t)pgwire_read32(at[0]),
                                  pgwire_read_instant(at[1]),
                                  at[5] == NULL ? batch : pgwire_read64(at[5]));
    }
    return true;
}

/*
 * When a transition that time alone causes was first known follows from no fact: it is read back.
 * Told in the order of the rows, so that the last to speak of a step counts; of steps that are no
 * more, posture takes no notice. Keyframes behind the first row do not say it. Which steps these
 * are is found here: unnested by PostgreSQL they cost more than all else that is loaded.
 */
static bool load_known(struct loading *loading)
{
    return ask(loading,
               OF_EACH("t.environment, t.batch, t.cell, t.at, t.status, t.flags, t.cause, t.known",
                       "record.timeline t WHERE t.service = w.service AND (NOT t.keyframe"
                       " OR t.seq = (SELECT min(f.seq) FROM record.timeline f"
                       "  WHERE f.service = w.service AND f.environment = t.environment))"
                       " ORDER BY t.environment, t.seq"),
               known_row);
}

static bool counters_row(void *context, const PGresult *result)
{
    struct pair_state state = {
        .seq = result_int4(result, 0, 2) + 1,
        .keyframe_weight = -1,
        .horizon = INSTANT_BEGIN,
        .complete_from = INSTANT_BEGIN,
    };
    if (!result_null(result, 0, 3)) {
        size_t size;
        state.keyframe_weight = result_int4(result, 0, 3);
        state.weight = result_int4(result, 0, 4);
        state.horizon = pgwire_read_instant(result_bytes(result, 0, 5, &size));
        state.complete_from = pgwire_read_instant(result_bytes(result, 0, 6, &size));
    }
    struct service *service = service_of(context, result);
    pair_restore(service_pair(service, result_text(result, 0, 1)), state);
    return true;
}

static bool load_counters(struct loading *loading)
{
    return ask(
        loading,
        OF_EACH("e.environment, max(e.seq),"
                " (SELECT t.weight FROM record.timeline t WHERE t.service = w.service"
                "  AND t.environment = e.environment AND t.keyframe ORDER BY t.seq DESC LIMIT 1),"
                " (SELECT CASE WHEN t.keyframe THEN 0 ELSE t.weight END FROM record.timeline t"
                "  WHERE t.service = w.service AND t.environment = e.environment"
                "  ORDER BY t.seq DESC LIMIT 1),"
                " (SELECT t.horizon FROM record.timeline t WHERE t.service = w.service"
                "  AND t.environment = e.environment ORDER BY t.seq DESC LIMIT 1),"
                " (SELECT t.complete_from FROM record.timeline t WHERE t.service = w.service"
                "  AND t.environment = e.environment AND t.keyframe ORDER BY t.seq DESC LIMIT 1)",
                "(SELECT environment, max(seq) AS seq FROM record.history"
                "  WHERE service = w.service GROUP BY 1"
                "  UNION ALL SELECT environment, max(seq) FROM record.timeline"
                "  WHERE service = w.service GROUP BY 1"
                "  UNION ALL SELECT environment, max(seq) FROM record.standing"
                "  WHERE service = w.service GROUP BY 1"
                "  UNION ALL SELECT environment, max(seq) FROM record.unmapped"
                "  WHERE service = w.service GROUP BY 1) e GROUP BY e.environment"),
        counters_row);
}

static bool heard_row(void *context, const PGresult *result)
{
    size_t size;
    size_t checks_size;
    const uint8_t *bytes = result_bytes(result, 0, 1, &size);
    const uint8_t *checks = result_bytes(result, 0, 2, &checks_size);
    heard_restore(service_of(context, result)->heard, bytes, size, array_open(checks, checks_size),
                  (size_t)result_int4(result, 0, 3));
    return true;
}

static bool load_heard(struct loading *loading)
{
    for (size_t i = 0; i < loading->count; i++)
        loading->services[i]->heard = heard_new();
    return ask(loading,
               OF_EACH("p.heard, p.checks, cardinality(p.environments)",
                       "record.producer p WHERE p.service = w.service"),
               heard_row);
}

static bool heard_since_row(void *context, const PGresult *result)
{
    size_t size;
    heard_restore_since(service_of(context, result)->heard, (uint32_t)result_int4(result, 0, 1),
                        result_text(result, 0, 2),
                        pgwire_read_instant(result_bytes(result, 0, 3, &size)),
                        result_int8(result, 0, 4));
    return true;
}

static bool load_heard_since(struct loading *loading)
{
    return ask(loading,
               OF_EACH("n.source, n.\"check\", n.last_event_at, n.results",
                       "record.producer p, record.heard_since(p) n WHERE p.service = w.service"),
               heard_since_row);
}

static int compare_upto(const void *a, const void *b)
{
    const struct heard_upto *x = a, *y = b;
    return strcmp(x->environment, y->environment);
}

void service_heard(struct service *service, struct heard_row **rows)
{
    struct heard_upto *upto = calloc(service->pair_count + 1, sizeof *upto);
    if (upto == NULL)
        abort();
    size_t count = 0;
    for (size_t i = 0; i < service->pair_count; i++)
        if (pair_last(service->pairs[i]) >= 0)
            upto[count++] = (struct heard_upto){pair_environment(service->pairs[i]),
                                                pair_last(service->pairs[i])};
    qsort(upto, count, sizeof *upto, compare_upto);
    heard_write(service->heard, service->name, upto, count, rows);
    free(upto);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

bool service_read(struct service *const *services, size_t count, PGconn *connection,
                  struct topics *topics, int64_t position, struct fault *fault)
{
    bool done = topics_every(topics, connection, fault);
    for (size_t i = 0; i < count; i++) {
        assert(services[i]->posture == NULL);
        services[i]->posture = posture_service_new(services[i]->name);
    }
    for (size_t at = 0; at < count && done; at += TOGETHER) {
        struct loading loading = {.services = services + at,
                                  .count = least(count - at, TOGETHER),
                                  .connection = connection,
                                  .topics = topics,
                                  .position = position,
                                  .fault = fault};
        done = load_streams(&loading) && load_tools(&loading) && load_cells(&loading) &&
               load_facts(&loading) && load_history(&loading);
    }
    return done;
}

bool service_resume(struct service *const *services, size_t count, PGconn *connection,
                    struct fault *fault)
{
    bool done = true;
    for (size_t at = 0; at < count && done; at += TOGETHER) {
        struct loading loading = {.services = services + at,
                                  .count = least(count - at, TOGETHER),
                                  .connection = connection,
                                  .position = INT64_MAX,
                                  .fault = fault};
        done = load_known(&loading) && load_counters(&loading) && load_heard(&loading) &&
               load_heard_since(&loading);
    }
    return done;
}

void service_begin(struct service *service)
{
    assert(service->posture == NULL);
    service->posture = posture_service_new(service->name);
    service->heard = heard_new();
}
