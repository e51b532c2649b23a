#include "proto/json.h"

#include "proto/limits.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NANOS_PER_SECOND = 1000000000 };

static json_t *owned(json_t *json)
{
    if (json == NULL)
        abort(); /* out of memory; decoded text is UTF-8, so nothing else can be */
    return json;
}

/* Out of range cannot be written as JSON's mapping has it; whoever prints a refused event is to see
 * what it carries. */
static json_t *write_timestamp(const Google__Protobuf__Timestamp *timestamp)
{
    char text[80];
    if (timestamp->seconds >= INSTANT_LEAST / INSTANT_SECOND &&
        timestamp->seconds <= INSTANT_MOST / INSTANT_SECOND && timestamp->nanos >= 0 &&
        timestamp->nanos < NANOS_PER_SECOND)
        instant_format_exact(timestamp->seconds, timestamp->nanos, text);
    else
        snprintf(text, sizeof text, "out of range: %" PRId64 " s, %" PRId32 " ns",
                 timestamp->seconds, timestamp->nanos);
    return owned(json_string(text));
}

static json_t *write_duration(const Google__Protobuf__Duration *duration)
{
    int64_t seconds = duration->seconds;
    int64_t nanos = duration->nanos;
    char text[80];
    if (seconds < -LIMIT_DURATION_SECONDS || seconds > LIMIT_DURATION_SECONDS ||
        nanos <= -NANOS_PER_SECOND || nanos >= NANOS_PER_SECOND || (seconds < 0 && nanos > 0) ||
        (seconds > 0 && nanos < 0)) {
        snprintf(text, sizeof text, "out of range: %" PRId64 " s, %" PRId64 " ns", seconds, nanos);
        return owned(json_string(text));
    }
    const char *sign = seconds < 0 || nanos < 0 ? "-" : "";
    seconds = llabs(seconds);
    nanos = llabs(nanos);
    if (nanos == 0)
        snprintf(text, sizeof text, "%s%" PRId64 "s", sign, seconds);
    else if (nanos % 1000000 == 0)
        snprintf(text, sizeof text, "%s%" PRId64 ".%03" PRId64 "s", sign, seconds, nanos / 1000000);
    else if (nanos % 1000 == 0)
        snprintf(text, sizeof text, "%s%" PRId64 ".%06" PRId64 "s", sign, seconds, nanos / 1000);
    else
        snprintf(text, sizeof text, "%s%" PRId64 ".%09" PRId64 "s", sign, seconds, nanos);
    return owned(json_string(text));
}

static json_t *write_bytes(const ProtobufCBinaryData *data)
{
    assert(data->len <= LIMIT_RECORD_BYTES);
    unsigned char *text = malloc(4 * ((data->len + 2) / 3) + 1);
    if (text == NULL)
        abort();
    int size = EVP_EncodeBlock(text, data->data, (int)data->len);
    json_t *json = owned(json_stringn((const char *)text, (size_t)size));
    free(text);
    return json;
}

static json_t *write_double(double number)
{
    if (isnan(number))
        return owned(json_string("NaN"));
    if (isinf(number))
        return owned(json_string(number < 0 ? "-Infinity" : "Infinity"));
    return owned(json_real(number));
}

static json_t *write_enum(const ProtobufCEnumDescriptor *descriptor, int value, bool proto_names)
{
    const ProtobufCEnumValue *found = protobuf_c_enum_descriptor_get_value(descriptor, value);
    if (found == NULL)
        return owned(json_integer(value)); /* no decoded event has one */
    return owned(json_string(proto_names ? codec_enum_name(descriptor, value) : found->name));
}

/* 64-bit numbers are texts in proto3's mapping, since JavaScript's cannot hold them all; in a jsonb
 * column they are numbers. What is above int64 no valid event has. */
static json_t *write_unsigned(uint64_t number, bool proto_names)
{
    char text[24];
    if (proto_names && number <= INT64_MAX)
        return owned(json_integer((json_int_t)number));
    snprintf(text, sizeof text, "%" PRIu64, number);
    return owned(json_string(text));
}

static json_t *write_signed(int64_t number, bool proto_names)
{
    char text[24];
    if (proto_names)
        return owned(json_integer((json_int_t)number));
    snprintf(text, sizeof text, "%" PRId64, number);
    return owned(json_string(text));
}

static json_t *write_submessage(const ProtobufCMessage *message, bool proto_names)
{
    if (message->descriptor == &google__protobuf__timestamp__descriptor)
        return write_timestamp((const Google__Protobuf__Timestamp *)message);
    if (message->descriptor == &google__protobuf__duration__descriptor)
        return write_duration((const Google__Protobuf__Duration *)message);
    return json_from_message(message, proto_names);
}

