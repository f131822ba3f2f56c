/* include/weigh.h, linked to libweigh.so alone. */
#include "weigh.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define TINY "tests/fixtures/model/tiny/gqa-f32.gguf"

static const int32_t ids[] = {5, 17, 42, 3, 90, 11};

static void feed_is_the_same_in_pieces(void **state)
{
    struct weigh_engine_options o = {.threads = 2, .ids_only = 1};
    struct weigh_error e;
    weigh_engine *m = weigh_engine_open(TINY, &o, &e);

    (void)state;
    assert_non_null(m);
    int64_t vocab = weigh_engine_vocab(m);
    assert_int_equal(vocab, 96);
    assert_int_equal(weigh_engine_context(m), 64);
    float *a = calloc((size_t)vocab, sizeof *a), *b = calloc((size_t)vocab, sizeof *b);
    weigh_session *s = weigh_session_open(m, 0, &e);
    assert_non_null(s);
    assert_int_equal(weigh_session_feed(s, ids, 6, a, &e), WEIGH_OK);
    assert_int_equal(weigh_session_length(s), 6);
    weigh_session_truncate(s, 2);
    assert_int_equal(weigh_session_feed(s, ids + 2, 1, NULL, &e), WEIGH_OK);
    assert_int_equal(weigh_session_feed(s, ids + 3, 3, b, &e), WEIGH_OK);
    assert_memory_equal(a, b, (size_t)vocab * sizeof *a);
    assert_true(isfinite(a[0]));
    weigh_session_close(s);
    weigh_engine_close(m);
    free(a);
    free(b);
}

static void failures_have_a_status_and_a_message(void **state)
{
    struct weigh_engine_options o = {.ids_only = 1};
    struct weigh_error e;

    (void)state;
    assert_null(weigh_engine_open("tests/no-such-model.gguf", NULL, &e));
    assert_int_equal(e.status, WEIGH_BAD_INPUT);
    assert_non_null(strstr(e.message, "no-such-model"));
    weigh_engine *m = weigh_engine_open(TINY, &o, &e);
    weigh_session *s = weigh_session_open(m, 4, &e);
    assert_int_equal(weigh_session_feed(s, ids, 6, NULL, &e), WEIGH_BAD_INPUT);
    assert_non_null(strstr(e.message, "the context holds 4"));
    static const int32_t outside[] = {96};
    assert_int_equal(weigh_session_feed(s, outside, 1, NULL, &e), WEIGH_BAD_INPUT);
    assert_int_equal(weigh_session_chat(s, "[]", NULL, NULL, NULL, &e), WEIGH_USAGE);
    weigh_session_close(s);
    assert_null(weigh_session_open(m, 65, &e));
    assert_non_null(strstr(e.message, "trained for 64"));
    weigh_engine_close(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(feed_is_the_same_in_pieces),
        cmocka_unit_test(failures_have_a_status_and_a_message),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
