#include "producers/import/governance_topic.h"

#include "producers/emitter/kafka_fault.h"
#include "producers/emitter/kafka_trouble.h"
#include "proto/codec.h"
#include "proto/limits.h"
#include "proto/record.h"
#include "runtime/elapsed.h"
#include "runtime/progress.h"
#include "runtime/stop.h"

#include <assert.h>
#include <stdlib.h>

enum { SLICE_MS = 100 };

struct reading {
    struct governance *governance;
    rd_kafka_t *client;
    rd_kafka_topic_t *topic;
    rd_kafka_queue_t *queue;
    int32_t partitions;
    int32_t ended; /* partitions whose end was reached */
    bool *at_end;  /* by partition */
    struct arena *arena;
    int64_t timeout_ms;
    struct kafka_trouble trouble;
};

static void on_error(rd_kafka_t *client, int code, const char *reason, void *context)
{
    struct reading *reading = context;
    kafka_trouble_note(&reading->trouble, client, code, reason);
}

static bool give_up(struct reading *reading, rd_kafka_resp_err_t code, struct fault *why)
{
    kafka_fault_set(why, code, "cannot read " RECORD_TOPIC_GOVERNANCE);
    if (stop_requested())
        return fault_set(why, FAULT_RETRY, "stopped");
    if (reading->trouble.last.reaction != FAULT_NONE) {
        struct fault last = *why;
        return fault_set(why, reading->trouble.last.reaction, "%s; last: %s", last.text,
                         reading->trouble.last.text);
    }
    return false;
}

/* How many partitions there are: one by the contract, any number in fact. */
static bool find_partitions(struct reading *reading, struct fault *why)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code;
    int64_t deadline = elapsed_ms() + reading->timeout_ms;
    do {
        code = rd_kafka_metadata(reading->client, 0, reading->topic, &metadata, SLICE_MS);
        rd_kafka_poll(reading->client, 0);
    } while (code != RD_KAFKA_RESP_ERR_NO_ERROR && kafka_fault_reaction(code) == FAULT_RETRY &&
             reading->trouble.last.reaction != FAULT_FATAL && elapsed_ms() < deadline &&
             !stop_requested());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return give_up(reading, code, why);
    assert(metadata->topic_cnt == 1);
    code = metadata->topics[0].err;
    reading->partitions = metadata->topics[0].partition_cnt;
    rd_kafka_metadata_destroy(metadata);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR || give_up(reading, code, why);
}

static void take(struct reading *reading, const rd_kafka_message_t *message)
{
    struct judgement judgement;
    uint8_t digest[32];
    arena_reset(reading->arena);
    bool judged = record_judge(RECORD_GOVERNANCE, message->key, message->key_len, message->payload,
                               message->len, INSTANT_BEGIN, reading->arena, &judgement);
    assert(judged); /* an empty arena holds any record */
    if (judgement.verdict != VERDICT_ACCEPTED)
        return;
    codec_digest(message->payload, message->len, digest);
    governance_take(reading->governance, judgement.event, digest);
}

static bool read_to_end(struct reading *reading, struct fault *why)
{
    struct progress progress;
    uint64_t count = 0;
    progress_start(&progress);
    int64_t deadline = elapsed_ms() + reading->timeout_ms;
    rd_kafka_resp_err_t last = RD_KAFKA_RESP_ERR__TIMED_OUT;
    bool good = true;
    while (good && reading->ended < reading->partitions) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(reading->queue, SLICE_MS);
        rd_kafka_poll(reading->client, 0);
        if (stop_requested() || elapsed_ms() >= deadline ||
            reading->trouble.last.reaction == FAULT_FATAL) {
            good = give_up(reading, last, why);
        } else if (message != NULL && message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            take(reading, message);
            progress_show(&progress, RECORD_TOPIC_GOVERNANCE, ++count, 0);
            deadline = elapsed_ms() + reading->timeout_ms;
        } else if (message != NULL && message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
            reading->ended += !reading->at_end[message->partition];
            reading->at_end[message->partition] = true;
        } else if (message != NULL) {
            last = message->err;
            if (kafka_fault_reaction(last) != FAULT_RETRY)
                good = give_up(reading, last, why);
        }
        if (message != NULL)
            rd_kafka_message_destroy(message);
    }
    progress_end(&progress);
    return good;
}

static bool read_topic(struct reading *reading, struct fault *why)
{
    if (!find_partitions(reading, why))
        return false;
    reading->at_end = calloc((size_t)reading->partitions, sizeof *reading->at_end);
    assert(reading->at_end != NULL);
    int32_t started = 0;
    bool good = true;
    while (good && started < reading->partitions) {
        good = rd_kafka_consume_start_queue(reading->topic, started, RD_KAFKA_OFFSET_BEGINNING,
                                            reading->queue) == 0 ||
               kafka_fault_set(why, rd_kafka_last_error(), "cannot read " RECORD_TOPIC_GOVERNANCE);
        started += good;
    }
    good = good && read_to_end(reading, why);
    while (started > 0)
        rd_kafka_consume_stop(reading->topic, --started);
    free(reading->at_end);
    return good;
}

bool governance_topic_read(struct governance *governance, const struct kafka_settings *settings,
                           const char *client, int64_t timeout_ms, struct fault *why)
{
    static const struct kafka_property own[] = {
        {"enable.partition.eof", "true", true},
        {"isolation.level", "read_committed", false},
        {"check.crcs", "true", false},
    };
    struct reading reading = {.governance = governance, .timeout_ms = timeout_ms};
    char text[512];
    rd_kafka_conf_t *conf =
        kafka_settings_configure(settings, client, own, sizeof own / sizeof own[0], why);
    if (conf == NULL)
        return false;
    rd_kafka_conf_set_opaque(conf, &reading);
    rd_kafka_conf_set_error_cb(conf, on_error);
    reading.client = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    if (reading.client == NULL) {
        rd_kafka_conf_destroy(conf);
        return fault_set(why, FAULT_FATAL, "librdkafka cannot start: %s", text);
    }
    reading.topic = rd_kafka_topic_new(reading.client, RECORD_TOPIC_GOVERNANCE, NULL);
    reading.queue = rd_kafka_queue_new(reading.client);
    reading.arena = arena_new(LIMIT_DECODED_BYTES);
    assert(reading.topic != NULL && reading.queue != NULL);
    bool good = read_topic(&reading, why);
    arena_free(reading.arena);
    rd_kafka_queue_destroy(reading.queue);
    rd_kafka_topic_destroy(reading.topic);
    rd_kafka_destroy(reading.client);
    return good;
}
