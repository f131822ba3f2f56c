/*
 * A safetensors file or sharded set as one value: opens the parts, checks what only holds between
 * them and their index, and merges their tensors under one sorted index. Immutable after open, so
 * any thread may read.
 */
#include "package/safetensors.h"

#include "base/mem.h"
#include "package/names.h"
#include "package/package.h"
#include "package/st_index.h"
#include "package/st_part.h"

#include <string.h>

struct wg_st {
    char *path;
    struct wg_st_part *parts;
    size_t n_parts;
    struct wg_tensor *tensors; /* of all parts; owned only when there are several */
    struct wg_name *names;     /* n_tensors, sorted */
    size_t n_tensors;
};

void wg_st_close(struct wg_st *s)
{
    if (!s)
        return;
    if (s->n_parts > 1)
        wg_free(s->tensors);
    for (size_t i = 0; i < s->n_parts; i++)
        wg_st_part_close(&s->parts[i]);
    wg_free(s->names);
    wg_free(s->parts);
    wg_free(s->path);
    wg_free(s);
}

/* Room for n parts, none of them open. */
static struct wg_st *new_set(const char *path, size_t n)
{
    struct wg_st *s = wg_calloc(1, sizeof *s);

    if (!s)
        return NULL;
    s->path = wg_strdup(path);
    s->parts = wg_calloc(n, sizeof *s->parts);
    if (s->path && s->parts)
        return s;
    wg_st_close(s);
    return NULL;
}

/* One list of all parts' tensors and its index; a name may be there once in the whole set. */
static enum wg_status merge(struct wg_st *s, struct wg_err *err)
{
    size_t n = 0, k = 0;

    for (size_t i = 0; i < s->n_parts; i++)
        n += s->parts[i].n_tensors;
    s->names = wg_calloc(n, sizeof *s->names);
    s->tensors = s->n_parts > 1 ? wg_calloc(n, sizeof *s->tensors) : s->parts[0].tensors;
    if (!s->names || !s->tensors)
        return wg_oom(err, s->path);
    for (size_t i = 0; i < s->n_parts; i++)
        for (size_t j = 0; j < s->parts[i].n_tensors; j++, k++) {
            s->tensors[k] = s->parts[i].tensors[j];
            s->names[k] = (struct wg_name){s->tensors[k].name, k};
        }
    s->n_tensors = n;
    size_t twice = wg_names_sort(s->names, n);
    if (twice != SIZE_MAX) {
        const struct wg_tensor *t = &s->tensors[twice];
        return wg_fail(err, WG_E_INPUT, "%s: tensor \"%.120s\" is in an earlier shard too",
                       s->parts[t->part].path, t->name);
    }
    return WG_OK;
}

static enum wg_status open_part(struct wg_st *s, const char *path, struct wg_err *err)
{
    struct wg_st_part *part = &s->parts[s->n_parts];

    part->number = (int)s->n_parts++;
    part->path = wg_strdup(path);
    if (!part->path)
        return wg_oom(err, "a path");
    WG_TRY(wg_map_open(&part->map, path, err));
    part->base = part->map.p;
    part->size = part->map.size;
    part->file_bytes = part->map.size;
    return wg_st_part_parse(part, err);
}

/* `index` is the index's own path, in the package or on the disk: shards lie beside it there. */
static enum wg_status open_shard(struct wg_st *s, const struct wg_pkg *pkg, const char *index,
                                 const char *file, struct wg_err *err)
{
    char *dir = wg_strndup(index, (size_t)(wg_basename(index) - index));
    char *path = dir ? wg_path_join(dir, file) : NULL;
    const struct wg_pkg_file *f = pkg && path ? wg_pkg_file(pkg, path) : NULL;
    enum wg_status st = !path       ? wg_oom(err, "a path")
                        : pkg && !f ? WG_E_NOT_FOUND
                                    : open_part(s, f ? f->full : path, err);

    if (st == WG_E_NOT_FOUND)
        st = wg_fail(err, WG_E_INPUT, "%s: is missing: %s names it", path, wg_basename(index));
    wg_free(dir);
    wg_free(path);
    return st;
}

/* Each tensor of the map is in the file that the map says. Tensors that the map does not name are
 * kept: shards of published models have some. */
static enum wg_status check_map(const struct wg_st *s, const struct wg_st_index *x,
                                struct wg_err *err)
{
    const char *name;
    json_t *v;

    json_object_foreach(x->map, name, v) {
        const struct wg_tensor *t = wg_st_tensor_find(s, name);
        const char *file = json_string_value(v);
        if (!t)
            return wg_fail(err, WG_E_INPUT, "%s: says that %s holds tensor \"%.120s\": it does not",
                           s->path, file, name);
        if ((size_t)t->part != wg_names_find(x->files, x->n_files, file))
            return wg_fail(err, WG_E_INPUT, "%s: says that %s holds tensor \"%.120s\": it is in %s",
                           s->path, file, name, wg_basename(s->parts[t->part].path));
    }
    return WG_OK;
}

