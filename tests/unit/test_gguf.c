/*
 * package/gguf.h against files that Python packed (tools/make_bad_gguf.py) and another reader's
 * view of the good ones (tools/dump_gguf.py).
 */
#include "package/gguf.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "package/package.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define BAD  "tests/formats/bad/gguf/"
#define GOOD "tests/formats/good/gguf/"

static struct wg_gguf *open_good(const char *path)
{
    struct wg_err err = {0};
    struct wg_gguf *g = NULL;

    if (wg_gguf_open(path, &g, &err) != WG_OK)
        fail_msg("%s", err.msg);
    return g;
}

static void bad_file(const char *name, const char *rule)
{
    char path[256];
    struct wg_err err = {0};
    struct wg_gguf *g = NULL;

    snprintf(path, sizeof path, BAD "%s", name);
    enum wg_status st = wg_gguf_open(path, &g, &err);
    if (st == WG_OK)
        fail_msg("%s is accepted", name);
    assert_null(g);
    assert_int_equal(err.status, st);
    if (st != WG_E_USAGE) /* a later part of a set is the user's slip, not a bad file */
        assert_int_equal(wg_status_exit_code(st), 3);
    if (strncmp(err.msg, BAD, strlen(BAD)) != 0 || !strstr(err.msg, rule))
        fail_msg("%s: the message is \"%s\", wanted is \"%s\"", name, err.msg, rule);
}

static void every_rule_has_a_file_that_breaks_it(void **state)
{
    struct wg_buf b;
    int n = 0;

    (void)state;
    wg_buf_init(&b, 1 << 20);
    assert_int_equal(wg_file_read(&b, BAD "index.tsv", 1 << 20, NULL), WG_OK);
    for (char *line = b.p, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, n++) {
        char *tab = strchr(line, '\t');
        assert_non_null(tab);
        *end = *tab = '\0';
        bad_file(line, tab + 1);
    }
    assert_true(n > 70);
    wg_buf_release(&b);
}

/* The counts' upper limits need files of a megabyte, which are zeros. */
static void counts_have_limits(void **state)
{
    static const uint8_t head[] = {'G', 'G', 'U', 'F', 3, 0, 0, 0};
    size_t n = 32u << 20;
    uint8_t *bytes = wg_calloc(n, 1);
    struct wg_gguf *g = NULL;
    struct wg_err err = {0};

    (void)state;
    memcpy(bytes, head, sizeof head);
    bytes[18] = 1, bytes[16] = 1; /* 65,537 keys */
    assert_int_equal(wg_gguf_parse(bytes, n, false, 0, "zeros", &g, &err), WG_E_INPUT);
    assert_string_equal(err.msg,
                        "zeros: offset 16: the header says 65537 keys, the limit is 65536");
    bytes[18] = bytes[16] = 0;
    bytes[8] = 0x41, bytes[9] = 0x42, bytes[10] = 0x0f; /* 1,000,001 tensors */
    assert_int_equal(wg_gguf_parse(bytes, n, false, 0, "zeros", &g, &err), WG_E_INPUT);
    assert_string_equal(err.msg,
                        "zeros: offset 8: the header says 1000001 tensors, the limit is 1000000");
    static const uint8_t string[] = {1, 0, 0, 0,   0, 0, 0, 0, 1, 0, 0, 0, 0,
                                     0, 0, 0, 'a', 8, 0, 0, 0, 1, 0, 0, 1};
    memset(bytes + 8, 0, 16);
    memcpy(bytes + 16, string, sizeof string); /* one key "a", a string of 2^24 + 1 bytes */
    assert_int_equal(wg_gguf_parse(bytes, n, false, 0, "zeros", &g, &err), WG_E_INPUT);
    assert_string_equal(err.msg, "zeros: offset 37: the length of a string value is 16777217, the "
                                 "limit is 16777216");
    wg_free(bytes);
}

static const char *kind_of(const char *dumped)
{
    static const char *const names[][2] = {
        {"UINT8", "U8"},    {"INT8", "I8"},     {"UINT16", "U16"}, {"INT16", "I16"},
        {"UINT32", "U32"},  {"INT32", "I32"},   {"UINT64", "U64"}, {"INT64", "I64"},
        {"FLOAT32", "F32"}, {"FLOAT64", "F64"},
    };

    for (size_t i = 0; i < WG_COUNT(names); i++)
        if (strcmp(names[i][0], dumped) == 0)
            return names[i][1];
    return dumped;
}

