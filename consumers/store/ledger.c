#include "consumers/store/ledger.h"

#include "consumers/store/connection.h"

static void write_id(struct pgwire *wire, const struct taken *taken)
{
    pgwire_uuid(wire, taken->has_id ? &taken->id : NULL);
}

static void write_row(struct copies *copies, int64_t batch, const struct taken *taken)
{
    struct pgwire *wire = &copies->ledger.wire;
    copy_row(&copies->ledger, 12);
    pgwire_int8(wire, batch);
    pgwire_int2(wire, taken->topic);
    pgwire_int4(wire, taken->partition);
    pgwire_int4(wire, taken->incarnation);
    pgwire_int8(wire, taken->offset);
    pgwire_int2(wire, (int16_t)taken->verdict);
    if (taken->kafka_timestamp == INSTANT_BEGIN)
        pgwire_null(wire);
    else
        pgwire_instant(wire, taken->kafka_timestamp);
    write_id(wire, taken);
    pgwire_bytes(wire, taken->key, taken->key_size);
    pgwire_bytes(wire, taken->headers, taken->headers_size);
    pgwire_bytes(wire, taken->value, taken->value_size);
    pgwire_text(wire, taken->detail);
}

static void write_verdict(struct copies *copies, int64_t batch, const struct taken *taken)
{
    struct pgwire *wire = &copies->verdict.wire;
    copy_row(&copies->verdict, 9);
    pgwire_int8(wire, batch);
    pgwire_int2(wire, taken->topic);
    pgwire_int4(wire, taken->partition);
    pgwire_int4(wire, taken->incarnation);
    pgwire_int8(wire, taken->offset);
    pgwire_int8(wire, taken->ledger_batch);
    pgwire_int2(wire, (int16_t)taken->verdict);
    pgwire_text(wire, taken->detail);
    write_id(wire, taken);
}

void ledger_write(struct copies *copies, int64_t batch, const struct taken *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (records[i].ledger_batch != 0)
            write_verdict(copies, batch, &records[i]);
        else
            write_row(copies, batch, &records[i]);
    }
}

static void write_maybe(struct pgwire *wire, instant at)
{
    if (at == INSTANT_BEGIN)
        pgwire_null(wire);
    else
        pgwire_instant(wire, at);
}

int ledger_advance(struct pipeline *pipeline, const struct take *takes, size_t count)
{
    if (count == 0)
        return pipeline_say(pipeline, "SELECT record.batch_name(), true", NULL);
    struct request request = {0};
    TAKES(&request, PGWIRE_INT2, pgwire_int2(wire, takes[i].topic));
    TAKES(&request, PGWIRE_INT4, pgwire_int4(wire, takes[i].partition));
    TAKES(&request, PGWIRE_INT4, pgwire_int4(wire, takes[i].incarnation));
    TAKES(&request, PGWIRE_INT8, pgwire_int8(wire, takes[i].epoch));
    TAKES(&request, PGWIRE_INT8, pgwire_int8(wire, takes[i].from_offset));
    TAKES(&request, PGWIRE_INT8, pgwire_int8(wire, takes[i].next_offset));
    TAKES(&request, PGWIRE_INT8, pgwire_int8(wire, takes[i].last_offset));
    TAKES(&request, PGWIRE_BYTEA, pgwire_bytes(wire, takes[i].last_digest, 32));
    TAKES(&request, PGWIRE_TIMESTAMPTZ, write_maybe(wire, takes[i].last_event_at));
    TAKES(&request, PGWIRE_TIMESTAMPTZ, write_maybe(wire, takes[i].complete_through));
    int number = pipeline_say(pipeline,
                              "SELECT b.name, record.advance(b.name, $1, $2, $3, $4, $5, $6, $7,"
                              " $8, $9, $10) FROM record.batch_name() b (name)",
                              &request);
    request_free(&request);
    return number;
}

bool ledger_advanced(const struct pipeline *pipeline, int number, int64_t *batch,
                     struct fault *fault)
{
    const PGresult *result = pipeline_result(pipeline, number);
    *batch = result_int8(result, 0, 0);
    return result_bool(result, 0, 1) ||
           fault_set(fault, FAULT_FENCED,
                     "another aggregator holds a partition of this batch, or an operator has "
                     "reopened it: the batch is dropped here");
}
