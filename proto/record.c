#include "proto/record.h"

#include "proto/limits.h"
#include "proto/validate.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { KEY_PARTS_MOST = 4 };

/* --- topics --- */

enum record_topic record_topic_of(const char *name)
{
    static const struct {
        const char *name;
        enum record_topic topic;
    } topics[] = {
        {RECORD_TOPIC_EVIDENCE, RECORD_EVIDENCE},
        {RECORD_TOPIC_SERVICES, RECORD_SERVICES},
        {RECORD_TOPIC_SCOPE, RECORD_SCOPE},
        {RECORD_TOPIC_GOVERNANCE, RECORD_GOVERNANCE},
    };
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++)
        if (strcmp(name, topics[i].name) == 0)
            return topics[i].topic;
    return record_team_of(name) == NULL ? RECORD_UNKNOWN : RECORD_TEAM;
}

const char *record_team_of(const char *name)
{
    _Static_assert(LIMIT_TEAM_BYTES == LIMIT_TOPIC_BYTES - (sizeof RECORD_TEAM_PREFIX - 1),
                   "a team's topic is a topic's name");
    size_t prefix = strlen(RECORD_TEAM_PREFIX);
    if (strncmp(name, RECORD_TEAM_PREFIX, prefix) != 0 || !validate_team(name + prefix))
        return NULL;
    return name + prefix;
}

static bool is_evidence(enum record_topic topic)
{
    return topic == RECORD_EVIDENCE || topic == RECORD_TEAM;
}

/* Where a body belongs; a retraction has two places. */
static bool belongs(const Assay__V1__Event *event, enum record_topic topic)
{
    switch (event->body_case) {
    case ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT:
        return is_evidence(topic);
    case ASSAY__V1__EVENT__BODY_RETRACTION:
        return is_evidence(topic) || topic == RECORD_GOVERNANCE;
    case ASSAY__V1__EVENT__BODY_SERVICE_ONBOARDING:
        return topic == RECORD_SERVICES;
    case ASSAY__V1__EVENT__BODY_SCOPE_CHANGE:
        return topic == RECORD_SCOPE;
    default:
        return topic == RECORD_GOVERNANCE;
    }
}

const char *record_body_name(const Assay__V1__Event *event)
{
    const ProtobufCFieldDescriptor *field = protobuf_c_message_descriptor_get_field(
        &assay__v1__event__descriptor, (unsigned)event->body_case);
    return field == NULL ? NULL : field->name;
}

/* --- keys --- */

/* The parts of the key, in their order. Returns how many. */
static size_t key_parts(const Assay__V1__Event *event, const char *parts[KEY_PARTS_MOST])
{
#define PARTS(...)                                                                                 \
    do {                                                                                           \
        const char *const given[] = {__VA_ARGS__};                                                 \
        memcpy(parts, given, sizeof given);                                                        \
        return sizeof given / sizeof given[0];                                                     \
    } while (0)

    switch (event->body_case) {
    case ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT:
        PARTS(event->control_test_result->service);
    case ASSAY__V1__EVENT__BODY_SERVICE_ONBOARDING:
        PARTS(event->service_onboarding->service);
    case ASSAY__V1__EVENT__BODY_SCOPE_CHANGE:
        PARTS(event->scope_change->service);
    case ASSAY__V1__EVENT__BODY_LOCATION:
        PARTS(event->location->programme, event->location->location);
    case ASSAY__V1__EVENT__BODY_PROGRAMME:
        PARTS(event->programme->programme);
    case ASSAY__V1__EVENT__BODY_STANDARD:
        PARTS(event->standard->standard);
    case ASSAY__V1__EVENT__BODY_CHECK_MAPPING:
        PARTS(event->check_mapping->check);
    case ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY:
        PARTS(event->statement_of_applicability->programme);
    case ASSAY__V1__EVENT__BODY_INHERITANCE:
        PARTS(event->inheritance->service, event->inheritance->environment,
              event->inheritance->standard, event->inheritance->control);
    case ASSAY__V1__EVENT__BODY_EXCEPTION:
        PARTS(event->exception->exception);
    case ASSAY__V1__EVENT__BODY_FINDING:
        PARTS(event->finding->finding);
    case ASSAY__V1__EVENT__BODY_AUDIT:
        PARTS(event->audit->audit);
    case ASSAY__V1__EVENT__BODY_CERTIFICATE:
        PARTS(event->certificate->programme, event->certificate->standard);
    case ASSAY__V1__EVENT__BODY_MANAGEMENT_RECORD:
        PARTS(event->management_record->record);
    case ASSAY__V1__EVENT__BODY_RETRACTION:
        if (*event->retraction->service != '\0')
            PARTS(event->retraction->service);
        PARTS(event->retraction->event_id);
    case ASSAY__V1__EVENT__BODY_TOOL_RECALL:
        PARTS(event->tool_recall->tool, event->tool_recall->version, event->tool_recall->service);
    default:
        break;
    }
#undef PARTS
    assert(!"an event without a body has no key");
    return 0;
}

