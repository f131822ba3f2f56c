#include "report/build.h"

#include "base/fmt.h"
#include "report/report.h"
#include "report/view.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { FORMAT_VERSION = 1, TEXT_BYTES = 2048 };

/* ---- values ---- */

void wg_build_set(struct wg_build *b, json_t *object, const char *key, json_t *value)
{
    if (json_object_set_new(object, key, value) != 0)
        b->failed = true;
}

void wg_build_add(struct wg_build *b, json_t *object, const char *key, json_t *value)
{
    json_t *list = json_object_get(object, key);

    if (!list) {
        wg_build_set(b, object, key, json_array());
        list = json_object_get(object, key);
    }
    if (json_array_append_new(list, value) != 0)
        b->failed = true;
}

void wg_build_text(struct wg_build *b, json_t *object, const char *key, const char *text)
{
    if (text)
        wg_build_set(b, object, key, wg_json_text(text, strlen(text)));
}

void wg_build_textf(struct wg_build *b, json_t *object, const char *key, const char *fmt, ...)
{
    char text[TEXT_BYTES];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    wg_build_text(b, object, key, text);
}

/* ---- sections and what is in them ---- */

json_t *wg_build_section(struct wg_build *b, enum wg_rule_id rule, const char *state,
                         const char *more)
{
    const struct wg_rule *r = &wg_rules[rule];
    const struct wg_section_info *info = &wg_sections[r->section];
    json_t *s = json_object();

    wg_build_text(b, s, "name", info->name);
    wg_build_text(b, s, "title", info->title);
    wg_build_text(b, s, "question", info->question);
    wg_build_text(b, s, "state", state);
    wg_build_text(b, s, "verdict", wg_verdict_name(r->verdict));
    wg_build_text(b, s, "rule", r->id);
    wg_build_textf(b, s, "why", "%s%s%s", r->why, more ? " " : "", more ? more : "");
    wg_build_text(b, s, "change", r->change);
    wg_build_set(b, s, "points", json_array());
    wg_build_set(b, s, "tables", json_array());
    b->applied[rule] = true;
    if (json_array_append_new(b->sections, s) != 0)
        b->failed = true;
    return json_array_get(b->sections, json_array_size(b->sections) - 1);
}

json_t *wg_build_measured(struct wg_build *b, enum wg_section_id id)
{
    const char *name = wg_sections[id].name;

    if (!json_object_get(b->measured, name))
        wg_build_set(b, b->measured, name, json_object());
    return json_object_get(b->measured, name);
}

static json_t *last(const json_t *object, const char *key)
{
    const json_t *list = json_object_get(object, key);

    return json_array_get(list, json_array_size(list) - 1);
}

json_t *wg_build_point(struct wg_build *b, json_t *owner, const char *group, const char *what,
                       const char *value, enum wg_verdict verdict)
{
    json_t *p = json_object();

    wg_build_text(b, p, "group", group);
    wg_build_text(b, p, "what", what);
    wg_build_text(b, p, "value", value);
    wg_build_text(b, p, "verdict", wg_verdict_name(verdict));
    wg_build_set(b, p, "evidence", json_array());
    wg_build_add(b, owner, "points", p);
    return last(owner, "points");
}

void wg_build_evidence(struct wg_build *b, json_t *point, const struct wg_evidence *e)
{
    json_t *o = json_object();

    wg_build_text(b, o, "file", e->file);
    wg_build_text(b, o, "sha256", e->sha256 && *e->sha256 ? e->sha256 : NULL);
    if (e->line)
        wg_build_set(b, o, "line", json_integer((json_int_t)e->line));
    wg_build_text(b, o, "quote", e->quote);
    wg_build_text(b, o, "command", e->command);
    wg_build_text(b, o, "time", e->time);
    wg_build_add(b, point, "evidence", o);
}

json_t *wg_build_table(struct wg_build *b, json_t *owner, const char *title,
                       const char *const *columns)
{
    json_t *t = json_object();

    wg_build_text(b, t, "title", title);
    for (; *columns; columns++) {
        bool number = **columns == '#';
        wg_build_add(b, t, "columns",
                     json_pack("{s:s, s:b}", "title", *columns + number, "number", (int)number));
    }
    wg_build_set(b, t, "rows", json_array());
    wg_build_add(b, owner, "tables", t);
    return last(owner, "tables");
}

void wg_build_row(struct wg_build *b, json_t *table, const char *const *cells, size_t n)
{
    json_t *row = json_array();

    for (size_t i = 0; i < n; i++)
        if (json_array_append_new(row, wg_json_text(cells[i], strlen(cells[i]))) != 0)
            b->failed = true;
    wg_build_add(b, table, "rows", row);
}

