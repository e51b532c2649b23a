/*
 * Evaluates standings: the counts of a standard's cells, and the posture they give with its bases.
 *
 * Two passes, each over its own window: `own` moves the counts by what has changed of the cells,
 * `shown` looks at the phases these give, so that a change of a base moves what rests on it without
 * counting cells again.
 */
#include "consumers/posture/array.h"
#include "consumers/posture/counts.h"
#include "consumers/posture/evaluation.h"
#include "consumers/posture/parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct steps {
    struct posture_phase_step *items;
    uint32_t count, room;
};

struct instants {
    instant *items;
    uint32_t count, room;
};

struct space { /* serves one standing after the other */
    struct counts_room room;
    struct steps steps;
    struct instants instants;
};

static uint32_t phases_until(const struct posture_phase_step *phases, uint32_t count, instant at)
{
    return steps_until(phases, count, sizeof *phases, at);
}

static instant before(instant from)
{
    return from == INSTANT_BEGIN ? INSTANT_BEGIN : from - 1;
}

static instant least(instant a, instant b)
{
    return a < b ? a : b;
}

/* Adds a step where it says another thing than the last one. */
static void add_step(struct steps *steps, const struct posture_phase_step *step,
                     struct posture_phase_step *last)
{
    if (phases_alike(step, last))
        return;
    steps->items =
        array_room(steps->items, &steps->room, steps->count + 1u, sizeof *steps->items, NULL);
    steps->items[steps->count++] = *last = *step;
}

/* Puts `steps` in place of the held ones from `kept` on. Returns the first instant that differs. */
static instant put_in_place(struct posture_service *service, struct posture_phase_step **held,
                            uint32_t *count, uint32_t *room, uint32_t kept,
                            const struct steps *steps)
{
    instant first = INSTANT_END;
    for (uint32_t i = 0; first == INSTANT_END && (kept + i < *count || i < steps->count); i++) {
        const struct posture_phase_step *was = kept + i < *count ? &(*held)[kept + i] : NULL;
        const struct posture_phase_step *is = i < steps->count ? &steps->items[i] : NULL;
        if (was == NULL || is == NULL || was->at != is->at || !phases_alike(was, is))
            first = least(was == NULL ? INSTANT_END : was->at, is == NULL ? INSTANT_END : is->at);
    }
    *held = array_room(*held, room, kept + steps->count, sizeof **held, &service->bytes);
    if (steps->count > 0)
        memcpy(*held + kept, steps->items, steps->count * sizeof **held);
    *count = kept + steps->count;
    return first;
}

/* ---- own ---- */

static enum posture_value own_posture(const uint32_t counts[static CELL_FAILED + 1])
{
    uint32_t total = 0;
    for (uint32_t status = CELL_NONE + 1; status <= CELL_FAILED; status++)
        total += counts[status];
    if (total == 0)
        return POSTURE_INCOMPLETE;
    if (counts[CELL_OUT_OF_SCOPE] == total)
        return POSTURE_OUT_OF_SCOPE;
    if (counts[CELL_NOT_APPLICABLE] == total)
        return POSTURE_NOT_APPLICABLE;
    if (counts[CELL_FAILED] > 0)
        return POSTURE_FAILING;
    if (counts[CELL_ERROR] + counts[CELL_STALE] + counts[CELL_NOT_TESTED] > 0)
        return POSTURE_INCOMPLETE;
    return counts[CELL_EXCEPTED] > 0 ? POSTURE_PASSING_WITH_EXCEPTIONS : POSTURE_PASSING;
}

/* The phases that follow on `last`, where so many cells have `moved` to `counts`, and so many steps
 * of the `scope` are in the past. */
static void sweep_own(const struct standing *standing, uint32_t moved, uint32_t scope,
                      uint32_t *counts, struct posture_phase_step last, struct space *space)
{
    const struct service_fact *fact = &standing->scope;
    const struct count_change *moves = standing->moves;
    space->steps.count = 0;
    for (uint32_t i = moved; i < standing->move_count || scope < fact->step_count;) {
        struct posture_phase_step now = {.at =
                                             i < standing->move_count ? moves[i].at : INSTANT_END};
        if (scope < fact->step_count && fact->steps[scope].at <= now.at)
            now.at = fact->steps[scope++].at;
        for (; i < standing->move_count && moves[i].at == now.at; i++)
            counts_add(counts, &moves[i]);
        if (scope > 0) {
            now.membership = fact->steps[scope - 1].version->membership;
            now.posture = own_posture(counts);
        }
        add_step(&space->steps, &now, &last);
    }
}

/* ---- with the bases ---- */

static bool extends_any(const struct governance_fact *fact)
{
    for (uint32_t i = 0; fact != NULL && i < fact->version_count; i++) {
        if (fact->versions[i]->standard.extend_count > 0)
            return true;
    }
    return false;
}

bool standard_extends(const struct posture_governance *governance, uint32_t name)
{
    return name != NAME_NONE && extends_any(governance_standard(governance, name));
}

