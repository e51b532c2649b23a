#include "tests/unit/posture/recorder.h"

#include "tests/unit/posture/recorded_parts.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uthash.h>

struct line {
    struct recorded_line line;
    UT_hash_handle hh;
};

struct numbered { /* a cell's number and what it stands for */
    char *number;
    char *name;
    UT_hash_handle hh;
};

struct recorder {
    struct posture_sink sink;
    struct recorded_parts *parts;
    struct line *lines;
    struct numbered *cells;
    const struct recorded_line **sorted;
    uint32_t reports;
    bool with_known;
};

__attribute__((format(printf, 1, 2))) static char *text(const char *format, ...)
{
    char *made;
    va_list arguments;
    va_start(arguments, format);
    int size = vasprintf(&made, format, arguments);
    va_end(arguments);
    assert(size >= 0);
    return made;
}

static char *id_text(const uuid *id, char out[static UUID_TEXT_MAX])
{
    if (id != NULL)
        return uuid_format(id, out);
    out[0] = '-';
    out[1] = '\0';
    return out;
}

static const char *or_dash(const char *part)
{
    return part == NULL ? "-" : part;
}

static char *copy_of(const char *part)
{
    return part == NULL ? NULL : text("%s", part);
}

/* ---- lines ---- */

static struct line *line_of(struct recorder *recorder, enum recorded_kind kind, char *key)
{
    char *whole = text("%d|%s", (int)kind, key);
    struct line *line;
    HASH_FIND_STR(recorder->lines, whole, line);
    if (line != NULL) {
        free(whole);
    } else {
        line = calloc(1, sizeof *line);
        assert(line != NULL);
        line->line.kind = kind;
        line->line.key = whole;
        HASH_ADD_KEYPTR(hh, recorder->lines, whole, strlen(whole), line);
    }
    free(key);
    return line;
}

static uint32_t steps_before(const struct recorded_line *line, instant at)
{
    uint32_t count = 0;
    while (count < line->count && line->steps[count].at < at)
        count++;
    return count;
}

static void free_texts(const struct recorded_line *line, struct recorded_step *step)
{
    free(step->text);
    if (line->kind == RECORDED_CELL) {
        free(step->cell.exception);
        free(step->cell.finding);
        free(step->cell.inherited_from);
    } else if (line->kind == RECORDED_CERTIFICATION) {
        free(step->certification.number);
        free(step->certification.body);
        free(step->certification.soa_version);
    }
}

static void remove_step(struct recorded_line *line, uint32_t place)
{
    free_texts(line, &line->steps[place]);
    memmove(&line->steps[place], &line->steps[place + 1],
            (line->count - place - 1) * sizeof *line->steps);
    line->count--;
}

/* Sets or removes a step; `made` is freed or kept. NULL where it was removed. */
static struct recorded_step *change_step(struct recorder *recorder, struct line *line,
                                         enum posture_change change, instant at, char *made)
{
    struct recorded_line *in = &line->line;
    recorder->reports++;
    uint32_t place = steps_before(in, at);
    bool there = place < in->count && in->steps[place].at == at;
    if (change == STEP_REMOVED) {
        assert(there);
        remove_step(in, place);
        free(made);
        return NULL;
    }
    if (there) {
        assert(strcmp(in->steps[place].text, made) != 0 || !recorder->with_known);
        free_texts(in, &in->steps[place]);
    } else {
        in->steps = realloc(in->steps, (in->count + 1) * sizeof *in->steps);
        assert(in->steps != NULL);
        memmove(&in->steps[place + 1], &in->steps[place], (in->count - place) * sizeof *in->steps);
        in->count++;
    }
    in->steps[place] = (struct recorded_step){.at = at, .text = made};
    return &in->steps[place];
}

/* ---- the sink ---- */

static void on_cell_new(void *context, const char *environment, uint32_t cell, const char *standard,
                        const char *control)
{
    struct recorder *recorder = context;
    struct numbered *numbered = calloc(1, sizeof *numbered);
    assert(numbered != NULL);
    numbered->number = text("%s|%" PRIu32, environment, cell);
    numbered->name = text("%s|%s|%s", environment, standard, control);
    HASH_ADD_KEYPTR(hh, recorder->cells, numbered->number, strlen(numbered->number), numbered);
}

