/* A model of the store as a package. */
#include "package/pkg_build.h"

#include "base/mem.h"
#include "package/gguf.h"
#include "package/limits.h"
#include "package/reference.h"
#include "package/store.h"

#include <stdio.h>
#include <string.h>

static enum wg_status fill(struct wg_pkg *p, const struct wg_store *s,
                           const struct wg_store_model *m, struct wg_err *err)
{
    char *name = wg_strdup(m->name);

    if (!name)
        return wg_oom(err, "a package");
    wg_free(p->name);
    p->name = name;
    for (size_t i = 0; i < m->n_files; i++) {
        const struct wg_store_file *f = &m->files[i];
        char *blob = wg_store_blob(s, f->sha256);
        enum wg_status st = blob ? wg_pkg_add(p, f->path, blob, f->bytes, err)
                                 : wg_oom(err, "a package");
        wg_free(blob);
        WG_TRY(st);
        struct wg_pkg_file *added = &p->files[p->n_files - 1];
        memcpy(added->sha256, f->sha256, sizeof added->sha256);
        added->source = wg_strdup(f->source);
        if (!added->source)
            return wg_oom(err, "a package");
    }
    WG_TRY(wg_pkg_finish(p, err));
    char *root =
        wg_strdup(p->format == WG_WEIGHTS_NONE ? wg_store_folder(s) : p->files[p->weights].full);
    if (!root)
        return wg_oom(err, "a package");
    wg_free(p->root);
    p->root = root;
    return WG_OK;
}

/* References are looked up in their canonical form; what is not one is a name. */
static char *canonical(const char *model)
{
    struct wg_ref ref;
    struct wg_err ignored;

    if (!strchr(model, ':') || wg_ref_parse(model, &ref, &ignored) != WG_OK)
        return wg_strdup(model);
    char *text = wg_strdup(ref.text);
    wg_ref_release(&ref);
    return text;
}

enum wg_status wg_pkg_from_store(struct wg_pkg *p, const char *model, struct wg_err *err)
{
    struct wg_store *s = NULL;
    struct wg_store_model *m = NULL;
    char *name = canonical(model);
    struct wg_err why = {0};
    enum wg_status st = name ? wg_store_open(false, &s, &why) : wg_oom(&why, "a name");

    if (st == WG_OK)
        st = wg_store_find(s, name, &m, &why);
    if (st == WG_OK)
        st = fill(p, s, m, &why);
    if (st == WG_E_NOT_FOUND)
        st = wg_fail(err, st, "\"%s\" is no file and no folder, and %s", model, why.msg);
    else if (st != WG_OK)
        st = wg_fail(err, st, "%s", why.msg);
    wg_store_model_free(m);
    wg_store_close(s);
    wg_free(name);
    return st;
}

static enum wg_status open_set(const struct wg_pkg *p, size_t stem, unsigned count,
                               struct wg_gguf **out, struct wg_err *err)
{
    const char **paths = wg_calloc(count, sizeof *paths), *first = p->files[p->weights].path;
    enum wg_status st = paths ? WG_OK : wg_oom(err, "a split set");

    for (unsigned i = 1; i <= count && st == WG_OK; i++) {
        char name[WG_PKG_MAX_PATH_BYTES];
        snprintf(name, sizeof name, "%.*s-%05u-of-%05u.gguf", (int)stem, first, i, count);
        const struct wg_pkg_file *f = wg_pkg_file(p, name);
        if (!f)
            st = wg_fail(err, WG_E_INPUT, "%s: is missing: it is part %u of %u of a split set",
                         name, i, count);
        else
            paths[i - 1] = f->full;
    }
    if (st == WG_OK)
        st = wg_gguf_open_set(paths, count, out, err);
    wg_free(paths);
    return st;
}

enum wg_status wg_pkg_gguf(const struct wg_pkg *p, struct wg_gguf **out, struct wg_err *err)
{
    unsigned no, count;

    if (p->format != WG_WEIGHTS_GGUF)
        return wg_fail(err, WG_E_UNSUPPORTED, "%s: has no GGUF weights", p->name);
    const struct wg_pkg_file *f = &p->files[p->weights];
    size_t stem = wg_split_stem(f->path, &no, &count);
    if (!stem)
        return wg_gguf_open(f->full, out, err);
    if (count > WG_GGUF_MAX_PARTS)
        return wg_fail(err, WG_E_LIMIT, "%s: a set of %u parts; the limit is %u", f->path, count,
                       WG_GGUF_MAX_PARTS);
    return open_set(p, stem, count, out, err);
}
