/*
 * Rule 4: what is shown of a cell that inherits, from its own steps and those along its chain of
 * providers. What may change a chain (an own step, a programme, what is certified) is known for
 * each of its links, which gives the next instant to look at.
 */
#include "consumers/posture/inherit.h"

#include "consumers/posture/array.h"
#include "consumers/posture/kin.h"
#include "consumers/posture/merge.h"
#include "consumers/posture/reach.h"

#include <assert.h>
#include <stdlib.h>

/* ---- the services together ---- */

static int compare_runs(const void *a, const void *b)
{
    const struct evaluation *x = *(const struct evaluation *const *)a;
    const struct evaluation *y = *(const struct evaluation *const *)b;
    return (x->name > y->name) - (x->name < y->name);
}

void together_open(struct together *together)
{
    together->by_name = array_new(together->count + 1, sizeof(const struct evaluation *), NULL);
    for (size_t i = 0; i < together->count; i++) {
        if (together->runs[i].name != NAME_NONE)
            together->by_name[together->by_name_count++] = &together->runs[i];
    }
    qsort(together->by_name, together->by_name_count, sizeof(const struct evaluation *),
          compare_runs);
    for (size_t i = 1; i < together->by_name_count; i++)
        assert(together->by_name[i]->name != together->by_name[i - 1]->name);
}

void together_close(struct together *together)
{
    free(together->by_name);
}

static const struct evaluation *run_named(const struct together *together, uint32_t name)
{
    const struct evaluation wanted = {.name = name};
    const struct evaluation *key = &wanted;
    const struct evaluation **found = bsearch(&key, together->by_name, together->by_name_count,
                                              sizeof(const struct evaluation *), compare_runs);
    return found == NULL ? NULL : *found;
}

/* A cell of the service, by governance's numbers; NULL: it never had one. */
static struct cell *cell_named(const struct evaluation *run, const struct cell_name *name)
{
    uint32_t environment = from_governance(run->service, name->environment);
    uint32_t control = from_governance(run->service, name->control);
    if (environment == NAME_NONE || control == NAME_NONE)
        return NULL;
    for (uint32_t i = 0; i < run->service->environment_count; i++) {
        const struct environment *in = run->service->environments[i];
        if (in->name != environment)
            continue;
        const struct standing *standing = standing_named(run->service, in, name->standard);
        return standing == NULL ? NULL : cell_find(standing, control);
    }
    return NULL;
}

/* ---- carrying windows on ---- */

struct reached { /* a cell whose windows are to be carried on to those that inherit from it */
    const struct evaluation *run;
    struct cell *cell;
};

struct frontier {
    struct reached *items;
    uint32_t count, room;
};

static void add_reached(struct frontier *frontier, const struct evaluation *run, struct cell *cell)
{
    frontier->items = array_room(frontier->items, &frontier->room, frontier->count + 1u,
                                 sizeof *frontier->items, NULL);
    frontier->items[frontier->count++] = (struct reached){run, cell};
}

static bool has_window(const struct cell *cell, const struct window *window)
{
    for (uint32_t i = 0; i < cell->window_count; i++) {
        if (cell->windows[i].from <= window->from && cell->windows[i].until >= window->until)
            return true;
    }
    return false;
}

/* To a cell of one service (NULL: not among them), unless there is none or it is the provider. */
static void carry_to(struct frontier *frontier, const struct evaluation *run,
                     const struct cell_name *to, const struct cell *provider,
                     const struct window *windows, uint32_t count)
{
    struct cell *cell = run == NULL ? NULL : cell_named(run, to);
    bool more = false;
    if (cell == NULL || cell == provider)
        return;
    cell_become_kin(run->service, cell);
    for (uint32_t i = 0; i < count; i++) {
        if (has_window(cell, &windows[i]))
            continue;
        cell_touch_windows(run->service, cell, &windows[i], 1);
        more = true;
    }
    if (more)
        add_reached(frontier, run, cell);
}

