#include "consumers/store/fact_rows.h"

#include "proto/json.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_jsonb(struct pgwire *wire, const Assay__V1__Event *event)
{
    json_t *object = json_from_message(&event->base, true);
    char *text = json_dumps(object, JSON_COMPACT);
    if (text == NULL)
        abort();
    size_t size = strlen(text);
    pgwire_raw32(wire, (int32_t)size + 1);
    pgwire_raw(wire, "\x01", 1); /* jsonb's binary format, version 1 */
    pgwire_raw(wire, text, size);
    free(text);
    json_decref(object);
}

/* The fact's own key, by which its steps are told: a scope change travels under its service's. */
static const char *fact_key(const Assay__V1__Event *event, struct arena *arena)
{
    if (event->body_case != ASSAY__V1__EVENT__BODY_SCOPE_CHANGE)
        return record_key(event, arena);
    const Assay__V1__ScopeChange *scope = event->scope_change;
    size_t room = strlen(scope->service) + strlen(scope->environment) + strlen(scope->standard) + 3;
    char *key = arena_take_raw(arena, room);
    assert(key != NULL);
    (void)snprintf(key, room, "%s|%s|%s", scope->service, scope->environment, scope->standard);
    return key;
}

void fact_row(struct copies *copies, struct arena *keys, int64_t batch, const struct taken *taken,
              const char *service)
{
    struct pgwire *wire = &copies->fact.wire;
    assert(taken->has_id);
    arena_reset(keys);
    copy_row(&copies->fact, 14);
    pgwire_int8(wire, batch);
    pgwire_int2(wire, taken->topic);
    pgwire_int4(wire, taken->partition);
    pgwire_int4(wire, taken->incarnation);
    pgwire_int8(wire, taken->offset);
    pgwire_text(wire, record_body_name(taken->event));
    pgwire_text(wire, fact_key(taken->event, keys));
    pgwire_text(wire, service);
    pgwire_uuid(wire, &taken->id);
    pgwire_uuid_bytes(wire, taken->digest);
    pgwire_instant(wire, taken->occurred_at);
    pgwire_int8(wire, (int64_t)taken->event->sequence);
    pgwire_bytes(wire, taken->value, taken->value_size);
    write_jsonb(wire, taken->event);
}

static void write_instant_or_null(struct pgwire *wire, bool given, instant at)
{
    if (given)
        pgwire_instant(wire, at);
    else
        pgwire_null(wire);
}

void fact_step_row(struct copies *copies, int64_t batch, enum posture_change change,
                   const struct posture_fact_step *step)
{
    struct pgwire *wire = &copies->fact_step.wire;
    copy_row(&copies->fact_step, 8);
    pgwire_text(wire, step->body);
    pgwire_text(wire, step->key);
    pgwire_instant(wire, step->at);
    pgwire_int8(wire, batch);
    pgwire_bool(wire, change == STEP_REMOVED);
    bool in_force = change == STEP_SET && step->id != NULL;
    pgwire_uuid(wire, in_force ? step->id : NULL);
    pgwire_bytes(wire, in_force ? step->digest : NULL, 16);
    write_instant_or_null(wire, in_force, step->since);
}

void certification_step_row(struct copies *copies, int64_t batch, const char *programme,
                            const char *standard, enum posture_change change,
                            const struct posture_certification_step *step)
{
    struct pgwire *wire = &copies->certification_step.wire;
    bool set = change == STEP_SET;
    bool decided = set && step->decision != NULL;
    copy_row(&copies->certification_step, 15);
    pgwire_text(wire, programme);
    pgwire_text(wire, standard);
    pgwire_instant(wire, step->at);
    pgwire_int8(wire, batch);
    pgwire_bool(wire, !set);
    if (set)
        pgwire_bool(wire, step->exists);
    else
        pgwire_null(wire);
    pgwire_uuid(wire, decided ? step->decision : NULL);
    pgwire_text(wire, decided ? step->number : NULL);
    pgwire_text(wire, decided ? step->body : NULL);
    if (set)
        pgwire_int2(wire, (int16_t)step->state);
    else
        pgwire_null(wire);
    write_instant_or_null(wire, decided, step->valid_from);
    write_instant_or_null(wire, decided, step->valid_until);
    pgwire_text(wire, decided ? step->soa_version : NULL);
    write_instant_or_null(wire, set && step->surveillance_deadline != INSTANT_END,
                          step->surveillance_deadline);
    if (set)
        pgwire_int2(wire, step->flags);
    else
        pgwire_null(wire);
}
