#include "consumers/aggregator/batch.h"

#include "consumers/aggregator/patience.h"
#include "consumers/store/headers.h"
#include "runtime/log.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct received received;
    struct held_partition *partition;
};

struct batch {
    struct held *held;
    struct batch_bounds bounds;
    struct entry *entries; /* in order of arrival: rising offsets in each partition */
    size_t count, bytes;
    struct taken *taken; /* of the entries being committed */
    struct arena *arena;
    struct pgwire headers;
    bool judging; /* by the thread, to which entries, taken, arena and headers belong meanwhile */
    pthread_t thread;
    size_t ahead; /* so many of the first entries have been judged by it */
};

struct batch *batch_new(struct held *held, struct batch_bounds bounds)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch == NULL)
        abort();
    batch->held = held;
    batch->bounds = bounds;
    batch->entries = calloc(bounds.records, sizeof *batch->entries);
    batch->taken = calloc(bounds.records, sizeof *batch->taken);
    if (batch->entries == NULL || batch->taken == NULL)
        abort();
    batch->arena = arena_new(bounds.decoded);
    return batch;
}

static void await_judging(struct batch *batch)
{
    if (batch->judging)
        pthread_join(batch->thread, NULL);
    batch->judging = false;
}

void batch_drop(struct batch *batch)
{
    await_judging(batch);
    batch->ahead = 0;
    for (size_t i = 0; i < batch->count; i++)
        intake_release(&batch->entries[i].received);
    batch->count = batch->bytes = 0;
}

void batch_free(struct batch *batch)
{
    if (batch == NULL)
        return;
    batch_drop(batch);
    free(batch->entries);
    free(batch->taken);
    arena_free(batch->arena);
    pgwire_free(&batch->headers);
    free(batch);
}

bool batch_full(const struct batch *batch)
{
    return batch->count == batch->bounds.records || batch->bytes >= batch->bounds.bytes;
}

size_t batch_count(const struct batch *batch)
{
    return batch->count;
}

/* The first record after a claim, and after a look back, is the witness, if the log is still the
 * same. */
static bool verified(struct batch *batch, struct held_partition *partition,
                     const struct received *received)
{
    partition->verify = false;
    if (received->offset != partition->witness)
        return true; /* trimmed up to what has been taken: nothing left to compare with */
    struct taken taken = {.kafka_timestamp = received->timestamp};
    uint8_t digest[32];
    codec_digest(received->value, received->value_size, taken.digest);
    taken_digest(&taken, digest);
    if (memcmp(digest, partition->witness_digest, sizeof digest) == 0) {
        held_witness(partition);
        if (received->offset + 1 < partition->next) /* what is between has been taken */
            intake_seek(batch->held->intake, received->topic, received->partition, partition->next);
        return true;
    }
    char reason[256];
    snprintf(reason, sizeof reason,
             "recreated topic: the record at offset %lld is not the one that was taken; if that "
             "is meant, assay topics reopen makes a new start",
             (long long)received->offset);
    held_halt(batch->held, partition, reason);
    return false;
}

static void add_size(void *context, const char *name, const void *value, size_t size)
{
    (void)value;
    *(size_t *)context += strlen(name) + size;
}

static size_t headers_size(const struct received *received)
{
    size_t size = 0;
    intake_headers(received, add_size, &size);
    return size;
}

void batch_add(struct batch *batch, struct received *received)
{
    assert(!batch->judging && batch->ahead == 0 && batch->count < batch->bounds.records);
    struct held_partition *partition = held_find(batch->held, received->topic, received->partition);
    bool wanted = partition != NULL && !partition->halted && partition->ending == NULL;
    if (wanted && partition->verify)
        wanted = verified(batch, partition, received);
    if (!wanted || received->offset < partition->in_hand) {
        intake_release(received);
        return;
    }
    partition->at_end = false;
    partition->in_hand = received->offset + 1;
    batch->entries[batch->count++] = (struct entry){*received, partition};
    batch->bytes += received->key_size + received->value_size + headers_size(received);
    received->message = NULL;
}

/* ---- judging ---- */

static void add_header(void *context, const char *name, const void *value, size_t size)
{
    headers_add(context, name, value, size);
}

