/*
 * package/gguf_write.h, package/st_write.h and base/out.h: what is refused, and that a file is
 * there whole or not at all. That other programs read the files is
 * tests/peer/test_write_weights.py.
 */
#include "base/file.h"
#include "base/mem.h"
#include "base/out.h"
#include "package/gguf_write.h"
#include "package/safetensors.h"
#include "package/st_write.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static char dir[64], file[96];

static int make_dir(void **state)
{
    (void)state;
    snprintf(dir, sizeof dir, "/tmp/weigh-test-XXXXXX");
    if (!mkdtemp(dir))
        return -1;
    snprintf(file, sizeof file, "%s/out", dir);
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    return wg_rmtree(dir, NULL) == WG_OK ? 0 : -1;
}

static int files_in_dir(void)
{
    DIR *d = opendir(dir);
    int n = 0;

    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d)) != NULL;)
        n += e->d_name[0] != '.';
    closedir(d);
    return n;
}

static void a_file_appears_when_it_is_committed(void **state)
{
    struct wg_out *o = NULL;
    struct wg_err err = {0};
    struct wg_map m;

    (void)state;
    assert_int_equal(wg_file_write(file, "old", 3, &err), WG_OK);
    assert_int_equal(wg_out_open(file, 10, &o, &err), WG_OK);
    assert_int_equal(wg_out_write(o, 6, "wxyz", 4, &err), WG_OK);
    assert_int_equal(wg_out_write(o, 7, "wxyz", 4, &err), WG_E_USAGE);
    assert_int_equal(wg_out_write(o, UINT64_MAX, "wxyz", 4, &err), WG_E_USAGE);
    assert_int_equal(files_in_dir(), 2);
    wg_out_close(o);
    assert_int_equal(files_in_dir(), 1);
    assert_int_equal(wg_map_open(&m, file, &err), WG_OK);
    assert_memory_equal(m.p, "old", 3);
    wg_map_close(&m);

    assert_int_equal(wg_out_open(file, 10, &o, &err), WG_OK);
    assert_int_equal(wg_out_write(o, 6, "wxyz", 4, &err), WG_OK);
    assert_int_equal(wg_out_write(o, 0, "ab", 2, &err), WG_OK);
    assert_int_equal(wg_out_commit(o, &err), WG_OK);
    wg_out_close(o);
    assert_int_equal(files_in_dir(), 1);
    assert_int_equal(wg_map_open(&m, file, &err), WG_OK);
    assert_int_equal(m.size, 10);
    assert_memory_equal(m.p, "ab\0\0\0\0wxyz", 10);
    wg_map_close(&m);
    assert_int_equal(wg_out_open("/no/such/folder/x", 1, &o, &err), WG_E_IO);
    assert_int_equal(wg_out_open(file, UINT64_MAX, &o, &err), WG_E_LIMIT);
    assert_int_equal(wg_out_open(file, (uint64_t)1 << 62, &o, &err), WG_E_IO);
    assert_int_equal(files_in_dir(), 1);
}

