/*
 * fold -- the accepted facts of one batch into the record: facts, histories, timelines.
 *
 * The same code for a live batch, a rebuild and a replay of refusals; what differs (locks, offsets,
 * the ledger, the position) is the caller's. It runs in the caller's transaction. After a failure
 * the memory is ahead of the record: the caller rolls back and calls fold_forget.
 *
 * Ownership: an opaque handle that owns the caches and the rows not sent yet; borrows the rest.
 */
#ifndef ASSAY_STORE_FOLD_H
#define ASSAY_STORE_FOLD_H

#include "consumers/store/governance_log.h"
#include "consumers/store/pack.h"
#include "consumers/store/service.h"
#include "consumers/store/taken.h"
#include "consumers/store/topics.h"

struct fold;

/* `cap`: bytes of services kept in memory beside those of the last transaction, which stay whatever
 * their size: the next one most likely wants the same. The topics are borrowed. */
struct fold *fold_new(struct topics *topics, size_t cap);
void fold_free(struct fold *fold);
void fold_forget(struct fold *fold);

/* So many threads fold services that do not inherit, where a batch has many: 1 (as it is in the
 * beginning) … HANDS_MOST. Between transactions only. */
void fold_with_hands(struct fold *fold, size_t hands);

struct copies *fold_copies(struct fold *fold);
struct governance_log *fold_governance(struct fold *fold);

/* A service row as read under its lock. */
struct locked {
    const char *service;
    int64_t version; /* 0: nothing of it has ever been written */
    int64_t governance;
};

/*
 * Brings locked services, closed under kin, forward to governance as of `head`, which must be
 * loaded: one governance commit after the other, each under its own batch. changed[i]: rows of the
 * i-th were written, so its row's version must rise.
 */
bool fold_catch_up(struct fold *fold, PGconn *connection, const struct locked *locked, size_t count,
                   int64_t head, bool *changed, struct fault *fault);

/*
 * Folds the accepted records that are services' own facts, in their order (taken_sort), into the
 * same services after fold_catch_up has succeeded; every service they name, with its kin, must be
 * among them. Asks the database nothing.
 */
void fold_told(struct fold *fold, int64_t batch, const struct taken *records, size_t count,
               const struct locked *locked, size_t locked_count, int64_t head, bool *changed);

/* Reads where the rows of governance's own left off: another aggregator may have written the last.
 */
bool fold_load_governance(struct fold *fold, PGconn *connection, struct fault *fault);

/* Stores the accepted governance facts of a batch that will get `position`; evaluates nothing. */
void fold_governance_facts(struct fold *fold, int64_t batch, int64_t position,
                           const struct taken *records, size_t count);

/* After COMMIT: the service's row has this version now. */
void fold_committed(struct fold *fold, const char *service, int64_t version);

/* Whether services can be read that no batch has asked for. */
bool fold_room(const struct fold *fold);

/* What was not used since the last time goes, as far as it is over the cap; between transactions
 * only. */
void fold_trim(struct fold *fold);

#endif
