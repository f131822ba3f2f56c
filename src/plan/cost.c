#include "plan/cost.h"

#include "base/buf.h"
#include "base/mem.h"
#include "license/use.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define DAYS_PER_MONTH    (365.25 / 12)
#define SECONDS_PER_MONTH (DAYS_PER_MONTH * 86400)

enum { COST_ARENA_BYTES = 1 << 20, MAX_LINES = 5, MAX_MISSING = WG_USE_COUNT + 2 };

static const char *text(struct wg_cost_result *r, const char *fmt, ...) WG_PRINTF(2, 3);

/* NULL when out of memory. */
static const char *text(struct wg_cost_result *r, const char *fmt, ...)
{
    char line[1024];
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(line, sizeof line, fmt, ap);
    va_end(ap);
    return wg_arena_strndup(&r->arena, line, strlen(line));
}

static bool answered(struct wg_cost_result *r, const struct wg_use *u, enum wg_use_key k)
{
    if (!u->known[k])
        r->missing[r->n_missing++] = wg_use_key_name(k);
    return u->known[k];
}

static void add_line(struct wg_cost_result *r, struct wg_cost_line line)
{
    line.usd_per_month = line.quantity * line.usd_per_unit;
    r->lines[r->n_lines++] = line;
}

static void read_load(struct wg_cost_result *r, const struct wg_use *u)
{
    bool requests = answered(r, u, WG_USE_LOAD_REQUESTS);
    bool input = answered(r, u, WG_USE_LOAD_INPUT), output = answered(r, u, WG_USE_LOAD_OUTPUT);

    if (!requests || !input || !output)
        return;
    r->load_known = true;
    r->input_tokens_per_month = u->requests_per_day * u->input_tokens * DAYS_PER_MONTH;
    r->output_tokens_per_month = u->requests_per_day * u->output_tokens * DAYS_PER_MONTH;
    r->tokens_per_month = r->input_tokens_per_month + r->output_tokens_per_month;
}

/* How many machines the load needs, and what of them it takes. */
static void read_speed(struct wg_cost_result *r, const struct wg_use *u,
                       const struct wg_speed *speed)
{
    r->machines = 1;
    if (!speed) {
        r->missing[r->n_missing++] = "bench (measured speed)";
        return;
    }
    r->speed_known = true;
    if (!r->load_known)
        return;
    double request_tokens = u->input_tokens + u->output_tokens;
    double request_s = u->input_tokens / speed->prefill_tokens_per_s +
                       u->output_tokens / speed->decode_tokens_per_s;
    double machines = u->requests_per_day * DAYS_PER_MONTH * request_s / SECONDS_PER_MONTH;
    r->machines = machines <= 1 ? 1 : machines < 1e9 ? (int)ceil(machines) : 1000000000;
    r->utilisation = machines / r->machines;
    r->capacity_tokens_per_month = request_s > 0 ? request_tokens / request_s * SECONDS_PER_MONTH
                                                 : 0;
    bool concurrency = answered(r, u, WG_USE_LOAD_CONCURRENCY);
    bool limit = answered(r, u, WG_USE_LOAD_TTFT);
    if (concurrency && limit) {
        r->ttft_known = true;
        r->ttft_at_peak_ms = ceil(u->peak_concurrency / r->machines) * u->input_tokens /
                             speed->prefill_tokens_per_s * 1000;
        r->ttft_ok = r->ttft_at_peak_ms <= u->max_ttft_ms;
    }
}

static void read_own(struct wg_cost_result *r, const struct wg_use *u)
{
    bool host = answered(r, u, WG_USE_BUDGET_HOST);
    bool hours = answered(r, u, WG_USE_BUDGET_STAFF_HOURS);
    /* no hours, no rate needed */
    bool rate = (hours && u->staff_hours_per_month == 0) ||
                answered(r, u, WG_USE_BUDGET_STAFF_RATE);

    if (!host || !hours || !rate)
        return;
    r->own_known = true;
    add_line(r, (struct wg_cost_line){.side = "own",
                                      .what = "machine",
                                      .quantity = r->machines,
                                      .unit = "machine",
                                      .usd_per_unit = u->host_usd_per_month,
                                      .source = text(r, "%s: budget.host_usd_per_month", u->path)});
    add_line(r, (struct wg_cost_line){
                    .side = "own",
                    .what = "people",
                    .quantity = u->staff_hours_per_month,
                    .unit = "hour",
                    .usd_per_unit = u->staff_hours_per_month == 0 ? 0 : u->staff_usd_per_hour,
                    .source = text(r, "%s: budget.staff_hours_per_month, budget.staff_usd_per_hour",
                                   u->path)});
    for (size_t i = 0; i < r->n_lines; i++)
        r->own_usd_per_month += r->lines[i].usd_per_month;
}

