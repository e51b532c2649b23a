#include "consumers/store/fold.h"

#include "consumers/store/connection.h"
#include "consumers/store/fact_rows.h"
#include "consumers/store/results.h"
#include "consumers/store/sorted.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct fold {
    struct topics *topics;
    struct governance_log *governance;
    struct services services;
    struct copies copies;
    struct arena *keys;           /* fact keys, until the row is written */
    struct pair *governance_pair; /* unmapped governance facts: service "", environment "" */
};

static const size_t KEYS_CAP = 1 << 20;

struct fold *fold_new(struct topics *topics, size_t cap)
{
    struct fold *fold = calloc(1, sizeof *fold);
    if (fold == NULL)
        abort();
    fold->topics = topics;
    fold->services.cap = cap;
    fold->governance = governance_log_new();
    fold->keys = arena_new(KEYS_CAP);
    fold->governance_pair = pair_new("", "");
    return fold;
}

void fold_free(struct fold *fold)
{
    if (fold == NULL)
        return;
    services_free(&fold->services);
    governance_log_free(fold->governance);
    copies_free(&fold->copies);
    arena_free(fold->keys);
    pair_free(fold->governance_pair);
    free(fold);
}

void fold_forget(struct fold *fold)
{
    services_free(&fold->services);
    copies_clear(&fold->copies);
    governance_log_free(fold->governance);
    fold->governance = governance_log_new();
    pair_free(fold->governance_pair);
    fold->governance_pair = pair_new("", "");
}

struct copies *fold_copies(struct fold *fold)
{
    return &fold->copies;
}

struct governance_log *fold_governance(struct fold *fold)
{
    return fold->governance;
}

/* ---- what posture reports ---- */

struct reporting {
    struct fold *fold;
    struct service *service; /* NULL: governance */
    struct pair *pair;       /* of the last step, to look up once per environment */
    const char *environment; /* the text it was asked for by */
    bool any;                /* something was reported */
    int64_t batch;
};

static struct pair *pair_of(struct reporting *to, const char *environment)
{
    to->any = true;
    if (to->service == NULL)
        return to->fold->governance_pair;
    if (environment == NULL)
        environment = "";
    if (to->environment != environment) { /* posture's own text, while it tells */
        to->pair = service_pair(to->service, environment);
        to->environment = environment;
    }
    return to->pair;
}

static void on_cell(void *context, const char *environment, uint32_t cell,
                    enum posture_change change, const struct posture_cell_step *step)
{
    pair_cell_step(pair_of(context, environment), cell, change, step);
}

static void on_cell_new(void *context, const char *environment, uint32_t cell, const char *standard,
                        const char *control)
{
    struct reporting *to = context;
    struct pgwire *wire = &to->fold->copies.cell.wire;
    copy_row(&to->fold->copies.cell, 5);
    pgwire_text(wire, to->service->name);
    pgwire_text(wire, environment);
    pgwire_int4(wire, (int32_t)cell);
    pgwire_text(wire, standard);
    pgwire_text(wire, control);
}

static void on_phase(void *context, const char *environment, const char *standard,
                     enum posture_change change, const struct posture_phase_step *step)
{
    pair_phase_step(pair_of(context, environment), standard, change, step);
}

static void on_tally(void *context, const char *environment, const char *standard, instant at,
                     enum cell_status status, int32_t change)
{
    pair_tally(pair_of(context, environment), standard, at, status, change);
}

static void on_certification(void *context, const char *programme, const char *standard,
                             enum posture_change change,
                             const struct posture_certification_step *step)
{
    struct reporting *to = context;
    assert(to->service == NULL); /* certificates are governance's alone */
    certification_step_row(&to->fold->copies, to->batch, programme, standard, change, step);
}

static void on_fact(void *context, enum posture_change change, const struct posture_fact_step *step)
{
    struct reporting *to = context;
    to->any = true;
    fact_step_row(&to->fold->copies, to->batch, change, step);
}

static void on_unmapped(void *context, enum posture_change change,
                        const struct posture_unmapped_step *step)
{
    pair_unmapped_step(pair_of(context, step->environment), change, step);
}

static struct posture_sink sink_to(struct reporting *to)
{
    return (struct posture_sink){
        .context = to,
        .cell = on_cell,
        .cell_new = on_cell_new,
        .phase = on_phase,
        .tally = on_tally,
        .certification = on_certification,
        .fact = on_fact,
        .unmapped = on_unmapped,
    };
}

static void write_pair(struct fold *fold, struct service *service, struct pair *pair, int64_t batch)
{
    instant from;
    if (!pair_write(pair, batch, &fold->copies, &from))
        return;
    struct reporting to = {.fold = fold, .service = service, .batch = batch};
    struct posture_sink sink = sink_to(&to);
    sink.unmapped = NULL; /* these have no keyframes */
    posture_each(service->posture, pair_environment(pair), from, &sink);
    pair_keyframe(pair, batch, from, &fold->copies);
}

