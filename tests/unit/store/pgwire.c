#include "consumers/store/pgwire.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* The bytes PostgreSQL documents, written out: length, then the value, most significant first. */
START_TEST(fields_have_their_length_before_them)
{
    static const uint8_t expected[] = {
        0,    0,    0,    1,    1,                            /* true */
        0,    0,    0,    2,    0xFF, 0xFE,                   /* int2 -2 */
        0,    0,    0,    4,    0,    0,    1, 0,             /* int4 256 */
        0,    0,    0,    8,    0x80, 0,    0, 0, 0, 0, 0, 0, /* int8, least */
        0,    0,    0,    2,    'h',  'i',                    /* text */
        0,    0,    0,    0,                                  /* empty text */
        0xFF, 0xFF, 0xFF, 0xFF,                               /* null text */
        0xFF, 0xFF, 0xFF, 0xFF,                               /* null */
    };
    struct pgwire wire = {0};
    pgwire_bool(&wire, true);
    pgwire_int2(&wire, -2);
    pgwire_int4(&wire, 256);
    pgwire_int8(&wire, INT64_MIN);
    pgwire_text(&wire, "hi");
    pgwire_text(&wire, "");
    pgwire_text(&wire, NULL);
    pgwire_null(&wire);
    ck_assert_uint_eq(wire.size, sizeof expected);
    ck_assert_mem_eq(wire.bytes, expected, sizeof expected);
    pgwire_free(&wire);
}
END_TEST

static const instant INSTANTS[] = {INSTANT_BEGIN, INSTANT_LEAST,           -1, 0, INSTANT_MOST,
                                   INSTANT_END,   INT64_C(946684800000000)};

START_TEST(instants_come_back_and_infinity_with_them)
{
    struct pgwire wire = {0};
    pgwire_instant(&wire, INSTANTS[_i]);
    ck_assert_int_eq(pgwire_read_instant(wire.bytes + 4), INSTANTS[_i]);
    pgwire_free(&wire);
}
END_TEST

START_TEST(the_year_2000_is_zero)
{
    struct pgwire wire = {0};
    pgwire_instant(&wire, INT64_C(946684800000000));
    ck_assert_int_eq(pgwire_read64(wire.bytes + 4), 0);
    pgwire_free(&wire);
}
END_TEST

START_TEST(arrays_are_read_as_they_were_written)
{
    struct pgwire wire = {0};
    size_t mark = pgwire_array(&wire, PGWIRE_TEXT, 3);
    pgwire_text(&wire, "one");
    pgwire_text(&wire, NULL);
    pgwire_text(&wire, "");
    pgwire_array_end(&wire, mark);
    int32_t size = pgwire_read32(wire.bytes);
    ck_assert_uint_eq((size_t)size + 4, wire.size);

    struct array_reader reader = array_open(wire.bytes + 4, (size_t)size);
    size_t length;
    ck_assert_uint_eq(reader.left, 3);
    ck_assert_mem_eq(array_next(&reader, &length), "one", 3);
    ck_assert_uint_eq(length, 3);
    ck_assert_ptr_null(array_next(&reader, &length));
    ck_assert_ptr_nonnull(array_next(&reader, &length));
    ck_assert_uint_eq(length, 0);
    ck_assert_uint_eq(reader.left, 0);
    pgwire_free(&wire);
}
END_TEST

START_TEST(an_empty_array_has_no_dimension)
{
    struct pgwire wire = {0};
    size_t mark = pgwire_array(&wire, PGWIRE_INT8, 0);
    pgwire_array_end(&wire, mark);
    ck_assert_int_eq(pgwire_read32(wire.bytes), 12);
    ck_assert_int_eq(pgwire_read32(wire.bytes + 4), 0);
    ck_assert_uint_eq(array_open(wire.bytes + 4, 12).left, 0);
    pgwire_free(&wire);
}
END_TEST

START_TEST(an_array_cut_short_is_a_bug)
{
    struct pgwire wire = {0};
    size_t mark = pgwire_array(&wire, PGWIRE_INT8, 1);
    pgwire_int8(&wire, 7);
    pgwire_array_end(&wire, mark);
    struct array_reader reader = array_open(wire.bytes + 4, wire.size - 5);
    size_t length;
    array_next(&reader, &length);
}
END_TEST

START_TEST(parameters_begin_where_they_are_written)
{
    struct request request = {0};
    pgwire_text(request_next(&request), "a");
    pgwire_int4(request_next(&request), 5);
    pgwire_null(request_next(&request));
    ck_assert_int_eq(request.count, 3);
    ck_assert_int_eq(pgwire_read32(request.wire.bytes + request.starts[0]), 1);
    ck_assert_int_eq(pgwire_read32(request.wire.bytes + request.starts[1] + 4), 5);
    ck_assert_int_eq(pgwire_read32(request.wire.bytes + request.starts[2]), -1);
    request_free(&request);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("store/pgwire");
    TCase *all = tcase_create("all");
    tcase_add_test(all, fields_have_their_length_before_them);
    tcase_add_loop_test(all, instants_come_back_and_infinity_with_them, 0,
                        sizeof INSTANTS / sizeof INSTANTS[0]);
    tcase_add_test(all, the_year_2000_is_zero);
    tcase_add_test(all, arrays_are_read_as_they_were_written);
    tcase_add_test(all, an_empty_array_has_no_dimension);
    tcase_add_test_raise_signal(all, an_array_cut_short_is_a_bug, 6 /* SIGABRT */);
    tcase_add_test(all, parameters_begin_where_they_are_written);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
