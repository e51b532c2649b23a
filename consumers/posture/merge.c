#include "consumers/posture/merge.h"

#include "consumers/posture/array.h"

#include <assert.h>
#include <stdlib.h>

enum merge_source { SCOPE, ONBOARDING, PROGRAMME, STANDARD, SOURCES };

/* ---- counting a check in and out ---- */

static bool has(const struct check_input *input, enum category category)
{
    return input->step != NULL && input->step->greatest[category] != NONE;
}

bool check_missing(const struct check_input *input)
{
    if (input->step == NULL || input->step->not_checked)
        return true;
    return !has(input, IN_PASS) && !has(input, IN_FAIL) && !has(input, IN_ERROR) &&
           !has(input, IN_STALE);
}

/* The greatest failing observation that no exception covers. */
static uint32_t failing_uncovered(const struct check_input *input)
{
    if (input->step == NULL || input->step->greatest[IN_FAIL] == NONE)
        return NONE;
    return input->covered == NULL ? input->step->greatest[IN_FAIL] : input->covered->uncovered;
}

static void count(struct cell_facts *facts, const struct check_input *input, uint32_t by)
{
    /* `by` is 1, or UINT32_MAX, which takes one away. */
    if (!input->mapped)
        return;
    facts->checks += by;
    facts->failing += has(input, IN_FAIL) ? by : 0;
    facts->uncovered += failing_uncovered(input) != NONE ? by : 0;
    if (!input->required)
        return;
    facts->required += by;
    facts->missing += check_missing(input) ? by : 0;
    facts->erring += has(input, IN_ERROR) ? by : 0;
    facts->stale += has(input, IN_STALE) ? by : 0;
}

/* The observation a check puts forward for a category. */
static uint32_t candidate(const struct check_input *input, uint32_t category)
{
    bool of_any = category == IN_FAIL || category == IN_UNCOVERED;
    if (input->step == NULL || !input->mapped || (!of_any && !input->required))
        return NONE;
    if (category == IN_UNCOVERED)
        return failing_uncovered(input);
    return input->step->greatest[category];
}

static bool greater(const struct merge *merge, uint32_t a, uint32_t b)
{
    return b == NONE || observation_compare(merge->run->service, a, b) > 0;
}

static void offer(struct merge *merge, uint32_t number)
{
    for (uint32_t category = 0; category < BESTS; category++) {
        struct best *best = &merge->best[category];
        uint32_t offered = candidate(&merge->checks[number], category);
        if (!best->known || offered == best->observation)
            continue;
        if (offered != NONE && greater(merge, offered, best->observation))
            *best = (struct best){offered, number, true};
        else if (best->owner == number)
            best->known = false; /* its owner lost it */
    }
}

static const struct version *greatest(const void *context, uint32_t category)
{
    /* Looking for it again changes what is remembered, not what it is. */
    struct merge *merge = (struct merge *)context;
    struct best *best = &merge->best[category];
    if (!best->known) {
        *best = (struct best){NONE, NONE, true};
        for (uint32_t i = 0; i < merge->check_count; i++) {
            uint32_t offered = candidate(&merge->checks[i], category);
            if (offered != NONE && greater(merge, offered, best->observation))
                *best = (struct best){offered, i, true};
        }
    }
    assert(best->observation != NONE);
    return &observation_at(merge->run->service, best->observation)->head;
}

static const struct governance_version *covering(const void *context)
{
    const struct merge *merge = context;
    const struct governance_version *greatest = NULL;
    for (uint32_t i = 0; i < merge->check_count; i++) {
        const struct check_input *input = &merge->checks[i];
        const struct governance_version *one =
            input->mapped && input->covered != NULL ? input->covered->covering : NULL;
        if (one != NULL &&
            (greatest == NULL || order_compare(&one->head.order, &greatest->head.order) > 0))
            greatest = one;
    }
    return greatest;
}

/* ---- the inputs at an instant; each returns when it changes next ---- */

