#include "consumers/report/grid.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CELLS_FIRST = 64 };

struct row {
    enum grid_row_kind kind;
    size_t first; /* of its cells */
};

struct grid {
    char *caption;
    struct column {
        char *title;
        bool number;
    } * column;
    size_t columns;
    struct row *rows;
    size_t row_count, row_room;
    char **cells;
    size_t cell_count, cell_room;
};

static void *held(void *memory)
{
    if (memory == NULL)
        abort();
    return memory;
}

struct grid *grid_new(const char *caption)
{
    struct grid *grid = calloc(1, sizeof *grid);
    if (grid == NULL)
        abort();
    grid->caption = held(strdup(caption));
    return grid;
}

void grid_free(struct grid *grid)
{
    if (grid == NULL)
        return;
    for (size_t i = 0; i < grid->columns; i++)
        free(grid->column[i].title);
    for (size_t i = 0; i < grid->cell_count; i++)
        free(grid->cells[i]);
    free(grid->column);
    free(grid->cells);
    free(grid->rows);
    free(grid->caption);
    free(grid);
}

void grid_column(struct grid *grid, const char *title, bool number)
{
    assert(grid->row_count == 0);
    grid->column = held(realloc(grid->column, (grid->columns + 1) * sizeof *grid->column));
    grid->column[grid->columns++] = (struct column){held(strdup(title)), number};
}

static size_t width(const struct grid *grid, enum grid_row_kind kind)
{
    return kind == GRID_SECTION ? 1 : grid->columns;
}

static bool full(const struct grid *grid)
{
    if (grid->row_count == 0)
        return true;
    const struct row *last = &grid->rows[grid->row_count - 1];
    return grid->cell_count == last->first + width(grid, last->kind);
}

void grid_row(struct grid *grid, enum grid_row_kind kind)
{
    assert(full(grid));
    if (grid->row_count == grid->row_room) {
        grid->row_room = grid->row_room > 0 ? 2 * grid->row_room : CELLS_FIRST;
        grid->rows = held(realloc(grid->rows, grid->row_room * sizeof *grid->rows));
    }
    grid->rows[grid->row_count++] = (struct row){kind, grid->cell_count};
}

void grid_cell(struct grid *grid, const char *format, ...)
{
    assert(grid->row_count > 0 && !full(grid));
    if (grid->cell_count == grid->cell_room) {
        grid->cell_room = grid->cell_room > 0 ? 2 * grid->cell_room : CELLS_FIRST;
        grid->cells = held(realloc(grid->cells, grid->cell_room * sizeof *grid->cells));
    }
    va_list arguments;
    va_start(arguments, format);
    char *text = NULL;
    if (vasprintf(&text, format, arguments) < 0)
        abort();
    va_end(arguments);
    grid->cells[grid->cell_count++] = text;
}

const char *grid_caption(const struct grid *grid)
{
    return grid->caption;
}

size_t grid_columns(const struct grid *grid)
{
    return grid->columns;
}

const char *grid_title(const struct grid *grid, size_t column)
{
    assert(column < grid->columns);
    return grid->column[column].title;
}

bool grid_number(const struct grid *grid, size_t column)
{
    assert(column < grid->columns);
    return grid->column[column].number;
}

size_t grid_rows(const struct grid *grid)
{
    assert(full(grid));
    return grid->row_count;
}

enum grid_row_kind grid_kind(const struct grid *grid, size_t row)
{
    assert(row < grid->row_count);
    return grid->rows[row].kind;
}

const char *grid_text(const struct grid *grid, size_t row, size_t column)
{
    assert(row < grid->row_count && column < width(grid, grid->rows[row].kind));
    return grid->cells[grid->rows[row].first + column];
}
