#include "consumers/aggregator/lane.h"

#include "consumers/aggregator/held.h"
#include "consumers/aggregator/patience.h"
#include "runtime/elapsed.h"
#include "runtime/log.h"
#include "runtime/stop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    IDLE_POLL_MS = 20,
    CATCH_UP_MS = 50,
    CHECK_EVERY_MS = 3600 * 1000,
    CATCH_UP_LEAST = 8, /* services a transaction */
    CATCH_UP_MOST = 512,
    CATCH_UP_QUICK_MS = 100, /* a transaction that took less is followed by one twice as large */
    CATCH_UP_SLOW_MS = 400,
    READ_AHEAD = 8, /* services a step, which a batch may wait for */
};

struct lane {
    const struct lane_settings *settings;
    size_t number;
    _Atomic int64_t *committed_ms;
    struct held held;
    struct batch *batch, *ahead;      /* the one to be committed, and the one after it */
    int64_t caught_up_ms, checked_ms; /* when last, monotonic */
    bool reading;             /* services are read before batches need them, since an assignment */
    char *read;               /* the last one that was; NULL: none yet */
    bool lagging;             /* the last catch-up found work */
    int catch_up_services;    /* that the next one takes together */
    struct patience patience; /* of what is not a batch */
    char last_complaint[256];
};

static void drop(struct lane *lane)
{
    batch_drop(lane->batch);
    batch_drop(lane->ahead);
}

static void on_assigned(void *context, struct intake_partition *partitions, size_t count)
{
    struct lane *lane = context;
    drop(lane);
    held_claim(&lane->held, partitions, count);
    free(lane->read);
    lane->read = NULL;
    lane->reading = !lane->settings->once && lane->held.count > 0;
}

static void on_revoked(void *context)
{
    struct lane *lane = context;
    drop(lane);
    held_drop(&lane->held);
}

static void stop_taking(struct lane *lane, const struct received *received, const char *reason)
{
    struct held_partition *partition = held_find(&lane->held, received->topic, received->partition);
    if (partition != NULL && !partition->halted)
        partition->ending = reason; /* what came before it is in hand, and good */
}

/* librdkafka repeats itself while it reconnects; said once each. False: it failed for good. */
static bool complain(struct lane *lane, const struct fault *fault)
{
    if (fault->reaction == FAULT_FATAL)
        return patience_wait(&lane->patience, fault);
    char complaint[sizeof lane->last_complaint];
    snprintf(complaint, sizeof complaint, "%.255s", fault->text);
    if (strcmp(lane->last_complaint, complaint) != 0) {
        log_warning("%s", fault->text);
        memcpy(lane->last_complaint, complaint, sizeof complaint);
    }
    return true;
}

/* Takes what has arrived, up to the batch's bounds; waits only for the first. False: Kafka failed
 * for good. */
