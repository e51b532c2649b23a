/*
 * Brings populations up to their streams: sweeps what is dirty, compares, and touches the cells
 * above where something differs.
 */
#include "consumers/posture/array.h"
#include "consumers/posture/evaluation.h"
#include "consumers/posture/reach.h"
#include "consumers/posture/sweep.h"
#include "proto/limits.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct differences { /* between what was held and what is swept */
    struct window *windows;
    uint32_t count, room;
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
                          uint32_t kept, const struct sweep *sweep, struct differences *differences)
{
    gather_differences(population, kept, sweep, differences);
    population->steps =
        array_room(population->steps, &population->step_room, kept + sweep->step_count,
                   sizeof *population->steps, &service->bytes);
    if (sweep->step_count > 0)
        memcpy(population->steps + kept, sweep->steps,
               sweep->step_count * sizeof *population->steps);
    population->step_count = kept + sweep->step_count;
    if (kept > 0)
        population->steps[kept - 1].hidden |= sweep->hidden;
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
    instant from = population->dirty_from;
    sweep_open(sweep, service, population, from == INSTANT_BEGIN ? INSTANT_BEGIN : from - 1);
    differences->count = 0;
    uint32_t kept = population_steps_until(population, sweep->start);
    bool few = !population->all_dirty && 2 * population->touched_count <= population->stream_count;
    if (!few || !resweep(sweep, kept))
        sweep_all(sweep);
    replace_steps(service, population, kept, sweep, differences);
    population->all_dirty = false;
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
