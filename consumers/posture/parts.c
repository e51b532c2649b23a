#include "consumers/posture/parts.h"

struct telling {
    const struct posture_sink *sink;
    const char *environment, *standard;
};

static bool same_phase(const struct standing_step *a, const struct standing_step *b)
{
    return a->membership == b->membership && a->posture == b->posture &&
           a->certificate_state == b->certificate_state && a->certified == b->certified;
}

static void tell_phase(const struct telling *to, enum posture_change change, instant at,
                       const struct standing_step *step)
{
    if (to->sink->phase == NULL)
        return;
    struct posture_phase_step phase = {.at = at};
    if (change == STEP_SET) {
        phase.membership = step->membership;
        phase.posture = step->posture;
        phase.certificate_state = step->certificate_state;
        phase.certified = step->certified;
    }
    to->sink->phase(to->sink->context, to->environment, to->standard, change, &phase);
}

/* What is added at an instant, less what was added there before. */
static void tell_tally(const struct telling *to, instant at, const uint32_t *from,
                       const uint32_t *upto, const uint32_t *was_from, const uint32_t *was_upto)
{
    if (to->sink->tally == NULL)
        return;
    uint32_t changes[CELL_FAILED + 1]; /* what is taken away wraps */
    uint32_t any = 0;                  /* mostly nothing: most instants are told for others' sake */
    for (int status = CELL_NOT_APPLICABLE; status <= CELL_FAILED; status++) {
        changes[status] = upto[status] - from[status] - (was_upto[status] - was_from[status]);
        any |= changes[status];
    }
    for (int status = CELL_NOT_APPLICABLE; any != 0 && status <= CELL_FAILED; status++)
        if (changes[status] != 0)
            to->sink->tally(to->sink->context, to->environment, to->standard, at,
                            (enum cell_status)status, (int32_t)changes[status]);
}

static instant at_of(struct standing_steps steps, uint32_t i)
{
    return i < steps.count ? steps.items[i].at : INSTANT_END;
}

void parts_tell(const struct posture_sink *sink, const char *environment, const char *standard,
                const struct standing_step *before, struct standing_steps was,
                struct standing_steps is)
{
    const struct telling to = {sink, environment, standard};
    static const struct standing_step NOTHING = {0};
    const struct standing_step *last_was = before == NULL ? &NOTHING : before;
    const struct standing_step *last_is = last_was;
    for (uint32_t i = 0, k = 0; i < was.count || k < is.count;) {
        instant at = at_of(was, i) < at_of(is, k) ? at_of(was, i) : at_of(is, k);
        const struct standing_step *now_was = at_of(was, i) == at ? &was.items[i++] : last_was;
        const struct standing_step *now_is = at_of(is, k) == at ? &is.items[k++] : last_is;
        bool begun = !same_phase(last_was, now_was);
        bool begins = !same_phase(last_is, now_is);
        if (begins && !(begun && same_phase(now_was, now_is)))
            tell_phase(&to, STEP_SET, at, now_is);
        else if (begun && !begins)
            tell_phase(&to, STEP_REMOVED, at, NULL);
        tell_tally(&to, at, last_is->counts, now_is->counts, last_was->counts, now_was->counts);
        last_was = now_was;
        last_is = now_is;
    }
}

void parts_each(const struct posture_sink *sink, const char *environment, const char *standard,
                struct standing_steps all, instant from)
{
    const struct telling to = {sink, environment, standard};
    static const struct standing_step NOTHING = {0};
    uint32_t until = steps_until(all.items, all.count, sizeof *all.items, from);
    if (until > 0) { /* what is in force: the phase where it began, the counts as they are */
        const struct standing_step *now = &all.items[until - 1];
        uint32_t began = until - 1;
        while (began > 0 && same_phase(&all.items[began - 1], now))
            began--;
        if (!same_phase(&NOTHING, now))
            tell_phase(&to, STEP_SET, all.items[began].at, now);
        tell_tally(&to, now->at, NOTHING.counts, now->counts, NOTHING.counts, NOTHING.counts);
    }
    struct standing_steps later = {all.items + until, all.count - until};
    const struct standing_step *before = until == 0 ? NULL : &all.items[until - 1];
    parts_tell(sink, environment, standard, before, (struct standing_steps){0}, later);
}
