/* The cost comparison of src/plan/cost.c, told and drawn. */
#include "report/build.h"

#include "base/fmt.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_STEPS = 40, WHY_BYTES = 768 };

/* Decided by money alone: how fast it is, is the speed section's matter. */
static enum wg_rule_id cost_rule(const struct wg_cost_result *c)
{
    if (!c->own_known || !c->api_known || !c->load_known || !c->speed_known ||
        !(c->tokens_per_month > 0))
        return WG_RULE_COST_UNKNOWN;
    return c->own_usd_per_month > c->api_usd_per_month ? WG_RULE_COST_DEARER : WG_RULE_COST_CHEAPER;
}

static const char *missing(const struct wg_stages *s, char *out)
{
    size_t at = 0;

    if (s->price_err.status != WG_OK) {
        snprintf(out, WHY_BYTES, "The price is not known: %.500s.", s->price_err.msg);
        return out;
    }
    for (size_t i = 0; i < s->cost->n_missing && at < WHY_BYTES - 64; i++)
        at += (size_t)snprintf(out + at, WHY_BYTES - at, "%s%.48s",
                               i ? ", " : "Missing: ", s->cost->missing[i]);
    if (at)
        snprintf(out + at, WHY_BYTES - at, ".");
    return at ? out : NULL;
}

static void add_lines(struct wg_build *b, json_t *m)
{
    static const char *const columns[] = {"Side",  "For",      "#Quantity", "Unit",
                                          "#Each", "#A month", NULL};
    const struct wg_cost_result *c = b->s->cost;

    if (c->n_lines == 0)
        return;
    json_t *t = wg_build_table(b, m, "What a month of the load costs", columns);
    for (size_t i = 0; i < c->n_lines; i++) {
        const struct wg_cost_line *l = &c->lines[i];
        char n[3][WG_FMT_BYTES];
        wg_build_row(b, t,
                     (const char *[]){strcmp(l->side, "own") == 0 ? "here" : "provider", l->what,
                                      l->quantity == floor(l->quantity) && l->quantity < 1e15
                                          ? wg_fmt_count(n[0], (int64_t)l->quantity)
                                          : wg_fmt_real(n[0], l->quantity),
                                      l->unit, wg_fmt_usd(n[1], l->usd_per_unit),
                                      wg_fmt_usd(n[2], l->usd_per_month)},
                     6);
    }
    if (c->api_known)
        wg_build_textf(b, t, "note", "Price of %s at %s%s%s.", c->price.model, c->price.provider,
                       c->price.as_of ? " as of " : ", not dated",
                       c->price.as_of ? c->price.as_of : "");
}

static json_t *point(double x, double y)
{
    return json_pack("[f, f]", x, y);
}

/* Machines are bought whole: own cost rises in steps of one machine's capacity. */
static json_t *own_curve(const struct wg_cost_result *c, double x_max)
{
    json_t *points = json_array();
    double people = 0, machine = 0, capacity = c->capacity_tokens_per_month;

    for (size_t i = 0; i < c->n_lines; i++) {
        if (strcmp(c->lines[i].side, "own") != 0)
            continue;
        if (strcmp(c->lines[i].what, "machine") == 0)
            machine = c->lines[i].usd_per_unit;
        else
            people += c->lines[i].usd_per_month;
    }
    double steps = capacity > 0 ? ceil(x_max / capacity) : 1;
    if (steps > MAX_STEPS) { /* seen from so far, the steps are a slope */
        json_array_append_new(points, point(0, people + machine));
        json_array_append_new(points, point(x_max, people + machine * x_max / capacity));
        return points;
    }
    for (int i = 0; i < (int)steps; i++) {
        double y = people + machine * (i + 1);
        json_array_append_new(points, point(capacity * i, y));
        json_array_append_new(points, point(fmin(capacity * (i + 1), x_max), y));
    }
    return points;
}

