#include "consumers/posture/service.h"

#include "consumers/posture/array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct posture_service *posture_service_new(const char *name)
{
    struct posture_service *service = array_new(1, sizeof *service, NULL);
    service->bytes = sizeof *service;
    service->names = names_new(&service->bytes);
    service->name = names_add(service->names, name);
    return service;
}

static void free_fact(struct service_fact *fact)
{
    for (uint32_t i = 0; i < fact->version_count; i++) {
        free(fact->versions[i]->records);
        free(fact->versions[i]);
    }
    free(fact->versions);
    free(fact->steps);
    free(fact->unmapped);
}

static void free_standing(struct standing *standing)
{
    struct cell *cell, *next;
    HASH_ITER(hh, standing->cells, cell, next)
    {
        HASH_DEL(standing->cells, cell);
        free(cell->steps);
        free(cell->own);
        free(cell->windows);
        free(cell);
    }
    free_fact(&standing->scope);
    free(standing->own);
    free(standing->shown);
    free(standing->moves);
    free(standing->changes);
    free(standing->certified);
    free(standing);
}

static void free_environment(struct environment *environment)
{
    struct population *population, *next;
    HASH_ITER(hh, environment->populations, population, next)
    {
        HASH_DEL(environment->populations, population);
        free(population->streams);
        free(population->steps);
        free(population->mapped);
        free(population->ttls);
        free(population->reasons);
        free(population->touched);
        free(population);
    }
    for (uint32_t i = 0; i < environment->standing_count; i++)
        free_standing(environment->standings[i]);
    free(environment->standings);
    free(environment->cells);
    free(environment->ranked);
    free(environment->programmes);
    free(environment->dirty_populations);
    free(environment->dirty_cells);
    free(environment->unmapped);
    free(environment);
}

static void free_tables(struct posture_service *service)
{
    struct tool *tool, *next_tool;
    HASH_ITER(hh, service->tools, tool, next_tool)
    {
        HASH_DEL(service->tools, tool);
        free(tool);
    }
    struct service_retraction *retraction, *next_retraction;
    HASH_ITER(hh, service->retractions, retraction, next_retraction)
    {
        HASH_DEL(service->retractions, retraction);
        while (retraction != NULL) {
            struct service_retraction *same = retraction->same_id;
            free(retraction);
            retraction = same;
        }
    }
}

void posture_service_free(struct posture_service *service)
{
    if (service == NULL)
        return;
    for (uint32_t i = 0; i < service->environment_count; i++)
        free_environment(service->environments[i]);
    free(service->environments);
    for (uint32_t i = 0; i < service->stream_count; i++) {
        if (service->streams[i].room > 0)
            free(service->streams[i].many);
        free(service->streams[i].unmapped);
    }
    free(service->streams);
    for (uint32_t i = 0; i < service->chunk_count; i++)
        free(service->chunks[i]);
    free(service->chunks);
    free_tables(service);
    free_fact(&service->onboarding);
    free(service->populations);
    free(service->tool_numbers);
    free(service->records);
    free(service->pending);
    free(service->of_teams);
    free(service->to_governance.numbers);
    free(service->from_governance.numbers);
    origins_free(&service->origins);
    index_free(&service->by_id);
    index_free(&service->by_key);
    index_free(&service->by_check);
    index_free(&service->by_tool);
    names_free(service->names);
    free(service);
}

size_t posture_service_memory(const struct posture_service *service)
{
    return service->bytes;
}

const char *text_of(const struct posture_service *service, uint32_t name)
{
    return names_text(service->names, name);
}

static uint32_t peer(struct posture_service *service, struct peers *peers, uint32_t name,
                     const struct names *here, const struct names *there)
{
    assert(name != NAME_NONE);
    if (name >= peers->room) {
        uint32_t was = peers->room;
        peers->numbers = array_room(peers->numbers, &peers->room, name + 1u, sizeof *peers->numbers,
                                    &service->bytes);
        memset(peers->numbers + was, 0xFF, (peers->room - was) * sizeof *peers->numbers);
    }
    if (peers->numbers[name] == NAME_NONE)
        peers->numbers[name] = names_find(there, names_text(here, name));
    return peers->numbers[name];
}

