#include "producers/catalog/shelf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool is_crosswalk(const struct embedded_file *file)
{
    return strncmp(file->name, "map-", 4) == 0;
}

/* Each standard under the name of its file, so that no two files can speak of the same. */
static bool is_named_after(const struct edition *edition, const char *file)
{
    size_t size = strlen(edition->standard);
    return strncmp(file, edition->standard, size) == 0 && strcmp(file + size, ".tsv") == 0;
}

static bool add_edition(struct shelf *shelf, const struct embedded_file *file, struct fault *why)
{
    struct edition *edition =
        edition_read(file->name, file->text, (size_t)(file->end - file->text), why);
    if (edition == NULL)
        return false;
    shelf->editions[shelf->edition_count++] = edition;
    return is_named_after(edition, file->name) ||
           fault_set(why, FAULT_REJECT, "%s: is not named after its standard, %s", file->name,
                     edition->standard);
}

static bool add_crosswalk(struct shelf *shelf, const struct embedded_file *file, struct fault *why)
{
    struct crosswalk *crosswalk =
        crosswalk_read(file->name, file->text, (size_t)(file->end - file->text), shelf->editions,
                       shelf->edition_count, why);
    if (crosswalk == NULL)
        return false;
    bool known = shelf_crosswalk(shelf, crosswalk->from, crosswalk->to) != NULL;
    shelf->crosswalks[shelf->crosswalk_count++] = crosswalk;
    return !known ||
           fault_set(why, FAULT_REJECT, "%s: another file is about the same standards", file->name);
}

static bool extends_what_is_there(const struct shelf *shelf, struct fault *why)
{
    for (size_t i = 0; i < shelf->edition_count; i++)
        for (size_t j = 0; j < shelf->editions[i]->extend_count; j++)
            if (shelf_edition(shelf, shelf->editions[i]->extends[j]) == NULL)
                return fault_set(why, FAULT_REJECT, "%s extends %s, which is not there",
                                 shelf->editions[i]->standard, shelf->editions[i]->extends[j]);
    return true;
}

struct shelf *shelf_read(const struct embedded_file *files, size_t count, struct fault *why)
{
    struct shelf *shelf = calloc(1, sizeof *shelf);
    assert(shelf != NULL);
    shelf->editions = calloc(count + 1, sizeof(struct edition *));
    shelf->crosswalks = calloc(count + 1, sizeof(struct crosswalk *));
    assert(shelf->editions != NULL && shelf->crosswalks != NULL);
    bool read = true;
    for (size_t i = 0; read && i < count; i++)
        read = is_crosswalk(&files[i]) || add_edition(shelf, &files[i], why);
    for (size_t i = 0; read && i < count; i++)
        read = !is_crosswalk(&files[i]) || add_crosswalk(shelf, &files[i], why);
    if (read && extends_what_is_there(shelf, why))
        return shelf;
    why->reaction = FAULT_FATAL; /* nobody sent it: the program was built so */
    shelf_free(shelf);
    return NULL;
}

void shelf_free(struct shelf *shelf)
{
    if (shelf == NULL)
        return;
    for (size_t i = 0; i < shelf->edition_count; i++)
        edition_free(shelf->editions[i]);
    for (size_t i = 0; i < shelf->crosswalk_count; i++)
        crosswalk_free(shelf->crosswalks[i]);
    free(shelf->editions);
    free(shelf->crosswalks);
    free(shelf);
}

const struct edition *shelf_edition(const struct shelf *shelf, const char *standard)
{
    for (size_t i = 0; i < shelf->edition_count; i++)
        if (strcmp(shelf->editions[i]->standard, standard) == 0)
            return shelf->editions[i];
    return NULL;
}

const struct crosswalk *shelf_crosswalk(const struct shelf *shelf, const char *one,
                                        const char *other)
{
    for (size_t i = 0; i < shelf->crosswalk_count; i++) {
        const struct crosswalk *crosswalk = shelf->crosswalks[i];
        bool there = strcmp(crosswalk->from, one) == 0 && strcmp(crosswalk->to, other) == 0;
        bool back = strcmp(crosswalk->from, other) == 0 && strcmp(crosswalk->to, one) == 0;
        if (there || back)
            return crosswalk;
    }
    return NULL;
}
