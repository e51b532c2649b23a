#include "consumers/aggregator/held.h"

#include "consumers/aggregator/patience.h"
#include "runtime/elapsed.h"
#include "runtime/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BOUNDS_MS = 5000,
    CLUSTER_MS = 10000,
    LOOK_EVERY_MS = 100,
    VERIFY_EVERY_MS = 10000,
    REPORT_EVERY_MS = 1000,
    SILENCE_MS = 10000, /* Kafka's, before a word is said of it */
};

struct held_partition *held_find(struct held *held, const char *topic, int32_t partition)
{
    for (size_t i = 0; i < held->count; i++)
        if (held->items[i].partition == partition && strcmp(held->items[i].topic->name, topic) == 0)
            return &held->items[i];
    return NULL;
}

static void report(struct held *held)
{
    for (size_t i = 0; i < held->count && held->intake != NULL; i++) {
        struct held_partition *partition = &held->items[i];
        if (partition->next != partition->reported)
            intake_report(held->intake, partition->topic->name, partition->partition,
                          partition->next);
        partition->reported = partition->next;
    }
}

void held_report(struct held *held)
{
    if (elapsed_ms() - held->reported_ms < REPORT_EVERY_MS)
        return;
    held->reported_ms = elapsed_ms();
    report(held);
}

void held_drop(struct held *held)
{
    report(held);
    free(held->items);
    held->items = NULL;
    held->count = held->looked = 0;
}

#define REOPEN "; if that is meant, assay topics reopen makes a new start"

/* Whether what is read is another cluster's; false too where none is known. */
static bool swapped(const struct claim *claim, const char *cluster, char *reason, size_t size)
{
    if (cluster == NULL || claim->cluster[0] == '\0' || strcmp(cluster, claim->cluster) == 0)
        return false;
    snprintf(reason, size,
             "swapped cluster: the record follows Kafka cluster %s, this is %s" REOPEN,
             claim->cluster, cluster);
    return true;
}

static void halt(struct held *held, struct held_partition *partition, const char *reason)
{
    log_error("%s partition %d halts: %s", partition->topic->name, partition->partition, reason);
    partition->halted = true;
    intake_pause(held->intake, partition->topic->name, partition->partition);
    struct patience patience = {0};
    struct fault fault;
    while (!store_halt(held->store, partition->topic->number, partition->partition,
                       partition->claim.epoch, reason, &fault))
        if (!patience_wait(&patience, &fault))
            return;
}

/* `cluster`: the one that is read; NULL: not known. */
static void halt_in(struct held *held, struct held_partition *partition, const char *cluster,
                    const char *reason)
{
    char other[512];
    halt(held, partition,
         swapped(&partition->claim, cluster, other, sizeof other) ? other : reason);
}

void held_halt(struct held *held, struct held_partition *partition, const char *reason)
{
    halt_in(held, partition, intake_cluster(held->intake, CLUSTER_MS), reason);
}

/* Nothing of it is in hand. */
static bool idle(const struct held_partition *partition)
{
    return partition->in_hand == partition->next;
}

void held_end(struct held *held)
{
    const char *cluster = NULL;
    bool asked = false; /* once for all: by a client made for it, for seconds where none answers */
    for (size_t i = 0; i < held->count; i++) {
        struct held_partition *partition = &held->items[i];
        if (partition->ending == NULL || partition->halted || !idle(partition))
            continue;
        if (!asked)
            cluster = intake_cluster(held->intake, CLUSTER_MS);
        asked = true;
        halt_in(held, partition, cluster, partition->ending);
    }
}

/* A reopened partition starts where its log begins; that was the operator's word. */
static void start_late(struct held *held, struct held_partition *partition, int64_t low)
{
    struct fault fault;
    if (!store_start_at(held->store, partition->topic->number, partition->partition,
                        partition->claim.epoch, low, &fault)) {
        log_warning("%s", fault.text);
        return; /* still short of the log's beginning: it halts */
    }
    log_notice("%s partition %d: incarnation %d starts at offset %lld, where its log begins",
               partition->topic->name, partition->partition, partition->claim.incarnation,
               (long long)low);
    partition->claim.next_offset = partition->next = partition->in_hand = low;
}

