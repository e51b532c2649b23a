/*
 * The transaction of a batch, from BEGIN to COMMIT. Two round trips where rows are few, and no
 * service inherits:
 *
 *   name the batch                    record.batch_name, with BEGIN
 *   move its partitions on            record.advance: compare-and-swap, or fenced
 *   lock its services and their kin, then governance, shared      record.lock_services
 *     (governance batch: governance, alone            record.lock_governance)
 *
 *   load governance up to the head; bring the services forward; fold; gather all rows
 *   COPY                              the ledger first; one statement for all tables
 *
 *   (few rows: INSERT each of them)
 *   raise the services' versions      record.store_services
 *   take a position                   record.append_commit: the one lock that orders all commits
 *   COMMIT                            sent together with it, so that nothing comes in between
 */
#include "consumers/store/connection.h"
#include "consumers/store/kin_set.h"
#include "consumers/store/ledger.h"
#include "consumers/store/pipeline.h"
#include "consumers/store/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* The services a batch concerns, and what their rows say under lock. */
struct hold {
    size_t count;
    struct locked *locked; /* texts point into `result` */
    bool *changed;         /* rows of it were written */
    PGresult *result;
    int64_t head; /* position of the last governance commit */
};

static void hold_free(struct hold *hold)
{
    free(hold->locked);
    free(hold->changed);
    PQclear(hold->result);
    *hold = (struct hold){0};
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Rows of (service, version, governance, head) to hold->locked. */
static void hold_rows(struct hold *hold, PGresult *result)
{
    hold->result = result;
    hold->count = (size_t)PQntuples(result);
    hold->locked = calloc(hold->count + 1, sizeof *hold->locked);
    hold->changed = calloc(hold->count + 1, sizeof *hold->changed);
    if (hold->locked == NULL || hold->changed == NULL)
        abort();
    for (size_t i = 0; i < hold->count; i++) {
        int row = (int)i;
        hold->locked[i] = (struct locked){result_text(result, row, 0), result_int8(result, row, 1),
                                          result_int8(result, row, 2)};
        hold->head = result_int8(result, row, 3);
    }
}

/* A statement whose one parameter is a list of names. */
static int say_names(struct pipeline *pipeline, const char *sql, const char *const *names,
                     size_t count)
{
    struct request request = {0};
    request_texts(&request, names, count);
    int number = pipeline_say(pipeline, sql, &request);
    request_free(&request);
    return number;
}

static const char LOCK_SERVICES[] = "SELECT service, version, governance, head"
                                    " FROM record.lock_services($1) ORDER BY service COLLATE \"C\"";

/* BEGIN, a batch's name and its takes, and the locking of `locked`, none where that is NULL: the
 * services are then left to be locked. False: also where it is fenced. */
static bool open_batch(PGconn *connection, const struct take *takes, size_t take_count,
                       const struct kin_set *locked, struct hold *hold, int64_t *batch,
                       struct fault *fault)
{
    struct pipeline pipeline = {.connection = connection};
    pipeline_say(&pipeline, "BEGIN", NULL);
    int named = ledger_advance(&pipeline, takes, take_count);
    int lock = locked == NULL ? 0
                              : say_names(&pipeline, LOCK_SERVICES,
                                          (const char *const *)locked->names, locked->count);
    bool done = pipeline_end(&pipeline, fault) && ledger_advanced(&pipeline, named, batch, fault);
    if (done && locked != NULL) {
        hold_rows(hold, pipeline_take(&pipeline, lock));
        assert(hold->count == locked->count);
    }
    pipeline_free(&pipeline);
    return done;
}

static bool lock_services(struct hold *hold, const struct kin_set *kin, PGconn *connection,
                          struct fault *fault)
{
    struct pipeline pipeline = {.connection = connection};
    say_names(&pipeline, LOCK_SERVICES, (const char *const *)kin->names, kin->count);
    bool done = pipeline_end(&pipeline, fault);
    if (done)
        hold_rows(hold, pipeline_take(&pipeline, 0));
    pipeline_free(&pipeline);
    assert(!done || hold->count == kin->count);
    return done;
}

enum held { HELD, HELD_TOO_FEW, HELD_NOT };

/* Opens a batch, and locks its services and their kin. */
static bool open_kin(struct store *store, PGconn *connection, const struct take *takes,
                     size_t take_count, const char *const *names, size_t count, struct kin_set *kin,
                     struct hold *hold, int64_t *batch, struct fault *fault)
{
    struct governance_log *governance = fold_governance(store_fold(store));
    if (!governance_log_inherits(governance)) /* who is kin need not be asked */
        return kin_set_ask(kin, governance, connection, names, count, true, fault) &&
               open_batch(connection, takes, take_count, kin, hold, batch, fault);
    return open_batch(connection, takes, take_count, NULL, hold, batch, fault) &&
           kin_set_ask(kin, governance, connection, names, count, true, fault) &&
           lock_services(hold, kin, connection, fault);
}

/*
 * Opens a batch, locks the services and their kin, and loads governance up to the head. Who is kin
 * is known only then: HELD_TOO_FEW where governance has bound more together than were locked, with
 * the log loaded that says so; the caller rolls back and holds again.
 */
static enum held hold_kin(struct store *store, PGconn *connection, const struct take *takes,
                          size_t take_count, const char *const *names, size_t count,
                          struct hold *hold, int64_t *batch, struct fault *fault)
{
    struct governance_log *governance = fold_governance(store_fold(store));
    struct kin_set kin = {0};
    struct kin_set now = {0};
    /* Asked before any inheritance was known, it did not keep others from meeting new services. */
    bool asked = governance_log_inherits(governance);
    enum held held = HELD_NOT;
    if (open_kin(store, connection, takes, take_count, names, count, &kin, hold, batch, fault) &&
        governance_log_load(governance, connection, store_topics(store), hold->head, fault) &&
        kin_set_ask(&now, governance, connection, names, count, true, fault)) {
        held = asked == governance_log_inherits(governance) ? HELD : HELD_TOO_FEW;
        for (size_t i = 0; i < now.count; i++)
            if (!kin_set_holds(&kin, now.names[i]))
                held = HELD_TOO_FEW;
    }
    kin_set_free(&kin);
    kin_set_free(&now);
    return held;
}

/* Calls a function of (text[], bigint) on some of the held services. */
static void mark_services(const struct hold *hold, bool which, const char *sql,
                          struct pipeline *pipeline)
{
    size_t count = 0;
    for (size_t i = 0; i < hold->count; i++)
        count += hold->changed[i] == which;
    if (count == 0)
        return;
    struct request request = {0};
    struct pgwire *wire = request_next(&request);
    size_t mark = pgwire_array(wire, PGWIRE_TEXT, count);
    for (size_t i = 0; i < hold->count; i++)
        if (hold->changed[i] == which)
            pgwire_text(wire, hold->locked[i].service);
    pgwire_array_end(wire, mark);
    pgwire_int8(request_next(&request), hold->head);
    pipeline_say(pipeline, sql, &request);
    request_free(&request);
}

static void mark_all(const struct hold *hold, struct pipeline *pipeline)
{
    mark_services(hold, true, "SELECT record.store_services($1, $2)", pipeline);
    mark_services(hold, false, "SELECT record.skip_services($1, $2)", pipeline);
}

/* Sends the rows there are, marks the services, takes the batch's position, and commits. `hold`
 * NULL: of governance, which has no services. */
static bool close_batch(struct store *store, PGconn *connection, int64_t batch, bool replay,
                        const struct hold *hold, int64_t *position, struct fault *fault)
{
    struct pipeline pipeline = {.connection = connection};
    if (!copies_say(fold_copies(store_fold(store)), &pipeline, fault))
        return false;
    if (hold != NULL)
        mark_all(hold, &pipeline);
    struct request request = {0};
    pgwire_int8(request_next(&request), batch);
    pgwire_bool(request_next(&request), hold == NULL);
    pgwire_bool(request_next(&request), replay);
    int append = pipeline_say(
        &pipeline, "SELECT commit_position FROM record.append_commit($1, $2, $3)", &request);
    request_free(&request);
    pipeline_say(&pipeline, "COMMIT", NULL);
    bool done = pipeline_end(&pipeline, fault);
    if (done)
        *position = result_int8(pipeline_result(&pipeline, append), 0, 0);
    pipeline_free(&pipeline);
    return done;
}

/* Whether the service is told facts by this batch: its row changes whatever they give. */
static void mark_told(struct hold *hold, const char *const *names, size_t count)
{
    for (size_t i = 0; i < hold->count; i++)
        if (count > 0 &&
            bsearch(&hold->locked[i].service, names, count, sizeof *names, compare_names) != NULL)
            hold->changed[i] = true;
}

static enum held commit_services(struct store *store, PGconn *connection, struct taken *records,
                                 size_t count, const struct take *takes, size_t take_count,
                                 struct hold *hold, int64_t *position, struct fault *fault)
{
    struct fold *fold = store_fold(store);
    size_t told;
    const char **names = taken_services(records, count, &told);
    int64_t batch = 0;
    /* Also without services: the share lock keeps governance from counting on this position. */
    enum held held =
        hold_kin(store, connection, takes, take_count, names, told, hold, &batch, fault);
    if (held == HELD) {
        ledger_write(fold_copies(fold), batch, records, count);
        bool done = fold_catch_up(fold, connection, hold->locked, hold->count, hold->head,
                                  hold->changed, fault);
        /* PostgreSQL takes in the ledger while the facts are folded here. */
        done = done && copies_send_ahead(fold_copies(fold), connection, fault);
        if (done) {
            fold_told(fold, batch, records, count, hold->locked, hold->count, hold->head,
                      hold->changed);
            mark_told(hold, names, told);
        }
        done =
            done && close_batch(store, connection, batch, take_count == 0, hold, position, fault);
        held = done ? HELD : HELD_NOT;
    }
    free(names);
    return held;
}

/* BEGIN, the batch's name and its takes, governance held alone; the last positions of governance
 * and of all. */
static bool open_governance(PGconn *connection, const struct take *takes, size_t take_count,
                            int64_t *batch, int64_t *head, int64_t *last, struct fault *fault)
{
    struct pipeline pipeline = {.connection = connection};
    pipeline_say(&pipeline, "BEGIN", NULL);
    int named = ledger_advance(&pipeline, takes, take_count);
    int locked = pipeline_say(&pipeline, "SELECT record.lock_governance()", NULL);
    /* While governance is held alone no other batch can be on its way to a position. */
    int heads = pipeline_say(&pipeline, "SELECT position FROM record.commit_head", NULL);
    bool done = pipeline_end(&pipeline, fault) && ledger_advanced(&pipeline, named, batch, fault);
    if (done) {
        *head = result_int8(pipeline_result(&pipeline, locked), 0, 0);
        *last = result_int8(pipeline_result(&pipeline, heads), 0, 0);
    }
    pipeline_free(&pipeline);
    return done;
}

static bool commit_governance(struct store *store, PGconn *connection, struct taken *records,
                              size_t count, const struct take *takes, size_t take_count,
                              int64_t *position, struct fault *fault)
{
    struct fold *fold = store_fold(store);
    int64_t batch;
    int64_t head;
    int64_t last;
    if (!open_governance(connection, takes, take_count, &batch, &head, &last, fault) ||
        !governance_log_load(fold_governance(fold), connection, store_topics(store), head, fault) ||
        !fold_load_governance(fold, connection, fault))
        return false;
    ledger_write(fold_copies(fold), batch, records, count);
    fold_governance_facts(fold, batch, last + 1, records, count);
    if (!close_batch(store, connection, batch, take_count == 0, NULL, position, fault))
        return false;
    assert(*position == last + 1);
    return true;
}

/* After COMMIT, what is in memory is what the rows now say. */
static void committed(struct store *store, const struct hold *hold)
{
    for (size_t i = 0; i < hold->count; i++)
        if (hold->changed[i])
            fold_committed(store_fold(store), hold->locked[i].service, hold->locked[i].version + 1);
    fold_trim(store_fold(store));
}

/* Gives up what a try has locked and written, but not what it has loaded of governance. */
static bool hold_again(struct store *store, PGconn *connection, struct hold *hold,
                       struct fault *fault)
{
    hold_free(hold);
    copies_clear(fold_copies(store_fold(store)));
    return connection_command(connection, "ROLLBACK", fault);
}

bool store_commit(struct store *store, struct taken *records, size_t count,
                  const struct take *takes, size_t take_count, int64_t *position,
                  struct fault *fault)
{
    PGconn *connection = store_connection(store, fault);
    if (connection == NULL)
        return false;
    bool governance = false;
    for (size_t i = 0; i < count && !governance; i++)
        governance = records[i].verdict == VERDICT_ACCEPTED && records[i].service == NULL;
    taken_sort(records, count);

    struct hold hold = {0};
    enum held held = HELD_TOO_FEW;
    while (held == HELD_TOO_FEW) {
        if (!governance)
            held = commit_services(store, connection, records, count, takes, take_count, &hold,
                                   position, fault);
        else
            held = commit_governance(store, connection, records, count, takes, take_count, position,
                                     fault)
                       ? HELD
                       : HELD_NOT;
        if (held == HELD_TOO_FEW && !hold_again(store, connection, &hold, fault))
            held = HELD_NOT;
    }
    if (held == HELD)
        committed(store, &hold);
    hold_free(&hold);
    return held == HELD || store_undo(store);
}

/* Names of services that lag behind governance, locked but for their kin; the texts are `hold`'s.
 */
static bool lock_lagging(struct hold *hold, PGconn *connection, int most, struct fault *fault)
{
    struct pipeline pipeline = {.connection = connection};
    struct request request = {0};
    pgwire_int4(request_next(&request), most);
    pipeline_say(&pipeline, "BEGIN", NULL);
    int lock = pipeline_say(
        &pipeline, "SELECT service, version, governance, head FROM record.lock_lagging($1)",
        &request);
    request_free(&request);
    bool done = pipeline_end(&pipeline, fault);
    if (done)
        hold_rows(hold, pipeline_take(&pipeline, lock));
    pipeline_free(&pipeline);
    return done;
}

/* Holds services that were found without their kin: all are locked anew, in order. */
static enum held hold_named(struct store *store, PGconn *connection, const char *const *names,
                            size_t count, struct hold *hold, struct fault *fault)
{
    enum held held = HELD_TOO_FEW;
    while (held == HELD_TOO_FEW) {
        int64_t writer; /* whoever names a batch is a writer; the name is not used */
        held = HELD_NOT;
        if (hold_again(store, connection, hold, fault))
            held = hold_kin(store, connection, NULL, 0, names, count, hold, &writer, fault);
    }
    return held;
}

/* The kin of those that lag must move with them. */
static enum held hold_lagging_kin(struct store *store, PGconn *connection,
                                  const struct hold *lagging, struct hold *hold,
                                  struct fault *fault)
{
    const char **names = calloc(lagging->count + 1, sizeof *names);
    if (names == NULL)
        abort();
    for (size_t i = 0; i < lagging->count; i++)
        names[i] = lagging->locked[i].service;
    enum held held = hold_named(store, connection, names, lagging->count, hold, fault);
    free(names);
    return held;
}

static bool catch_up_held(struct store *store, PGconn *connection, struct hold *hold,
                          struct fault *fault)
{
    struct fold *fold = store_fold(store);
    struct pipeline pipeline = {.connection = connection};
    if (!fold_catch_up(fold, connection, hold->locked, hold->count, hold->head, hold->changed,
                       fault) ||
        !copies_say(fold_copies(fold), &pipeline, fault))
        return false;
    mark_all(hold, &pipeline);
    pipeline_say(&pipeline, "COMMIT", NULL);
    bool done = pipeline_end(&pipeline, fault);
    pipeline_free(&pipeline);
    return done;
}

bool store_catch_up(struct store *store, int most, size_t *done, struct fault *fault)
{
    *done = 0;
    bool any;
    if (!store_lagging(store, &any, fault))
        return false;
    if (!any)
        return true;
    PGconn *connection = store_connection(store, fault);
    if (connection == NULL)
        return false;
    struct hold lagging = {0};
    struct hold hold = {0};
    struct governance_log *governance = fold_governance(store_fold(store));
    bool worked =
        lock_lagging(&lagging, connection, most, fault) &&
        governance_log_load(governance, connection, store_topics(store), lagging.head, fault);
    size_t found = lagging.count;
    if (worked && found == 0) {
        worked = connection_command(connection, "COMMIT", fault);
    } else if (worked && governance_log_inherits(governance)) {
        worked = hold_lagging_kin(store, connection, &lagging, &hold, fault) == HELD &&
                 catch_up_held(store, connection, &hold, fault);
        if (worked)
            committed(store, &hold);
    } else if (worked) {
        worked = catch_up_held(store, connection, &lagging, fault);
        if (worked)
            committed(store, &lagging);
    }
    hold_free(&lagging);
    hold_free(&hold);
    if (!worked)
        return store_undo(store);
    *done = found;
    return true;
}

/* The services after the one named whose last results came by these partitions. */
static const char NEXT_OF_PARTITIONS[] =
    "SELECT s.service FROM record.service s CROSS JOIN LATERAL"
    " (SELECT h.topic[1] AS topic, h.partition[1] AS partition FROM record.history h"
    " WHERE h.service = s.service ORDER BY h.environment DESC, h.seq DESC LIMIT 1) h"
    " WHERE s.service > coalesce($1, '') AND (h.topic, h.partition) IN"
    " (SELECT * FROM unnest($2::smallint[], $3::integer[])) ORDER BY s.service LIMIT $4::integer";

static PGresult *ask_next(PGconn *connection, const char *after, const struct take *held,
                          size_t count, int most, struct fault *fault)
{
    struct request request = {0};
    pgwire_text(request_next(&request), after);
    TAKES(&request, PGWIRE_INT2, pgwire_int2(wire, held[i].topic));
    TAKES(&request, PGWIRE_INT4, pgwire_int4(wire, held[i].partition));
    pgwire_int4(request_next(&request), most);
    PGresult *result =
        connection_call(connection, fault, PGRES_TUPLES_OK, NEXT_OF_PARTITIONS, &request);
    request_free(&request);
    return result;
}

bool store_read_ahead(struct store *store, const struct take *held, size_t count, int most,
                      char **after, struct fault *fault)
{
    PGconn *connection = store_connection(store, fault);
    if (connection == NULL)
        return false;
    PGresult *result = NULL;
    if (connection_command(connection, "BEGIN", fault))
        result = ask_next(connection, *after, held, count, most, fault);
    if (result == NULL)
        return store_undo(store);
    size_t found = fold_room(store_fold(store)) ? (size_t)PQntuples(result) : 0;
    const char **names = calloc(found + 1, sizeof *names);
    if (names == NULL)
        abort();
    for (size_t i = 0; i < found; i++)
        names[i] = result_text(result, (int)i, 0);
    struct hold hold = {0};
    bool worked = found == 0 ? connection_command(connection, "COMMIT", fault)
                             : hold_named(store, connection, names, found, &hold, fault) == HELD &&
                                   catch_up_held(store, connection, &hold, fault);
    if (worked)
        committed(store, &hold);
    hold_free(&hold);
    free(*after);
    *after = worked && found == (size_t)most ? strdup(names[found - 1]) : NULL;
    free(names);
    PQclear(result);
    return worked || store_undo(store);
}
