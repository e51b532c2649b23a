#include "consumers/store/heard.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct check {
    char *name;
    uint32_t number;
    UT_hash_handle hh;
};

struct source {
    char *name;
    instant last;
    uint8_t *bits;
    size_t size; /* bytes of bits */
    UT_hash_handle hh;
};

struct heard {
    struct check *checks; /* hashes in order of first mention */
    struct source *sources;
    bool changed, checks_changed; /* since written */
};

struct heard *heard_new(void)
{
    struct heard *heard = calloc(1, sizeof *heard);
    if (heard == NULL)
        abort();
    return heard;
}

void heard_free(struct heard *heard)
{
    if (heard == NULL)
        return;
    struct check *check, *next_check;
    HASH_ITER(hh, heard->checks, check, next_check)
    {
        HASH_DEL(heard->checks, check);
        free(check->name);
        free(check);
    }
    struct source *source, *next_source;
    HASH_ITER(hh, heard->sources, source, next_source)
    {
        HASH_DEL(heard->sources, source);
        free(source->name);
        free(source->bits);
        free(source);
    }
    free(heard);
}

static char *copy_bytes(const void *bytes, size_t size)
{
    char *copied = malloc(size + 1);
    if (copied == NULL)
        abort();
    memcpy(copied, bytes, size);
    copied[size] = '\0';
    return copied;
}

static struct check *check_named(struct heard *heard, const char *name, size_t size)
{
    struct check *check;
    HASH_FIND(hh, heard->checks, name, size, check);
    if (check != NULL)
        return check;
    check = calloc(1, sizeof *check);
    if (check == NULL)
        abort();
    check->name = copy_bytes(name, size);
    check->number = HASH_COUNT(heard->checks);
    HASH_ADD_KEYPTR(hh, heard->checks, check->name, size, check);
    heard->checks_changed = true;
    return check;
}

static struct source *source_named(struct heard *heard, const void *name, size_t size)
{
    struct source *source;
    HASH_FIND(hh, heard->sources, name, size, source);
    if (source != NULL)
        return source;
    source = calloc(1, sizeof *source);
    if (source == NULL)
        abort();
    source->name = copy_bytes(name, size);
    source->last = INSTANT_BEGIN;
    HASH_ADD_KEYPTR(hh, heard->sources, source->name, size, source);
    return source;
}

void heard_note(struct heard *heard, const char *source_name, const char *check_name, instant at)
{
    struct source *source = source_named(heard, source_name, strlen(source_name));
    uint32_t number = check_named(heard, check_name, strlen(check_name))->number;
    heard->changed = true;
    if (at > source->last)
        source->last = at;
    if (number / 8 >= source->size) {
        size_t size = number / 8 + 1;
        source->bits = realloc(source->bits, size);
        if (source->bits == NULL)
            abort();
        memset(source->bits + source->size, 0, size - source->size);
        source->size = size;
    }
    source->bits[number / 8] |= (uint8_t)(1u << number % 8);
}

/* The next field's bytes; it must be there whole. */
static const uint8_t *field(const uint8_t **at, const uint8_t *end, size_t *size)
{
    assert(end - *at >= 4);
    *size = (size_t)pgwire_read32(*at);
    const uint8_t *bytes = *at + 4;
    assert((size_t)(end - bytes) >= *size);
    *at = bytes + *size;
    return bytes;
}

void heard_restore(struct heard *heard, const uint8_t *bytes, size_t size,
                   struct array_reader checks)
{
    size_t length;
    while (checks.left > 0) {
        const uint8_t *name = array_next(&checks, &length);
        check_named(heard, (const char *)name, length);
    }
    for (const uint8_t *at = bytes; at < bytes + size;) {
        const uint8_t *name = field(&at, bytes + size, &length);
        struct source *source = source_named(heard, name, length);
        const uint8_t *last = field(&at, bytes + size, &length);
        assert(length == 8);
        source->last = pgwire_read_instant(last);
        const uint8_t *bits = field(&at, bytes + size, &source->size);
        free(source->bits);
        source->bits = (uint8_t *)copy_bytes(bits, source->size);
    }
    heard->changed = heard->checks_changed = false;
}

static void pack(const struct heard *heard, struct pgwire *wire)
{
    for (const struct source *source = heard->sources; source != NULL; source = source->hh.next) {
        pgwire_text(wire, source->name);
        pgwire_instant(wire, source->last);
        pgwire_bytes(wire, source->bits, source->size);
    }
}

static char *check_lines(const struct heard *heard)
{
    struct pgwire lines = {0};
    for (const struct check *check = heard->checks; check != NULL; check = check->hh.next) {
        if (lines.size > 0)
            pgwire_raw(&lines, "\n", 1);
        pgwire_raw(&lines, check->name, strlen(check->name));
    }
    pgwire_raw(&lines, "", 1);
    return (char *)lines.bytes;
}

void heard_write(struct heard *heard, const char *service, struct heard_row **rows)
{
    if (!heard->changed)
        return;
    struct heard_row *row;
    HASH_FIND_STR(*rows, service, row);
    if (row == NULL) {
        row = calloc(1, sizeof *row);
        if (row == NULL)
            abort();
        row->service = copy_bytes(service, strlen(service));
        HASH_ADD_KEYPTR(hh, *rows, row->service, strlen(row->service), row);
    }
    struct pgwire wire = {0};
    pack(heard, &wire);
    free(row->bytes);
    row->bytes = wire.bytes;
    row->size = wire.size;
    if (heard->checks_changed) {
        free(row->checks);
        row->checks = check_lines(heard);
    }
    heard->changed = heard->checks_changed = false;
}

void heard_rows_free(struct heard_row **rows)
{
    struct heard_row *row, *next;
    HASH_ITER(hh, *rows, row, next)
    {
        HASH_DEL(*rows, row);
        free(row->service);
        free(row->bytes);
        free(row->checks);
        free(row);
    }
}
