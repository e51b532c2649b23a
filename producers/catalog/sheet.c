#include "producers/catalog/sheet.h"

#include "proto/codec.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Where reading stands; the text is cut into fields as it goes on. */
struct reading {
    const char *name;
    char *next;    /* the line after the one in hand; NULL: there is none */
    unsigned line; /* of the one in hand */
    struct fault *why;
};

static bool refuse(const struct reading *reading, const char *what)
{
    return fault_set(reading->why, FAULT_REJECT, "%s:%u: %s", reading->name, reading->line, what);
}

/* The next line, cut off; NULL after the last. Every line ends in a newline: sheet_read saw to it.
 */
static char *next_line(struct reading *reading)
{
    char *line = reading->next;
    if (line == NULL || *line == '\0')
        return NULL;
    char *newline = strchr(line, '\n');
    assert(newline != NULL);
    *newline = '\0';
    reading->next = newline + 1;
    reading->line++;
    return line;
}

/* Cuts a line at its tabs into `fields`; returns how many there are, also where that is more than
 * `most`. */
static size_t cut(char *line, const char **fields, size_t most)
{
    size_t count = 0;
    for (char *field = line; field != NULL; count++) {
        char *tab = strchr(field, '\t');
        if (tab != NULL)
            *tab++ = '\0';
        if (count < most)
            fields[count] = field;
        field = tab;
    }
    return count;
}

static bool has_blank_end(const char *field)
{
    size_t size = strlen(field);
    return size > 0 && (field[0] == ' ' || field[size - 1] == ' ');
}

static void *grow(void *items, size_t count, size_t item_size)
{
    /* A power of two is full. */
    if ((count & (count - 1)) != 0)
        return items;
    void *grown = realloc(items, (count == 0 ? 1 : 2 * count) * item_size);
    assert(grown != NULL);
    return grown;
}

/* The named values, up to the empty line. */
static bool read_values(struct sheet *sheet, struct reading *reading)
{
    const char *fields[2];
    char *line;
    while ((line = next_line(reading)) != NULL && *line != '\0') {
        if (cut(line, fields, 2) != 2)
            return refuse(reading, "a named value is a name, a tab and a text");
        if (fields[0][0] == '\0' || fields[1][0] == '\0')
            return refuse(reading, "a name or a text is empty");
        if (has_blank_end(fields[0]) || has_blank_end(fields[1]))
            return refuse(reading, "a blank at the end of a field");
        sheet->values = grow(sheet->values, sheet->value_count, sizeof *sheet->values);
        sheet->values[sheet->value_count++] =
            (struct sheet_value){.name = fields[0], .text = fields[1], .line = reading->line};
    }
    return line != NULL || refuse(reading, "no empty line, after which the table stands");
}

static bool read_rows(struct sheet *sheet, struct reading *reading, const char *const *columns,
                      size_t column_count)
{
    const char *fields[SHEET_COLUMNS_MAX];
    char *line = next_line(reading);
    if (line == NULL)
        return refuse(reading, "the table is missing");
    size_t count = cut(line, fields, column_count);
    for (size_t i = 0; i < column_count; i++)
        if (count != column_count || strcmp(fields[i], columns[i]) != 0)
            return refuse(reading, "not the columns of such a table");
    while ((line = next_line(reading)) != NULL) {
        struct sheet_row row = {.line = reading->line};
        if (cut(line, row.fields, column_count) != column_count)
            return refuse(reading, "not as many fields as there are columns");
        for (size_t i = 0; i < column_count; i++)
            if (has_blank_end(row.fields[i]))
                return refuse(reading, "a blank at the end of a field");
        sheet->rows = grow(sheet->rows, sheet->row_count, sizeof *sheet->rows);
        sheet->rows[sheet->row_count++] = row;
    }
    return sheet->row_count > 0 || refuse(reading, "the table is empty");
}

static bool check_characters(struct reading *reading, const char *text, size_t size)
{
    if (size == 0 || text[size - 1] != '\n')
        return fault_set(reading->why, FAULT_REJECT, "%s: the last line has no end", reading->name);
    if (!codec_text((const uint8_t *)text, size))
        return fault_set(reading->why, FAULT_REJECT, "%s: not UTF-8, or a NUL in it",
                         reading->name);
    reading->line = 1;
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c < ' ' && c != '\t' && c != '\n') || c == 0x7F)
            return refuse(reading, "a control character");
        reading->line += c == '\n';
    }
    reading->line = 0;
    return true;
}

bool sheet_read(struct sheet *sheet, const char *name, const char *text, size_t size,
                const char *const *columns, size_t column_count, struct fault *why)
{
    struct reading reading = {.name = name, .why = why};
    assert(column_count >= 1 && column_count <= SHEET_COLUMNS_MAX);
    *sheet = (struct sheet){0};
    if (!check_characters(&reading, text, size))
        return false;
    sheet->text = malloc(size + 1);
    assert(sheet->text != NULL);
    memcpy(sheet->text, text, size);
    sheet->text[size] = '\0';
    reading.next = sheet->text;
    if (read_values(sheet, &reading) && read_rows(sheet, &reading, columns, column_count))
        return true;
    sheet_clear(sheet);
    return false;
}

void sheet_clear(struct sheet *sheet)
{
    free(sheet->text);
    free(sheet->values);
    free(sheet->rows);
    *sheet = (struct sheet){0};
}
