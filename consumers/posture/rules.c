#include "consumers/posture/rules.h"

#include <assert.h>

static bool removed(const struct cell_facts *facts)
{
    return facts->scope->membership == ASSAY__V1__MEMBERSHIP__MEMBERSHIP_REMOVED;
}

static bool retired(const struct cell_facts *facts)
{
    return facts->onboarding != NULL &&
           facts->onboarding->lifecycle == ASSAY__V1__LIFECYCLE__LIFECYCLE_RETIRED;
}

static bool discontinued(const struct cell_facts *facts)
{
    return facts->programme != NULL && facts->programme->discontinued;
}

static bool out_of_scope(const struct cell_facts *facts)
{
    return removed(facts) || retired(facts) || discontinued(facts);
}

static const struct version *decides_scope(const struct cell_facts *facts)
{
    const struct version *greatest = removed(facts) ? &facts->scope->head : NULL;
    if (retired(facts))
        greatest = version_greater(greatest, &facts->onboarding->head);
    if (discontinued(facts))
        greatest = version_greater(greatest, &facts->programme->version->head);
    return greatest;
}

static bool found(const struct cell_facts *facts)
{
    return facts->finding != NULL;
}

static const struct version *decides_finding(const struct cell_facts *facts)
{
    return &facts->finding->head;
}

static bool excluded(const struct cell_facts *facts)
{
    return facts->statement != NULL && !facts->clause;
}

static const struct version *decides_statement(const struct cell_facts *facts)
{
    return &facts->statement->head;
}

static bool failing(const struct cell_facts *facts)
{
    return facts->uncovered > 0;
}

static const struct version *decides_failing(const struct cell_facts *facts)
{
    return facts->greatest(facts->context, IN_UNCOVERED);
}

static bool erring(const struct cell_facts *facts)
{
    return facts->erring > 0;
}

static const struct version *decides_erring(const struct cell_facts *facts)
{
    return facts->greatest(facts->context, IN_ERROR);
}

static bool stale(const struct cell_facts *facts)
{
    return facts->stale > 0;
}

static const struct version *decides_stale(const struct cell_facts *facts)
{
    return facts->greatest(facts->context, IN_STALE);
}

static bool not_tested(const struct cell_facts *facts)
{
    return facts->missing > 0 || facts->required == 0;
}

static bool excepted(const struct cell_facts *facts)
{
    return facts->failing > 0;
}

static const struct version *decides_excepted(const struct cell_facts *facts)
{
    return version_greater(facts->greatest(facts->context, IN_FAIL),
                           &facts->covering(facts->context)->head);
}

static bool always(const struct cell_facts *facts)
{
    (void)facts;
    return true;
}

static const struct version *decides_passing(const struct cell_facts *facts)
{
    return facts->greatest(facts->context, IN_PASS);
}

static const struct rule rules[] = {
    {1, CELL_OUT_OF_SCOPE, "out of scope",
     "The service was removed from scope or retired, or its environment was discontinued.",
     out_of_scope, decides_scope},
    {2, CELL_FAILED, "nonconformity",
     "A major nonconformity is open on the cell, or a minor one is past its due date.", found,
     decides_finding},
    {3, CELL_NOT_APPLICABLE, "not applicable",
     "The Statement of Applicability excludes the control, and says why.", excluded,
     decides_statement},
    {5, CELL_FAILED, "failing", "A mapped check fails, and no exception covers it.", failing,
     decides_failing},
    {6, CELL_ERROR, "error", "A required check could not be carried out or evaluated.", erring,
     decides_erring},
    {7, CELL_STALE, "stale", "The last result of a required check has expired.", stale,
     decides_stale},
    {8, CELL_NOT_TESTED, "not tested",
     "A required check has no result, or no required check is mapped to the control.", not_tested,
     NULL},
    {9, CELL_EXCEPTED, "excepted", "A mapped check fails, and approved exceptions cover all of it.",
     excepted, decides_excepted},
    {10, CELL_PASSED, "passed", "Every required check passes, and nothing fails.", always,
     decides_passing},
};

const struct rule *rules_first(const struct cell_facts *facts)
{
    assert(facts->exists);
    const struct rule *rule = rules;
    while (!rule->matches(facts))
        rule++; /* the last one always does */
    return rule;
}

const struct rule *rules_all(uint32_t *count)
{
    *count = sizeof rules / sizeof rules[0];
    return rules;
}
