/* `weigh cost`: own machine against an API. */
#include "cli/cli.h"

#include "plan/cost.h"

#include <stddef.h>

struct options {
    const char *use, *prices, *bench;
};

static const struct wg_opt opts[] = {
    {"use", 0, WG_OPT_STRING, "FILE", "Load, budget and today's model: USE.yaml.",
     offsetof(struct options, use), 0, 0},
    {"prices", 0, WG_OPT_STRING, "FILE", "Prices: own form, or api.json of models.dev.",
     offsetof(struct options, prices), 0, 0},
    {"bench", 0, WG_OPT_STRING, "FILE", "Measured speed: output of weigh bench --json.",
     offsetof(struct options, bench), 0, 0},
    {0},
};

static void print_result(FILE *f, const struct wg_cost_result *r)
{
    for (size_t i = 0; i < r->n_lines; i++) {
        const struct wg_cost_line *l = &r->lines[i];
        fprintf(f, "%-4s %-8s %12.4g %-15s at %10.4g USD %12.2f USD a month  (%s)\n", l->side,
                l->what, l->quantity, l->unit, l->usd_per_unit, l->usd_per_month, l->source);
    }
    if (r->own_known)
        fprintf(f, "own:        %.2f USD a month\n", r->own_usd_per_month);
    if (r->api_known && r->load_known)
        fprintf(f, "API:        %.2f USD a month, prices %s%s\n", r->api_usd_per_month,
                r->price.as_of ? "of " : "without a date", r->price.as_of ? r->price.as_of : "");
    if (r->load_known)
        fprintf(f, "load:       %.4g tokens a month\n", r->tokens_per_month);
    if (r->load_known && r->speed_known)
        fprintf(f, "capacity:   %.4g tokens a month and machine; the load takes %.3g%% of %d\n",
                r->capacity_tokens_per_month, r->utilisation * 100, r->machines);
    if (r->ttft_known)
        fprintf(f, "peak:       first token after at most %.0f ms, %s the limit\n",
                r->ttft_at_peak_ms, r->ttft_ok ? "within" : "over");
    if (r->break_even_known)
        fprintf(f, "break-even: %.4g tokens a month\n", r->break_even_tokens_per_month);
    fprintf(f, "verdict:    %s: %s\n", wg_verdict_name(r->verdict), r->why);
}

/* Without today's provider and model there is no price to look for; wg_cost names what is missing.
 */
static enum wg_status find_price(const struct options *o, const struct wg_use *use,
                                 struct wg_arena *arena, struct wg_price *price, bool *found,
                                 struct wg_err *err)
{
    *found = o->prices && use->known[WG_USE_TODAY_PROVIDER] && use->known[WG_USE_TODAY_MODEL];
    if (!*found)
        return WG_OK;
    return wg_price_find(o->prices, use->provider, use->model, arena, price, err);
}

static enum wg_status compare(const struct options *o, const struct wg_use *use,
                              struct wg_arena *arena, struct wg_cost_result **out,
                              struct wg_err *err)
{
    struct wg_price price;
    struct wg_speed speed;
    bool priced;

    WG_TRY(find_price(o, use, arena, &price, &priced, err));
    if (o->bench)
        WG_TRY(wg_speed_load(o->bench,
                             use->known[WG_USE_LOAD_CONCURRENCY] ? use->peak_concurrency : 1, arena,
                             &speed, err));
    return wg_cost(use, priced ? &price : NULL, o->bench ? &speed : NULL, out, err);
}

static enum wg_status run(const struct wg_global *g, const void *opts_, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    const struct options *o = opts_;
    struct wg_use *use = NULL;
    struct wg_cost_result *r = NULL;
    struct wg_arena arena;

    (void)argc;
    (void)argv;
    if (!o->use)
        return wg_fail(
            err, WG_E_USAGE,
            "--use FILE is needed: the load and the budget; data/samples/USE.yaml is one");
    wg_arena_init(&arena, 1 << 20);
    enum wg_status st = wg_use_load(o->use, &use, err);
    if (st == WG_OK)
        st = compare(o, use, &arena, &r, err);
    if (st == WG_OK) {
        *exit_code = wg_verdict_exit_code(r->verdict);
        if (g->json)
            st = wg_cli_json(g, wg_cost_json(r), err);
        else
            print_result(g->out, r);
    }
    wg_cost_free(r);
    wg_use_free(use);
    wg_arena_release(&arena);
    return st;
}

const struct wg_cmd wg_cmd_cost = {
    .name = "cost",
    .group = "decide",
    .synopsis = "--use USE.yaml [--prices FILE] [--bench FILE]",
    .help = "Compare what a month costs on your own machine and at an API.",
    .details =
        "The machine and the people come from budget.*, the tokens from load.*, the model that\n"
        "serves you now from today.* of USE.yaml. Rates have to be measured on the machine that\n"
        "will serve (weigh bench --json). What is missing is named, and makes the verdict review.\n"
        "A price file says as_of: YYYY-MM-DD and prices: [{provider, model,\n"
        "input_usd_per_million, output_usd_per_million}], or is api.json of models.dev.\n"
        "Exit status 0 go (own is not dearer), 4 no-go (not for cost), 5 review.",
    .opts = opts,
    .opts_bytes = sizeof(struct options),
    .run = run,
};
