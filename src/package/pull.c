#include "package/pull.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "package/fetch.h"

#include <string.h>
#include <unistd.h>

enum wg_status wg_check_sha256(const char *what, const char *want, const char *got,
                               struct wg_err *err)
{
    if (!want || strcasecmp(want, got) == 0)
        return WG_OK;
    return wg_fail(err, WG_E_INPUT,
                   "%s: its SHA-256 is %s, asked for is %s: it is another file, or "
                   "it was changed; nothing was kept",
                   what, got, want);
}

static enum wg_status check_opts(const struct wg_ref *ref, const struct wg_pull_opts *opts,
                                 struct wg_err *err)
{
    if (opts->name)
        WG_TRY(wg_store_name_check(opts->name, err));
    if (opts->sha256 && (strlen(opts->sha256) != WG_SHA256_HEX - 1 ||
                         strspn(opts->sha256, "0123456789abcdefABCDEF") != WG_SHA256_HEX - 1))
        return wg_fail(err, WG_E_USAGE, "--sha256: \"%s\" is not 64 hexadecimal digits",
                       opts->sha256);
    if (opts->sha256 && ref->kind == WG_REF_PYPI)
        return wg_fail(err, WG_E_USAGE,
                       "--sha256 is for one file; a wheel is held to the hashes "
                       "that PyPI and its RECORD give");
    if (opts->offline && ref->kind != WG_REF_PATH)
        return wg_fail(err, WG_E_NET, "%s: is not in the store, and --offline forbids to fetch it",
                       ref->text);
    return WG_OK;
}

static bool is_intact(const struct wg_store *s, const struct wg_store_model *m)
{
    const char *state = "ok";
    struct wg_err ignored;

    for (size_t i = 0; i < m->n_files && strcmp(state, "ok") == 0; i++)
        if (wg_store_check(s, &m->files[i], &state, &ignored) != WG_OK)
            return false;
    return strcmp(state, "ok") == 0;
}

/* What the store has of this reference, or NULL. All of it is hashed, so that a pull repairs what
 * was damaged. */
static enum wg_status find_old(struct wg_store *s, const char *ref, struct wg_store_model **out,
                               struct wg_err *err)
{
    struct wg_err why;
    enum wg_status st = wg_store_find(s, ref, out, &why);

    if (st != WG_OK) {
        *out = NULL;
        return st == WG_E_NOT_FOUND ? WG_OK : wg_fail(err, st, "%s", why.msg);
    }
    if (strcmp((*out)->ref, ref) != 0 || !is_intact(s, *out)) {
        wg_store_model_free(*out);
        *out = NULL;
    }
    return WG_OK;
}

/* A name for what has none: the package, or the folder that the file lies in. */
static char *fallback_name(const struct wg_ref *ref)
{
    char *copy = wg_strdup(ref->kind == WG_REF_PYPI ? ref->package : ref->text);

    if (!copy || ref->kind == WG_REF_PYPI)
        return copy;
    copy[strcspn(copy, "?")] = '\0';
    if (ref->kind == WG_REF_URL || !wg_is_dir(copy)) {
        char *slash = strrchr(copy, '/');
        if (slash && slash != copy)
            *slash = '\0';
    }
    char *name = wg_strdup(wg_basename(copy));
    wg_free(copy);
    return name;
}

static enum wg_status fetch(const struct wg_ref *ref, const struct wg_pull_opts *opts,
                            const struct wg_store_model *old, struct wg_stage *stage,
                            bool *unchanged, struct wg_err *err)
{
    switch (ref->kind) {
    case WG_REF_PYPI:
        return wg_fetch_pypi(ref, stage, err);
    case WG_REF_URL:
        return wg_fetch_url(ref, opts, old, stage, unchanged, err);
    case WG_REF_PATH:
        return wg_fetch_path(ref, opts, stage, err);
    }
    return wg_fail(err, WG_E_INTERNAL, "unknown kind of reference");
}

/* Keep a partial pull when the same pull may go on from it. */
static bool worth_keeping(enum wg_status st)
{
    return st == WG_E_NET || st == WG_E_INTERRUPTED || st == WG_E_IO || st == WG_E_BUSY ||
           st == WG_E_OOM;
}

/* Gives what is in the store the name that is asked for. The lock keeps its blobs from being swept
 * meanwhile; that they were there a moment ago does not prove that they still are. */
static enum wg_status reuse(struct wg_store *s, const struct wg_store_model *old, const char *name,
                            struct wg_store_model **out, struct wg_err *err)
{
    struct wg_store_model *still = NULL;
    int lock = wg_store_lock(s, false, err);

    if (lock < 0)
        return err ? err->status : WG_E_IO;
    enum wg_status st = wg_store_find(s, old->name, &still, err);
    if (st == WG_OK)
        st = wg_store_add(s, name ? name : old->name, "", old->ref, old->files, old->n_files, out,
                          err);
    close(lock);
    wg_store_model_free(still);
    return st;
}

static enum wg_status pull_staged(struct wg_store *s, const struct wg_ref *ref,
                                  const struct wg_pull_opts *opts, struct wg_stage *stage,
                                  struct wg_store_model **out, bool *already, struct wg_err *err)
{
    struct wg_store_model *old = NULL;
    char *fallback = fallback_name(ref);
    enum wg_status st = fallback ? find_old(s, ref->text, &old, err) : wg_oom(err, "a name");

    /* A version on PyPI never changes, and offline there is nothing newer to be had. */
    *already = old && ((ref->kind == WG_REF_PYPI && ref->version) ||
                       (ref->kind != WG_REF_PATH && opts->offline));
    if (st == WG_OK && !*already)
        st = check_opts(ref, opts, err);
    if (st == WG_OK && !*already)
        st = fetch(ref, opts, old, stage, already, err);
    if (st == WG_OK && *already && opts->sha256)
        st = wg_check_sha256(ref->text, opts->sha256, old->files[0].sha256, err);
    if (st == WG_OK && *already)
        st = reuse(s, old, opts->name, out, err);
    else if (st == WG_OK)
        st = wg_stage_commit(stage, opts->name, fallback, out, err);
    wg_store_model_free(old);
    wg_free(fallback);
    return st;
}

enum wg_status wg_pull(const char *text, const struct wg_pull_opts *opts,
                       struct wg_store_model **out, bool *already, struct wg_err *err)
{
    struct wg_store *s = NULL;
    struct wg_stage stage;
    struct wg_ref ref;
    bool old = false;

    WG_TRY(wg_ref_parse(text, &ref, err));
    struct wg_pull_opts checked = *opts;
    checked.offline = false;
    enum wg_status st = check_opts(&ref, &checked, err);
    if (st == WG_OK)
        st = wg_store_open(true, &s, err);
    if (st == WG_OK)
        st = wg_stage_open(s, ref.text, &stage, err);
    if (st == WG_OK) {
        st = pull_staged(s, &ref, opts, &stage, out, &old, err);
        wg_stage_close(&stage, worth_keeping(st));
    }
    if (already)
        *already = old;
    wg_store_close(s);
    wg_ref_release(&ref);
    return st;
}
