/* plan/cost: figures worked out by hand, what is missing, price and bench files. */
#include "plan/cost.h"

#include "base/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

/* 1,000 requests a day of 100 + 50 tokens: 30,437.5 requests a month, 3,043,750 tokens in and
 * 1,521,875 out; at 1 and 2 USD a million 3.04375 USD each. */
static const char load[] =
    "load: {requests_per_day: 1000, input_tokens: 100, output_tokens: 50, peak_concurrency: 5,\n"
    "       max_ttft_ms: 500}\n"
    "today: {provider: p, model: m}\n";

static const struct wg_price price = {.provider = "p",
                                      .model = "m",
                                      .input_usd_per_million = 1,
                                      .output_usd_per_million = 2,
                                      .as_of = "2026-01-02",
                                      .source = "prices.yaml"};

static struct wg_cost_result *cost(const char *budget, const struct wg_price *p, double prefill,
                                   double decode)
{
    char text[1024];
    struct wg_use *use = NULL;
    struct wg_cost_result *r = NULL;
    struct wg_err err = {0};
    struct wg_speed speed = {.prefill_tokens_per_s = prefill,
                             .decode_tokens_per_s = decode,
                             .batch = 1,
                             .source = "bench.json"};

    snprintf(text, sizeof text, "%s%s", budget, load);
    assert_int_equal(wg_use_parse(text, strlen(text), "USE.yaml", &use, &err), WG_OK);
    assert_int_equal(wg_cost(use, p, prefill > 0 ? &speed : NULL, &r, &err), WG_OK);
    wg_use_free(use);
    return r;
}

static void near(double a, double b)
{
    if (!(a - b < 1e-9 * b && b - a < 1e-9 * b))
        fail_msg("%.17g is not %.17g", a, b);
}

static void a_small_load_is_dearer_here(void **state)
{
    struct wg_cost_result *r = cost("budget: {host_usd_per_month: 100, staff_hours_per_month: 2, "
                                    "staff_usd_per_hour: 50}\n",
                                    &price, 1000, 100);

    (void)state;
    near(r->input_tokens_per_month, 3043750);
    near(r->output_tokens_per_month, 1521875);
    near(r->api_usd_per_month, 6.0875);
    near(r->own_usd_per_month, 200);
    /* 0.1 s + 0.5 s a request: 600 s of 86,400 a day */
    near(r->utilisation, 600.0 / 86400);
    near(r->capacity_tokens_per_month, 150 / 0.6 * 2629800);
    /* 6.0875 USD for 4,565,625 tokens: 200 USD buy 150 million */
    assert_true(r->break_even_known);
    near(r->break_even_tokens_per_month, 150e6);
    near(r->ttft_at_peak_ms, 500);
    assert_true(r->ttft_ok);
    assert_int_equal(r->verdict, WG_VERDICT_NO_GO);
    assert_int_equal(r->n_lines, 4);
    assert_int_equal(r->n_missing, 0);
    wg_cost_free(r);
}

static void a_cheap_machine_pays(void **state)
{
    struct wg_cost_result *r =
        cost("budget: {host_usd_per_month: 6, staff_hours_per_month: 0}\n", &price, 1000, 100);

    (void)state;
    near(r->own_usd_per_month, 6);
    near(r->break_even_tokens_per_month, 4.5e6);
    assert_int_equal(r->verdict, WG_VERDICT_GO);
    wg_cost_free(r);
    /* the same, but 5 prompts of 100 tokens at once take a second, over 500 ms */
    r = cost("budget: {host_usd_per_month: 6, staff_hours_per_month: 0}\n", &price, 500, 100);
    assert_false(r->ttft_ok);
    assert_int_equal(r->verdict, WG_VERDICT_REVIEW);
    wg_cost_free(r);
}

