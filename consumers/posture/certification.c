/* The timelines of certificates, from governance alone: state, deadline and flags. */
#include "consumers/posture/array.h"
#include "consumers/posture/calendar.h"
#include "consumers/posture/certificate.h"
#include "consumers/posture/evaluation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { DUE_BEFORE_DAYS = 90, RECERTIFICATION_MONTHS = 6, SUSPENDED_MONTHS = 6 };

const char *certificate_state_name(enum certificate_state state)
{
    static const char *const names[] = {
        [CERTIFICATE_NONE] = "NONE",           [CERTIFICATE_CERTIFIED] = "CERTIFIED",
        [CERTIFICATE_SUSPENDED] = "SUSPENDED", [CERTIFICATE_EXPIRED] = "EXPIRED",
        [CERTIFICATE_WITHDRAWN] = "WITHDRAWN",
    };
    assert(state <= CERTIFICATE_WITHDRAWN);
    return names[state];
}

const char *certificate_flag_name(uint32_t number)
{
    static const char *const names[] = {
        "SURVEILLANCE_OVERDUE",    "SURVEILLANCE_DUE", "RECERTIFICATION_DUE",
        "SUSPENDED_OVER_6_MONTHS", "MAJOR_NC_OPEN",    "SOA_DIFFERS",
    };
    return number < sizeof names / sizeof names[0] ? names[number] : NULL;
}

/* ---- audits ---- */

static bool surveys(const struct certificates *of, const struct governance_version *version)
{
    const struct audit *audit = &version->audit;
    if (!audit->surveys || audit->programme != of->programme)
        return false;
    for (uint32_t i = 0; i < audit->standard_count; i++) {
        if (audit->standards[i] == of->standard)
            return true;
    }
    return false;
}

static const struct naming *pair_of(const struct certificates *of)
{
    return naming_find(of->governance->pairs, of->programme, of->standard);
}

/* The latest end of an audit in force that counts as a surveillance; INSTANT_BEGIN: none. */
static instant last_survey(const struct certificates *of, instant at)
{
    instant last = INSTANT_BEGIN;
    const struct naming *pair = pair_of(of);
    for (uint32_t i = 0; pair != NULL && i < pair->fact_count; i++) {
        if (pair->facts[i]->key.body != ASSAY__V1__EVENT__BODY_AUDIT)
            continue;
        const struct governance_version *version =
            governance_in_force(pair->facts[i], of->position, at);
        if (version != NULL && surveys(of, version) && version->audit.ends_at <= at &&
            version->audit.ends_at > last)
            last = version->audit.ends_at;
    }
    return last;
}

/* The last decision that grants or renews; NULL: none has taken force. */
static const struct certificate *last_grant(const struct certificates *of, instant at)
{
    const struct naming *naming =
        naming_find(of->governance->certificates, of->programme, of->standard);
    const struct governance_fact *fact = naming == NULL ? NULL : naming->facts[0];
    for (uint32_t i = fact == NULL ? 0 : fact->version_count; i-- > 0;) {
        const struct governance_version *version = fact->versions[i];
        const struct certificate *certificate = &version->certificate;
        if (governance_counts(version, of->position) && certificate->force <= at &&
            (certificate->decision ==
                 ASSAY__V1__CERTIFICATE_DECISION__CERTIFICATE_DECISION_GRANTED ||
             certificate->decision ==
                 ASSAY__V1__CERTIFICATE_DECISION__CERTIFICATE_DECISION_RENEWED))
            return certificate;
    }
    return NULL;
}

static instant deadline_at(const struct certificates *of, const struct certificate *in_force,
                           instant at)
{
    instant base = last_survey(of, at);
    const struct certificate *grant = last_grant(of, at);
    bool granted = false;
    if (grant != NULL && grant->force >= base) {
        base = grant->force;
        granted = grant->decision == ASSAY__V1__CERTIFICATE_DECISION__CERTIFICATE_DECISION_GRANTED;
    }
    if (base == INSTANT_BEGIN)
        return INSTANT_END;
    int year = calendar_year(base);
    if (year + 1 >= calendar_year(in_force->valid_until))
        return INSTANT_END;
    return granted ? calendar_months_after(base, 12) : calendar_year_begin(year + 2);
}

/* ---- flags ---- */

