/*
 * held -- the partitions this aggregator has been assigned and has claimed.
 *
 * Where each goes on, whether it has halted, and whether its first record has still to prove that
 * the log is the one the record knows. Not for batches: batch.h.
 */
#ifndef ASSAY_AGGREGATOR_HELD_H
#define ASSAY_AGGREGATOR_HELD_H

#include "consumers/aggregator/look.h"
#include "consumers/intake/intake.h"
#include "consumers/store/store.h"

struct held_partition {
    const struct topic *topic; /* borrowed from the store */
    int32_t partition;
    struct claim claim; /* with the last record taken since */
    int64_t next;       /* first offset not committed */
    int64_t in_hand;    /* first offset not in a batch either */
    int64_t reported;   /* that, as Kafka was last told */
    bool halted;        /* nothing of it is taken any more */
    const char *ending; /* why it halts once what is in hand is committed; NULL: it does not */
    bool verify;        /* the next record must be the witness */
    int64_t witness;    /* offset of a record that was taken; -1: none yet */
    uint8_t witness_digest[32];
    bool at_end;         /* nothing came after the end was reached */
    int64_t end;         /* that end: markers of transactions may stand after the last record */
    int64_t verified_ms; /* when the witness was last asked for again, monotonic */
};

struct held {
    struct store *store;
    struct intake *intake; /* NULL: there is none any more */
    struct held_partition *items;
    size_t count;
    struct look *look;
    size_t looked;                  /* whose turn it is to be looked at */
    int64_t looked_ms, reported_ms; /* when last, monotonic */
    struct {
        int64_t since_ms; /* when first asked in vain, monotonic; 0: Kafka answers */
        bool said;
    } silence;
};

/*
 * Claims an assignment and says where each partition starts. Asks again while the database cannot
 * be reached, until a stop is requested. Halts what cannot go on: a trimmed log, a shorter one,
 * another cluster's.
 */
void held_claim(struct held *held, struct intake_partition *partitions, size_t count);
void held_drop(struct held *held); /* tells Kafka how far they are */

/* The last record taken is the witness from here on: the one before it has been seen again. */
void held_witness(struct held_partition *partition);

struct held_partition *held_find(struct held *held, const char *topic, int32_t partition);

/* Stops a partition with a reason, in the record and here; the rest goes on. Kafka is asked which
 * cluster it is, for some seconds at most: another's log looks like one trimmed or made anew. */
void held_halt(struct held *held, struct held_partition *partition, const char *reason);

/* Halts the partitions that are `ending`, once nothing of them is in hand. */
void held_end(struct held *held);

/*
 * Looks at the end of one log now and then, each time another's, and writes down what it saw once
 * the broker has answered. FENCED where the partition is no longer this aggregator's; RETRY where
 * the database is away. Now and then it has a record sent again of a partition of which nothing is
 * in hand, that was taken before the last time, since nobody tells a running consumer that its
 * topic has been deleted and made anew, longer than it had read.
 */
bool held_look(struct held *held, struct fault *fault);

/* Tells Kafka once a second how far the partitions are. */
void held_report(struct held *held);

/* Whether every partition is committed to its end (or has halted), and there is one at all. */
bool held_all_at_end(const struct held *held);

/* How many of them have halted. */
size_t held_halted(const struct held *held);

#endif
