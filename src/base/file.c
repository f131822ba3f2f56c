#include "base/file.h"

#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static enum wg_status io_fail(struct wg_err *err, const char *verb, const char *path)
{
    enum wg_status st = errno == ENOENT || errno == ENOTDIR ? WG_E_NOT_FOUND : WG_E_IO;
    return wg_fail(err, st, "%s: cannot %s: %s", path, verb, strerror(errno));
}

enum wg_status wg_map_open(struct wg_map *m, const char *path, struct wg_err *err)
{
    struct stat sb;
    enum wg_status st = WG_OK;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return io_fail(err, "open", path);
    if (fstat(fd, &sb) != 0) {
        st = io_fail(err, "stat", path);
    } else if (!S_ISREG(sb.st_mode)) {
        st = wg_fail(err, WG_E_INPUT, "%s: is not a regular file", path);
    } else if (sb.st_size == 0) {
        *m = (struct wg_map){.p = "", .size = 0};
    } else {
        void *p = mmap(NULL, (size_t)sb.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        if (p == MAP_FAILED)
            st = io_fail(err, "map", path);
        else
            *m = (struct wg_map){.p = p, .size = (size_t)sb.st_size};
    }
    close(fd);
    return st;
}

void wg_map_close(struct wg_map *m)
{
    if (m->size)
        munmap((void *)m->p, m->size);
    *m = (struct wg_map){0};
}

enum wg_status wg_file_read(struct wg_buf *b, const char *path, size_t max_bytes,
                            struct wg_err *err)
{
    enum wg_status st = WG_OK;
    size_t total = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return io_fail(err, "open", path);
    for (;;) {
        char *dst = wg_buf_reserve(b, 65536);
        if (!dst) {
            st = wg_buf_check(b, path, err);
            break;
        }
        ssize_t n = read(fd, dst, 65536);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            st = io_fail(err, "read", path);
            break;
        }
        dst[n] = '\0';
        b->len += (size_t)n;
        total += (size_t)n;
        if (n == 0)
            break;
        if (total > max_bytes) {
            st = wg_fail(err, WG_E_LIMIT, "%s: is over the limit of %zu bytes", path, max_bytes);
            break;
        }
    }
    close(fd);
    return st;
}

enum wg_status wg_write_all(int fd, const char *path, const void *bytes, size_t n,
                            struct wg_err *err)
{
    const char *p = bytes;

    while (n > 0) {
        ssize_t w = write(fd, p, n);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return io_fail(err, "write", path);
        p += w;
        n -= (size_t)w;
    }
    return WG_OK;
}

enum wg_status wg_file_write(const char *path, const void *bytes, size_t n, struct wg_err *err)
{
    char tmp[4096];

    if (snprintf(tmp, sizeof tmp, "%s.tmp-XXXXXX", path) >= (int)sizeof tmp)
        return wg_fail(err, WG_E_LIMIT, "%s: the path is too long", path);
    int fd = mkostemp(tmp, O_CLOEXEC);
    if (fd < 0)
        return io_fail(err, "create a file beside", path);
    enum wg_status st = fchmod(fd, 0644) == 0 ? WG_OK : io_fail(err, "set the mode of", path);
    if (st == WG_OK)
        st = wg_write_all(fd, path, bytes, n, err);
    if (st == WG_OK && fsync(fd) != 0)
        st = io_fail(err, "sync", path);
    if (close(fd) != 0 && st == WG_OK)
        st = io_fail(err, "close", path);
    if (st == WG_OK && rename(tmp, path) != 0)
        st = io_fail(err, "replace", path);
    if (st != WG_OK) {
        unlink(tmp);
        return st;
    }
    return wg_sync_parent(path, err);
}

enum wg_status wg_sync_parent(const char *path, struct wg_err *err)
{
    const char *slash = strrchr(path, '/');
    char *dir = slash ? wg_strndup(path, slash == path ? 1 : (size_t)(slash - path))
                      : wg_strdup(".");
    enum wg_status st = WG_OK;

    if (!dir)
        return wg_oom(err, "a path");
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        st = io_fail(err, "open the folder", dir);
    /* Some file systems cannot sync a folder and say EINVAL; there is nothing more to do then. */
    else if (fsync(fd) != 0 && errno != EINVAL)
        st = io_fail(err, "sync the folder", dir);
    if (fd >= 0)
        close(fd);
    wg_free(dir);
    return st;
}

enum wg_status wg_mkdirs(const char *path, struct wg_err *err)
{
    char *p = wg_strdup(path);
    enum wg_status st = WG_OK;

    if (!p)
        return wg_oom(err, "a path");
    for (char *s = p + 1; st == WG_OK; s++) {
        if (*s != '/' && *s != '\0')
            continue;
        char c = *s;
        *s = '\0';
        if (mkdir(p, 0755) != 0 && errno != EEXIST)
            st = wg_fail(err, WG_E_IO, "%s: cannot create the folder: %s", p, strerror(errno));
        *s = c;
        if (c == '\0')
            break;
    }
    if (st == WG_OK && !wg_is_dir(path))
        st = wg_fail(err, WG_E_IO, "%s: exists and is not a folder", path);
    wg_free(p);
    return st;
}

static int remove_one(const char *path, const struct stat *sb, int flag, struct FTW *ftw)
{
    (void)sb;
    (void)flag;
    (void)ftw;
    return remove(path);
}

enum wg_status wg_rmtree(const char *path, struct wg_err *err)
{
    if (nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS) != 0)
        return io_fail(err, "remove", path);
    return WG_OK;
}

bool wg_is_dir(const char *path)
{
    struct stat sb;
    return stat(path, &sb) == 0 && S_ISDIR(sb.st_mode);
}

bool wg_is_file(const char *path)
{
    struct stat sb;
    return stat(path, &sb) == 0 && S_ISREG(sb.st_mode);
}

char *wg_path_join(const char *a, const char *b)
{
    size_t na = strlen(a), nb = strlen(b);
    char *p = wg_calloc(na + nb + 2, 1);

    if (!p)
        return NULL;
    memcpy(p, a, na);
    if (na && p[na - 1] != '/')
        p[na++] = '/';
    memcpy(p + na, b, nb);
    return p;
}

const char *wg_basename(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool wg_has_suffix(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}
