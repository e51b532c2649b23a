#include "proto/json.h"

#include "proto/limits.h"
#include "proto/path.h"
#include "proto/wire.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NANOS_DIGITS = 9, FIELDS_MOST = 64 };

struct reader {
    struct arena *arena;
    struct fault *why;
};

static ProtobufCMessage *read_message(const struct reader *reader,
                                      const ProtobufCMessageDescriptor *descriptor,
                                      const json_t *json, const struct path *path);

/* What is quoted of the input may hold anything, and may be cut inside a character: each byte that
 * is no text, or no text for a terminal, becomes '?'. Returns text. */
static char *make_plain(char *text)
{
    size_t size = strlen(text);
    size_t bad;
    for (size_t at = 0; !wire_text((uint8_t *)text + at, size - at, &bad); at += bad + 1)
        text[at + bad] = '?';
    for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
        if (*c < ' ' || *c == 0x7F)
            *c = '?';
        else if (*c == 0xC2 && c[1] < 0xA0) /* U+0080 … U+009F */
            *c = c[1] = '?';
    }
    return text;
}

__attribute__((format(printf, 3, 4))) static bool
refuse(const struct reader *reader, const struct path *path, const char *format, ...)
{
    char where[PATH_TEXT_MAX];
    char reason[300];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reason, sizeof reason, format, arguments);
    va_end(arguments);
    return fault_set(reader->why, FAULT_REJECT, "%s: %s",
                     path_format_json(path, sizeof where, where), make_plain(reason));
}

static bool no_room(const struct reader *reader)
{
    return fault_set(reader->why, FAULT_RETRY, "the arena has no room for the event");
}

static const char *kind_of(const json_t *json)
{
    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "text";
    case JSON_INTEGER:
    case JSON_REAL:
        return "a number";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    default:
        return "null";
    }
}

static bool wrong_kind(const struct reader *reader, const struct path *path, const json_t *json,
                       const char *expected)
{
    return refuse(reader, path, "must be %s, is %s", expected, kind_of(json));
}

/* --- numbers --- */

/* A whole number as text: digits, with a minus in front where it is negative. */
static bool parse_whole(const char *text, bool *negative, uint64_t *magnitude)
{
    *negative = *text == '-';
    if (*negative)
        text++;
    if (!isdigit((unsigned char)*text))
        return false;
    char *end;
    errno = 0;
    *magnitude = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0';
}

/* Up to here a double holds every whole number. */
#define WHOLE_DOUBLE_MOST 9007199254740992.0

/* The mapping allows 42, "42" and, as some writers have it, 42.0. */
static bool read_whole(const struct reader *reader, const json_t *json, const struct path *path,
                       bool *negative, uint64_t *magnitude)
{
    if (json_is_integer(json)) {
        json_int_t number = json_integer_value(json);
        *negative = number < 0;
        *magnitude = *negative ? 0 - (uint64_t)number : (uint64_t)number;
        return true;
    }
    if (json_is_real(json)) {
        double number = json_real_value(json);
        *negative = number < 0;
        *magnitude = 0;
        if (number >= -WHOLE_DOUBLE_MOST && number <= WHOLE_DOUBLE_MOST)
            *magnitude = (uint64_t)(*negative ? -number : number);
        if ((double)*magnitude != (*negative ? -number : number))
            return refuse(reader, path, "must be a whole number");
        return true;
    }
    if (!json_is_string(json))
        return wrong_kind(reader, path, json, "a whole number");
    return parse_whole(json_string_value(json), negative, magnitude) ||
           refuse(reader, path, "must be a whole number of at most 64 bits");
}

static bool read_unsigned(const struct reader *reader, const json_t *json, const struct path *path,
                          uint64_t *number)
{
    bool negative;
    if (!read_whole(reader, json, path, &negative, number))
        return false;
    return !negative || *number == 0 || refuse(reader, path, "must not be negative");
}

static bool read_signed(const struct reader *reader, const json_t *json, const struct path *path,
                        int64_t least, int64_t most, int64_t *number)
{
    bool negative;
    uint64_t magnitude;
    if (!read_whole(reader, json, path, &negative, &magnitude))
        return false;
    uint64_t bound = negative ? 0 - (uint64_t)least : (uint64_t)most;
    if (magnitude > bound)
        return refuse(reader, path, "must be from %" PRId64 " to %" PRId64, least, most);
    *number = (int64_t)(negative ? 0 - magnitude : magnitude);
    return true;
}

