#include "consumers/store/pack.h"

#include "consumers/store/gathered.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Deltas below this many steps never call for a keyframe: reading them costs less than a row. */
enum { KEYFRAME_LEAST = 256 };

struct pair {
    char *service, *environment;
    struct pair_state state;
    instant reached; /* horizon of what is being gathered */
    instant behind;  /* earliest change gathered that takes something away; INSTANT_END: none */
    struct gathered gathered;
    char **standards; /* that phases and tallies speak of; kept */
    size_t standard_count;
};

/* One more element, zeroed. */
static void *rows_add(struct rows *rows, size_t size)
{
    if (rows->count == rows->room) {
        rows->room = rows->room == 0 ? 8 : rows->room * 2;
        rows->items = reallocarray(rows->items, rows->room, size);
        if (rows->items == NULL)
            abort();
    }
    void *item = rows->items + rows->count++ * size;
    memset(item, 0, size);
    return item;
}

static char *copy_text(const char *text)
{
    if (text == NULL)
        return NULL;
    char *copied = strdup(text);
    if (copied == NULL)
        abort();
    return copied;
}

struct pair *pair_new(const char *service, const char *environment)
{
    struct pair *pair = calloc(1, sizeof *pair);
    if (pair == NULL)
        abort();
    pair->service = copy_text(service);
    pair->environment = copy_text(environment);
    pair->state = (struct pair_state){
        .keyframe_weight = -1, .horizon = INSTANT_BEGIN, .complete_from = INSTANT_BEGIN};
    pair->reached = INSTANT_BEGIN;
    pair->behind = INSTANT_END;
    return pair;
}

/* Forgets what was gathered, keeping the room. */
static void forget(struct pair *pair)
{
    struct cell_row *cells = (struct cell_row *)(void *)pair->gathered.cells.items;
    for (size_t i = 0; i < pair->gathered.cells.count; i++) {
        free(cells[i].exception);
        free(cells[i].finding);
        free(cells[i].inherited_from);
    }
    struct unmapped_row *unmapped = (struct unmapped_row *)(void *)pair->gathered.unmapped.items;
    for (size_t i = 0; i < pair->gathered.unmapped.count; i++) {
        free(unmapped[i].reason);
        free(unmapped[i].check);
        free(unmapped[i].standard);
        free(unmapped[i].control);
    }
    pair->gathered.cells.count = pair->gathered.phases.count = pair->gathered.tallies.count = 0;
    pair->gathered.unmapped.count = pair->gathered.results.count = 0;
    pair->reached = pair->state.horizon;
    pair->behind = INSTANT_END;
}

void pair_free(struct pair *pair)
{
    if (pair == NULL)
        return;
    forget(pair);
    free(pair->gathered.cells.items);
    for (size_t i = 0; i < pair->standard_count; i++)
        free(pair->standards[i]);
    free(pair->standards);
    free(pair->gathered.phases.items);
    free(pair->gathered.tallies.items);
    free(pair->gathered.unmapped.items);
    free(pair->gathered.results.items);
    free(pair->service);
    free(pair->environment);
    free(pair);
}

const char *pair_environment(const struct pair *pair)
{
    return pair->environment;
}

int32_t pair_last(const struct pair *pair)
{
    return pair->state.seq - 1;
}

void pair_restore(struct pair *pair, struct pair_state state)
{
    pair->state = state;
    pair->reached = state.horizon;
}

void pair_result(struct pair *pair, const struct taken *taken, uint32_t stream, int32_t tool,
                 uint32_t source)
{
    const Assay__V1__ControlTestResult *body = taken->event->control_test_result;
    struct result_row *row = rows_add(&pair->gathered.results, sizeof *row);
    row->occurred_at = taken->occurred_at;
    row->expires_at = codec_instant(body->expires_at, INSTANT_END);
    row->sequence = (int64_t)taken->event->sequence;
    row->offset = taken->offset;
    row->stream = stream;
    row->tool = tool;
    row->source = source;
    row->partition = taken->partition;
    row->incarnation = taken->incarnation;
    row->topic = taken->topic;
    row->result = (int16_t)body->result;
    row->id = taken->id;
    memcpy(row->digest, taken->digest, sizeof row->digest);
    /* A producer's clock may run ahead and governance is dated ahead: evidence has come as far as
     * the lesser of what it says and what Kafka says. */
    instant come =
        taken->kafka_timestamp < row->occurred_at ? taken->kafka_timestamp : row->occurred_at;
    if (come > pair->reached)
        pair->reached = come;
}

