#include "consumers/report/form.h"

#include <stdbool.h>

/* One page that needs nothing else: no script, no picture, nothing fetched. Printed, each page
 * repeats the headings of its table, and names the report for what it is at its foot. */
static const char style[] =
    ":root{color-scheme:light}\n"
    "body{font:1rem/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:72rem;"
    "margin:0 auto;padding:1rem}\n"
    "h1,h2,h3{line-height:1.25;break-after:avoid}\n"
    "h2{border-bottom:2px solid #1a1a1a;margin-top:2.5rem}\n"
    "a{color:#0b4f9e}\n"
    ".statement{border:2px solid #1a1a1a;padding:.5rem 1rem;font-weight:bold}\n"
    ".wide{overflow-x:auto}\n"
    "table{border-collapse:collapse;width:100%;margin:1rem 0;font-size:.9rem}\n"
    "caption{text-align:left;font-weight:bold;padding:.25rem 0}\n"
    "th,td{border:1px solid #6b6b6b;padding:.3rem .5rem;text-align:left;vertical-align:top;"
    "overflow-wrap:anywhere}\n"
    "thead th{background:#e8e8e8}\n"
    "tbody th{font-weight:normal}\n"
    "tr.part th,tr.total th,tr.total td{font-weight:bold;background:#f4f4f4}\n"
    "td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}\n"
    ".skip{position:absolute;left:-99rem}.skip:focus{position:static}\n"
    "@page{margin:18mm 14mm}\n"
    "@media print{body{max-width:none;padding:0;font-size:10pt}nav,.skip{display:none}"
    ".wide{overflow:visible}thead{display:table-header-group}tr{break-inside:avoid}"
    "a{color:inherit;text-decoration:none}}\n";

static void put_text(FILE *out, const char *text, bool lines)
{
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (byte == '\n')
            fputs(lines ? "<br>" : " ", out);
        else if (byte == '<')
            fputs("&lt;", out);
        else if (byte == '>')
            fputs("&gt;", out);
        else if (byte == '&')
            fputs("&amp;", out);
        else if (byte == '"')
            fputs("&quot;", out);
        else if (byte == '\'')
            fputs("&#39;", out);
        else if ((byte < 0x20 && byte != '\t') || byte == 0x7f)
            fputs("\xef\xbf\xbd", out);
        else
            fputc(byte, out);
    }
}

/* The statement at the foot of every printed page. In a CSS string everything but plain letters is
 * written by its number. */
static void put_foot(FILE *out, const char *statement)
{
    fputs("@page{@bottom-left{font:8pt sans-serif;content:\"", out);
    for (const char *at = statement; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        bool plain = byte >= 0x80 || byte == ' ' || byte == ',' || byte == ';' || byte == '.' ||
                     (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z');
        fprintf(out, plain ? "%c" : "\\%06x", byte);
    }
    fputs("\"}}\n", out);
}

static void begin(FILE *out, const struct form_front *front)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
          "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
          "'unsafe-inline'\">\n<title>",
          out);
    put_text(out, front->title, false);
    fputs("</title>\n<style>\n", out);
    fputs(style, out);
    put_foot(out, front->statement);
    fputs("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">To the content</a>\n"
          "<header>\n<h1>",
          out);
    put_text(out, front->title, false);
    fputs("</h1>\n<p class=\"statement\">", out);
    put_text(out, front->statement, true);
    fputs("</p>\n</header>\n<nav aria-label=\"Contents\">\n<ol>\n", out);
    for (size_t i = 0; i < front->content_count; i++) {
        fprintf(out, "<li><a href=\"#%s\">", front->contents[i].id);
        put_text(out, front->contents[i].title, false);
        fputs("</a></li>\n", out);
    }
    fputs("</ol>\n</nav>\n<main id=\"content\">\n", out);
}

static void heading(FILE *out, int level, const char *id, const char *text)
{
    fprintf(out, "<h%d", level);
    if (id != NULL)
        fprintf(out, " id=\"%s\"", id);
    fputc('>', out);
    put_text(out, text, false);
    fprintf(out, "</h%d>\n", level);
}

static void paragraph(FILE *out, const char *text)
{
    fputs("<p>", out);
    put_text(out, text, true);
    fputs("</p>\n", out);
}

static void row(FILE *out, const struct grid *grid, size_t at)
{
    enum grid_row_kind kind = grid_kind(grid, at);
    if (kind == GRID_SECTION) {
        fprintf(out, "<tr class=\"part\"><th scope=\"colgroup\" colspan=\"%zu\">",
                grid_columns(grid));
        put_text(out, grid_text(grid, at, 0), true);
        fputs("</th></tr>\n", out);
        return;
    }
    fputs(kind == GRID_TOTAL ? "<tr class=\"total\">" : "<tr>", out);
    for (size_t i = 0; i < grid_columns(grid); i++) {
        const char *class = grid_number(grid, i) ? " class=\"number\"" : "";
        if (i == 0)
            fputs("<th scope=\"row\">", out);
        else
            fprintf(out, "<td%s>", class);
        put_text(out, grid_text(grid, at, i), true);
        fputs(i == 0 ? "</th>" : "</td>", out);
    }
    fputs("</tr>\n", out);
}

static void write_grid(FILE *out, const struct grid *grid)
{
    fputs("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"", out);
    put_text(out, grid_caption(grid), false);
    fputs("\"><table>\n<caption>", out);
    put_text(out, grid_caption(grid), false);
    fputs("</caption>\n<thead><tr>", out);
    for (size_t i = 0; i < grid_columns(grid); i++) {
        fprintf(out, "<th scope=\"col\"%s>", grid_number(grid, i) ? " class=\"number\"" : "");
        put_text(out, grid_title(grid, i), false);
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < grid_rows(grid); i++)
        row(out, grid, i);
    fputs("</tbody>\n</table></div>\n", out);
}

static void end(FILE *out, const struct form_front *front)
{
    fputs("</main>\n<footer>\n<p class=\"statement\">", out);
    put_text(out, front->statement, true);
    fputs("</p>\n</footer>\n</body>\n</html>\n", out);
}

const struct form html_form = {begin, heading, paragraph, write_grid, end};
