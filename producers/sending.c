#include "producers/sending.h"

#include "runtime/elapsed.h"
#include "runtime/log.h"
#include "runtime/stop.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum {
    REACH_SLICE_MS = 250,
    QUEUE_WAIT_MS = 100,
    FLUSH_SLICE_MS = 100,
    NAMED_FAILURES = 20, /* the input is sent again anyway: what arrived stays single */
    LINE_BITS = 40,      /* of a tag; the rest numbers the file */
};

void sending_hold_streams(void)
{
    /* Opened the wrong way round, so that using it fails as using a closed one would. */
    if (fcntl(STDIN_FILENO, F_GETFD) < 0)
        open("/dev/null", O_WRONLY);
    for (int stream = STDOUT_FILENO; stream <= STDERR_FILENO; stream++)
        if (fcntl(stream, F_GETFD) < 0)
            open("/dev/null", O_RDONLY);
}

const char *sending_name(const struct sending *sending, size_t file)
{
    return strcmp(sending->names[file], "-") == 0 ? "(standard input)" : sending->names[file];
}

static void *tag_of(size_t file, uint64_t line)
{
    _Static_assert(sizeof(uintptr_t) == sizeof(uint64_t), "a tag holds a file and a line");
    return (void *)(uintptr_t)((uint64_t)file << LINE_BITS | line);
}

static void on_delivery(void *context, const struct assay_delivery *delivery)
{
    struct sending *sending = context;
    uint64_t tag = (uint64_t)(uintptr_t)delivery->tag;
    if (delivery->outcome == ASSAY_OK)
        return;
    progress_end(&sending->progress);
    if (sending->failures_named < NAMED_FAILURES)
        log_error("%s:%" PRIu64 ": %s", sending_name(sending, tag >> LINE_BITS),
                  tag & ((UINT64_C(1) << LINE_BITS) - 1), delivery->text);
    sending->failures_named++;
    /* It was tried for the whole timeout: what follows would fare no better. */
    if (delivery->outcome == ASSAY_UNSENT)
        sending->stopped = true;
}

bool sending_open(struct sending *sending, const struct sending_settings *settings,
                  const char *client, const char *const *names, struct fault *why)
{
    struct assay_error error;
    *sending = (struct sending){.settings = settings, .names = names};
    progress_start(&sending->progress);
    sending->emitter = assay_emitter_open(
        &(struct assay_emitter_options){.brokers = settings->kafka.brokers,
                                        .source = settings->source,
                                        .team = settings->team,
                                        .client = client,
                                        .properties = settings->kafka.properties.items,
                                        .property_count = settings->kafka.properties.count,
                                        .delivery_timeout_ms = (uint32_t)settings->timeout_s * 1000,
                                        .queue_wait_ms = QUEUE_WAIT_MS,
                                        .on_delivery = on_delivery,
                                        .context = sending},
        &error);
    return sending->emitter != NULL || fault_set(why, FAULT_FATAL, "%s", error.text);
}

bool sending_reach(struct sending *sending)
{
    struct assay_error error;
    int64_t started = elapsed_ms();
    int64_t limit = sending->settings->timeout_s * 1000;
    int64_t waited;
    do {
        if (assay_emitter_reach(sending->emitter, REACH_SLICE_MS, &error) == ASSAY_OK) {
            progress_end(&sending->progress);
            return true;
        }
        waited = elapsed_ms() - started;
        progress_show(&sending->progress, "seconds waited for a broker", (uint64_t)waited / 1000,
                      (uint64_t)limit / 1000);
    } while (error.outcome == ASSAY_UNSENT && waited < limit && !stop_requested());
    progress_end(&sending->progress);
    log_error("%s", error.text);
    return false;
}

/* Whether the same event is to be offered again; otherwise says why not. */
static bool judge(struct sending *sending, size_t file, uint64_t line, enum assay_outcome outcome,
                  const struct assay_error *error, int64_t deadline)
{
    if (outcome == ASSAY_OK)
        return false;
    if (outcome == ASSAY_UNSENT && elapsed_ms() < deadline && !stop_requested())
        return true; /* the queue is full */
    progress_end(&sending->progress);
    log_error("%s:%" PRIu64 ": %s", sending_name(sending, file), line, error->text);
    if (outcome != ASSAY_REFUSED)
        sending->stopped = true;
    return false;
}

enum assay_outcome sending_json(struct sending *sending, size_t file, uint64_t line,
                                const char *json, size_t size)
{
    struct assay_error error;
    enum assay_outcome outcome;
    int64_t deadline = elapsed_ms() + sending->settings->timeout_s * 1000;
    do
        outcome = assay_emitter_send_json(sending->emitter, json, size, tag_of(file, line), &error);
    while (judge(sending, file, line, outcome, &error, deadline));
    return outcome;
}

enum assay_outcome sending_event(struct sending *sending, size_t file, uint64_t line,
                                 const struct Assay__V1__Event *event)
{
    struct assay_error error;
    enum assay_outcome outcome;
    int64_t deadline = elapsed_ms() + sending->settings->timeout_s * 1000;
    do
        outcome = assay_emitter_send_event(sending->emitter, event, tag_of(file, line), &error);
    while (judge(sending, file, line, outcome, &error, deadline));
    return outcome;
}

enum assay_outcome sending_refuse(struct sending *sending, size_t file, uint64_t line,
                                  const char *format, ...)
{
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    progress_end(&sending->progress);
    log_error("%s:%" PRIu64 ": %s", sending_name(sending, file), line, text);
    sending->refused++;
    return ASSAY_REFUSED;
}

void sending_progress(struct sending *sending)
{
    if (sending->emitter != NULL)
        progress_show(&sending->progress, "delivered",
                      assay_emitter_counts(sending->emitter).delivered, 0);
}

void sending_finish(struct sending *sending, struct assay_counts *counts)
{
    *counts = (struct assay_counts){0};
    /* Every queued event has its own deadline; this one lies behind the last of them. */
    int64_t deadline = elapsed_ms() + sending->settings->timeout_s * 1000 + 1000;
    while (sending->emitter != NULL && elapsed_ms() < deadline) {
        assay_emitter_flush(sending->emitter, FLUSH_SLICE_MS, NULL);
        struct assay_counts so_far = assay_emitter_counts(sending->emitter);
        if (so_far.accepted == so_far.delivered + so_far.failed)
            break;
        progress_show(&sending->progress, "delivered", so_far.delivered, so_far.accepted);
    }
    if (sending->emitter != NULL)
        assay_emitter_close(sending->emitter, 0, counts, NULL);
    sending->emitter = NULL;
    progress_end(&sending->progress);
    counts->refused += sending->refused;
    if (sending->failures_named > NAMED_FAILURES)
        log_error("%" PRIu64 " more were not delivered; send the same input again, what arrived "
                  "stays single",
                  sending->failures_named - NAMED_FAILURES);
}

int sending_status(const struct sending *sending, const struct assay_counts *counts)
{
    if (sending->stopped || sending->unreadable || counts->failed > 0)
        return EXIT_FAILED;
    return counts->refused > 0 ? EXIT_ANSWER_NO : EXIT_DONE;
}
