#include "consumers/posture/explain.h"

#include "consumers/posture/array.h"
#include "consumers/posture/explaining.h"

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

static struct explained_stream explain_stream(const struct merge *merge,
                                              const struct check_input *input,
                                              const struct stream *stream,
                                              const struct observation *observation, instant at)
{
    const struct evaluation *run = merge->run;
    const struct population *population = input->population;
    const struct governance_version *exception = NULL;
    if (observation->result == ASSAY__V1__RESULT__RESULT_FAIL)
        exception =
            exceptions_covering(&merge->exceptions, run, input->fact->key.key, stream->subject, at);
    instant expiry =
        instant_add(observation->head.order.occurred_at, population_ttl(population, at));
    if (observation->expires_at < expiry)
        expiry = observation->expires_at;
    return (struct explained_stream){
        .subject = text_of(run->service, stream->subject),
        .state = state_of(observation->result, at < expiry),
        .result = observation->result,
        .event = explained_result(run, observation),
        .exception =
            exception == NULL ? NULL : names_text(run->governance->names, exception->fact->key.key),
        .expires_at = ages(observation->result) ? expiry : INSTANT_END,
    };
}

static void explain_check(const struct merge *merge, const struct check_input *input, instant at,
                          struct explained_check *check)
{
    const struct evaluation *run = merge->run;
    const struct population *population = input->population;
    *check = (struct explained_check){
        .check = names_text(run->governance->names, input->fact->key.key),
        .required = input->required,
        .missing = input->required && check_missing(input),
        .mapping = explained_governance(run->governance, input->mapping),
        .ttl = input->mapping->mapping.ttl,
    };
    uint32_t count = population == NULL ? 0 : population->stream_count;
    check->streams = array_new(count + 1u, sizeof *check->streams, NULL);
    for (uint32_t i = 0; i < count; i++) {
        const struct stream *stream = &run->service->streams[population->streams[i]];
        const struct observation *observation = observation_in_force(run->service, stream, at);
        if (observation != NULL)
            check->streams[check->stream_count++] =
                explain_stream(merge, input, stream, observation, at);
    }
}

static int compare_checks(const void *a, const void *b)
{
    const struct explained_check *x = a, *y = b;
    return strcmp(x->check, y->check);
}

/* ---- what comes next ---- */

