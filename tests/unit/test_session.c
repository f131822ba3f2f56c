/*
 * engine/engine: what a session answers depends on its own tokens only, not on its neighbours, on
 * how they were fed, or on tokens that were taken back. On small models of every kind of memory: KV
 * cache, windows, two sets of frequencies, recurrent state (tests/fixtures/model/tiny).
 */
#include "engine/engine.h"

#include "base/mem.h"
#include "model/spec.h"
#include "package/package.h"

#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define TINY "tests/fixtures/model/tiny/"

static const char *const models[] = {
    TINY "llama-gqa",  TINY "gemma2",           TINY "deepseek-v3",
    TINY "qwen3-next", TINY "qwen3-next-dense", TINY "phi4-mini-longrope",
    TINY "qwen3.5",    TINY "qwen3.5-moe",      TINY "bias-q8_0.gguf",
};

enum { VOCAB = 64, LONGEST = 60, SESSIONS = 3 };

/* More than a batch, so that prompts are cut at odd places. */
static const int64_t lengths[SESSIONS] = {LONGEST, 17, 9};

static const int32_t *text(int which)
{
    static int32_t ids[SESSIONS][LONGEST];

    for (int i = 0; i < LONGEST; i++)
        ids[which][i] = (i * i * 7 + i * (which + 3) + which * 11 + 1) % VOCAB;
    return ids[which];
}

struct fixture {
    struct wg_pkg *pkg;
    struct wg_engine *engine;
    int64_t vocab;
};

static void open_model(struct fixture *f, const char *path, int max_batch, bool exact)
{
    struct wg_engine_opts o = {
        .threads = 2, .max_batch = max_batch, .exact = exact, .no_tokenizer = true};

    assert_int_equal(wg_pkg_open(path, &f->pkg, NULL), WG_OK);
    assert_int_equal(wg_engine_open(f->pkg, &o, &f->engine, NULL), WG_OK);
    f->vocab = wg_engine_spec(f->engine)->n_vocab;
}

static void close_model(struct fixture *f)
{
    wg_engine_close(f->engine);
    wg_pkg_close(f->pkg);
}

static struct wg_session *new_session(struct fixture *f)
{
    struct wg_session *s;

    assert_int_equal(wg_session_new(f->engine, 0, &s, NULL), WG_OK);
    return s;
}

static float *new_logits(const struct fixture *f, int64_t n)
{
    float *v = wg_calloc((size_t)(n * f->vocab), sizeof *v);

    assert_non_null(v);
    return v;
}

static void step(struct fixture *f, struct wg_session *s, const int32_t *ids, int64_t n,
                 float *logits, bool all)
{
    struct wg_feed feed = {.session = s, .ids = ids, .n = n, .logits = logits, .all_logits = all};

    assert_int_equal(wg_engine_step(f->engine, &feed, 1, NULL), WG_OK);
}

/* Logits after each of the n tokens of a session that saw nothing else. */
static float *fresh(struct fixture *f, const int32_t *ids, int64_t n)
{
    struct wg_session *s = new_session(f);
    float *v = new_logits(f, n);

    step(f, s, ids, n, v, true);
    wg_session_free(s);
    return v;
}

static void assert_rows(const struct fixture *f, const float *a, const float *b, int64_t n)
{
    assert_memory_equal(a, b, (size_t)(n * f->vocab) * sizeof *a);
}

static void on_all_models(void (*check)(struct fixture *f, bool longrope))
{
    for (size_t i = 0; i < WG_COUNT(models); i++) {
        for (int exact = 0; exact < 2; exact++) {
            struct fixture f;
            open_model(&f, models[i], 13, exact);
            check(&f, wg_engine_spec(f.engine)->long_rope_from > 0);
            close_model(&f);
        }
    }
}

