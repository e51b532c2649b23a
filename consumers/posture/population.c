/*
 * Sweeps a population: the streams of one check in one environment, from an instant on, to steps
 * that say which result is the greatest of each category.
 *
 * A stream is a row of segments, each from its instant to the next one's: a version in force, fresh
 * and then stale. Only the starts are sorted: what has ended is noticed when it would be the
 * greatest. The sweep begins just before the window, so that every start in it is a point.
 */
#include "consumers/posture/array.h"
#include "consumers/posture/evaluation.h"
#include "consumers/posture/reach.h"
#include "proto/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { IN_NOTHING = IN_NOT_CHECKED + 1, HEAPS = IN_NOT_CHECKED + 1 };

struct segment {
    instant from, until;
    instant occurred_at; /* of the observation: most comparisons end there */
    uint32_t observation;
    uint32_t category;
};

struct heap { /* the greatest observation first; those that ended leave when they come first */
    struct segment *items;
    uint32_t count, room;
    instant last_until; /* the greatest `until` ever put in since it was empty */
};

struct differences { /* between what was held and what is swept */
    struct window *windows;
    uint32_t count, room;
};

struct sweep { /* its arrays serve one population after the other */
    const struct posture_service *service;
    const struct population *population;
    instant start; /* the window's, less one: its first state */
    struct segment *starts;
    uint32_t start_count, start_room;
    struct heap heaps[HEAPS];
    struct population_step *steps;
    uint32_t step_count, step_room;
};

uint32_t population_steps_until(const struct population *population, instant at)
{
    return steps_until(population->steps, population->step_count, sizeof *population->steps, at);
}

int64_t population_ttl(const struct population *population, instant at)
{
    uint32_t until =
        steps_until(population->ttls, population->ttl_count, sizeof *population->ttls, at);
    assert(until > 0);
    return population->ttls[until - 1].ttl;
}

/* ---- the greatest of a category ---- */

static bool greater(const struct sweep *sweep, const struct segment *a, const struct segment *b)
{
    if (a->occurred_at != b->occurred_at)
        return a->occurred_at > b->occurred_at;
    return observation_compare(sweep->service, a->observation, b->observation) > 0;
}

