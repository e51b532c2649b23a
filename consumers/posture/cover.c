#include "consumers/posture/cover.h"

#include "consumers/posture/array.h"

#include <stdlib.h>

static instant lesser(instant a, instant b)
{
    return a < b ? a : b;
}

static instant later(instant a, instant b)
{
    return a > b ? a : b;
}

/* ---- when exceptions have effect on the cell ---- */

struct bounds { /* of what is asked for */
    instant from, until;
};

static void add_span(struct exceptions *exceptions, struct cover_span span)
{
    exceptions->spans = array_room(exceptions->spans, &exceptions->span_room,
                                   exceptions->span_count + 1u, sizeof *exceptions->spans, NULL);
    exceptions->spans[exceptions->span_count++] = span;
}

/* Cuts a version's span to where the control is of kind CONTROL in the standard in force. */
static void add_of_kind(struct exceptions *exceptions, const struct evaluation *run,
                        const struct cell_name *name, struct cover_span span)
{
    const struct governance_fact *standard = governance_standard(run->governance, name->standard);
    for (instant at = span.from; at < span.until;) {
        instant end = lesser(governance_next(standard, run->position, at), span.until);
        const struct governance_version *version = governance_in_force(standard, run->position, at);
        const struct listed_control *listed =
            version == NULL ? NULL : standard_lists(&version->standard, name->control);
        if (listed != NULL && !listed->clause)
            add_span(exceptions, (struct cover_span){at, end, span.version});
        at = end;
    }
}

/* And to where the environment is of the exception's programme. */
static void add_in_programme(struct exceptions *exceptions, const struct evaluation *run,
                             const struct cell *cell, const struct cell_name *name,
                             struct cover_span span)
{
    const struct environment *environment = cell->standing->environment;
    for (uint32_t i = 0; i < environment->programme_count; i++) {
        const struct programme_step *step = &environment->programmes[i];
        if (step->version == NULL ||
            step->version->fact->key.key != span.version->exception.reach.programme)
            continue;
        instant end = i + 1 < environment->programme_count ? step[1].at : INSTANT_END;
        struct cover_span cut = {later(span.from, step->at), lesser(span.until, end), span.version};
        if (cut.from < cut.until)
            add_of_kind(exceptions, run, name, cut);
    }
}

static bool approves(const struct governance_version *version, const struct evaluation *run,
                     const struct cell_name *name)
{
    return version->exception.approved &&
           reach_matches(&version->exception.reach, run->governance->star, name);
}

void exceptions_open(struct exceptions *exceptions, const struct evaluation *run,
                     const struct cell *cell, const struct cell_name *name, instant from,
                     instant until)
{
    *exceptions = (struct exceptions){0};
    exceptions->fact_count =
        reaching_facts(run, run->governance->exceptions, name, &exceptions->facts);
    for (uint32_t i = 0; i < exceptions->fact_count; i++) {
        const struct governance_fact *fact = exceptions->facts[i];
        instant next;
        for (instant at = from; at <= until; at = next) {
            const struct governance_version *version = governance_in_force(fact, run->position, at);
            next = governance_next(fact, run->position, at);
            if (version != NULL && approves(version, run, name))
                add_in_programme(
                    exceptions, run, cell, name,
                    (struct cover_span){at, lesser(next, version->exception.expires_at), version});
            if (next == INSTANT_END)
                break;
        }
    }
}

void exceptions_close(struct exceptions *exceptions)
{
    free(exceptions->facts);
    free(exceptions->spans);
}

static bool had_effect(const struct governance_version *version, const struct evaluation *run,
                       const struct cell_name *name, uint32_t programme, instant at)
{
    return version != NULL && approves(version, run, name) && at < version->exception.expires_at &&
           version->exception.reach.programme == programme;
}

const struct version *exceptions_cause(const struct exceptions *exceptions,
                                       const struct evaluation *run, const struct cell_name *name,
                                       uint32_t programme, instant at)
{
    const struct version *cause = NULL;
    for (uint32_t i = 0; i < exceptions->fact_count; i++) {
        const struct governance_fact *fact = exceptions->facts[i];
        const struct governance_version *version = governance_in_force(fact, run->position, at);
        if (version == NULL || version->head.order.occurred_at != at)
            continue;
        if (had_effect(version, run, name, programme, at) ||
            had_effect(governance_in_force(fact, run->position, at - 1), run, name, programme,
                       at - 1))
            cause = version_greater(cause, &version->head);
    }
    return cause;
}

