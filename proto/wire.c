#include "proto/wire.h"

#include "proto/limits.h"
#include "proto/path.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum wire_type {
    WIRE_VARINT = 0,
    WIRE_EIGHT_BYTES = 1,
    WIRE_LENGTH = 2,
    WIRE_FOUR_BYTES = 5,
};

enum { FIELDS_MOST = 64, FIELD_NUMBER_MOST = 536870911 };

struct walk {
    size_t values; /* seen so far in the record */
    struct fault *why;
    struct arena *arena;
    uint8_t *texts; /* room for what texts and bytes are left */
    bool lacked;    /* the arena is full: what follows is only looked at */
};

/* One message on the way down; `path` NULL is the event. */
struct level {
    const ProtobufCMessageDescriptor *descriptor;
    ProtobufCMessage *message; /* read so far; NULL where the arena was full */
    const struct path *path;
    const uint8_t *bytes; /* not read yet */
    size_t size;
    int depth;
    uint64_t seen;                  /* fields that stood already, by place in the descriptor */
    unsigned expected;              /* the field after the last one: usually the next */
    uint32_t elements[FIELDS_MOST]; /* of lists; counts from the first one seen */
};

/* One field as it stands on the wire. */
struct value {
    uint32_t number;
    enum wire_type type;
    uint64_t varint;
    const uint8_t *bytes; /* without the length before them; none of WIRE_VARINT */
    size_t size;
    size_t whole; /* bytes behind the tag */
};

static bool walk_message(struct walk *walk, const ProtobufCMessageDescriptor *descriptor,
                         const uint8_t *bytes, size_t size, const struct path *path, int depth,
                         ProtobufCMessage **read);

static bool refuse(const struct walk *walk, const struct path *path, const char *reason)
{
    char where[PATH_TEXT_MAX];
    return fault_set(walk->why, FAULT_REJECT, "%s: %s", path_format(path, sizeof where, where),
                     reason);
}

/* Nearly all of them are tags and lengths of one byte. */
static size_t read_varint(const uint8_t *bytes, size_t size, uint64_t *number)
{
    if (size == 0 || bytes[0] >= 0x80)
        return wire_varint(bytes, size, number);
    *number = bytes[0];
    return 1;
}

size_t wire_varint(const uint8_t *bytes, size_t size, uint64_t *number)
{
    uint64_t result = 0;
    for (size_t i = 0; i < size && i < 10; i++) {
        if (i == 9 && bytes[i] > 1)
            return 0; /* more than 64 bits */
        result |= (uint64_t)(bytes[i] & 0x7F) << (7 * i);
        if (bytes[i] < 0x80) {
            *number = result;
            return i + 1;
        }
    }
    return 0;
}

/* Length of the well-formed UTF-8 sequence at text, by Unicode's table of them; 0: none. */
static size_t sequence(const uint8_t *text, size_t size)
{
    uint8_t lead = text[0];
    size_t length = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (lead < 0xC2 || lead > 0xF4 || length > size)
        return 0;
    uint8_t least = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    uint8_t most = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (text[1] < least || text[1] > most)
        return 0;
    for (size_t i = 2; i < length; i++)
        if ((text[i] & 0xC0) != 0x80)
            return 0;
    return length;
}

/* Whether eight bytes are all ASCII and none is NUL: nearly all of them are. */
static bool plain(const uint8_t *text)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    const uint64_t high = UINT64_C(0x8080808080808080);
    uint64_t word;
    memcpy(&word, text, sizeof word);
    return ((word | (word - ones)) & high) == 0;
}

bool wire_text(const uint8_t *text, size_t size, size_t *bad)
{
    for (size_t i = 0; i < size;) {
        if (size - i >= 8 && plain(text + i)) {
            i += 8;
            continue;
        }
        if (size - i < 8 && size >= 8 && plain(text + size - 8))
            return true; /* the end, looked at with what came before it */
        if (text[i] != 0 && text[i] < 0x80) {
            i++;
            continue;
        }
        size_t length = text[i] == 0 ? 0 : sequence(text + i, size - i);
        if (length == 0) {
            *bad = i;
            return false;
        }
        i += length;
    }
    return true;
}

