/* engine/sampler: what each step keeps, repeatability, ties. */
#include "engine/sampler.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

enum { N = 8 };

/* Probabilities 0.4, 0.3, 0.15, 0.1, 0.05 of ids 3, 1, 6, 0, 2; the rest nearly nothing. */
static void fill(float logits[N])
{
    static const double p[N] = {0.1, 0.3, 0.05, 0.4, 1e-12, 1e-12, 0.15, 1e-12};

    for (int i = 0; i < N; i++)
        logits[i] = (float)log(p[i]);
}

static void count_draws(const struct wg_sampling *o, int counts[N], int draws)
{
    struct wg_sampler *s;
    float logits[N];
    int32_t id;

    memset(counts, 0, N * sizeof *counts);
    assert_int_equal(wg_sampler_new(o, N, &s, NULL), WG_OK);
    for (int i = 0; i < draws; i++) {
        fill(logits);
        assert_int_equal(wg_sampler_next(s, logits, NULL, 0, &id, NULL), WG_OK);
        counts[id]++;
    }
    wg_sampler_free(s);
}

static struct wg_sampling plain(double temperature)
{
    struct wg_sampling o = wg_sampling_greedy();

    o.temperature = temperature;
    o.seed = 7;
    return o;
}

static void greedy_takes_the_best_and_the_smaller_id_of_equals(void **state)
{
    struct wg_sampling o = wg_sampling_greedy();
    float logits[4] = {1, 5, 5, 2};
    struct wg_sampler *s;
    int32_t id = -1;

    (void)state;
    assert_int_equal(wg_sampler_new(&o, 4, &s, NULL), WG_OK);
    assert_int_equal(wg_sampler_next(s, logits, NULL, 0, &id, NULL), WG_OK);
    assert_int_equal(id, 1);
    wg_sampler_free(s);
}

/* 20,000 draws: five standard deviations of a share of 0.4 are 0.018. */
static void draws_follow_the_distribution(void **state)
{
    struct wg_sampling o = plain(1);
    int counts[N];

    (void)state;
    count_draws(&o, counts, 20000);
    assert_true(abs(counts[3] - 8000) < 360);
    assert_true(abs(counts[1] - 6000) < 330);
    assert_true(abs(counts[6] - 3000) < 260);
    assert_int_equal(counts[4] + counts[5] + counts[7], 0);
}

static void top_k_keeps_k(void **state)
{
    struct wg_sampling o = plain(1);
    int counts[N];

    (void)state;
    o.top_k = 2;
    count_draws(&o, counts, 5000);
    assert_int_equal(counts[3] + counts[1], 5000);
    assert_true(counts[1] > 1500);
}

static void top_p_keeps_the_smallest_set_that_reaches_p(void **state)
{
    struct wg_sampling o = plain(1);
    int counts[N];

    (void)state;
    o.top_p = 0.69; /* 0.4 + 0.3 reach it */
    count_draws(&o, counts, 5000);
    assert_int_equal(counts[3] + counts[1], 5000);
    o.top_p = 0.71;
    count_draws(&o, counts, 5000);
    assert_int_equal(counts[3] + counts[1] + counts[6], 5000);
    assert_true(counts[6] > 0);
}

static void min_p_is_relative_to_the_best(void **state)
{
    struct wg_sampling o = plain(1);
    int counts[N];

    (void)state;
    o.min_p = 0.3; /* 0.12: keeps 0.4, 0.3, 0.15 */
    count_draws(&o, counts, 5000);
    assert_int_equal(counts[3] + counts[1] + counts[6], 5000);
    assert_true(counts[6] > 0);
}

static void low_temperature_sharpens(void **state)
{
    struct wg_sampling o = plain(0.25); /* (0.4 / 0.3)^4 = 3.16 to 1 */
    int counts[N];

    (void)state;
    count_draws(&o, counts, 20000);
    assert_true(fabs((double)counts[3] / counts[1] - 3.16) < 0.35);
}

static void a_seed_repeats_its_draws(void **state)
{
    struct wg_sampling o = plain(1);
    int a[N], b[N];

    (void)state;
    count_draws(&o, a, 300);
    count_draws(&o, b, 300);
    assert_memory_equal(a, b, sizeof a);
    o.seed = 8;
    count_draws(&o, b, 300);
    assert_memory_not_equal(a, b, sizeof a);
}

static void repetition_penalty_divides_once(void **state)
{
    struct wg_sampling o = wg_sampling_greedy();
    static const int32_t history[] = {1, 1, 1, 2};
    float logits[4] = {3, 4, -1, 1.9f};
    struct wg_sampler *s;
    int32_t id;

    (void)state;
    o.repetition_penalty = 2;
    assert_int_equal(wg_sampler_new(&o, 4, &s, NULL), WG_OK);
    assert_int_equal(wg_sampler_next(s, logits, history, 4, &id, NULL), WG_OK);
    assert_int_equal(id, 0);
    assert_true(logits[1] == 2.0f && logits[2] == -2.0f);
    wg_sampler_free(s);
}

static void bad_values_are_named(void **state)
{
    struct wg_sampling o = wg_sampling_greedy();
    float logits[2] = {1, NAN};
    struct wg_sampler *s;
    struct wg_err err;
    int32_t id;

    (void)state;
    o.top_p = 1.5;
    assert_int_equal(wg_sampler_new(&o, 2, &s, &err), WG_E_USAGE);
    assert_string_equal(err.msg, "top_p is 1.5, outside 0 to 1");
    o.top_p = 1;
    assert_int_equal(wg_sampler_new(&o, 2, &s, NULL), WG_OK);
    assert_int_equal(wg_sampler_next(s, logits, NULL, 0, &id, &err), WG_E_FAILED);
    wg_sampler_free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(greedy_takes_the_best_and_the_smaller_id_of_equals),
        cmocka_unit_test(draws_follow_the_distribution),
        cmocka_unit_test(top_k_keeps_k),
        cmocka_unit_test(top_p_keeps_the_smallest_set_that_reaches_p),
        cmocka_unit_test(min_p_is_relative_to_the_best),
        cmocka_unit_test(low_temperature_sharpens),
        cmocka_unit_test(a_seed_repeats_its_draws),
        cmocka_unit_test(repetition_penalty_divides_once),
        cmocka_unit_test(bad_values_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
