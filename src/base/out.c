#include "base/out.h"

#include "base/file.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct wg_out {
    char *path, *tmp; /* tmp is there while the temporary file is */
    uint64_t bytes;
    int fd;
};

static enum wg_status io_fail(struct wg_err *err, const char *verb, const char *path)
{
    return wg_fail(err, WG_E_IO, "%s: cannot %s: %s", path, verb, strerror(errno));
}

void wg_out_close(struct wg_out *o)
{
    if (!o)
        return;
    if (o->fd >= 0)
        close(o->fd);
    if (o->fd >= 0 && o->tmp)
        unlink(o->tmp);
    wg_free(o->path);
    wg_free(o->tmp);
    wg_free(o);
}

static enum wg_status create(struct wg_out *o, const char *path, struct wg_err *err)
{
    size_t n = strlen(path) + sizeof ".tmp-XXXXXX";

    o->path = wg_strdup(path);
    o->tmp = wg_calloc(n, 1);
    if (!o->path || !o->tmp)
        return wg_oom(err, "a path");
    snprintf(o->tmp, n, "%s.tmp-XXXXXX", path);
    o->fd = mkostemp(o->tmp, O_CLOEXEC);
    if (o->fd < 0)
        return io_fail(err, "create a file beside", path);
    if (fchmod(o->fd, 0644) != 0)
        return io_fail(err, "set the mode of", path);
    if (o->bytes > INT64_MAX)
        return wg_fail(err, WG_E_LIMIT, "%s: %llu bytes are too many for a file", path,
                       (unsigned long long)o->bytes);
    if (ftruncate(o->fd, (off_t)o->bytes) != 0)
        return io_fail(err, "set the size of", path);
    if (o->bytes && fallocate(o->fd, 0, 0, (off_t)o->bytes) != 0 && errno == ENOSPC)
        return wg_fail(err, WG_E_IO, "%s: the disk has no room for %llu bytes", path,
                       (unsigned long long)o->bytes);
    return WG_OK;
}

enum wg_status wg_out_open(const char *path, uint64_t bytes, struct wg_out **out,
                           struct wg_err *err)
{
    struct wg_out *o = wg_calloc(1, sizeof *o);

    if (!o)
        return wg_oom(err, path);
    o->fd = -1;
    o->bytes = bytes;
    enum wg_status st = create(o, path, err);
    if (st != WG_OK) {
        wg_out_close(o);
        return st;
    }
    *out = o;
    return WG_OK;
}

enum wg_status wg_out_write(struct wg_out *o, uint64_t offset, const void *bytes, size_t n,
                            struct wg_err *err)
{
    const char *p = bytes;

    if (offset > o->bytes || n > o->bytes - offset)
        return wg_fail(err, WG_E_USAGE, "%s: %zu bytes at offset %llu lie outside of its %llu",
                       o->path, n, (unsigned long long)offset, (unsigned long long)o->bytes);
    while (n > 0) {
        ssize_t w = pwrite(o->fd, p, n, (off_t)offset);
        if (w < 0 && errno == EINTR)
            continue;
        if (w <= 0)
            return io_fail(err, "write", o->path);
        p += w;
        offset += (uint64_t)w;
        n -= (size_t)w;
    }
    return WG_OK;
}

enum wg_status wg_out_commit(struct wg_out *o, struct wg_err *err)
{
    if (fsync(o->fd) != 0)
        return io_fail(err, "sync", o->path);
    if (rename(o->tmp, o->path) != 0)
        return io_fail(err, "replace", o->path);
    wg_free(o->tmp);
    o->tmp = NULL;
    return wg_sync_parent(o->path, err);
}
