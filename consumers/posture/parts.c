#include "consumers/posture/parts.h"

#include "consumers/posture/array.h"
#include "consumers/posture/counts.h"

#include <string.h>

struct telling {
    const struct posture_sink *sink;
    const char *environment, *standard;
};

static struct telling telling_of(const struct posture_service *service,
                                 const struct standing *standing, const struct posture_sink *sink)
{
    return (struct telling){sink, text_of(service, standing->environment->name),
                            text_of(service, standing->standard)};
}

/* ---- phases ---- */

static void tell_phase(const struct telling *to, enum posture_change change, instant at,
                       const struct posture_phase_step *step)
{
    if (to->sink->phase == NULL)
        return;
    struct posture_phase_step phase = {.at = at};
    if (change == STEP_SET) {
        phase = *step;
        phase.at = at;
    }
    to->sink->phase(to->sink->context, to->environment, to->standard, change, &phase);
}

static instant at_of(struct phases phases, uint32_t i)
{
    return i < phases.count ? phases.items[i].at : INSTANT_END;
}

static void tell_phases(const struct telling *to, const struct posture_phase_step *before,
                        struct phases was, struct phases is)
{
    static const struct posture_phase_step NOTHING;
    const struct posture_phase_step *last_was = before == NULL ? &NOTHING : before;
    const struct posture_phase_step *last_is = last_was;
    for (uint32_t i = 0, k = 0; i < was.count || k < is.count;) {
        instant at = at_of(was, i) < at_of(is, k) ? at_of(was, i) : at_of(is, k);
        const struct posture_phase_step *now_was = at_of(was, i) == at ? &was.items[i++] : last_was;
        const struct posture_phase_step *now_is = at_of(is, k) == at ? &is.items[k++] : last_is;
        bool begun = !phases_alike(last_was, now_was);
        bool begins = !phases_alike(last_is, now_is);
        if (begins && !(begun && phases_alike(now_was, now_is)))
            tell_phase(to, STEP_SET, at, now_is);
        else if (begun && !begins)
            tell_phase(to, STEP_REMOVED, at, NULL);
        last_was = now_was;
        last_is = now_is;
    }
}

void parts_tell_phases(const struct evaluation *run, const struct standing *standing,
                       const struct posture_phase_step *before, struct phases was, struct phases is)
{
    const struct telling to = telling_of(run->service, standing, run->sink);
    tell_phases(&to, before, was, is);
}

/* ---- tallies ---- */

/* What is added at an instant: one number each, however many moves make it. */
static bool tell_tally(const struct telling *to, instant at,
                       const uint32_t added[static CELL_FAILED + 1])
{
    bool any = false;
    for (int status = CELL_NOT_APPLICABLE; status <= CELL_FAILED; status++) {
        if (added[status] == 0)
            continue;
        any = true;
        if (to->sink->tally != NULL)
            to->sink->tally(to->sink->context, to->environment, to->standard, at,
                            (enum cell_status)status, (int32_t)added[status]);
    }
    return any;
}

/* What all moves of the first one's instant add; returns how many these are. */
static uint32_t add_instant(const struct count_change *moves, uint32_t count,
                            uint32_t added[static CELL_FAILED + 1])
{
    uint32_t i = 0;
    for (; i < count && moves[i].at == moves[0].at; i++)
        counts_add(added, &moves[i]);
    return i;
}

static void tell_moves(const struct telling *to, const struct count_change *moves, uint32_t count)
{
    for (uint32_t i = 0; i < count;) {
        uint32_t added[CELL_FAILED + 1] = {0};
        instant at = moves[i].at;
        i += add_instant(moves + i, count - i, added);
        tell_tally(to, at, added);
    }
}

void parts_tell_changes(const struct evaluation *run, const struct standing *standing)
{
    const struct telling to = telling_of(run->service, standing, run->sink);
    if (run->sink->tally != NULL)
        tell_moves(&to, standing->changes, standing->change_count);
}

/* ---- all that is held ---- */

static bool any_counted(const uint32_t counts[static CELL_FAILED + 1])
{
    uint32_t any = 0;
    for (int status = CELL_NOT_APPLICABLE; status <= CELL_FAILED; status++)
        any |= counts[status];
    return any != 0;
}

/* When, at or before the last of so many moves, the counts last became others. */
static instant counted_since(const struct standing *standing, uint32_t until)
{
    while (until > 0) {
        uint32_t added[CELL_FAILED + 1] = {0};
        instant at = standing->moves[until - 1].at;
        for (; until > 0 && standing->moves[until - 1].at == at; until--)
            counts_add(added, &standing->moves[until - 1]);
        if (any_counted(added))
            return at;
    }
    return INSTANT_BEGIN;
}

