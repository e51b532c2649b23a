#include "proto/path.h"

#include "proto/json.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static size_t append(char *out, size_t size, size_t used, const char *text)
{
    size_t length = strlen(text);
    if (length > size - 1 - used)
        length = size - 1 - used;
    memcpy(out + used, text, length);
    out[used + length] = '\0';
    return used + length;
}

static size_t write_frames(const struct path *path, bool json, size_t size, char *out)
{
    if (path == NULL)
        return 0;
    size_t used = write_frames(path->up, json, size, out);
    if (used > 0)
        used = append(out, size, used, ".");
    char camel[JSON_NAME_MAX];
    used = append(out, size, used, json ? json_field_name(path->name, camel) : path->name);
    if (path->index != PATH_SINGLE) {
        char index[32];
        snprintf(index, sizeof index, "[%td]", path->index);
        used = append(out, size, used, index);
    }
    return used;
}

static char *format(const struct path *path, bool json, size_t size, char *out)
{
    assert(size > 0);
    out[0] = '\0';
    if (path == NULL)
        append(out, size, 0, "event");
    else
        write_frames(path, json, size, out);
    return out;
}

char *path_format(const struct path *path, size_t size, char *out)
{
    return format(path, false, size, out);
}

char *path_format_json(const struct path *path, size_t size, char *out)
{
    return format(path, true, size, out);
}
