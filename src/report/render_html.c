/* The report as one HTML file without scripts or outside resources. Structure here, looks in
 * report.css, escaping in html.c. */
#include "report/report.h"

#include "base/fmt.h"
#include "report/html.h"
#include "report/plot.h"
#include "report/view.h"

#include <stdio.h>
#include <string.h>

extern const char wg_report_css[]; /* generated from report.css */

enum { MAX_REASONS = 32 };

/* "go" -> "Go": how a verdict is written for people. */
static const char *verdict_word(const char *verdict)
{
    if (strcmp(verdict, "go") == 0)
        return "Go";
    if (strcmp(verdict, "no-go") == 0)
        return "No-go";
    return "Review";
}

static const char *verdict_meaning(const char *verdict)
{
    if (strcmp(verdict, "go") == 0)
        return "Nothing that was examined speaks against it.";
    if (strcmp(verdict, "no-go") == 0)
        return "At least one finding speaks against it.";
    return "A person has to decide.";
}

static const char *section_word(const json_t *s)
{
    const char *state = wg_view_str(s, "state");

    if (strcmp(state, "not assessed") == 0)
        return "Not assessed";
    return strcmp(state, "not needed") == 0 ? "Not needed"
                                            : verdict_word(wg_view_str(s, "verdict"));
}

static void chip(struct wg_html *h, const char *verdict, const char *word)
{
    char cls[32];

    snprintf(cls, sizeof cls, "chip %.10s", verdict);
    wg_html_element(h, "span", cls, word);
}

static void link_to(struct wg_html *h, const char *id, const char *cls, const char *text)
{
    char href[64];

    snprintf(href, sizeof href, "#%.50s", id);
    wg_html_open(h, "a", "href", href, "class", cls, NULL);
    wg_html_text(h, text);
    wg_html_close(h);
}

static void open_section(struct wg_html *h, const char *id, const char *cls, const char *title)
{
    wg_html_open(h, "section", "id", id, "class", cls, NULL);
    if (title)
        wg_html_element(h, "h2", NULL, title);
}

/* "2026-11-23T20:15:00Z" as "2026-11-23, 20:15 UTC"; anything else as it is. */
static void time_text(struct wg_html *h, const char *t)
{
    char text[40];

    if (strlen(t) != 20 || t[10] != 'T' || t[19] != 'Z') {
        wg_html_text(h, t);
        return;
    }
    snprintf(text, sizeof text, "%.10s, %.5s UTC", t, t + 11);
    wg_html_text(h, text);
}

static void head(struct wg_html *h, const json_t *r)
{
    wg_html_literal(h, "<!DOCTYPE html>\n");
    wg_html_open(h, "html", "lang", "en", NULL);
    wg_html_open(h, "head", NULL);
    wg_html_literal(h, "\n<meta charset=\"utf-8\">\n"
                       "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
                       "<meta name=\"color-scheme\" content=\"light dark\">\n"
                       "<meta http-equiv=\"Content-Security-Policy\" "
                       "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n");
    wg_html_open(h, "title", NULL);
    wg_html_text(h, verdict_word(wg_view_str(r, "verdict")));
    wg_html_text(h, ": ");
    wg_html_text(h, wg_view_str(json_object_get(r, "subject"), "model"));
    wg_html_close(h);
    wg_html_literal(h, "\n<style>\n");
    wg_html_literal(h, wg_report_css);
    wg_html_literal(h, "</style>\n");
    wg_html_close(h);
    wg_html_literal(h, "\n");
}

