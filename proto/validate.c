#include "proto/validate.h"

#include "proto/codec.h"
#include "proto/identity.h"
#include "proto/limits.h"
#include "proto/path.h"
#include "proto/rules.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <threads.h>

struct walk {
    const Assay__V1__Event *event;
    struct violation *first;
};

/* One message on the way down. */
struct level {
    const ProtobufCMessage *message;
    const struct rule *rules; /* one a field, in the descriptor's order */
    const struct path *path;
};

static bool walk_message(const struct walk *walk, const struct level *level);

__attribute__((format(printf, 3, 4))) static bool
refuse(const struct walk *walk, const struct path *path, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(walk->first->rule, sizeof walk->first->rule, format, arguments);
    va_end(arguments);
    path_format(path, sizeof walk->first->path, walk->first->path);
    return false;
}

/* What may stand in a slug, by byte: 1 anywhere, 2 anywhere but first, 4 where '/' is allowed. */
enum { SLUG_FIRST = 1, SLUG_LATER = 2, SLUG_SLASH = 4 };
static const uint8_t slug_bytes[256] = {
    ['0' ... '9'] = SLUG_FIRST | SLUG_LATER,
    ['A' ... 'Z'] = SLUG_FIRST | SLUG_LATER,
    ['a' ... 'z'] = SLUG_FIRST | SLUG_LATER,
    ['.'] = SLUG_LATER,
    ['_'] = SLUG_LATER,
    [':'] = SLUG_LATER,
    ['-'] = SLUG_LATER,
    ['/'] = SLUG_SLASH,
};

bool validate_slug(const char *text, bool slash)
{
    const uint8_t *byte = (const uint8_t *)text;
    const uint8_t allowed = slash ? SLUG_LATER | SLUG_SLASH : SLUG_LATER;
    if ((slug_bytes[*byte] & SLUG_FIRST) == 0)
        return false;
    for (byte++; *byte != '\0'; byte++)
        if ((slug_bytes[*byte] & allowed) == 0)
            return false;
    return byte - (const uint8_t *)text <= LIMIT_SLUG_BYTES;
}

bool validate_team(const char *text)
{
    const uint8_t *byte = (const uint8_t *)text;
    for (; *byte != '\0'; byte++)
        if ((slug_bytes[*byte] & SLUG_LATER) == 0 || *byte == ':')
            return false;
    ptrdiff_t length = byte - (const uint8_t *)text;
    return length > 0 && length <= LIMIT_TEAM_BYTES;
}

static bool check_slug(const struct walk *walk, const struct rule *rule, const char *text,
                       const struct path *path)
{
    bool star = (rule->flags & RULE_STAR) != 0;
    bool slash = (rule->flags & RULE_SLASH) != 0;
    if ((star && strcmp(text, "*") == 0) || validate_slug(text, slash))
        return true;
    return refuse(walk, path, "not a name: [A-Za-z0-9][A-Za-z0-9._:%s-]* of at most %d bytes%s",
                  slash ? "/" : "", LIMIT_SLUG_BYTES, star ? ", or \"*\"" : "");
}

static bool check_length(const struct walk *walk, const char *text, size_t most,
                         const struct path *path)
{
    if (strnlen(text, most + 1) <= most)
        return true;
    return refuse(walk, path, "longer than %zu bytes", most);
}

/* Control characters: U+0000 … U+001F, U+007F, and U+0080 … U+009F, which UTF-8 writes as C2 80 …
 * C2 9F. */
static bool has_control(const char *text)
{
    for (const uint8_t *byte = (const uint8_t *)text; *byte != '\0'; byte++)
        if (*byte < 0x20 || *byte == 0x7F || (*byte == 0xC2 && byte[1] < 0xA0))
            return true;
    return false;
}

static bool check_text(const struct walk *walk, const struct rule *rule, const char *text,
                       const struct path *path)
{
    if (*text == '\0')
        return (rule->flags & RULE_REQUIRED) == 0 || refuse(walk, path, "required");
    switch (rule->kind) {
    case RULE_SLUG:
        return check_slug(walk, rule, text, path);
    case RULE_UUID:
        return uuid_parse(text, &(uuid){{0}}) ||
               refuse(walk, path, "not a UUID in lower-case text");
    case RULE_SUBJECT:
        return check_length(walk, text, LIMIT_SUBJECT_BYTES, path) &&
               (!has_control(text) || refuse(walk, path, "control character"));
    case RULE_VERSION:
        return check_length(walk, text, LIMIT_VERSION_BYTES, path);
    case RULE_TEXT:
        return check_length(walk, text, LIMIT_TEXT_BYTES, path);
    default:
        assert(rule->kind == RULE_PROSE);
        return check_length(walk, text, LIMIT_PROSE_BYTES, path);
    }
}

static bool check_instant(const struct walk *walk, const Google__Protobuf__Timestamp *timestamp,
                          const struct path *path)
{
    if (timestamp->nanos < 0 || timestamp->nanos > 999999999 ||
        timestamp->seconds < INSTANT_LEAST / INSTANT_SECOND ||
        timestamp->seconds > INSTANT_MOST / INSTANT_SECOND)
        return refuse(walk, path,
                      "out of range: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59.999999999Z");
    return true;
}

/* Positive, also once it is cut to microseconds. */
static bool check_ttl(const struct walk *walk, const Google__Protobuf__Duration *ttl,
                      const struct path *path)
{
    if (ttl->seconds < 0 || ttl->nanos < 0 || ttl->nanos > 999999999 ||
        ttl->seconds > LIMIT_DURATION_SECONDS)
        return refuse(walk, path, "out of range: above 0 and at most %" PRId64 " s",
                      LIMIT_DURATION_SECONDS);
    return codec_duration(ttl) > 0 || refuse(walk, path, "must be positive, at least 1 µs");
}

