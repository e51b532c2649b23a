/*
 * suppose -- the record as it is, and as it would be with further events, evaluated side by side.
 *
 * The same facts, loaded by the store's code and told to posture, twice over: up to the last
 * commit, and with the supposed events as one more commit after it. Nothing is written: what is
 * asked runs in a transaction that cannot.
 *
 * Ownership: the answer's lists are the caller's (suppose_free).
 */
#ifndef ASSAY_WHATIF_SUPPOSE_H
#define ASSAY_WHATIF_SUPPOSE_H

#include "consumers/store/topics.h"
#include "consumers/whatif/difference.h"
#include "consumers/whatif/ineffective.h"
#include "consumers/whatif/supposed.h"

struct answer {
    instant from, upto; /* the time asked about */
    struct differences cells, standings, certificates;
    struct ineffectives ineffective; /* at `from` */
    struct topics topics;            /* as the record numbers them */
};

/* Fills the lists for [answer->from, answer->upto]. */
bool suppose(PGconn *connection, const struct supposed *supposed, struct answer *answer,
             struct fault *fault);
void suppose_free(struct answer *answer);

/* The topic's name by the record's number; "?" for one that no event came by. */
const char *suppose_topic(const struct answer *answer, int16_t number);

#endif
