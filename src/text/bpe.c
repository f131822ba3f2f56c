#include "text/bpe.h"

#include "base/hash64.h"
#include "base/mem.h"
#include "text/limits.h"
#include "text/tokenizer.h"

#include <string.h>

enum { SHORT_WORD = 32 }; /* symbols: up to here a scan beats a heap */
#define NO_PAIR UINT32_MAX

struct wg_bpe_node {
    int32_t id, joined; /* joined: id when this symbol and the next become one */
    uint32_t at, prev, next;
    uint32_t rank; /* of the pair of this symbol and the next */
};
#define END UINT32_MAX

enum wg_status wg_bpe_init(struct wg_bpe *b, size_t merges, struct wg_err *err)
{
    size_t cap = 16;

    *b = (struct wg_bpe){0};
    if (merges > WG_TEXT_MAX_TOKENS * 4u)
        return wg_fail(err, WG_E_LIMIT, "%zu merges; the limit is %u", merges,
                       WG_TEXT_MAX_TOKENS * 4u);
    while (cap < merges + merges / 2)
        cap *= 2;
    b->mask = (uint32_t)(cap - 1);
    b->pairs = wg_calloc(cap, sizeof *b->pairs);
    return b->pairs ? WG_OK : wg_oom(err, "the merges");
}

void wg_bpe_release(struct wg_bpe *b)
{
    wg_free(b->pairs);
    *b = (struct wg_bpe){0};
}

static inline uint32_t pair_slot(uint32_t left, uint32_t right, uint32_t mask)
{
    return (uint32_t)(wg_hash64_mix(((uint64_t)left << 32 | right) * 0x9E3779B97F4A7C15u) >> 20) &
           mask;
}

enum wg_status wg_bpe_add(struct wg_bpe *b, int32_t left, int32_t right, uint32_t rank, int32_t id,
                          struct wg_err *err)
{
    uint32_t l = (uint32_t)left, r = (uint32_t)right, i = pair_slot(l, r, b->mask);

    for (int k = 0; k < WG_TEXT_MAX_PROBES; k++, i = (i + 1) & b->mask) {
        struct wg_pair *p = &b->pairs[i];
        if (p->id_p1 != 0 && (p->left != l || p->right != r))
            continue;
        *p = (struct wg_pair){l, r, rank, (uint32_t)id + 1};
        return WG_OK;
    }
    return wg_fail(err, WG_E_LIMIT, "the merges are built to collide in a hash table");
}

/* Order of a float as an unsigned number, higher scores first; never NO_PAIR for a number. */
static uint32_t score_rank(float score)
{
    uint32_t u;

    if (score == 0)
        score = 0; /* -0 and 0 are one score */
    memcpy(&u, &score, sizeof u);
    return u & 0x80000000u ? u : 0x7FFFFFFFu - u;
}

static uint32_t rank_by_score(const struct wg_vocab *v, const char *text, size_t n, int32_t *joined)
{
    int32_t id = wg_vocab_find(v, text, n);

    if (id < 0 || (v->attr[id] & (WG_TOK_CONTROL | WG_TOK_UNKNOWN | WG_TOK_BYTE)))
        return NO_PAIR;
    *joined = id;
    return score_rank(v->score[id]);
}

static uint32_t rank_by_merge(const struct wg_bpe *b, int32_t left, int32_t right, int32_t *joined)
{
    uint32_t l = (uint32_t)left, r = (uint32_t)right, i = pair_slot(l, r, b->mask);

    for (;; i = (i + 1) & b->mask) {
        const struct wg_pair *p = &b->pairs[i];
        if (p->id_p1 == 0)
            return NO_PAIR;
        if (p->left == l && p->right == r) {
            *joined = (int32_t)p->id_p1 - 1;
            return p->rank;
        }
    }
}

/* Rank of the pair whose text is word[begin..end). */
static inline uint32_t pair_rank(const struct wg_bpe *b, int32_t left, int32_t right,
                                 const char *word, size_t begin, size_t end, int32_t *joined)
{
    if (b->scores)
        return rank_by_score(b->scores, word + begin, end - begin, joined);
    return left < 0 || right < 0 ? NO_PAIR : rank_by_merge(b, left, right, joined);
}

/* Symbol i + 2, or the end of the word: where the pair of i and i + 1 ends. */
static inline size_t pair_end(const struct wg_sym *sym, size_t n, size_t len, size_t i)
{
    return i + 2 < n ? sym[i + 2].at : len;
}

static size_t join_short(const struct wg_bpe *b, const char *word, size_t len, struct wg_sym *sym,
                         size_t n)
{
    uint32_t rank[SHORT_WORD];
    int32_t joined[SHORT_WORD];

    for (size_t i = 0; i + 1 < n; i++)
        rank[i] = pair_rank(b, sym[i].id, sym[i + 1].id, word, sym[i].at, pair_end(sym, n, len, i),
                            &joined[i]);
    while (n > 1) {
        size_t best = 0;
        for (size_t i = 1; i + 1 < n; i++)
            if (rank[i] < rank[best])
                best = i;
        if (rank[best] == NO_PAIR)
            break;
        sym[best].id = joined[best];
        memmove(&sym[best + 1], &sym[best + 2], (n - best - 2) * sizeof *sym);
        memmove(&rank[best], &rank[best + 1], (n - best - 2) * sizeof *rank);
        memmove(&joined[best], &joined[best + 1], (n - best - 2) * sizeof *joined);
        n--;
        if (best + 1 < n)
            rank[best] = pair_rank(b, sym[best].id, sym[best + 1].id, word, sym[best].at,
                                   pair_end(sym, n, len, best), &joined[best]);
        if (best > 0)
            rank[best - 1] = pair_rank(b, sym[best - 1].id, sym[best].id, word, sym[best - 1].at,
                                       pair_end(sym, n, len, best - 1), &joined[best - 1]);
    }
    return n;
}

