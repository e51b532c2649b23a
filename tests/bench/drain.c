/*
 * bench-drain -- how fast records of assay.evidence can be had at all, and how fast judged.
 *
 *   bench-drain BROKERS COUNT drain    librdkafka alone: records counted
 *   bench-drain BROKERS COUNT judge    had as the aggregator has them, each decoded, validated and
 *                                      its digest taken: one batch beside the fetching of the next
 *
 * Reads from the beginning until COUNT records have come. Prints seconds from when it may begin to
 * fetch until it has the last record, CPU seconds, and how many were accepted. From the first
 * record on would not do: by then much of what follows is fetched, and the drain would be a count
 * of it.
 */
#include "consumers/intake/intake.h"
#include "consumers/store/taken.h"
#include "proto/record.h"
#include "tests/bench/client.h"

#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH = 10000, JUDGED_TOGETHER = 50000, ARENA_BYTES = 256 << 20, GIVE_UP_SECONDS = 120 };

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

static void on_assigned(void *begin, struct intake_partition *partitions, size_t count)
{
    for (size_t i = 0; i < count; i++)
        partitions[i].start = 0;
    *(double *)begin = now();
}

static void on_revoked(void *begin)
{
    (void)begin;
}

static void collect(struct intake *intake, struct batch *batch, size_t count)
{
    double give_up = now() + GIVE_UP_SECONDS;
    while (batch->count < count) {
        struct received *received = &batch->received[batch->count];
        struct fault fault;
        if (intake_poll(intake, 100, received, &fault) == INTAKE_RECORD)
            batch->count++;
        else if (now() > give_up)
            fail("the records did not come");
        else
            intake_release(received);
    }
}

static struct drained judge(const char *brokers, long count)
{
    static struct batch batches[2];
    double begin = 0;
    char group[32];
    struct fault fault;
    struct kafka_settings kafka = {.brokers = brokers};
    struct intake_handler handler = {&begin, on_assigned, on_revoked};
    snprintf(group, sizeof group, "bench-drain-%d", getpid());
    struct intake *intake = intake_new(&kafka, group, 1, &handler, &fault);
    if (intake == NULL)
        fail(fault.text);
    batches[0].arena = arena_new(ARENA_BYTES);
    batches[1].arena = arena_new(ARENA_BYTES);
    struct drained drained = {0};
    struct batch *batch = &batches[0], *judged = NULL;
    while (drained.taken < count) {
        long left = count - drained.taken;
        collect(intake, batch, left < JUDGED_TOGETHER ? (size_t)left : JUDGED_TOGETHER);
        drained.taken += (long)batch->count;
        if (judged != NULL)
            pthread_join(judged->thread, NULL);
        if (pthread_create(&batch->thread, NULL, judge_batch, batch) != 0)
            fail("no thread");
        if (judged != NULL)
            let_go(judged);
        judged = batch;
        batch = batch == &batches[0] ? &batches[1] : &batches[0];
    }
    pthread_join(judged->thread, NULL);
    drained.seconds = now() - begin;
    let_go(judged);
    drained.accepted = batches[0].accepted + batches[1].accepted;
    intake_free(intake);
    arena_free(batches[0].arena);
    arena_free(batches[1].arena);
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
