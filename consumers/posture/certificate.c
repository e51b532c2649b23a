#include "consumers/posture/certificate.h"

#include "consumers/posture/array.h"

#include <stdlib.h>

void instants_add(struct instants *instants, instant at)
{
    instants->items = array_room(instants->items, &instants->room, instants->count + 1u,
                                 sizeof *instants->items, NULL);
    instants->items[instants->count++] = at;
}

static int compare_instants(const void *a, const void *b)
{
    const instant *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

void instants_settle(struct instants *instants)
{
    uint32_t kept = 0;
    if (instants->count > 1)
        qsort(instants->items, instants->count, sizeof *instants->items, compare_instants);
    for (uint32_t i = 0; i < instants->count; i++) {
        if (i == 0 || instants->items[i] != instants->items[i - 1])
            instants->items[kept++] = instants->items[i];
    }
    instants->count = kept;
}

/* ---- decisions ---- */

static const struct governance_fact *fact_of(const struct certificates *of)
{
    const struct naming *naming =
        naming_find(of->governance->certificates, of->programme, of->standard);
    return naming == NULL ? NULL : naming->facts[0];
}

static bool has_force(const struct certificates *of, const struct governance_version *version,
                      instant at)
{
    return governance_counts(version, of->position) && version->certificate.force <= at;
}

const struct governance_version *certificate_decision(const struct certificates *of, instant at)
{
    const struct governance_fact *fact = fact_of(of);
    for (uint32_t i = fact == NULL ? 0 : fact->version_count; i-- > 0;) {
        if (has_force(of, fact->versions[i], at))
            return fact->versions[i];
    }
    return NULL;
}

static bool dates_scope(Assay__V1__CertificateDecision decision)
{
    return decision == ASSAY__V1__CERTIFICATE_DECISION__CERTIFICATE_DECISION_GRANTED ||
           decision == ASSAY__V1__CERTIFICATE_DECISION__CERTIFICATE_DECISION_RENEWED ||
           decision == ASSAY__V1__CERTIFICATE_DECISION__CERTIFICATE_DECISION_EXPANDED ||
           decision == ASSAY__V1__CERTIFICATE_DECISION__CERTIFICATE_DECISION_REDUCED;
}

instant certificate_scope_date(const struct certificates *of, instant at)
{
    const struct governance_fact *fact = fact_of(of);
    for (uint32_t i = fact == NULL ? 0 : fact->version_count; i-- > 0;) {
        const struct governance_version *version = fact->versions[i];
        if (has_force(of, version, at) && dates_scope(version->certificate.decision))
            return version->certificate.scope_date;
    }
    return INSTANT_BEGIN;
}

/* ---- the state ---- */

static const struct governance_version *standard_at(const struct certificates *of, instant at)
{
    return governance_in_force(governance_standard(of->governance, of->standard), of->position, at);
}

static const struct governance_fact *programme_fact(const struct certificates *of)
{
    return governance_named(of->governance, ASSAY__V1__EVENT__BODY_PROGRAMME, of->programme);
}

struct asking { /* the standards on the way here: a circle of bases asks each once */
    uint32_t standard;
    const struct asking *before;
};

static bool asked(const struct asking *asking, uint32_t standard)
{
    for (; asking != NULL; asking = asking->before) {
        if (asking->standard == standard)
            return true;
    }
    return false;
}

static enum certificate_state state_of(const struct certificates *of, instant at,
                                       const struct asking *before)
{
    const struct governance_version *decision = certificate_decision(of, at);
    if (decision == NULL)
        return CERTIFICATE_NONE;
    const struct certificate *certificate = &decision->certificate;
    if (certificate->decision == ASSAY__V1__CERTIFICATE_DECISION__CERTIFICATE_DECISION_WITHDRAWN)
        return CERTIFICATE_WITHDRAWN;
    const struct governance_version *standard = standard_at(of, at);
    if (at >= certificate->valid_until ||
        (standard != NULL && at >= standard->standard.certifiable_until))
        return CERTIFICATE_EXPIRED;
    if (certificate->decision == ASSAY__V1__CERTIFICATE_DECISION__CERTIFICATE_DECISION_SUSPENDED)
        return CERTIFICATE_SUSPENDED;
    const struct governance_version *programme =
        governance_in_force(programme_fact(of), of->position, at);
    struct asking here = {of->standard, before};
    uint32_t bases = standard == NULL || programme == NULL ? 0 : standard->standard.extend_count;
    for (uint32_t i = 0; i < bases; i++) {
        struct certificates base = *of;
        base.standard = standard->standard.extends[i];
        if (!programme_lists_standard(&programme->programme, base.standard) ||
            asked(&here, base.standard))
            continue;
        enum certificate_state state = state_of(&base, at, &here);
        if (state != CERTIFICATE_CERTIFIED)
            return state;
    }
    return CERTIFICATE_CERTIFIED;
}

enum certificate_state certificate_state_at(const struct certificates *of, instant at)
{
    return state_of(of, at, NULL);
}

/* ---- when it changes ---- */

struct standards {
    uint32_t *names;
    uint32_t count, room;
};

static void add_standard(struct standards *standards, uint32_t name)
{
    for (uint32_t i = 0; i < standards->count; i++) {
        if (standards->names[i] == name)
            return;
    }
    standards->names = array_room(standards->names, &standards->room, standards->count + 1u,
                                  sizeof *standards->names, NULL);
    standards->names[standards->count++] = name;
}

/* The standard, and all that any version could make a base of it. */
static struct standards with_bases(const struct certificates *of)
{
    struct standards standards = {0};
    add_standard(&standards, of->standard);
    for (uint32_t i = 0; i < standards.count; i++) {
        const struct governance_fact *fact =
            governance_standard(of->governance, standards.names[i]);
        for (uint32_t j = 0; fact != NULL && j < fact->version_count; j++) {
            const struct standard *standard = &fact->versions[j]->standard;
            for (uint32_t k = 0; k < standard->extend_count; k++)
                add_standard(&standards, standard->extends[k]);
        }
    }
    return standards;
}

static void add_decisions(const struct certificates *of, struct instants *points)
{
    const struct governance_fact *fact = fact_of(of);
    for (uint32_t i = 0; fact != NULL && i < fact->version_count; i++) {
        const struct governance_version *version = fact->versions[i];
        if (!governance_counts(version, of->position))
            continue;
        instants_add(points, version->certificate.force);
        instants_add(points, version->certificate.valid_until);
    }
}

static void add_versions(const struct certificates *of, const struct governance_fact *fact,
                         struct instants *points)
{
    for (uint32_t i = 0; fact != NULL && i < fact->version_count; i++) {
        const struct governance_version *version = fact->versions[i];
        if (!governance_counts(version, of->position))
            continue;
        instants_add(points, version->head.order.occurred_at);
        if (fact->key.body == ASSAY__V1__EVENT__BODY_STANDARD &&
            version->standard.certifiable_until != INSTANT_END)
            instants_add(points, version->standard.certifiable_until);
    }
}

void certificate_points(const struct certificates *of, struct instants *points)
{
    struct standards standards = with_bases(of);
    for (uint32_t i = 0; i < standards.count; i++) {
        struct certificates one = *of;
        one.standard = standards.names[i];
        add_decisions(&one, points);
        add_versions(&one, governance_standard(of->governance, one.standard), points);
    }
    add_versions(of, programme_fact(of), points);
    free(standards.names);
}

const struct version *certificate_cause(const struct certificates *of, instant at)
{
    const struct version *cause = NULL;
    struct standards standards = with_bases(of);
    for (uint32_t i = 0; i < standards.count; i++) {
        struct certificates one = *of;
        one.standard = standards.names[i];
        const struct governance_fact *fact = fact_of(&one);
        for (uint32_t j = 0; fact != NULL && j < fact->version_count; j++) {
            const struct governance_version *version = fact->versions[j];
            if (version->certificate.force == at && governance_counts(version, of->position))
                cause = version_greater(cause, &version->head);
        }
        const struct governance_version *standard = standard_at(&one, at);
        if (standard != NULL && standard->head.order.occurred_at == at)
            cause = version_greater(cause, &standard->head);
    }
    free(standards.names);
    return cause;
}
