/* text/: tokenizers against tests/fixtures/tok (tools/make_tokenizer_fixtures.py), and bad files.
 */
#include "base/buf.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "package/gguf.h"
#include "text/bpe.h"
#include "text/normalize.h"
#include "text/pretok.h"
#include "text/tokenizer.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define FOLDER "tests/fixtures/tok/"

static const char *const fixtures[] = {
    "bpe-gpt-2",       "bpe-smollm",    "bpe-llama-bpe",        "bpe-dbrx",
    "bpe-qwen2",       "bpe-qwen35",    "bpe-deepseek-llm",     "bpe-deepseek-coder",
    "bpe-deepseek-v3", "bpe-tekken",    "bpe-gpt-4o",           "bpe-falcon",
    "bpe-bloom",       "bpe-command-r", "bpe-deepseek-r1-qwen", "spm-llama",
    "spm-gemma",       "spm-unk",       "chars-gemma4",
};

static struct wg_tok *open_fixture(const char *name)
{
    char path[256];
    struct wg_gguf *g;
    struct wg_tok *t = NULL;
    struct wg_err err = {0};

    snprintf(path, sizeof path, FOLDER "%s.gguf", name);
    assert_int_equal(wg_gguf_open(path, &g, &err), WG_OK);
    if (wg_tok_from_gguf(g, &t, &err) != WG_OK)
        fail_msg("%s: %s", name, err.msg);
    wg_gguf_close(g);
    return t;
}

static json_t *load(const char *name)
{
    char path[256];
    json_t *doc = NULL;
    struct wg_err err = {0};

    snprintf(path, sizeof path, FOLDER "%s.json", name);
    if (wg_json_load(path, 1 << 22, &doc, &err) != WG_OK)
        fail_msg("%s", err.msg);
    return doc;
}

/* The bytes of text i of texts.json. */
static size_t text_of(const json_t *texts, size_t i, char *out, size_t cap)
{
    const char *s = json_string_value(json_array_get(texts, i));
    size_t n = strlen(s);

    assert_true(n / 4 * 3 < cap);
    int len = EVP_DecodeBlock((unsigned char *)out, (const unsigned char *)s, (int)n);
    assert_true(len >= 0);
    for (; n > 0 && s[n - 1] == '='; n--)
        len--;
    return (size_t)len;
}

static void show(const char *what, const int32_t *v, size_t n)
{
    print_message("  %s:", what);
    for (size_t i = 0; i < n && i < 40; i++)
        print_message(" %d", v[i]);
    print_message("\n");
}

static int compare(const char *name, size_t text, const struct wg_ids *got, const json_t *want)
{
    bool same = got->n == json_array_size(want);

    for (size_t i = 0; same && i < got->n; i++)
        same = got->v[i] == json_integer_value(json_array_get(want, i));
    if (same)
        return 0;
    struct wg_ids w = {0};
    for (size_t i = 0; i < json_array_size(want); i++)
        assert_int_equal(wg_ids_add(&w, (int32_t)json_integer_value(json_array_get(want, i)), NULL),
                         WG_OK);
    print_message("%s, text %zu:\n", name, text);
    show("got ", got->v, got->n);
    show("want", w.v, w.n);
    wg_ids_release(&w);
    return 1;
}

/* Decodes at once and in a stream; both must give what the reference gives. */
static int compare_text(const char *name, size_t i, const struct wg_tok *t,
                        const struct wg_ids *ids, const char *want, size_t want_n)
{
    struct wg_buf all, stream, whole;
    struct wg_detok d;

    wg_buf_init(&all, SIZE_MAX);
    wg_buf_init(&stream, SIZE_MAX);
    wg_buf_init(&whole, SIZE_MAX);
    assert_int_equal(wg_tok_decode(t, ids->v, ids->n, true, &all, NULL), WG_OK);
    wg_norm_utf8(&whole, all.p, all.len);
    wg_detok_init(&d, t, true);
    for (size_t k = 0; k < ids->n; k++) {
        wg_detok_feed(&d, ids->v[k], &stream);
        assert_true(wg_utf8_valid(stream.p, stream.len));
    }
    wg_detok_finish(&d, &stream);
    bool same = whole.len == stream.len && stream.len == want_n &&
                (want_n == 0 ||
                 (memcmp(stream.p, want, want_n) == 0 && memcmp(whole.p, want, want_n) == 0));
    if (!same)
        print_message("%s, text %zu: decoded \"%s\", want \"%.*s\"\n", name, i,
                      stream.p ? stream.p : "", (int)want_n, want);
    wg_buf_release(&all);
    wg_buf_release(&stream);
    wg_buf_release(&whole);
    return !same;
}