/* What is in force: the phase where it began, the counts where either last became another. */
static uint32_t each_in_force(const struct telling *to, const struct standing *standing,
                              uint32_t until, instant from)
{
    static const struct posture_phase_step NOTHING;
    uint32_t counts[CELL_FAILED + 1];
    uint32_t moved = counts_before(standing, from + 1, counts);
    instant since = counted_since(standing, moved);
    if (until > 0) {
        const struct posture_phase_step *now = &standing->shown[until - 1];
        if (!phases_alike(&NOTHING, now))
            tell_phase(to, STEP_SET, now->at, now);
        since = since > now->at ? since : now->at;
    }
    tell_tally(to, since, counts);
    return moved;
}

void parts_each(const struct posture_service *service, const struct standing *standing,
                instant from, const struct posture_sink *sink)
{
    const struct telling to = telling_of(service, standing, sink);
    uint32_t until =
        steps_until(standing->shown, standing->shown_count, sizeof *standing->shown, from);
    uint32_t moved = each_in_force(&to, standing, until, from);
    tell_phases(&to, until == 0 ? NULL : &standing->shown[until - 1], (struct phases){0},
                (struct phases){standing->shown + until, standing->shown_count - until});
    tell_moves(&to, standing->moves + moved, standing->move_count - moved);
}

/* ---- as steps ---- */

static struct posture_standing_step step_of(instant at, const struct posture_phase_step *phase,
                                            const uint32_t counts[static CELL_FAILED + 1])
{
    uint32_t applicable = 0;
    for (uint32_t status = CELL_PASSED; status <= CELL_FAILED; status++)
        applicable += counts[status];
    return (struct posture_standing_step){
        .at = at,
        .membership = phase->membership,
        .posture = phase->posture,
        .passed = counts[CELL_PASSED],
        .excepted = counts[CELL_EXCEPTED],
        .failed = counts[CELL_FAILED],
        .error = counts[CELL_ERROR],
        .stale = counts[CELL_STALE],
        .not_tested = counts[CELL_NOT_TESTED],
        .not_applicable = counts[CELL_NOT_APPLICABLE],
        .applicable = applicable,
        .certificate_state = phase->certificate_state,
        .certified = phase->certified,
        .percent =
            applicable == 0 ? -1 : (int32_t)((uint64_t)counts[CELL_PASSED] * 10000 / applicable),
    };
}

static bool same_step(const struct posture_standing_step *a, const struct posture_standing_step *b)
{
    return a->membership == b->membership && a->posture == b->posture && a->passed == b->passed &&
           a->excepted == b->excepted && a->failed == b->failed && a->error == b->error &&
           a->stale == b->stale && a->not_tested == b->not_tested &&
           a->not_applicable == b->not_applicable && a->certificate_state == b->certificate_state &&
           a->certified == b->certified;
}

struct standing_steps parts_steps(const struct standing *standing)
{
    struct standing_steps steps = {0};
    struct posture_phase_step phase = {0};
    uint32_t counts[CELL_FAILED + 1] = {0};
    struct posture_standing_step last = {0};
    for (uint32_t i = 0, k = 0; i < standing->move_count || k < standing->shown_count;) {
        instant at = i < standing->move_count ? standing->moves[i].at : INSTANT_END;
        if (k < standing->shown_count && standing->shown[k].at <= at) {
            at = standing->shown[k].at;
            phase = standing->shown[k++];
        }
        if (i < standing->move_count && standing->moves[i].at == at)
            i += add_instant(standing->moves + i, standing->move_count - i, counts);
        struct posture_standing_step step = step_of(at, &phase, counts);
        if (same_step(&step, &last))
            continue;
        steps.items =
            array_room(steps.items, &steps.room, steps.count + 1u, sizeof *steps.items, NULL);
        steps.items[steps.count++] = last = step;
    }
    return steps;
}

void parts_tell_steps(const struct evaluation *run, const struct standing *standing,
                      const struct standing_steps *was, const struct standing_steps *is)
{
    const struct telling to = telling_of(run->service, standing, run->sink);
    for (uint32_t old = 0, new = 0; old < was->count || new < is->count;) {
        instant old_at = old < was->count ? was->items[old].at : INSTANT_END;
        instant new_at = new < is->count ? is->items[new].at : INSTANT_END;
        enum posture_change change = new_at <= old_at ? STEP_SET : STEP_REMOVED;
        struct posture_standing_step step = {.at = old_at};
        bool same = new_at == old_at && same_step(&was->items[old], &is->items[new]);
        if (change == STEP_SET)
            step = is->items[new];
        new += new_at <= old_at;
        old += old_at <= step.at;
        if (!same)
            to.sink->standing(to.sink->context, to.environment, to.standard, change, &step);
    }
}
