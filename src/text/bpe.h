/*
 * Byte-pair encoding: joins neighbouring symbols of one word, the best pair first and of equal ones
 * the leftmost, until no pair may be joined (Sennrich et al. 2016; SentencePiece's BPE is the same
 * with scores for ranks). Short words scan, long ones use a heap: O(n log n) for any word.
 */
#ifndef WG_TEXT_BPE_H
#define WG_TEXT_BPE_H

#include "base/status.h"
#include "text/vocab.h"

#include <stddef.h>
#include <stdint.h>

struct wg_pair {
    uint32_t left, right; /* ids */
    uint32_t rank;        /* lower joins earlier */
    uint32_t id_p1;       /* of the joined token, plus one; 0 for an empty slot */
};

/* Which pairs join. Immutable. */
struct wg_bpe {
    struct wg_pair *pairs; /* open addressing; NULL when pairs join by score */
    uint32_t mask;
    const struct wg_vocab *scores; /* a pair joins when its text is an entry; high scores first */
};

enum wg_status wg_bpe_init(struct wg_bpe *b, size_t merges, struct wg_err *err) WG_NODISCARD;
void wg_bpe_release(struct wg_bpe *b);
/* A pair that is there already gets the new rank, as in the `tokenizers` library. */
enum wg_status wg_bpe_add(struct wg_bpe *b, int32_t left, int32_t right, uint32_t rank, int32_t id,
                          struct wg_err *err) WG_NODISCARD;

struct wg_sym {
    int32_t id;  /* -1: text that is no entry */
    uint32_t at; /* where it begins in the word */
};

/* Scratch memory of one thread. */
struct wg_bpe_work {
    struct wg_bpe_node *nodes;
    uint64_t *heap;
    size_t nodes_cap, heap_n, heap_cap;
};
void wg_bpe_work_release(struct wg_bpe_work *w);

/* Joins sym[0..*n) in place; they cover word[0..len) without gaps. */
enum wg_status wg_bpe_join(const struct wg_bpe *b, const char *word, size_t len, struct wg_sym *sym,
                           size_t *n, struct wg_bpe_work *w, struct wg_err *err) WG_NODISCARD;

#endif
