/* SHA-256 (FIPS 180-4) through libcrypto. */
#ifndef WG_BASE_HASH_H
#define WG_BASE_HASH_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum { WG_SHA256_BYTES = 32, WG_SHA256_HEX = 65 };

struct wg_sha256; /* a running hash */

struct wg_sha256 *wg_sha256_new(void) WG_NODISCARD; /* NULL when out of memory */
void wg_sha256_add(struct wg_sha256 *h, const void *bytes, size_t n);
/* Writes 64 lower-case hex digits and a NUL, and frees h. */
void wg_sha256_finish(struct wg_sha256 *h, char hex[WG_SHA256_HEX]);
void wg_sha256_free(struct wg_sha256 *h);

void wg_sha256_hex(const void *bytes, size_t n, char hex[WG_SHA256_HEX]);
enum wg_status wg_sha256_file(const char *path, char hex[WG_SHA256_HEX], uint64_t *bytes,
                              struct wg_err *err) WG_NODISCARD;

#endif
