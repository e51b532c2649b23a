/* Which events count, and with that, which version of a service's own facts is in force when. */
#include "consumers/posture/array.h"
#include "consumers/posture/evaluation.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- versions in force ---- */

uint32_t fact_steps_until(const struct service_fact *fact, instant at)
{
    return steps_until(fact->steps, fact->step_count, sizeof *fact->steps, at);
}

const struct fact_version *fact_in_force(const struct service_fact *fact, instant at)
{
    uint32_t until = fact_steps_until(fact, at);
    return until == 0 ? NULL : fact->steps[until - 1].version;
}

static uint32_t steps_of(const struct evaluation *run, const struct service_fact *fact,
                         struct fact_step *steps)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < fact->version_count; i++) {
        struct fact_version *version = fact->versions[i];
        instant at = version->head.order.occurred_at;
        version->counts = !governance_retracts(run->governance, &version->head.order.id, run->name,
                                               run->position);
        if (!version->counts)
            continue;
        if (count > 0 && steps[count - 1].at == at)
            count--; /* this one is greater */
        bool unbroken = count > 0 && version->membership != 0 &&
                        steps[count - 1].version->membership == version->membership;
        steps[count] = (struct fact_step){at, version, unbroken ? steps[count - 1].since : at};
        count++;
    }
    return count;
}

static void report_fact(const struct evaluation *run, const char *body, const char *key,
                        enum posture_change change, const struct fact_step *step)
{
    if (run->sink->fact == NULL)
        return;
    struct posture_fact_step reported = {.body = body, .key = key, .at = step->at};
    if (change == STEP_SET) {
        reported.id = &step->version->head.order.id;
        reported.digest = step->version->head.order.digest;
        reported.since = step->since;
    }
    run->sink->fact(run->sink->context, change, &reported);
}

/* Brings the fact's steps up to its versions. Returns the first instant that differs. */
static instant settle_fact(struct evaluation *run, struct service_fact *fact, const char *body,
                           const char *key)
{
    struct fact_step *steps =
        array_new(fact->version_count + 1u, sizeof *steps, &run->service->bytes);
    uint32_t count = steps_of(run, fact, steps);
    instant first = INSTANT_END;
    for (uint32_t old = 0, new = 0; old < fact->step_count || new < count;) {
        const struct fact_step *was = old < fact->step_count ? &fact->steps[old] : NULL;
        const struct fact_step *is = new < count ? &steps[new] : NULL;
        instant at;
        if (is == NULL || (was != NULL && was->at < is->at)) {
            at = was->at;
            report_fact(run, body, key, STEP_REMOVED, was);
            old++;
        } else {
            bool both = was != NULL && was->at == is->at;
            at = is->at;
            new ++;
            old += both;
            if (both && was->version == is->version && was->since == is->since)
                continue;
            report_fact(run, body, key, STEP_SET, is);
        }
        if (at < first)
            first = at;
    }
    run->service->bytes -= (fact->step_count + 1u) * sizeof *steps;
    free(fact->steps);
    fact->steps = steps;
    fact->step_count = count;
    fact->changed = false;
    return first;
}

/* ---- results ---- */

enum record_fate record_fate(const struct evaluation *run, const struct observation *observation,
                             const struct kept_record *record)
{
    const struct posture_service *service = run->service;
    const uuid *id = &observation->head.order.id;
    uint32_t tool = tool_of(service, observation);
    if (tool != NONE && service->tool_numbers[tool]->recalled)
        return RECORD_GONE;
    if (governance_retracts(run->governance, id, run->name, run->position))
        return RECORD_GONE;
    struct service_retraction *retraction = NULL;
    if (service->retractions != NULL)
        HASH_FIND(hh, service->retractions, id, sizeof *id, retraction);
    for (; retraction != NULL; retraction = retraction->same_id) {
        if (retraction->team == NAME_NONE || retraction->team == record->team)
            return RECORD_GONE;
    }
    if (record->team == NAME_NONE)
        return RECORD_COUNTS;
    const struct fact_version *onboarding =
        fact_in_force(&service->onboarding, observation->head.order.occurred_at);
    if (onboarding == NULL)
        return RECORD_UNKNOWN_SERVICE;
    return onboarding->owner == record->team ? RECORD_COUNTS : RECORD_NOT_OWNER;
}

/* Retractions whose event is known by a record they can reach are no longer unmapped. */
static void match_retractions(struct posture_service *service,
                              const struct observation *observation)
{
    struct service_retraction *retraction = NULL;
    const uuid *id = &observation->head.order.id;
    if (service->retractions != NULL)
        HASH_FIND(hh, service->retractions, id, sizeof *id, retraction);
    for (; retraction != NULL; retraction = retraction->same_id) {
        uint32_t record = 0;
        do {
            if (retraction->team == NAME_NONE ||
                retraction->team == record_at(service, observation, record).team) {
                service->retractions_changed |= !retraction->matched;
                retraction->matched = true;
            }
            record = record_next(service, observation, record);
        } while (record != 0);
    }
}

