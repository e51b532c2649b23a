#include "consumers/explain/answer.h"
#include "proto/codec.h"

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

static json_t *event_object(const struct answer *answer, const struct explained_event *event)
{
    char id[UUID_TEXT_MAX];
    if (!event->any)
        return json_null();
    return json_pack("{s:s, s:s, s:o, s:s, s:i, s:i, s:I}", "body", event->body, "event",
                     uuid_format(&event->id, id), "occurred_at",
                     instant_or_null(event->occurred_at), "topic",
                     evaluated_topic(answer->evaluated, event->record.topic), "partition",
                     (int)event->record.partition, "incarnation", (int)event->record.incarnation,
                     "offset", (json_int_t)event->record.offset);
}

static json_t *stream_object(const struct answer *answer, const struct explained_stream *stream)
{
    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o}", "subject", stream->subject, "state",
        stream_state_name(stream->state), "result",
        text_or_null(codec_enum_name(&assay__v1__result__descriptor, (int)stream->result)),
        "expires_at", instant_or_null(stream->expires_at), "exception",
        text_or_null(stream->exception), "event", event_object(answer, &stream->event));
}

static json_t *check_object(const struct answer *answer, const struct explained_check *check)
{
    json_t *streams = json_array();
    for (uint32_t i = 0; i < check->stream_count; i++)
        json_array_append_new(streams, stream_object(answer, &check->streams[i]));
    return json_pack("{s:s, s:b, s:b, s:o, s:o}", "check", check->check, "required",
                     check->required ? 1 : 0, "missing", check->missing ? 1 : 0, "mapping",
                     event_object(answer, &check->mapping), "streams", streams);
}

static json_t *status_or_null(enum cell_status status)
{
    return status == CELL_NONE ? json_null() : json_string(cell_status_name(status));
}

static json_t *rules_array(const struct posture_explanation *why)
{
    json_t *rules = json_array();
    for (uint32_t i = 0; i < why->rule_count; i++)
        json_array_append_new(rules, json_pack("{s:i, s:s, s:o, s:b, s:b}", "number",
                                               why->rules[i].number, "name", why->rules[i].name,
                                               "status", status_or_null(why->rules[i].status),
                                               "matches", why->rules[i].matches ? 1 : 0, "decides",
                                               why->rules[i].decides ? 1 : 0));
    return rules;
}

static json_t *chain_array(const struct answer *answer)
{
    const struct posture_explanation *why = answer->explanation;
    json_t *chain = json_array();
    for (uint32_t i = 0; i < why->chain_count; i++) {
        const struct explained_link *link = &why->chain[i];
        json_array_append_new(
            chain, json_pack("{s:s, s:s, s:o, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:b, s:o}",
                             "service", link->service, "environment", link->environment,
                             "inheritance", event_object(answer, &link->inheritance), "kind",
                             text_or_null(codec_enum_name(&assay__v1__inheritance_kind__descriptor,
                                                          (int)link->kind)),
                             "provider_service", link->provider_service, "provider_environment",
                             link->provider_environment, "own", status_or_null(link->own),
                             "provider", status_or_null(link->provider), "fault",
                             text_or_null(provider_fault_sentence(link->fault)), "taken",
                             status_or_null(link->taken), "own_side", link->own_side ? 1 : 0,
                             "shown", status_or_null(link->shown)));
    }
    return chain;
}

