/*
 * killpoint -- preloaded into an aggregator: kills or stops it at a named step of a batch.
 *
 * Stands before libpq's calls. A file, mapped and shared with the test, says at which call of which
 * statement the signal is to come; until it is armed, calls only pass through. The aggregator knows
 * nothing of it, and a process without the variable CHAOS_KILLPOINT is left alone.
 *
 * CHAOS_SESSION is a statement that follows the first one of each session: shorter timeouts, say.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { IDLE, ARMED, FIRED };
enum when { BEFORE, SENT, AFTER }; /* SENT: on its way, and unanswered */
enum { ASKED_MOST = 256, PREPARED_MOST = 256 };

/* The file. killpoint.py writes it. */
struct point {
    _Atomic uint32_t state;
    _Atomic uint32_t countdown; /* it is the call that takes it from 1 to 0 */
    uint32_t number;            /* of the signal */
    uint32_t when;
    char call[16];  /* "query", "data", "end" */
    char text[224]; /* occurs in what was asked, or in the COPY under way */
};

static struct point *point;
/* A thread has one session, and ends what it has begun to ask. */
static _Thread_local char copying[512]; /* the COPY under way */
static _Thread_local char behind[4096]; /* those that were sent with it, to come after it */

/* The statements whose answers have not been read to their ends, in order; of a pipeline, several.
 * "": one of no interest. */
static _Thread_local char asked[ASKED_MOST][256];
static _Thread_local int first_asked, asked_count;
static _Thread_local bool answering;      /* something of the first's answer has been read */
static _Thread_local bool fires_when_out; /* what SENT waits for is said, not on its way yet */

/* What names of prepared statements stand for; all threads', since one may send for another. */
static pthread_mutex_t preparing = PTHREAD_MUTEX_INITIALIZER;
static struct {
    const PGconn *connection;
    char name[64], text[256];
} prepared[PREPARED_MOST];
static int prepared_count;

__attribute__((constructor)) static void map_point(void)
{
    const char *path = getenv("CHAOS_KILLPOINT");
    int file = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);
    if (file < 0)
        return;
    void *mapped = mmap(NULL, sizeof *point, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    point = mapped == MAP_FAILED ? NULL : mapped;
}

/* libpq's own function of that name. A program that does not link it never asks. */
static void *real(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL)
        abort();
    return found;
}

/* What stays undefined here would have to be found in every program this is preloaded into. */
#define REAL(function) (*(__typeof__(&(function)) *)&(void *){real(#function)})

/* Whether this call is the one: counts it, where it is of the right kind. */
static bool reached(enum when when, const char *call, const char *text)
{
    return point != NULL && atomic_load(&point->state) == ARMED && point->when == when &&
           strcmp(point->call, call) == 0 && strstr(text, point->text) != NULL &&
           atomic_fetch_sub(&point->countdown, 1) == 1;
}

static void fire(void)
{
    atomic_store(&point->state, FIRED);
    kill(getpid(), (int)point->number);
}

static void pass(enum when when, const char *call, const char *text)
{
    if (reached(when, call, text))
        fire();
}

static void flush(PGconn *connection)
{
    while (REAL(PQflush)(connection) > 0)
        continue;
}

static void shorten(PGconn *connection, const char *sql)
{
    const char *session = getenv("CHAOS_SESSION");
    if (session != NULL && strncmp(sql, "SET timezone", 12) == 0)
        REAL(PQclear)(REAL(PQexec)(connection, session));
}

/* The next COPY of those that were sent together is open. */
static void open_copy(void)
{
    size_t size = strcspn(behind, ";");
    snprintf(copying, sizeof copying, "%.*s", (int)size, behind);
    memmove(behind, behind + size, strlen(behind + size) + 1);
    if (behind[0] == ';')
        memmove(behind, behind + 1, strlen(behind));
}

static void note_asked(PGconn *connection, const char *sql)
{
    if (REAL(PQpipelineStatus)(connection) == PQ_PIPELINE_OFF)
        asked_count = 0; /* what a lost session has not answered */
    if (asked_count < ASKED_MOST)
        snprintf(asked[(first_asked + asked_count++) % ASKED_MOST], sizeof asked[0], "%s", sql);
}

