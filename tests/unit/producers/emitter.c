#include "proto/record.h"
#include "tests/unit/producers/fixture.h"

#include <assay/emitter.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define EVIDENCE RECORD_TOPIC_EVIDENCE
enum { REQUEST_PRODUCE = 0, PARTITIONS = 4 };

/* What the delivery callback saw. */
struct seen {
    unsigned count[4]; /* by outcome */
    struct assay_delivery last;
    char text[1024];
    char topic[256];
};

static void on_delivery(void *context, const struct assay_delivery *delivery)
{
    struct seen *seen = context;
    seen->count[delivery->outcome]++;
    seen->last = *delivery;
    snprintf(seen->text, sizeof seen->text, "%s", delivery->text != NULL ? delivery->text : "");
    snprintf(seen->topic, sizeof seen->topic, "%s", delivery->topic);
}

static const struct assay_result good = {.service = "exchange-online",
                                         .environment = "gcc",
                                         .check = "tls",
                                         .subject = "host-01",
                                         .verdict = ASSAY_PASS,
                                         .occurred_at = {.tv_sec = 1763600000}};

static int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A mock cluster with the evidence topic, and an emitter that tells `seen`. */
static assay_emitter *open_on(struct mock *mock, struct seen *seen,
                              struct assay_emitter_options options)
{
    struct assay_error error;
    if (mock->cluster == NULL) {
        mock_start(mock);
        mock_topic(mock, EVIDENCE);
    }
    options.brokers = mock->brokers;
    options.source = options.source != NULL ? options.source : "tests/unit";
    options.on_delivery = on_delivery;
    options.context = seen;
    assay_emitter *emitter = assay_emitter_open(&options, &error);
    ck_assert_msg(emitter != NULL, "%s", error.text);
    return emitter;
}

#define ck_assert_counts(counts, a, d, f, r)                                                       \
    do {                                                                                           \
        ck_assert_uint_eq((counts).accepted, a);                                                   \
        ck_assert_uint_eq((counts).delivered, d);                                                  \
        ck_assert_uint_eq((counts).failed, f);                                                     \
        ck_assert_uint_eq((counts).refused, r);                                                    \
    } while (0)

static void judge_message(void *context, const rd_kafka_message_t *message)
{
    struct judgement judgement;
    struct arena *arena = arena_new(1);
    const void *id;
    size_t size;
    rd_kafka_headers_t *headers;
    ck_assert(record_judge(RECORD_EVIDENCE, message->key, message->key_len, message->payload,
                           message->len, INSTANT_BEGIN, arena, &judgement));
    ck_assert_int_eq(judgement.verdict, VERDICT_ACCEPTED);
    ck_assert_str_eq(judgement.event->source, "tests/unit");
    ck_assert_str_eq(judgement.event->control_test_result->subject, "host-01");
    ck_assert_int_eq(judgement.event->control_test_result->method, ASSAY__V1__METHOD__METHOD_TEST);
    ck_assert_int_eq(rd_kafka_message_headers(message, &headers), RD_KAFKA_RESP_ERR_NO_ERROR);
    ck_assert_int_eq(rd_kafka_header_get_last(headers, "ce_id", &id, &size), 0);
    ck_assert_uint_eq(size, strlen(judgement.event->id));
    ck_assert_mem_eq(id, judgement.event->id, size);
    ck_assert_str_eq(context, judgement.event->id);
    arena_free(arena);
}

START_TEST(a_result_arrives_and_is_accounted_for)
{
    static struct mock mock;
    struct seen seen = {0};
    struct assay_error error;
    struct assay_counts counts;
    int tag;
    assay_emitter *emitter = open_on(&mock, &seen, (struct assay_emitter_options){0});
    ck_assert_int_eq(assay_emitter_send_result(emitter, &good, &tag, &error), ASSAY_OK);
    char id[ASSAY_ID_MAX];
    memcpy(id, error.event_id, sizeof id);
    ck_assert_uint_eq(strlen(id), 36);
    ck_assert_int_eq(assay_emitter_flush(emitter, 10000, &error), ASSAY_OK);
    ck_assert_uint_eq(seen.count[ASSAY_OK], 1);
    ck_assert_ptr_eq(seen.last.tag, &tag);
    ck_assert_int_ge(seen.last.partition, 0);
    ck_assert_int_eq(seen.last.offset, 0);
    ck_assert_int_eq(assay_emitter_close(emitter, 0, &counts, &error), ASSAY_OK);
    ck_assert_counts(counts, 1, 1, 0, 0);
    ck_assert_uint_eq(mock_read(&mock, EVIDENCE, judge_message, id), 1);
}
END_TEST

