#include "producers/topics/admin.h"

#include "producers/emitter/kafka_fault.h"
#include "runtime/stop.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLICE_MS = 200, ANSWER_GRACE_MS = 2000 };

static char *copy(const char *text)
{
    char *copied = strdup(text != NULL ? text : "");
    assert(copied != NULL);
    return copied;
}

void admin_put_config(struct admin_topic *topic, const char *key, const char *value, bool topic_own)
{
    struct admin_config *config = NULL;
    for (size_t i = 0; i < topic->config_count && config == NULL; i++)
        if (strcmp(topic->configs[i].key, key) == 0)
            config = &topic->configs[i];
    if (config == NULL) {
        topic->configs =
            reallocarray(topic->configs, topic->config_count + 1, sizeof *topic->configs);
        assert(topic->configs != NULL);
        config = &topic->configs[topic->config_count++];
        *config = (struct admin_config){.key = copy(key)};
    }
    free(config->value);
    config->value = copy(value);
    config->topic_own = topic_own;
}

const char *admin_find_config(const struct admin_topic *topic, const char *key)
{
    for (size_t i = 0; i < topic->config_count; i++)
        if (strcmp(topic->configs[i].key, key) == 0)
            return topic->configs[i].value;
    return NULL;
}

void admin_clear(struct admin_topic *topic)
{
    for (size_t i = 0; i < topic->config_count; i++) {
        free(topic->configs[i].key);
        free(topic->configs[i].value);
    }
    free(topic->configs);
    free(topic->name);
    *topic = (struct admin_topic){0};
}

bool admin_list(const struct admin *admin, const char *prefix, struct admin_topic **topics,
                size_t *count, struct fault *why)
{
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code;
    int waited = 0;
    do {
        code = rd_kafka_metadata(admin->client, 1, NULL, &metadata, SLICE_MS);
        rd_kafka_poll(admin->client, 0); /* runs the error callback */
    } while (code != RD_KAFKA_RESP_ERR_NO_ERROR && kafka_fault_reaction(code) == FAULT_RETRY &&
             admin->trouble->last.reaction != FAULT_FATAL &&
             (waited += SLICE_MS) < admin->timeout_ms && !stop_requested());
    if (code != RD_KAFKA_RESP_ERR_NO_ERROR)
        return kafka_fault_set(why, code, "cannot list the topics");
    *count = 0;
    *topics = calloc((size_t)metadata->topic_cnt + 1, sizeof **topics);
    assert(*topics != NULL);
    for (int i = 0; i < metadata->topic_cnt; i++) {
        if (strncmp(metadata->topics[i].topic, prefix, strlen(prefix)) != 0)
            continue;
        (*topics)[(*count)++] =
            (struct admin_topic){.name = copy(metadata->topics[i].topic),
                                 .partitions = metadata->topics[i].partition_cnt};
    }
    rd_kafka_metadata_destroy(metadata);
    return true;
}

/* One request on its way: its options, and the queue its answer comes to. */
struct request {
    rd_kafka_queue_t *queue;
    rd_kafka_AdminOptions_t *options;
    rd_kafka_event_t *answer;
};

static void request_begin(const struct admin *admin, rd_kafka_admin_op_t kind,
                          struct request *request)
{
    char text[256];
    *request = (struct request){.queue = rd_kafka_queue_new(admin->client),
                                .options = rd_kafka_AdminOptions_new(admin->client, kind)};
    assert(request->queue != NULL && request->options != NULL);
    rd_kafka_AdminOptions_set_request_timeout(request->options, admin->timeout_ms, text,
                                              sizeof text);
    /* So that a topic is known everywhere once its creation is answered. */
    if (kind == RD_KAFKA_ADMIN_OP_CREATETOPICS)
        rd_kafka_AdminOptions_set_operation_timeout(request->options, admin->timeout_ms, text,
                                                    sizeof text);
}

static bool request_await(const struct admin *admin, struct request *request, const char *doing,
                          struct fault *why)
{
    /* librdkafka answers by itself once the timeout is over; the grace is for its answer. */
    for (int waited = 0; request->answer == NULL && !stop_requested() &&
                         waited < admin->timeout_ms + ANSWER_GRACE_MS;
         waited += SLICE_MS)
        request->answer = rd_kafka_queue_poll(request->queue, SLICE_MS);
    if (request->answer == NULL)
        return fault_set(why, FAULT_RETRY, "%s: %s", doing,
                         stop_requested() ? "stopped" : "no answer from the broker in time");
    rd_kafka_resp_err_t code = rd_kafka_event_error(request->answer);
    if (code == RD_KAFKA_RESP_ERR_NO_ERROR)
        return true;
    return kafka_fault_set(why, code, doing);
}

static void request_end(struct request *request)
{
    if (request->answer != NULL)
        rd_kafka_event_destroy(request->answer);
    rd_kafka_AdminOptions_destroy(request->options);
    rd_kafka_queue_destroy(request->queue);
}

static struct admin_topic *find(struct admin_topic *topics, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(topics[i].name, name) == 0)
            return &topics[i];
    return NULL;
}

