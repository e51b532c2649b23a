#include "consumers/posture/sweep.h"

#include "consumers/posture/array.h"

#include <stdlib.h>
#include <string.h>

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

void sweep_stream(struct sweep *sweep, const struct stream *stream)
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
    return a->not_checked == b->not_checked &&
           memcmp(a->greatest, b->greatest, sizeof a->greatest) == 0;
}

struct population_step sweep_state(struct sweep *sweep, instant at)
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

void sweep_sort(struct sweep *sweep)
{
    if (sweep->start_count > 1)
        qsort(sweep->starts, sweep->start_count, sizeof *sweep->starts, compare_starts);
}

uint32_t sweep_enter(struct sweep *sweep, uint32_t *next, instant at)
{
    const struct segment *came = NULL;
    for (; *next < sweep->start_count && sweep->starts[*next].from == at; (*next)++) {
        const struct segment *segment = &sweep->starts[*next];
        if (segment->category < HEAPS)
            heap_put(sweep, &sweep->heaps[segment->category], segment);
        if (segment->occurred_at == at && (came == NULL || greater(sweep, segment, came)))
            came = segment;
    }
    return came == NULL ? NONE : came->observation;
}

void sweep_hide(struct sweep *sweep, uint8_t hidden)
{
    if (sweep->step_count > 0)
        sweep->steps[sweep->step_count - 1].hidden |= hidden;
    else
        sweep->hidden |= hidden;
}

void sweep_add(struct sweep *sweep, const struct population_step *step,
               const struct population_step *before)
{
    if (same_step(step, before) && step->came == NONE)
        return;
    sweep->steps = array_room(sweep->steps, &sweep->step_room, sweep->step_count + 1u,
                              sizeof *sweep->steps, NULL);
    sweep->steps[sweep->step_count++] = *step;
}

uint8_t sweep_hidden(const struct sweep *sweep, uint32_t first, uint32_t until,
                     const struct population_step *state)
{
    uint8_t hidden = 0;
    for (uint32_t i = first; i < until; i++) {
        const struct segment *segment = &sweep->starts[i];
        if (segment->category < CATEGORIES &&
            state->greatest[segment->category] != segment->observation)
            hidden |= (uint8_t)(1u << segment->category);
    }
    return hidden;
}

/* A population's streams lie wherever they were first mentioned: most of a sweep would be waiting.
 */
void sweep_ahead(const struct posture_service *service, const uint32_t *streams, uint32_t count)
{
    enum { STREAM_AHEAD = 16, VERSION_AHEAD = 8 };
    if (count > STREAM_AHEAD)
        __builtin_prefetch(&service->streams[streams[STREAM_AHEAD]]);
    if (count > VERSION_AHEAD) {
        const struct stream *stream = &service->streams[streams[VERSION_AHEAD]];
        if (stream->count > 0)
            __builtin_prefetch(observation_at(service, stream_versions(stream)[stream->count - 1]));
    }
}

void sweep_all(struct sweep *sweep)
{
    const struct population *population = sweep->population;
    for (uint32_t i = 0; i < population->stream_count; i++) {
        sweep_ahead(sweep->service, population->streams + i, population->stream_count - i);
        sweep_stream(sweep, &sweep->service->streams[population->streams[i]]);
    }
    sweep_sort(sweep);
    struct population_step before = sweep_state(sweep, sweep->start);
    for (uint32_t i = 0; i < sweep->start_count;) {
        instant at = sweep->starts[i].from;
        uint32_t first = i;
        uint32_t came = sweep_enter(sweep, &i, at);
        struct population_step state = sweep_state(sweep, at);
        state.came = came;
        sweep_add(sweep, &state, &before);
        sweep_hide(sweep, sweep_hidden(sweep, first, i, &state));
        before = state;
    }
}

void sweep_open(struct sweep *sweep, const struct posture_service *service,
                const struct population *population, instant start)
{
    sweep->service = service;
    sweep->population = population;
    sweep->start = start;
    sweep->start_count = sweep->step_count = 0;
    sweep->hidden = 0;
    for (uint32_t i = 0; i < HEAPS; i++)
        sweep->heaps[i].count = 0;
}

void sweep_free(struct sweep *sweep)
{
    for (uint32_t i = 0; i < HEAPS; i++)
        free(sweep->heaps[i].items);
    free(sweep->starts);
    free(sweep->steps);
}
