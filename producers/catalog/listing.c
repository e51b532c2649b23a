#include "producers/catalog/listing.h"

#include <libsmartcols.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct listing {
    struct libscols_table *table;
    size_t column_count;
};

struct listing *listing_new(const struct listing_column *columns, size_t count)
{
    static const int flags[] = {
        [LISTING_TEXT] = 0, [LISTING_CUT] = SCOLS_FL_TRUNC, [LISTING_NUMBER] = SCOLS_FL_RIGHT};
    struct listing *listing = malloc(sizeof *listing);
    if (listing == NULL || (listing->table = scols_new_table()) == NULL)
        abort();
    listing->column_count = count;
    if (!isatty(STDOUT_FILENO))
        scols_table_set_termforce(listing->table, SCOLS_TERMFORCE_NEVER);
    for (size_t i = 0; i < count; i++)
        if (scols_table_new_column(listing->table, columns[i].title, 0, flags[columns[i].kind]) ==
            NULL)
            abort();
    return listing;
}

void listing_free(struct listing *listing)
{
    scols_unref_table(listing->table);
    free(listing);
}

void listing_add(struct listing *listing, const char *const *cells)
{
    struct libscols_line *line = scols_table_new_line(listing->table, NULL);
    if (line == NULL)
        abort();
    for (size_t i = 0; i < listing->column_count; i++)
        if (cells[i] != NULL && cells[i][0] != '\0' && scols_line_set_data(line, i, cells[i]) != 0)
            abort();
}

bool listing_print(struct listing *listing)
{
    return scols_print_table(listing->table) == 0 && fflush(stdout) == 0;
}
