#include "convert/convert.h"

#include "base/file.h"
#include "convert/from.h"
#include "convert/limits.h"
#include "kernel/kernel.h"
#include "kernel/quantize.h"
#include "package/gguf.h"
#include "package/gguf_write.h"
#include "package/package.h"

#include <string.h>
#include <sys/stat.h>

/* ggml's number for the present meaning of the block types. */
enum { QUANTIZATION_VERSION = 2 };

enum wg_status wg_conv_put_types(struct wg_gguf_out *out, const struct wg_recipe *r,
                                 struct wg_err *err)
{
    WG_TRY(wg_gguf_put_u32(out, "general.file_type", wg_recipe_file_type(r), err));
    return wg_gguf_put_u32(out, "general.quantization_version", QUANTIZATION_VERSION, err);
}

enum wg_status wg_conv_choose(const struct wg_conv_job *j, const struct wg_convert_opts *o,
                              const struct wg_recipe_model *m, enum wg_type as_is,
                              struct wg_conv_tensor *t, struct wg_err *err)
{
    enum wg_type from = t->parts[0]->type, type = as_is;
    const struct wg_type_info *info = wg_type_info((uint32_t)from);

    t->type = as_is;
    if (!o->recipe || !wg_kernels()->dequant[from] ||
        !wg_recipe_type(o->recipe, m, t->name, t->n_dims, t->ne, &type) || type == from)
        return WG_OK;
    if (info->block_values > 1 && !o->allow_requantize)
        return wg_fail(err, WG_E_INPUT,
                       "%s: tensor %s is %s already, and quantizing it again adds a second error "
                       "to the first: begin with the F32, F16 or BF16 file of this model, or say "
                       "--allow-requantize",
                       j->source, t->name, info->name);
    t->type = type;
    return WG_OK;
}

/* The new file would replace what it is made from. */
static enum wg_status check_out(const struct wg_pkg *pkg, const char *out, struct wg_err *err)
{
    struct stat a, b;

    if (stat(out, &a) != 0)
        return WG_OK; /* not there yet; what else is wrong with the path, opening it tells */
    if (S_ISDIR(a.st_mode))
        return wg_fail(err, WG_E_USAGE, "--out %s is a folder; name the file", out);
    for (size_t i = 0; i < pkg->n_files; i++)
        if (stat(pkg->files[i].full, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
            return wg_fail(err, WG_E_USAGE,
                           "--out %s is a file of the model itself; choose another path", out);
    return WG_OK;
}

static enum wg_status fill_job(const struct wg_pkg *pkg, const struct wg_convert_opts *o,
                               struct wg_gguf *g, struct wg_conv_job *j, struct wg_gguf_out *out,
                               struct wg_err *err)
{
    if (pkg->format != WG_WEIGHTS_GGUF)
        return wg_fail(err, WG_E_UNSUPPORTED, "%s: has no GGUF file to begin with", pkg->name);
    return wg_conv_from_gguf(g, o, j, out, err);
}

static enum wg_status count_result(const struct wg_conv_job *j, const char *path,
                                   struct wg_convert_result *r, struct wg_err *err)
{
    struct stat st;

    if (stat(path, &st) != 0)
        return wg_fail(err, WG_E_IO, "cannot see %s after writing it", path);
    *r = (struct wg_convert_result){.bytes = (uint64_t)st.st_size, .tensors = j->n_tensors};
    for (size_t i = 0; i < j->n_tensors; i++)
        r->by_type[j->tensors[i].type]++;
    return WG_OK;
}

enum wg_status wg_convert(const struct wg_pkg *pkg, const struct wg_convert_opts *o,
                          struct wg_convert_result *result, struct wg_err *err)
{
    struct wg_conv_job j = {0};
    struct wg_gguf_out *out = NULL;
    struct wg_gguf *g = NULL;

    wg_arena_init(&j.arena, WG_CONV_ARENA_BYTES);
    enum wg_status st = check_out(pkg, o->out, err);
    if (st == WG_OK && pkg->format == WG_WEIGHTS_GGUF)
        st = wg_pkg_gguf(pkg, &g, err);
    if (st == WG_OK)
        st = wg_gguf_out_new(o->out, &out, err);
    if (st == WG_OK)
        st = fill_job(pkg, o, g, &j, out, err);
    if (st == WG_OK)
        st = wg_conv_write(&j, out, o->threads, err);
    if (st == WG_OK)
        st = count_result(&j, o->out, result, err);
    wg_gguf_out_free(out);
    wg_gguf_close(g);
    wg_arena_release(&j.arena);
    return st;
}
