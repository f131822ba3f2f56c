/* base/: buffers, reader, UTF-8, JSON and YAML, hashes, pool, files. */
#include "base/arena.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "base/pool.h"
#include "base/rd.h"
#include "base/type.h"
#include "base/utf8.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void buf_grows_to_its_ceiling_and_fails_once(void **state)
{
    struct wg_buf b;
    struct wg_err err;

    (void)state;
    wg_buf_init(&b, 16);
    wg_buf_adds(&b, "0123456789");
    wg_buf_addf(&b, "%d", 42);
    assert_string_equal(b.p, "012345678942");
    wg_buf_adds(&b, "abcd"); /* 16 bytes and a NUL do not fit in 16 */
    assert_int_equal(wg_buf_check(&b, "text", &err), WG_E_LIMIT);
    assert_string_equal(err.msg, "text is over the limit of 16 bytes");
    assert_int_equal(b.len, 12);
    wg_buf_addc(&b, 'x');
    assert_int_equal(b.len, 12);
    wg_buf_release(&b);
}

static void buf_reports_out_of_memory(void **state)
{
    struct wg_buf b;

    (void)state;
    wg_buf_init(&b, 1 << 20);
    wg_mem_fail_after(0);
    wg_buf_adds(&b, "x");
    wg_mem_fail_after(-1);
    assert_int_equal(wg_buf_check(&b, "text", NULL), WG_E_OOM);
    wg_buf_release(&b);
}

static void messages_cannot_talk_to_the_terminal(void **state)
{
    struct wg_err err;

    (void)state;
    wg_fail(&err, WG_E_INPUT, "name \x1b[2J\r\x7f \xc2\x9b \xff \xc3\xa9");
    assert_string_equal(err.msg, "name ?[2J?? ?? ? \xc3\xa9");
}

static void reader_stops_at_the_end_and_says_where(void **state)
{
    static const uint8_t bytes[] = {1, 2, 0, 0, 0, 9};
    struct wg_err err = {0};
    struct wg_rd r;

    (void)state;
    wg_rd_init(&r, bytes, sizeof bytes, "t.bin", &err);
    assert_int_equal(wg_rd_u8(&r, "a"), 1);
    assert_int_equal(wg_rd_u32(&r, "b"), 2);
    assert_int_equal(wg_rd_u16(&r, "c"), 0);
    assert_false(wg_rd_ok(&r));
    assert_non_null(strstr(err.msg, "t.bin: offset 5: c needs 2 bytes, 1 are left"));
    wg_rd_fail(&r, 0, WG_E_INPUT, "later");
    assert_null(strstr(err.msg, "later"));
}

static void arena_honours_its_ceiling(void **state)
{
    struct wg_arena a;

    (void)state;
    wg_arena_init(&a, 100);
    char *p = wg_arena_alloc(&a, 1, 64);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 16, 0);
    assert_null(wg_arena_alloc(&a, 1, 64));
    assert_null(wg_arena_alloc(&a, SIZE_MAX, 2));
    assert_string_equal(wg_arena_strndup(&a, "hello", 3), "hel");
    wg_arena_release(&a);
}

static void utf8_follows_table_3_7(void **state)
{
    static const struct {
        const char *s;
        int len;
        uint32_t cp;
    } cases[] = {
        {"A", 1, 'A'},
        {"\xC3\xA9", 2, 0xE9},
        {"\xE2\x82\xAC", 3, 0x20AC},
        {"\xF0\x9F\x98\x80", 4, 0x1F600},
        {"\xC0\x80", -1, 0xFFFD},         /* overlong */
        {"\xE0\x9F\xBF", -1, 0xFFFD},     /* overlong */
        {"\xED\xA0\x80", -1, 0xFFFD},     /* surrogate */
        {"\xF4\x90\x80\x80", -1, 0xFFFD}, /* over 0x10FFFF */
        {"\xE2\x82x", -2, 0xFFFD},
        {"\xE2\x82", 0, 0xFFFD}, /* cut */
    };

    (void)state;
    for (size_t i = 0; i < WG_COUNT(cases); i++) {
        uint32_t cp = 0;
        assert_int_equal(wg_utf8_decode(cases[i].s, strlen(cases[i].s), &cp), cases[i].len);
        assert_int_equal(cp, cases[i].cp);
    }
    assert_int_equal(wg_utf8_complete("ab\xE2\x82", 4), 2);
    assert_int_equal(wg_utf8_complete("\xF0\x9F\x98", 3), 0);
    assert_int_equal(wg_utf8_complete("a\xC3\xA9", 3), 3);
    assert_int_equal(wg_utf8_complete("a\x80", 2), 2);
}

static void yaml_uses_the_core_schema(void **state)
{
    static const char text[] = "a: 12\nb: 1.5\nc: \"12\"\nd: true\ne: 2024-07-23\nf: [x, null]\n"
                               "g: {h: -3, i: 0x10}\nj: no\nk: 1e3\n";
    json_t *doc = NULL;
    struct wg_err err;
    struct wg_buf b;

    (void)state;
    assert_int_equal(wg_yaml_parse(text, strlen(text), "t.yaml", &doc, &err), WG_OK);
    wg_buf_init(&b, 4096);
    assert_int_equal(wg_json_write(&b, doc, 0, &err), WG_OK);
    assert_string_equal(b.p, "{\"a\":12,\"b\":1.5,\"c\":\"12\",\"d\":true,\"e\":\"2024-07-23\","
                             "\"f\":[\"x\",null],\"g\":{\"h\":-3,\"i\":16},\"j\":\"no\","
                             "\"k\":1000.0}");
    wg_buf_release(&b);
    json_decref(doc);
}

