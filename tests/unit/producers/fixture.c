#include "tests/unit/producers/fixture.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { PARTITIONS = 4 };

static void quiet(const rd_kafka_t *client, int level, const char *facility, const char *text)
{
    (void)client;
    (void)level;
    (void)facility;
    (void)text;
}

static rd_kafka_t *client_of(rd_kafka_type_t type, const char *brokers)
{
    char text[256];
    rd_kafka_conf_t *conf = rd_kafka_conf_new();
    rd_kafka_conf_set_log_cb(conf, quiet);
    if (brokers != NULL)
        rd_kafka_conf_set(conf, "bootstrap.servers", brokers, text, sizeof text);
    if (type == RD_KAFKA_CONSUMER) {
        rd_kafka_conf_set(conf, "enable.partition.eof", "true", text, sizeof text);
        rd_kafka_conf_set(conf, "fetch.wait.max.ms", "5", text, sizeof text);
    }
    rd_kafka_t *client = rd_kafka_new(type, conf, text, sizeof text);
    assert(client != NULL);
    return client;
}

void mock_start(struct mock *mock)
{
    mock->host = client_of(RD_KAFKA_PRODUCER, NULL);
    mock->cluster = rd_kafka_mock_cluster_new(mock->host, 1);
    assert(mock->cluster != NULL);
    mock->brokers = rd_kafka_mock_cluster_bootstraps(mock->cluster);
}

void mock_topic(struct mock *mock, const char *topic)
{
    rd_kafka_resp_err_t code = rd_kafka_mock_topic_create(mock->cluster, topic, PARTITIONS, 1);
    assert(code == RD_KAFKA_RESP_ERR_NO_ERROR);
}

size_t mock_read(struct mock *mock, const char *topic,
                 void (*take)(void *context, const rd_kafka_message_t *message), void *context)
{
    size_t count = 0;
    int ended = 0;
    rd_kafka_t *client = client_of(RD_KAFKA_CONSUMER, mock->brokers);
    rd_kafka_topic_t *handle = rd_kafka_topic_new(client, topic, NULL);
    rd_kafka_queue_t *queue = rd_kafka_queue_new(client);
    /* Known partitions are read at once, unknown ones after a second's wait for their leader. */
    const struct rd_kafka_metadata *metadata;
    rd_kafka_resp_err_t code = rd_kafka_metadata(client, 0, handle, &metadata, 5000);
    assert(code == RD_KAFKA_RESP_ERR_NO_ERROR);
    rd_kafka_metadata_destroy(metadata);
    for (int i = 0; i < PARTITIONS; i++)
        rd_kafka_consume_start_queue(handle, i, RD_KAFKA_OFFSET_BEGINNING, queue);
    while (ended < PARTITIONS) {
        rd_kafka_message_t *message = rd_kafka_consume_queue(queue, 1000);
        if (message == NULL)
            continue;
        if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
            ended++;
        else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
            count++;
            if (take != NULL)
                take(context, message);
        }
        rd_kafka_message_destroy(message);
    }
    for (int i = 0; i < PARTITIONS; i++)
        rd_kafka_consume_stop(handle, i);
    rd_kafka_queue_destroy(queue);
    rd_kafka_topic_destroy(handle);
    rd_kafka_destroy(client);
    return count;
}

const char *file_with(const void *content, size_t size)
{
    static char path[64];
    int descriptor = memfd_create("file", MFD_CLOEXEC);
    assert(descriptor >= 0);
    ssize_t count = write(descriptor, content, size);
    assert(count == (ssize_t)size);
    lseek(descriptor, 0, SEEK_SET);
    snprintf(path, sizeof path, "/proc/self/fd/%d", descriptor);
    return path;
}

const char *file_with_text(const char *text)
{
    return file_with(text, strlen(text));
}

void *fixture_kept[FIXTURE_KEPT_MOST];

void *keep(void *kept)
{
    static size_t count;
    assert(count < FIXTURE_KEPT_MOST);
    fixture_kept[count++] = kept;
    return kept;
}

static int errors = -1, standard = -1;

void errors_begin(void)
{
    fflush(stderr);
    standard = dup(STDERR_FILENO);
    errors = memfd_create("errors", MFD_CLOEXEC);
    assert(standard >= 0 && errors >= 0);
    dup2(errors, STDERR_FILENO);
}

char *errors_end(void)
{
    fflush(stderr);
    dup2(standard, STDERR_FILENO);
    close(standard);
    off_t size = lseek(errors, 0, SEEK_END);
    char *text = keep(calloc(1, (size_t)size + 1));
    assert(text != NULL);
    ssize_t count = pread(errors, text, (size_t)size, 0);
    assert(count == size);
    close(errors);
    return text;
}

int run_tests(const char *unit, const struct test *tests, size_t count, double seconds)
{
    Suite *suite = suite_create(unit);
    for (size_t i = 0; i < count; i++) {
        TCase *one = tcase_create(tests[i].name);
        tcase_set_timeout(one, seconds);
        tcase_add_test(one, tests[i].function);
        suite_add_tcase(suite, one);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
