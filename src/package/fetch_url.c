/* https: references: a GGUF file, each part of a split set, or an archive. */
#include "package/fetch.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "package/archive.h"
#include "package/limits.h"
#include "package/pkg_build.h"

#include <stdio.h>
#include <string.h>

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* The file that a URL names: last part of its path, percent signs decoded. */
static enum wg_status file_name(const char *url, char *out, size_t cap, struct wg_err *err)
{
    const char *path = strstr(url, "://") + 3, *end = path + strcspn(path, "?#"), *p = end;
    size_t n = 0;

    while (p > path && p[-1] != '/')
        p--;
    if (p == path)
        p = end;
    for (; p < end && n + 1 < cap; p++) {
        char c = *p;
        if (c == '%' && end - p > 2 && hex_digit(p[1]) >= 0 && hex_digit(p[2]) >= 0) {
            c = (char)(hex_digit(p[1]) * 16 + hex_digit(p[2]));
            p += 2;
        }
        if ((unsigned char)c < 0x20 || c == 0x7f || c == '/' || c == '\\')
            return wg_fail(err, WG_E_INPUT, "%s: the URL ends in an impossible file name", url);
        out[n++] = c;
    }
    out[n] = '\0';
    if (n == 0 || out[0] == '.' || p < end)
        return wg_fail(err, WG_E_INPUT, "%s: the URL does not end in the name of a file", url);
    if (!wg_has_suffix(out, ".gguf") && !wg_is_archive(out))
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: a URL names a .gguf file, or a .whl, .zip or .tar.gz archive", url);
    return WG_OK;
}

/* Queries often carry keys; a source is kept and shown, so it has none. */
static char *public_url(const char *url)
{
    return wg_strndup(url, strcspn(url, "?"));
}

static const struct wg_store_file *old_file(const struct wg_store_model *old, const char *path,
                                            const char *source)
{
    for (size_t i = 0; old && source && i < old->n_files; i++)
        if (strcmp(old->files[i].path, path) == 0 && strcmp(old->files[i].source, source) == 0)
            return &old->files[i];
    return NULL;
}

static enum wg_status fetch_one(const char *url, const char *name, const struct wg_pull_opts *opts,
                                const struct wg_store_model *old, struct wg_stage *stage,
                                bool *unchanged, struct wg_err *err)
{
    char *source = public_url(url), *tmp = wg_stage_path(stage, name);
    enum wg_status st = source && tmp ? WG_OK : wg_oom(err, "a path");
    struct wg_download d = {.url = url, .path = tmp, .sha256 = opts->sha256};

    if (st == WG_OK) {
        const struct wg_store_file *f = old_file(old, name, source);
        d.known_etag = f ? f->etag : NULL;
        st = wg_http_download(&d, err);
    }
    *unchanged = st == WG_OK && d.unchanged;
    if (st == WG_OK && !d.unchanged)
        st = wg_check_sha256(source, opts->sha256, d.got_sha256, err);
    if (st == WG_OK && !d.unchanged)
        st = wg_is_archive(name) ? wg_archive_take(tmp, source, stage, err)
                                 : wg_stage_add(stage, name, tmp, d.got_sha256, d.got_bytes, source,
                                                d.got_etag, err);
    wg_free(d.got_etag);
    wg_free(source);
    wg_free(tmp);
    return st;
}

/* URL of part i: the split number is in the last part of the path, before any query. */
static char *part_url(const char *url, const char *name, size_t stem, unsigned i, unsigned count)
{
    size_t path_n = strcspn(url, "?"), tail = strlen(name) - stem;
    struct wg_buf b;

    wg_buf_init(&b, WG_PKG_MAX_PATH_BYTES);
    wg_buf_add(&b, url, path_n - tail);
    wg_buf_addf(&b, "-%05u-of-%05u.gguf%s", i, count, url + path_n);
    char *out = b.failed ? NULL : wg_buf_detach(&b);
    wg_buf_release(&b);
    return out;
}

static enum wg_status fetch_set(const struct wg_ref *ref, const char *name, size_t stem,
                                unsigned count, const struct wg_pull_opts *opts,
                                struct wg_stage *stage, struct wg_err *err)
{
    enum wg_status st = WG_OK;
    bool unchanged;

    if (count > WG_GGUF_MAX_PARTS)
        return wg_fail(err, WG_E_LIMIT, "%s: a set of %u parts; the limit is %u", ref->text, count,
                       WG_GGUF_MAX_PARTS);
    if (opts->sha256 && count > 1)
        return wg_fail(err, WG_E_USAGE, "--sha256 is for one file; this is a set of %u", count);
    for (unsigned i = 1; i <= count && st == WG_OK; i++) {
        char part[WG_PKG_MAX_PATH_BYTES];
        snprintf(part, sizeof part, "%.*s-%05u-of-%05u.gguf", (int)stem, name, i, count);
        char *url = part_url(ref->target, name, stem, i, count);
        /* A set is fetched whole: parts of two versions do not make a model. */
        st = url ? fetch_one(url, part, opts, NULL, stage, &unchanged, err) : wg_oom(err, "a URL");
        wg_free(url);
    }
    return st;
}

enum wg_status wg_fetch_url(const struct wg_ref *ref, const struct wg_pull_opts *opts,
                            const struct wg_store_model *old, struct wg_stage *stage,
                            bool *unchanged, struct wg_err *err)
{
    char name[WG_REF_MAX_WORD_BYTES + 1];
    unsigned no, count;

    WG_TRY(file_name(ref->target, name, sizeof name, err));
    size_t stem = wg_split_stem(name, &no, &count);
    if (!stem)
        return fetch_one(ref->target, name, opts, old, stage, unchanged, err);
    if (no != 1)
        return wg_fail(err, WG_E_USAGE, "%s: is part %u of %u; pull the URL of the first part",
                       ref->text, no, count);
    return fetch_set(ref, name, stem, count, opts, stage, err);
}
