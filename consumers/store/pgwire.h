/*
 * pgwire -- PostgreSQL's binary formats, written and read: fields, arrays, COPY rows, parameters.
 *
 * Numbers are big-endian, a field is its length in four bytes and then its bytes (length -1: NULL),
 * a timestamptz counts microseconds from 2000-01-01, an array states its element type once. Source:
 * PostgreSQL 15's documentation of COPY's binary format and the send functions of the types.
 *
 * Knows no table. Ownership: a wire owns its buffer; readers borrow what they read from.
 */
#ifndef ASSAY_STORE_PGWIRE_H
#define ASSAY_STORE_PGWIRE_H

#include "proto/identity.h"
#include "proto/instant.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Element types of arrays, by PostgreSQL's fixed object ids. */
enum pgwire_type {
    PGWIRE_BOOL = 16,
    PGWIRE_BYTEA = 17,
    PGWIRE_INT8 = 20,
    PGWIRE_INT2 = 21,
    PGWIRE_INT4 = 23,
    PGWIRE_TEXT = 25,
    PGWIRE_TIMESTAMPTZ = 1184,
    PGWIRE_UUID = 2950,
};

struct pgwire {
    uint8_t *bytes;
    size_t size, room;
};

void pgwire_free(struct pgwire *wire);

void pgwire_raw16(struct pgwire *wire, int16_t value); /* no length before it */
void pgwire_raw32(struct pgwire *wire, int32_t value);
void pgwire_raw(struct pgwire *wire, const void *bytes, size_t size);

void pgwire_null(struct pgwire *wire);
void pgwire_bool(struct pgwire *wire, bool value);
void pgwire_int2(struct pgwire *wire, int16_t value);
void pgwire_int4(struct pgwire *wire, int32_t value);
void pgwire_int8(struct pgwire *wire, int64_t value);
void pgwire_text(struct pgwire *wire, const char *text);                /* NULL: null */
void pgwire_bytes(struct pgwire *wire, const void *bytes, size_t size); /* NULL: null */
void pgwire_uuid(struct pgwire *wire, const uuid *id);                  /* NULL: null */
void pgwire_uuid_bytes(struct pgwire *wire, const uint8_t bytes[static 16]);
/* INSTANT_BEGIN and INSTANT_END become -infinity and infinity. */
void pgwire_instant(struct pgwire *wire, instant at);

/* An array of `count` elements: open, write each with the functions above, close with the mark. */
size_t pgwire_array(struct pgwire *wire, enum pgwire_type element, size_t count);
void pgwire_array_end(struct pgwire *wire, size_t mark);

/* Parameters of one statement: write each between request_next and the one after. */
enum { REQUEST_MOST = 16 };
struct request {
    struct pgwire wire;
    size_t starts[REQUEST_MOST];
    int count;
};
struct pgwire *request_next(struct request *request);
/* The next parameter, a text array. */
void request_texts(struct request *request, const char *const *texts, size_t count);
void request_free(struct request *request);

/* ---- reading ---- */

instant pgwire_read_instant(const uint8_t bytes[static 8]);
int64_t pgwire_read64(const uint8_t bytes[static 8]);
int32_t pgwire_read32(const uint8_t bytes[static 4]);
int16_t pgwire_read16(const uint8_t bytes[static 2]);

/* One dimension of elements, read one after the other. */
struct array_reader {
    const uint8_t *at, *end;
    size_t left;
};
/* A field that holds an array; its element count is in `left`. Aborts on what PostgreSQL would
 * not send (more than one dimension, a field cut short): only a bug can do that. */
struct array_reader array_open(const uint8_t *field, size_t size);
/* The next element's bytes; NULL for a null element. Only while left > 0. */
const uint8_t *array_next(struct array_reader *reader, size_t *size);

#endif
