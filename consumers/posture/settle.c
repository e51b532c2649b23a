/* Governance's own steps: which version of each of its facts is in force, and what mappings name
 * that is not known. */
#include "consumers/posture/array.h"
#include "consumers/posture/evaluation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- mappings that name what is not known ---- */

struct gathered {
    struct unmapped_control *items;
    uint32_t count, room;
};

static int compare(const void *a, const void *b)
{
    const struct unmapped_control *x = a, *y = b;
    if (x->at != y->at)
        return x->at > y->at ? 1 : -1;
    int order = order_compare(&x->version->head.order, &y->version->head.order);
    if (order != 0)
        return order;
    if (x->record != y->record)
        return x->record > y->record ? 1 : -1;
    if (x->control.standard != y->control.standard)
        return x->control.standard > y->control.standard ? 1 : -1;
    return (x->control.control > y->control.control) - (x->control.control < y->control.control);
}

static const char *reason_at(const struct posture_governance *governance,
                             const struct control_name *control, int64_t position, instant at)
{
    const struct governance_version *standard =
        governance_in_force(governance_standard(governance, control->standard), position, at);
    if (standard == NULL)
        return POSTURE_UNKNOWN_STANDARD;
    return standard_has(&standard->standard, control->control) ? NULL : POSTURE_UNKNOWN_CONTROL;
}

static void add_steps(struct gathered *window, const struct governance_version *version,
                      int64_t position, const struct unmapped_control *step)
{
    for (uint32_t i = 0; i < version->record_count; i++) {
        if (version->records[i].position > position)
            continue;
        window->items = array_room(window->items, &window->room, window->count + 1u,
                                   sizeof *window->items, NULL);
        window->items[window->count] = *step;
        window->items[window->count++].record = i;
    }
}

/* The steps of a mapping's version in force during [from, until). */
static void gather_unmapped(const struct posture_governance *governance,
                            const struct governance_version *version, int64_t position,
                            instant until, struct gathered *window)
{
    for (uint32_t i = 0; i < version->mapping.control_count; i++) {
        struct unmapped_control step = {.version = version,
                                        .control = version->mapping.controls[i]};
        const struct governance_fact *standard =
            governance_standard(governance, step.control.standard);
        const char *last = NULL;
        for (step.at = version->head.order.occurred_at; step.at < until;
             step.at = governance_next(standard, position, step.at)) {
            step.reason = reason_at(governance, &step.control, position, step.at);
            if (step.reason != last)
                add_steps(window, version, position, &step);
            last = step.reason;
        }
        if (last != NULL && until != INSTANT_END) {
            step.at = until;
            step.reason = NULL;
            add_steps(window, version, position, &step);
        }
    }
}

static void report_unmapped(const struct posture_governance *governance,
                            const struct posture_sink *sink, const struct governance_fact *fact,
                            enum posture_change change, const struct unmapped_control *step)
{
    if (sink->unmapped == NULL)
        return;
    struct posture_unmapped_step reported =
        unmapped_record(governance->names, &step->version->records[step->record].record);
    reported.at = step->at;
    reported.reason = change == STEP_SET ? step->reason : NULL;
    reported.event = &step->version->head.order.id;
    reported.check = names_text(governance->names, fact->key.key);
    reported.standard = names_text(governance->names, step->control.standard);
    reported.control = names_text(governance->names, step->control.control);
    sink->unmapped(sink->context, change, &reported);
}

static void settle_unmapped(const struct posture_governance *governance,
                            struct governance_fact *fact, int64_t position,
                            const struct posture_sink *sink)
{
    struct gathered window = {0};
    for (uint32_t i = 0; i < fact->step_count; i++) {
        instant until = i + 1 < fact->step_count ? fact->steps[i + 1].at : INSTANT_END;
        gather_unmapped(governance, fact->steps[i].version, position, until, &window);
    }
    if (window.count > 1)
        qsort(window.items, window.count, sizeof *window.items, compare);
    for (uint32_t old = 0, new = 0; old < fact->unmapped_count || new < window.count;) {
        int order = old == fact->unmapped_count ? 1
                    : new == window.count       ? -1
                                                : compare(&fact->unmapped[old], &window.items[new]);
        if (order < 0)
            report_unmapped(governance, sink, fact, STEP_REMOVED, &fact->unmapped[old]);
        else if (order > 0 || fact->unmapped[old].reason != window.items[new].reason)
            report_unmapped(governance, sink, fact, STEP_SET, &window.items[new]);
        old += order <= 0;
        new += order >= 0;
    }
    free(fact->unmapped);
    fact->unmapped = window.items;
    fact->unmapped_count = window.count;
}

/* ---- what has changed ---- */

static void mark(const struct posture_governance *governance, struct governance_fact *fact)
{
    fact->unsettled = true;
    if (fact->key.body != ASSAY__V1__EVENT__BODY_STANDARD)
        return;
    struct naming *naming, *next; /* mappings that name the standard's controls */
    HASH_ITER(hh, governance->controls, naming, next)
    {
        for (uint32_t i = 0; naming->name.standard == fact->key.key && i < naming->fact_count; i++)
            naming->facts[i]->unsettled = true;
    }
}

void posture_governance_settle(struct posture_governance *governance, int64_t position,
                               const struct posture_sink *sink)
{
    for (; governance->settled < governance->log_count &&
           governance->log[governance->settled].position <= position;
         governance->settled++) {
        const struct governance_entry *entry = &governance->log[governance->settled];
        if (entry->version != NULL) {
            mark(governance, entry->version->fact);
            continue;
        }
        const struct governance_version *version =
            governance_of_id(governance, &entry->retraction->id);
        for (; version != NULL; version = version->same_id)
            mark(governance, version->fact);
    }
    struct governance_fact *fact, *next;
    HASH_ITER(hh, governance->facts, fact, next)
    {
        if (!fact->unsettled)
            continue;
        settle_fact(governance, fact, position, sink);
        if (fact->key.body == ASSAY__V1__EVENT__BODY_CHECK_MAPPING)
            settle_unmapped(governance, fact, position, sink);
        fact->unsettled = false;
    }
}
