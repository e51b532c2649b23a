#include "consumers/store/kin_set.h"

#include "consumers/store/connection.h"

#include <stdlib.h>
#include <string.h>

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add(struct kin_set *kin, const char *name)
{
    kin->names = reallocarray(kin->names, kin->count + 1, sizeof *kin->names);
    char *copied = strdup(name);
    if (kin->names == NULL || copied == NULL)
        abort();
    kin->names[kin->count++] = copied;
}

static void add_told(void *context, const char *service, bool changes)
{
    (void)changes; /* who is only read is held too: what is read must not move meanwhile */
    add(context, service);
}

/* Sorted, each name once. */
static void arrange(struct kin_set *kin)
{
    if (kin->count > 0)
        qsort(kin->names, kin->count, sizeof *kin->names, compare_names);
    size_t kept = 0;
    for (size_t i = 0; i < kin->count; i++) {
        if (kept > 0 && strcmp(kin->names[kept - 1], kin->names[i]) == 0)
            free((char *)(uintptr_t)kin->names[i]);
        else
            kin->names[kept++] = kin->names[i];
    }
    kin->count = kept;
}

void kin_set_gather(struct kin_set *kin, const struct governance_log *governance,
                    const char *const *names, size_t count, const char *const *known,
                    size_t known_count)
{
    *kin = (struct kin_set){0};
    for (size_t i = 0; i < count; i++)
        add(kin, names[i]);
    arrange(kin);
    /* Whoever is held is brought forward, also one that was only to be read, so whoever inherits
     * from that one has to come along as well: all that are bound together move together. */
    for (size_t before = 0; governance_log_inherits(governance) && before != kin->count;) {
        struct kin_set more = {0};
        before = kin->count;
        posture_governance_kin(governance_log_posture(governance), kin->names, kin->count, known,
                               known_count, add_told, &more);
        for (size_t i = 0; i < more.count; i++)
            add(kin, more.names[i]);
        kin_set_free(&more);
        arrange(kin);
    }
}

bool kin_set_ask(struct kin_set *kin, const struct governance_log *governance, PGconn *connection,
                 const char *const *names, size_t count, bool writing, struct fault *fault)
{
    *kin = (struct kin_set){0};
    if (!governance_log_inherits(governance)) {
        kin_set_gather(kin, governance, names, count, NULL, 0);
        return true;
    }
    struct request request = {0};
    request_texts(&request, names, count);
    PGresult *result = connection_call(connection, fault, PGRES_TUPLES_OK,
                                       writing ? "SELECT record.known_services($1)"
                                               : "SELECT service FROM record.service"
                                                 " WHERE service IS NOT NULL OR $1::text[] IS NULL",
                                       &request);
    request_free(&request);
    if (result == NULL)
        return false;
    size_t known_count = (size_t)PQntuples(result);
    const char **known = calloc(known_count + count + 1, sizeof *known);
    if (known == NULL)
        abort();
    for (size_t i = 0; i < known_count; i++)
        known[i] = result_text(result, (int)i, 0);
    for (size_t i = 0; i < count; i++)
        known[known_count + i] = names[i];
    kin_set_gather(kin, governance, names, count, known, known_count + count);
    free(known);
    PQclear(result);
    return true;
}

bool kin_set_holds(const struct kin_set *kin, const char *name)
{
    return kin->count > 0 &&
           bsearch(&name, kin->names, kin->count, sizeof *kin->names, compare_names) != NULL;
}

void kin_set_free(struct kin_set *kin)
{
    for (size_t i = 0; i < kin->count; i++)
        free((char *)(uintptr_t)kin->names[i]);
    free(kin->names);
    *kin = (struct kin_set){0};
}
