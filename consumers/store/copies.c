#include "consumers/store/connection.h"
#include "consumers/store/pack.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Every table C adds rows to, with the columns in the order in which the rows are written. */
static const struct {
    size_t member;
    const char *target;
} TARGETS[] = {
    {offsetof(struct copies, ledger), "record.ledger (batch, topic, partition, incarnation, "
                                      "\"offset\", verdict, kafka_timestamp, id,"
                                      " key, headers, value, detail)"},
    {offsetof(struct copies, verdict),
     "record.verdict (batch, topic, partition, incarnation, \"offset\", ledger_batch, verdict,"
     " detail, id)"},
    {offsetof(struct copies, fact), "record.fact (batch, topic, partition, incarnation, "
                                    "\"offset\", body, key, service, id, digest,"
                                    " occurred_at, sequence, value, fields)"},
    {offsetof(struct copies, fact_step),
     "record.fact_step (body, key, at, batch, removed, id, digest, since)"},
    {offsetof(struct copies, certification_step),
     "record.certification_step (programme, standard, at, batch, removed, row_exists, decision,"
     " number, body, state, valid_from, valid_until, soa_version, surveillance_deadline, flags)"},
    {offsetof(struct copies, stream),
     "record.stream (service, stream, environment, \"check\", subject)"},
    {offsetof(struct copies, tool), "record.tool (service, tool, name, version)"},
    {offsetof(struct copies, cell), "record.cell (service, environment, cell, standard, control)"},
    {offsetof(struct copies, history),
     "record.history (service, environment, seq, batch, stream, occurred_at, sequence, result, id,"
     " digest, expires_at, tool, topic, partition, incarnation, \"offset\","
     " source)"},
    {offsetof(struct copies, timeline),
     "record.timeline (service, environment, seq, batch, keyframe, complete_from, horizon, weight,"
     " cell, at, status, flags, checks, missing, deciding, cause, known, exception, finding,"
     " inherited_from)"},
    {offsetof(struct copies, standing),
     "record.standing (service, environment, seq, batch, keyframe, complete_from, standard, at,"
     " membership, posture, certificate_state, certified, tally_standard, tally_at, tally_status,"
     " tally_change)"},
    {offsetof(struct copies, unmapped),
     "record.unmapped (service, environment, seq, batch, at, reason, removed, event, topic,"
     " partition, incarnation, \"offset\", \"check\", standard, control)"},
};

enum { TARGET_COUNT = sizeof TARGETS / sizeof TARGETS[0] };

/* Whether a rebuild keeps them. */
static bool are_names(size_t i)
{
    return TARGETS[i].member == offsetof(struct copies, stream) ||
           TARGETS[i].member == offsetof(struct copies, tool) ||
           TARGETS[i].member == offsetof(struct copies, cell);
}

static struct copy *target(const struct copies *copies, size_t i)
{
    return (struct copy *)(void *)((char *)(uintptr_t)copies + TARGETS[i].member);
}

/* One text array parameter out of a column of the noted. */
static void add_texts(struct request *request, const struct noted *noted, size_t count,
                      size_t member)
{
    struct pgwire *wire = request_next(request);
    size_t mark = pgwire_array(wire, PGWIRE_TEXT, count);
    for (size_t i = 0; i < count; i++)
        pgwire_text(wire, *(const char *const *)(const void *)((const char *)&noted[i] + member));
    pgwire_array_end(wire, mark);
}

void copies_note(struct copies *copies, struct noted environment)
{
    if (copies->environment_count == copies->environment_room) {
        copies->environment_room =
            copies->environment_room == 0 ? 16 : copies->environment_room * 2;
        copies->environments = reallocarray(copies->environments, copies->environment_room,
                                            sizeof *copies->environments);
        if (copies->environments == NULL)
            abort();
    }
    copies->environments[copies->environment_count++] = environment;
}

static void forget_environments(struct copies *copies)
{
    for (size_t i = 0; i < copies->environment_count; i++) {
        free(copies->environments[i].service);
        free(copies->environments[i].environment);
    }
    copies->environment_count = 0;
}

static void say_environments(struct copies *copies, struct pipeline *pipeline)
{
    if (copies->environment_count == 0)
        return;
    struct request request = {0};
    const struct noted *noted = copies->environments;
    add_texts(&request, noted, copies->environment_count, offsetof(struct noted, service));
    add_texts(&request, noted, copies->environment_count, offsetof(struct noted, environment));
    pipeline_say(pipeline, "SELECT record.note_environments($1, $2)", &request);
    request_free(&request);
    forget_environments(copies);
}

