#include "consumers/posture/kin.h"

#include "consumers/posture/array.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the index ---- */

static struct inheriting *find(const struct inheriting *all, const struct cell_name *name)
{
    struct inheriting *found = NULL;
    HASH_FIND(hh, all, name, sizeof *name, found);
    return found;
}

static void add(struct posture_governance *governance, struct inheriting **all,
                const struct cell_name *name, struct governance_fact *fact)
{
    struct inheriting *inheriting = find(*all, name);
    if (inheriting == NULL) {
        inheriting = array_new(1, sizeof *inheriting, &governance->bytes);
        inheriting->name = *name;
        HASH_ADD(hh, *all, name, sizeof inheriting->name, inheriting);
    }
    /* Of one version each name is told once; of several the fact may be there. */
    for (uint32_t i = 0; fact->version_count > 1 && i < inheriting->fact_count; i++) {
        if (inheriting->facts[i] == fact)
            return;
    }
    inheriting->facts =
        array_room(inheriting->facts, &inheriting->fact_room, inheriting->fact_count + 1u,
                   sizeof(struct governance_fact *), &governance->bytes);
    inheriting->facts[inheriting->fact_count++] = fact;
}

static struct kin *kin_of(const struct posture_governance *governance, uint32_t service)
{
    struct kin *kin = NULL;
    HASH_FIND(hh, governance->kin, &service, sizeof service, kin);
    return kin;
}

static struct kin *kin_made(struct posture_governance *governance, uint32_t service)
{
    struct kin *kin = kin_of(governance, service);
    if (kin == NULL) {
        kin = array_new(1, sizeof *kin, &governance->bytes);
        kin->service = service;
        HASH_ADD(hh, governance->kin, service, sizeof kin->service, kin);
    }
    return kin;
}

static void bind(struct posture_governance *governance, uint32_t inheritor, uint32_t provider)
{
    struct kin *here = kin_made(governance, inheritor);
    struct kin *there = kin_made(governance, provider);
    for (uint32_t i = 0; i < here->provider_count; i++) { /* few: a service has few providers */
        if (here->providers[i] == provider)
            return;
    }
    here->providers = array_room(here->providers, &here->provider_room, here->provider_count + 1u,
                                 sizeof *here->providers, &governance->bytes);
    here->providers[here->provider_count++] = provider;
    there->inheritors =
        array_room(there->inheritors, &there->inheritor_room, there->inheritor_count + 1u,
                   sizeof *there->inheritors, &governance->bytes);
    there->inheritors[there->inheritor_count++] = inheritor;
}

void kin_read(struct posture_governance *governance, struct governance_version *version,
              const Assay__V1__Inheritance *body)
{
    struct names *names = governance->names;
    struct inheritance *inheritance = &version->inheritance;
    struct cell_name name = {names_add(names, body->service), names_add(names, body->environment),
                             names_add(names, body->standard), names_add(names, body->control)};
    char provider[1024]; /* two slugs */
    int size = snprintf(provider, sizeof provider, "%s/%s", body->provider_service,
                        body->provider_environment);
    assert(size > 0 && (size_t)size < sizeof provider);
    *inheritance = (struct inheritance){
        .name = name,
        .number = governance->inheritance_count,
        .provider_service = names_add(names, body->provider_service),
        .provider_environment = names_add(names, body->provider_environment),
        .provider = names_add(names, provider),
        .kind = body->kind,
    };
    governance->inheritance_versions =
        array_room(governance->inheritance_versions, &governance->inheritance_room,
                   governance->inheritance_count + 1u, sizeof(struct governance_version *),
                   &governance->bytes);
    governance->inheritance_versions[governance->inheritance_count++] = version;
    add(governance, &governance->inheritors, &name, version->fact);
    if (body->kind == ASSAY__V1__INHERITANCE_KIND__INHERITANCE_KIND_NONE)
        return;
    bind(governance, name.service, inheritance->provider_service);
    name.service = inheritance->provider_service;
    name.environment = inheritance->provider_environment;
    add(governance, &governance->providers, &name, version->fact);
}

static void free_inheriting(struct inheriting **all)
{
    struct inheriting *inheriting, *next;
    HASH_ITER(hh, *all, inheriting, next)
    {
        HASH_DEL(*all, inheriting);
        free(inheriting->facts);
        free(inheriting);
    }
}

void kin_free(struct posture_governance *governance)
{
    free_inheriting(&governance->inheritors);
    free_inheriting(&governance->providers);
    struct kin *kin, *next;
    HASH_ITER(hh, governance->kin, kin, next)
    {
        HASH_DEL(governance->kin, kin);
        free(kin->providers);
        free(kin->inheritors);
        free(kin);
    }
    free(governance->inheritance_versions);
}

uint32_t kin_inheritances(const struct posture_governance *governance, const struct cell_name *cell,
                          const struct governance_fact *facts[static 4])
{
    uint32_t star = governance->star, count = 0;
    for (uint32_t i = 0; governance->inheritors != NULL && i < 4; i++) {
        struct cell_name name = *cell;
        name.service = i < 2 ? cell->service : star;
        name.control = i % 2 == 0 ? cell->control : star;
        const struct inheriting *found = find(governance->inheritors, &name);
        if (found != NULL)
            facts[count++] = found->facts[0]; /* the name is the fact's key */
    }
    return count;
}

