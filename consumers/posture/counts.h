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

struct counts_room { /* to sort in */
    struct count_change *items;
    uint32_t room;
};

/* Puts what has changed since the last evaluation in the order of moves, which is by (at, from,
 * to), each once. */
void counts_arrange(struct standing *standing, struct counts_room *room);

/* How many of the moves are before an instant, and the counts just before it. */
uint32_t counts_before(const struct standing *standing, instant from,
                       uint32_t counts[static CELL_FAILED + 1]);

/* Adds a move to counts. That of CELL_NONE means nothing. */
static inline void counts_add(uint32_t counts[static CELL_FAILED + 1],
                              const struct count_change *move)
{
    counts[move->from] -= (uint32_t)move->cells; /* wraps where these are less than 0 */
    counts[move->to] += (uint32_t)move->cells;
}

/* Adds to the moves what has changed, which is arranged, and forgets that. */
void counts_merge(struct posture_service *service, struct standing *standing);

#endif
