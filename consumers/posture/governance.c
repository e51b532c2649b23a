#include "consumers/posture/governance.h"

#include "consumers/posture/array.h"
#include "consumers/posture/certificate.h"
#include "consumers/posture/kin.h"
#include "proto/codec.h"
#include "proto/record.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { SCRATCH = 64 * 1024 };

struct posture_governance *posture_governance_new(void)
{
    struct posture_governance *governance = array_new(1, sizeof *governance, NULL);
    governance->names = names_new(&governance->bytes);
    governance->star = names_add(governance->names, "*");
    governance->scratch = arena_new(SCRATCH);
    return governance;
}

static void free_fact(struct governance_fact *fact)
{
    for (uint32_t i = 0; i < fact->version_count; i++) {
        governance_free_body(fact->versions[i]);
        free(fact->versions[i]->records);
        free(fact->versions[i]);
    }
    free(fact->versions);
    free(fact->steps);
    free(fact->unmapped);
    free(fact);
}

static void free_namings(struct naming **namings)
{
    struct naming *naming, *next;
    HASH_ITER(hh, *namings, naming, next)
    {
        HASH_DEL(*namings, naming);
        free(naming->facts);
        free(naming);
    }
}

void posture_governance_free(struct posture_governance *governance)
{
    if (governance == NULL)
        return;
    struct governance_fact *fact, *next_fact;
    HASH_ITER(hh, governance->facts, fact, next_fact)
    {
        HASH_DEL(governance->facts, fact);
        free_fact(fact);
    }
    struct governance_id *id, *next_id;
    HASH_ITER(hh, governance->ids, id, next_id)
    {
        HASH_DEL(governance->ids, id);
        free(id);
    }
    struct governance_retraction *retraction, *next_retraction;
    HASH_ITER(hh, governance->retractions, retraction, next_retraction)
    {
        HASH_DEL(governance->retractions, retraction);
        while (retraction != NULL) {
            struct governance_retraction *same = retraction->same_id;
            free(retraction);
            retraction = same;
        }
    }
    free_namings(&governance->controls);
    free_namings(&governance->environments);
    free_namings(&governance->findings);
    free_namings(&governance->exceptions);
    free_namings(&governance->subjects);
    free_namings(&governance->certificates);
    free_namings(&governance->pairs);
    certifications_free(governance);
    kin_free(governance);
    free(governance->log);
    arena_free(governance->scratch);
    names_free(governance->names);
    free(governance);
}

/* ---- telling ---- */

static struct kept_record keep_record(struct posture_governance *governance,
                                      const struct posture_record *record)
{
    return (struct kept_record){
        .offset = record->offset,
        .batch = record->batch,
        .partition = record->partition,
        .incarnation = record->incarnation,
        .team = record->team == NULL ? NAME_NONE : names_add(governance->names, record->team),
        .topic = record->topic,
        .governance = record->governance,
    };
}

static void log_entry(struct posture_governance *governance, struct governance_entry entry)
{
    assert(governance->log_count == 0 ||
           governance->log[governance->log_count - 1].position <= entry.position);
    governance->log = array_room(governance->log, &governance->log_room, governance->log_count + 1u,
                                 sizeof *governance->log, &governance->bytes);
    governance->log[governance->log_count++] = entry;
}

static bool reaches(const struct governance_retraction *retraction, uint32_t service)
{
    return retraction->service == NAME_NONE || retraction->service == service;
}

static const struct governance_retraction *
first_retraction(const struct posture_governance *governance, const uuid *id)
{
    struct governance_retraction *first;
    HASH_FIND(hh, governance->retractions, id, sizeof *id, first);
    return first;
}

const struct governance_version *governance_of_id(const struct posture_governance *governance,
                                                  const uuid *id)
{
    struct governance_id *found;
    HASH_FIND(hh, governance->ids, id, sizeof *id, found);
    return found == NULL ? NULL : found->first;
}