void touch_extending(struct evaluation *run, struct environment *environment, instant from)
{
    for (uint32_t i = 0; i < environment->standing_count; i++) {
        struct standing *standing = environment->standings[i];
        uint32_t name = to_governance(run->service, standing->standard);
        if (from < standing->shown_dirty_from && standard_extends(run->governance, name))
            standing->shown_dirty_from = from;
    }
}

struct bases { /* standards by governance's numbers, each once */
    uint32_t *names;
    uint32_t count, room;
};

static void add_base(struct bases *bases, uint32_t name)
{
    for (uint32_t i = 0; i < bases->count; i++) {
        if (bases->names[i] == name)
            return;
    }
    bases->names =
        array_room(bases->names, &bases->room, bases->count + 1u, sizeof *bases->names, NULL);
    bases->names[bases->count++] = name;
}

/* All standards that any version could make a base of the first: whose versions to look at. */
static void gather_possible(const struct evaluation *run, struct bases *bases)
{
    for (uint32_t i = 0; i < bases->count; i++) {
        const struct governance_fact *fact = governance_standard(run->governance, bases->names[i]);
        for (uint32_t j = 0; fact != NULL && j < fact->version_count; j++) {
            const struct standard *standard = &fact->versions[j]->standard;
            for (uint32_t k = 0; k < standard->extend_count; k++)
                add_base(bases, standard->extends[k]);
        }
    }
}

/* The bases at an instant: what the first extends and the programme lists, and their bases. */
static void gather_bases(const struct evaluation *run, const struct programme *programme,
                         instant at, struct bases *bases)
{
    for (uint32_t i = 0; i < bases->count; i++) {
        const struct governance_version *version = governance_in_force(
            governance_standard(run->governance, bases->names[i]), run->position, at);
        for (uint32_t j = 0; version != NULL && j < version->standard.extend_count; j++) {
            if (programme_lists_standard(programme, version->standard.extends[j]))
                add_base(bases, version->standard.extends[j]);
        }
    }
}

static enum posture_value own_at(const struct standing *standing, instant at)
{
    uint32_t until = standing == NULL ? 0 : phases_until(standing->own, standing->own_count, at);
    return until == 0 ? POSTURE_NONE : standing->own[until - 1].posture;
}

static enum posture_value worst_with_bases(const struct evaluation *run,
                                           const struct standing *standing, enum posture_value own,
                                           uint32_t name, instant at)
{
    const struct environment *environment = standing->environment;
    const struct programme_step *step = programme_at(environment, at);
    if (own == POSTURE_NONE || own == POSTURE_OUT_OF_SCOPE || own == POSTURE_NOT_APPLICABLE ||
        step == NULL || step->version == NULL)
        return own;
    struct bases bases = {0};
    add_base(&bases, name);
    gather_bases(run, &step->version->programme, at, &bases);
    enum posture_value worst = own;
    for (uint32_t i = 1; i < bases.count; i++) {
        enum posture_value base =
            own_at(standing_named(run->service, environment, bases.names[i]), at);
        if (base == POSTURE_NOT_APPLICABLE)
            continue;
        if (base == POSTURE_NONE || base == POSTURE_OUT_OF_SCOPE)
            base = POSTURE_INCOMPLETE;
        if (base > worst)
            worst = base; /* the values rise from PASSING to FAILING */
    }
    free(bases.names);
    return worst;
}

static void add_instant(struct instants *instants, instant at)
{
    instants->items = array_room(instants->items, &instants->room, instants->count + 1u,
                                 sizeof *instants->items, NULL);
    instants->items[instants->count++] = at;
}

static void gather_own(const struct standing *standing, instant start, struct instants *instants)
{
    uint32_t i = phases_until(standing->own, standing->own_count, start);
    for (; i < standing->own_count; i++)
        add_instant(instants, standing->own[i].at);
}

static int compare_instants(const void *a, const void *b)
{
    instant x = *(const instant *)a, y = *(const instant *)b;
    return (x > y) - (x < y);
}

/* The instants at which a base may come, go or change. */
static void gather_base_changes(const struct evaluation *run, const struct standing *standing,
                                uint32_t name, instant start, struct instants *instants)
{
    const struct environment *environment = standing->environment;
    struct bases possible = {0};
    add_base(&possible, name);
    gather_possible(run, &possible);
    for (uint32_t i = 0; i < possible.count; i++) {
        const struct governance_fact *fact =
            governance_standard(run->governance, possible.names[i]);
        for (instant at = governance_next(fact, run->position, start); at != INSTANT_END;
             at = governance_next(fact, run->position, at))
            add_instant(instants, at);
        const struct standing *base = standing_named(run->service, environment, possible.names[i]);
        if (base != NULL && base != standing)
            gather_own(base, start, instants);
    }
    for (uint32_t i = 0; i < environment->programme_count; i++) {
        if (environment->programmes[i].at > start)
            add_instant(instants, environment->programmes[i].at);
    }
    free(possible.names);
    if (instants->count > 1)
        qsort(instants->items, instants->count, sizeof *instants->items, compare_instants);
}

