/*
 * store -- the record, as its writers use it: claim partitions, commit batches, catch up, rebuild.
 *
 * Everything a batch changes, offsets included, is one transaction, so its effect is exactly once
 * whatever dies when. A function that fails has rolled back, and what is kept in memory is either
 * still true or thrown away. Faults: RETRY, the world; REJECT, PostgreSQL blames a record; FENCED,
 * another consumer has claimed one of the batch's partitions; FATAL, the rest.
 *
 * Knows no Kafka. Not for reading status: that is SQL, schema assay.
 *
 * Ownership: an opaque handle that owns its connection and caches; borrows what a call is given.
 */
#ifndef ASSAY_STORE_STORE_H
#define ASSAY_STORE_STORE_H

#include "consumers/store/fold.h"
#include "consumers/store/taken.h"
#include "consumers/store/topics.h"
#include "runtime/fault.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* `memory`: bytes of services kept between batches. Connects at the first use and again after
 * every loss. */
struct store *store_new(const char *uri, const char *program, size_t memory);
void store_free(struct store *store);

/* The meaning of events, or the rows it is stored in, as this version has them. To be raised with
 * every change after which a rebuild would arrive at other rows. */
enum { STORE_DERIVATION = 4 };

/* Checks that the schema is there and of this version, and that the ledger has its partitions. */
bool store_check(struct store *store, struct fault *fault);

/* And that what is derived is of this version: FAULT_FATAL where only a rebuild can go on. */
bool store_check_derived(struct store *store, struct fault *fault);

const struct topic *store_topic(struct store *store, const char *name, struct fault *fault);

/* Where a claimed partition stands. */
struct claim {
    int32_t incarnation;
    int64_t epoch;
    int64_t next_offset;
    int64_t last_offset; /* -1: nothing taken in this incarnation */
    uint8_t last_digest[32];
    char cluster[128]; /* Kafka's cluster id at the incarnation's first claim */
    bool halted;
    char reason[512];
};
bool store_claim(struct store *store, int16_t topic, int32_t partition, const char *cluster,
                 struct claim *claim, struct fault *fault);

/* Where a reopened partition starts whose log begins after 0; changes nothing else. */
bool store_start_at(struct store *store, int16_t topic, int32_t partition, int64_t epoch,
                    int64_t first, struct fault *fault);

/* Stops a partition that is still held at `epoch`. */
bool store_halt(struct store *store, int16_t topic, int32_t partition, int64_t epoch,
                const char *reason, struct fault *fault);

/* Says that nothing untaken was at the ends of these logs at `seen_at`. FENCED where one of them
 * has been claimed by another or reopened, or where the record is not as far as the holder thinks.
 * Only topic, partition, epoch and next_offset of the takes are read. */
bool store_look(struct store *store, const struct take *held, size_t count, instant seen_at,
                struct fault *fault);

/*
 * Commits one batch: `records` (judged; this call sorts them) and how far they take each partition.
 * At most one kind a batch: either all of its accepted facts are governance's, or none is. position
 * is the batch's in the commit log. With no takes it is a replay: the records' ledger_batch is set.
 */
bool store_commit(struct store *store, struct taken *records, size_t count,
                  const struct take *takes, size_t take_count, int64_t *position,
                  struct fault *fault);

/* Evaluates up to `most` services that lag behind governance; *done says how many. */
bool store_catch_up(struct store *store, int most, size_t *done, struct fault *fault);

/*
 * Reads services into memory before a batch needs them, a walk in steps: up to `most` whose last
 * results came by these partitions, after the one named *after (NULL: from the beginning), as far
 * as memory goes. *after is the caller's to free: where to go on, NULL when it is over. Changes no
 * more than store_catch_up does. Only topic and partition of the takes are read.
 */
bool store_read_ahead(struct store *store, const struct take *held, size_t count, int most,
                      char **after, struct fault *fault);

/* Whether there are services that are not evaluated up to the last governance commit. */
bool store_lagging(struct store *store, bool *lagging, struct fault *fault);

/* Whether every service is evaluated up to the last governance commit; false also where that
 * cannot be asked. */
bool store_settled(struct store *store);

/* Makes everything derived again from the ledger, in one transaction. `progress` may be NULL. */
bool store_rebuild(struct store *store, void (*progress)(uint64_t done, uint64_t total),
                   struct fault *fault);

/*
 * Judges refused records again, all or those of one coordinate (topic NULL: all), with today's
 * validator, and commits what it finds. Counts of what was accepted now and refused again.
 */
bool store_replay(struct store *store, const char *topic, int32_t partition, int64_t offset,
                  uint64_t *accepted, uint64_t *refused, struct fault *fault);

/* Opens a halted partition's next incarnation, or, with `resume`, goes on with the one that halted
 * where it stands. *incarnation 0: there is no such halted partition. */
bool store_reopen(struct store *store, const char *topic, int32_t partition, bool resume,
                  int32_t *incarnation, struct fault *fault);

/* ---- for store's own files ---- */

PGconn *store_connection(struct store *store, struct fault *fault); /* opens it where need be */
PGconn *store_another(struct store *store, struct fault *fault);    /* the caller's */
struct fold *store_fold(struct store *store);
struct topics *store_topics(struct store *store);
/* Rolls back and forgets what memory may be ahead of; keeps the fault. Returns false. */
bool store_undo(struct store *store);

#endif
