#include "consumers/posture/explain.h"

#include "consumers/posture/array.h"
#include "consumers/posture/evaluation.h"
#include "consumers/posture/merge.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *stream_state_name(enum stream_state state)
{
    static const char *const names[] = {
        [STREAM_PASSES] = "passes",   [STREAM_FAILS] = "fails",
        [STREAM_ERRS] = "errs",       [STREAM_STALE] = "stale",
        [STREAM_NEUTRAL] = "neutral", [STREAM_NOT_CHECKED] = "not checked",
        [STREAM_RETIRED] = "retired",
    };
    assert(state <= STREAM_RETIRED);
    return names[state];
}

/* ---- events ---- */

static struct posture_record told(const struct names *names, const struct kept_record *record)
{
    return (struct posture_record){
        .topic = record->topic,
        .partition = record->partition,
        .incarnation = record->incarnation,
        .offset = record->offset,
        .batch = record->batch,
        .team = names_text(names, record->team),
        .governance = record->governance,
    };
}

static struct explained_event event_of(const char *body, const struct version *head,
                                       struct posture_record record)
{
    return (struct explained_event){
        .any = true,
        .body = body,
        .id = head->order.id,
        .occurred_at = head->order.occurred_at,
        .record = record,
    };
}

static struct explained_event fact_event(const struct posture_service *service, const char *body,
                                         const struct fact_version *version)
{
    if (version == NULL)
        return (struct explained_event){0};
    return event_of(body, &version->head, told(service->names, &version->records[0]));
}

static struct explained_event governance_event(const struct posture_governance *governance,
                                               const struct governance_version *version)
{
    if (version == NULL)
        return (struct explained_event){0};
    return event_of(governance_body_name(version->fact), &version->head,
                    told(governance->names, &version->records[0].record));
}

static struct explained_event result_event(const struct evaluation *run,
                                           const struct observation *observation)
{
    uint32_t record = 0;
    const struct kept_record *kept;
    do {
        kept = record_at(run->service, observation, record);
        record = record_next(run->service, observation, record);
    } while (record != 0 && record_fate(run, observation, kept) != RECORD_COUNTS);
    return event_of("control_test_result", &observation->head, told(run->service->names, kept));
}

/* What a version is, which only its address says. */
static struct explained_event version_event(const struct evaluation *run, const struct merge *merge,
                                            const struct version *version)
{
    const struct cell_facts *facts = &merge->facts;
    if (version == NULL)
        return (struct explained_event){0};
    if (facts->scope != NULL && version == &facts->scope->head)
        return fact_event(run->service, "scope_change", facts->scope);
    if (facts->onboarding != NULL && version == &facts->onboarding->head)
        return fact_event(run->service, "service_onboarding", facts->onboarding);
    const struct governance_version *same = governance_of_id(run->governance, &version->order.id);
    for (; same != NULL; same = same->same_id) {
        if (version == &same->head)
            return governance_event(run->governance, same);
    }
    return result_event(run, (const struct observation *)(const void *)version);
}

/* ---- streams ---- */

static const struct observation *observation_in_force(const struct posture_service *service,
                                                      const struct stream *stream, instant at)
{
    const uint32_t *versions = stream_versions(stream);
    for (uint32_t i = stream->count; i-- > 0;) {
        const struct observation *observation = observation_at(service, versions[i]);
        if ((observation->flags & OBSERVATION_COUNTS) && observation->head.order.occurred_at <= at)
            return observation;
    }
    return NULL;
}

static enum stream_state state_of(Assay__V1__Result result, bool fresh)
{
    switch (result) {
    case ASSAY__V1__RESULT__RESULT_PASS:
        return fresh ? STREAM_PASSES : STREAM_STALE;
    case ASSAY__V1__RESULT__RESULT_ERROR:
    case ASSAY__V1__RESULT__RESULT_UNKNOWN:
        return fresh ? STREAM_ERRS : STREAM_STALE;
    case ASSAY__V1__RESULT__RESULT_NOT_APPLICABLE:
        return fresh ? STREAM_NEUTRAL : STREAM_STALE;
    case ASSAY__V1__RESULT__RESULT_FAIL:
        return STREAM_FAILS;
    case ASSAY__V1__RESULT__RESULT_NOT_CHECKED:
        return STREAM_NOT_CHECKED;
    case ASSAY__V1__RESULT__RESULT_RETIRED:
        return STREAM_RETIRED;
    default:
        return STREAM_NEUTRAL;
    }
}

static bool ages(Assay__V1__Result result)
{
    return state_of(result, false) == STREAM_STALE;
}

static struct explained_stream explain_stream(const struct evaluation *run,
                                              const struct population *population,
                                              const struct stream *stream,
                                              const struct observation *observation, instant at)
{
    instant expiry =
        instant_add(observation->head.order.occurred_at, population_ttl(population, at));
    if (observation->expires_at < expiry)
        expiry = observation->expires_at;
    return (struct explained_stream){
        .subject = text_of(run->service, stream->subject),
        .state = state_of(observation->result, at < expiry),
        .result = observation->result,
        .event = result_event(run, observation),
        .expires_at = ages(observation->result) ? expiry : INSTANT_END,
    };
}