/* With `pkg` the shards are files of it, wherever they lie; else files beside the index. */
static enum wg_status open_index(const char *path, const struct wg_pkg *pkg, struct wg_st **out,
                                 struct wg_err *err)
{
    const char *name = pkg ? pkg->files[pkg->weights].path : path;
    struct wg_st_index x;
    enum wg_status st = WG_OK;

    WG_TRY(wg_st_index_load(path, &x, err));
    struct wg_st *s = new_set(path, x.n_files);
    if (!s)
        st = wg_oom(err, path);
    for (size_t i = 0; st == WG_OK && i < x.n_files; i++)
        st = open_shard(s, pkg, name, x.files[i].name, err);
    if (st == WG_OK)
        st = merge(s, err);
    if (st == WG_OK)
        st = check_map(s, &x, err);
    wg_st_index_release(&x);
    *out = s;
    return st;
}

static enum wg_status open_file(const char *path, struct wg_st **out, struct wg_err *err)
{
    struct wg_st *s = *out = new_set(path, 1);

    if (!s)
        return wg_oom(err, path);
    WG_TRY(open_part(s, path, err));
    return merge(s, err);
}

static enum wg_status open_new(const char *path, const struct wg_pkg *pkg, bool index,
                               struct wg_st **out, struct wg_err *err)
{
    struct wg_st *s = NULL;
    enum wg_status st = index ? open_index(path, pkg, &s, err) : open_file(path, &s, err);

    if (st != WG_OK) {
        wg_st_close(s);
        return st;
    }
    *out = s;
    return WG_OK;
}

enum wg_status wg_st_open(const char *path, struct wg_st **out, struct wg_err *err)
{
    return open_new(path, NULL, wg_has_suffix(path, ".json"), out, err);
}

enum wg_status wg_pkg_safetensors(const struct wg_pkg *p, struct wg_st **out, struct wg_err *err)
{
    if (p->format != WG_WEIGHTS_SAFETENSORS)
        return wg_fail(err, WG_E_UNSUPPORTED, "%s: has no safetensors weights", p->name);
    const struct wg_pkg_file *f = &p->files[p->weights];
    return open_new(f->full, p, wg_has_suffix(f->path, ".json"), out, err);
}

enum wg_status wg_st_parse(const void *bytes, size_t n, bool header_only, uint64_t file_bytes,
                           const char *name, struct wg_st **out, struct wg_err *err)
{
    struct wg_st *s = new_set(name, 1);

    if (!s)
        return wg_oom(err, name);
    struct wg_st_part *part = &s->parts[s->n_parts++];
    *part = (struct wg_st_part){.path = wg_strdup(name),
                                .base = bytes,
                                .size = n,
                                .file_bytes = header_only ? file_bytes : n,
                                .header_only = header_only};
    enum wg_status st = part->path ? wg_st_part_parse(part, err) : wg_oom(err, name);
    if (st == WG_OK)
        st = merge(s, err);
    if (st != WG_OK) {
        wg_st_close(s);
        return st;
    }
    *out = s;
    return WG_OK;
}

const char *wg_st_path(const struct wg_st *s)
{
    return s->path;
}

int wg_st_parts(const struct wg_st *s)
{
    return (int)s->n_parts;
}

const char *wg_st_part_path(const struct wg_st *s, int part)
{
    return part >= 0 && (size_t)part < s->n_parts ? s->parts[part].path : NULL;
}

size_t wg_st_tensor_count(const struct wg_st *s)
{
    return s->n_tensors;
}

const struct wg_tensor *wg_st_tensor_at(const struct wg_st *s, size_t i)
{
    return i < s->n_tensors ? &s->tensors[i] : NULL;
}

const struct wg_tensor *wg_st_tensor_find(const struct wg_st *s, const char *name)
{
    size_t row = wg_names_find(s->names, s->n_tensors, name);
    return row == SIZE_MAX ? NULL : &s->tensors[row];
}

size_t wg_st_meta_count(const struct wg_st *s)
{
    return s->parts[0].n_meta;
}

const struct wg_st_meta *wg_st_meta_at(const struct wg_st *s, size_t i)
{
    return i < s->parts[0].n_meta ? &s->parts[0].meta[i] : NULL;
}

const char *wg_st_meta_find(const struct wg_st *s, const char *key)
{
    for (size_t i = 0; i < s->parts[0].n_meta; i++)
        if (strcmp(s->parts[0].meta[i].key, key) == 0)
            return s->parts[0].meta[i].value;
    return NULL;
}
