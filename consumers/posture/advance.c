/* What governance's commits since the last run touch in a service: marked, not evaluated. */
#include "consumers/posture/evaluation.h"
#include "consumers/posture/reach.h"

#include <string.h>

void touch_reasons(struct environment *environment)
{
    struct population *population, *next;
    HASH_ITER(hh, environment->populations, population, next)
    {
        population->reasons_stale = true;
    }
    environment->populations_changed = true;
}

static void touch_cells(struct evaluation *run, struct standing *standing, instant from)
{
    struct cell *cell, *next;
    HASH_ITER(hh, standing->cells, cell, next)
    {
        cell_touch(run->service, cell, from);
    }
}

static const char *key_text(const struct evaluation *run, const struct governance_fact *fact)
{
    return names_text(run->governance->names, fact->key.key);
}

static void touch_mapping(struct evaluation *run, const struct governance_version *version)
{
    struct posture_service *service = run->service;
    struct window window = {version->head.order.occurred_at, INSTANT_END, false};
    uint32_t check = names_find(service->names, key_text(run, version->fact));
    for (uint32_t i = 0; i < service->environment_count; i++) {
        struct environment *environment = service->environments[i];
        struct population *population =
            check == NAME_NONE ? NULL : population_find(environment, check);
        if (population != NULL) {
            population->mapping_changed = population->reasons_stale = true;
            environment->populations_changed = true;
        }
        touch_mapped_cells(service, environment, version->fact, &window, 1);
    }
}

static void touch_standard(struct evaluation *run, const struct governance_version *version)
{
    instant from = version->head.order.occurred_at;
    for (uint32_t i = 0; i < run->service->environment_count; i++) {
        struct environment *environment = run->service->environments[i];
        struct standing *standing =
            standing_named(run->service, environment, version->fact->key.key);
        touch_extending(run, environment, from); /* it may be a base without scope here */
        touch_certified(environment);
        if (standing == NULL)
            continue;
        standing->controls_changed = standing->scope_unmapped_stale = true;
        touch_cells(run, standing, from);
        standing_touch(standing, from);
        touch_reasons(environment);
    }
}

static void touch_programme(struct evaluation *run, const struct governance_version *version)
{
    const struct governance_fact *fact = version->fact;
    for (uint32_t i = 0; i < run->service->environment_count; i++) {
        struct environment *environment = run->service->environments[i];
        uint32_t name = to_governance(run->service, environment->name);
        for (uint32_t j = 0; name != NAME_NONE && j < fact->version_count; j++) {
            if (programme_lists(&fact->versions[j]->programme, name) != NULL)
                environment->programmes_changed = true;
        }
    }
}

static struct tool *tool_recalled(const struct evaluation *run,
                                  const struct governance_version *version)
{
    const struct recall *recall = &version->recall;
    if (recall->service != run->governance->star && recall->service != run->name)
        return NULL;
    struct tool_key key = {from_governance(run->service, recall->tool),
                           from_governance(run->service, recall->version)};
    struct tool *tool = NULL;
    if (key.name != NAME_NONE && key.version != NAME_NONE)
        HASH_FIND(hh, run->service->tools, &key, sizeof key, tool);
    return tool;
}

static void touch_recall(struct evaluation *run, const struct governance_version *version)
{
    struct tool *tool = tool_recalled(run, version);
    if (tool == NULL)
        return;
    tool->judged = false;
    run->service->tools_changed = true;
}

static void touch_version(struct evaluation *run, const struct governance_version *version)
{
    switch (version->fact->key.body) {
    case ASSAY__V1__EVENT__BODY_CHECK_MAPPING:
        touch_mapping(run, version);
        break;
    case ASSAY__V1__EVENT__BODY_STANDARD:
        touch_standard(run, version);
        break;
    case ASSAY__V1__EVENT__BODY_PROGRAMME:
        touch_programme(run, version);
        break;
    case ASSAY__V1__EVENT__BODY_TOOL_RECALL:
        touch_recall(run, version);
        break;
    case ASSAY__V1__EVENT__BODY_FINDING:
    case ASSAY__V1__EVENT__BODY_EXCEPTION:
        touch_reached(run, version->fact, NULL, version->head.order.occurred_at);
        break;
    case ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY:
        touch_excluded(run, version->fact, version->head.order.occurred_at);
        break;
    case ASSAY__V1__EVENT__BODY_INHERITANCE:
        touch_inheriting(run, version->fact, version->head.order.occurred_at);
        break;
    case ASSAY__V1__EVENT__BODY_CERTIFICATE:
        touch_certificate(run, version, false);
        break;
    default: /* bodies without effect on cells */
        break;
    }
}

static bool fact_has(const struct service_fact *fact, const uuid *id)
{
    for (uint32_t i = 0; i < fact->version_count; i++) {
        if (uuid_compare(&fact->versions[i]->head.order.id, id) == 0)
            return true;
    }
    return false;
}