uint32_t to_governance(struct posture_service *service, uint32_t name)
{
    return peer(service, &service->to_governance, name, service->names, service->governance->names);
}

uint32_t from_governance(struct posture_service *service, uint32_t name)
{
    return peer(service, &service->from_governance, name, service->governance->names,
                service->names);
}

/* ---- what is mentioned ---- */

struct environment *environment_find(const struct posture_service *service, const char *name)
{
    for (uint32_t i = 0; i < service->environment_count; i++) {
        if (strcmp(text_of(service, service->environments[i]->name), name) == 0)
            return service->environments[i];
    }
    return NULL;
}

struct environment *environment_of(struct posture_service *service, const char *name)
{
    struct environment *environment = environment_find(service, name);
    if (environment != NULL)
        return environment;
    environment = array_new(1, sizeof *environment, &service->bytes);
    environment->name = names_add(service->names, name);
    environment->programmes_changed = true;
    service->environments =
        array_room(service->environments, &service->environment_room,
                   service->environment_count + 1u, sizeof(struct environment *), &service->bytes);
    uint32_t place = service->environment_count++;
    for (; place > 0; place--) {
        struct environment *before = service->environments[place - 1];
        if (strcmp(text_of(service, before->name), name) < 0)
            break;
        service->environments[place] = before;
    }
    service->environments[place] = environment;
    return environment;
}

struct population *population_find(const struct environment *environment, uint32_t check)
{
    struct population *population;
    HASH_FIND(hh, environment->populations, &check, sizeof check, population);
    return population;
}

static uint32_t tool_hash(const void *owner, uint32_t number)
{
    const struct posture_service *service = owner;
    const struct tool_key *key = &service->tool_numbers[number]->key;
    return hash_texts(text_of(service, key->name), text_of(service, key->version));
}

uint32_t posture_tool(struct posture_service *service, const char *name, const char *version,
                      bool *created)
{
    uint32_t hash = hash_texts(name, version);
    uint32_t cursor = hash;
    uint32_t number;
    while ((number = index_next(&service->by_tool, &cursor)) != INDEX_NONE) {
        const struct tool_key *key = &service->tool_numbers[number]->key;
        if (strcmp(text_of(service, key->name), name) == 0 &&
            strcmp(text_of(service, key->version), version) == 0)
            break;
    }
    if (created != NULL)
        *created = number == INDEX_NONE;
    if (number != INDEX_NONE)
        return number;
    struct tool *tool = array_new(1, sizeof *tool, &service->bytes);
    tool->key.name = names_add(service->names, name);
    tool->key.version = names_add(service->names, version);
    tool->number = service->tool_count;
    service->tools_changed = true;
    HASH_ADD(hh, service->tools, key, sizeof tool->key, tool);
    service->tool_numbers =
        array_room(service->tool_numbers, &service->tool_room, service->tool_count + 1u,
                   sizeof(struct tool *), &service->bytes);
    service->tool_numbers[service->tool_count++] = tool;
    index_add(&service->by_tool, hash, tool->number, tool_hash, service, &service->bytes);
    return tool->number;
}

struct standing *standing_find(const struct posture_service *service,
                               const struct environment *environment, const char *standard)
{
    uint32_t name = names_find(service->names, standard);
    for (uint32_t i = 0; i < environment->standing_count; i++) {
        if (environment->standings[i]->standard == name)
            return environment->standings[i];
    }
    return NULL;
}

struct standing *standing_named(struct posture_service *service,
                                const struct environment *environment, uint32_t standard)
{
    uint32_t name = from_governance(service, standard);
    for (uint32_t i = 0; name != NAME_NONE && i < environment->standing_count; i++) {
        if (environment->standings[i]->standard == name)
            return environment->standings[i];
    }
    return NULL;
}

