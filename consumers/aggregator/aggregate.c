/*
 * assay-aggregate -- folds the topics of Assay into the record, as one of any number.
 *
 * Some lanes take records and commit them, each by itself; beside them a keeper gets the present
 * ready for readers. What is here: the settings, and how it all begins and ends.
 */
#include "consumers/aggregator/keeper.h"
#include "consumers/aggregator/lane.h"
#include "consumers/aggregator/patience.h"
#include "consumers/store/connection.h"
#include "consumers/store/sharing.h"
#include "runtime/log.h"
#include "runtime/settings.h"
#include "runtime/stop.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum { LANES_MOST = 64, LANES_USUAL = 4 };

/* Decoded events take a few times their bytes. */
static const size_t DECODED = (size_t)256 << 20, DECODED_LEAST = (size_t)32 << 20;

static struct kafka_settings kafka;
static const char *database;
static const char *group;
static int64_t batch_records;
static int64_t batch_bytes;
static int64_t memory;
static int64_t lanes;
static bool once;

static const struct setting SETTINGS[] = {
    KAFKA_SETTINGS_ROWS(kafka),
    {.kind = SETTING_TEXT,
     .name = "group",
     .environment = "ASSAY_GROUP",
     .argument = "NAME",
     .help = "consumer group",
     .fallback = "assay-aggregate",
     .value = &group},
    {.kind = SETTING_HEADING, .help = "PostgreSQL"},
    DATABASE_SETTING(database),
    {.kind = SETTING_HEADING, .help = "Bounds, each shared out among the lanes"},
    {.kind = SETTING_NUMBER,
     .name = "batch-records",
     .environment = "ASSAY_BATCH_RECORDS",
     .argument = "N",
     .help = "most records a transaction",
     .fallback = "100000",
     .least = 1,
     .most = 1000000,
     .value = &batch_records},
    {.kind = SETTING_NUMBER,
     .name = "batch-bytes",
     .environment = "ASSAY_BATCH_BYTES",
     .argument = "BYTES",
     .help = "keys and values of a transaction, about",
     .fallback = "33554432",
     .least = 1,
     .most = 1 << 30,
     .value = &batch_bytes},
    {.kind = SETTING_NUMBER,
     .name = "memory",
     .environment = "ASSAY_MEMORY",
     .argument = "MIB",
     .help = "services kept in memory beside the last batch's, MiB",
     .fallback = "4096",
     .least = 1,
     .most = 1 << 20,
     .value = &memory},
    {.kind = SETTING_HEADING, .help = "Running"},
    {.kind = SETTING_NUMBER,
     .name = "lanes",
     .environment = "ASSAY_LANES",
     .argument = "N",
     .help = "threads that take records; 0: one a processor up to 4, one with --once",
     .fallback = "0",
     .least = 0,
     .most = LANES_MOST,
     .value = &lanes},
    {.kind = SETTING_SWITCH,
     .name = "once",
     .help = "stop when everything there is has been taken and evaluated",
     .value = &once},
};

static const struct program PROGRAM = {
    .name = "assay-aggregate",
    .synopsis = "aggregate [FLAGS]",
    .summary =
        "Folds evidence, services, scope and governance from Kafka into PostgreSQL, exactly\n"
        "once, until TERM or INT. Start as many as you like: they share the work.\n"
        "Exit status 1: it stopped as asked, but holds partitions that have halted.",
    .settings = SETTINGS,
    .setting_count = SETTINGS_COUNT(SETTINGS),
};

struct lane_thread {
    const struct lane_settings *settings;
    _Atomic int64_t *committed_ms;
    size_t number;
    char place[32]; /* in the log; empty: it is the only one */
    pthread_t thread;
    size_t halted;
};

static void *run_lane(void *argument)
{
    struct lane_thread *lane = argument;
    if (lane->place[0] != '\0')
        log_place(lane->place);
    lane->halted = lane_run(lane->settings, lane->number, lane->committed_ms);
    return NULL;
}

/* Returns how many of the partitions that they held have halted. */
static size_t run_lanes(const struct lane_settings *settings, size_t count,
                        _Atomic int64_t *committed_ms)
{
    struct lane_thread threads[LANES_MOST] = {0};
    for (size_t i = 0; i < count; i++) {
        threads[i].settings = settings;
        threads[i].number = i + 1;
        threads[i].committed_ms = committed_ms;
        if (count > 1)
            snprintf(threads[i].place, sizeof threads[i].place, "lane %zu", i + 1);
        if (pthread_create(&threads[i].thread, NULL, run_lane, &threads[i]) != 0)
            abort();
    }
    size_t halted = 0;
    for (size_t i = 0; i < count; i++) {
        pthread_join(threads[i].thread, NULL);
        halted += threads[i].halted;
    }
    return halted;
}

static size_t lane_count(void)
{
    if (lanes > 0)
        return (size_t)lanes;
    if (once) /* a lane that has come to the end leaves its partitions to the others */
        return 1;
    size_t processors = sharing_hands();
    return processors < LANES_USUAL ? processors : LANES_USUAL;
}

/* A lane's part of what is set for all. */
static size_t part(int64_t whole, size_t count)
{
    return (size_t)whole < count ? 1 : (size_t)whole / count;
}

static int run(void)
{
    size_t count = lane_count();
    size_t decoded = DECODED / count;
    const struct lane_settings settings = {
        .kafka = &kafka,
        .group = group,
        .database = database,
        .program = PROGRAM.name,
        .lanes = count,
        .bounds = {part(batch_records, count), part(batch_bytes, count),
                   decoded < DECODED_LEAST ? DECODED_LEAST : decoded},
        .memory = part(memory << 20, count),
        .once = once,
    };
    _Atomic int64_t committed_ms = 0;
    struct keeper *keeper = once ? NULL : keeper_begin(database, PROGRAM.name, &committed_ms);
    log_notice("started, group %s, lanes: %zu", group, count);
    size_t halted = run_lanes(&settings, count, &committed_ms);
    keeper_end(keeper);
    log_notice("stopped");
    if (patience_failed())
        return EXIT_FAILED; /* why has been said */
    if (halted == 0)
        return EXIT_DONE;
    log_error("of %zu partitions nothing is taken since they halted; assay.completeness says why",
              halted);
    return EXIT_ANSWER_NO;
}

int main(int argc, char **argv)
{
    stop_install();
    log_open(PROGRAM.name);
    char **operands;
    size_t operand_count;
    settings_read(&PROGRAM, argc, argv, &operands, &operand_count);
    if (operand_count > 0)
        settings_usage(&PROGRAM, "'%s' is not expected", operands[0]);
    if (kafka.brokers == NULL || *kafka.brokers == '\0')
        settings_usage(&PROGRAM, "no brokers given: -b HOST:PORT, or ASSAY_BROKERS");
    int status = run();
    settings_free(&PROGRAM);
    return status;
}