/* Carries windows of a provider's cell on, one step. */
static void carry_on(const struct together *together, struct frontier *frontier,
                     const struct evaluation *run, const struct cell *cell,
                     const struct window *windows, uint32_t count)
{
    const struct inheriting *found[2];
    struct cell_name name = cell_name_of(run, cell);
    kin_of_provider(run->governance, &name, found);
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t j = 0; found[i] != NULL && j < found[i]->fact_count; j++) {
            /* The control is the provider's, whether it was named or "*". */
            struct cell_name to = found[i]->facts[j]->versions[0]->inheritance.name;
            to.control = name.control;
            if (to.service != run->governance->star) {
                carry_to(frontier, run_named(together, to.service), &to, cell, windows, count);
                continue;
            }
            for (size_t k = 0; k < together->count; k++)
                carry_to(frontier, &together->runs[k], &to, cell, windows, count);
        }
    }
}

/* What others may see of a standard differs where it is certified, though no cell does. */
static void spread_certified(const struct together *together, struct frontier *frontier,
                             const struct evaluation *run, struct standing *standing)
{
    struct window window = {standing->certified_from, INSTANT_END, false};
    standing->certified_from = INSTANT_END;
    if (window.from == INSTANT_END)
        return;
    struct cell *cell, *next;
    HASH_ITER(hh, standing->cells, cell, next)
    {
        carry_on(together, frontier, run, cell, &window, 1);
    }
}

void spread(struct together *together)
{
    struct frontier frontier = {0};
    if (together->count == 0 || together->runs[0].governance->inheritors == NULL)
        return;
    for (size_t i = 0; i < together->count; i++) {
        const struct evaluation *run = &together->runs[i];
        for (uint32_t j = 0; j < run->service->environment_count; j++) {
            const struct environment *environment = run->service->environments[j];
            for (uint32_t k = 0; k < environment->dirty_cell_count; k++) {
                if (environment->dirty_cells[k]->kin &&
                    environment->dirty_cells[k]->window_count > 0)
                    add_reached(&frontier, run, environment->dirty_cells[k]);
            }
        }
    }
    for (size_t i = 0; i < together->count; i++) {
        const struct evaluation *run = &together->runs[i];
        for (uint32_t j = 0; j < run->service->environment_count; j++) {
            const struct environment *environment = run->service->environments[j];
            for (uint32_t k = 0; k < environment->standing_count; k++)
                spread_certified(together, &frontier, run, environment->standings[k]);
        }
    }
    while (frontier.count > 0) {
        struct reached reached = frontier.items[--frontier.count];
        /* A copy: a cell that inherits from itself in a circle gets windows meanwhile. */
        uint32_t count = reached.cell->window_count;
        struct window *windows = array_new(count + 1u, sizeof *windows, NULL);
        for (uint32_t i = 0; i < count; i++)
            windows[i] = reached.cell->windows[i];
        carry_on(together, &frontier, reached.run, reached.cell, windows, count);
        free(windows);
    }
    free(frontier.items);
}

/* ---- chains ---- */

static bool exists(const struct link *link)
{
    return link->own != NULL && link->own->status != CELL_NONE;
}

static struct link link_of(const struct evaluation *run, const struct cell *cell, instant at)
{
    struct link link = {.run = run, .cell = cell};
    if (cell != NULL)
        link.own = cell_own_at(cell, at);
    if (exists(&link) && link.own->inherits != NAME_NONE)
        link.inherits = run->governance->inheritance_versions[link.own->inherits];
    return link;
}

static struct link provider_of(const struct link *link, instant at)
{
    struct cell_name name = cell_name_of(link->run, link->cell);
    name.service = link->inherits->inheritance.provider_service;
    name.environment = link->inherits->inheritance.provider_environment;
    const struct evaluation *run = run_named(link->run->together, name.service);
    return link_of(run, run == NULL ? NULL : cell_named(run, &name), at);
}