static void gguf_refuses_what_its_reader_refuses(void **state)
{
    static const int64_t ne[] = {32, 2, 1, 1, 1}, zero[] = {32, 0}, odd[] = {33},
                         wide[] = {(int64_t)1 << 40, (int64_t)1 << 40};
    struct wg_gguf_out *o = NULL;
    struct wg_err err = {0};
    uint8_t three[] = {3, 0, 0, 0};
    struct wg_gguf_kv align = {.key = "general.alignment",
                               .kind = WG_GGUF_U32,
                               .item_kind = WG_GGUF_U32,
                               .count = 1,
                               .data = three};

    (void)state;
    assert_int_equal(wg_gguf_out_new(file, &o, &err), WG_OK);
    assert_int_equal(wg_gguf_put(o, &align, &err), WG_E_INPUT);
    assert_int_equal(wg_gguf_put_u32(o, "", 1, &err), WG_E_INPUT);
    assert_int_equal(wg_gguf_put_u32(o, "a\n", 1, &err), WG_E_INPUT);
    assert_int_equal(wg_gguf_put_u32(o, "split.count", 1, &err), WG_E_USAGE);
    assert_int_equal(wg_gguf_put_array(o, "a", WG_GGUF_ARRAY, three, 1, &err), WG_E_USAGE);
    assert_int_equal(wg_gguf_out_tensor(o, "", WG_TYPE_F32, 1, ne, &err), WG_E_INPUT);
    assert_int_equal(wg_gguf_out_tensor(o, "a\x7f", WG_TYPE_F32, 1, ne, &err), WG_E_INPUT);
    assert_int_equal(wg_gguf_out_tensor(o, "t", WG_TYPE_F32, 5, ne, &err), WG_E_UNSUPPORTED);
    assert_int_equal(wg_gguf_out_tensor(o, "t", WG_TYPE_F8_E4M3, 1, ne, &err), WG_E_UNSUPPORTED);
    assert_non_null(strstr(err.msg, "tensor \"t\" is of type F8_E4M3"));
    assert_int_equal(wg_gguf_out_tensor(o, "t", WG_TYPE_F32, 2, zero, &err), WG_E_UNSUPPORTED);
    assert_int_equal(wg_gguf_out_tensor(o, "t", WG_TYPE_Q8_0, 1, odd, &err), WG_E_INPUT);
    assert_int_equal(wg_gguf_out_tensor(o, "t", WG_TYPE_F32, 2, wide, &err), WG_E_INPUT);
    assert_int_equal(wg_gguf_out_tensor(o, "t", WG_TYPE_Q8_0, 2, ne, &err), WG_OK);
    assert_int_equal(wg_gguf_out_data(o, "x", 1, &err), WG_E_USAGE);
    assert_int_equal(wg_gguf_out_tensor(o, "t", WG_TYPE_F32, 1, ne, &err), WG_OK);
    assert_int_equal(wg_gguf_out_begin(o, &err), WG_E_INPUT);
    assert_non_null(strstr(err.msg, "tensor \"t\" is there twice"));
    wg_gguf_out_free(o);
    assert_int_equal(files_in_dir(), 0);

    assert_int_equal(wg_gguf_out_new(file, &o, &err), WG_OK);
    assert_int_equal(wg_gguf_put_bool(o, "b", true, &err), WG_OK);
    assert_int_equal(wg_gguf_put_u64(o, "a", 1, &err), WG_OK);
    assert_int_equal(wg_gguf_put_f32(o, "b", 1, &err), WG_OK);
    assert_int_equal(wg_gguf_out_begin(o, &err), WG_E_INPUT);
    assert_non_null(strstr(err.msg, "key \"b\" is there twice"));
    wg_gguf_out_free(o);
    assert_int_equal(files_in_dir(), 0);
}

static enum wg_status write_gguf(struct wg_gguf_out *o, struct wg_err *err)
{
    static const struct wg_gguf_str strs[] = {{"a", 1}, {"", 0}, {"bc", 2}};
    static const int64_t ne[] = {3};

    WG_TRY(wg_gguf_put_string(o, "general.architecture", "llama", 5, err));
    WG_TRY(wg_gguf_put_u32(o, "general.alignment", 64, err));
    WG_TRY(wg_gguf_put_strings(o, "list", strs, WG_COUNT(strs), err));
    WG_TRY(wg_gguf_put_array(o, "bytes", WG_GGUF_U8, "xyz", 3, err));
    WG_TRY(wg_gguf_put_array(o, "none", WG_GGUF_F64, NULL, 0, err));
    WG_TRY(wg_gguf_put_f32(o, "half", 0.5f, err));
    WG_TRY(wg_gguf_put_u64(o, "big", UINT64_C(1) << 40, err));
    WG_TRY(wg_gguf_put_bool(o, "yes", true, err));
    WG_TRY(wg_gguf_out_tensor(o, "t", WG_TYPE_I8, 1, ne, err));
    WG_TRY(wg_gguf_out_tensor(o, "u", WG_TYPE_I8, 1, ne, err));
    WG_TRY(wg_gguf_out_begin(o, err));
    WG_TRY(wg_gguf_out_data(o, "abcde", 5, err));
    return wg_gguf_out_data(o, "f", 1, err);
}