/* ---- failing results, less what is covered ---- */

struct failure { /* a stream's failing result, while in force */
    instant from, until;
    uint32_t observation;
    uint32_t subject;
};

struct painted { /* something that holds from … until; the greater hides the lesser */
    instant from, until;
    uint32_t observation;
    const struct governance_version *version;
};

struct paints {
    struct painted *items;
    uint32_t count, room;
};

struct canvas {
    const struct evaluation *run;
    uint32_t check;
    struct bounds bounds;
    struct paints uncovered, covering;
    const struct cover_span **spans; /* those that speak of the check */
    uint32_t span_count;
};

static void add_painted(struct paints *paints, struct painted item)
{
    paints->items =
        array_room(paints->items, &paints->room, paints->count + 1u, sizeof *paints->items, NULL);
    paints->items[paints->count++] = item;
}

static bool speaks_of(const struct governance_version *version, const struct evaluation *run,
                      uint32_t check)
{
    return version->exception.check == run->governance->star || version->exception.check == check;
}

bool exceptions_speak_of(const struct exceptions *exceptions, const struct evaluation *run,
                         uint32_t check)
{
    for (uint32_t i = 0; i < exceptions->span_count; i++) {
        if (speaks_of(exceptions->spans[i].version, run, check))
            return true;
    }
    return false;
}

/* `subject` is a number of the service's names. */
static bool covers(const struct evaluation *run, const struct governance_version *version,
                   uint32_t subject)
{
    uint32_t named = version->exception.subject;
    return named == run->governance->star || from_governance(run->service, named) == subject;
}

const struct governance_version *exceptions_covering(const struct exceptions *exceptions,
                                                     const struct evaluation *run, uint32_t check,
                                                     uint32_t subject, instant at)
{
    const struct governance_version *greatest = NULL;
    for (uint32_t i = 0; i < exceptions->span_count; i++) {
        const struct cover_span *span = &exceptions->spans[i];
        if (span->from <= at && at < span->until && speaks_of(span->version, run, check) &&
            covers(run, span->version, subject) &&
            (greatest == NULL ||
             order_compare(&span->version->head.order, &greatest->head.order) > 0))
            greatest = span->version;
    }
    return greatest;
}

/* Spans come sorted by where they begin: what lies between them is uncovered. */
static void add_failure(struct canvas *canvas, const struct failure *failure)
{
    instant bare_from = failure->from;
    for (uint32_t i = 0; i < canvas->span_count; i++) {
        const struct cover_span *span = canvas->spans[i];
        instant from = later(span->from, failure->from),
                until = lesser(span->until, failure->until);
        if (from >= until || !covers(canvas->run, span->version, failure->subject))
            continue;
        add_painted(&canvas->covering, (struct painted){from, until, NONE, span->version});
        if (bare_from < from)
            add_painted(&canvas->uncovered,
                        (struct painted){bare_from, from, failure->observation, NULL});
        bare_from = later(bare_from, until);
    }
    if (bare_from < failure->until)
        add_painted(&canvas->uncovered,
                    (struct painted){bare_from, failure->until, failure->observation, NULL});
}

static void add_stream(struct canvas *canvas, const struct stream *stream)
{
    const uint32_t *versions = stream_versions(stream);
    instant until = INSTANT_END;
    for (uint32_t i = stream->count; i-- > 0;) {
        const struct observation *observation = observation_at(canvas->run->service, versions[i]);
        instant from = observation->head.order.occurred_at;
        if (!(observation->flags & OBSERVATION_COUNTS) || from >= until)
            continue;
        if (observation->result == ASSAY__V1__RESULT__RESULT_FAIL && from <= canvas->bounds.until)
            add_failure(canvas, &(struct failure){from, until, versions[i], stream->subject});
        until = from;
        if (from <= canvas->bounds.from)
            break;
    }
}

/* ---- the greatest at every instant ---- */

