/* The report as Markdown (CommonMark with tables): for a wiki, a merge request or a mail. */
#include "report/report.h"

#include "report/html.h"
#include "report/view.h"

#include <stdio.h>
#include <string.h>

enum { MAX_REASONS = 32 };

/* Text of packages is untrusted: markup of Markdown and HTML is escaped, line breaks become
 * spaces, and hidden characters are shown (html.h). */
static void text(struct wg_buf *b, const char *s)
{
    struct wg_buf plain;

    wg_buf_init(&plain, SIZE_MAX);
    wg_html_escape(&plain, s);
    for (size_t i = 0; i < plain.len; i++) {
        char c = plain.p[i];
        if (c == '\n' || c == '\t')
            c = ' ';
        if (strchr("\\`*_[]|~", c))
            wg_buf_addc(b, '\\');
        wg_buf_addc(b, c);
    }
    if (plain.failed && !b->failed)
        b->failed = plain.failed;
    wg_buf_release(&plain);
}

static const char *word(const json_t *s)
{
    const char *state = wg_view_str(s, "state");

    return strcmp(state, "assessed") == 0 ? wg_view_str(s, "verdict") : state;
}

static void why(struct wg_buf *b, const json_t *r, const json_t *s)
{
    const char *detail = wg_view_str(wg_view_measured(r, wg_view_str(s, "name")), "detail");

    text(b, wg_view_str(s, "why"));
    if (*detail)
        wg_buf_addc(b, ' ');
    text(b, detail);
}

static void evidence(struct wg_buf *b, const json_t *e)
{
    static const char *const keys[][2] = {
        {"sha256", "SHA-256"}, {"command", "command"}, {"time", "time"}};
    const char *file = wg_view_str(e, "file");

    wg_buf_adds(b, "  - ");
    text(b, file);
    if (wg_view_num(e, "line") > 0)
        wg_buf_addf(b, ", line %.0f", wg_view_num(e, "line"));
    for (size_t i = 0; i < WG_COUNT(keys); i++) {
        const char *v = wg_view_str(e, keys[i][0]);
        if (!*v)
            continue;
        wg_buf_addf(b, "%s%s ", *file || i ? ", " : "", keys[i][1]);
        text(b, v);
    }
    if (*wg_view_str(e, "quote")) {
        wg_buf_adds(b, ": \"");
        text(b, wg_view_str(e, "quote"));
        wg_buf_addc(b, '"');
    }
    wg_buf_addc(b, '\n');
}

static void points(struct wg_buf *b, const json_t *list)
{
    const char *group = "";
    size_t i, k;
    json_t *p, *e;

    json_array_foreach(list, i, p) {
        const char *own = wg_view_str(p, "group");
        if (strcmp(group, own) != 0) {
            wg_buf_adds(b, i ? "\n### " : "### ");
            text(b, own);
            wg_buf_adds(b, "\n\n");
            group = own;
        }
        wg_buf_adds(b, "- ");
        text(b, wg_view_str(p, "what"));
        if (*wg_view_str(p, "value")) {
            wg_buf_adds(b, ": **");
            text(b, wg_view_str(p, "value"));
            wg_buf_adds(b, "**");
        }
        if (*wg_view_str(p, "verdict"))
            wg_buf_addf(b, " (%s)", wg_view_str(p, "verdict"));
        if (*wg_view_str(p, "note")) {
            wg_buf_adds(b, ". ");
            text(b, wg_view_str(p, "note"));
        }
        wg_buf_addc(b, '\n');
        json_array_foreach(json_object_get(p, "evidence"), k, e)
            evidence(b, e);
    }
    if (json_array_size(list))
        wg_buf_addc(b, '\n');
}

static void tables(struct wg_buf *b, const json_t *list)
{
    size_t i, k, c;
    json_t *t, *row, *cell;

    json_array_foreach(list, i, t) {
        wg_buf_adds(b, "**");
        text(b, wg_view_str(t, "title"));
        wg_buf_adds(b, "**\n\n|");
        json_array_foreach(json_object_get(t, "columns"), k, cell) {
            wg_buf_addc(b, ' ');
            text(b, wg_view_str(cell, "title"));
            wg_buf_adds(b, " |");
        }
        wg_buf_adds(b, "\n|");
        json_array_foreach(json_object_get(t, "columns"), k, cell)
            wg_buf_adds(b, json_is_true(json_object_get(cell, "number")) ? "---:|" : "---|");
        json_array_foreach(json_object_get(t, "rows"), k, row) {
            wg_buf_adds(b, "\n|");
            json_array_foreach(row, c, cell) {
                wg_buf_addc(b, ' ');
                text(b, json_string_value(cell) ? json_string_value(cell) : "");
                wg_buf_adds(b, " |");
            }
        }
        wg_buf_adds(b, "\n\n");
        if (*wg_view_str(t, "note")) {
            text(b, wg_view_str(t, "note"));
            wg_buf_adds(b, "\n\n");
        }
    }
}