void pair_cell_step(struct pair *pair, uint32_t cell, enum posture_change change,
                    const struct posture_cell_step *step)
{
    struct cell_row *row = rows_add(&pair->gathered.cells, sizeof *row);
    row->cell = cell;
    row->at = step->at;
    if ((change == STEP_REMOVED || step->joined) && step->at < pair->behind)
        pair->behind = step->at;
    if (change == STEP_REMOVED) {
        row->status = STEP_IS_REMOVED;
        return;
    }
    row->status = (int16_t)step->status;
    row->flags =
        (int16_t)((step->transition ? FLAG_TRANSITION : 0) | (step->stale ? FLAG_STALE : 0));
    row->checks = step->checks;
    row->missing = step->missing;
    if (step->deciding != NULL) {
        row->has_deciding = true;
        row->deciding = *step->deciding;
    }
    if (step->transition) {
        row->known = step->known;
        if (step->cause != NULL) {
            row->has_cause = true;
            row->cause = *step->cause;
        }
    }
    row->exception = copy_text(step->exception);
    row->finding = copy_text(step->finding);
    row->inherited_from = copy_text(step->inherited_from);
}

/* The pair's own copy: steps come standard by standard, so mostly the last. */
static const char *standard_of(struct pair *pair, const char *standard)
{
    for (size_t i = pair->standard_count; i-- > 0;)
        if (strcmp(pair->standards[i], standard) == 0)
            return pair->standards[i];
    pair->standards =
        reallocarray(pair->standards, pair->standard_count + 1, sizeof *pair->standards);
    if (pair->standards == NULL)
        abort();
    return pair->standards[pair->standard_count++] = copy_text(standard);
}

void pair_phase_step(struct pair *pair, const char *standard, enum posture_change change,
                     const struct posture_phase_step *step)
{
    struct phase_row *row = rows_add(&pair->gathered.phases, sizeof *row);
    row->standard = standard_of(pair, standard);
    row->step = *step;
    row->membership = change == STEP_REMOVED ? STEP_IS_REMOVED : (int16_t)step->membership;
    if (change == STEP_REMOVED && step->at < pair->behind)
        pair->behind = step->at;
}

/* Posture tells one instant after the other: all statuses of one before the next. */
static struct tally_row *total_at(struct pair *pair, const char *standard, instant at)
{
    struct tally_row *row = (struct tally_row *)(void *)pair->gathered.tallies.items;
    size_t i = pair->gathered.tallies.count;
    while (i-- > 0 && row[i].standard == standard && row[i].at == at)
        if (row[i].status == TALLY_OF_ALL)
            return &row[i];
    row = rows_add(&pair->gathered.tallies, sizeof *row);
    *row = (struct tally_row){.standard = standard, .at = at, .status = TALLY_OF_ALL};
    return row;
}

void pair_tally(struct pair *pair, const char *standard, instant at, enum cell_status status,
                int32_t change)
{
    standard = standard_of(pair, standard);
    struct tally_row *total = total_at(pair, standard, at);
    total->change += change;
    if (status == CELL_PASSED)
        return;
    struct tally_row *row = rows_add(&pair->gathered.tallies, sizeof *row);
    *row = (struct tally_row){standard, at, (int16_t)status, change};
}

void pair_unmapped_step(struct pair *pair, enum posture_change change,
                        const struct posture_unmapped_step *step)
{
    struct unmapped_row *row = rows_add(&pair->gathered.unmapped, sizeof *row);
    row->removed = change == STEP_REMOVED;
    row->at = step->at;
    row->event = *step->event;
    row->record = step->record;
    row->reason = change == STEP_REMOVED ? NULL : copy_text(step->reason);
    row->check = copy_text(step->check);
    row->standard = copy_text(step->standard);
    row->control = copy_text(step->control);
}

/* One array field of a row: element type, how many, and the statement that writes element i. */
#define ARRAY(wire, type, count, write)                                                            \
    do {                                                                                           \
        size_t mark_ = pgwire_array((wire), (type), (count));                                      \
        for (size_t i = 0; i < (count); i++)                                                       \
            write;                                                                                 \
        pgwire_array_end((wire), mark_);                                                           \
    } while (0)