static void heap_put(const struct sweep *sweep, struct heap *heap, const struct segment *segment)
{
    if (heap->count > 0 && segment->until >= heap->last_until &&
        greater(sweep, segment, &heap->items[0]))
        heap->count = 0; /* none of them will ever be the greatest again */
    if (heap->count == 0 || segment->until > heap->last_until)
        heap->last_until = segment->until;
    heap->items = array_room(heap->items, &heap->room, heap->count + 1u, sizeof *heap->items, NULL);
    uint32_t at = heap->count++;
    while (at > 0 && greater(sweep, segment, &heap->items[(at - 1) / 2])) {
        heap->items[at] = heap->items[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    heap->items[at] = *segment;
}

static void heap_take(const struct sweep *sweep, struct heap *heap)
{
    struct segment last = heap->items[--heap->count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= heap->count)
            break;
        if (child + 1 < heap->count && greater(sweep, &heap->items[child + 1], &heap->items[child]))
            child++;
        if (!greater(sweep, &heap->items[child], &last))
            break;
        heap->items[at] = heap->items[child];
        at = child;
    }
    if (heap->count > 0)
        heap->items[at] = last;
}

static uint32_t heap_greatest(const struct sweep *sweep, struct heap *heap, instant at)
{
    while (heap->count > 0 && heap->items[0].until <= at)
        heap_take(sweep, heap);
    return heap->count == 0 ? NONE : heap->items[0].observation;
}

/* ---- streams to segments ---- */

static void add_segment(struct sweep *sweep, uint32_t number, instant from, instant until,
                        uint32_t category)
{
    if (from >= until || until <= sweep->start)
        return;
    struct segment segment = {.from = from,
                              .until = until,
                              .occurred_at =
                                  observation_at(sweep->service, number)->head.order.occurred_at,
                              .observation = number,
                              .category = category};
    if (from <= sweep->start) {
        if (category < HEAPS)
            heap_put(sweep, &sweep->heaps[category], &segment);
        return;
    }
    sweep->starts = array_room(sweep->starts, &sweep->start_room, sweep->start_count + 1u,
                               sizeof *sweep->starts, NULL);
    sweep->starts[sweep->start_count++] = segment;
}

/* What may expire: `fresh` until then, stale after, as the ttl in force at each instant has it. */
static void add_expiring(struct sweep *sweep, uint32_t number, instant from, instant until,
                         uint32_t fresh)
{
    const struct observation *observation = observation_at(sweep->service, number);
    const struct population *population = sweep->population;
    for (uint32_t i = 0; i < population->ttl_count; i++) {
        instant begin = population->ttls[i].at > from ? population->ttls[i].at : from;
        instant end = i + 1 < population->ttl_count && population->ttls[i + 1].at < until
                          ? population->ttls[i + 1].at
                          : until;
        if (begin >= end)
            continue;
        instant expiry = instant_add(observation->head.order.occurred_at, population->ttls[i].ttl);
        if (observation->expires_at < expiry)
            expiry = observation->expires_at;
        add_segment(sweep, number, begin, expiry < end ? expiry : end, fresh);
        add_segment(sweep, number, expiry > begin ? expiry : begin, end, IN_STALE);
    }
}

/* An observation, in force from … until. */
static void add_in_force(struct sweep *sweep, uint32_t number, instant from, instant until)
{
    switch (observation_at(sweep->service, number)->result) {
    case ASSAY__V1__RESULT__RESULT_PASS:
        add_expiring(sweep, number, from, until, IN_PASS);
        break;
    case ASSAY__V1__RESULT__RESULT_ERROR:
    case ASSAY__V1__RESULT__RESULT_UNKNOWN:
        add_expiring(sweep, number, from, until, IN_ERROR);
        break;
    case ASSAY__V1__RESULT__RESULT_NOT_APPLICABLE:
        add_expiring(sweep, number, from, until, IN_NOTHING);
        break;
    case ASSAY__V1__RESULT__RESULT_FAIL:
        add_segment(sweep, number, from, until, IN_FAIL);
        break;
    case ASSAY__V1__RESULT__RESULT_NOT_CHECKED:
        add_segment(sweep, number, from, until, IN_NOT_CHECKED);
        break;
    default: /* INFO; RETIRED: the subject is gone */
        add_segment(sweep, number, from, until, IN_NOTHING);
    }
}

static void add_stream(struct sweep *sweep, const struct stream *stream)
{
    const uint32_t *versions = stream_versions(stream);
    instant until = INSTANT_END;
    for (uint32_t i = stream->count; i-- > 0;) {
        const struct observation *observation = observation_at(sweep->service, versions[i]);
        instant from = observation->head.order.occurred_at;
        if (!(observation->flags & OBSERVATION_COUNTS) || from >= until)
            continue; /* from == until: one of the same instant is greater */
        add_in_force(sweep, versions[i], from, until);
        until = from;
        if (from <= sweep->start)
            break;
    }
}

/* ---- segments to steps ---- */

static bool same_step(const struct population_step *a, const struct population_step *b)
{
    return a->not_checked == b->not_checked && a->came == b->came &&
           memcmp(a->greatest, b->greatest, sizeof a->greatest) == 0;
}

static struct population_step state_at(struct sweep *sweep, instant at)
{
    struct population_step state = {.at = at, .came = NONE};
    for (uint32_t category = 0; category < CATEGORIES; category++)
        state.greatest[category] = heap_greatest(sweep, &sweep->heaps[category], at);
    state.not_checked = heap_greatest(sweep, &sweep->heaps[IN_NOT_CHECKED], at) != NONE;
    return state;
}

static int compare_starts(const void *a, const void *b)
{
    const struct segment *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

static void sweep_starts(struct sweep *sweep)
{
    if (sweep->start_count > 1)
        qsort(sweep->starts, sweep->start_count, sizeof *sweep->starts, compare_starts);
    struct population_step before = state_at(sweep, sweep->start);
    for (uint32_t i = 0; i < sweep->start_count;) {
        instant at = sweep->starts[i].from;
        const struct segment *came = NULL;
        for (; i < sweep->start_count && sweep->starts[i].from == at; i++) {
            const struct segment *segment = &sweep->starts[i];
            if (segment->category < HEAPS)
                heap_put(sweep, &sweep->heaps[segment->category], segment);
            if (segment->occurred_at == at && (came == NULL || greater(sweep, segment, came)))
                came = segment;
        }
        struct population_step state = state_at(sweep, at);
        state.came = came == NULL ? NONE : came->observation;
        if (!same_step(&state, &before) || state.came != NONE) {
            sweep->steps = array_room(sweep->steps, &sweep->step_room, sweep->step_count + 1u,
                                      sizeof *sweep->steps, NULL);
            sweep->steps[sweep->step_count++] = state;
        }
        before = state;
        before.came = NONE;
    }
}

/* ---- what differs ---- */

static struct population_step nothing_at(instant at)
{
    return (struct population_step){.at = at, .greatest = {NONE, NONE, NONE, NONE}, .came = NONE};
}

enum difference { ALIKE, WEAK, STRONG };

static enum difference difference(const struct population_step *a, const struct population_step *b)
{
    bool passes_differ = a->greatest[IN_PASS] != b->greatest[IN_PASS];
    if (a->not_checked != b->not_checked || a->greatest[IN_FAIL] != b->greatest[IN_FAIL] ||
        a->greatest[IN_ERROR] != b->greatest[IN_ERROR] ||
        a->greatest[IN_STALE] != b->greatest[IN_STALE] ||
        (passes_differ && (a->greatest[IN_PASS] == NONE || b->greatest[IN_PASS] == NONE)))
        return STRONG;
    return passes_differ ? WEAK : ALIKE;
}

static void add_window(struct differences *differences, instant at, enum difference kind)
{
    struct window *last =
        differences->count == 0 ? NULL : &differences->windows[differences->count - 1];
    bool open = last != NULL && last->until == INSTANT_END;
    if (open && kind != ALIKE && last->weak == (kind == WEAK))
        return;
    if (open)
        last->until = at;
    if (kind == ALIKE)
        return;
    differences->windows = array_room(differences->windows, &differences->room,
                                      differences->count + 1u, sizeof *differences->windows, NULL);
    differences->windows[differences->count++] = (struct window){at, INSTANT_END, kind == WEAK};
}

/* When the held steps from `kept` on differ from the swept ones. */
static void gather_differences(const struct population *population, uint32_t kept,
                               const struct sweep *sweep, struct differences *differences)
{
    struct population_step was = nothing_at(INSTANT_BEGIN);
    if (kept > 0)
        was = population->steps[kept - 1];
    struct population_step is = was;
    for (uint32_t old = kept, new = 0; old < population->step_count || new < sweep->step_count;) {
        const struct population_step *old_step =
            old < population->step_count ? &population->steps[old] : NULL;
        const struct population_step *new_step =
            new < sweep->step_count ? &sweep->steps[new] : NULL;
        instant at = new_step == NULL || (old_step != NULL && old_step->at < new_step->at)
                         ? old_step->at
                         : new_step->at;
        was.came = is.came = NONE;
        if (old_step != NULL && old_step->at == at) {
            was = *old_step;
            old++;
        }
        if (new_step != NULL && new_step->at == at) {
            is = *new_step;
            new ++;
        }
        enum difference kind = difference(&was, &is);
        if (was.came != is.came)
            add_window(differences, at, STRONG); /* which ends there, unless it goes on */
        add_window(differences, at, kind);
    }
}

/* Puts the swept steps in place of those from the window's start on. */
static void replace_steps(struct posture_service *service, struct population *population,
                          const struct sweep *sweep, struct differences *differences)
{
    uint32_t kept = population_steps_until(population, sweep->start);
    gather_differences(population, kept, sweep, differences);
    population->steps =
        array_room(population->steps, &population->step_room, kept + sweep->step_count,
                   sizeof *population->steps, &service->bytes);
    if (sweep->step_count > 0)
        memcpy(population->steps + kept, sweep->steps,
               sweep->step_count * sizeof *population->steps);
    population->step_count = kept + sweep->step_count;
}

/* A population's streams lie wherever they were first mentioned: most of a sweep would be waiting.
 */
static void prefetch(const struct posture_service *service, const struct population *population,
                     uint32_t at)
{
    enum { STREAM_AHEAD = 16, VERSION_AHEAD = 8 };
    if (at + STREAM_AHEAD < population->stream_count)
        __builtin_prefetch(&service->streams[population->streams[at + STREAM_AHEAD]]);
    if (at + VERSION_AHEAD < population->stream_count) {
        const struct stream *stream = &service->streams[population->streams[at + VERSION_AHEAD]];
        if (stream->count > 0)
            __builtin_prefetch(observation_at(service, stream_versions(stream)[stream->count - 1]));
    }
}

/* What the next sweeps begin with, and what they end with. */
static void prefetch_next(struct population *const *populations, uint32_t count)
{
    enum { CELL_AHEAD = 1, POPULATION_AHEAD = 3, CELL_LINES = 2 };
    if (count > POPULATION_AHEAD) {
        const struct population *population = populations[POPULATION_AHEAD];
        __builtin_prefetch(population->streams);
        __builtin_prefetch(population->ttls);
        __builtin_prefetch(population->mapped);
        if (population->step_count > 0)
            __builtin_prefetch(&population->steps[population->step_count - 1]);
    }
    if (count > CELL_AHEAD && populations[CELL_AHEAD]->mapped_count > 0) {
        const char *cell = (const char *)populations[CELL_AHEAD]->mapped[0];
        for (size_t i = 0; i < CELL_LINES; i++)
            __builtin_prefetch(cell + 64 * i);
    }
}

static void sweep_population(struct posture_service *service, struct population *population,
                             struct sweep *sweep, struct differences *differences)
{
    sweep->service = service;
    sweep->population = population;
    sweep->start =
        population->dirty_from == INSTANT_BEGIN ? INSTANT_BEGIN : population->dirty_from - 1;
    sweep->start_count = sweep->step_count = differences->count = 0;
    for (uint32_t i = 0; i < HEAPS; i++)
        sweep->heaps[i].count = 0;
    for (uint32_t i = 0; i < population->stream_count; i++) {
        prefetch(service, population, i);
        add_stream(sweep, &service->streams[population->streams[i]]);
    }
    sweep_starts(sweep);
    replace_steps(service, population, sweep, differences);
}

static void sweep_free(struct sweep *sweep)
{
    for (uint32_t i = 0; i < HEAPS; i++)
        free(sweep->heaps[i].items);
    free(sweep->starts);
    free(sweep->steps);
}

/* ---- the mapping above ---- */

const struct governance_fact *mapping_of(const struct evaluation *run,
                                         struct population *population)
{
    if (population->mapping == NULL) {
        uint32_t name = to_governance(run->service, population->check);
        if (name != NAME_NONE)
            population->mapping =
                governance_named(run->governance, ASSAY__V1__EVENT__BODY_CHECK_MAPPING, name);
    }
    return population->mapping;
}

static void settle_ttls(struct evaluation *run, struct population *population)
{
    const struct governance_fact *mapping = mapping_of(run, population);
    uint32_t most = 1 + (mapping == NULL ? 0 : mapping->version_count);
    struct ttl_step *ttls = array_new(most, sizeof *ttls, &run->service->bytes);
    ttls[0] = (struct ttl_step){INSTANT_BEGIN, LIMIT_TTL_DEFAULT};
    uint32_t count = 1;
    for (instant at = governance_next(mapping, run->position, INSTANT_BEGIN); at != INSTANT_END;
         at = governance_next(mapping, run->position, at)) {
        int64_t ttl = governance_in_force(mapping, run->position, at)->mapping.ttl;
        if (ttl != ttls[count - 1].ttl)
            ttls[count++] = (struct ttl_step){at, ttl};
    }
    uint32_t same = 0;
    while (same < count && same < population->ttl_count &&
           ttls[same].at == population->ttls[same].at &&
           ttls[same].ttl == population->ttls[same].ttl)
        same++;
    if (population->ttl_count > 0) { /* else it is new, and its streams say from when on */
        if (same < count)
            population_touch(run->service, population, ttls[same].at);
        if (same < population->ttl_count)
            population_touch(run->service, population, population->ttls[same].at);
    }
    free(population->ttls);
    population->ttls = ttls;
    population->ttl_count = count;
    population->mapping_changed = false;
}

/* Looks for the cells again where a version of the mapping, or a cell, has come. */
static void settle_mapped(struct evaluation *run, struct population *population)
{
    const struct governance_fact *mapping = mapping_of(run, population);
    const struct environment *environment = population->environment;
    uint32_t versions = mapping == NULL ? 0 : mapping->version_count;
    if (population->mapped_versions == versions &&
        population->mapped_among == environment->all_count)
        return;
    struct mapped_cells cells = {population->mapped, 0, population->mapped_room};
    for (uint32_t i = 0; i < versions; i++)
        mapped_cells_add(run->service, environment, &mapping->versions[i]->mapping, &cells,
                         &run->service->bytes);
    population->mapped = cells.items;
    population->mapped_count = cells.count;
    population->mapped_room = cells.room;
    population->mapped_versions = versions;
    population->mapped_among = environment->all_count;
}

static void touch_cells(struct evaluation *run, struct population *population,
                        const struct differences *differences)
{
    settle_mapped(run, population);
    for (uint32_t i = 0; i < population->mapped_count; i++)
        cell_touch_windows(run->service, population->mapped[i], differences->windows,
                           differences->count);
}

void evaluate_populations(struct evaluation *run, struct environment *environment)
{
    if (environment->populations_changed) {
        struct population *population, *next;
        HASH_ITER(hh, environment->populations, population, next)
        {
            if (population->mapping_changed)
                settle_ttls(run, population);
        }
    }
    struct sweep sweep = {0};
    struct differences differences = {0};
    for (uint32_t i = 0; i < environment->dirty_population_count; i++) {
        struct population *population = environment->dirty_populations[i];
        prefetch_next(&environment->dirty_populations[i], environment->dirty_population_count - i);
        sweep_population(run->service, population, &sweep, &differences);
        touch_subjects(run, population, population->dirty_from);
        population->dirty_from = INSTANT_END;
        if (differences.count > 0)
            touch_cells(run, population, &differences);
    }
    sweep_free(&sweep);
    free(differences.windows);
    environment->dirty_population_count = 0;
}
