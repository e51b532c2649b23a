#include "consumers/report/form.h"

#include <stdbool.h>

/*
 * One page that needs nothing else: no script, no picture, nothing fetched. A table as wide as its
 * words moves sideways in its own frame; the page does not. Printed, it is on white whatever the
 * screen's colours, each page repeats the headings of its table, and its foot says what the report
 * is.
 */
static const char style[] =
    ":root{color-scheme:light dark;--ink:#1a1a1a;--paper:#fff;--line:#767676;--head:#e4e8ec;"
    "--part:#f3f5f7;--link:#0b4f9e}\n"
    "@media screen and (prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#16181a;"
    "--line:#7d8288;--head:#30353a;--part:#23272b;--link:#8ab8ff}}\n"
    "body{font:1rem/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);"
    "max-width:76rem;margin:0 auto;padding:1rem}\n"
    "h1,h2,h3{line-height:1.25;break-after:avoid}\n"
    "h1{font-size:1.8rem}h2{font-size:1.4rem;border-bottom:2px solid;margin-top:3rem}"
    "h3{font-size:1.1rem;margin:1.75rem 0 .5rem}\n"
    "h1,h2,h3,p,caption,th,td{unicode-bidi:plaintext;text-align:left}\n"
    "h1,h2,h3,p,caption{overflow-wrap:anywhere}\n"
    "main>p{max-width:48rem}\n"
    "a{color:var(--link)}\n"
    "nav ol{columns:20rem 2}\n"
    ".statement{border:2px solid;padding:.5rem 1rem;font-weight:bold}\n"
    ".wide{overflow-x:auto;margin:1rem 0 1.5rem}\n"
    "table{border-collapse:collapse;width:100%;font-size:.875rem;line-height:1.4}\n"
    "caption{font-weight:bold;padding:.25rem 0}\n"
    "th,td{border:1px solid var(--line);padding:.3rem .5rem;vertical-align:top}\n"
    "thead th{background:var(--head);vertical-align:bottom}\n"
    "tbody th{font-weight:normal}\n"
    "tr.part th,tr.total th,tr.total td{font-weight:bold;background:var(--part)}\n"
    "td.number,th.number{text-align:right;font-variant-numeric:tabular-nums}\n"
    ".date{white-space:nowrap}\n"
    ".skip{position:absolute;left:-99rem}.skip:focus{position:static}\n"
    "@media screen and (max-width:48rem){td:not(.number){min-width:6rem}}\n"
    "@page{size:A4;margin:18mm 14mm;@bottom-right{font:8pt sans-serif;content:counter(page) \" / "
    "\" counter(pages)}}\n"
    "@media print{body{max-width:none;padding:0;font-size:10pt}nav,.skip{display:none}"
    "h2{margin-top:1.5rem}table{font-size:8pt}th,td{padding:.1rem .3rem}"
    ".wide{overflow:visible}thead{display:table-header-group}tr,.statement{break-inside:avoid}"
    "caption,tr.part{break-after:avoid}a{color:inherit;text-decoration:none}}\n";

static void put_byte(FILE *out, unsigned char byte)
{
    if (byte == '<')
        fputs("&lt;", out);
    else if (byte == '>')
        fputs("&gt;", out);
    else if (byte == '&')
        fputs("&amp;", out);
    else if (byte == '"')
        fputs("&quot;", out);
    else if (byte == '\'')
        fputs("&#39;", out);
    else if ((byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7f)
        fputs("\xef\xbf\xbd", out);
    else
        fputc(byte, out);
}

/* In an attribute or a title: no markup, one line. */
static void put_line(FILE *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++)
        if (!form_half_line(at))
            put_byte(out, *at == '\n' ? ' ' : (unsigned char)*at);
}

enum {
    DATE = 10, /* of "2026-09-18", which browsers would break at its hyphens */
    WORD = 24, /* what is longer without a blank may be broken: a table is as wide as its words */
};

