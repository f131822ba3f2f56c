/*
 * A GGUF file or split set as one value: opens the parts, checks what only holds between them, and
 * merges their tensors under one sorted index. Immutable after open, so any thread may read.
 */
#include "package/gguf.h"

#include "base/mem.h"
#include "package/gguf_part.h"
#include "package/limits.h"

#include <stdio.h>
#include <string.h>

struct wg_gguf {
    struct wg_gguf_part *parts; /* in order; keys are those of the first */
    size_t n_parts;
    struct wg_tensor *tensors;    /* of all parts; owned only when there are several */
    struct wg_name *tensor_names; /* n_tensors, sorted */
    size_t n_tensors;
};

/* What the split.* keys of a part say; count is 1 when there are none. */
struct split {
    int64_t no, count, tensors; /* tensors of the whole set, -1 when not said */
};

void wg_gguf_close(struct wg_gguf *g)
{
    if (!g)
        return;
    if (g->n_parts > 1)
        wg_free(g->tensors);
    for (size_t i = 0; i < g->n_parts; i++)
        wg_gguf_part_close(&g->parts[i]);
    wg_free(g->tensor_names);
    wg_free(g->parts);
    wg_free(g);
}

static enum wg_status read_split(const struct wg_gguf_part *part, struct split *s,
                                 struct wg_err *err)
{
    *s = (struct split){0, 1, -1};
    WG_TRY(wg_gguf_part_i64(part, "split.no", &s->no, NULL, err));
    WG_TRY(wg_gguf_part_i64(part, "split.count", &s->count, NULL, err));
    WG_TRY(wg_gguf_part_i64(part, "split.tensors.count", &s->tensors, NULL, err));
    if (s->count == 0) /* written by tools that merged a set and kept its keys */
        s->count = 1;
    if (s->count < 1 || s->count > WG_GGUF_MAX_PARTS)
        return wg_fail(err, WG_E_INPUT, "%s: split.count is %lld: it must be from 1 to %u",
                       part->path, (long long)s->count, WG_GGUF_MAX_PARTS);
    if (s->no < 0 || s->no >= s->count)
        return wg_fail(err, WG_E_INPUT, "%s: split.no is %lld of a set of %lld", part->path,
                       (long long)s->no, (long long)s->count);
    return WG_OK;
}

/* Length of `path` before "-00001-of-00003.gguf", or SIZE_MAX when it does not end so. */
static size_t split_stem(const char *path, int64_t no, int64_t count)
{
    char end[64];

    snprintf(end, sizeof end, "-%05lld-of-%05lld.gguf", (long long)no + 1, (long long)count);
    return wg_has_suffix(path, end) ? strlen(path) - strlen(end) : SIZE_MAX;
}

static char *split_name(const char *path, size_t stem, int64_t no, int64_t count)
{
    struct wg_buf b;

    wg_buf_init(&b, WG_PKG_MAX_PATH_BYTES);
    wg_buf_add(&b, path, stem);
    wg_buf_addf(&b, "-%05lld-of-%05lld.gguf", (long long)no + 1, (long long)count);
    char *name = b.failed ? NULL : wg_buf_detach(&b);
    wg_buf_release(&b);
    return name;
}

static enum wg_status open_part(struct wg_gguf *g, const char *path, struct wg_err *err)
{
    struct wg_gguf_part *part = &g->parts[g->n_parts];

    part->number = (int)g->n_parts++;
    part->path = wg_strdup(path);
    if (!part->path)
        return wg_oom(err, "a path");
    WG_TRY(wg_map_open(&part->map, path, err));
    part->base = part->map.p;
    part->size = part->map.size;
    part->file_bytes = part->map.size;
    return wg_gguf_part_parse(part, err);
}

/* Opens `path` as the next part and checks that it is what its place says. */
static enum wg_status open_next_part(struct wg_gguf *g, const char *path, const struct split *first,
                                     struct wg_err *err)
{
    int64_t no = (int64_t)g->n_parts;
    struct split s;
    enum wg_status st = open_part(g, path, err);

