/*
 * A service team's first event. Build it against the installed library:
 *     cc example.c -o example $(pkg-config --cflags --libs assay-emitter)
 *     ./example kafka:9092
 */
#include <assay/emitter.h>

#include <stdio.h>

int main(int argc, char **argv)
{
    struct assay_error error;
    assay_emitter *emitter = assay_emitter_open(
        &(struct assay_emitter_options){.brokers = argc > 1 ? argv[1] : NULL, /* ASSAY_BROKERS */
                                        .source = "pipelines/nightly"},
        &error);
    if (emitter == NULL) {
        fprintf(stderr, "example: %s\n", error.text);
        return 3;
    }

    struct assay_result result = {.service = "exchange-online",
                                  .environment = "gcc",
                                  .check = "tls_minimum_version",
                                  .subject = "mail-01.example.net",
                                  .verdict = ASSAY_PASS,
                                  .tool = "tls-probe",
                                  .tool_version = "2.1"};
    timespec_get(&result.occurred_at, TIME_UTC); /* the moment of the test */
    if (assay_emitter_send_result(emitter, &result, NULL, &error) != ASSAY_OK)
        fprintf(stderr, "example: %s\n", error.text);

    if (assay_emitter_close(emitter, 10000, NULL, &error) != ASSAY_OK) {
        fprintf(stderr, "example: %s\n", error.text);
        return 3;
    }
    return 0;
}
