/*
 * sending -- one run of a program that sends: an emitter, the lines its events come from, and the
 * account at the end.
 *
 * Adds to the emitter what a command line needs: a broker that does not answer is found out before
 * anything is read; a stop is heeded while waiting; an event that was not delivered is named by the
 * file and line it came from; counts make one summary and one exit status.
 *
 * Not for service teams: they link the emitter itself. One thread.
 *
 * Ownership: `names` and the settings are borrowed until sending_finish.
 */
#ifndef ASSAY_PRODUCERS_SENDING_H
#define ASSAY_PRODUCERS_SENDING_H

#include "producers/kafka_settings.h"
#include "runtime/progress.h"

#include <assay/emitter.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sending_settings {
    struct kafka_settings kafka;
    const char *team;
    const char *source;
    int64_t timeout_s; /* how long brokers may stay silent */
    bool as_json;
};

/* Rows for a program's table, after those of what it sends. */
#define SENDING_SETTINGS_ROWS(sending)                                                             \
    {.kind = SETTING_SWITCH,                                                                       \
     .name = "json",                                                                               \
     .environment = "ASSAY_JSON",                                                                  \
     .help = "the counts as one JSON object on standard output",                                   \
     .value = &(sending).as_json},                                                                 \
        KAFKA_SETTINGS_ROWS((sending).kafka),                                                      \
    {                                                                                              \
        .kind = SETTING_NUMBER, .name = "timeout", .environment = "ASSAY_TIMEOUT",                 \
        .argument = "SECONDS", .help = "how long brokers may stay silent before it gives up",      \
        .fallback = "30", .least = 1, .most = 3600, .value = &(sending).timeout_s                  \
    }

struct sending {
    const struct sending_settings *settings;
    const char *const *names; /* of the files that tags number; "-" is standard input */
    assay_emitter *emitter;
    uint64_t refused;        /* by the program itself; the emitter counts its own */
    uint64_t failures_named; /* deliveries that failed */
    bool stopped;            /* before everything was read and sent */
    bool unreadable;         /* a file, or part of one */
    struct progress progress;
};

/* First in main: a standard stream that was handed over closed stays unusable, instead of its
 * number going to a connection, which would then be read as if it were the input. */
void sending_hold_streams(void);

/* "(standard input)" for "-". */
const char *sending_name(const struct sending *sending, size_t file);

/* Opens the emitter. False: the settings do not work (a usage error), *why says how. */
bool sending_open(struct sending *sending, const struct sending_settings *settings,
                  const char *client, const char *const *names, struct fault *why);

/* Waits for a broker to answer, at most the timeout. False: none did, or a stop; said on the log.
 */
bool sending_reach(struct sending *sending);

/*
 * Sends what stands at `line` (from 1) of file number `file`. ASSAY_REFUSED has been counted and
 * logged. ASSAY_UNSENT and ASSAY_BROKEN mean that there is no point in going on; they are logged,
 * and `stopped` is set.
 */
enum assay_outcome sending_json(struct sending *sending, size_t file, uint64_t line,
                                const char *json, size_t size);
enum assay_outcome sending_event(struct sending *sending, size_t file, uint64_t line,
                                 const struct Assay__V1__Event *event);

/* Logs and counts what the program itself refuses at that line. Always ASSAY_REFUSED. */
__attribute__((format(printf, 4, 5))) enum assay_outcome
sending_refuse(struct sending *sending, size_t file, uint64_t line, const char *format, ...);

/* Draws the progress line. */
void sending_progress(struct sending *sending);

/* Waits for what is queued, closes the emitter and fills `counts`, the program's own refusals
 * included. */
void sending_finish(struct sending *sending, struct assay_counts *counts);

/* The status those counts deserve. */
int sending_status(const struct sending *sending, const struct assay_counts *counts);

#endif
