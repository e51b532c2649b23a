#include "consumers/store/topics.h"

#include "consumers/store/connection.h"

#include <stdlib.h>
#include <string.h>

static const struct topic *remember(struct topics *topics, int16_t number, const char *name)
{
    struct topic *topic = malloc(sizeof *topic);
    topics->items = reallocarray(topics->items, topics->count + 1, sizeof *topics->items);
    if (topic == NULL || topics->items == NULL)
        abort();
    topic->number = number;
    topic->name = strdup(name);
    if (topic->name == NULL)
        abort();
    topic->kind = record_topic_of(topic->name);
    topic->team = record_team_of(topic->name);
    topics->items[topics->count++] = topic;
    return topic;
}

const struct topic *topics_named(struct topics *topics, PGconn *connection, const char *name,
                                 struct fault *fault)
{
    for (size_t i = 0; i < topics->count; i++)
        if (strcmp(topics->items[i]->name, name) == 0)
            return topics->items[i];
    struct request request = {0};
    pgwire_text(request_next(&request), name);
    PGresult *result = connection_call(connection, fault, PGRES_TUPLES_OK,
                                       "SELECT record.topic_number($1)", &request);
    request_free(&request);
    if (result == NULL)
        return NULL;
    int16_t number = result_int2(result, 0, 0);
    PQclear(result);
    return remember(topics, number, name);
}

const struct topic *topics_numbered(struct topics *topics, PGconn *connection, int16_t number,
                                    struct fault *fault)
{
    for (size_t i = 0; i < topics->count; i++)
        if (topics->items[i]->number == number)
            return topics->items[i];
    struct request request = {0};
    pgwire_int2(request_next(&request), number);
    PGresult *result = connection_call(connection, fault, PGRES_TUPLES_OK,
                                       "SELECT name FROM record.topic WHERE topic = $1", &request);
    request_free(&request);
    if (result == NULL)
        return NULL;
    if (PQntuples(result) != 1) {
        fault_set(fault, FAULT_FATAL, "the record names topic number %d, which it does not know",
                  number);
        PQclear(result);
        return NULL;
    }
    const struct topic *topic = remember(topics, number, result_text(result, 0, 0));
    PQclear(result);
    return topic;
}

bool topics_hold(const struct topics *topics, PGconn *connection, struct fault *fault)
{
    for (size_t i = 0; i < topics->count; i++) {
        struct request request = {0};
        pgwire_int2(request_next(&request), topics->items[i]->number);
        pgwire_text(request_next(&request), topics->items[i]->name);
        PGresult *result = connection_call(
            connection, fault, PGRES_TUPLES_OK,
            "SELECT EXISTS (SELECT FROM record.topic WHERE topic = $1 AND name = $2)", &request);
        request_free(&request);
        if (result == NULL)
            return false;
        bool same = result_bool(result, 0, 0);
        PQclear(result);
        if (!same)
            return fault_set(fault, FAULT_FATAL,
                             "the database is not the one this process began with: topic %s has "
                             "another number there; start it again",
                             topics->items[i]->name);
    }
    return true;
}

void topics_free(struct topics *topics)
{
    for (size_t i = 0; i < topics->count; i++) {
        free(topics->items[i]->name);
        free(topics->items[i]);
    }
    free(topics->items);
    *topics = (struct topics){0};
}
