/*
 * Evaluates standings: the counts of a standard's cells, and the posture they give with its bases.
 *
 * Two passes, each over its own window: `own` moves the counts by what has changed of the cells,
 * `shown` looks at own steps only, so that a change of a base moves what rests on it without
 * counting cells again.
 */
#include "consumers/posture/array.h"
#include "consumers/posture/evaluation.h"
#include "consumers/posture/parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct changes {
    struct count_change *items;
    uint32_t count, room;
};

struct steps {
    struct standing_step *items;
    uint32_t count, room;
};

struct space { /* serves one standing after the other */
    struct changes changes, sorted;
    struct steps steps;
};

static void add_instant(struct changes *changes, instant at)
{
    changes->items = array_room(changes->items, &changes->room, changes->count + 1u,
                                sizeof *changes->items, NULL);
    changes->items[changes->count++] = (struct count_change){.at = at};
}

/* Merges two sorted runs, from … middle … until, into `to`. */
static void merge_runs(const struct count_change *items, uint32_t from, uint32_t middle,
                       uint32_t until, struct count_change *to)
{
    uint32_t left = from;
    uint32_t right = middle;
    for (uint32_t i = from; i < until; i++) {
        bool take_left = right == until || (left < middle && items[left].at <= items[right].at);
        to[i] = items[take_left ? left++ : right++];
    }
}

/* An evaluation may sort as many as there are cells: with the comparison in place that costs a
 * third of what qsort takes. */
static void sort_changes(struct space *space)
{
    struct changes *changes = &space->changes, *other = &space->sorted;
    uint32_t count = changes->count;
    uint32_t sorted = 1;
    while (sorted < count && changes->items[sorted - 1].at <= changes->items[sorted].at)
        sorted++;
    if (sorted >= count)
        return;
    assert(count <= UINT32_MAX / 2);
    other->items = array_room(other->items, &other->room, count, sizeof *other->items, NULL);
    for (uint32_t run = 1; run < count; run *= 2) {
        for (uint32_t from = 0; from < count; from += 2 * run) {
            uint32_t middle = from + run < count ? from + run : count;
            uint32_t until = middle + run < count ? middle + run : count;
            merge_runs(changes->items, from, middle, until, other->items);
        }
        struct changes swapped = *changes;
        *changes = *other;
        *other = swapped;
    }
    changes->count = count;
}

static uint32_t standing_steps_until(const struct standing_step *steps, uint32_t count, instant at)
{
    return steps_until(steps, count, sizeof *steps, at);
}

static instant before(instant from)
{
    return from == INSTANT_BEGIN ? INSTANT_BEGIN : from - 1;
}

/* ---- own ---- */

