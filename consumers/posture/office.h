/*
 * office -- what the compliance office says of a cell, brought from instant to instant: findings on
 * it, whether the Statement of Applicability excludes it, and what it inherits from.
 *
 * Inside posture only; a part of merge. Findings and statements reach only environments of their
 * own programme, so what was taken in is looked at anew when the programme changes.
 *
 * Ownership: borrows the run; owns its arrays until office_close.
 */
#ifndef ASSAY_POSTURE_OFFICE_H
#define ASSAY_POSTURE_OFFICE_H

#include "consumers/posture/reach.h"

enum { INHERITANCES_MOST = 4 }; /* exact service before "*", then exact control before "*" */

struct office {
    const struct evaluation *run;
    struct cell_name name;
    struct finding_input {
        const struct governance_fact *fact;
        const struct governance_version *version; /* in force, and matching the cell; else NULL */
    } * findings;
    uint32_t finding_count;
    const struct governance_fact **statements; /* of every programme the environment is ever of */
    uint32_t statement_count, statement_room;  /* room 0: the one is in place */
    const struct governance_fact *one_statement;
    const struct governance_fact *inheritances[INHERITANCES_MOST]; /* the most specific first */
    uint32_t inheritance_count;
};

void office_open(struct office *office, const struct evaluation *run, const struct cell *cell,
                 const struct cell_name *name);
void office_close(struct office *office);

uint32_t office_inputs(const struct office *office);
/* Takes an input in at an instant. Returns when it changes next. */
instant office_take(struct office *office, uint32_t input, instant at);

/* The greatest finding in force at an instant that rule 2 goes by; NULL: none. */
const struct governance_version *office_finding(const struct office *office,
                                                const struct programme_step *programme, instant at);
/* The programme's statement in force, where it excludes the control; NULL: it does not. */
const struct governance_version *
office_statement(const struct office *office, const struct programme_step *programme, instant at);

/* The inheritance in force at an instant; NULL: none. */
const struct governance_version *office_inheritance(const struct office *office, instant at);

/* The greatest finding, statement or inheritance that takes force at an instant and matters to the
 * cell, or took over from one that did; NULL: none. */
const struct version *office_cause(const struct office *office,
                                   const struct programme_step *programme, instant at);

/* Whether a finding, in force, makes rule 2 match at an instant. */
bool finding_weighs(const struct finding *finding, instant at);

#endif
