#include "consumers/store/sqlstate.h"

#include <string.h>

enum fault_reaction sqlstate_reaction(const char *sqlstate)
{
    static const char *const retried[] = {"08", "40", "53", "55", "57", "58"};
    if (sqlstate == NULL || strcmp(sqlstate, "25006") == 0)
        return FAULT_RETRY;
    for (size_t i = 0; i < sizeof retried / sizeof retried[0]; i++)
        if (strncmp(sqlstate, retried[i], 2) == 0)
            return FAULT_RETRY;
    if (strncmp(sqlstate, "22", 2) == 0 || strncmp(sqlstate, "23", 2) == 0)
        return FAULT_REJECT;
    return FAULT_FATAL;
}

/* libpq ends its messages with newlines and breaks them into lines; a fault is one line. */
static void one_line(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && text[length - 1] == '\n')
        text[--length] = '\0';
    for (char *at = text; *at != '\0'; at++)
        if (*at == '\n' || *at == '\t')
            *at = ' ';
}

bool sqlstate_fault(struct fault *fault, PGconn *connection, const PGresult *result,
                    const char *doing)
{
    const char *state = result != NULL ? PQresultErrorField(result, PG_DIAG_SQLSTATE) : NULL;
    const char *primary =
        result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *detail = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL) : NULL;
    const char *hint = result != NULL ? PQresultErrorField(result, PG_DIAG_MESSAGE_HINT) : NULL;
    if (hint == NULL && state != NULL && strcmp(state, "25006") == 0)
        hint = "the server is a standby, or was set read-only: --database has to lead to the "
               "primary";
    enum fault_reaction reaction = sqlstate_reaction(state);
    if (state == NULL && connection != NULL && PQstatus(connection) == CONNECTION_OK &&
        result != NULL && PQresultStatus(result) != PGRES_FATAL_ERROR)
        reaction = FAULT_FATAL; /* the server answered, only not what was expected */
    fault_set(fault, reaction, "PostgreSQL, %s: %s%s%s%s%s%s%s%s", doing,
              primary != NULL ? primary : PQerrorMessage(connection), detail != NULL ? " (" : "",
              detail != NULL ? detail : "", detail != NULL ? ")" : "", hint != NULL ? "; " : "",
              hint != NULL ? hint : "", state != NULL ? " SQLSTATE " : "",
              state != NULL ? state : "");
    one_line(fault->text);
    return false;
}