START_TEST(equal_content_has_an_equal_id)
{
    static struct mock mock;
    struct seen seen = {0};
    struct assay_error first, second, third;
    struct assay_result other = good;
    assay_emitter *emitter = open_on(&mock, &seen, (struct assay_emitter_options){0});
    other.verdict = ASSAY_FAIL;
    assay_emitter_send_result(emitter, &good, NULL, &first);
    assay_emitter_send_result(emitter, &good, NULL, &second);
    assay_emitter_send_result(emitter, &other, NULL, &third);
    ck_assert_str_eq(first.event_id, second.event_id);
    ck_assert_str_ne(first.event_id, third.event_id);
    ck_assert_int_eq(assay_emitter_close(emitter, 10000, NULL, NULL), ASSAY_OK);
}
END_TEST

START_TEST(what_breaks_the_contract_is_refused_by_name)
{
    static struct mock mock;
    struct seen seen = {0};
    struct assay_error error;
    struct assay_counts counts;
    struct assay_result bad = good;
    assay_emitter *emitter = open_on(&mock, &seen, (struct assay_emitter_options){0});
    bad.environment = "no slug";
    ck_assert_int_eq(assay_emitter_send_result(emitter, &bad, NULL, &error), ASSAY_REFUSED);
    ck_assert_contains(error.text, "control_test_result.environment");
    ck_assert_uint_eq(strlen(error.event_id), 36);
    bad = good;
    bad.occurred_at = (struct timespec){0};
    ck_assert_int_eq(assay_emitter_send_result(emitter, &bad, NULL, &error), ASSAY_REFUSED);
    ck_assert_contains(error.text, "occurred_at");
    static const char json[] = "{\"source\": \"s\", \"controlTestResult\": {\"servce\": \"x\"}}";
    ck_assert_int_eq(assay_emitter_send_json(emitter, json, sizeof json - 1, NULL, &error),
                     ASSAY_REFUSED);
    ck_assert_contains(error.text, "servce");
    ck_assert_int_eq(assay_emitter_close(emitter, 0, &counts, &error), ASSAY_OK);
    ck_assert_counts(counts, 0, 0, 0, 3);
}
END_TEST

START_TEST(a_whole_event_and_json_go_to_their_topics)
{
    static struct mock mock;
    struct seen seen = {0};
    static const char json[] = "{\"source\": \"office\", \"occurredAt\": \"2026-11-01T00:00:00Z\", "
                               "\"scopeChange\": {\"service\": \"s\", \"environment\": \"e\", "
                               "\"standard\": \"t\", \"membership\": \"MEMBERSHIP_IN_SCOPE\"}}";
    assay_emitter *emitter = open_on(&mock, &seen, (struct assay_emitter_options){.team = "mail"});
    mock_topic(&mock, "assay.evidence.mail");
    mock_topic(&mock, RECORD_TOPIC_SCOPE);
    mock_topic(&mock, RECORD_TOPIC_SERVICES);
    ck_assert_int_eq(assay_emitter_send_json(emitter, json, sizeof json - 1, NULL, NULL), ASSAY_OK);
    ck_assert_int_eq(assay_emitter_send_result(emitter, &good, NULL, NULL), ASSAY_OK);

    Assay__V1__ServiceOnboarding body = ASSAY__V1__SERVICE_ONBOARDING__INIT;
    Assay__V1__Event event = ASSAY__V1__EVENT__INIT;
    Google__Protobuf__Timestamp at = GOOGLE__PROTOBUF__TIMESTAMP__INIT;
    at.seconds = 1763600000;
    body.service = (char[]){"s"};
    body.title = (char[]){"S"};
    body.lifecycle = ASSAY__V1__LIFECYCLE__LIFECYCLE_LIVE;
    event.occurred_at = &at;
    event.body_case = ASSAY__V1__EVENT__BODY_SERVICE_ONBOARDING;
    event.service_onboarding = &body;
    ck_assert_int_eq(assay_emitter_send_event(emitter, &event, NULL, NULL), ASSAY_OK);
    ck_assert_str_eq(event.id, ""); /* the caller's event stays as it was */
    ck_assert_int_eq(assay_emitter_close(emitter, 10000, NULL, NULL), ASSAY_OK);
    ck_assert_uint_eq(mock_read(&mock, "assay.evidence.mail", NULL, NULL), 1);
    ck_assert_uint_eq(mock_read(&mock, RECORD_TOPIC_SCOPE, NULL, NULL), 1);
    ck_assert_uint_eq(mock_read(&mock, RECORD_TOPIC_SERVICES, NULL, NULL), 1);
    ck_assert_uint_eq(mock_read(&mock, EVIDENCE, NULL, NULL), 0);
}
END_TEST