static void add_retraction(struct posture_governance *governance, const Assay__V1__Event *event,
                           int64_t position)
{
    struct governance_retraction *retraction = array_new(1, sizeof *retraction, &governance->bytes);
    const char *service = event->retraction->service;
    bool valid = uuid_parse(event->retraction->event_id, &retraction->id);
    assert(valid);
    retraction->service = *service == '\0' ? NAME_NONE : names_add(governance->names, service);
    retraction->position = position;
    struct governance_retraction *first;
    HASH_FIND(hh, governance->retractions, &retraction->id, sizeof retraction->id, first);
    if (first == NULL) {
        HASH_ADD(hh, governance->retractions, id, sizeof retraction->id, retraction);
    } else {
        retraction->same_id = first->same_id;
        first->same_id = retraction;
    }
    const struct governance_version *reached = governance_of_id(governance, &retraction->id);
    for (; reached != NULL; reached = reached->same_id) {
        struct governance_version *version = (struct governance_version *)reached;
        if (version->retracted == POSITION_NEVER && reaches(retraction, version->service))
            version->retracted = position;
    }
    log_entry(governance,
              (struct governance_entry){.position = position, .retraction = retraction});
}

/* A programme and its statement have the same key. */
static void bind_statement(struct posture_governance *governance, struct governance_fact *fact)
{
    static const uint32_t PROGRAMME = ASSAY__V1__EVENT__BODY_PROGRAMME;
    static const uint32_t STATEMENT = ASSAY__V1__EVENT__BODY_STATEMENT_OF_APPLICABILITY;
    if (fact->key.body != PROGRAMME && fact->key.body != STATEMENT)
        return;
    struct fact_key wanted = {fact->key.body == PROGRAMME ? STATEMENT : PROGRAMME, fact->key.key};
    struct governance_fact *other;
    HASH_FIND(hh, governance->facts, &wanted, sizeof wanted, other);
    if (other != NULL && fact->key.body == PROGRAMME)
        fact->statement = other;
    else if (other != NULL)
        other->statement = fact;
}

static struct governance_fact *fact_of(struct posture_governance *governance,
                                       const Assay__V1__Event *event)
{
    arena_reset(governance->scratch);
    const char *key = record_key(event, governance->scratch);
    assert(key != NULL);
    struct fact_key wanted = {(uint32_t)event->body_case, names_add(governance->names, key)};
    struct governance_fact *fact;
    HASH_FIND(hh, governance->facts, &wanted, sizeof wanted, fact);
    if (fact == NULL) {
        fact = array_new(1, sizeof *fact, &governance->bytes);
        fact->key = wanted;
        HASH_ADD(hh, governance->facts, key, sizeof fact->key, fact);
        bind_statement(governance, fact);
    }
    return fact;
}

static void add_id(struct posture_governance *governance, struct governance_version *version)
{
    struct governance_id *same;
    HASH_FIND(hh, governance->ids, &version->head.order.id, sizeof same->id, same);
    if (same == NULL) {
        same = array_new(1, sizeof *same, &governance->bytes);
        same->id = version->head.order.id;
        HASH_ADD(hh, governance->ids, id, sizeof same->id, same);
    }
    version->same_id = same->first;
    same->first = version;
}

static struct governance_version *add_version(struct posture_governance *governance,
                                              struct governance_fact *fact, uint32_t place,
                                              const Assay__V1__Event *event,
                                              const struct posture_order *order, int64_t position)
{
    struct governance_version *version = array_new(1, sizeof *version, &governance->bytes);
    version->head.order = *order;
    version->fact = fact;
    version->position = position;
    version->retracted = POSITION_NEVER;
    const char *service = governance_service_of(event);
    version->service = service == NULL ? NAME_NONE : names_add(governance->names, service);
    const struct governance_retraction *retraction = first_retraction(governance, &order->id);
    for (; retraction != NULL; retraction = retraction->same_id) {
        if (reaches(retraction, version->service) && retraction->position < version->retracted)
            version->retracted = retraction->position;
    }
    fact->versions = array_room(fact->versions, &fact->version_room, fact->version_count + 1u,
                                sizeof(struct governance_version *), &governance->bytes);
    memmove(fact->versions + place + 1, fact->versions + place,
            (fact->version_count - place) * sizeof(struct governance_version *));
    fact->versions[place] = version;
    fact->version_count++;
    add_id(governance, version);
    governance_read_body(governance, version, event);
    return version;
}

