#include "producers/publish/lines.h"

#include "tests/unit/producers/fixture.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct lines *open_text(const void *text, size_t size, size_t longest)
{
    int descriptor = open(file_with(text, size), O_RDONLY);
    ck_assert_int_ge(descriptor, 0);
    return lines_new(descriptor, longest);
}

static void expect(struct lines *lines, enum line_kind kind, uint64_t number, const char *text)
{
    struct line line;
    ck_assert_int_eq(lines_next(lines, &line), kind);
    ck_assert_uint_eq(line.number, number);
    if (kind == LINE_READ) {
        ck_assert_uint_eq(line.size, strlen(text));
        ck_assert_mem_eq(line.text, text, line.size);
    }
}

static void expect_end(struct lines *lines)
{
    struct line line;
    ck_assert_int_eq(lines_next(lines, &line), LINE_END);
    ck_assert_int_eq(lines_next(lines, &line), LINE_END);
    lines_free(lines);
}

START_TEST(lines_are_numbered_and_whole)
{
    static const char text[] = "\xEF\xBB\xBFone\r\n\n\xEF\xBB\xBFthree\nlast";
    struct lines *lines = open_text(text, sizeof text - 1, 100);
    expect(lines, LINE_READ, 1, "one\r");
    expect(lines, LINE_READ, 2, "");
    expect(lines, LINE_READ, 3, "\xEF\xBB\xBFthree"); /* a mark begins a file, not a line */
    expect(lines, LINE_READ, 4, "last");
    expect_end(lines);
    expect_end(open_text("", 0, 100));
}
END_TEST

START_TEST(a_line_over_the_bound_is_passed_over)
{
    static const char text[] = "12345\n123456\n1234567890123456789012345\n1\n123456";
    struct lines *lines = open_text(text, sizeof text - 1, 5);
    expect(lines, LINE_READ, 1, "12345");
    expect(lines, LINE_TOO_LONG, 2, NULL);
    expect(lines, LINE_TOO_LONG, 3, NULL);
    expect(lines, LINE_READ, 4, "1");
    expect(lines, LINE_TOO_LONG, 5, NULL);
    expect_end(lines);
}
END_TEST

START_TEST(long_lines_arrive_whole_at_any_bound)
{
    enum { SIZE = 300 * 1024 };
    static char text[2 * SIZE + 2];
    struct line line;
    memset(text, 'a', SIZE);
    text[SIZE] = '\n';
    memset(text + SIZE + 1, 'b', SIZE);
    text[2 * SIZE + 1] = '\n';
    struct lines *lines = open_text(text, sizeof text, SIZE);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(lines_next(lines, &line), LINE_READ);
        ck_assert_uint_eq(line.size, SIZE);
        ck_assert_mem_eq(line.text, text + i * (SIZE + 1), SIZE);
    }
    expect_end(lines);
}
END_TEST

START_TEST(a_quiet_pipe_gives_the_thread_back)
{
    int ends[2];
    struct line line;
    ck_assert_int_eq(pipe(ends), 0);
    struct lines *lines = lines_new(ends[0], 100);
    ck_assert_int_eq(lines_next(lines, &line), LINE_WAIT);
    ck_assert_int_eq(write(ends[1], "hal", 3), 3);
    ck_assert_int_eq(lines_next(lines, &line), LINE_WAIT);
    ck_assert_int_eq(write(ends[1], "f\n", 2), 2);
    expect(lines, LINE_READ, 1, "half");
    close(ends[1]);
    expect_end(lines);
}
END_TEST

START_TEST(a_folder_cannot_be_read)
{
    struct line line;
    struct lines *lines = lines_new(open("/", O_RDONLY), 100);
    ck_assert_int_eq(lines_next(lines, &line), LINE_FAILED);
    lines_free(lines);
}
END_TEST

int main(void)
{
    const struct test tests[] = {
        {"numbered", lines_are_numbered_and_whole},
        {"bound", a_line_over_the_bound_is_passed_over},
        {"long", long_lines_arrive_whole_at_any_bound},
        {"pipe", a_quiet_pipe_gives_the_thread_back},
        {"folder", a_folder_cannot_be_read},
    };
    return RUN_TESTS("lines", tests);
}
