/*
 * How open a package is: the Open Source AI Definition 1.0 (OSI, 2024-10-28) item by item and the
 * components of the Model Openness Framework (arXiv 2403.13784), from what is present, and apart
 * from that from what is only linked. Sufficiency of data information is never passed by a program.
 */
#ifndef WG_LICENSE_OPENNESS_H
#define WG_LICENSE_OPENNESS_H

#include "license/license.h"

enum wg_openness_class {
    WG_OPEN_UNKNOWN, /* no licence text that is known */
    WG_OPEN_PROPRIETARY,
    WG_OPEN_RESTRICTED_WEIGHTS,
    WG_OPEN_WEIGHTS,
    WG_OPEN_SOURCE, /* needs a person's word on the data; a program alone never reaches it */
};

struct wg_openness_item {
    const char *id;       /* "osaid.F1" ... "osaid.S", "mof.architecture" ... */
    const char *name;     /* in words */
    const char *state;    /* PROVEN, NOT_SHOWN, FAILS (osaid); PRESENT, DECLARED, ABSENT (mof) */
    const char *evidence; /* path, link with its line, or why not */
    const char *path;     /* of a PRESENT component, else NULL */
    const char *sha256;   /* of it; "" for weights outside the store, which are not read */
};

struct wg_openness_result {
    struct wg_arena arena;
    enum wg_openness_class class;
    const char *why;
    struct wg_openness_item *items;
    size_t n_items;
    const char *mof_class, *mof_if_links_hold; /* "none", "III", "II", "I" */
};

enum wg_status wg_openness(const struct wg_pkg *p, const struct wg_license_result *license,
                           struct wg_openness_result **out, struct wg_err *err) WG_NODISCARD;
void wg_openness_free(struct wg_openness_result *r);
json_t *wg_openness_json(const struct wg_openness_result *r) WG_NODISCARD;
const char *wg_openness_class_name(enum wg_openness_class c);

#endif