static int check_text(const char *name, const struct wg_tok *t, size_t i, const json_t *texts,
                      const json_t *row)
{
    char text[4096];
    size_t n = text_of(texts, i, text, sizeof text);
    const json_t *special = json_array_get(row, 0), *plain = json_array_get(row, 1),
                 *back = json_array_get(row, 2);
    struct wg_ids ids = {0};
    struct wg_buf clean;
    int bad;

    assert_int_equal(wg_tok_encode(t, text, n, 0, &ids, NULL), WG_OK);
    bad = compare(name, i, &ids, json_is_null(plain) ? special : plain);
    ids.n = 0;
    assert_int_equal(wg_tok_encode(t, text, n, WG_TOK_SPECIAL, &ids, NULL), WG_OK);
    bad += compare(name, i, &ids, special);
    wg_buf_init(&clean, SIZE_MAX);
    wg_norm_utf8(&clean, text, n);
    /* Without byte fallback a text does not come back; "\u2581" comes back as a space. */
    if (json_is_string(back))
        bad += compare_text(name, i, t, &ids, json_string_value(back), json_string_length(back));
    else if (strncmp(name, "spm", 3) != 0)
        bad += compare_text(name, i, t, &ids, clean.p, clean.len);
    wg_buf_release(&clean);
    wg_ids_release(&ids);
    return bad;
}

static void every_fixture_gives_the_ids_of_the_references(void **state)
{
    json_t *texts = load("texts");
    int bad = 0;

    (void)state;
    for (size_t f = 0; f < WG_COUNT(fixtures); f++) {
        struct wg_tok *t = open_fixture(fixtures[f]);
        json_t *rows = load(fixtures[f]);
        assert_int_equal(json_array_size(rows), json_array_size(texts));
        for (size_t i = 0; i < json_array_size(rows); i++)
            bad += check_text(fixtures[f], t, i, texts, json_array_get(rows, i));
        json_decref(rows);
        wg_tok_free(t);
    }
    json_decref(texts);
    assert_int_equal(bad, 0);
}

static void bad_files_are_refused_with_their_rule(void **state)
{
    json_t *rules = load("bad");
    const char *name;
    json_t *rule;

    (void)state;
    json_object_foreach(rules, name, rule) {
        char path[256];
        struct wg_gguf *g;
        struct wg_tok *t = NULL;
        struct wg_err err = {0};
        const char *status = json_string_value(json_array_get(rule, 0)),
                   *message = json_string_value(json_array_get(rule, 1));
        snprintf(path, sizeof path, FOLDER "bad-%s.gguf", name);
        if (wg_gguf_open(path, &g, &err) != WG_OK)
            fail_msg("%s", err.msg);
        enum wg_status st = wg_tok_from_gguf(g, &t, &err);
        if (strcmp(wg_status_name(st), status) != 0 || !strstr(err.msg, message))
            fail_msg("%s: %s (%s); want \"%s\" (%s)", name, err.msg, wg_status_name(st), message,
                     status);
        assert_null(t);
        wg_gguf_close(g);
    }
    json_decref(rules);
}

/* Joins the best pair, leftmost first, until none is left: the definition. */
static size_t join_by_definition(const struct wg_bpe *b, struct wg_sym *sym, size_t n)
{
    for (;;) {
        size_t best = n;
        struct wg_pair found = {.rank = UINT32_MAX};
        for (size_t i = 0; i + 1 < n; i++)
            for (uint32_t k = 0; k <= b->mask; k++) {
                const struct wg_pair *p = &b->pairs[k];
                if (p->id_p1 && (int32_t)p->left == sym[i].id &&
                    (int32_t)p->right == sym[i + 1].id && p->rank < found.rank) {
                    found = *p;
                    best = i;
                }
            }
        if (best == n)
            return n;
        sym[best].id = (int32_t)found.id_p1 - 1;
        memmove(&sym[best + 1], &sym[best + 2], (n - best - 2) * sizeof *sym);
        n--;
    }
}