    if (st == WG_E_NOT_FOUND)
        return wg_fail(err, WG_E_INPUT, "%s: is missing: it is part %lld of %lld of a split set",
                       path, (long long)no + 1, (long long)first->count);
    WG_TRY(st);
    WG_TRY(read_split(&g->parts[no], &s, err));
    if (s.no != no || s.count != first->count)
        return wg_fail(err, WG_E_INPUT,
                       "%s: says it is part %lld of %lld, by its name it is part %lld of %lld",
                       path, (long long)s.no + 1, (long long)s.count, (long long)no + 1,
                       (long long)first->count);
    return WG_OK;
}

static enum wg_status open_neighbour(struct wg_gguf *g, size_t stem, const struct split *first,
                                     struct wg_err *err)
{
    char *path = split_name(g->parts[0].path, stem, (int64_t)g->n_parts, first->count);
    enum wg_status st = path ? open_next_part(g, path, first, err) : wg_oom(err, "a path");

    wg_free(path);
    return st;
}

/* Where the other parts are when the caller does not say: beside the first, by their names. */
static enum wg_status check_first_name(const char *path, const struct split *first, size_t *stem,
                                       struct wg_err *err)
{
    *stem = split_stem(path, first->no, first->count);
    if (*stem == SIZE_MAX)
        return wg_fail(err, WG_E_INPUT,
                       "%s: is part %lld of a split set of %lld, so its name must end in "
                       "-%05lld-of-%05lld.gguf for the other parts to be found",
                       path, (long long)first->no + 1, (long long)first->count,
                       (long long)first->no + 1, (long long)first->count);
    if (first->no == 0)
        return WG_OK;
    char *name = split_name(path, *stem, 0, first->count);
    enum wg_status st = wg_fail(err, WG_E_USAGE,
                                "%s: is part %lld of a split set; open its first file, %s", path,
                                (long long)first->no + 1, name ? name : "part 1");
    wg_free(name);
    return st;
}

/* `paths` NULL: the parts lie beside the first one. */
static enum wg_status open_others(struct wg_gguf *g, const struct split *first,
                                  const char *const *paths, struct wg_err *err)
{
    size_t stem = 0, count = (size_t)first->count;

    if (!paths)
        WG_TRY(check_first_name(g->parts[0].path, first, &stem, err));
    else if (first->no != 0)
        return wg_fail(err, WG_E_INPUT, "%s: says it is part %lld of %zu, by its name it is part 1",
                       g->parts[0].path, (long long)first->no + 1, count);
    struct wg_gguf_part *parts = wg_realloc(g->parts, count, sizeof *parts);
    if (!parts)
        return wg_oom(err, "a split set");
    memset(parts + 1, 0, (count - 1) * sizeof *parts);
    g->parts = parts;
    while (g->n_parts < count)
        WG_TRY(paths ? open_next_part(g, paths[g->n_parts], first, err)
                     : open_neighbour(g, stem, first, err));
    return WG_OK;
}

/* One list of all parts' tensors and its index; a name may be there once in the whole set. */
static enum wg_status merge(struct wg_gguf *g, int64_t said, struct wg_err *err)
{
    size_t n = 0, k = 0;

    for (size_t i = 0; i < g->n_parts; i++)
        n += g->parts[i].n_tensors;
    if (said >= 0 && (uint64_t)said != n)
        return wg_fail(err, WG_E_INPUT,
                       "%s: split.tensors.count is %lld, the %zu parts hold %zu tensors",
                       g->parts[0].path, (long long)said, g->n_parts, n);
    g->tensor_names = wg_calloc(n, sizeof *g->tensor_names);
    g->tensors = g->n_parts > 1 ? wg_calloc(n, sizeof *g->tensors) : g->parts[0].tensors;
    if (!g->tensor_names || !g->tensors)
        return wg_oom(err, "the tensors of a split set");
    for (size_t i = 0; i < g->n_parts; i++)
        for (size_t j = 0; j < g->parts[i].n_tensors; j++, k++) {
            g->tensors[k] = g->parts[i].tensors[j];
            g->tensor_names[k] = (struct wg_name){g->tensors[k].name, k};
        }
    g->n_tensors = n;
    size_t twice = wg_names_sort(g->tensor_names, n);
    if (twice != SIZE_MAX)
        return wg_fail(err, WG_E_INPUT, "%s: tensor \"%.120s\" is in an earlier part too",
                       g->parts[g->tensors[twice].part].path, g->tensors[twice].name);
    return WG_OK;
}

