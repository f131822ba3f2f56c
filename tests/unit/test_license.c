/* license/: words of a text, known texts found or not, every single-word edit noticed. */
#include "license/match.h"
#include "license/words.h"
#include "license/ref.h"

#include "base/file.h"
#include "base/mem.h"
#include "license/limits.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct wg_words read_words(const char *text)
{
    struct wg_words w;
    struct wg_err err;

    assert_int_equal(wg_words_read(&w, text, strlen(text), "TEXT", &err), WG_OK);
    return w;
}

static void assert_same_words(const char *a, const char *b)
{
    struct wg_words x = read_words(a), y = read_words(b);

    assert_int_equal(x.n, y.n);
    for (size_t i = 0; i < x.n; i++)
        assert_true(x.tokens[i].hash == y.tokens[i].hash);
    wg_words_release(&x);
    wg_words_release(&y);
}

static void assert_other_words(const char *a, const char *b)
{
    struct wg_words x = read_words(a), y = read_words(b);
    bool same = x.n == y.n;

    for (size_t i = 0; same && i < x.n; i++)
        same = x.tokens[i].hash == y.tokens[i].hash;
    assert_false(same);
    wg_words_release(&x);
    wg_words_release(&y);
}

static void layout_changes_no_word(void **state)
{
    (void)state;
    assert_same_words("You may not\nuse", "  You  may\r\n not \t use");
    assert_same_words("\"AS IS\" - no warranty", "\xE2\x80\x9C"
                                                 "as is\xE2\x80\x9D \xE2\x80\x94 No Warranty.");
    assert_same_words("**Grant** of _rights_", "Grant of rights");
    assert_same_words("# Terms\n> quoted\n* item", "Terms quoted item");
    assert_same_words("non-exclusive", "non-\nexclusive");
    assert_same_words("see http://a.example/x.", "see HTTPS://A.example/x/");
    assert_same_words("[http://a.example/x](http://a.example/x)", "http://a.example/x");
    assert_same_words("of\xC2\xA0the\xE2\x80\xA8work", "of the work");
    assert_same_words("con\xEF\xAC\x81rm", "confirm");
    assert_same_words("\xEF\xBB\xBFText", "text");
}

static void what_layout_cannot_change_is_a_word(void **state)
{
    (void)state;
    assert_other_words("700 million", "7 million");
    assert_other_words("USD 20", "USD 20%");
    assert_other_words("$20", "20");
    assert_other_words("1,000", "10,00");
    assert_other_words("version 2.0", "version 2.1");
    assert_other_words("more than 5", "more than > 5");
    assert_other_words("https://a.example/x", "https://a.example/X");
    assert_other_words("https://a.example/x", "https://b.example/x");
    assert_other_words("[policy](https://a.example)", "[policy](https://b.example)");
    assert_other_words("[https://a.example](https://b.example)", "https://a.example");
    assert_other_words("terms & conditions", "terms conditions");
    assert_other_words("\xE2\x82\xAC 5", "\xC2\xA3 5");
    /* a number that a line happens to begin with is not an enumerator */
    assert_other_words("more than USD\n20. Then", "more than USD\n30. Then");
}

static void enumerators_are_soft(void **state)
{
    struct wg_words w =
        read_words("1. Grant. You may:\n  (a) use it; and\n  (b) keep (i) this and\n"
                   "\n2.1 End. Section 2(a) of 3.\n");
    static const bool soft[] = {true,  false, false, false, true,  false, false,
                                false, true,  false, true,  false, false, true,
                                false, false, false, false, false, false};

    (void)state;
    assert_int_equal(w.n, WG_COUNT(soft));
    for (size_t i = 0; i < w.n; i++)
        assert_int_equal(w.tokens[i].flags & WG_TOKEN_SOFT, soft[i]);
    assert_int_equal(w.tokens[13].line, 5);
    wg_words_release(&w);
}

static void suspicious_characters_are_counted_with_their_line(void **state)
{
    static const char *const hidden[] = {
        "fine\nn\xE2\x80\x8Bot", /* zero-width space */
        "fine\nn\xC2\xADot",     /* soft hyphen */
        "fine\n\xE2\x80\xAEnot", /* right-to-left override */
        "fine\nn\xD0\xBEt",      /* Cyrillic o */
        "fine\n~~not~~",         /* struck out: two marks, counted at each pair */
        "fine\nn\xFFot",         /* not UTF-8 */
        "fine\nno\x01t",
    };

    (void)state;
    for (size_t i = 0; i < WG_COUNT(hidden); i++) {
        struct wg_words w = read_words(hidden[i]);
        assert_true(w.suspicious >= 1);
        assert_int_equal(w.suspicious_line, 2);
        wg_words_release(&w);
    }
    struct wg_words w = read_words("na\xC3\xAFve \xE2\x80\x9Cquote\xE2\x80\x9D \xC2\xA9 2024\f");
    assert_int_equal(w.suspicious, 0);
    wg_words_release(&w);
}

