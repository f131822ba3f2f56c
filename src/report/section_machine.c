/* Memory and speed: what the model asks of this machine, and what the machine was seen to do. */
#include "report/build.h"

#include "base/fmt.h"

#include <stdio.h>

#define BUSY 0.70 /* share of the machine over which busy hours have no room: rule speed.busy */

/* ---- memory ---- */

static enum wg_rule_id fit_rule(const struct wg_stages *s)
{
    if (!s->shape_known)
        return WG_RULE_FIT_UNREAD;
    if (s->request_too_long)
        return WG_RULE_FIT_CONTEXT;
    if (!s->fit_full.fits)
        return s->average_known && s->fit_average.fits ? WG_RULE_FIT_REDUCED : WG_RULE_FIT_NO;
    return s->use->known[WG_USE_LOAD_CONCURRENCY] ? WG_RULE_FIT_FULL : WG_RULE_FIT_USERS;
}

static void add_shape(struct wg_build *b, json_t *section)
{
    const struct wg_stages *s = b->s;
    const struct wg_evidence e = wg_build_weights(b);
    char text[WG_FMT_BYTES];
    const struct {
        const char *what, *value;
    } points[] = {
        {"Weights", wg_fmt_bytes((char[WG_FMT_BYTES]){0}, s->fit_full.weights_bytes)},
        {"KV cache for each token of a user",
         wg_fmt_bytes((char[WG_FMT_BYTES]){0}, s->fit_full.kv_bytes_per_token)},
        {"Context that the model was trained for, in tokens",
         wg_fmt_count((char[WG_FMT_BYTES]){0}, s->fit_full.model_context)},
        {"Users at once (load.peak_concurrency)", s->use->known[WG_USE_LOAD_CONCURRENCY]
                                                      ? wg_fmt_count(text, s->fit_full.users)
                                                      : "not answered, 1 assumed"},
    };

    for (size_t i = 0; i < WG_COUNT(points); i++) {
        json_t *p =
            wg_build_point(b, section, NULL, points[i].what, points[i].value, WG_VERDICT_NONE);
        if (i < WG_COUNT(points) - 1)
            wg_build_evidence(b, p, &e);
        else
            wg_build_evidence(
                b, p, &(struct wg_evidence){.file = s->ask->use_path, .sha256 = s->use_sha256});
    }
}

static void fit_row(struct wg_build *b, json_t *table, const char *what, const struct wg_fit *f)
{
    char n[6][WG_FMT_BYTES];

    wg_build_row(
        b, table,
        (const char *[]){what, wg_fmt_count(n[0], f->context), wg_fmt_bytes(n[1], f->weights_bytes),
                         wg_fmt_bytes(n[2], f->kv_bytes), wg_fmt_bytes(n[3], f->compute_bytes),
                         wg_fmt_bytes(n[4], f->total_bytes), f->fits ? "yes" : "no"},
        7);
}

static json_t *part(const char *label, double value)
{
    return json_pack("{s:s, s:f}", "label", label, "value", value);
}

static void add_memory(struct wg_build *b, json_t *m)
{
    static const char *const columns[] = {"",      "#Context", "#Weights", "#KV cache",
                                          "#Work", "#Total",   "Fits",     NULL};
    const struct wg_stages *s = b->s;
    const struct wg_fit *f = &s->fit_full;
    char n[4][WG_FMT_BYTES], caption[256];
    double room = (double)(f->available_bytes - f->margin_bytes);

    wg_build_textf(b, m, "detail", "It needs %s; %s are free, of which %s are to stay free.",
                   wg_fmt_bytes(n[0], f->total_bytes), wg_fmt_bytes(n[1], f->available_bytes),
                   wg_fmt_bytes(n[2], f->margin_bytes));
    snprintf(caption, sizeof caption,
             "%s user%s at once with the full context of %s tokens each. %s such users would fit.",
             wg_fmt_count(n[0], f->users), f->users == 1 ? "" : "s", wg_fmt_count(n[1], f->context),
             wg_fmt_count(n[2], f->max_users));
    json_t *parts = json_pack("[o, o, o]", part("weights", (double)f->weights_bytes),
                              part("KV caches", (double)f->kv_bytes),
                              part("work memory", (double)f->compute_bytes));
    wg_build_add(b, m, "plots",
                 json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}", "kind", "stack", "title",
                           "Memory needed, and free on this machine", "caption", caption, "unit",
                           "bytes", "parts", parts, "limit", part("free less margin:", room)));
    json_t *t = wg_build_table(b, m, "Memory by context", columns);
    fit_row(b, t, "full context", f);
    if (s->average_known)
        fit_row(b, t, "average request", &s->fit_average);
}

