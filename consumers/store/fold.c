#include "consumers/store/fold.h"

#include "consumers/store/connection.h"
#include "consumers/store/fact_rows.h"
#include "consumers/store/hand.h"
#include "consumers/store/reporting.h"
#include "consumers/store/sharing.h"
#include "consumers/store/sorted.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct fold {
    struct topics *topics;
    struct governance_log *governance;
    struct services services;
    struct hand hands[HANDS_MOST]; /* the first one's rows are the transaction's */
    size_t hand_count;
    struct pair *governance_pair; /* unmapped governance facts: service "", environment "" */
};

struct fold *fold_new(struct topics *topics, size_t cap)
{
    struct fold *fold = calloc(1, sizeof *fold);
    if (fold == NULL)
        abort();
    fold->topics = topics;
    fold->services.cap = cap;
    fold->governance = governance_log_new();
    hand_open(&fold->hands[fold->hand_count++]);
    fold->governance_pair = pair_new("", "");
    return fold;
}

void fold_free(struct fold *fold)
{
    if (fold == NULL)
        return;
    services_free(&fold->services);
    governance_log_free(fold->governance);
    for (size_t i = 0; i < fold->hand_count; i++)
        hand_close(&fold->hands[i]);
    pair_free(fold->governance_pair);
    free(fold);
}

void fold_with_hands(struct fold *fold, size_t hands)
{
    assert(hands >= 1 && hands <= HANDS_MOST);
    while (fold->hand_count < hands)
        hand_open(&fold->hands[fold->hand_count++]);
    while (fold->hand_count > hands)
        hand_close(&fold->hands[--fold->hand_count]);
}

void fold_forget(struct fold *fold)
{
    services_free(&fold->services);
    copies_clear(fold_copies(fold));
    governance_log_free(fold->governance);
    fold->governance = governance_log_new();
    pair_free(fold->governance_pair);
    fold->governance_pair = pair_new("", "");
}

struct copies *fold_copies(struct fold *fold)
{
    return &fold->hands[0].copies;
}

struct governance_log *fold_governance(struct fold *fold)
{
    return fold->governance;
}

/* ---- services ---- */

/* Those read anew are evaluated with all that stand at the same governance commit, as kin do. */
static void evaluate_read(struct fold *fold, struct service **services, size_t count,
                          int64_t position)
{
    struct posture_service **postures = calloc(count, sizeof(struct posture_service *));
    if (postures == NULL)
        abort();
    size_t found = 0;
    for (size_t i = 0; i < count; i++)
        if (services[i]->governance == position)
            postures[found++] = services[i]->posture;
    /* What it reports is in the record already. */
    posture_evaluate_together(postures, found, governance_log_posture(fold->governance), position,
                              0, NULL);
    free(postures);
}

/* Those of which anything is in the record come first; returns how many. The others begin. */
static size_t begin_new(struct service **fresh, size_t count)
{
    size_t stored = 0;
    for (size_t i = 0; i < count; i++) {
        struct service *service = fresh[i];
        if (service->version == 0) {
            service_begin(service);
            continue;
        }
        fresh[i] = fresh[stored];
        fresh[stored++] = service;
    }
    return stored;
}

/* Reads services of which nothing is in memory, and evaluates them as they are in the record. */
static bool read_services(struct fold *fold, PGconn *connection, struct service **all, size_t count,
                          struct service **fresh, size_t fresh_count, struct fault *fault)
{
    services_trim(&fold->services); /* the last transaction's are there, wanted or not */
    size_t stored = begin_new(fresh, fresh_count);
    /* Rows not sent yet may be these services': a rebuild folds many batches in a row. */
    if (stored > 0 && (!copies_settle(fold_copies(fold), connection, fault) ||
                       !service_read(fresh, stored, connection, fold->topics, INT64_MAX, fault)))
        return false;
    for (size_t i = 0, k = 0; i < fresh_count; i++, k = 0) {
        while (k < i && fresh[k]->governance != fresh[i]->governance)
            k++;
        if (k == i) /* none before it is as far */
            evaluate_read(fold, all, count, fresh[i]->governance);
    }
    if (!service_resume(fresh, stored, connection, fault))
        return false;
    for (size_t i = 0; i < fresh_count; i++)
        services_settle(&fold->services, fresh[i]);
    return true;
}

