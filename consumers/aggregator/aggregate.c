/*
 * assay-aggregate -- folds the topics of Assay into the record, as one of any number.
 *
 * The loop: take what has arrived, commit it (where there is more, beside judging the next of it),
 * bring services forward that lag behind governance, look at the end of one log, and where nothing
 * else waits read services that batches will need, then get the present ready for readers.
 * Invariant at its top: everything committed is complete up to held.next of each partition;
 * everything else in memory may be lost without harm.
 */
#include "consumers/aggregator/batch.h"
#include "consumers/aggregator/held.h"
#include "consumers/aggregator/patience.h"
#include "consumers/store/connection.h"
#include "consumers/store/present.h"
#include "runtime/elapsed.h"
#include "runtime/log.h"
#include "runtime/settings.h"
#include "runtime/stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct kafka_settings kafka;
static const char *database;
static const char *group;
static int64_t batch_records;
static int64_t batch_bytes;
static int64_t memory;
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
    {.kind = SETTING_HEADING, .help = "Bounds"},
    {.kind = SETTING_NUMBER,
     .name = "batch-records",
     .environment = "ASSAY_BATCH_RECORDS",
     .argument = "N",
     .help = "most records a transaction",
     .fallback = "50000",
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
     .fallback = "1024",
     .least = 1,
     .most = 1 << 20,
     .value = &memory},
    {.kind = SETTING_HEADING, .help = "Running"},
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

enum {
    IDLE_POLL_MS = 20,
    CATCH_UP_MS = 50,
    CHECK_EVERY_MS = 3600 * 1000,
    CATCH_UP_LEAST = 8, /* services a transaction */
    CATCH_UP_MOST = 512,
    CATCH_UP_QUICK_MS = 100, /* a transaction that took less is followed by one twice as large */
    CATCH_UP_SLOW_MS = 400,
    QUIET_MS = 1000,           /* since the last commit */
    WALK_BUSY_MS = 1000,       /* of which a step takes a few, and a batch may wait for it */
    WALK_EVERY_MS = 60 * 1000, /* for what time alone changes, and others have committed */
    READ_AHEAD = 8,            /* services a step, which a batch may wait for */
};

struct aggregator {
    struct held held;
    struct batch *batch, *ahead;      /* the one to be committed, and the one after it */
    int64_t caught_up_ms, checked_ms; /* when last, monotonic */
    int64_t committed_ms, walked_ms, walk_began_ms;
    struct present_walk walk;
    bool walking;             /* goes on at once, unless something comes */
    bool walk_again;          /* something was committed since it began */
    bool reading;             /* services are read before batches need them, since an assignment */
    char *read;               /* the last one that was; NULL: none yet */
    bool lagging;             /* the last catch-up found work */
    int catch_up_services;    /* that the next one takes together */
    struct patience patience; /* of what is not a batch */
    char last_complaint[256];
};

static void drop(struct aggregator *aggregator)
{
    batch_drop(aggregator->batch);
    batch_drop(aggregator->ahead);
}

static void on_assigned(void *context, struct intake_partition *partitions, size_t count)
{
    struct aggregator *aggregator = context;
    drop(aggregator);
    held_claim(&aggregator->held, partitions, count);
    free(aggregator->read);
    aggregator->read = NULL;
    aggregator->reading = !once && aggregator->held.count > 0;
}

static void on_revoked(void *context)
{
    struct aggregator *aggregator = context;
    drop(aggregator);
    held_drop(&aggregator->held);
}

static void stop_taking(struct aggregator *aggregator, const struct received *received,
                        const char *reason)
{
    struct held_partition *partition =
        held_find(&aggregator->held, received->topic, received->partition);
    if (partition != NULL && !partition->halted)
        partition->ending = reason; /* what came before it is in hand, and good */
}

/* librdkafka repeats itself while it reconnects; said once each. */
static bool complain(struct aggregator *aggregator, const struct fault *fault)
{
    if (fault->reaction == FAULT_FATAL) {
        log_error("%s", fault->text);
        return false;
    }
    char complaint[sizeof aggregator->last_complaint];
    snprintf(complaint, sizeof complaint, "%.255s", fault->text);
    if (strcmp(aggregator->last_complaint, complaint) != 0) {
        log_warning("%s", fault->text);
        memcpy(aggregator->last_complaint, complaint, sizeof complaint);
    }
    return true;
}

/* Takes what has arrived, up to the batch's bounds; waits only for the first. False: Kafka failed
 * for good. */
