#include "base/status.h"

#include "base/utf8.h"

#include <stdio.h>
#include <string.h>

/* Messages quote names out of untrusted files and are printed on terminals: control characters
 * (C0, DEL, C1) would be obeyed there, so they become '?', and so does a character that the end of
 * the buffer cut. A new line stays: some messages have several. */
static void make_printable(char *msg)
{
    size_t n = strlen(msg);
    uint32_t cp;

    for (size_t i = 0; i < n;) {
        int len = wg_utf8_decode(msg + i, n - i, &cp);
        size_t step = len > 0 ? (size_t)len : len < 0 ? (size_t)-len : n - i;
        if (len <= 0 || (cp < 0x20 && cp != '\n') || (cp >= 0x7f && cp < 0xa0))
            memset(msg + i, '?', step);
        i += step;
    }
}

enum wg_status wg_vfail(struct wg_err *err, enum wg_status status, const char *fmt, va_list ap)
{
    if (err) {
        err->status = status;
        vsnprintf(err->msg, sizeof err->msg, fmt, ap);
        make_printable(err->msg);
    }
    return status;
}

enum wg_status wg_fail(struct wg_err *err, enum wg_status status, const char *fmt, ...)
{
    va_list ap;

    va_start(ap, fmt);
    wg_vfail(err, status, fmt, ap);
    va_end(ap);
    return status;
}

enum wg_status wg_err_prefix(struct wg_err *err, const char *fmt, ...)
{
    char old[WG_ERR_MSG_BYTES];
    va_list ap;

    if (!err)
        return WG_E_FAILED;
    memcpy(old, err->msg, sizeof old);
    va_start(ap, fmt);
    int n = vsnprintf(err->msg, sizeof err->msg, fmt, ap);
    va_end(ap);
    if (n >= 0 && (size_t)n < sizeof err->msg)
        snprintf(err->msg + n, sizeof err->msg - (size_t)n, ": %s", old);
    return err->status;
}

enum wg_status wg_oom(struct wg_err *err, const char *what)
{
    return wg_fail(err, WG_E_OOM, "out of memory for %s", what);
}

const char *wg_status_name(enum wg_status status)
{
    switch (status) {
    case WG_OK:
        return "ok";
    case WG_E_FAILED:
        return "failed";
    case WG_E_INPUT:
        return "input";
    case WG_E_UNSUPPORTED:
        return "unsupported";
    case WG_E_NOT_FOUND:
        return "not found";
    case WG_E_LIMIT:
        return "limit";
    case WG_E_IO:
        return "io";
    case WG_E_NET:
        return "network";
    case WG_E_OOM:
        return "out of memory";
    case WG_E_USAGE:
        return "usage";
    case WG_E_BUSY:
        return "busy";
    case WG_E_INTERRUPTED:
        return "interrupted";
    case WG_E_INTERNAL:
        return "internal";
    }
    return "unknown";
}

int wg_status_exit_code(enum wg_status status)
{
    switch (status) {
    case WG_OK:
        return 0;
    case WG_E_INPUT:
    case WG_E_UNSUPPORTED:
    case WG_E_NOT_FOUND:
    case WG_E_LIMIT:
        return 3;
    case WG_E_USAGE:
        return 2;
    case WG_E_INTERRUPTED:
        return 130;
    default:
        return 1;
    }
}