static void on_cell(void *context, const char *environment, uint32_t cell,
                    enum posture_change change, const struct posture_cell_step *step)
{
    struct recorder *recorder = context;
    char *number = text("%s|%" PRIu32, environment, cell);
    struct numbered *numbered;
    HASH_FIND_STR(recorder->cells, number, numbered);
    free(number);
    assert(numbered != NULL);
    char deciding[UUID_TEXT_MAX], cause[UUID_TEXT_MAX];
    char *made =
        text("%s%s stale=%d checks=%" PRIu32 " missing=%" PRIu32
             " deciding=%s exception=%s finding=%s from=%s cause=%s known=%" PRId64,
             cell_status_name(step->status), step->transition ? "!" : "", step->stale, step->checks,
             step->missing, id_text(step->deciding, deciding), or_dash(step->exception),
             or_dash(step->finding), or_dash(step->inherited_from), id_text(step->cause, cause),
             recorder->with_known ? step->known : 0);
    struct line *line = line_of(recorder, RECORDED_CELL, text("%s", numbered->name));
    struct recorded_step *recorded = change_step(recorder, line, change, step->at, made);
    if (recorded == NULL)
        return;
    recorded->cell.step = *step;
    recorded->cell.exception = copy_of(step->exception);
    recorded->cell.finding = copy_of(step->finding);
    recorded->cell.inherited_from = copy_of(step->inherited_from);
    if (step->deciding != NULL) {
        recorded->cell.deciding = *step->deciding;
        recorded->cell.step.deciding = NULL; /* the text has it, and it moves */
    }
}

static void on_standing(void *context, const char *environment, const char *standard,
                        enum posture_change change, const struct posture_standing_step *step)
{
    struct recorder *recorder = context;
    char *made =
        text("membership=%d %s passed=%" PRIu32 " excepted=%" PRIu32 " failed=%" PRIu32
             " error=%" PRIu32 " stale=%" PRIu32 " not_tested=%" PRIu32 " not_applicable=%" PRIu32
             " applicable=%" PRIu32 " percent=%" PRId32 " certificate=%d certified=%d",
             (int)step->membership, posture_value_name(step->posture), step->passed, step->excepted,
             step->failed, step->error, step->stale, step->not_tested, step->not_applicable,
             step->applicable, step->percent, (int)step->certificate_state, step->certified);
    struct line *line = line_of(recorder, RECORDED_STANDING, text("%s|%s", environment, standard));
    struct recorded_step *recorded = change_step(recorder, line, change, step->at, made);
    if (recorded != NULL)
        recorded->standing = *step;
}

static void on_phase(void *context, const char *environment, const char *standard,
                     enum posture_change change, const struct posture_phase_step *step)
{
    struct recorder *recorder = context;
    char *key = text("%s|%s", environment, standard);
    recorded_phase(recorder->parts, key, change, step);
    free(key);
}

static void on_tally(void *context, const char *environment, const char *standard, instant at,
                     enum cell_status status, int32_t change)
{
    struct recorder *recorder = context;
    char *key = text("%s|%s", environment, standard);
    recorded_tally(recorder->parts, key, at, status, change);
    free(key);
}

static void on_certification(void *context, const char *programme, const char *standard,
                             enum posture_change change,
                             const struct posture_certification_step *step)
{
    struct recorder *recorder = context;
    char decision[UUID_TEXT_MAX];
    char *made = text("%s %s decision=%s number=%s body=%s soa=%s from=%" PRId64 " until=%" PRId64
                      " deadline=%" PRId64 " flags=%d",
                      step->exists ? "row" : "none", certificate_state_name(step->state),
                      id_text(step->decision, decision), or_dash(step->number), or_dash(step->body),
                      or_dash(step->soa_version), step->valid_from, step->valid_until,
                      step->surveillance_deadline, (int)step->flags);
    struct line *line =
        line_of(recorder, RECORDED_CERTIFICATION, text("%s|%s", programme, standard));
    struct recorded_step *recorded = change_step(recorder, line, change, step->at, made);
    if (recorded == NULL)
        return;
    recorded->certification.step = *step;
    recorded->certification.number = copy_of(step->number);
    recorded->certification.body = copy_of(step->body);
    recorded->certification.soa_version = copy_of(step->soa_version);
}

static void on_fact(void *context, enum posture_change change, const struct posture_fact_step *step)
{
    struct recorder *recorder = context;
    char id[UUID_TEXT_MAX];
    char *made = text("%s digest=%02x%02x since=%" PRId64, id_text(step->id, id),
                      step->digest == NULL ? 0 : step->digest[0],
                      step->digest == NULL ? 0 : step->digest[1], step->since);
    struct line *line = line_of(recorder, RECORDED_FACT, text("%s|%s", step->body, step->key));
    change_step(recorder, line, change, step->at, made);
}

static void on_unmapped(void *context, enum posture_change change,
                        const struct posture_unmapped_step *step)
{
    struct recorder *recorder = context;
    char id[UUID_TEXT_MAX];
    const struct posture_record *record = &step->record;
    char *key = text("%d|%" PRId32 "|%" PRId64 "|%s|%s|%s|%s|%s", record->topic, record->partition,
                     record->offset, id_text(step->event, id), or_dash(step->environment),
                     or_dash(step->check), or_dash(step->standard), or_dash(step->control));
    change_step(recorder, line_of(recorder, RECORDED_UNMAPPED, key), change, step->at,
                text("%s", or_dash(step->reason)));
}

