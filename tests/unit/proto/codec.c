#include "proto/codec.h"

#include "proto/limits.h"
#include "proto/validate.h"
#include "tests/unit/proto/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes put together field by field, as a producer with other ideas might. */
struct bytes {
    uint8_t at[2 * LIMIT_RECORD_BYTES];
    size_t size;
};
static struct bytes made;

static void put(const void *bytes, size_t size)
{
    ck_assert_uint_le(made.size + size, sizeof made.at);
    memcpy(made.at + made.size, bytes, size);
    made.size += size;
}

static void put_varint(uint64_t number)
{
    do {
        uint8_t byte = (uint8_t)((number & 0x7F) | (number > 0x7F ? 0x80 : 0));
        put(&byte, 1);
        number >>= 7;
    } while (number > 0);
}

static void put_text(unsigned field, const char *text, size_t size)
{
    put_varint(field << 3 | 2);
    put_varint(size);
    put(text, size);
}

static Assay__V1__Event *decode(const uint8_t *bytes, size_t size, struct fault *why)
{
    *why = (struct fault){.reaction = FAULT_NONE};
    /* In memory of exactly that size, so that a sanitizer sees a read past it. */
    uint8_t *copy = malloc(size > 0 ? size : 1);
    ck_assert_ptr_nonnull(copy);
    memcpy(copy, bytes, size);
    Assay__V1__Event *event = codec_decode(copy, size, test_arena, why);
    free(copy);
    return event;
}

static void assert_undecodable(const char *reason)
{
    struct fault why;
    Assay__V1__Event *event = decode(made.at, made.size, &why);
    ck_assert_msg(event == NULL, "decoded, expected: %s", reason);
    ck_assert_int_eq(why.reaction, FAULT_REJECT);
    ck_assert_str_eq(why.text, reason);
    ck_assert_uint_eq(arena_used(test_arena), 0);
}

START_TEST(what_is_encoded_decodes)
{
    Assay__V1__Event *event = golden_with("audit", NULL, NULL);
    size_t size;
    size_t again;
    struct fault why;
    const uint8_t *bytes = bytes_of(event, &size);
    Assay__V1__Event *decoded = decode(bytes, size, &why);
    ck_assert_msg(decoded != NULL, "%s", why.text);
    ck_assert_mem_eq(bytes_of(decoded, &again), bytes, size);
    ck_assert_uint_eq(again, size);
}
END_TEST

START_TEST(empty_is_undecodable)
{
    struct fault why;
    ck_assert_ptr_null(codec_decode(NULL, 0, test_arena, &why));
    ck_assert_str_eq(why.text, "event: empty value");
    assert_undecodable("event: empty value");
}
END_TEST

START_TEST(text_must_be_text)
{
    put_text(5, "caf\xC3\xA9 \xC3(", 8);
    assert_undecodable("actor: not UTF-8 at byte 6");
    made.size = 0;
    put_text(5, "a\0b", 3);
    assert_undecodable("actor: NUL in text at byte 1");
    made.size = 0;
    put_text(20, "\x62\x01\xFF", 3);
    assert_undecodable("finding.title: not UTF-8 at byte 0");
    made.size = 0;
    put_text(15, "\x22\x01s\x22\x01\xFF", 6);
    assert_undecodable("standard.extends[1]: not UTF-8 at byte 0");
}
END_TEST