struct standing *standing_of(struct posture_service *service, struct environment *environment,
                             const char *standard)
{
    struct standing *standing = standing_find(service, environment, standard);
    if (standing != NULL)
        return standing;
    standing = array_new(1, sizeof *standing, &service->bytes);
    standing->environment = environment;
    standing->standard = names_add(service->names, standard);
    standing->own_dirty_from = standing->shown_dirty_from = INSTANT_END;
    standing->certified_from = INSTANT_END;
    standing->controls_changed = standing->certified_stale = true;
    environment->standings =
        array_room(environment->standings, &environment->standing_room,
                   environment->standing_count + 1u, sizeof(struct standing *), &service->bytes);
    uint32_t place = environment->standing_count++;
    for (; place > 0; place--) {
        struct standing *before = environment->standings[place - 1];
        if (strcmp(text_of(service, before->standard), standard) < 0)
            break;
        environment->standings[place] = before;
    }
    environment->standings[place] = standing;
    return standing;
}

struct cell *cell_find(const struct standing *standing, uint32_t control)
{
    struct cell *cell;
    HASH_FIND(hh, standing->cells, &control, sizeof control, cell);
    return cell;
}

struct cell *cell_of(struct posture_service *service, struct standing *standing, uint32_t control)
{
    struct cell *cell = cell_find(standing, control);
    if (cell == NULL) {
        cell = array_new(1, sizeof *cell, &service->bytes);
        cell->standing = standing;
        cell->control = control;
        cell->number = NONE;
        standing->environment->all_count++;
        HASH_ADD(hh, standing->cells, control, sizeof cell->control, cell);
    }
    return cell;
}

void cell_number(struct posture_service *service, struct cell *cell)
{
    struct environment *in = cell->standing->environment;
    assert(cell->number == NONE);
    in->cells = array_room(in->cells, &in->cell_room, in->cell_count + 1u, sizeof(struct cell *),
                           &service->bytes);
    cell->number = in->cell_count;
    in->cells[in->cell_count++] = cell;
}

uint32_t posture_cell(struct posture_service *service, const char *environment,
                      const char *standard, const char *control, bool *created)
{
    struct environment *in = environment_of(service, environment);
    struct standing *standing = standing_of(service, in, standard);
    struct cell *cell = cell_of(service, standing, names_add(service->names, control));
    if (created != NULL)
        *created = cell->number == NONE;
    if (cell->number == NONE)
        cell_number(service, cell);
    return cell->number;
}

/* ---- observations ---- */

int observation_compare(const struct posture_service *service, uint32_t a, uint32_t b)
{
    if (a == b)
        return 0;
    const struct observation *x = observation_at(service, a), *y = observation_at(service, b);
    return order_compare_results(&x->head.order, x->result, &y->head.order, y->result);
}

struct observation *observation_new(struct posture_service *service)
{
    uint32_t number = service->observation_count;
    if (number % OBSERVATIONS_CHUNK == 0) {
        service->chunks =
            array_room(service->chunks, &service->chunk_room, service->chunk_count + 1u,
                       sizeof(struct observation *), &service->bytes);
        service->chunks[service->chunk_count++] =
            array_new(OBSERVATIONS_CHUNK, sizeof(struct observation), &service->bytes);
    }
    service->observation_count++;
    return observation_at(service, number);
}

struct kept_record record_at(const struct posture_service *service,
                             const struct observation *observation, uint32_t record)
{
    const struct further_record *further = record == 0 ? NULL : &service->records[record - 1];
    const struct origin *origin =
        &service->origins.items[further == NULL ? observation->origin : further->origin];
    return (struct kept_record){
        .offset = further == NULL ? observation->offset : further->offset,
        .batch = further == NULL ? observation->batch : further->batch,
        .partition = origin->partition,
        .incarnation = origin->incarnation,
        .team = origin->team,
        .topic = origin->topic,
        .governance = origin->governance,
    };
}

uint32_t record_next(const struct posture_service *service, const struct observation *observation,
                     uint32_t record)
{
    return record == 0 ? observation->more : service->records[record - 1].more;
}

/* ---- what has changed ---- */

void cell_touch_windows(struct posture_service *service, struct cell *cell,
                        const struct window *windows, uint32_t count)
{
    struct environment *in = cell->standing->environment;
    if (cell->window_count == 0) {
        in->dirty_cells =
            array_room(in->dirty_cells, &in->dirty_cell_room, in->dirty_cell_count + 1u,
                       sizeof(struct cell *), &service->bytes);
        in->dirty_cells[in->dirty_cell_count++] = cell;
    }
    cell->windows = array_room(cell->windows, &cell->window_room, cell->window_count + count,
                               sizeof *cell->windows, &service->bytes);
    memcpy(cell->windows + cell->window_count, windows, count * sizeof *windows);
    cell->window_count += count;
}