/* Entry to taken; false where the arena is full. */
static bool take_entry(struct batch *batch, const struct entry *entry, struct taken *taken)
{
    const struct received *received = &entry->received;
    *taken = (struct taken){
        .topic = entry->partition->topic->number,
        .kind = entry->partition->topic->kind,
        .team = entry->partition->topic->team,
        .partition = received->partition,
        .incarnation = entry->partition->claim.incarnation,
        .offset = received->offset,
        .kafka_timestamp = received->timestamp,
        .key = received->key,
        .key_size = received->key_size,
        .value = received->value,
        .value_size = received->value_size,
    };
    batch->headers.size = 0;
    intake_headers(received, add_header, &batch->headers);
    if (batch->headers.size > 0) {
        uint8_t *copied = arena_take(batch->arena, batch->headers.size);
        if (copied == NULL)
            return false;
        memcpy(copied, batch->headers.bytes, batch->headers.size);
        taken->headers = copied;
        taken->headers_size = batch->headers.size;
    }
    return taken_judge(taken, batch->arena);
}

static bool is_governance(const struct entry *entry)
{
    return entry->partition->topic->kind == RECORD_GOVERNANCE;
}

/* Whether a partition has halted is not asked here: it may, while this runs. */
static void *judge_all(void *argument)
{
    struct batch *batch = argument;
    arena_reset(batch->arena);
    while (batch->ahead < batch->count &&
           take_entry(batch, &batch->entries[batch->ahead], &batch->taken[batch->ahead]))
        batch->ahead++;
    return NULL;
}

void batch_judge_ahead(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (is_governance(&batch->entries[i]))
            return; /* the order is changed before it is committed */
    if (batch->count > 0)
        batch->judging = pthread_create(&batch->thread, NULL, judge_all, batch) == 0;
}

/* What has been judged ahead, without those of partitions that have halted since, which are moved
 * behind. As judge. */
static size_t take_judged(struct batch *batch, struct entry *entries, size_t *looked)
{
    size_t kept = 0;
    *looked = batch->ahead;
    for (size_t i = 0; i < batch->ahead; i++) {
        if (entries[i].partition->halted)
            continue;
        if (kept < i) {
            struct entry entry = entries[i];
            entries[i] = entries[kept];
            entries[kept] = entry;
            batch->taken[kept] = batch->taken[i];
        }
        kept++;
    }
    batch->ahead = 0;
    return kept;
}

/* ---- committing ---- */

/* How far the records take each partition; as many takes as partitions. `taken` in order of
 * arrival. */
static size_t make_takes(const struct batch *batch, const struct entry *entries,
                         const struct taken *taken, size_t count, struct take *takes)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        const struct held_partition *partition = entries[i].partition;
        size_t at = 0;
        while (at < found && !(takes[at].topic == partition->topic->number &&
                               takes[at].partition == partition->partition))
            at++;
        if (at == found)
            takes[found++] = (struct take){.topic = partition->topic->number,
                                           .partition = partition->partition,
                                           .incarnation = partition->claim.incarnation,
                                           .epoch = partition->claim.epoch,
                                           .from_offset = partition->next,
                                           .last_event_at = INSTANT_BEGIN};
        takes[at].last_offset = taken[i].offset;
        takes[at].next_offset = taken[i].offset + 1;
        takes[at].complete_through = taken[i].kafka_timestamp;
        if (taken[i].verdict == VERDICT_ACCEPTED && taken[i].occurred_at > takes[at].last_event_at)
            takes[at].last_event_at = taken[i].occurred_at;
        /* Hashed once, for the last record only. */
        if (i + 1 == count || entries[i + 1].partition != partition)
            taken_digest(&taken[i], takes[at].last_digest);
    }
    assert(found <= batch->held->count);
    return found;
}

static void note_refusals(const struct taken *taken, const struct entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (taken[i].verdict != VERDICT_ACCEPTED)
            log_debug("%s partition %d offset %lld refused: %s, %s",
                      entries[i].partition->topic->name, taken[i].partition,
                      (long long)taken[i].offset, verdict_name(taken[i].verdict), taken[i].detail);
}

static void moved_on(struct batch *batch, const struct take *takes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < batch->held->count; k++) {
            struct held_partition *partition = &batch->held->items[k];
            if (partition->topic->number != takes[i].topic ||
                partition->partition != takes[i].partition)
                continue;
            partition->next = takes[i].next_offset;
            partition->claim.last_offset = takes[i].last_offset;
            memcpy(partition->claim.last_digest, takes[i].last_digest,
                   sizeof partition->claim.last_digest);
            if (partition->witness < 0)
                held_witness(partition);
        }
}

static enum batch_outcome commit_entries(struct batch *batch, struct entry *entries, size_t count);