static void explain_check(const struct evaluation *run, const struct check_input *input, instant at,
                          struct explained_check *check)
{
    const struct population *population = input->population;
    *check = (struct explained_check){
        .check = names_text(run->governance->names, input->fact->key.key),
        .required = input->required,
        .missing = input->required && check_missing(input),
        .mapping = governance_event(run->governance, input->mapping),
        .ttl = input->mapping->mapping.ttl,
    };
    uint32_t count = population == NULL ? 0 : population->stream_count;
    check->streams = array_new(count + 1u, sizeof *check->streams, NULL);
    for (uint32_t i = 0; i < count; i++) {
        const struct stream *stream = &run->service->streams[population->streams[i]];
        const struct observation *observation = observation_in_force(run->service, stream, at);
        if (observation != NULL)
            check->streams[check->stream_count++] =
                explain_stream(run, population, stream, observation, at);
    }
}

static int compare_checks(const void *a, const void *b)
{
    const struct explained_check *x = a, *y = b;
    return strcmp(x->check, y->check);
}

/* ---- what comes next ---- */

static void explain_next(const struct evaluation *run, const struct merge *merge,
                         const struct cell_step *next, struct posture_explanation *out)
{
    out->next_status = (enum cell_status)next->status;
    if (next->cause != NULL) {
        struct merge then; /* the cause is in force only then */
        merge_open(&then, run, merge->cell, next->at, next->at);
        out->next_cause = version_event(run, &then, next->cause);
        merge_close(&then);
        return;
    }
    uint32_t room = 0;
    for (uint32_t i = 0; i < out->check_count; i++) {
        const struct explained_check *check = &out->checks[i];
        for (uint32_t j = 0; check->required && j < check->stream_count; j++) {
            const struct explained_stream *stream = &check->streams[j];
            if (stream->expires_at != next->at)
                continue;
            out->next_expiring =
                array_room(out->next_expiring, &room, out->next_expiring_count + 1u,
                           sizeof(const struct explained_stream *), NULL);
            out->next_expiring[out->next_expiring_count++] = stream;
        }
    }
}

static void explain_steps(const struct evaluation *run, const struct merge *merge,
                          const struct cell *cell, instant at, struct posture_explanation *out)
{
    uint32_t first = cell_steps_until(cell, at);
    assert(first > 0);
    uint32_t next = first--;
    while (!cell->steps[first].transition)
        first--;
    while (next < cell->step_count && !cell->steps[next].transition)
        next++;
    out->since = cell->steps[first].at;
    out->until = INSTANT_END;
    if (next == cell->step_count)
        return;
    out->until = cell->steps[next].at;
    explain_next(run, merge, &cell->steps[next], out);
}

static void explain_facts(const struct evaluation *run, const struct merge *merge,
                          struct posture_explanation *out)
{
    const struct cell_facts *facts = &merge->facts;
    out->scope = fact_event(run->service, "scope_change", facts->scope);
    out->onboarding = fact_event(run->service, "service_onboarding", facts->onboarding);
    out->standard = governance_event(run->governance, facts->standard);
    out->membership = facts->scope->membership;
    if (facts->onboarding != NULL)
        out->lifecycle = facts->onboarding->lifecycle;
    if (facts->programme != NULL) {
        out->programme = governance_event(run->governance, facts->programme->version);
        out->discontinued = facts->programme->discontinued;
    }
    out->required = facts->required;
    out->missing = facts->missing;
}

static void explain_cell(const struct evaluation *run, const struct cell *cell, instant at,
                         struct merge *merge, struct posture_explanation *out)
{
    const struct rule *rule = rules_first(&merge->facts);
    out->status = rule->status;
    out->rule = rule->number;
    out->rule_name = rule->name;
    out->sentence = rule->sentence;
    if (rule->decides != NULL)
        out->deciding = version_event(run, merge, rule->decides(&merge->facts));
    explain_facts(run, merge, out);
    out->checks = array_new(merge->facts.checks + 1u, sizeof *out->checks, NULL);
    for (uint32_t i = 0; i < merge->check_count; i++) {
        if (merge->checks[i].mapped)
            explain_check(run, &merge->checks[i], at, &out->checks[out->check_count++]);
    }
    qsort(out->checks, out->check_count, sizeof *out->checks, compare_checks);
    explain_steps(run, merge, cell, at, out);
}

bool posture_explain(struct posture_service *service, const struct posture_governance *governance,
                     int64_t position, const char *environment, const char *standard,
                     const char *control, instant at, struct posture_explanation *out)
{
    assert(service->evaluated && service->position <= position &&
           service->governance == governance);
    *out = (struct posture_explanation){0};
    struct evaluation run = {
        .service = service,
        .governance = governance,
        .position = position,
        .name = to_governance(service, service->name),
    };
    const struct environment *in = environment_find(service, environment);
    const struct standing *standing = in == NULL ? NULL : standing_find(service, in, standard);
    uint32_t name = names_find(service->names, control);
    const struct cell *cell =
        standing == NULL || name == NAME_NONE ? NULL : cell_find(standing, name);
    if (cell == NULL)
        return false;
    struct merge merge;
    merge_open(&merge, &run, cell, at, at);
    bool exists = merge.facts.exists;
    if (exists)
        explain_cell(&run, cell, at, &merge, out);
    merge_close(&merge);
    return exists;
}

void posture_explanation_free(struct posture_explanation *explanation)
{
    for (uint32_t i = 0; i < explanation->check_count; i++)
        free(explanation->checks[i].streams);
    free(explanation->checks);
    free(explanation->next_expiring);
    *explanation = (struct posture_explanation){0};
}