static bool collect(struct aggregator *aggregator, struct batch *batch, int wait)
{
    while (!batch_full(batch) && !stop_requested()) {
        struct received received;
        struct fault fault;
        enum intake_event event = intake_poll(aggregator->held.intake, wait, &received, &fault);
        struct held_partition *partition = NULL;
        switch (event) {
        case INTAKE_RECORD:
            batch_add(batch, &received);
            aggregator->last_complaint[0] = '\0';
            wait = 0;
            continue;
        case INTAKE_END:
            partition = held_find(&aggregator->held, received.topic, received.partition);
            if (partition != NULL) {
                partition->at_end = true;
                partition->end = received.offset;
            }
            break;
        case INTAKE_LOST:
            stop_taking(aggregator, &received,
                        "trimmed or recreated topic: the log does not hold the offset that would "
                        "be next; if that is meant, assay topics reopen makes a new start");
            break;
        case INTAKE_DAMAGED:
            stop_taking(aggregator, &received,
                        "damaged log: records cannot be read, and librdkafka would pass over "
                        "them; mend the topic, then assay topics reopen makes a new start");
            break;
        case INTAKE_FAULT:
            if (!complain(aggregator, &fault)) {
                intake_release(&received);
                return false;
            }
            break;
        case INTAKE_NOTHING:
            intake_release(&received);
            return true;
        }
        intake_release(&received);
    }
    return true;
}

/* What is not a batch met a fault: FENCED rejoins, RETRY waits. False: stop. */
static bool recover(struct aggregator *aggregator, struct fault *fault)
{
    if (fault->reaction != FAULT_FENCED)
        return patience_wait(&aggregator->patience, fault);
    log_notice("%s; joining the group again", fault->text);
    on_revoked(aggregator);
    if (intake_rejoin(aggregator->held.intake, fault))
        return true;
    log_error("%s", fault->text);
    return false;
}

static void note_commit(struct aggregator *aggregator)
{
    aggregator->committed_ms = elapsed_ms();
    aggregator->walking = false;
    aggregator->walk_again = true;
}

/*
 * Brings some services forward, in one transaction. They are locked for as long as it takes, and
 * are all in memory: as many as take a fraction of a second, which are few where they are large or
 * have to be read, and hundreds where they are at hand.
 */
static bool catch_up(struct aggregator *aggregator, struct fault *fault)
{
    int64_t began = elapsed_ms();
    int *services = &aggregator->catch_up_services;
    size_t done;
    if (!store_catch_up(aggregator->held.store, *services, &done, fault))
        return false;
    int64_t now = elapsed_ms();
    if (now - began > CATCH_UP_SLOW_MS && *services > CATCH_UP_LEAST)
        *services /= 2;
    else if (now - began < CATCH_UP_QUICK_MS && done == (size_t)*services &&
             *services < CATCH_UP_MOST)
        *services *= 2;
    aggregator->lagging = done > 0;
    if (done > 0)
        note_commit(aggregator);
    aggregator->caught_up_ms = now;
    patience_over(&aggregator->patience);
    return true;
}

/* One step of the walk that gets the present ready: at leisure while others wait, one after the
 * other where nobody does. */
static bool walk_on(struct aggregator *aggregator, int64_t now, struct fault *fault)
{
    struct present_walk *walk = &aggregator->walk;
    bool quiet = now - aggregator->committed_ms >= QUIET_MS;
    if (now - aggregator->walked_ms < (quiet ? 0 : WALK_BUSY_MS))
        return true;
    if (walk->service == NULL) {
        if (!aggregator->walk_again && now - aggregator->walk_began_ms < WALK_EVERY_MS)
            return true;
        aggregator->walk_again = false;
        aggregator->walk_began_ms = now;
    }
    if (!present_go_on(walk, aggregator->held.store, fault))
        return false;
    aggregator->walking = quiet && walk->service != NULL;
    aggregator->walked_ms = elapsed_ms();
    return true;
}

/* The services whose results come by what has been assigned: the first burst would wait for all of
 * them at once. */
static bool read_ahead(struct aggregator *aggregator, struct fault *fault)
{
    const struct held *held = &aggregator->held;
    struct take *takes = calloc(held->count + 1, sizeof *takes);
    if (takes == NULL)
        abort();
    for (size_t i = 0; i < held->count; i++)
        takes[i] = (struct take){.topic = held->items[i].topic->number,
                                 .partition = held->items[i].partition};
    bool done =
        store_read_ahead(held->store, takes, held->count, READ_AHEAD, &aggregator->read, fault);
    free(takes);
    if (done)
        aggregator->reading = aggregator->read != NULL;
    return done;
}

