/*
 * Fetching a model into the store. A pull that is interrupted, killed or loses the network leaves
 * what it has in partial/; the same pull again goes on from there. Two pulls of one reference at
 * once: the second waits, and finds the work done.
 */
#ifndef WG_PACKAGE_PULL_H
#define WG_PACKAGE_PULL_H

#include "package/store.h"

struct wg_pull_opts {
    const char *name;   /* in the store; NULL: by wg_store_name */
    const char *sha256; /* that the one fetched file must have; NULL: any */
    bool offline;       /* refuse what needs a network, before any socket is opened */
};

/*
 * `*already` (may be NULL) is set when the model was in the store and nothing was fetched: for
 * pypi: with a version, and for a URL whose server says that nothing changed.
 */
enum wg_status wg_pull(const char *ref, const struct wg_pull_opts *opts,
                       struct wg_store_model **out, bool *already, struct wg_err *err) WG_NODISCARD;

#endif
