/* Evaluates dirty cells over their window and reports which steps differ. */
#include "consumers/posture/array.h"
#include "consumers/posture/kin.h"
#include "consumers/posture/merge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct held { /* the steps a cell has */
    const struct cell_step *steps;
    uint32_t count;
};

uint32_t cell_steps_until(const struct cell *cell, instant at)
{
    return steps_until(cell->steps, cell->step_count, sizeof *cell->steps, at);
}

static struct held held_shown(const struct cell *cell)
{
    return (struct held){cell->steps, cell->step_count};
}

static struct held held_own(const struct cell *cell)
{
    return cell->kin ? (struct held){cell->own, cell->own_count} : held_shown(cell);
}

static uint32_t held_until(const struct held *held, instant at)
{
    return steps_until(held->steps, held->count, sizeof *held->steps, at);
}

const struct cell_step *cell_own_at(const struct cell *cell, instant at)
{
    struct held own = held_own(cell);
    uint32_t until = held_until(&own, at);
    return until == 0 ? NULL : &own.steps[until - 1];
}

instant cell_own_next(const struct cell *cell, instant at)
{
    struct held own = held_own(cell);
    uint32_t until = held_until(&own, at);
    return until < own.count ? own.steps[until].at : INSTANT_END;
}

void cell_become_kin(struct posture_service *service, struct cell *cell)
{
    if (cell->kin)
        return;
    cell->kin = true;
    cell->own =
        array_room(NULL, &cell->own_room, cell->step_count, sizeof *cell->own, &service->bytes);
    if (cell->step_count > 0)
        memcpy(cell->own, cell->steps, cell->step_count * sizeof *cell->own);
    cell->own_count = cell->step_count;
}

static struct cell_step step_of(const struct merge *merge)
{
    const struct cell_facts *facts = &merge->facts;
    struct cell_step step = {.at = merge->at, .exception = NAME_NONE, .inherits = NAME_NONE};
    if (!facts->exists)
        return step;
    const struct rule *rule = rules_first(facts);
    assert(facts->missing < 1u << 24);
    step.status = (unsigned)rule->status & 0xF;
    step.deciding = rule->decides == NULL ? NULL : rule->decides(facts);
    step.found = rule->number == 2;
    step.exception = rule->number == 9 ? facts->covering(facts->context)->fact->key.key : NAME_NONE;
    step.result = rule->number >= 5 && rule->number != 9 && step.deciding != NULL;
    if (rule->number > 3) {
        const struct governance_version *inherits = office_inheritance(&merge->office, merge->at);
        step.inherits = inherits == NULL ? NAME_NONE : inherits->inheritance.number;
    }
    step.checks = facts->checks;
    step.missing = facts->missing & 0xFFFFFF;
    step.stale = facts->stale > 0;
    return step;
}

bool cell_same_values(const struct cell_step *a, const struct cell_step *b)
{
    return a->status == b->status && a->stale == b->stale && a->checks == b->checks &&
           a->missing == b->missing && a->found == b->found && a->exception == b->exception &&
           a->inherits == b->inherits && version_same_event(a->deciding, b->deciding);
}

/* Since when a transition that time alone causes is known as such: as it was, if it was that
 * before. */
