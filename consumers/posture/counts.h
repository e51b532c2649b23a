/*
 * counts -- how many cells of a standing are in which status, as moves from one to another.
 *
 * Inside posture only. A confirmed result moves one expiry, and with it the counts of all instants
 * between the old one and the new: as moves, one goes and one comes, whatever lies between. Beside
 * them a standing keeps its counts once all have moved, from where those of an instant are found
 * backwards, since most of what is asked for lies near the end.
 *
 * No posture, no phases: standing.c works these out.
 *
 * Ownership: moves and changes are the standing's; room is the caller's, and serves one after the
 * other.
 */
#ifndef ASSAY_POSTURE_COUNTS_H
#define ASSAY_POSTURE_COUNTS_H

#include "consumers/posture/service.h"

struct moves { /* by (at, from, to), each once */
    struct count_change *items;
    uint32_t count, room;
};

/* Puts what has changed since the last evaluation in the order of moves. */
void counts_arrange(struct standing *standing, struct moves *room);

/* How many of the moves are before an instant, and the counts just before it. */
uint32_t counts_before(const struct standing *standing, instant from,
                       uint32_t counts[static CELL_FAILED + 1]);

/* Adds a move to counts. That of CELL_NONE means nothing. */
void counts_add(uint32_t counts[static CELL_FAILED + 1], const struct count_change *move);

/* The moves from `kept` on with what has changed, which is arranged. */
void counts_merge(const struct standing *standing, uint32_t kept, struct moves *moves);

/* Puts these in place of the moves from `kept` on, and forgets what has changed. */
void counts_replace(struct posture_service *service, struct standing *standing, uint32_t kept,
                    const struct moves *moves);

#endif
