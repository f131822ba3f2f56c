#include "package/stage.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "package/gguf.h"
#include "package/limits.h"
#include "package/pkg_build.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { KEY_DIGITS = 24, LOCK_POLL_MS = 100 };

static void sleep_ms(long ms)
{
    struct timespec ts = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000};
    nanosleep(&ts, NULL);
}

/* The holder removes the lock file with its folder, so a lock counts only while the file that was
 * locked still has its name. */
static bool still_named(int fd, const char *path)
{
    struct stat a, b;

    return fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino &&
           a.st_dev == b.st_dev;
}

static enum wg_status take_lock(const char *path, const char *ref, int *out, struct wg_err *err)
{
    bool told = false;

    for (;;) {
        /* Not close-on-exec: a child that outlives this process keeps the folder its own. */
        int fd = open(path, O_RDWR | O_CREAT, 0644); // NOLINT
        if (fd < 0)
            return wg_fail(err, WG_E_IO, "%s: cannot open: %s", path, strerror(errno));
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 && still_named(fd, path)) {
            *out = fd;
            return WG_OK;
        }
        close(fd);
        if (!told)
            wg_log(WG_LOG_INFO, "another weigh is pulling %s; waiting for it", ref);
        told = true;
        if (wg_interrupted())
            return wg_fail(err, WG_E_INTERRUPTED, "interrupted");
        sleep_ms(LOCK_POLL_MS);
    }
}

static char *lock_path(const struct wg_stage *stage)
{
    struct wg_buf b;

    wg_buf_init(&b, WG_PKG_MAX_PATH_BYTES);
    wg_buf_addf(&b, "%s.lock", stage->dir);
    char *path = b.failed ? NULL : wg_buf_detach(&b);
    wg_buf_release(&b);
    return path;
}

enum wg_status wg_stage_open(struct wg_store *s, const char *ref, struct wg_stage *out,
                             struct wg_err *err)
{
    char hex[WG_SHA256_HEX];
    enum wg_status st = WG_OK;

    *out = (struct wg_stage){.store = s, .lock_fd = -1, .ref = wg_strdup(ref)};
    wg_sha256_hex(ref, strlen(ref), hex);
    hex[KEY_DIGITS] = '\0';
    char *partial = wg_path_join(wg_store_folder(s), "partial");
    if (partial)
        out->dir = wg_path_join(partial, hex);
    char *lock = out->dir ? lock_path(out) : NULL;
    if (!out->ref || !lock)
        st = wg_oom(err, "a path");
    if (st == WG_OK)
        st = wg_mkdirs(partial, err);
    if (st == WG_OK)
        st = take_lock(lock, ref, &out->lock_fd, err);
    if (st == WG_OK)
        st = wg_mkdirs(out->dir, err);
    wg_free(lock);
    wg_free(partial);
    if (st != WG_OK)
        wg_stage_close(out, true);
    return st;
}

void wg_stage_close(struct wg_stage *stage, bool keep)
{
    if (stage->lock_fd >= 0 && stage->dir) {
        char *lock = lock_path(stage);
        struct wg_err ignored;
        /* rmdir succeeds when nothing was kept, and only then. */
        if (lock && (keep ? rmdir(stage->dir) == 0 : wg_rmtree(stage->dir, &ignored) == WG_OK))
            unlink(lock);
        wg_free(lock);
    }
    if (stage->lock_fd >= 0)
        close(stage->lock_fd);
    for (size_t i = 0; i < stage->n_files; i++) {
        wg_free(stage->files[i].path);
        wg_free(stage->files[i].source);
        wg_free(stage->files[i].etag);
        wg_free(stage->tmp[i]);
    }
    wg_free(stage->files);
    wg_free(stage->tmp);
    wg_free(stage->dir);
    wg_free(stage->ref);
    *stage = (struct wg_stage){.lock_fd = -1};
}

char *wg_stage_path(const struct wg_stage *stage, const char *name)
{
    return wg_path_join(stage->dir, name);
}

bool wg_stage_has(const struct wg_stage *stage, const char *path)
{
    for (size_t i = 0; i < stage->n_files; i++)
        if (strcmp(stage->files[i].path, path) == 0)
            return true;
    return false;
}

enum wg_status wg_stage_add(struct wg_stage *stage, const char *path, const char *tmp,
                            const char *sha256, uint64_t bytes, const char *source,
                            const char *etag, struct wg_err *err)
{
    struct wg_store_file *files = wg_realloc(stage->files, stage->n_files + 1, sizeof *files);

    if (files)
        stage->files = files;
    char **tmps = wg_realloc(stage->tmp, stage->n_files + 1, sizeof(char *));
    if (tmps)
        stage->tmp = tmps;
    if (!files || !tmps)
        return wg_oom(err, "a list of files");
    struct wg_store_file *f = &files[stage->n_files];
    *f = (struct wg_store_file){.path = wg_strdup(path),
                                .role = wg_role_of(path),
                                .bytes = bytes,
                                .source = wg_strdup(source),
                                .etag = wg_strdup(etag ? etag : "")};
    memcpy(f->sha256, sha256, WG_SHA256_HEX);
    tmps[stage->n_files] = wg_strdup(tmp);
    stage->n_files++;
    return f->path && f->source && f->etag && tmps[stage->n_files - 1]
               ? WG_OK
               : wg_oom(err, "a list of files");
}

