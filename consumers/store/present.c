#include "consumers/store/present.h"

#include "consumers/store/connection.h"
#include "consumers/store/pipeline.h"

#include <stdlib.h>
#include <string.h>

/* How many pairs are looked at for one that has to be written, which takes about as long. */
enum { VISITS = 100 };

static void move_to(char **place, const PGresult *result, int column)
{
    free(*place);
    *place = NULL;
    if (result_null(result, 0, column))
        return;
    *place = strdup(result_text(result, 0, column));
    if (*place == NULL)
        abort();
}

bool present_go_on(struct present_walk *walk, struct store *store, struct fault *fault)
{
    PGconn *connection = store_connection(store, fault);
    if (connection == NULL)
        return false;
    struct request request = {0};
    pgwire_text(request_next(&request), walk->service);
    pgwire_text(request_next(&request), walk->environment);
    pgwire_int4(request_next(&request), VISITS);
    PGresult *result = pipeline_ask(
        connection, fault, "SELECT service, environment FROM record.refresh_present($1, $2, $3)",
        &request);
    request_free(&request);
    if (result == NULL)
        return false;
    move_to(&walk->service, result, 0);
    move_to(&walk->environment, result, 1);
    PQclear(result);
    return true;
}

void present_free(struct present_walk *walk)
{
    free(walk->service);
    free(walk->environment);
    *walk = (struct present_walk){0};
}
