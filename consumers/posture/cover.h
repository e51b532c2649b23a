/*
 * cover -- which failing results of a check no exception covers for a cell, and which exception is
 * the greatest that covers one, at every instant.
 *
 * Inside posture only; a part of merge. An exception covers a failing stream while it is approved
 * and not expired, its seven parts match, the environment is its programme's, and the control is
 * not a clause. Asked for a cell and a check, and only where any exception may cover: others read
 * the population alone.
 *
 * Ownership: borrows the run; owns its arrays until exceptions_close and cover_free.
 */
#ifndef ASSAY_POSTURE_COVER_H
#define ASSAY_POSTURE_COVER_H

#include "consumers/posture/reach.h"

struct cover_span { /* an exception's version has effect on the cell: from … until */
    instant from, until;
    const struct governance_version *version;
};

struct exceptions { /* of a cell */
    const struct governance_fact **facts;
    uint32_t fact_count;
    struct cover_span *spans;
    uint32_t span_count, span_room;
};

/* Effects within [from, until]. */
void exceptions_open(struct exceptions *exceptions, const struct evaluation *run,
                     const struct cell *cell, const struct cell_name *name, instant from,
                     instant until);
void exceptions_close(struct exceptions *exceptions);

/* The greatest exception that takes force at an instant and has effect on the cell, or took over
 * from one that had; NULL: none. */
const struct version *exceptions_cause(const struct exceptions *exceptions,
                                       const struct evaluation *run, const struct cell_name *name,
                                       uint32_t programme, instant at);

/* The greatest exception that covers a failing stream (a subject of the service's names) at an
 * instant within; NULL: none. */
const struct governance_version *exceptions_covering(const struct exceptions *exceptions,
                                                     const struct evaluation *run, uint32_t check,
                                                     uint32_t subject, instant at);

struct cover_step {
    instant at;
    uint32_t uncovered; /* greatest failing observation that nothing covers; NONE */
    const struct governance_version *covering; /* greatest that covers a failing one; NULL */
};

struct cover {
    struct cover_step *steps; /* the first at `from` or before */
    uint32_t count;
};

/* Whether any of the exceptions may cover a result of the check (a number of governance's). */
bool exceptions_speak_of(const struct exceptions *exceptions, const struct evaluation *run,
                         uint32_t check);
/* Works out [from, until]. */
void cover_open(struct cover *cover, const struct exceptions *exceptions,
                const struct evaluation *run, const struct population *population, uint32_t check,
                instant from, instant until);
void cover_free(struct cover *cover);

#endif
