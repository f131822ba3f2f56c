/* Local files and folders into the store: cloned where the file system can, else copied. */
#include "package/fetch.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "package/archive.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BLOCK = 1 << 20 };

/* from -> to, hashed on the way. to < 0: only hashes. */
static enum wg_status copy_hashed(int from, int to, const char *path, char hex[WG_SHA256_HEX],
                                  uint64_t *bytes, struct wg_progress *progress, struct wg_err *err)
{
    struct wg_sha256 *h = wg_sha256_new();
    char *block = wg_realloc(NULL, BLOCK, 1);
    enum wg_status st = h && block ? WG_OK : wg_oom(err, "a file");

    *bytes = 0;
    while (st == WG_OK) {
        ssize_t n = read(from, block, BLOCK);
        if (n < 0 && errno == EINTR && !wg_interrupted())
            continue;
        if (n < 0)
            st = wg_fail(err, WG_E_IO, "%s: cannot read: %s", path, strerror(errno));
        if (wg_interrupted())
            st = wg_fail(err, WG_E_INTERRUPTED, "interrupted");
        if (n <= 0)
            break;
        wg_sha256_add(h, block, (size_t)n);
        *bytes += (uint64_t)n;
        wg_progress_at(progress, progress->done + (uint64_t)n);
        if (st == WG_OK && to >= 0)
            st = wg_write_all(to, path, block, (size_t)n, err);
    }
    if (st == WG_OK)
        wg_sha256_finish(h, hex);
    else
        wg_sha256_free(h);
    wg_free(block);
    return st;
}

static enum wg_status copy_file(const struct wg_pkg_file *f, const char *tmp,
                                char hex[WG_SHA256_HEX], uint64_t *bytes,
                                struct wg_progress *progress, struct wg_err *err)
{
    int from = open(f->full, O_RDONLY | O_CLOEXEC);
    int to = from < 0 ? -1 : open(tmp, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    enum wg_status st = WG_OK;

    if (to < 0) {
        st = wg_fail(err, WG_E_IO, "%s: cannot copy into the store: %s", f->full, strerror(errno));
    } else if (ioctl(to, FICLONE, from) == 0) {
        /* The clone is what is kept, so the clone is what is hashed. */
        st = copy_hashed(to, -1, f->full, hex, bytes, progress, err);
    } else {
        st = copy_hashed(from, to, f->full, hex, bytes, progress, err);
    }
    if (from >= 0)
        close(from);
    if (to >= 0 && close(to) != 0 && st == WG_OK)
        st = wg_fail(err, WG_E_IO, "%s: cannot write: %s", tmp, strerror(errno));
    return st;
}

static enum wg_status stage_pkg(const struct wg_pkg *pkg, const struct wg_pull_opts *opts,
                                struct wg_stage *stage, struct wg_err *err)
{
    struct wg_progress progress;
    enum wg_status st = WG_OK;
    uint64_t total = 0;

    for (size_t i = 0; i < pkg->n_files; i++)
        total += pkg->files[i].bytes;
    wg_progress_start(&progress, "copy", "B", 0, total);
    for (size_t i = 0; i < pkg->n_files && st == WG_OK; i++) {
        const struct wg_pkg_file *f = &pkg->files[i];
        char name[64], hex[WG_SHA256_HEX];
        uint64_t bytes = 0;
        snprintf(name, sizeof name, "copy-%zu", i);
        char *tmp = wg_stage_path(stage, name);
        st = tmp ? copy_file(f, tmp, hex, &bytes, &progress, err) : wg_oom(err, "a path");
        if (st == WG_OK)
            st = wg_check_sha256(f->full, opts->sha256, hex, err);
        if (st == WG_OK)
            st = wg_stage_add(stage, f->path, tmp, hex, bytes, f->full, NULL, err);
        wg_free(tmp);
    }
    wg_progress_end(&progress);
    return st;
}

enum wg_status wg_fetch_path(const struct wg_ref *ref, const struct wg_pull_opts *opts,
                             struct wg_stage *stage, struct wg_err *err)
{
    struct wg_pkg *pkg = NULL;
    char hex[WG_SHA256_HEX];

    if (wg_is_archive(ref->text) && wg_is_file(ref->text)) {
        if (opts->sha256) {
            WG_TRY(wg_sha256_file(ref->text, hex, NULL, err));
            WG_TRY(wg_check_sha256(ref->target, opts->sha256, hex, err));
        }
        return wg_archive_take(ref->text, ref->text, stage, err);
    }
    WG_TRY(wg_pkg_open(ref->text, &pkg, err));
    enum wg_status st = WG_OK;
    if (pkg->format == WG_WEIGHTS_NONE)
        st = wg_fail(err, WG_E_INPUT,
                     "%s: holds no model: none of its %zu files is .gguf or "
                     ".safetensors",
                     ref->target, pkg->n_files);
    else if (opts->sha256 && pkg->n_files != 1)
        st = wg_fail(err, WG_E_USAGE, "--sha256 is for one file; %s has %zu", ref->target,
                     pkg->n_files);
    if (st == WG_OK)
        st = stage_pkg(pkg, opts, stage, err);
    wg_pkg_close(pkg);
    return st;
}
