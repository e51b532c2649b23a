/* Whether a standard is certified of the service in an environment: the certificate of the
 * environment's programme, held against the service's own facts. */
#include "consumers/posture/array.h"
#include "consumers/posture/certificate.h"
#include "consumers/posture/evaluation.h"

#include <stdlib.h>

const struct certified_step *certified_at(const struct standing *standing, instant at)
{
    static const struct certified_step nothing = {.at = INSTANT_BEGIN};
    uint32_t until = steps_until(standing->certified, standing->certified_count,
                                 sizeof *standing->certified, at);
    return until == 0 ? &nothing : &standing->certified[until - 1];
}

/* The certificate of the standing, in the environment's programme at an instant. */
static struct certificates asked_of(const struct evaluation *run, const struct standing *standing,
                                    const struct programme_step *programme)
{
    return (struct certificates){
        .governance = run->governance,
        .position = run->position,
        .programme = programme->version->fact->key.key,
        .standard = to_governance(run->service, standing->standard),
    };
}

static void add_facts(const struct service_fact *fact, struct instants *points)
{
    for (uint32_t i = 0; i < fact->step_count; i++)
        instants_add(points, fact->steps[i].at);
}

static void gather_points(const struct evaluation *run, const struct standing *standing,
                          struct instants *points)
{
    const struct environment *environment = standing->environment;
    add_facts(&standing->scope, points);
    add_facts(&run->service->onboarding, points);
    for (uint32_t i = 0; i < environment->programme_count; i++) {
        const struct programme_step *step = &environment->programmes[i];
        instants_add(points, step->at);
        bool first = step->version != NULL;
        for (uint32_t j = 0; first && j < i; j++)
            first = environment->programmes[j].version == NULL ||
                    environment->programmes[j].version->fact != step->version->fact;
        if (!first)
            continue;
        struct certificates of = asked_of(run, standing, step);
        certificate_points(&of, points);
    }
    instants_settle(points);
}

static const struct version *at_instant(const struct fact_version *version, instant at)
{
    return version != NULL && version->head.order.occurred_at == at ? &version->head : NULL;
}

static bool in_scope_since(const struct evaluation *run, const struct standing *standing,
                           instant at, instant scope_date)
{
    uint32_t until = fact_steps_until(&standing->scope, at);
    const struct fact_version *onboarding = fact_in_force(&run->service->onboarding, at);
    if (until == 0 ||
        (onboarding != NULL && onboarding->lifecycle == ASSAY__V1__LIFECYCLE__LIFECYCLE_RETIRED))
        return false;
    const struct fact_step *scope = &standing->scope.steps[until - 1];
    return scope->version->membership == ASSAY__V1__MEMBERSHIP__MEMBERSHIP_IN_SCOPE &&
           scope->since <= scope_date;
}

static struct certified_step step_at(const struct evaluation *run, const struct standing *standing,
                                     instant at)
{
    const struct programme_step *programme = programme_at(standing->environment, at);
    struct certified_step step = {.at = at};
    step.cause = version_greater(at_instant(fact_in_force(&standing->scope, at), at),
                                 at_instant(fact_in_force(&run->service->onboarding, at), at));
    if (programme != NULL && programme->at == at)
        step.cause = version_greater(step.cause, programme->cause);
    if (programme == NULL || programme->version == NULL)
        return step;
    struct certificates of = asked_of(run, standing, programme);
    step.cause = version_greater(step.cause, certificate_cause(&of, at));
    step.state = (uint8_t)certificate_state_at(&of, at);
    step.certified = step.state == CERTIFICATE_CERTIFIED && !programme->discontinued &&
                     in_scope_since(run, standing, at, certificate_scope_date(&of, at));
    return step;
}

/* Returns the first instant at which the standing's certification differs from what was held. */
static instant replace(struct standing *standing, struct certified_step *steps, uint32_t count)
{
    uint32_t same = 0;
    while (same < count && same < standing->certified_count &&
           steps[same].at == standing->certified[same].at &&
           steps[same].state == standing->certified[same].state &&
           steps[same].certified == standing->certified[same].certified &&
           version_same_event(steps[same].cause, standing->certified[same].cause))
        same++;
    instant first = same < count ? steps[same].at : INSTANT_END;
    if (same < standing->certified_count && standing->certified[same].at < first)
        first = standing->certified[same].at;
    free(standing->certified);
    standing->certified = steps;
    standing->certified_count = count;
    return first;
}

static instant settle_certified(struct evaluation *run, struct standing *standing)
{
    struct instants points = {0};
    gather_points(run, standing, &points);
    struct certified_step *steps = array_new(points.count + 1u, sizeof *steps, NULL);
    struct certified_step last = {0};
    uint32_t count = 0;
    for (uint32_t i = 0; i < points.count; i++) {
        struct certified_step step = step_at(run, standing, points.items[i]);
        if (step.state != last.state || step.certified != last.certified)
            steps[count++] = last = step;
    }
    free(points.items);
    standing->certified_stale = false;
    return replace(standing, steps, count);
}

void evaluate_certified(struct evaluation *run, struct environment *environment)
{
    for (uint32_t i = 0; i < environment->standing_count; i++) {
        struct standing *standing = environment->standings[i];
        if (!standing->certified_stale)
            continue;
        instant first = settle_certified(run, standing);
        standing->certified_from = first;
        if (first < standing->shown_dirty_from)
            standing->shown_dirty_from = first;
    }
}

void touch_certified(const struct environment *environment)
{
    for (uint32_t i = 0; i < environment->standing_count; i++)
        environment->standings[i]->certified_stale = true;
}

/* Whether any programme that ever listed the environment is the one named. */
static bool may_belong(struct evaluation *run, const struct environment *environment,
                       uint32_t programme)
{
    uint32_t name = to_governance(run->service, environment->name);
    const struct naming *naming =
        name == NAME_NONE ? NULL : governance_environment(run->governance, name);
    for (uint32_t i = 0; naming != NULL && i < naming->fact_count; i++) {
        if (naming->facts[i]->key.key == programme)
            return true;
    }
    return false;
}

bool touch_certificate(struct evaluation *run, const struct governance_version *version,
                       bool only_ask)
{
    bool any = false;
    for (uint32_t i = 0; i < run->service->environment_count; i++) {
        struct environment *environment = run->service->environments[i];
        if (!may_belong(run, environment, version->certificate.programme))
            continue;
        for (uint32_t j = 0; j < environment->standing_count; j++) {
            struct standing *standing = environment->standings[j];
            uint32_t name = to_governance(run->service, standing->standard);
            if (name != version->certificate.standard && !standard_extends(run->governance, name))
                continue;
            any = true;
            standing->certified_stale |= !only_ask;
        }
    }
    return any;
}