/* Evaluates services together and writes one row a (service, environment). *marks[i] becomes true
 * where the i-th has anything to write. */
static void evaluate(struct fold *fold, struct service **services, size_t count, int64_t position,
                     int64_t batch, bool **marks)
{
    struct posture_service **postures = calloc(count, sizeof(struct posture_service *));
    struct reporting *to = calloc(count, sizeof *to);
    struct posture_sink *sinks = calloc(count, sizeof *sinks);
    if (postures == NULL || to == NULL || sinks == NULL)
        abort();
    for (size_t i = 0; i < count; i++) {
        postures[i] = services[i]->posture;
        to[i] = (struct reporting){.fold = fold, .service = services[i], .batch = batch};
        sinks[i] = sink_to(&to[i]);
    }
    posture_evaluate_together(postures, count, governance_log_posture(fold->governance), position,
                              batch, sinks);
    for (size_t i = 0; i < count; i++) {
        size_t before = copies_bytes(&fold->copies);
        for (size_t k = 0; k < services[i]->pair_count; k++)
            write_pair(fold, services[i], services[i]->pairs[k], batch);
        if (to[i].any || copies_bytes(&fold->copies) != before)
            *marks[i] = true;
    }
    free(postures);
    free(to);
    free(sinks);
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
    if (stored > 0 && (!copies_settle(&fold->copies, connection, fault) ||
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

/* One governance commit for all that have not come to it: those it concerns, each by itself, or all
 * together where one may concern another. */
static void bring_to(struct fold *fold, struct service **services, size_t count, int64_t position,
                     int64_t batch, bool *changed)
{
    struct service **behind = calloc(count, sizeof(struct service *));
    bool **marks = calloc(count, sizeof(bool *));
    if (behind == NULL || marks == NULL)
        abort();
    size_t found = 0;
    bool together = governance_log_inherits(fold->governance);
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        if (services[i]->governance >= position)
            continue;
        bool concerned =
            posture_concerned(services[i]->posture, governance_log_posture(fold->governance),
                              services[i]->governance, position);
        marks[found] = &changed[i];
        behind[found] = services[i];
        if (concerned && !together)
            evaluate(fold, &behind[found], 1, position, batch, &marks[found]);
        any = any || concerned;
        found++;
    }
    if (any && together)
        evaluate(fold, behind, found, position, batch, marks);
    for (size_t i = 0; i < found; i++)
        behind[i]->governance = position;
    free(behind);
    free(marks);
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

static void add_records(struct fold *fold, struct service *service,
                        const struct taken *const *records, size_t count, int64_t batch)
{
    for (size_t i = 0; i < count; i++) {
        i += results_tell(service, records + i, count - i, batch, &fold->copies);
        if (i == count)
            return;
        struct posture_record record = taken_record(records[i], batch);
        posture_add_fact(service->posture, records[i]->event, records[i]->digest, &record);
        fact_row(&fold->copies, fold->keys, batch, records[i], service->name);
    }
}

void fold_told(struct fold *fold, int64_t batch, const struct taken *records, size_t count,
               const struct locked *locked, size_t locked_count, int64_t head, bool *changed)
{
    if (locked_count == 0)
        return;
    struct service **services = calloc(locked_count, sizeof(struct service *));
    bool **marks = calloc(locked_count, sizeof(bool *));
    if (services == NULL || marks == NULL)
        abort();
    for (size_t i = 0; i < locked_count; i++) {
        services[i] = services_get(&fold->services, locked[i].service);
        marks[i] = &changed[i];
    }
    struct sorted sorted = sorted_of(records, count, &fold->services, services, locked_count);
    bool together = governance_log_inherits(fold->governance);
    for (size_t i = 0; i < locked_count; i++) {
        add_records(fold, services[i], sorted.records + sorted.starts[i],
                    sorted.starts[i + 1] - sorted.starts[i], batch);
        if (!together)
            evaluate(fold, &services[i], 1, head, batch, &marks[i]);
    }
    if (together)
        evaluate(fold, services, locked_count, head, batch, marks);
    for (size_t i = 0; i < locked_count; i++) {
        service_heard(services[i], &fold->copies.heard);
        services_settle(&fold->services, services[i]);
    }
    sorted_free(&sorted);
    free(services);
    free(marks);
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
    for (size_t i = 0; i < count; i++)
        if (records[i].verdict == VERDICT_ACCEPTED && taken_service(&records[i]) == NULL)
            fact_row(&fold->copies, fold->keys, batch, &records[i], NULL);
    struct reporting to = {.fold = fold, .batch = batch};
    struct posture_sink sink = sink_to(&to);
    governance_log_commit(fold->governance, records, count, batch, position, &sink);
    instant from;
    pair_write(fold->governance_pair, batch, &fold->copies, &from); /* has no timelines */
}

void fold_committed(struct fold *fold, const char *service, int64_t version)
{
    services_get(&fold->services, service)->version = version;
}

void fold_trim(struct fold *fold)
{
    services_trim(&fold->services);
    fold->services.clock++; /* what was used is no longer in use */
}
