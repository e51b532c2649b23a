#include "consumers/posture/office.h"

#include "consumers/posture/array.h"
#include "consumers/posture/kin.h"

#include <stdlib.h>

bool finding_weighs(const struct finding *finding, instant at)
{
    return finding->open && (finding->major || (finding->minor && at >= finding->due_at));
}

static bool known_already(const struct office *office, const struct governance_fact *statement)
{
    for (uint32_t i = 0; i < office->statement_count; i++) {
        if (office->statements[i] == statement)
            return true;
    }
    return false;
}

static const struct governance_fact *statement_of(const struct programme_step *programme)
{
    return programme == NULL || programme->version == NULL ? NULL
                                                           : programme->version->fact->statement;
}

static void add_statement(struct office *office, const struct governance_fact *fact)
{
    if (office->statement_count == 0) { /* mostly there is one */
        office->one_statement = fact;
        office->statements = &office->one_statement;
        office->statement_count = 1;
        return;
    }
    bool first = office->statement_room == 0;
    const struct governance_fact **moved =
        array_room(first ? NULL : office->statements, &office->statement_room,
                   office->statement_count + 1u, sizeof(const struct governance_fact *), NULL);
    if (first)
        moved[0] = office->one_statement;
    office->statements = moved;
    office->statements[office->statement_count++] = fact;
}

static void open_statements(struct office *office, const struct environment *environment)
{
    for (uint32_t i = 0; i < environment->programme_count; i++) {
        const struct governance_fact *fact = statement_of(&environment->programmes[i]);
        if (fact != NULL && !known_already(office, fact))
            add_statement(office, fact);
    }
}

void office_open(struct office *office, const struct evaluation *run, const struct cell *cell,
                 const struct cell_name *name)
{
    *office = (struct office){.run = run, .name = *name};
    const struct governance_fact **facts;
    office->finding_count = reaching_facts(run, run->governance->findings, name, &facts);
    if (office->finding_count > 0)
        office->findings = array_new(office->finding_count, sizeof *office->findings, NULL);
    for (uint32_t i = 0; i < office->finding_count; i++)
        office->findings[i].fact = facts[i];
    free(facts);
    open_statements(office, cell->standing->environment);
    office->inheritance_count = kin_inheritances(run->governance, name, office->inheritances);
}

void office_close(struct office *office)
{
    free(office->findings);
    if (office->statement_room > 0)
        free(office->statements);
}

uint32_t office_inputs(const struct office *office)
{
    return office->finding_count + office->statement_count + office->inheritance_count;
}

static const struct governance_version *matching(const struct office *office,
                                                 const struct governance_version *version)
{
    bool matches = version != NULL &&
                   reach_matches(reach_of(version), office->run->governance->star, &office->name);
    return matches ? version : NULL;
}

instant office_take(struct office *office, uint32_t input, instant at)
{
    int64_t position = office->run->position;
    uint32_t others = office->finding_count + office->statement_count;
    if (input >= others)
        return governance_next(office->inheritances[input - others], position, at);
    if (input >= office->finding_count)
        return governance_next(office->statements[input - office->finding_count], position, at);
    struct finding_input *finding = &office->findings[input];
    finding->version = matching(office, governance_in_force(finding->fact, position, at));
    instant next = governance_next(finding->fact, position, at);
    if (finding->version != NULL) {
        instant due_at = finding->version->finding.due_at;
        if (due_at > at && due_at < next)
            next = due_at;
    }
    return next;
}

static bool of_programme(uint32_t name, const struct programme_step *programme)
{
    return programme != NULL && programme->version != NULL &&
           programme->version->fact->key.key == name;
}

const struct governance_version *office_finding(const struct office *office,
                                                const struct programme_step *programme, instant at)
{
    const struct governance_version *greatest = NULL;
    for (uint32_t i = 0; i < office->finding_count; i++) {
        const struct governance_version *version = office->findings[i].version;
        if (version == NULL || !finding_weighs(&version->finding, at) ||
            !of_programme(version->finding.reach.programme, programme))
            continue;
        if (greatest == NULL || order_compare(&version->head.order, &greatest->head.order) > 0)
            greatest = version;
    }
    return greatest;
}

static bool excludes(const struct office *office, const struct governance_version *version)
{
    const struct statement_entry *entry =
        version == NULL
            ? NULL
            : statement_lists(&version->statement, office->name.standard, office->name.control);
    return entry != NULL && entry->excluded;
}

const struct governance_version *
office_statement(const struct office *office, const struct programme_step *programme, instant at)
{
    if (office->statement_count == 0)
        return NULL;
    const struct governance_version *version =
        governance_in_force(statement_of(programme), office->run->position, at);
    return excludes(office, version) ? version : NULL;
}

const struct governance_version *office_inheritance(const struct office *office, instant at)
{
    for (uint32_t i = 0; i < office->inheritance_count; i++) {
        const struct governance_version *version =
            governance_in_force(office->inheritances[i], office->run->position, at);
        if (version == NULL)
            continue;
        const struct inheritance *inheritance = &version->inheritance;
        if (inheritance->kind == ASSAY__V1__INHERITANCE_KIND__INHERITANCE_KIND_NONE)
            return NULL;
        if (inheritance->provider_service != office->name.service ||
            inheritance->provider_environment != office->name.environment)
            return version; /* else it is as if absent */
    }
    return NULL;
}

/* ---- causes ---- */

static bool weighed(const struct office *office, const struct governance_version *version,
                    const struct programme_step *programme, instant at)
{
    version = matching(office, version);
    return version != NULL && finding_weighs(&version->finding, at) &&
           of_programme(version->finding.reach.programme, programme);
}

/* Where what the cell inherits from changes: the greatest that takes force then. */
static const struct version *inheritance_cause(const struct office *office, instant at)
{
    const struct version *cause = NULL;
    if (office->inheritance_count == 0 ||
        office_inheritance(office, at) == office_inheritance(office, at - 1))
        return NULL;
    for (uint32_t i = 0; i < office->inheritance_count; i++) {
        const struct governance_version *version =
            governance_in_force(office->inheritances[i], office->run->position, at);
        if (version != NULL && version->head.order.occurred_at == at)
            cause = version_greater(cause, &version->head);
    }
    return cause;
}

const struct version *office_cause(const struct office *office,
                                   const struct programme_step *programme, instant at)
{
    const struct version *cause = NULL;
    int64_t position = office->run->position;
    for (uint32_t i = 0; i < office->finding_count; i++) {
        const struct governance_fact *fact = office->findings[i].fact;
        const struct governance_version *version = governance_in_force(fact, position, at);
        if (version == NULL || version->head.order.occurred_at != at)
            continue;
        if (weighed(office, version, programme, at) ||
            weighed(office, governance_in_force(fact, position, at - 1), programme, at))
            cause = version_greater(cause, &version->head);
    }
    const struct governance_fact *fact =
        office->statement_count == 0 ? NULL : statement_of(programme);
    const struct governance_version *version = governance_in_force(fact, position, at);
    if (version != NULL && version->head.order.occurred_at == at &&
        (excludes(office, version) ||
         excludes(office, governance_in_force(fact, position, at - 1))))
        cause = version_greater(cause, &version->head);
    return version_greater(cause, inheritance_cause(office, at));
}