/* The cached services of the locked rows, read where need be. False: fault. */
static bool open_services(struct fold *fold, PGconn *connection, const struct locked *locked,
                          size_t count, struct service **services, struct fault *fault)
{
    struct service **fresh = calloc(count + 1, sizeof(struct service *));
    bool stale = false;
    if (fresh == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        services[i] = services_get(&fold->services, locked[i].service);
        stale = stale || services[i]->posture == NULL ||
                services[i]->version != locked[i].version; /* written by another aggregator */
    }
    /* Who inherits and was not there when its provider changed has to begin anew with it. */
    bool together = stale && governance_log_inherits(fold->governance);
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (together || services[i]->version != locked[i].version)
            service_unload(&fold->services, services[i]);
        if (services[i]->posture == NULL) {
            fresh[found++] = services[i];
            services[i]->version = locked[i].version;
            services[i]->governance = locked[i].governance;
        } else if (services[i]->governance < locked[i].governance) {
            services[i]->governance = locked[i].governance; /* moved on: nothing concerned it */
        }
    }
    bool done = found == 0 || read_services(fold, connection, services, count, fresh, found, fault);
    free(fresh);
    return done;
}

/* ---- several hands ---- */

/* Has the work done on each of the services, and puts together what rows that gave. */
static void share_out(struct fold *fold, size_t count, sharing_work *work, void *context)
{
    share(fold->hand_count, count, work, context);
    for (size_t i = 1; i < fold->hand_count; i++)
        copies_join(fold_copies(fold), &fold->hands[i].copies);
}

/* Services on their way to a governance commit, or to facts of a batch. */
struct moving {
    struct fold *fold;
    const struct posture_governance *governance;
    struct service **services;
    bool **marks; /* in the same order */
    int64_t position, batch;
    bool together; /* one may concern another */
    const struct sorted *sorted;
};

/* Room for up to so many services, which the caller fills in with their marks. */
static struct moving moving_open(struct fold *fold, size_t most, int64_t position, int64_t batch)
{
    struct moving moving = {
        .fold = fold,
        .governance = governance_log_posture(fold->governance),
        .services = calloc(most, sizeof(struct service *)),
        .marks = calloc(most, sizeof(bool *)),
        .position = position,
        .batch = batch,
        .together = governance_log_inherits(fold->governance),
    };
    if (moving.services == NULL || moving.marks == NULL)
        abort();
    return moving;
}

static void moving_close(struct moving *moving)
{
    free(moving->services);
    free(moving->marks);
}

static bool concerned(const struct moving *moving, size_t i)
{
    return posture_concerned(moving->services[i]->posture, moving->governance,
                             moving->services[i]->governance, moving->position);
}

static void evaluate(const struct moving *moving, struct hand *hand, size_t i, size_t count)
{
    hand_evaluate(hand, moving->governance, &moving->services[i], count, moving->position,
                  moving->batch, &moving->marks[i]);
}

static void bring_one(void *context, size_t hand, size_t i)
{
    const struct moving *moving = context;
    if (concerned(moving, i))
        evaluate(moving, &moving->fold->hands[hand], i, 1);
}

/* One governance commit for all that have not come to it: those it concerns, each by itself, or all
 * together where one may concern another. */
static void bring_to(struct fold *fold, struct service **services, size_t count, int64_t position,
                     int64_t batch, bool *changed)
{
    struct moving moving = moving_open(fold, count, position, batch);
    size_t found = 0;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (services[i]->governance >= position)
            continue;
        moving.marks[found] = &changed[i];
        moving.services[found] = services[i];
        any = any || (moving.together && concerned(&moving, found));
        found++;
    }
    if (any)
        evaluate(&moving, &fold->hands[0], 0, found);
    else if (!moving.together)
        share_out(fold, found, bring_one, &moving);
    for (size_t i = 0; i < found; i++)
        moving.services[i]->governance = position;
    moving_close(&moving);
}