static bool read_double(const struct reader *reader, const json_t *json, const struct path *path,
                        double *number)
{
    if (json_is_number(json)) {
        *number = json_number_value(json);
        return true;
    }
    if (!json_is_string(json))
        return wrong_kind(reader, path, json, "a number");
    const char *text = json_string_value(json);
    if (strcmp(text, "NaN") == 0)
        *number = NAN;
    else if (strcmp(text, "Infinity") == 0)
        *number = INFINITY;
    else if (strcmp(text, "-Infinity") == 0)
        *number = -INFINITY;
    else {
        char *end;
        *number = strtod(text, &end);
        /* strtod knows more than JSON does: blanks, hexadecimal, "inf". */
        if (*end != '\0' || strspn(text, "+-.0123456789eE") != strlen(text) || end == text ||
            !isfinite(*number))
            return refuse(reader, path, "must be a number");
    }
    return true;
}

static bool read_enum(const struct reader *reader, const ProtobufCEnumDescriptor *descriptor,
                      const json_t *json, const struct path *path, int *value)
{
    if (json_is_string(json)) {
        const char *name = json_string_value(json);
        const ProtobufCEnumValue *found =
            protobuf_c_enum_descriptor_get_value_by_name(descriptor, name);
        if (found == NULL)
            return refuse(reader, path, "\"%.80s\" is no value of %s, for example %s", name,
                          descriptor->short_name, descriptor->values[1].name);
        *value = found->value;
        return true;
    }
    int64_t number;
    if (!json_is_number(json))
        return wrong_kind(reader, path, json, "the name of a value");
    if (!read_signed(reader, json, path, INT32_MIN, INT32_MAX, &number))
        return false;
    if (protobuf_c_enum_descriptor_get_value(descriptor, (int)number) == NULL)
        return refuse(reader, path, "%" PRId64 " is no value of %s", number,
                      descriptor->short_name);
    *value = (int)number;
    return true;
}

/* --- texts that stand for something else --- */

static bool read_timestamp(const struct reader *reader, const char *text, const struct path *path,
                           Google__Protobuf__Timestamp *timestamp)
{
    bool zoneless;
    if (instant_parse_exact(text, &timestamp->seconds, &timestamp->nanos, &zoneless))
        return true;
    if (zoneless)
        return refuse(reader, path, "\"%.60s\" has no zone: end it in Z or +HH:MM", text);
    return refuse(reader, path, "\"%.60s\" is no instant such as 2026-11-23T03:56:40Z", text);
}

static bool parse_duration(const char *text, Google__Protobuf__Duration *duration)
{
    bool negative = *text == '-';
    if (negative)
        text++;
    if (!isdigit((unsigned char)*text))
        return false;
    int64_t seconds = 0;
    for (; isdigit((unsigned char)*text); text++) {
        seconds = seconds * 10 + (*text - '0');
        if (seconds > LIMIT_DURATION_SECONDS)
            return false;
    }
    int32_t nanos = 0;
    if (*text == '.') {
        int digits = 0;
        for (text++; isdigit((unsigned char)*text) && digits < NANOS_DIGITS; text++, digits++)
            nanos = nanos * 10 + (*text - '0');
        if (digits == 0)
            return false;
        for (; digits < NANOS_DIGITS; digits++)
            nanos *= 10;
    }
    duration->seconds = negative ? -seconds : seconds;
    duration->nanos = negative ? -nanos : nanos;
    return strcmp(text, "s") == 0;
}

/* Length without padding; false where a character is none of base64's, of either alphabet. The
 * standard alphabet goes to `plain`, which holds `size` characters. */
static bool to_standard_base64(const char *text, size_t size, unsigned char *plain, size_t *length)
{
    size_t end = size;
    while (end > 0 && size - end < 2 && text[end - 1] == '=')
        end--;
    if (end % 4 == 1 || (end < size && size % 4 != 0))
        return false;
    for (size_t i = 0; i < end; i++) {
        char letter = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
        if (!isalnum((unsigned char)letter) && letter != '+' && letter != '/')
            return false;
        plain[i] = (unsigned char)letter;
    }
    *length = end;
    return true;
}

