/*
 * posture_replay -- records in, answers out: the library behind the format that the reference
 * (tests/reference) speaks too, so that the two can be held against each other.
 *
 *     posture_replay [INSTANT…] < records
 *
 * Lines of stdin: {"topic", "partition", "offset", "batch", "event", "digest"?, …} or {"query":
 * INSTANT}. All questions are answered at the end. digest: SHA-256 of the value in hex; else that
 * of the event's canonical JSON. Exit 2: input that cannot be read, named by its line.
 */
#include "consumers/posture/posture.h"
#include "proto/codec.h"
#include "proto/json.h"
#include "tests/unit/posture/rehearsal.h"

#include <assert.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA = 64 * 1024 * 1024 };

struct questions {
    instant *items;
    size_t count;
};

static void refuse(size_t line, const char *what)
{
    fprintf(stderr, "posture_replay: line %zu: %s\n", line, what);
    exit(2);
}

static void ask(struct questions *questions, const char *text, size_t line)
{
    instant at;
    if (text == NULL || !instant_parse(text, &at, NULL))
        refuse(line, "not an instant");
    questions->items = realloc(questions->items, (questions->count + 1) * sizeof(instant));
    assert(questions->items != NULL);
    questions->items[questions->count++] = at;
}

/* ---- reading ---- */

static uint8_t hex_byte(const char *text, size_t line)
{
    char byte[3] = {text[0], text[1], '\0'};
    char *end;
    unsigned long value = strtoul(byte, &end, 16);
    if (end != byte + 2)
        refuse(line, "digest is not hexadecimal");
    return (uint8_t)value;
}

static void digest_of(const json_t *record, const json_t *event, size_t line, uint8_t digest[32])
{
    const char *given = json_string_value(json_object_get(record, "digest"));
    if (given != NULL) {
        if (strlen(given) != 64)
            refuse(line, "digest is not 64 digits");
        for (size_t i = 0; i < 32; i++)
            digest[i] = hex_byte(given + 2 * i, line);
        return;
    }
    char *canonical = json_dumps(event, JSON_SORT_KEYS | JSON_COMPACT | JSON_ENSURE_ASCII);
    assert(canonical != NULL);
    codec_digest((const uint8_t *)canonical, strlen(canonical), digest);
    free(canonical);
}

static void read_record(struct rehearsal *rehearsal, const json_t *record, struct arena *arena,
                        size_t line, int64_t *batch)
{
    const json_t *event_json = json_object_get(record, "event");
    const char *topic = json_string_value(json_object_get(record, "topic"));
    if (event_json == NULL || topic == NULL)
        refuse(line, "neither a record nor a question");
    int64_t of_batch = json_integer_value(json_object_get(record, "batch"));
    if (of_batch < *batch)
        refuse(line, "batches do not rise");
    if (of_batch != *batch)
        rehearsal_commit(rehearsal, *batch);
    *batch = of_batch;

    char *text = json_dumps(event_json, JSON_COMPACT);
    assert(text != NULL);
    struct fault why = {0};
    Assay__V1__Event *event = json_read_event(text, strlen(text), arena, &why);
    free(text);
    if (event == NULL)
        refuse(line, why.text);
    uint8_t digest[32];
    digest_of(record, event_json, line, digest);
    rehearsal_take(rehearsal, topic,
                   (int32_t)json_integer_value(json_object_get(record, "partition")),
                   json_integer_value(json_object_get(record, "offset")), event, digest, of_batch);
    arena_reset(arena);
}

static void read_lines(struct rehearsal *rehearsal, struct questions *questions)
{
    struct arena *arena = arena_new(ARENA);
    char *text = NULL;
    size_t room = 0, line = 0;
    int64_t batch = 0;
    ssize_t size;
    while ((size = getline(&text, &room, stdin)) > 0) {
        json_error_t error;
        json_t *read = json_loadb(text, (size_t)size, JSON_REJECT_DUPLICATES, &error);
        line++;
        if (read == NULL)
            refuse(line, error.text);
        const json_t *query = json_object_get(read, "query");
        if (query != NULL)
            ask(questions, json_string_value(query), line);
        else
            read_record(rehearsal, read, arena, line, &batch);
        json_decref(read);
    }
    rehearsal_commit(rehearsal, batch);
    rehearsal_catch_up(rehearsal);
    free(text);
    arena_free(arena);
}

/* ---- answering ---- */

static void set_instant(json_t *row, const char *name, instant at)
{
    char text[INSTANT_TEXT_MAX];
    json_object_set_new(row, name,
                        at == INSTANT_END ? json_null() : json_string(instant_format(at, text)));
}

