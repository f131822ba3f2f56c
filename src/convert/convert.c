#include "convert/convert.h"

#include "base/file.h"
#include "convert/from.h"
#include "convert/limits.h"
#include "kernel/kernel.h"
#include "model/source.h"
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

/* What a conversion holds open. */
struct work {
    struct wg_conv_job job;
    struct wg_gguf_out *out;
    struct wg_gguf *gguf;
    struct wg_source *source;
};

static enum wg_status convert(struct work *w, const struct wg_pkg *pkg,
                              const struct wg_convert_opts *o, struct wg_err *err)
{
    WG_TRY(check_out(pkg, o->out, err));
    WG_TRY(wg_gguf_out_new(o->out, &w->out, err));
    if (pkg->format == WG_WEIGHTS_GGUF) {
        WG_TRY(wg_pkg_gguf(pkg, &w->gguf, err));
        WG_TRY(wg_conv_from_gguf(w->gguf, o, &w->job, w->out, err));
    } else {
        WG_TRY(wg_source_open(pkg, &w->source, err));
        WG_TRY(wg_conv_from_hf(pkg, w->source, o, &w->job, w->out, err));
    }
    return wg_conv_write(&w->job, w->out, o->threads, err);
}

enum wg_status wg_convert(const struct wg_pkg *pkg, const struct wg_convert_opts *o,
                          struct wg_convert_result *result, struct wg_err *err)
{
    struct work w = {0};

    wg_arena_init(&w.job.arena, WG_CONV_ARENA_BYTES);
    enum wg_status st = convert(&w, pkg, o, err);
    if (st == WG_OK)
        st = count_result(&w.job, o->out, result, err);
    wg_gguf_out_free(w.out);
    wg_source_close(w.source);
    wg_gguf_close(w.gguf);
    wg_arena_release(&w.job.arena);
    return st;
}