void wg_section_fit(struct wg_build *b)
{
    const struct wg_stages *s = b->s;
    json_t *section =
        wg_build_section(b, fit_rule(s), "assessed", s->shape_known ? NULL : s->shape_err.msg);

    if (!s->shape_known)
        return;
    add_shape(b, section);
    add_memory(b, wg_build_measured(b, WG_SECTION_FIT));
}

/* ---- speed ---- */

static bool load_known(const struct wg_stages *s)
{
    return s->cost->load_known && s->cost->speed_known && s->cost->ttft_known;
}

/* Milliseconds to the first token of a request that is alone. */
static double ttft_alone_ms(const struct wg_stages *s)
{
    return 1000 * s->use->input_tokens / s->rates[0].tokens_per_s;
}

/* Share of one machine that the load takes on average. */
static double machines_needed(const struct wg_stages *s)
{
    return s->cost->utilisation * s->cost->machines;
}

/* What the measured speed means for the load. */
static enum wg_rule_id judge_speed(const struct wg_stages *s)
{
    if (ttft_alone_ms(s) > s->use->max_ttft_ms)
        return WG_RULE_SPEED_LATE;
    if (machines_needed(s) > 1)
        return WG_RULE_SPEED_OVERLOAD;
    if (machines_needed(s) > BUSY)
        return WG_RULE_SPEED_BUSY;
    return s->cost->ttft_ok ? WG_RULE_SPEED_ENOUGH : WG_RULE_SPEED_PEAK;
}

static enum wg_rule_id speed_rule(const struct wg_stages *s)
{
    if (s->n_rates == 0)
        return WG_RULE_SPEED_UNMEASURED;
    if (!load_known(s))
        return WG_RULE_SPEED_LOAD;
    enum wg_rule_id rule = judge_speed(s);
    return wg_rules[rule].verdict == WG_VERDICT_NO_GO && s->unsteady ? WG_RULE_SPEED_UNSTEADY
                                                                     : rule;
}

static void describe_rate(char *out, size_t size, const struct wg_rate *r)
{
    if (r->test[0] == 'p')
        snprintf(out, size, "reading a prompt of %lld tokens", (long long)r->tokens);
    else if (r->batch == 1)
        snprintf(out, size, "writing, one user");
    else
        snprintf(out, size, "writing, %d users together", r->batch);
}

static void add_rates(struct wg_build *b, json_t *m)
{
    const struct wg_stages *s = b->s;
    char time[WG_FMT_BYTES], what[96], value[WG_FMT_BYTES], unit[80], command[256];

    wg_fmt_time(time, s->measured);
    for (int i = 0; i < s->n_rates; i++) {
        const struct wg_rate *r = &s->rates[i];
        bool prefill = r->test[0] == 'p';
        describe_rate(what, sizeof what, r);
        what[0] = (char)(what[0] - 'a' + 'A');
        snprintf(unit, sizeof unit, "%s tokens/s", wg_fmt_real(value, r->tokens_per_s));
        json_t *p = wg_build_point(b, m, "Measured", what, unit, WG_VERDICT_NONE);
        wg_build_textf(b, p, "note", "standard deviation %s tokens/s",
                       wg_fmt_real(value, r->stddev));
        snprintf(command, sizeof command, "weigh bench %.120s -p %lld -n %lld --batch %d",
                 s->pkg->name, prefill ? (long long)r->tokens : 0ll,
                 prefill ? 0ll : (long long)r->tokens, r->batch);
        wg_build_evidence(b, p, &(struct wg_evidence){.command = command, .time = time});
    }
}

