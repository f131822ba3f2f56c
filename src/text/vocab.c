#include "text/vocab.h"

#include "base/hash64.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "text/limits.h"
#include "text/tokenizer.h"

#include <string.h>

enum { FIRST_SHIFTED = 256, LAST_SHIFTED = 323 }; /* U+0100..U+0143: bytes without a glyph */

enum wg_status wg_vocab_init(struct wg_vocab *v, int32_t size, size_t spell_bytes, bool scores,
                             struct wg_err *err)
{
    *v = (struct wg_vocab){.cap = size, .spell_cap = spell_bytes};
    if (size <= 0)
        return wg_fail(err, WG_E_INPUT, "the vocabulary is empty");
    if (size > WG_TEXT_MAX_TOKENS || spell_bytes > WG_TEXT_MAX_VOCAB_BYTES)
        return wg_fail(err, WG_E_LIMIT,
                       "the vocabulary has %d entries of %zu bytes; the limits are %d and %d", size,
                       spell_bytes, WG_TEXT_MAX_TOKENS, WG_TEXT_MAX_VOCAB_BYTES);
    v->spell = wg_calloc(spell_bytes, 1);
    v->bytes = wg_calloc(spell_bytes, 1);
    v->spell_end = wg_calloc((size_t)size, sizeof *v->spell_end);
    v->bytes_end = wg_calloc((size_t)size, sizeof *v->bytes_end);
    v->attr = wg_calloc((size_t)size, sizeof *v->attr);
    v->score = scores ? wg_calloc((size_t)size, sizeof *v->score) : NULL;
    if (!v->spell || !v->bytes || !v->spell_end || !v->bytes_end || !v->attr ||
        (scores && !v->score)) {
        wg_vocab_release(v);
        return wg_oom(err, "the vocabulary");
    }
    return WG_OK;
}

void wg_vocab_release(struct wg_vocab *v)
{
    wg_free(v->spell);
    wg_free(v->bytes);
    wg_free(v->spell_end);
    wg_free(v->bytes_end);
    wg_free(v->attr);
    wg_free(v->score);
    wg_free(v->by_spelling.slots);
    wg_free(v->by_bytes.slots);
    *v = (struct wg_vocab){0};
}

bool wg_vocab_add(struct wg_vocab *v, const char *spelling, size_t n, unsigned attr)
{
    size_t used = v->size ? v->spell_end[v->size - 1] : 0;

    if (v->size >= v->cap || n > v->spell_cap - used)
        return false;
    if (n)
        memcpy(v->spell + used, spelling, n);
    v->spell_end[v->size] = (uint32_t)(used + n);
    v->attr[v->size] = (uint8_t)attr;
    v->size++;
    return true;
}

static enum wg_status map_init(struct wg_vocab_map *m, int32_t entries, struct wg_err *err)
{
    uint32_t cap = 16;

    while (cap < (uint32_t)entries * 2)
        cap *= 2;
    m->mask = cap - 1;
    m->slots = wg_calloc(cap, sizeof *m->slots);
    return m->slots ? WG_OK : wg_oom(err, "the vocabulary index");
}

typedef const char *(*entry_fn)(const struct wg_vocab *v, int32_t id, size_t *n);

/* The id with this text, else -1; *at is the slot where the search ended, or UINT32_MAX after too
 * many probes. */
static inline int32_t probe(const struct wg_vocab *v, const struct wg_vocab_map *m, entry_fn entry,
                            const char *text, size_t n, uint64_t hash, uint32_t *at)
{
    uint32_t tag = (uint32_t)(hash >> 32), i = (uint32_t)hash & m->mask;

    for (int k = 0; k < WG_TEXT_MAX_PROBES; k++, i = (i + 1) & m->mask) {
        const struct wg_vocab_slot *s = &m->slots[i];
        *at = i;
        if (s->id_p1 == 0)
            return -1;
        if (s->tag != tag)
            continue;
        size_t len;
        const char *p = entry(v, (int32_t)s->id_p1 - 1, &len);
        if (len == n && memcmp(p, text, n) == 0)
            return (int32_t)s->id_p1 - 1;
    }
    *at = UINT32_MAX;
    return -1;
}

static void quote(char *out, size_t cap, const char *s, size_t n)
{
    size_t len = n < cap - 1 ? n : cap - 1;

    for (size_t i = 0; i < len; i++)
        out[i] = (unsigned char)s[i] < 0x20 ? '?' : s[i];
    /* Never half a character in a message. */
    out[wg_utf8_complete(out, len)] = '\0';
}