/* Joins the parts into out, which has room for LIMIT_KEY_BYTES and a NUL. Returns the length. */
static size_t join_key(const Assay__V1__Event *event, char *out)
{
    const char *parts[KEY_PARTS_MOST];
    size_t count = key_parts(event, parts);
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        size_t length = strlen(parts[i]);
        assert(used + length + 1 <= LIMIT_KEY_BYTES); /* a valid event's */
        if (i > 0)
            out[used++] = '|';
        memcpy(out + used, parts[i], length);
        used += length;
    }
    out[used] = '\0';
    return used;
}

const char *record_key(const Assay__V1__Event *event, struct arena *arena)
{
    char key[LIMIT_KEY_BYTES + 1];
    size_t size = join_key(event, key);
    return arena_text(arena, key, size);
}

/* --- events to records --- */

static const char *topic_for(const Assay__V1__Event *event, const char *team, struct arena *arena)
{
    char topic[RECORD_TOPIC_MAX];
    bool of_service = event->body_case == ASSAY__V1__EVENT__BODY_RETRACTION &&
                      *event->retraction->service != '\0';
    switch (event->body_case) {
    case ASSAY__V1__EVENT__BODY_SERVICE_ONBOARDING:
        return RECORD_TOPIC_SERVICES;
    case ASSAY__V1__EVENT__BODY_SCOPE_CHANGE:
        return RECORD_TOPIC_SCOPE;
    case ASSAY__V1__EVENT__BODY_CONTROL_TEST_RESULT:
        break;
    default:
        if (!of_service)
            return RECORD_TOPIC_GOVERNANCE;
    }
    if (team == NULL)
        return RECORD_TOPIC_EVIDENCE;
    int size = snprintf(topic, sizeof topic, RECORD_TEAM_PREFIX "%s", team);
    assert(size > 0 && size <= LIMIT_TOPIC_BYTES);
    return arena_text(arena, topic, (size_t)size);
}

/* CloudEvents 1.0, Kafka protocol binding, binary content mode. The texts are the event's own or in
 * the arena. */
static bool fill_headers(const Assay__V1__Event *event, struct arena *arena, struct record *record)
{
    static const char package[] = "assay.v1.";
    const char *body = record_body_name(event);
    size_t body_size = strlen(body);
    char *type = arena_take_raw(arena, sizeof package + body_size);
    char *time = arena_take_raw(arena, INSTANT_TEXT_MAX);
    if (type == NULL || time == NULL)
        return false;
    memcpy(type, package, sizeof package - 1);
    memcpy(type + sizeof package - 1, body, body_size + 1);
    instant_format(codec_instant(event->occurred_at, INSTANT_BEGIN), time);
    const struct record_header headers[RECORD_HEADERS] = {
        {"ce_specversion", "1.0", 3},
        {RECORD_HEADER_ID, event->id, strlen(event->id)},
        {"ce_source", event->source, strlen(event->source)},
        {"ce_type", type, sizeof package - 1 + body_size},
        {"ce_time", time, strlen(time)},
        {"content-type", "application/protobuf", strlen("application/protobuf")},
    };
    memcpy(record->headers, headers, sizeof headers);
    return true;
}

static bool no_room(size_t size, struct fault *why)
{
    return fault_set(why, FAULT_RETRY, "the arena has no room for a record of %zu bytes", size);
}

bool record_of_event(const Assay__V1__Event *event, const char *team, struct arena *arena,
                     struct record *record, struct fault *why)
{
    size_t size = codec_encode(event, NULL);
    if (size > LIMIT_RECORD_BYTES)
        return fault_set(why, FAULT_REJECT, "event: %zu bytes serialized, at most %d", size,
                         LIMIT_RECORD_BYTES);
    uint8_t *value = arena_take_raw(arena, size);
    if (value == NULL)
        return no_room(size, why);
    size_t written = codec_encode(event, value);
    assert(written == size);
    return record_of_encoded(event, value, size, team, arena, record, why);
}

bool record_of_encoded(const Assay__V1__Event *event, const uint8_t *value, size_t size,
                       const char *team, struct arena *arena, struct record *record,
                       struct fault *why)
{
    if (team != NULL && !validate_team(team))
        return fault_set(why, FAULT_REJECT, "'%s' is no team: [A-Za-z0-9._-]+ of at most %d bytes",
                         team, LIMIT_TEAM_BYTES);
    record->topic = topic_for(event, team, arena);
    record->key = record_key(event, arena);
    record->value = value;
    record->value_size = size;
    if (record->topic == NULL || record->key == NULL || !fill_headers(event, arena, record))
        return no_room(size, why);
    record->key_size = strlen(record->key);
    return true;
}

/* --- records to verdicts --- */