static void joining_is_the_same_for_short_and_long_words(void **state)
{
    struct wg_bpe b;
    struct wg_bpe_work work = {0};
    uint32_t seed = 7;

    (void)state;
    assert_int_equal(wg_bpe_init(&b, 60, NULL), WG_OK);
    for (uint32_t i = 0; i < 60; i++) { /* pairs of 4 letters and of what they make */
        seed = seed * 1664525u + 1013904223u;
        int32_t left = (int32_t)((seed >> 8) % (4 + i / 2)), right = (int32_t)((seed >> 16) % 6);
        assert_int_equal(wg_bpe_add(&b, left, right, i, (int32_t)(4 + i), NULL), WG_OK);
    }
    for (size_t len = 1; len <= 120; len++) {
        struct wg_sym got[120], want[120];
        size_t n = len;
        for (size_t i = 0; i < len; i++) {
            seed = seed * 1664525u + 1013904223u;
            got[i] = want[i] = (struct wg_sym){(int32_t)(seed >> 20) % 4, (uint32_t)i};
        }
        assert_int_equal(wg_bpe_join(&b, "", len, got, &n, &work, NULL), WG_OK);
        assert_int_equal(n, join_by_definition(&b, want, len));
        for (size_t i = 0; i < n; i++) {
            assert_int_equal(got[i].id, want[i].id);
            assert_int_equal(got[i].at, want[i].at);
        }
    }
    wg_bpe_work_release(&work);
    wg_bpe_release(&b);
}

/* A megabyte without a place to cut, and the same again after a word: the ids must repeat. */
static void long_runs_stay_linear(void **state)
{
    enum { N = 1 << 20 };
    static const char *const names[] = {"bpe-llama-bpe", "spm-llama", "chars-gemma4"};
    static const char letters[] = {'a', ' ', '\n', '1', '<'};
    char *text = wg_calloc(N, 1);

    (void)state;
    assert_non_null(text);
    for (size_t k = 0; k < WG_COUNT(names); k++) {
        struct wg_tok *t = open_fixture(names[k]);
        for (size_t c = 0; c < sizeof letters; c++) {
            struct wg_ids ids = {0};
            struct wg_buf back;
            memset(text, letters[c], N);
            assert_int_equal(wg_tok_encode(t, text, N, WG_TOK_SPECIAL, &ids, NULL), WG_OK);
            wg_buf_init(&back, SIZE_MAX);
            assert_int_equal(wg_tok_decode(t, ids.v, ids.n, false, &back, NULL), WG_OK);
            assert_int_equal(back.len, N);
            assert_memory_equal(back.p, text, N);
            wg_buf_release(&back);
            wg_ids_release(&ids);
        }
        wg_tok_free(t);
    }
    wg_free(text);
}

/* The cache of repeated words must not show: a text twice over gives its ids twice over. */
static void repeated_words_give_the_same_ids(void **state)
{
    static const char part[] = "The quick brown fox, you're it! caf\xC3\xA9 12345\n";
    struct wg_tok *t = open_fixture("bpe-llama-bpe");
    struct wg_ids once = {0}, many = {0};
    struct wg_buf text;

    (void)state;
    wg_buf_init(&text, SIZE_MAX);
    for (int i = 0; i < 200; i++)
        wg_buf_adds(&text, part);
    assert_int_equal(wg_tok_encode(t, part, sizeof part - 1, 0, &once, NULL), WG_OK);
    assert_int_equal(wg_tok_encode(t, text.p, text.len, 0, &many, NULL), WG_OK);
    assert_int_equal(many.n, once.n * 200);
    for (size_t i = 0; i < many.n; i++)
        assert_int_equal(many.v[i], once.v[i % once.n]);
    wg_buf_release(&text);
    wg_ids_release(&once);
    wg_ids_release(&many);
    wg_tok_free(t);
}

static void attributes_and_ends_are_known(void **state)
{
    struct wg_tok *t = open_fixture("bpe-llama-bpe");
    int32_t end = wg_tok_find(t, "<|im_end|>", 10), user = wg_tok_find(t, "<tool>", 6);
    struct wg_ids ids = {0};
    size_t n;

    (void)state;
    assert_int_equal(wg_tok_info(t)->eos, end);
    assert_string_equal(wg_tok_info(t)->kind, "gpt2");
    assert_string_equal(wg_tok_info(t)->pre, "llama-bpe");
    assert_true(wg_tok_is_eog(t, end));
    assert_false(wg_tok_is_eog(t, user));
    assert_int_equal(wg_tok_attr(t, end), WG_TOK_CONTROL);
    assert_int_equal(wg_tok_attr(t, user), WG_TOK_USER);
    assert_int_equal(wg_tok_find(t, "no such entry", 13), -1);
    wg_tok_bytes(t, end, false, &n);
    assert_int_equal(n, 0);
    assert_memory_equal(wg_tok_bytes(t, end, true, &n), "<|im_end|>", 10);
    /* Llama 3 begins a text with its BOS where the file does not say otherwise. */
    assert_int_equal(wg_tok_encode(t, "a", 1, WG_TOK_BOS | WG_TOK_EOS, &ids, NULL), WG_OK);
    assert_int_equal(ids.n, 2);
    assert_int_equal(ids.v[0], wg_tok_info(t)->bos);
    wg_ids_release(&ids);
    wg_tok_free(t);
}