static void read_api(struct wg_cost_result *r, const struct wg_use *u, const struct wg_price *price)
{
    if (!price) {
        bool provider = answered(r, u, WG_USE_TODAY_PROVIDER);
        bool model = answered(r, u, WG_USE_TODAY_MODEL);
        if (provider && model)
            r->missing[r->n_missing++] = "prices (a price file)";
        return;
    }
    r->api_known = true;
    if (!r->load_known)
        return;
    const char *source = text(r, "%s: %s/%s", price->source, price->provider, price->model);
    size_t first = r->n_lines;
    add_line(r, (struct wg_cost_line){.side = "api",
                                      .what = "input",
                                      .quantity = r->input_tokens_per_month / 1e6,
                                      .unit = "million tokens",
                                      .usd_per_unit = price->input_usd_per_million,
                                      .source = source});
    add_line(r, (struct wg_cost_line){.side = "api",
                                      .what = "output",
                                      .quantity = r->output_tokens_per_month / 1e6,
                                      .unit = "million tokens",
                                      .usd_per_unit = price->output_usd_per_million,
                                      .source = source});
    for (size_t i = first; i < r->n_lines; i++)
        r->api_usd_per_month += r->lines[i].usd_per_month;
}

/*
 * The smallest number of tokens a month, at the mix of the load, at which n machines and the people
 * cost no more than the API, where n is what those tokens need. Between (n - 1) and n machines'
 * worth of tokens own costs n * host + people, so the meeting point lies in the first n whose line
 * is reached before its capacity ends.
 */
static void find_break_even(struct wg_cost_result *r, const struct wg_use *u)
{
    double capacity = r->capacity_tokens_per_month;
    double people =
        u->staff_hours_per_month == 0 ? 0 : u->staff_hours_per_month * u->staff_usd_per_hour;

    if (!r->own_known || !r->api_known || !r->load_known || !r->speed_known ||
        r->tokens_per_month <= 0 || capacity <= 0)
        return;
    double per_token = r->api_usd_per_month / r->tokens_per_month;
    double gain = per_token * capacity - u->host_usd_per_month; /* a full machine, a month */
    double own_fixed = people + u->host_usd_per_month;
    if (per_token > 0 && own_fixed <= per_token * capacity) {
        r->break_even_known = true;
        r->break_even_tokens_per_month = own_fixed / per_token;
    } else if (gain > 0) {
        double n = ceil(people / gain);
        r->break_even_known = true;
        r->break_even_tokens_per_month =
            fmax((n * u->host_usd_per_month + people) / per_token, (n - 1) * capacity);
    }
}

static void say_review(struct wg_cost_result *r)
{
    char list[768] = "";

    for (size_t i = 0; i < r->n_missing; i++) {
        size_t at = strlen(list);
        snprintf(list + at, sizeof list - at, "%s%s", i ? ", " : "", r->missing[i]);
    }
    r->verdict = WG_VERDICT_REVIEW;
    r->why = text(r, "not enough is known to compare; missing: %s", list);
}

static void judge(struct wg_cost_result *r)
{
    double own = r->own_usd_per_month, api = r->api_usd_per_month;

    if (!r->own_known || !r->api_known || !r->load_known || !r->speed_known || r->n_missing) {
        say_review(r);
    } else if (r->tokens_per_month <= 0) {
        r->verdict = WG_VERDICT_REVIEW;
        r->why = text(r, "the load is zero tokens a month; there is nothing to compare");
    } else if (own > api) {
        r->verdict = WG_VERDICT_NO_GO;
        r->why = text(r,
                      "not for cost: own costs %.2f USD a month, the API %.2f; own pays from %.4g "
                      "tokens a month, the load is %.4g",
                      own, api, r->break_even_tokens_per_month, r->tokens_per_month);
        if (!r->break_even_known)
            r->why = text(r,
                          "not for cost: own costs %.2f USD a month, the API %.2f, and a full "
                          "machine costs more than the tokens it makes",
                          own, api);
    } else if (!r->ttft_ok) {
        r->verdict = WG_VERDICT_REVIEW;
        r->why = text(r,
                      "own costs %.2f USD a month, the API %.2f, but at the peak the first token "
                      "may take %.0f ms, over load.max_ttft_ms",
                      own, api, r->ttft_at_peak_ms);
    } else {
        r->verdict = WG_VERDICT_GO;
        r->why = text(r, "own costs %.2f USD a month, the API %.2f; the load takes %.3g%% of %d %s",
                      own, api, r->utilisation * 100, r->machines,
                      r->machines == 1 ? "machine" : "machines");
    }
}

