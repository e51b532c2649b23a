#include "consumers/report/form.h"

#include <stdbool.h>
#include <string.h>

enum place {
    INLINE,  /* in a heading or a cell of a table */
    OUTSIDE, /* a paragraph's: what begins a line could begin a list, a rule, code */
};

/* At the beginning of a line, "-", "+", "=" and "12." or "12)" would not stay text. */
static bool opens_block(const char *line, const char *at)
{
    if (at == line)
        return strchr("-+=", *at) != NULL;
    return (*at == '.' || *at == ')') && strspn(line, "0123456789") == (size_t)(at - line);
}

/* At what would make a link of "http://" or "www." without being asked. */
static bool opens_link(const char *text, const char *at)
{
    return (*at == ':' && strncmp(at, "://", 3) == 0) ||
           (*at == '.' && at - text >= 3 && memcmp(at - 3, "www", 3) == 0);
}

/*
 * Text as the readers of CommonMark and of GitHub show it: what could open markup is escaped, "<"
 * and "&" by entities, since a backslash does not stop all readers from taking HTML. `line`: how a
 * new line inside is written.
 */
static void put_text(FILE *out, enum place place, const char *text, const char *line)
{
    const char *start = NULL; /* of the line, after its blanks, which are dropped */
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (form_half_line(at))
            continue;
        if (byte == '\n') {
            fputs(line, out);
            start = NULL;
            continue;
        }
        if (start == NULL && (byte == ' ' || byte == '\t'))
            continue;
        start = start != NULL ? start : at;
        if (byte == '<')
            fputs("&lt;", out);
        else if (byte == '>')
            fputs("&gt;", out);
        else if (byte == '&')
            fputs("&amp;", out);
        else if (byte < 0x20 || byte == 0x7f)
            fputs(byte == '\t' ? " " : "\xef\xbf\xbd", out);
        else if (strchr("\\`*_[]|~#$", byte) != NULL || opens_link(text, at) ||
                 (place == OUTSIDE && opens_block(start, at)))
            fprintf(out, "\\%c", byte);
        else
            fputc(byte, out);
    }
}

static void begin(FILE *out, const struct form_front *front)
{
    fputs("# ", out);
    put_text(out, INLINE, front->title, " ");
    fputs("\n\n**", out);
    put_text(out, INLINE, front->statement, " ");
    fputs("**\n\n", out);
    for (size_t i = 0; i < front->content_count; i++) {
        fprintf(out, "%zu. [", i + 1);
        put_text(out, INLINE, front->contents[i].title, " ");
        fprintf(out, "](#%s)\n", front->contents[i].id);
    }
    if (front->content_count > 0)
        fputc('\n', out);
}

static void heading(FILE *out, int level, const char *id, const char *text)
{
    if (id != NULL)
        fprintf(out, "<a id=\"%s\"></a>\n\n", id);
    for (int i = 0; i < level; i++)
        fputc('#', out);
    fputc(' ', out);
    put_text(out, INLINE, text, " ");
    fputs("\n\n", out);
}

static void paragraph(FILE *out, const char *text)
{
    put_text(out, OUTSIDE, text, "  \n"); /* two blanks keep the line */
    fputs("\n\n", out);
}

static void row(FILE *out, const struct grid *grid, size_t at)
{
    enum grid_row_kind kind = grid_kind(grid, at);
    size_t cells = kind == GRID_SECTION ? 1 : grid_columns(grid);
    for (size_t i = 0; i < grid_columns(grid); i++) {
        const char *text = i < cells ? grid_text(grid, at, i) : "";
        bool strong = kind != GRID_ROW && *text != '\0';
        fputs(i == 0 ? "| " : " | ", out);
        fputs(strong ? "**" : "", out);
        put_text(out, INLINE, text, "<br>");
        fputs(strong ? "**" : "", out);
    }
    fputs(" |\n", out);
}

static void write_grid(FILE *out, const struct grid *grid)
{
    fputc('*', out);
    put_text(out, INLINE, grid_caption(grid), " ");
    fputs("*\n\n", out);
    for (size_t i = 0; i < grid_columns(grid); i++) {
        fputs(i == 0 ? "| " : " | ", out);
        put_text(out, INLINE, grid_title(grid, i), " ");
    }
    fputs(" |\n", out);
    for (size_t i = 0; i < grid_columns(grid); i++)
        fputs(grid_number(grid, i) ? "|---:" : "|---", out);
    fputs("|\n", out);
    for (size_t i = 0; i < grid_rows(grid); i++)
        row(out, grid, i);
    fputc('\n', out);
}

static void end(FILE *out, const struct form_front *front)
{
    fputs("---\n\n**", out);
    put_text(out, INLINE, front->statement, " ");
    fputs("**\n", out);
}

const struct form markdown_form = {begin, heading, paragraph, write_grid, end};