static void yaml_refuses_what_is_unsafe_with_its_line(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"a: 1\na: 2\n", "t.yaml: line 2, column 1: the key \"a\" is given twice"},
        {"a: &x 1\nb: *x\n", "line 1, column 4: anchors"},
        {"a: !!str 1\n", "line 1, column 4: tags"},
        {"a: [1, 2\n", "line 2"},
        {"a: 1\n---\nb: 2\n", "only one YAML document"},
        {"", "empty"},
    };

    (void)state;
    for (size_t i = 0; i < WG_COUNT(cases); i++) {
        json_t *doc = NULL;
        struct wg_err err = {0};
        assert_int_equal(wg_yaml_parse(cases[i].text, strlen(cases[i].text), "t.yaml", &doc, &err),
                         WG_E_INPUT);
        assert_non_null(strstr(err.msg, cases[i].message));
        assert_null(doc);
    }
    char deep[200];
    memset(deep, '[', sizeof deep);
    json_t *doc = NULL;
    assert_int_equal(wg_yaml_parse(deep, sizeof deep, "t.yaml", &doc, NULL), WG_E_INPUT);
}

static void json_names_line_and_column(void **state)
{
    struct wg_err err = {0};
    json_t *doc = NULL;

    (void)state;
    assert_int_equal(wg_json_parse("{\n \"a\": }", 9, "t.json", &doc, &err), WG_E_INPUT);
    assert_non_null(strstr(err.msg, "t.json: line 2, column"));
    assert_int_equal(wg_json_parse("{\"a\":1,\"a\":2}", 13, "t.json", &doc, &err), WG_E_INPUT);
    json_t *text = wg_json_text("a\xFFz", 3);
    assert_string_equal(json_string_value(text), "a\xEF\xBF\xBDz");
    json_decref(text);
}

static void sha256_of_known_text(void **state)
{
    char hex[WG_SHA256_HEX];

    (void)state;
    wg_sha256_hex("abc", 3, hex); /* FIPS 180-4, example of one block */
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void file_write_is_whole_or_nothing(void **state)
{
    char dir[] = "/tmp/weigh-test-XXXXXX", *path;
    struct wg_buf b;
    struct wg_map m;

    (void)state;
    assert_non_null(mkdtemp(dir));
    path = wg_path_join(dir, "f.txt");
    assert_int_equal(wg_file_write(path, "hello", 5, NULL), WG_OK);
    wg_buf_init(&b, 1 << 20);
    assert_int_equal(wg_file_read(&b, path, 100, NULL), WG_OK);
    assert_string_equal(b.p, "hello");
    wg_buf_clear(&b);
    assert_int_equal(wg_file_read(&b, path, 4, NULL), WG_E_LIMIT);
    wg_buf_release(&b);
    assert_int_equal(wg_map_open(&m, path, NULL), WG_OK);
    assert_int_equal(m.size, 5);
    wg_map_close(&m);
    assert_int_equal(wg_map_open(&m, dir, NULL), WG_E_INPUT);
    assert_int_equal(wg_rmtree(dir, NULL), WG_OK);
    assert_false(wg_is_dir(dir));
    wg_free(path);
}

struct sums {
    atomic_long step[3];
    bool ordered;
};

static void add_in_steps(void *arg, const struct wg_worker *w)
{
    struct sums *s = arg;
    int64_t lo, hi;

    for (int round = 0; round < 3; round++) {
        wg_share(w, 1001, 8, &lo, &hi);
        for (int64_t i = lo; i < hi; i++)
            atomic_fetch_add(&s->step[round], i);
        wg_barrier(w);
        if (atomic_load(&s->step[round]) != 1001 * 1000 / 2)
            s->ordered = false;
        wg_barrier(w);
    }
}

static void pool_shares_work_and_meets_at_barriers(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 5; threads += 2) {
        struct wg_pool *p;
        assert_int_equal(wg_pool_new(threads, &p, NULL), WG_OK);
        for (int job = 0; job < 200; job++) {
            struct sums s = {.ordered = true};
            wg_pool_run(p, add_in_steps, &s);
            assert_true(s.ordered);
            assert_int_equal(atomic_load(&s.step[2]), 1001 * 1000 / 2);
            if (job % 50 == 0)
                usleep(3000); /* long enough for the helpers to sleep */
        }
        wg_pool_free(p);
    }
}

static void type_sizes(void **state)
{
    size_t n;

    (void)state;
    assert_true(wg_type_bytes(WG_TYPE_Q4_1, 64, &n));
    assert_int_equal(n, 40);
    assert_false(wg_type_bytes(WG_TYPE_Q4_K, 128, &n));
    assert_null(wg_type_info(4)); /* removed from the specification */
    assert_null(wg_type_info(1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buf_grows_to_its_ceiling_and_fails_once),
        cmocka_unit_test(buf_reports_out_of_memory),
        cmocka_unit_test(messages_cannot_talk_to_the_terminal),
        cmocka_unit_test(reader_stops_at_the_end_and_says_where),
        cmocka_unit_test(arena_honours_its_ceiling),
        cmocka_unit_test(utf8_follows_table_3_7),
        cmocka_unit_test(yaml_uses_the_core_schema),
        cmocka_unit_test(yaml_refuses_what_is_unsafe_with_its_line),
        cmocka_unit_test(json_names_line_and_column),
        cmocka_unit_test(sha256_of_known_text),
        cmocka_unit_test(file_write_is_whole_or_nothing),
        cmocka_unit_test(pool_shares_work_and_meets_at_barriers),
        cmocka_unit_test(type_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