static void judge(struct evaluation *run, struct observation *observation)
{
    bool counts = false;
    int64_t known = 0;
    uint32_t record = 0;
    do {
        struct kept_record kept = record_at(run->service, observation, record);
        /* Of those that count the first told: the head, else the last here, as they are chained. */
        if (record_fate(run, observation, &kept) == RECORD_COUNTS) {
            known = kept.batch;
            counts = true;
            if (record == 0)
                break;
        }
        record = record_next(run->service, observation, record);
    } while (record != 0);
    if (counts) {
        observation->flags |= OBSERVATION_COUNTS;
        observation->head.known = known;
    } else {
        observation->flags &= (uint8_t)~OBSERVATION_COUNTS;
    }
    match_retractions(run->service, observation);
}

static bool recalled_for(const struct evaluation *run, const struct tool *tool, const char *service)
{
    const char *name = text_of(run->service, tool->key.name);
    const char *version = text_of(run->service, tool->key.version);
    char key[3 * 1024]; /* LIMIT_KEY_BYTES and more */
    int size = snprintf(key, sizeof key, "%s|%s|%s", name, version, service);
    assert(size > 0 && (size_t)size < sizeof key);
    const struct governance_version *last = governance_last(
        governance_fact(run->governance, ASSAY__V1__EVENT__BODY_TOOL_RECALL, key), run->position);
    return last != NULL && last->recall.in_force;
}

static void judge_tools(struct evaluation *run)
{
    struct posture_service *service = run->service;
    bool any = false;
    for (uint32_t i = 0; i < service->tool_count; i++) {
        struct tool *tool = service->tool_numbers[i];
        tool->turned = false;
        if (tool->judged)
            continue;
        bool recalled = recalled_for(run, tool, "*") ||
                        recalled_for(run, tool, text_of(service, service->name));
        tool->turned = recalled != tool->recalled;
        tool->recalled = recalled;
        tool->judged = true;
        any = any || tool->turned;
    }
    for (uint32_t o = 0; any && o < service->observation_count; o++) {
        uint32_t tool = tool_of(service, observation_at(service, o));
        if (tool != NONE && service->tool_numbers[tool]->turned)
            observation_touch(service, o);
    }
    service->tools_changed = false;
}

enum { PENDING_KEPT = 64 * 1024 }; /* more than a batch has of most services */

void count_results(struct evaluation *run)
{
    struct posture_service *service = run->service;
    if (service->tools_changed)
        judge_tools(run);
    for (uint32_t i = 0; i < service->pending_count; i++) {
        struct observation *observation = observation_at(service, service->pending[i]);
        observation->flags &= (uint8_t)~OBSERVATION_PENDING;
        judge(run, observation);
        stream_touch(service, observation->stream, observation->head.order.occurred_at);
    }
    service->pending_count = 0;
    service->pending = array_emptied(service->pending, &service->pending_room, PENDING_KEPT,
                                     sizeof *service->pending, &service->bytes);
}

/* ---- the service's own facts ---- */

static void count_onboarding(struct evaluation *run)
{
    struct posture_service *service = run->service;
    instant from = settle_fact(run, &service->onboarding, "service_onboarding",
                               text_of(service, service->name));
    if (from == INSTANT_END)
        return;
    for (uint32_t i = 0; i < service->of_team_count; i++) {
        const struct observation *observation = observation_at(service, service->of_teams[i]);
        if (observation->head.order.occurred_at >= from)
            observation_touch(service, service->of_teams[i]);
    }
    for (uint32_t i = 0; i < service->environment_count; i++) {
        struct environment *environment = service->environments[i];
        for (uint32_t j = 0; j < environment->standing_count; j++) {
            struct cell *cell, *next;
            HASH_ITER(hh, environment->standings[j]->cells, cell, next)
            {
                cell_touch(service, cell, from);
            }
        }
        touch_reasons(environment);
        touch_certified(environment);
    }
}

static void count_scope(struct evaluation *run, struct standing *standing)
{
    struct posture_service *service = run->service;
    struct environment *environment = standing->environment;
    char key[1024]; /* three slugs */
    int size = snprintf(key, sizeof key, "%s|%s|%s", text_of(service, service->name),
                        text_of(service, environment->name), text_of(service, standing->standard));
    assert(size > 0 && (size_t)size < sizeof key);
    instant from = settle_fact(run, &standing->scope, "scope_change", key);
    standing->scope_unmapped_stale = standing->certified_stale = true;
    if (from == INSTANT_END)
        return;
    struct cell *cell, *next;
    HASH_ITER(hh, standing->cells, cell, next)
    {
        cell_touch(service, cell, from);
    }
    standing_touch(standing, from);
    touch_extending(run, environment, from);
    touch_reasons(environment);
}

void count_facts(struct evaluation *run)
{
    struct posture_service *service = run->service;
    if (service->onboarding.changed)
        count_onboarding(run);
    for (uint32_t i = 0; i < service->environment_count; i++) {
        const struct environment *environment = service->environments[i];
        for (uint32_t j = 0; j < environment->standing_count; j++) {
            if (environment->standings[j]->scope.changed)
                count_scope(run, environment->standings[j]);
        }
    }
}
