/*
 * bench-drain -- how fast records of assay.evidence can be had at all, and how fast judged.
 *
 *   bench-drain BROKERS COUNT drain    librdkafka alone: records counted
 *   bench-drain BROKERS COUNT judge    had as an aggregator has them, in lanes: each record
 * decoded, validated and its digest taken, one batch of a lane beside the fetching of its next
 *
 * Reads from the beginning until COUNT records have come. Prints seconds from when it may begin to
 * fetch until it has the last record, CPU seconds, and how many were accepted. From the first
 * record on would not do: by then much of what follows is fetched, and the drain would be a count
 * of it.
 */
#include "consumers/intake/intake.h"
#include "consumers/store/sharing.h"
#include "consumers/store/taken.h"
#include "proto/record.h"
#include "tests/bench/client.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCH = 10000,
    JUDGED_TOGETHER = 50000,
    ARENA_BYTES = 256 << 20,
    GIVE_UP_SECONDS = 120,
    WAIT_MS = 5,
    LANES_MOST = 4, /* as an aggregator has by default, where there are as many processors */
};

struct drained {
    long taken, accepted;
    double seconds;
};

static rd_kafka_t *connect_to(const char *brokers)
{
    /* as consumers/intake/intake.c has them */
    const char *const settings[][2] = {
        {"bootstrap.servers", brokers},
        {"group.id", "bench-drain"},
        {"enable.auto.commit", "false"},
        {"enable.auto.offset.store", "false"},
        {"check.crcs", "true"},
        {"fetch.message.max.bytes", "4194304"},
        {"queued.min.messages", "100000"},
        {"queued.max.messages.kbytes", "65536"},
        {"auto.offset.reset", "earliest"},
    };
    char text[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text) !=
            RD_KAFKA_CONF_OK)
            fail(text);
    rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    if (kafka == NULL)
        fail(text);
    rd_kafka_poll_set_consumer(kafka);
    return kafka;
}

/* Returns when it did. */
static double assign_all(rd_kafka_t *kafka)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_topic_t *topic = rd_kafka_topic_new(kafka, RECORD_TOPIC_EVIDENCE, NULL);
    if (topic == NULL || rd_kafka_metadata(kafka, 0, topic, &metadata, 10000) != 0 ||
        metadata->topic_cnt != 1)
        fail("no metadata");
    rd_kafka_topic_partition_list_t *all = rd_kafka_topic_partition_list_new(8);
    for (int i = 0; i < metadata->topics[0].partition_cnt; i++)
        rd_kafka_topic_partition_list_add(all, RECORD_TOPIC_EVIDENCE,
                                          metadata->topics[0].partitions[i].id)
            ->offset = RD_KAFKA_OFFSET_BEGINNING;
    double begin = now();
    rd_kafka_assign(kafka, all);
    rd_kafka_topic_partition_list_destroy(all);
    rd_kafka_metadata_destroy(metadata);
    rd_kafka_topic_destroy(topic);
    return begin;
}

static struct drained drain(const char *brokers, long count)
{
    rd_kafka_t *kafka = connect_to(brokers);
    double begin = assign_all(kafka);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(kafka);
    static rd_kafka_message_t *messages[BATCH];
    struct drained drained = {0};
    while (drained.taken < count) {
        if (now() - begin > GIVE_UP_SECONDS)
            fail("the records did not come");
        ssize_t got = rd_kafka_consume_batch_queue(queue, 100, messages, BATCH);
        for (ssize_t i = 0; i < got; i++) {
            drained.taken += messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR;
            rd_kafka_message_destroy(messages[i]);
        }
    }
    drained.accepted = drained.taken;
    drained.seconds = now() - begin;
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(kafka);
    rd_kafka_destroy(kafka);
    return drained;
}

/* As the aggregator's batches: collected by one thread, judged by another. */
struct batch {
    struct received received[JUDGED_TOGETHER];
    struct taken taken[JUDGED_TOGETHER];
    size_t count;
    struct arena *arena;
    long accepted;
    pthread_t thread;
};

struct lane {
    struct intake *intake;
    struct batch *batches; /* two */
    size_t together;       /* records of a batch */
    long wanted;           /* of all lanes */
    atomic_long *taken;    /* by all lanes */
    long own;              /* by this one */
    double begin;          /* of its assignment; 0: none yet */
    pthread_t thread;
};

static void *judge_batch(void *argument)
{
    struct batch *batch = argument;
    arena_reset(batch->arena);
    for (size_t i = 0; i < batch->count; i++) {
        const struct received *received = &batch->received[i];
        struct taken *taken = &batch->taken[i];
        *taken = (struct taken){.kind = RECORD_EVIDENCE,
                                .offset = received->offset,
                                .kafka_timestamp = received->timestamp,
                                .key = received->key,
                                .key_size = received->key_size,
                                .value = received->value,
                                .value_size = received->value_size};
        if (!taken_judge(taken, batch->arena))
            fail("the arena is full");
        batch->accepted += taken->verdict == VERDICT_ACCEPTED;
    }
    return NULL;
}