/* What the office has said of the cell. */
static json_t *office_object(const struct answer *answer)
{
    static const char *const listings[] = {
        [LISTING_NO_STATEMENT] = "NO_STATEMENT",
        [LISTING_OMITTED] = "OMITTED",
        [LISTING_INCLUDED] = "INCLUDED",
        [LISTING_EXCLUDED] = "EXCLUDED",
    };
    const struct posture_explanation *why = answer->explanation;
    json_t *findings = json_array();
    for (uint32_t i = 0; i < why->finding_count; i++) {
        const struct explained_finding *finding = &why->findings[i];
        json_array_append_new(
            findings,
            json_pack("{s:s, s:o, s:b, s:b, s:b, s:o, s:b}", "finding", finding->finding, "event",
                      event_object(answer, &finding->event), "open", finding->open ? 1 : 0, "major",
                      finding->major ? 1 : 0, "minor", finding->minor ? 1 : 0, "due_at",
                      instant_or_null(finding->due_at), "weighs", finding->weighs ? 1 : 0));
    }
    json_t *exceptions = json_array();
    for (uint32_t i = 0; i < why->exception_count; i++) {
        const struct explained_exception *exception = &why->exceptions[i];
        json_array_append_new(exceptions,
                              json_pack("{s:s, s:o, s:o, s:i}", "exception", exception->exception,
                                        "event", event_object(answer, &exception->event),
                                        "expires_at", instant_or_null(exception->expires_at),
                                        "covers", (int)exception->covers));
    }
    return json_pack("{s:o, s:o, s:s, s:b, s:o, s:o}", "statement",
                     event_object(answer, &why->statement), "statement_version",
                     text_or_null(why->statement_version), "listing", listings[why->listing],
                     "clause", why->clause ? 1 : 0, "findings", findings, "exceptions", exceptions);
}

static json_t *next_object(const struct answer *answer)
{
    const struct posture_explanation *why = answer->explanation;
    if (why->until == INSTANT_END)
        return json_null();
    json_t *expiring = json_array();
    for (uint32_t i = 0; i < why->next_expiring_count; i++)
        json_array_append_new(expiring, event_object(answer, &why->next_expiring[i]->event));
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o}", "exception", text_or_null(why->next_exception), "finding",
        text_or_null(why->next_finding), "at", instant_or_null(why->until), "status",
        why->next_status == CELL_NONE ? json_null()
                                      : json_string(cell_status_name(why->next_status)),
        "cause", event_object(answer, &why->next_cause), "expiring", expiring);
}

static json_t *in_force_object(const struct answer *answer)
{
    const struct posture_explanation *why = answer->explanation;
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:o, s:o, s:b}", "scope", event_object(answer, &why->scope),
        "membership",
        text_or_null(codec_enum_name(&assay__v1__membership__descriptor, (int)why->membership)),
        "onboarding", event_object(answer, &why->onboarding), "lifecycle",
        why->onboarding.any
            ? text_or_null(codec_enum_name(&assay__v1__lifecycle__descriptor, (int)why->lifecycle))
            : json_null(),
        "standard", event_object(answer, &why->standard), "programme",
        event_object(answer, &why->programme), "discontinued", why->discontinued ? 1 : 0);
}

bool answer_json(const struct answer *answer)
{
    const struct posture_explanation *why = answer->explanation;
    json_t *checks = json_array();
    for (uint32_t i = 0; i < why->check_count; i++)
        json_array_append_new(checks, check_object(answer, &why->checks[i]));
    json_t *rule = json_pack("{s:i, s:s, s:s}", "number", why->rule, "name", why->rule_name,
                             "sentence", why->sentence);
    /* The columns of cell_status under their own names, then what they rest on. */
    json_t *object =
        json_pack("{s:s, s:s, s:s, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "service",
                  answer->service, "environment", answer->environment, "standard", answer->standard,
                  "control", answer->control, "at", instant_or_null(answer->at), "status",
                  cell_status_name(why->status), "since", instant_or_null(why->since), "until",
                  instant_or_null(why->until), "inherited_from", text_or_null(why->inherited_from),
                  "exception", text_or_null(why->exception), "finding", text_or_null(why->finding),
                  "rule", rule, "deciding", event_object(answer, &why->deciding));
    json_t *reasons =
        json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:i, s:i, s:o, s:o}", "rules", rules_array(why),
                  "own_status", status_or_null(why->own_status), "own_deciding",
                  event_object(answer, &why->own_deciding), "inheritance", chain_array(answer),
                  "office", office_object(answer), "in_force", in_force_object(answer),
                  "checks_required", (int)why->required, "checks_missing", (int)why->missing,
                  "checks", checks, "next", next_object(answer));
    if (object == NULL || reasons == NULL || json_object_update(object, reasons) != 0)
        abort();
    json_decref(reasons);
    bool written = json_dumpf(object, stdout, JSON_INDENT(2)) == 0 && putchar('\n') != EOF;
    json_decref(object);
    return written;
}