/* The same of a field that often has one value throughout: then as an array of that one element,
 * which stands for all. `same`: whether element i is like element 0. */
#define ARRAY_OR_ONE(wire, type, count, same, write)                                               \
    do {                                                                                           \
        bool alike_ = (count) > 0;                                                                 \
        for (size_t i = 0; i < (count) && alike_; i++)                                             \
            alike_ = (same);                                                                       \
        ARRAY(wire, type, alike_ ? 1 : (count), write);                                            \
    } while (0)

static void write_history(struct pair *pair, int64_t batch, struct copies *copies)
{
    const struct result_row *row = (const struct result_row *)(void *)pair->gathered.results.items;
    size_t count = pair->gathered.results.count;
    if (count == 0)
        return;
    struct pgwire *wire = &copies->history.wire;
    copy_row(&copies->history, 17);
    pgwire_text(wire, pair->service);
    pgwire_text(wire, pair->environment);
    pgwire_int4(wire, pair->state.seq);
    pgwire_int8(wire, batch);
    ARRAY(wire, PGWIRE_INT4, count, pgwire_int4(wire, (int32_t)row[i].stream));
    ARRAY(wire, PGWIRE_TIMESTAMPTZ, count, pgwire_instant(wire, row[i].occurred_at));
    ARRAY_OR_ONE(wire, PGWIRE_INT8, count, row[i].sequence == row[0].sequence,
                 pgwire_int8(wire, row[i].sequence));
    ARRAY(wire, PGWIRE_INT2, count, pgwire_int2(wire, row[i].result));
    ARRAY(wire, PGWIRE_UUID, count, pgwire_uuid(wire, &row[i].id));
    ARRAY(wire, PGWIRE_UUID, count, pgwire_uuid_bytes(wire, row[i].digest));
    ARRAY_OR_ONE(wire, PGWIRE_TIMESTAMPTZ, count, row[i].expires_at == row[0].expires_at,
                 pgwire_instant(wire, row[i].expires_at));
    ARRAY_OR_ONE(wire, PGWIRE_INT4, count, row[i].tool == row[0].tool,
                 pgwire_int4(wire, row[i].tool));
    ARRAY_OR_ONE(wire, PGWIRE_INT2, count, row[i].topic == row[0].topic,
                 pgwire_int2(wire, row[i].topic));
    ARRAY_OR_ONE(wire, PGWIRE_INT4, count, row[i].partition == row[0].partition,
                 pgwire_int4(wire, row[i].partition));
    ARRAY_OR_ONE(wire, PGWIRE_INT4, count, row[i].incarnation == row[0].incarnation,
                 pgwire_int4(wire, row[i].incarnation));
    ARRAY(wire, PGWIRE_INT8, count, pgwire_int8(wire, row[i].offset));
    ARRAY_OR_ONE(wire, PGWIRE_INT4, count, row[i].source == row[0].source,
                 pgwire_int4(wire, (int32_t)row[i].source));
}

/* A text column of cells that is NULL as a whole where no element has one. */
static void write_texts(struct pgwire *wire, const struct cell_row *row, size_t count,
                        size_t member)
{
    bool any = false;
    for (size_t i = 0; i < count && !any; i++)
        any = *(char *const *)(const void *)((const char *)&row[i] + member) != NULL;
    if (!any) {
        pgwire_null(wire);
        return;
    }
    ARRAY(wire, PGWIRE_TEXT, count,
          pgwire_text(wire, *(char *const *)(const void *)((const char *)&row[i] + member)));
}

/* What a row of timeline and of standing begins with. */
static struct pgwire *begin_row(struct copy *copy, int16_t columns, const struct pair *pair,
                                int64_t batch, bool keyframe, instant complete_from)
{
    struct pgwire *wire = &copy->wire;
    copy_row(copy, columns);
    pgwire_text(wire, pair->service);
    pgwire_text(wire, pair->environment);
    pgwire_int4(wire, pair->state.seq);
    pgwire_int8(wire, batch);
    pgwire_bool(wire, keyframe);
    if (keyframe)
        pgwire_instant(wire, complete_from);
    else
        pgwire_null(wire);
    return wire;
}

/* `cause` and `known`, each NULL as a whole where it says nothing: no event is a cause, or every
 * transition became known by this very batch. */
