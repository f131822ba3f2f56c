/* Memory and speed arithmetic, against numbers worked out by hand. */
#include "base/file.h"
#include "plan/fit.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MIB 1048576.0

static void assert_close(double got, double want)
{
    if (!(fabs(got - want) <= 1e-9 * fabs(want)))
        fail_msg("%.17g is not %.17g", got, want);
}

/* The shape of SmolLM2-135M: 30 layers, 3 KV heads of 64, 9 query heads, 8192 positions. */
static void smollm2(struct wg_fit_model *m)
{
    struct wg_err err = {0};

    *m = (struct wg_fit_model){0};
    assert_int_equal(wg_spec_init(&m->spec, 30, &err), WG_OK);
    m->spec.family = "Llama";
    m->spec.d_model = 576;
    m->spec.n_vocab = 49152;
    m->spec.context_length = 8192;
    for (int i = 0; i < 30; i++) {
        struct wg_layer_spec *l = &m->spec.layers[i];
        l->attn.n_heads = 9;
        l->attn.n_kv_heads = 3;
        l->attn.d_head = 64;
        l->attn.rope = -1;
        l->mlp.d_ff = 1536;
    }
    m->weights_bytes = 96583680;
    m->step_bytes[WG_TYPE_Q4_1] = 66355200;
    m->step_bytes[WG_TYPE_Q8_0] = 30081024;
    m->prompt_values[WG_TYPE_Q4_1] = 106168320;
    m->types[0] = WG_TYPE_Q4_1;
    m->types[1] = WG_TYPE_Q8_0;
    m->n_types = 2;
}

static struct wg_machine machine(double available_mib)
{
    struct wg_machine m = {.threads = 2,
                           .memory_available_bytes = (uint64_t)(available_mib * MIB),
                           .memory_total_bytes = (uint64_t)(available_mib * 2 * MIB)};

    for (int i = 0; i < WG_MACHINE_SIZES; i++)
        m.read[i] = (struct wg_machine_read){UINT64_C(8388608) << (2 * i), 40e9 - 10e9 * i};
    m.matmul[WG_TYPE_Q4_1] = (struct wg_machine_matmul){1e12, 5e11, true};
    m.matmul[WG_TYPE_Q8_0] = (struct wg_machine_matmul){1e12, 5e11, true};
    return m;
}

static void kv_is_2_layers_heads_width_bytes_context(void **state)
{
    struct wg_fit_model m;
    struct wg_machine pc = machine(16384);
    struct wg_fit f;
    struct wg_err err = {0};

    (void)state;
    smollm2(&m);
    assert_int_equal(wg_fit(&m, &pc, &(struct wg_fit_ask){.threads = 2}, &f, &err), WG_OK);
    assert_int_equal(f.kv_bytes_per_token, 23040); /* 30 x 3 x 64 x 2 x 2 */
    assert_int_equal(f.kv_bytes, 188743680);       /* x 8192 */
    assert_true(f.context_assumed && f.users_assumed);
    assert_int_equal(f.total_bytes, 96583680 + 188743680 + f.compute_bytes);
    assert_true(f.fits);
    assert_int_equal(f.max_context, 8192);
    assert_int_equal(
        wg_fit(&m, &pc, &(struct wg_fit_ask){.threads = 2, .context = 1000, .users = 8}, &f, &err),
        WG_OK);
    assert_int_equal(f.kv_bytes, 184320000); /* 23040 x 1000 x 8 */
    assert_false(f.context_assumed || f.users_assumed);
    wg_fit_model_release(&m);
}

static void limits_agree_with_the_sum(void **state)
{
    static const double available_mib[] = {64, 130, 150, 200, 333, 900, 5000};
    struct wg_fit_model m;
    struct wg_err err = {0};

    (void)state;
    smollm2(&m);
    for (size_t i = 0; i < WG_COUNT(available_mib); i++) {
        struct wg_machine pc = machine(available_mib[i]);
        struct wg_fit f, g;
        struct wg_fit_ask ask = {.threads = 2, .context = 2048, .users = 1};
        assert_int_equal(wg_fit(&m, &pc, &ask, &f, &err), WG_OK);
        uint64_t room = pc.memory_available_bytes - f.margin_bytes;
        assert_int_equal(f.margin_bytes, (uint64_t)(0.1 * (double)pc.memory_available_bytes));
        assert_int_equal(f.fits, f.total_bytes <= room);
        assert_int_equal(f.fits, f.max_users >= 1);
        if (f.max_users >= 1) { /* as many as said fit, one more does not */
            ask.users = f.max_users;
            assert_int_equal(wg_fit(&m, &pc, &ask, &g, &err), WG_OK);
            assert_true(g.fits);
            ask.users++;
            assert_int_equal(wg_fit(&m, &pc, &ask, &g, &err), WG_OK);
            assert_false(g.fits);
        }
        if (f.max_context > 0 && f.max_context < 8192) {
            ask = (struct wg_fit_ask){.threads = 2, .context = f.max_context, .users = 1};
            assert_int_equal(wg_fit(&m, &pc, &ask, &g, &err), WG_OK);
            assert_true(g.fits);
            ask.context++;
            assert_int_equal(wg_fit(&m, &pc, &ask, &g, &err), WG_OK);
            assert_false(g.fits);
        }
    }
    wg_fit_model_release(&m);
}

