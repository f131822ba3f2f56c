/*
 * Finding the files of a model: a GGUF file with the other parts of its set, or a folder.
 */
#include "package/package.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "package/limits.h"
#include "package/pkg_build.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void wg_pkg_close(struct wg_pkg *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->n_files; i++) {
        wg_free(p->files[i].path);
        wg_free(p->files[i].full);
        wg_free(p->files[i].source);
    }
    wg_free(p->files);
    wg_free(p->name);
    wg_free(p->root);
    wg_free(p);
}

enum wg_status wg_pkg_add(struct wg_pkg *p, const char *path, const char *full, uint64_t bytes,
                          struct wg_err *err)
{
    if (p->n_files >= WG_PKG_MAX_FILES)
        return wg_fail(err, WG_E_LIMIT, "%s: holds over %u files; name the model's own folder",
                       p->root, WG_PKG_MAX_FILES);
    if ((p->n_files & (p->n_files - 1)) == 0) { /* full at every power of two */
        size_t cap = p->n_files ? 2 * p->n_files : 1;
        struct wg_pkg_file *files = wg_realloc(p->files, cap, sizeof *files);
        if (!files)
            return wg_oom(err, "a list of files");
        p->files = files;
    }
    struct wg_pkg_file *f = &p->files[p->n_files];
    *f = (struct wg_pkg_file){.path = wg_strdup(path), .full = wg_strdup(full), .bytes = bytes};
    f->role = wg_role_of(path);
    p->n_files++;
    return f->path && f->full ? WG_OK : wg_oom(err, "a list of files");
}

size_t wg_split_stem(const char *name, unsigned *no, unsigned *count)
{
    return wg_numbered_stem(name, ".gguf", no, count);
}

size_t wg_numbered_stem(const char *name, const char *end, unsigned *no, unsigned *count)
{
    enum { NUMBERS = sizeof "-00001-of-00003" - 1 };
    size_t n = strlen(name), tail = NUMBERS + strlen(end);

    if (n <= tail)
        return 0;
    const char *t = name + n - tail;
    if (t[0] != '-' || memcmp(t + 6, "-of-", 4) != 0 || strcmp(t + NUMBERS, end) != 0)
        return 0;
    *no = *count = 0;
    for (int i = 0; i < 5; i++) {
        if (t[1 + i] < '0' || t[1 + i] > '9' || t[10 + i] < '0' || t[10 + i] > '9')
            return 0;
        *no = *no * 10 + (unsigned)(t[1 + i] - '0');
        *count = *count * 10 + (unsigned)(t[10 + i] - '0');
    }
    return *no >= 1 && *no <= *count ? n - tail : 0;
}

static enum wg_status add_gguf_parts(struct wg_pkg *p, const char *model, size_t stem,
                                     unsigned count, struct wg_err *err)
{
    struct wg_buf b;
    enum wg_status st = WG_OK;

    if (count > WG_GGUF_MAX_PARTS)
        return wg_fail(err, WG_E_LIMIT, "%s: a set of %u parts; the limit is %u", model, count,
                       WG_GGUF_MAX_PARTS);
    wg_buf_init(&b, WG_PKG_MAX_PATH_BYTES);
    for (unsigned i = 1; i <= count && st == WG_OK; i++) {
        struct stat sb;
        wg_buf_clear(&b);
        wg_buf_add(&b, model, stem);
        wg_buf_addf(&b, "-%05u-of-%05u.gguf", i, count);
        st = wg_buf_check(&b, "a path", err);
        if (st == WG_OK && (stat(b.p, &sb) != 0 || !S_ISREG(sb.st_mode)))
            st = wg_fail(err, WG_E_INPUT, "%s: is missing: it is part %u of %u of a split set", b.p,
                         i, count);
        if (st == WG_OK)
            st = wg_pkg_add(p, wg_basename(b.p), b.p, (uint64_t)sb.st_size, err);
    }
    wg_buf_release(&b);
    return st;
}

static enum wg_status open_file(struct wg_pkg *p, const char *model, uint64_t bytes,
                                struct wg_err *err)
{
    unsigned no, count;
    size_t stem = wg_split_stem(model, &no, &count);

    if (!wg_has_suffix(model, ".gguf"))
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: a model is a .gguf file, a folder or a name in the store", model);
    if (stem && no != 1)
        return wg_fail(err, WG_E_USAGE,
                       "%s: is part %u of a split set; name its first file, "
                       "%.*s-00001-of-%05u.gguf",
                       model, no, (int)stem, model, count);
    p->format = WG_WEIGHTS_GGUF;
    if (stem)
        return add_gguf_parts(p, model, stem, count, err);
    WG_TRY(wg_pkg_add(p, wg_basename(model), model, bytes, err));
    p->files[0].role = WG_ROLE_WEIGHTS; /* the user says so, whatever its name is */
    return WG_OK;
}

static enum wg_status scan(struct wg_pkg *p, const char *dir, const char *prefix, int depth,
                           struct wg_err *err);

