#include "consumers/whatif/courses.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

struct step {
    instant at;
    char *value;
};

struct course {
    char *name;
    struct step *steps; /* rising */
    size_t count, room;
    UT_hash_handle hh;
};

struct courses {
    struct course *by_name;
};

static char *copy(const char *text)
{
    char *copied = text == NULL ? NULL : strdup(text);
    if (text != NULL && copied == NULL)
        abort();
    return copied;
}

static bool alike(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

struct courses *courses_new(void)
{
    struct courses *courses = calloc(1, sizeof *courses);
    if (courses == NULL)
        abort();
    return courses;
}

void courses_free(struct courses *courses)
{
    struct course *course;
    struct course *next;
    if (courses == NULL)
        return;
    HASH_ITER(hh, courses->by_name, course, next)
    {
        HASH_DEL(courses->by_name, course);
        for (size_t i = 0; i < course->count; i++)
            free(course->steps[i].value);
        free(course->steps);
        free(course->name);
        free(course);
    }
    free(courses);
}

static struct course *find(const struct courses *courses, const char *name)
{
    struct course *course;
    HASH_FIND_STR(courses->by_name, name, course);
    return course;
}

/* How many steps are at or before the instant. */
static size_t steps_until(const struct course *course, instant at)
{
    size_t low = 0;
    size_t high = course == NULL ? 0 : course->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (course->steps[middle].at <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

void courses_set(struct courses *courses, const char *name, instant at, const char *value)
{
    struct course *course = find(courses, name);
    if (course == NULL) {
        course = calloc(1, sizeof *course);
        if (course == NULL)
            abort();
        course->name = copy(name);
        HASH_ADD_KEYPTR(hh, courses->by_name, course->name, strlen(course->name), course);
    }
    size_t place = steps_until(course, at);
    if (place > 0 && course->steps[place - 1].at == at) {
        free(course->steps[place - 1].value);
        course->steps[place - 1].value = copy(value);
        return;
    }
    if (course->count == course->room) {
        course->room = course->room == 0 ? 4 : course->room * 2;
        course->steps = reallocarray(course->steps, course->room, sizeof *course->steps);
        if (course->steps == NULL)
            abort();
    }
    memmove(&course->steps[place + 1], &course->steps[place],
            (course->count - place) * sizeof *course->steps);
    course->steps[place] = (struct step){at, copy(value)};
    course->count++;
}

void courses_remove(struct courses *courses, const char *name, instant at)
{
    struct course *course = find(courses, name);
    size_t place = steps_until(course, at);
    if (place == 0 || course->steps[place - 1].at != at)
        return;
    free(course->steps[place - 1].value);
    memmove(&course->steps[place - 1], &course->steps[place],
            (course->count - place) * sizeof *course->steps);
    course->count--;
}

const char *courses_value(const struct courses *courses, const char *name, instant at,
                          instant *since)
{
    const struct course *course = find(courses, name);
    size_t until = steps_until(course, at);
    *since = INSTANT_BEGIN;
    if (until == 0)
        return NULL;
    size_t began = until - 1;
    while (began > 0 && alike(course->steps[began - 1].value, course->steps[began].value))
        began--;
    *since = course->steps[began].at;
    return course->steps[until - 1].value;
}

/* ---- comparing ---- */

struct comparing {
    const char *name;
    const struct course *before, *after; /* NULL: nothing at any time */
    instant from, upto;
    void (*tell)(void *context, const struct courses_difference *difference);
    void *context;
};

static const char *value_at(const struct course *course, size_t until)
{
    return until == 0 ? NULL : course->steps[until - 1].value;
}

static instant step_at(const struct course *course, size_t step)
{
    return course == NULL || step == course->count ? INSTANT_END : course->steps[step].at;
}

static void compare(const struct comparing *what)
{
    size_t old = steps_until(what->before, what->from);
    size_t new = steps_until(what->after, what->from);
    struct courses_difference span = {.name = what->name, .at = what->from};
    while (span.at <= what->upto && span.at != INSTANT_END) {
        span.before = value_at(what->before, old);
        span.after = value_at(what->after, new);
        do { /* steps that change nothing end no span */
            instant next_old = step_at(what->before, old);
            instant next_new = step_at(what->after, new);
            span.until = next_old < next_new ? next_old : next_new;
            if (span.until != INSTANT_END) {
                old += next_old == span.until;
                new += next_new == span.until;
            }
        } while (span.until != INSTANT_END && alike(value_at(what->before, old), span.before) &&
                 alike(value_at(what->after, new), span.after));
        if (!alike(span.before, span.after))
            what->tell(what->context, &span);
        span.at = span.until;
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

void courses_compare(const struct courses *before, const struct courses *after, instant from,
                     instant upto,
                     void (*tell)(void *context, const struct courses_difference *difference),
                     void *context)
{
    size_t count = 0;
    const char **names =
        calloc(HASH_COUNT(before->by_name) + HASH_COUNT(after->by_name) + 1u, sizeof *names);
    if (names == NULL)
        abort();
    for (const struct course *at = before->by_name; at != NULL; at = at->hh.next)
        names[count++] = at->name;
    for (const struct course *at = after->by_name; at != NULL; at = at->hh.next)
        if (find(before, at->name) == NULL)
            names[count++] = at->name;
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 0; i < count; i++) {
        struct comparing what = {
            names[i], find(before, names[i]), find(after, names[i]), from, upto, tell, context};
        compare(&what);
    }
    free(names);
}