static void write_causes(struct pgwire *wire, const struct cell_row *row, size_t count,
                         int64_t batch)
{
    bool causes = false;
    bool known = false;
    for (size_t i = 0; i < count; i++) {
        causes = causes || row[i].has_cause;
        known = known || ((row[i].flags & FLAG_TRANSITION) != 0 && row[i].known != batch);
    }
    if (causes)
        ARRAY(wire, PGWIRE_UUID, count, pgwire_uuid(wire, row[i].has_cause ? &row[i].cause : NULL));
    else
        pgwire_null(wire);
    if (known)
        ARRAY(wire, PGWIRE_INT8, count, pgwire_int8(wire, row[i].known));
    else
        pgwire_null(wire);
}

static void write_timeline(struct pair *pair, int64_t batch, bool keyframe, instant complete_from,
                           struct copies *copies)
{
    const struct cell_row *row = (const struct cell_row *)(void *)pair->gathered.cells.items;
    size_t count = pair->gathered.cells.count;
    struct pgwire *wire = begin_row(&copies->timeline, 20, pair, batch, keyframe, complete_from);
    pgwire_instant(wire, pair->state.horizon);
    pgwire_int4(wire, pair->state.weight);
    ARRAY(wire, PGWIRE_INT4, count, pgwire_int4(wire, (int32_t)row[i].cell));
    ARRAY(wire, PGWIRE_TIMESTAMPTZ, count, pgwire_instant(wire, row[i].at));
    ARRAY(wire, PGWIRE_INT2, count, pgwire_int2(wire, row[i].status));
    ARRAY(wire, PGWIRE_INT2, count, pgwire_int2(wire, row[i].flags));
    ARRAY_OR_ONE(wire, PGWIRE_INT4, count, row[i].checks == row[0].checks,
                 pgwire_int4(wire, (int32_t)row[i].checks));
    ARRAY_OR_ONE(wire, PGWIRE_INT4, count, row[i].missing == row[0].missing,
                 pgwire_int4(wire, (int32_t)row[i].missing));
    ARRAY(wire, PGWIRE_UUID, count,
          pgwire_uuid(wire, row[i].has_deciding ? &row[i].deciding : NULL));
    write_causes(wire, row, count, batch);
    write_texts(wire, row, count, offsetof(struct cell_row, exception));
    write_texts(wire, row, count, offsetof(struct cell_row, finding));
    write_texts(wire, row, count, offsetof(struct cell_row, inherited_from));
}

/* Mostly there is none: NULL instead of six empty arrays. */
static void write_phases(struct pgwire *wire, const struct phase_row *row, size_t count)
{
    for (int i = 0; i < 6 && count == 0; i++)
        pgwire_null(wire);
    if (count == 0)
        return;
    ARRAY(wire, PGWIRE_TEXT, count, pgwire_text(wire, row[i].standard));
    ARRAY(wire, PGWIRE_TIMESTAMPTZ, count, pgwire_instant(wire, row[i].step.at));
    ARRAY(wire, PGWIRE_INT2, count, pgwire_int2(wire, row[i].membership));
    ARRAY(wire, PGWIRE_INT2, count, pgwire_int2(wire, (int16_t)row[i].step.posture));
    ARRAY(wire, PGWIRE_INT2, count, pgwire_int2(wire, row[i].step.certificate_state));
    ARRAY(wire, PGWIRE_BOOL, count, pgwire_bool(wire, row[i].step.certified));
}

static void write_standing(struct pair *pair, int64_t batch, bool keyframe, instant complete_from,
                           struct copies *copies)
{
    const struct phase_row *row = (const struct phase_row *)(void *)pair->gathered.phases.items;
    const struct tally_row *tally = (const struct tally_row *)(void *)pair->gathered.tallies.items;
    size_t count = pair->gathered.phases.count;
    size_t tallies = pair->gathered.tallies.count;
    struct pgwire *wire = begin_row(&copies->standing, 16, pair, batch, keyframe, complete_from);
    write_phases(wire, row, count);
    ARRAY_OR_ONE(wire, PGWIRE_TEXT, tallies, tally[i].standard == tally[0].standard,
                 pgwire_text(wire, tally[i].standard));
    ARRAY(wire, PGWIRE_TIMESTAMPTZ, tallies, pgwire_instant(wire, tally[i].at));
    ARRAY(wire, PGWIRE_INT2, tallies, pgwire_int2(wire, tally[i].status));
    ARRAY(wire, PGWIRE_INT4, tallies, pgwire_int4(wire, tally[i].change));
}

