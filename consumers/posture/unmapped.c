/*
 * What has no effect, and why: steps a record, kept and compared like any other steps.
 *
 * A result's reason is its check's, in its environment, for as long as it is the version in force
 * of its stream; so the reasons of a population are worked out once, and its streams cut them at
 * their versions. A team's result of a service it does not own is no version at all: its record has
 * its reason from the beginning, for ever.
 */
#include "consumers/posture/array.h"
#include "consumers/posture/evaluation.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum unmapped_reason {
    NO_REASON,
    UNKNOWN_SERVICE,
    NOT_OWNER,
    NO_MAPPING,
    NOT_IN_SCOPE,
    UNKNOWN_STANDARD,
    UNKNOWN_CONTROL,
    UNKNOWN_EVENT,
};

static const char *const reason_texts[] = {
    [NO_REASON] = NULL,
    [UNKNOWN_SERVICE] = POSTURE_UNKNOWN_SERVICE,
    [NOT_OWNER] = POSTURE_NOT_OWNER,
    [NO_MAPPING] = POSTURE_NO_MAPPING,
    [NOT_IN_SCOPE] = POSTURE_NOT_IN_SCOPE,
    [UNKNOWN_STANDARD] = POSTURE_UNKNOWN_STANDARD,
    [UNKNOWN_CONTROL] = POSTURE_UNKNOWN_CONTROL,
    [UNKNOWN_EVENT] = POSTURE_UNKNOWN_EVENT,
};

/* ---- why a check's results have no effect ---- */

struct instants {
    instant *items;
    uint32_t count, room;
};

static void add_instant(struct instants *instants, instant at)
{
    instants->items = array_room(instants->items, &instants->room, instants->count + 1u,
                                 sizeof *instants->items, NULL);
    instants->items[instants->count++] = at;
}

static void add_governance(struct instants *instants, const struct evaluation *run,
                           const struct governance_fact *fact)
{
    for (instant at = governance_next(fact, run->position, INSTANT_BEGIN); at != INSTANT_END;
         at = governance_next(fact, run->position, at))
        add_instant(instants, at);
}

static void add_fact(struct instants *instants, const struct service_fact *fact)
{
    for (uint32_t i = 0; i < fact->step_count; i++)
        add_instant(instants, fact->steps[i].at);
}

