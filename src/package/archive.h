/*
 * Taking a model out of an archive: a Python wheel or sdist, or any zip or tar. Untrusted input:
 * the whole archive is refused (WG_E_INPUT) when one entry has an absolute path, "..", a backslash
 * or control character, is a link or device, is there twice, or unpacks past the limits of
 * package/limits.h; entries of a wheel are held to the hashes of its RECORD.
 *
 * Taken are files with a role (wg_role_of) other than code, and a package's METADATA or PKG-INFO as
 * METADATA. Paths become relative to the folder of the weights; those of *.dist-info to that. When
 * there is no card, the description in METADATA becomes README.md. What is left out is counted in a
 * note.
 */
#ifndef WG_PACKAGE_ARCHIVE_H
#define WG_PACKAGE_ARCHIVE_H

#include "package/stage.h"

#include <stdbool.h>

/* Whether the name says that it is an archive that is read here. */
bool wg_is_archive(const char *path);
/* `source` is what the archive was fetched from; a file's own is SOURCE#ENTRY. */
enum wg_status wg_archive_take(const char *path, const char *source, struct wg_stage *stage,
                               struct wg_err *err) WG_NODISCARD;

#endif