/* What was asked is on its way, or, in a pipeline, about to be. */
static int sent(PGconn *connection, const char *sql, int done)
{
    note_asked(connection, sql);
    if (strncmp(sql, "COPY ", 5) == 0)
        snprintf(behind, sizeof behind, "%s", sql);
    if (done == 1 && reached(SENT, "query", sql)) {
        fires_when_out = REAL(PQpipelineStatus)(connection) == PQ_PIPELINE_ON;
        if (!fires_when_out) {
            flush(connection);
            fire();
        }
    }
    return done;
}

int PQsendQuery(PGconn *connection, const char *sql)
{
    pass(BEFORE, "query", sql);
    return sent(connection, sql, REAL(PQsendQuery)(connection, sql));
}

int PQsendQueryParams(PGconn *connection, const char *sql, int count, const Oid *types,
                      const char *const *values, const int *lengths, const int *formats,
                      int result_format)
{
    pass(BEFORE, "query", sql);
    return sent(connection, sql,
                REAL(PQsendQueryParams)(connection, sql, count, types, values, lengths, formats,
                                        result_format));
}

/* Called with `preparing` held. */
static int place_of(const PGconn *connection, const char *name)
{
    int i = 0;
    while (i < prepared_count &&
           (prepared[i].connection != connection || strcmp(prepared[i].name, name) != 0))
        i++;
    return i;
}

int PQsendPrepare(PGconn *connection, const char *name, const char *sql, int count,
                  const Oid *types)
{
    pthread_mutex_lock(&preparing);
    int place = place_of(connection, name);
    if (place < PREPARED_MOST) {
        prepared[place].connection = connection;
        snprintf(prepared[place].name, sizeof prepared[0].name, "%s", name);
        snprintf(prepared[place].text, sizeof prepared[0].text, "%s", sql);
        prepared_count += place == prepared_count;
    }
    pthread_mutex_unlock(&preparing);
    note_asked(connection, "");
    return REAL(PQsendPrepare)(connection, name, sql, count, types);
}

int PQsendQueryPrepared(PGconn *connection, const char *name, int count, const char *const *values,
                        const int *lengths, const int *formats, int result_format)
{
    char sql[sizeof prepared[0].text] = "";
    pthread_mutex_lock(&preparing);
    int place = place_of(connection, name);
    if (place < prepared_count)
        memcpy(sql, prepared[place].text, sizeof sql);
    pthread_mutex_unlock(&preparing);
    pass(BEFORE, "query", sql);
    return sent(connection, sql,
                REAL(PQsendQueryPrepared)(connection, name, count, values, lengths, formats,
                                          result_format));
}

int PQpipelineSync(PGconn *connection)
{
    int done = REAL(PQpipelineSync)(connection);
    if (fires_when_out) {
        fires_when_out = false;
        flush(connection);
        fire();
    }
    return done;
}

PGresult *PQgetResult(PGconn *connection)
{
    PGresult *result = REAL(PQgetResult)(connection);
    ExecStatusType status = REAL(PQresultStatus)(result);
    if (status == PGRES_PIPELINE_SYNC)
        return result;
    bool opened = status == PGRES_COPY_IN;
    bool answered = opened || (result == NULL && answering);
    answering = result != NULL && !opened;
    if (opened)
        open_copy();
    if (answered && asked_count > 0) {
        const char *sql = asked[first_asked];
        first_asked = (first_asked + 1) % ASKED_MOST; /* what follows asks, too */
        asked_count--;
        shorten(connection, sql);
        pass(AFTER, "query", sql);
    }
    return result;
}

int PQputCopyData(PGconn *connection, const char *buffer, int size)
{
    if (reached(SENT, "data", copying)) { /* half of it */
        REAL(PQputCopyData)(connection, buffer, size / 2);
        flush(connection);
        fire();
        return REAL(PQputCopyData)(connection, buffer + size / 2, size - size / 2);
    }
    return REAL(PQputCopyData)(connection, buffer, size);
}

int PQputCopyEnd(PGconn *connection, const char *error)
{
    pass(BEFORE, "end", copying);
    int sent = REAL(PQputCopyEnd)(connection, error);
    if (reached(SENT, "end", copying)) {
        flush(connection);
        fire();
    }
    return sent;
}
