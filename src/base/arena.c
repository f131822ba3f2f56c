#include "base/arena.h"

#include "base/mem.h"

#include <stdint.h>
#include <string.h>

enum { ARENA_ALIGN = 16, ARENA_BLOCK = 64 * 1024 };

struct wg_arena_block {
    struct wg_arena_block *next;
    size_t used, cap;
};

/* Payload starts at the first aligned byte after the header. */
enum { HEADER = (sizeof(struct wg_arena_block) + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN };

void wg_arena_init(struct wg_arena *a, size_t max_bytes)
{
    *a = (struct wg_arena){.max_bytes = max_bytes};
}

void *wg_arena_alloc(struct wg_arena *a, size_t n, size_t size)
{
    size_t bytes;

    if (!wg_mul_ok(n, size, &bytes) || bytes > SIZE_MAX - ARENA_ALIGN)
        return NULL;
    bytes = (bytes + ARENA_ALIGN - 1) & ~(size_t)(ARENA_ALIGN - 1);
    if (bytes > a->max_bytes - a->used_bytes)
        return NULL;
    if (!a->head || bytes > a->head->cap - a->head->used) {
        size_t cap = bytes > ARENA_BLOCK ? bytes : ARENA_BLOCK;
        struct wg_arena_block *b = wg_calloc(1, HEADER + cap);
        if (!b)
            return NULL;
        b->cap = cap;
        b->next = a->head;
        a->head = b;
    }
    void *p = (char *)a->head + HEADER + a->head->used;
    a->head->used += bytes;
    a->used_bytes += bytes;
    return p;
}

char *wg_arena_strndup(struct wg_arena *a, const char *s, size_t n)
{
    char *p = n < SIZE_MAX ? wg_arena_alloc(a, n + 1, 1) : NULL;

    if (p && n)
        memcpy(p, s, n);
    return p;
}

void wg_arena_release(struct wg_arena *a)
{
    while (a->head) {
        struct wg_arena_block *next = a->head->next;
        wg_free(a->head);
        a->head = next;
    }
    a->used_bytes = 0;
}
