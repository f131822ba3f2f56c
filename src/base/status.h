/*
 * Status codes and error text.
 *
 * Every fallible function returns enum wg_status and takes a last parameter `struct wg_err *err`
 * (may be NULL). On success err is untouched. On failure err holds one complete message, printable
 * as it is: what, where (file, line or offset), which rule, what to do.
 * Codes are pinned and grouped by what a caller can do about them.
 */
#ifndef WG_BASE_STATUS_H
#define WG_BASE_STATUS_H

#include "base/attr.h"

#include <stdarg.h>

enum wg_status {
    WG_OK = 0,
    WG_E_FAILED = 1, /* the work was done as asked and did not succeed */

    WG_E_INPUT = 10,       /* damaged or hostile input */
    WG_E_UNSUPPORTED = 11, /* well-formed input that asks for what this build does not do */
    WG_E_NOT_FOUND = 12,   /* a reference that names nothing */
    WG_E_LIMIT = 13,       /* input over a published limit */

    WG_E_IO = 20,  /* reading or writing a file failed; errno text is in the message */
    WG_E_NET = 21, /* the network or the far side failed */

    WG_E_OOM = 30,

    WG_E_USAGE = 40, /* the caller broke the contract of the call */
    WG_E_BUSY = 41,  /* try again later */
    WG_E_INTERRUPTED = 42,

    WG_E_INTERNAL = 50,
};

#define WG_ERR_MSG_BYTES 1024

struct wg_err {
    enum wg_status status;
    char msg[WG_ERR_MSG_BYTES];
};

/* Sets *err (when not NULL) and returns status, so that a failure is one statement. Control
 * characters and malformed UTF-8 in the message become '?': it may quote a hostile file. */
enum wg_status wg_fail(struct wg_err *err, enum wg_status status, const char *fmt, ...)
    WG_PRINTF(3, 4);
enum wg_status wg_vfail(struct wg_err *err, enum wg_status status, const char *fmt, va_list ap)
    WG_PRINTF(3, 0);

/* Puts "prefix: " before the message of an error that is already set. Returns its status. */
enum wg_status wg_err_prefix(struct wg_err *err, const char *fmt, ...) WG_PRINTF(2, 3);

/* wg_fail for a failed allocation of `bytes` for `what`. */
enum wg_status wg_oom(struct wg_err *err, const char *what);

/* Short stable name of a status ("input", "io", ...). */
const char *wg_status_name(enum wg_status status);

/* The exit code of the command contract for a status: 0, 1, 2 usage, 3 input rejected, 130. */
int wg_status_exit_code(enum wg_status status);

/* Return the status of a failing call to the caller. Use only where nothing needs release. */
#define WG_TRY(expr)                                                                               \
    do {                                                                                           \
        enum wg_status wg_try_status_ = (expr);                                                    \
        if (WG_UNLIKELY(wg_try_status_ != WG_OK))                                                  \
            return wg_try_status_;                                                                 \
    } while (0)

#endif
