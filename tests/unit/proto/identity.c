#include "proto/identity.h"

#include "tests/unit/proto/fixture.h"

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

int main(void)
{
    const struct test tests[] = {
        {"texts", uuids_are_read_and_written, 0},
        {"bad texts", what_is_no_uuid_is_refused, COUNT(bad)},
        {"order", the_order_is_that_of_the_text, 0},
        {"derived", the_id_follows_from_all_but_the_id, 0},
    };
    return RUN_TESTS("identity", tests);
}
