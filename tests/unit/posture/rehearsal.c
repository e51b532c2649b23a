#include "tests/unit/posture/rehearsal.h"

#include "proto/codec.h"
#include "proto/json.h"
#include "proto/record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct actor { /* a service */
    char *name;
    struct posture_service *service;
    struct recorder *recorder;
    uint32_t caught_up; /* governance commits behind it */
    int64_t position;
    struct waiting { /* records of the batch in hand, told when it ends */
        Assay__V1__Event *event;
        uint8_t digest[16];
        struct posture_record record;
    } * waiting;
    uint32_t waiting_count;
};

struct rehearsal {
    struct posture_governance *governance;
    struct recorder *recorder;
    struct actor **actors; /* by name */
    uint32_t actor_count;
    int64_t *commits; /* positions of governance commits */
    uint32_t commit_count;
    char **topics;
    uint32_t topic_count;
    FILE *copy; /* NULL: none */
};

static void *grown(void *items, size_t count, size_t size)
{
    void *more = realloc(items, (count + 1) * size);
    assert(more != NULL);
    return more;
}

struct rehearsal *rehearsal_new(void)
{
    struct rehearsal *rehearsal = calloc(1, sizeof *rehearsal);
    assert(rehearsal != NULL);
    rehearsal->governance = posture_governance_new();
    rehearsal->recorder = recorder_new();
    return rehearsal;
}

void rehearsal_free(struct rehearsal *rehearsal)
{
    for (uint32_t i = 0; i < rehearsal->actor_count; i++) {
        struct actor *actor = rehearsal->actors[i];
        posture_service_free(actor->service);
        recorder_free(actor->recorder);
        assert(actor->waiting_count == 0);
        free(actor->waiting);
        free(actor->name);
        free(actor);
    }
    for (uint32_t i = 0; i < rehearsal->topic_count; i++)
        free(rehearsal->topics[i]);
    posture_governance_free(rehearsal->governance);
    recorder_free(rehearsal->recorder);
    free(rehearsal->actors);
    free(rehearsal->commits);
    free(rehearsal->topics);
    free(rehearsal);
}

void rehearsal_copy(struct rehearsal *rehearsal, FILE *out)
{
    rehearsal->copy = out;
}

int16_t rehearsal_topic(struct rehearsal *rehearsal, const char *topic)
{
    for (uint32_t i = 0; i < rehearsal->topic_count; i++) {
        if (strcmp(rehearsal->topics[i], topic) == 0)
            return (int16_t)i;
    }
    rehearsal->topics = grown(rehearsal->topics, rehearsal->topic_count, sizeof(char *));
    rehearsal->topics[rehearsal->topic_count] = strdup(topic);
    return (int16_t)rehearsal->topic_count++;
}

static struct actor *actor_of(struct rehearsal *rehearsal, const char *name)
{
    uint32_t place = 0;
    for (; place < rehearsal->actor_count; place++) {
        int order = strcmp(rehearsal->actors[place]->name, name);
        if (order == 0)
            return rehearsal->actors[place];
        if (order > 0)
            break;
    }
    struct actor *actor = calloc(1, sizeof *actor);
    assert(actor != NULL);
    actor->name = strdup(name);
    actor->service = posture_service_new(name);
    actor->recorder = recorder_new();
    rehearsal->actors = grown(rehearsal->actors, rehearsal->actor_count, sizeof(struct actor *));
    memmove(&rehearsal->actors[place + 1], &rehearsal->actors[place],
            (rehearsal->actor_count - place) * sizeof(struct actor *));
    rehearsal->actors[place] = actor;
    rehearsal->actor_count++;
    return actor;
}

/* ---- who is evaluated together ---- */

struct family { /* by place among the actors */
    struct rehearsal *rehearsal;
    bool *members, *changing;
};

static void on_kin(void *context, const char *service, bool changes)
{
    struct family *family = context;
    (void)changes; /* who is only read reports nothing: the recorders would show it */
    for (uint32_t i = 0; i < family->rehearsal->actor_count; i++) {
        if (strcmp(family->rehearsal->actors[i]->name, service) == 0)
            family->members[i] = true;
    }
}

/* Adds the kin of those that change, and again, as long as some of them lag. */
static void complete(struct family *family)
{
    struct rehearsal *rehearsal = family->rehearsal;
    uint32_t count = rehearsal->actor_count;
    const char **known = calloc(count + 1u, sizeof *known);
    const char **changing = calloc(count + 1u, sizeof *changing);
    assert(known != NULL && changing != NULL);
    for (uint32_t i = 0; i < count; i++)
        known[i] = rehearsal->actors[i]->name;
    for (bool more = true; more;) {
        size_t changing_count = 0;
        for (uint32_t i = 0; i < count; i++) {
            if (family->changing[i])
                changing[changing_count++] = known[i];
            family->members[i] |= family->changing[i];
        }
        posture_governance_kin(rehearsal->governance, changing, changing_count, known, count,
                               on_kin, family);
        more = false;
        for (uint32_t i = 0; i < count; i++) {
            bool lags =
                family->members[i] && rehearsal->actors[i]->caught_up < rehearsal->commit_count;
            more |= lags && !family->changing[i];
            family->changing[i] |= lags;
        }
    }
    free(known);
    free(changing);
}

