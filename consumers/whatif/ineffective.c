#include "consumers/whatif/ineffective.h"

#include "consumers/whatif/subject.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *or_empty(const char *text)
{
    return text == NULL ? "" : text;
}

void ineffective_note(struct courses *courses, enum posture_change change,
                      const struct posture_unmapped_step *step)
{
    if (step->record.topic != SUPPOSED_TOPIC)
        return;
    char name[COURSE_NAME_MAX];
    int size = snprintf(name, sizeof name, "%d\n%" PRId64 "\n%s\n%s\n%s", step->record.partition,
                        step->record.offset, or_empty(step->environment), or_empty(step->standard),
                        or_empty(step->control));
    assert(size > 0 && size < COURSE_NAME_MAX);
    if (change == STEP_REMOVED)
        courses_remove(courses, name, step->at);
    else
        courses_set(courses, name, step->at, step->reason);
}

static int64_t number_part(const char **name)
{
    char *digits = course_name_part(name);
    int64_t number = strtoll(digits, NULL, 10);
    free(digits);
    return number;
}

static void on_reason(void *context, const struct courses_difference *told)
{
    struct ineffectives *list = context;
    const char *name = told->name;
    if (list->count == list->room) {
        list->room = list->room == 0 ? 16 : list->room * 2;
        list->items = reallocarray(list->items, list->room, sizeof *list->items);
        if (list->items == NULL)
            abort();
    }
    struct ineffective *item = &list->items[list->count++];
    item->file = (size_t)number_part(&name);
    item->line = number_part(&name);
    item->environment = course_name_part(&name);
    item->standard = course_name_part(&name);
    item->control = course_name_part(&name);
    item->reason = strdup(told->after);
    if (item->reason == NULL)
        abort();
}

static int compare(const void *a, const void *b)
{
    const struct ineffective *left = a;
    const struct ineffective *right = b;
    if (left->file != right->file)
        return left->file < right->file ? -1 : 1;
    if (left->line != right->line)
        return left->line < right->line ? -1 : 1;
    int order = strcmp(left->standard, right->standard);
    return order != 0 ? order : strverscmp(left->control, right->control);
}

void ineffectives_list(struct ineffectives *list, const struct courses *courses, instant at)
{
    struct courses *none = courses_new();
    courses_compare(none, courses, at, at, on_reason, list);
    courses_free(none);
    if (list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, compare);
}

void ineffectives_free(struct ineffectives *list)
{
    for (size_t i = 0; i < list->count; i++) {
        free(list->items[i].environment);
        free(list->items[i].standard);
        free(list->items[i].control);
        free(list->items[i].reason);
    }
    free(list->items);
    *list = (struct ineffectives){0};
}
