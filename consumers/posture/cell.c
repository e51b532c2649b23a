/* Evaluates dirty cells over their window and reports which steps differ. */
#include "consumers/posture/array.h"
#include "consumers/posture/evaluation.h"
#include "consumers/posture/merge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct window { /* the steps of a cell from an instant on, as they are now */
    struct cell_step *steps;
    uint32_t count, room;
};

uint32_t cell_steps_until(const struct cell *cell, instant at)
{
    return steps_until(cell->steps, cell->step_count, sizeof *cell->steps, at);
}

static struct cell_step step_of(const struct merge *merge)
{
    const struct cell_facts *facts = &merge->facts;
    struct cell_step step = {.at = merge->at};
    if (!facts->exists)
        return step;
    const struct rule *rule = rules_first(facts);
    assert(facts->missing < 1u << 24);
    step.status = (unsigned)rule->status & 0x3F;
    step.deciding = rule->decides == NULL ? NULL : rule->decides(facts);
    step.checks = facts->checks;
    step.missing = facts->missing & 0xFFFFFF;
    step.stale = facts->stale > 0;
    return step;
}

static bool same_values(const struct cell_step *a, const struct cell_step *b)
{
    return a->status == b->status && a->stale == b->stale && a->checks == b->checks &&
           a->missing == b->missing && version_same_event(a->deciding, b->deciding);
}

/* Since when a transition that time alone causes is known: as it was, if it was there before. */
static int64_t known_of(const struct evaluation *run, const struct cell *cell,
                        const struct cell_step *step)
{
    if (step->cause != NULL)
        return step->cause->known;
    uint32_t until = cell_steps_until(cell, step->at);
    const struct cell_step *was = until == 0 ? NULL : &cell->steps[until - 1];
    bool same = was != NULL && was->at == step->at && was->transition && was->cause == NULL &&
                was->status == step->status;
    return same ? was->known : run->batch;
}

/* Works out the cell's steps from its dirty_from on. `kept`: how many steps before stay. */
static void sweep_cell(const struct evaluation *run, const struct cell *cell, uint32_t kept,
                       struct window *window)
{
    struct merge merge;
    instant before = cell->dirty_from == INSTANT_BEGIN ? INSTANT_BEGIN : cell->dirty_from - 1;
    merge_open(&merge, run, cell, before);
    struct cell_step last = {.status = CELL_NONE};
    if (kept > 0)
        last = cell->steps[kept - 1];
    while (merge_next(&merge) != INSTANT_END) {
        merge_advance(&merge);
        struct cell_step step = step_of(&merge);
        if (same_values(&step, &last))
            continue;
        step.transition = step.status != last.status;
        if (step.transition) {
            step.cause = merge_cause(&merge);
            step.known = known_of(run, cell, &step);
        }
        window->steps = array_room(window->steps, &window->room, window->count + 1u,
                                   sizeof *window->steps, NULL);
        window->steps[window->count++] = last = step;
    }
    merge_close(&merge);
}

static void report(const struct evaluation *run, const struct cell *cell,
                   enum posture_change change, const struct cell_step *step)
{
    if (run->sink->cell == NULL)
        return;
    struct posture_cell_step reported = cell_step_reported(step);
    if (change == STEP_REMOVED)
        reported = (struct posture_cell_step){.at = step->at};
    run->sink->cell(run->sink->context, text_of(run->service, cell->standing->environment->name),
                    cell->number, change, &reported);
}

struct posture_cell_step cell_step_reported(const struct cell_step *step)
{
    return (struct posture_cell_step){
        .at = step->at,
        .status = (enum cell_status)step->status,
        .transition = step->transition,
        .stale = step->stale,
        .checks = step->checks,
        .missing = step->missing,
        .deciding = step->deciding == NULL ? NULL : &step->deciding->order.id,
        .cause = step->cause == NULL ? NULL : &step->cause->order.id,
        .known = step->known,
    };
}

static bool same_step(const struct cell_step *a, const struct cell_step *b)
{
    return same_values(a, b) && a->transition == b->transition && a->known == b->known &&
           version_same_event(a->cause, b->cause);
}

/* Reports what differs between the held steps from `kept` on and the window's. Returns the first
 * instant at which the status is another. */
static instant report_differences(const struct evaluation *run, const struct cell *cell,
                                  uint32_t kept, const struct window *window)
{
    instant first = INSTANT_END;
    for (uint32_t old = kept, new = 0; old < cell->step_count || new < window->count;) {
        const struct cell_step *was = old < cell->step_count ? &cell->steps[old] : NULL;
        const struct cell_step *is = new < window->count ? &window->steps[new] : NULL;
        bool status_differs;
        instant at;
        if (is == NULL || (was != NULL && was->at < is->at)) {
            at = was->at;
            old++;
            status_differs = was->transition;
            report(run, cell, STEP_REMOVED, was);
        } else {
            bool both = was != NULL && was->at == is->at;
            at = is->at;
            new ++;
            old += both;
            if (both && same_step(was, is))
                continue;
            status_differs = both ? was->status != is->status || was->transition != is->transition
                                  : is->transition;
            report(run, cell, STEP_SET, is);
        }
        if (status_differs && at < first)
            first = at;
    }
    return first;
}

static void evaluate_cell(struct evaluation *run, struct cell *cell)
{
    struct posture_service *service = run->service;
    struct environment *environment = cell->standing->environment;
    uint32_t kept =
        cell->dirty_from == INSTANT_BEGIN ? 0 : cell_steps_until(cell, cell->dirty_from - 1);
    struct window window = {0};
    sweep_cell(run, cell, kept, &window);
    if (cell->number == NONE && window.count > 0) {
        cell_number(service, cell);
        if (run->sink->cell_new != NULL)
            run->sink->cell_new(run->sink->context, text_of(service, environment->name),
                                cell->number, text_of(service, cell->standing->standard),
                                text_of(service, cell->control));
    }
    instant first = report_differences(run, cell, kept, &window);
    cell->steps = array_room(cell->steps, &cell->step_room, kept + window.count,
                             sizeof *cell->steps, &service->bytes);
    if (window.count > 0)
        memcpy(cell->steps + kept, window.steps, window.count * sizeof *cell->steps);
    cell->step_count = kept + window.count;
    cell->dirty_from = INSTANT_END;
    free(window.steps);
    if (first != INSTANT_END)
        standing_touch(cell->standing, first);
}

static int compare_cells(const void *a, const void *b, void *context)
{
    const struct posture_service *service = context;
    const struct cell *x = *(struct cell *const *)a, *y = *(struct cell *const *)b;
    int by_standard =
        strcmp(text_of(service, x->standing->standard), text_of(service, y->standing->standard));
    return by_standard != 0 ? by_standard
                            : strcmp(text_of(service, x->control), text_of(service, y->control));
}

void evaluate_cells(struct evaluation *run, struct environment *environment)
{
    /* By name, so that new cells get the same numbers whatever touched them first. */
    if (environment->dirty_cell_count > 1)
        qsort_r(environment->dirty_cells, environment->dirty_cell_count, sizeof(struct cell *),
                compare_cells, run->service);
    for (uint32_t i = 0; i < environment->dirty_cell_count; i++)
        evaluate_cell(run, environment->dirty_cells[i]);
    environment->dirty_cell_count = 0;
}
