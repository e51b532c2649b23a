/*
 * bench-load -- fills assay.evidence with a workload, always the same for the same arguments.
 *
 *   bench-load BROKERS VARIANT fill           one PASS of each stream
 *   bench-load BROKERS VARIANT COUNT [RATE]   that many results, at most RATE a second
 *
 * Variants:
 *   steady       300 services, 2 environments, 174 checks; streams at random; 1 % of the results
 *                differ from the last one of their stream
 *   adversarial  the same, and every result differs
 *   hot          like steady, on 1,000 streams only
 *   subjects     like steady, but one service, one environment, 200 checks, 5,000 hosts
 *
 * Results are a millisecond apart from 2026-01-03 on, one in a hundred is told ten minutes late.
 * Records have a key and a value of about 235 bytes, and no headers. What the results are about
 * (standard, mappings, scope) workload.py publishes. No example of a producer: that is
 * producers/emitter/example.c.
 */
#include "assay/v1/event.pb-c.h"
#include "proto/codec.h"
#include "proto/identity.h"

#include <assert.h>
#include <librdkafka/rdkafka.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { LATE_MS = 600 * 1000, TEXT_MAX = 160 };

static const int64_t FILL_AT = 1767312000000;   /* 2026-01-02T00:00:00Z, milliseconds */
static const int64_t EVENTS_AT = 1767398400000; /* a day later */

struct variant {
    const char *name;
    uint32_t services, environments, checks, subjects;
    uint32_t streams; /* how many of them get results after the fill */
    uint32_t flips;   /* in a hundred */
};

static const struct variant VARIANTS[] = {
    {"steady", 300, 2, 174, 1, 104400, 1},
    {"adversarial", 300, 2, 174, 1, 104400, 100},
    {"hot", 300, 2, 174, 1, 1000, 1},
    {"subjects", 1, 1, 200, 5000, 1000000, 1},
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "bench-load: %s\n", what);
    exit(3);
}

static const struct variant *variant_of(const char *name)
{
    for (size_t i = 0; i < sizeof VARIANTS / sizeof VARIANTS[0]; i++)
        if (strcmp(VARIANTS[i].name, name) == 0)
            return &VARIANTS[i];
    fail("no such variant");
}

static uint32_t stream_count(const struct variant *variant)
{
    return variant->services * variant->environments * variant->checks * variant->subjects;
}

/* splitmix64, as in Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014 */
static uint64_t random_state = 20260101;
static uint64_t random_next(void)
{
    uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void on_delivery(rd_kafka_t *client, const rd_kafka_message_t *message, void *opaque)
{
    (void)client, (void)opaque;
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail(rd_kafka_err2str(message->err));
}

static rd_kafka_t *connect_to(const char *brokers, const char *linger)
{
    const char *const settings[][2] = {
        {"bootstrap.servers", brokers},   {"linger.ms", linger},
        {"batch.size", "500000"},         {"queue.buffering.max.messages", "200000"},
        {"enable.idempotence", "true"},   {"partitioner", "murmur2_random"},
        {"socket.nagle.disable", "true"},
    };
    char text[512];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++)
        if (rd_kafka_conf_set(conf, settings[i][0], settings[i][1], text, sizeof text) !=
            RD_KAFKA_CONF_OK)
            fail(text);
    rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
    rd_kafka_t *kafka = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (kafka == NULL)
        fail(text);
    return kafka;
}

static void produce(rd_kafka_t *kafka, const char *key, const uint8_t *value, size_t size)
{
    rd_kafka_resp_err_t code;
    while ((code = rd_kafka_producev(kafka, RD_KAFKA_V_TOPIC("assay.evidence"),
                                     RD_KAFKA_V_KEY(key, strlen(key)),
                                     RD_KAFKA_V_VALUE((void *)(uintptr_t)value, size),
                                     RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END)) ==
           RD_KAFKA_RESP_ERR__QUEUE_FULL)
        rd_kafka_poll(kafka, 10);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail(rd_kafka_err2str(code));
    rd_kafka_poll(kafka, 0);
}

