#include "consumers/posture/reach.h"

#include "consumers/posture/array.h"

#include <assert.h>

struct cell_name cell_name_of(const struct evaluation *run, const struct cell *cell)
{
    struct posture_service *service = run->service;
    return (struct cell_name){
        .service = run->name,
        .environment = to_governance(service, cell->standing->environment->name),
        .standard = to_governance(service, cell->standing->standard),
        .control = to_governance(service, cell->control),
    };
}

static bool meets(uint32_t named, uint32_t star, uint32_t name)
{
    return named == star || named == name;
}

bool reach_matches(const struct reach *reach, uint32_t star, const struct cell_name *cell)
{
    return meets(reach->standard, star, cell->standard) &&
           meets(reach->control, star, cell->control) &&
           meets(reach->service, star, cell->service) &&
           meets(reach->environment, star, cell->environment);
}

const struct reach *reach_of(const struct governance_version *version)
{
    if (version->fact->key.body == ASSAY__V1__EVENT__BODY_FINDING)
        return &version->finding.reach;
    assert(version->fact->key.body == ASSAY__V1__EVENT__BODY_EXCEPTION);
    return &version->exception.reach;
}

static bool any_matches(const struct evaluation *run, const struct governance_fact *fact,
                        const struct cell_name *cell)
{
    for (uint32_t i = 0; i < fact->version_count; i++) {
        if (reach_matches(reach_of(fact->versions[i]), run->governance->star, cell))
            return true;
    }
    return false;
}

static bool among(const struct governance_fact *const *facts, uint32_t count,
                  const struct governance_fact *fact)
{
    for (uint32_t i = 0; i < count; i++) {
        if (facts[i] == fact)
            return true;
    }
    return false;
}

uint32_t reaching_facts(const struct evaluation *run, const struct naming *namings,
                        const struct cell_name *cell, const struct governance_fact ***facts)
{
    uint32_t star = run->governance->star, count = 0, room = 0;
    const struct control_name names[] = {{cell->standard, cell->control},
                                         {cell->standard, star},
                                         {star, cell->control},
                                         {star, star}};
    *facts = NULL;
    for (uint32_t i = 0; namings != NULL && i < sizeof names / sizeof names[0]; i++) {
        const struct naming *naming = naming_find(namings, names[i].standard, names[i].control);
        for (uint32_t j = 0; naming != NULL && j < naming->fact_count; j++) {
            const struct governance_fact *fact = naming->facts[j];
            if (!any_matches(run, fact, cell) ||
                (fact->version_count > 1 && among(*facts, count, fact)))
                continue;
            *facts = array_room(*facts, &room, count + 1u, sizeof **facts, NULL);
            (*facts)[count++] = fact;
        }
    }
    return count;
}

/* ---- touching ---- */

/* A cell of the standing by governance's number. */
static struct cell *cell_named(struct evaluation *run, const struct standing *standing,
                               uint32_t control)
{
    uint32_t name = from_governance(run->service, control);
    return name == NAME_NONE ? NULL : cell_find(standing, name);
}

static void touch_cells(struct evaluation *run, struct standing *standing, uint32_t control,
                        instant from)
{
    if (control != run->governance->star) {
        struct cell *cell = cell_named(run, standing, control);
        if (cell != NULL)
            cell_touch(run->service, cell, from);
        return;
    }
    struct cell *cell, *next;
    HASH_ITER(hh, standing->cells, cell, next)
    {
        cell_touch(run->service, cell, from);
    }
}

/* What a reach matches in an environment of the service. Touches nothing where `from` is
 * INSTANT_END. Returns whether there is any standing there. */
static bool touch_reach(struct evaluation *run, const struct reach *reach,
                        struct environment *environment, instant from)
{
    uint32_t star = run->governance->star;
    bool any = false;
    if (!meets(reach->service, star, run->name) ||
        !meets(reach->environment, star, to_governance(run->service, environment->name)))
        return false;
    for (uint32_t i = 0; i < environment->standing_count; i++) {
        struct standing *standing = environment->standings[i];
        if (!meets(reach->standard, star, to_governance(run->service, standing->standard)))
            continue;
        any = true;
        if (from != INSTANT_END)
            touch_cells(run, standing, reach->control, from);
    }
    return any;
}

