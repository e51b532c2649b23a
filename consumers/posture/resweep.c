/*
 * A sweep that looks at the touched streams only: what is held says of the others what they give.
 *
 * Where the greatest observation that is held is of a stream that was not touched, it is still the
 * greatest of all those; with the touched streams' own beside it, the greater of the two counts.
 * Where it is of a touched one and gone, the greatest of the others is what it was before, as long
 * as none of them has begun hidden below (population_step.hidden) and it has not ended itself; else
 * what is held does not tell.
 */
#include "consumers/posture/array.h"
#include "consumers/posture/sweep.h"

#include <stdlib.h>

enum { FILTER = 4096 };

struct streams {     /* the touched ones */
    uint32_t *items; /* sorted, each once */
    uint32_t count;
    uint8_t filter[FILTER / 8]; /* by their numbers' last bits */
};

struct line {            /* a category, along the way */
    uint32_t held;       /* the greatest of all as they were; NONE */
    bool touched;        /* it is of a touched stream */
    bool known;          /* the greatest of the others, as follows */
    uint32_t other;      /* NONE */
    instant other_until; /* how long it holds at least; INSTANT_BEGIN: not looked for yet */
};

struct way {
    struct sweep *sweep;
    struct sweep probe; /* of single streams */
    struct streams streams;
    struct line lines[CATEGORIES];
    uint32_t next_step, next_start;
    uint8_t hidden; /* of the held step */
};