static void add_rate_plot(struct wg_build *b, json_t *m)
{
    const struct wg_stages *s = b->s;
    json_t *bars = json_array();
    double needed = s->cost->load_known ? s->use->requests_per_day * s->use->output_tokens / 86400
                                        : 0;
    char what[96], caption[256];

    for (int i = 1; i < s->n_rates; i++) {
        describe_rate(what, sizeof what, &s->rates[i]);
        json_array_append_new(bars, part(what, s->rates[i].tokens_per_s));
    }
    if (s->fit_full.decode_tokens_per_s > 0) {
        json_t *forecast = part("forecast for one user", s->fit_full.decode_tokens_per_s);
        wg_build_set(b, forecast, "soft", json_true());
        json_array_append_new(bars, forecast);
    }
    snprintf(caption, sizeof caption, "%s",
             needed > 0
                 ? "Needed: the answers of an average day, spread evenly over it. Busy hours "
                   "need more."
                 : "USE.yaml does not say how much is needed.");
    json_t *plot = json_pack("{s:s, s:s, s:s, s:s, s:o}", "kind", "bars", "title",
                             "Writing speed, measured and needed", "caption", caption, "unit",
                             "tokens/s", "bars", bars);
    if (needed > 0)
        wg_build_set(b, plot, "limit", part("needed on average:", needed));
    wg_build_add(b, m, "plots", plot);
}

static void add_waiting(struct wg_build *b, json_t *m)
{
    const struct wg_stages *s = b->s;
    char n[3][WG_FMT_BYTES], text[128];

    snprintf(text, sizeof text, "%s ms", wg_fmt_real(n[0], ttft_alone_ms(s)));
    wg_build_point(b, m, "Against the load", "First token of a request that is alone", text,
                   ttft_alone_ms(s) <= s->use->max_ttft_ms ? WG_VERDICT_GO : WG_VERDICT_NO_GO);
    snprintf(text, sizeof text, "%s ms of %s ms", wg_fmt_real(n[0], s->cost->ttft_at_peak_ms),
             wg_fmt_real(n[1], s->use->max_ttft_ms));
    wg_build_point(b, m, "Against the load", "First token of the last one of a peak", text,
                   s->cost->ttft_ok ? WG_VERDICT_GO : WG_VERDICT_REVIEW);
    snprintf(text, sizeof text, "%s%%", wg_fmt_real(n[0], 100 * machines_needed(s)));
    wg_build_point(b, m, "Against the load", "Share of this machine that the load takes", text,
                   machines_needed(s) > 1      ? WG_VERDICT_NO_GO
                   : machines_needed(s) > BUSY ? WG_VERDICT_REVIEW
                                               : WG_VERDICT_GO);
}

void wg_section_speed(struct wg_build *b)
{
    const struct wg_stages *s = b->s;
    const char *why = s->n_rates ? NULL : s->speed_err.msg;

    wg_build_section(b, speed_rule(s), "assessed", why);
    if (s->n_rates == 0)
        return;
    json_t *m = wg_build_measured(b, WG_SECTION_SPEED);
    char n[3][WG_FMT_BYTES];
    if (load_known(s))
        wg_build_textf(b, m, "detail",
                       "The load takes %s%% of it; the first token comes after %s ms alone and %s "
                       "ms at the peak.",
                       wg_fmt_real(n[0], 100 * machines_needed(s)),
                       wg_fmt_real(n[1], ttft_alone_ms(s)),
                       wg_fmt_real(n[2], s->cost->ttft_at_peak_ms));
    else
        wg_build_textf(b, m, "detail", "It reads %s and writes %s tokens a second.",
                       wg_fmt_real(n[0], s->rates[0].tokens_per_s),
                       wg_fmt_real(n[1], s->rates[1].tokens_per_s));
    add_rate_plot(b, m);
    if (load_known(s))
        add_waiting(b, m);
    add_rates(b, m);
}
