/* One evaluation from beginning to end; and what is held, told again. */
#include "consumers/posture/array.h"
#include "consumers/posture/evaluation.h"
#include "consumers/posture/parts.h"

#include <assert.h>
#include <stdlib.h>

const char *cell_status_name(enum cell_status status)
{
    static const char *const names[] = {
        [CELL_NONE] = "NONE",
        [CELL_OUT_OF_SCOPE] = "OUT_OF_SCOPE",
        [CELL_NOT_APPLICABLE] = "NOT_APPLICABLE",
        [CELL_PASSED] = "PASSED",
        [CELL_EXCEPTED] = "EXCEPTED",
        [CELL_NOT_TESTED] = "NOT_TESTED",
        [CELL_STALE] = "STALE",
        [CELL_ERROR] = "ERROR",
        [CELL_FAILED] = "FAILED",
    };
    assert(status <= CELL_FAILED);
    return names[status];
}

const char *posture_value_name(enum posture_value value)
{
    static const char *const names[] = {
        [POSTURE_NONE] = "NONE",
        [POSTURE_OUT_OF_SCOPE] = "OUT_OF_SCOPE",
        [POSTURE_NOT_APPLICABLE] = "NOT_APPLICABLE",
        [POSTURE_PASSING] = "PASSING",
        [POSTURE_PASSING_WITH_EXCEPTIONS] = "PASSING_WITH_EXCEPTIONS",
        [POSTURE_INCOMPLETE] = "INCOMPLETE",
        [POSTURE_FAILING] = "FAILING",
    };
    assert(value <= POSTURE_FAILING);
    return names[value];
}

static struct evaluation begin(struct posture_service *service,
                               const struct posture_governance *governance, int64_t position,
                               int64_t batch, const struct posture_sink *sink)
{
    static const struct posture_sink nobody;
    assert(service->governance == NULL || service->governance == governance);
    assert(!service->evaluated || service->position <= position);
    service->governance = governance;
    return (struct evaluation){
        .service = service,
        .governance = governance,
        .position = position,
        .batch = batch,
        .sink = sink == NULL ? &nobody : sink,
        .name = to_governance(service, service->name),
    };
}

/* What a service has of its own, whatever it inherits. Reports facts. */
static void evaluate_alone(struct evaluation *run)
{
    struct posture_service *service = run->service;
    advance(run);
    count_facts(run);
    count_results(run);
    for (uint32_t i = 0; i < service->environment_count; i++) {
        struct environment *environment = service->environments[i];
        settle_environment(run, environment);
        evaluate_certified(run, environment);
        evaluate_populations(run, environment);
        evaluate_own(run, environment);
    }
}

static void evaluate_shown(struct evaluation *run)
{
    struct posture_service *service = run->service;
    for (uint32_t i = 0; i < service->environment_count; i++) {
        struct environment *environment = service->environments[i];
        evaluate_cells(run, environment);
        evaluate_standings(run, environment);
        evaluate_unmapped(run, environment);
    }
    evaluate_retractions(run);
    service->position = run->position;
    service->evaluated = true;
}

void posture_evaluate_together(struct posture_service *const *services, size_t count,
                               const struct posture_governance *governance, int64_t position,
                               int64_t batch, const struct posture_sink *sinks)
{
    struct together together = {.count = count};
    together.runs = array_new(count + 1, sizeof *together.runs, NULL);
    for (size_t i = 0; i < count; i++) {
        together.runs[i] =
            begin(services[i], governance, position, batch, sinks == NULL ? NULL : &sinks[i]);
        together.runs[i].together = &together;
    }
    together_open(&together);
    for (size_t i = 0; i < count; i++)
        evaluate_alone(&together.runs[i]);
    spread(&together);
    for (size_t i = 0; i < count; i++)
        evaluate_shown(&together.runs[i]);
    together_close(&together);
    free(together.runs);
}

void posture_evaluate(struct posture_service *service, const struct posture_governance *governance,
                      int64_t position, int64_t batch, const struct posture_sink *sink)
{
    posture_evaluate_together(&service, 1, governance, position, batch, sink);
}

static void each_cell(const struct posture_service *service, const struct environment *environment,
                      instant from, const struct posture_sink *sink)
{
    for (uint32_t i = 0; i < environment->cell_count; i++) {
        const struct cell *cell = environment->cells[i];
        uint32_t until = cell_steps_until(cell, from);
        uint32_t first = until == 0 ? 0 : until - 1; /* in force at `from` */
        uint32_t began = first;
        while (began > 0 && !cell->steps[began].transition)
            began--;
        for (uint32_t j = began; j < cell->step_count; j = j < first ? first : j + 1) {
            struct posture_cell_step step = cell_step_reported(service, &cell->steps[j]);
            sink->cell(sink->context, text_of(service, environment->name), i, STEP_SET, &step);
        }
    }
}

static void each_step(const struct posture_service *service, const struct standing *standing,
                      instant from, const struct posture_sink *sink)
{
    struct standing_steps steps = parts_steps(standing);
    uint32_t until = steps_until(steps.items, steps.count, sizeof *steps.items, from);
    for (uint32_t i = until == 0 ? 0 : until - 1; i < steps.count; i++)
        sink->standing(sink->context, text_of(service, standing->environment->name),
                       text_of(service, standing->standard), STEP_SET, &steps.items[i]);
    free(steps.items);
}

static void each_standing(const struct posture_service *service,
                          const struct environment *environment, instant from,
                          const struct posture_sink *sink)
{
    for (uint32_t i = 0; i < environment->standing_count; i++) {
        const struct standing *standing = environment->standings[i];
        if (sink->standing != NULL)
            each_step(service, standing, from, sink);
        parts_each(service, standing, from, sink);
    }
}

void posture_each(const struct posture_service *service, const char *environment, instant from,
                  const struct posture_sink *sink)
{
    if (environment == NULL) {
        if (sink->unmapped != NULL)
            each_retraction(service, sink);
        return;
    }
    const struct environment *in = environment_find(service, environment);
    if (in == NULL)
        return;
    if (sink->cell != NULL)
        each_cell(service, in, from, sink);
    each_standing(service, in, from, sink);
    if (sink->unmapped != NULL)
        each_unmapped(service, in, from, sink);
}

void posture_restore_known(struct posture_service *service, const char *environment, uint32_t cell,
                           instant at, int64_t known)
{
    struct environment *in = environment_find(service, environment);
    assert(in != NULL && cell < in->cell_count);
    uint32_t until = cell_steps_until(in->cells[cell], at);
    if (until == 0)
        return;
    struct cell_step *step = &in->cells[cell]->steps[until - 1];
    if (step->at == at && step->transition && step->cause == NULL)
        step->known = known;
}
