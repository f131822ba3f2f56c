/*
 * A fast 64-bit hash for tables in memory. Not for files and not against an adversary: a table over
 * untrusted keys caps its probes.
 */
#ifndef WG_BASE_HASH64_H
#define WG_BASE_HASH64_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

static inline uint64_t wg_hash64_mix(uint64_t h)
{
    h ^= h >> 32;
    h *= 0xD6E8FEB86659FD93u;
    h ^= h >> 32;
    return h;
}

static inline uint64_t wg_hash64(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint64_t h = 0x9E3779B97F4A7C15u ^ n, w = 0;

    for (; n >= 8; p += 8, n -= 8) {
        memcpy(&w, p, 8);
        h = (h ^ w) * 0xFF51AFD7ED558CCDu;
        h ^= h >> 32;
    }
    /* The tail as a number, whatever the byte order: equal keys give equal hashes in a process. */
    for (w = 0; n; n--)
        w = w << 8 | p[n - 1];
    return wg_hash64_mix(h ^ w);
}

#endif
