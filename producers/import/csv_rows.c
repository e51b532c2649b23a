#include "producers/import/csv_rows.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 64 * 1024, END = -1, FAILED = -2 };

struct csv_rows {
    struct foreign_file *file;
    uint8_t chunk[CHUNK];
    size_t at, size;
    uint64_t line; /* of the next byte */
    bool begun;
    struct fault fault; /* of reading */
    char text[CSV_ROW_MOST];
    size_t used;
};

struct csv_rows *csv_rows_new(struct foreign_file *file)
{
    struct csv_rows *rows = calloc(1, sizeof *rows);
    assert(rows != NULL);
    rows->file = file;
    rows->line = 1;
    return rows;
}

void csv_rows_free(struct csv_rows *rows)
{
    free(rows);
}

/* The next byte without taking it, END or FAILED. */
static int peek(struct csv_rows *rows)
{
    if (rows->at == rows->size) {
        int count = foreign_file_read(rows->file, rows->chunk, sizeof rows->chunk, &rows->fault);
        if (count <= 0)
            return count < 0 ? FAILED : END;
        rows->at = 0;
        rows->size = (size_t)count;
    }
    return rows->chunk[rows->at];
}

static void take(struct csv_rows *rows)
{
    rows->line += rows->chunk[rows->at] == '\n';
    rows->at++;
}

static void skip_mark(struct csv_rows *rows)
{
    static const uint8_t mark[] = {0xEF, 0xBB, 0xBF};
    /* The first read of a file is longer than a mark, or all of it. */
    if (peek(rows) >= 0 && rows->size >= sizeof mark && memcmp(rows->chunk, mark, sizeof mark) == 0)
        rows->at = sizeof mark;
}

static void skip_line(struct csv_rows *rows)
{
    int c;
    while ((c = peek(rows)) >= 0) {
        take(rows);
        if (c == '\n')
            return;
    }
}

static bool put(struct csv_rows *rows, int c, struct fault *why)
{
    if (c == '\0')
        return fault_set(why, FAULT_REJECT, "a NUL byte");
    if (rows->used + 1 >= sizeof rows->text)
        return fault_set(why, FAULT_REJECT, "longer than %d bytes", CSV_ROW_MOST);
    rows->text[rows->used++] = (char)c;
    return true;
}

/* Takes a line break, if one is next: LF or CRLF. */
static bool take_break(struct csv_rows *rows, bool *lone_return)
{
    int c = peek(rows);
    *lone_return = false;
    if (c == '\n') {
        take(rows);
        return true;
    }
    if (c != '\r')
        return false;
    take(rows);
    if (peek(rows) == '\n') {
        take(rows);
        return true;
    }
    *lone_return = peek(rows) >= 0;
    return !*lone_return; /* at the end of the file it is a break as well */
}

/* What is behind the opening quote, up to and with the closing one. */
static bool read_quoted(struct csv_rows *rows, uint64_t began, struct fault *why)
{
    for (;;) {
        int c = peek(rows);
        if (c == FAILED)
            return false;
        if (c == END)
            return fault_set(why, FAULT_REJECT, "the quote of line %llu is never closed",
                             (unsigned long long)began);
        take(rows);
        if (c == '"') {
            if (peek(rows) != '"')
                return true;
            take(rows);
        }
        if (!put(rows, c, why))
            return false;
    }
}

static bool read_plain(struct csv_rows *rows, struct fault *why)
{
    for (;;) {
        int c = peek(rows);
        if (c < 0 || c == ',' || c == '\n' || c == '\r')
            return true;
        take(rows);
        if (c == '"')
            return fault_set(why, FAULT_REJECT,
                             "a quote inside a field that does not begin with one");
        if (!put(rows, c, why))
            return false;
    }
}

/* One field and what ends it; *last: the row ends with it. */
static bool read_field(struct csv_rows *rows, struct csv_row *row, bool *last, struct fault *why)
{
    bool lone_return;
    if (row->count == CSV_FIELDS_MOST)
        return fault_set(why, FAULT_REJECT, "more than %d fields", CSV_FIELDS_MOST);
    struct csv_field *field = &row->fields[row->count++];
    size_t from = rows->used;
    field->line = rows->line;
    bool quoted = peek(rows) == '"';
    if (quoted)
        take(rows);
    if (!(quoted ? read_quoted(rows, field->line, why) : read_plain(rows, why)) ||
        !(rows->used + 1 < sizeof rows->text ||
          fault_set(why, FAULT_REJECT, "longer than %d bytes", CSV_ROW_MOST)))
        return false;
    field->text = rows->text + from;
    field->size = rows->used - from;
    rows->text[rows->used++] = '\0';

    *last = true;
    int c = peek(rows);
    if (c == FAILED)
        return false;
    if (c == END || take_break(rows, &lone_return))
        return true;
    if (lone_return)
        return fault_set(why, FAULT_REJECT, "a carriage return that no line feed follows");
    if (c != ',')
        return fault_set(why, FAULT_REJECT, "text behind a closing quote");
    take(rows);
    *last = false;
    return true;
}

enum csv_kind csv_rows_next(struct csv_rows *rows, struct csv_row *row, struct fault *why)
{
    bool last = false, lone_return;
    if (!rows->begun)
        skip_mark(rows);
    rows->begun = true;
    do
        row->line = rows->line;
    while (take_break(rows, &lone_return));
    row->count = 0;
    rows->used = 0;
    bool good =
        !lone_return || fault_set(why, FAULT_REJECT, "a carriage return that no line feed follows");
    if (good && peek(rows) == END)
        return CSV_END;
    while (good && !last)
        good = read_field(rows, row, &last, why);
    if (rows->fault.reaction != FAULT_NONE) {
        *why = rows->fault;
        return CSV_FAILED;
    }
    if (good)
        return CSV_ROW;
    skip_line(rows);
    return CSV_BAD_ROW;
}