static void contents(struct wg_html *h, const json_t *r)
{
    static const char *const before[][2] = {
        {"why", "Why"}, {"decision", "Decision"}, {"overview", "Overview"}};
    static const char *const after[][2] = {{"rules", "Rules"}, {"inputs", "What was read"}};
    size_t i;
    json_t *s;

    wg_html_open(h, "nav", "aria-label", "Contents", NULL);
    wg_html_element(h, "p", "eyebrow", "Contents");
    wg_html_open(h, "ol", NULL);
    for (i = 0; i < WG_COUNT(before); i++) {
        wg_html_open(h, "li", NULL);
        link_to(h, before[i][0], NULL, before[i][1]);
        wg_html_close(h);
    }
    json_array_foreach(json_object_get(r, "sections"), i, s) {
        wg_html_open(h, "li", NULL);
        link_to(h, wg_view_str(s, "name"), wg_view_str(s, "verdict"), wg_view_str(s, "title"));
        wg_html_close(h);
    }
    for (i = 0; i < WG_COUNT(after); i++) {
        wg_html_open(h, "li", NULL);
        link_to(h, after[i][0], NULL, after[i][1]);
        wg_html_close(h);
    }
    wg_html_close(h);
    wg_html_close(h);
}

static void cover(struct wg_html *h, const json_t *r)
{
    const json_t *program = json_object_get(r, "program"), *run = json_object_get(r, "run");
    const char *verdict = wg_view_str(r, "verdict");
    char cls[32];
    size_t i;
    json_t *fact;

    snprintf(cls, sizeof cls, "verdict %.10s", verdict);
    wg_html_open(h, "header", NULL);
    wg_html_element(h, "p", "eyebrow", "Decision report");
    wg_html_element(h, "h1", NULL, wg_view_str(json_object_get(r, "subject"), "model"));
    wg_html_open(h, "p", "class", "meta", NULL);
    time_text(h, wg_view_str(run, "finished"));
    wg_html_literal(h, " <span class=\"sep\">&middot;</span> ");
    wg_html_text(h, "weigh ");
    wg_html_text(h, wg_view_str(program, "version"));
    json_array_foreach(json_object_get(json_object_get(r, "subject"), "facts"), i, fact) {
        wg_html_literal(h, " <span class=\"sep\">&middot;</span> ");
        wg_html_text(h, wg_view_str(fact, "name"));
        wg_html_text(h, " ");
        wg_html_text(h, wg_view_str(fact, "value"));
    }
    wg_html_close(h);
    wg_html_open(h, "div", "class", cls, NULL);
    wg_html_element(h, "p", "word", verdict_word(verdict));
    wg_html_open(h, "p", "class", "says", NULL);
    wg_html_element(h, "b", NULL, verdict_meaning(verdict));
    wg_html_text(h, " ");
    wg_html_text(h, wg_view_str(r, "summary"));
    wg_html_close(h);
    wg_html_close(h);
    wg_html_close(h);
}

static void reasons(struct wg_html *h, const json_t *r)
{
    const json_t *list[MAX_REASONS];
    size_t n = wg_view_reasons(r, list, MAX_REASONS);

    open_section(h, "why", NULL, "Why, and what would change it");
    if (n == 0)
        wg_html_element(h, "p", NULL,
                        "Every section is a go: the overview says what that rests on.");
    wg_html_open(h, "ol", "class", "reasons", NULL);
    for (size_t i = 0; i < n; i++) {
        const json_t *s = list[i];
        const char *name = wg_view_str(s, "name");
        wg_html_open(h, "li", "class", wg_view_str(s, "verdict"), NULL);
        wg_html_open(h, "p", NULL);
        link_to(h, name, "topic", wg_view_str(s, "title"));
        wg_html_text(h, " ");
        chip(h, wg_view_str(s, "verdict"), section_word(s));
        wg_html_close(h);
        wg_html_open(h, "p", NULL);
        wg_html_text(h, wg_view_str(s, "why"));
        wg_html_text(h, " ");
        wg_html_text(h, wg_view_str(wg_view_measured(r, name), "detail"));
        wg_html_close(h);
        wg_html_open(h, "p", "class", "change", NULL);
        wg_html_element(h, "span", NULL, "To change it: ");
        wg_html_text(h, wg_view_str(s, "change"));
        wg_html_close(h);
        wg_html_close(h);
    }
    wg_html_close(h);
    wg_html_close(h);
}

