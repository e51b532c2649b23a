/*
 * recorded_parts -- phases and tallies as reported, added up: whether they say what the standing
 * steps say.
 *
 * Part of the recorder, apart from its lines. What must hold is asserted: a phase that is removed
 * was there, one that is set differs, and at the instant of every standing step the parts give its
 * values.
 *
 * Ownership: owns its copies.
 */
#ifndef ASSAY_TESTS_UNIT_POSTURE_RECORDED_PARTS_H
#define ASSAY_TESTS_UNIT_POSTURE_RECORDED_PARTS_H

#include "consumers/posture/posture.h"

struct recorded_parts;
struct recorded_parts *recorded_parts_new(void);
void recorded_parts_free(struct recorded_parts *parts);
void recorded_parts_forget(struct recorded_parts *parts);

/* `key`: "environment|standard". */
void recorded_phase(struct recorded_parts *parts, const char *key, enum posture_change change,
                    const struct posture_phase_step *step);
void recorded_tally(struct recorded_parts *parts, const char *key, instant at,
                    enum cell_status status, int32_t change);

/* Aborts where they do not give the standing's values at its instant, and the instant before it
 * those of `before` (NULL: nothing). */
void recorded_parts_check(const struct recorded_parts *parts, const char *key,
                          const struct posture_standing_step *step,
                          const struct posture_standing_step *before);

#endif