void posture_governance_add(struct posture_governance *governance, const Assay__V1__Event *event,
                            const uint8_t digest[static 16], const struct posture_record *record,
                            int64_t position)
{
    assert(record->governance);
    if (event->body_case == ASSAY__V1__EVENT__BODY_RETRACTION) {
        add_retraction(governance, event, position);
        return;
    }
    struct governance_fact *fact = fact_of(governance, event);
    struct posture_order order = order_of(event, digest);
    uint32_t place = fact->version_count;
    int compared = 1;
    while (place > 0) {
        compared = order_compare(&order, &fact->versions[place - 1]->head.order);
        if (compared >= 0)
            break;
        place--;
    }
    struct governance_version *version =
        place > 0 && compared == 0 ? fact->versions[place - 1]
                                   : add_version(governance, fact, place, event, &order, position);
    if (version->record_count == 0)
        version->head.known = record->batch;
    version->records =
        array_room(version->records, &version->record_room, version->record_count + 1u,
                   sizeof *version->records, &governance->bytes);
    version->records[version->record_count++] =
        (struct governance_record){position, keep_record(governance, record)};
    log_entry(governance, (struct governance_entry){.position = position, .version = version});
}

/* ---- asking ---- */

const struct governance_fact *governance_fact(const struct posture_governance *governance,
                                              Assay__V1__Event__BodyCase body, const char *key)
{
    struct fact_key wanted = {(uint32_t)body, names_find(governance->names, key)};
    struct governance_fact *fact = NULL;
    if (wanted.key != NAME_NONE)
        HASH_FIND(hh, governance->facts, &wanted, sizeof wanted, fact);
    return fact;
}

const struct governance_fact *governance_named(const struct posture_governance *governance,
                                               Assay__V1__Event__BodyCase body, uint32_t name)
{
    struct fact_key wanted = {(uint32_t)body, name};
    struct governance_fact *fact;
    HASH_FIND(hh, governance->facts, &wanted, sizeof wanted, fact);
    return fact;
}

const struct governance_fact *governance_standard(const struct posture_governance *governance,
                                                  uint32_t name)
{
    return governance_named(governance, ASSAY__V1__EVENT__BODY_STANDARD, name);
}

bool governance_counts(const struct governance_version *version, int64_t position)
{
    return version->position <= position && version->retracted > position;
}

/* How many versions occurred at or before an instant. */
static uint32_t occurred(const struct governance_fact *fact, instant at)
{
    uint32_t low = 0, high = fact->version_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (fact->versions[middle]->head.order.occurred_at <= at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct governance_version *governance_in_force(const struct governance_fact *fact,
                                                     int64_t position, instant at)
{
    if (fact == NULL)
        return NULL;
    for (uint32_t i = occurred(fact, at); i-- > 0;) {
        if (governance_counts(fact->versions[i], position))
            return fact->versions[i];
    }
    return NULL;
}

instant governance_next(const struct governance_fact *fact, int64_t position, instant at)
{
    if (fact == NULL)
        return INSTANT_END;
    for (uint32_t i = occurred(fact, at); i < fact->version_count; i++) {
        if (governance_counts(fact->versions[i], position))
            return fact->versions[i]->head.order.occurred_at;
    }
    return INSTANT_END;
}

const struct governance_version *governance_last(const struct governance_fact *fact,
                                                 int64_t position)
{
    return governance_in_force(fact, position, INSTANT_END);
}

const struct naming *naming_find(const struct naming *namings, uint32_t first, uint32_t second)
{
    struct control_name name = {first, second};
    struct naming *naming;
    HASH_FIND(hh, namings, &name, sizeof name, naming);
    return naming;
}

const struct naming *governance_control(const struct posture_governance *governance,
                                        uint32_t standard, uint32_t control)
{
    return naming_find(governance->controls, standard, control);
}

const struct naming *governance_environment(const struct posture_governance *governance,
                                            uint32_t environment)
{
    return naming_find(governance->environments, environment, NAME_NONE);
}

bool governance_retracts(const struct posture_governance *governance, const uuid *id,
                         uint32_t service, int64_t position)
{
    if (governance->retractions == NULL)
        return false;
    const struct governance_retraction *retraction = first_retraction(governance, id);
    for (; retraction != NULL; retraction = retraction->same_id) {
        if (retraction->position <= position && reaches(retraction, service))
            return true;
    }
    return false;
}

uint32_t governance_log_after(const struct posture_governance *governance, int64_t position)
{
    uint32_t low = 0, high = governance->log_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (governance->log[middle].position <= position)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const char *governance_body_name(const struct governance_fact *fact)
{
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(&assay__v1__event__descriptor, fact->key.body);
    assert(field != NULL);
    return field->name;
}