static void sweep_shown(const struct evaluation *run, const struct standing *standing,
                        instant start, struct posture_phase_step last, struct space *space)
{
    uint32_t name = to_governance(run->service, standing->standard);
    bool extends = standard_extends(run->governance, name);
    struct instants *instants = &space->instants;
    instants->count = space->steps.count = 0;
    if (extends)
        gather_base_changes(run, standing, name, start, instants);
    uint32_t own = phases_until(standing->own, standing->own_count, start);
    uint32_t certified = steps_until(standing->certified, standing->certified_count,
                                     sizeof *standing->certified, start);
    for (uint32_t base = 0;;) {
        instant at = own < standing->own_count ? standing->own[own].at : INSTANT_END;
        if (certified < standing->certified_count)
            at = least(at, standing->certified[certified].at);
        if (base < instants->count)
            at = least(at, instants->items[base]);
        if (at == INSTANT_END)
            return;
        own += own < standing->own_count && standing->own[own].at == at;
        certified +=
            certified < standing->certified_count && standing->certified[certified].at == at;
        while (base < instants->count && instants->items[base] == at)
            base++;
        struct posture_phase_step now = {0};
        if (own > 0)
            now = standing->own[own - 1];
        now.at = at;
        if (extends)
            now.posture = worst_with_bases(run, standing, now.posture, name, at);
        if (now.membership != ASSAY__V1__MEMBERSHIP__MEMBERSHIP_UNSPECIFIED && certified > 0) {
            now.certificate_state = standing->certified[certified - 1].state;
            now.certified = standing->certified[certified - 1].certified;
        }
        add_step(&space->steps, &now, &last);
    }
}

/* ---- evaluating ---- */

static struct posture_phase_step last_of(const struct posture_phase_step *phases, uint32_t kept)
{
    return kept > 0 ? phases[kept - 1] : (struct posture_phase_step){0};
}

static void evaluate_counts(struct evaluation *run, struct standing *standing, struct space *space)
{
    instant from = standing->own_dirty_from;
    bool all = from == INSTANT_BEGIN;
    uint32_t kept = all ? 0 : phases_until(standing->own, standing->own_count, from - 1);
    uint32_t scope = all ? 0 : fact_steps_until(&standing->scope, from - 1);
    counts_arrange(standing, &space->room);
    parts_tell_changes(run, standing);
    uint32_t counts[CELL_FAILED + 1];
    uint32_t moved = counts_before(standing, from, counts);
    counts_merge(run->service, standing);
    sweep_own(standing, moved, scope, counts, last_of(standing->own, kept), space);
    standing->own_dirty_from = INSTANT_END;
    instant first = put_in_place(run->service, &standing->own, &standing->own_count,
                                 &standing->own_room, kept, &space->steps);
    if (first == INSTANT_END)
        return;
    if (first < standing->shown_dirty_from)
        standing->shown_dirty_from = first;
    touch_extending(run, standing->environment, first);
}

static void evaluate_shown(struct evaluation *run, struct standing *standing, struct space *space)
{
    instant start = before(standing->shown_dirty_from);
    uint32_t kept = phases_until(standing->shown, standing->shown_count, start);
    sweep_shown(run, standing, start, last_of(standing->shown, kept), space);
    parts_tell_phases(run, standing, kept == 0 ? NULL : &standing->shown[kept - 1],
                      (struct phases){standing->shown + kept, standing->shown_count - kept},
                      (struct phases){space->steps.items, space->steps.count});
    put_in_place(run->service, &standing->shown, &standing->shown_count, &standing->shown_room,
                 kept, &space->steps);
    standing->shown_dirty_from = INSTANT_END;
}

static void evaluate_dirty(struct evaluation *run, const struct environment *environment)
{
    struct space space = {0};
    for (uint32_t i = 0; i < environment->standing_count; i++) {
        if (environment->standings[i]->own_dirty_from != INSTANT_END)
            evaluate_counts(run, environment->standings[i], &space);
    }
    for (uint32_t i = 0; i < environment->standing_count; i++) {
        if (environment->standings[i]->shown_dirty_from != INSTANT_END)
            evaluate_shown(run, environment->standings[i], &space);
    }
    free(space.room.items);
    free(space.steps.items);
    free(space.instants.items);
}

void evaluate_standings(struct evaluation *run, struct environment *environment)
{
    if (run->sink->standing == NULL) {
        evaluate_dirty(run, environment);
        return;
    }
    uint32_t count = environment->standing_count;
    struct standing_steps *was = array_new(count + 1u, sizeof *was, NULL);
    for (uint32_t i = 0; i < count; i++)
        was[i] = parts_steps(environment->standings[i]);
    evaluate_dirty(run, environment);
    for (uint32_t i = 0; i < count; i++) {
        struct standing_steps is = parts_steps(environment->standings[i]);
        parts_tell_steps(run, environment->standings[i], &was[i], &is);
        free(was[i].items);
        free(is.items);
    }
    free(was);
}