/* Between batches: lagging services, the end of one log, and where nothing was taken what will be
 * needed; then the present. False: stop. */
static bool tend(struct aggregator *aggregator, bool took)
{
    struct fault fault;
    int64_t now = elapsed_ms();
    if ((aggregator->lagging || now - aggregator->caught_up_ms >= CATCH_UP_MS) &&
        !catch_up(aggregator, &fault))
        return recover(aggregator, &fault);
    if (now - aggregator->checked_ms >= CHECK_EVERY_MS) { /* the ledger's next month */
        aggregator->checked_ms = now;
        if (!store_check_derived(aggregator->held.store, &fault))
            return recover(aggregator, &fault);
    }
    held_report(&aggregator->held);
    if (!held_look(&aggregator->held, &fault))
        return recover(aggregator, &fault);
    if (aggregator->reading)
        return took || read_ahead(aggregator, &fault) || recover(aggregator, &fault);
    return walk_on(aggregator, now, &fault) || recover(aggregator, &fault);
}

static bool step(struct aggregator *aggregator)
{
    if (batch_count(aggregator->batch) == 0 &&
        !collect(aggregator, aggregator->batch,
                 aggregator->lagging || aggregator->walking || aggregator->reading ? 0
                                                                                   : IDLE_POLL_MS))
        return false;
    if (batch_full(aggregator->batch)) { /* a backlog: the next batch is judged beside its commit */
        if (!collect(aggregator, aggregator->ahead, 0))
            return false;
        batch_judge_ahead(aggregator->ahead);
    }
    bool took = batch_count(aggregator->batch) > 0;
    if (took) {
        bool governance;
        struct fault fault = {.reaction = FAULT_FENCED};
        switch (batch_commit(aggregator->batch, &governance)) {
        case BATCH_DONE:
            aggregator->lagging = aggregator->lagging || governance;
            note_commit(aggregator);
            break;
        case BATCH_FENCED:
            fault_set(&fault, FAULT_FENCED, "fenced");
            return recover(aggregator, &fault);
        case BATCH_STOPPED:
            return false;
        }
    }
    struct batch *next = aggregator->ahead;
    aggregator->ahead = aggregator->batch;
    aggregator->batch = next;
    held_end(&aggregator->held);
    return tend(aggregator, took);
}

static int run(struct aggregator *aggregator)
{
    struct fault fault;
    while (!store_check_derived(aggregator->held.store, &fault))
        if (!patience_wait(&aggregator->patience, &fault))
            return patience_failed() ? EXIT_FAILED : EXIT_DONE;
    patience_over(&aggregator->patience);
    struct intake_handler handler = {aggregator, on_assigned, on_revoked};
    aggregator->held.intake = intake_new(&kafka, group, &handler, &fault);
    if (aggregator->held.intake == NULL) {
        log_error("%s", fault.text);
        return EXIT_FAILED;
    }
    aggregator->held.look = look_new();
    log_notice("started, group %s", group);
    bool going = true;
    while (going && !stop_requested()) {
        going = step(aggregator) && !patience_failed();
        if (once && !aggregator->lagging && held_all_at_end(&aggregator->held) &&
            store_settled(aggregator->held.store))
            break;
    }
    size_t halted = held_halted(&aggregator->held); /* leaving the group lets go of them */
    drop(aggregator);                               /* the records are the client's */
    look_free(aggregator->held.look);
    intake_free(aggregator->held.intake);
    aggregator->held.intake = NULL;
    log_notice("stopped");
    if (patience_failed() || (!going && !stop_requested()))
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
    struct aggregator aggregator = {.held.store =
                                        store_new(database, PROGRAM.name, (size_t)memory << 20),
                                    .catch_up_services = CATCH_UP_LEAST};
    const struct batch_bounds bounds = {(size_t)batch_records, (size_t)batch_bytes};
    aggregator.batch = batch_new(&aggregator.held, bounds);
    aggregator.ahead = batch_new(&aggregator.held, bounds);
    int status = run(&aggregator);
    batch_free(aggregator.batch);
    batch_free(aggregator.ahead);
    held_drop(&aggregator.held);
    present_free(&aggregator.walk);
    free(aggregator.read);
    store_free(aggregator.held.store);
    settings_free(&PROGRAM);
    return status;
}
