#include "producers/publish/lines.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FIRST_ROOM = 64 * 1024 };

struct lines {
    int descriptor;
    size_t longest;
    char *buffer;
    size_t room;
    size_t start; /* of what is not yet handed out */
    size_t seen;  /* start … seen holds no newline */
    size_t end;
    uint64_t number;
    bool skipping; /* within a line that is too long */
    bool over;     /* the file has ended */
};

struct lines *lines_new(int descriptor, size_t longest)
{
    struct lines *lines = calloc(1, sizeof *lines);
    assert(lines != NULL);
    lines->descriptor = descriptor;
    lines->longest = longest;
    lines->room = FIRST_ROOM < longest + 1 ? FIRST_ROOM : longest + 1;
    lines->buffer = malloc(lines->room);
    assert(lines->buffer != NULL);
    return lines;
}

void lines_free(struct lines *lines)
{
    if (lines == NULL)
        return;
    free(lines->buffer);
    free(lines);
}

/* Room for at least one byte more: moves what is held to the front, or grows up to the bound. */
static void make_room(struct lines *lines)
{
    if (lines->end < lines->room)
        return;
    if (lines->start > 0) {
        memmove(lines->buffer, lines->buffer + lines->start, lines->end - lines->start);
        lines->end -= lines->start;
        lines->seen -= lines->start;
        lines->start = 0;
        return;
    }
    assert(lines->room < lines->longest + 1);
    size_t grown = lines->room * 2 < lines->longest + 1 ? lines->room * 2 : lines->longest + 1;
    lines->buffer = realloc(lines->buffer, grown);
    assert(lines->buffer != NULL);
    lines->room = grown;
}

static void skip_mark(struct lines *lines)
{
    if (lines->number == 0 && lines->end - lines->start >= 3 &&
        memcmp(lines->buffer + lines->start, "\xEF\xBB\xBF", 3) == 0) {
        lines->start += 3;
        lines->seen = lines->start;
    }
}

/* Hands out what ends before `end`; the next line begins `step` bytes behind. */
static enum line_kind hand_out(struct lines *lines, struct line *line, size_t end, size_t step)
{
    bool skipped = lines->skipping;
    skip_mark(lines);
    lines->skipping = false;
    *line = (struct line){.text = lines->buffer + lines->start,
                          .size = end - lines->start,
                          .number = ++lines->number};
    lines->start = lines->seen = end + step;
    return skipped ? LINE_TOO_LONG : LINE_READ;
}

/* LINE_READ: more bytes came, or the end did. */
static enum line_kind fill(struct lines *lines)
{
    make_room(lines);
    struct pollfd ready = {.fd = lines->descriptor, .events = POLLIN};
    int found = poll(&ready, 1, LINES_WAIT_MS);
    if (found == 0 || (found < 0 && errno == EINTR))
        return LINE_WAIT;
    if (found < 0)
        return LINE_FAILED;
    ssize_t count = read(lines->descriptor, lines->buffer + lines->end, lines->room - lines->end);
    if (count < 0)
        return errno == EINTR || errno == EAGAIN ? LINE_WAIT : LINE_FAILED;
    lines->over = count == 0;
    lines->end += (size_t)count;
    return LINE_READ;
}

enum line_kind lines_next(struct lines *lines, struct line *line)
{
    for (;;) {
        const char *newline = memchr(lines->buffer + lines->seen, '\n', lines->end - lines->seen);
        if (newline != NULL)
            return hand_out(lines, line, (size_t)(newline - lines->buffer), 1);
        lines->seen = lines->end;
        if (lines->over && (lines->end > lines->start || lines->skipping))
            return hand_out(lines, line, lines->end, 0);
        if (lines->over)
            return LINE_END;
        if (lines->end - lines->start > lines->longest) {
            lines->skipping = true;
            lines->start = lines->seen = lines->end = 0;
        }
        enum line_kind kind = fill(lines);
        if (kind != LINE_READ)
            return kind;
    }
}
