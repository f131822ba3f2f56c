/*
 * copy_weights IN OUT: a GGUF file or a safetensors file or index, read by our reader and written
 * by our writer, data in small uneven pieces; for test_write_weights.py, which looks at the result
 * with other programs.
 */
#include "base/file.h"
#include "package/gguf_write.h"
#include "package/safetensors.h"
#include "package/st_write.h"

#include <stdio.h>

typedef enum wg_status data_fn(void *out, const void *bytes, size_t n, struct wg_err *err);

static enum wg_status gguf_data(void *out, const void *bytes, size_t n, struct wg_err *err)
{
    return wg_gguf_out_data(out, bytes, n, err);
}

static enum wg_status st_data(void *out, const void *bytes, size_t n, struct wg_err *err)
{
    return wg_st_out_data(out, bytes, n, err);
}

static enum wg_status copy_data(data_fn *put, void *out, const struct wg_tensor *t,
                                struct wg_err *err)
{
    const char *p = t->data;

    for (size_t at = 0, n = 1; at < t->bytes; at += n, n = n * 2 + 1) {
        if (n > t->bytes - at)
            n = t->bytes - at;
        WG_TRY(put(out, p + at, n, err));
    }
    return WG_OK;
}

static enum wg_status write_gguf(const struct wg_gguf *g, struct wg_gguf_out *o, struct wg_err *err)
{
    for (size_t i = 0; i < wg_gguf_kv_count(g); i++)
        WG_TRY(wg_gguf_put(o, wg_gguf_kv_at(g, i), err));
    for (size_t i = 0; i < wg_gguf_tensor_count(g); i++) {
        const struct wg_tensor *t = wg_gguf_tensor_at(g, i);
        WG_TRY(wg_gguf_out_tensor(o, t->name, t->type, t->n_dims, t->ne, err));
    }
    WG_TRY(wg_gguf_out_begin(o, err));
    for (size_t i = 0; i < wg_gguf_tensor_count(g); i++)
        WG_TRY(copy_data(gguf_data, o, wg_gguf_tensor_at(g, i), err));
    return wg_gguf_out_finish(o, err);
}

static enum wg_status write_st(const struct wg_st *s, struct wg_st_out *o, struct wg_err *err)
{
    for (size_t i = 0; i < wg_st_meta_count(s); i++) {
        const struct wg_st_meta *m = wg_st_meta_at(s, i);
        WG_TRY(wg_st_out_meta(o, m->key, m->value, err));
    }
    for (size_t i = 0; i < wg_st_tensor_count(s); i++) {
        const struct wg_tensor *t = wg_st_tensor_at(s, i);
        WG_TRY(wg_st_out_tensor(o, t->name, t->type, t->n_dims, t->ne, err));
    }
    WG_TRY(wg_st_out_begin(o, err));
    for (size_t i = 0; i < wg_st_tensor_count(s); i++)
        WG_TRY(copy_data(st_data, o, wg_st_tensor_at(s, i), err));
    return wg_st_out_finish(o, err);
}

static enum wg_status copy_gguf(const char *in, const char *path, struct wg_err *err)
{
    struct wg_gguf *g = NULL;
    struct wg_gguf_out *o = NULL;
    enum wg_status st = wg_gguf_open(in, &g, err);

    if (st == WG_OK)
        st = wg_gguf_out_new(path, &o, err);
    if (st == WG_OK)
        st = write_gguf(g, o, err);
    wg_gguf_out_free(o);
    wg_gguf_close(g);
    return st;
}

static enum wg_status copy_st(const char *in, const char *path, struct wg_err *err)
{
    struct wg_st *s = NULL;
    struct wg_st_out *o = NULL;
    enum wg_status st = wg_st_open(in, &s, err);

    if (st == WG_OK)
        st = wg_st_out_new(path, &o, err);
    if (st == WG_OK)
        st = write_st(s, o, err);
    wg_st_out_free(o);
    wg_st_close(s);
    return st;
}

int main(int argc, char **argv)
{
    struct wg_err err = {0};

    if (argc != 3)
        return 2;
    enum wg_status st = wg_has_suffix(argv[1], ".gguf") ? copy_gguf(argv[1], argv[2], &err)
                                                        : copy_st(argv[1], argv[2], &err);
    if (st != WG_OK)
        fprintf(stderr, "%s\n", err.msg);
    return wg_status_exit_code(st);
}