static json_t *mark(const char *label, double x)
{
    return json_pack("{s:s, s:f}", "label", label, "x", x);
}

static void add_curve(struct wg_build *b, json_t *m)
{
    const struct wg_cost_result *c = b->s->cost;
    double x_max = c->tokens_per_month;
    char n[2][WG_FMT_BYTES], caption[256];
    json_t *marks = json_pack("[o]", mark("the load", c->tokens_per_month));

    if (c->break_even_known) {
        x_max = fmax(x_max, c->break_even_tokens_per_month);
        json_array_append_new(marks, mark("break-even", c->break_even_tokens_per_month));
        snprintf(caption, sizeof caption,
                 "Own pays from %s million tokens a month; the load is %s million. One machine "
                 "makes at most %s million.",
                 wg_fmt_real(n[0], c->break_even_tokens_per_month / 1e6),
                 wg_fmt_real(n[1], c->tokens_per_month / 1e6),
                 wg_fmt_real((char[WG_FMT_BYTES]){0}, c->capacity_tokens_per_month / 1e6));
    } else {
        snprintf(caption, sizeof caption,
                 "Own never gets cheaper: a full machine costs more than what it makes is worth at "
                 "the provider's price.");
    }
    x_max *= 1.25;
    double api = c->api_usd_per_month / c->tokens_per_month * x_max;
    json_t *series = json_pack("[{s:s, s:o}, {s:s, s:[o, o]}]", "label", "here", "points",
                               own_curve(c, x_max), "label", "provider", "points", point(0, 0),
                               point(x_max, api));
    wg_build_add(b, m, "plots",
                 json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o}", "kind", "lines", "title",
                           "USD a month by million tokens a month", "caption", caption, "x",
                           "tokens a month", "y", "USD a month", "series", series, "marks", marks));
}

static void add_load(struct wg_build *b, json_t *section)
{
    const struct wg_stages *s = b->s;
    char n[WG_FMT_BYTES], text[80];

    if (s->cost->load_known) {
        snprintf(text, sizeof text, "%s million tokens",
                 wg_fmt_real(n, s->cost->tokens_per_month / 1e6));
        json_t *p = wg_build_point(b, section, NULL, "The load of a month", text, WG_VERDICT_NONE);
        wg_build_evidence(b, p,
                          &(struct wg_evidence){.file = s->ask->use_path, .sha256 = s->use_sha256});
    }
    if (s->price_known) {
        snprintf(text, sizeof text, "USD %.4g in, %.4g out", s->price.input_usd_per_million,
                 s->price.output_usd_per_million);
        json_t *p = wg_build_point(b, section, NULL, "The provider's price of a million tokens",
                                   text, WG_VERDICT_NONE);
        wg_build_evidence(
            b, p, &(struct wg_evidence){.file = s->price.source, .sha256 = s->price.sha256});
    }
}

void wg_section_cost(struct wg_build *b)
{
    const struct wg_cost_result *c = b->s->cost;
    char why[WHY_BYTES];
    enum wg_rule_id rule = cost_rule(c);
    json_t *section = wg_build_section(b, rule, "assessed",
                                       rule == WG_RULE_COST_UNKNOWN ? missing(b->s, why) : NULL);
    char n[2][WG_FMT_BYTES];

    add_load(b, section);
    json_t *m = wg_build_measured(b, WG_SECTION_COST);
    if (rule != WG_RULE_COST_UNKNOWN)
        wg_build_textf(b, m, "detail", "A month costs %s here and %s at the provider.",
                       wg_fmt_usd(n[0], c->own_usd_per_month),
                       wg_fmt_usd(n[1], c->api_usd_per_month));
    else if (c->own_known)
        wg_build_textf(b, m, "detail", "A month here costs %s.",
                       wg_fmt_usd(n[0], c->own_usd_per_month));
    if (rule != WG_RULE_COST_UNKNOWN)
        add_curve(b, m);
    add_lines(b, m);
}