static void explain_next(const struct merge *merge, const struct cell_step *next,
                         struct posture_explanation *out)
{
    out->next_status = (enum cell_status)next->status;
    if (next->cause != NULL) {
        out->next_cause = explained_version(merge->run->together, next->cause);
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
    for (uint32_t i = 0; i < out->exception_count; i++) {
        if (out->exceptions[i].expires_at == next->at)
            out->next_exception = out->exceptions[i].exception;
    }
    for (uint32_t i = 0; i < out->finding_count; i++) {
        if (out->findings[i].open && out->findings[i].due_at == next->at)
            out->next_finding = out->findings[i].finding;
    }
}

static void explain_steps(const struct merge *merge, const struct cell *cell, instant at,
                          struct posture_explanation *out)
{
    uint32_t first = cell_steps_until(cell, at);
    assert(first > 0);
    uint32_t next = first--;
    while (next < cell->step_count && !cell->steps[next].transition)
        next++;
    struct posture_cell_step shown = cell_step_reported(merge->run->service, &cell->steps[first]);
    out->exception = shown.exception;
    out->finding = shown.finding;
    out->inherited_from = shown.inherited_from;
    while (!cell->steps[first].transition)
        first--;
    out->since = cell->steps[first].at;
    out->until = INSTANT_END;
    if (next == cell->step_count)
        return;
    out->until = cell->steps[next].at;
    explain_next(merge, &cell->steps[next], out);
}

static void explain_facts(const struct merge *merge, struct posture_explanation *out)
{
    const struct evaluation *run = merge->run;
    const struct cell_facts *facts = &merge->facts;
    out->scope = explained_fact(run->service, "scope_change", facts->scope);
    out->onboarding = explained_fact(run->service, "service_onboarding", facts->onboarding);
    out->standard = explained_governance(run->governance, facts->standard);
    out->membership = facts->scope->membership;
    if (facts->onboarding != NULL)
        out->lifecycle = facts->onboarding->lifecycle;
    if (facts->programme != NULL) {
        out->programme = explained_governance(run->governance, facts->programme->version);
        out->discontinued = facts->programme->discontinued;
    }
    out->clause = facts->clause;
    out->required = facts->required;
    out->missing = facts->missing;
}

/* Whether a rule could have decided, had none before it. The last but one asks about exceptions
 * only where nothing fails without; the last proves nothing by itself. */
static bool stands(const struct rule *rule, const struct cell_facts *facts)
{
    return rule->number < 10 && (rule->number < 9 || facts->uncovered == 0) && rule->matches(facts);
}

/* The rules, and the own side they give. Rule 4 is explain_chain's to fill in. */
static void explain_rules(const struct merge *merge, instant at, struct posture_explanation *out)
{
    const struct cell_facts *facts = &merge->facts;
    uint32_t count;
    const struct rule *rules = rules_all(&count), *decides = rules_first(facts);
    out->rules = array_new(count + 1u, sizeof *out->rules, NULL);
    for (const struct rule *rule = rules; rule < rules + count; rule++) {
        if (rule->number == 5) {
            out->rules[out->rule_count] = explained_inheriting;
            out->rules[out->rule_count++].matches = office_inheritance(&merge->office, at) != NULL;
        }
        out->rules[out->rule_count++] = (struct explained_rule){
            .number = rule->number,
            .name = rule->name,
            .sentence = rule->sentence,
            .status = rule->status,
            .matches = rule == decides || stands(rule, facts),
            .decides = rule == decides,
        };
    }
    out->status = out->own_status = decides->status;
    out->rule = decides->number;
    out->rule_name = decides->name;
    out->sentence = decides->sentence;
    if (decides->decides != NULL)
        out->own_deciding = explained_version(merge->run->together, decides->decides(facts));
    out->deciding = out->own_deciding;
}

static void explain_cell(const struct merge *merge, const struct cell *cell, instant at,
                         struct posture_explanation *out)
{
    explain_rules(merge, at, out);
    explain_facts(merge, out);
    out->checks = array_new(merge->facts.checks + 1u, sizeof *out->checks, NULL);
    for (uint32_t i = 0; i < merge->check_count; i++) {
        if (merge->checks[i].mapped)
            explain_check(merge, &merge->checks[i], at, &out->checks[out->check_count++]);
    }
    qsort(out->checks, out->check_count, sizeof *out->checks, compare_checks);
    explain_office(merge, at, out);
    explain_chain(merge->run, cell, at, out);
    explain_steps(merge, cell, at, out);
}

static const struct cell *find_cell(const struct posture_service *service, const char *environment,
                                    const char *standard, const char *control)
{
    const struct environment *in = environment_find(service, environment);
    const struct standing *standing = in == NULL ? NULL : standing_find(service, in, standard);
    uint32_t name = names_find(service->names, control);
    return standing == NULL || name == NAME_NONE ? NULL : cell_find(standing, name);
}

bool posture_explain_together(struct posture_service *const *services, size_t count,
                              const struct posture_governance *governance, int64_t position,
                              const char *environment, const char *standard, const char *control,
                              instant at, struct posture_explanation *out)
{
    assert(count > 0);
    *out = (struct posture_explanation){0};
    struct together together = {.count = count};
    together.runs = array_new(count, sizeof *together.runs, NULL);
    for (size_t i = 0; i < count; i++) {
        struct posture_service *service = services[i];
        assert(service->evaluated && service->position <= position &&
               service->governance == governance);
        together.runs[i] = (struct evaluation){
            .together = &together,
            .service = service,
            .governance = governance,
            .position = position,
            .name = to_governance(service, service->name),
        };
    }
    together_open(&together);
    const struct cell *cell = find_cell(services[0], environment, standard, control);
    bool exists = false;
    if (cell != NULL) {
        struct merge merge;
        merge_open(&merge, &together.runs[0], cell, at, at);
        exists = merge.facts.exists;
        if (exists)
            explain_cell(&merge, cell, at, out);
        merge_close(&merge);
    }
    together_close(&together);
    free(together.runs);
    return exists;
}

bool posture_explain(struct posture_service *service, const struct posture_governance *governance,
                     int64_t position, const char *environment, const char *standard,
                     const char *control, instant at, struct posture_explanation *out)
{
    return posture_explain_together(&service, 1, governance, position, environment, standard,
                                    control, at, out);
}

void posture_explanation_free(struct posture_explanation *explanation)
{
    for (uint32_t i = 0; i < explanation->check_count; i++)
        free(explanation->checks[i].streams);
    free(explanation->checks);
    free(explanation->rules);
    free(explanation->chain);
    free(explanation->findings);
    free(explanation->exceptions);
    free(explanation->next_expiring);
    *explanation = (struct posture_explanation){0};
}