/* Reads tag and content of one field. Returns the bytes it took, 0 where they are none. */
static inline __attribute__((always_inline)) size_t read_value(const uint8_t *bytes, size_t size,
                                                               struct value *value)
{
    uint64_t tag;
    size_t used = read_varint(bytes, size, &tag);
    if (used == 0 || used > 5 || tag >> 3 == 0 || tag >> 3 > FIELD_NUMBER_MOST)
        return 0;
    *value = (struct value){.number = (uint32_t)(tag >> 3), .type = (enum wire_type)(tag & 7)};
    size_t left = size - used;
    size_t step = 0;
    switch (value->type) {
    case WIRE_VARINT:
        step = read_varint(bytes + used, left, &value->varint);
        break;
    case WIRE_EIGHT_BYTES:
        value->bytes = bytes + used;
        step = left >= 8 ? 8 : 0;
        break;
    case WIRE_FOUR_BYTES:
        value->bytes = bytes + used;
        step = left >= 4 ? 4 : 0;
        break;
    case WIRE_LENGTH:
        step = read_varint(bytes + used, left, &value->varint);
        /* protobuf-c reads no further than five bytes of a length, nor does anybody write more. */
        if (step == 0 || step > 5 || value->varint > left - step)
            return 0;
        value->bytes = bytes + used + step;
        value->size = (size_t)value->varint;
        step += value->size;
        break;
    }
    value->whole = step;
    return step == 0 ? 0 : used + step;
}

/* Fields stand in the order of their numbers nearly always, as they do in the descriptor. */
static const ProtobufCFieldDescriptor *find_field(struct level *level, uint32_t number)
{
    const ProtobufCMessageDescriptor *descriptor = level->descriptor;
    unsigned place = level->expected;
    while (place < descriptor->n_fields && descriptor->fields[place].id < number)
        place++;
    const ProtobufCFieldDescriptor *field =
        place < descriptor->n_fields && descriptor->fields[place].id == number
            ? &descriptor->fields[place]
            : protobuf_c_message_descriptor_get_field(descriptor, number);
    if (field != NULL)
        level->expected = (unsigned)(field - descriptor->fields) +
                          (field->label == PROTOBUF_C_LABEL_REPEATED ? 0 : 1);
    return field;
}

static enum wire_type type_of(const ProtobufCFieldDescriptor *field)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        return WIRE_LENGTH;
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_SFIXED64:
        return WIRE_EIGHT_BYTES;
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_SFIXED32:
        return WIRE_FOUR_BYTES;
    default:
        return WIRE_VARINT;
    }
}

static bool check_text(const struct walk *walk, const struct value *value, const struct path *path)
{
    size_t bad;
    if (wire_text(value->bytes, value->size, &bad))
        return true;
    char reason[64];
    snprintf(reason, sizeof reason, "%s at byte %zu",
             value->bytes[bad] == 0 ? "NUL in text" : "not UTF-8", bad);
    return refuse(walk, path, reason);
}

static bool check_enum(const struct walk *walk, const ProtobufCFieldDescriptor *field,
                       const struct value *value, const struct path *path)
{
    if (value->varint <= INT32_MAX &&
        protobuf_c_enum_descriptor_get_value(field->descriptor, (int)value->varint) != NULL)
        return true;
    char reason[160];
    snprintf(reason, sizeof reason, "%" PRId64 " is no value of %s", (int64_t)value->varint,
             ((const ProtobufCEnumDescriptor *)field->descriptor)->short_name);
    return refuse(walk, path, reason);
}

/* Whether another member of the field's oneof stood already. */
static bool oneof_taken(const struct level *level, const ProtobufCFieldDescriptor *field)
{
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) == 0 || level->seen == 0)
        return false;
    for (uint64_t left = level->seen; left != 0; left &= left - 1) {
        const ProtobufCFieldDescriptor *other = &level->descriptor->fields[__builtin_ctzll(left)];
        if ((other->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0 &&
            other->quantifier_offset == field->quantifier_offset)
            return true;
    }
    return false;
}

