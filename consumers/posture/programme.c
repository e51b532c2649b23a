/* What an environment as a whole takes from governance: its programme, its standards' cells. */
#include "consumers/posture/array.h"
#include "consumers/posture/evaluation.h"

#include <stdlib.h>
#include <string.h>

const struct programme_step *programme_at(const struct environment *environment, instant at)
{
    uint32_t until = steps_until(environment->programmes, environment->programme_count,
                                 sizeof *environment->programmes, at);
    return until == 0 ? NULL : &environment->programmes[until - 1];
}

/* What holds at one instant, which some programme's version took force at. */
static struct programme_step step_at(const struct evaluation *run, const struct naming *naming,
                                     uint32_t name, instant at)
{
    struct programme_step step = {.at = at};
    for (uint32_t i = 0; i < naming->fact_count; i++) {
        const struct governance_fact *fact = naming->facts[i];
        const struct governance_version *now = governance_in_force(fact, run->position, at);
        const struct governance_version *before = governance_in_force(fact, run->position, at - 1);
        const struct listed_environment *listed =
            now == NULL ? NULL : programme_lists(&now->programme, name);
        bool listed_before = before != NULL && programme_lists(&before->programme, name) != NULL;
        if (listed != NULL && (step.version == NULL ||
                               version_greater(&now->head, &step.version->head) == &now->head)) {
            step.version = now;
            step.discontinued = listed->discontinued;
        }
        if (now != before && (listed != NULL || listed_before))
            step.cause = version_greater(step.cause, &now->head);
    }
    return step;
}

/* The next instant at which a version of any of the programmes takes force. */
static instant next_change(const struct evaluation *run, const struct naming *naming, instant at)
{
    instant next = INSTANT_END;
    for (uint32_t i = 0; i < naming->fact_count; i++) {
        instant of_this = governance_next(naming->facts[i], run->position, at);
        if (of_this < next)
            next = of_this;
    }
    return next;
}

static bool same_step(const struct programme_step *a, const struct programme_step *b)
{
    return a->at == b->at && a->version == b->version && a->cause == b->cause &&
           a->discontinued == b->discontinued;
}

/* Brings the environment's programme up to governance. Returns the first instant that differs. */
static instant settle_programmes(struct evaluation *run, struct environment *environment)
{
    uint32_t name = to_governance(run->service, environment->name);
    const struct naming *naming =
        name == NAME_NONE ? NULL : governance_environment(run->governance, name);
    struct programme_step *steps = NULL;
    uint32_t count = 0, room = 0;
    instant at = naming == NULL ? INSTANT_END : next_change(run, naming, INSTANT_BEGIN);
    for (; at != INSTANT_END; at = next_change(run, naming, at)) {
        struct programme_step step = step_at(run, naming, name, at);
        if (step.version == NULL && step.cause == NULL)
            continue; /* a version that does not concern this environment */
        steps = array_room(steps, &room, count + 1u, sizeof *steps, NULL);
        steps[count++] = step;
    }
    uint32_t same = 0;
    while (same < count && same < environment->programme_count &&
           same_step(&steps[same], &environment->programmes[same]))
        same++;
    instant first = INSTANT_END;
    if (same < count)
        first = steps[same].at;
    if (same < environment->programme_count && environment->programmes[same].at < first)
        first = environment->programmes[same].at;
    free(environment->programmes);
    environment->programmes = steps;
    environment->programme_count = count;
    environment->programmes_changed = false;
    return first;
}

/* A cell for every control the standard ever had, touched from its beginning where it is new. */
static void settle_controls(struct evaluation *run, struct standing *standing)
{
    struct posture_service *service = run->service;
    uint32_t name = to_governance(service, standing->standard);
    const struct governance_fact *fact =
        name == NAME_NONE ? NULL : governance_standard(run->governance, name);
    for (uint32_t i = 0; fact != NULL && i < fact->version_count; i++) {
        if (fact->versions[i]->position > run->position)
            continue;
        const struct standard *standard = &fact->versions[i]->standard;
        for (uint32_t j = 0; j < standard->control_count; j++) {
            uint32_t control = names_add(
                service->names, names_text(run->governance->names, standard->controls[j].control));
            struct cell *cell = cell_of(service, standing, control);
            if (cell->step_count == 0)
                cell_touch(service, cell, INSTANT_BEGIN);
        }
    }
    standing->controls_changed = false;
}

void settle_environment(struct evaluation *run, struct environment *environment)
{
    instant from = INSTANT_END;
    if (environment->programmes_changed)
        from = settle_programmes(run, environment);
    for (uint32_t i = 0; i < environment->standing_count; i++) {
        struct standing *standing = environment->standings[i];
        if (standing->controls_changed && standing->scope.version_count > 0)
            settle_controls(run, standing);
        struct cell *cell, *next;
        HASH_ITER(hh, standing->cells, cell, next)
        {
            if (from == INSTANT_END)
                break;
            cell_touch(run->service, cell, from);
        }
    }
    if (from != INSTANT_END) {
        touch_extending(run, environment, from);
        touch_certified(environment);
    }
}
