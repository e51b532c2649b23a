/*
 * recorder -- what posture reports, added up: the timelines as a store would hold them.
 *
 * Checks on the way what posture.h promises: a step set differs from the one that was there, a step
 * removed was there. Breaking it ends the program.
 *
 * Ownership: owns its rows; what is returned lives until the next report.
 */
#ifndef ASSAY_TESTS_UNIT_POSTURE_RECORDER_H
#define ASSAY_TESTS_UNIT_POSTURE_RECORDER_H

#include "consumers/posture/posture.h"

enum recorded_kind {
    RECORDED_CELL,
    RECORDED_STANDING,
    RECORDED_FACT,
    RECORDED_UNMAPPED,
    RECORDED_CERTIFICATION,
};

struct recorded_step {
    instant at;
    char *text; /* all values as one line */
    union {
        struct {
            struct posture_cell_step step;
            uuid deciding;
            char *exception, *finding, *inherited_from; /* NULL: none */
        } cell;
        struct posture_standing_step standing;
        struct {
            struct posture_certification_step step;
            char *number, *body, *soa_version; /* NULL: none */
        } certification;
    };
};

struct recorded_line { /* a timeline */
    enum recorded_kind kind;
    const char *key; /* parts joined by '|' */
    struct recorded_step *steps;
    uint32_t count;
};

struct recorder;
struct recorder *recorder_new(void);
void recorder_free(struct recorder *recorder);

/* Reports go here. `with_known`: whether the batch that made a transition known is in the texts. */
const struct posture_sink *recorder_sink(struct recorder *recorder);
void recorder_with_known(struct recorder *recorder, bool with_known);

/* How many steps were reported since it was last asked. */
uint32_t recorder_reports(struct recorder *recorder);

/* The timelines that have steps, by kind and key. */
const struct recorded_line *const *recorder_lines(struct recorder *recorder, uint32_t *count);
const struct recorded_line *recorder_line(struct recorder *recorder, enum recorded_kind kind,
                                          const char *key);
/* The step in force; NULL: none yet. */
const struct recorded_step *recorded_at(const struct recorded_line *line, instant at);

/* Forgets all steps but facts', not which cells the numbers stand for. */
void recorder_forget(struct recorder *recorder);

/* Everything as text, sorted; facts only where asked. malloc'ed. */
char *recorder_text(struct recorder *recorder, bool facts);

#endif