/* ---- keeping what was read, as protobuf-c's unpacking would ---- */

/* Once there is no room, nothing more is kept. */
static void *take_room(struct walk *walk, size_t size)
{
    void *room = walk->lacked ? NULL : arena_take_raw(walk->arena, size);
    walk->lacked = room == NULL;
    return room;
}

/* Each took a tag and a length besides its bytes, so with a NUL behind each, where there need not
 * be one, they fit in as much room as the record had bytes. */
static uint8_t *keep_bytes(struct walk *walk, const uint8_t *bytes, size_t size)
{
    uint8_t *kept = walk->texts;
    memcpy(kept, bytes, size);
    kept[size] = '\0';
    walk->texts += size + 1;
    return kept;
}

/* How many fields with this number are left in the message (0: with any), as far as they can be
 * read and a record may hold. */
static size_t count_left(const struct walk *walk, const struct level *level, uint32_t number)
{
    size_t most = LIMIT_RECORD_VALUES - walk->values;
    size_t count = 0, used;
    struct value value;
    const uint8_t *bytes = level->bytes;
    for (size_t size = level->size; size > 0 && count < most; size -= used, bytes += used) {
        used = read_value(bytes, size, &value);
        if (used == 0)
            break;
        count += number == 0 || value.number == number;
    }
    return count;
}

/* Where the next element of a list goes; lists are of pointers. */
static void *next_element(struct walk *walk, const struct level *level,
                          const ProtobufCFieldDescriptor *field)
{
    uint8_t *message = (uint8_t *)level->message;
    size_t *count = (size_t *)(void *)(message + field->quantifier_offset);
    void ***list = (void ***)(void *)(message + field->offset);
    if (*count == 0)
        *list = take_room(walk, (1 + count_left(walk, level, field->id)) * sizeof **list);
    return walk->lacked ? NULL : &(*list)[(*count)++];
}

static void *place_of(struct walk *walk, const struct level *level,
                      const ProtobufCFieldDescriptor *field)
{
    uint8_t *message = (uint8_t *)level->message;
    if (walk->lacked)
        return NULL;
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return next_element(walk, level, field);
    if ((field->flags & PROTOBUF_C_FIELD_FLAG_ONEOF) != 0)
        *(uint32_t *)(void *)(message + field->quantifier_offset) = field->id;
    return message + field->offset;
}

static void keep_number(const ProtobufCFieldDescriptor *field, const struct value *value,
                        void *place)
{
    switch (field->type) {
    case PROTOBUF_C_TYPE_ENUM:
    case PROTOBUF_C_TYPE_INT32:
        *(int32_t *)place = (int32_t)(uint32_t)value->varint;
        return;
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_UINT64:
        *(uint64_t *)place = value->varint;
        return;
    case PROTOBUF_C_TYPE_BOOL:
        *(protobuf_c_boolean *)place = value->varint != 0;
        return;
    default:
        assert(field->type == PROTOBUF_C_TYPE_DOUBLE);
        memcpy(place, value->bytes, sizeof(double)); /* of a machine that is little-endian too */
    }
}

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "as on the wire");

static void keep_unknown(struct walk *walk, struct level *level, const struct value *value,
                         const uint8_t *bytes, size_t size)
{
    ProtobufCMessage *message = level->message;
    if (!walk->lacked && message->n_unknown_fields == 0)
        message->unknown_fields =
            take_room(walk, (1 + count_left(walk, level, 0)) * sizeof *message->unknown_fields);
    if (!walk->lacked)
        message->unknown_fields[message->n_unknown_fields++] = (ProtobufCMessageUnknownField){
            .tag = value->number,
            .wire_type = (ProtobufCWireType)value->type,
            .len = size,
            .data = keep_bytes(walk, bytes, size),
        };
}

/* ---- the walk ---- */