static void overview(struct wg_html *h, const json_t *r)
{
    size_t i;
    json_t *s;

    open_section(h, "overview", NULL, "Overview");
    wg_html_open(h, "table", "class", "overview", NULL);
    wg_html_literal(h, "<thead><tr><th scope=\"col\">Section</th><th scope=\"col\">Question</th>"
                       "<th scope=\"col\">Verdict</th></tr></thead>\n");
    wg_html_open(h, "tbody", NULL);
    json_array_foreach(json_object_get(r, "sections"), i, s) {
        wg_html_open(h, "tr", NULL);
        wg_html_open(h, "th", "scope", "row", NULL);
        link_to(h, wg_view_str(s, "name"), NULL, wg_view_str(s, "title"));
        wg_html_close(h);
        wg_html_open(h, "td", NULL);
        wg_html_text(h, wg_view_str(s, "question"));
        wg_html_element(h, "small", NULL, wg_view_str(s, "why"));
        wg_html_close(h);
        wg_html_open(h, "td", NULL);
        chip(h, wg_view_str(s, "verdict"), section_word(s));
        wg_html_close(h);
        wg_html_close(h);
    }
    wg_html_close(h);
    wg_html_close(h);
    wg_html_element(h, "p", "note",
                    "The whole is as good as its worst section: one no-go makes it a no-go, one "
                    "review or one section that was not assessed makes it a review.");
    wg_html_close(h);
}

static void decision(struct wg_html *h)
{
    open_section(h, "decision", "decision", "Decision");
    wg_html_literal(
        h, "<p>This report prepares a decision; people take it.</p>\n"
           "<ul class=\"choices\"><li><span class=\"box\"></span>Go</li>"
           "<li><span class=\"box\"></span>Go, on the conditions below</li>"
           "<li><span class=\"box\"></span>No-go</li></ul>\n"
           "<p class=\"line\"><span>Conditions</span></p>\n<p class=\"line\"></p>\n"
           "<div class=\"signatures\"><p class=\"line\"><span>Decided by (name, role)</span></p>"
           "<p class=\"line\"><span>Date, signature</span></p>"
           "<p class=\"line\"><span>Reviewed by (name, role)</span></p>"
           "<p class=\"line\"><span>Date, signature</span></p></div>\n");
    wg_html_close(h);
}

static void evidence(struct wg_html *h, const json_t *e)
{
    static const char *const keys[][2] = {
        {"file", "File"}, {"sha256", "SHA-256"}, {"command", "Command"}, {"time", "Time"}};
    char line[32];

    wg_html_open(h, "div", "class", "evidence", NULL);
    if (*wg_view_str(e, "quote"))
        wg_html_element(h, "blockquote", NULL, wg_view_str(e, "quote"));
    wg_html_open(h, "dl", NULL);
    for (size_t i = 0; i < WG_COUNT(keys); i++) {
        const char *v = wg_view_str(e, keys[i][0]);
        if (!*v)
            continue;
        wg_html_element(h, "dt", NULL, keys[i][1]);
        wg_html_open(h, "dd", NULL);
        wg_html_text(h, v);
        if (i == 0 && wg_view_num(e, "line") > 0) {
            snprintf(line, sizeof line, ", line %.0f", wg_view_num(e, "line"));
            wg_html_text(h, line);
        }
        wg_html_close(h);
    }
    wg_html_close(h);
    wg_html_close(h);
}

static void point(struct wg_html *h, const json_t *p)
{
    const json_t *proof = json_object_get(p, "evidence");
    size_t i;
    json_t *e;

    wg_html_open(h, "li", NULL);
    wg_html_open(h, "p", NULL);
    wg_html_element(h, "span", "what", wg_view_str(p, "what"));
    if (*wg_view_str(p, "value"))
        wg_html_element(h, "b", "value", wg_view_str(p, "value"));
    if (*wg_view_str(p, "verdict"))
        chip(h, wg_view_str(p, "verdict"), verdict_word(wg_view_str(p, "verdict")));
    wg_html_close(h);
    if (*wg_view_str(p, "note"))
        wg_html_element(h, "p", "dim", wg_view_str(p, "note"));
    if (json_array_size(proof)) {
        wg_html_open(h, "details", NULL);
        wg_html_element(h, "summary", NULL, "Evidence");
        json_array_foreach(proof, i, e)
            evidence(h, e);
        wg_html_close(h);
    }
    wg_html_close(h);
}

