/*
 * lines -- a file or pipe, line by line, in bounded memory.
 *
 * A line longer than the bound is not held: it is reported as such, with its number, and read over
 * to its end. Reading gives up the thread at least every LINES_WAIT_MS, so that a quiet pipe keeps
 * neither delivery reports nor a stop waiting.
 *
 * Knows nothing of events.
 */
#ifndef ASSAY_PRODUCERS_PUBLISH_LINES_H
#define ASSAY_PRODUCERS_PUBLISH_LINES_H

#include <stddef.h>
#include <stdint.h>

enum { LINES_WAIT_MS = 100 };

struct lines;

enum line_kind {
    LINE_READ,     /* a line is there */
    LINE_TOO_LONG, /* one was there, longer than the bound, and is skipped */
    LINE_WAIT,     /* nothing yet: the pipe is quiet */
    LINE_END,      /* the file is over */
    LINE_FAILED,   /* reading failed; errno says why */
};

struct line {
    const char *text; /* without its newline, not NUL-terminated; good until the next call */
    size_t size;
    uint64_t number; /* from 1 */
};

/* Reads `descriptor`, which stays the caller's; `longest` in bytes. Never NULL (aborts). */
struct lines *lines_new(int descriptor, size_t longest);
void lines_free(struct lines *lines);

/* A byte order mark at the beginning is left out; so is a newline missing at the end. */
enum line_kind lines_next(struct lines *lines, struct line *line);

#endif
