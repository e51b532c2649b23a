#include "consumers/posture/settle.h"

#include "consumers/posture/array.h"
#include "consumers/posture/certificate.h"

#include <assert.h>
#include <stdlib.h>

/* ---- versions in force ---- */

static void report_fact(const struct posture_governance *governance,
                        const struct posture_sink *sink, const struct governance_fact *fact,
                        enum posture_change change, const struct governance_step *step)
{
    if (sink->fact == NULL)
        return;
    struct posture_fact_step reported = {
        .body = governance_body_name(fact),
        .key = names_text(governance->names, fact->key.key),
        .at = step->at,
    };
    if (change == STEP_SET) {
        reported.id = &step->version->head.order.id;
        reported.digest = step->version->head.order.digest;
        reported.since = step->at;
    }
    sink->fact(sink->context, change, &reported);
}

static void settle_fact(const struct posture_governance *governance, struct governance_fact *fact,
                        int64_t position, const struct posture_sink *sink)
{
    struct governance_step *steps = array_new(fact->version_count + 1u, sizeof *steps, NULL);
    uint32_t count = 0;
    for (instant at = governance_next(fact, position, INSTANT_BEGIN); at != INSTANT_END;
         at = governance_next(fact, position, at))
        steps[count++] = (struct governance_step){at, governance_in_force(fact, position, at)};
    for (uint32_t old = 0, new = 0; old < fact->step_count || new < count;) {
        const struct governance_step *was = old < fact->step_count ? &fact->steps[old] : NULL;
        const struct governance_step *is = new < count ? &steps[new] : NULL;
        if (is == NULL || (was != NULL && was->at < is->at)) {
            report_fact(governance, sink, fact, STEP_REMOVED, was);
            old++;
            continue;
        }
        bool both = was != NULL && was->at == is->at;
        if (!both || was->version != is->version)
            report_fact(governance, sink, fact, STEP_SET, is);
        new ++;
        old += both;
    }
    free(fact->steps);
    fact->steps = steps;
    fact->step_count = count;
}

/* ---- what has changed ---- */

/* Marks the version's fact. Whether what claims something of controls must be looked at again. */
static bool mark(struct posture_governance *governance, struct governance_fact *fact)
{
    fact->unsettled = true;
    certification_mark(governance, fact);
    return fact->key.body == ASSAY__V1__EVENT__BODY_STANDARD ||
           fact->key.body == ASSAY__V1__EVENT__BODY_PROGRAMME;
}

static bool mark_entry(struct posture_governance *governance, const struct governance_entry *entry)
{
    if (entry->version != NULL)
        return mark(governance, entry->version->fact);
    bool all = false;
    const struct governance_version *version = governance_of_id(governance, &entry->retraction->id);
    for (; version != NULL; version = version->same_id)
        all |= mark(governance, version->fact);
    return all;
}

void posture_governance_settle(struct posture_governance *governance, int64_t position,
                               const struct posture_sink *sink)
{
    bool all = false;
    for (; governance->settled < governance->log_count &&
           governance->log[governance->settled].position <= position;
         governance->settled++)
        all |= mark_entry(governance, &governance->log[governance->settled]);
    struct governance_fact *fact, *next;
    HASH_ITER(hh, governance->facts, fact, next)
    {
        if (fact->unsettled)
            settle_fact(governance, fact, position, sink);
        if (claims_controls(fact) && (fact->unsettled || all))
            settle_claims(governance, fact, position, sink);
        fact->unsettled = false;
    }
    certification_settle(governance, position, sink);
}
