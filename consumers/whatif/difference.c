#include "consumers/whatif/difference.h"

#include <stdlib.h>
#include <string.h>

struct difference *differences_add(struct differences *list)
{
    if (list->count == list->room) {
        list->room = list->room == 0 ? 64 : list->room * 2;
        list->items = reallocarray(list->items, list->room, sizeof *list->items);
        if (list->items == NULL)
            abort();
    }
    list->items[list->count] = (struct difference){0};
    return &list->items[list->count++];
}

static int compare_texts(const char *a, const char *b)
{
    return strcmp(a == NULL ? "" : a, b == NULL ? "" : b);
}

static int compare(const void *a, const void *b)
{
    const struct difference *left = a;
    const struct difference *right = b;
    int order = strcmp(left->service, right->service);
    if (order == 0)
        order = compare_texts(left->environment, right->environment);
    if (order == 0)
        order = strcmp(left->standard, right->standard);
    if (order == 0)
        order = (left->at > right->at) - (left->at < right->at);
    return order != 0 ? order : strverscmp(left->what, right->what);
}

void differences_sort(struct differences *list)
{
    if (list->count > 0)
        qsort(list->items, list->count, sizeof *list->items, compare);
}

void differences_free(struct differences *list)
{
    for (size_t i = 0; i < list->count; i++) {
        struct difference *item = &list->items[i];
        free(item->service);
        free(item->environment);
        free(item->standard);
        free(item->what);
        free(item->before);
        free(item->after);
        free(item->rule_name);
        free(item->sentence);
    }
    free(list->items);
    *list = (struct differences){0};
}