static void set_text(json_t *row, const char *name, const char *text)
{
    json_object_set_new(row, name, text == NULL ? json_null() : json_string(text));
}

static void set_count(json_t *row, const char *name, uint32_t count)
{
    json_object_set_new(row, name, json_integer(count));
}

static void print(json_t *row)
{
    char *text = json_dumps(row, JSON_SORT_KEYS);
    assert(text != NULL);
    puts(text);
    free(text);
    json_decref(row);
}

/* A row with the key's parts under their names; the key begins with the recorder's kind. */
static json_t *row_of(const char *service, const struct recorded_line *line, instant at,
                      const char *const names[])
{
    json_t *row = json_object();
    set_instant(row, "at", at);
    json_object_set_new(row, "service", json_string(service));
    const char *part = strchr(line->key, '|');
    for (size_t i = 0; part != NULL; i++) {
        const char *end = strchr(++part, '|');
        size_t size = end == NULL ? strlen(part) : (size_t)(end - part);
        json_object_set_new(row, names[i], json_stringn(part, size));
        part = end;
    }
    return row;
}

static void print_cell(const char *service, const struct recorded_line *line, instant at)
{
    static const char *const names[] = {"environment", "standard", "control"};
    const struct recorded_step *step = recorded_at(line, at);
    if (step == NULL || step->cell.step.status == CELL_NONE)
        return;
    uint32_t now = (uint32_t)(step - line->steps), first = now, last = now + 1;
    while (!line->steps[first].cell.step.transition)
        first--;
    while (last < line->count && !line->steps[last].cell.step.transition)
        last++;
    json_t *row = row_of(service, line, at, names);
    json_object_set_new(row, "status", json_string(cell_status_name(step->cell.step.status)));
    set_instant(row, "since", line->steps[first].at);
    set_instant(row, "until", last < line->count ? line->steps[last].at : INSTANT_END);
    json_object_set_new(row, "stale", json_boolean(step->cell.step.stale));
    set_count(row, "checks", step->cell.step.checks);
    set_count(row, "checksMissing", step->cell.step.missing);
    set_text(row, "inheritedFrom", step->cell.inherited_from);
    set_text(row, "exception", step->cell.exception);
    set_text(row, "finding", step->cell.finding);
    instant until = last < line->count ? line->steps[last].at : INSTANT_END;
    json_object_set_new(row, "dueSoon",
                        json_boolean(step->cell.step.status == CELL_PASSED &&
                                     until != INSTANT_END && until - at <= 7 * INSTANT_DAY));
    char deciding[UUID_TEXT_MAX];
    static const uuid nobody;
    bool any = uuid_compare(&step->cell.deciding, &nobody) != 0;
    json_object_set_new(row, "decidingEvent",
                        any ? json_string(uuid_format(&step->cell.deciding, deciding))
                            : json_null());
    print(row);
}

static const char *membership_name(Assay__V1__Membership membership)
{
    const ProtobufCEnumValue *value =
        protobuf_c_enum_descriptor_get_value(&assay__v1__membership__descriptor, (int)membership);
    assert(value != NULL);
    return value->name + strlen("MEMBERSHIP_");
}

static void print_standing(const char *service, const struct recorded_line *line, instant at)
{
    static const char *const names[] = {"environment", "standard"};
    const struct recorded_step *recorded = recorded_at(line, at);
    if (recorded == NULL)
        return;
    const struct posture_standing_step *step = &recorded->standing;
    json_t *row = row_of(service, line, at, names);
    json_object_set_new(row, "membership", json_string(membership_name(step->membership)));
    json_object_set_new(row, "posture", json_string(posture_value_name(step->posture)));
    set_count(row, "passed", step->passed);
    set_count(row, "excepted", step->excepted);
    set_count(row, "failed", step->failed);
    set_count(row, "error", step->error);
    set_count(row, "stale", step->stale);
    set_count(row, "notTested", step->not_tested);
    set_count(row, "notApplicable", step->not_applicable);
    set_count(row, "applicable", step->applicable);
    set_text(row, "certificateState",
             certificate_state_name((enum certificate_state)step->certificate_state));
    json_object_set_new(row, "certified", json_boolean(step->certified));
    if (step->percent < 0) {
        json_object_set_new(row, "percent", json_null());
    } else {
        char percent[16];
        snprintf(percent, sizeof percent, "%d.%02d", step->percent / 100, step->percent % 100);
        json_object_set_new(row, "percent", json_string(percent));
    }
    print(row);
}