static void gguf_reads_back(void **state)
{
    struct wg_gguf_out *o = NULL;
    struct wg_gguf *g = NULL;
    struct wg_err err = {0};
    int64_t v = 0;
    double d = 0;
    bool b = false;

    (void)state;
    assert_int_equal(wg_gguf_out_new(file, &o, &err), WG_OK);
    assert_int_equal(write_gguf(o, &err), WG_OK);
    assert_int_equal(wg_gguf_out_data(o, "g", 1, &err), WG_E_USAGE);
    assert_int_equal(wg_gguf_put_u32(o, "late", 1, &err), WG_E_USAGE);
    assert_int_equal(wg_gguf_out_begin(o, &err), WG_E_USAGE);
    assert_int_equal(wg_gguf_out_finish(o, &err), WG_OK);
    wg_gguf_out_free(o);
    assert_int_equal(files_in_dir(), 1);
    assert_int_equal(wg_gguf_open(file, &g, &err), WG_OK);
    assert_int_equal(wg_gguf_alignment(g), 64);
    assert_int_equal(wg_gguf_kv_count(g), 8);
    assert_int_equal(wg_gguf_i64(g, "big", &v, NULL, &err), WG_OK);
    assert_true(v == INT64_C(1) << 40);
    assert_int_equal(wg_gguf_f64(g, "half", &d, NULL, &err), WG_OK);
    assert_true(d == 0.5);
    assert_int_equal(wg_gguf_bool(g, "yes", &b, NULL, &err), WG_OK);
    assert_true(b);
    assert_memory_equal(wg_gguf_find(g, "list")->strs[2].p, "bc", 2);
    assert_int_equal(wg_gguf_find(g, "none")->count, 0);
    assert_memory_equal(wg_gguf_tensor(g, "t")->data, "abc", 3);
    assert_memory_equal(wg_gguf_tensor(g, "u")->data, "def", 3);
    wg_gguf_close(g);
}

static void an_unfinished_file_is_not_there(void **state)
{
    struct wg_st_out *o = NULL;
    struct wg_err err = {0};
    static const int64_t ne[] = {3};

    (void)state;
    assert_int_equal(wg_st_out_new(file, &o, &err), WG_OK);
    assert_int_equal(wg_st_out_finish(o, &err), WG_E_USAGE);
    assert_int_equal(wg_st_out_tensor(o, "t", WG_TYPE_U8, 1, ne, &err), WG_OK);
    assert_int_equal(wg_st_out_begin(o, &err), WG_OK);
    assert_int_equal(wg_st_out_data(o, "ab", 2, &err), WG_OK);
    assert_int_equal(wg_st_out_finish(o, &err), WG_E_USAGE);
    assert_non_null(strstr(err.msg, "tensor \"t\" has 2 of its 3 bytes"));
    wg_st_out_free(o);
    assert_int_equal(files_in_dir(), 0);
}

static void safetensors_refuse_what_their_reader_refuses(void **state)
{
    static const int64_t ne[] = {32, 1, 1, 1, 1, 1, 1}, negative[] = {-1};
    struct wg_st_out *o = NULL;
    struct wg_err err = {0};

    (void)state;
    assert_int_equal(wg_st_out_new(file, &o, &err), WG_OK);
    assert_int_equal(wg_st_out_meta(o, "format", "p\xfft", &err), WG_E_INPUT);
    assert_int_equal(wg_st_out_tensor(o, "__metadata__", WG_TYPE_F32, 1, ne, &err), WG_E_INPUT);
    assert_int_equal(wg_st_out_tensor(o, "t", WG_TYPE_Q8_0, 1, ne, &err), WG_E_UNSUPPORTED);
    assert_int_equal(wg_st_out_tensor(o, "t", WG_TYPE_F32, 7, ne, &err), WG_E_USAGE);
    assert_int_equal(wg_st_out_tensor(o, "t", WG_TYPE_F32, 1, negative, &err), WG_E_INPUT);
    assert_int_equal(wg_st_out_tensor(o, "t\xff", WG_TYPE_F32, 1, ne, &err), WG_OK);
    assert_int_equal(wg_st_out_begin(o, &err), WG_E_INPUT);
    assert_non_null(strstr(err.msg, "is not UTF-8"));
    wg_st_out_free(o);
    assert_int_equal(files_in_dir(), 0);
}