static void note(struct admin_topic *topic, rd_kafka_resp_err_t code, const char *reason)
{
    if (topic == NULL)
        return;
    const char *text = kafka_fault_text(code);
    bool more = strcmp(text, rd_kafka_err2str(code)) != 0; /* with the way out */
    topic->error = code;
    snprintf(topic->reason, sizeof topic->reason, "%s", reason == NULL || more ? text : reason);
}

bool admin_create(const struct admin *admin, struct admin_topic *topics, size_t count,
                  int replication_factor, struct fault *why)
{
    char text[256];
    struct request request;
    rd_kafka_NewTopic_t **wanted = calloc(count, sizeof *wanted);
    assert(wanted != NULL);
    for (size_t i = 0; i < count; i++) {
        wanted[i] = rd_kafka_NewTopic_new(topics[i].name, topics[i].partitions, replication_factor,
                                          text, sizeof text);
        assert(wanted[i] != NULL);
        for (size_t j = 0; j < topics[i].config_count; j++)
            rd_kafka_NewTopic_set_config(wanted[i], topics[i].configs[j].key,
                                         topics[i].configs[j].value);
    }
    request_begin(admin, RD_KAFKA_ADMIN_OP_CREATETOPICS, &request);
    rd_kafka_CreateTopics(admin->client, wanted, count, request.options, request.queue);
    bool answered = request_await(admin, &request, "cannot create topics", why);
    if (answered) {
        size_t size;
        const rd_kafka_topic_result_t **results = rd_kafka_CreateTopics_result_topics(
            rd_kafka_event_CreateTopics_result(request.answer), &size);
        for (size_t i = 0; i < size; i++)
            note(find(topics, count, rd_kafka_topic_result_name(results[i])),
                 rd_kafka_topic_result_error(results[i]),
                 rd_kafka_topic_result_error_string(results[i]));
    }
    request_end(&request);
    rd_kafka_NewTopic_destroy_array(wanted, count);
    free(wanted);
    return answered;
}

static rd_kafka_ConfigResource_t **resources_of(const struct admin_topic *topics, size_t count)
{
    rd_kafka_ConfigResource_t **resources = calloc(count, sizeof *resources);
    assert(resources != NULL);
    for (size_t i = 0; i < count; i++) {
        resources[i] = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topics[i].name);
        assert(resources[i] != NULL);
    }
    return resources;
}

static void take_configs(struct admin_topic *topic, const rd_kafka_ConfigResource_t *resource)
{
    size_t size;
    const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &size);
    for (size_t i = 0; i < size; i++)
        admin_put_config(
            topic, rd_kafka_ConfigEntry_name(entries[i]), rd_kafka_ConfigEntry_value(entries[i]),
            rd_kafka_ConfigEntry_source(entries[i]) == RD_KAFKA_CONFIG_SOURCE_DYNAMIC_TOPIC_CONFIG);
}

static void take_results(struct admin_topic *topics, size_t count,
                         const rd_kafka_ConfigResource_t **results, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        struct admin_topic *topic = find(topics, count, rd_kafka_ConfigResource_name(results[i]));
        note(topic, rd_kafka_ConfigResource_error(results[i]),
             rd_kafka_ConfigResource_error_string(results[i]));
        if (topic != NULL && topic->error == RD_KAFKA_RESP_ERR_NO_ERROR)
            take_configs(topic, results[i]);
    }
}

bool admin_describe(const struct admin *admin, struct admin_topic *topics, size_t count,
                    struct fault *why)
{
    struct request request;
    size_t size;
    rd_kafka_ConfigResource_t **resources = resources_of(topics, count);
    request_begin(admin, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, &request);
    rd_kafka_DescribeConfigs(admin->client, resources, count, request.options, request.queue);
    bool answered = request_await(admin, &request, "cannot read the topics' settings", why);
    if (answered) {
        const rd_kafka_ConfigResource_t **results = rd_kafka_DescribeConfigs_result_resources(
            rd_kafka_event_DescribeConfigs_result(request.answer), &size);
        take_results(topics, count, results, size);
    }
    request_end(&request);
    rd_kafka_ConfigResource_destroy_array(resources, count);
    free(resources);
    return answered;
}

bool admin_alter(const struct admin *admin, struct admin_topic *topics, size_t count,
                 struct fault *why)
{
    struct request request;
    size_t size;
    rd_kafka_ConfigResource_t **resources = resources_of(topics, count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < topics[i].config_count; j++)
            if (topics[i].configs[j].topic_own)
                rd_kafka_ConfigResource_set_config(resources[i], topics[i].configs[j].key,
                                                   topics[i].configs[j].value);
    request_begin(admin, RD_KAFKA_ADMIN_OP_ALTERCONFIGS, &request);
    rd_kafka_AlterConfigs(admin->client, resources, count, request.options, request.queue);
    bool answered = request_await(admin, &request, "cannot alter the topics' settings", why);
    if (answered) {
        const rd_kafka_ConfigResource_t **results = rd_kafka_AlterConfigs_result_resources(
            rd_kafka_event_AlterConfigs_result(request.answer), &size);
        for (size_t i = 0; i < size; i++)
            note(find(topics, count, rd_kafka_ConfigResource_name(results[i])),
                 rd_kafka_ConfigResource_error(results[i]),
                 rd_kafka_ConfigResource_error_string(results[i]));
    }
    request_end(&request);
    rd_kafka_ConfigResource_destroy_array(resources, count);
    free(resources);
    return answered;
}