static bool is_date(const char *at)
{
    for (int i = 0; i < DATE; i++)
        if (i == 4 || i == 7 ? at[i] != '-' : at[i] < '0' || at[i] > '9')
            return false;
    return at[DATE] != '-' && (at[DATE] < '0' || at[DATE] > '9');
}

static void put_text(FILE *out, const char *text)
{
    int word = 0; /* bytes since the last place to break */
    for (const char *at = text; *at != '\0'; at++) {
        unsigned char byte = (unsigned char)*at;
        if (form_half_line(at))
            continue;
        if (word == 0 && is_date(at)) {
            fprintf(out, "<span class=\"date\">%.*s</span>", DATE, at);
            at += DATE - 1;
            word = DATE;
            continue;
        }
        if (word == WORD && byte > ' ') {
            fputs("<wbr>", out);
            word = 0;
        }
        word = byte <= ' ' || byte == '-' || byte >= 0x80 ? 0 : word + 1;
        if (byte == '\n')
            fputs("<br>", out);
        else
            put_byte(out, byte);
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
    put_line(out, front->title);
    fputs("</title>\n<style>\n", out);
    fputs(style, out);
    put_foot(out, front->statement);
    fputs("</style>\n</head>\n<body>\n<a class=\"skip\" href=\"#content\">To the content</a>\n"
          "<header>\n<h1>",
          out);
    put_text(out, front->title);
    fputs("</h1>\n<p class=\"statement\">", out);
    put_text(out, front->statement);
    fputs("</p>\n</header>\n<nav aria-label=\"Contents\">\n<ol>\n", out);
    for (size_t i = 0; i < front->content_count; i++) {
        fprintf(out, "<li><a href=\"#%s\">", front->contents[i].id);
        put_text(out, front->contents[i].title);
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
    put_text(out, text);
    fprintf(out, "</h%d>\n", level);
}

static void paragraph(FILE *out, const char *text)
{
    fputs("<p>", out);
    put_text(out, text);
    fputs("</p>\n", out);
}

static void row(FILE *out, const struct grid *grid, size_t at)
{
    enum grid_row_kind kind = grid_kind(grid, at);
    if (kind == GRID_SECTION) {
        fprintf(out, "<tr class=\"part\"><th scope=\"rowgroup\" colspan=\"%zu\">",
                grid_columns(grid));
        put_text(out, grid_text(grid, at, 0));
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
        put_text(out, grid_text(grid, at, i));
        fputs(i == 0 ? "</th>" : "</td>", out);
    }
    fputs("</tr>\n", out);
}

/* A heading is that of the rows down to their total; what follows a total is of another group. */
static bool begins_group(const struct grid *grid, size_t at)
{
    return grid_kind(grid, at) == GRID_SECTION || grid_kind(grid, at - 1) == GRID_TOTAL;
}

static void write_grid(FILE *out, const struct grid *grid)
{
    fputs("<div class=\"wide\" role=\"region\" tabindex=\"0\" aria-label=\"", out);
    put_line(out, grid_caption(grid));
    fputs("\"><table>\n<caption>", out);
    put_text(out, grid_caption(grid));
    fputs("</caption>\n<thead><tr>", out);
    for (size_t i = 0; i < grid_columns(grid); i++) {
        fprintf(out, "<th scope=\"col\"%s>", grid_number(grid, i) ? " class=\"number\"" : "");
        put_text(out, grid_title(grid, i));
        fputs("</th>", out);
    }
    fputs("</tr></thead>\n<tbody>\n", out);
    for (size_t i = 0; i < grid_rows(grid); i++) {
        if (i > 0 && begins_group(grid, i))
            fputs("</tbody>\n<tbody>\n", out);
        row(out, grid, i);
    }
    fputs("</tbody>\n</table></div>\n", out);
}

static void end(FILE *out, const struct form_front *front)
{
    fputs("</main>\n<footer>\n<p class=\"statement\">", out);
    put_text(out, front->statement);
    fputs("</p>\n</footer>\n</body>\n</html>\n", out);
}

const struct form html_form = {begin, heading, paragraph, write_grid, end};
