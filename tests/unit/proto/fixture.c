#include "tests/unit/proto/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_MOST = 64 * 1024 };

struct arena *test_arena;

static void set_up(void)
{
    test_arena = arena_new(0);
}

static void tear_down(void)
{
    arena_free(test_arena);
    test_arena = NULL;
}

static json_t *parse(const char *text)
{
    static char quoted[JSON_MOST];
    size_t size = strlen(text);
    ck_assert_uint_lt(size, sizeof quoted);
    for (size_t i = 0; i <= size; i++)
        quoted[i] = text[i];
    for (char *quote = quoted; (quote = strchr(quote, '\'')) != NULL;)
        *quote = '"';
    json_error_t error;
    json_t *json = json_loads(quoted, JSON_DECODE_ANY, &error);
    ck_assert_msg(json != NULL, "%s: %s", quoted, error.text);
    return json;
}

static Assay__V1__Event *read_json(json_t *json)
{
    char *line = json_dumps(json, 0);
    json_decref(json);
    struct fault why;
    Assay__V1__Event *event = json_read_event(line, strlen(line), test_arena, &why);
    ck_assert_msg(event != NULL, "%s: %s", line, why.text);
    free(line);
    return event;
}

Assay__V1__Event *event_from(const char *json)
{
    return read_json(parse(json));
}

static size_t place_of(const char *step)
{
    char *end;
    size_t place = strtoul(step, &end, 10);
    ck_assert_msg(*step != '\0' && *end == '\0', "%s is no place in a list", step);
    return place;
}

static json_t *step_down(json_t *json, const char *step)
{
    json_t *next =
        json_is_array(json) ? json_array_get(json, place_of(step)) : json_object_get(json, step);
    ck_assert_msg(next != NULL, "nothing at %s", step);
    return next;
}

Assay__V1__Event *golden_with(const char *body, const char *path, const char *value)
{
    char name[512];
    snprintf(name, sizeof name, "%s/%s.full.json", GOLDEN_DIR, body);
    json_error_t error;
    json_t *json = json_load_file(name, 0, &error);
    ck_assert_msg(json != NULL, "%s: %s", name, error.text);
    if (path == NULL)
        return read_json(json);

    char steps[256];
    snprintf(steps, sizeof steps, "%s", path);
    json_t *at = json;
    char *step = steps;
    for (char *dot; (dot = strchr(step, '.')) != NULL; step = dot + 1) {
        *dot = '\0';
        at = step_down(at, step);
    }
    if (json_is_array(at))
        ck_assert_int_eq(json_array_set_new(at, place_of(step), parse(value)), 0);
    else
        ck_assert_int_eq(json_object_set_new(at, step, parse(value)), 0);
    return read_json(json);
}

const uint8_t *bytes_of(const Assay__V1__Event *event, size_t *size)
{
    *size = codec_encode(event, NULL);
    uint8_t *bytes = arena_take(test_arena, *size);
    ck_assert_ptr_nonnull(bytes);
    ck_assert_uint_eq(codec_encode(event, bytes), *size);
    return bytes;
}

int run_tests(const char *unit, const struct test *tests, size_t count)
{
    Suite *suite = suite_create(unit);
    for (size_t i = 0; i < count; i++) {
        TCase *tcase = tcase_create(tests[i].name);
        tcase_add_checked_fixture(tcase, set_up, tear_down);
        tcase_set_timeout(tcase, 60);
        if (tests[i].loops > 0)
            tcase_add_loop_test(tcase, tests[i].function, 0, tests[i].loops);
        else
            tcase_add_test(tcase, tests[i].function);
        suite_add_tcase(suite, tcase);
    }
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