static void let_go(struct batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        intake_release(&batch->received[i]);
    batch->count = 0;
}

static void on_assigned(void *context, struct intake_partition *partitions, size_t count)
{
    struct lane *lane = context;
    if (lane->own > 0)
        fail("assigned anew");
    for (size_t i = 0; i < count; i++)
        partitions[i].start = 0;
    lane->begin = now();
}

static void on_revoked(void *context)
{
    (void)context;
}

/* Until the batch is full, or what there is has been had; as an aggregator, it waits only for the
 * first. */
static void collect(struct lane *lane, struct batch *batch)
{
    double give_up = now() + GIVE_UP_SECONDS;
    int wait = WAIT_MS;
    while (batch->count < lane->together && atomic_load(lane->taken) < lane->wanted) {
        struct received *received = &batch->received[batch->count];
        struct fault fault;
        enum intake_event event = intake_poll(lane->intake, wait, received, &fault);
        if (event == INTAKE_RECORD) {
            batch->count++;
            lane->own++;
            atomic_fetch_add(lane->taken, 1);
            wait = 0;
            continue;
        }
        intake_release(received);
        if (event == INTAKE_NOTHING && batch->count > 0)
            return;
        if (now() > give_up)
            fail("the records did not come");
    }
}

static void *run_lane(void *argument)
{
    struct lane *lane = argument;
    struct batch *batch = &lane->batches[0], *judged = NULL;
    while (atomic_load(lane->taken) < lane->wanted) {
        collect(lane, batch);
        if (judged != NULL)
            pthread_join(judged->thread, NULL);
        if (pthread_create(&batch->thread, NULL, judge_batch, batch) != 0)
            fail("no thread");
        if (judged != NULL)
            let_go(judged);
        judged = batch;
        batch = batch == &lane->batches[0] ? &lane->batches[1] : &lane->batches[0];
    }
    if (judged != NULL)
        pthread_join(judged->thread, NULL);
    return NULL;
}

/* As many as an aggregator has. */
static size_t lane_count(void)
{
    size_t processors = sharing_hands();
    return processors < LANES_MOST ? processors : LANES_MOST;
}

static void lane_begin(struct lane *lane, const char *brokers, size_t number, size_t lanes)
{
    char group[32];
    struct fault fault;
    struct kafka_settings kafka = {.brokers = brokers};
    struct intake_handler handler = {lane, on_assigned, on_revoked};
    snprintf(group, sizeof group, "bench-drain-%d", getpid());
    lane->intake = intake_new(&kafka, group, number, lanes, &handler, &fault);
    if (lane->intake == NULL)
        fail(fault.text);
    lane->batches = calloc(2, sizeof *lane->batches);
    if (lane->batches == NULL)
        fail("no memory");
    lane->batches[0].arena = arena_new(ARENA_BYTES);
    lane->batches[1].arena = arena_new(ARENA_BYTES);
    if (pthread_create(&lane->thread, NULL, run_lane, lane) != 0)
        fail("no thread");
}

static long lane_end(struct lane *lane)
{
    long accepted = lane->batches[0].accepted + lane->batches[1].accepted;
    for (size_t i = 0; i < 2; i++) {
        let_go(&lane->batches[i]);
        arena_free(lane->batches[i].arena);
    }
    intake_free(lane->intake);
    free(lane->batches);
    return accepted;
}

static struct drained judge(const char *brokers, long count)
{
    atomic_long taken = 0;
    struct lane lanes[LANES_MOST];
    size_t lane_total = lane_count();
    for (size_t i = 0; i < lane_total; i++) {
        lanes[i] = (struct lane){
            .together = JUDGED_TOGETHER / lane_total, .wanted = count, .taken = &taken};
        lane_begin(&lanes[i], brokers, i + 1, lane_total);
    }
    for (size_t i = 0; i < lane_total; i++)
        pthread_join(lanes[i].thread, NULL);
    double end = now(), begin = end;
    for (size_t i = 0; i < lane_total; i++)
        if (lanes[i].begin > 0 && lanes[i].begin < begin)
            begin = lanes[i].begin;
    struct drained drained = {.taken = atomic_load(&taken), .seconds = end - begin};
    for (size_t i = 0; i < lane_total; i++)
        drained.accepted += lane_end(&lanes[i]);
    return drained;
}

int main(int argc, char **argv)
{
    if (argc != 4 || (strcmp(argv[3], "drain") != 0 && strcmp(argv[3], "judge") != 0)) {
        fprintf(stderr, "usage: bench-drain BROKERS COUNT drain|judge\n");
        return 2;
    }
    long count = strtol(argv[2], NULL, 10);
    struct drained drained =
        strcmp(argv[3], "judge") == 0 ? judge(argv[1], count) : drain(argv[1], count);
    printf("{\"records\": %ld, \"accepted\": %ld, \"seconds\": %.4f, \"cpu\": %.3f}\n",
           drained.taken, drained.accepted, drained.seconds, cpu_seconds());
    return 0;
}
