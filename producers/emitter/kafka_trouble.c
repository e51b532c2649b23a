#include "producers/emitter/kafka_trouble.h"

#include "producers/emitter/kafka_fault.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define CODE(name) RD_KAFKA_RESP_ERR_##name

struct sort {
    rd_kafka_resp_err_t code; /* _SSL: any code, the text decides */
    const char *needle;       /* librdkafka's text contains it; NULL: any */
    bool refused;
    const char *advice;
};

/*
 * The code alone does not tell a refusal from an accident: OpenSSL 3 calls a connection that broke
 * off an error of TLS, and librdkafka gives one and the same error of TLS with one code while it
 * reads and with another while it writes. The first row that matches.
 */
static const struct sort sorts[] = {
    {CODE(_SSL), "certificate verify failed", true,
     "the broker's certificate has expired, is not for this host, or is signed by no authority in "
     "ssl.ca.location"},
    {CODE(_SSL), " alert ", true,
     "the broker does not accept this client's TLS: see ssl.certificate.location and "
     "ssl.key.location"},
    {CODE(_SSL), "wrong version number", true,
     "that port does not speak TLS: see security.protocol"},
    {CODE(_SSL), "unexpected eof", false,
     "if it always breaks off, that port may not speak TLS: see security.protocol"},
    /* So begin librdkafka's own errors, as of a connection that broke during the login. */
    {CODE(_AUTHENTICATION), "Local: ", false, NULL},
    {CODE(_AUTHENTICATION), "mechanism handshake", true, "see sasl.mechanism"},
    {CODE(_AUTHENTICATION), NULL, true, "see sasl.username and sasl.password"},
    {CODE(_TRANSPORT), "ApiVersion", false,
     "if it always does, that port may speak TLS: see security.protocol"},
    {CODE(_TRANSPORT), "might require SASL", false,
     "if it always does, that port may want a login: see security.protocol"},
};

static const struct sort *find(rd_kafka_resp_err_t code, const char *reason)
{
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++)
        if ((sorts[i].code == code || sorts[i].code == CODE(_SSL)) &&
            (sorts[i].needle == NULL || strstr(reason, sorts[i].needle) != NULL))
            return &sorts[i];
    return NULL;
}

/* Without what differs at each repetition (measurements, which step failed) and what librdkafka
 * guesses. */
static void make_plain(const char *reason, char *plain, size_t size)
{
    static const char step[] = "SSL handshake failed: ";
    static const char *const tails[] = {" (after ", ": broker certificate could not be verified",
                                        ": might be caused by", ": verify that "};
    snprintf(plain, size, "%s", reason);
    char *found = strstr(plain, step);
    if (found != NULL)
        memmove(found, found + sizeof step - 1, strlen(found + sizeof step - 1) + 1);
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++)
        if ((found = strstr(plain, tails[i])) != NULL)
            *found = '\0';
}

static bool has_answered(rd_kafka_t *client)
{
    char *cluster = rd_kafka_clusterid(client, 0);
    if (cluster != NULL)
        rd_kafka_mem_free(client, cluster);
    return cluster != NULL;
}

void kafka_trouble_note(struct kafka_trouble *trouble, rd_kafka_t *client, int code,
                        const char *reason)
{
    char text[512];
    rd_kafka_resp_err_t error = (rd_kafka_resp_err_t)code;
    if (error == CODE(_FATAL)) {
        error = rd_kafka_fatal_error(client, text, sizeof text);
        kafka_fault_set(&trouble->last, error, text);
        trouble->last.reaction = FAULT_FATAL;
        return;
    }
    if (error == CODE(_ALL_BROKERS_DOWN)) {
        trouble->all_down = true;
        if (trouble->last.reaction == FAULT_NONE)
            kafka_fault_set(&trouble->last, error, NULL);
    } else {
        const struct sort *sort = find(error, reason);
        make_plain(reason, text, sizeof text);
        trouble->refused = sort != NULL && sort->refused;
        bool passes = sort != NULL || error == CODE(_SSL);
        fault_set(&trouble->last, passes ? FAULT_RETRY : kafka_fault_reaction(error), "%s (%s)%s%s",
                  text, rd_kafka_err2name(sort != NULL ? sort->code : error),
                  sort != NULL && sort->advice != NULL ? "; " : "",
                  sort != NULL && sort->advice != NULL ? sort->advice : "");
    }
    if (trouble->refused && trouble->all_down && !has_answered(client))
        trouble->last.reaction = FAULT_FATAL;
}
