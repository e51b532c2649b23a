/*
 * bench-probe -- how long it takes from publishing a result until assay.cell_status shows it.
 *
 *   bench-probe BROKERS DATABASE COUNT RATE
 *
 * One thread publishes COUNT results of one stream through the emitter, RATE a second; the other
 * reads the one cell, by a prepared statement, 2 ms after its last read has ended: one that never
 * pauses takes a core of what it measures. Results come in order, so a deciding
 * event shows every result up to it. Prints one JSON object: the milliseconds of each result, from
 * before it was handed to the emitter until a read had shown it, and how long a read took.
 */
#include "proto/identity.h"
#include "tests/bench/client.h"

#include <assay/emitter.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CLOSE_MS = 30000, GIVE_UP_SECONDS = 120, PAUSE_NS = 2000000 };

/* Later than anything that load.c tells of this stream, so that it decides the cell. */
static const time_t PROBE_AT = 1768003200; /* 2026-01-10 */
static const char SERVICE[] = "svc-150-payments", ENVIRONMENT[] = "production",
                  CHECK[] = "CC0.0-access-review-000", CONTROL[] = "C.1";

/* Written by the publisher in order; read by the reader up to `sent`. */
struct probe {
    const char *brokers;
    long count;
    double rate;
    time_t base; /* of the instants: a second probe of the same database comes after the first */
    double *sent_at;
    atomic_long sent;
};

static void id_of(const struct probe *probe, long i, uuid *id)
{
    uint32_t run = (uint32_t)probe->base, number = (uint32_t)i;
    *id = (uuid){.bytes = "bench-p"};
    memcpy(&id->bytes[8], &run, sizeof run);
    memcpy(&id->bytes[12], &number, sizeof number);
}

static void *publish(void *context)
{
    struct probe *probe = context;
    struct assay_error error;
    assay_emitter *emitter = assay_emitter_open(
        &(struct assay_emitter_options){.brokers = probe->brokers,
                                        .source = "bench/probe",
                                        .properties = (const char *const[]){"linger.ms=0"},
                                        .property_count = 1},
        &error);
    if (emitter == NULL || assay_emitter_reach(emitter, CLOSE_MS, &error) != ASSAY_OK)
        fail(error.text);
    double begin = now();
    for (long i = 0; i < probe->count; i++) {
        while (now() - begin < (double)i / probe->rate)
            assay_emitter_serve(emitter, 1);
        uuid id;
        char text[UUID_TEXT_MAX];
        id_of(probe, i, &id);
        const struct assay_result result = {
            .service = SERVICE,
            .environment = ENVIRONMENT,
            .check = CHECK,
            .verdict = i % 2 == 0 ? ASSAY_FAIL : ASSAY_PASS,
            .occurred_at = {.tv_sec = probe->base + i / 1000, .tv_nsec = i % 1000 * 1000000},
            .id = uuid_format(&id, text),
        };
        probe->sent_at[i] = now();
        atomic_store(&probe->sent, i + 1);
        if (assay_emitter_send_result(emitter, &result, NULL, &error) != ASSAY_OK)
            fail(error.text);
    }
    if (assay_emitter_close(emitter, CLOSE_MS, NULL, &error) != ASSAY_OK)
        fail(error.text);
    return NULL;
}

static PGconn *connect_to(const char *database)
{
    PGconn *connection = PQconnectdb(database);
    if (PQstatus(connection) != CONNECTION_OK)
        fail(PQerrorMessage(connection));
    PGresult *result =
        PQprepare(connection, "cell",
                  "SELECT deciding_event FROM assay.cell_status WHERE service = $1"
                  " AND environment = $2 AND standard = 'bench-174' AND control = $3",
                  3, NULL);
    if (PQresultStatus(result) != PGRES_COMMAND_OK)
        fail(PQerrorMessage(connection));
    PQclear(result);
    return connection;
}

/* The number of the probe's result that decides the cell now; -1: another one does. */
static long read_cell(PGconn *connection, const struct probe *probe)
{
    const char *values[] = {SERVICE, ENVIRONMENT, CONTROL};
    PGresult *result = PQexecPrepared(connection, "cell", 3, values, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK)
        fail(PQerrorMessage(connection));
    uuid id = {0}, first;
    uint32_t number;
    bool there = PQntuples(result) == 1 && uuid_parse(PQgetvalue(result, 0, 0), &id);
    PQclear(result);
    id_of(probe, 0, &first);
    memcpy(&number, &id.bytes[12], sizeof number);
    return there && memcmp(&id, &first, 12) == 0 ? (long)number : -1;
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "usage: bench-probe BROKERS DATABASE COUNT RATE\n");
        return 2;
    }
    struct probe probe = {
        .brokers = argv[1], .count = strtol(argv[3], NULL, 10), .rate = strtod(argv[4], NULL)};
    struct timespec clock;
    clock_gettime(CLOCK_REALTIME, &clock);
    probe.base = PROBE_AT + clock.tv_sec % (90 * 24 * 3600);
    probe.sent_at = calloc((size_t)probe.count, sizeof *probe.sent_at);
    double *took = calloc((size_t)probe.count, sizeof *took);
    if (probe.sent_at == NULL || took == NULL)
        fail("out of memory");
    PGconn *connection = connect_to(argv[2]);
    pthread_t publisher;
    if (pthread_create(&publisher, NULL, publish, &probe) != 0)
        fail("no thread");
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    long shown = 0, reads = 0;
    double begin = now(), reading = 0;
    while (shown < probe.count) {
        nanosleep(&pause, NULL);
        double asked = now();
        long upto = read_cell(connection, &probe) + 1;
        double at = now();
        reading += at - asked;
        reads++;
        for (; shown < upto; shown++)
            took[shown] = (at - probe.sent_at[shown]) * 1e3;
        if (at - begin > GIVE_UP_SECONDS + (double)probe.count / probe.rate)
            fail("the results did not become visible");
    }
    pthread_join(publisher, NULL);
    PQfinish(connection);
    printf("{\"read_ms\": %.4f, \"latency_ms\": [", reading * 1e3 / (double)reads);
    for (long i = 0; i < probe.count; i++)
        printf("%s%.3f", i > 0 ? ", " : "", took[i]);
    printf("]}\n");
    free(took);
    free(probe.sent_at);
    return 0;
}
