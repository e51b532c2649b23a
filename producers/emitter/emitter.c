#include <assay/emitter.h>

#include "producers/emitter/kafka_fault.h"
#include "producers/emitter/kafka_trouble.h"
#include "producers/emitter/result_event.h"
#include "producers/kafka_settings.h"
#include "proto/codec.h"
#include "proto/identity.h"
#include "proto/json.h"
#include "proto/limits.h"
#include "proto/record.h"
#include "proto/validate.h"
#include "runtime/elapsed.h"

#include <assert.h>
#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    QUEUE_MESSAGES = 100000,
    QUEUE_KBYTES = 65536,
    DELIVERY_TIMEOUT_MS = 120000,
    /* One event: read from JSON, then its value, key and headers. */
    ARENA_BYTES = LIMIT_DECODED_BYTES + LIMIT_JSON_BYTES + 2 * LIMIT_RECORD_BYTES,
    FULL_QUEUE_POLL_MS = 50,
    PURGE_WAIT_MS = 5000,
};

/* An arena that no send uses at the moment: there are as many as threads ever sent at once. */
struct idle_arena {
    struct idle_arena *next;
    struct arena *arena;
};

struct assay_emitter {
    rd_kafka_t *client;
    char *source;
    char *team;
    uint32_t queue_wait_ms;
    void (*on_delivery)(void *context, const struct assay_delivery *delivery);
    void *context;

    atomic_uint_fast64_t accepted, delivered, failed, refused;
    atomic_bool troubled; /* since the last delivery something was said that `trouble` holds */

    pthread_mutex_t lock; /* guards what follows */
    struct idle_arena *idle;
    struct assay_error last; /* of the last delivery that failed */
    struct kafka_trouble trouble;
};

static enum assay_outcome outcome_of(enum fault_reaction reaction)
{
    switch (reaction) {
    case FAULT_NONE:
        return ASSAY_OK;
    case FAULT_REJECT:
        return ASSAY_REFUSED;
    case FAULT_RETRY:
        return ASSAY_UNSENT;
    case FAULT_FENCED:
    case FAULT_FATAL:
        break;
    }
    return ASSAY_BROKEN;
}

/* `why` as the caller's error, about the event called `id`. */
static enum assay_outcome report(struct assay_error *error, const char *id, const struct fault *why)
{
    enum assay_outcome outcome = outcome_of(why->reaction);
    if (error != NULL) {
        error->outcome = outcome;
        snprintf(error->event_id, sizeof error->event_id, "%s", id != NULL ? id : "");
        static_assert(sizeof error->text == sizeof why->text, "the texts have one bound");
        memcpy(error->text, why->text, sizeof error->text);
    }
    return outcome;
}

/* `id` of at most ASSAY_ID_MAX - 1 bytes. Sets what is read, not the thousand bytes of text. */
static enum assay_outcome succeed(struct assay_error *error, const char *id)
{
    if (error != NULL) {
        error->outcome = ASSAY_OK;
        memcpy(error->event_id, id, strlen(id) + 1);
        error->text[0] = '\0';
    }
    return ASSAY_OK;
}

/* What was said before a record arrived explains nothing that fails after it. */
static void forget_trouble(assay_emitter *emitter)
{
    pthread_mutex_lock(&emitter->lock);
    if (emitter->trouble.last.reaction != FAULT_FATAL)
        emitter->trouble = (struct kafka_trouble){0};
    pthread_mutex_unlock(&emitter->lock);
}