static void add_link(struct chain *chain, const struct link *link)
{
    chain->links =
        array_room(chain->links, &chain->room, chain->count + 1u, sizeof *chain->links, NULL);
    chain->links[chain->count++] = *link;
}

void chain_follow(struct chain *chain, const struct evaluation *run, const struct cell *cell,
                  instant at)
{
    chain->count = 0;
    chain->at = at;
    struct link link = link_of(run, cell, at);
    for (;;) {
        for (uint32_t i = 0; link.cell != NULL && i < chain->count; i++) {
            if (chain->links[i].cell != link.cell)
                continue;
            for (; i < chain->count; i++)
                chain->links[i].circular = true;
            return;
        }
        add_link(chain, &link);
        if (link.inherits == NULL)
            return;
        link = provider_of(&link, at);
    }
}

void chain_free(struct chain *chain)
{
    free(chain->links);
}

/* Of which programme an environment is: a fact, or NULL. */
static const struct governance_fact *programme_of(const struct link *link, instant at)
{
    const struct programme_step *step = programme_at(link->cell->standing->environment, at);
    return step == NULL || step->version == NULL ? NULL : step->version->fact;
}

static enum provider_fault fault_of(const struct link *link, const struct link *provider,
                                    instant at)
{
    if (link->circular)
        return PROVIDER_CIRCULAR;
    if (!exists(provider))
        return PROVIDER_ABSENT;
    if (provider->view.status == CELL_OUT_OF_SCOPE)
        return PROVIDER_OUT_OF_SCOPE;
    if (provider->view.status == CELL_NOT_APPLICABLE)
        return PROVIDER_NOT_APPLICABLE;
    bool foreign = programme_of(link, at) != programme_of(provider, at);
    return foreign && !certified_at(provider->cell->standing, at)->certified
               ? PROVIDER_NOT_CERTIFIED
               : PROVIDER_COUNTS;
}

/* Whether the own side's deciding event is the greater, or the same. */
static bool own_is_greater(const struct cell_step *own, const struct cell_step *theirs)
{
    if (own->deciding == NULL || theirs->deciding == NULL)
        return theirs->deciding == NULL;
    if (own->result && theirs->result) {
        const struct observation *x = (const struct observation *)own->deciding;
        const struct observation *y = (const struct observation *)theirs->deciding;
        return order_compare_results(&x->head.order, x->result, &y->head.order, y->result) >= 0;
    }
    return order_compare(&own->deciding->order, &theirs->deciding->order) >= 0;
}

/* Works out a link's view from its provider's, the next link (a cycle's last one has none). */
static void view_link(struct link *link, const struct link *provider, instant at)
{
    link->view = (struct cell_step){.exception = NAME_NONE, .inherits = NAME_NONE};
    if (link->own != NULL)
        link->view = *link->own;
    link->view.inherits = NAME_NONE;
    if (link->inherits == NULL)
        return;
    struct cell_step theirs = link->view; /* checks, missing and stale are its own */
    theirs.found = false;
    theirs.exception = NAME_NONE;
    link->fault = fault_of(link, provider, at);
    if (link->fault != PROVIDER_COUNTS) {
        theirs.status = CELL_ERROR;
        theirs.deciding = &link->inherits->head;
        theirs.result = false;
    } else {
        theirs.status = provider->view.status;
        theirs.deciding = provider->view.deciding;
        theirs.result = provider->view.result;
    }
    link->taken = (enum cell_status)theirs.status;
    const struct inheritance *inheritance = &link->inherits->inheritance;
    bool hybrid = inheritance->kind == ASSAY__V1__INHERITANCE_KIND__INHERITANCE_KIND_HYBRID;
    const struct cell_step *own = &link->view;
    link->own_side = hybrid && (own->status > theirs.status || /* statuses rise as they get worse */
                                (own->status == theirs.status && own_is_greater(own, &theirs)));
    if (!link->own_side)
        link->view = theirs;
    link->view.inherits = inheritance->provider;
}