void kin_of_provider(const struct posture_governance *governance, const struct cell_name *cell,
                     const struct inheriting *found[static 2])
{
    struct cell_name any = *cell;
    any.control = governance->star;
    found[0] = governance->providers == NULL ? NULL : find(governance->providers, cell);
    found[1] = governance->providers == NULL ? NULL : find(governance->providers, &any);
}

bool kin_has(const struct posture_governance *governance, const struct cell_name *cell)
{
    const struct governance_fact *facts[4];
    const struct inheriting *found[2];
    if (governance->inheritors == NULL)
        return false;
    kin_of_provider(governance, cell, found);
    return found[0] != NULL || found[1] != NULL || kin_inheritances(governance, cell, facts) > 0;
}

/* ---- which services are to be evaluated together ---- */

enum { OUTSIDE, READ, CHANGING };

struct relative {  /* a known service */
    uint32_t name; /* NAME_NONE: governance never heard of it */
    uint32_t known;
    int state;
    bool given;
};

struct family {
    const struct posture_governance *governance;
    struct relative *relatives; /* by name */
    uint32_t count;
    uint32_t *ahead; /* places of relatives whose kin are to be looked at */
    uint32_t ahead_count;
};

static int compare_relatives(const void *a, const void *b)
{
    const struct relative *x = a, *y = b;
    if (x->name != y->name)
        return x->name > y->name ? 1 : -1;
    return (x->known > y->known) - (x->known < y->known);
}

static struct relative *relative_named(const struct family *family, uint32_t name)
{
    uint32_t low = 0, high = family->count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (family->relatives[middle].name < name)
            low = middle + 1;
        else
            high = middle;
    }
    return low < family->count && family->relatives[low].name == name ? &family->relatives[low]
                                                                      : NULL;
}

static void raise(struct family *family, struct relative *relative, int state)
{
    if (relative == NULL || relative->state >= state)
        return;
    relative->state = state;
    family->ahead[family->ahead_count++] = (uint32_t)(relative - family->relatives);
}

/* Everything that inherits, directly or not, from what changes. */
static void raise_inheritors(struct family *family)
{
    while (family->ahead_count > 0) {
        uint32_t name = family->relatives[family->ahead[--family->ahead_count]].name;
        const struct kin *kin = name == NAME_NONE ? NULL : kin_of(family->governance, name);
        for (uint32_t i = 0; kin != NULL && i < kin->inheritor_count; i++) {
            if (kin->inheritors[i] != family->governance->star) {
                raise(family, relative_named(family, kin->inheritors[i]), CHANGING);
                continue;
            }
            for (uint32_t j = 0; j < family->count; j++)
                raise(family, &family->relatives[j], CHANGING);
        }
    }
}

static void raise_providers_of(struct family *family, uint32_t name)
{
    const struct kin *kin = name == NAME_NONE ? NULL : kin_of(family->governance, name);
    for (uint32_t i = 0; kin != NULL && i < kin->provider_count; i++)
        raise(family, relative_named(family, kin->providers[i]), READ);
}

/* Everything that what changes is read from, directly or not. */
static void raise_providers(struct family *family)
{
    for (uint32_t i = 0; i < family->count; i++) {
        if (family->relatives[i].state == CHANGING)
            family->ahead[family->ahead_count++] = i;
    }
    if (family->ahead_count > 0)
        raise_providers_of(family, family->governance->star);
    while (family->ahead_count > 0)
        raise_providers_of(family, family->relatives[family->ahead[--family->ahead_count]].name);
}

static void raise_given(struct family *family, const char *service, const char *const *known)
{
    uint32_t name = names_find(family->governance->names, service);
    struct relative *relative = name == NAME_NONE ? NULL : relative_named(family, name);
    for (uint32_t i = 0; name == NAME_NONE && i < family->count; i++) {
        if (strcmp(known[family->relatives[i].known], service) == 0)
            relative = &family->relatives[i];
    }
    assert(relative != NULL);
    relative->given = true;
    raise(family, relative, CHANGING);
}

void posture_governance_kin(const struct posture_governance *governance,
                            const char *const *changing, size_t changing_count,
                            const char *const *known, size_t known_count,
                            void (*tell)(void *context, const char *service, bool changes),
                            void *context)
{
    struct family family = {.governance = governance, .count = (uint32_t)known_count};
    if (governance->kin == NULL || known_count == 0)
        return;
    family.relatives = array_new(known_count, sizeof *family.relatives, NULL);
    family.ahead = array_new(2 * known_count, sizeof *family.ahead, NULL);
    for (uint32_t i = 0; i < known_count; i++)
        family.relatives[i] =
            (struct relative){.name = names_find(governance->names, known[i]), .known = i};
    qsort(family.relatives, known_count, sizeof *family.relatives, compare_relatives);
    for (size_t i = 0; i < changing_count; i++)
        raise_given(&family, changing[i], known);
    raise_inheritors(&family);
    raise_providers(&family);
    for (uint32_t i = 0; i < known_count; i++) {
        const struct relative *relative = &family.relatives[i];
        if (relative->state != OUTSIDE && !relative->given)
            tell(context, known[relative->known], relative->state == CHANGING);
    }
    free(family.relatives);
    free(family.ahead);
}
