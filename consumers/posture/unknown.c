/*
 * What the facts of governance say of controls in vain: they name a standard or a control that is
 * not known, speak of a clause where only controls count, or leave out a control they should list.
 *
 * A version makes claims about controls; each is judged at every instant at which its standard or
 * programme changes, for as long as the version is in force.
 */
#include "consumers/posture/array.h"
#include "consumers/posture/settle.h"

#include <stdlib.h>

enum judged {
    NAMES,           /* the control must be known */
    NAMES_NO_CLAUSE, /* and be no clause */
    ONLY_NO_CLAUSE,  /* where it is known it must be no clause */
    OMITS,           /* it must not be a control of a standard that the programme lists */
};

struct claim {
    struct control_name control;
    enum judged judged;
};

struct gathered {
    struct unmapped_control *items;
    uint32_t count, room;
};

struct judging {
    const struct posture_governance *governance;
    int64_t position;
    const struct governance_version *version;
    const struct governance_fact *programme; /* of a statement; else NULL */
    instant until;                           /* the version is in force */
    struct gathered *window;
};

/* ---- one claim ---- */

static const char *reason_at(const struct judging *judging, const struct claim *claim, instant at)
{
    const struct posture_governance *governance = judging->governance;
    const struct governance_version *standard = governance_in_force(
        governance_standard(governance, claim->control.standard), judging->position, at);
    const struct listed_control *listed =
        standard == NULL ? NULL : standard_lists(&standard->standard, claim->control.control);
    bool anything = claim->control.control == governance->star;
    switch (claim->judged) {
    case OMITS: {
        const struct governance_version *programme =
            governance_in_force(judging->programme, judging->position, at);
        bool omitted = listed != NULL && !listed->clause && programme != NULL &&
                       programme_lists_standard(&programme->programme, claim->control.standard);
        return omitted ? POSTURE_OMITTED : NULL;
    }
    case NAMES:
    case NAMES_NO_CLAUSE:
        if (standard == NULL)
            return POSTURE_UNKNOWN_STANDARD;
        if (listed == NULL && !anything)
            return POSTURE_UNKNOWN_CONTROL;
        if (claim->judged == NAMES)
            return NULL;
        break;
    case ONLY_NO_CLAUSE:
        break;
    }
    return listed != NULL && listed->clause ? POSTURE_CLAUSE : NULL;
}

static void add_steps(const struct judging *judging, const struct unmapped_control *step)
{
    struct gathered *window = judging->window;
    for (uint32_t i = 0; i < judging->version->record_count; i++) {
        if (judging->version->records[i].position > judging->position)
            continue;
        window->items = array_room(window->items, &window->room, window->count + 1u,
                                   sizeof *window->items, NULL);
        window->items[window->count] = *step;
        window->items[window->count++].record = i;
    }
}

static void judge(const struct judging *judging, const struct claim *claim)
{
    const struct governance_fact *standard =
        governance_standard(judging->governance, claim->control.standard);
    struct unmapped_control step = {.version = judging->version, .control = claim->control};
    const char *last = NULL;
    for (step.at = judging->version->head.order.occurred_at; step.at < judging->until;) {
        step.reason = reason_at(judging, claim, step.at);
        if (step.reason != last)
            add_steps(judging, &step);
        last = step.reason;
        instant next = governance_next(standard, judging->position, step.at);
        instant listed = claim->judged == OMITS
                             ? governance_next(judging->programme, judging->position, step.at)
                             : INSTANT_END;
        step.at = listed < next ? listed : next;
    }
    if (last != NULL && judging->until != INSTANT_END) {
        step.at = judging->until;
        step.reason = NULL;
        add_steps(judging, &step);
    }
}

/* ---- the claims of a version ---- */

static void judge_mapping(const struct judging *judging)
{
    const struct mapping *mapping = &judging->version->mapping;
    for (uint32_t i = 0; i < mapping->control_count; i++)
        judge(judging, &(struct claim){mapping->controls[i], NAMES});
}

/* Whether an earlier version of the standard has the control, so that it is judged already. */
static bool judged_before(const struct governance_fact *standard, uint32_t version,
                          uint32_t control)
{
    for (uint32_t i = 0; i < version; i++) {
        if (standard_lists(&standard->versions[i]->standard, control) != NULL)
            return true;
    }
    return false;
}

/* Of a standard that some version of the programme lists. */
static void judge_omissions(const struct judging *judging, uint32_t name)
{
    const struct statement *statement = &judging->version->statement;
    const struct governance_fact *fact = governance_standard(judging->governance, name);
    for (uint32_t i = 0; fact != NULL && i < fact->version_count; i++) {
        const struct standard *standard = &fact->versions[i]->standard;
        for (uint32_t j = 0; j < standard->control_count; j++) {
            uint32_t control = standard->controls[j].control;
            if (statement_lists(statement, name, control) == NULL &&
                !judged_before(fact, i, control))
                judge(judging, &(struct claim){{name, control}, OMITS});
        }
    }
}

static bool listed_before(const struct governance_fact *programme, uint32_t version, uint32_t place)
{
    uint32_t standard = programme->versions[version]->programme.standards[place];
    for (uint32_t i = 0; i < version; i++) {
        if (programme_lists_standard(&programme->versions[i]->programme, standard))
            return true;
    }
    for (uint32_t i = 0; i < place; i++) {
        if (programme->versions[version]->programme.standards[i] == standard)
            return true;
    }
    return false;
}

