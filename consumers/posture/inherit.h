/*
 * inherit -- a cell's chain of providers at an instant, and what rule 4 makes of it.
 *
 * Inside posture only. A chain is followed over own steps alone, so no order of cells or services
 * is needed, and cells on a cycle are seen as such.
 *
 * Ownership: borrows the services that are evaluated together; owns its links until chain_free.
 */
#ifndef ASSAY_POSTURE_INHERIT_H
#define ASSAY_POSTURE_INHERIT_H

#include "consumers/posture/evaluation.h"
#include "consumers/posture/explain.h"

struct link {
    const struct evaluation *run;              /* NULL: the service is not among those together */
    const struct cell *cell;                   /* NULL: there is none */
    const struct cell_step *own;               /* NULL, or of CELL_NONE: it does not exist */
    const struct governance_version *inherits; /* NULL: nothing */
    bool circular;                             /* on a cycle */
    struct cell_step view;                     /* what is shown of it */
    /* Where it inherits: */
    enum provider_fault fault; /* why the provider counts as ERROR */
    enum cell_status taken;    /* the provider's side */
    bool own_side;             /* of a HYBRID, the own side was taken */
};

struct chain { /* a cell, its provider, the provider's provider …; of a cycle each once */
    struct link *links;
    uint32_t count, room;
    instant at;
};

/* Follows the cell's chain at an instant; views are not worked out yet. */
void chain_follow(struct chain *chain, const struct evaluation *run, const struct cell *cell,
                  instant at);
/* Works out every link's view. Returns the first's. */
const struct cell_step *chain_view(struct chain *chain);
void chain_free(struct chain *chain);

#endif