/* Marks what of the service itself has that id; whether anything does. */
static bool touch_id(struct posture_service *service, const uuid *id, bool only_ask)
{
    bool any = false;
    uint32_t cursor = hash_bytes(id, sizeof *id);
    uint32_t number;
    while ((number = index_next(&service->by_id, &cursor)) != INDEX_NONE) {
        if (uuid_compare(&observation_at(service, number)->head.order.id, id) != 0)
            continue;
        any = true;
        if (!only_ask)
            observation_touch(service, number);
    }
    if (fact_has(&service->onboarding, id)) {
        any = true;
        service->onboarding.changed |= !only_ask;
    }
    for (uint32_t i = 0; i < service->environment_count; i++) {
        const struct environment *environment = service->environments[i];
        for (uint32_t j = 0; j < environment->standing_count; j++) {
            if (fact_has(&environment->standings[j]->scope, id)) {
                any = true;
                environment->standings[j]->scope.changed |= !only_ask;
            }
        }
    }
    return any;
}

void advance(struct evaluation *run)
{
    if (!run->service->evaluated)
        return; /* all it has is new, and looked at as of now */
    const struct posture_governance *governance = run->governance;
    uint32_t i = governance_log_after(governance, run->service->position);
    for (; i < governance->log_count && governance->log[i].position <= run->position; i++) {
        const struct governance_entry *entry = &governance->log[i];
        if (entry->version != NULL) {
            touch_version(run, entry->version);
            continue;
        }
        touch_id(run->service, &entry->retraction->id, false);
        const struct governance_version *version =
            governance_of_id(governance, &entry->retraction->id);
        for (; version != NULL; version = version->same_id)
            touch_version(run, version);
    }
}

/* ---- whether there is anything to mark ---- */

static bool maps_here(struct evaluation *run, const struct governance_fact *fact)
{
    struct posture_service *service = run->service;
    uint32_t check = names_find(service->names, key_text(run, fact));
    for (uint32_t i = 0; i < service->environment_count; i++) {
        const struct environment *environment = service->environments[i];
        if (check != NAME_NONE && population_find(environment, check) != NULL)
            return true;
        for (uint32_t j = 0; j < fact->version_count; j++) {
            const struct mapping *mapping = &fact->versions[j]->mapping;
            for (uint32_t k = 0; k < mapping->control_count; k++) {
                if (standing_named(run->service, environment, mapping->controls[k].standard) !=
                    NULL)
                    return true;
            }
        }
    }
    return false;
}

/* A standard concerns who has it in scope, and who has any that may rest on it. */
static bool standard_here(struct evaluation *run, const struct governance_fact *fact)
{
    for (uint32_t i = 0; i < run->service->environment_count; i++) {
        const struct environment *environment = run->service->environments[i];
        for (uint32_t j = 0; j < environment->standing_count; j++) {
            struct standing *standing = environment->standings[j];
            uint32_t name = to_governance(run->service, standing->standard);
            if (name == fact->key.key || standard_extends(run->governance, name))
                return true;
        }
    }
    return false;
}

static bool listed_here(struct evaluation *run, const struct governance_fact *fact)
{
    for (uint32_t i = 0; i < run->service->environment_count; i++) {
        uint32_t name = to_governance(run->service, run->service->environments[i]->name);
        for (uint32_t j = 0; name != NAME_NONE && j < fact->version_count; j++) {
            if (programme_lists(&fact->versions[j]->programme, name) != NULL)
                return true;
        }
    }
    return false;
}

static bool version_here(struct evaluation *run, const struct governance_version *version)
{
    switch (version->fact->key.body) {
    case ASSAY__V1__EVENT__BODY_CHECK_MAPPING:
        return maps_here(run, version->fact);
    case ASSAY__V1__EVENT__BODY_STANDARD:
        return standard_here(run, version->fact);
    case ASSAY__V1__EVENT__BODY_PROGRAMME:
        return listed_here(run, version->fact);
    case ASSAY__V1__EVENT__BODY_TOOL_RECALL:
        return tool_recalled(run, version) != NULL;
    case ASSAY__V1__EVENT__BODY_FINDING:
    case ASSAY__V1__EVENT__BODY_EXCEPTION:
        return reaches_here(run, version->fact);
    case ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY:
        return excludes_here(run, version->fact);
    case ASSAY__V1__EVENT__BODY_INHERITANCE:
        return touch_inheriting(run, version->fact, INSTANT_END);
    case ASSAY__V1__EVENT__BODY_CERTIFICATE:
        return touch_certificate(run, version, true);
    default:
        return false;
    }
}

bool posture_concerned(const struct posture_service *service,
                       const struct posture_governance *governance, int64_t after, int64_t upto)
{
    if (!service->evaluated)
        return true;
    struct evaluation run = {
        .service = (struct posture_service *)service, /* only caches of names change */
        .governance = governance,
        .position = upto,
        .name = names_find(governance->names, text_of(service, service->name)),
    };
    uint32_t i = governance_log_after(governance, after);
    for (; i < governance->log_count && governance->log[i].position <= upto; i++) {
        const struct governance_entry *entry = &governance->log[i];
        if (entry->version != NULL) {
            if (version_here(&run, entry->version))
                return true;
            continue;
        }
        if (touch_id(run.service, &entry->retraction->id, true))
            return true;
        const struct governance_version *version =
            governance_of_id(governance, &entry->retraction->id);
        for (; version != NULL; version = version->same_id) {
            if (version_here(&run, version))
                return true;
        }
    }
    return false;
}
