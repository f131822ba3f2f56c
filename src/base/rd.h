/*
 * Bounded little-endian reader over untrusted bytes. The only bounds test of every binary format
 * is wg_rd_take(); a failed read returns zero, sets the error once (with the byte offset) and makes
 * every later read fail, so that a parser tests wg_rd_ok() where it matters and at the end.
 */
#ifndef WG_BASE_RD_H
#define WG_BASE_RD_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wg_rd {
    const uint8_t *base; /* borrowed */
    size_t size, pos;
    const char *name;   /* what is read, for messages; borrowed */
    struct wg_err *err; /* may be NULL */
    enum wg_status failed;
};

void wg_rd_init(struct wg_rd *r, const void *base, size_t size, const char *name,
                struct wg_err *err);
/* n bytes at the cursor, which moves past them; NULL (and failed) when fewer are left. */
const void *wg_rd_take(struct wg_rd *r, size_t n, const char *what);
uint8_t wg_rd_u8(struct wg_rd *r, const char *what);
uint16_t wg_rd_u16(struct wg_rd *r, const char *what);
uint32_t wg_rd_u32(struct wg_rd *r, const char *what);
uint64_t wg_rd_u64(struct wg_rd *r, const char *what);
float wg_rd_f32(struct wg_rd *r, const char *what);
double wg_rd_f64(struct wg_rd *r, const char *what);
size_t wg_rd_left(const struct wg_rd *r);
static inline bool wg_rd_ok(const struct wg_rd *r)
{
    return r->failed == WG_OK;
}
/* Fails the reader at `offset` with "NAME: offset N: MESSAGE". Keeps the first failure. Returns
 * the sticky status. */
enum wg_status wg_rd_fail(struct wg_rd *r, size_t offset, enum wg_status status, const char *fmt,
                          ...) WG_PRINTF(4, 5);

#endif