/* murmur2 as org.apache.kafka.common.utils.Utils has it, written from its description: seed
 * 0x9747b28c, four bytes at a time, little-endian. */
static uint32_t java_murmur2(const char *key)
{
    const uint32_t m = 0x5bd1e995;
    size_t size = strlen(key);
    uint32_t h = 0x9747b28c ^ (uint32_t)size;
    for (size_t i = 0; i + 4 <= size; i += 4) {
        uint32_t k;
        memcpy(&k, key + i, sizeof k);
        k *= m;
        k ^= k >> 24;
        k *= m;
        h = h * m ^ k;
    }
    const char *rest = key + size / 4 * 4;
    for (size_t i = size % 4; i > 0; i--) {
        h ^= (uint32_t)(unsigned char)rest[i - 1] << (8 * (i - 1));
        if (i == 1)
            h *= m;
    }
    h ^= h >> 13;
    h *= m;
    return h ^ h >> 15;
}

START_TEST(keys_go_where_java_sends_them)
{
    static struct mock mock;
    struct seen seen = {0};
    char service[16];
    assay_emitter *emitter = open_on(&mock, &seen, (struct assay_emitter_options){0});
    ck_assert_int_eq((int32_t)java_murmur2("21"), -973932308); /* known from Kafka's own tests */
    for (int i = 0; i < 40; i++) {
        struct assay_result result = good;
        snprintf(service, sizeof service, "service-%d", i * i * i);
        result.service = service;
        ck_assert_int_eq(assay_emitter_send_result(emitter, &result, NULL, NULL), ASSAY_OK);
        ck_assert_int_eq(assay_emitter_flush(emitter, 10000, NULL), ASSAY_OK);
        ck_assert_int_eq(seen.last.partition,
                         (int32_t)((java_murmur2(service) & 0x7fffffff) % PARTITIONS));
    }
    assay_emitter_close(emitter, 0, NULL, NULL);
}
END_TEST

START_TEST(passing_errors_are_retried)
{
    static struct mock mock;
    struct seen seen = {0};
    struct assay_counts counts;
    assay_emitter *emitter = open_on(&mock, &seen, (struct assay_emitter_options){0});
    rd_kafka_mock_push_request_errors(
        mock.cluster, REQUEST_PRODUCE, 3, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT);
    ck_assert_int_eq(assay_emitter_send_result(emitter, &good, NULL, NULL), ASSAY_OK);
    ck_assert_int_eq(assay_emitter_close(emitter, 15000, &counts, NULL), ASSAY_OK);
    ck_assert_counts(counts, 1, 1, 0, 0);
    ck_assert_uint_eq(mock_read(&mock, EVIDENCE, NULL, NULL), 1);
}
END_TEST

