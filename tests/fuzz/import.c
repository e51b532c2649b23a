/*
 * Any bytes as a file that assay-import reads, by the format that FORMAT names: every event it
 * gives is valid, and the file read a second time gives the same ones.
 */
#include "producers/import/import.h"
#include "proto/json.h"
#include "proto/limits.h"
#include "proto/validate.h"
#include "tests/fuzz/bytes.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static struct arena *arena;

/* The events of the file, a line each; *size is that of the text, to be freed. */
static char *import_file(const char *path, size_t *size)
{
    static const struct sending_settings settings;
    const char *const names[] = {path};
    char *text = NULL;
    struct foreign_file opened;
    struct fault why;
    bool open = foreign_file_open(&opened, path, &why);
    assert(open);
    struct import import = {
        .service = "mail",
        .environment = "gcc",
        .dry_run = true,
        .required = IMPORT_REQUIRED_RAN,
        .with_mappings = true,
        .governance = governance_new(),
        .arena = arena,
        .out = open_memstream(&text, size),
        .sending = {.settings = &settings, .names = names},
    };
    FORMAT.read(&import, 0, &opened);
    foreign_file_close(&opened);
    fclose(import.out);
    governance_free(import.governance);
    return text;
}

static void check_events(const char *text)
{
    struct fault why;
    struct violation first;
    for (const char *line = text, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        arena_reset(arena);
        Assay__V1__Event *event = json_read_event(line, (size_t)(end - line), arena, &why);
        assert(event != NULL && validate_event(event, &first));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
    if (arena == NULL)
        arena = arena_new(LIMIT_DECODED_BYTES + LIMIT_JSON_BYTES);
    int file = memfd_create("input", MFD_CLOEXEC);
    assert(file >= 0 && write(file, input, size) == (ssize_t)size);
    char path[32];
    snprintf(path, sizeof path, "/proc/self/fd/%d", file);
    size_t one_size, other_size;
    char *one = import_file(path, &one_size);
    check_events(one);
    char *other = import_file(path, &other_size);
    assert(one_size == other_size && memcmp(one, other, one_size) == 0);
    free(one);
    free(other);
    close(file);
    return 0;
}