/* From the record's headers, so that nothing else needs to be kept of it while it is queued. */
static const char *event_id_of(const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers;
    const void *id; /* librdkafka puts a NUL behind it */
    size_t size;
    if (rd_kafka_message_headers(message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR ||
        rd_kafka_header_get(headers, 0, RECORD_HEADER_ID, &id, &size) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return "";
    return id;
}

/* A record's last word: it is accounted for here and nowhere else. */
static void on_report(rd_kafka_t *client, const rd_kafka_message_t *message, void *context)
{
    (void)client;
    assay_emitter *emitter = context;
    bool arrived = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
    if (arrived) {
        atomic_fetch_add(&emitter->delivered, 1);
        if (atomic_exchange(&emitter->troubled, false))
            forget_trouble(emitter);
        if (emitter->on_delivery == NULL)
            return;
    }
    struct fault why;
    struct assay_delivery delivery = {.outcome = ASSAY_OK,
                                      .event_id = event_id_of(message),
                                      .topic = rd_kafka_topic_name(message->rkt),
                                      .partition = arrived ? message->partition : -1,
                                      .offset = arrived ? message->offset : -1,
                                      .tag = message->_private};
    if (!arrived) {
        char what[300];
        snprintf(what, sizeof what, "event %s for %s was not delivered", delivery.event_id,
                 delivery.topic);
        kafka_fault_set(&why, message->err, what);
        delivery.text = why.text;
        pthread_mutex_lock(&emitter->lock);
        if (why.reaction == FAULT_RETRY && emitter->trouble.last.reaction != FAULT_NONE)
            fault_set(&why, emitter->trouble.last.reaction, "%s: %s (%s); last: %s", what,
                      kafka_fault_text(message->err), rd_kafka_err2name(message->err),
                      emitter->trouble.last.text);
        delivery.outcome = report(&emitter->last, delivery.event_id, &why);
        pthread_mutex_unlock(&emitter->lock);
        atomic_fetch_add(&emitter->failed, 1);
    }
    if (emitter->on_delivery != NULL)
        emitter->on_delivery(emitter->context, &delivery);
}

/* Errors of connections: most heal by themselves; kept to explain a delivery that fails. */
static void on_error(rd_kafka_t *client, int code, const char *reason, void *context)
{
    assay_emitter *emitter = context;
    pthread_mutex_lock(&emitter->lock);
    kafka_trouble_note(&emitter->trouble, client, code, reason);
    pthread_mutex_unlock(&emitter->lock);
    atomic_store(&emitter->troubled, true);
}

static struct fault last_connection_fault(assay_emitter *emitter)
{
    pthread_mutex_lock(&emitter->lock);
    struct fault last = emitter->trouble.last;
    pthread_mutex_unlock(&emitter->lock);
    return last;
}

static rd_kafka_conf_t *configure(const struct assay_emitter_options *options,
                                  uint32_t delivery_timeout_ms, struct fault *why)
{
    char messages[16], kbytes[16], timeout[16];
    snprintf(messages, sizeof messages, "%" PRIu32,
             options->queue_messages > 0 ? options->queue_messages : QUEUE_MESSAGES);
    snprintf(kbytes, sizeof kbytes, "%" PRIu32,
             options->queue_kbytes > 0 ? options->queue_kbytes : QUEUE_KBYTES);
    snprintf(timeout, sizeof timeout, "%" PRIu32, delivery_timeout_ms);
    const struct kafka_property own[] = {
        /* No event lost and none twice, in the order sent, on every replica in sync. */
        {"enable.idempotence", "true", true},
        {"acks", "all", true},
        {"request.required.acks", "all", true},
        /* A key's partition is the one a Java client would choose. */
        {"partitioner", "murmur2_random", true},
        /* A topic that is not there is an error: made by the way it would lack its settings. */
        {"allow.auto.create.topics", "false", true},
        {"topic.metadata.propagation.max.ms", "5000", false},
        {"queue.buffering.max.messages", messages, false},
        {"queue.buffering.max.kbytes", kbytes, false},
        {"message.timeout.ms", timeout, false},
        /* A value may have 1 MiB, to which librdkafka's default leaves no room for key and headers.
         */
        {"message.max.bytes", "4194304", false},
        {"compression.codec", "lz4", false},
        {"socket.nagle.disable", "true", false},
    };
    const char *variable = getenv("ASSAY_PROPERTIES");
    struct kafka_settings settings = {
        .brokers = options->brokers != NULL ? options->brokers : getenv("ASSAY_BROKERS"),
        .properties = {.items = (const char **)(uintptr_t)options->properties,
                       .count = options->property_count}};
    if (options->property_count == 0 && variable != NULL)
        settings.properties = (struct setting_list){.items = &variable, .count = 1};
    return kafka_settings_configure(&settings,
                                    options->client != NULL ? options->client : "assay-emitter",
                                    own, sizeof own / sizeof own[0], why);
}

static char *copy(const char *text)
{
    char *copied = text != NULL && *text != '\0' ? strdup(text) : NULL;
    assert(copied != NULL || text == NULL || *text == '\0');
    return copied;
}

static void free_emitter(assay_emitter *emitter)
{
    while (emitter->idle != NULL) {
        struct idle_arena *idle = emitter->idle;
        emitter->idle = idle->next;
        arena_free(idle->arena);
        free(idle);
    }
    pthread_mutex_destroy(&emitter->lock);
    free(emitter->source);
    free(emitter->team);
    free(emitter);
}

static bool check_options(const struct assay_emitter_options *options, struct fault *why)
{
    if (options->source != NULL && !validate_slug(options->source, true))
        return fault_set(why, FAULT_FATAL,
                         "the source \"%.128s\" is not [A-Za-z0-9][A-Za-z0-9._:/-]* of at most 128 "
                         "bytes",
                         options->source);
    if (options->team != NULL && !validate_team(options->team))
        return fault_set(why, FAULT_FATAL, "the team \"%.128s\" is not [A-Za-z0-9._-]+",
                         options->team);
    return true;
}

assay_emitter *assay_emitter_open(const struct assay_emitter_options *options,
                                  struct assay_error *error)
{
    static const struct assay_emitter_options none;
    struct fault why = {0};
    char text[512];
    if (options == NULL)
        options = &none;
    uint32_t timeout =
        options->delivery_timeout_ms > 0 ? options->delivery_timeout_ms : DELIVERY_TIMEOUT_MS;
    rd_kafka_conf_t *conf = check_options(options, &why) ? configure(options, timeout, &why) : NULL;
    if (conf == NULL) {
        report(error, NULL, &why);
        return NULL;
    }
    assay_emitter *emitter = calloc(1, sizeof *emitter);
    assert(emitter != NULL);
    pthread_mutex_init(&emitter->lock, NULL);
    emitter->source = copy(options->source);
    emitter->team = copy(options->team);
    emitter->queue_wait_ms = options->queue_wait_ms > 0 ? options->queue_wait_ms : timeout;
    emitter->on_delivery = options->on_delivery;
    emitter->context = options->context;
    rd_kafka_conf_set_opaque(conf, emitter);
    rd_kafka_conf_set_dr_msg_cb(conf, on_report);
    rd_kafka_conf_set_error_cb(conf, on_error);
    emitter->client = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (emitter->client == NULL) { /* conf stays ours */
        rd_kafka_conf_destroy(conf);
        free_emitter(emitter);
        fault_set(&why, FAULT_FATAL, "librdkafka cannot start: %s", text);
        report(error, NULL, &why);
        return NULL;
    }
    succeed(error, "");
    return emitter;
}

static struct idle_arena *borrow_arena(assay_emitter *emitter)
{
    pthread_mutex_lock(&emitter->lock);
    struct idle_arena *taken = emitter->idle;
    if (taken != NULL)
        emitter->idle = taken->next;
    pthread_mutex_unlock(&emitter->lock);
    if (taken == NULL) {
        taken = calloc(1, sizeof *taken);
        assert(taken != NULL);
        taken->arena = arena_new(ARENA_BYTES);
    }
    return taken;
}

static void return_arena(assay_emitter *emitter, struct idle_arena *taken)
{
    arena_reset(taken->arena);
    pthread_mutex_lock(&emitter->lock);
    taken->next = emitter->idle;
    emitter->idle = taken;
    pthread_mutex_unlock(&emitter->lock);
}

/* One try to queue `record`; on success librdkafka owns the headers. */
static rd_kafka_resp_err_t try_produce(assay_emitter *emitter, const struct record *record,
                                       void *tag)
{
    rd_kafka_headers_t *headers = rd_kafka_headers_new(RECORD_HEADERS);
    for (size_t i = 0; i < RECORD_HEADERS; i++)
        rd_kafka_header_add(headers, record->headers[i].name, -1, record->headers[i].value,
                            (ssize_t)record->headers[i].size);
    rd_kafka_resp_err_t code =
        rd_kafka_producev(emitter->client, RD_KAFKA_V_TOPIC(record->topic),
                          RD_KAFKA_V_KEY(record->key, record->key_size),
                          RD_KAFKA_V_VALUE((void *)(uintptr_t)record->value, record->value_size),
                          RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_OPAQUE(tag),
                          RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_END);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        rd_kafka_headers_destroy(headers);
    return code;
}

/* Queues, waiting for room while the queue is full; delivery reports run meanwhile. */
static bool produce(assay_emitter *emitter, const struct record *record, const char *id, void *tag,
                    struct fault *why)
{
    /* Counted before the report can come, so that accepted never falls behind. */
    atomic_fetch_add(&emitter->accepted, 1);
    rd_kafka_resp_err_t code = try_produce(emitter, record, tag);
    if (code == RD_KAFKA_RESP_ERR__QUEUE_FULL) {
        int64_t deadline = elapsed_ms() + emitter->queue_wait_ms;
        do {
            rd_kafka_poll(emitter->client, FULL_QUEUE_POLL_MS);
            code = try_produce(emitter, record, tag);
        } while (code == RD_KAFKA_RESP_ERR__QUEUE_FULL && elapsed_ms() < deadline);
    }
    rd_kafka_poll(emitter->client, 0);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    atomic_fetch_sub(&emitter->accepted, 1);
    if (code == RD_KAFKA_RESP_ERR__FATAL) {
        struct fault last = last_connection_fault(emitter);
        return fault_set(why, FAULT_FATAL, "event %s: the producer is beyond repair: %s", id,
                         last.text);
    }
    kafka_fault_set(why, code, NULL);
    return fault_context(why, "event %s for %s was not queued", id, record->topic);
}

/* "control_test_result exchange-online|gcc|tls|host-01", to name an event that has no id yet. */
static void describe(const Assay__V1__Event *event, struct arena *arena, char *out, size_t size)
{
    const char *body = record_body_name(event);
    const char *key = body != NULL ? record_key(event, arena) : NULL;
    snprintf(out, size, "%s %.200s", body != NULL ? body : "event", key != NULL ? key : "");
}

/* Completes, checks and queues; `given` is not changed. */
static enum assay_outcome send_event(assay_emitter *emitter, const Assay__V1__Event *given,
                                     void *tag, struct arena *arena, struct assay_error *error)
{
    struct fault why;
    struct violation first;
    struct record record;
    char id[UUID_TEXT_MAX];
    const uint8_t *encoded = NULL;
    size_t size;
    Assay__V1__Event event = *given;
    if (event.source[0] == '\0' && emitter->source != NULL)
        event.source = emitter->source;
    if (event.id[0] == '\0') {
        uuid derived;
        encoded = identity_encode(&event, arena, &derived, &size);
        event.id = uuid_format(&derived, id);
    }
    bool sendable = true;
    if (!validate_event(&event, &first)) {
        char what[300];
        describe(&event, arena, what, sizeof what);
        sendable = fault_set(&why, FAULT_REJECT, "%s: %s: %s", what, first.path, first.rule);
    } else {
        sendable = encoded == NULL ? record_of_event(&event, emitter->team, arena, &record, &why)
                                   : record_of_encoded(&event, encoded, size, emitter->team, arena,
                                                       &record, &why);
        if (!sendable)
            fault_context(&why, "event %s", event.id);
    }
    if (!sendable) {
        atomic_fetch_add(&emitter->refused, 1);
        return report(error, event.id, &why);
    }
    if (!produce(emitter, &record, event.id, tag, &why))
        return report(error, event.id, &why);
    return succeed(error, event.id);
}

enum assay_outcome assay_emitter_send_event(assay_emitter *emitter, const Assay__V1__Event *event,
                                            void *tag, struct assay_error *error)
{
    struct idle_arena *taken = borrow_arena(emitter);
    enum assay_outcome outcome = send_event(emitter, event, tag, taken->arena, error);
    return_arena(emitter, taken);
    return outcome;
}

enum assay_outcome assay_emitter_send_json(assay_emitter *emitter, const char *json, size_t size,
                                           void *tag, struct assay_error *error)
{
    struct fault why;
    struct idle_arena *taken = borrow_arena(emitter);
    const Assay__V1__Event *event = json_read_event(json, size, taken->arena, &why);
    enum assay_outcome outcome;
    if (event != NULL) {
        outcome = send_event(emitter, event, tag, taken->arena, error);
    } else {
        if (why.reaction == FAULT_RETRY) /* the arena is full, and an empty one holds any event */
            fault_set(&why, FAULT_REJECT, "event: holds more than a record of %d bytes can",
                      LIMIT_RECORD_BYTES);
        atomic_fetch_add(&emitter->refused, 1);
        outcome = report(error, NULL, &why);
    }
    return_arena(emitter, taken);
    return outcome;
}

enum assay_outcome assay_emitter_send_result(assay_emitter *emitter,
                                             const struct assay_result *result, void *tag,
                                             struct assay_error *error)
{
    struct result_event filled;
    result_event_fill(&filled, result);
    return assay_emitter_send_event(emitter, &filled.event, tag, error);
}

enum assay_outcome assay_emitter_reach(assay_emitter *emitter, uint32_t timeout_ms,
                                       struct assay_error *error)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code =
        rd_kafka_metadata(emitter->client, 0, NULL, &metadata, (int)timeout_ms);
    rd_kafka_poll(emitter->client, 0); /* brings on_error up to date */
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_metadata_destroy(metadata);
        return succeed(error, "");
    }
    struct fault why = last_connection_fault(emitter);
    if (why.reaction == FAULT_NONE)
        kafka_fault_set(&why, code, NULL);
    fault_context(&why, "no broker answers");
    return report(error, NULL, &why);
}