void cell_touch(struct posture_service *service, struct cell *cell, instant from)
{
    cell_touch_windows(service, cell, &(struct window){from, INSTANT_END, false}, 1);
}

static void population_dirty(struct posture_service *service, struct population *population,
                             instant from)
{
    struct environment *in = population->environment;
    if (population->dirty_from == INSTANT_END) {
        in->dirty_populations = array_room(in->dirty_populations, &in->dirty_population_room,
                                           in->dirty_population_count + 1u,
                                           sizeof(struct population *), &service->bytes);
        in->dirty_populations[in->dirty_population_count++] = population;
    }
    if (from < population->dirty_from)
        population->dirty_from = from;
}

void population_touch(struct posture_service *service, struct population *population, instant from)
{
    population_dirty(service, population, from);
    population->all_dirty = true;
}

void unmapped_queue(struct posture_service *service, struct population *population)
{
    struct environment *environment = population->environment;
    if (population->unmapped_queued)
        return;
    population->unmapped_queued = true;
    environment->unmapped =
        array_room(environment->unmapped, &environment->unmapped_room,
                   environment->unmapped_count + 1u, sizeof(struct population *), &service->bytes);
    environment->unmapped[environment->unmapped_count++] = population;
}

void stream_touch(struct posture_service *service, uint32_t stream, instant from)
{
    struct population *population = service->populations[service->streams[stream].population];
    population->touched =
        array_room(population->touched, &population->touched_room, population->touched_count + 1u,
                   sizeof *population->touched, &service->bytes);
    population->touched[population->touched_count++] = (struct touched){stream, from};
    population_dirty(service, population, from);
    unmapped_queue(service, population);
}

void observation_touch(struct posture_service *service, uint32_t number)
{
    struct observation *observation = observation_at(service, number);
    if (observation->flags & OBSERVATION_PENDING)
        return;
    observation->flags |= OBSERVATION_PENDING;
    service->pending =
        array_room(service->pending, &service->pending_room, service->pending_count + 1u,
                   sizeof *service->pending, &service->bytes);
    service->pending[service->pending_count++] = number;
}

void standing_touch(struct standing *standing, instant from)
{
    if (from < standing->own_dirty_from)
        standing->own_dirty_from = from;
}

void standing_count(struct posture_service *service, struct standing *standing,
                    struct count_change change)
{
    standing->changes =
        array_room(standing->changes, &standing->change_room, standing->change_count + 1u,
                   sizeof *standing->changes, &service->bytes);
    standing->changes[standing->change_count++] = change;
    standing_touch(standing, change.at);
}

void mapped_cells_add(struct posture_service *service, const struct environment *environment,
                      const struct mapping *mapping, struct mapped_cells *cells, size_t *meter)
{
    const struct standing *standing = NULL;
    for (uint32_t i = 0; i < mapping->control_count; i++) {
        const struct control_name *name = &mapping->controls[i];
        if (i == 0 || name->standard != mapping->controls[i - 1].standard)
            standing = standing_named(service, environment, name->standard);
        uint32_t control = standing == NULL ? NAME_NONE : from_governance(service, name->control);
        struct cell *cell = control == NAME_NONE ? NULL : cell_find(standing, control);
        if (cell == NULL)
            continue;
        cells->items =
            array_room(cells->items, &cells->room, cells->count + 1u, sizeof(struct cell *), meter);
        cells->items[cells->count++] = cell;
    }
}

void touch_mapped_cells(struct posture_service *service, const struct environment *environment,
                        const struct governance_fact *mapping, const struct window *windows,
                        uint32_t count)
{
    struct mapped_cells cells = {0};
    for (uint32_t i = 0; mapping != NULL && i < mapping->version_count; i++)
        mapped_cells_add(service, environment, &mapping->versions[i]->mapping, &cells, NULL);
    for (uint32_t i = 0; i < cells.count; i++)
        cell_touch_windows(service, cells.items[i], windows, count);
    free(cells.items);
}
