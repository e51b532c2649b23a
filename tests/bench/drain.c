/*
 * bench-drain -- how fast records of assay.evidence can be had at all, and how fast judged.
 *
 *   bench-drain BROKERS COUNT drain    librdkafka alone: records counted
 *   bench-drain BROKERS COUNT judge    and each decoded, validated and its digest taken
 *
 * Reads from the beginning until COUNT records have come. Prints seconds from when it may begin to
 * fetch until it has the last record, CPU seconds, and how many were accepted. From the first
 * record on would not do: by then much of what follows is fetched, and the drain would be a count
 * of it.
 */
#include "proto/record.h"
#include "tests/bench/client.h"

#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 10000, ARENA_BYTES = 4 << 20, GIVE_UP_SECONDS = 120 };

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

/* 1: accepted */
static long judge(struct arena *arena, const rd_kafka_message_t *message)
{
    struct judgement judgement;
    uint8_t digest[32];
    int64_t at = rd_kafka_message_timestamp(message, NULL) * 1000;
    codec_digest(message->payload, message->len, digest);
    if (!record_judge(RECORD_EVIDENCE, message->key, message->key_len, message->payload,
                      message->len, at, arena, &judgement))
        fail("the arena is full");
    return judgement.verdict == VERDICT_ACCEPTED;
}

int main(int argc, char **argv)
{
    if (argc != 4 || (strcmp(argv[3], "drain") != 0 && strcmp(argv[3], "judge") != 0)) {
        fprintf(stderr, "usage: bench-drain BROKERS COUNT drain|judge\n");
        return 2;
    }
    long count = strtol(argv[2], NULL, 10);
    bool judging = strcmp(argv[3], "judge") == 0;
    rd_kafka_t *kafka = connect_to(argv[1]);
    double begin = assign_all(kafka);
    rd_kafka_queue_t *queue = rd_kafka_queue_get_consumer(kafka);
    struct arena *arena = arena_new(ARENA_BYTES);
    static rd_kafka_message_t *messages[BATCH];
    long taken = 0, accepted = 0;
    while (taken < count) {
        if (now() - begin > GIVE_UP_SECONDS)
            fail("the records did not come");
        ssize_t got = rd_kafka_consume_batch_queue(queue, 100, messages, BATCH);
        for (ssize_t i = 0; i < got; i++) {
            if (messages[i]->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
                taken++;
                accepted += judging ? judge(arena, messages[i]) : 1;
            }
            rd_kafka_message_destroy(messages[i]);
        }
        arena_reset(arena); /* as the aggregator does with each batch */
    }
    double seconds = now() - begin;
    printf("{\"records\": %ld, \"accepted\": %ld, \"seconds\": %.4f, \"cpu\": %.3f}\n", taken,
           accepted, seconds, cpu_seconds());
    arena_free(arena);
    rd_kafka_queue_destroy(queue);
    rd_kafka_consumer_close(kafka);
    rd_kafka_destroy(kafka);
    return 0;
}
