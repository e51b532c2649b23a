/* The demo's events: each line is one that publish accepts. */
#include "proto/arena.h"
#include "proto/json.h"
#include "proto/validate.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const files[] = {"heron-harbour.jsonl", "quillon-ledger.jsonl",
                                    "evidence.jsonl"};
enum { FILES = sizeof files / sizeof files[0] };

static void check_line(const char *file, int number, const char *line, size_t size)
{
    struct arena *arena = arena_new(0);
    struct fault why = {0};
    Assay__V1__Event *event = json_read_event(line, size, arena, &why);
    ck_assert_msg(event != NULL, "%s:%d: %s", file, number, why.text);
    char id[] = "00000000-0000-5000-8000-000000000000";
    if (event->id == NULL || *event->id == '\0')
        event->id = id; /* publish gives it one */
    struct violation first;
    ck_assert_msg(validate_event(event, &first), "%s:%d: %s: %s", file, number, first.path,
                  first.rule);
    arena_free(arena);
}

START_TEST(every_line_is_accepted)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", DEMO_DIR, files[_i]);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "%s is missing", path);
    char *line = NULL;
    size_t room = 0;
    ssize_t size;
    int number = 0;
    while ((size = getline(&line, &room, file)) > 0)
        check_line(files[_i], ++number, line, (size_t)size);
    ck_assert_int_gt(number, 20);
    free(line);
    fclose(file);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report/demo");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, every_line_is_accepted, 0, FILES);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