static json_t *write_value(const ProtobufCFieldDescriptor *field, const void *member,
                           bool proto_names)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return owned(json_string(*(char *const *)member));
    case PROTOBUF_C_TYPE_BYTES:
        return write_bytes(member);
    case PROTOBUF_C_TYPE_MESSAGE:
        return write_submessage(*(ProtobufCMessage *const *)member, proto_names);
    case PROTOBUF_C_TYPE_ENUM:
        return write_enum(field->descriptor, *(const int *)member, proto_names);
    case PROTOBUF_C_TYPE_BOOL:
        return json_boolean(*(const protobuf_c_boolean *)member);
    case PROTOBUF_C_TYPE_DOUBLE:
        return write_double(*(const double *)member);
    case PROTOBUF_C_TYPE_INT32:
        return owned(json_integer(*(const int32_t *)member));
    case PROTOBUF_C_TYPE_INT64:
        return write_signed(*(const int64_t *)member, proto_names);
    case PROTOBUF_C_TYPE_UINT64:
        return write_unsigned(*(const uint64_t *)member, proto_names);
    default:
        assert(!"a type the contract does not use");
        return NULL;
    }
}

static bool is_default(const ProtobufCFieldDescriptor *field, const void *member)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        return **(char *const *)member == '\0';
    case PROTOBUF_C_TYPE_BYTES:
        return ((const ProtobufCBinaryData *)member)->len == 0;
    case PROTOBUF_C_TYPE_MESSAGE:
        return *(ProtobufCMessage *const *)member == NULL;
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_INT32:
        return *(const int32_t *)member == 0;
    case PROTOBUF_C_TYPE_BOOL:
        return !*(const protobuf_c_boolean *)member;
    case PROTOBUF_C_TYPE_DOUBLE:
        return *(const double *)member == 0;
    default:
        return *(const uint64_t *)member == 0;
    }
}

/* NULL where the list is empty and that goes without saying. Elements are texts or messages. */
static json_t *write_list(const ProtobufCFieldDescriptor *field, const uint8_t *base,
                          bool proto_names)
{
    size_t count = *(const size_t *)(base + field->quantifier_offset);
    const uint8_t *elements = *(uint8_t *const *)(base + field->offset);
    if (count == 0 && !proto_names)
        return NULL;
    json_t *list = owned(json_array());
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, write_value(field, elements + i * sizeof(void *), proto_names));
    return list;
}

/* NULL where the field is left out. */
static json_t *write_field(const ProtobufCFieldDescriptor *field, const uint8_t *base,
                           bool proto_names)
{
    const void *member = base + field->offset;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return write_list(field, base, proto_names);
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0) {
        if (*(const uint32_t *)(base + field->quantifier_offset) == field->id)
            return write_value(field, member, proto_names);
        /* An absent number is null in a row; the bodies an event does not have are not its. */
        return proto_names && field->type != PROTOBUF_C_TYPE_MESSAGE ? json_null() : NULL;
    }
    if (!is_default(field, member))
        return write_value(field, member, proto_names);
    if (!proto_names)
        return NULL;
    return field->type == PROTOBUF_C_TYPE_MESSAGE ? json_null()
                                                  : write_value(field, member, proto_names);
}

char *json_field_name(const char *name, char out[static JSON_NAME_MAX])
{
    size_t used = 0;
    for (; *name != '\0'; name++) {
        if (*name == '_' && name[1] != '\0')
            out[used] = (char)toupper((unsigned char)*++name);
        else
            out[used] = *name;
        used++;
        assert(used < JSON_NAME_MAX);
    }
    out[used] = '\0';
    return out;
}

json_t *json_from_message(const ProtobufCMessage *message, bool proto_names)
{
    json_t *object = owned(json_object());
    for (unsigned i = 0; i < message->descriptor->n_fields; i++) {
        const ProtobufCFieldDescriptor *field = &message->descriptor->fields[i];
        json_t *value = write_field(field, (const uint8_t *)message, proto_names);
        if (value == NULL)
            continue;
        char camel[JSON_NAME_MAX];
        const char *name = proto_names ? field->name : json_field_name(field->name, camel);
        if (json_object_set_new(object, name, value) != 0)
            abort();
    }
    return object;
}

/* The digits every number in there needs to be read back as it is: 15 do for what people write,
 * and 17 always. */
static size_t digits_needed(const json_t *json)
{
    size_t most = 15;
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)json, key, value)
    {
        size_t digits = most;
        if (json_is_object(value))
            digits = digits_needed(value);
        else if (json_is_real(value)) {
            char text[40];
            double number = json_real_value(value);
            do
                snprintf(text, sizeof text, "%.*g", (int)digits, number);
            while (strtod(text, NULL) != number && ++digits < 17);
        }
        most = digits > most ? digits : most;
    }
    return most;
}

char *json_write_event(const Assay__V1__Event *event)
{
    json_t *object = json_from_message(&event->base, false);
    char *line = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(digits_needed(object)));
    json_decref(object);
    if (line == NULL)
        abort();
    return line;
}