static enum wg_status write_st(struct wg_st_out *o, struct wg_err *err)
{
    static const int64_t ne[] = {2, 1}, none[] = {2, 0};

    WG_TRY(wg_st_out_meta(o, "format", "np", err));
    WG_TRY(wg_st_out_meta(o, "format", "pt", err));
    WG_TRY(wg_st_out_tensor(o, "empty", WG_TYPE_F32, 2, none, err));
    WG_TRY(wg_st_out_tensor(o, "narrow", WG_TYPE_U8, 0, NULL, err));
    WG_TRY(wg_st_out_tensor(o, "wide", WG_TYPE_I16, 2, ne, err));
    WG_TRY(wg_st_out_tensor(o, "last", WG_TYPE_F32, 2, none, err));
    WG_TRY(wg_st_out_begin(o, err));
    WG_TRY(wg_st_out_data(o, "nWIDE", 5, err));
    return wg_st_out_finish(o, err);
}

static void safetensors_read_back(void **state)
{
    struct wg_st_out *o = NULL;
    struct wg_st *s = NULL;
    struct wg_err err = {0};

    (void)state;
    assert_int_equal(wg_st_out_new(file, &o, &err), WG_OK);
    assert_int_equal(write_st(o, &err), WG_OK);
    wg_st_out_free(o);
    assert_int_equal(files_in_dir(), 1);
    assert_int_equal(wg_st_open(file, &s, &err), WG_OK);
    assert_string_equal(wg_st_meta_find(s, "format"), "pt");
    const struct wg_tensor *wide = wg_st_tensor_find(s, "wide");
    assert_memory_equal(wide->data, "WIDE", 4);
    assert_int_equal(wide->offset % 8, 0);
    assert_int_equal(wide->ne[0], 2);
    assert_memory_equal(wg_st_tensor_find(s, "narrow")->data, "n", 1);
    assert_int_equal(wg_st_tensor_find(s, "empty")->ne[1], 0);
    wg_st_close(s);
}

static void every_failed_allocation_is_reported(void **state)
{
    struct wg_err err = {0};

    (void)state;
    for (int format = 0; format < 2; format++) {
        long n = 0;
        for (enum wg_status st = WG_E_OOM; st != WG_OK; n++) {
            struct wg_gguf_out *g = NULL;
            struct wg_st_out *s = NULL;
            wg_mem_fail_after(n);
            if (format == 0) {
                st = wg_gguf_out_new(file, &g, &err);
                st = st == WG_OK ? write_gguf(g, &err) : st;
                st = st == WG_OK ? wg_gguf_out_finish(g, &err) : st;
            } else {
                st = wg_st_out_new(file, &s, &err);
                st = st == WG_OK ? write_st(s, &err) : st;
            }
            wg_mem_fail_after(-1);
            wg_gguf_out_free(g);
            wg_st_out_free(s);
            if (st != WG_OK)
                assert_int_equal(st, WG_E_OOM);
        }
        assert_true(n > 5);
    }
    assert_int_equal(files_in_dir(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_appears_when_it_is_committed, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(gguf_refuses_what_its_reader_refuses, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(gguf_reads_back, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(an_unfinished_file_is_not_there, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(safetensors_refuse_what_their_reader_refuses, make_dir,
                                        remove_dir),
        cmocka_unit_test_setup_teardown(safetensors_read_back, make_dir, remove_dir),
        cmocka_unit_test_setup_teardown(every_failed_allocation_is_reported, make_dir, remove_dir),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
