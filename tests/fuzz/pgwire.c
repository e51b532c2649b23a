/*
 * PostgreSQL's binary formats: what is written is read back as it was; and of any bytes, as a
 * damaged record might give, nothing is read that does not belong to them. Such bytes end the
 * program by an assertion, which is caught here.
 *
 * Input: how many numbers (1), these (8 each); all of it, again, as a field that holds an array.
 */
#include "consumers/store/pgwire.h"
#include "tests/fuzz/bytes.h"

#include <assert.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

static jmp_buf failed;
static bool reading;
static volatile uint64_t read_sum; /* so that no reading is left out */

void __real___assert_fail(const char *, const char *, unsigned, const char *)
    __attribute__((noreturn));
void __wrap___assert_fail(const char *, const char *, unsigned, const char *)
    __attribute__((noreturn));

void __wrap___assert_fail(const char *what, const char *file, unsigned line, const char *function)
{
    if (!reading)
        __real___assert_fail(what, file, line, function);
    reading = false;
    longjmp(failed, 1);
}

static void check_written(struct bytes bytes)
{
    struct pgwire wire = {0};
    int64_t numbers[UINT8_MAX];
    size_t count = bytes_one(&bytes) % 16;
    size_t mark = pgwire_array(&wire, PGWIRE_TIMESTAMPTZ, count);
    for (size_t i = 0; i < count; i++) {
        numbers[i] = (int64_t)bytes_number(&bytes, 8);
        bool outside = numbers[i] < INSTANT_LEAST || numbers[i] > INSTANT_MOST;
        if (outside)
            numbers[i] = numbers[i] < 0 ? INSTANT_BEGIN : INSTANT_END;
        if (numbers[i] % 5 == 0)
            pgwire_null(&wire);
        else
            pgwire_instant(&wire, numbers[i]);
    }
    pgwire_array_end(&wire, mark);
    assert((size_t)pgwire_read32(wire.bytes) == wire.size - 4);
    struct array_reader reader = array_open(wire.bytes + 4, wire.size - 4);
    assert(reader.left == count);
    for (size_t i = 0; i < count; i++) {
        size_t size;
        const uint8_t *element = array_next(&reader, &size);
        assert((element == NULL) == (numbers[i] % 5 == 0));
        assert(element == NULL || (size == 8 && pgwire_read_instant(element) == numbers[i]));
    }
    assert(reader.at == reader.end);
    pgwire_free(&wire);
}

/* Every byte of every element is looked at, so that AddressSanitizer sees what is not the field's.
 */
static uint64_t read_all(const uint8_t *field, size_t size)
{
    uint64_t sum = 0;
    struct array_reader reader = array_open(field, size);
    while (reader.left > 0) {
        size_t length;
        const uint8_t *element = array_next(&reader, &length);
        for (size_t i = 0; element != NULL && i < length; i++)
            sum += element[i];
        if (element != NULL && length == 8)
            sum += (uint64_t)pgwire_read_instant(element);
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    check_written((struct bytes){input, size});
    uint8_t *field = malloc(size == 0 ? 1 : size); /* exactly as long, unlike libFuzzer's own */
    assert(field != NULL);
    memcpy(field, input, size);
    reading = true;
    if (setjmp(failed) == 0)
        read_sum = read_all(field, size);
    reading = false;
    free(field);
    return 0;
}
