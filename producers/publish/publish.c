/*
 * assay-publish -- events as JSON Lines, from files or standard input, to Kafka.
 *
 * Reading, sending and hearing of deliveries is one loop on one thread. A line that cannot be an
 * event is named and passed over; every other one ends as delivered or is named as not delivered.
 */
#include "producers/publish/lines.h"
#include "producers/sending.h"
#include "proto/limits.h"
#include "runtime/log.h"
#include "runtime/stop.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct sending_settings settings;

static const struct setting table[] = {
    {.kind = SETTING_HEADING, .help = "what is sent"},
    {.kind = SETTING_TEXT,
     .name = "team",
     .environment = "ASSAY_TEAM",
     .argument = "TEAM",
     .help = "results go to assay.evidence.TEAM",
     .value = &settings.team},
    {.kind = SETTING_TEXT,
     .name = "source",
     .environment = "ASSAY_SOURCE",
     .argument = "SOURCE",
     .help = "the source of events that name none",
     .value = &settings.source},
    SENDING_SETTINGS_ROWS(settings),
};

static const struct program program = {
    .name = "assay-publish",
    .synopsis = "publish [FLAGS] [FILE…]",
    .summary =
        "Sends events, one JSON object a line, to their topics. Without FILE, or for -, reads\n"
        "standard input. An event without id gets one from its content, so that publishing a\n"
        "file twice changes nothing. A line that is no valid event is named by file, line and\n"
        "field; the others are sent, and the exit status is 1.",
    .settings = table,
    .setting_count = SETTINGS_COUNT(table)};

static bool is_blank(const struct line *line)
{
    for (size_t i = 0; i < line->size; i++)
        if (line->text[i] != ' ' && line->text[i] != '\t' && line->text[i] != '\r')
            return false;
    return true;
}

/* Reads one open file to its end, or to a stop; returns the number of the line it stands at. */
static uint64_t publish_lines(struct sending *sending, size_t file, struct lines *lines)
{
    struct line line;
    uint64_t next = 1;
    while (!sending->stopped) {
        if (stop_requested()) {
            sending->stopped = true;
            break;
        }
        enum line_kind kind = lines_next(lines, &line);
        sending_progress(sending);
        if (kind == LINE_END)
            break;
        if (kind == LINE_FAILED) {
            progress_end(&sending->progress);
            log_error("%s:%" PRIu64 ": %s", sending_name(sending, file), next, strerror(errno));
            sending->unreadable = true;
            break;
        }
        if (kind == LINE_WAIT) {
            assay_emitter_serve(sending->emitter, 0);
            continue;
        }
        next = line.number;
        if (kind == LINE_TOO_LONG)
            sending_refuse(sending, file, line.number, "longer than %d bytes, which no event needs",
                           LIMIT_JSON_BYTES);
        else if (!is_blank(&line))
            sending_json(sending, file, line.number, line.text, line.size);
        next += !sending->stopped;
    }
    return next;
}

static void publish_file(struct sending *sending, size_t file)
{
    const char *name = sending->names[file];
    bool standard = strcmp(name, "-") == 0;
    int descriptor = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        log_error("%s: %s", name, strerror(errno));
        sending->unreadable = true;
        return;
    }
    struct lines *lines = lines_new(descriptor, LIMIT_JSON_BYTES);
    uint64_t next = publish_lines(sending, file, lines);
    lines_free(lines);
    if (!standard)
        close(descriptor);
    if (sending->stopped) {
        progress_end(&sending->progress);
        log_error("%s: stopped: from line %" PRIu64 " on nothing was sent",
                  sending_name(sending, file), next);
    }
}

static int publish(const char *const *names, size_t count)
{
    struct sending sending;
    struct assay_counts counts;
    struct fault why;
    if (!sending_open(&sending, &settings, program.name, names, &why))
        settings_usage(&program, "%s", why.text);
    sending.stopped = !sending_reach(&sending);
    for (size_t i = 0; i < count; i++) {
        if (sending.stopped)
            log_error("%s: not sent", sending_name(&sending, i));
        else
            publish_file(&sending, i);
    }
    sending_finish(&sending, &counts);
    if (settings.as_json)
        printf("{\"delivered\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"failed\": %" PRIu64 "}\n",
               counts.delivered, counts.refused, counts.failed);
    log_notice("delivered %" PRIu64 ", refused %" PRIu64 ", not delivered %" PRIu64,
               counts.delivered, counts.refused, counts.failed);
    return sending_status(&sending, &counts);
}

int main(int argc, char **argv)
{
    static const char *const standard_input[] = {"-"};
    char **names;
    size_t count;
    sending_hold_streams();
    stop_install();
    log_open(program.name);
    settings_read(&program, argc, argv, &names, &count);
    int status =
        count > 0 ? publish((const char *const *)names, count) : publish(standard_input, 1);
    settings_free(&program);
    return status;
}
