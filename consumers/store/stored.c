#include "consumers/store/stored.h"

#include "consumers/store/connection.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS                                                                                    \
    "l.batch, l.topic, l.partition, l.incarnation, l.\"offset\", l.kafka_timestamp, l.key,"        \
    " l.headers, l.value, e.sha256"

/* What is folded again needs neither key nor headers. */
#define FOLDED                                                                                     \
    "l.batch, l.topic, l.partition, l.incarnation, l.\"offset\", l.kafka_timestamp, NULL, NULL,"   \
    " l.value, e.sha256"

/* What was received counts by its own digest, also where some of its bytes were erased since. */
#define ERASURE                                                                                    \
    " LEFT JOIN record.erasure e ON e.batch = l.batch AND e.topic = l.topic"                       \
    " AND e.partition = l.partition AND e.\"offset\" = l.\"offset\""

static const char ACCEPTED[] =
    "SELECT " FOLDED " FROM record.ledger l" ERASURE " WHERE l.batch = $1 AND l.verdict = 0";

static const char REPLAYED[] =
    "SELECT " FOLDED " FROM record.verdict v JOIN record.ledger l ON l.batch = v.ledger_batch"
    " AND l.topic = v.topic AND l.partition = v.partition AND l.\"offset\" = v.\"offset\"" ERASURE
    " WHERE v.batch = $1 AND v.verdict = 0";

static const char REFUSED[] =
    "SELECT " COLUMNS " FROM record.ledger l JOIN record.topic t ON t.topic = l.topic" ERASURE
    " WHERE l.verdict <> 0 AND e.whole IS NOT TRUE"
    " AND (l.batch, l.topic, l.partition, l.\"offset\") > ($1, $2, $3, $4)"
    " AND ($5::text IS NULL OR t.name = $5 AND l.partition = $6 AND l.\"offset\" = $7)"
    " AND NOT EXISTS (SELECT FROM record.verdict v WHERE v.topic = l.topic"
    "  AND v.partition = l.partition AND v.incarnation = l.incarnation"
    "  AND v.\"offset\" = l.\"offset\" AND v.verdict = 0)"
    " ORDER BY l.batch, l.topic, l.partition, l.\"offset\" LIMIT $8";

static const uint8_t *maybe_bytes(const PGresult *result, int row, int column, size_t *size)
{
    *size = 0;
    return result_null(result, row, column) ? NULL : result_bytes(result, row, column, size);
}

static bool read_row(struct taken *taken, const PGresult *result, int row, PGconn *connection,
                     struct topics *topics, struct fault *fault)
{
    const struct topic *topic =
        topics_numbered(topics, connection, result_int2(result, row, 1), fault);
    if (topic == NULL)
        return false;
    *taken = (struct taken){
        .topic = topic->number,
        .kind = topic->kind,
        .team = topic->team,
        .partition = result_int4(result, row, 2),
        .incarnation = result_int4(result, row, 3),
        .offset = result_int8(result, row, 4),
        .kafka_timestamp = INSTANT_BEGIN,
        .ledger_batch = result_int8(result, row, 0),
    };
    size_t size;
    const uint8_t *at = maybe_bytes(result, row, 5, &size);
    if (at != NULL)
        taken->kafka_timestamp = pgwire_read_instant(at);
    taken->key = maybe_bytes(result, row, 6, &taken->key_size);
    taken->headers = maybe_bytes(result, row, 7, &taken->headers_size);
    taken->value = maybe_bytes(result, row, 8, &taken->value_size);
    if (result_null(result, row, 9)) {
        codec_digest(taken->value, taken->value_size, taken->digest);
    } else {
        at = result_bytes(result, row, 9, &size);
        assert(size == sizeof taken->digest);
        memcpy(taken->digest, at, sizeof taken->digest);
    }
    return true;
}

static bool read_rows(struct stored *stored, PGconn *connection, struct topics *topics,
                      struct fault *fault)
{
    stored->count = (size_t)PQntuples(stored->result);
    stored->records = calloc(stored->count + 1, sizeof *stored->records);
    if (stored->records == NULL)
        abort();
    for (size_t i = 0; i < stored->count; i++)
        if (!read_row(&stored->records[i], stored->result, (int)i, connection, topics, fault))
            return false;
    return true;
}

bool stored_batch(struct stored *stored, PGconn *connection, struct topics *topics, int64_t batch,
                  bool replay, struct arena *arena, struct fault *fault)
{
    *stored = (struct stored){0};
    struct request request = {0};
    pgwire_int8(request_next(&request), batch);
    stored->result =
        connection_call(connection, fault, PGRES_TUPLES_OK, replay ? REPLAYED : ACCEPTED, &request);
    request_free(&request);
    if (stored->result == NULL || !read_rows(stored, connection, topics, fault)) {
        stored_free(stored);
        return false;
    }
    /* As they were committed they lie in the ledger: PostgreSQL would sort them whole, on disk. */
    taken_sort(stored->records, stored->count);
    for (size_t i = 0; i < stored->count; i++) {
        struct taken *taken = &stored->records[i];
        taken_decoded(taken, codec_decode(taken->value, taken->value_size, arena, fault));
        if (taken->event == NULL) {
            fault->reaction = FAULT_FATAL;
            fault_context(fault, "partition %d, offset %lld was accepted once", taken->partition,
                          (long long)taken->offset);
            stored_free(stored);
            return false;
        }
    }
    return true;
}

bool stored_refused(struct stored *stored, PGconn *connection, struct topics *topics,
                    const struct taken *after, const char *topic, int32_t partition, int64_t offset,
                    int most, struct arena *arena, struct fault *fault)
{
    *stored = (struct stored){0};
    struct request request = {0};
    pgwire_int8(request_next(&request), after == NULL ? 0 : after->ledger_batch);
    pgwire_int2(request_next(&request), after == NULL ? 0 : after->topic);
    pgwire_int4(request_next(&request), after == NULL ? 0 : after->partition);
    pgwire_int8(request_next(&request), after == NULL ? 0 : after->offset);
    pgwire_text(request_next(&request), topic);
    pgwire_int4(request_next(&request), partition);
    pgwire_int8(request_next(&request), offset);
    pgwire_int8(request_next(&request), most);
    stored->result = connection_call(connection, fault, PGRES_TUPLES_OK, REFUSED, &request);
    request_free(&request);
    if (stored->result == NULL || !read_rows(stored, connection, topics, fault)) {
        stored_free(stored);
        return false;
    }
    stored->more = stored->count == (size_t)most;
    for (size_t i = 0; i < stored->count; i++) {
        struct taken *taken = &stored->records[i];
        uint8_t received[sizeof taken->digest];
        memcpy(received, taken->digest, sizeof received);
        if (taken_judge(taken, arena)) {
            memcpy(taken->digest, received, sizeof received);
            continue;
        }
        if (i == 0) {
            stored_free(stored);
            return fault_set(fault, FAULT_FATAL, "one record needs more memory than all may have");
        }
        stored->count = i; /* the rest in the next round */
        stored->more = true;
    }
    return true;
}

void stored_free(struct stored *stored)
{
    free(stored->records);
    PQclear(stored->result);
    *stored = (struct stored){0};
}
