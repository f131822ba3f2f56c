/* Rendering of reports: escaping, closed elements, the rule table, number formats. */
#include "base/file.h"
#include "base/fmt.h"
#include "base/mem.h"
#include "report/html.h"
#include "report/plot.h"
#include "report/report.h"
#include "report/rules.h"
#include "report/view.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_escape(const char *in, const char *want)
{
    struct wg_buf b;

    wg_buf_init(&b, 4096);
    wg_html_escape(&b, in);
    assert_string_equal(b.p, want);
    wg_buf_release(&b);
}

static void escapes_markup_and_hidden_characters(void **state)
{
    (void)state;
    check_escape("a<b>&\"'", "a&lt;b&gt;&amp;&quot;&#39;");
    check_escape("line\nnext\ttab", "line\nnext\ttab");
    check_escape("\x1b[31m", "[U+001B][31m");
    check_escape("txt\xE2\x80\xAE"
                 "exe",
                 "txt[U+202E]exe");
    check_escape("caf\xC3\xA9 \xE6\xBC\xA2", "caf\xC3\xA9 \xE6\xBC\xA2");
    check_escape("bad\xFFutf8", "bad\xEF\xBF\xBDutf8");
    check_escape("cut\xE2\x80", "cut\xEF\xBF\xBD");
}

static void writer_closes_and_escapes_attributes(void **state)
{
    struct wg_buf b;
    struct wg_html h;

    (void)state;
    wg_buf_init(&b, 4096);
    wg_html_init(&h, &b);
    wg_html_open(&h, "a", "href", "\"><x", "class", NULL, "id", "y", NULL);
    wg_html_element(&h, "b", NULL, "<");
    wg_html_close(&h);
    assert_int_equal(h.depth, 0);
    assert_string_equal(b.p, "<a href=\"&quot;&gt;&lt;x\" id=\"y\"><b>&lt;</b></a>");
    wg_buf_release(&b);
}

static void rules_are_a_consistent_table(void **state)
{
    struct wg_buf doc;
    bool has_rule[WG_SECTION_COUNT] = {false};
    struct wg_err err = {0};

    (void)state;
    wg_buf_init(&doc, 1 << 20);
    assert_int_equal(wg_file_read(&doc, "docs/REPORT.md", 1 << 19, &err), WG_OK);
    for (size_t i = 0; i < WG_RULE_COUNT; i++) {
        const struct wg_rule *r = &wg_rules[i];
        const char *section = wg_sections[r->section].name;
        char row[96];
        assert_int_equal(strncmp(r->id, section, strlen(section)), 0);
        assert_int_equal(r->id[strlen(section)], '.');
        assert_true(r->verdict != WG_VERDICT_NONE);
        has_rule[r->section] = true;
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(r->id, wg_rules[k].id);
        snprintf(row, sizeof row, "| `%s` | %s |", r->id, wg_verdict_name(r->verdict));
        if (!strstr(doc.p, row))
            fail_msg("docs/REPORT.md has no row \"%s\"", row);
    }
    for (size_t i = 0; i < WG_SECTION_COUNT; i++)
        assert_true(has_rule[i]);
    wg_buf_release(&doc);
}

static json_t *load_hostile(void)
{
    json_t *report = NULL;
    struct wg_err err = {0};

    if (wg_json_load("tests/fixtures/report/hostile.json", 1 << 20, &report, &err) != WG_OK)
        fail_msg("%s", err.msg);
    return report;
}

static void hostile_text_stays_text(void **state)
{
    json_t *report = load_hostile();
    struct wg_buf html, md;
    struct wg_err err = {0};

    (void)state;
    wg_buf_init(&html, 1 << 20);
    wg_buf_init(&md, 1 << 20);
    assert_int_equal(wg_report_html(report, &html, &err), WG_OK);
    assert_int_equal(wg_report_markdown(report, &md, &err), WG_OK);
    assert_null(strstr(html.p, "<script"));
    assert_null(strstr(html.p, "\xE2\x80\xAE"));
    assert_non_null(strstr(html.p, "[U+202E]"));
    assert_non_null(strstr(html.p, "&lt;script&gt;"));
    assert_null(strstr(md.p, "<script"));
    assert_non_null(strstr(md.p, "\\[link\\](http"));
    wg_buf_release(&html);
    wg_buf_release(&md);
    json_decref(report);
}

