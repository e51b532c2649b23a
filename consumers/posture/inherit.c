/*
 * Rule 4: what is shown of a cell that inherits, from its own steps and those along its chain of
 * providers.
 *
 * A chain is followed at an instant over own steps alone, so no order of cells or services is
 * needed, and cells on a cycle are seen as such. What may change a cell's chain (an own step, a
 * programme, what is certified) is known for each of its links, which gives the next instant.
 */
#include "consumers/posture/array.h"
#include "consumers/posture/kin.h"
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

static void carry_to(struct frontier *frontier, const struct evaluation *run, struct cell *cell,
                     const struct window *windows, uint32_t count)
{
    bool more = false;
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
            for (size_t k = 0; k < together->count; k++) {
                const struct evaluation *other = &together->runs[k];
                if (to.service != run->governance->star && to.service != other->name)
                    continue;
                struct cell *inheritor = cell_named(other, &to);
                if (inheritor != NULL && inheritor != cell)
                    carry_to(frontier, other, inheritor, windows, count);
            }
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

struct link {
    const struct evaluation *run;
    const struct cell *cell;     /* NULL: there is none */
    const struct cell_step *own; /* NULL, or of CELL_NONE: it does not exist */
    bool circular;               /* on a cycle */
};

struct chain { /* a cell, its provider, the provider's provider … at an instant */
    struct link *links;
    uint32_t count, room;
    instant at;
};

static const struct governance_version *inheritance_of(const struct link *link)
{
    if (link->own == NULL || link->own->status == CELL_NONE || link->own->inherits == NAME_NONE)
        return NULL;
    return link->run->governance->inheritance_versions[link->own->inherits];
}

static struct link provider_of(const struct link *link, const struct governance_version *version,
                               instant at)
{
    struct cell_name name = cell_name_of(link->run, link->cell);
    name.service = version->inheritance.provider_service;
    name.environment = version->inheritance.provider_environment;
    struct link provider = {.run = run_named(link->run->together, name.service)};
    if (provider.run != NULL)
        provider.cell = cell_named(provider.run, &name);
    if (provider.cell != NULL)
        provider.own = cell_own_at(provider.cell, at);
    return provider;
}

static void add_link(struct chain *chain, const struct link *link)
{
    chain->links =
        array_room(chain->links, &chain->room, chain->count + 1u, sizeof *chain->links, NULL);
    chain->links[chain->count++] = *link;
}

static void follow(struct chain *chain, const struct evaluation *run, const struct cell *cell,
                   instant at)
{
    chain->count = 0;
    chain->at = at;
    struct link link = {.run = run, .cell = cell, .own = cell_own_at(cell, at)};
    for (;;) {
        for (uint32_t i = 0; link.cell != NULL && i < chain->count; i++) {
            if (chain->links[i].cell != link.cell)
                continue;
            for (; i < chain->count; i++)
                chain->links[i].circular = true;
            return;
        }
        add_link(chain, &link);
        const struct governance_version *version = inheritance_of(&link);
        if (version == NULL)
            return;
        link = provider_of(&link, version, at);
    }
}

/* Of which programme an environment is: a fact, or NULL. */
static const struct governance_fact *programme_of(const struct link *link, instant at)
{
    const struct programme_step *step = programme_at(link->cell->standing->environment, at);
    return step == NULL || step->version == NULL ? NULL : step->version->fact;
}

/* Whether a provider counts as ERROR, whatever its status. `view`: what is shown of it. */
static bool counts_as_error(const struct link *link, const struct link *provider,
                            const struct cell_step *view, instant at)
{
    if (provider->own == NULL || provider->own->status == CELL_NONE ||
        view->status == CELL_OUT_OF_SCOPE || view->status == CELL_NOT_APPLICABLE)
        return true;
    return programme_of(link, at) != programme_of(provider, at) &&
           !certified_at(provider->cell->standing, at)->certified;
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

/* What is shown of a link, given what is shown of its provider, the next link. */
static struct cell_step view_of(const struct chain *chain, uint32_t number,
                                const struct cell_step *provider)
{
    const struct link *link = &chain->links[number];
    struct cell_step view = {.exception = NAME_NONE, .inherits = NAME_NONE};
    if (link->own != NULL)
        view = *link->own;
    view.inherits = NAME_NONE;
    const struct governance_version *version = inheritance_of(link);
    if (version == NULL)
        return view;
    struct cell_step theirs = view; /* checks, missing and stale are its own */
    theirs.found = false;
    theirs.exception = NAME_NONE;
    if (link->circular || counts_as_error(link, &chain->links[number + 1], provider, chain->at)) {
        theirs.status = CELL_ERROR;
        theirs.deciding = &version->head;
        theirs.result = false;
    } else {
        theirs.status = provider->status;
        theirs.deciding = provider->deciding;
        theirs.result = provider->result;
    }
    bool hybrid = version->inheritance.kind == ASSAY__V1__INHERITANCE_KIND__INHERITANCE_KIND_HYBRID;
    bool own_side = hybrid && (view.status > theirs.status || /* statuses rise as they get worse */
                               (view.status == theirs.status && own_is_greater(&view, &theirs)));
    if (!own_side)
        view = theirs;
    view.inherits = version->inheritance.provider;
    return view;
}

static struct cell_step shown_of(const struct chain *chain)
{
    struct cell_step view = {0};
    for (uint32_t i = chain->count; i-- > 0;)
        view = view_of(chain, i, &view);
    view.at = chain->at;
    view.transition = false;
    view.cause = NULL;
    view.known = 0;
    return view;
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

/* The greatest event that takes effect on any link at an instant. */
static const struct version *cause_in(const struct chain *chain, instant at)
{
    const struct version *cause = NULL;
    for (uint32_t i = 0; i < chain->count; i++) {
        const struct link *link = &chain->links[i];
        if (link->cell == NULL)
            continue;
        const struct cell_step *own = cell_own_at(link->cell, at);
        if (own != NULL && own->at == at && own->transition)
            cause = version_greater(cause, own->cause);
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
    follow(&now, run, cell, window->from == INSTANT_BEGIN ? INSTANT_BEGIN : window->from - 1);
    for (instant at; (at = next_change(&now)) != INSTANT_END && at <= window->until;) {
        struct chain passed = before;
        before = now;
        now = passed;
        follow(&now, run, cell, at);
        struct cell_step step = shown_of(&now);
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
    free(before.links);
    free(now.links);
}
