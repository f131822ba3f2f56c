/* GGUF to GGUF: every key and tensor, of any architecture, also of those that this program cannot
 * run. */
#include "convert/from.h"

#include "package/gguf.h"
#include "package/gguf_write.h"

#include <stdio.h>
#include <string.h>

/* "<arch>.<suffix>", or its first item where it is a list with one a layer; def when absent. */
static enum wg_status model_number(const struct wg_gguf *g, const char *suffix, int64_t def,
                                   int64_t *out, struct wg_err *err)
{
    struct wg_gguf_str arch = {"", 0};
    char key[160];
    bool found;

    *out = def;
    WG_TRY(wg_gguf_string(g, "general.architecture", &arch, &found, err));
    snprintf(key, sizeof key, "%.*s.%s", (int)(arch.n < 64 ? arch.n : 64), arch.p, suffix);
    const struct wg_gguf_kv *kv = wg_gguf_find(g, key);
    if (!kv || kv->count == 0)
        return WG_OK;
    return wg_gguf_item_i64(kv, 0, out, err);
}

static enum wg_status read_model(const struct wg_gguf *g, struct wg_recipe_model *m,
                                 struct wg_err *err)
{
    int64_t heads, kv;

    WG_TRY(model_number(g, "block_count", 0, &m->n_layers, err));
    WG_TRY(model_number(g, "attention.head_count", 1, &heads, err));
    WG_TRY(model_number(g, "attention.head_count_kv", heads, &kv, err));
    m->heads_per_kv = kv > 0 ? heads / kv : 1;
    m->tied = !wg_gguf_tensor(g, "output.weight");
    return WG_OK;
}

static enum wg_status add_tensors(const struct wg_gguf *g, const struct wg_convert_opts *o,
                                  struct wg_conv_job *j, struct wg_err *err)
{
    size_t n = wg_gguf_tensor_count(g);
    struct wg_recipe_model m;

    WG_TRY(read_model(g, &m, err));
    j->tensors = wg_arena_alloc(&j->arena, n, sizeof *j->tensors);
    const struct wg_tensor **parts = wg_arena_alloc(&j->arena, n, sizeof(void *));
    if (!j->tensors || !parts)
        return wg_oom(err, "the tensor list");
    for (size_t i = 0; i < n; i++) {
        const struct wg_tensor *from = wg_gguf_tensor_at(g, i);
        struct wg_conv_tensor *t = &j->tensors[j->n_tensors++];
        parts[i] = from;
        *t = (struct wg_conv_tensor){
            .name = from->name, .n_dims = from->n_dims, .parts = &parts[i], .n_parts = 1};
        memcpy(t->ne, from->ne, sizeof t->ne);
        WG_TRY(wg_conv_choose(j, o, &m, from->type, t, err));
    }
    return WG_OK;
}

/* Keys that the new file says for itself. */
static bool is_replaced(const char *key, bool quantizes)
{
    if (strncmp(key, "split.", 6) == 0)
        return true;
    return quantizes && (strcmp(key, "general.file_type") == 0 ||
                         strcmp(key, "general.quantization_version") == 0);
}

enum wg_status wg_conv_from_gguf(const struct wg_gguf *g, const struct wg_convert_opts *o,
                                 struct wg_conv_job *j, struct wg_gguf_out *out, struct wg_err *err)
{
    j->source = wg_gguf_path(g);
    WG_TRY(add_tensors(g, o, j, err));
    for (size_t i = 0; i < wg_gguf_kv_count(g); i++) {
        const struct wg_gguf_kv *kv = wg_gguf_kv_at(g, i);
        if (!is_replaced(kv->key, o->recipe != NULL))
            WG_TRY(wg_gguf_put(out, kv, err));
    }
    return o->recipe ? wg_conv_put_types(out, o->recipe, err) : WG_OK;
}