static void several_machines_share_the_people(void **state)
{
    /* 60 s a request: a full machine makes 6,574,500 tokens, worth 8.766 USD */
    struct wg_cost_result *r = cost("budget: {host_usd_per_month: 5, staff_hours_per_month: 2, "
                                    "staff_usd_per_hour: 50}\n",
                                    &price, 10, 1);

    (void)state;
    assert_int_equal(r->machines, 1);
    /* 100 / 3.766 machines: 27; 27 * 5 + 100 = 235 USD buy 176.25 million tokens */
    assert_true(r->break_even_known);
    near(r->break_even_tokens_per_month, 176.25e6);
    wg_cost_free(r);
    r = cost("budget: {host_usd_per_month: 10, staff_hours_per_month: 2, staff_usd_per_hour: 50}\n",
             &price, 10, 1);
    assert_false(r->break_even_known);
    wg_cost_free(r);
    /* 600 s a request, 1,000 a day: 6.94 machines */
    r = cost("budget: {host_usd_per_month: 10, staff_hours_per_month: 0}\n", &price, 1, 0.1);
    assert_int_equal(r->machines, 7);
    near(r->own_usd_per_month, 70);
    near(r->utilisation, 600000.0 / 86400 / 7);
    wg_cost_free(r);
}

static void what_is_missing_is_named(void **state)
{
    struct wg_cost_result *r = cost("", NULL, 0, 0);
    static const char *const missing[] = {"bench (measured speed)", "budget.host_usd_per_month",
                                          "budget.staff_hours_per_month",
                                          "budget.staff_usd_per_hour", "prices (a price file)"};

    (void)state;
    assert_int_equal(r->verdict, WG_VERDICT_REVIEW);
    assert_int_equal(r->n_missing, WG_COUNT(missing));
    for (size_t i = 0; i < WG_COUNT(missing); i++)
        assert_string_equal(r->missing[i], missing[i]);
    json_t *doc = wg_cost_json(r);
    assert_non_null(doc);
    assert_true(json_is_null(json_object_get(doc, "break_even_tokens_per_month")));
    assert_string_equal(json_string_value(json_object_get(doc, "verdict")), "review");
    json_decref(doc);
    wg_cost_free(r);
}

static const char *write_temp(const char *name, const char *text)
{
    static char path[128];
    struct wg_err err;

    snprintf(path, sizeof path, "/tmp/wg_test_cost_%ld_%s", (long)getpid(), name);
    assert_int_equal(wg_file_write(path, text, strlen(text), &err), WG_OK);
    return path;
}

static enum wg_status find(const char *name, const char *text, struct wg_price *out,
                           struct wg_arena *a, struct wg_err *err)
{
    const char *path = write_temp(name, text);
    enum wg_status st = wg_price_find(path, "p", "m", a, out, err);

    unlink(path);
    return st;
}

static void price_files_of_both_forms_are_read(void **state)
{
    struct wg_arena a;
    struct wg_err err = {0};
    struct wg_price p;

    (void)state;
    wg_arena_init(&a, 1 << 20);
    assert_int_equal(find("a.yaml",
                          "as_of: 2026-01-02\nprices:\n"
                          "- {provider: q, model: m, input_usd_per_million: 9, "
                          "output_usd_per_million: 9}\n"
                          "- {provider: p, model: m, input_usd_per_million: 0.5, "
                          "output_usd_per_million: 3}\n",
                          &p, &a, &err),
                     WG_OK);
    near(p.input_usd_per_million, 0.5);
    near(p.output_usd_per_million, 3);
    assert_string_equal(p.as_of, "2026-01-02");
    assert_int_equal(strlen(p.sha256), 64);
    assert_int_equal(find("api.json",
                          "{\"p\": {\"id\": \"p\", \"models\": {\"m\": {\"id\": \"m\", \"cost\": "
                          "{\"input\": 1.25, \"output\": 10}}}}}",
                          &p, &a, &err),
                     WG_OK);
    near(p.input_usd_per_million, 1.25);
    assert_null(p.as_of);
    wg_arena_release(&a);
}

