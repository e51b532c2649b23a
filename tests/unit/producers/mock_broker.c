/*
 * mock_broker TOPIC... -- librdkafka's mock cluster for the programs' tests, as a process.
 *
 * Prints where it listens. Then, for each line of standard input: "read TOPIC" answers with one
 * line a record, "PARTITION KEY CE_ID CE_TYPE", and a "."; "down" and "up" do so to the broker.
 * Ends with its input.
 */
#include "tests/unit/producers/fixture.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *header(rd_kafka_headers_t *headers, const char *name, int *size)
{
    const void *value = "";
    size_t found = 0;
    rd_kafka_header_get_last(headers, name, &value, &found);
    *size = (int)found;
    return value;
}

static void print_record(void *context, const rd_kafka_message_t *message)
{
    rd_kafka_headers_t *headers = NULL;
    int id_size, type_size;
    (void)context;
    rd_kafka_message_headers(message, &headers);
    const char *id = header(headers, "ce_id", &id_size);
    const char *type = header(headers, "ce_type", &type_size);
    printf("%" PRId32 " %.*s %.*s %.*s\n", message->partition, (int)message->key_len,
           (const char *)message->key, id_size, id, type_size, type);
}

int main(int argc, char **argv)
{
    static struct mock mock;
    char line[512];
    mock_start(&mock);
    for (int i = 1; i < argc; i++)
        mock_topic(&mock, argv[i]);
    printf("%s\n", mock.brokers);
    fflush(stdout);
    while (fgets(line, sizeof line, stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        if (strncmp(line, "read ", 5) == 0)
            mock_read(&mock, line + 5, print_record, NULL);
        else if (strcmp(line, "down") == 0)
            rd_kafka_mock_broker_set_down(mock.cluster, 1);
        else if (strcmp(line, "up") == 0)
            rd_kafka_mock_broker_set_up(mock.cluster, 1);
        printf(".\n");
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}