/* One text array parameter out of a column of the heard; NULL stays NULL. */
static void add_heard(struct request *request, const struct heard_row *rows, size_t member)
{
    struct pgwire *wire = request_next(request);
    size_t mark = pgwire_array(wire, PGWIRE_TEXT, HASH_COUNT(rows));
    for (const struct heard_row *row = rows; row != NULL; row = row->hh.next)
        pgwire_text(wire, *(const char *const *)(const void *)((const char *)row + member));
    pgwire_array_end(wire, mark);
}

static void say_heard(struct copies *copies, struct pipeline *pipeline)
{
    const struct heard_row *rows = copies->heard;
    if (rows == NULL)
        return;
    struct request request = {0};
    add_heard(&request, rows, offsetof(struct heard_row, service));
    struct pgwire *wire = request_next(&request);
    size_t mark = pgwire_array(wire, PGWIRE_BYTEA, HASH_COUNT(rows));
    for (const struct heard_row *row = rows; row != NULL; row = row->hh.next)
        pgwire_bytes(wire, row->bytes, row->size);
    pgwire_array_end(wire, mark);
    add_heard(&request, rows, offsetof(struct heard_row, checks));
    add_heard(&request, rows, offsetof(struct heard_row, environments));
    add_heard(&request, rows, offsetof(struct heard_row, upto));
    pipeline_say(pipeline, "SELECT record.note_producers($1, $2, $3, $4, $5)", &request);
    request_free(&request);
    heard_rows_free(&copies->heard);
}

void copies_empty_first(struct copies *copies, int32_t derivation, struct kept *kept)
{
    copies->empty_first = derivation;
    copies->kept = kept;
}

static bool empty_derived(struct copies *copies, PGconn *connection, struct fault *fault)
{
    if (copies->empty_first == 0)
        return true;
    struct request request = {0};
    pgwire_int4(request_next(&request), copies->empty_first);
    PGresult *result = connection_call(connection, fault, PGRES_TUPLES_OK,
                                       "SELECT record.forget_derived($1)", &request);
    request_free(&request);
    PQclear(result);
    copies->empty_first = 0;
    bool done = result != NULL;
    for (size_t i = 0; i < TARGET_COUNT && done; i++)
        done = !are_names(i) || kept_read(copies->kept, TARGETS[i].target, connection, fault);
    return done;
}

/* All at once, but for names of which a rebuild has to know first whether they come out the same.
 */
static bool send_tables(struct copies *copies, PGconn *connection, struct fault *fault)
{
    struct copy_into into[TARGET_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < TARGET_COUNT; i++) {
        if (copies->kept == NULL || !are_names(i))
            into[count++] = (struct copy_into){target(copies, i), TARGETS[i].target};
        else if (!kept_send(copies->kept, TARGETS[i].target, target(copies, i), connection, fault))
            return false;
    }
    return copy_send(into, count, connection, fault);
}

static bool send_rows(struct copies *copies, PGconn *connection, struct fault *fault)
{
    if (!empty_derived(copies, connection, fault) || !send_tables(copies, connection, fault))
        return false;
    struct pipeline pipeline = {.connection = connection};
    say_environments(copies, &pipeline);
    say_heard(copies, &pipeline);
    bool done = pipeline_end(&pipeline, fault);
    pipeline_free(&pipeline);
    return done;
}

/* ---- few rows ---- */

/* So many rows are as dear one by one as by a COPY into each of their tables, which takes a round
 * trip, and setting up; and are a transaction's most. */
enum { FEW_ROWS = 32 };

static bool few_rows(const struct copies *copies)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < TARGET_COUNT; i++)
        rows += target(copies, i)->rows;
    return rows <= FEW_ROWS;
}

static void say_rows(struct copy *copy, const char *into, struct pipeline *pipeline)
{
    char sql[768];
    size_t size = 0;
    const uint8_t *row = copy_next(copy, NULL, &size);
    if (row == NULL)
        return;
    int at = snprintf(sql, sizeof sql, "INSERT INTO %s VALUES ($1", into);
    for (int i = 2; i <= pgwire_read16(row); i++)
        at += snprintf(sql + at, sizeof sql - (size_t)at, ", $%d", i);
    assert((size_t)at + 2 < sizeof sql);
    memcpy(sql + at, ")", 2);
    for (; row != NULL; row = copy_next(copy, row, &size))
        pipeline_say_row(pipeline, sql, row);
    copy_clear(copy);
}

/* ---- ahead ---- */

static const size_t AHEAD_LEAST = 1 << 19; /* bytes that are worth a thread */