/* Evaluates the members that are at or behind a position together. */
static void evaluate(const struct family *family, int64_t position, int64_t batch)
{
    const struct rehearsal *rehearsal = family->rehearsal;
    struct posture_service **services =
        calloc(rehearsal->actor_count + 1u, sizeof(struct posture_service *));
    struct posture_sink *sinks = calloc(rehearsal->actor_count + 1u, sizeof *sinks);
    assert(services != NULL && sinks != NULL);
    size_t count = 0;
    for (uint32_t i = 0; i < rehearsal->actor_count; i++) {
        struct actor *actor = rehearsal->actors[i];
        if (!family->members[i] || actor->position > position)
            continue;
        actor->position = position;
        services[count] = actor->service;
        sinks[count++] = *recorder_sink(actor->recorder);
    }
    posture_evaluate_together(services, count, rehearsal->governance, position, batch, sinks);
    free(services);
    free(sinks);
}

/* Brings a complete family forward, one governance commit after the other. Kin by an inheritance
 * that is told later may be ahead; it is not in force yet for who lags. */
static void catch_up(const struct family *family)
{
    const struct rehearsal *rehearsal = family->rehearsal;
    for (uint32_t commit = 0; commit < rehearsal->commit_count; commit++) {
        int64_t position = rehearsal->commits[commit];
        bool concerned = false;
        for (uint32_t i = 0; i < rehearsal->actor_count; i++) {
            const struct actor *actor = rehearsal->actors[i];
            if (family->members[i] && actor->caught_up <= commit)
                concerned |= posture_concerned(actor->service, rehearsal->governance,
                                               actor->position, position);
        }
        if (concerned)
            evaluate(family, position, position);
        for (uint32_t i = 0; i < rehearsal->actor_count; i++) {
            struct actor *actor = rehearsal->actors[i];
            if (!family->members[i] || actor->caught_up > commit)
                continue;
            actor->caught_up = commit + 1;
            actor->position = position;
        }
    }
}

static struct family family_of(struct rehearsal *rehearsal)
{
    struct family family = {.rehearsal = rehearsal};
    family.members = calloc(rehearsal->actor_count + 1u, sizeof(bool));
    family.changing = calloc(rehearsal->actor_count + 1u, sizeof(bool));
    assert(family.members != NULL && family.changing != NULL);
    return family;
}

static void family_free(struct family *family)
{
    free(family->members);
    free(family->changing);
}

static void tell_result(struct posture_service *service, const Assay__V1__Event *event,
                        const uint8_t digest[static 16], const struct posture_record *record)
{
    const Assay__V1__ControlTestResult *body = event->control_test_result;
    struct posture_result result = {
        .order = {.occurred_at = codec_instant(event->occurred_at, INSTANT_BEGIN),
                  .sequence = event->sequence},
        .result = body->result,
        .expires_at = codec_instant(body->expires_at, INSTANT_END),
        .tool = POSTURE_NO_TOOL,
        .record = *record,
    };
    bool valid = uuid_parse(event->id, &result.order.id);
    assert(valid);
    memcpy(result.order.digest, digest, sizeof result.order.digest);
    if (body->tool != NULL)
        result.tool = posture_tool(service, body->tool->name, body->tool->version, NULL);
    uint32_t stream = posture_stream(service, body->environment, body->check, body->subject, NULL);
    posture_add_result(service, stream, &result);
}

static const char *service_of(const Assay__V1__Event *event)
{
    switch (event->body_case) {
    case ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT:
        return event->control_test_result->service;
    case ASSAY__V1__EVENT__BODY_SERVICE_ONBOARDING:
        return event->service_onboarding->service;
    case ASSAY__V1__EVENT__BODY_SCOPE_CHANGE:
        return event->scope_change->service;
    case ASSAY__V1__EVENT__BODY_RETRACTION:
        return event->retraction->service;
    default:
        assert(!"governance's");
        return NULL;
    }
}

static Assay__V1__Event *copy_of(const Assay__V1__Event *event)
{
    size_t size = assay__v1__event__get_packed_size(event);
    uint8_t *bytes = malloc(size);
    assert(bytes != NULL);
    assay__v1__event__pack(event, bytes);
    Assay__V1__Event *copy = assay__v1__event__unpack(NULL, size, bytes);
    assert(copy != NULL);
    free(bytes);
    return copy;
}