static void write_unmapped(struct pair *pair, int64_t batch, struct copies *copies)
{
    const struct unmapped_row *row =
        (const struct unmapped_row *)(void *)pair->gathered.unmapped.items;
    size_t count = pair->gathered.unmapped.count;
    struct pgwire *wire = &copies->unmapped.wire;
    copy_row(&copies->unmapped, 15);
    pgwire_text(wire, pair->service);
    pgwire_text(wire, pair->environment);
    pgwire_int4(wire, pair->state.seq);
    pgwire_int8(wire, batch);
    ARRAY(wire, PGWIRE_TIMESTAMPTZ, count, pgwire_instant(wire, row[i].at));
    ARRAY(wire, PGWIRE_TEXT, count, pgwire_text(wire, row[i].reason));
    ARRAY(wire, PGWIRE_BOOL, count, pgwire_bool(wire, row[i].removed));
    ARRAY(wire, PGWIRE_UUID, count, pgwire_uuid(wire, &row[i].event));
    ARRAY(wire, PGWIRE_INT2, count, pgwire_int2(wire, row[i].record.topic));
    ARRAY(wire, PGWIRE_INT4, count, pgwire_int4(wire, row[i].record.partition));
    ARRAY(wire, PGWIRE_INT4, count, pgwire_int4(wire, row[i].record.incarnation));
    ARRAY(wire, PGWIRE_INT8, count, pgwire_int8(wire, row[i].record.offset));
    ARRAY(wire, PGWIRE_TEXT, count, pgwire_text(wire, row[i].check));
    ARRAY(wire, PGWIRE_TEXT, count, pgwire_text(wire, row[i].standard));
    ARRAY(wire, PGWIRE_TEXT, count, pgwire_text(wire, row[i].control));
}

bool pair_write(struct pair *pair, int64_t batch, struct copies *copies, instant *from)
{
    gathered_arrange(&pair->gathered);
    size_t standings = pair->gathered.phases.count + pair->gathered.tallies.count;
    size_t steps = pair->gathered.cells.count + standings;
    bool any = steps > 0 || pair->gathered.unmapped.count > 0 || pair->gathered.results.count > 0;
    if (!any)
        return false;
    write_history(pair, batch, copies);
    if (pair->gathered.unmapped.count > 0)
        write_unmapped(pair, batch, copies);
    struct pair_state *state = &pair->state;
    bool first = steps > 0 && state->keyframe_weight < 0;
    if (first || pair->gathered.cells.count > 0) {
        /* Counters move only with a row that holds them: a reload finds them there. */
        state->horizon = pair->reached;
        state->weight += (int32_t)pair->gathered.cells.count;
        /* The first row holds all there is, which makes it the first keyframe. */
        write_timeline(pair, batch, first, INSTANT_BEGIN, copies);
    }
    if (first || standings > 0)
        write_standing(pair, batch, first, INSTANT_BEGIN, copies);
    if (first) {
        copies_note(copies, (struct noted){copy_text(pair->service), copy_text(pair->environment)});
        state->keyframe_weight = state->weight;
        state->weight = 0;
    }
    bool due = state->weight > KEYFRAME_LEAST &&
               state->weight > state->keyframe_weight + state->keyframe_weight / 4;
    *from = state->horizon;
    if (state->complete_from != INSTANT_BEGIN && pair->behind <= state->complete_from) {
        due = true;
        *from = pair->behind < *from ? pair->behind : *from;
    }
    pair->state.seq++;
    forget(pair);
    return due;
}

void pair_keyframe(struct pair *pair, int64_t batch, instant from, struct copies *copies)
{
    gathered_arrange(&pair->gathered);
    pair->state.weight = (int32_t)pair->gathered.cells.count;
    /* Rows before it have said of each transition when it became known, and by which event. Who
     * asks what is to come reads no further back, and asks by which event. */
    struct cell_row *row = (struct cell_row *)(void *)pair->gathered.cells.items;
    for (size_t i = 0; i < pair->gathered.cells.count; i++) {
        row[i].known = batch;
        row[i].has_cause = row[i].has_cause && row[i].at > from;
    }
    write_timeline(pair, batch, true, from, copies);
    write_standing(pair, batch, true, from, copies);
    pair->state.complete_from = from;
    pair->state.keyframe_weight = pair->state.weight;
    pair->state.weight = 0;
    pair->state.seq++;
    forget(pair);
}
