/*
 * path -- where in an event something stands: "check_mapping.controls[3].control".
 *
 * Frames live on the stack of whoever descends and are written out only when there is something to
 * say, so a walk over a good event pays nothing for them.
 */
#ifndef ASSAY_PROTO_PATH_H
#define ASSAY_PROTO_PATH_H

#include <stddef.h>

enum { PATH_SINGLE = -1, PATH_TEXT_MAX = 160 };

struct path {
    const struct path *up; /* NULL at the top */
    const char *name;      /* borrowed */
    ptrdiff_t index;       /* of a list's element; PATH_SINGLE */
};

/* Writes the path into out, cut to fit. `path` NULL is the event itself: "event". Returns out. */
char *path_format(const struct path *path, size_t size, char *out);

/* The same in JSON's spelling: "checkMapping.controls[3].control". */
char *path_format_json(const struct path *path, size_t size, char *out);

#endif
