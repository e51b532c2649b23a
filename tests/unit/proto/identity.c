#include "proto/identity.h"

#include "proto/limits.h"
#include "tests/unit/proto/fixture.h"

#include <string.h>

START_TEST(uuids_are_read_and_written)
{
    const char *text = "0b3f4c4e-2a52-4c39-9c3d-0d4f6f5b7a11";
    uuid id;
    char out[UUID_TEXT_MAX];
    ck_assert(uuid_parse(text, &id));
    ck_assert_uint_eq(id.bytes[0], 0x0b);
    ck_assert_uint_eq(id.bytes[15], 0x11);
    ck_assert_str_eq(uuid_format(&id, out), text);
}
END_TEST

static const char *const bad[] = {
    "",
    "0",
    "0b3f4c4e",
    "0b3f4c4e-2a52-4c39-9c3d-0d4f6f5b7a1",
    "0b3f4c4e-2a52-4c39-9c3d-0d4f6f5b7a111",
    "0B3F4C4E-2A52-4C39-9C3D-0D4F6F5B7A11",
    "0b3f4c4e2a524c399c3d0d4f6f5b7a11",
    "{0b3f4c4e-2a52-4c39-9c3d-0d4f6f5b7a11}",
    "0b3f4c4e-2a52-4c39-9c3d-0d4f6f5b7ag1",
    "0b3f4c4-e2a52-4c39-9c3d-0d4f6f5b7a11",
};

START_TEST(what_is_no_uuid_is_refused)
{
    uuid id;
    ck_assert_msg(!uuid_parse(bad[_i], &id), "%s", bad[_i]);
}
END_TEST

/* Each byte at each place: what is a digit there makes a UUID still. */
START_TEST(a_digit_is_a_digit_everywhere)
{
    const char *text = "0b3f4c4e-2a52-4c39-9c3d-0d4f6f5b7a11";
    for (size_t place = 0; place < UUID_TEXT_MAX - 1; place++)
        for (int byte = 1; byte < 256; byte++) {
            char given[UUID_TEXT_MAX];
            char back[UUID_TEXT_MAX];
            uuid id;
            memcpy(given, text, sizeof given);
            given[place] = (char)byte;
            bool expected =
                text[place] == '-' ? byte == '-' : strchr("0123456789abcdef", byte) != NULL;
            ck_assert_msg(uuid_parse(given, &id) == expected, "%d at %zu", byte, place);
            if (expected)
                ck_assert_str_eq(uuid_format(&id, back), given);
        }
}
END_TEST

START_TEST(the_order_is_that_of_the_text)
{
    uuid a;
    uuid b;
    ck_assert(uuid_parse("0b3f4c4e-2a52-4c39-9c3d-0d4f6f5b7a11", &a));
    ck_assert(uuid_parse("0b3f4c4e-2a52-4c39-9c3d-0d4f6f5b7a12", &b));
    ck_assert_int_lt(uuid_compare(&a, &b), 0);
    ck_assert_int_gt(uuid_compare(&b, &a), 0);
    ck_assert_int_eq(uuid_compare(&a, &a), 0);
}
END_TEST

/* That the ids are RFC 9562's is shown with other means by tests/contract/golden/foreign.py. */
START_TEST(the_id_follows_from_all_but_the_id)
{
    Assay__V1__Event *event = golden_with("audit", NULL, NULL);
    Assay__V1__Event *renamed =
        golden_with("audit", "id", "'0b3f4c4e-2a52-4c39-9c3d-0d4f6f5b7a11'");
    Assay__V1__Event *changed = golden_with("audit", "audit.team.1", "'C. Other'");
    const char *given = event->id;
    uuid id;
    uuid of_renamed;
    uuid of_changed;
    identity_of(event, &id);
    identity_of(renamed, &of_renamed);
    identity_of(changed, &of_changed);
    ck_assert_ptr_eq(event->id, given);
    ck_assert_int_eq(uuid_compare(&id, &of_renamed), 0);
    ck_assert_int_ne(uuid_compare(&id, &of_changed), 0);
    ck_assert_uint_eq(id.bytes[6] >> 4, 5);
    ck_assert_uint_eq(id.bytes[8] >> 6, 2);
}
END_TEST

static const char *const bodies[] = {"audit", "control_test_result", "retraction", "standard"};

START_TEST(the_serialization_under_it_is_the_event_s)
{
    Assay__V1__Event *event = golden_with(bodies[_i], NULL, NULL);
    uuid id;
    uuid expected;
    char text[UUID_TEXT_MAX];
    size_t size;
    size_t expected_size;
    const uint8_t *bytes = identity_encode(event, test_arena, &id, &size);
    identity_of(event, &expected);
    ck_assert_int_eq(uuid_compare(&id, &expected), 0);
    event->id = uuid_format(&id, text);
    const uint8_t *expected_bytes = bytes_of(event, &expected_size);
    ck_assert_uint_eq(size, expected_size);
    ck_assert_mem_eq(bytes, expected_bytes, size);
}
END_TEST

START_TEST(what_no_record_holds_has_an_id_all_the_same)
{
    Assay__V1__Event *event = golden_with("retraction", NULL, NULL);
    char *reason = arena_take(test_arena, LIMIT_RECORD_BYTES + 1);
    ck_assert_ptr_nonnull(reason);
    memset(reason, 'x', LIMIT_RECORD_BYTES);
    event->retraction->reason = reason;
    uuid id;
    uuid expected;
    size_t size = 1;
    ck_assert_ptr_null(identity_encode(event, test_arena, &id, &size));
    ck_assert_uint_eq(size, 0);
    identity_of(event, &expected);
    ck_assert_int_eq(uuid_compare(&id, &expected), 0);
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"texts", uuids_are_read_and_written, 0},
        {"bad texts", what_is_no_uuid_is_refused, COUNT(bad)},
        {"digits", a_digit_is_a_digit_everywhere, 0},
        {"order", the_order_is_that_of_the_text, 0},
        {"derived", the_id_follows_from_all_but_the_id, 0},
        {"encoded", the_serialization_under_it_is_the_event_s, COUNT(bodies)},
        {"too large", what_no_record_holds_has_an_id_all_the_same, 0},
    };
    return RUN_TESTS("identity", tests);
}