/* Only the digest's first half is known; the rest, which decides nothing, is zero. */
static void write_copy(FILE *out, const char *topic, int32_t partition, int64_t offset,
                       const Assay__V1__Event *event, const uint8_t digest[static 16],
                       int64_t batch)
{
    char *line = json_write_event(event);
    fprintf(out, "{\"topic\": \"%s\", \"partition\": %d, \"offset\": %lld, \"batch\": %lld, ",
            topic, partition, (long long)offset, (long long)batch);
    fputs("\"digest\": \"", out);
    for (size_t i = 0; i < 16; i++)
        fprintf(out, "%02x", digest[i]);
    fprintf(out, "%032d\", \"event\": %s}\n", 0, line);
    free(line);
}

void rehearsal_take(struct rehearsal *rehearsal, const char *topic, int32_t partition,
                    int64_t offset, const Assay__V1__Event *event, const uint8_t digest[static 16],
                    int64_t batch)
{
    if (rehearsal->copy != NULL)
        write_copy(rehearsal->copy, topic, partition, offset, event, digest, batch);
    struct posture_record record = {
        .topic = rehearsal_topic(rehearsal, topic),
        .partition = partition,
        .offset = offset,
        .batch = batch,
        .team = record_team_of(topic),
        .governance = record_topic_of(topic) == RECORD_GOVERNANCE,
    };
    if (record.governance) {
        posture_governance_add(rehearsal->governance, event, digest, &record, batch);
        if (rehearsal->commit_count == 0 ||
            rehearsal->commits[rehearsal->commit_count - 1] != batch) {
            rehearsal->commits =
                grown(rehearsal->commits, rehearsal->commit_count, sizeof *rehearsal->commits);
            rehearsal->commits[rehearsal->commit_count++] = batch;
        }
        return;
    }
    struct actor *actor = actor_of(rehearsal, service_of(event));
    actor->waiting = grown(actor->waiting, actor->waiting_count, sizeof *actor->waiting);
    struct waiting *waiting = &actor->waiting[actor->waiting_count++];
    *waiting = (struct waiting){.event = copy_of(event), .record = record};
    memcpy(waiting->digest, digest, sizeof waiting->digest);
    if (record.team != NULL) /* the caller's text does not last; the number's does */
        waiting->record.team = record_team_of(rehearsal->topics[record.topic]);
}

static void tell(struct actor *actor)
{
    for (uint32_t i = 0; i < actor->waiting_count; i++) {
        struct waiting *waiting = &actor->waiting[i];
        if (waiting->event->body_case == ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT)
            tell_result(actor->service, waiting->event, waiting->digest, &waiting->record);
        else
            posture_add_fact(actor->service, waiting->event, waiting->digest, &waiting->record);
        assay__v1__event__free_unpacked(waiting->event, NULL);
    }
    actor->waiting_count = 0;
}

void rehearsal_commit(struct rehearsal *rehearsal, int64_t batch)
{
    posture_governance_settle(rehearsal->governance, rehearsal_position(rehearsal),
                              recorder_sink(rehearsal->recorder));
    struct family family = family_of(rehearsal);
    bool any = false;
    for (uint32_t i = 0; i < rehearsal->actor_count; i++)
        any |= family.changing[i] = rehearsal->actors[i]->waiting_count > 0;
    if (any) {
        /* Governance of the same batch comes first: its position is the batch's. */
        complete(&family);
        catch_up(&family);
        for (uint32_t i = 0; i < rehearsal->actor_count; i++)
            tell(rehearsal->actors[i]);
        evaluate(&family, rehearsal_position(rehearsal), batch);
    }
    family_free(&family);
}

void rehearsal_catch_up(struct rehearsal *rehearsal)
{
    for (uint32_t i = 0; i < rehearsal->actor_count; i++) {
        if (rehearsal->actors[i]->caught_up == rehearsal->commit_count)
            continue;
        struct family family = family_of(rehearsal);
        family.changing[i] = true;
        complete(&family);
        catch_up(&family);
        family_free(&family);
    }
}

struct posture_service *rehearsal_service(struct rehearsal *rehearsal, const char *name)
{
    return actor_of(rehearsal, name)->service;
}

struct posture_governance *rehearsal_governance(struct rehearsal *rehearsal)
{
    return rehearsal->governance;
}

int64_t rehearsal_position(const struct rehearsal *rehearsal)
{
    return rehearsal->commit_count == 0 ? 0 : rehearsal->commits[rehearsal->commit_count - 1];
}

struct recorder *rehearsal_recorder(struct rehearsal *rehearsal, const char *service)
{
    return actor_of(rehearsal, service)->recorder;
}

struct recorder *rehearsal_governance_recorder(struct rehearsal *rehearsal)
{
    return rehearsal->recorder;
}

const char *rehearsal_name(const struct rehearsal *rehearsal, uint32_t number)
{
    return number < rehearsal->actor_count ? rehearsal->actors[number]->name : NULL;
}