static enum wg_status map_fill(const struct wg_vocab *v, struct wg_vocab_map *m, entry_fn entry,
                               bool spelling, struct wg_err *err)
{
    WG_TRY(map_init(m, v->size, err));
    for (int32_t id = 0; id < v->size; id++) {
        size_t n;
        uint32_t at;
        char shown[64];
        const char *p = entry(v, id, &n);
        if (!spelling && (v->attr[id] != 0 || n == 0))
            continue;
        uint64_t hash = wg_hash64(p, n);
        int32_t other = probe(v, m, entry, p, n, hash, &at);
        if (at == UINT32_MAX)
            return wg_fail(err, WG_E_LIMIT, "the vocabulary is built to collide in a hash table");
        if (other >= 0 && spelling) {
            quote(shown, sizeof shown, p, n);
            return wg_fail(err, WG_E_INPUT, "tokens %d and %d of the vocabulary are both \"%s\"",
                           other, id, shown);
        }
        if (other < 0)
            m->slots[at] = (struct wg_vocab_slot){(uint32_t)(hash >> 32), (uint32_t)id + 1};
    }
    return WG_OK;
}

enum wg_status wg_vocab_index(struct wg_vocab *v, struct wg_err *err)
{
    return map_fill(v, &v->by_spelling, wg_vocab_spelling, true, err);
}

enum wg_status wg_vocab_index_bytes(struct wg_vocab *v, struct wg_err *err)
{
    return map_fill(v, &v->by_bytes, wg_vocab_bytes, false, err);
}

int32_t wg_vocab_find(const struct wg_vocab *v, const char *spelling, size_t n)
{
    uint32_t at;

    return probe(v, &v->by_spelling, wg_vocab_spelling, spelling, n, wg_hash64(spelling, n), &at);
}

int32_t wg_vocab_find_bytes(const struct wg_vocab *v, const char *bytes, size_t n)
{
    uint32_t at;

    return probe(v, &v->by_bytes, wg_vocab_bytes, bytes, n, wg_hash64(bytes, n), &at);
}

static bool has_own_letter(unsigned byte)
{
    return (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
}

uint32_t wg_vocab_byte_letter(unsigned byte)
{
    uint32_t shifted = FIRST_SHIFTED;

    if (has_own_letter(byte))
        return byte;
    for (unsigned b = 0; b < byte; b++)
        shifted += !has_own_letter(b);
    return shifted;
}

/* Byte of a letter of the alphabet plus one, 0 for other code points. */
static void fill_letters(uint16_t byte_p1[LAST_SHIFTED + 1])
{
    memset(byte_p1, 0, (LAST_SHIFTED + 1) * sizeof *byte_p1);
    for (unsigned b = 0; b < 256; b++)
        byte_p1[wg_vocab_byte_letter(b)] = (uint16_t)(b + 1);
}

/* Returns the number of bytes, or SIZE_MAX when a letter is not of the alphabet. */
static size_t from_byte_level(const uint16_t *byte_p1, const char *s, size_t n, char *out)
{
    size_t len = 0;

    for (size_t i = 0; i < n;) {
        uint32_t cp;
        int k = wg_utf8_decode(s + i, n - i, &cp);
        if (k <= 0 || cp > LAST_SHIFTED || byte_p1[cp] == 0)
            return SIZE_MAX;
        out[len++] = (char)(byte_p1[cp] - 1);
        i += (size_t)k;
    }
    return len;
}

static size_t from_sentencepiece(const char *s, size_t n, char *out)
{
    size_t len = 0;
    int byte = wg_vocab_byte_token(s, n);

    if (byte >= 0) {
        out[0] = (char)byte;
        return 1;
    }
    for (size_t i = 0; i < n;) {
        if (n - i >= 3 && memcmp(s + i, "\xE2\x96\x81", 3) == 0) {
            out[len++] = ' ';
            i += 3;
        } else {
            out[len++] = s[i++];
        }
    }
    return len;
}

void wg_vocab_fill_bytes(struct wg_vocab *v, enum wg_vocab_letters letters)
{
    uint16_t byte_p1[LAST_SHIFTED + 1];
    size_t used = 0;

    fill_letters(byte_p1);
    for (int32_t id = 0; id < v->size; id++) {
        size_t n, len = SIZE_MAX;
        const char *s = wg_vocab_spelling(v, id, &n);
        char *out = v->bytes + used;
        if (letters == WG_LETTERS_BYTE_LEVEL && v->attr[id] == 0)
            len = from_byte_level(byte_p1, s, n, out);
        else if (letters == WG_LETTERS_SENTENCEPIECE && !(v->attr[id] & WG_TOK_CONTROL))
            len = from_sentencepiece(s, n, out);
        if (len == SIZE_MAX) {
            len = n;
            if (n)
                memcpy(out, s, n);
        }
        used += len;
        v->bytes_end[id] = (uint32_t)used;
    }
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
                                  : -1;
}

int wg_vocab_byte_token(const char *s, size_t n)
{
    if (n != 6 || memcmp(s, "<0x", 3) != 0 || s[5] != '>')
        return -1;
    int hi = hex_digit(s[3]), lo = hex_digit(s[4]);
    return hi < 0 || lo < 0 ? -1 : hi * 16 + lo;
}
