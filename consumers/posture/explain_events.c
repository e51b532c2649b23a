/* Events as an explanation names them: what they are, and by which record they came. */
#include "consumers/posture/explaining.h"

static struct posture_record told(const struct names *names, const struct kept_record *record)
{
    return (struct posture_record){
        .topic = record->topic,
        .partition = record->partition,
        .incarnation = record->incarnation,
        .offset = record->offset,
        .batch = record->batch,
        .team = names_text(names, record->team),
        .governance = record->governance,
    };
}

static struct explained_event event_of(const char *body, const struct version *head,
                                       struct posture_record record)
{
    return (struct explained_event){
        .any = true,
        .body = body,
        .id = head->order.id,
        .occurred_at = head->order.occurred_at,
        .record = record,
    };
}

struct explained_event explained_fact(const struct posture_service *service, const char *body,
                                      const struct fact_version *version)
{
    if (version == NULL)
        return (struct explained_event){0};
    return event_of(body, &version->head, told(service->names, &version->records[0]));
}

struct explained_event explained_governance(const struct posture_governance *governance,
                                            const struct governance_version *version)
{
    if (version == NULL)
        return (struct explained_event){0};
    return event_of(governance_body_name(version->fact), &version->head,
                    told(governance->names, &version->records[0].record));
}

struct explained_event explained_result(const struct evaluation *run,
                                        const struct observation *observation)
{
    uint32_t record = 0;
    struct kept_record kept;
    do {
        kept = record_at(run->service, observation, record);
        record = record_next(run->service, observation, record);
    } while (record != 0 && record_fate(run, observation, &kept) != RECORD_COUNTS);
    return event_of("control_test_result", &observation->head, told(run->service->names, &kept));
}

/* ---- whose version it is, which only its address says ---- */

static const struct fact_version *among(const struct service_fact *fact,
                                        const struct version *version)
{
    for (uint32_t i = 0; i < fact->version_count; i++) {
        if (&fact->versions[i]->head == version)
            return fact->versions[i];
    }
    return NULL;
}

static bool in_service(const struct evaluation *run, const struct version *version,
                       struct explained_event *event)
{
    const struct posture_service *service = run->service;
    const struct fact_version *fact = among(&service->onboarding, version);
    if (fact != NULL) {
        *event = explained_fact(service, "service_onboarding", fact);
        return true;
    }
    for (uint32_t i = 0; i < service->environment_count; i++) {
        const struct environment *environment = service->environments[i];
        for (uint32_t j = 0; j < environment->standing_count; j++) {
            fact = among(&environment->standings[j]->scope, version);
            if (fact == NULL)
                continue;
            *event = explained_fact(service, "scope_change", fact);
            return true;
        }
    }
    uint32_t cursor = hash_bytes(&version->order.id, sizeof version->order.id), number;
    while ((number = index_next(&service->by_id, &cursor)) != INDEX_NONE) {
        const struct observation *observation = observation_at(service, number);
        if (&observation->head != version)
            continue;
        *event = explained_result(run, observation);
        return true;
    }
    return false;
}

struct explained_event explained_version(const struct together *together,
                                         const struct version *version)
{
    struct explained_event event = {0};
    if (version == NULL)
        return event;
    const struct posture_governance *governance = together->runs[0].governance;
    const struct governance_version *same = governance_of_id(governance, &version->order.id);
    for (; same != NULL; same = same->same_id) {
        if (version == &same->head)
            return explained_governance(governance, same);
    }
    for (size_t i = 0; i < together->count; i++) {
        if (in_service(&together->runs[i], version, &event))
            return event;
    }
    return event; /* of a service that was left out */
}