static void same_item(const struct wg_gguf_kv *kv, uint64_t i, const json_t *want)
{
    struct wg_err err = {0};
    int64_t v = 0;
    double d = 0;

    switch (kv->item_kind) {
    case WG_GGUF_STRING:
        assert_int_equal(kv->strs[i].n, json_string_length(want));
        assert_memory_equal(kv->strs[i].p, json_string_value(want), kv->strs[i].n);
        break;
    case WG_GGUF_BOOL:
        assert_int_equal(((const uint8_t *)kv->data)[i], json_is_true(want));
        break;
    case WG_GGUF_F32:
    case WG_GGUF_F64:
        assert_int_equal(wg_gguf_item_f64(kv, i, &d, &err), WG_OK);
        assert_true(d == json_real_value(want));
        break;
    default:
        if (strcmp(json_string_value(want), "18446744073709551615") == 0) {
            assert_int_equal(wg_gguf_item_i64(kv, i, &v, &err), WG_E_INPUT);
            assert_non_null(strstr(err.msg, "is 18446744073709551615, which is over 2^63"));
            break;
        }
        assert_int_equal(wg_gguf_item_i64(kv, i, &v, &err), WG_OK);
        assert_true(v == strtoll(json_string_value(want), NULL, 10));
    }
}

static void same_keys(const struct wg_gguf *g, json_t *keys, const json_t *kinds)
{
    const char *name;
    json_t *want;

    assert_int_equal(wg_gguf_kv_count(g), json_object_size(keys));
    json_object_foreach(keys, name, want) {
        const json_t *kind = json_object_get(kinds, name);
        const struct wg_gguf_kv *kv = wg_gguf_find(g, name);
        assert_non_null(kv);
        const char *first = json_string_value(json_array_get(kind, 0));
        assert_string_equal(wg_gguf_kind_name(kv->kind), kind_of(first));
        if (kv->kind != WG_GGUF_ARRAY) {
            assert_int_equal(kv->count, 1);
            same_item(kv, 0, want);
            continue;
        }
        assert_int_equal(kv->count, json_array_size(want));
        if (kv->count)
            assert_string_equal(wg_gguf_kind_name(kv->item_kind),
                                kind_of(json_string_value(json_array_get(kind, 1))));
        for (uint64_t i = 0; i < kv->count; i++)
            same_item(kv, i, json_array_get(want, i));
    }
}

static uint64_t number(const json_t *object, const char *key)
{
    return strtoull(json_string_value(json_object_get(object, key)), NULL, 10);
}

static void same_tensor(const struct wg_tensor *t, const json_t *want)
{
    char hex[WG_SHA256_HEX];
    const json_t *ne = json_object_get(want, "ne");

    assert_string_equal(t->name, json_string_value(json_object_get(want, "name")));
    assert_string_equal(wg_type_info((uint32_t)t->type)->name,
                        json_string_value(json_object_get(want, "type")));
    assert_int_equal(t->n_dims, json_array_size(ne));
    for (int i = 0; i < WG_MAX_DIMS; i++) {
        const char *d = json_string_value(json_array_get(ne, (size_t)i));
        assert_int_equal(t->ne[i], d ? strtoll(d, NULL, 10) : 1);
    }
    assert_int_equal(t->offset, number(want, "offset"));
    assert_int_equal(t->bytes, number(want, "bytes"));
    wg_sha256_hex(t->data, t->bytes, hex);
    assert_string_equal(hex, json_string_value(json_object_get(want, "sha256")));
}

static void good_files_read_as_another_reader_reads_them(void **state)
{
    json_t *doc, *want;
    const char *name;
    struct wg_err err = {0};

    (void)state;
    assert_int_equal(wg_json_load("tests/fixtures/gguf/good.json", 1 << 20, &doc, &err), WG_OK);
    assert_int_equal(json_object_size(doc), 23);
    json_object_foreach(doc, name, want) {
        struct wg_map m;
        struct wg_gguf *g = NULL;
        char path[256];
        snprintf(path, sizeof path, GOOD "%s", name);
        assert_int_equal(wg_map_open(&m, path, &err), WG_OK);
        /* By bytes and not by path, as the oracle reads each part of a set alone. */
        if (wg_gguf_parse(m.p, m.size, false, 0, name, &g, &err) != WG_OK)
            fail_msg("%s", err.msg);
        assert_int_equal(wg_gguf_version(g), json_integer_value(json_object_get(want, "version")));
        assert_int_equal(wg_gguf_alignment(g),
                         json_integer_value(json_object_get(want, "alignment")));
        same_keys(g, json_object_get(want, "keys"), json_object_get(want, "kinds"));
        const json_t *tensors = json_object_get(want, "tensors");
        assert_int_equal(wg_gguf_tensor_count(g), json_array_size(tensors));
        for (size_t i = 0; i < wg_gguf_tensor_count(g); i++)
            same_tensor(wg_gguf_tensor_at(g, i), json_array_get(tensors, i));
        wg_gguf_close(g);
        wg_map_close(&m);
    }
    json_decref(doc);
}