/* ---- for the tests ---- */

struct recorder *recorder_new(void)
{
    struct recorder *recorder = calloc(1, sizeof *recorder);
    assert(recorder != NULL);
    recorder->sink = (struct posture_sink){
        .context = recorder,
        .cell = on_cell,
        .cell_new = on_cell_new,
        .standing = on_standing,
        .phase = on_phase,
        .tally = on_tally,
        .certification = on_certification,
        .fact = on_fact,
        .unmapped = on_unmapped,
    };
    recorder->parts = recorded_parts_new();
    recorder->with_known = true;
    return recorder;
}

void recorder_free(struct recorder *recorder)
{
    struct line *line, *next;
    HASH_ITER(hh, recorder->lines, line, next)
    {
        HASH_DEL(recorder->lines, line);
        while (line->line.count > 0)
            remove_step(&line->line, line->line.count - 1);
        free(line->line.steps);
        free((char *)line->line.key);
        free(line);
    }
    struct numbered *cell, *next_cell;
    HASH_ITER(hh, recorder->cells, cell, next_cell)
    {
        HASH_DEL(recorder->cells, cell);
        free(cell->number);
        free(cell->name);
        free(cell);
    }
    recorded_parts_free(recorder->parts);
    free(recorder->sorted);
    free(recorder);
}

void recorder_forget(struct recorder *recorder)
{
    recorded_parts_forget(recorder->parts);
    for (struct line *line = recorder->lines; line != NULL; line = line->hh.next) {
        while (line->line.kind != RECORDED_FACT && line->line.count > 0)
            remove_step(&line->line, line->line.count - 1);
    }
}

const struct posture_sink *recorder_sink(struct recorder *recorder)
{
    return &recorder->sink;
}

void recorder_with_known(struct recorder *recorder, bool with_known)
{
    recorder->with_known = with_known;
}

uint32_t recorder_reports(struct recorder *recorder)
{
    uint32_t reports = recorder->reports;
    recorder->reports = 0;
    return reports;
}

static int compare_lines(const void *a, const void *b)
{
    const struct recorded_line *x = *(const struct recorded_line *const *)a;
    const struct recorded_line *y = *(const struct recorded_line *const *)b;
    return strcmp(x->key, y->key); /* which begins with the kind */
}

const struct recorded_line *const *recorder_lines(struct recorder *recorder, uint32_t *count)
{
    free(recorder->sorted);
    recorder->sorted = calloc(HASH_COUNT(recorder->lines) + 1, sizeof *recorder->sorted);
    assert(recorder->sorted != NULL);
    *count = 0;
    for (const struct line *line = recorder->lines; line != NULL; line = line->hh.next) {
        if (line->line.count > 0)
            recorder->sorted[(*count)++] = &line->line;
    }
    qsort(recorder->sorted, *count, sizeof *recorder->sorted, compare_lines);
    return recorder->sorted;
}

const struct recorded_line *recorder_line(struct recorder *recorder, enum recorded_kind kind,
                                          const char *key)
{
    char *whole = text("%d|%s", (int)kind, key);
    struct line *line;
    HASH_FIND_STR(recorder->lines, whole, line);
    free(whole);
    return line == NULL ? NULL : &line->line;
}

const struct recorded_step *recorded_at(const struct recorded_line *line, instant at)
{
    if (line == NULL)
        return NULL;
    uint32_t until = steps_before(line, at == INSTANT_END ? at : at + 1);
    return until == 0 ? NULL : &line->steps[until - 1];
}

/* Phases and tallies say the same as standings. */
static void check_parts(const struct recorder *recorder, const struct recorded_line *line)
{
    const char *key = strchr(line->key, '|') + 1; /* behind the kind */
    for (uint32_t i = 0; i < line->count; i++)
        recorded_parts_check(recorder->parts, key, &line->steps[i].standing,
                             i == 0 ? NULL : &line->steps[i - 1].standing);
}

char *recorder_text(struct recorder *recorder, bool facts)
{
    char *made = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&made, &size);
    assert(out != NULL);
    uint32_t count;
    const struct recorded_line *const *lines = recorder_lines(recorder, &count);
    for (uint32_t i = 0; i < count; i++) {
        if (lines[i]->kind == RECORDED_FACT && !facts)
            continue;
        if (lines[i]->kind == RECORDED_STANDING)
            check_parts(recorder, lines[i]);
        for (uint32_t j = 0; j < lines[i]->count; j++) {
            fprintf(out, "%s @%" PRId64 " %s\n", lines[i]->key, lines[i]->steps[j].at,
                    lines[i]->steps[j].text);
        }
    }
    fclose(out);
    return made;
}