/* The taking force of the first of the unbroken run of SUSPENDED; INSTANT_END: not suspended. */
static instant suspended_since(const struct certificates *of, instant at)
{
    const struct naming *naming =
        naming_find(of->governance->certificates, of->programme, of->standard);
    const struct governance_fact *fact = naming->facts[0];
    instant since = INSTANT_END;
    for (uint32_t i = fact->version_count; i-- > 0;) {
        const struct governance_version *version = fact->versions[i];
        const struct certificate *certificate = &version->certificate;
        if (!governance_counts(version, of->position) || certificate->force > at)
            continue;
        if (certificate->decision !=
            ASSAY__V1__CERTIFICATE_DECISION__CERTIFICATE_DECISION_SUSPENDED)
            break;
        since = certificate->force;
    }
    return since;
}

static bool major_weighs(const struct certificates *of, const struct governance_version *version)
{
    return version != NULL && version->finding.open && version->finding.major &&
           version->finding.reach.programme == of->programme &&
           version->finding.reach.standard == of->standard;
}

struct major_step {
    instant at;
    int open; /* by how many more from here on; once settled, how many */
};

struct majors {
    struct major_step *steps;
    uint32_t count, room;
};

static void add_major(struct majors *majors, instant at, int by)
{
    majors->steps =
        array_room(majors->steps, &majors->room, majors->count + 1u, sizeof *majors->steps, NULL);
    majors->steps[majors->count++] = (struct major_step){at, by};
}

static int compare_majors(const void *a, const void *b)
{
    const struct major_step *x = a, *y = b;
    return (x->at > y->at) - (x->at < y->at);
}

/* How many major nonconformities are open, as steps. */
static struct majors count_majors(const struct certificates *of)
{
    struct majors majors = {0};
    const struct naming *pair = pair_of(of);
    for (uint32_t i = 0; pair != NULL && i < pair->fact_count; i++) {
        const struct governance_fact *fact = pair->facts[i];
        bool open = false;
        instant at = fact->key.body == ASSAY__V1__EVENT__BODY_FINDING
                         ? governance_next(fact, of->position, INSTANT_BEGIN)
                         : INSTANT_END;
        for (; at != INSTANT_END; at = governance_next(fact, of->position, at)) {
            bool now = major_weighs(of, governance_in_force(fact, of->position, at));
            if (now != open)
                add_major(&majors, at, now ? 1 : -1);
            open = now;
        }
    }
    if (majors.count > 1)
        qsort(majors.steps, majors.count, sizeof *majors.steps, compare_majors);
    for (uint32_t i = 1; i < majors.count; i++)
        majors.steps[i].open += majors.steps[i - 1].open;
    return majors;
}

static bool major_open(const struct majors *majors, instant at)
{
    uint32_t until = steps_until(majors->steps, majors->count, sizeof *majors->steps, at);
    return until > 0 && majors->steps[until - 1].open > 0;
}

static bool statement_differs(const struct certificates *of, const struct certificate *certificate,
                              instant at)
{
    const struct governance_version *statement = governance_in_force(
        governance_named(of->governance, ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY,
                         of->programme),
        of->position, at);
    const char *version =
        statement == NULL ? "" : names_text(of->governance->names, statement->statement.version);
    return strcmp(version, names_text(of->governance->names, certificate->soa_version)) != 0;
}

static uint8_t flags_at(const struct certificates *of, const struct majors *majors,
                        const struct certificate *certificate, instant deadline, instant at)
{
    unsigned flags = 0;
    instant suspended = suspended_since(of, at);
    if (deadline != INSTANT_END && at >= deadline)
        flags |= CERTIFICATE_SURVEILLANCE_OVERDUE;
    if (deadline != INSTANT_END && at < deadline && at >= deadline - DUE_BEFORE_DAYS * INSTANT_DAY)
        flags |= CERTIFICATE_SURVEILLANCE_DUE;
    if (at >= calendar_months_after(certificate->valid_until, -RECERTIFICATION_MONTHS))
        flags |= CERTIFICATE_RECERTIFICATION_DUE;
    if (suspended != INSTANT_END && at >= calendar_months_after(suspended, SUSPENDED_MONTHS))
        flags |= CERTIFICATE_SUSPENDED_OVER_6_MONTHS;
    if (major_open(majors, at))
        flags |= CERTIFICATE_MAJOR_NC_OPEN;
    if (statement_differs(of, certificate, at))
        flags |= CERTIFICATE_SOA_DIFFERS;
    return (uint8_t)flags;
}

/* ---- the timeline ---- */