/* One list a group; the groups stand together in the value. */
static void points(struct wg_html *h, const json_t *list)
{
    const char *group = NULL;
    size_t i;
    json_t *p;

    json_array_foreach(list, i, p) {
        const char *own = wg_view_str(p, "group");
        if (!group || strcmp(group, own) != 0) {
            if (group)
                wg_html_close(h);
            if (*own)
                wg_html_element(h, "h3", NULL, own);
            wg_html_open(h, "ul", "class", "points", NULL);
            group = own;
        }
        point(h, p);
    }
    if (group)
        wg_html_close(h);
}

static void table(struct wg_html *h, const json_t *t)
{
    const json_t *columns = json_object_get(t, "columns");
    size_t i, k;
    json_t *row, *cell, *c;

    wg_html_element(h, "h3", NULL, wg_view_str(t, "title"));
    wg_html_open(h, "div", "class", "scroll", NULL);
    wg_html_open(h, "table", NULL);
    wg_html_open(h, "thead", NULL);
    wg_html_open(h, "tr", NULL);
    json_array_foreach(columns, i, c) {
        wg_html_open(h, "th", "scope", "col", "class",
                     json_is_true(json_object_get(c, "number")) ? "number" : NULL, NULL);
        wg_html_text(h, wg_view_str(c, "title"));
        wg_html_close(h);
    }
    wg_html_close(h);
    wg_html_close(h);
    wg_html_open(h, "tbody", NULL);
    json_array_foreach(json_object_get(t, "rows"), i, row) {
        wg_html_open(h, "tr", NULL);
        json_array_foreach(row, k, cell) {
            bool number = json_is_true(json_object_get(json_array_get(columns, k), "number"));
            const char *s = json_string_value(cell);
            wg_html_element(h, "td", number ? "number" : NULL, s ? s : "");
        }
        wg_html_close(h);
    }
    wg_html_close(h);
    wg_html_close(h);
    wg_html_close(h);
    if (*wg_view_str(t, "note"))
        wg_html_element(h, "p", "note", wg_view_str(t, "note"));
}

static void tables(struct wg_html *h, const json_t *list)
{
    size_t i;
    json_t *t;

    json_array_foreach(list, i, t)
        table(h, t);
}

static void section(struct wg_html *h, const json_t *r, const json_t *s)
{
    const char *name = wg_view_str(s, "name");
    const json_t *m = wg_view_measured(r, name);
    size_t i;
    json_t *p;

    open_section(h, name, "topic", NULL);
    wg_html_open(h, "h2", NULL);
    wg_html_text(h, wg_view_str(s, "title"));
    wg_html_text(h, " ");
    chip(h, wg_view_str(s, "verdict"), section_word(s));
    wg_html_close(h);
    wg_html_element(h, "p", "question", wg_view_str(s, "question"));
    wg_html_open(h, "p", "class", "why", NULL);
    wg_html_text(h, wg_view_str(s, "why"));
    wg_html_text(h, " ");
    wg_html_text(h, wg_view_str(m, "detail"));
    wg_html_close(h);
    json_array_foreach(json_object_get(m, "plots"), i, p)
        wg_plot(h, p);
    points(h, json_object_get(s, "points"));
    points(h, json_object_get(m, "points"));
    tables(h, json_object_get(s, "tables"));
    tables(h, json_object_get(m, "tables"));
    wg_html_open(h, "p", "class", "note", NULL);
    wg_html_text(h, "Rule ");
    link_to(h, "rules", NULL, wg_view_str(s, "rule"));
    wg_html_text(h, ". What would change it: ");
    wg_html_text(h, wg_view_str(s, "change"));
    wg_html_close(h);
    wg_html_close(h);
}