static void decoding_a_stream_never_gives_half_a_character(void **state)
{
    /* The tokens of the four bytes of U+1F642, then one that is none, then a letter. */
    static const unsigned char bytes[] = {0xF0, 0x9F, 0x99, 0x82, 0xE2, 'a', 0xC3};
    struct wg_tok *t = open_fixture("spm-llama");
    struct wg_buf out;
    struct wg_detok d;

    (void)state;
    wg_buf_init(&out, 100);
    wg_detok_init(&d, t, false);
    for (size_t i = 0; i < sizeof bytes; i++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", bytes[i]);
        wg_detok_feed(&d, wg_tok_find(t, name, 6), &out);
        if (i < 3)
            assert_int_equal(out.len, 0);
    }
    assert_string_equal(out.p, "\xF0\x9F\x99\x82\xEF\xBF\xBD"
                               "a");
    wg_detok_finish(&d, &out);
    assert_string_equal(out.p, "\xF0\x9F\x99\x82\xEF\xBF\xBD"
                               "a\xEF\xBF\xBD");
    wg_buf_release(&out);
    wg_tok_free(t);
}

/* Every allocation fails once; nothing leaks or crashes, and out is as it was. */
static void running_out_of_memory_is_reported(void **state)
{
    static const char *const names[] = {"bpe-qwen2", "spm-gemma"};
    static const char text[] = "The qui\xCC\x81"
                               "ck <tool> fox   jumps\xFF over the lazy dog.<|im_end|>";

    (void)state;
    for (size_t k = 0; k < WG_COUNT(names); k++) {
        char path[256];
        struct wg_gguf *g;
        struct wg_tok *t = NULL;
        enum wg_status st = WG_E_OOM;
        snprintf(path, sizeof path, FOLDER "%s.gguf", names[k]);
        assert_int_equal(wg_gguf_open(path, &g, NULL), WG_OK);
        for (long n = 0; st == WG_E_OOM; n++) {
            wg_mem_fail_after(n);
            st = wg_tok_from_gguf(g, &t, NULL);
            wg_mem_fail_after(-1);
        }
        assert_int_equal(st, WG_OK);
        wg_gguf_close(g);
        struct wg_ids ids = {0};
        st = WG_E_OOM;
        for (long n = 0; st == WG_E_OOM; n++) {
            wg_ids_release(&ids);
            wg_mem_fail_after(n);
            st = wg_tok_encode(t, text, sizeof text - 1, WG_TOK_SPECIAL, &ids, NULL);
            wg_mem_fail_after(-1);
            assert_true(st == WG_OK || ids.n == 0);
        }
        assert_int_equal(st, WG_OK);
        wg_ids_release(&ids);
        wg_tok_free(t);
    }
}

static void marks_are_ordered_in_linear_time(void **state)
{
    enum { MARKS = 100000 };
    struct wg_buf text, out;

    (void)state;
    wg_buf_init(&text, SIZE_MAX);
    wg_buf_init(&out, SIZE_MAX);
    wg_buf_addc(&text, 'q');
    for (int i = 0; i < MARKS; i++)
        wg_buf_adds(&text, "\xCC\x87\xCC\xA3"); /* class 230, then class 220 */
    assert_int_equal(wg_norm_unicode(&out, text.p, text.len, WG_NORM_NFC, NULL), WG_OK);
    assert_int_equal(out.len, text.len);
    assert_memory_equal(out.p, "q\xCC\xA3\xCC\xA3", 5);
    assert_memory_equal(out.p + out.len - 4, "\xCC\x87\xCC\x87", 4);
    wg_buf_release(&text);
    wg_buf_release(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_fixture_gives_the_ids_of_the_references),
        cmocka_unit_test(bad_files_are_refused_with_their_rule),
        cmocka_unit_test(joining_is_the_same_for_short_and_long_words),
        cmocka_unit_test(long_runs_stay_linear),
        cmocka_unit_test(repeated_words_give_the_same_ids),
        cmocka_unit_test(attributes_and_ends_are_known),
        cmocka_unit_test(decoding_a_stream_never_gives_half_a_character),
        cmocka_unit_test(running_out_of_memory_is_reported),
        cmocka_unit_test(marks_are_ordered_in_linear_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
