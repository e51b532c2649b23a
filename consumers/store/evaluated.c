#include "consumers/store/evaluated.h"

#include "consumers/store/connection.h"
#include "consumers/store/kin_set.h"
#include "consumers/store/service.h"

#include <assert.h>
#include <stdlib.h>

struct evaluated {
    struct topics topics;
    struct governance_log *governance;
    struct services services;
    struct service *service;
    struct posture_service **postures; /* the service's first; borrowed from services */
    size_t count;
};

/* The commit up to which facts count, and the governance commit up to which the service is
 * evaluated. */
struct reach {
    int64_t position, governance;
};

static const char NOW[] = "SELECT 9223372036854775807, s.governance FROM record.service s"
                          " WHERE s.service = $1";

/* known_position refuses an instant up to which some service is not evaluated yet. */
static const char THEN[] =
    "SELECT p.position, coalesce((SELECT max(c.position) FROM record.commit_log c"
    " WHERE c.governance AND c.position <= p.position), 0)"
    " FROM record.service s, record.known_position($2::timestamptz) AS p (position)"
    " WHERE s.service = $1";

static bool read_reach(PGconn *connection, const char *name, const char *known_at,
                       struct reach *reach, struct fault *fault)
{
    const char *const parameters[] = {name, known_at};
    PGresult *result =
        connection_query(connection, fault, PGRES_TUPLES_OK, known_at == NULL ? NOW : THEN,
                         known_at == NULL ? 1 : 2, parameters);
    if (result == NULL) {
        /* A known_at that the record refuses is no answer about the service. */
        if (fault->reaction == FAULT_REJECT)
            fault->reaction = FAULT_FATAL;
        return false;
    }
    bool known = PQntuples(result) == 1;
    if (known) {
        reach->position = strtoll(PQgetvalue(result, 0, 0), NULL, 10);
        reach->governance = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    }
    PQclear(result);
    return known || fault_set(fault, FAULT_REJECT, "the record knows no service %s", name);
}

/* Reads the services, one of which is the one asked for, and evaluates them together. */
static bool read_together(struct evaluated *evaluated, PGconn *connection,
                          const struct kin_set *kin, const struct reach *reach, struct fault *fault)
{
    evaluated->postures = calloc(kin->count + 1, sizeof(struct posture_service *));
    struct service **services = calloc(kin->count + 1, sizeof(struct service *));
    if (evaluated->postures == NULL || services == NULL)
        abort();
    evaluated->count = 1; /* the first place is the service's own */
    for (size_t i = 0; i < kin->count; i++) {
        struct service *service = services_get(&evaluated->services, kin->names[i]);
        service->governance = reach->governance;
        services[service == evaluated->service ? 0 : evaluated->count++] = service;
    }
    assert(evaluated->count == kin->count);
    bool done = service_read(services, evaluated->count, connection, &evaluated->topics,
                             reach->position, fault);
    for (size_t i = 0; i < evaluated->count; i++)
        evaluated->postures[i] = services[i]->posture;
    free(services);
    if (done)
        posture_evaluate_together(evaluated->postures, evaluated->count,
                                  governance_log_posture(evaluated->governance), reach->governance,
                                  0, NULL);
    return done;
}

static bool read_all(struct evaluated *evaluated, PGconn *connection, const char *name,
                     const char *known_at, struct fault *fault)
{
    struct reach reach = {0};
    struct kin_set kin;
    if (!read_reach(connection, name, known_at, &reach, fault) ||
        !governance_log_load(evaluated->governance, connection, &evaluated->topics,
                             reach.governance, fault) ||
        !kin_set_ask(&kin, evaluated->governance, connection, &name, 1, false, fault))
        return false;
    evaluated->service = services_get(&evaluated->services, name);
    bool done = read_together(evaluated, connection, &kin, &reach, fault) &&
                service_resume(&evaluated->service, 1, connection, fault);
    kin_set_free(&kin);
    return done;
}

struct evaluated *evaluated_open(PGconn *connection, const char *name, const char *known_at,
                                 struct fault *fault)
{
    struct evaluated *evaluated = calloc(1, sizeof *evaluated);
    if (evaluated == NULL)
        abort();
    evaluated->governance = governance_log_new();
    bool done =
        connection_command(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", fault) &&
        read_all(evaluated, connection, name, known_at, fault) &&
        connection_command(connection, "COMMIT", fault);
    if (!done) {
        struct fault ignored;
        connection_command(connection, "ROLLBACK", &ignored);
        evaluated_close(evaluated);
        return NULL;
    }
    return evaluated;
}

void evaluated_close(struct evaluated *evaluated)
{
    if (evaluated == NULL)
        return;
    free(evaluated->postures);
    services_free(&evaluated->services);
    governance_log_free(evaluated->governance);
    topics_free(&evaluated->topics);
    free(evaluated);
}

struct posture_service *const *evaluated_services(const struct evaluated *evaluated, size_t *count)
{
    *count = evaluated->count;
    return evaluated->postures;
}

const struct posture_governance *evaluated_governance(const struct evaluated *evaluated)
{
    return governance_log_posture(evaluated->governance);
}

int64_t evaluated_position(const struct evaluated *evaluated)
{
    return evaluated->service->governance;
}

const char *evaluated_topic(const struct evaluated *evaluated, int16_t number)
{
    for (size_t i = 0; i < evaluated->topics.count; i++)
        if (evaluated->topics.items[i]->number == number)
            return evaluated->topics.items[i]->name;
    return "?";
}
