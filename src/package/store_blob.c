/* Blobs of the store: where they lie, the lock that guards them, and their removal. */
#include "package/store.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "package/store_priv.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

char *wg_store_blob(const struct wg_store *s, const char *sha256)
{
    struct wg_buf b;

    wg_buf_init(&b, SIZE_MAX);
    wg_buf_addf(&b, "%s/blobs/sha256/%.2s/%s", s->folder, sha256, sha256 + 2);
    char *path = b.failed ? NULL : wg_buf_detach(&b);
    wg_buf_release(&b);
    return path;
}

enum wg_status wg_store_check(const struct wg_store *s, const struct wg_store_file *f,
                              const char **state, struct wg_err *err)
{
    char *blob = wg_store_blob(s, f->sha256), hex[WG_SHA256_HEX];
    struct wg_err why = {0};

    if (!blob)
        return wg_oom(err, "a path");
    enum wg_status st = wg_sha256_file(blob, hex, NULL, &why);
    wg_free(blob);
    if (st != WG_OK && st != WG_E_NOT_FOUND)
        return wg_fail(err, st, "%s: %s", f->path, why.msg);
    *state = st != WG_OK ? "missing" : strcmp(hex, f->sha256) == 0 ? "ok" : "changed";
    return WG_OK;
}

int wg_store_lock(struct wg_store *s, bool exclusive, struct wg_err *err)
{
    char *path = wg_path_join(s->folder, "lock");
    int fd = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;

    if (fd < 0)
        wg_fail(err, WG_E_IO, "%s/lock: cannot open: %s", s->folder, strerror(errno));
    while (fd >= 0 && flock(fd, exclusive ? LOCK_EX : LOCK_SH) != 0) {
        if (errno == EINTR && !wg_interrupted())
            continue;
        wg_fail(err, errno == EINTR ? WG_E_INTERRUPTED : WG_E_IO, "%s: cannot lock: %s", path,
                strerror(errno));
        close(fd);
        fd = -1;
    }
    wg_free(path);
    return fd;
}

/* Unlinks the blobs of one two-digit folder that no file row names. */
static enum wg_status sweep_folder(struct wg_store *s, sqlite3_stmt *named, const char *folder,
                                   const char *two, uint64_t *freed, struct wg_err *err)
{
    enum wg_status st = WG_OK;
    struct dirent *e;
    DIR *d = opendir(folder);

    if (!d)
        return wg_fail(err, WG_E_IO, "%s: cannot open the folder: %s", folder, strerror(errno));
    while (st == WG_OK && (e = readdir(d)) != NULL) {
        char sha[WG_SHA256_HEX];
        struct stat sb;
        if (strlen(e->d_name) != WG_SHA256_HEX - 3)
            continue;
        memcpy(sha, two, 2);
        memcpy(sha + 2, e->d_name, WG_SHA256_HEX - 2);
        sqlite3_reset(named);
        sqlite3_bind_text(named, 1, sha, -1, SQLITE_TRANSIENT);
        int code = sqlite3_step(named);
        if (code == SQLITE_ROW)
            continue;
        if (code != SQLITE_DONE)
            st = wg_store_sql_fail(s, err);
        else if (fstatat(dirfd(d), e->d_name, &sb, AT_SYMLINK_NOFOLLOW) == 0 &&
                 unlinkat(dirfd(d), e->d_name, 0) == 0)
            *freed += (uint64_t)sb.st_size;
        else if (errno != ENOENT)
            st = wg_fail(err, WG_E_IO, "%s/%s: cannot remove: %s", folder, e->d_name,
                         strerror(errno));
    }
    closedir(d);
    rmdir(folder); /* succeeds when it is empty, and only then shall it go */
    return st;
}

static enum wg_status sweep(struct wg_store *s, uint64_t *freed, struct wg_err *err)
{
    char *root = wg_path_join(s->folder, "blobs/sha256");
    sqlite3_stmt *named = NULL;
    struct dirent *e;
    enum wg_status st =
        root ? wg_store_prepare(s, "SELECT 1 FROM file WHERE sha256 = ? LIMIT 1", &named, err)
             : wg_oom(err, "a path");
    DIR *d = root && st == WG_OK ? opendir(root) : NULL;

    while (st == WG_OK && d && (e = readdir(d)) != NULL) {
        if (strlen(e->d_name) != 2 || e->d_name[0] == '.')
            continue;
        char *folder = wg_path_join(root, e->d_name);
        st = folder ? sweep_folder(s, named, folder, e->d_name, freed, err) : wg_oom(err, "a path");
        wg_free(folder);
    }
    if (d)
        closedir(d);
    sqlite3_finalize(named);
    wg_free(root);
    return st;
}

enum wg_status wg_store_sweep(struct wg_store *s, struct wg_err *err)
{
    uint64_t freed = 0;
    int lock = wg_store_lock(s, true, err);

    if (lock < 0)
        return err ? err->status : WG_E_IO;
    enum wg_status st = sweep(s, &freed, err);
    close(lock);
    return st;
}

enum wg_status wg_store_remove(struct wg_store *s, const char *name, uint64_t *freed_bytes,
                               struct wg_err *err)
{
    struct wg_store_model *m = NULL;
    uint64_t freed = 0;
    int lock = wg_store_lock(s, true, err);

    if (lock < 0)
        return err ? err->status : WG_E_IO;
    enum wg_status st = wg_store_find(s, name, &m, err);
    if (st == WG_OK)
        st = wg_store_delete_row(s, m->name, err);
    if (st == WG_OK)
        st = sweep(s, &freed, err);
    close(lock);
    wg_store_model_free(m);
    if (st == WG_OK && freed_bytes)
        *freed_bytes = freed;
    return st;
}