static int compare_instants(const void *a, const void *b)
{
    const instant *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

/* Where anything begins or ends, rising, each once. */
static uint32_t gather_edges(const struct canvas *canvas, instant **edges)
{
    const struct paints *both[] = {&canvas->uncovered, &canvas->covering};
    *edges =
        array_new(1 + 2 * (canvas->uncovered.count + canvas->covering.count), sizeof **edges, NULL);
    uint32_t count = 0, kept = 0;
    (*edges)[count++] = INSTANT_BEGIN;
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t j = 0; j < both[i]->count; j++) {
            (*edges)[count++] = both[i]->items[j].from;
            (*edges)[count++] = both[i]->items[j].until;
        }
    }
    qsort(*edges, count, sizeof **edges, compare_instants);
    for (uint32_t i = 0; i < count; i++) {
        if (i == 0 || (*edges)[i] != (*edges)[i - 1])
            (*edges)[kept++] = (*edges)[i];
    }
    return kept;
}

static int compare_painted(const void *a, const void *b, void *context)
{
    const struct painted *x = a, *y = b;
    if (x->version != NULL)
        return order_compare(&y->version->head.order, &x->version->head.order);
    return observation_compare(context, y->observation, x->observation);
}

static uint32_t edge_of(const instant *edges, uint32_t count, instant at)
{
    return steps_until(edges, count, sizeof *edges, at) - 1;
}

/* Paints from the greatest on, each only where nothing is yet: `next` leads from a painted stretch
 * to the first one behind it that may be bare. `shown[i]`: the item over [edge i, edge i + 1). */
static void paint(const struct canvas *canvas, struct paints *paints, const instant *edges,
                  uint32_t count, const struct painted **shown)
{
    uint32_t *next = array_new(count + 1u, sizeof *next, NULL);
    for (uint32_t i = 0; i <= count; i++)
        next[i] = i;
    if (paints->count > 1)
        qsort_r(paints->items, paints->count, sizeof *paints->items, compare_painted,
                canvas->run->service);
    for (uint32_t i = 0; i < paints->count; i++) {
        const struct painted *item = &paints->items[i];
        uint32_t until = edge_of(edges, count, item->until);
        for (uint32_t at = edge_of(edges, count, item->from); at < until;) {
            while (next[at] != at) {
                next[at] = next[next[at]];
                at = next[at];
            }
            if (at >= until)
                break;
            shown[at] = item;
            next[at] = at + 1;
        }
    }
    free(next);
}

static void paint_steps(struct canvas *canvas, struct cover *cover)
{
    instant *edges;
    uint32_t count = gather_edges(canvas, &edges);
    const struct painted **uncovered = array_new(count, sizeof(const struct painted *), NULL);
    const struct painted **covering = array_new(count, sizeof(const struct painted *), NULL);
    paint(canvas, &canvas->uncovered, edges, count, uncovered);
    paint(canvas, &canvas->covering, edges, count, covering);
    cover->steps = array_new(count, sizeof *cover->steps, NULL);
    for (uint32_t i = 0; i < count; i++) {
        cover->steps[cover->count++] = (struct cover_step){
            .at = edges[i],
            .uncovered = uncovered[i] == NULL ? NONE : uncovered[i]->observation,
            .covering = covering[i] == NULL ? NULL : covering[i]->version,
        };
    }
    free(edges);
    free(uncovered);
    free(covering);
}

static int compare_spans(const void *a, const void *b)
{
    const struct cover_span *x = *(const struct cover_span *const *)a;
    const struct cover_span *y = *(const struct cover_span *const *)b;
    return (x->from > y->from) - (x->from < y->from);
}

void cover_open(struct cover *cover, const struct exceptions *exceptions,
                const struct evaluation *run, const struct population *population, uint32_t check,
                instant from, instant until)
{
    *cover = (struct cover){0};
    struct canvas canvas = {.run = run, .check = check, .bounds = {from, until}};
    canvas.spans = array_new(exceptions->span_count + 1u, sizeof(const struct cover_span *), NULL);
    for (uint32_t i = 0; i < exceptions->span_count; i++) {
        if (speaks_of(exceptions->spans[i].version, run, check))
            canvas.spans[canvas.span_count++] = &exceptions->spans[i];
    }
    qsort(canvas.spans, canvas.span_count, sizeof(const struct cover_span *), compare_spans);
    for (uint32_t i = 0; i < population->stream_count; i++)
        add_stream(&canvas, &run->service->streams[population->streams[i]]);
    paint_steps(&canvas, cover);
    free(canvas.spans);
    free(canvas.uncovered.items);
    free(canvas.covering.items);
}

void cover_free(struct cover *cover)
{
    free(cover->steps);
}