const char *wg_build_hash_of(const struct wg_build *b, const char *path)
{
    for (size_t i = 0; path && i < b->s->pkg->n_files; i++) {
        const char *own = b->s->pkg->files[i].path;
        size_t n = strlen(own);
        if (strncmp(own, path, n) == 0 && (path[n] == '\0' || path[n] == ':'))
            return b->s->files[i].sha256;
    }
    return NULL;
}

struct wg_evidence wg_build_weights(const struct wg_build *b)
{
    const struct wg_pkg *p = b->s->pkg;

    if (p->format == WG_WEIGHTS_NONE)
        return (struct wg_evidence){0};
    return (struct wg_evidence){.file = p->files[p->weights].path,
                                .sha256 = b->s->files[p->weights].sha256};
}

/* ---- the whole ---- */

static void add_input(struct wg_build *b, const char *file, const char *sha256, uint64_t bytes,
                      const char *role, const char *source)
{
    json_t *o = json_object();

    wg_build_text(b, o, "file", file);
    wg_build_text(b, o, "sha256", sha256);
    wg_build_set(b, o, "bytes", json_integer((json_int_t)bytes));
    wg_build_text(b, o, "role", role);
    wg_build_text(b, o, "source", source);
    wg_build_add(b, b->report, "inputs", o);
}

static void add_inputs(struct wg_build *b)
{
    const struct wg_stages *s = b->s;

    add_input(b, s->ask->use_path, s->use_sha256, s->use_bytes, "use", NULL);
    if (s->ask->prices_path)
        add_input(b, s->ask->prices_path, s->price_known ? s->price.sha256 : "", s->prices_bytes,
                  "prices", NULL);
    if (s->ask->task_path)
        add_input(b, s->ask->task_path, s->task_sha256, s->task_bytes, "task", NULL);
    for (size_t i = 0; i < s->pkg->n_files; i++) {
        const struct wg_pkg_file *f = &s->pkg->files[i];
        add_input(b, f->path, s->files[i].sha256, s->files[i].bytes, wg_role_name(f->role),
                  f->source);
    }
}

static void add_fact(struct wg_build *b, json_t *subject, const char *name, const char *value)
{
    json_t *o = json_object();

    wg_build_text(b, o, "name", name);
    wg_build_text(b, o, "value", value);
    wg_build_add(b, subject, "facts", o);
}

static void add_subject(struct wg_build *b)
{
    const struct wg_stages *s = b->s;
    json_t *subject = json_object();
    char text[WG_FMT_BYTES];

    wg_build_text(b, subject, "model", s->pkg->name);
    wg_build_set(b, subject, "facts", json_array());
    if (s->shape_known) {
        add_fact(b, subject, "family", s->model.spec.family);
        add_fact(b, subject, "weights", wg_fmt_bytes(text, s->model.weights_bytes));
        add_fact(b, subject, "context", wg_fmt_count(text, s->model.spec.context_length));
    }
    wg_build_set(b, b->report, "subject", subject);
}

/* "A, B and C": titles of the sections with this verdict and state (NULL: any). Returns how many.
 */
static size_t list_titles(const struct wg_build *b, const char *verdict, const char *state,
                          struct wg_buf *out)
{
    const char *titles[WG_SECTION_COUNT];
    size_t n = 0, i;
    json_t *s;

    json_array_foreach(b->sections, i, s) {
        if (n < WG_SECTION_COUNT && strcmp(wg_view_str(s, "verdict"), verdict) == 0 &&
            (!state || strcmp(wg_view_str(s, "state"), state) == 0))
            titles[n++] = wg_view_str(s, "title");
    }
    for (i = 0; i < n; i++) {
        wg_buf_adds(out, i == 0 ? "" : i == n - 1 ? " and " : ", ");
        wg_buf_adds(out, titles[i]);
    }
    return n;
}

static void summarise(struct wg_build *b)
{
    static const struct {
        const char *verdict, *state, *before, *after;
    } parts[] = {
        {"no-go", NULL, "No-go: ", ". "},
        {"review", "assessed", "For a person to settle: ", ". "},
        {"review", "not assessed", "Not assessed: ", ". "},
        {"go", NULL, "Go: ", "."},
    };
    struct wg_buf text;

    wg_buf_init(&text, TEXT_BYTES);
    for (size_t i = 0; i < WG_COUNT(parts); i++) {
        size_t before = text.len;
        wg_buf_adds(&text, parts[i].before);
        if (list_titles(b, parts[i].verdict, parts[i].state, &text))
            wg_buf_adds(&text, parts[i].after);
        else
            text.len = before;
    }
    b->failed = b->failed || text.failed;
    wg_build_set(b, b->report, "summary", json_stringn(text.p ? text.p : "", text.len));
    wg_buf_release(&text);
}