static struct wg_gguf *new_gguf(void)
{
    struct wg_gguf *g = wg_calloc(1, sizeof *g);

    if (g)
        g->parts = wg_calloc(1, sizeof *g->parts);
    if (g && !g->parts) {
        wg_free(g);
        return NULL;
    }
    return g;
}

static enum wg_status open_all(struct wg_gguf *g, const char *first, const char *const *paths,
                               size_t n_paths, struct wg_err *err)
{
    struct split s;

    WG_TRY(open_part(g, first, err));
    WG_TRY(read_split(&g->parts[0], &s, err));
    if (paths && (size_t)s.count != n_paths)
        return wg_fail(err, WG_E_INPUT, "%s: is one of a split set of %lld files, %zu are here",
                       first, (long long)s.count, n_paths);
    if (s.count > 1)
        WG_TRY(open_others(g, &s, paths, err));
    return merge(g, s.count > 1 ? s.tensors : -1, err);
}

static enum wg_status open_new(const char *first, const char *const *paths, size_t n_paths,
                               struct wg_gguf **out, struct wg_err *err)
{
    struct wg_gguf *g = new_gguf();
    enum wg_status st = g ? open_all(g, first, paths, n_paths, err) : wg_oom(err, first);

    if (st != WG_OK) {
        wg_gguf_close(g);
        return st;
    }
    *out = g;
    return WG_OK;
}

enum wg_status wg_gguf_open(const char *path, struct wg_gguf **out, struct wg_err *err)
{
    return open_new(path, NULL, 0, out, err);
}

enum wg_status wg_gguf_open_set(const char *const *paths, size_t n, struct wg_gguf **out,
                                struct wg_err *err)
{
    return open_new(paths[0], paths, n, out, err);
}

enum wg_status wg_gguf_parse(const void *bytes, size_t n, bool header_only, uint64_t file_bytes,
                             const char *name, struct wg_gguf **out, struct wg_err *err)
{
    struct wg_gguf *g = new_gguf();
    struct split s;

    if (!g)
        return wg_oom(err, name);
    struct wg_gguf_part *part = &g->parts[g->n_parts++];
    *part = (struct wg_gguf_part){.path = wg_strdup(name),
                                  .base = bytes,
                                  .size = n,
                                  .file_bytes = header_only ? file_bytes : n,
                                  .header_only = header_only};
    enum wg_status st = part->path ? wg_gguf_part_parse(part, err) : wg_oom(err, name);
    if (st == WG_OK)
        st = read_split(part, &s, err);
    if (st == WG_OK)
        st = merge(g, -1, err);
    if (st != WG_OK) {
        wg_gguf_close(g);
        return st;
    }
    *out = g;
    return WG_OK;
}

const char *wg_gguf_path(const struct wg_gguf *g)
{
    return g->parts[0].path;
}

uint32_t wg_gguf_version(const struct wg_gguf *g)
{
    return g->parts[0].version;
}

uint32_t wg_gguf_alignment(const struct wg_gguf *g)
{
    return g->parts[0].alignment;
}

int wg_gguf_parts(const struct wg_gguf *g)
{
    return (int)g->n_parts;
}

size_t wg_gguf_kv_count(const struct wg_gguf *g)
{
    return g->parts[0].n_kv;
}

const struct wg_gguf_kv *wg_gguf_kv_at(const struct wg_gguf *g, size_t i)
{
    return i < g->parts[0].n_kv ? &g->parts[0].kv[i] : NULL;
}

const struct wg_gguf_kv *wg_gguf_find(const struct wg_gguf *g, const char *key)
{
    size_t row = wg_names_find(g->parts[0].kv_names, g->parts[0].n_kv, key);
    return row == SIZE_MAX ? NULL : &g->parts[0].kv[row];
}

size_t wg_gguf_tensor_count(const struct wg_gguf *g)
{
    return g->n_tensors;
}

const struct wg_tensor *wg_gguf_tensor_at(const struct wg_gguf *g, size_t i)
{
    return i < g->n_tensors ? &g->tensors[i] : NULL;
}

const struct wg_tensor *wg_gguf_tensor(const struct wg_gguf *g, const char *name)
{
    size_t row = wg_names_find(g->tensor_names, g->n_tensors, name);
    return row == SIZE_MAX ? NULL : &g->tensors[row];
}
