/*
 * rules -- what a cell's facts at an instant say its status is: one table, the first match wins.
 *
 * A rule is a line of the table: its number in the meaning, a name, a sentence for people, what it
 * matches, and which event decides where it does. It sees `struct cell_facts` and nothing else;
 * what is not there yet (findings, the Statement of Applicability, exceptions) becomes a further
 * member there and a further line here.
 *
 * Ownership: static data; facts are borrowed.
 */
#ifndef ASSAY_POSTURE_RULES_H
#define ASSAY_POSTURE_RULES_H

#include "consumers/posture/evaluation.h"

struct cell_facts {
    /* in force; NULL: none */
    const struct fact_version *scope, *onboarding;
    const struct governance_version *standard;
    const struct programme_step *programme;
    bool exists;       /* in scope, and a control of the standard */
    uint32_t checks;   /* mapped */
    uint32_t required; /* of those */
    uint32_t missing;  /* of the required */
    uint32_t failing;  /* of the mapped, with a failing stream */
    uint32_t erring;   /* of the required, with a fresh ERROR or UNKNOWN */
    uint32_t stale;    /* of the required, with a stale stream */
    /* The greatest result of a category, of the mapped checks (IN_FAIL) or the required ones. */
    const struct version *(*greatest)(const void *context, enum category category);
    const void *context;
};

struct rule {
    int number;
    enum cell_status status;
    const char *name;
    const char *sentence;
    bool (*matches)(const struct cell_facts *facts);
    const struct version *(*decides)(const struct cell_facts *facts); /* NULL: no event does */
};

/* The first rule that matches; the facts must be of a cell that exists. */
const struct rule *rules_first(const struct cell_facts *facts);

#endif