/* Why the partition cannot go on where the record left it; NULL: it can. */
static const char *cannot_go_on(struct held *held, struct held_partition *partition,
                                const char *cluster, char *reason, size_t size)
{
    const struct claim *claim = &partition->claim;
    if (swapped(claim, cluster, reason, size))
        return reason;
    int64_t low;
    int64_t high;
    struct fault fault;
    if (!intake_bounds(held->intake, partition->topic->name, partition->partition, BOUNDS_MS, &low,
                       &high, &fault)) {
        log_warning("%s partition %d: %s", partition->topic->name, partition->partition,
                    fault.text);
        return NULL; /* if the offset is out of the log, the first fetch will say so */
    }
    if (low > claim->next_offset && claim->incarnation > 1 && claim->last_offset < 0)
        start_late(held, partition, low);
    if (low > claim->last_offset)
        partition->verify = false; /* the last record taken is gone: nothing to compare with */
    if (low > claim->next_offset) {
        snprintf(reason, size,
                 "trimmed topic: the log starts at offset %lld, %lld records after offset %lld, "
                 "which would be next" REOPEN,
                 (long long)low, (long long)(low - claim->next_offset),
                 (long long)claim->next_offset);
        return reason;
    }
    if (high < claim->next_offset) {
        snprintf(
            reason, size,
            "recreated topic: the log ends at offset %lld, but offset %lld has been taken" REOPEN,
            (long long)high, (long long)(claim->next_offset - 1));
        return reason;
    }
    return NULL;
}

/* Claims one partition; false: a stop was requested before the database answered. */
static bool claim_one(struct held *held, const struct intake_partition *wanted, const char *cluster,
                      struct held_partition *partition)
{
    struct patience patience = {0};
    struct fault fault;
    *partition = (struct held_partition){.partition = wanted->partition};
    for (;;) {
        partition->topic = store_topic(held->store, wanted->topic, &fault);
        if (partition->topic != NULL &&
            store_claim(held->store, partition->topic->number, wanted->partition, cluster,
                        &partition->claim, &fault))
            break;
        fault_context(&fault, "claiming %s partition %d", wanted->topic, wanted->partition);
        if (!patience_wait(&patience, &fault))
            return false;
    }
    partition->next = partition->in_hand = partition->reported = partition->claim.next_offset;
    partition->verify = partition->claim.last_offset >= 0;
    held_witness(partition);
    return true;
}

void held_claim(struct held *held, struct intake_partition *partitions, size_t count)
{
    held_drop(held);
    held->items = calloc(count + 1, sizeof *held->items);
    if (held->items == NULL)
        abort();
    size_t halted = 0;
    const char *cluster = intake_cluster(held->intake, CLUSTER_MS);
    for (size_t i = 0; i < count; i++) {
        struct held_partition *partition = &held->items[held->count];
        if (!claim_one(held, &partitions[i], cluster, partition))
            return;
        held->count++;
        char reason[512];
        if (partition->claim.halted) {
            partition->halted = true;
            log_error("%s partition %d stays halted: %s", partitions[i].topic,
                      partitions[i].partition, partition->claim.reason);
        } else if (cannot_go_on(held, partition, cluster, reason, sizeof reason) != NULL) {
            halt(held, partition, reason);
        }
        if (partition->halted) {
            halted++;
            continue;
        }
        /* Starting at the last record taken shows whether the log is still the same one. */
        partitions[i].start =
            partition->verify ? partition->claim.last_offset : partition->claim.next_offset;
    }
    log_notice("%zu partitions claimed, %zu of them halted", held->count, halted);
}

void held_witness(struct held_partition *partition)
{
    partition->witness = partition->claim.last_offset;
    memcpy(partition->witness_digest, partition->claim.last_digest,
           sizeof partition->witness_digest);
}