static int compare_numbers(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static void gather_streams(const struct population *population, struct streams *streams)
{
    streams->items = array_new(population->touched_count + 1u, sizeof *streams->items, NULL);
    for (uint32_t i = 0; i < population->touched_count; i++)
        streams->items[i] = population->touched[i].stream;
    qsort(streams->items, population->touched_count, sizeof *streams->items, compare_numbers);
    for (uint32_t i = 0; i < population->touched_count; i++) {
        uint32_t number = streams->items[i];
        if (streams->count > 0 && streams->items[streams->count - 1] == number)
            continue;
        streams->items[streams->count++] = number;
        streams->filter[number % FILTER / 8] |= (uint8_t)(1u << number % 8);
    }
}

static bool is_touched(const struct way *way, uint32_t observation)
{
    const struct streams *streams = &way->streams;
    uint32_t number = observation_at(way->sweep->service, observation)->stream;
    if (!(streams->filter[number % FILTER / 8] & 1u << number % 8))
        return false;
    uint32_t low = 0, high = streams->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (streams->items[middle] < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low < streams->count && streams->items[low] == number;
}

/* Takes a held step in; returns the categories in which an untouched one is now another. */
static uint8_t enter_step(struct way *way, const struct population_step *step)
{
    uint8_t begun = 0;
    way->hidden = step->hidden;
    for (uint32_t category = 0; category < CATEGORIES; category++) {
        struct line *line = &way->lines[category];
        uint32_t held = step->greatest[category];
        if (held != line->held) {
            line->held = held;
            line->touched = held != NONE && is_touched(way, held);
            if (held != NONE && !line->touched)
                begun |= (uint8_t)(1u << category);
        }
        if (!line->touched) {
            line->known = true;
            line->other = held;
            line->other_until = INSTANT_BEGIN;
        } else if (step->hidden & 1u << category) {
            line->known = false;
        }
    }
    return begun;
}

/* How long an observation of an untouched stream goes on to hold in a category. */
static instant holds_until(struct way *way, uint32_t observation, uint32_t category, instant at)
{
    const struct posture_service *service = way->sweep->service;
    struct sweep *probe = &way->probe;
    sweep_open(probe, service, way->sweep->population, INSTANT_BEGIN);
    sweep_stream(probe, &service->streams[observation_at(service, observation)->stream]);
    for (uint32_t i = 0; i < probe->start_count; i++) {
        const struct segment *segment = &probe->starts[i];
        if (segment->observation == observation && segment->category == category &&
            segment->from <= at && at < segment->until)
            return segment->until;
    }
    return at;
}

static instant next_point(const struct way *way)
{
    const struct population *population = way->sweep->population;
    instant step = way->next_step < population->step_count ? population->steps[way->next_step].at
                                                           : INSTANT_END;
    instant start = way->next_start < way->sweep->start_count
                        ? way->sweep->starts[way->next_start].from
                        : INSTANT_END;
    return step < start ? step : start;
}

static uint32_t greater_of(const struct way *way, uint32_t a, uint32_t b)
{
    if (a == NONE || b == NONE)
        return a == NONE ? b : a;
    return observation_compare(way->sweep->service, a, b) >= 0 ? a : b;
}

/* The greatest of a category at a point, up to the next one, where `own` is the touched streams'.
 * False: it is not known. */
static bool settle(struct way *way, uint32_t category, uint32_t own, instant at, uint32_t *greatest)
{
    struct line *line = &way->lines[category];
    *greatest = greater_of(way, line->held, own);
    if (!line->touched || *greatest == own)
        return true;
    if (!line->known)
        return false;
    if (line->other != NONE && line->other_until == INSTANT_BEGIN)
        line->other_until = holds_until(way, line->other, category, at);
    *greatest = greater_of(way, line->other, own);
    return line->other == NONE || line->other_until >= next_point(way);
}

/* Likewise what occurred at a point, of which `held` and `own` are the greatest. */
static bool settle_came(const struct way *way, uint32_t held, uint32_t own, uint32_t *came)
{
    *came = greater_of(way, held, own);
    return *came == own || !is_touched(way, held);
}

/* Asks for the observations that are greatest a few steps on. */
static void ahead(const struct way *way)
{
    enum { AHEAD = 8 };
    const struct population *population = way->sweep->population;
    uint32_t place = way->next_step + AHEAD;
    if (place >= population->step_count)
        return;
    const struct population_step *step = &population->steps[place];
    for (uint32_t category = 0; category < CATEGORIES; category++) {
        if (step->greatest[category] != NONE &&
            step->greatest[category] != step[-1].greatest[category])
            __builtin_prefetch(observation_at(way->sweep->service, step->greatest[category]));
    }
}

/* Takes in what happens at the next point, and adds its step; `before` is the one before. */
static bool pass_point(struct way *way, struct population_step *before)
{
    struct sweep *sweep = way->sweep;
    const struct population *population = sweep->population;
    instant at = next_point(way);
    uint32_t held_came = NONE;
    uint8_t hidden = 0;
    if (way->next_step < population->step_count && population->steps[way->next_step].at == at) {
        const struct population_step *step = &population->steps[way->next_step];
        ahead(way);
        hidden = enter_step(way, step);
        held_came = step->came;
        way->next_step++;
        if (step->not_checked)
            return false;
    }
    uint32_t first = way->next_start;
    uint32_t came = sweep_enter(sweep, &way->next_start, at);
    struct population_step own = sweep_state(sweep, at);
    struct population_step state = {.at = at, .not_checked = own.not_checked};
    if (!settle_came(way, held_came, came, &state.came))
        return false;
    for (uint32_t category = 0; category < CATEGORIES; category++) {
        if (!settle(way, category, own.greatest[category], at, &state.greatest[category]))
            return false;
        if (state.greatest[category] == way->lines[category].held)
            hidden &= (uint8_t) ~(1u << category);
    }
    hidden |= way->hidden | sweep_hidden(sweep, first, way->next_start, &state);
    sweep_add(sweep, &state, before);
    sweep_hide(sweep, hidden);
    *before = state;
    return true;
}

static bool walk(struct way *way, uint32_t kept)
{
    struct sweep *sweep = way->sweep;
    const struct population *population = sweep->population;
    struct population_step before = {.greatest = {NONE, NONE, NONE, NONE}, .came = NONE};
    if (kept > 0)
        before = population->steps[kept - 1];
    if (before.not_checked)
        return false;
    for (uint32_t category = 0; category < CATEGORIES; category++)
        way->lines[category] = (struct line){.held = NONE, .other = NONE};
    (void)enter_step(way, &before);
    way->hidden = before.hidden;
    const struct streams *streams = &way->streams;
    for (uint32_t i = 0; i < streams->count; i++) {
        sweep_ahead(sweep->service, streams->items + i, streams->count - i);
        sweep_stream(sweep, &sweep->service->streams[streams->items[i]]);
    }
    sweep_sort(sweep);
    while (way->next_step < population->step_count || way->next_start < sweep->start_count) {
        if (!pass_point(way, &before))
            return false;
    }
    return true;
}

bool resweep(struct sweep *sweep, uint32_t kept)
{
    struct way way = {.sweep = sweep, .next_step = kept};
    gather_streams(sweep->population, &way.streams);
    bool done = walk(&way, kept);
    if (!done)
        sweep_open(sweep, sweep->service, sweep->population, sweep->start);
    free(way.streams.items);
    sweep_free(&way.probe);
    return done;
}