static bool touch_versions(struct evaluation *run, const struct governance_fact *fact,
                           struct environment *in, instant from)
{
    struct posture_service *service = run->service;
    bool any = false;
    for (uint32_t i = 0; i < fact->version_count; i++) {
        const struct reach *reach = reach_of(fact->versions[i]);
        for (uint32_t j = 0; j < service->environment_count; j++) {
            if (in == NULL || in == service->environments[j])
                any |= touch_reach(run, reach, service->environments[j], from);
        }
    }
    return any;
}

void touch_reached(struct evaluation *run, const struct governance_fact *fact,
                   struct environment *in, instant from)
{
    touch_versions(run, fact, in, from);
}

bool reaches_here(struct evaluation *run, const struct governance_fact *fact)
{
    return touch_versions(run, fact, NULL, INSTANT_END);
}

void touch_subjects(struct evaluation *run, const struct population *population, instant from)
{
    const struct naming *namings = run->governance->subjects;
    if (namings == NULL)
        return;
    const uint32_t checks[] = {run->governance->star,
                               to_governance(run->service, population->check)};
    for (uint32_t i = 0; i < sizeof checks / sizeof checks[0]; i++) {
        const struct naming *naming = naming_find(namings, checks[i], NAME_NONE);
        for (uint32_t j = 0; naming != NULL && j < naming->fact_count; j++)
            touch_reached(run, naming->facts[j], population->environment, from);
    }
}

bool touch_inheriting(struct evaluation *run, const struct governance_fact *fact, instant from)
{
    /* All versions are for the same cells: those of its key. */
    const struct cell_name *name = &fact->versions[0]->inheritance.name;
    const struct reach reach = {NAME_NONE, name->standard, name->control, name->service,
                                name->environment};
    bool any = false;
    for (uint32_t i = 0; i < run->service->environment_count; i++)
        any |= touch_reach(run, &reach, run->service->environments[i], from);
    return any;
}

/* ---- statements ---- */

/* Whether any programme that ever listed the environment is the statement's. */
static bool may_govern(struct evaluation *run, const struct governance_fact *statement,
                       const struct environment *environment)
{
    uint32_t name = to_governance(run->service, environment->name);
    const struct naming *naming =
        name == NAME_NONE ? NULL : governance_environment(run->governance, name);
    for (uint32_t i = 0; naming != NULL && i < naming->fact_count; i++) {
        if (naming->facts[i]->key.key == statement->key.key)
            return true;
    }
    return false;
}

static bool touch_statement(struct evaluation *run, const struct governance_fact *fact,
                            struct environment *environment, instant from)
{
    bool any = false;
    for (uint32_t i = 0; i < fact->version_count; i++) {
        const struct statement *statement = &fact->versions[i]->statement;
        for (uint32_t j = 0; j < statement->entry_count; j++) {
            const struct statement_entry *entry = &statement->entries[j];
            struct standing *standing =
                entry->excluded ? standing_named(run->service, environment, entry->control.standard)
                                : NULL;
            if (standing == NULL)
                continue;
            any = true;
            if (from != INSTANT_END)
                touch_cells(run, standing, entry->control.control, from);
        }
    }
    return any;
}

void touch_excluded(struct evaluation *run, const struct governance_fact *fact, instant from)
{
    for (uint32_t i = 0; i < run->service->environment_count; i++) {
        struct environment *environment = run->service->environments[i];
        if (may_govern(run, fact, environment))
            touch_statement(run, fact, environment, from);
    }
}

bool excludes_here(struct evaluation *run, const struct governance_fact *fact)
{
    for (uint32_t i = 0; i < run->service->environment_count; i++) {
        struct environment *environment = run->service->environments[i];
        if (may_govern(run, fact, environment) &&
            touch_statement(run, fact, environment, INSTANT_END))
            return true;
    }
    return false;
}