static bool read_bytes(const struct reader *reader, const json_t *json, const struct path *path,
                       ProtobufCBinaryData *data)
{
    if (!json_is_string(json))
        return wrong_kind(reader, path, json, "base64 text");
    size_t size = json_string_length(json);
    unsigned char *plain = arena_take(reader->arena, size + 4);
    uint8_t *bytes = arena_take(reader->arena, size + 4);
    if (plain == NULL || bytes == NULL)
        return no_room(reader);
    size_t length;
    if (!to_standard_base64(json_string_value(json), size, plain, &length))
        return refuse(reader, path, "not base64");
    size_t padding = (4 - length % 4) % 4;
    memset(plain + length, '=', padding);
    int decoded = EVP_DecodeBlock(bytes, plain, (int)(length + padding));
    if (decoded < 0)
        return refuse(reader, path, "not base64");
    data->len = (size_t)decoded - padding;
    data->data = data->len == 0 ? NULL : bytes;
    return true;
}

static bool read_text(const struct reader *reader, const json_t *json, const struct path *path,
                      char **text)
{
    if (!json_is_string(json))
        return wrong_kind(reader, path, json, "text");
    *text = arena_text(reader->arena, json_string_value(json), json_string_length(json));
    return *text != NULL || no_room(reader);
}

/* --- messages --- */

static bool read_value(const struct reader *reader, const ProtobufCFieldDescriptor *field,
                       const json_t *json, const struct path *path, void *member)
{
    int64_t number;
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return read_text(reader, json, path, member);
    case PROTOBUF_C_TYPE_BYTES:
        return read_bytes(reader, json, path, member);
    case PROTOBUF_C_TYPE_MESSAGE: {
        ProtobufCMessage *message = read_message(reader, field->descriptor, json, path);
        *(ProtobufCMessage **)member = message;
        return message != NULL;
    }
    case PROTOBUF_C_TYPE_ENUM:
        return read_enum(reader, field->descriptor, json, path, member);
    case PROTOBUF_C_TYPE_BOOL:
        if (!json_is_boolean(json))
            return wrong_kind(reader, path, json, "true or false");
        *(protobuf_c_boolean *)member = json_is_true(json);
        return true;
    case PROTOBUF_C_TYPE_DOUBLE:
        return read_double(reader, json, path, member);
    case PROTOBUF_C_TYPE_INT32:
        if (!read_signed(reader, json, path, INT32_MIN, INT32_MAX, &number))
            return false;
        *(int32_t *)member = (int32_t)number;
        return true;
    case PROTOBUF_C_TYPE_INT64:
        return read_signed(reader, json, path, INT64_MIN, INT64_MAX, member);
    case PROTOBUF_C_TYPE_UINT64:
        return read_unsigned(reader, json, path, member);
    default:
        assert(!"a type the contract does not use");
        return false;
    }
}

/* Elements are texts or messages: pointers, either way. */
static bool read_list(const struct reader *reader, const ProtobufCFieldDescriptor *field,
                      const json_t *json, struct path *path, uint8_t *base)
{
    if (!json_is_array(json))
        return wrong_kind(reader, path, json, "a list");
    size_t count = json_array_size(json);
    void **elements = NULL;
    if (count > 0) {
        elements = arena_take(reader->arena, count * sizeof *elements);
        if (elements == NULL)
            return no_room(reader);
    }
    for (size_t i = 0; i < count; i++) {
        path->index = (ptrdiff_t)i;
        if (!read_value(reader, field, json_array_get(json, i), path, &elements[i]))
            return false;
    }
    *(size_t *)(base + field->quantifier_offset) = count;
    *(void ***)(base + field->offset) = elements;
    return true;
}

static bool read_field(const struct reader *reader, const ProtobufCFieldDescriptor *field,
                       const json_t *json, const struct path *up, uint8_t *base)
{
    struct path path = {up, field->name, PATH_SINGLE};
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return read_list(reader, field, json, &path, base);
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        uint32_t *set = (uint32_t *)(base + field->quantifier_offset);
        if (*set != 0)
            return refuse(reader, &path, "a second one where only one may stand");
        *set = field->id;
    }
    return read_value(reader, field, json, &path, base + field->offset);
}

