#include "producers/import/mapping.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static char *borrow(const char *text)
{
    return (char *)(uintptr_t)text; /* protobuf-c's fields are not const */
}

static void *take(struct arena *arena, size_t size)
{
    void *taken = arena_take(arena, size);
    assert(taken != NULL); /* the arena was empty and holds any record */
    return taken;
}

static bool has_control(const Assay__V1__CheckMapping *mapping, const char *standard,
                        const char *control)
{
    for (size_t i = 0; i < mapping->n_controls; i++)
        if (strcmp(mapping->controls[i]->standard, standard) == 0 &&
            strcmp(mapping->controls[i]->control, control) == 0)
            return true;
    return false;
}

static bool covers(const char *named, const char *wanted)
{
    return strcmp(named, "*") == 0 || strcmp(named, wanted) == 0;
}

static bool applies(const Assay__V1__CheckMapping *mapping, const char *service,
                    const char *environment)
{
    if (mapping->n_applies_to == 0)
        return true;
    for (size_t i = 0; i < mapping->n_applies_to; i++)
        if (covers(mapping->applies_to[i]->service, service) &&
            covers(mapping->applies_to[i]->environment, environment))
            return true;
    return false;
}

static int by_control(const void *a, const void *b)
{
    const Assay__V1__ControlReference *x = *(Assay__V1__ControlReference *const *)a;
    const Assay__V1__ControlReference *y = *(Assay__V1__ControlReference *const *)b;
    int order = strcmp(x->standard, y->standard);
    return order != 0 ? order : strcmp(x->control, y->control);
}

static int by_place(const void *a, const void *b)
{
    const Assay__V1__CheckMapping__Target *x = *(Assay__V1__CheckMapping__Target *const *)a;
    const Assay__V1__CheckMapping__Target *y = *(Assay__V1__CheckMapping__Target *const *)b;
    int order = strcmp(x->service, y->service);
    return order != 0 ? order : strcmp(x->environment, y->environment);
}

static void unite_controls(Assay__V1__CheckMapping *mapping, const struct mapping_wish *wish,
                           struct arena *arena)
{
    size_t count = mapping->n_controls;
    Assay__V1__ControlReference **controls =
        take(arena, (count + wish->control_count + 1) * sizeof(Assay__V1__ControlReference *));
    for (size_t i = 0; i < count; i++)
        controls[i] = mapping->controls[i];
    for (size_t i = 0; i < wish->control_count; i++) {
        if (has_control(mapping, wish->standard, wish->controls[i]))
            continue;
        Assay__V1__ControlReference *added = take(arena, sizeof *added);
        assay__v1__control_reference__init(added);
        added->standard = borrow(wish->standard);
        added->control = wish->controls[i];
        controls[count++] = added;
    }
    qsort(controls, count, sizeof(Assay__V1__ControlReference *), by_control);
    mapping->controls = controls;
    mapping->n_controls = count;
}

/* Adds the wish's place, where it does not apply yet. */
static void unite_places(Assay__V1__CheckMapping *mapping, const struct mapping_wish *wish,
                         struct arena *arena)
{
    size_t count = mapping->n_applies_to;
    Assay__V1__CheckMapping__Target **places =
        take(arena, (count + 1) * sizeof(Assay__V1__CheckMapping__Target *));
    for (size_t i = 0; i < count; i++)
        places[i] = mapping->applies_to[i];
    Assay__V1__CheckMapping__Target *added = take(arena, sizeof *added);
    assay__v1__check_mapping__target__init(added);
    added->service = borrow(wish->service);
    added->environment = borrow(wish->environment);
    places[count++] = added;
    qsort(places, count, sizeof(Assay__V1__CheckMapping__Target *), by_place);
    mapping->applies_to = places;
    mapping->n_applies_to = count;
}

bool mapping_unite(const Assay__V1__CheckMapping *former, const struct mapping_wish *wish,
                   struct arena *arena, Assay__V1__CheckMapping **united)
{
    Assay__V1__CheckMapping *mapping = take(arena, sizeof *mapping);
    assay__v1__check_mapping__init(mapping);
    bool adds = former == NULL;
    if (former != NULL)
        *mapping = *former;
    for (size_t i = 0; i < wish->control_count && !adds; i++)
        adds = !has_control(mapping, wish->standard, wish->controls[i]);
    bool new_place = former == NULL || !applies(mapping, wish->service, wish->environment);
    adds = adds || new_place || (wish->required && !mapping->required);
    if (!adds)
        return false;
    mapping->check = borrow(wish->check);
    mapping->title = borrow(wish->title);
    mapping->required = mapping->required || wish->required;
    unite_controls(mapping, wish, arena);
    if (new_place)
        unite_places(mapping, wish, arena);
    *united = mapping;
    return true;
}
