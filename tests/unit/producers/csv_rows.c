#include "producers/import/csv_rows.h"

#include "tests/unit/producers/fixture.h"

#include <stdio.h>
#include <string.h>

static struct foreign_file opened;

static struct csv_rows *open_bytes(const void *text, size_t size)
{
    struct fault why;
    ck_assert_msg(foreign_file_open(&opened, file_with(text, size), &why), "%s", why.text);
    ck_assert(foreign_file_rewind(&opened, &why));
    return csv_rows_new(&opened);
}

/* `expected`: the fields, each closed by '|'. */
static void expect_row(struct csv_rows *rows, uint64_t line, const char *expected)
{
    static struct csv_row row;
    struct fault why = {0};
    char text[1024] = "";
    size_t size = 0;
    ck_assert_msg(csv_rows_next(rows, &row, &why) == CSV_ROW, "%s", why.text);
    ck_assert_uint_eq(row.line, line);
    for (size_t i = 0; i < row.count; i++) {
        ck_assert_uint_eq(strlen(row.fields[i].text), row.fields[i].size);
        size += (size_t)snprintf(text + size, sizeof text - size, "%s|", row.fields[i].text);
    }
    ck_assert_str_eq(text, expected);
}

static void expect_bad(struct csv_rows *rows, uint64_t line, size_t field, const char *reason)
{
    static struct csv_row row;
    struct fault why = {0};
    ck_assert_int_eq(csv_rows_next(rows, &row, &why), CSV_BAD_ROW);
    ck_assert_uint_eq(row.line, line);
    ck_assert_uint_eq(row.count, field);
    ck_assert_contains(why.text, reason);
}

static void expect_end(struct csv_rows *rows)
{
    static struct csv_row row;
    struct fault why;
    ck_assert_int_eq(csv_rows_next(rows, &row, &why), CSV_END);
    ck_assert_int_eq(csv_rows_next(rows, &row, &why), CSV_END);
    csv_rows_free(rows);
    foreign_file_close(&opened);
}

#define OPEN(text) open_bytes(text, sizeof text - 1)

START_TEST(fields_are_read_as_rfc_4180_has_them)
{
    struct csv_rows *rows = OPEN("\xEF\xBB\xBF"
                                 "a,b,c\r\n"
                                 "\"q,1\",\"say \"\"hi\"\"\",\"two\r\nlines\"\r\n"
                                 "\n"
                                 ",,\n"
                                 "\"\",x,\"\"\"\"\n"
                                 " spaces , kept ,\n"
                                 "last,row,without end");
    expect_row(rows, 1, "a|b|c|");
    expect_row(rows, 2, "q,1|say \"hi\"|two\r\nlines|");
    expect_row(rows, 5, "|||");
    expect_row(rows, 6, "|x|\"|");
    expect_row(rows, 7, " spaces | kept ||");
    expect_row(rows, 8, "last|row|without end|");
    expect_end(rows);
}
END_TEST

START_TEST(what_is_ambiguous_is_refused_and_passed_over)
{
    struct csv_rows *rows = OPEN("a,b\n"
                                 "x,y \"z\"\n"
                                 "\"x\" y,z\n"
                                 "x,\0,z\n"
                                 "good,1\n"
                                 "x\ry,2\n"
                                 "good,2\n"
                                 "x,\"open\n"
                                 "to the end,");
    expect_row(rows, 1, "a|b|");
    expect_bad(rows, 2, 2, "does not begin with one");
    expect_bad(rows, 3, 1, "behind a closing quote");
    expect_bad(rows, 4, 2, "NUL");
    expect_row(rows, 5, "good|1|");
    expect_bad(rows, 6, 1, "carriage return");
    expect_row(rows, 7, "good|2|");
    expect_bad(rows, 8, 2, "quote of line 8 is never closed");
    expect_end(rows);
}
END_TEST

START_TEST(rows_are_bounded)
{
    static char text[CSV_ROW_MOST + 100];
    memset(text, 'x', sizeof text);
    text[sizeof text - 3] = '\n';
    text[sizeof text - 1] = '\n';
    struct csv_rows *rows = open_bytes(text, sizeof text);
    expect_bad(rows, 1, 1, "longer than");
    expect_row(rows, 2, "x|");
    expect_end(rows);

    memset(text, ',', CSV_FIELDS_MOST);
    text[CSV_FIELDS_MOST] = '\n';
    rows = open_bytes(text, CSV_FIELDS_MOST + 1);
    expect_bad(rows, 1, CSV_FIELDS_MOST, "fields");
    expect_end(rows);
}
END_TEST

START_TEST(empty_files_have_no_rows)
{
    expect_end(OPEN(""));
    expect_end(OPEN("\xEF\xBB\xBF"));
    expect_end(OPEN("\r\n\n\r\n"));
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"fields", fields_are_read_as_rfc_4180_has_them},
        {"ambiguous", what_is_ambiguous_is_refused_and_passed_over},
        {"bounds", rows_are_bounded},
        {"empty", empty_files_have_no_rows},
    };
    return RUN_TESTS("csv_rows", tests);
}