static enum posture_value own_posture(const struct standing_step *step)
{
    const uint32_t *counts = step->counts;
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

static bool same_values(const struct standing_step *a, const struct standing_step *b)
{
    /* How many cells are out of scope, or are not, is no value of the standing. */
    enum { FIRST = CELL_NOT_APPLICABLE };
    return a->membership == b->membership && a->posture == b->posture &&
           a->certificate_state == b->certificate_state && a->certified == b->certified &&
           memcmp(a->counts + FIRST, b->counts + FIRST,
                  sizeof a->counts - FIRST * sizeof a->counts[0]) == 0;
}

/* Own steps say of all cells what they are: differences are added to them. */
static bool same_own(const struct standing_step *a, const struct standing_step *b)
{
    return same_values(a, b) && a->counts[CELL_OUT_OF_SCOPE] == b->counts[CELL_OUT_OF_SCOPE];
}

static void add_step(struct steps *steps, const struct standing_step *step)
{
    steps->items =
        array_room(steps->items, &steps->room, steps->count + 1u, sizeof *steps->items, NULL);
    steps->items[steps->count++] = *step;
}

/* What has changed of the cells, and the instants from which on the membership may differ. */
static void gather_changes(const struct standing *standing, uint32_t scope, struct changes *changes)
{
    changes->items = array_room(changes->items, &changes->room, standing->change_count,
                                sizeof *changes->items, NULL);
    if (standing->change_count > 0)
        memcpy(changes->items, standing->changes,
               standing->change_count * sizeof *standing->changes);
    changes->count = standing->change_count;
    for (uint32_t i = scope; i < standing->scope.step_count; i++)
        add_instant(changes, standing->scope.steps[i].at);
}

static void settle_own(struct standing_step *now, const struct standing_step *was,
                       const uint32_t *moved, const struct fact_version *version)
{
    for (uint32_t status = CELL_NONE + 1; status <= CELL_FAILED; status++)
        now->counts[status] = was->counts[status] + moved[status];
    now->membership =
        version == NULL ? ASSAY__V1__MEMBERSHIP__MEMBERSHIP_UNSPECIFIED : version->membership;
    now->posture = version == NULL ? POSTURE_NONE : own_posture(now);
}

/* The steps from `kept` on: those held, and what has changed of the cells since. `scope`: how many
 * of the scope's steps are before that. Returns the first instant that differs. */
static instant sweep_own(const struct standing *standing, uint32_t kept, uint32_t scope,
                         struct space *space)
{
    static const struct standing_step NOTHING;
    gather_changes(standing, scope, &space->changes);
    sort_changes(space);
    const struct changes *changes = &space->changes;
    const struct service_fact *fact = &standing->scope;
    const struct standing_step *was = kept > 0 ? &standing->own[kept - 1] : &NOTHING;
    struct standing_step now, last = *was;
    uint32_t moved[CELL_FAILED + 1] = {0}; /* added to the counts; what is taken away wraps */
    instant first = INSTANT_END;
    now = last;
    space->steps.count = 0;
    for (uint32_t i = 0, held = kept; i < changes->count || held < standing->own_count;) {
        instant held_at = held < standing->own_count ? standing->own[held].at : INSTANT_END;
        now.at = i < changes->count ? changes->items[i].at : INSTANT_END;
        if (held_at <= now.at) {
            now.at = held_at;
            was = &standing->own[held++];
        }
        for (; i < changes->count && changes->items[i].at == now.at; i++) {
            moved[changes->items[i].from]--;
            moved[changes->items[i].to]++;
        }
        while (scope < fact->step_count && fact->steps[scope].at <= now.at)
            scope++;
        settle_own(&now, was, moved, scope == 0 ? NULL : fact->steps[scope - 1].version);
        if (first == INSTANT_END && !same_own(&now, was))
            first = now.at;
        if (same_own(&now, &last))
            continue;
        last = now;
        add_step(&space->steps, &now);
    }
    return first;
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
    uint32_t until =
        standing == NULL ? 0 : standing_steps_until(standing->own, standing->own_count, at);
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

static void gather_own(const struct standing *standing, instant start, struct changes *changes)
{
    uint32_t i = standing_steps_until(standing->own, standing->own_count, start);
    for (; i < standing->own_count; i++)
        add_instant(changes, standing->own[i].at);
}

/* The instants at which a base may come, go or change. */
static void gather_base_changes(const struct evaluation *run, const struct standing *standing,
                                uint32_t name, instant start, struct changes *changes)
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
            add_instant(changes, at);
        const struct standing *base = standing_named(run->service, environment, possible.names[i]);
        if (base != NULL && base != standing)
            gather_own(base, start, changes);
    }
    for (uint32_t i = 0; i < environment->programme_count; i++) {
        if (environment->programmes[i].at > start)
            add_instant(changes, environment->programmes[i].at);
    }
    free(possible.names);
}

static uint32_t certified_until(const struct standing *standing, instant at)
{
    return steps_until(standing->certified, standing->certified_count, sizeof *standing->certified,
                       at);
}

static instant least(instant a, instant b)
{
    return a < b ? a : b;
}

static void sweep_shown(const struct evaluation *run, const struct standing *standing,
                        instant start, uint32_t kept, struct space *space)
{
    uint32_t name = to_governance(run->service, standing->standard);
    bool extends = standard_extends(run->governance, name);
    struct changes *changes = &space->changes;
    changes->count = space->steps.count = 0;
    if (extends)
        gather_base_changes(run, standing, name, start, changes);
    sort_changes(space);
    struct standing_step last = {0};
    if (kept > 0)
        last = standing->shown[kept - 1];
    uint32_t own = standing_steps_until(standing->own, standing->own_count, start);
    uint32_t certified = certified_until(standing, start);
    uint32_t base = 0;
    for (instant at;;) {
        at = own < standing->own_count ? standing->own[own].at : INSTANT_END;
        if (certified < standing->certified_count)
            at = least(at, standing->certified[certified].at);
        if (base < changes->count)
            at = least(at, changes->items[base].at);
        if (at == INSTANT_END)
            return;
        own += own < standing->own_count && standing->own[own].at == at;
        certified +=
            certified < standing->certified_count && standing->certified[certified].at == at;
        while (base < changes->count && changes->items[base].at == at)
            base++;
        struct standing_step now = {0};
        if (own > 0)
            now = standing->own[own - 1];
        now.at = at;
        if (extends)
            now.posture = worst_with_bases(run, standing, now.posture, name, at);
        if (now.membership != ASSAY__V1__MEMBERSHIP__MEMBERSHIP_UNSPECIFIED && certified > 0) {
            now.certificate_state = standing->certified[certified - 1].state;
            now.certified = standing->certified[certified - 1].certified;
        }
        if (same_values(&now, &last))
            continue;
        last = now;
        add_step(&space->steps, &now);
    }
}

/* ---- comparing and reporting ---- */