/* The whole is as good as its worst section. */
static void conclude(struct wg_build *b)
{
    enum wg_verdict worst = WG_VERDICT_NONE;

    for (size_t i = 0; i < WG_RULE_COUNT; i++)
        if (b->applied[i])
            worst = wg_verdict_worse(worst, wg_rules[i].verdict);
    wg_build_text(b, b->report, "verdict", wg_verdict_name(worst));
    summarise(b);
}

static void add_rules(struct wg_build *b)
{
    for (size_t i = 0; i < WG_RULE_COUNT; i++) {
        const struct wg_rule *r = &wg_rules[i];
        wg_build_add(b, b->report, "rules",
                     json_pack("{s:s, s:s, s:s, s:s, s:b}", "id", r->id, "section",
                               wg_sections[r->section].name, "verdict", wg_verdict_name(r->verdict),
                               "when", r->when, "applied", (int)b->applied[i]));
    }
}

static json_t *rates_json(const struct wg_stages *s)
{
    json_t *list = json_array();

    for (int i = 0; i < s->n_rates; i++) {
        const struct wg_rate *r = &s->rates[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:I, s:i, s:f, s:f}", "test", r->test, "tokens",
                                        (json_int_t)r->tokens, "batch", r->batch, "tokens_per_s",
                                        r->tokens_per_s, "stddev", r->stddev));
    }
    return list;
}

static void add_run(struct wg_build *b, json_t *run)
{
    const struct wg_stages *s = b->s;
    json_t *documents = json_object();
    char time[WG_FMT_BYTES];

    wg_build_text(b, run, "started", wg_fmt_time(time, s->started));
    wg_build_text(b, run, "finished", wg_fmt_time(time, s->finished));
    wg_build_text(b, run, "command", s->ask->command);
    wg_build_set(b, run, "machine", s->shape_known ? wg_machine_json(&s->machine) : json_object());
    if (s->shape_known)
        wg_build_set(b, documents, "fit", wg_fit_json(&s->fit_full, &s->machine));
    wg_build_set(b, documents, "bench", json_pack("{s:o}", "results", rates_json(s)));
    wg_build_set(b, documents, "cost", wg_cost_json(s->cost));
    wg_build_set(b, run, "documents", documents);
    wg_build_set(b, run, "sections", json_incref(b->measured));
}

static void add_documents(struct wg_build *b)
{
    json_t *documents = json_object();

    wg_build_set(b, documents, "license", wg_license_json(b->s->license));
    wg_build_set(b, documents, "openness", wg_openness_json(b->s->openness));
    wg_build_set(b, b->report, "documents", documents);
}

enum wg_status wg_report_build(const struct wg_stages *s, json_t **out, struct wg_err *err)
{
    struct wg_build b = {.s = s, .report = json_object()};
    json_t *run = json_object(), *measured = json_object();

    b.measured = measured;
    wg_build_text(&b, b.report, "format", "weigh-report");
    wg_build_set(&b, b.report, "format_version", json_integer(FORMAT_VERSION));
    wg_build_set(&b, b.report, "program",
                 json_pack("{s:s, s:s}", "name", "weigh", "version", WG_VERSION));
    add_subject(&b);
    /* Places in the order of the file; filled by conclude(). */
    wg_build_text(&b, b.report, "verdict", "");
    wg_build_text(&b, b.report, "summary", "");
    wg_build_set(&b, b.report, "sections", json_array());
    b.sections = json_object_get(b.report, "sections");
    wg_section_package(&b);
    wg_section_license(&b);
    wg_section_openness(&b);
    wg_section_fit(&b);
    wg_section_speed(&b);
    wg_section_cost(&b);
    wg_section_not_assessed(&b);
    conclude(&b);
    add_rules(&b);
    add_inputs(&b);
    wg_build_set(&b, b.report, "use", json_incref(s->answers));
    add_documents(&b);
    wg_build_text(&b, b.report, "disclaimer", wg_license_disclaimer);
    add_run(&b, run);
    wg_build_set(&b, b.report, "run", run);
    json_decref(measured);
    if (b.failed) {
        json_decref(b.report);
        return wg_oom(err, "the report");
    }
    *out = b.report;
    return WG_OK;
}
