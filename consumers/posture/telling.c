/* Facts as they are told: kept in order, and noted as not judged yet. Nothing is evaluated here. */
#include "consumers/posture/array.h"
#include "consumers/posture/service.h"

#include <assert.h>
#include <string.h>

static struct kept_record keep_record(struct posture_service *service,
                                      const struct posture_record *record)
{
    return (struct kept_record){
        .offset = record->offset,
        .batch = record->batch,
        .partition = record->partition,
        .incarnation = record->incarnation,
        .team = record->team == NULL ? NAME_NONE : names_add(service->names, record->team),
        .topic = record->topic,
        .governance = record->governance,
    };
}

/* ---- test results ---- */

static uint32_t id_hash(const void *owner, uint32_t number)
{
    const struct observation *observation = observation_at(owner, number);
    return hash_bytes(&observation->head.order.id, sizeof observation->head.order.id);
}

/* Where a result belongs among the stream's versions; `same` where it is one of them. */
static uint32_t place_of(const struct posture_service *service, const struct stream *stream,
                         const struct posture_result *result, bool *same)
{
    const uint32_t *versions = stream_versions(stream);
    uint32_t low = 0, high = stream->count;
    *same = false;
    while (low < high) {
        /* Most results are newer than all before. */
        uint32_t middle = high == stream->count ? high - 1 : low + (high - low) / 2;
        const struct observation *at = observation_at(service, versions[middle]);
        int compared =
            order_compare_results(&result->order, result->result, &at->head.order, at->result);
        if (compared == 0) {
            *same = true;
            return middle;
        }
        if (compared > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void insert_version(struct posture_service *service, struct stream *stream, uint32_t place,
                           uint32_t number)
{
    if (stream->count == 0) {
        stream->one = number;
        stream->count = 1;
        return;
    }
    if (stream->room == 0) {
        uint32_t only = stream->one;
        stream->many = array_room(NULL, &stream->room, 2, sizeof *stream->many, &service->bytes);
        stream->many[0] = only;
    }
    stream->many = array_room(stream->many, &stream->room, stream->count + 1u, sizeof *stream->many,
                              &service->bytes);
    memmove(stream->many + place + 1, stream->many + place,
            (stream->count - place) * sizeof *stream->many);
    stream->many[place] = number;
    stream->count++;
}

static uint32_t origin_of(struct posture_service *service, const struct posture_result *result)
{
    const struct posture_record *record = &result->record;
    assert(result->tool == POSTURE_NO_TOOL || result->tool < service->tool_count);
    struct origin origin = {
        .tool = result->tool == POSTURE_NO_TOOL ? NONE : result->tool,
        .team = record->team == NULL ? NAME_NONE : names_add(service->names, record->team),
        .partition = record->partition,
        .incarnation = record->incarnation,
        .topic = record->topic,
        .governance = record->governance,
    };
    return origin_number(&service->origins, &origin, &service->bytes);
}

static void add_further_record(struct posture_service *service, struct observation *observation,
                               const struct posture_result *result)
{
    service->records =
        array_room(service->records, &service->record_room, service->record_count + 1u,
                   sizeof *service->records, &service->bytes);
    service->records[service->record_count++] =
        (struct further_record){.offset = result->record.offset,
                                .batch = result->record.batch,
                                .origin = origin_of(service, result),
                                .more = observation->more};
    observation->more = service->record_count;
}

static uint32_t add_observation(struct posture_service *service, uint32_t number, uint32_t place,
                                const struct posture_result *result)
{
    uint32_t made = service->observation_count;
    struct observation *observation = observation_new(service);
    *observation = (struct observation){
        .head = {.order = result->order, .known = result->record.batch},
        .expires_at = result->expires_at,
        .offset = result->record.offset,
        .batch = result->record.batch,
        .origin = origin_of(service, result),
        .stream = number,
        .result = (uint8_t)result->result,
    };
    insert_version(service, &service->streams[number], place, made);
    index_add(&service->by_id, id_hash(service, made), made, id_hash, service, &service->bytes);
    return made;
}

void posture_expect(const struct posture_service *service, uint32_t stream, const uuid *id)
{
    const struct stream *in = &service->streams[stream];
    const struct population *population = service->populations[in->population];
    index_ahead(&service->by_id, hash_bytes(id, sizeof *id));
    if (population->touched_room > 0)
        __builtin_prefetch(&population->touched[population->touched_count]);
    if (in->count > 0) {
        const char *last =
            (const char *)observation_at(service, stream_versions(in)[in->count - 1]);
        __builtin_prefetch(last);
        __builtin_prefetch(last + 64);
    }
}

void posture_add_result(struct posture_service *service, uint32_t stream,
                        const struct posture_result *result)
{
    assert(stream < service->stream_count);
    bool same;
    uint32_t place = place_of(service, &service->streams[stream], result, &same);
    uint32_t number;
    if (same) {
        number = stream_versions(&service->streams[stream])[place];
        add_further_record(service, observation_at(service, number), result);
    } else {
        number = add_observation(service, stream, place, result);
    }
    struct observation *observation = observation_at(service, number);
    if (result->record.team != NULL && !(observation->flags & OBSERVATION_OF_TEAM)) {
        observation->flags |= OBSERVATION_OF_TEAM;
        service->of_teams =
            array_room(service->of_teams, &service->of_team_room, service->of_team_count + 1u,
                       sizeof *service->of_teams, &service->bytes);
        service->of_teams[service->of_team_count++] = number;
    }
    observation_touch(service, number);
}

/* ---- onboarding, scope, retractions ---- */

static struct fact_version *add_version(struct posture_service *service, struct service_fact *fact,
                                        const struct posture_order *order,
                                        const struct posture_record *record)
{
    uint32_t place = fact->version_count;
    int compared = 1;
    while (place > 0) {
        compared = order_compare(order, &fact->versions[place - 1]->head.order);
        if (compared >= 0)
            break;
        place--;
    }
    struct fact_version *version;
    if (place > 0 && compared == 0) {
        version = fact->versions[place - 1];
    } else {
        version = array_new(1, sizeof *version, &service->bytes);
        version->head.order = *order;
        version->head.known = record->batch;
        version->owner = NAME_NONE;
        fact->versions = array_room(fact->versions, &fact->version_room, fact->version_count + 1u,
                                    sizeof(struct fact_version *), &service->bytes);
        memmove(fact->versions + place + 1, fact->versions + place,
                (fact->version_count - place) * sizeof(struct fact_version *));
        fact->versions[place] = version;
        version->told = fact->version_count++;
    }
    version->records =
        array_room(version->records, &version->record_room, version->record_count + 1u,
                   sizeof *version->records, &service->bytes);
    version->records[version->record_count++] = keep_record(service, record);
    fact->changed = true;
    return version;
}

static void add_retraction(struct posture_service *service, const Assay__V1__Retraction *body,
                           const struct posture_order *order, const struct posture_record *record)
{
    struct service_retraction *retraction = array_new(1, sizeof *retraction, &service->bytes);
    bool valid = uuid_parse(body->event_id, &retraction->id);
    assert(valid && strcmp(body->service, text_of(service, service->name)) == 0);
    retraction->order = *order;
    retraction->record = keep_record(service, record);
    retraction->team = retraction->record.team;
    struct service_retraction *first;
    HASH_FIND(hh, service->retractions, &retraction->id, sizeof retraction->id, first);
    if (first == NULL) {
        HASH_ADD(hh, service->retractions, id, sizeof retraction->id, retraction);
    } else {
        retraction->same_id = first->same_id;
        first->same_id = retraction;
    }
    uint32_t cursor = hash_bytes(&retraction->id, sizeof retraction->id);
    uint32_t number;
    while ((number = index_next(&service->by_id, &cursor)) != INDEX_NONE) {
        if (uuid_compare(&observation_at(service, number)->head.order.id, &retraction->id) == 0)
            observation_touch(service, number);
    }
    service->retractions_changed = true;
}

void posture_add_fact(struct posture_service *service, const Assay__V1__Event *event,
                      const uint8_t digest[static 16], const struct posture_record *record)
{
    struct posture_order order = order_of(event, digest);
    struct fact_version *version;
    switch (event->body_case) {
    case ASSAY__V1__EVENT__BODY_SERVICE_ONBOARDING:
        version = add_version(service, &service->onboarding, &order, record);
        version->lifecycle = event->service_onboarding->lifecycle;
        version->owner = names_add(service->names, event->service_onboarding->owner);
        break;
    case ASSAY__V1__EVENT__BODY_SCOPE_CHANGE: {
        struct environment *in = environment_of(service, event->scope_change->environment);
        struct standing *standing = standing_of(service, in, event->scope_change->standard);
        version = add_version(service, &standing->scope, &order, record);
        version->membership = event->scope_change->membership;
        break;
    }
    case ASSAY__V1__EVENT__BODY_RETRACTION:
        assert(!record->governance);
        add_retraction(service, event->retraction, &order, record);
        break;
    default:
        assert(!"a body that is not a service's own");
    }
}
