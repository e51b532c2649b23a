#include "consumers/whatif/print.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static json_t *instant_or_null(instant at)
{
    char text[INSTANT_TEXT_MAX];
    return at == INSTANT_END || at == INSTANT_BEGIN ? json_null()
                                                    : json_string(instant_format(at, text));
}

static json_t *text_or_null(const char *text)
{
    return text == NULL ? json_null() : json_string(text);
}

/* A supposed event by file and line; one of the record by its place in Kafka; one of another
 * service by its id alone. */
static json_t *event_object(const struct explained_event *event, const struct answer *answer,
                            const struct supposed *supposed)
{
    char id[UUID_TEXT_MAX];
    const struct posture_record *record = &event->record;
    if (!event->any)
        return json_null();
    json_t *object = json_pack("{s:s}", "event", uuid_format(&event->id, id));
    if (event->body == NULL)
        return object;
    json_t *more = record->topic == SUPPOSED_TOPIC
                       ? json_pack("{s:s, s:s, s:I}", "body", event->body, "file",
                                   supposed_file(supposed, (size_t)record->partition), "line",
                                   (json_int_t)record->offset)
                       : json_pack("{s:s, s:s, s:i, s:i, s:I}", "body", event->body, "topic",
                                   suppose_topic(answer, record->topic), "partition",
                                   (int)record->partition, "incarnation", (int)record->incarnation,
                                   "offset", (json_int_t)record->offset);
    json_object_update(object, more);
    json_decref(more);
    return object;
}

static json_t *cell_object(const struct difference *cell, const struct answer *answer,
                           const struct supposed *supposed)
{
    json_t *rule = cell->sentence == NULL
                       ? json_null()
                       : json_pack("{s:i, s:s, s:s}", "number", cell->rule, "name", cell->rule_name,
                                   "sentence", cell->sentence);
    return json_pack("{s:o, s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "at",
                     instant_or_null(cell->at), "until", instant_or_null(cell->until), "service",
                     cell->service, "environment", cell->environment, "standard", cell->standard,
                     "control", cell->what, "from_status", text_or_null(cell->before), "to_status",
                     text_or_null(cell->after), "since",
                     instant_or_null(cell->after == NULL ? INSTANT_END : cell->since), "rule", rule,
                     "deciding", event_object(&cell->deciding, answer, supposed));
}

static json_t *other_object(const struct difference *item)
{
    json_t *object = json_pack("{s:o, s:o, s:s}", "at", instant_or_null(item->at), "until",
                               instant_or_null(item->until),
                               item->environment == NULL ? "programme" : "service", item->service);
    if (item->environment != NULL)
        json_object_set_new(object, "environment", json_string(item->environment));
    json_object_set_new(object, "standard", json_string(item->standard));
    json_object_set_new(object, "what", json_string(item->what));
    json_object_set_new(object, "from", text_or_null(item->before));
    json_object_set_new(object, "to", text_or_null(item->after));
    return object;
}

static json_t *other_array(const struct differences *list)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++)
        json_array_append_new(array, other_object(&list->items[i]));
    return array;
}

static json_t *ineffective_array(const struct ineffectives *list, const struct supposed *supposed)
{
    json_t *array = json_array();
    for (size_t i = 0; i < list->count; i++) {
        const struct ineffective *item = &list->items[i];
        json_array_append_new(
            array,
            json_pack("{s:s, s:I, s:s, s:o, s:o, s:o}", "file", supposed_file(supposed, item->file),
                      "line", (json_int_t)item->line, "reason", item->reason, "environment",
                      text_or_null(*item->environment == '\0' ? NULL : item->environment),
                      "standard", text_or_null(*item->standard == '\0' ? NULL : item->standard),
                      "control", text_or_null(*item->control == '\0' ? NULL : item->control)));
    }
    return array;
}

bool print_json(const struct answer *answer, const struct supposed *supposed)
{
    json_t *cells = json_array();
    for (size_t i = 0; i < answer->cells.count; i++)
        json_array_append_new(cells, cell_object(&answer->cells.items[i], answer, supposed));
    json_t *object = json_pack(
        "{s:o, s:o, s:I, s:I, s:o, s:o, s:o, s:o}", "at", instant_or_null(answer->from), "until",
        instant_or_null(answer->upto), "events", (json_int_t)supposed->count, "refused",
        (json_int_t)supposed->refused, "cells", cells, "standings", other_array(&answer->standings),
        "certificates", other_array(&answer->certificates), "without_effect",
        ineffective_array(&answer->ineffective, supposed));
    if (object == NULL)
        abort();
    bool written = json_dumpf(object, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF &&
                   fflush(stdout) == 0;
    json_decref(object);
    return written;
}