int64_t cell_known_of(const struct evaluation *run, const struct cell *cell,
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

/* ---- windows ---- */

static int compare_windows(const void *a, const void *b)
{
    const struct window *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

static void sort_windows(struct window *windows, uint32_t count)
{
    enum { FEW = 8 }; /* mostly there are two or three */
    if (count > FEW) {
        qsort(windows, count, sizeof *windows, compare_windows);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        struct window moved = windows[i];
        uint32_t place = i;
        for (; place > 0 && windows[place - 1].from > moved.from; place--)
            windows[place] = windows[place - 1];
        windows[place] = moved;
    }
}

/* Sorts the cell's windows, and unites those that meet. */
static void unite_windows(struct cell *cell)
{
    struct window *windows = cell->windows;
    uint32_t count = 0;
    sort_windows(windows, cell->window_count);
    for (uint32_t i = 0; i < cell->window_count; i++) {
        if (count == 0 || windows[i].from > windows[count - 1].until)
            windows[count++] = windows[i];
        else if (windows[i].until > windows[count - 1].until)
            windows[count - 1].until = windows[i].until;
    }
    cell->window_count = count;
}

/* A weak window matters where the cell is held to be PASSED: other windows see to where it was not
 * and is now. */
static void narrow_window(struct posture_service *service, struct cell *cell, struct window weak)
{
    struct held held = held_own(cell);
    uint32_t i = held_until(&held, weak.from);
    for (i = i == 0 ? 0 : i - 1; i < held.count && held.steps[i].at <= weak.until; i++) {
        if (held.steps[i].status != CELL_PASSED)
            continue;
        struct window window = {held.steps[i].at, INSTANT_END, false};
        while (i + 1 < held.count && held.steps[i + 1].status == CELL_PASSED)
            i++;
        if (i + 1 < held.count)
            window.until = held.steps[i + 1].at;
        if (window.from < weak.from)
            window.from = weak.from;
        if (window.until > weak.until)
            window.until = weak.until;
        cell_touch_windows(service, cell, &window, 1);
    }
}

static void settle_windows(struct posture_service *service, struct cell *cell)
{
    uint32_t told = cell->window_count;
    for (uint32_t i = 0; i < told; i++) {
        if (cell->windows[i].weak)
            narrow_window(service, cell, cell->windows[i]);
    }
    uint32_t strong = 0;
    for (uint32_t i = 0; i < cell->window_count; i++) {
        if (!cell->windows[i].weak)
            cell->windows[strong++] = cell->windows[i];
    }
    cell->window_count = strong;
    unite_windows(cell);
}

static instant before(instant at)
{
    return at == INSTANT_BEGIN ? INSTANT_BEGIN : at - 1;
}

void fresh_add(struct fresh *fresh, const struct cell_step *step)
{
    fresh->steps =
        array_room(fresh->steps, &fresh->room, fresh->count + 1u, sizeof *fresh->steps, NULL);
    fresh->steps[fresh->count++] = *step;
}

/* Works out the steps within a window. The merge stands just before it; `last` is the step then. */
static void sweep_window(const struct evaluation *run, const struct cell *cell,
                         const struct window *window, struct merge *merge, struct cell_step last,
                         struct fresh *fresh)
{
    for (instant next; (next = merge_next(merge)) != INSTANT_END && next <= window->until;) {
        merge_advance(merge);
        struct cell_step step = step_of(merge);
        if (cell_same_values(&step, &last))
            continue;
        step.transition = step.status != last.status || step.inherits != last.inherits;
        if (step.transition) {
            step.cause = merge_cause(merge);
            step.known = cell_known_of(run, cell, &step);
        }
        fresh_add(fresh, &step);
        last = step;
    }
}

/* The steps from `kept` on as they are now: swept within the cell's windows, held between them.
 * `merge` works out own steps; NULL: what is shown of a cell with kin. */
static void sweep_cell(const struct evaluation *run, const struct cell *cell,
                       const struct held *held, uint32_t kept, struct merge *merge,
                       struct fresh *fresh)
{
    uint32_t next = kept;
    for (uint32_t i = 0; i < cell->window_count; i++) {
        const struct window *window = &cell->windows[i];
        for (; next < held->count && held->steps[next].at < window->from; next++)
            fresh_add(fresh, &held->steps[next]);
        struct cell_step last = {
            .status = CELL_NONE, .exception = NAME_NONE, .inherits = NAME_NONE};
        if (fresh->count > 0)
            last = fresh->steps[fresh->count - 1];
        else if (kept > 0)
            last = held->steps[kept - 1];
        if (merge == NULL) {
            sweep_inherited(run, cell, window, last, fresh);
        } else {
            if (i > 0)
                merge_seek(merge, before(window->from));
            sweep_window(run, cell, window, merge, last, fresh);
        }
        while (next < held->count && held->steps[next].at <= window->until)
            next++;
    }
    for (; next < held->count; next++)
        fresh_add(fresh, &held->steps[next]);
}

static void sweep_merged(const struct evaluation *run, struct cell *cell, const struct held *held,
                         uint32_t kept, struct fresh *fresh)
{
    struct merge merge;
    merge_prepare(run, cell);
    merge_open(&merge, run, cell, before(cell->windows[0].from),
               cell->windows[cell->window_count - 1].until);
    sweep_cell(run, cell, held, kept, &merge, fresh);
    merge_close(&merge);
}

/* How many held steps are before the first window. */
static uint32_t kept_before(const struct cell *cell, const struct held *held)
{
    instant from = cell->windows[0].from;
    return from == INSTANT_BEGIN ? 0 : held_until(held, from - 1);
}

/* ---- what differs ---- */

static void report(const struct evaluation *run, const struct cell *cell,
                   enum posture_change change, const struct cell_step *step, bool joined)
{
    if (run->sink->cell == NULL)
        return;
    struct posture_cell_step reported = {.at = step->at};
    if (change == STEP_SET) {
        reported = cell_step_reported(run->service, step);
        reported.joined = joined;
    }
    run->sink->cell(run->sink->context, text_of(run->service, cell->standing->environment->name),
                    cell->number, change, &reported);
}

/* The key of the finding that decides. */
static const char *finding_of(const struct posture_service *service, const struct cell_step *step)
{
    if (!step->found)
        return NULL;
    const struct governance_version *finding = (const struct governance_version *)step->deciding;
    return names_text(service->governance->names, finding->fact->key.key);
}

struct posture_cell_step cell_step_reported(const struct posture_service *service,
                                            const struct cell_step *step)
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
        .inherited_from = names_text(service->governance->names, step->inherits),
        .exception = names_text(service->governance->names, step->exception),
        .finding = finding_of(service, step),
    };
}

