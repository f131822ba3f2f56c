/*
 * References: what `weigh pull` fetches.
 *
 *   pypi:package[==version]   names as PEP 503, versions as PEP 440 say
 *   https://host/path         one file, or an archive; http:// for 127.0.0.1 and localhost only
 *   a path                    a file, a split set by its first file, an archive, a folder
 *   hf:  oci:  ollama:        known, refused with WG_E_UNSUPPORTED
 *
 * What has a scheme is never a path: write ./pypi:x for a file of such a name.
 */
#ifndef WG_PACKAGE_REFERENCE_H
#define WG_PACKAGE_REFERENCE_H

#include "base/status.h"

enum wg_ref_kind { WG_REF_PYPI, WG_REF_URL, WG_REF_PATH };

struct wg_ref {
    enum wg_ref_kind kind;
    char *text;    /* canonical: the same thing has one text */
    char *package; /* of pypi: as PEP 503 normalizes it */
    char *version; /* of pypi, or NULL */
    char *target;  /* URL, or path as given */
};

/* WG_E_INPUT for what breaks the grammar of its scheme. */
enum wg_status wg_ref_parse(const char *text, struct wg_ref *out, struct wg_err *err) WG_NODISCARD;
void wg_ref_release(struct wg_ref *r);

#endif
