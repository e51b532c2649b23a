#include "consumers/intake/intake.h"

#include "producers/emitter/kafka_fault.h"
#include "producers/emitter/kafka_trouble.h"
#include "proto/record.h"
#include "runtime/log.h"

#include <assert.h>
#include <librdkafka/rdkafka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DESTROY_S = 5, SAMPLE_RECORDS = 32, QUEUE_BACKOFF_MS = 20 };

/* Bounds memory under a backlog. */
#define QUEUE_KIB       65536
#define TEXT_OF(number) #number
#define AS_TEXT(number) TEXT_OF(number)

struct intake {
    rd_kafka_t *kafka;
    rd_kafka_queue_t *queue;                   /* of what has been fetched and not polled */
    rd_kafka_topic_partition_list_t *assigned; /* what of it is consumed */
    size_t longest;                            /* the queue, as seen since Kafka was last asked */
    unsigned polled;
    struct intake_handler handler;
    char *cluster;
    struct kafka_trouble trouble;
    bool troubled; /* the next poll is to tell of it */
};

/* What the promises of DESIGN rest on is fixed; the rest may be set with -X. */
static const struct kafka_property PROPERTIES[] = {
    {"enable.auto.commit", "false", true},       /* positions live in PostgreSQL */
    {"enable.auto.offset.store", "false", true}, /* likewise */
    {"auto.offset.reset", "error", true},        /* a gap halts, it is never jumped over */
    {"enable.partition.eof", "true", true},      /* completeness, and when --once is done */
    {"partition.assignment.strategy", "range", true},
    {"check.crcs", "true", false},
    {"socket.nagle.disable", "true", false},
    {"fetch.wait.max.ms", "50", false},
    {"session.timeout.ms", "10000", false},  /* how long a dead aggregator's work waits */
    {"heartbeat.interval.ms", "500", false}, /* who joins waits for each member's next one */
    {"topic.metadata.refresh.interval.ms", "5000", false}, /* a new team's topic is found in this */
    {"fetch.message.max.bytes", "4194304", false},
    {"queued.min.messages", "100000", false},
    {"queued.max.messages.kbytes", AS_TEXT(QUEUE_KIB), false},
};

static const char *const SUBSCRIPTION[] = {
    RECORD_TOPIC_EVIDENCE,   RECORD_TOPIC_SERVICES,    RECORD_TOPIC_SCOPE,
    RECORD_TOPIC_GOVERNANCE, "^assay\\.evidence\\..+",
};

static void assign(struct intake *intake, const rd_kafka_topic_partition_list_t *given)
{
    size_t count = (size_t)given->cnt;
    struct intake_partition *partitions = calloc(count + 1, sizeof *partitions);
    if (partitions == NULL)
        abort();
    for (size_t i = 0; i < count; i++)
        partitions[i] = (struct intake_partition){given->elems[i].topic, given->elems[i].partition,
                                                  INTAKE_LEAVE_OUT};
    intake->handler.assigned(intake->handler.context, partitions, count);
    rd_kafka_topic_partition_list_t *kept = rd_kafka_topic_partition_list_new(given->cnt);
    for (size_t i = 0; i < count; i++)
        if (partitions[i].start != INTAKE_LEAVE_OUT)
            rd_kafka_topic_partition_list_add(kept, partitions[i].topic, partitions[i].partition)
                ->offset = partitions[i].start;
    rd_kafka_topic_partition_list_destroy(intake->assigned);
    intake->assigned = rd_kafka_topic_partition_list_copy(kept);
    rd_kafka_resp_err_t code = rd_kafka_assign(intake->kafka, kept);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        log_warning("the assignment was not taken: %s", rd_kafka_err2str(code));
    rd_kafka_resume_partitions(intake->kafka, kept); /* a pause outlives the assignment it was in */
    rd_kafka_topic_partition_list_destroy(kept);
    free(partitions);
}

static void on_rebalance(rd_kafka_t *kafka, rd_kafka_resp_err_t code,
                         rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
    struct intake *intake = opaque;
    if (code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) {
        assign(intake, partitions);
        return;
    }
    if (code != RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS)
        log_warning("rebalance: %s", rd_kafka_err2str(code));
    intake->handler.revoked(intake->handler.context);
    rd_kafka_assign(kafka, NULL);
}

/*
 * Called within polls; without it nobody would hear of brokers that cannot be reached, since a
 * consumer's poll says nothing of them. One broker that is away is librdkafka's business; one that
 * refuses this client, or none being left, is an operator's.
 */