static void speed_is_bytes_over_bandwidth(void **state)
{
    struct wg_fit_model m;
    struct wg_machine pc = machine(16384);
    struct wg_fit f;
    struct wg_err err = {0};

    (void)state;
    smollm2(&m);
    for (int i = 0; i < WG_MACHINE_SIZES; i++)
        pc.read[i].bytes_per_s = 30e9;
    assert_int_equal(wg_fit(&m, &pc, &(struct wg_fit_ask){.threads = 2}, &f, &err), WG_OK);
    /* 66355200 + 30081024 + 256 x 23040 bytes at 30 GB/s, of which a share is reached */
    assert_int_equal(f.decode_read_bytes, 102334464);
    assert_close(f.decode_tokens_per_s, WG_FIT_DECODE_EFFICIENCY * 30e9 / 102334464);
    /* 2 x 106168320 operations at 500 GFLOPS */
    assert_close(f.prefill_tokens_per_s, WG_FIT_PREFILL_EFFICIENCY * 5e11 / 212336640);

    /* A slow one-row kernel is the bound instead. */
    pc.matmul[WG_TYPE_Q4_1].row_bytes_per_s = 1e9;
    assert_int_equal(wg_fit(&m, &pc, &(struct wg_fit_ask){.threads = 2}, &f, &err), WG_OK);
    assert_close(f.decode_tokens_per_s,
                 WG_FIT_DECODE_EFFICIENCY / (66355200 / 1e9 + 30081024 / 1e12));

    /* A type that no kernel multiplies: not known, and JSON null. */
    pc.matmul[WG_TYPE_Q8_0].known = false;
    assert_int_equal(wg_fit(&m, &pc, &(struct wg_fit_ask){.threads = 2}, &f, &err), WG_OK);
    assert_close(f.decode_tokens_per_s, 0);
    json_t *doc = wg_fit_json(&f, &pc);
    assert_non_null(doc);
    assert_true(
        json_is_null(json_object_get(json_object_get(doc, "forecast"), "decode_tokens_per_s")));
    json_decref(doc);
    wg_fit_model_release(&m);
}

static void impossible_questions_are_refused(void **state)
{
    struct wg_fit_model m;
    struct wg_machine pc = machine(16384);
    struct wg_fit f;
    struct wg_err err = {0};

    (void)state;
    smollm2(&m);
    assert_int_equal(wg_fit(&m, &pc, &(struct wg_fit_ask){.threads = 2, .context = 8193}, &f, &err),
                     WG_E_LIMIT);
    assert_non_null(strstr(err.msg, "8193"));
    assert_non_null(strstr(err.msg, "8192"));
    assert_int_equal(
        wg_fit(&m, &pc, &(struct wg_fit_ask){.threads = 2, .users = INT64_MAX}, &f, &err),
        WG_E_LIMIT);
    wg_fit_model_release(&m);
}

static void bandwidth_is_interpolated(void **state)
{
    struct wg_machine pc = machine(1000); /* 8, 32, 128, 512 MiB: 40, 30, 20, 10 GB/s */

    (void)state;
    assert_close(wg_machine_bandwidth(&pc, 1), 40e9);
    assert_close(wg_machine_bandwidth(&pc, 8388608), 40e9);
    assert_close(wg_machine_bandwidth(&pc, 16777216), 35e9); /* halfway in logarithms */
    assert_close(wg_machine_bandwidth(&pc, 33554432), 30e9);
    assert_close(wg_machine_bandwidth(&pc, UINT64_C(1) << 40), 10e9);
}

/* The facts are kept, found again, and measured anew when the file is damaged. */
static void facts_are_kept(void **state)
{
    static const enum wg_type types[] = {WG_TYPE_F32};
    char home[] = "/tmp/weigh-test-fit-XXXXXX", path[64];
    struct wg_machine first, again;
    struct wg_err err = {0};

    (void)state;
    assert_non_null(mkdtemp(home));
    setenv("WEIGH_HOME", home, 1);
    snprintf(path, sizeof path, "%s/machine.json", home);
    assert_int_equal(wg_machine_facts(1, types, 1, false, &first, &err), WG_OK);
    assert_true(first.read[0].bytes_per_s > 0 && first.matmul[WG_TYPE_F32].known);
    assert_int_equal(wg_machine_facts(1, types, 1, false, &again, &err), WG_OK);
    assert_close(again.read[3].bytes_per_s / first.read[3].bytes_per_s, 1);

    assert_int_equal(wg_file_write(path, "{\"version\": 1, \"machines\": [", 28, &err), WG_OK);
    assert_int_equal(wg_machine_facts(1, types, 1, false, &again, &err), WG_OK);
    assert_true(again.read[0].bytes_per_s > 0);
    assert_int_equal(wg_machine_facts(0, types, 1, false, &again, &err), WG_E_USAGE);
    assert_int_equal(wg_rmtree(home, &err), WG_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kv_is_2_layers_heads_width_bytes_context),
        cmocka_unit_test(limits_agree_with_the_sum),
        cmocka_unit_test(speed_is_bytes_over_bandwidth),
        cmocka_unit_test(impossible_questions_are_refused),
        cmocka_unit_test(bandwidth_is_interpolated),
        cmocka_unit_test(facts_are_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
