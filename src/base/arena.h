/*
 * Bump arena: many small allocations of one lifetime, released at once. Blocks stay where they
 * are, so pointers are stable until wg_arena_release. The ceiling is set at birth.
 */
#ifndef WG_BASE_ARENA_H
#define WG_BASE_ARENA_H

#include "base/attr.h"

#include <stddef.h>

struct wg_arena_block;

struct wg_arena {
    struct wg_arena_block *head;
    size_t used_bytes, max_bytes;
};

void wg_arena_init(struct wg_arena *a, size_t max_bytes);
/* Zeroed, 16-byte aligned; NULL on overflow, over max_bytes or out of memory. */
void *wg_arena_alloc(struct wg_arena *a, size_t n, size_t size) WG_NODISCARD;
char *wg_arena_strndup(struct wg_arena *a, const char *s, size_t n) WG_NODISCARD;
void wg_arena_release(struct wg_arena *a);

#endif
