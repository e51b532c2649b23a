#include "producers/catalog/standard_event.h"

#include "proto/identity.h"
#include "proto/limits.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const char source_prefix[] = "assay-catalog/";

static void *take(struct arena *arena, size_t size)
{
    void *taken = arena_take(arena, size);
    assert(taken != NULL);
    return taken;
}

static char *text(struct arena *arena, const char *from)
{
    char *copied = arena_text(arena, from, strlen(from));
    assert(copied != NULL);
    return copied;
}

static Google__Protobuf__Timestamp *timestamp(struct arena *arena, instant at)
{
    Google__Protobuf__Timestamp *made = take(arena, sizeof *made);
    google__protobuf__timestamp__init(made);
    int64_t fraction = at % INSTANT_SECOND;
    fraction += fraction < 0 ? INSTANT_SECOND : 0;
    made->seconds = (at - fraction) / INSTANT_SECOND;
    made->nanos = (int32_t)(fraction * 1000);
    return made;
}

static void put_controls(Assay__V1__Standard *standard, const struct edition *edition,
                         bool annex_only, struct arena *arena)
{
    standard->controls =
        take(arena, edition->control_count * sizeof(Assay__V1__Standard__Control *));
    for (size_t i = 0; i < edition->control_count; i++) {
        const struct edition_control *said = &edition->controls[i];
        if (annex_only && said->kind == ASSAY__V1__CONTROL_KIND__CONTROL_KIND_CLAUSE)
            continue;
        Assay__V1__Standard__Control *control = take(arena, sizeof *control);
        assay__v1__standard__control__init(control);
        control->control = text(arena, said->control);
        control->title = text(arena, said->title);
        control->kind = said->kind;
        control->group = text(arena, said->group);
        standard->controls[standard->n_controls++] = control;
    }
}

static void put_extends(Assay__V1__Standard *standard, const char *const *extends, size_t count,
                        struct arena *arena)
{
    standard->extends = take(arena, (count + 1) * sizeof(char *));
    for (size_t i = 0; i < count; i++)
        standard->extends[standard->n_extends++] = text(arena, extends[i]);
}

static char *own_source(const char *standard, struct arena *arena)
{
    size_t size = sizeof source_prefix + strlen(standard);
    char *source = take(arena, size);
    snprintf(source, size, "%s%s", source_prefix, standard);
    return source;
}

Assay__V1__Event *standard_event_make(const struct edition *edition,
                                      const struct standard_wishes *wishes, struct arena *arena)
{
    Assay__V1__Event *event = take(arena, sizeof *event);
    Assay__V1__Standard *standard = take(arena, sizeof *standard);
    uuid id;
    assay__v1__event__init(event);
    assay__v1__standard__init(standard);
    event->body_case = ASSAY__V1__EVENT__BODY_STANDARD;
    event->standard = standard;
    event->source =
        wishes->source != NULL ? text(arena, wishes->source) : own_source(edition->standard, arena);
    event->sequence = wishes->source != NULL ? 0 : edition->revision;
    event->occurred_at =
        timestamp(arena, wishes->has_occurred_at ? wishes->occurred_at : edition->dated);
    if (wishes->actor != NULL)
        event->actor = text(arena, wishes->actor);

    standard->standard = text(arena, edition->standard);
    standard->title = text(arena, edition->title);
    standard->edition = text(arena, edition->edition);
    if (edition->ends)
        standard->certifiable_until = timestamp(arena, edition->certifiable_until);
    if (wishes->extend_count > 0)
        put_extends(standard, wishes->extends, wishes->extend_count, arena);
    else
        put_extends(standard, edition->extends, edition->extend_count, arena);
    put_controls(standard, edition, wishes->annex_only, arena);

    identity_of(event, &id);
    event->id = take(arena, UUID_TEXT_MAX);
    uuid_format(&id, event->id);
    return event;
}