static int compare_instants(const void *a, const void *b)
{
    const instant *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Every instant at which the reason may change, rising. */
static void gather_instants(const struct evaluation *run, const struct population *population,
                            const struct governance_fact *mapping, struct instants *instants)
{
    add_instant(instants, INSTANT_BEGIN);
    add_fact(instants, &run->service->onboarding);
    add_governance(instants, run, mapping);
    const struct environment *environment = population->environment;
    for (uint32_t i = 0; mapping != NULL && i < environment->standing_count; i++) {
        const struct standing *standing = environment->standings[i];
        uint32_t name = to_governance(run->service, standing->standard);
        add_fact(instants, &standing->scope);
        if (name != NAME_NONE)
            add_governance(instants, run, governance_standard(run->governance, name));
    }
    qsort(instants->items, instants->count, sizeof *instants->items, compare_instants);
}

static enum unmapped_reason reason_at(const struct evaluation *run,
                                      const struct population *population,
                                      const struct governance_fact *fact, instant at)
{
    const struct environment *environment = population->environment;
    const struct governance_version *version = governance_in_force(fact, run->position, at);
    uint32_t name = to_governance(run->service, environment->name);
    bool applies = version != NULL &&
                   mapping_applies(&version->mapping, run->governance->star, run->name, name);
    bool scoped = false, known = false;
    uint32_t controls = applies ? version->mapping.control_count : 0;
    for (uint32_t i = 0; i < controls; i++) {
        const struct control_name *control = &version->mapping.controls[i];
        const struct standing *standing =
            standing_named(run->service, environment, control->standard);
        if (standing == NULL || fact_in_force(&standing->scope, at) == NULL)
            continue;
        scoped = true;
        const struct governance_version *standard = governance_in_force(
            governance_standard(run->governance, control->standard), run->position, at);
        if (standard == NULL)
            continue;
        known = true;
        if (standard_lists(&standard->standard, control->control) != NULL)
            return NO_REASON;
    }
    if (fact_in_force(&run->service->onboarding, at) == NULL)
        return UNKNOWN_SERVICE;
    if (controls == 0)
        return NO_MAPPING;
    if (!scoped)
        return NOT_IN_SCOPE;
    return known ? UNKNOWN_CONTROL : UNKNOWN_STANDARD;
}

/* Brings the population's reasons up to date, noting the first instant that differs. */
static void settle_reasons(struct evaluation *run, struct population *population)
{
    const struct governance_fact *mapping = mapping_of(run, population);
    struct instants instants = {0};
    gather_instants(run, population, mapping, &instants);
    struct reason_step *reasons = NULL;
    uint32_t count = 0, room = 0;
    for (uint32_t i = 0; i < instants.count; i++) {
        if (i > 0 && instants.items[i] == instants.items[i - 1])
            continue;
        uint8_t reason = (uint8_t)reason_at(run, population, mapping, instants.items[i]);
        if (count > 0 && reasons[count - 1].reason == reason)
            continue;
        reasons = array_room(reasons, &room, count + 1u, sizeof *reasons, NULL);
        reasons[count++] = (struct reason_step){instants.items[i], reason};
    }
    free(instants.items);
    uint32_t same = 0;
    while (same < count && same < population->reason_count &&
           reasons[same].at == population->reasons[same].at &&
           reasons[same].reason == population->reasons[same].reason)
        same++;
    if (same < count && reasons[same].at < population->reasons_changed)
        population->reasons_changed = reasons[same].at;
    if (same < population->reason_count &&
        population->reasons[same].at < population->reasons_changed)
        population->reasons_changed = population->reasons[same].at;
    if (population->reasons_changed != INSTANT_END)
        unmapped_queue(run->service, population);
    free(population->reasons);
    population->reasons = reasons;
    population->reason_count = count;
    population->reasons_stale = false;
}

/* ---- steps, and what differs ---- */

struct gathered {
    struct unmapped_step *items;
    uint32_t count, room;
};

static void add_step(struct gathered *window, instant at, uint32_t version, uint32_t record,
                     uint8_t reason)
{
    window->items =
        array_room(window->items, &window->room, window->count + 1u, sizeof *window->items, NULL);
    window->items[window->count++] = (struct unmapped_step){at, version, record, reason};
}

static int compare_steps(const void *a, const void *b)
{
    const struct unmapped_step *x = a, *y = b;
    if (x->at != y->at)
        return x->at > y->at ? 1 : -1;
    if (x->version != y->version)
        return x->version > y->version ? 1 : -1;
    return (x->record > y->record) - (x->record < y->record);
}

struct posture_unmapped_step unmapped_record(const struct names *names,
                                             const struct kept_record *record)
{
    return (struct posture_unmapped_step){
        .record = {.topic = record->topic,
                   .partition = record->partition,
                   .incarnation = record->incarnation,
                   .offset = record->offset,
                   .batch = record->batch,
                   .team = names_text(names, record->team),
                   .governance = record->governance},
    };
}

/* Whose steps they are: a stream's, or a scope change's. */
struct unmapped_of {
    uint32_t stream; /* NONE: */
    const struct standing *standing;
};

static struct posture_unmapped_step reported(const struct posture_service *service,
                                             const struct unmapped_of *of,
                                             const struct unmapped_step *step)
{
    struct posture_unmapped_step result;
    if (of->stream != NONE) {
        const struct observation *observation = observation_at(service, step->version);
        const struct population *population =
            service->populations[service->streams[of->stream].population];
        struct kept_record record = record_at(service, observation, step->record);
        result = unmapped_record(service->names, &record);
        result.event = &observation->head.order.id;
        result.environment = text_of(service, population->environment->name);
        result.check = text_of(service, population->check);
    } else {
        const struct fact_version *version = of->standing->scope.versions[0];
        for (uint32_t i = 1; version->told != step->version; i++)
            version = of->standing->scope.versions[i];
        result = unmapped_record(service->names, &version->records[step->record]);
        result.event = &version->head.order.id;
        result.environment = text_of(service, of->standing->environment->name);
        result.standard = text_of(service, of->standing->standard);
    }
    result.at = step->at;
    result.reason = reason_texts[step->reason];
    return result;
}

static void report(const struct evaluation *run, const struct unmapped_of *of,
                   enum posture_change change, const struct unmapped_step *step)
{
    if (run->sink->unmapped == NULL)
        return;
    struct posture_unmapped_step result = reported(run->service, of, step);
    if (change == STEP_REMOVED)
        result.reason = NULL;
    run->sink->unmapped(run->sink->context, change, &result);
}

/* Puts the window's steps in place of the held ones at and after `from`. */
static void replace(struct evaluation *run, const struct unmapped_of *of,
                    struct unmapped_line **line, instant from, const struct gathered *window)
{
    const struct unmapped_step *held = *line == NULL ? NULL : (*line)->steps;
    uint32_t held_count = *line == NULL ? 0 : (*line)->count;
    uint32_t kept = 0;
    while (kept < held_count && held[kept].at < from)
        kept++;
    for (uint32_t old = kept, new = 0; old < held_count || new < window->count;) {
        int order = old == held_count      ? 1
                    : new == window->count ? -1
                                           : compare_steps(&held[old], &window->items[new]);
        if (order < 0)
            report(run, of, STEP_REMOVED, &held[old]);
        else if (order > 0 || held[old].reason != window->items[new].reason)
            report(run, of, STEP_SET, &window->items[new]);
        old += order <= 0;
        new += order >= 0;
    }
    uint32_t count = kept + window->count;
    run->service->bytes -= held_count == 0 ? 0 : sizeof **line + held_count * sizeof *held;
    if (count == 0) {
        free(*line);
        *line = NULL;
        return;
    }
    size_t size = sizeof **line + count * sizeof *held;
    struct unmapped_line *made = realloc(*line, size);
    if (made == NULL)
        abort();
    run->service->bytes += size;
    made->count = count;
    if (window->count > 0)
        memcpy(made->steps + kept, window->items, window->count * sizeof *window->items);
    *line = made;
}

/* ---- streams ---- */

static void add_records(const struct evaluation *run, struct gathered *window, instant at,
                        uint32_t number, uint8_t reason)
{
    const struct observation *observation = observation_at(run->service, number);
    uint32_t record = 0;
    do {
        struct kept_record kept = record_at(run->service, observation, record);
        if (record_fate(run, observation, &kept) == RECORD_COUNTS)
            add_step(window, at, number, record, reason);
        record = record_next(run->service, observation, record);
    } while (record != 0);
}

/* A result that does not count for want of an owner, for ever. */
static void add_unowned(const struct evaluation *run, struct gathered *window, uint32_t number)
{
    const struct observation *observation = observation_at(run->service, number);
    if (!(observation->flags & OBSERVATION_OF_TEAM))
        return;
    uint32_t record = 0;
    do {
        struct kept_record kept = record_at(run->service, observation, record);
        enum record_fate fate = record_fate(run, observation, &kept);
        if (fate == RECORD_UNKNOWN_SERVICE || fate == RECORD_NOT_OWNER)
            add_step(window, observation->head.order.occurred_at, number, record,
                     fate == RECORD_NOT_OWNER ? NOT_OWNER : UNKNOWN_SERVICE);
        record = record_next(run->service, observation, record);
    } while (record != 0);
}

/* The version `number` in force during [from, until): its reasons at and after `start`. */
static void add_in_force(const struct evaluation *run, const struct population *population,
                         struct gathered *window, uint32_t number, instant from, instant until,
                         instant start)
{
    uint8_t last = NO_REASON;
    uint32_t i = steps_until(population->reasons, population->reason_count,
                             sizeof *population->reasons, from);
    for (i = i == 0 ? 0 : i - 1; i < population->reason_count; i++) {
        const struct reason_step *reason = &population->reasons[i];
        instant at = reason->at > from ? reason->at : from;
        if (at >= until)
            break;
        if (at >= start && reason->reason != last)
            add_records(run, window, at, number, reason->reason);
        last = reason->reason;
    }
    if (last != NO_REASON && until != INSTANT_END && until >= start)
        add_records(run, window, until, number, NO_REASON); /* superseded */
}

static void evaluate_stream(struct evaluation *run, const struct population *population,
                            uint32_t number, instant from)
{
    struct stream *stream = &run->service->streams[number];
    const uint32_t *versions = stream_versions(stream);
    struct gathered window = {0};
    instant until = INSTANT_END;
    for (uint32_t i = stream->count; i-- > 0;) {
        const struct observation *observation = observation_at(run->service, versions[i]);
        instant at = observation->head.order.occurred_at;
        if (!(observation->flags & OBSERVATION_COUNTS)) {
            if (at >= from)
                add_unowned(run, &window, versions[i]);
            continue;
        }
        if (at >= until)
            continue; /* one of the same instant is greater */
        add_in_force(run, population, &window, versions[i], at, until, from);
        until = at;
        if (at < from)
            break; /* what was in force before was so without end, or ended before */
    }
    if (window.count > 1)
        qsort(window.items, window.count, sizeof *window.items, compare_steps);
    if (window.count > 0 || stream->unmapped != NULL)
        replace(run, &(struct unmapped_of){number, NULL}, &stream->unmapped, from, &window);
    free(window.items);
}

static int compare_touched(const void *a, const void *b)
{
    const struct touched *x = a, *y = b;
    if (x->stream != y->stream)
        return x->stream > y->stream ? 1 : -1;
    return (x->from > y->from) - (x->from < y->from);
}

enum { TOUCHED_KEPT = 1024 };

static void evaluate_population(struct evaluation *run, struct population *population)
{
    if (population->touched_count > 1)
        qsort(population->touched, population->touched_count, sizeof *population->touched,
              compare_touched);
    uint32_t next = 0; /* of touched */
    if (population->reasons_changed == INSTANT_END) {
        for (; next < population->touched_count; next++) {
            const struct touched *touched = &population->touched[next];
            if (next == 0 || touched->stream != population->touched[next - 1].stream)
                evaluate_stream(run, population, touched->stream, touched->from);
        }
    } else {
        for (uint32_t i = 0; i < population->stream_count; i++) { /* streams rise, as touched do */
            instant from = population->reasons_changed;
            uint32_t stream = population->streams[i];
            for (; next < population->touched_count && population->touched[next].stream == stream;
                 next++)
                from =
                    population->touched[next].from < from ? population->touched[next].from : from;
            evaluate_stream(run, population, stream, from);
        }
    }
    population->touched_count = 0;
    population->touched =
        array_emptied(population->touched, &population->touched_room, TOUCHED_KEPT,
                      sizeof *population->touched, &run->service->bytes);
    population->reasons_changed = INSTANT_END;
    population->unmapped_queued = false;
}

/* ---- scope changes ---- */

static void evaluate_scope(struct evaluation *run, struct standing *standing)
{
    const struct service_fact *scope = &standing->scope;
    uint32_t name = to_governance(run->service, standing->standard);
    const struct governance_fact *fact =
        name == NAME_NONE ? NULL : governance_standard(run->governance, name);
    instant known_from = governance_next(fact, run->position, INSTANT_BEGIN);
    struct gathered window = {0};
    for (uint32_t i = 0; i < scope->step_count && scope->steps[i].at < known_from; i++) {
        const struct fact_version *version = scope->steps[i].version;
        instant until = i + 1 < scope->step_count ? scope->steps[i + 1].at : INSTANT_END;
        until = until < known_from ? until : known_from;
        for (uint32_t record = 0; record < version->record_count; record++) {
            add_step(&window, scope->steps[i].at, version->told, record, UNKNOWN_STANDARD);
            if (until != INSTANT_END)
                add_step(&window, until, version->told, record, NO_REASON);
        }
    }
    if (window.count > 1)
        qsort(window.items, window.count, sizeof *window.items, compare_steps);
    if (window.count > 0 || scope->unmapped != NULL)
        replace(run, &(struct unmapped_of){NONE, standing}, &standing->scope.unmapped,
                INSTANT_BEGIN, &window);
    free(window.items);
    standing->scope_unmapped_stale = false;
}

static int compare_populations(const void *a, const void *b)
{
    uint32_t x = (*(struct population *const *)a)->number;
    uint32_t y = (*(struct population *const *)b)->number;
    return (x > y) - (x < y);
}

void evaluate_unmapped(struct evaluation *run, struct environment *environment)
{
    if (environment->populations_changed) {
        struct population *population, *next;
        HASH_ITER(hh, environment->populations, population, next)
        {
            if (population->reasons_stale)
                settle_reasons(run, population);
        }
        environment->populations_changed = false;
    }
    for (uint32_t i = 0; i < environment->standing_count; i++) {
        if (environment->standings[i]->scope_unmapped_stale)
            evaluate_scope(run, environment->standings[i]);
    }
    if (environment->unmapped_count > 1)
        qsort(environment->unmapped, environment->unmapped_count, sizeof(struct population *),
              compare_populations);
    for (uint32_t i = 0; i < environment->unmapped_count; i++)
        evaluate_population(run, environment->unmapped[i]);
    environment->unmapped_count = 0;
}

/* ---- retractions ---- */

static void report_retraction(const struct posture_service *service,
                              const struct posture_sink *sink,
                              const struct service_retraction *retraction,
                              enum posture_change change)
{
    if (sink->unmapped == NULL)
        return;
    struct posture_unmapped_step step = unmapped_record(service->names, &retraction->record);
    step.at = retraction->order.occurred_at;
    step.event = &retraction->order.id;
    step.reason = change == STEP_SET ? POSTURE_UNKNOWN_EVENT : NULL;
    sink->unmapped(sink->context, change, &step);
}

void evaluate_retractions(struct evaluation *run)
{
    struct posture_service *service = run->service;
    if (!service->retractions_changed)
        return;
    struct service_retraction *first, *next;
    HASH_ITER(hh, service->retractions, first, next)
    {
        for (struct service_retraction *retraction = first; retraction != NULL;
             retraction = retraction->same_id) {
            bool unknown = !retraction->matched;
            if (unknown != retraction->reported)
                report_retraction(service, run->sink, retraction,
                                  unknown ? STEP_SET : STEP_REMOVED);
            retraction->reported = unknown;
        }
    }
    service->retractions_changed = false;
}

/* ---- all that is held ---- */

static void each_of_line(const struct posture_service *service, const struct unmapped_of *of,
                         const struct unmapped_line *line, instant from,
                         const struct posture_sink *sink)
{
    for (uint32_t i = 0; line != NULL && i < line->count; i++) {
        const struct unmapped_step *step = &line->steps[i];
        bool in_force = step->reason != NO_REASON;
        for (uint32_t j = i + 1; in_force && j < line->count && line->steps[j].at <= from; j++)
            in_force =
                line->steps[j].version != step->version || line->steps[j].record != step->record;
        if (step->at < from && !in_force)
            continue;
        struct posture_unmapped_step result = reported(service, of, step);
        sink->unmapped(sink->context, STEP_SET, &result);
    }
}

void each_unmapped(const struct posture_service *service, const struct environment *environment,
                   instant from, const struct posture_sink *sink)
{
    for (uint32_t i = 0; i < environment->standing_count; i++) {
        const struct standing *standing = environment->standings[i];
        each_of_line(service, &(struct unmapped_of){NONE, standing}, standing->scope.unmapped, from,
                     sink);
    }
    for (uint32_t i = 0; i < service->population_count; i++) {
        const struct population *population = service->populations[i];
        if (population->environment != environment)
            continue;
        for (uint32_t j = 0; j < population->stream_count; j++) {
            uint32_t number = population->streams[j];
            each_of_line(service, &(struct unmapped_of){number, NULL},
                         service->streams[number].unmapped, from, sink);
        }
    }
}

void each_retraction(const struct posture_service *service, const struct posture_sink *sink)
{
    const struct service_retraction *first;
    for (first = service->retractions; first != NULL; first = first->hh.next) {
        for (const struct service_retraction *retraction = first; retraction != NULL;
             retraction = retraction->same_id) {
            if (retraction->reported)
                report_retraction(service, sink, retraction, STEP_SET);
        }
    }
}