START_TEST(a_record_the_broker_refuses_is_told_with_its_event)
{
    static struct mock mock;
    struct seen seen = {0};
    struct assay_error error;
    struct assay_counts counts;
    assay_emitter *emitter = open_on(&mock, &seen, (struct assay_emitter_options){0});
    rd_kafka_mock_push_request_errors(mock.cluster, REQUEST_PRODUCE, 1,
                                      RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
    ck_assert_int_eq(assay_emitter_send_result(emitter, &good, NULL, &error), ASSAY_OK);
    char id[ASSAY_ID_MAX];
    memcpy(id, error.event_id, sizeof id);
    ck_assert_int_eq(assay_emitter_flush(emitter, 10000, &error), ASSAY_BROKEN);
    ck_assert_str_eq(error.event_id, id);
    ck_assert_contains(error.text, id);
    ck_assert_contains(error.text, "ACL");
    ck_assert_uint_eq(seen.count[ASSAY_BROKEN], 1);
    ck_assert_contains(seen.text, EVIDENCE);
    ck_assert_int_eq(assay_emitter_close(emitter, 0, &counts, NULL), ASSAY_BROKEN);
    ck_assert_counts(counts, 1, 0, 1, 0);
}
END_TEST

START_TEST(a_missing_topic_is_said_to_be_missing)
{
    static struct mock mock;
    struct seen seen = {0};
    struct assay_error error;
    const char *const soon[] = {"topic.metadata.propagation.max.ms=100"};
    assay_emitter *emitter = open_on(
        &mock, &seen,
        (struct assay_emitter_options){.team = "none", .properties = soon, .property_count = 1});
    rd_kafka_mock_topic_set_error(mock.cluster, "assay.evidence.none",
                                  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
    ck_assert_int_eq(assay_emitter_send_result(emitter, &good, NULL, &error), ASSAY_OK);
    ck_assert_int_eq(assay_emitter_flush(emitter, 15000, &error), ASSAY_BROKEN);
    ck_assert_contains(error.text, "assay topics create");
    ck_assert_str_eq(seen.topic, "assay.evidence.none");
    assay_emitter_close(emitter, 0, NULL, NULL);
}
END_TEST

START_TEST(without_a_broker_everything_ends_in_time)
{
    static struct mock mock;
    struct seen seen = {0};
    struct assay_error error;
    struct assay_counts counts;
    assay_emitter *emitter =
        open_on(&mock, &seen, (struct assay_emitter_options){.delivery_timeout_ms = 400});
    ck_assert_int_eq(assay_emitter_reach(emitter, 5000, &error), ASSAY_OK);
    rd_kafka_mock_broker_set_down(mock.cluster, 1);
    int64_t started = now_ms();
    ck_assert_int_eq(assay_emitter_reach(emitter, 300, &error), ASSAY_UNSENT);
    ck_assert_int_eq(assay_emitter_send_result(emitter, &good, NULL, &error), ASSAY_OK);
    ck_assert_int_eq(assay_emitter_flush(emitter, 5000, &error), ASSAY_UNSENT);
    ck_assert_int_lt(now_ms() - started, 4000);
    ck_assert_uint_eq(seen.count[ASSAY_UNSENT], 1);
    ck_assert_int_eq(assay_emitter_close(emitter, 0, &counts, &error), ASSAY_UNSENT);
    ck_assert_counts(counts, 1, 0, 1, 0);
}
END_TEST

START_TEST(a_full_queue_waits_and_then_says_so)
{
    static struct mock mock;
    struct seen seen = {0};
    struct assay_error error;
    struct assay_counts counts;
    unsigned sent = 0;
    assay_emitter *emitter = open_on(
        &mock, &seen, (struct assay_emitter_options){.queue_messages = 10, .queue_wait_ms = 200});
    rd_kafka_mock_broker_set_down(mock.cluster, 1);
    while (assay_emitter_send_result(emitter, &good, NULL, &error) == ASSAY_OK)
        sent++;
    ck_assert_uint_eq(sent, 10);
    ck_assert_int_eq(error.outcome, ASSAY_UNSENT);
    ck_assert_contains(error.text, "queue is full");
    ck_assert_uint_eq(strlen(error.event_id), 36);
    /* Closing gives up what is queued: each event fails, once. */
    int64_t started = now_ms();
    ck_assert_int_eq(assay_emitter_close(emitter, 200, &counts, &error), ASSAY_UNSENT);
    ck_assert_int_lt(now_ms() - started, 4000);
    ck_assert_counts(counts, 10, 0, 10, 0);
    ck_assert_uint_eq(seen.count[ASSAY_UNSENT], 10);
}
END_TEST

START_TEST(a_slow_broker_slows_the_sender_and_loses_nothing)
{
    static struct mock mock;
    struct seen seen = {0};
    struct assay_counts counts;
    assay_emitter *emitter =
        open_on(&mock, &seen, (struct assay_emitter_options){.queue_messages = 5});
    rd_kafka_mock_broker_set_rtt(mock.cluster, 1, 20);
    for (int i = 0; i < 100; i++) {
        struct assay_result result = good;
        result.sequence = (uint64_t)i + 1;
        ck_assert_int_eq(assay_emitter_send_result(emitter, &result, NULL, NULL), ASSAY_OK);
        counts = assay_emitter_counts(emitter);
        ck_assert_uint_le(counts.accepted - counts.delivered - counts.failed, 5);
    }
    ck_assert_int_eq(assay_emitter_close(emitter, 10000, &counts, NULL), ASSAY_OK);
    ck_assert_counts(counts, 100, 100, 0, 0);
    ck_assert_uint_eq(mock_read(&mock, EVIDENCE, NULL, NULL), 100);
}
END_TEST

struct thread {
    pthread_t id;
    assay_emitter *emitter;
    int number;
};

static void *send_many(void *context)
{
    struct thread *thread = context;
    for (int i = 0; i < 250; i++) {
        struct assay_result result = good;
        result.sequence = (uint64_t)(thread->number * 1000 + i + 1);
        if (assay_emitter_send_result(thread->emitter, &result, NULL, NULL) != ASSAY_OK)
            return context;
    }
    return NULL;
}

START_TEST(threads_share_an_emitter)
{
    static struct mock mock;
    struct assay_counts counts;
    struct thread threads[4];
    mock_start(&mock);
    mock_topic(&mock, EVIDENCE);
    assay_emitter *emitter = assay_emitter_open(
        &(struct assay_emitter_options){
            .brokers = mock.brokers, .source = "tests/unit", .queue_messages = 50},
        NULL);
    ck_assert_ptr_nonnull(emitter);
    for (int i = 0; i < 4; i++) {
        threads[i] = (struct thread){.emitter = emitter, .number = i};
        pthread_create(&threads[i].id, NULL, send_many, &threads[i]);
    }
    for (int i = 0; i < 4; i++) {
        void *failed;
        pthread_join(threads[i].id, &failed);
        ck_assert_ptr_null(failed);
    }
    ck_assert_int_eq(assay_emitter_close(emitter, 10000, &counts, NULL), ASSAY_OK);
    ck_assert_counts(counts, 1000, 1000, 0, 0);
    ck_assert_uint_eq(mock_read(&mock, EVIDENCE, NULL, NULL), 1000);
}
END_TEST

START_TEST(options_that_do_not_work_are_told)
{
    struct assay_error error;
    unsetenv("ASSAY_BROKERS");
    ck_assert_ptr_null(assay_emitter_open(NULL, &error));
    ck_assert_int_eq(error.outcome, ASSAY_BROKEN);
    ck_assert_contains(error.text, "ASSAY_BROKERS");
    ck_assert_ptr_null(assay_emitter_open(
        &(struct assay_emitter_options){.brokers = "b:1", .source = "no slug"}, &error));
    ck_assert_contains(error.text, "no slug");
    ck_assert_ptr_null(assay_emitter_open(
        &(struct assay_emitter_options){.brokers = "b:1", .team = "a/b"}, &error));
    ck_assert_contains(error.text, "a/b");
    const char *const weaker[] = {"acks=1"};
    ck_assert_ptr_null(assay_emitter_open(&(struct assay_emitter_options){.brokers = "b:1",
                                                                          .properties = weaker,
                                                                          .property_count = 1},
                                          &error));
    ck_assert_contains(error.text, "acks");
    setenv("ASSAY_BROKERS", "127.0.0.1:1", 1);
    assay_emitter *emitter = assay_emitter_open(NULL, &error);
    ck_assert_ptr_nonnull(emitter);
    ck_assert_int_eq(assay_emitter_close(emitter, 0, NULL, NULL), ASSAY_OK);
    ck_assert_int_eq(assay_emitter_close(NULL, 0, NULL, NULL), ASSAY_OK);
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"arrives", a_result_arrives_and_is_accounted_for},
        {"identity", equal_content_has_an_equal_id},
        {"refused", what_breaks_the_contract_is_refused_by_name},
        {"topics", a_whole_event_and_json_go_to_their_topics},
        {"partition", keys_go_where_java_sends_them},
        {"retried", passing_errors_are_retried},
        {"not allowed", a_record_the_broker_refuses_is_told_with_its_event},
        {"missing topic", a_missing_topic_is_said_to_be_missing},
        {"no broker", without_a_broker_everything_ends_in_time},
        {"full", a_full_queue_waits_and_then_says_so},
        {"slow", a_slow_broker_slows_the_sender_and_loses_nothing},
        {"threads", threads_share_an_emitter},
        {"options", options_that_do_not_work_are_told},
    };
    return RUN_TESTS("emitter", tests);
}