static bool same_step(const struct cell_step *a, const struct cell_step *b)
{
    return cell_same_values(a, b) && a->transition == b->transition && a->known == b->known &&
           version_same_event(a->cause, b->cause);
}

/* Reports what differs between the held steps from `kept` on and the fresh ones. */
static void report_differences(const struct evaluation *run, const struct cell *cell, uint32_t kept,
                               const struct fresh *fresh)
{
    for (uint32_t old = kept, new = 0; old < cell->step_count || new < fresh->count;) {
        const struct cell_step *was = old < cell->step_count ? &cell->steps[old] : NULL;
        const struct cell_step *is = new < fresh->count ? &fresh->steps[new] : NULL;
        if (is == NULL || (was != NULL && was->at < is->at)) {
            old++;
            report(run, cell, STEP_REMOVED, was, false);
            continue;
        }
        bool both = was != NULL && was->at == is->at;
        new ++;
        old += both;
        if (!both || !same_step(was, is))
            report(run, cell, STEP_SET, is, both && was->transition && !is->transition);
    }
}

/* Tells the standing in which other status the cell is now, and when. */
static void count_differences(struct posture_service *service, const struct cell *cell,
                              uint32_t kept, const struct fresh *fresh)
{
    uint8_t was = kept > 0 ? (uint8_t)cell->steps[kept - 1].status : (uint8_t)CELL_NONE;
    uint8_t is = was;
    for (uint32_t old = kept, new = 0; old < cell->step_count || new < fresh->count;) {
        instant old_at = old < cell->step_count ? cell->steps[old].at : INSTANT_END;
        instant new_at = new < fresh->count ? fresh->steps[new].at : INSTANT_END;
        instant at = old_at < new_at ? old_at : new_at;
        uint8_t was_before = was, is_before = is;
        if (old_at == at)
            was = (uint8_t)cell->steps[old++].status;
        if (new_at == at)
            is = (uint8_t)fresh->steps[new ++].status;
        if (was == is && was_before == is_before)
            continue;
        if (was != was_before) /* no longer */
            standing_count(service, cell->standing, (struct count_change){at, -1, was_before, was});
        if (is != is_before)
            standing_count(service, cell->standing, (struct count_change){at, 1, is_before, is});
    }
}

static void put_in_place(struct posture_service *service, struct cell_step **steps, uint32_t *count,
                         uint32_t *room, uint32_t kept, struct fresh *fresh)
{
    *steps = array_room(*steps, room, kept + fresh->count, sizeof **steps, &service->bytes);
    if (fresh->count > 0)
        memcpy(*steps + kept, fresh->steps, fresh->count * sizeof **steps);
    *count = kept + fresh->count;
}

static void evaluate_own_cell(struct evaluation *run, struct cell *cell, struct fresh *fresh)
{
    settle_windows(run->service, cell);
    if (cell->window_count == 0)
        return;
    struct held held = held_own(cell);
    uint32_t kept = kept_before(cell, &held);
    fresh->count = 0;
    sweep_merged(run, cell, &held, kept, fresh);
    put_in_place(run->service, &cell->own, &cell->own_count, &cell->own_room, kept, fresh);
}

void evaluate_own(struct evaluation *run, struct environment *environment)
{
    if (run->governance->inheritors == NULL)
        return;
    struct fresh fresh = {0};
    for (uint32_t i = 0; i < environment->dirty_cell_count; i++) {
        struct cell *cell = environment->dirty_cells[i];
        struct cell_name name = cell_name_of(run, cell);
        if (!cell->kin && kin_has(run->governance, &name))
            cell_become_kin(run->service, cell);
        if (cell->kin)
            evaluate_own_cell(run, cell, &fresh);
    }
    free(fresh.steps);
}