static size_t find(const struct wg_stage *stage, const char *path)
{
    size_t i = 0;

    while (i < stage->n_files && strcmp(stage->files[i].path, path) != 0)
        i++;
    return i;
}

/* Messages shall name the file as its source does, not the temporary file. */
static enum wg_status rename_in_message(enum wg_status st, const struct wg_stage *stage,
                                        const char *path, struct wg_err *err)
{
    size_t n = strlen(stage->dir);

    if (st == WG_OK || !err || strncmp(err->msg, stage->dir, n) != 0)
        return st;
    const char *rule = strstr(err->msg + n, ": ");
    return rule ? wg_fail(err, st, "%s: %.700s", path, rule + 2) : st;
}

static enum wg_status check_gguf(const struct wg_stage *stage, size_t first, struct wg_err *err)
{
    const char *path = stage->files[first].path, **paths = NULL;
    unsigned no = 1, count = 1;
    size_t stem = wg_split_stem(path, &no, &count);
    struct wg_gguf *g = NULL;
    enum wg_status st = WG_OK;
    char name[WG_PKG_MAX_PATH_BYTES];

    if (stem && no != 1)
        return WG_OK; /* read with its set; wg_pkg_finish finds sets without their first */
    if (count > WG_GGUF_MAX_PARTS || strlen(path) >= sizeof name)
        return wg_fail(err, WG_E_LIMIT, "%.200s: too many parts, or too long a name", path);
    paths = wg_calloc(stem ? count : 1, sizeof *paths);
    if (!paths)
        return wg_oom(err, "a split set");
    paths[0] = stage->tmp[first];
    for (unsigned i = 2; stem && i <= count && st == WG_OK; i++) {
        snprintf(name, sizeof name, "%.*s-%05u-of-%05u.gguf", (int)stem, path, i, count);
        size_t at = find(stage, name);
        if (at == stage->n_files)
            st = wg_fail(err, WG_E_INPUT, "%s: is missing: it is part %u of %u of a split set",
                         name, i, count);
        else
            paths[i - 1] = stage->tmp[at];
    }
    if (st == WG_OK)
        st = wg_gguf_open_set(paths, stem ? count : 1, &g, err);
    wg_gguf_close(g);
    wg_free(paths);
    return rename_in_message(st, stage, path, err);
}

static enum wg_status sync_file(const char *path, struct wg_err *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    enum wg_status st = WG_OK;

    if (fd < 0 || fsync(fd) != 0)
        st = wg_fail(err, WG_E_IO, "%s: cannot sync: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return st;
}

/* A blob that is there already is replaced by the same content: that heals a damaged one. */
static enum wg_status place(struct wg_stage *stage, size_t i, struct wg_err *err)
{
    char *blob = wg_store_blob(stage->store, stage->files[i].sha256);
    enum wg_status st = WG_OK;

    if (!blob)
        return wg_oom(err, "a path");
    char *slash = strrchr(blob, '/');
    *slash = '\0';
    st = wg_mkdirs(blob, err);
    if (st == WG_OK)
        st = wg_sync_parent(blob, err);
    *slash = '/';
    /* Two files of one content: the first took the temporary file's place already. */
    bool moved = false;
    for (size_t k = 0; k < i; k++)
        moved |= strcmp(stage->tmp[k], stage->tmp[i]) == 0;
    if (st == WG_OK && !moved && rename(stage->tmp[i], blob) != 0)
        st = wg_fail(err, WG_E_IO, "%s: cannot move into the store: %s", blob, strerror(errno));
    if (st == WG_OK && chmod(blob, 0444) != 0)
        st = wg_fail(err, WG_E_IO, "%s: cannot set the mode: %s", blob, strerror(errno));
    if (st == WG_OK)
        st = wg_sync_parent(blob, err);
    wg_free(blob);
    return st;
}

static enum wg_status place_all(struct wg_stage *stage, const char *name, const char *fallback,
                                struct wg_store_model **out, struct wg_err *err)
{
    enum wg_status st = WG_OK;
    int lock = wg_store_lock(stage->store, false, err);

    if (lock < 0)
        return err ? err->status : WG_E_IO;
    for (size_t i = 0; i < stage->n_files && st == WG_OK; i++)
        st = place(stage, i, err);
    if (st == WG_OK)
        st = wg_store_add(stage->store, name, fallback, stage->ref, stage->files, stage->n_files,
                          out, err);
    close(lock);
    return st;
}

enum wg_status wg_stage_commit(struct wg_stage *stage, const char *name, const char *fallback,
                               struct wg_store_model **out, struct wg_err *err)
{
    struct wg_err ignored;

    for (size_t i = 0; i < stage->n_files; i++)
        if (stage->files[i].role == WG_ROLE_WEIGHTS && wg_has_suffix(stage->files[i].path, ".gguf"))
            WG_TRY(check_gguf(stage, i, err));
    for (size_t i = 0; i < stage->n_files; i++)
        WG_TRY(sync_file(stage->tmp[i], err));
    WG_TRY(place_all(stage, name, fallback, out, err));
    /* What it replaced; a failure here costs space, not correctness. */
    if (wg_store_sweep(stage->store, &ignored) != WG_OK)
        wg_log(WG_LOG_DEBUG, "%s", ignored.msg);
    return WG_OK;
}