static void on_error(rd_kafka_t *kafka, int code, const char *reason, void *opaque)
{
    struct intake *intake = opaque;
    if (code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
        /* A broker has answered, though of a topic that was deleted, or of another cluster where it
         * never was; what follows tells which of them. */
        intake->trouble = (struct kafka_trouble){0};
        fault_set(&intake->trouble.last, FAULT_RETRY, "%s", reason);
        intake->troubled = true;
        return;
    }
    kafka_trouble_note(&intake->trouble, kafka, code, reason);
    intake->troubled = intake->trouble.refused || intake->trouble.all_down ||
                       intake->trouble.last.reaction == FAULT_FATAL;
}

static bool subscribe(struct intake *intake, struct fault *fault)
{
    rd_kafka_topic_partition_list_t *topics = rd_kafka_topic_partition_list_new(8);
    for (size_t i = 0; i < sizeof SUBSCRIPTION / sizeof SUBSCRIPTION[0]; i++)
        rd_kafka_topic_partition_list_add(topics, SUBSCRIPTION[i], RD_KAFKA_PARTITION_UA);
    rd_kafka_resp_err_t code = rd_kafka_subscribe(intake->kafka, topics);
    rd_kafka_topic_partition_list_destroy(topics);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR || kafka_fault_set(fault, code, "subscribing");
}

/* Sets what follows from no table, where -X has left it at `usual`. */
static void set_unless_said(rd_kafka_conf_t *conf, const char *key, const char *usual,
                            size_t wanted)
{
    char value[32];
    size_t size = sizeof value;
    if (rd_kafka_conf_get(conf, key, value, &size) != RD_KAFKA_CONF_OK || strcmp(value, usual) != 0)
        return;
    snprintf(value, sizeof value, "%zu", wanted);
    rd_kafka_conf_set(conf, key, value, NULL, 0);
}

struct intake *intake_new(const struct kafka_settings *kafka, const char *group, size_t number,
                          size_t among, const struct intake_handler *handler, struct fault *fault)
{
    /* Brokers make a member's id of the client's, and partitions are shared out in their order. */
    char client[64];
    snprintf(client, sizeof client, "assay-aggregate-%02zu", number);
    rd_kafka_conf_t *conf = kafka_settings_configure(
        kafka, client, PROPERTIES, sizeof PROPERTIES / sizeof PROPERTIES[0], fault);
    if (conf == NULL)
        return NULL;
    struct intake *intake = calloc(1, sizeof *intake);
    if (intake == NULL)
        abort();
    intake->handler = *handler;
    char text[512];
    if (rd_kafka_conf_set(conf, "group.id", group, text, sizeof text) != RD_KAFKA_CONF_OK) {
        fault_set(fault, FAULT_FATAL, "group %s: %s", group, text);
        rd_kafka_conf_destroy(conf);
        free(intake);
        return NULL;
    }
    set_unless_said(conf, "queued.max.messages.kbytes", AS_TEXT(QUEUE_KIB), QUEUE_KIB / among);
    /* A librdkafka that can be told (2.2) looks at a full queue again so often: keep_fetching. */
    set_unless_said(conf, "fetch.queue.backoff.ms", "1000", QUEUE_BACKOFF_MS);
    rd_kafka_conf_set_opaque(conf, intake);
    rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
    rd_kafka_conf_set_error_cb(conf, on_error);
    intake->kafka = rd_kafka_new(RD_KAFKA_CONSUMER, conf, text, sizeof text);
    if (intake->kafka == NULL) {
        fault_set(fault, FAULT_FATAL, "Kafka consumer: %s", text);
        rd_kafka_conf_destroy(conf);
        free(intake);
        return NULL;
    }
    rd_kafka_poll_set_consumer(intake->kafka);
    intake->queue = rd_kafka_queue_get_consumer(intake->kafka);
    intake->assigned = rd_kafka_topic_partition_list_new(0);
    if (!subscribe(intake, fault)) {
        intake_free(intake);
        return NULL;
    }
    return intake;
}

static void *destroy(void *kafka)
{
    rd_kafka_destroy(kafka);
    return NULL;
}

/*
 * Frees a client that has left its group. By a thread that is not waited for longer than a moment:
 * where a topic is deleted while it is asked for its bounds, librdkafka 2.0.2 forgets a reference,
 * and waits for it for ever (its issue 3007). The process is about to end, and the client with it.
 */
static void destroy_within(rd_kafka_t *kafka, int seconds)
{
    pthread_t thread;
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += seconds;
    if (pthread_create(&thread, NULL, destroy, kafka) != 0)
        return; /* nor is there memory to give back */
    if (pthread_timedjoin_np(thread, NULL, &until) != 0)
        pthread_detach(thread);
}

