/*
 * rules -- what a cell's facts at an instant say its status is: one table, the first match wins.
 *
 * A rule is a line of the table: its number in the meaning, a name, a sentence for people, what it
 * matches, and which event decides where it does. It sees `struct cell_facts` and nothing else.
 * Rule 4 is not among them: it needs other cells' results (inherit.h).
 *
 * Ownership: static data; facts are borrowed.
 */
#ifndef ASSAY_POSTURE_RULES_H
#define ASSAY_POSTURE_RULES_H

#include "consumers/posture/evaluation.h"

enum { IN_UNCOVERED = CATEGORIES }; /* behind the categories of a population: fails, uncovered */

struct cell_facts {
    /* in force; NULL: none */
    const struct fact_version *scope, *onboarding;
    const struct governance_version *standard;
    const struct programme_step *programme;
    const struct governance_version *finding;   /* the greatest that weighs */
    const struct governance_version *statement; /* of applicability, that excludes the control */
    bool exists;                                /* in scope, and a control of the standard */
    bool clause;                                /* of kind CLAUSE */
    uint32_t checks;                            /* mapped */
    uint32_t required;                          /* of those */
    uint32_t missing;                           /* of the required */
    uint32_t failing;                           /* of the mapped, with a failing stream */
    uint32_t uncovered;                         /* of those, with one that no exception covers */
    uint32_t erring;                            /* of the required, with a fresh ERROR or UNKNOWN */
    uint32_t stale;                             /* of the required, with a stale stream */
    /* The greatest result of a category, of the mapped checks (IN_FAIL and IN_UNCOVERED) or the
     * required ones. */
    const struct version *(*greatest)(const void *context, uint32_t category);
    /* The greatest exception that covers a failing stream of a mapped check; NULL: none does. */
    const struct governance_version *(*covering)(const void *context);
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

/* All rules, in order. */
const struct rule *rules_all(uint32_t *count);

#endif
