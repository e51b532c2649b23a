/*
 * certificate -- what the certification body decided on a standard of a programme.
 *
 * Inside posture only. Only decisions make and unmake a certificate; nothing here looks at a cell.
 * Everything is asked as of a position and at an instant; certificate_points says at which instants
 * the answers may change. Numbers of names are governance's.
 *
 * Ownership: borrows governance; fills arrays the caller frees.
 */
#ifndef ASSAY_POSTURE_CERTIFICATE_H
#define ASSAY_POSTURE_CERTIFICATE_H

#include "consumers/posture/governance.h"

struct certificates { /* what is asked */
    const struct posture_governance *governance;
    int64_t position;
    uint32_t programme, standard;
};

struct instants { /* rising and each once after instants_settle */
    instant *items;
    uint32_t count, room;
};
void instants_add(struct instants *instants, instant at);
void instants_settle(struct instants *instants);

/* When the state, or the decision in force, may change. */
void certificate_points(const struct certificates *of, struct instants *points);

enum certificate_state certificate_state_at(const struct certificates *of, instant at);

/* The decision in force; NULL: none has taken force. */
const struct governance_version *certificate_decision(const struct certificates *of, instant at);

/* The day whose scope is certified; INSTANT_BEGIN: none is. */
instant certificate_scope_date(const struct certificates *of, instant at);

/* The greatest event that takes effect on the state at an instant: a decision, a standard or base's
 * version; NULL: none. */
const struct version *certificate_cause(const struct certificates *of, instant at);

/* ---- certification.c: the timelines ---- */

struct certification_step {
    instant at;
    bool exists; /* there is a decision, or the programme lists the standard */
    uint8_t state;
    uint8_t flags;
    const struct governance_version *decision;
    instant deadline; /* INSTANT_END: none */
};

struct certification {
    struct control_name name; /* programme and standard */
    struct certification_step *steps;
    uint32_t count;
    bool unsettled;
    UT_hash_handle hh;
};

/* Notes a pair of programme and standard, which has a timeline from now on. */
void certification_name(struct posture_governance *governance, uint32_t programme,
                        uint32_t standard);
/* Marks what a fact's versions bear on. */
void certification_mark(struct posture_governance *governance, const struct governance_fact *fact);
void certification_settle(struct posture_governance *governance, int64_t position,
                          const struct posture_sink *sink);
void certifications_free(struct posture_governance *governance);

#endif