/* The heap holds rank << 32 | node. Entries are not removed when a pair changes: one is valid
 * while the node still has that rank. */
static enum wg_status heap_push(struct wg_bpe_work *w, uint64_t key, struct wg_err *err)
{
    if (w->heap_n == w->heap_cap) {
        size_t cap = w->heap_cap ? w->heap_cap * 2 : 256;
        uint64_t *heap = wg_realloc(w->heap, cap, sizeof *heap);
        if (!heap)
            return wg_oom(err, "a word");
        w->heap = heap;
        w->heap_cap = cap;
    }
    size_t i = w->heap_n++;
    for (size_t up; i > 0 && w->heap[up = (i - 1) / 2] > key; i = up)
        w->heap[i] = w->heap[up];
    w->heap[i] = key;
    return WG_OK;
}

static uint64_t heap_pop(struct wg_bpe_work *w)
{
    uint64_t top = w->heap[0], last = w->heap[--w->heap_n];
    size_t n = w->heap_n, i = 0;

    for (;;) {
        size_t child = i * 2 + 1;
        if (child >= n)
            break;
        if (child + 1 < n && w->heap[child + 1] < w->heap[child])
            child++;
        if (w->heap[child] >= last)
            break;
        w->heap[i] = w->heap[child];
        i = child;
    }
    if (n > 0)
        w->heap[i] = last;
    return top;
}

/* Ranks the pair that begins at node i and puts it on the heap. */
static enum wg_status rank_node(const struct wg_bpe *b, const char *word, size_t len,
                                struct wg_bpe_work *w, uint32_t i, struct wg_err *err)
{
    struct wg_bpe_node *v = w->nodes, *a = &v[i];

    a->rank = NO_PAIR;
    if (a->next == END)
        return WG_OK;
    uint32_t after = v[a->next].next;
    a->rank = pair_rank(b, a->id, v[a->next].id, word, a->at, after == END ? len : v[after].at,
                        &a->joined);
    return a->rank == NO_PAIR ? WG_OK : heap_push(w, (uint64_t)a->rank << 32 | i, err);
}

static enum wg_status load_nodes(struct wg_bpe_work *w, const struct wg_sym *sym, size_t n,
                                 struct wg_err *err)
{
    if (n > w->nodes_cap) {
        struct wg_bpe_node *nodes = wg_realloc(w->nodes, n, sizeof *nodes);
        if (!nodes)
            return wg_oom(err, "a word");
        w->nodes = nodes;
        w->nodes_cap = n;
    }
    for (size_t i = 0; i < n; i++)
        w->nodes[i] = (struct wg_bpe_node){.id = sym[i].id,
                                           .at = sym[i].at,
                                           .prev = i ? (uint32_t)i - 1 : END,
                                           .next = i + 1 < n ? (uint32_t)i + 1 : END,
                                           .rank = NO_PAIR};
    w->heap_n = 0;
    return WG_OK;
}

static enum wg_status join_long(const struct wg_bpe *b, const char *word, size_t len,
                                struct wg_sym *sym, size_t *n, struct wg_bpe_work *w,
                                struct wg_err *err)
{
    WG_TRY(load_nodes(w, sym, *n, err));
    struct wg_bpe_node *v = w->nodes;
    for (size_t i = 0; i + 1 < *n; i++)
        WG_TRY(rank_node(b, word, len, w, (uint32_t)i, err));
    while (w->heap_n > 0) {
        uint64_t key = heap_pop(w);
        uint32_t i = (uint32_t)key, rank = (uint32_t)(key >> 32);
        if (v[i].rank != rank)
            continue;
        uint32_t gone = v[i].next;
        v[i].id = v[i].joined;
        v[i].next = v[gone].next;
        if (v[i].next != END)
            v[v[i].next].prev = i;
        v[gone].rank = NO_PAIR;
        WG_TRY(rank_node(b, word, len, w, i, err));
        if (v[i].prev != END)
            WG_TRY(rank_node(b, word, len, w, v[i].prev, err));
    }
    size_t k = 0;
    for (uint32_t i = 0; i != END; i = v[i].next)
        sym[k++] = (struct wg_sym){v[i].id, v[i].at};
    *n = k;
    return WG_OK;
}

enum wg_status wg_bpe_join(const struct wg_bpe *b, const char *word, size_t len, struct wg_sym *sym,
                           size_t *n, struct wg_bpe_work *w, struct wg_err *err)
{
    if (*n > SHORT_WORD)
        return join_long(b, word, len, sym, n, w, err);
    if (*n > 1)
        *n = join_short(b, word, len, sym, *n);
    return WG_OK;
}

void wg_bpe_work_release(struct wg_bpe_work *w)
{
    wg_free(w->nodes);
    wg_free(w->heap);
    *w = (struct wg_bpe_work){0};
}
