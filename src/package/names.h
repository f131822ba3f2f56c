/*
 * A sorted index over names: finds rows and shows duplicates, and no choice of names makes it slow
 * (a hash table needs a secret seed for that). Private to this room.
 */
#ifndef WG_PACKAGE_NAMES_H
#define WG_PACKAGE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

struct wg_name {
    const char *name; /* borrowed */
    size_t row;
};

/* Sorts names; returns the row of a duplicate (the later row of two) or SIZE_MAX. */
size_t wg_names_sort(struct wg_name *names, size_t n);
/* Row of `name` in a sorted index, or SIZE_MAX. */
size_t wg_names_find(const struct wg_name *names, size_t n, const char *name);

/* Names end up in C strings, messages and terminals: a byte below 0x20, or 0x7f. */
bool wg_has_control(const char *p, size_t n);

#endif