static void judge_statement(struct judging *judging)
{
    const struct statement *statement = &judging->version->statement;
    for (uint32_t i = 0; i < statement->entry_count; i++)
        judge(judging, &(struct claim){statement->entries[i].control, NAMES_NO_CLAUSE});
    judging->programme = governance_named(judging->governance, ASSAY__V1__EVENT__BODY_PROGRAMME,
                                          judging->version->fact->key.key);
    const struct governance_fact *programme = judging->programme;
    for (uint32_t i = 0; programme != NULL && i < programme->version_count; i++) {
        const struct programme *body = &programme->versions[i]->programme;
        for (uint32_t j = 0; j < body->standard_count; j++) {
            if (!listed_before(programme, i, j))
                judge_omissions(judging, body->standards[j]);
        }
    }
}

/* An exception for a control of any standard has no effect where that is a clause. */
static void judge_any_standard(const struct judging *judging, uint32_t control)
{
    const struct governance_fact *fact;
    for (fact = judging->governance->facts; fact != NULL; fact = fact->hh.next) {
        if (fact->key.body == ASSAY__V1__EVENT__BODY_STANDARD)
            judge(judging, &(struct claim){{fact->key.key, control}, ONLY_NO_CLAUSE});
    }
}

static void judge_exception(struct judging *judging)
{
    const struct exception *exception = &judging->version->exception;
    const struct reach *reach = &exception->reach;
    uint32_t star = judging->governance->star;
    if (!exception->approved)
        return;
    if (exception->expires_at < judging->until)
        judging->until = exception->expires_at;
    if (reach->standard != star)
        judge(judging, &(struct claim){{reach->standard, reach->control}, NAMES_NO_CLAUSE});
    else if (reach->control != star)
        judge_any_standard(judging, reach->control);
}

static void judge_finding(const struct judging *judging)
{
    const struct finding *finding = &judging->version->finding;
    if (finding->open && (finding->major || finding->minor))
        judge(judging, &(struct claim){{finding->reach.standard, finding->reach.control}, NAMES});
}

static void judge_inheritance(const struct judging *judging)
{
    const struct inheritance *inheritance = &judging->version->inheritance;
    if (inheritance->kind != ASSAY__V1__INHERITANCE_KIND__INHERITANCE_KIND_NONE)
        judge(judging,
              &(struct claim){{inheritance->name.standard, inheritance->name.control}, NAMES});
}

bool claims_controls(const struct governance_fact *fact)
{
    switch (fact->key.body) {
    case ASSAY__V1__EVENT__BODY_CHECK_MAPPING:
    case ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY:
    case ASSAY__V1__EVENT__BODY_EXCEPTION:
    case ASSAY__V1__EVENT__BODY_FINDING:
    case ASSAY__V1__EVENT__BODY_INHERITANCE:
        return true;
    default:
        return false;
    }
}

static void judge_version(struct judging *judging)
{
    switch (judging->version->fact->key.body) {
    case ASSAY__V1__EVENT__BODY_CHECK_MAPPING:
        judge_mapping(judging);
        break;
    case ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY:
        judge_statement(judging);
        break;
    case ASSAY__V1__EVENT__BODY_EXCEPTION:
        judge_exception(judging);
        break;
    case ASSAY__V1__EVENT__BODY_FINDING:
        judge_finding(judging);
        break;
    case ASSAY__V1__EVENT__BODY_INHERITANCE:
        judge_inheritance(judging);
        break;
    default:
        break;
    }
}

/* ---- what differs ---- */

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

static void report(const struct posture_governance *governance, const struct posture_sink *sink,
                   const struct governance_fact *fact, enum posture_change change,
                   const struct unmapped_control *step)
{
    if (sink->unmapped == NULL)
        return;
    struct posture_unmapped_step reported =
        unmapped_record(governance->names, &step->version->records[step->record].record);
    reported.at = step->at;
    reported.reason = change == STEP_SET ? step->reason : NULL;
    reported.event = &step->version->head.order.id;
    if (fact->key.body == ASSAY__V1__EVENT__BODY_CHECK_MAPPING)
        reported.check = names_text(governance->names, fact->key.key);
    reported.standard = names_text(governance->names, step->control.standard);
    reported.control = names_text(governance->names, step->control.control);
    sink->unmapped(sink->context, change, &reported);
}

void settle_claims(const struct posture_governance *governance, struct governance_fact *fact,
                   int64_t position, const struct posture_sink *sink)
{
    struct gathered window = {0};
    for (uint32_t i = 0; i < fact->step_count; i++) {
        struct judging judging = {
            .governance = governance,
            .position = position,
            .version = fact->steps[i].version,
            .until = i + 1 < fact->step_count ? fact->steps[i + 1].at : INSTANT_END,
            .window = &window,
        };
        judge_version(&judging);
    }
    if (window.count > 1)
        qsort(window.items, window.count, sizeof *window.items, compare);
    for (uint32_t old = 0, new = 0; old < fact->unmapped_count || new < window.count;) {
        int order = old == fact->unmapped_count ? 1
                    : new == window.count       ? -1
                                                : compare(&fact->unmapped[old], &window.items[new]);
        if (order < 0)
            report(governance, sink, fact, STEP_REMOVED, &fact->unmapped[old]);
        else if (order > 0 || fact->unmapped[old].reason != window.items[new].reason)
            report(governance, sink, fact, STEP_SET, &window.items[new]);
        old += order <= 0;
        new += order >= 0;
    }
    free(fact->unmapped);
    fact->unmapped = window.items;
    fact->unmapped_count = window.count;
}
