/*
 * Markdown and HTML: whatever a fact says stays text, and tables have the shape that readers and
 * screen readers need.
 */
#include "consumers/report/form.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct form_entry contents[] = {{"one", "The <first>"}};
static const struct form_front front = {"A & B \"c\"", "Not a certificate; the body's \\ own.",
                                        contents, 1};

static char *written;
static size_t written_size;
static FILE *out;

static void begin(void)
{
    out = open_memstream(&written, &written_size);
    ck_assert_ptr_nonnull(out);
}

static const char *finish(void)
{
    fclose(out);
    return written;
}

static void forget(void)
{
    free(written);
    written = NULL;
}

#define EXPECT(text)      ck_assert_msg(strstr(written, text) != NULL, "no %s:\n%s", text, written)
#define EXPECT_NONE(text) ck_assert_msg(strstr(written, text) == NULL, "%s:\n%s", text, written)

static const struct {
    const char *said, *markdown, *html;
} paragraphs[] = {
    {"plain text, 1.5 % of A.8.30", "plain text, 1.5 % of A.8.30\n\n",
     "<p>plain text, 1.5 % of A.8.30</p>\n"},
    {"<script>alert('x')</script> & \"so\"",
     "&lt;script&gt;alert('x')&lt;/script&gt; &amp; \"so\"\n\n",
     "<p>&lt;script&gt;alert(&#39;x&#39;)&lt;/scri<wbr>pt&gt; &amp; &quot;so&quot;</p>\n"},
    {"# no heading", "\\# no heading\n\n", "<p># no heading</p>\n"},
    {"- no list", "\\- no list\n\n", "<p>- no list</p>\n"},
    {"12. no list", "12\\. no list\n\n", "<p>12. no list</p>\n"},
    {"said\n1) no list", "said  \n1\\) no list\n\n", "<p>said<br>1) no list</p>\n"},
    {"said\n=====", "said  \n\\=====\n\n", "<p>said<br>=====</p>\n"},
    {"     no code", "no code\n\n", "<p>     no code</p>\n"},
    {"[a](b) ![c](d) *e* _f_ `g` ~~h~~ $i$ \\ |",
     "\\[a\\](b) !\\[c\\](d) \\*e\\* \\_f\\_ \\`g\\` \\~\\~h\\~\\~ \\$i\\$ \\\\ \\|\n\n",
     "<p>[a](b) ![c](d) *e* _f_ `g` ~~h~~ $i$ \\ |</p>\n"},
    {"a\x1b[31mb\x7f", "a\xef\xbf\xbd\\[31mb\xef\xbf\xbd\n\n",
     "<p>a\xef\xbf\xbd[31mb\xef\xbf\xbd</p>\n"},
    {"Ærø – 東京", "Ærø – 東京\n\n", "<p>Ærø – 東京</p>\n"},
    {"see www.example.net, https://example.net/a_b",
     "see www\\.example.net, https\\://example.net/a\\_b\n\n",
     "<p>see www.example.net, https://example.net/a_b</p>\n"},
    {"as Windows\r\nends \r lines", "as Windows  \nends \xef\xbf\xbd lines\n\n",
     "<p>as Windows<br>ends \xef\xbf\xbd lines</p>\n"},
    /* a date stays whole, and only it; a word too long for a column may be broken */
    {"2026-09-18, 2026-09-181 12026-09-18 2026-09-1",
     "2026-09-18, 2026-09-181 12026-09-18 2026-09-1\n\n",
     "<p><span class=\"date\">2026-09-18</span>, 2026-09-181 12026-09-18 2026-09-1</p>\n"},
    {"abcdefghijklmnopqrstuvwx y", "abcdefghijklmnopqrstuvwx y\n\n",
     "<p>abcdefghijklmnopqrstuvwx y</p>\n"},
    {"abcdefghijklmnopqrstuvw<yz", "abcdefghijklmnopqrstuvw&lt;yz\n\n",
     "<p>abcdefghijklmnopqrstuvw&lt;<wbr>yz</p>\n"},
};
enum { PARAGRAPHS = sizeof paragraphs / sizeof paragraphs[0] };

START_TEST(text_stays_text)
{
    begin();
    markdown_form.paragraph(out, paragraphs[_i].said);
    ck_assert_str_eq(finish(), paragraphs[_i].markdown);
    forget();
    begin();
    html_form.paragraph(out, paragraphs[_i].said);
    ck_assert_str_eq(finish(), paragraphs[_i].html);
    forget();
}
END_TEST

static struct grid *a_grid(void)
{
    struct grid *grid = grid_new("Cap|tion <b>");
    grid_column(grid, "Na|me", false);
    grid_column(grid, "Count", true);
    grid_row(grid, GRID_SECTION);
    grid_cell(grid, "Part");
    grid_row(grid, GRID_ROW);
    grid_cell(grid, "a|b\n<td>");
    grid_cell(grid, "%d", 7);
    for (int i = 0; i < 2; i++) {
        grid_row(grid, GRID_TOTAL);
        grid_cell(grid, i == 0 ? "Part" : "All");
        grid_cell(grid, "7");
    }
    return grid;
}