void assay_emitter_serve(assay_emitter *emitter, uint32_t timeout_ms)
{
    rd_kafka_poll(emitter->client, (int)timeout_ms);
}

struct assay_counts assay_emitter_counts(const assay_emitter *emitter)
{
    /* What ends first is read first, so that accepted is never the smaller one. */
    struct assay_counts counts = {.delivered = atomic_load(&emitter->delivered),
                                  .failed = atomic_load(&emitter->failed),
                                  .refused = atomic_load(&emitter->refused)};
    counts.accepted = atomic_load(&emitter->accepted);
    return counts;
}

/* The outcome of all that was accepted up to now. */
static enum assay_outcome account(assay_emitter *emitter, struct assay_error *error)
{
    struct assay_counts counts = assay_emitter_counts(emitter);
    uint64_t queued = counts.accepted - counts.delivered - counts.failed;
    if (counts.failed == 0 && queued == 0)
        return succeed(error, "");
    struct fault why = last_connection_fault(emitter);
    pthread_mutex_lock(&emitter->lock);
    struct assay_error last = emitter->last;
    pthread_mutex_unlock(&emitter->lock);
    enum assay_outcome outcome = counts.failed > 0 ? last.outcome : ASSAY_UNSENT;
    if (error == NULL)
        return outcome;
    struct fault text;
    fault_set(&text, FAULT_RETRY,
              "of %" PRIu64 " events %" PRIu64 " failed and %" PRIu64 " are still queued; last: %s",
              counts.accepted, counts.failed, queued,
              counts.failed > 0 ? last.text : (why.reaction != FAULT_NONE ? why.text : "no error"));
    report(error, last.event_id, &text);
    error->outcome = outcome;
    return outcome;
}

enum assay_outcome assay_emitter_flush(assay_emitter *emitter, uint32_t timeout_ms,
                                       struct assay_error *error)
{
    rd_kafka_flush(emitter->client, (int)timeout_ms);
    return account(emitter, error);
}

enum assay_outcome assay_emitter_close(assay_emitter *emitter, uint32_t timeout_ms,
                                       struct assay_counts *counts, struct assay_error *error)
{
    if (emitter == NULL)
        return succeed(error, "");
    if (rd_kafka_flush(emitter->client, (int)timeout_ms) != RD_KAFKA_RESP_ERR_NO_ERROR) {
        rd_kafka_purge(emitter->client, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
        rd_kafka_flush(emitter->client, PURGE_WAIT_MS);
    }
    enum assay_outcome outcome = account(emitter, error);
    if (counts != NULL)
        *counts = assay_emitter_counts(emitter);
    rd_kafka_destroy(emitter->client);
    free_emitter(emitter);
    return outcome;
}
