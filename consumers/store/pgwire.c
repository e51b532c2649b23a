#include "consumers/store/pgwire.h"

#include <assert.h>
#include <endian.h>
#include <stdlib.h>
#include <string.h>

/* PostgreSQL counts from 2000-01-01T00:00:00Z. */
static const int64_t POSTGRES_EPOCH = INT64_C(946684800000000);

static void make_room(struct pgwire *wire, size_t more)
{
    size_t room = wire->room == 0 ? 4096 : wire->room * 2;
    while (room - wire->size < more)
        room *= 2;
    wire->bytes = realloc(wire->bytes, room);
    if (wire->bytes == NULL)
        abort();
    wire->room = room;
}

static inline uint8_t *grow(struct pgwire *wire, size_t more)
{
    if (wire->room - wire->size < more)
        make_room(wire, more);
    uint8_t *at = wire->bytes + wire->size;
    wire->size += more;
    return at;
}

static inline void put16(uint8_t *at, int16_t value)
{
    uint16_t big = htobe16((uint16_t)value);
    memcpy(at, &big, sizeof big);
}

static inline void put32(uint8_t *at, int32_t value)
{
    uint32_t big = htobe32((uint32_t)value);
    memcpy(at, &big, sizeof big);
}

static inline void put64(uint8_t *at, int64_t value)
{
    uint64_t big = htobe64((uint64_t)value);
    memcpy(at, &big, sizeof big);
}

/* A field's length, which is written; returns where its bytes go. */
static inline uint8_t *grow_field(struct pgwire *wire, size_t size)
{
    uint8_t *at = grow(wire, sizeof(int32_t) + size);
    put32(at, (int32_t)size);
    return at + sizeof(int32_t);
}

void pgwire_free(struct pgwire *wire)
{
    free(wire->bytes);
    *wire = (struct pgwire){0};
}

void pgwire_raw16(struct pgwire *wire, int16_t value)
{
    put16(grow(wire, sizeof value), value);
}

void pgwire_raw32(struct pgwire *wire, int32_t value)
{
    put32(grow(wire, sizeof value), value);
}

void pgwire_raw(struct pgwire *wire, const void *bytes, size_t size)
{
    if (size > 0)
        memcpy(grow(wire, size), bytes, size);
}

void pgwire_null(struct pgwire *wire)
{
    pgwire_raw32(wire, -1);
}

void pgwire_bool(struct pgwire *wire, bool value)
{
    *grow_field(wire, 1) = value;
}

void pgwire_int2(struct pgwire *wire, int16_t value)
{
    put16(grow_field(wire, sizeof value), value);
}

void pgwire_int4(struct pgwire *wire, int32_t value)
{
    put32(grow_field(wire, sizeof value), value);
}

void pgwire_int8(struct pgwire *wire, int64_t value)
{
    put64(grow_field(wire, sizeof value), value);
}

void pgwire_text(struct pgwire *wire, const char *text)
{
    pgwire_bytes(wire, text, text == NULL ? 0 : strlen(text));
}

void pgwire_bytes(struct pgwire *wire, const void *bytes, size_t size)
{
    if (bytes == NULL) {
        pgwire_null(wire);
        return;
    }
    assert(size <= INT32_MAX);
    uint8_t *at = grow_field(wire, size);
    if (size > 0)
        memcpy(at, bytes, size);
}

void pgwire_uuid(struct pgwire *wire, const uuid *id)
{
    if (id == NULL)
        pgwire_null(wire);
    else
        pgwire_uuid_bytes(wire, id->bytes);
}

void pgwire_uuid_bytes(struct pgwire *wire, const uint8_t bytes[static 16])
{
    memcpy(grow_field(wire, 16), bytes, 16);
}

void pgwire_instant(struct pgwire *wire, instant at)
{
    int64_t counted = at;
    if (at != INSTANT_BEGIN && at != INSTANT_END)
        counted = at - POSTGRES_EPOCH;
    pgwire_int8(wire, counted);
}

size_t pgwire_array(struct pgwire *wire, enum pgwire_type element, size_t count)
{
    assert(count <= INT32_MAX);
    pgwire_raw32(wire, 0); /* the field's length: known at the end */
    size_t mark = wire->size;
    pgwire_raw32(wire, count == 0 ? 0 : 1); /* dimensions: an empty array has none */
    pgwire_raw32(wire, 1);                  /* there may be null elements */
    pgwire_raw32(wire, (int32_t)element);
    if (count > 0) {
        pgwire_raw32(wire, (int32_t)count);
        pgwire_raw32(wire, 1); /* lower bound */
    }
    return mark;
}

void pgwire_array_end(struct pgwire *wire, size_t mark)
{
    size_t size = wire->size - mark;
    assert(size <= INT32_MAX);
    uint32_t big = htobe32((uint32_t)size);
    memcpy(wire->bytes + mark - sizeof big, &big, sizeof big);
}

struct pgwire *request_next(struct request *request)
{
    assert(request->count < REQUEST_MOST);
    request->starts[request->count++] = request->wire.size;
    return &request->wire;
}

void request_texts(struct request *request, const char *const *texts, size_t count)
{
    struct pgwire *wire = request_next(request);
    size_t mark = pgwire_array(wire, PGWIRE_TEXT, count);
    for (size_t i = 0; i < count; i++)
        pgwire_text(wire, texts[i]);
    pgwire_array_end(wire, mark);
}

void request_free(struct request *request)
{
    pgwire_free(&request->wire);
    request->count = 0;
}

int64_t pgwire_read64(const uint8_t bytes[static 8])
{
    uint64_t big;
    memcpy(&big, bytes, sizeof big);
    return (int64_t)be64toh(big);
}

int32_t pgwire_read32(const uint8_t bytes[static 4])
{
    uint32_t big;
    memcpy(&big, bytes, sizeof big);
    return (int32_t)be32toh(big);
}

int16_t pgwire_read16(const uint8_t bytes[static 2])
{
    uint16_t big;
    memcpy(&big, bytes, sizeof big);
    return (int16_t)be16toh(big);
}

instant pgwire_read_instant(const uint8_t bytes[static 8])
{
    int64_t counted = pgwire_read64(bytes);
    if (counted == INT64_MIN || counted == INT64_MAX)
        return counted;
    /* A timestamptz may be so late that it is beyond INSTANT_END. */
    return instant_add(counted, POSTGRES_EPOCH);
}

struct array_reader array_open(const uint8_t *field, size_t size)
{
    assert(size >= 12);
    int32_t dimensions = pgwire_read32(field);
    if (dimensions == 0)
        return (struct array_reader){field + 12, field + 12, 0};
    assert(dimensions == 1 && size >= 20);
    int32_t count = pgwire_read32(field + 12);
    assert(count >= 0);
    return (struct array_reader){field + 20, field + size, (size_t)count};
}

const uint8_t *array_next(struct array_reader *reader, size_t *size)
{
    assert(reader->left > 0 && reader->end - reader->at >= 4);
    int32_t length = pgwire_read32(reader->at);
    reader->at += 4;
    reader->left--;
    if (length < 0) {
        *size = 0;
        return NULL;
    }
    assert(reader->end - reader->at >= length);
    const uint8_t *element = reader->at;
    reader->at += length;
    *size = (size_t)length;
    return element;
}