static void a_split_set_reads_as_one(void **state)
{
    static const struct {
        const char *name;
        int part;
        float first[2];
    } want[] = {{"a", 0, {0, 0}}, {"b", 0, {0, 1}}, {"c", 1, {1, 0}}, {"d", 2, {2, 0}}};
    struct wg_gguf *g = open_good(GOOD "set-00001-of-00003.gguf");

    (void)state;
    assert_int_equal(wg_gguf_parts(g), 3);
    assert_int_equal(wg_gguf_tensor_count(g), 4);
    assert_non_null(wg_gguf_find(g, "general.architecture"));
    for (size_t i = 0; i < WG_COUNT(want); i++) {
        const struct wg_tensor *t = wg_gguf_tensor(g, want[i].name);
        assert_ptr_equal(t, wg_gguf_tensor_at(g, i));
        assert_int_equal(t->part, want[i].part);
        assert_memory_equal(t->data, want[i].first, sizeof want[i].first);
    }
    assert_null(wg_gguf_tensor(g, "e"));
    wg_gguf_close(g);
}

static void typed_reads_refuse_another_kind(void **state)
{
    struct wg_gguf *g = open_good(GOOD "kinds.gguf");
    struct wg_err err = {0};
    struct wg_gguf_str s = {"unset", 5};
    int64_t i = 42;
    double d = 42;
    bool b = true, found = true;

    (void)state;
    assert_int_equal(wg_gguf_i64(g, "no.such.key", &i, &found, &err), WG_OK);
    assert_false(found);
    assert_int_equal(i, 42);
    assert_int_equal(wg_gguf_i64(g, "low.i16", &i, &found, &err), WG_OK);
    assert_true(found && i == -32768);
    assert_int_equal(wg_gguf_i64(g, "low.f32", &i, NULL, &err), WG_E_INPUT);
    assert_string_equal(err.msg, GOOD "kinds.gguf: key \"low.f32\" is F32, wanted is an integer");
    assert_int_equal(wg_gguf_i64(g, "list.u8", &i, NULL, &err), WG_E_INPUT);
    assert_string_equal(err.msg,
                        GOOD "kinds.gguf: key \"list.u8\" is an array of U8, wanted is an integer");
    assert_int_equal(wg_gguf_f64(g, "low.u8", &d, NULL, &err), WG_E_INPUT);
    assert_int_equal(wg_gguf_f64(g, "low.f64", &d, NULL, &err), WG_OK);
    assert_true(d == -0.1);
    assert_int_equal(wg_gguf_bool(g, "low.bool", &b, NULL, &err), WG_OK);
    assert_false(b);
    assert_int_equal(wg_gguf_bool(g, "low.u8", &b, NULL, &err), WG_E_INPUT);
    assert_int_equal(wg_gguf_string(g, "low.u8", &s, NULL, &err), WG_E_INPUT);
    assert_int_equal(wg_gguf_string(g, "general.architecture", &s, NULL, &err), WG_OK);
    assert_int_equal(s.n, 5);
    assert_memory_equal(s.p, "llama", 5);
    assert_int_equal(wg_gguf_item_i64(wg_gguf_find(g, "list.u8"), 3, &i, &err), WG_E_INPUT);
    assert_string_equal(err.msg, "key \"list.u8\" has 3 items, item 3 was asked for");
    wg_gguf_close(g);
}

static void a_header_alone_is_enough_to_list_tensors(void **state)
{
    struct wg_map m;
    struct wg_gguf *g = NULL;
    struct wg_err err = {0};

    (void)state;
    assert_int_equal(wg_map_open(&m, GOOD "alignment-4096.gguf", &err), WG_OK);
    assert_int_equal(wg_gguf_parse(m.p, 4000, true, m.size, "head", &g, &err), WG_OK);
    const struct wg_tensor *t = wg_gguf_tensor(g, "u");
    assert_non_null(t);
    assert_null(t->data);
    assert_int_equal(t->offset, 8192);
    wg_gguf_close(g);
    assert_int_equal(wg_gguf_parse(m.p, 4000, true, m.size - 1, "head", &g, &err), WG_E_INPUT);
    assert_int_equal(wg_gguf_parse(m.p, 4000, false, 0, "head", &g, &err), WG_E_INPUT);
    wg_map_close(&m);
}

