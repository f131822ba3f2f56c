/*
 * package/safetensors.h against files that Python packed (tools/make_bad_safetensors.py) and files
 * of the safetensors package with its own view of them (tools/make_good_safetensors.py).
 */
#include "package/safetensors.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "package/package.h"
#include "package/st_index.h"

#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define BAD  "tests/formats/bad/safetensors/"
#define GOOD "tests/formats/good/safetensors/"
#define SET  GOOD "model.safetensors.index.json"

static struct wg_st *open_good(const char *path)
{
    struct wg_err err = {0};
    struct wg_st *s = NULL;

    if (wg_st_open(path, &s, &err) != WG_OK)
        fail_msg("%s", err.msg);
    return s;
}

static void bad_file(const char *name, const char *rule)
{
    char path[256];
    struct wg_err err = {0};
    struct wg_st *s = NULL;

    snprintf(path, sizeof path, BAD "%s", name);
    enum wg_status st = wg_st_open(path, &s, &err);
    if (st == WG_OK)
        fail_msg("%s is accepted", name);
    assert_null(s);
    assert_int_equal(err.status, st);
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

static void a_header_that_would_take_too_much_memory_is_refused(void **state)
{
    size_t n = 8 + 8000000;
    char *bytes = wg_calloc(n, 1);
    struct wg_st *s = NULL;
    struct wg_err err = {0};

    (void)state;
    memcpy(bytes, "\0\x12\x7a\0\0\0\0\0{\"a\":[", 14);
    for (size_t i = 14; i + 3 <= n; i += 3)
        memcpy(bytes + i, "{},", 3);
    assert_int_equal(wg_st_parse(bytes, n, false, 0, "bomb", &s, &err), WG_E_LIMIT);
    assert_non_null(strstr(err.msg, "bomb: header: 8000000 bytes of JSON would take about"));
    assert_null(s);
    wg_free(bytes);
}

static void same_tensor(const struct wg_st *s, const char *name, const json_t *want)
{
    char hex[WG_SHA256_HEX];
    const struct wg_tensor *t = wg_st_tensor_find(s, name);
    const json_t *shape = json_object_get(want, "shape");

    assert_non_null(t);
    assert_string_equal(t->name, name);
    assert_string_equal(wg_type_info((uint32_t)t->type)->name,
                        json_string_value(json_object_get(want, "dtype")));
    assert_int_equal(t->n_dims, json_array_size(shape));
    for (int i = 0; i < WG_MAX_DIMS; i++)
        assert_int_equal(t->ne[i], i < t->n_dims ? json_integer_value(json_array_get(
                                                       shape, (size_t)(t->n_dims - 1 - i)))
                                                 : 1);
    wg_sha256_hex(t->data, t->bytes, hex);
    assert_string_equal(hex, json_string_value(json_object_get(want, "sha256")));
}

static void good_files_read_as_another_reader_reads_them(void **state)
{
    json_t *doc, *want, *tensor;
    const char *file, *name;
    struct wg_err err = {0};

    (void)state;
    assert_int_equal(wg_json_load("tests/fixtures/safetensors/good.json", 1 << 20, &doc, &err),
                     WG_OK);
    assert_int_equal(json_object_size(doc), 11);
    json_object_foreach(doc, file, want) {
        char path[256];
        snprintf(path, sizeof path, GOOD "%s", file);
        struct wg_st *s = open_good(path);
        assert_int_equal(wg_st_tensor_count(s), json_object_size(want));
        json_object_foreach(want, name, tensor) {
            same_tensor(s, name, tensor);
        }
        wg_st_close(s);
    }
    json_decref(doc);
}

static void tensors_come_in_the_order_of_their_data(void **state)
{
    struct wg_st *s = open_good(GOOD "backwards.safetensors");

    (void)state;
    const struct wg_tensor *a = wg_st_tensor_at(s, 0), *b = wg_st_tensor_at(s, 1);
    assert_string_equal(a->name, "a");
    assert_memory_equal(a->data, "abcd", 4);
    assert_string_equal(b->name, "b");
    assert_memory_equal(b->data, "efgh", 4);
    assert_int_equal(b->offset, a->offset + 4);
    assert_null(wg_st_tensor_at(s, 2));
    assert_null(wg_st_tensor_find(s, "c"));
    wg_st_close(s);
}

static void metadata_is_kept(void **state)
{
    struct wg_st *s = open_good(GOOD "metadata.safetensors");

    (void)state;
    assert_int_equal(wg_st_meta_count(s), 2);
    assert_string_equal(wg_st_meta_find(s, "format"), "pt");
    assert_string_equal(wg_st_meta_find(s, "note"), "weigh \xc3\xa9\xe4\xb8\xad\n");
    assert_null(wg_st_meta_find(s, "none"));
    assert_non_null(wg_st_meta_at(s, 1));
    assert_null(wg_st_meta_at(s, 2));
    wg_st_close(s);
}

static void a_sharded_set_reads_as_one(void **state)
{
    static const struct {
        const char *name;
        int part;
    } want[] = {{"embed.weight", 0},
                {"layers.0.weight", 1},
                {"layers.1.weight", 1},
                {"norm.weight", 2},
                {"extra", 2}};
    struct wg_st *s = open_good(SET);

    (void)state;
    assert_string_equal(wg_st_path(s), SET);
    assert_int_equal(wg_st_parts(s), 3);
    assert_string_equal(wg_st_part_path(s, 2), GOOD "model-00003-of-00003.safetensors");
    assert_null(wg_st_part_path(s, 3));
    assert_int_equal(wg_st_tensor_count(s), WG_COUNT(want));
    for (size_t i = 0; i < WG_COUNT(want); i++) {
        const struct wg_tensor *t = wg_st_tensor_find(s, want[i].name);
        assert_non_null(t);
        assert_int_equal(t->part, want[i].part);
    }
    assert_string_equal(wg_st_meta_find(s, "format"), "pt");
    wg_st_close(s);
}

static void an_index_lists_its_files(void **state)
{
    struct wg_st_index x;
    struct wg_err err = {0};

    (void)state;
    assert_int_equal(wg_st_index_load(SET, &x, &err), WG_OK);
    assert_int_equal(x.n_files, 3);
    assert_string_equal(x.files[1].name, "model-00002-of-00003.safetensors");
    assert_int_equal(x.files[1].row, 1);
    wg_st_index_release(&x);
    assert_int_equal(wg_st_index_load(GOOD "no-such.json", &x, &err), WG_E_NOT_FOUND);
    assert_null(x.doc);
}

static void a_header_alone_is_enough_to_list_tensors(void **state)
{
    struct wg_map m;
    struct wg_st *s = NULL;
    struct wg_err err = {0};
    uint64_t head = 0;

    (void)state;
    assert_int_equal(wg_map_open(&m, GOOD "dtypes.safetensors", &err), WG_OK);
    assert_int_equal(wg_st_header_bytes(m.p, 8, m.size, "head", &head, &err), WG_OK);
    assert_true(head > 8 && head < m.size);
    assert_int_equal(wg_st_parse(m.p, head, true, m.size, "head", &s, &err), WG_OK);
    const struct wg_tensor *t = wg_st_tensor_find(s, "t.bfloat16");
    assert_non_null(t);
    assert_null(t->data);
    assert_int_equal(t->bytes, 12);
    wg_st_close(s);
    s = NULL;
    assert_int_equal(wg_st_parse(m.p, head, true, m.size - 1, "head", &s, &err), WG_E_INPUT);
    assert_int_equal(wg_st_parse(m.p, head, true, m.size + 1, "head", &s, &err), WG_E_INPUT);
    assert_int_equal(wg_st_parse(m.p, head, false, 0, "head", &s, &err), WG_E_INPUT);
    assert_int_equal(wg_st_parse(m.p, head - 1, true, m.size, "head", &s, &err), WG_E_INPUT);
    assert_non_null(strstr(err.msg, "of them are here"));
    assert_null(s);
    wg_map_close(&m);
}

static void every_failed_allocation_is_reported(void **state)
{
    struct wg_err err = {0};
    struct wg_st *s = NULL;
    long n = 0;

    (void)state;
    for (;; n++) {
        wg_mem_fail_after(n);
        enum wg_status st = wg_st_open(SET, &s, &err);
        wg_mem_fail_after(-1);
        if (st == WG_OK)
            break;
        assert_int_equal(st, WG_E_OOM);
    }
    assert_true(n > 10);
    wg_st_close(s);
}

/* Makes the files (empty: a package reads none of them), opens the folder, removes it. The file
 * that is to be opened, or NULL. */
static const char *weights_of(const char *const *files, char *chosen, size_t n, enum wg_status want)
{
    char dir[] = "/tmp/weigh-test-XXXXXX", path[256];
    struct wg_pkg *p = NULL;
    struct wg_err err = {0};

    assert_non_null(mkdtemp(dir));
    for (; *files; files++) {
        snprintf(path, sizeof path, "%s/%s", dir, *files);
        for (char *s = strchr(path + sizeof dir, '/'); s; s = strchr(s + 1, '/')) {
            *s = '\0';
            assert_int_equal(wg_mkdirs(path, &err), WG_OK);
            *s = '/';
        }
        assert_int_equal(wg_file_write(path, "", 0, &err), WG_OK);
    }
    assert_int_equal(wg_pkg_open(dir, &p, &err), want);
    assert_int_equal(wg_rmtree(dir, NULL), WG_OK);
    if (want != WG_OK || p->format == WG_WEIGHTS_NONE) {
        snprintf(chosen, n, "%s", err.msg);
        wg_pkg_close(p);
        return NULL;
    }
    snprintf(chosen, n, "%s", p->files[p->weights].path);
    assert_int_equal(p->format,
                     wg_has_suffix(chosen, ".gguf") ? WG_WEIGHTS_GGUF : WG_WEIGHTS_SAFETENSORS);
    wg_pkg_close(p);
    return chosen;
}

#define SHARDS "model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"

static void a_folder_says_which_weights_are_meant(void **state)
{
    static const struct {
        const char *want, *files[8];
    } rows[] = {
        {"model.safetensors", {"config.json", "model.safetensors", "tokenizer.json"}},
        {"model.safetensors.index.json", {"config.json", SHARDS, "model.safetensors.index.json"}},
        {"model.safetensors.index.json",
         {"consolidated.safetensors", SHARDS, "model.safetensors.index.json", "z.safetensors"}},
        {"model.safetensors", {"a.safetensors", "model.safetensors", "a/model.safetensors"}},
        {"b.safetensors", {"b.safetensors", "consolidated.safetensors"}},
        {"consolidated.safetensors", {"consolidated.safetensors", "x/model.safetensors"}},
        {"x/model.safetensors", {"config.json", "x/model.safetensors", "x/y.safetensors"}},
        {"m.gguf", {"config.json", "m.gguf", "model.safetensors"}},
        {"m.gguf", {"m.gguf", SHARDS, "model.safetensors.index.json"}},
        {NULL, {"adapter_config.json", "adapter_model.safetensors"}},
        {NULL, {"config.json", "pytorch_model.bin"}},
    };
    char chosen[1024];

    (void)state;
    wg_log_set_level(WG_LOG_ERROR);
    for (size_t i = 0; i < WG_COUNT(rows); i++) {
        const char *got = weights_of(rows[i].files, chosen, sizeof chosen, WG_OK);
        if (!got != !rows[i].want || (got && strcmp(got, rows[i].want) != 0))
            fail_msg("row %zu: %s is taken, not %s", i, got ? got : "nothing",
                     rows[i].want ? rows[i].want : "nothing");
    }
    static const char *const no_index[] = {"config.json", SHARDS, NULL};
    assert_null(weights_of(no_index, chosen, sizeof chosen, WG_E_INPUT));
    assert_non_null(strstr(chosen, "model-00001-of-00002.safetensors: is shard 1 of 2; the index"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_rule_has_a_file_that_breaks_it),
        cmocka_unit_test(a_header_that_would_take_too_much_memory_is_refused),
        cmocka_unit_test(good_files_read_as_another_reader_reads_them),
        cmocka_unit_test(tensors_come_in_the_order_of_their_data),
        cmocka_unit_test(metadata_is_kept),
        cmocka_unit_test(a_sharded_set_reads_as_one),
        cmocka_unit_test(an_index_lists_its_files),
        cmocka_unit_test(a_header_alone_is_enough_to_list_tensors),
        cmocka_unit_test(a_folder_says_which_weights_are_meant),
        cmocka_unit_test(every_failed_allocation_is_reported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