static void take_mapping(struct merge *merge, struct check_input *input, instant at)
{
    if (at < input->next_mapping)
        return;
    const struct evaluation *run = merge->run;
    const struct governance_version *mapping = governance_in_force(input->fact, run->position, at);
    if (mapping != input->mapping) {
        input->was_mapped = input->mapped;
        input->mapping_at = at;
        input->mapping = mapping;
        input->mapped =
            mapping != NULL &&
            mapping_names(&mapping->mapping, merge->name.standard, merge->name.control) &&
            mapping_applies(&mapping->mapping, run->governance->star, run->name,
                            merge->name.environment);
        input->required = input->mapped && mapping->mapping.required;
    }
    input->next_mapping = governance_next(input->fact, run->position, at);
}

static instant take_step(struct check_input *input, instant at)
{
    const struct population *population = input->population;
    if (population == NULL)
        return INSTANT_END;
    uint32_t left = population->step_count - input->next_step;
    const struct population_step *steps = &population->steps[input->next_step];
    if (left > 1 && steps[1].at <= at) /* a seek */
        input->next_step += steps_until(steps, left, sizeof *steps, at);
    else if (left > 0 && steps[0].at <= at)
        input->next_step++;
    if (input->next_step > 0)
        input->step = &population->steps[input->next_step - 1];
    return input->next_step < population->step_count ? population->steps[input->next_step].at
                                                     : INSTANT_END;
}

static instant take_cover(struct check_input *input, instant at)
{
    const struct cover *cover = &input->cover;
    if (cover->count == 0)
        return INSTANT_END;
    input->next_cover += steps_until(cover->steps + input->next_cover,
                                     cover->count - input->next_cover, sizeof *cover->steps, at);
    input->covered = &cover->steps[input->next_cover - 1];
    return input->next_cover < cover->count ? cover->steps[input->next_cover].at : INSTANT_END;
}

static instant least(instant a, instant b)
{
    return a < b ? a : b;
}

static instant take_check(struct merge *merge, uint32_t number, instant at)
{
    struct check_input *input = &merge->checks[number];
    count(&merge->facts, input, UINT32_MAX);
    take_mapping(merge, input, at);
    instant next = least(input->next_mapping, take_step(input, at));
    next = least(next, take_cover(input, at));
    count(&merge->facts, input, 1);
    offer(merge, number);
    return next;
}

static instant take_fact(const struct service_fact *fact, instant at,
                         const struct fact_version **version)
{
    uint32_t until = fact_steps_until(fact, at);
    *version = until == 0 ? NULL : fact->steps[until - 1].version;
    return until < fact->step_count ? fact->steps[until].at : INSTANT_END;
}

static instant take_programme(struct merge *merge, instant at)
{
    const struct environment *environment = merge->cell->standing->environment;
    uint32_t until = steps_until(environment->programmes, environment->programme_count,
                                 sizeof *environment->programmes, at);
    merge->office_changed = true;
    merge->facts.programme = until == 0 ? NULL : &environment->programmes[until - 1];
    return until < environment->programme_count ? environment->programmes[until].at : INSTANT_END;
}

static instant take(struct merge *merge, uint32_t input, instant at)
{
    if (input < merge->check_count)
        return take_check(merge, input, at);
    if (input >= merge->check_count + SOURCES) {
        merge->office_changed = true;
        return office_take(&merge->office, input - merge->check_count - SOURCES, at);
    }
    struct cell_facts *facts = &merge->facts;
    switch ((enum merge_source)(input - merge->check_count)) {
    case SCOPE:
        return take_fact(&merge->cell->standing->scope, at, &facts->scope);
    case ONBOARDING:
        return take_fact(&merge->run->service->onboarding, at, &facts->onboarding);
    case PROGRAMME:
        return take_programme(merge, at);
    case STANDARD:
        facts->standard = governance_in_force(merge->standard_fact, merge->run->position, at);
        return governance_next(merge->standard_fact, merge->run->position, at);
    default:
        assert(!"no such input");
        return INSTANT_END;
    }
}

