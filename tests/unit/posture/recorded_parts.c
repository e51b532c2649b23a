#include "tests/unit/posture/recorded_parts.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct phase {
    char *key;
    struct posture_phase_step step;
};

struct tally {
    char *key;
    instant at;
    enum cell_status status;
    int32_t change;
};

struct recorded_parts {
    struct phase *phases;
    struct tally *tallies;
    size_t phase_count, tally_count;
};

struct recorded_parts *recorded_parts_new(void)
{
    struct recorded_parts *parts = calloc(1, sizeof *parts);
    assert(parts != NULL);
    return parts;
}

void recorded_parts_forget(struct recorded_parts *parts)
{
    for (size_t i = 0; i < parts->phase_count; i++)
        free(parts->phases[i].key);
    for (size_t i = 0; i < parts->tally_count; i++)
        free(parts->tallies[i].key);
    parts->phase_count = parts->tally_count = 0;
}

void recorded_parts_free(struct recorded_parts *parts)
{
    recorded_parts_forget(parts);
    free(parts->phases);
    free(parts->tallies);
    free(parts);
}

static bool same_phase(const struct posture_phase_step *a, const struct posture_phase_step *b)
{
    return a->membership == b->membership && a->posture == b->posture &&
           a->certificate_state == b->certificate_state && a->certified == b->certified;
}

void recorded_phase(struct recorded_parts *parts, const char *key, enum posture_change change,
                    const struct posture_phase_step *step)
{
    size_t place = 0;
    while (place < parts->phase_count &&
           (strcmp(parts->phases[place].key, key) != 0 || parts->phases[place].step.at != step->at))
        place++;
    bool there = place < parts->phase_count;
    if (change == STEP_REMOVED) {
        assert(there);
        free(parts->phases[place].key);
        parts->phases[place] = parts->phases[--parts->phase_count];
        return;
    }
    assert(!there || !same_phase(&parts->phases[place].step, step));
    if (!there) {
        parts->phases = reallocarray(parts->phases, parts->phase_count + 1, sizeof *parts->phases);
        assert(parts->phases != NULL);
        parts->phases[parts->phase_count++].key = strdup(key);
    }
    parts->phases[place].step = *step;
}

void recorded_tally(struct recorded_parts *parts, const char *key, instant at,
                    enum cell_status status, int32_t change)
{
    assert(change != 0);
    for (size_t i = 0; i < parts->tally_count; i++) {
        struct tally *tally = &parts->tallies[i];
        if (tally->at == at && tally->status == status && strcmp(tally->key, key) == 0) {
            tally->change += change;
            return;
        }
    }
    parts->tallies = reallocarray(parts->tallies, parts->tally_count + 1, sizeof *parts->tallies);
    assert(parts->tallies != NULL);
    parts->tallies[parts->tally_count++] = (struct tally){strdup(key), at, status, change};
}

static void check_at(const struct recorded_parts *parts, const char *key, instant at,
                     const struct posture_standing_step *step)
{
    struct posture_phase_step phase = {.at = INSTANT_BEGIN};
    for (size_t i = 0; i < parts->phase_count; i++)
        if (strcmp(parts->phases[i].key, key) == 0 && parts->phases[i].step.at <= at &&
            parts->phases[i].step.at >= phase.at)
            phase = parts->phases[i].step;
    int64_t counts[CELL_FAILED + 1] = {0};
    for (size_t i = 0; i < parts->tally_count; i++)
        if (strcmp(parts->tallies[i].key, key) == 0 && parts->tallies[i].at <= at)
            counts[parts->tallies[i].status] += parts->tallies[i].change;
    assert(phase.membership == step->membership && phase.posture == step->posture);
    assert(phase.certificate_state == step->certificate_state);
    assert(phase.certified == step->certified);
    assert(counts[CELL_PASSED] == step->passed && counts[CELL_EXCEPTED] == step->excepted);
    assert(counts[CELL_FAILED] == step->failed && counts[CELL_ERROR] == step->error);
    assert(counts[CELL_STALE] == step->stale && counts[CELL_NOT_TESTED] == step->not_tested);
    assert(counts[CELL_NOT_APPLICABLE] == step->not_applicable);
}

void recorded_parts_check(const struct recorded_parts *parts, const char *key,
                          const struct posture_standing_step *step,
                          const struct posture_standing_step *before)
{
    static const struct posture_standing_step NOTHING = {0};
    check_at(parts, key, step->at, step);
    if (step->at > INSTANT_BEGIN)
        check_at(parts, key, step->at - 1, before == NULL ? &NOTHING : before);
}