static struct certification_step step_at(const struct certificates *of, const struct majors *majors,
                                         instant at)
{
    const struct governance_version *programme = governance_in_force(
        governance_named(of->governance, ASSAY__V1__EVENT__BODY_PROGRAMME, of->programme),
        of->position, at);
    struct certification_step step = {.at = at, .deadline = INSTANT_END};
    step.decision = certificate_decision(of, at);
    step.exists =
        step.decision != NULL ||
        (programme != NULL && programme_lists_standard(&programme->programme, of->standard));
    step.state = (uint8_t)certificate_state_at(of, at);
    if (step.state != CERTIFICATE_CERTIFIED && step.state != CERTIFICATE_SUSPENDED)
        return step;
    step.deadline = deadline_at(of, &step.decision->certificate, at);
    step.flags = flags_at(of, majors, &step.decision->certificate, step.deadline, at);
    return step;
}

/* Instants that follow from decisions and audits, whether they still matter then or not. */
static void add_terms(const struct certificates *of, struct instants *points)
{
    const struct naming *naming =
        naming_find(of->governance->certificates, of->programme, of->standard);
    const struct governance_fact *fact = naming == NULL ? NULL : naming->facts[0];
    for (uint32_t i = 0; fact != NULL && i < fact->version_count; i++) {
        const struct certificate *certificate = &fact->versions[i]->certificate;
        if (!governance_counts(fact->versions[i], of->position))
            continue;
        instants_add(points,
                     calendar_months_after(certificate->valid_until, -RECERTIFICATION_MONTHS));
        instants_add(points, calendar_months_after(certificate->force, SUSPENDED_MONTHS));
    }
    const struct naming *pair = pair_of(of);
    for (uint32_t i = 0; pair != NULL && i < pair->fact_count; i++) {
        fact = pair->facts[i];
        instant at = fact->key.body == ASSAY__V1__EVENT__BODY_AUDIT
                         ? governance_next(fact, of->position, INSTANT_BEGIN)
                         : INSTANT_END;
        for (; at != INSTANT_END; at = governance_next(fact, of->position, at)) {
            instants_add(points, at);
            instants_add(points, governance_in_force(fact, of->position, at)->audit.ends_at);
        }
    }
}

static void gather_points(const struct certificates *of, const struct majors *majors,
                          struct instants *points)
{
    certificate_points(of, points);
    add_terms(of, points);
    for (uint32_t i = 0; i < majors->count; i++)
        instants_add(points, majors->steps[i].at);
    const struct governance_fact *statement = governance_named(
        of->governance, ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY, of->programme);
    for (instant at = governance_next(statement, of->position, INSTANT_BEGIN); at != INSTANT_END;
         at = governance_next(statement, of->position, at))
        instants_add(points, at);
    instants_settle(points);
    /* A deadline is as its base has it, which changes at one of these. */
    for (uint32_t i = points->count; i-- > 0;) {
        const struct governance_version *decision = certificate_decision(of, points->items[i]);
        instant deadline = decision == NULL
                               ? INSTANT_END
                               : deadline_at(of, &decision->certificate, points->items[i]);
        if (deadline == INSTANT_END)
            continue;
        instants_add(points, deadline);
        instants_add(points, deadline - DUE_BEFORE_DAYS * INSTANT_DAY);
    }
    instants_settle(points);
}

/* Whether two decisions show the same: one event may come with two contents. */
static bool same_decision(const struct governance_version *a, const struct governance_version *b)
{
    if (a == b)
        return true;
    return a != NULL && b != NULL && version_same_event(&a->head, &b->head) &&
           a->certificate.number == b->certificate.number &&
           a->certificate.body == b->certificate.body &&
           a->certificate.soa_version == b->certificate.soa_version &&
           a->certificate.valid_from == b->certificate.valid_from &&
           a->certificate.valid_until == b->certificate.valid_until;
}

static bool same_values(const struct certification_step *a, const struct certification_step *b)
{
    return a->exists == b->exists && a->state == b->state && a->flags == b->flags &&
           same_decision(a->decision, b->decision) && a->deadline == b->deadline;
}

static void report(const struct posture_governance *governance, const struct posture_sink *sink,
                   const struct certification *certification, enum posture_change change,
                   const struct certification_step *step)
{
    if (sink->certification == NULL)
        return;
    struct posture_certification_step reported = {.at = step->at};
    if (change == STEP_SET) {
        reported.exists = step->exists;
        reported.state = (enum certificate_state)step->state;
        reported.surveillance_deadline = step->deadline;
        reported.flags = step->flags;
    }
    if (change == STEP_SET && step->decision != NULL) {
        const struct certificate *certificate = &step->decision->certificate;
        reported.decision = &step->decision->head.order.id;
        reported.number = names_text(governance->names, certificate->number);
        reported.body = names_text(governance->names, certificate->body);
        reported.soa_version = names_text(governance->names, certificate->soa_version);
        reported.valid_from = certificate->valid_from;
        reported.valid_until = certificate->valid_until;
    }
    sink->certification(sink->context, names_text(governance->names, certification->name.standard),
                        names_text(governance->names, certification->name.control), change,
                        &reported);
}