static void settle(struct merge *merge)
{
    struct cell_facts *facts = &merge->facts;
    if (facts->standard != merge->listed_in) {
        merge->listed_in = facts->standard;
        merge->listed = facts->standard == NULL
                            ? NULL
                            : standard_lists(&facts->standard->standard, merge->name.control);
    }
    facts->exists = facts->scope != NULL && merge->listed != NULL;
    facts->clause = merge->listed != NULL && merge->listed->clause;
    if (merge->office_changed) {
        facts->finding = office_finding(&merge->office, facts->programme, merge->at);
        facts->statement = office_statement(&merge->office, facts->programme, merge->at);
        merge->office_changed = false;
    }
}

/* ---- the heap of next changes ---- */

static void sift_down(struct merge *merge, uint32_t at)
{
    struct merge_point *points = merge->points;
    struct merge_point moved = points[at];
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child >= merge->point_count)
            break;
        if (child + 1 < merge->point_count && points[child + 1].at < points[child].at)
            child++;
        if (points[child].at >= moved.at)
            break;
        points[at] = points[child];
        at = child;
    }
    points[at] = moved;
}

static struct population *population_of(const struct evaluation *run,
                                        const struct environment *environment,
                                        const struct governance_fact *mapping)
{
    uint32_t check = from_governance(run->service, mapping->key.key);
    return check == NAME_NONE ? NULL : population_find(environment, check);
}

void merge_prepare(const struct evaluation *run, struct cell *cell)
{
    struct standing *standing = cell->standing;
    struct cell_name name = cell_name_of(run, cell);
    if (standing->fact == NULL && name.standard != NAME_NONE)
        standing->fact = governance_standard(run->governance, name.standard);
    if (cell->naming == NULL)
        cell->naming = governance_control(run->governance, name.standard, name.control);
    if (cell->population == NULL && cell->naming != NULL)
        cell->population = population_of(run, standing->environment, cell->naming->facts[0]);
}

static void open_check(struct merge *merge, uint32_t number, instant at)
{
    const struct evaluation *run = merge->run;
    const struct cell *cell = merge->cell;
    struct check_input *input = &merge->checks[number];
    input->population = number == 0 && cell->population != NULL
                            ? cell->population
                            : population_of(run, cell->standing->environment, input->fact);
    if (input->population == NULL)
        return;
    input->next_step = population_steps_until(input->population, at);
    if (input->next_step > 0)
        input->step = &input->population->steps[input->next_step - 1];
    if (exceptions_speak_of(&merge->exceptions, run, input->fact->key.key))
        cover_open(&input->cover, &merge->exceptions, run, input->population, input->fact->key.key,
                   at, merge->until);
}

static void open_checks(struct merge *merge, instant at)
{
    const struct evaluation *run = merge->run;
    const struct naming *naming = merge->cell->naming;
    if (naming == NULL)
        naming = governance_control(run->governance, merge->name.standard, merge->name.control);
    merge->check_count = naming == NULL ? 0 : naming->fact_count;
    merge->checks = merge->few_checks;
    if (merge->check_count > FEW_CHECKS)
        merge->checks = array_new(merge->check_count, sizeof *merge->checks, NULL);
    for (uint32_t i = 0; i < merge->check_count; i++) {
        struct check_input *input = &merge->checks[i];
        input->fact = naming->facts[i];
        input->mapping_at = input->next_mapping = INSTANT_BEGIN;
        open_check(merge, i, at);
    }
}