START_TEST(an_enum_must_know_its_number)
{
    put_text(10, "\x28\x09", 2);
    assert_undecodable("control_test_result.result: 9 is no value of Result");
    made.size = 0;
    put_text(10, "\x28\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11);
    assert_undecodable("control_test_result.result: -1 is no value of Result");
    made.size = 0;
    put_text(10, "\x28\x81\x80\x80\x80\x10", 6); /* 2^32 + 1, whose low half is RESULT_PASS */
    assert_undecodable("control_test_result.result: 4294967297 is no value of Result");
    made.size = 0;
    put_text(14, "\x2A\x02\x18\x00\x2A\x02\x18\x03", 8);
    assert_undecodable("programme.environments[1].state: 3 is no value of EnvironmentState");
}
END_TEST

START_TEST(what_is_no_list_stands_once)
{
    put_text(2, "a", 1);
    put_text(2, "a", 1);
    assert_undecodable("source: stands twice");
    made.size = 0;
    put_text(11, "", 0);
    put_text(12, "", 0);
    assert_undecodable("scope_change: a second one where only one may stand");
    made.size = 0;
    put_text(10, "", 0);
    put_text(10, "", 0);
    assert_undecodable("control_test_result: stands twice");
}
END_TEST

static const struct {
    const char *bytes;
    size_t size;
    const char *reason;
} broken[] = {
    {"\xFF", 1, "event: not a serialized protobuf message"},
    {"\x0A", 1, "event: not a serialized protobuf message"},
    {"\x0A\x05"
     "abc",
     5, "event: not a serialized protobuf message"},
    {"\x02\x00", 2, "event: not a serialized protobuf message"}, /* field 0 */
    {"\x13\x14", 2, "event: not a serialized protobuf message"}, /* a group */
    {"\x16\x00", 2, "event: not a serialized protobuf message"}, /* wire type 6 */
    {"\x18", 1, "event: not a serialized protobuf message"},
    {"\xFD\x01\x00\x00\x00", 5, "event: not a serialized protobuf message"},
    {"\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01", 11,
     "event: not a serialized protobuf message"},
    {"\x08\x01", 2, "id: wire type 0, expected 2"},
    {"\x1A\x00", 2, "sequence: wire type 2, expected 0"},
    {"\x52\x01\x0A", 3, "control_test_result: not a serialized protobuf message"},
    {"\xBA\x01\x02\x40\x00", 5, "management_record.value: wire type 0, expected 1"},
    {"not an event at all", 19, "event: not a serialized protobuf message"},
};

START_TEST(broken_bytes_are_undecodable)
{
    put(broken[_i].bytes, broken[_i].size);
    assert_undecodable(broken[_i].reason);
}
END_TEST

START_TEST(a_part_of_an_event_is_no_surprise)
{
    size_t size;
    const uint8_t *bytes = bytes_of(golden_with("audit", NULL, NULL), &size);
    struct arena_mark mark = arena_mark(test_arena);
    size_t refused = 0;
    for (size_t part = 0; part < size; part++) {
        struct fault why;
        if (decode(bytes, part, &why) == NULL) {
            ck_assert_int_eq(why.reaction, FAULT_REJECT);
            refused++;
        }
        arena_rewind(test_arena, mark);
    }
    ck_assert_uint_gt(refused, size - 10); /* whole only at the borders of the envelope's fields */
}
END_TEST

START_TEST(what_a_newer_producer_adds_is_kept)
{
    put_text(2, "scanner", 7);
    put_text(10, "\x0A\x01s\xFA\x01\x02hi", 8); /* field 31 of the result */
    put_varint(5000 << 3 | 0);
    put_varint(7);
    put_varint(5001 << 3 | 1);
    put("12345678", 8);
    put_varint(5002 << 3 | 5);
    put("1234", 4);
    put_text(5003, "\xFF\x00", 2); /* bytes, for all we know */
    struct fault why;
    Assay__V1__Event *event = decode(made.at, made.size, &why);
    ck_assert_msg(event != NULL, "%s", why.text);
    ck_assert_uint_eq(event->base.n_unknown_fields, 4);
    ck_assert_uint_eq(event->control_test_result->base.n_unknown_fields, 1);
    ck_assert_str_eq(event->control_test_result->service, "s");
    size_t size;
    const uint8_t *again = bytes_of(event, &size);
    ck_assert_uint_eq(size, made.size);
    ck_assert_mem_eq(again, made.at, size);
}
END_TEST

START_TEST(a_body_of_a_newer_producer_decodes_as_none)
{
    put_text(2, "scanner", 7);
    put_text(900, "x", 1);
    struct fault why;
    Assay__V1__Event *event = decode(made.at, made.size, &why);
    ck_assert_msg(event != NULL, "%s", why.text);
    ck_assert_int_eq(event->body_case, ASSAY__V1__EVENT__BODY__NOT_SET);
}
END_TEST

/* --- framing --- */

#define FRAME(literal) literal, sizeof literal - 1

static const struct {
    const char *frame;
    size_t size;
    bool good;
} frames[] = {
    {FRAME("\0\0\0\0\x07\0"), true}, /* message index [0], in short */
    {FRAME("\0\xFF\xFF\xFF\xFF\0"), true},
    {FRAME("\0\0\0\0\x07\x02\0"), true},        /* [0], at length */
    {FRAME("\0\0\0\0\x07\x02\x02"), true},      /* [1] */
    {FRAME("\0\0\0\0\x07\x04\x02\x04"), true},  /* [1, 2] */
    {FRAME("\0\0\0\0\x07\x02\x80\x01"), true},  /* [64] */
    {FRAME("\0\0\0\0\x07\x01"), false},         /* -1 of them */
    {FRAME("\0\0\0\0\x07\x80\x80\x04"), false}, /* 32768 of them */
};

START_TEST(confluent_s_framing_is_skipped)
{
    size_t size;
    const uint8_t *bytes = bytes_of(golden_with("retraction", NULL, NULL), &size);
    put(frames[_i].frame, frames[_i].size);
    put(bytes, size);
    struct fault why;
    Assay__V1__Event *event = decode(made.at, made.size, &why);
    ck_assert_int_eq(event != NULL, frames[_i].good);
    if (event == NULL)
        return;
    size_t again;
    ck_assert_mem_eq(bytes_of(event, &again), bytes, size);
    ck_assert_uint_eq(again, size);
}
END_TEST

START_TEST(framing_alone_is_undecodable)
{
    put("\0\0\0\0\x07\x04\x02\x04", 8);
    for (size_t size = made.size; size > 0; size--) {
        made.size = size;
        assert_undecodable("event: nothing behind the schema registry's framing");
    }
}
END_TEST

/* --- limits --- */

START_TEST(the_largest_record_decodes_and_no_larger)
{
    /* An unknown field of exactly what is left, behind a tag and a length of five bytes. */
    size_t filler = LIMIT_RECORD_BYTES - 5;
    put_varint(1000 << 3 | 2);
    put_varint(filler);
    ck_assert_uint_eq(made.size, 5);
    made.size = LIMIT_RECORD_BYTES;
    struct fault why;
    ck_assert_ptr_nonnull(decode(made.at, made.size, &why));
    made.size++;
    arena_reset(test_arena);
    assert_undecodable("event: 1048577 bytes, at most 1048576");
}
END_TEST

static void put_samples(size_t count)
{
    made.size = 0;
    put_varint(21 << 3 | 2);
    put_varint(3 * count);
    for (size_t i = 0; i < count; i++)
        put("\xA2\x01\0", 3); /* an empty element of audit.samples */
}

/* The dearest record there is still fits in the least arena. */
START_TEST(values_are_counted)
{
    struct fault why;
    put_samples(LIMIT_RECORD_VALUES - 1);
    for (int i = 0; i < 3; i++) {
        ck_assert_msg(decode(made.at, made.size, &why) != NULL, "%s", why.text);
        ck_assert_uint_lt(arena_used(test_arena), LIMIT_DECODED_BYTES);
        arena_reset(test_arena);
    }
    put_samples(LIMIT_RECORD_VALUES);
    assert_undecodable("audit: more values than a record may hold");
}
END_TEST

START_TEST(unknown_values_are_counted_too)
{
    struct fault why;
    for (size_t i = 0; i < LIMIT_RECORD_VALUES; i++)
        put("\x30\x00", 2); /* field 6 */
    ck_assert_msg(decode(made.at, made.size, &why) != NULL, "%s", why.text);
    ck_assert_uint_lt(arena_used(test_arena), LIMIT_DECODED_BYTES);
    arena_reset(test_arena);
    put("\x30\x00", 2);
    assert_undecodable("event: more values than a record may hold");
}
END_TEST

START_TEST(a_full_arena_is_no_fault_of_the_record)
{
    size_t size;
    const uint8_t *bytes = bytes_of(golden_with("audit", NULL, NULL), &size);
    put(bytes, size);
    while (arena_take_raw(test_arena, 256) != NULL)
        ;
    size_t used = arena_used(test_arena);
    struct fault why;
    ck_assert_ptr_null(decode(made.at, made.size, &why));
    ck_assert_int_eq(why.reaction, FAULT_RETRY);
    ck_assert_uint_eq(arena_used(test_arena), used);
    arena_reset(test_arena);
    ck_assert_ptr_nonnull(decode(made.at, made.size, &why));
}
END_TEST

/* --- what the fields mean --- */

START_TEST(times_are_cut_to_microseconds)
{
    Assay__V1__Event *event =
        event_from("{'occurredAt':'1969-12-31T23:59:59.999999999Z','checkMapping':{'ttl':'1.5s'}}");
    ck_assert_int_eq(codec_instant(event->occurred_at, 7), -1);
    ck_assert_int_eq(codec_instant(NULL, 7), 7);
    ck_assert_int_eq(codec_duration(event->check_mapping->ttl), 1500000);
    ck_assert_int_eq(codec_duration(NULL), 0);
}
END_TEST

START_TEST(the_digest_is_sha256_of_the_bytes)
{
    static const uint8_t of_abc[32] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41,
                                       0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03,
                                       0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff,
                                       0x61, 0xf2, 0x00, 0x15, 0xad}; /* FIPS 180-2, appendix B.1 */
    uint8_t digest[32];
    for (int i = 0; i < 2; i++) {
        codec_digest((const uint8_t *)"abc", 3, digest);
        ck_assert_mem_eq(digest, of_abc, sizeof digest);
    }
}
END_TEST