/* By its name in JSON, or by the one in the .proto. */
static const ProtobufCFieldDescriptor *find_field(const ProtobufCMessageDescriptor *descriptor,
                                                  const char *key)
{
    for (unsigned i = 0; i < descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &descriptor->fields[i];
        char camel[JSON_NAME_MAX];
        if (key[0] == field->name[0] && (strcmp(key, json_field_name(field->name, camel)) == 0 ||
                                         strcmp(key, field->name) == 0))
            return field;
    }
    return NULL;
}

static bool read_object(const struct reader *reader, const json_t *json, const struct path *path,
                        ProtobufCMessage *message)
{
    const ProtobufCMessageDescriptor *descriptor = message->descriptor;
    uint64_t seen = 0;
    const char *key;
    json_t *value;
    assert(descriptor->n_fields <= FIELDS_MOST);
    json_object_foreach((json_t *)json, key, value)
    {
        const ProtobufCFieldDescriptor *field = find_field(descriptor, key);
        if (field == NULL)
            return refuse(reader, path, "%s has no field \"%.100s\"", descriptor->short_name, key);
        uint64_t bit = UINT64_C(1) << (field - descriptor->fields);
        if ((seen & bit) != 0)
            return refuse(reader, path, "\"%s\" stands twice, in two spellings", key);
        seen |= bit;
        if (!json_is_null(value) && !read_field(reader, field, value, path, (uint8_t *)message))
            return false;
    }
    return true;
}

static bool read_content(const struct reader *reader, const json_t *json, const struct path *path,
                         ProtobufCMessage *message)
{
    bool timestamp = message->descriptor == &google__protobuf__timestamp__descriptor;
    bool duration = message->descriptor == &google__protobuf__duration__descriptor;
    if (!timestamp && !duration)
        return json_is_object(json) ? read_object(reader, json, path, message)
                                    : wrong_kind(reader, path, json, "an object");
    if (!json_is_string(json))
        return wrong_kind(reader, path, json, "text");
    const char *text = json_string_value(json);
    if (timestamp)
        return read_timestamp(reader, text, path, (Google__Protobuf__Timestamp *)message);
    return parse_duration(text, (Google__Protobuf__Duration *)message) ||
           refuse(reader, path, "\"%.60s\" is no duration in seconds such as 1.5s", text);
}

static ProtobufCMessage *read_message(const struct reader *reader,
                                      const ProtobufCMessageDescriptor *descriptor,
                                      const json_t *json, const struct path *path)
{
    ProtobufCMessage *message = arena_take(reader->arena, descriptor->sizeof_message);
    if (message == NULL) {
        no_room(reader);
        return NULL;
    }
    descriptor->message_init(message);
    return read_content(reader, json, path, message) ? message : NULL;
}

Assay__V1__Event *json_read_event(const char *line, size_t size, struct arena *arena,
                                  struct fault *why)
{
    if (size > LIMIT_JSON_BYTES) {
        fault_set(why, FAULT_REJECT, "event: %zu bytes of JSON, at most %d", size,
                  LIMIT_JSON_BYTES);
        return NULL;
    }
    json_error_t error;
    json_t *json = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
    if (json == NULL) {
        if (json_error_code(&error) == json_error_null_character)
            fault_set(why, FAULT_REJECT, "event: NUL in text at column %d", error.column);
        else if (error.line > 1)
            fault_set(why, FAULT_REJECT, "event: no JSON at its line %d, column %d: %s", error.line,
                      error.column, make_plain(error.text));
        else
            fault_set(why, FAULT_REJECT, "event: no JSON at column %d: %s", error.column,
                      make_plain(error.text));
        return NULL;
    }
    struct arena_mark mark = arena_mark(arena);
    struct reader reader = {arena, why};
    ProtobufCMessage *event = read_message(&reader, &assay__v1__event__descriptor, json, NULL);
    json_decref(json);
    if (event == NULL)
        arena_rewind(arena, mark);
    return (Assay__V1__Event *)event;
}