/* Has the witness sent again. What is taken until it comes was taken of the log that it is in. */
static void verify_again(struct held *held, struct held_partition *partition, int64_t low)
{
    int64_t now_ms = elapsed_ms();
    if (partition->verify || now_ms - partition->verified_ms < VERIFY_EVERY_MS)
        return;
    partition->verified_ms = now_ms;
    if (low > partition->witness) { /* trimmed away, or nothing has been taken */
        held_witness(partition);
        return;
    }
    partition->verify = true;
    intake_seek(held->intake, partition->topic->name, partition->partition, partition->witness);
}

/* librdkafka tries for ever, and tells nobody that a cluster it knew is silent: said once, and once
 * that it is over. */
static void note_silence(struct held *held, const struct seen *seen)
{
    int64_t now_ms = elapsed_ms();
    int64_t silent_ms = held->silence.since_ms == 0 ? 0 : now_ms - held->silence.since_ms;
    if (seen->heard) {
        if (held->silence.said)
            log_notice("Kafka answers again, after %lld s", (long long)silent_ms / 1000);
        held->silence.since_ms = 0;
        held->silence.said = false;
    } else if (held->silence.since_ms == 0) {
        held->silence.since_ms = now_ms;
    } else if (silent_ms >= SILENCE_MS && !held->silence.said) {
        log_warning("Kafka has not answered for %lld s (%s); it is asked until it does",
                    (long long)silent_ms / 1000, seen->why.text);
        held->silence.said = true;
    }
}

/* Writes down that nothing untaken was at the log's end at `seen_at`. */
static bool complete(struct held *held, const struct held_partition *partition, instant seen_at,
                     struct fault *fault)
{
    struct take take = {.topic = partition->topic->number,
                        .partition = partition->partition,
                        .epoch = partition->claim.epoch,
                        .next_offset = partition->next};
    return store_look(held->store, &take, 1, seen_at, fault);
}

/* The answer may be of a partition that has been let go of or claimed anew since. What has been
 * taken since does no harm: nothing is in hand now, so that all that was in the log when it was
 * asked about is committed where next, or the end that was reached, is not before it. */
static bool use_answer(struct held *held, const struct seen *seen, struct fault *fault)
{
    note_silence(held, seen); /* no broker, no news: complete_through stays where it is */
    struct held_partition *partition = held_find(held, seen->topic, seen->partition);
    if (!seen->answered || partition == NULL || partition->claim.epoch != seen->epoch ||
        partition->halted || !idle(partition))
        return true;
    verify_again(held, partition, seen->first);
    if (seen->end > partition->next && (!partition->at_end || seen->end > partition->end))
        return true;
    return complete(held, partition, seen->asked_at, fault);
}

bool held_look(struct held *held, struct fault *fault)
{
    struct seen seen;
    if (look_over(held->look, &seen) && !use_answer(held, &seen, fault))
        return false;
    if (elapsed_ms() - held->looked_ms < LOOK_EVERY_MS)
        return true;
    held->looked_ms = elapsed_ms();
    if (held->count == 0) {
        if (held->silence.since_ms != 0) /* the session has ended meanwhile */
            look_begin(held->look, held->intake, NULL, 0, 0);
        return true;
    }
    struct held_partition *partition = &held->items[held->looked++ % held->count];
    if (partition->halted)
        return complete(held, partition, INSTANT_BEGIN, fault);
    if (partition->at_end) /* else busy: its batches say how far it is */
        look_begin(held->look, held->intake, partition->topic->name, partition->partition,
                   partition->claim.epoch);
    return true;
}

bool held_all_at_end(const struct held *held)
{
    for (size_t i = 0; i < held->count; i++)
        if (!held->items[i].halted && !(held->items[i].at_end && idle(&held->items[i])))
            return false;
    return held->count > 0;
}

size_t held_halted(const struct held *held)
{
    size_t halted = 0;
    for (size_t i = 0; i < held->count; i++)
        halted += held->items[i].halted;
    return halted;
}
