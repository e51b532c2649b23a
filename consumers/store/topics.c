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

static const struct topic *find(const struct topics *topics, int16_t number)
{
    for (size_t i = 0; i < topics->count; i++)
        if (topics->items[i]->number == number)
            return topics->items[i];
    return NULL;
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

bool topics_every(struct topics *topics, PGconn *connection, struct fault *fault)
{
    PGresult *result = connection_call(connection, fault, PGRES_TUPLES_OK,
                                       "SELECT topic, name FROM record.topic ORDER BY 1", NULL);
    for (int row = 0; result != NULL && row < PQntuples(result); row++)
        if (find(topics, result_int2(result, row, 0)) == NULL)
            remember(topics, result_int2(result, row, 0), result_text(result, row, 1));
    PQclear(result);
    return result != NULL;
}

const struct topic *topics_known(const struct topics *topics, int16_t number, struct fault *fault)
{
    const struct topic *topic = find(topics, number);
    if (topic == NULL)
        fault_set(fault, FAULT_FATAL, "the record names topic number %d, which it does not know",
                  number);
    return topic;
}

const struct topic *topics_numbered(struct topics *topics, PGconn *connection, int16_t number,
                                    struct fault *fault)
{
    const struct topic *topic = find(topics, number);
    if (topic != NULL)
        return topic;
    return topics_every(topics, connection, fault) ? topics_known(topics, number, fault) : NULL;
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
