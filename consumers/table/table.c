#include "consumers/table/table.h"

#include <assert.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void table_start(void)
{
    setlocale(LC_ALL, "");
}

static bool colours_wanted(void)
{
    const char *none = getenv("NO_COLOR");
    const char *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && (none == NULL || *none == '\0') && terminal != NULL &&
           strcmp(terminal, "dumb") != 0;
}

static const char *colour_of(const char *status)
{
    static const struct {
        const char *status;
        const char *colour;
    } meanings[] = {
        {"PASSED", "green"},      {"PASSING", "green"},
        {"FAILED", "red"},        {"FAILING", "red"},
        {"ERROR", "yellow"},      {"STALE", "yellow"},
        {"NOT_TESTED", "yellow"}, {"INCOMPLETE", "yellow"},
        {"EXCEPTED", "cyan"},     {"PASSING_WITH_EXCEPTIONS", "cyan"},
    };
    for (size_t i = 0; i < sizeof meanings / sizeof meanings[0]; i++)
        if (strcmp(status, meanings[i].status) == 0)
            return meanings[i].colour;
    return NULL;
}

static void add_columns(struct libscols_table *table, const struct table_column *columns, int count)
{
    for (int i = 0; i < count; i++) {
        int flags = 0;
        if (columns[i].kind == TABLE_CUT)
            flags = SCOLS_FL_TRUNC;
        if (columns[i].kind == TABLE_NUMBER)
            flags = SCOLS_FL_RIGHT;
        if (scols_table_new_column(table, columns[i].title, 0, flags) == NULL)
            abort();
    }
}

static void add_row(struct libscols_table *table, const struct table_column *columns, int count,
                    const PGresult *rows, int row)
{
    struct libscols_line *line = scols_table_new_line(table, NULL);
    if (line == NULL)
        abort();
    for (int i = 0; i < count; i++) {
        const char *text = PQgetvalue(rows, row, i);
        if (PQgetisnull(rows, row, i) || *text == '\0')
            continue;
        if (scols_line_set_data(line, (size_t)i, text) != 0)
            abort();
        const char *colour = columns[i].kind == TABLE_STATUS ? colour_of(text) : NULL;
        if (colour != NULL &&
            scols_cell_set_color(scols_line_get_cell(line, (size_t)i), colour) != 0)
            abort();
    }
}

bool table_print(const struct table_column *columns, int count, const PGresult *rows)
{
    assert(PQnfields(rows) >= count);
    struct libscols_table *table = scols_new_table();
    if (table == NULL)
        abort();
    scols_table_enable_colors(table, colours_wanted());
    if (!isatty(STDOUT_FILENO))
        scols_table_set_termforce(table, SCOLS_TERMFORCE_NEVER);
    add_columns(table, columns, count);
    for (int row = 0; row < PQntuples(rows); row++)
        add_row(table, columns, count, rows, row);
    bool printed = scols_print_table(table) == 0 && fflush(stdout) == 0;
    scols_unref_table(table);
    return printed;
}