struct copies_ahead {
    struct copies rows; /* the thread's while it runs; their room is used again */
    PGconn *connection;
    struct fault fault;
    bool runs, sent;
    atomic_bool over; /* the thread has nothing more to do */
    pthread_t thread;
};

static void *send_ahead(void *argument)
{
    struct copies_ahead *ahead = argument;
    ahead->sent = send_rows(&ahead->rows, ahead->connection, &ahead->fault);
    atomic_store(&ahead->over, true);
    return NULL;
}

/* Waits for what is under way; whether it went well. */
static bool end_ahead(struct copies_ahead *ahead, struct fault *fault)
{
    if (ahead == NULL || !ahead->runs)
        return true;
    pthread_join(ahead->thread, NULL);
    ahead->runs = false;
    if (!ahead->sent)
        *fault = ahead->fault;
    return ahead->sent;
}

bool copies_send_ahead(struct copies *copies, PGconn *connection, struct fault *fault)
{
    if (copies_bytes(copies) < AHEAD_LEAST && copies->empty_first == 0)
        return true;
    if (!end_ahead(copies->ahead, fault))
        return false;
    struct copies_ahead *ahead = copies->ahead;
    if (ahead == NULL && (ahead = calloc(1, sizeof *ahead)) == NULL)
        abort();
    struct copies sent = ahead->rows;
    ahead->rows = *copies;
    ahead->rows.ahead = NULL;
    *copies = sent;
    copies->ahead = ahead;
    copies->kept = ahead->rows.kept;
    ahead->connection = connection;
    atomic_store(&ahead->over, false);
    ahead->runs = pthread_create(&ahead->thread, NULL, send_ahead, ahead) == 0;
    if (!ahead->runs) /* no thread can be had: not ahead, then */
        return send_rows(&ahead->rows, connection, fault);
    return true;
}

bool copies_under_way(const struct copies *copies)
{
    const struct copies_ahead *ahead = copies->ahead;
    return ahead != NULL && ahead->runs && !atomic_load(&ahead->over);
}

void copies_await(struct copies *copies)
{
    struct fault ignored;
    (void)end_ahead(copies->ahead, &ignored);
}

bool copies_send(struct copies *copies, PGconn *connection, struct fault *fault)
{
    return end_ahead(copies->ahead, fault) && send_rows(copies, connection, fault);
}

bool copies_say(struct copies *copies, struct pipeline *pipeline, struct fault *fault)
{
    assert(copies->kept == NULL && copies->empty_first == 0);
    if (!end_ahead(copies->ahead, fault))
        return false;
    bool few = few_rows(copies);
    if (!few && !send_tables(copies, pipeline->connection, fault))
        return false;
    for (size_t i = 0; i < TARGET_COUNT && few; i++)
        say_rows(target(copies, i), TARGETS[i].target, pipeline);
    say_environments(copies, pipeline);
    say_heard(copies, pipeline);
    return true;
}

bool copies_settle(struct copies *copies, PGconn *connection, struct fault *fault)
{
    return copies_send(copies, connection, fault) &&
           (copies->kept == NULL || kept_settle(copies->kept, connection, fault));
}

size_t copies_bytes(const struct copies *copies)
{
    size_t sum = 0;
    for (size_t i = 0; i < TARGET_COUNT; i++)
        sum += target(copies, i)->wire.size;
    return sum;
}

void copies_join(struct copies *copies, struct copies *more)
{
    assert(more->heard == NULL && more->empty_first == 0 && more->ahead == NULL);
    for (size_t i = 0; i < TARGET_COUNT; i++)
        copy_join(target(copies, i), target(more, i));
    for (size_t i = 0; i < more->environment_count; i++)
        copies_note(copies, more->environments[i]);
    more->environment_count = 0;
}

static void clear_rows(struct copies *copies)
{
    for (size_t i = 0; i < TARGET_COUNT; i++)
        copy_clear(target(copies, i));
    forget_environments(copies);
    heard_rows_free(&copies->heard);
    copies->empty_first = 0;
    copies->kept = NULL;
}

void copies_clear(struct copies *copies)
{
    copies_await(copies);
    clear_rows(copies);
    if (copies->ahead != NULL)
        clear_rows(&copies->ahead->rows);
}

static void free_rows(struct copies *copies)
{
    clear_rows(copies);
    for (size_t i = 0; i < TARGET_COUNT; i++)
        copy_free(target(copies, i));
    free(copies->environments);
}

void copies_free(struct copies *copies)
{
    copies_await(copies);
    if (copies->ahead != NULL)
        free_rows(&copies->ahead->rows);
    free(copies->ahead);
    free_rows(copies);
    *copies = (struct copies){0};
}