static void evaluate_cell(struct evaluation *run, struct cell *cell, struct fresh *fresh)
{
    struct posture_service *service = run->service;
    struct environment *environment = cell->standing->environment;
    if (cell->kin)
        unite_windows(cell); /* they were settled for its own steps, and others' came to them */
    else
        settle_windows(service, cell);
    if (cell->window_count == 0)
        return;
    struct held held = held_shown(cell);
    uint32_t kept = kept_before(cell, &held);
    fresh->count = 0;
    if (cell->kin)
        sweep_cell(run, cell, &held, kept, NULL, fresh);
    else
        sweep_merged(run, cell, &held, kept, fresh);
    if (cell->number == NONE && fresh->count > 0) {
        cell_number(service, cell);
        if (run->sink->cell_new != NULL)
            run->sink->cell_new(run->sink->context, text_of(service, environment->name),
                                cell->number, text_of(service, cell->standing->standard),
                                text_of(service, cell->control));
    }
    report_differences(run, cell, kept, fresh);
    count_differences(service, cell, kept, fresh);
    put_in_place(service, &cell->steps, &cell->step_count, &cell->step_room, kept, fresh);
    cell->window_count = 0;
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

/* Puts all cells of the environment in order by name: seldom, since a new one is. */
static void rank_cells(struct evaluation *run, struct environment *environment)
{
    uint32_t count = environment->all_count;
    uint32_t room = environment->ranked_count;
    environment->ranked =
        array_room(environment->ranked, &room, count, sizeof(struct cell *), &run->service->bytes);
    environment->ranked_count = 0;
    for (uint32_t i = 0; i < environment->standing_count; i++) {
        struct cell *cell = environment->standings[i]->cells;
        for (; cell != NULL; cell = cell->hh.next)
            environment->ranked[environment->ranked_count++] = cell;
    }
    assert(environment->ranked_count == count);
    qsort_r(environment->ranked, count, sizeof(struct cell *), compare_cells, run->service);
    for (uint32_t i = 0; i < count; i++)
        environment->ranked[i]->rank = i;
}

static int compare_ranks(const void *a, const void *b)
{
    const struct cell *x = *(struct cell *const *)a, *y = *(struct cell *const *)b;
    return (x->rank > y->rank) - (x->rank < y->rank);
}

/* Asks for what is looked at in the cells a little behind the first of these. */
static void cells_ahead(struct cell *const *cells, uint32_t count)
{
    enum { CELL_AHEAD = 8, STEPS_AHEAD = 4, CELL_LINES = 2 };
    if (count > CELL_AHEAD) {
        for (size_t i = 0; i < CELL_LINES; i++)
            __builtin_prefetch((const char *)cells[CELL_AHEAD] + 64 * i);
    }
    if (count > STEPS_AHEAD && cells[STEPS_AHEAD]->step_count > 0) {
        const struct cell *cell = cells[STEPS_AHEAD];
        const char *last = (const char *)&cell->steps[cell->step_count - 1];
        __builtin_prefetch(last);
        __builtin_prefetch(last + sizeof *cell->steps - 1);
        if (cell->window_count > 0)
            __builtin_prefetch(cell->windows);
    }
}

/* By name, so that new cells get the same numbers whatever touched them first. */
void evaluate_cells(struct evaluation *run, struct environment *environment)
{
    struct fresh fresh = {0};
    uint32_t dirty = environment->dirty_cell_count;
    if (dirty > 0 && environment->ranked_count < environment->all_count)
        rank_cells(run, environment);
    if (dirty > environment->all_count / 4) {
        for (uint32_t i = 0; i < environment->ranked_count; i++) {
            cells_ahead(environment->ranked + i, environment->ranked_count - i);
            if (environment->ranked[i]->window_count > 0)
                evaluate_cell(run, environment->ranked[i], &fresh);
        }
    } else {
        if (dirty > 1)
            qsort(environment->dirty_cells, dirty, sizeof(struct cell *), compare_ranks);
        for (uint32_t i = 0; i < dirty; i++) {
            cells_ahead(environment->dirty_cells + i, dirty - i);
            evaluate_cell(run, environment->dirty_cells[i], &fresh);
        }
    }
    environment->dirty_cell_count = 0;
    free(fresh.steps);
}