static bool collect(struct lane *lane, struct batch *batch, int wait)
{
    while (!batch_full(batch) && !stop_requested()) {
        struct received received;
        struct fault fault;
        enum intake_event event = intake_poll(lane->held.intake, wait, &received, &fault);
        struct held_partition *partition = NULL;
        switch (event) {
        case INTAKE_RECORD:
            batch_add(batch, &received);
            lane->last_complaint[0] = '\0';
            wait = 0;
            continue;
        case INTAKE_END:
            partition = held_find(&lane->held, received.topic, received.partition);
            if (partition != NULL) {
                partition->at_end = true;
                partition->end = received.offset;
            }
            break;
        case INTAKE_LOST:
            stop_taking(lane, &received,
                        "trimmed or recreated topic: the log does not hold the offset that would "
                        "be next; if that is meant, assay topics reopen makes a new start");
            break;
        case INTAKE_DAMAGED:
            stop_taking(lane, &received,
                        "damaged log: records cannot be read, and librdkafka would pass over "
                        "them; mend the topic, then assay topics reopen makes a new start");
            break;
        case INTAKE_FAULT:
            if (!complain(lane, &fault)) {
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
static bool recover(struct lane *lane, struct fault *fault)
{
    if (fault->reaction != FAULT_FENCED)
        return patience_wait(&lane->patience, fault);
    log_notice("%s; joining the group again", fault->text);
    on_revoked(lane);
    if (intake_rejoin(lane->held.intake, fault))
        return true;
    fault->reaction = FAULT_FATAL;
    return patience_wait(&lane->patience, fault);
}

static void note_commit(struct lane *lane)
{
    atomic_store(lane->committed_ms, elapsed_ms());
}

/*
 * Brings some services forward, in one transaction. They are locked for as long as it takes, and
 * are all in memory: as many as take a fraction of a second, which are few where they are large or
 * have to be read, and hundreds where they are at hand.
 */
static bool catch_up(struct lane *lane, struct fault *fault)
{
    int64_t began = elapsed_ms();
    int *services = &lane->catch_up_services;
    size_t done;
    if (!store_catch_up(lane->held.store, *services, &done, fault))
        return false;
    int64_t now = elapsed_ms();
    if (now - began > CATCH_UP_SLOW_MS && *services > CATCH_UP_LEAST)
        *services /= 2;
    else if (now - began < CATCH_UP_QUICK_MS && done == (size_t)*services &&
             *services < CATCH_UP_MOST)
        *services *= 2;
    lane->lagging = done > 0;
    if (done > 0)
        note_commit(lane);
    lane->caught_up_ms = now;
    patience_over(&lane->patience);
    return true;
}

/* The services whose results come by what has been assigned: the first burst would wait for all of
 * them at once. */
static bool read_ahead(struct lane *lane, struct fault *fault)
{
    const struct held *held = &lane->held;
    struct take *takes = calloc(held->count + 1, sizeof *takes);
    if (takes == NULL)
        abort();
    for (size_t i = 0; i < held->count; i++)
        takes[i] = (struct take){.topic = held->items[i].topic->number,
                                 .partition = held->items[i].partition};
    bool done = store_read_ahead(held->store, takes, held->count, READ_AHEAD, &lane->read, fault);
    free(takes);
    if (done)
        lane->reading = lane->read != NULL;
    return done;
}

/* Between batches: lagging services, the end of one log, and where nothing was taken what will be
 * needed. False: stop. */
static bool tend(struct lane *lane, bool took)
{
    struct fault fault;
    int64_t now = elapsed_ms();
    if ((lane->lagging || now - lane->caught_up_ms >= CATCH_UP_MS) && !catch_up(lane, &fault))
        return recover(lane, &fault);
    if (now - lane->checked_ms >= CHECK_EVERY_MS) { /* the ledger's next month */
        lane->checked_ms = now;
        if (!store_check_derived(lane->held.store, &fault))
            return recover(lane, &fault);
    }
    held_report(&lane->held);
    if (!held_look(&lane->held, &fault))
        return recover(lane, &fault);
    if (!lane->reading || took)
        return true;
    return read_ahead(lane, &fault) || recover(lane, &fault);
}

static bool step(struct lane *lane)
{
    if (batch_count(lane->batch) == 0 &&
        !collect(lane, lane->batch, lane->lagging || lane->reading ? 0 : IDLE_POLL_MS))
        return false;
    if (batch_full(lane->batch)) { /* a backlog: the next batch is judged beside its commit */
        if (!collect(lane, lane->ahead, 0))
            return false;
        batch_judge_ahead(lane->ahead);
    }
    bool took = batch_count(lane->batch) > 0;
    if (took) {
        bool governance;
        struct fault fault;
        switch (batch_commit(lane->batch, &governance)) {
        case BATCH_DONE:
            lane->lagging = lane->lagging || governance;
            note_commit(lane);
            break;
        case BATCH_FENCED:
            fault_set(&fault, FAULT_FENCED, "fenced");
            return recover(lane, &fault);
        case BATCH_STOPPED:
            return false;
        }
    }
    struct batch *next = lane->ahead;
    lane->ahead = lane->batch;
    lane->batch = next;
    held_end(&lane->held);
    return tend(lane, took);
}

/* The group is joined once the record is such that it can be written. */
static bool begin(struct lane *lane)
{
    struct fault fault;
    while (!store_check_derived(lane->held.store, &fault))
        if (!patience_wait(&lane->patience, &fault))
            return false;
    patience_over(&lane->patience);
    struct intake_handler handler = {lane, on_assigned, on_revoked};
    lane->held.intake = intake_new(lane->settings->kafka, lane->settings->group, lane->number,
                                   lane->settings->lanes, &handler, &fault);
    if (lane->held.intake == NULL) {
        fault.reaction = FAULT_FATAL;
        return patience_wait(&lane->patience, &fault);
    }
    lane->held.look = look_new();
    return true;
}

static bool done(const struct lane *lane)
{
    return !lane->lagging && held_all_at_end(&lane->held) && store_settled(lane->held.store);
}

size_t lane_run(const struct lane_settings *settings, size_t number, _Atomic int64_t *committed_ms)
{
    struct lane lane = {
        .settings = settings,
        .number = number,
        .committed_ms = committed_ms,
        .held.store = store_new(settings->database, settings->program, settings->memory),
        .catch_up_services = CATCH_UP_LEAST,
    };
    lane.batch = batch_new(&lane.held, settings->bounds);
    lane.ahead = batch_new(&lane.held, settings->bounds);
    if (begin(&lane))
        while (!stop_requested() && step(&lane) && !patience_failed())
            if (settings->once && done(&lane))
                break;
    size_t halted = held_halted(&lane.held); /* leaving the group lets go of them */
    drop(&lane);                             /* the records are the client's */
    look_free(lane.held.look);
    intake_free(lane.held.intake); /* which revokes */
    lane.held.intake = NULL;
    batch_free(lane.batch);
    batch_free(lane.ahead);
    held_drop(&lane.held);
    free(lane.read);
    store_free(lane.held.store);
    return halted;
}