static bool copy_inputs(struct wg_cost_result *r, const struct wg_price *price,
                        const struct wg_speed *speed)
{
    const char **strings[] = {&r->price.provider, &r->price.model,  &r->price.as_of,
                              &r->price.source,   &r->price.sha256, &r->speed.isa,
                              &r->speed.source};

    if (price)
        r->price = *price;
    if (speed)
        r->speed = *speed;
    for (size_t i = 0; i < WG_COUNT(strings); i++) {
        const char *s = *strings[i];
        if (s && !(*strings[i] = wg_arena_strndup(&r->arena, s, strlen(s))))
            return false;
    }
    return true;
}

enum wg_status wg_cost(const struct wg_use *use, const struct wg_price *price,
                       const struct wg_speed *speed, struct wg_cost_result **out,
                       struct wg_err *err)
{
    struct wg_cost_result *r = wg_calloc(1, sizeof *r);

    if (!r)
        return wg_oom(err, "a cost comparison");
    wg_arena_init(&r->arena, COST_ARENA_BYTES);
    r->lines = wg_arena_alloc(&r->arena, MAX_LINES, sizeof *r->lines);
    r->missing = wg_arena_alloc(&r->arena, MAX_MISSING, sizeof *r->missing);
    if (!r->lines || !r->missing || !copy_inputs(r, price, speed)) {
        wg_cost_free(r);
        return wg_oom(err, "a cost comparison");
    }
    read_load(r, use);
    read_speed(r, use, speed ? &r->speed : NULL);
    read_own(r, use);
    read_api(r, use, price ? &r->price : NULL);
    find_break_even(r, use);
    judge(r);
    if (!r->why) {
        wg_cost_free(r);
        return wg_oom(err, "a cost comparison");
    }
    *out = r;
    return WG_OK;
}

void wg_cost_free(struct wg_cost_result *r)
{
    if (!r)
        return;
    wg_arena_release(&r->arena);
    wg_free(r);
}

static json_t *number(bool known, double v)
{
    return known ? json_real(v) : json_null();
}

static json_t *lines_json(const struct wg_cost_result *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->n_lines; i++) {
        const struct wg_cost_line *l = &r->lines[i];
        json_array_append_new(list,
                              json_pack("{s:s, s:s, s:f, s:s, s:f, s:f, s:s?}", "side", l->side,
                                        "what", l->what, "quantity", l->quantity, "unit", l->unit,
                                        "usd_per_unit", l->usd_per_unit, "usd_per_month",
                                        l->usd_per_month, "source", l->source));
    }
    return list;
}

static json_t *missing_json(const struct wg_cost_result *r)
{
    json_t *list = json_array();

    for (size_t i = 0; i < r->n_missing; i++)
        json_array_append_new(list, json_string(r->missing[i]));
    return list;
}

static json_t *price_json(const struct wg_cost_result *r)
{
    const struct wg_price *p = &r->price;

    if (!r->api_known)
        return json_null();
    return json_pack("{s:s, s:s, s:f, s:f, s:s?, s:s?, s:s?}", "provider", p->provider, "model",
                     p->model, "input_usd_per_million", p->input_usd_per_million,
                     "output_usd_per_million", p->output_usd_per_million, "as_of", p->as_of,
                     "source", p->source, "sha256", p->sha256);
}

static json_t *speed_json(const struct wg_cost_result *r)
{
    const struct wg_speed *s = &r->speed;

    if (!r->speed_known)
        return json_null();
    return json_pack("{s:f, s:f, s:i, s:s?, s:s?}", "prefill_tokens_per_s", s->prefill_tokens_per_s,
                     "decode_tokens_per_s", s->decode_tokens_per_s, "batch", s->batch, "isa",
                     s->isa, "source", s->source);
}

json_t *wg_cost_json(const struct wg_cost_result *r)
{
    bool both = r->speed_known && r->load_known;

    return json_pack(
        "{s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        "verdict", wg_verdict_name(r->verdict), "why", r->why, "break_even_tokens_per_month",
        number(r->break_even_known, r->break_even_tokens_per_month), "tokens_per_month",
        number(r->load_known, r->tokens_per_month), "input_tokens_per_month",
        number(r->load_known, r->input_tokens_per_month), "output_tokens_per_month",
        number(r->load_known, r->output_tokens_per_month), "own_usd_per_month",
        number(r->own_known, r->own_usd_per_month), "api_usd_per_month",
        number(r->api_known && r->load_known, r->api_usd_per_month), "machines",
        both ? json_integer(r->machines) : json_null(), "utilisation", number(both, r->utilisation),
        "capacity_tokens_per_month", number(both, r->capacity_tokens_per_month), "ttft_at_peak_ms",
        number(r->ttft_known, r->ttft_at_peak_ms), "price", price_json(r), "speed", speed_json(r),
        "lines", lines_json(r), "missing", missing_json(r));
}
