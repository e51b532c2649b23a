#include "tests/unit/producers/import.h"

#include <stdlib.h>
#include <string.h>

struct import imported_import(void)
{
    return (struct import){
        .service = "mail", .environment = "gcc", .dry_run = true, .required = IMPORT_REQUIRED_RAN};
}

struct imported imported_run(struct import *import, const struct import_format *format,
                             const char *const *paths, size_t count)
{
    static const struct sending_settings settings;
    struct imported imported = {.events = keep(json_array())};
    char *text = NULL;
    size_t size = 0;
    errors_begin();
    import->out = open_memstream(&text, &size);
    import->arena = arena_new(1);
    import->sending = (struct sending){.settings = &settings, .names = paths};
    for (size_t i = 0; i < count; i++) {
        struct foreign_file opened;
        struct fault why;
        ck_assert_msg(foreign_file_open(&opened, paths[i], &why), "%s: %s", paths[i], why.text);
        ck_assert(format->read(import, i, &opened));
        foreign_file_close(&opened);
    }
    fclose(import->out);
    arena_free(import->arena);
    imported.errors = errors_end();
    imported.refused = import->sending.refused;
    imported.unreadable = import->sending.unreadable;
    for (char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        json_t *event = json_loadb(line, (size_t)(end - line), 0, NULL);
        ck_assert_ptr_nonnull(event);
        json_array_append_new(imported.events, event);
    }
    free(text);
    return imported;
}

const char *imported_text(const struct imported *imported, size_t i, const char *path)
{
    const json_t *value = json_array_get(imported->events, i);
    while (value != NULL && *path != '\0') {
        size_t size = strcspn(path, ".");
        char name[64];
        snprintf(name, sizeof name, "%.*s", (int)size, path);
        value = json_object_get(value, name);
        path += size + (path[size] == '.');
    }
    return json_is_string(value) ? json_string_value(value) : "";
}