static void rules(struct wg_html *h, const json_t *r)
{
    size_t i;
    json_t *rule;

    open_section(h, "rules", NULL, "Rules");
    wg_html_element(h, "p", NULL,
                    "A section gets its verdict from the one rule of its list that applies. The "
                    "rules that applied here are marked.");
    wg_html_open(h, "div", "class", "scroll", NULL);
    wg_html_open(h, "table", "class", "rules", NULL);
    wg_html_literal(h, "<thead><tr><th scope=\"col\">Rule</th><th scope=\"col\">When</th>"
                       "<th scope=\"col\">Verdict</th></tr></thead>\n");
    wg_html_open(h, "tbody", NULL);
    json_array_foreach(json_object_get(r, "rules"), i, rule) {
        bool applied = json_is_true(json_object_get(rule, "applied"));
        wg_html_open(h, "tr", "class", applied ? "applied" : NULL, NULL);
        wg_html_open(h, "th", "scope", "row", NULL);
        wg_html_element(h, "code", NULL, wg_view_str(rule, "id"));
        if (applied)
            wg_html_element(h, "span", "mark", "applied");
        wg_html_close(h);
        wg_html_element(h, "td", NULL, wg_view_str(rule, "when"));
        wg_html_open(h, "td", NULL);
        chip(h, wg_view_str(rule, "verdict"), verdict_word(wg_view_str(rule, "verdict")));
        wg_html_close(h);
        wg_html_close(h);
    }
    wg_html_close(h);
    wg_html_close(h);
    wg_html_close(h);
    wg_html_close(h);
}

static void inputs(struct wg_html *h, const json_t *r)
{
    const json_t *run = json_object_get(r, "run");
    char size[WG_FMT_BYTES];
    size_t i;
    json_t *f;

    open_section(h, "inputs", NULL, "What was read");
    wg_html_open(h, "ul", "class", "files", NULL);
    json_array_foreach(json_object_get(r, "inputs"), i, f) {
        wg_html_open(h, "li", NULL);
        wg_html_element(h, "b", NULL, wg_view_str(f, "file"));
        wg_html_text(h, " ");
        wg_html_element(h, "span", "dim",
                        wg_fmt_bytes(size, (uint64_t)WG_MAX(wg_view_num(f, "bytes"), 0)));
        wg_html_element(h, "code", NULL, wg_view_str(f, "sha256"));
        if (*wg_view_str(f, "source"))
            wg_html_element(h, "span", "dim", wg_view_str(f, "source"));
        wg_html_close(h);
    }
    wg_html_close(h);
    wg_html_open(h, "p", "class", "note", NULL);
    wg_html_text(h, "Made by ");
    wg_html_element(h, "code", NULL, wg_view_str(run, "command"));
    wg_html_text(h, " from ");
    time_text(h, wg_view_str(run, "started"));
    wg_html_text(h, " to ");
    time_text(h, wg_view_str(run, "finished"));
    wg_html_text(h, " on ");
    wg_html_text(h, wg_view_str(json_object_get(run, "machine"), "description"));
    wg_html_text(h, ". Everything above stands in report.json as well.");
    wg_html_close(h);
    wg_html_close(h);
}

enum wg_status wg_report_html(const json_t *r, struct wg_buf *b, struct wg_err *err)
{
    struct wg_html h;
    size_t i;
    json_t *s;

    wg_html_init(&h, b);
    head(&h, r);
    wg_html_open(&h, "body", NULL);
    contents(&h, r);
    wg_html_open(&h, "main", NULL);
    cover(&h, r);
    reasons(&h, r);
    decision(&h);
    overview(&h, r);
    json_array_foreach(json_object_get(r, "sections"), i, s)
        section(&h, r, s);
    rules(&h, r);
    inputs(&h, r);
    wg_html_element(&h, "footer", NULL, wg_view_str(r, "disclaimer"));
    wg_html_close(&h);
    wg_html_close(&h);
    wg_html_close(&h);
    wg_html_literal(&h, "\n");
    return wg_buf_check(b, "the HTML report", err);
}
