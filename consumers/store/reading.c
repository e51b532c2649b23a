#include "consumers/store/reading.h"

#include "consumers/store/connection.h"

#include <pthread.h>
#include <stdlib.h>

/* One with the caller, one that waits for it, one being read: each may be a whole batch. */
enum { COMMITS = 3 };

static const size_t ARENA_CAP = (size_t)1 << 30; /* as a replay may have had */

/* Both counts only rise, and the n-th commit lies in commits[n % COMMITS]: the caller's from
 * `spent` up to `read`, else the thread's. */
struct reading {
    PGconn *connection;
    struct topics topics;
    struct commit commits[COMMITS];
    pthread_t thread;
    bool runs;
    bool lent;            /* the caller has the commit `spent` */
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t moved;
    uint64_t read, spent;
    bool over;     /* nothing comes any more: the log's end, or a fault */
    bool unwanted; /* the caller has gone */
    struct fault fault;
};

/* Where the next commit goes; NULL: nobody wants it. */
static struct commit *await_room(struct reading *reading)
{
    pthread_mutex_lock(&reading->lock);
    while (reading->read - reading->spent == COMMITS && !reading->unwanted)
        pthread_cond_wait(&reading->moved, &reading->lock);
    struct commit *room = reading->unwanted ? NULL : &reading->commits[reading->read % COMMITS];
    pthread_mutex_unlock(&reading->lock);
    return room;
}

static void note_read(struct reading *reading)
{
    pthread_mutex_lock(&reading->lock);
    reading->read++;
    pthread_cond_signal(&reading->moved);
    pthread_mutex_unlock(&reading->lock);
}

static void note_over(struct reading *reading, const struct fault *fault)
{
    pthread_mutex_lock(&reading->lock);
    reading->over = true;
    reading->fault = *fault;
    pthread_cond_signal(&reading->moved);
    pthread_mutex_unlock(&reading->lock);
}

/* A row of the commit log, and what it accepted. */
static bool read_commit(struct reading *reading, struct commit *commit, const PGresult *log,
                        int row, struct fault *fault)
{
    commit->position = result_int8(log, row, 0);
    commit->batch = result_int8(log, row, 1);
    commit->governance = result_bool(log, row, 2);
    commit->last = result_int8(log, row, 4);
    stored_free(&commit->stored);
    arena_reset(commit->arena);
    return stored_batch(&commit->stored, reading->connection, &reading->topics, commit->batch,
                        result_bool(log, row, 3), commit->arena, fault) ||
           fault_context(fault, "reading position %lld", (long long)commit->position);
}

/* Some commits after `*last`; *more: there may be others. */
static bool read_some(struct reading *reading, int64_t *last, bool *more, struct fault *fault)
{
    struct request request = {0};
    pgwire_int8(request_next(&request), *last);
    PGresult *log = connection_call(
        reading->connection, fault, PGRES_TUPLES_OK,
        "SELECT c.position, c.batch, c.governance, c.replay, (SELECT h.position FROM"
        " record.commit_head h) FROM record.commit_log c WHERE c.position > $1"
        " ORDER BY c.position LIMIT 1000",
        &request);
    request_free(&request);
    if (log == NULL)
        return false;
    bool done = true;
    *more = PQntuples(log) > 0;
    for (int row = 0; row < PQntuples(log) && done && *more; row++) {
        struct commit *commit = await_room(reading);
        *more = commit != NULL;
        if (commit == NULL)
            break;
        done = read_commit(reading, commit, log, row, fault);
        if (done)
            note_read(reading);
        *last = commit->position;
    }
    PQclear(log);
    return done;
}

static void *read_all(void *argument)
{
    struct reading *reading = argument;
    struct fault fault = {.reaction = FAULT_NONE};
    int64_t last = 0;
    bool more = connection_command(reading->connection, "SET statement_timeout = 0", &fault);
    while (more && read_some(reading, &last, &more, &fault))
        ;
    note_over(reading, &fault);
    return NULL;
}

struct reading *reading_new(PGconn *connection)
{
    struct reading *reading = calloc(1, sizeof *reading);
    if (reading == NULL)
        abort();
    reading->connection = connection;
    for (size_t i = 0; i < COMMITS; i++)
        reading->commits[i].arena = arena_new(ARENA_CAP);
    pthread_mutex_init(&reading->lock, NULL);
    pthread_cond_init(&reading->moved, NULL);
    return reading;
}

void reading_free(struct reading *reading)
{
    if (reading == NULL)
        return;
    pthread_mutex_lock(&reading->lock);
    reading->unwanted = true;
    pthread_cond_signal(&reading->moved);
    pthread_mutex_unlock(&reading->lock);
    if (reading->runs)
        pthread_join(reading->thread, NULL);
    pthread_cond_destroy(&reading->moved);
    pthread_mutex_destroy(&reading->lock);
    for (size_t i = 0; i < COMMITS; i++) {
        stored_free(&reading->commits[i].stored);
        arena_free(reading->commits[i].arena);
    }
    topics_free(&reading->topics);
    PQfinish(reading->connection);
    free(reading);
}

bool reading_next(struct reading *reading, const struct commit **commit, struct fault *fault)
{
    *commit = NULL;
    if (!reading->runs)
        reading->runs = pthread_create(&reading->thread, NULL, read_all, reading) == 0;
    if (!reading->runs)
        return fault_set(fault, FAULT_RETRY, "no thread can be had to read the ledger");
    pthread_mutex_lock(&reading->lock);
    reading->spent += reading->lent;
    pthread_cond_signal(&reading->moved);
    while (reading->read == reading->spent && !reading->over)
        pthread_cond_wait(&reading->moved, &reading->lock);
    reading->lent = reading->read > reading->spent;
    if (reading->lent)
        *commit = &reading->commits[reading->spent % COMMITS];
    else
        *fault = reading->fault;
    pthread_mutex_unlock(&reading->lock);
    return reading->lent || fault->reaction == FAULT_NONE;
}