static void replace(const struct posture_governance *governance, const struct posture_sink *sink,
                    struct certification *certification, struct certification_step *steps,
                    uint32_t count)
{
    for (uint32_t old = 0, new = 0; old < certification->count || new < count;) {
        const struct certification_step *was =
            old < certification->count ? &certification->steps[old] : NULL;
        const struct certification_step *is = new < count ? &steps[new] : NULL;
        if (is == NULL || (was != NULL && was->at < is->at)) {
            report(governance, sink, certification, STEP_REMOVED, was);
            old++;
            continue;
        }
        bool both = was != NULL && was->at == is->at;
        if (!both || !same_values(was, is))
            report(governance, sink, certification, STEP_SET, is);
        new ++;
        old += both;
    }
    free(certification->steps);
    certification->steps = steps;
    certification->count = count;
}

static void settle(const struct posture_governance *governance, int64_t position,
                   const struct posture_sink *sink, struct certification *certification)
{
    /* The pair's first name is the programme. */
    struct certificates of = {governance, position, certification->name.standard,
                              certification->name.control};
    struct majors majors = count_majors(&of);
    struct instants points = {0};
    gather_points(&of, &majors, &points);
    struct certification_step *steps = array_new(points.count + 1u, sizeof *steps, NULL);
    struct certification_step last = {.deadline = INSTANT_END};
    uint32_t count = 0;
    for (uint32_t i = 0; i < points.count; i++) {
        struct certification_step step = step_at(&of, &majors, points.items[i]);
        if (!same_values(&step, &last))
            steps[count++] = last = step;
    }
    replace(governance, sink, certification, steps, count);
    free(points.items);
    free(majors.steps);
}

/* ---- which to settle ---- */

void certification_name(struct posture_governance *governance, uint32_t programme,
                        uint32_t standard)
{
    struct control_name name = {programme, standard};
    struct certification *certification;
    HASH_FIND(hh, governance->certifications, &name, sizeof name, certification);
    if (certification != NULL)
        return;
    certification = array_new(1, sizeof *certification, &governance->bytes);
    certification->name = name;
    certification->unsettled = true;
    HASH_ADD(hh, governance->certifications, name, sizeof certification->name, certification);
}

static bool bears_on(const struct governance_version *version, const struct certificates *pair)
{
    switch (version->fact->key.body) {
    case ASSAY__V1__EVENT__BODY_STANDARD: /* of some base, perhaps */
        return true;
    case ASSAY__V1__EVENT__BODY_PROGRAMME:
    case ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY:
        return version->fact->key.key == pair->programme;
    case ASSAY__V1__EVENT__BODY_CERTIFICATE: /* of a base, too */
        return version->certificate.programme == pair->programme;
    case ASSAY__V1__EVENT__BODY_AUDIT:
        return surveys(pair, version);
    case ASSAY__V1__EVENT__BODY_FINDING:
        return major_weighs(pair, version);
    default:
        return false;
    }
}

void certification_mark(struct posture_governance *governance, const struct governance_fact *fact)
{
    struct certification *certification;
    for (certification = governance->certifications; certification != NULL;
         certification = certification->hh.next) {
        struct certificates pair = {governance, 0, certification->name.standard,
                                    certification->name.control};
        for (uint32_t i = 0; i < fact->version_count && !certification->unsettled; i++)
            certification->unsettled = bears_on(fact->versions[i], &pair);
    }
}

void certification_settle(struct posture_governance *governance, int64_t position,
                          const struct posture_sink *sink)
{
    struct certification *certification;
    for (certification = governance->certifications; certification != NULL;
         certification = certification->hh.next) {
        if (certification->unsettled)
            settle(governance, position, sink, certification);
        certification->unsettled = false;
    }
}

void certifications_free(struct posture_governance *governance)
{
    struct certification *certification, *next;
    HASH_ITER(hh, governance->certifications, certification, next)
    {
        HASH_DEL(governance->certifications, certification);
        free(certification->steps);
        free(certification);
    }
}