/* Prompts in one step, then some tokens of each, one a step. */
static void check_together(struct fixture *f, bool longrope)
{
    enum { DECODE = 4 };
    struct wg_feed feeds[SESSIONS];
    float *want[SESSIONS];

    (void)longrope;
    for (int i = 0; i < SESSIONS; i++) {
        int64_t n = lengths[i] - DECODE;
        want[i] = fresh(f, text(i), n);
        feeds[i] = (struct wg_feed){.session = new_session(f),
                                    .ids = text(i),
                                    .n = n,
                                    .logits = new_logits(f, n),
                                    .all_logits = true};
    }
    assert_int_equal(wg_engine_step(f->engine, feeds, SESSIONS, NULL), WG_OK);
    for (int i = 0; i < SESSIONS; i++) {
        assert_rows(f, feeds[i].logits, want[i], lengths[i] - DECODE);
        feeds[i].all_logits = false;
        feeds[i].n = 1;
    }
    for (int t = DECODE; t > 0; t--) {
        for (int i = 0; i < SESSIONS; i++)
            feeds[i].ids = text(i) + lengths[i] - t;
        assert_int_equal(wg_engine_step(f->engine, feeds, SESSIONS, NULL), WG_OK);
    }
    for (int i = 0; i < SESSIONS; i++) {
        float *all = fresh(f, text(i), lengths[i]);
        assert_rows(f, feeds[i].logits, all + (lengths[i] - 1) * f->vocab, 1);
        wg_free(all);
        wg_free(want[i]);
        wg_free(feeds[i].logits);
        wg_session_free(feeds[i].session);
    }
}

static void check_token_by_token(struct fixture *f, bool longrope)
{
    struct wg_session *s = new_session(f);
    float *want = fresh(f, text(0), LONGEST), *got = new_logits(f, 1);

    for (int i = 0; i < LONGEST; i++) {
        step(f, s, text(0) + i, 1, got, false);
        /* The last token has all of the text before it; with longrope the first ones have not. */
        if (!longrope || i == LONGEST - 1)
            assert_rows(f, got, want + i * f->vocab, 1);
    }
    wg_free(want);
    wg_free(got);
    wg_session_free(s);
}

/* Back to n tokens of the first text, then the second text. */
static void check_truncation_to(struct fixture *f, int64_t n)
{
    struct wg_session *s = new_session(f);
    int32_t joined[LONGEST + 17];
    float *got = new_logits(f, 17), *want;

    memcpy(joined, text(0), (size_t)n * sizeof *joined);
    memcpy(joined + n, text(1), 17 * sizeof *joined);
    want = fresh(f, joined, n + 17);
    step(f, s, text(0), 41, NULL, false);
    wg_session_truncate(s, 33);
    wg_session_truncate(s, n);
    assert_int_equal(wg_session_length(s), n);
    step(f, s, text(1), 17, got, true);
    assert_rows(f, got, want + n * f->vocab, 17);
    assert_int_equal(wg_session_length(s), n + 17);
    wg_free(want);
    wg_free(got);
    wg_session_free(s);
}

static void check_truncation(struct fixture *f, bool longrope)
{
    (void)longrope;
    check_truncation_to(f, 0);
    check_truncation_to(f, 5);
    check_truncation_to(f, 33);
}

static void sessions_do_not_see_each_other(void **state)
{
    (void)state;
    on_all_models(check_together);
}

static void tokens_one_by_one_are_the_prompt_at_once(void **state)
{
    (void)state;
    on_all_models(check_token_by_token);
}

static void a_truncated_session_is_a_fresh_one(void **state)
{
    (void)state;
    on_all_models(check_truncation);
}

static void batch_size_does_not_change_a_bit(void **state)
{
    (void)state;
    for (size_t i = 0; i < WG_COUNT(models); i++) {
        struct fixture one, other;
        open_model(&one, models[i], 1, false);
        open_model(&other, models[i], 0, false);
        float *a = fresh(&one, text(0), LONGEST), *b = fresh(&other, text(0), LONGEST);
        assert_rows(&one, a, b, LONGEST);
        wg_free(a);
        wg_free(b);
        close_model(&one);
        close_model(&other);
    }
}

/* Three delta nets keep 3 inputs each of 2 * 16 + 48 channels and 4 matrices of 12 x 8, whatever
 * the length is; one layer attends with 2 heads of 16. */
static void bytes_of_a_session_with_states(void **state)
{
    struct fixture f;

    (void)state;
    open_model(&f, TINY "qwen3.5", 1, false);
    uint64_t states = 3 * (3 * 80 + 4 * 12 * 8) * sizeof(float);
    assert_int_equal(wg_spec_kv_bytes(wg_engine_spec(f.engine), 0, 2), states);
    assert_int_equal(wg_spec_kv_bytes(wg_engine_spec(f.engine), 100, 2),
                     states + 100 * 2 * 2 * 16 * 2);
    close_model(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sessions_do_not_see_each_other),
        cmocka_unit_test(tokens_one_by_one_are_the_prompt_at_once),
        cmocka_unit_test(a_truncated_session_is_a_fresh_one),
        cmocka_unit_test(batch_size_does_not_change_a_bit),
        cmocka_unit_test(bytes_of_a_session_with_states),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
