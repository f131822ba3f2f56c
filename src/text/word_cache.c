#include "text/word_cache.h"

#include "base/hash64.h"
#include "base/mem.h"

enum { KEY_BYTES = 24, SLOTS = 4096 }; /* 40 bytes each: stays in the second-level cache */

struct slot {
    uint64_t key[KEY_BYTES / 8];
    size_t at;
    uint8_t n, count;
};

struct wg_word_cache {
    struct slot slots[SLOTS];
};

struct wg_word_cache *wg_word_cache_new(void)
{
    return wg_calloc(1, sizeof(struct wg_word_cache));
}

void wg_word_cache_free(struct wg_word_cache *c)
{
    wg_free(c);
}

static inline size_t key_of(const char *word, size_t n, uint64_t key[KEY_BYTES / 8])
{
    key[0] = key[1] = key[2] = 0;
    memcpy(key, word, n);
    return wg_hash64_mix((key[0] ^ key[1] * 31 ^ key[2] * 1031 ^ n << 56) * 0x9E3779B97F4A7C15u) >>
               32 &
           (SLOTS - 1);
}

bool wg_word_cache_get(const struct wg_word_cache *c, const char *word, size_t n, size_t *at,
                       size_t *count)
{
    uint64_t key[KEY_BYTES / 8];

    if (n > KEY_BYTES)
        return false;
    const struct slot *s = &c->slots[key_of(word, n, key)];
    if (s->n != n || memcmp(s->key, key, sizeof key) != 0)
        return false;
    *at = s->at;
    *count = s->count;
    return true;
}

void wg_word_cache_put(struct wg_word_cache *c, const char *word, size_t n, size_t at, size_t count)
{
    uint64_t key[KEY_BYTES / 8];

    if (n > KEY_BYTES || count > UINT8_MAX)
        return;
    struct slot *s = &c->slots[key_of(word, n, key)];
    memcpy(s->key, key, sizeof key);
    s->at = at;
    s->n = (uint8_t)n;
    s->count = (uint8_t)count;
}