static void reasons_put_no_go_first(void **state)
{
    json_t *report = load_hostile();
    const json_t *list[8];

    (void)state;
    assert_int_equal(wg_view_reasons(report, list, 8), 3);
    assert_string_equal(wg_view_str(list[0], "name"), "fit");
    assert_string_equal(wg_view_str(list[1], "name"), "license");
    assert_string_equal(wg_view_str(list[2], "name"), "quality");
    json_decref(report);
}

static void empty_report_renders(void **state)
{
    json_t *report = json_object();
    struct wg_buf html;
    struct wg_err err = {0};

    (void)state;
    wg_buf_init(&html, 1 << 20);
    assert_int_equal(wg_report_html(report, &html, &err), WG_OK);
    assert_non_null(strstr(html.p, "</html>"));
    wg_buf_release(&html);
    json_decref(report);
}

static void small_ceiling_is_an_error(void **state)
{
    json_t *report = load_hostile();
    struct wg_buf html;
    struct wg_err err = {0};

    (void)state;
    wg_buf_init(&html, 4000);
    assert_int_equal(wg_report_html(report, &html, &err), WG_E_LIMIT);
    wg_buf_release(&html);
    json_decref(report);
}

static void axis_steps_are_round(void **state)
{
    (void)state;
    assert_true(fabs(wg_plot_step(0.9) - 1) < 1e-9);
    assert_true(fabs(wg_plot_step(1) - 1) < 1e-9);
    assert_true(fabs(wg_plot_step(1.1) - 2) < 1e-9);
    assert_true(fabs(wg_plot_step(2.1) - 2.5) < 1e-9);
    assert_true(fabs(wg_plot_step(300) - 500) < 1e-9);
    assert_true(fabs(wg_plot_step(6) - 10) < 1e-9);
}

static void numbers_read_well(void **state)
{
    char s[WG_FMT_BYTES];

    (void)state;
    assert_string_equal(wg_fmt_bytes(s, 0), "0 B");
    assert_string_equal(wg_fmt_bytes(s, 1023), "1023 B");
    assert_string_equal(wg_fmt_bytes(s, 1024), "1.0 KiB");
    assert_string_equal(wg_fmt_bytes(s, 1048575), "1.0 MiB");
    assert_string_equal(wg_fmt_bytes(s, 98 * 1048576 + 524288), "98.5 MiB");
    assert_string_equal(wg_fmt_bytes(s, UINT64_MAX), "16384.0 PiB");
    assert_string_equal(wg_fmt_count(s, 0), "0");
    assert_string_equal(wg_fmt_count(s, 999), "999");
    assert_string_equal(wg_fmt_count(s, 1000), "1,000");
    assert_string_equal(wg_fmt_count(s, -1234567), "-1,234,567");
    assert_string_equal(wg_fmt_count(s, INT64_MIN), "-9,223,372,036,854,775,808");
    assert_string_equal(wg_fmt_real(s, 0), "0");
    assert_string_equal(wg_fmt_real(s, 4.567), "4.57");
    assert_string_equal(wg_fmt_real(s, 86.44), "86.4");
    assert_string_equal(wg_fmt_real(s, 0.25), "0.250");
    assert_string_equal(wg_fmt_real(s, 0.0123), "0.0123");
    assert_string_equal(wg_fmt_real(s, 0.9999), "1.00");
    assert_string_equal(wg_fmt_real(s, 1234.4), "1,234");
    assert_string_equal(wg_fmt_real(s, (double)INFINITY), "unknown");
    assert_string_equal(wg_fmt_usd(s, 12.3), "USD 12.30");
    assert_string_equal(wg_fmt_usd(s, 1234), "USD 1,234");
    assert_string_equal(wg_fmt_usd(s, 0.0042), "USD 0.00420");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escapes_markup_and_hidden_characters),
        cmocka_unit_test(writer_closes_and_escapes_attributes),
        cmocka_unit_test(rules_are_a_consistent_table),
        cmocka_unit_test(hostile_text_stays_text),
        cmocka_unit_test(reasons_put_no_go_first),
        cmocka_unit_test(empty_report_renders),
        cmocka_unit_test(small_ceiling_is_an_error),
        cmocka_unit_test(axis_steps_are_round),
        cmocka_unit_test(numbers_read_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