static void send_result(rd_kafka_t *kafka, const struct variant *variant, uint32_t stream,
                        bool passes, int64_t at)
{
    uint32_t subject = stream % variant->subjects;
    uint32_t check = stream / variant->subjects % variant->checks;
    uint32_t environment = stream / variant->subjects / variant->checks % variant->environments;
    uint32_t service = stream / variant->subjects / variant->checks / variant->environments;
    char names[6][TEXT_MAX];
    snprintf(names[0], TEXT_MAX, "svc-%03u-payments", service);
    snprintf(names[1], TEXT_MAX, "%s", environment == 0 ? "production" : "staging");
    snprintf(names[2], TEXT_MAX, "CC%u.%u-access-review-%03u", check % 9, check % 7, check);
    snprintf(names[3], TEXT_MAX, "%s", "");
    if (variant->subjects > 1)
        snprintf(names[3], TEXT_MAX, "host-%04u.example.net", subject);
    snprintf(names[4], TEXT_MAX, "scanner/host-%02u", (unsigned)(random_next() % 40));
    snprintf(names[5], TEXT_MAX, "rule set 2026.%02u, evidence object %016llx",
             (unsigned)(random_next() % 12), (unsigned long long)random_next());

    Google__Protobuf__Timestamp occurred = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    occurred.seconds = at / 1000;
    occurred.nanos = (int32_t)(at % 1000) * 1000000;
    Assay__V1__Tool tool = ASSAY__V1__TOOL__INIT;
    tool.name = "policy-agent";
    tool.version = stream % 2 == 0 ? "2.1" : "2.2";
    Assay__V1__ControlTestResult result = ASSAY__V1__CONTROL_TEST_RESULT__INIT;
    result.service = names[0];
    result.environment = names[1];
    result.check = names[2];
    result.subject = names[3];
    result.result = passes ? ASSAY__V1__RESULT__RESULT_PASS : ASSAY__V1__RESULT__RESULT_FAIL;
    result.method = ASSAY__V1__METHOD__METHOD_TEST;
    result.tool = &tool;
    result.summary = names[5];
    Assay__V1__Event event = ASSAY__V1__EVENT__INIT;
    uuid id;
    for (size_t i = 0; i < sizeof id.bytes; i += 8)
        memcpy(&id.bytes[i], &(uint64_t){random_next()}, 8);
    char text[UUID_TEXT_MAX];
    event.id = uuid_format(&id, text);
    event.source = names[4];
    event.occurred_at = &occurred;
    event.body_case = ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT;
    event.control_test_result = &result;

    uint8_t value[2048];
    size_t size = codec_encode(&event, NULL);
    assert(size <= sizeof value);
    codec_encode(&event, value);
    produce(kafka, result.service, value, size);
}

static double now(void)
{
    struct timespec clock;
    clock_gettime(CLOCK_MONOTONIC, &clock);
    return (double)clock.tv_sec + (double)clock.tv_nsec * 1e-9;
}

static void send_events(rd_kafka_t *kafka, const struct variant *variant, long count, double rate)
{
    uint32_t streams = stream_count(variant);
    uint8_t *passes = malloc(streams);
    if (passes == NULL)
        fail("out of memory");
    memset(passes, 1, streams);
    double begin = now();
    for (long i = 0; i < count; i++) {
        uint32_t stream =
            (uint32_t)(random_next() % variant->streams) * (uint32_t)(streams / variant->streams);
        if (random_next() % 100 < variant->flips)
            passes[stream] = !passes[stream];
        bool late = random_next() % 100 == 0;
        send_result(kafka, variant, stream, passes[stream],
                    EVENTS_AT + LATE_MS + i - (late ? LATE_MS : 0));
        while (rate > 0 && now() - begin < (double)i / rate)
            rd_kafka_poll(kafka, 1);
    }
    free(passes);
}

int main(int argc, char **argv)
{
    if (argc < 4 || argc > 5) {
        fprintf(stderr, "usage: bench-load BROKERS VARIANT fill|COUNT [RATE]\n");
        return 2;
    }
    const struct variant *variant = variant_of(argv[2]);
    double rate = argc == 5 ? strtod(argv[4], NULL) : 0;
    rd_kafka_t *kafka = connect_to(argv[1], rate > 0 ? "0" : "20");
    if (strcmp(argv[3], "fill") == 0)
        for (uint32_t stream = 0; stream < stream_count(variant); stream++)
            send_result(kafka, variant, stream, true, FILL_AT + stream % 86400000);
    else
        send_events(kafka, variant, strtol(argv[3], NULL, 10), rate);
    if (rd_kafka_flush(kafka, 120000) != RD_KAFKA_RESP_ERR_NO_ERROR)
        fail("the broker did not take everything");
    rd_kafka_destroy(kafka);
    return 0;
}