static void bad_price_files_are_refused_by_rule(void **state)
{
    static const struct {
        const char *text, *rule;
        enum wg_status status;
    } rows[] = {
        {"[]", "a price file is a mapping", WG_E_INPUT},
        {"prices: []", "\"as_of\" has to say", WG_E_INPUT},
        {"as_of: 2026-01-02\nprices: 3", "\"prices\" has to be a list", WG_E_INPUT},
        {"as_of: 2026-01-02\nprices: [{provider: p}]", "prices[0]", WG_E_INPUT},
        {"as_of: 2026-01-02\nprices: [{provider: p, model: m, input_usd_per_million: -1, "
         "output_usd_per_million: 1}]",
         "input_usd_per_million", WG_E_INPUT},
        {"as_of: 2026-01-02\nprices: [{provider: p, model: n, input_usd_per_million: 1, "
         "output_usd_per_million: 1}]",
         "no price for p/m; it has p/n", WG_E_NOT_FOUND},
        {"p: {models: {k: {cost: {input: 1, output: 1}}}}", "it has p/k", WG_E_NOT_FOUND},
        {"p: {models: {m: {cost: {input: 1}}}}", "p/m/cost: \"output\"", WG_E_INPUT},
        {"p: {models: {m: {}}}", "p/m/cost: \"input\"", WG_E_INPUT},
    };
    struct wg_arena a;
    struct wg_price p;

    (void)state;
    wg_arena_init(&a, 1 << 20);
    for (size_t i = 0; i < WG_COUNT(rows); i++) {
        struct wg_err err = {0};
        assert_int_equal(find("bad.yaml", rows[i].text, &p, &a, &err), rows[i].status);
        if (!strstr(err.msg, rows[i].rule))
            fail_msg("\"%s\" does not say \"%s\"", err.msg, rows[i].rule);
    }
    wg_arena_release(&a);
}

static enum wg_status speed_of(const char *text, double concurrency, struct wg_speed *s,
                               struct wg_err *err)
{
    static struct wg_arena a;
    json_t *doc;

    wg_arena_init(&a, 1 << 20);
    assert_int_equal(wg_json_parse(text, strlen(text), "bench", &doc, err), WG_OK);
    enum wg_status st = wg_speed_from_json(doc, concurrency, "bench", &a, s, err);
    json_decref(doc);
    wg_arena_release(&a);
    return st;
}

static void rates_come_from_the_batch_that_the_load_reaches(void **state)
{
    static const char text[] =
        "{\"isa\": \"avx2\", \"results\": ["
        "{\"test\": \"prefill\", \"tokens\": 512, \"batch\": 1, \"tokens_per_s\": 1000},"
        "{\"test\": \"decode\", \"tokens\": 128, \"batch\": 1, \"tokens_per_s\": 50},"
        "{\"test\": \"decode\", \"tokens\": 128, \"batch\": 8, \"tokens_per_s\": 200}]}";
    struct wg_speed s;
    struct wg_err err = {0};

    (void)state;
    assert_int_equal(speed_of(text, 8, &s, &err), WG_OK);
    near(s.decode_tokens_per_s, 200);
    assert_int_equal(speed_of(text, 7, &s, &err), WG_OK);
    near(s.decode_tokens_per_s, 50);
    near(s.prefill_tokens_per_s, 1000);
    assert_int_equal(speed_of("{\"results\": []}", 1, &s, &err), WG_E_INPUT);
    assert_int_equal(speed_of("{}", 1, &s, &err), WG_E_INPUT);
    assert_int_equal(
        speed_of("{\"results\": [{\"test\": \"decode\", \"tokens_per_s\": 0}]}", 1, &s, &err),
        WG_E_INPUT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_load_is_dearer_here),
        cmocka_unit_test(a_cheap_machine_pays),
        cmocka_unit_test(several_machines_share_the_people),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(price_files_of_both_forms_are_read),
        cmocka_unit_test(bad_price_files_are_refused_by_rule),
        cmocka_unit_test(rates_come_from_the_batch_that_the_load_reaches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