struct posture_standing_step standing_step_reported(const struct standing_step *step)
{
    const uint32_t *counts = step->counts;
    uint32_t applicable = 0;
    for (uint32_t status = CELL_PASSED; status <= CELL_FAILED; status++)
        applicable += counts[status];
    return (struct posture_standing_step){
        .at = step->at,
        .membership = step->membership,
        .posture = step->posture,
        .passed = counts[CELL_PASSED],
        .excepted = counts[CELL_EXCEPTED],
        .failed = counts[CELL_FAILED],
        .error = counts[CELL_ERROR],
        .stale = counts[CELL_STALE],
        .not_tested = counts[CELL_NOT_TESTED],
        .not_applicable = counts[CELL_NOT_APPLICABLE],
        .applicable = applicable,
        .certificate_state = step->certificate_state,
        .certified = step->certified,
        .percent =
            applicable == 0 ? -1 : (int32_t)((uint64_t)counts[CELL_PASSED] * 10000 / applicable),
    };
}

static void report(const struct evaluation *run, const struct standing *standing,
                   enum posture_change change, const struct standing_step *step)
{
    if (run->sink->standing == NULL)
        return;
    struct posture_standing_step reported = standing_step_reported(step);
    if (change == STEP_REMOVED)
        reported = (struct posture_standing_step){.at = step->at};
    run->sink->standing(run->sink->context, text_of(run->service, standing->environment->name),
                        text_of(run->service, standing->standard), change, &reported);
}

static void report_differences(const struct evaluation *run, const struct standing *standing,
                               uint32_t kept, const struct steps *steps)
{
    if (run->sink->standing == NULL)
        return;
    for (uint32_t old = kept, new = 0; old < standing->shown_count || new < steps->count;) {
        const struct standing_step *was =
            old < standing->shown_count ? &standing->shown[old] : NULL;
        const struct standing_step *is = new < steps->count ? &steps->items[new] : NULL;
        if (is == NULL || (was != NULL && was->at < is->at)) {
            report(run, standing, STEP_REMOVED, was);
            old++;
            continue;
        }
        bool both = was != NULL && was->at == is->at;
        new ++;
        old += both;
        if (!both || !same_values(was, is))
            report(run, standing, STEP_SET, is);
    }
}

/* Puts `steps` in place of the held ones from `kept` on. */
static void put_in_place(const struct evaluation *run, struct standing_step **held, uint32_t *count,
                         uint32_t *room, uint32_t kept, const struct steps *steps)
{
    *held = array_room(*held, room, kept + steps->count, sizeof **held, &run->service->bytes);
    if (steps->count > 0)
        memcpy(*held + kept, steps->items, steps->count * sizeof **held);
    *count = kept + steps->count;
}

static void evaluate_counts(struct evaluation *run, struct standing *standing, struct space *space)
{
    enum { CHANGES_KEPT = 256 }; /* more than a batch has of most */
    instant from = standing->own_dirty_from;
    bool all = from == INSTANT_BEGIN;
    uint32_t kept = all ? 0 : standing_steps_until(standing->own, standing->own_count, from - 1);
    uint32_t scope = all ? 0 : fact_steps_until(&standing->scope, from - 1);
    instant first = sweep_own(standing, kept, scope, space);
    put_in_place(run, &standing->own, &standing->own_count, &standing->own_room, kept,
                 &space->steps);
    standing->change_count = 0;
    standing->changes = array_emptied(standing->changes, &standing->change_room, CHANGES_KEPT,
                                      sizeof *standing->changes, &run->service->bytes);
    standing->own_dirty_from = INSTANT_END;
    if (first == INSTANT_END)
        return;
    if (first < standing->shown_dirty_from)
        standing->shown_dirty_from = first;
    touch_extending(run, standing->environment, first);
}

static void evaluate_shown(struct evaluation *run, struct standing *standing, struct space *space)
{
    instant start = before(standing->shown_dirty_from);
    uint32_t kept = standing_steps_until(standing->shown, standing->shown_count, start);
    sweep_shown(run, standing, start, kept, space);
    parts_tell(run->sink, text_of(run->service, standing->environment->name),
               text_of(run->service, standing->standard),
               kept == 0 ? NULL : &standing->shown[kept - 1],
               (struct standing_steps){standing->shown + kept, standing->shown_count - kept},
               (struct standing_steps){space->steps.items, space->steps.count});
    report_differences(run, standing, kept, &space->steps);
    put_in_place(run, &standing->shown, &standing->shown_count, &standing->shown_room, kept,
                 &space->steps);
    standing->shown_dirty_from = INSTANT_END;
}

void evaluate_standings(struct evaluation *run, struct environment *environment)
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
    free(space.changes.items);
    free(space.sorted.items);
    free(space.steps.items);
}