static void a_text_over_the_limit_is_refused_by_name(void **state)
{
    struct wg_words w;
    struct wg_err err;

    (void)state;
    assert_int_equal(wg_words_read(&w, "x", (size_t)WG_LICENSE_MAX_BYTES + 1, "LICENSE", &err),
                     WG_E_LIMIT);
    assert_string_equal(err.msg, "LICENSE: 16777217 bytes: a licence text has at most 16 MiB; this "
                                 "file is not read");
}

/* A text that has exactly the required parts of a reference, made from its hashes; a hole that
 * needs a word gets one. */
static struct wg_words synthesize(const struct wg_ref_text *ref)
{
    struct wg_words w = {.text = ""};

    w.tokens = wg_calloc(ref->n_tokens + 64, sizeof *w.tokens);
    assert_non_null(w.tokens);
    for (size_t p = 0; p < ref->n_parts; p++) {
        const struct wg_ref_part *part = &ref->parts[p];
        if (part->kind == WG_PART_NAME)
            w.tokens[w.n++] = (struct wg_token){.hash = wg_word_hash("acme", 4), .line = 1};
        if (part->optional ||
            (p > 0 && part->alternative && part->alternative == ref->parts[p - 1].alternative))
            continue;
        for (uint32_t i = part->first; i < part->first + part->tokens; i++)
            w.tokens[w.n++] =
                (struct wg_token){.hash = ref->words[ref->tokens[i] & ~WG_REF_SOFT],
                                  .flags = ref->tokens[i] & WG_REF_SOFT ? WG_TOKEN_SOFT : 0,
                                  .line = 1};
    }
    return w;
}

static bool whole(const struct wg_ref_text *ref, const struct wg_words *w)
{
    struct wg_match m;

    return wg_match_find(ref, w, 0, &m) && m.first == 0 && m.end == w->n;
}

static bool any_whole(const struct wg_words *w)
{
    for (size_t i = 0; i < wg_ref_count(); i++)
        if (whole(wg_ref_at(i), w))
            return true;
    return false;
}

static void every_reference_is_sound(void **state)
{
    (void)state;
    for (size_t i = 0; i < wg_ref_count(); i++) {
        const struct wg_ref_text *ref = wg_ref_at(i);
        uint32_t next = 0;
        assert_true(ref->n_parts <= WG_MATCH_MAX_PARTS);
        for (size_t p = 0; p < ref->n_parts; p++) {
            assert_int_equal(ref->parts[p].first, next);
            assert_int_equal(ref->parts[p].kind == WG_PART_TEXT, ref->parts[p].tokens > 0);
            next += ref->parts[p].tokens;
        }
        assert_int_equal(next, ref->n_tokens);
        for (size_t t = 0; t < ref->n_tokens; t++)
            assert_in_range(ref->tokens[t] & ~WG_REF_SOFT, 0, ref->n_words - 1);
        for (size_t c = 0; c < ref->n_clauses; c++) {
            const struct wg_clause *clause = &ref->clauses[c];
            bool known = false;
#define WG_TOPIC_TEST(topic_) known |= strcmp(clause->topic, #topic_) == 0;
            WG_TOPICS(WG_TOPIC_TEST)
#undef WG_TOPIC_TEST
            assert_true(known);
            assert_in_range(clause->part, 0, ref->n_parts - 1);
            assert_true(clause->tokens >= 8);
            assert_true((uint32_t)clause->first + clause->tokens <=
                        ref->parts[clause->part].tokens);
            assert_int_equal(clause->effect == WG_EFFECT_DUTY, clause->what != NULL);
        }
        assert_ptr_equal(wg_ref_by_label(ref->id), ref);
        assert_ptr_equal(wg_ref_by_label(ref->spdx), ref);
    }
    assert_null(wg_ref_by_label("llama3.1"));
}

static void every_reference_identifies_as_itself_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < wg_ref_count(); i++) {
        struct wg_words w = synthesize(wg_ref_at(i));
        for (size_t j = 0; j < wg_ref_count(); j++)
            assert_int_equal(whole(wg_ref_at(j), &w), i == j);
        wg_words_release(&w);
    }
}