static bool read_content(struct walk *walk, const struct level *level,
                         const ProtobufCFieldDescriptor *field, const struct value *value,
                         const struct path *path)
{
    void *place = place_of(walk, level, field);
    switch (field->type) {
    case PROTOBUF_C_TYPE_STRING:
        if (!check_text(walk, value, path))
            return false;
        if (place != NULL)
            *(uint8_t **)place = keep_bytes(walk, value->bytes, value->size);
        return true;
    case PROTOBUF_C_TYPE_BYTES:
        if (place != NULL && value->size > 0)
            *(ProtobufCBinaryData *)place =
                (ProtobufCBinaryData){value->size, keep_bytes(walk, value->bytes, value->size)};
        return true;
    case PROTOBUF_C_TYPE_MESSAGE: {
        ProtobufCMessage *message;
        if (!walk_message(walk, field->descriptor, value->bytes, value->size, path,
                          level->depth + 1, &message))
            return false;
        if (place != NULL)
            *(ProtobufCMessage **)place = message;
        return true;
    }
    case PROTOBUF_C_TYPE_ENUM:
        if (!check_enum(walk, field, value, path))
            return false;
        break;
    default:
        break;
    }
    if (place != NULL)
        keep_number(field, value, place);
    return true;
}

static bool read_field(struct walk *walk, struct level *level,
                       const ProtobufCFieldDescriptor *field, const struct value *value)
{
    unsigned place = (unsigned)(field - level->descriptor->fields);
    struct path path = {level->path, field->name, PATH_SINGLE};
    if (field->label == PROTOBUF_C_LABEL_REPEATED) {
        if ((level->seen >> place & 1) == 0)
            level->elements[place] = 0;
        path.index = level->elements[place]++;
    } else {
        if ((level->seen >> place & 1) != 0)
            return refuse(walk, &path, "stands twice");
        if (oneof_taken(level, field))
            return refuse(walk, &path, "a second one where only one may stand");
    }
    level->seen |= UINT64_C(1) << place;
    if (value->type != type_of(field)) {
        char reason[80];
        snprintf(reason, sizeof reason, "wire type %d, expected %d", (int)value->type,
                 (int)type_of(field));
        return refuse(walk, &path, reason);
    }
    return read_content(walk, level, field, value, &path);
}

/* *read is what was read, unless the arena was full. */
static bool walk_message(struct walk *walk, const ProtobufCMessageDescriptor *descriptor,
                         const uint8_t *bytes, size_t size, const struct path *path, int depth,
                         ProtobufCMessage **read)
{
    assert(descriptor->n_fields <= FIELDS_MOST);
    if (depth > LIMIT_NESTING)
        return refuse(walk, path, "messages nested too deep");
    struct level level; /* set one by one: clearing the counts would cost more than the rest */
    level.descriptor = descriptor;
    level.message = take_room(walk, descriptor->sizeof_message);
    if (level.message != NULL)
        descriptor->message_init(level.message);
    level.path = path;
    level.bytes = bytes;
    level.size = size;
    level.depth = depth;
    level.seen = 0;
    level.expected = 0;
    while (level.size > 0) {
        struct value value;
        size_t used = read_value(level.bytes, level.size, &value);
        if (used == 0)
            return refuse(walk, path, "not a serialized protobuf message");
        if (++walk->values > LIMIT_RECORD_VALUES)
            return refuse(walk, path, "more values than a record may hold");
        level.bytes += used;
        level.size -= used;
        const ProtobufCFieldDescriptor *field = find_field(&level, value.number);
        if (field == NULL)
            keep_unknown(walk, &level, &value, level.bytes - value.whole, value.whole);
        else if (!read_field(walk, &level, field, &value))
            return false;
    }
    *read = level.message;
    return true;
}

ProtobufCMessage *wire_read(const ProtobufCMessageDescriptor *descriptor, const uint8_t *bytes,
                            size_t size, struct arena *arena, struct fault *why)
{
    struct arena_mark mark = arena_mark(arena);
    struct walk walk = {.why = why, .arena = arena};
    ProtobufCMessage *message;
    walk.texts = take_room(&walk, size);
    bool sound = walk_message(&walk, descriptor, bytes, size, NULL, 1, &message);
    if (sound && !walk.lacked)
        return message;
    arena_rewind(arena, mark);
    if (sound)
        fault_set(why, FAULT_RETRY, "the arena has no room for an event of %zu bytes", size);
    return NULL;
}