static enum wg_status scan_entry(struct wg_pkg *p, const char *dir, const char *prefix,
                                 const char *name, int depth, struct wg_err *err)
{
    char *full = wg_path_join(dir, name), *path = wg_path_join(prefix, name);
    enum wg_status st = WG_OK;
    struct stat sb, link;

    if (!full || !path)
        st = wg_oom(err, "a path");
    else if (lstat(full, &link) != 0 || stat(full, &sb) != 0)
        st = wg_fail(err, WG_E_IO, "%s: cannot be read: %s", full, strerror(errno));
    else if (S_ISDIR(sb.st_mode) && !S_ISLNK(link.st_mode)) /* links to folders may form a ring */
        st = scan(p, full, path, depth + 1, err);
    else if (S_ISREG(sb.st_mode))
        st = wg_pkg_add(p, path, full, (uint64_t)sb.st_size, err);
    wg_free(full);
    wg_free(path);
    return st;
}

/* Adds all files below dir. Hidden entries (.git, .cache, .gitattributes) are no part of a model.
 * Links to files are followed: download caches are made of them. */
static enum wg_status scan(struct wg_pkg *p, const char *dir, const char *prefix, int depth,
                           struct wg_err *err)
{
    enum wg_status st = WG_OK;
    struct dirent *e;

    if (depth > WG_PKG_MAX_DEPTH)
        return wg_fail(err, WG_E_LIMIT, "%s: folders are nested over %d deep", dir,
                       WG_PKG_MAX_DEPTH);
    DIR *d = opendir(dir);
    if (!d)
        return wg_fail(err, WG_E_IO, "%s: cannot open the folder: %s", dir, strerror(errno));
    while (st == WG_OK && (e = readdir(d)) != NULL)
        if (e->d_name[0] != '.')
            st = scan_entry(p, dir, prefix, e->d_name, depth, err);
    closedir(d);
    return st;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(((const struct wg_pkg_file *)a)->path, ((const struct wg_pkg_file *)b)->path);
}

static bool is_first_gguf(const struct wg_pkg_file *f)
{
    unsigned no, count;

    return f->role == WG_ROLE_WEIGHTS && wg_has_suffix(f->path, ".gguf") &&
           (wg_split_stem(f->path, &no, &count) == 0 || no == 1);
}

static enum wg_status check_set(const struct wg_pkg *p, struct wg_err *err)
{
    const char *path = p->files[p->weights].path;
    unsigned no, count, have = 0, n, c;
    size_t stem = wg_split_stem(path, &no, &count);

    for (size_t i = 0; stem && i < p->n_files; i++)
        if (wg_split_stem(p->files[i].path, &n, &c) == stem && c == count &&
            memcmp(p->files[i].path, path, stem) == 0)
            have++;
    if (stem && have != count)
        return wg_fail(err, WG_E_INPUT, "%s: %u of the %u parts of the split set are here",
                       p->files[p->weights].full, have, count);
    return WG_OK;
}

/* The first by path of several. */
static enum wg_status choose_gguf(struct wg_pkg *p, struct wg_err *err)
{
    size_t models = 0, parts = 0;

    for (size_t i = p->n_files; i-- > 0;) {
        if (p->files[i].role != WG_ROLE_WEIGHTS || !wg_has_suffix(p->files[i].path, ".gguf"))
            continue;
        parts++;
        if (!is_first_gguf(&p->files[i]))
            continue;
        p->format = WG_WEIGHTS_GGUF;
        p->weights = i;
        models++;
    }
    if (parts && !models)
        return wg_fail(err, WG_E_INPUT,
                       "%s: holds parts of a split GGUF set without its first file", p->root);
    if (models > 1)
        wg_log(WG_LOG_WARN, "%s holds %zu GGUF models; %s is taken", p->root, models,
               p->files[p->weights].path);
    return models ? check_set(p, err) : WG_OK;
}

enum wg_status wg_pkg_finish(struct wg_pkg *p, struct wg_err *err)
{
    if (p->n_files > 1)
        qsort(p->files, p->n_files, sizeof *p->files, by_path);
    p->format = WG_WEIGHTS_NONE;
    WG_TRY(choose_gguf(p, err));
    return wg_pkg_choose_safetensors(p, err);
}

static enum wg_status open_folder(struct wg_pkg *p, const char *model, struct wg_err *err)
{
    WG_TRY(scan(p, model, "", 0, err));
    return wg_pkg_finish(p, err);
}

enum wg_status wg_pkg_open(const char *model, struct wg_pkg **out, struct wg_err *err)
{
    struct wg_pkg *p = wg_calloc(1, sizeof *p);
    enum wg_status st;
    struct stat sb;

    if (p) {
        p->name = wg_strdup(model);
        p->root = wg_strdup(model);
    }
    if (!p || !p->name || !p->root)
        st = wg_oom(err, "a package");
    else if (stat(model, &sb) != 0)
        st = wg_pkg_from_store(p, model, err);
    else if (S_ISDIR(sb.st_mode))
        st = open_folder(p, model, err);
    else
        st = open_file(p, model, (uint64_t)sb.st_size, err);
    if (st != WG_OK) {
        wg_pkg_close(p);
        return st;
    }
    *out = p;
    return WG_OK;
}

const struct wg_pkg_file *wg_pkg_find(const struct wg_pkg *p, enum wg_role role)
{
    for (size_t i = 0; i < p->n_files; i++)
        if (p->files[i].role == role)
            return &p->files[i];
    return NULL;
}

const struct wg_pkg_file *wg_pkg_file(const struct wg_pkg *p, const char *path)
{
    for (size_t i = 0; i < p->n_files; i++)
        if (strcmp(p->files[i].path, path) == 0)
            return &p->files[i];
    return NULL;
}