/* Deleting, replacing or inserting any word of any reference leaves no exact text. */
static void no_edited_reference_is_whole(void **state)
{
    static const char *const words[] = {"not", "only", "700", "xyzzy"};

    (void)state;
    for (size_t i = 0; i < wg_ref_count(); i++) {
        struct wg_words w = synthesize(wg_ref_at(i));
        struct wg_words e = {.text = "", .tokens = wg_calloc(w.n + 1, sizeof *e.tokens)};
        assert_non_null(e.tokens);
        for (size_t at = 0; at < w.n; at++) {
            bool soft = (w.tokens[at].flags & WG_TOKEN_SOFT) != 0;
            bool name = w.tokens[at].hash == wg_word_hash("acme", 4);
            memcpy(e.tokens, w.tokens, at * sizeof *e.tokens);
            memcpy(e.tokens + at, w.tokens + at + 1, (w.n - at - 1) * sizeof *e.tokens);
            e.n = w.n - 1;
            assert_int_equal(any_whole(&e), soft);
            for (size_t k = 0; k < WG_COUNT(words); k++) {
                struct wg_token other = {.hash = wg_word_hash(words[k], strlen(words[k])),
                                         .line = 1};
                bool may = name && k >= 2; /* a name may hold a word that is no term */
                memcpy(e.tokens, w.tokens, w.n * sizeof *e.tokens);
                e.n = w.n;
                e.tokens[at] = other;
                if (w.tokens[at].hash != other.hash)
                    assert_int_equal(any_whole(&e), may);
                memcpy(e.tokens + at + 1, w.tokens + at, (w.n - at) * sizeof *e.tokens);
                e.n = w.n + 1;
                e.tokens[at] = other;
                assert_true(!any_whole(&e) || (k >= 2 && wg_ref_at(i) == &wg_ref_bsd_3_clause));
            }
            if (soft) { /* the other enumerator is an edit, even at a soft place */
                memcpy(e.tokens, w.tokens, w.n * sizeof *e.tokens);
                e.n = w.n;
                e.tokens[at].hash = wg_word_hash("z", 1);
                assert_false(any_whole(&e));
            }
        }
        wg_words_release(&e);
        wg_words_release(&w);
    }
}

/* The licence of this program is a copy of the publisher's text. */
static struct wg_buf own_license(void)
{
    struct wg_buf b;
    struct wg_err err;

    wg_buf_init(&b, 1 << 20);
    assert_int_equal(wg_file_read(&b, "LICENSE", 1 << 18, &err), WG_OK);
    return b;
}

/* Foreign words before the text, or SIZE_MAX when it is not found or does not reach the end. */
static size_t words_before(const char *text)
{
    struct wg_words w = read_words(text);
    struct wg_match m;
    bool found = wg_match_find(&wg_ref_apache_2_0, &w, 0, &m) && m.end == w.n;

    wg_words_release(&w);
    return found ? m.first : SIZE_MAX;
}

static void a_real_text_is_found_in_every_layout(void **state)
{
    struct wg_buf b = own_license();

    (void)state;
    assert_int_equal(words_before(b.p), 0);
    char *flat = wg_strdup(b.p);
    for (char *p = flat; *p; p++)
        if (*p == '\n' && p[1] != '\n')
            *p = ' ';
    assert_int_equal(words_before(flat), 0);
    wg_free(flat);
    /* without the appendix, and with a copyright line before or after */
    char *end = strstr(b.p, "APPENDIX");
    assert_non_null(end);
    *end = '\0';
    assert_int_equal(words_before(b.p), 0);
    struct wg_buf c;
    wg_buf_init(&c, 1 << 20);
    wg_buf_addf(
        &c, "Copyright 2024 The Acme Authors. All rights reserved.\n\n%s\nCopyright 2023 Z\n", b.p);
    assert_int_equal(words_before(c.p), 0);
    wg_buf_clear(&c);
    wg_buf_addf(&c, "Copyright 2024 Acme. Not for commercial use.\n\n%s", b.p);
    assert_int_equal(words_before(c.p), 7);
    wg_buf_release(&c);
    wg_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layout_changes_no_word),
        cmocka_unit_test(what_layout_cannot_change_is_a_word),
        cmocka_unit_test(enumerators_are_soft),
        cmocka_unit_test(suspicious_characters_are_counted_with_their_line),
        cmocka_unit_test(a_text_over_the_limit_is_refused_by_name),
        cmocka_unit_test(every_reference_is_sound),
        cmocka_unit_test(every_reference_identifies_as_itself_alone),
        cmocka_unit_test(no_edited_reference_is_whole),
        cmocka_unit_test(a_real_text_is_found_in_every_layout),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