const char *verdict_name(enum verdict verdict)
{
    switch (verdict) {
    case VERDICT_ACCEPTED:
        return "accepted";
    case VERDICT_TOO_LARGE:
        return "too_large";
    case VERDICT_UNDECODABLE:
        return "undecodable";
    case VERDICT_INVALID:
        return "invalid";
    case VERDICT_WRONG_TOPIC:
        return "wrong_topic";
    case VERDICT_KEY_MISMATCH:
        return "key_mismatch";
    case VERDICT_FUTURE:
        return "future";
    }
    return "unknown";
}

__attribute__((format(printf, 3, 4))) static bool
conclude(struct judgement *judgement, enum verdict verdict, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(judgement->detail, sizeof judgement->detail, format, arguments);
    va_end(arguments);
    judgement->verdict = verdict;
    return true;
}

/* What was received, so that it can stand in a text: printable ASCII as it is, other bytes as
 * \xNN, cut where there is no room. */
static const char *printable(const uint8_t *bytes, size_t size, size_t room, char *out)
{
    size_t used = 0;
    for (size_t i = 0; i < size; i++) {
        if (used + sizeof "\\xNN" + sizeof "…" > room) {
            memcpy(out + used, "…", sizeof "…");
            return out;
        }
        if (bytes[i] >= 0x20 && bytes[i] < 0x7F && bytes[i] != '\\')
            out[used++] = (char)bytes[i];
        else
            used += (size_t)snprintf(out + used, room - used, "\\x%02x", bytes[i]);
    }
    out[used] = '\0';
    return out;
}

static bool judge_key(const Assay__V1__Event *event, const uint8_t *key, size_t key_size,
                      struct judgement *judgement)
{
    char expected[LIMIT_KEY_BYTES + 1];
    size_t size = join_key(event, expected);
    if (key != NULL && key_size == size && memcmp(key, expected, size) == 0)
        return true;
    char wanted[200];
    char given[200];
    printable((const uint8_t *)expected, size, sizeof wanted, wanted);
    if (key == NULL)
        conclude(judgement, VERDICT_KEY_MISMATCH, "the record has no key, must be '%s'", wanted);
    else
        conclude(judgement, VERDICT_KEY_MISMATCH, "the record's key is '%s', must be '%s'",
                 printable(key, key_size, sizeof given, given), wanted);
    return false;
}

/* What can be said of a decoded event and where it came from, in the order of the reasons. */
static bool judge_event(enum record_topic topic, const uint8_t *key, size_t key_size,
                        instant kafka_timestamp, struct judgement *judgement)
{
    const Assay__V1__Event *event = judgement->event;
    struct violation first;
    if (!validate_event(event, &first))
        return conclude(judgement, VERDICT_INVALID, "%s: %s", first.path, first.rule);
    if (is_evidence(topic) && event->body_case == ASSAY__V1__EVENT__BODY_RETRACTION &&
        *event->retraction->service == '\0')
        return conclude(judgement, VERDICT_INVALID,
                        "retraction.service: required on an evidence topic");
    if (!belongs(event, topic))
        return conclude(judgement, VERDICT_WRONG_TOPIC, "%s does not belong on this topic",
                        record_body_name(event));
    if (!judge_key(event, key, key_size, judgement))
        return true;
    instant occurred_at = codec_instant(event->occurred_at, INSTANT_BEGIN);
    if (is_evidence(topic) && kafka_timestamp != INSTANT_BEGIN &&
        occurred_at > instant_add(kafka_timestamp, LIMIT_FUTURE)) {
        char dated[INSTANT_TEXT_MAX];
        char stamped[INSTANT_TEXT_MAX];
        return conclude(judgement, VERDICT_FUTURE,
                        "occurred_at %s is more than %d minutes past the record's Kafka timestamp "
                        "%s",
                        instant_format(occurred_at, dated),
                        (int)(LIMIT_FUTURE / (60 * INSTANT_SECOND)),
                        instant_format(kafka_timestamp, stamped));
    }
    return true;
}

bool record_judge(enum record_topic topic, const uint8_t *key, size_t key_size,
                  const uint8_t *value, size_t value_size, instant kafka_timestamp,
                  struct arena *arena, struct judgement *judgement)
{
    judgement->verdict = VERDICT_ACCEPTED;
    judgement->event = NULL;
    judgement->detail[0] = '\0';
    if (value != NULL && value_size > LIMIT_RECORD_BYTES)
        return conclude(judgement, VERDICT_TOO_LARGE, "%zu bytes of value, at most %d", value_size,
                        LIMIT_RECORD_BYTES);
    if (value == NULL)
        return conclude(judgement, VERDICT_UNDECODABLE, "no value (a tombstone)");
    struct fault why;
    judgement->event = codec_decode(value, value_size, arena, &why);
    if (judgement->event != NULL)
        return judge_event(topic, key, key_size, kafka_timestamp, judgement);
    if (why.reaction == FAULT_RETRY)
        return false;
    return conclude(judgement, VERDICT_UNDECODABLE, "%.500s", why.text);
}