static bool check_message(const struct walk *walk, const struct rule *rule,
                          const ProtobufCMessage *message, const struct path *path)
{
    if (message == NULL)
        return (rule->flags & RULE_REQUIRED) == 0 || refuse(walk, path, "required");
    if (rule->kind == RULE_INSTANT)
        return check_instant(walk, (const Google__Protobuf__Timestamp *)message, path);
    if (rule->kind == RULE_TTL)
        return check_ttl(walk, (const Google__Protobuf__Duration *)message, path);
    assert(rule->kind == RULE_MESSAGE);
    return walk_message(walk, &(struct level){message, rule->elements, path});
}

static bool check_number(const struct walk *walk, const struct rule *rule, const void *member,
                         const struct path *path)
{
    switch (rule->kind) {
    case RULE_ENUM:
        return *(const int *)member != 0 || refuse(walk, path, "required");
    case RULE_COUNT:
        return *(const uint64_t *)member <= LIMIT_COUNT ||
               refuse(walk, path, "at most %" PRIu64, LIMIT_COUNT);
    case RULE_FINITE:
        return __builtin_isfinite(*(const double *)member) ||
               refuse(walk, path, "must be a finite number");
    default:
        assert(rule->kind == RULE_ANY);
        return true;
    }
}

static bool check_value(const struct walk *walk, const ProtobufCFieldDescriptor *field,
                        const struct rule *rule, const void *member, const struct path *path)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return check_text(walk, rule, *(char *const *)member, path);
    case PROTOBUF_C_TYPE_MESSAGE:
        return check_message(walk, rule, *(ProtobufCMessage *const *)member, path);
    case PROTOBUF_C_TYPE_BYTES: {
        size_t length = ((const ProtobufCBinaryData *)member)->len;
        assert(rule->kind == RULE_SHA256);
        return length == 0 || length == LIMIT_SHA256_BYTES ||
               refuse(walk, path, "%zu bytes, must be %d", length, LIMIT_SHA256_BYTES);
    }
    default:
        return check_number(walk, rule, member, path);
    }
}

static bool check_list(const struct walk *walk, const struct level *level,
                       const ProtobufCFieldDescriptor *field, const struct rule *rule)
{
    const uint8_t *base = (const uint8_t *)level->message;
    size_t count = *(const size_t *)(base + field->quantifier_offset);
    const uint8_t *elements = *(uint8_t *const *)(base + field->offset);
    struct path path = {level->path, field->name, PATH_SINGLE};
    if (count > LIMIT_LIST)
        return refuse(walk, &path, "%zu elements, at most %d", count, LIMIT_LIST);
    /* Lists hold texts or messages: pointers, either way. */
    for (size_t i = 0; i < count; i++) {
        path.index = (ptrdiff_t)i;
        if (!check_value(walk, field, rule, elements + i * sizeof(void *), &path))
            return false;
    }
    path.index = PATH_SINGLE;
    if (rule->unique == NULL || count < 2)
        return true;
    size_t again = rules_duplicate(rule, (ProtobufCMessage *const *)(const void *)elements, count);
    path.index = (ptrdiff_t)again;
    return again == count || refuse(walk, &path, "%s stands twice in the list", rule->unique);
}

/* By a function of its own: no field but a few has such a rule, and all would pay for its text. */
__attribute__((noinline)) static bool check_also(const struct walk *walk, const struct level *level,
                                                 const struct rule *rule, const struct path *path)
{
    char broken[sizeof walk->first->rule];
    return rule->also(walk->event, level->message, sizeof broken, broken) ||
           refuse(walk, path, "%s", broken);
}

static bool check_field(const struct walk *walk, const struct level *level, unsigned place)
{
    const ProtobufCFieldDescriptor *field = &level->message->descriptor->fields[place];
    const struct rule *rule = &level->rules[place];
    const uint8_t *base = (const uint8_t *)level->message;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return check_list(walk, level, field, rule);
    struct path path = {level->path, field->name, PATH_SINGLE};
    return check_value(walk, field, rule, base + field->offset, &path) &&
           (rule->also == NULL || check_also(walk, level, rule, &path));
}

/* Whether it belongs to a oneof in which another one is set, or none: all bodies but one do. */
static bool is_other_member(const ProtobufCMessage *message, const ProtobufCFieldDescriptor *field)
{
    return (field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
           *(const uint32_t *)((const uint8_t *)message + field->quantifier_offset) != field->id;
}

static bool walk_message(const struct walk *walk, const struct level *level)
{
    const ProtobufCMessageDescriptor *descriptor = level->message->descriptor;
    for (unsigned i = 0; i < descriptor->n_fields; i++)
        if (!is_other_member(level->message, &descriptor->fields[i]) &&
            !check_field(walk, level, i))
            return false;
    return true;
}

static once_flag matched = ONCE_FLAG_INIT;

bool validate_event(const Assay__V1__Event *event, struct violation *first)
{
    call_once(&matched, rules_assert);
    struct walk walk = {event, first};
    if (!walk_message(&walk, &(struct level){&event->base, rules_event, NULL}))
        return false;
    if (event->body_case == ASSAY__V1__EVENT__BODY__NOT_SET) {
        struct path path = {NULL, "body", PATH_SINGLE};
        return refuse(&walk, &path, "required: none that this version knows is set");
    }
    return true;
}
