#include "producers/import/import.h"
#include "proto/identity.h"
#include "proto/json.h"
#include "proto/validate.h"
#include "runtime/log.h"
#include "runtime/stop.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

Google__Protobuf__Timestamp *import_timestamp(struct import *run, instant at)
{
    Google__Protobuf__Timestamp *timestamp = arena_take(run->arena, sizeof *timestamp);
    assert(timestamp != NULL);
    google__protobuf__timestamp__init(timestamp);
    int64_t fraction = at % INSTANT_SECOND;
    fraction += fraction < 0 ? INSTANT_SECOND : 0;
    timestamp->seconds = (at - fraction) / INSTANT_SECOND;
    timestamp->nanos = (int32_t)(fraction * 1000);
    return timestamp;
}

char *import_text(struct import *run, const char *text, size_t most)
{
    size_t size = 0;
    char *copied = arena_take(run->arena, strlen(text) + 1);
    assert(copied != NULL);
    for (const char *c = text; *c != '\0'; c++) {
        bool space = (unsigned char)*c <= ' ';
        if (!space)
            copied[size++] = *c;
        else if (size > 0 && copied[size - 1] != ' ')
            copied[size++] = ' ';
    }
    size -= size > 0 && copied[size - 1] == ' ';
    if (size > most) {
        size = most;
        while (size > 0 && ((unsigned char)copied[size] & 0xC0) == 0x80)
            size--;
    }
    copied[size] = '\0';
    return copied;
}

/* With --dry-run: the same checks, and the event as a line of JSON. */
static enum assay_outcome print_event(struct import *run, size_t file, uint64_t line,
                                      const Assay__V1__Event *event)
{
    struct violation first;
    if (!validate_event(event, &first))
        return sending_refuse(&run->sending, file, line, "%s: %s", first.path, first.rule);
    char *json = json_write_event(event);
    if (fputs(json, run->out) == EOF || putc('\n', run->out) == EOF) {
        log_error("cannot print: %s", strerror(errno));
        run->sending.stopped = true;
    }
    free(json);
    run->printed++;
    return ASSAY_OK;
}

enum assay_outcome import_event(struct import *run, size_t file, uint64_t line,
                                Assay__V1__Event *event)
{
    if (event->id[0] == '\0') {
        uuid id;
        identity_of(event, &id);
        event->id = arena_take(run->arena, UUID_TEXT_MAX);
        assert(event->id != NULL);
        uuid_format(&id, event->id);
    }
    sending_progress(&run->sending);
    return run->dry_run ? print_event(run, file, line, event)
                        : sending_event(&run->sending, file, line, event);
}

bool import_goes_on(struct import *run)
{
    if (stop_requested())
        run->sending.stopped = true;
    return !run->sending.stopped;
}