static void print_certification(const struct recorded_line *line, instant at)
{
    const struct recorded_step *recorded = recorded_at(line, at);
    if (recorded == NULL || !recorded->certification.step.exists)
        return;
    const struct posture_certification_step *step = &recorded->certification.step;
    const char *programme = strchr(line->key, '|') + 1, *standard = strchr(programme, '|') + 1;
    bool decided = recorded->certification.number != NULL;
    json_t *row = json_object(), *flags = json_array();
    set_instant(row, "at", at);
    json_object_set_new(row, "programme",
                        json_stringn(programme, (size_t)(standard - programme - 1)));
    set_text(row, "standard", standard);
    set_text(row, "number", recorded->certification.number);
    set_text(row, "body", recorded->certification.body);
    set_text(row, "soaVersion", recorded->certification.soa_version);
    set_text(row, "state", certificate_state_name(step->state));
    set_instant(row, "validFrom", decided ? step->valid_from : INSTANT_END);
    set_instant(row, "validUntil", decided ? step->valid_until : INSTANT_END);
    set_instant(row, "surveillanceDeadline", step->surveillance_deadline);
    for (uint32_t i = 0; certificate_flag_name(i) != NULL; i++) {
        if (step->flags & 1u << i)
            json_array_append_new(flags, json_string(certificate_flag_name(i)));
    }
    json_object_set_new(row, "flags", flags);
    print(row);
}

static void answer_certifications(struct rehearsal *rehearsal, instant at)
{
    uint32_t count;
    const struct recorded_line *const *lines =
        recorder_lines(rehearsal_governance_recorder(rehearsal), &count);
    for (uint32_t i = 0; i < count; i++) {
        if (lines[i]->kind == RECORDED_CERTIFICATION)
            print_certification(lines[i], at);
    }
}

/* The key is the record's (topic, partition, offset), then the event and what it is about. */
static void print_unmapped(const struct recorded_line *line, instant at)
{
    static const char *const names[] = {"event", "environment", "check", "standard", "control"};
    enum { OF_RECORD = 4 }; /* and the kind */
    const struct recorded_step *step = recorded_at(line, at);
    if (step == NULL || strcmp(step->text, "-") == 0)
        return;
    const char *part = line->key;
    for (int i = 0; i < OF_RECORD; i++)
        part = strchr(part, '|') + 1;
    json_t *about = json_object();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        size_t size = strcspn(part, "|");
        bool none = size == 1 && *part == '-';
        json_object_set_new(about, names[i], none ? json_null() : json_stringn(part, size));
        part += size + (part[size] == '|');
    }
    json_object_set_new(about, "reason", json_string(step->text));
    json_t *row = json_object();
    set_instant(row, "at", at);
    json_object_set_new(row, "unmapped", about);
    print(row);
}

static void answer_unmapped(struct recorder *recorder, instant at)
{
    uint32_t count;
    const struct recorded_line *const *lines = recorder_lines(recorder, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (lines[i]->kind == RECORDED_UNMAPPED)
            print_unmapped(lines[i], at);
    }
}

static void answer(struct rehearsal *rehearsal, enum recorded_kind kind, instant at)
{
    const char *service;
    for (uint32_t i = 0; (service = rehearsal_name(rehearsal, i)) != NULL; i++) {
        uint32_t count;
        const struct recorded_line *const *lines =
            recorder_lines(rehearsal_recorder(rehearsal, service), &count);
        for (uint32_t j = 0; j < count; j++) {
            if (lines[j]->kind != kind)
                continue;
            if (kind == RECORDED_CELL)
                print_cell(service, lines[j], at);
            else
                print_standing(service, lines[j], at);
        }
    }
}

int main(int argc, char **argv)
{
    struct questions questions = {0};
    for (int i = 1; i < argc; i++)
        ask(&questions, argv[i], 0);
    struct rehearsal *rehearsal = rehearsal_new();
    read_lines(rehearsal, &questions);
    for (size_t i = 0; i < questions.count; i++) {
        answer(rehearsal, RECORDED_CELL, questions.items[i]);
        answer(rehearsal, RECORDED_STANDING, questions.items[i]);
        answer_certifications(rehearsal, questions.items[i]);
        answer_unmapped(rehearsal_governance_recorder(rehearsal), questions.items[i]);
        const char *service;
        for (uint32_t j = 0; (service = rehearsal_name(rehearsal, j)) != NULL; j++)
            answer_unmapped(rehearsal_recorder(rehearsal, service), questions.items[i]);
    }
    rehearsal_free(rehearsal);
    free(questions.items);
    return 0;
}