/* --- hostile bytes --- */

enum { MUTATIONS = 20000 };

static uint32_t next_random(uint32_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 17;
    *state ^= *state << 5;
    return *state;
}

/* Golden bytes with a few bytes changed, taken out, put in or doubled. What still decodes can be
 * validated, written as JSON, read back and encoded. */
START_TEST(mutated_events_crash_nothing)
{
    const ProtobufCFieldDescriptor *body = &assay__v1__event__descriptor.fields[5 + _i];
    size_t size;
    const uint8_t *bytes = bytes_of(golden_with(body->name, NULL, NULL), &size);
    struct arena_mark mark = arena_mark(test_arena);
    uint32_t state = 2463534242u + (uint32_t)_i;
    size_t decoded = 0;
    for (int round = 0; round < MUTATIONS / 16; round++) {
        made.size = 0;
        put(bytes, size);
        for (uint32_t left = 1 + next_random(&state) % 4; left > 0 && made.size > 2; left--) {
            size_t at = next_random(&state) % (made.size - 1);
            size_t span = 1 + next_random(&state) % 8;
            if (span > made.size - at)
                span = made.size - at;
            switch (next_random(&state) % 4) {
            case 0:
                made.at[at] = (uint8_t)next_random(&state);
                break;
            case 1:
                memmove(made.at + at, made.at + at + span, made.size - at - span);
                made.size -= span;
                break;
            case 2:
                memmove(made.at + at + span, made.at + at, made.size - at);
                made.size += span;
                break;
            default:
                made.at[at] ^= (uint8_t)(1u << next_random(&state) % 8);
            }
        }
        struct fault why;
        struct violation first;
        Assay__V1__Event *event = decode(made.at, made.size, &why);
        if (event != NULL) {
            decoded++;
            bool valid = validate_event(event, &first);
            char *line = json_write_event(event);
            Assay__V1__Event *again = json_read_event(line, strlen(line), test_arena, &why);
            if (valid)
                ck_assert_msg(again != NULL, "%s: %s", line, why.text);
            free(line);
            ck_assert_uint_le(codec_encode(event, NULL), made.size + 64);
        } else {
            ck_assert_int_eq(why.reaction, FAULT_REJECT);
        }
        arena_rewind(test_arena, mark);
    }
    ck_assert_uint_gt(decoded, 0);
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"round trip", what_is_encoded_decodes, 0},
        {"empty", empty_is_undecodable, 0},
        {"text", text_must_be_text, 0},
        {"enum", an_enum_must_know_its_number, 0},
        {"twice", what_is_no_list_stands_once, 0},
        {"broken", broken_bytes_are_undecodable, COUNT(broken)},
        {"parts", a_part_of_an_event_is_no_surprise, 0},
        {"newer fields", what_a_newer_producer_adds_is_kept, 0},
        {"newer body", a_body_of_a_newer_producer_decodes_as_none, 0},
        {"framing", confluent_s_framing_is_skipped, COUNT(frames)},
        {"framing alone", framing_alone_is_undecodable, 0},
        {"size", the_largest_record_decodes_and_no_larger, 0},
        {"values", values_are_counted, 0},
        {"unknown values", unknown_values_are_counted_too, 0},
        {"full arena", a_full_arena_is_no_fault_of_the_record, 0},
        {"times", times_are_cut_to_microseconds, 0},
        {"digest", the_digest_is_sha256_of_the_bytes, 0},
        {"mutations", mutated_events_crash_nothing, 16},
    };
    return RUN_TESTS("codec", tests);
}
