#include "consumers/store/login.h"

#include "consumers/store/sqlstate.h"

#include <stdio.h>
#include <string.h>

struct refusal {
    const char *needle; /* in libpq's or the server's words */
    const char *advice; /* NULL: the words say it */
};

/* The first that matches. What is not here may pass by itself. */
static const struct refusal refusals[] = {
    {"no password supplied", "give it in PGPASSFILE (~/.pgpass), PGSERVICEFILE or PGPASSWORD"},
    {"password authentication failed",
     "the user or the password is wrong: see PGUSER, PGPASSFILE (~/.pgpass), PGSERVICEFILE"},
    {"authentication failed", NULL},
    {"no pg_hba.conf entry",
     "the server's pg_hba.conf lets nobody in this way; where it wants TLS: sslmode=verify-full"},
    {"is not permitted to log in", NULL},
    {"permission denied for database", NULL},
    {"requires a valid client certificate", "see sslcert and sslkey"},
    {"certificate verify failed",
     "the server's certificate has expired or is signed by no authority in sslrootcert"},
    {"does not match host name", "the server's certificate is not for this host: see PGHOST"},
    {"server does not support SSL", "no TLS at that port, and sslmode asks for it"},
    {"root certificate file", "give the authority's certificate in sslrootcert (PGSSLROOTCERT)"},
    {"certificate file", "see sslcert"},
    {"private key file", "see sslkey"},
    {" alert ", "the server does not accept this client's TLS: see sslcert and sslkey"},
    {"channel binding", NULL},
    {"definition of service", "see PGSERVICE and PGSERVICEFILE"},
    {"service file", "see PGSERVICEFILE"},
    {"invalid", NULL}, /* a port, a value of sslmode, a number */
};

/* A URI has one @, before the first /; more of them come from a password that was not encoded. */
static bool has_stray_at(const char *uri)
{
    const char *start = strstr(uri, "://");
    if (start == NULL)
        return false;
    start += 3;
    size_t length = strcspn(start, "?");
    const char *at = memchr(start, '@', length);
    const char *slash = memchr(start, '/', length);
    if (at == NULL)
        return false;
    return (slash != NULL && at > slash) ||
           memchr(at + 1, '@', length - (size_t)(at + 1 - start)) != NULL;
}

/* A / in a password that was not encoded ends the URI's host early, and leaves it as a port. */
static bool has_ports(const PQconninfoOption *options)
{
    for (; options->keyword != NULL; options++)
        if (strcmp(options->keyword, "port") == 0 && options->val != NULL &&
            options->val[strspn(options->val, "0123456789,")] != '\0')
            return false;
    return true;
}

bool login_check(const char *given, struct fault *fault)
{
    if (given == NULL || (strstr(given, "://") == NULL && strchr(given, '=') == NULL))
        return true; /* the name of a database */
    PQconninfoOption *options = PQconninfoParse(given, NULL);
    bool understood = options != NULL && has_ports(options) && !has_stray_at(given);
    PQconninfoFree(options);
    return understood ||
           fault_set(fault, FAULT_FATAL,
                     "the database is given by something that is neither a URI (postgresql://…) "
                     "nor a connection string (host=… dbname=…) that libpq understands; in a "
                     "URI's names and passwords @ : / ? %% are written %%40 %%3A %%2F %%3F %%25");
}

/* 'role "x" does not exist', and so for a database. */
static bool names_nothing(const char *why)
{
    return strstr(why, "\" does not exist") != NULL &&
           (strstr(why, "role \"") != NULL || strstr(why, "database \"") != NULL);
}

bool login_failed(PGconn *connection, struct fault *fault)
{
    sqlstate_fault(fault, connection, NULL, "connecting");
    const char *why = connection != NULL ? PQerrorMessage(connection) : "";
    if (names_nothing(why))
        fault->reaction = FAULT_FATAL;
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
        if (strstr(why, refusals[i].needle) == NULL)
            continue;
        size_t length = strlen(fault->text);
        fault->reaction = FAULT_FATAL;
        if (refusals[i].advice != NULL)
            snprintf(fault->text + length, sizeof fault->text - length, "; %s", refusals[i].advice);
        break;
    }
    return false;
}
