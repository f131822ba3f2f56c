/*
 * A vocabulary: the spelling of every token, the bytes it stands for, how it is used, its score,
 * and two ways from text to id. Immutable once wg_vocab_index has run.
 */
#ifndef WG_TEXT_VOCAB_H
#define WG_TEXT_VOCAB_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Open addressing, linear probing, at most half full. */
struct wg_vocab_slot {
    uint32_t tag;   /* upper half of the hash */
    uint32_t id_p1; /* id + 1, 0 for an empty slot */
};

struct wg_vocab_map {
    struct wg_vocab_slot *slots;
    uint32_t mask;
};

struct wg_vocab {
    int32_t size, cap;
    char *spell, *bytes;             /* all entries, one after the other */
    uint32_t *spell_end, *bytes_end; /* where entry i ends; it begins where i - 1 ends */
    size_t spell_cap;
    uint8_t *attr;                   /* enum wg_tok_attr */
    float *score;                    /* NULL for kinds without */
    struct wg_vocab_map by_spelling; /* every entry */
    struct wg_vocab_map by_bytes;    /* ordinary text tokens only; see wg_vocab_index_bytes */
};

/* Room for `size` entries whose spellings take `spell_bytes` together. */
enum wg_status wg_vocab_init(struct wg_vocab *v, int32_t size, size_t spell_bytes, bool scores,
                             struct wg_err *err) WG_NODISCARD;
void wg_vocab_release(struct wg_vocab *v);
/* Appends the entry of the next id; false when it does not fit the announced room. */
bool wg_vocab_add(struct wg_vocab *v, const char *spelling, size_t n, unsigned attr) WG_NODISCARD;

/* Fills by_spelling. Two entries with one spelling are WG_E_INPUT. */
enum wg_status wg_vocab_index(struct wg_vocab *v, struct wg_err *err) WG_NODISCARD;
/* Fills by_bytes from entries without any attribute; of two with the same bytes the first stays. */
enum wg_status wg_vocab_index_bytes(struct wg_vocab *v, struct wg_err *err) WG_NODISCARD;

/*
 * Fill `bytes`. Byte-level: an ordinary entry is written in the 256-letter alphabet of GPT-2
 * (https://github.com/openai/gpt-2, encoder.py) and stands for those bytes, or for its spelling
 * when a letter is not of that alphabet. SentencePiece: U+2581 is a space, <0xHH> is that byte.
 * Plain: the spelling itself. Control entries always stand for their spelling.
 */
enum wg_vocab_letters { WG_LETTERS_BYTE_LEVEL, WG_LETTERS_SENTENCEPIECE, WG_LETTERS_PLAIN };
void wg_vocab_fill_bytes(struct wg_vocab *v, enum wg_vocab_letters letters);

int32_t wg_vocab_find(const struct wg_vocab *v, const char *spelling, size_t n);
int32_t wg_vocab_find_bytes(const struct wg_vocab *v, const char *bytes, size_t n);

static inline const char *wg_vocab_spelling(const struct wg_vocab *v, int32_t id, size_t *n)
{
    uint32_t begin = id ? v->spell_end[id - 1] : 0;

    *n = v->spell_end[id] - begin;
    return v->spell + begin;
}

static inline const char *wg_vocab_bytes(const struct wg_vocab *v, int32_t id, size_t *n)
{
    uint32_t begin = id ? v->bytes_end[id - 1] : 0;

    *n = v->bytes_end[id] - begin;
    return v->bytes + begin;
}

/* The byte of "<0xHH>" (six characters), else -1. */
int wg_vocab_byte_token(const char *spelling, size_t n);
/* Code point of the letter that stands for a byte in the GPT-2 alphabet. */
uint32_t wg_vocab_byte_letter(unsigned byte);

#endif