static void section(struct wg_buf *b, const json_t *r, const json_t *s)
{
    const json_t *m = wg_view_measured(r, wg_view_str(s, "name"));
    size_t i;
    json_t *p;

    wg_buf_adds(b, "## ");
    text(b, wg_view_str(s, "title"));
    wg_buf_addf(b, ": %s\n\n", word(s));
    why(b, r, s);
    wg_buf_adds(b, "\n\n");
    points(b, json_object_get(s, "points"));
    points(b, json_object_get(m, "points"));
    json_array_foreach(json_object_get(m, "plots"), i, p) {
        text(b, wg_view_str(p, "title"));
        wg_buf_adds(b, ": ");
        text(b, wg_view_str(p, "caption"));
        wg_buf_adds(b, "\n\n");
    }
    tables(b, json_object_get(s, "tables"));
    tables(b, json_object_get(m, "tables"));
    wg_buf_addf(b, "Rule `%s`. What would change it: ", wg_view_str(s, "rule"));
    text(b, wg_view_str(s, "change"));
    wg_buf_adds(b, "\n\n");
}

static void front(struct wg_buf *b, const json_t *r)
{
    const json_t *list[MAX_REASONS], *run = json_object_get(r, "run");
    size_t n = wg_view_reasons(r, list, MAX_REASONS), i;
    json_t *s;

    wg_buf_adds(b, "# Decision report: ");
    text(b, wg_view_str(json_object_get(r, "subject"), "model"));
    wg_buf_addf(b, "\n\n**Verdict: %s.** ", wg_view_str(r, "verdict"));
    text(b, wg_view_str(r, "summary"));
    wg_buf_adds(b, "\n\n");
    text(b, wg_view_str(run, "finished"));
    wg_buf_adds(b, ", weigh ");
    text(b, wg_view_str(json_object_get(r, "program"), "version"));
    wg_buf_adds(b, "\n\n");
    if (n)
        wg_buf_adds(b, "## Why, and what would change it\n\n");
    for (i = 0; i < n; i++) {
        wg_buf_adds(b, "- **");
        text(b, wg_view_str(list[i], "title"));
        wg_buf_addf(b, "** (%s): ", word(list[i]));
        why(b, r, list[i]);
        wg_buf_adds(b, " To change it: ");
        text(b, wg_view_str(list[i], "change"));
        wg_buf_addc(b, '\n');
    }
    wg_buf_adds(b, n ? "\n" : "");
    wg_buf_adds(b, "## Overview\n\n| Section | Verdict | Why |\n|---|---|---|\n");
    json_array_foreach(json_object_get(r, "sections"), i, s) {
        wg_buf_adds(b, "| ");
        text(b, wg_view_str(s, "title"));
        wg_buf_addf(b, " | %s | ", word(s));
        text(b, wg_view_str(s, "why"));
        wg_buf_adds(b, " |\n");
    }
    wg_buf_adds(b, "\n## Decision\n\n- [ ] Go\n- [ ] Go, on conditions:\n- [ ] No-go\n\n"
                   "Decided by (name, role, date, signature):\n\n"
                   "Reviewed by (name, role, date, signature):\n\n");
}

static void back(struct wg_buf *b, const json_t *r)
{
    size_t i;
    json_t *x;

    wg_buf_adds(b, "## Rules\n\n| Rule | When | Verdict | Applied |\n|---|---|---|---|\n");
    json_array_foreach(json_object_get(r, "rules"), i, x) {
        wg_buf_addf(b, "| `%s` | ", wg_view_str(x, "id"));
        text(b, wg_view_str(x, "when"));
        wg_buf_addf(b, " | %s | %s |\n", wg_view_str(x, "verdict"),
                    json_is_true(json_object_get(x, "applied")) ? "yes" : "");
    }
    wg_buf_adds(b, "\n## What was read\n\n| File | Bytes | SHA-256 |\n|---|---:|---|\n");
    json_array_foreach(json_object_get(r, "inputs"), i, x) {
        wg_buf_adds(b, "| ");
        text(b, wg_view_str(x, "file"));
        wg_buf_addf(b, " | %.0f | %s |\n", wg_view_num(x, "bytes"), wg_view_str(x, "sha256"));
    }
    wg_buf_addc(b, '\n');
    text(b, wg_view_str(r, "disclaimer"));
    wg_buf_addc(b, '\n');
}

enum wg_status wg_report_markdown(const json_t *r, struct wg_buf *b, struct wg_err *err)
{
    size_t i;
    json_t *s;

    front(b, r);
    json_array_foreach(json_object_get(r, "sections"), i, s)
        section(b, r, s);
    back(b, r);
    return wg_buf_check(b, "the Markdown report", err);
}