START_TEST(a_grid_in_markdown)
{
    struct grid *grid = a_grid();
    begin();
    markdown_form.grid(out, grid);
    ck_assert_str_eq(finish(), "*Cap\\|tion &lt;b&gt;*\n\n"
                               "| Na\\|me | Count |\n"
                               "|---|---:|\n"
                               "| **Part** |  |\n"
                               "| a\\|b<br>&lt;td&gt; | 7 |\n"
                               "| **Part** | **7** |\n"
                               "| **All** | **7** |\n\n");
    forget();
    grid_free(grid);
}
END_TEST

START_TEST(a_grid_in_html)
{
    struct grid *grid = a_grid();
    begin();
    html_form.grid(out, grid);
    finish();
    EXPECT("<caption>Cap|tion &lt;b&gt;</caption>");
    EXPECT("<thead><tr><th scope=\"col\">Na|me</th><th scope=\"col\" class=\"number\">Count</th>");
    EXPECT("<tr class=\"part\"><th scope=\"rowgroup\" colspan=\"2\">Part</th></tr>");
    EXPECT("<tr><th scope=\"row\">a|b<br>&lt;td&gt;</th><td class=\"number\">7</td></tr>");
    /* the heading is that of its part alone */
    EXPECT("<tr class=\"total\"><th scope=\"row\">Part</th><td class=\"number\">7</td></tr>\n"
           "</tbody>\n<tbody>\n"
           "<tr class=\"total\"><th scope=\"row\">All</th><td class=\"number\">7</td></tr>");
    forget();
    grid_free(grid);
}
END_TEST

START_TEST(a_page_stands_alone_and_says_what_it_is)
{
    begin();
    html_form.begin(out, &front);
    html_form.heading(out, 2, "one", "The <first>");
    html_form.end(out, &front);
    finish();
    EXPECT("<!DOCTYPE html>\n<html lang=\"en\">");
    EXPECT("<title>A &amp; B &quot;c&quot;</title>");
    EXPECT("default-src 'none'");
    EXPECT("<li><a href=\"#one\">The &lt;first&gt;</a></li>");
    EXPECT("<h2 id=\"one\">The &lt;first&gt;</h2>");
    EXPECT("content:\"Not a certificate; the body\\000027s \\00005c own.\"");
    EXPECT("@media print");
    /* above and below */
    static const char said[] =
        "<p class=\"statement\">Not a certificate; the body&#39;s \\ own.</p>";
    const char *first = strstr(written, said);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(strstr(first + 1, said));
    EXPECT_NONE("://");
    EXPECT_NONE("<img");
    EXPECT_NONE("<script");
    EXPECT_NONE("src=");
    forget();
}
END_TEST

START_TEST(a_document_in_markdown)
{
    begin();
    markdown_form.begin(out, &front);
    markdown_form.heading(out, 3, NULL, "A #1");
    markdown_form.end(out, &front);
    ck_assert_str_eq(finish(), "# A &amp; B \"c\"\n\n"
                               "**Not a certificate; the body's \\\\ own.**\n\n"
                               "1. [The &lt;first&gt;](#one)\n\n"
                               "### A \\#1\n\n"
                               "---\n\n"
                               "**Not a certificate; the body's \\\\ own.**\n");
    forget();
}
END_TEST

START_TEST(a_wide_and_long_grid_holds)
{
    enum { WIDE = 200, LONG = 500 };
    struct grid *grid = grid_new("");
    for (int i = 0; i < WIDE; i++)
        grid_column(grid, "x", i % 2 == 1);
    for (int i = 0; i < LONG; i++) {
        grid_row(grid, GRID_ROW);
        for (int k = 0; k < WIDE; k++)
            grid_cell(grid, "%d", i * WIDE + k);
    }
    ck_assert_uint_eq(grid_columns(grid), WIDE);
    ck_assert_uint_eq(grid_rows(grid), LONG);
    ck_assert_str_eq(grid_text(grid, LONG - 1, WIDE - 1), "99999");
    ck_assert(grid_number(grid, 1) && !grid_number(grid, 0));
    grid_free(grid);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("report/forms");
    TCase *all = tcase_create("all");
    tcase_add_loop_test(all, text_stays_text, 0, PARAGRAPHS);
    tcase_add_test(all, a_grid_in_markdown);
    tcase_add_test(all, a_grid_in_html);
    tcase_add_test(all, a_page_stands_alone_and_says_what_it_is);
    tcase_add_test(all, a_document_in_markdown);
    tcase_add_test(all, a_wide_and_long_grid_holds);
    suite_add_tcase(suite, all);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
