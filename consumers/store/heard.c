#include "consumers/store/heard.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* So many results may be in rows of the history only. */
enum { SINCE_MOST = 256 };

struct check {
    char *name;
    uint32_t number;
    UT_hash_handle hh;
};

struct source {
    char *name;
    uint32_t number; /* place among the sources */
    instant last;
    uint8_t *bits;
    size_t size; /* bytes of bits */
    UT_hash_handle hh;
};

struct heard {
    struct check *checks; /* hashes in order of first mention */
    struct source *sources;
    bool checks_changed, sources_changed; /* since written, as all below */
    size_t environments;
    int64_t since;     /* results */
    uint32_t *by_pair; /* a check's number, plus one; 0: not looked up yet */
    size_t pairs;
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
    free(heard->by_pair);
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
    source->number = HASH_COUNT(heard->sources);
    HASH_ADD_KEYPTR(hh, heard->sources, source->name, size, source);
    heard->sources_changed = true;
    return source;
}

static void note(struct source *source, uint32_t number, instant at)
{
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

/* Every result asks for it: it is looked up by its name once. */
static uint32_t check_of_pair(struct heard *heard, uint32_t pair, const char *check)
{
    if (pair >= heard->pairs) {
        size_t pairs = 2 * (size_t)pair + 16;
        heard->by_pair = reallocarray(heard->by_pair, pairs, sizeof *heard->by_pair);
        if (heard->by_pair == NULL)
            abort();
        memset(heard->by_pair + heard->pairs, 0, (pairs - heard->pairs) * sizeof *heard->by_pair);
        heard->pairs = pairs;
    }
    if (heard->by_pair[pair] == 0)
        heard->by_pair[pair] = check_named(heard, check, strlen(check))->number + 1;
    return heard->by_pair[pair] - 1;
}

uint32_t heard_note(struct heard *heard, const char *source_name, uint32_t pair, const char *check,
                    instant at)
{
    struct source *source = source_named(heard, source_name, strlen(source_name));
    note(source, check_of_pair(heard, pair, check), at);
    heard->since++;
    return source->number;
}

void heard_restore_since(struct heard *heard, uint32_t source, const char *check, instant at,
                         int64_t results)
{
    for (struct source *of = heard->sources; of != NULL; of = of->hh.next)
        if (of->number == source)
            note(of, check_named(heard, check, strlen(check))->number, at);
    heard->since += results;
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

static void written(struct heard *heard)
{
    heard->checks_changed = heard->sources_changed = false;
    heard->since = 0;
}

void heard_restore(struct heard *heard, const uint8_t *bytes, size_t size,
                   struct array_reader checks, size_t environments)
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
    heard->environments = environments;
    written(heard);
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

static char *upto_lines(const struct heard_upto *upto, size_t count, bool seq)
{
    struct pgwire lines = {0};
    for (size_t i = 0; i < count; i++) {
        char number[16];
        snprintf(number, sizeof number, "%d", (int)upto[i].seq);
        const char *line = seq ? number : upto[i].environment;
        if (i > 0)
            pgwire_raw(&lines, "\n", 1);
        pgwire_raw(&lines, line, strlen(line));
    }
    pgwire_raw(&lines, "", 1);
    return (char *)lines.bytes;
}

void heard_write(struct heard *heard, const char *service, const struct heard_upto *upto,
                 size_t count, struct heard_row **rows)
{
    bool due = heard->since >= SINCE_MOST || heard->checks_changed || heard->sources_changed ||
               (heard->since > 0 && heard->environments != count);
    if (!due)
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
    free(row->environments);
    free(row->upto);
    row->environments = upto_lines(upto, count, false);
    row->upto = upto_lines(upto, count, true);
    heard->environments = count;
    written(heard);
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
        free(row->environments);
        free(row->upto);
        free(row);
    }
}