static bool catch_up(struct fold *fold, PGconn *connection, const struct locked *locked,
                     size_t count, int64_t head, struct service **services, bool *changed,
                     struct fault *fault)
{
    memset(changed, 0, count * sizeof *changed);
    if (!open_services(fold, connection, locked, count, services, fault))
        return false;
    int64_t at = head;
    for (size_t i = 0; i < count; i++)
        if (services[i]->governance < at)
            at = services[i]->governance;
    int64_t position;
    int64_t batch;
    while (at < head && governance_log_next(fold->governance, at, &position, &batch) &&
           position <= head) {
        bring_to(fold, services, count, position, batch, changed);
        at = position;
    }
    return true;
}

bool fold_catch_up(struct fold *fold, PGconn *connection, const struct locked *locked, size_t count,
                   int64_t head, bool *changed, struct fault *fault)
{
    struct service **services = calloc(count + 1, sizeof(struct service *));
    if (services == NULL)
        abort();
    bool done = catch_up(fold, connection, locked, count, head, services, changed, fault);
    for (size_t i = 0; i < count && done; i++)
        services_settle(&fold->services, services[i]);
    free(services);
    return done;
}

static void tell_one(void *context, size_t hand, size_t i)
{
    const struct moving *moving = context;
    const struct sorted *sorted = moving->sorted;
    struct hand *by = &moving->fold->hands[hand];
    hand_tell(by, moving->services[i], sorted->records + sorted->starts[i],
              sorted->starts[i + 1] - sorted->starts[i], moving->batch);
    if (!moving->together)
        evaluate(moving, by, i, 1);
}

void fold_told(struct fold *fold, int64_t batch, const struct taken *records, size_t count,
               const struct locked *locked, size_t locked_count, int64_t head, bool *changed)
{
    if (locked_count == 0)
        return;
    struct moving moving = moving_open(fold, locked_count, head, batch);
    for (size_t i = 0; i < locked_count; i++) {
        moving.services[i] = services_get(&fold->services, locked[i].service);
        moving.marks[i] = &changed[i];
    }
    struct sorted sorted =
        sorted_of(records, count, &fold->services, moving.services, locked_count);
    moving.sorted = &sorted;
    share_out(fold, locked_count, tell_one, &moving);
    if (moving.together)
        evaluate(&moving, &fold->hands[0], 0, locked_count);
    for (size_t i = 0; i < locked_count; i++) {
        service_heard(moving.services[i], &fold_copies(fold)->heard);
        services_settle(&fold->services, moving.services[i]);
    }
    sorted_free(&sorted);
    moving_close(&moving);
}

/* ---- governance ---- */

bool fold_load_governance(struct fold *fold, PGconn *connection, struct fault *fault)
{
    PGresult *result = connection_call(
        connection, fault, PGRES_TUPLES_OK,
        "SELECT coalesce(max(seq) + 1, 0) FROM record.unmapped WHERE service = ''", NULL);
    if (result == NULL)
        return false;
    pair_restore(fold->governance_pair, (struct pair_state){.seq = result_int4(result, 0, 0),
                                                            .keyframe_weight = -1,
                                                            .horizon = INSTANT_BEGIN,
                                                            .complete_from = INSTANT_BEGIN});
    PQclear(result);
    return true;
}

void fold_governance_facts(struct fold *fold, int64_t batch, int64_t position,
                           const struct taken *records, size_t count)
{
    struct copies *copies = fold_copies(fold);
    for (size_t i = 0; i < count; i++)
        if (records[i].verdict == VERDICT_ACCEPTED && records[i].service == NULL)
            fact_row(copies, fold->hands[0].keys, batch, &records[i], NULL);
    struct reporting to = {.copies = copies, .pair = fold->governance_pair, .batch = batch};
    struct posture_sink sink = reporting_sink(&to);
    governance_log_commit(fold->governance, records, count, batch, position, &sink);
    instant from;
    pair_write(fold->governance_pair, batch, copies, &from); /* has no timelines */
}

void fold_committed(struct fold *fold, const char *service, int64_t version)
{
    services_get(&fold->services, service)->version = version;
}

bool fold_room(const struct fold *fold)
{
    return fold->services.memory < fold->services.cap;
}

void fold_trim(struct fold *fold)
{
    services_trim(&fold->services);
    fold->services.clock++; /* what was used is no longer in use */
}
