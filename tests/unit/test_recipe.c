/* What the tensors of a model get by each recipe. */
#include "convert/recipe.h"

#include "base/attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const struct wg_recipe_model small = {.n_layers = 32, .heads_per_kv = 1};

static const char *type_in(const struct wg_recipe_model *m, const char *recipe, const char *tensor,
                           int64_t row)
{
    int64_t ne[4] = {row, 64, 1, 1};
    enum wg_type type;

    if (!wg_recipe_type(wg_recipe_find(recipe), m, tensor, 2, ne, &type))
        return "kept";
    return wg_type_info((uint32_t)type)->name;
}

static const char *type_of(const char *recipe, const char *tensor, int64_t row)
{
    return type_in(&small, recipe, tensor, row);
}

static void test_names(void **state)
{
    (void)state;
    assert_ptr_equal(wg_recipe_find("q4_k_m"), wg_recipe_find("Q4_K_M"));
    assert_null(wg_recipe_find("Q4"));
    for (size_t i = 0; wg_recipe_at(i); i++)
        for (size_t k = i + 1; wg_recipe_at(k); k++)
            assert_int_not_equal(wg_recipe_file_type(wg_recipe_at(i)),
                                 wg_recipe_file_type(wg_recipe_at(k)));
}

static void test_kept(void **state)
{
    static const char *const names[] = {
        "blk.0.attn_norm.weight", "output_norm.weight",        "blk.3.attn_q.bias",
        "rope_freqs.weight.x",    "blk.1.ffn_gate_inp.weight", "blk.1.post_ffw_norm.weight",
        "blk.0.weight",           "blk.2.attn_q_norm.weight",
    };
    int64_t ne[4] = {256, 1, 1, 1};
    enum wg_type type;

    (void)state;
    for (size_t i = 0; i < WG_COUNT(names); i++)
        assert_string_equal(type_of("Q4_K_M", names[i], 256), "kept");
    assert_false(
        wg_recipe_type(wg_recipe_find("F16"), &small, "blk.0.attn_q.weight", 1, ne, &type));
}

static void test_plain(void **state)
{
    (void)state;
    for (size_t i = 0; wg_recipe_at(i); i++) {
        const char *name = wg_recipe_name(wg_recipe_at(i));
        char base[8];
        snprintf(base, sizeof base, "%.*s", (int)(strstr(name, "_M") ? strlen(name) - 2 : 7), name);
        assert_string_equal(type_of(name, "blk.9.ffn_up.weight", 256), base);
    }
}

static void test_layers_that_get_more(void **state)
{
    int more = 0;

    (void)state;
    for (int i = 0; i < 32; i++) {
        char name[64];
        snprintf(name, sizeof name, "blk.%d.ffn_down.weight", i);
        const char *type = type_of("Q4_K_M", name, 1024);
        bool expect = i < 4 || i >= 28 || (i - 4) % 3 == 2;
        assert_string_equal(type, expect ? "Q6_K" : "Q4_K");
        more += expect;
        assert_string_equal(type_of("Q3_K_M", name, 1024), i < 2    ? "Q5_K"
                                                           : expect ? "Q4_K"
                                                                    : "Q3_K");
        assert_string_equal(type_of("IQ4_XS", name, 1024), i < 4 ? "Q5_K" : "IQ4_XS");
    }
    assert_int_equal(more, 16);
    assert_string_equal(type_of("Q3_K_M", "blk.1.attn_v.weight", 1024), "Q5_K");
    assert_string_equal(type_of("Q3_K_M", "blk.2.attn_v.weight", 1024), "Q4_K");
}

static void test_head_and_embedding(void **state)
{
    struct wg_recipe_model tied = {.n_layers = 32, .heads_per_kv = 1, .tied = true};

    (void)state;
    assert_string_equal(type_of("Q4_K_M", "output.weight", 256), "Q6_K");
    assert_string_equal(type_of("Q4_K_M", "token_embd.weight", 256), "Q4_K");
    assert_string_equal(type_in(&tied, "Q4_K_M", "token_embd.weight", 256), "Q6_K");
    assert_string_equal(type_in(&tied, "Q4_0", "token_embd.weight", 64), "Q8_0");
    assert_string_equal(type_of("Q8_0", "output.weight", 256), "Q8_0");
}

static void test_shared_values(void **state)
{
    struct wg_recipe_model gqa = {.n_layers = 32, .heads_per_kv = 4};

    (void)state;
    assert_string_equal(type_of("Q2_K", "blk.9.attn_v.weight", 256), "Q3_K");
    assert_string_equal(type_in(&gqa, "Q2_K", "blk.9.attn_v.weight", 256), "Q4_K");
}

static void test_rows_that_do_not_fit(void **state)
{
    (void)state;
    assert_string_equal(type_of("Q4_K_M", "blk.9.ffn_up.weight", 96), "Q5_0");
    assert_string_equal(type_of("Q5_K_M", "blk.9.ffn_up.weight", 96), "Q5_1");
    assert_string_equal(type_of("Q6_K", "blk.9.ffn_up.weight", 96), "Q8_0");
    assert_string_equal(type_of("Q3_K_M", "blk.9.ffn_up.weight", 96), "IQ4_NL");
    assert_string_equal(type_of("Q2_K", "blk.9.ffn_up.weight", 96), "IQ4_NL");
    assert_string_equal(type_of("IQ4_XS", "blk.9.ffn_up.weight", 96), "IQ4_NL");
    assert_string_equal(type_of("Q4_K_M", "blk.9.ffn_up.weight", 48), "F16");
    assert_string_equal(type_of("Q8_0", "blk.9.ffn_up.weight", 48), "F16");
    assert_string_equal(type_of("BF16", "blk.9.ffn_up.weight", 48), "BF16");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_kept),
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_layers_that_get_more),
        cmocka_unit_test(test_head_and_embedding),
        cmocka_unit_test(test_shared_values),
        cmocka_unit_test(test_rows_that_do_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