const struct cell_step *chain_view(struct chain *chain)
{
    for (uint32_t i = chain->count; i-- > 0;)
        view_link(&chain->links[i], i + 1 < chain->count ? &chain->links[i + 1] : NULL, chain->at);
    return &chain->links[0].view;
}

/* ---- when it changes, and why ---- */

static instant least(instant a, instant b)
{
    return a < b ? a : b;
}

static instant next_change(const struct chain *chain)
{
    instant next = INSTANT_END, at = chain->at;
    for (uint32_t i = 0; i < chain->count; i++) {
        const struct cell *cell = chain->links[i].cell;
        if (cell == NULL)
            continue;
        next = least(next, cell_own_next(cell, at));
        if (chain->count == 1)
            break;
        const struct environment *environment = cell->standing->environment;
        uint32_t until = steps_until(environment->programmes, environment->programme_count,
                                     sizeof *environment->programmes, at);
        if (until < environment->programme_count)
            next = least(next, environment->programmes[until].at);
        const struct standing *standing = cell->standing;
        until = steps_until(standing->certified, standing->certified_count,
                            sizeof *standing->certified, at);
        if (i > 0 && until < standing->certified_count)
            next = least(next, standing->certified[until].at);
    }
    return next;
}

/* The greatest event that takes effect on a link's own inputs, whether or not it changes its own
 * steps: what changes the provider's by time alone may come at the same instant. */
static const struct version *own_cause(const struct link *link, instant at)
{
    const struct cell_step *own = cell_own_at(link->cell, at);
    if (own != NULL && own->at == at && own->transition)
        return own->cause;
    if (link->run == NULL || at == INSTANT_BEGIN)
        return NULL;
    struct merge merge;
    merge_open(&merge, link->run, link->cell, at - 1, at);
    merge_seek(&merge, at); /* also where it counts no change then */
    const struct version *cause = merge_cause(&merge);
    merge_close(&merge);
    return cause;
}

/* The greatest event that takes effect on any link at an instant. */
static const struct version *cause_in(const struct chain *chain, instant at)
{
    const struct version *cause = NULL;
    for (uint32_t i = 0; i < chain->count; i++) {
        const struct link *link = &chain->links[i];
        if (link->cell == NULL)
            continue;
        cause = version_greater(cause, own_cause(link, at));
        if (chain->count == 1)
            continue;
        const struct programme_step *programme =
            programme_at(link->cell->standing->environment, at);
        if (programme != NULL && programme->at == at)
            cause = version_greater(cause, programme->cause);
        const struct certified_step *certified = certified_at(link->cell->standing, at);
        if (i > 0 && certified->at == at)
            cause = version_greater(cause, certified->cause);
    }
    return cause;
}

void sweep_inherited(const struct evaluation *run, const struct cell *cell,
                     const struct window *window, struct cell_step last, struct fresh *fresh)
{
    struct chain before = {0}, now = {0};
    chain_follow(&now, run, cell, window->from == INSTANT_BEGIN ? INSTANT_BEGIN : window->from - 1);
    for (instant at; (at = next_change(&now)) != INSTANT_END && at <= window->until;) {
        struct chain passed = before;
        before = now;
        now = passed;
        chain_follow(&now, run, cell, at);
        struct cell_step step = *chain_view(&now);
        step.at = at;
        step.transition = false;
        step.cause = NULL;
        step.known = 0;
        if (cell_same_values(&step, &last))
            continue;
        step.transition = step.status != last.status;
        if (step.transition) {
            step.cause = version_greater(cause_in(&before, at), cause_in(&now, at));
            step.known = cell_known_of(run, cell, &step);
        }
        fresh_add(fresh, &step);
        last = step;
    }
    chain_free(&before);
    chain_free(&now);
}
