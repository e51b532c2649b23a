#include "consumers/store/results.h"

#include "proto/codec.h"

#include <assert.h>
#include <string.h>

enum { TOGETHER = 64 };

static bool is_result(const struct taken *taken)
{
    return taken->event->body_case == ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT;
}

/* Asks for what will be read of the records a little behind the first of these. */
static void read_ahead(const struct taken *const *records, size_t count)
{
    enum { RECORD_AHEAD = 24, EVENT_AHEAD = 12, LINE = 64, EVENT_LINES = 10 };
    if (RECORD_AHEAD < count) {
        const char *record = (const char *)records[RECORD_AHEAD];
        for (size_t i = 0; i < sizeof(struct taken); i += LINE)
            __builtin_prefetch(record + i);
    }
    if (EVENT_AHEAD < count) { /* decoded in one piece: its parts lie behind it */
        const char *event = (const char *)records[EVENT_AHEAD]->event;
        for (size_t i = 0; i < EVENT_LINES; i++)
            __builtin_prefetch(event + i * LINE);
    }
}

static void write_stream(const struct service *service, const struct posture_mention *mention,
                         struct copies *copies)
{
    struct pgwire *wire = &copies->stream.wire;
    copy_row(&copies->stream, 5);
    pgwire_text(wire, service->name);
    pgwire_int4(wire, (int32_t)mention->stream);
    pgwire_text(wire, mention->environment);
    pgwire_text(wire, mention->check);
    pgwire_text(wire, mention->subject);
}

static uint32_t tool_of(struct service *service, const Assay__V1__Tool *named,
                        struct copies *copies)
{
    if (named == NULL)
        return POSTURE_NO_TOOL;
    bool created;
    uint32_t tool = posture_tool(service->posture, named->name, named->version, &created);
    if (created) {
        struct pgwire *wire = &copies->tool.wire;
        copy_row(&copies->tool, 4);
        pgwire_text(wire, service->name);
        pgwire_int4(wire, (int32_t)tool);
        pgwire_text(wire, named->name);
        pgwire_text(wire, named->version);
    }
    return tool;
}

static void tell(struct service *service, const struct taken *taken,
                 const struct posture_mention *mention, int64_t batch, struct copies *copies)
{
    const Assay__V1__ControlTestResult *body = taken->event->control_test_result;
    if (mention->created)
        write_stream(service, mention, copies);
    uint32_t tool = tool_of(service, body->tool, copies);
    struct posture_result fact = {
        .order = {.occurred_at = taken->occurred_at,
                  .sequence = taken->event->sequence,
                  .id = taken->id},
        .result = body->result,
        .expires_at = codec_instant(body->expires_at, INSTANT_END),
        .tool = tool,
        .record = taken_record(taken, batch),
    };
    assert(taken->has_id);
    memcpy(fact.order.digest, taken->digest, sizeof fact.order.digest);
    posture_add_result(service->posture, mention->stream, &fact);
    uint32_t source = heard_note(service->heard, taken->event->source, mention->pair, body->check,
                                 fact.order.occurred_at);
    pair_result(service_pair(service, body->environment), taken, mention->stream,
                tool == POSTURE_NO_TOOL ? -1 : (int32_t)tool, source);
}

static size_t tell_some(struct service *service, const struct taken *const *records, size_t count,
                        int64_t batch, struct copies *copies)
{
    enum { VERSION_AHEAD = 4 };
    struct posture_mention mentions[TOGETHER];
    size_t found = 0;
    for (; found < TOGETHER && found < count && is_result(records[found]); found++) {
        const Assay__V1__ControlTestResult *body = records[found]->event->control_test_result;
        read_ahead(records + found, count - found);
        mentions[found] = (struct posture_mention){
            .environment = body->environment, .check = body->check, .subject = body->subject};
    }
    posture_streams(service->posture, mentions, found);
    for (size_t i = 0; i < found; i++) {
        if (i + VERSION_AHEAD < found)
            posture_expect(service->posture, mentions[i + VERSION_AHEAD].stream,
                           &records[i + VERSION_AHEAD]->id);
        tell(service, records[i], &mentions[i], batch, copies);
    }
    return found;
}

size_t results_tell(struct service *service, const struct taken *const *records, size_t count,
                    int64_t batch, struct copies *copies)
{
    size_t told = 0;
    while (told < count && is_result(records[told]))
        told += tell_some(service, records + told, count - told, batch, copies);
    return told;
}
