#include "consumers/whatif/supposed.h"

#include "proto/json.h"
#include "proto/limits.h"
#include "proto/validate.h"
#include "runtime/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All events of all files are held at once. */
static const size_t ARENA_CAP = (size_t)2 << 30;

struct reading {
    struct supposed *supposed;
    const struct supposing *how;
    size_t file;
    uint64_t line;
};

const char *supposed_file(const struct supposed *supposed, size_t file)
{
    return strcmp(supposed->names[file], "-") == 0 ? "(standard input)" : supposed->names[file];
}

static void refuse(const struct reading *reading, const char *text)
{
    log_error("%s:%" PRIu64 ": %s", supposed_file(reading->supposed, reading->file), reading->line,
              text);
    reading->supposed->refused++;
}

static bool is_blank(const char *line, size_t size)
{
    return strspn(line, " \t\r") == size;
}

/* With the source and the id that publish gives to an event without; false with `why`. */
static bool complete(const struct reading *reading, Assay__V1__Event *event, struct fault *why)
{
    struct arena *arena = reading->supposed->arena;
    struct violation first;
    if (event->source[0] == '\0' && reading->how->source != NULL)
        event->source = arena_text(arena, reading->how->source, strlen(reading->how->source));
    if (event->source != NULL && event->id[0] == '\0') {
        uuid id;
        char text[UUID_TEXT_MAX];
        identity_of(event, &id);
        event->id = arena_text(arena, uuid_format(&id, text), UUID_TEXT_MAX - 1);
    }
    if (event->source == NULL || event->id == NULL)
        return fault_set(why, FAULT_RETRY, "no room");
    return validate_event(event, &first) ||
           fault_set(why, FAULT_REJECT, "%s: %s", first.path, first.rule);
}

/* The record the event would be, judged as the aggregator judges; false with `why`. */
static bool judge(const struct reading *reading, const Assay__V1__Event *event, struct taken *taken,
                  struct fault *why)
{
    struct arena *arena = reading->supposed->arena;
    struct record record;
    if (!record_of_event(event, reading->how->team, arena, &record, why))
        return false;
    *taken = (struct taken){
        .topic = SUPPOSED_TOPIC,
        .kind = record_topic_of(record.topic),
        .team = record_team_of(record.topic),
        .partition = (int32_t)reading->file,
        .offset = (int64_t)reading->line,
        .kafka_timestamp = reading->how->sent_at,
        .key = (const uint8_t *)record.key,
        .key_size = record.key_size,
        .value = record.value,
        .value_size = record.value_size,
    };
    if (!taken_judge(taken, arena))
        return fault_set(why, FAULT_RETRY, "no room");
    return taken->verdict == VERDICT_ACCEPTED ||
           fault_set(why, FAULT_REJECT, "event %s: %s: %s", event->id, verdict_name(taken->verdict),
                     taken->detail);
}

static struct taken *next_record(struct supposed *supposed)
{
    if (supposed->count == supposed->room) {
        supposed->room = supposed->room == 0 ? 64 : supposed->room * 2;
        supposed->records =
            reallocarray(supposed->records, supposed->room, sizeof *supposed->records);
        if (supposed->records == NULL)
            abort();
    }
    return &supposed->records[supposed->count];
}

/* False: there is no room for this event, nor then for later ones. */
static bool take_line(const struct reading *reading, const char *line, size_t size)
{
    struct supposed *supposed = reading->supposed;
    struct fault why = {0};
    if (size > LIMIT_JSON_BYTES) {
        refuse(reading, "longer than any event needs");
        return true;
    }
    Assay__V1__Event *event = json_read_event(line, size, supposed->arena, &why);
    if (event != NULL && complete(reading, event, &why) &&
        judge(reading, event, next_record(supposed), &why)) {
        supposed->count++;
        return true;
    }
    if (why.reaction == FAULT_RETRY)
        fault_set(&why, FAULT_RETRY, "the events up to here fill %zu MiB, all there is for them",
                  ARENA_CAP >> 20);
    refuse(reading, why.text);
    return why.reaction != FAULT_RETRY;
}

static void read_file(struct reading *reading, FILE *file)
{
    struct supposed *supposed = reading->supposed;
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    bool fits = true;
    errno = 0;
    while (fits && (size = getline(&line, &room, file)) >= 0) {
        char *text = line;
        reading->line++;
        if (size > 0 && text[size - 1] == '\n')
            text[--size] = '\0';
        if (reading->line == 1 && strncmp(text, "\xEF\xBB\xBF", 3) == 0) {
            text += 3;
            size -= 3;
        }
        if (!is_blank(text, (size_t)size))
            fits = take_line(reading, text, (size_t)size);
    }
    if (fits && ferror(file)) {
        log_error("%s: %s", supposed_file(supposed, reading->file), strerror(errno));
        fits = false;
    }
    supposed->unreadable |= !fits;
    free(line);
}

void supposed_read(struct supposed *supposed, const struct supposing *how, const char *const *names,
                   size_t count)
{
    *supposed = (struct supposed){.names = names, .arena = arena_new(ARENA_CAP)};
    for (size_t i = 0; i < count; i++) {
        struct reading reading = {.supposed = supposed, .how = how, .file = i};
        bool standard = strcmp(names[i], "-") == 0;
        FILE *file = standard ? stdin : fopen(names[i], "re");
        if (file == NULL) {
            log_error("%s: %s", names[i], strerror(errno));
            supposed->unreadable = true;
            continue;
        }
        read_file(&reading, file);
        if (!standard)
            fclose(file);
    }
}

void supposed_free(struct supposed *supposed)
{
    free(supposed->records);
    arena_free(supposed->arena);
}