void intake_free(struct intake *intake)
{
    if (intake == NULL)
        return;
    /* A subscription that waits for a rebalance to end (intake_rejoin) would be taken up while
     * closing, and librdkafka 2.0.2 aborts over it: this takes it back. */
    rd_kafka_unsubscribe(intake->kafka);
    rd_kafka_consumer_close(intake->kafka);
    rd_kafka_queue_destroy(intake->queue);
    rd_kafka_topic_partition_list_destroy(intake->assigned);
    destroy_within(intake->kafka, DESTROY_S);
    free(intake->cluster);
    free(intake);
}

static enum intake_event not_a_record(struct received *received, const rd_kafka_message_t *message,
                                      struct fault *fault)
{
    switch (message->err) {
    case RD_KAFKA_RESP_ERR__PARTITION_EOF:
        return INTAKE_END;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
        return INTAKE_LOST;
    case RD_KAFKA_RESP_ERR__BAD_MSG:
    case RD_KAFKA_RESP_ERR__BAD_COMPRESSION:
    case RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED:
        return INTAKE_DAMAGED; /* librdkafka goes on behind it: nothing may be skipped in silence */
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
        if (received->topic[0] == '^')
            return INTAKE_NOTHING; /* no team has a topic yet */
        /* Not created yet, or a team's topic that has been deleted: the rest goes on. */
        fault_set(fault, FAULT_RETRY, "topic %s is not there yet (assay topics create makes it)",
                  received->topic);
        return INTAKE_FAULT;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
        fault_set(fault, FAULT_RETRY,
                  "topic %s may not be read by this aggregator; the others go on", received->topic);
        return INTAKE_FAULT;
    default:
        kafka_fault_set(fault, message->err, rd_kafka_message_errstr(message));
        return INTAKE_FAULT;
    }
}

/*
 * librdkafka stops fetching where its queue is full (queued.min.messages and the like). Taking from
 * the queue does not tell it to go on: its brokers' threads look again when they have something to
 * do, or after a second, by which time a backlog has been taken that was fetched in a tenth of it.
 * So where the queue has fallen to a half, each of them is given something to do: a question for
 * the ends of its logs, whose answer nobody waits for.
 */
static void keep_fetching(struct intake *intake)
{
    size_t length = rd_kafka_queue_length(intake->queue);
    if (length > intake->longest)
        intake->longest = length;
    if (intake->longest < SAMPLE_RECORDS || length > intake->longest / 2)
        return;
    intake->longest = length;
    rd_kafka_topic_partition_list_t *asked = rd_kafka_topic_partition_list_copy(intake->assigned);
    for (int i = 0; i < asked->cnt; i++)
        asked->elems[i].offset = RD_KAFKA_OFFSET_END;
    rd_kafka_offsets_for_times(intake->kafka, asked, 0);
    rd_kafka_topic_partition_list_destroy(asked);
}

enum intake_event intake_poll(struct intake *intake, int timeout_ms, struct received *received,
                              struct fault *fault)
{
    *received = (struct received){0};
    rd_kafka_message_t *message = rd_kafka_consumer_poll(intake->kafka, timeout_ms);
    if (message == NULL && intake->troubled) {
        intake->troubled = false;
        *fault = intake->trouble.last;
        fault_context(fault, intake->trouble.all_down ? "Kafka: no broker answers" : "Kafka");
        return INTAKE_FAULT;
    }
    if (message == NULL)
        return INTAKE_NOTHING;
    *received = (struct received){
        .topic = message->rkt == NULL ? "" : rd_kafka_topic_name(message->rkt),
        .partition = message->partition,
        .offset = message->offset,
        .timestamp = INSTANT_BEGIN,
        .message = message,
    };
    if (message->err != RD_KAFKA_RESP_ERR_NO_ERROR)
        return not_a_record(received, message, fault);
    if (intake->trouble.last.reaction != FAULT_NONE)
        intake->trouble = (struct kafka_trouble){0};
    rd_kafka_timestamp_type_t type;
    int64_t milliseconds = rd_kafka_message_timestamp(message, &type);
    if (type != RD_KAFKA_TIMESTAMP_NOT_AVAILABLE && milliseconds >= INSTANT_LEAST / 1000 &&
        milliseconds <= INSTANT_MOST / 1000)
        received->timestamp = milliseconds * 1000;
    received->key = message->key;
    received->key_size = message->key_len;
    received->value = message->payload;
    received->value_size = message->len;
    if (++intake->polled % SAMPLE_RECORDS == 0)
        keep_fetching(intake);
    return INTAKE_RECORD;
}