static void every_failed_allocation_is_reported(void **state)
{
    struct wg_err err = {0};
    struct wg_gguf *g = NULL;
    long n = 0;

    (void)state;
    for (;; n++) {
        wg_mem_fail_after(n);
        enum wg_status st = wg_gguf_open(GOOD "set-00001-of-00003.gguf", &g, &err);
        wg_mem_fail_after(-1);
        if (st == WG_OK)
            break;
        assert_int_equal(st, WG_E_OOM);
    }
    assert_true(n > 10);
    wg_gguf_close(g);
}

static void a_package_is_a_file_a_set_or_a_folder(void **state)
{
    struct wg_pkg *p = NULL;
    struct wg_err err = {0};

    (void)state;
    assert_int_equal(wg_pkg_open(GOOD "v3.gguf", &p, &err), WG_OK);
    assert_int_equal(p->n_files, 1);
    assert_string_equal(p->files[0].path, "v3.gguf");
    assert_int_equal(p->files[0].role, WG_ROLE_WEIGHTS);
    wg_pkg_close(p);
    assert_int_equal(wg_pkg_open(GOOD "set-00001-of-00003.gguf", &p, &err), WG_OK);
    assert_int_equal(p->n_files, 3);
    assert_string_equal(p->files[2].full, GOOD "set-00003-of-00003.gguf");
    wg_pkg_close(p);
    assert_int_equal(wg_pkg_open(BAD "set-missing-00001-of-00003.gguf", &p, &err), WG_E_INPUT);
    assert_int_equal(wg_pkg_open(GOOD "set-00002-of-00003.gguf", &p, &err), WG_E_USAGE);
    assert_int_equal(wg_pkg_open("tests/formats/good/no-such.gguf", &p, &err), WG_E_NOT_FOUND);
    assert_int_equal(wg_pkg_open("tests/unit/test_gguf.c", &p, &err), WG_E_UNSUPPORTED);
}

static void roles_follow_from_names(void **state)
{
    static const struct {
        const char *path;
        enum wg_role role;
    } rows[] = {
        {"model-00001-of-00002.safetensors", WG_ROLE_WEIGHTS},
        {"model.safetensors.index.json", WG_ROLE_CONFIG},
        {"Model-Q4_K_M.GGUF", WG_ROLE_WEIGHTS},
        {"mmproj-model-f16.gguf", WG_ROLE_OTHER},
        {"adapter_model.safetensors", WG_ROLE_ADAPTER},
        {"config.json", WG_ROLE_CONFIG},
        {"tokenizer.model.v3", WG_ROLE_TOKENIZER},
        {"chat_template.jinja", WG_ROLE_TEMPLATE},
        {"LICENSE", WG_ROLE_LICENSE},
        {"LICENSE-MODEL", WG_ROLE_LICENSE},
        {"LICENSE.weights.txt", WG_ROLE_LICENSE},
        {"LICENSE_GEMMA.md", WG_ROLE_LICENSE},
        {"Tongyi Qianwen LICENSE AGREEMENT", WG_ROLE_LICENSE},
        {"licenses/Apache-2.0.txt", WG_ROLE_LICENSE},
        {"COPYING", WG_ROLE_LICENSE},
        {"license.json", WG_ROLE_OTHER},
        {"license_check.py", WG_ROLE_CODE},
        {"Notice.txt", WG_ROLE_NOTICE},
        {"USE_POLICY.md", WG_ROLE_POLICY},
        {"PROHIBITED_USE_POLICY.md", WG_ROLE_POLICY},
        {"README.md", WG_ROLE_CARD},
        {"modeling_x.py", WG_ROLE_CODE},
        {"pytorch_model.bin", WG_ROLE_OTHER},
    };

    (void)state;
    for (size_t i = 0; i < WG_COUNT(rows); i++)
        if (wg_role_of(rows[i].path) != rows[i].role)
            fail_msg("%s is \"%s\", wanted is \"%s\"", rows[i].path,
                     wg_role_name(wg_role_of(rows[i].path)), wg_role_name(rows[i].role));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_has_a_file_that_breaks_it),
        cmocka_unit_test(counts_have_limits),
        cmocka_unit_test(good_files_read_as_another_reader_reads_them),
        cmocka_unit_test(a_split_set_reads_as_one),
        cmocka_unit_test(typed_reads_refuse_another_kind),
        cmocka_unit_test(a_header_alone_is_enough_to_list_tensors),
        cmocka_unit_test(every_failed_allocation_is_reported),
        cmocka_unit_test(a_package_is_a_file_a_set_or_a_folder),
        cmocka_unit_test(roles_follow_from_names),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
