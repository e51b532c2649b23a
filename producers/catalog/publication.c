#include "producers/catalog/publication.h"

#include "proto/json.h"
#include "proto/limits.h"
#include "proto/validate.h"
#include "runtime/log.h"
#include "runtime/stop.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_BYTES = 8 * LIMIT_RECORD_BYTES };

/* All events, in `arena`. False: one of them breaks the contract, which is said on the log. */
static bool make(Assay__V1__Event **events, const struct edition *const *editions, size_t count,
                 const struct standard_wishes *wishes, struct arena *arena)
{
    bool valid = true;
    for (size_t i = 0; i < count; i++) {
        struct violation first;
        events[i] = standard_event_make(editions[i], wishes, arena);
        if (!validate_event(events[i], &first)) {
            log_error("%s: %s: %s", editions[i]->standard, first.path, first.rule);
            valid = false;
        }
    }
    return valid;
}

static void send_events(struct sending *sending, Assay__V1__Event *const *events, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (stop_requested())
            sending->stopped = true;
        if (sending->stopped)
            log_error("%s: not sent", sending_name(sending, i));
        else
            sending_event(sending, i, 1, events[i]);
    }
}

int publication_send(const struct sending_settings *settings, const char *client,
                     const struct edition *const *editions, size_t count,
                     const struct standard_wishes *wishes, struct fault *why)
{
    struct sending sending;
    struct assay_counts counts;
    struct arena *arena = arena_new(ARENA_BYTES);
    Assay__V1__Event **events = calloc(count, sizeof(Assay__V1__Event *));
    const char **names = calloc(count, sizeof(char *));
    int status = EXIT_ANSWER_NO;
    assert(events != NULL && names != NULL);
    for (size_t i = 0; i < count; i++)
        names[i] = editions[i]->standard;
    if (make(events, editions, count, wishes, arena)) {
        if (!sending_open(&sending, settings, client, names, why)) {
            status = -1;
        } else {
            sending.stopped = !sending_reach(&sending);
            send_events(&sending, events, count);
            sending_finish(&sending, &counts);
            if (settings->as_json)
                printf("{\"delivered\": %" PRIu64 ", \"refused\": %" PRIu64 ", \"failed\": %" PRIu64
                       "}\n",
                       counts.delivered, counts.refused, counts.failed);
            log_notice("delivered %" PRIu64 ", refused %" PRIu64 ", not delivered %" PRIu64,
                       counts.delivered, counts.refused, counts.failed);
            status = sending_status(&sending, &counts);
        }
    }
    free(names);
    free(events);
    arena_free(arena);
    return status;
}

int publication_print(const struct edition *const *editions, size_t count,
                      const struct standard_wishes *wishes)
{
    struct arena *arena = arena_new(ARENA_BYTES);
    Assay__V1__Event **events = calloc(count, sizeof(Assay__V1__Event *));
    assert(events != NULL);
    bool valid = make(events, editions, count, wishes, arena);
    for (size_t i = 0; valid && i < count; i++) {
        char *json = json_write_event(events[i]);
        puts(json); /* whether it worked is asked below */
        free(json);
    }
    free(events);
    arena_free(arena);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        log_error("cannot write to standard output: %s", strerror(errno));
        return EXIT_FAILED;
    }
    return valid ? EXIT_DONE : EXIT_ANSWER_NO;
}