/* PostgreSQL blames a record: halves, until it stands alone and its partition halts there. */
static enum batch_outcome bisect(struct batch *batch, struct entry *entries, size_t count,
                                 const struct fault *fault)
{
    if (count > 1) {
        enum batch_outcome first = commit_entries(batch, entries, count / 2);
        return first == BATCH_DONE ? commit_entries(batch, entries + count / 2, count - count / 2)
                                   : first;
    }
    struct fault reason = *fault;
    fault_context(&reason,
                  "offset %lld cannot be stored; when that is mended, assay topics reopen --resume "
                  "goes on there",
                  (long long)entries->received.offset);
    held_halt(batch->held, entries->partition, reason.text);
    return patience_failed() ? BATCH_STOPPED : BATCH_DONE;
}

/* Judges entries into batch->taken until the arena is full, those of halted partitions passed over
 * and moved behind. *looked: how many entries were dealt with. Returns how many were judged. */
static size_t judge(struct batch *batch, struct entry *entries, size_t count, size_t *looked)
{
    size_t judged = 0;
    arena_reset(batch->arena);
    for (*looked = 0; *looked < count; (*looked)++) {
        if (entries[*looked].partition->halted)
            continue; /* it halted at an earlier record */
        if (!take_entry(batch, &entries[*looked], &batch->taken[judged]))
            break;
        struct entry kept = entries[*looked];
        entries[*looked] = entries[judged];
        entries[judged++] = kept;
    }
    assert(*looked > 0);
    return judged;
}

/* One transaction, tried until the world lets it through. */
static enum batch_outcome commit_judged(struct batch *batch, struct entry *entries, size_t count)
{
    struct take *takes = calloc(batch->held->count + 1, sizeof *takes);
    if (takes == NULL)
        abort();
    size_t take_count = make_takes(batch, entries, batch->taken, count, takes);
    note_refusals(batch->taken, entries, count);
    enum batch_outcome outcome = BATCH_DONE;
    struct patience patience = {0};
    struct fault fault;
    int64_t position;
    bool again = false;
    for (;;) {
        if (store_commit(batch->held->store, batch->taken, count, takes, take_count, &position,
                         &fault)) {
            patience_over(&patience);
            moved_on(batch, takes, take_count);
            log_debug("position %lld: %zu records", (long long)position, count);
            break;
        }
        if (fault.reaction == FAULT_REJECT && count == 1 && !again) {
            again = true; /* memory has been forgotten since: was it the record's fault at all? */
            continue;
        }
        if (fault.reaction == FAULT_REJECT) {
            outcome = bisect(batch, entries, count, &fault);
            break;
        }
        if (fault.reaction == FAULT_FENCED) {
            log_notice("%s", fault.text);
            outcome = BATCH_FENCED;
            break;
        }
        if (!patience_wait(&patience, &fault)) {
            outcome = BATCH_STOPPED;
            break;
        }
    }
    free(takes);
    return outcome;
}

/* Commits entries of one kind (governance or not), in order of arrival. */
static enum batch_outcome commit_entries(struct batch *batch, struct entry *entries, size_t count)
{
    enum batch_outcome outcome = BATCH_DONE;
    while (count > 0 && outcome == BATCH_DONE) {
        size_t looked;
        size_t judged = batch->ahead > 0 ? take_judged(batch, entries, &looked)
                                         : judge(batch, entries, count, &looked);
        if (judged > 0)
            outcome = commit_judged(batch, entries, judged);
        entries += looked;
        count -= looked;
    }
    return outcome;
}

/* Governance first, keeping the order of arrival within each kind. Returns how much of it. */
static size_t governance_first(struct batch *batch)
{
    size_t first = 0;
    for (size_t i = 0; i < batch->count; i++)
        first += is_governance(&batch->entries[i]);
    if (first == 0 || first == batch->count)
        return first;
    struct entry *sorted = calloc(batch->count, sizeof *sorted);
    if (sorted == NULL)
        abort();
    size_t governance = 0;
    size_t others = first;
    for (size_t i = 0; i < batch->count; i++)
        sorted[is_governance(&batch->entries[i]) ? governance++ : others++] = batch->entries[i];
    memcpy(batch->entries, sorted, batch->count * sizeof *sorted);
    free(sorted);
    return first;
}

enum batch_outcome batch_commit(struct batch *batch, bool *governance)
{
    await_judging(batch);
    size_t first = governance_first(batch);
    *governance = first > 0;
    enum batch_outcome outcome = commit_entries(batch, batch->entries, first);
    if (outcome == BATCH_DONE)
        outcome = commit_entries(batch, batch->entries + first, batch->count - first);
    batch_drop(batch);
    return outcome;
}