void intake_release(struct received *received)
{
    if (received->message != NULL)
        rd_kafka_message_destroy(received->message);
    received->message = NULL;
}

void intake_headers(const struct received *received,
                    void (*add)(void *context, const char *name, const void *value, size_t size),
                    void *context)
{
    rd_kafka_headers_t *headers;
    if (rd_kafka_message_headers(received->message, &headers) != RD_KAFKA_RESP_ERR_NO_ERROR)
        return;
    const char *name;
    const void *value;
    size_t size;
    for (size_t i = 0;
         rd_kafka_header_get_all(headers, i, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR;
         i++)
        add(context, name, value, size);
}

/* By a client of its own: one client keeps the first id it heard, whoever it talks to later. */
const char *intake_cluster(struct intake *intake, int timeout_ms)
{
    free(intake->cluster);
    intake->cluster = NULL;
    rd_kafka_conf_t *conf = rd_kafka_conf_dup(rd_kafka_conf(intake->kafka));
    rd_kafka_conf_set_rebalance_cb(conf, NULL);
    rd_kafka_conf_set_error_cb(conf, NULL);
    char text[512];
    rd_kafka_t *asking = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
    if (asking == NULL) {
        log_debug("asking for the cluster's id: %s", text);
        rd_kafka_conf_destroy(conf);
        return NULL;
    }
    char *id = rd_kafka_clusterid(asking, timeout_ms);
    if (id != NULL) {
        intake->cluster = strdup(id);
        rd_kafka_mem_free(asking, id);
    }
    rd_kafka_destroy(asking);
    return intake->cluster;
}

bool intake_answered(struct intake *intake, int timeout_ms, struct fault *fault)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code = rd_kafka_metadata(intake->kafka, 0, NULL, &metadata, timeout_ms);
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_fault_set(fault, code, "asking for the brokers");
    rd_kafka_metadata_destroy(metadata);
    return true;
}

/* One end of the log. Not by rd_kafka_query_watermark_offsets: where the broker goes away, 2.0.2
 * waits in there until it comes back, whatever time it was given. */
static bool bound(struct intake *intake, const char *topic, int32_t partition, int64_t which,
                  int timeout_ms, int64_t *offset, struct fault *fault)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_t *asked = rd_kafka_topic_partition_list_add(list, topic, partition);
    asked->offset = which;
    rd_kafka_resp_err_t code = rd_kafka_offsets_for_times(intake->kafka, list, timeout_ms);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        code = asked->err;
    *offset = asked->offset;
    rd_kafka_topic_partition_list_destroy(list);
    return code == RD_KAFKA_RESP_ERR_NO_ERROR ||
           kafka_fault_set(fault, code, "asking for a log's bounds");
}

bool intake_bounds(struct intake *intake, const char *topic, int32_t partition, int timeout_ms,
                   int64_t *low, int64_t *high, struct fault *fault)
{
    /* The end last: it never goes back, so the first offset is not beyond it. */
    return bound(intake, topic, partition, RD_KAFKA_OFFSET_BEGINNING, timeout_ms, low, fault) &&
           bound(intake, topic, partition, RD_KAFKA_OFFSET_END, timeout_ms, high, fault);
}

void intake_seek(struct intake *intake, const char *topic, int32_t partition, int64_t offset)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
    rd_kafka_error_t *error = rd_kafka_seek_partitions(intake->kafka, list, 0); /* waits for none */
    if (error != NULL) {
        log_debug("seeking %s partition %d: %s", topic, partition, rd_kafka_error_string(error));
        rd_kafka_error_destroy(error);
    }
    rd_kafka_topic_partition_list_destroy(list);
}

void intake_pause(struct intake *intake, const char *topic, int32_t partition)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition);
    rd_kafka_pause_partitions(intake->kafka, list);
    rd_kafka_topic_partition_list_destroy(list);
}

void intake_report(struct intake *intake, const char *topic, int32_t partition, int64_t next)
{
    rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(list, topic, partition)->offset = next;
    rd_kafka_commit(intake->kafka, list, 1); /* may fail in a rebalance: nothing rests on it */
    rd_kafka_topic_partition_list_destroy(list);
}

bool intake_rejoin(struct intake *intake, struct fault *fault)
{
    rd_kafka_unsubscribe(intake->kafka);
    return subscribe(intake, fault);
}