void merge_open(struct merge *merge, const struct evaluation *run, const struct cell *cell,
                instant at, instant until)
{
    *merge = (struct merge){.run = run, .cell = cell, .until = until};
    merge->name = cell_name_of(run, cell);
    merge->standard_fact = cell->standing->fact;
    if (merge->standard_fact == NULL && merge->name.standard != NAME_NONE)
        merge->standard_fact = governance_standard(run->governance, merge->name.standard);
    merge->facts.greatest = greatest;
    merge->facts.covering = covering;
    merge->facts.context = merge;
    exceptions_open(&merge->exceptions, run, cell, &merge->name, at, until);
    office_open(&merge->office, run, cell, &merge->name);
    open_checks(merge, at);
    uint32_t inputs = merge->check_count + SOURCES + office_inputs(&merge->office);
    merge->points =
        inputs <= FEW_POINTS ? merge->few_points : array_new(inputs, sizeof *merge->points, NULL);
    merge_seek(merge, at);
}

void merge_seek(struct merge *merge, instant at)
{
    merge->at = at;
    merge->point_count = 0;
    for (uint32_t i = 0; i < merge->check_count + SOURCES + office_inputs(&merge->office); i++) {
        instant next = take(merge, i, at);
        if (next != INSTANT_END)
            merge->points[merge->point_count++] = (struct merge_point){next, i};
    }
    for (uint32_t i = merge->point_count / 2; i-- > 0;)
        sift_down(merge, i);
    settle(merge);
}

void merge_close(struct merge *merge)
{
    for (uint32_t i = 0; i < merge->check_count; i++)
        cover_free(&merge->checks[i].cover);
    exceptions_close(&merge->exceptions);
    office_close(&merge->office);
    if (merge->checks != merge->few_checks)
        free(merge->checks);
    if (merge->points != merge->few_points)
        free(merge->points);
}

instant merge_next(const struct merge *merge)
{
    return merge->point_count == 0 ? INSTANT_END : merge->points[0].at;
}

void merge_advance(struct merge *merge)
{
    instant at = merge_next(merge);
    assert(at != INSTANT_END);
    merge->at = at;
    while (merge_next(merge) == at) {
        instant next = take(merge, merge->points[0].input, at);
        if (next == INSTANT_END)
            merge->points[0] = merge->points[--merge->point_count];
        else
            merge->points[0].at = next;
        if (merge->point_count > 0)
            sift_down(merge, 0);
    }
    settle(merge);
}

/* ---- causes ---- */

static const struct version *at_instant(const struct version *version, instant at)
{
    return version != NULL && version->order.occurred_at == at ? version : NULL;
}

const struct version *merge_cause(const struct merge *merge)
{
    const struct cell_facts *facts = &merge->facts;
    instant at = merge->at;
    const struct version *cause = NULL;
    if (facts->scope != NULL)
        cause = at_instant(&facts->scope->head, at);
    if (facts->onboarding != NULL)
        cause = version_greater(cause, at_instant(&facts->onboarding->head, at));
    if (facts->programme != NULL && facts->programme->at == at)
        cause = version_greater(cause, facts->programme->cause);
    if (facts->standard != NULL)
        cause = version_greater(cause, at_instant(&facts->standard->head, at));
    cause = version_greater(cause, office_cause(&merge->office, facts->programme, at));
    if (facts->programme != NULL && facts->programme->version != NULL)
        cause =
            version_greater(cause, exceptions_cause(&merge->exceptions, merge->run, &merge->name,
                                                    facts->programme->version->fact->key.key, at));
    uint32_t came = NONE;
    for (uint32_t i = 0; i < merge->check_count; i++) {
        const struct check_input *input = &merge->checks[i];
        bool mapping_took_force = input->mapping_at == at;
        if (!input->mapped && !(mapping_took_force && input->was_mapped))
            continue;
        if (mapping_took_force)
            cause = version_greater(cause, &input->mapping->head);
        if (input->step != NULL && input->step->at == at && input->step->came != NONE &&
            greater(merge, input->step->came, came))
            came = input->step->came;
    }
    /* Results are ordered among themselves first: worse ones are greater. */
    if (came != NONE)
        cause = version_greater(cause, &observation_at(merge->run->service, came)->head);
    return cause;
}
