/*
 * The inside of a tokenizer, for the files that fill one (tok_gguf.c and its like) and the kinds
 * that encode words. Everybody else uses tokenizer.h.
 *
 * The way of a text: malformed bytes -> tokens found in raw text (added.h) -> for what lies between
 * them: normalisation -> words (pretok.h, or joints) -> the kind's word function -> ids.
 */
#ifndef WG_TEXT_TOK_H
#define WG_TEXT_TOK_H

#include "base/buf.h"
#include "text/added.h"
#include "text/bpe.h"
#include "text/normalize.h"
#include "text/pretok.h"
#include "text/tokenizer.h"
#include "text/vocab.h"

enum { WG_TOK_MAX_SPACE_RUN = 64, WG_TOK_MAX_AROUND = 4 };

/* Where a space is put before a text. */
enum wg_tok_prefix { WG_PREFIX_NONE, WG_PREFIX_EACH, WG_PREFIX_FIRST };

struct wg_enc; /* one running wg_tok_encode */

struct wg_tok_ops {
    const char *kind; /* as in struct wg_tok_info */
    /* Appends the ids of one word (well-formed UTF-8, normalised) to e->out. */
    enum wg_status (*word)(struct wg_enc *e, const char *word, size_t n, struct wg_err *err);
};
extern const struct wg_tok_ops wg_tok_bpe;       /* tok_bpe.c: byte-level BPE, with merges */
extern const struct wg_tok_ops wg_tok_chars;     /* tok_bpe.c: BPE over characters, with merges */
extern const struct wg_tok_ops wg_tok_spm;       /* tok_bpe.c: SentencePiece BPE, by scores */
extern const struct wg_tok_ops wg_tok_tekken;    /* tok_bpe.c: byte-level BPE by ranks */
extern const struct wg_tok_ops wg_tok_wordpiece; /* tok_wordpiece.c */

struct wg_tok {
    const struct wg_tok_ops *ops;
    struct wg_tok_info info;
    char *pre; /* info.pre points here */
    struct wg_vocab vocab;
    struct wg_added added;
    uint8_t *eog; /* one flag an id */

    /* normalisation */
    bool normal_form; /* apply `form` */
    enum wg_norm_form form;
    bool spaces; /* ' ' becomes U+2581 */
    enum wg_tok_prefix prefix;
    bool prefix_unless_space; /* which a text that begins with a space does not get */
    bool strip_prefix;        /* decoding drops the first space of a text */

    /* words: an expression, or joints. Joints are for kinds that have no pre-tokenizer: bit
     * (p << 8 | q) says that some entry has byte q right after byte p (U+2581 counts as ' '), and
     * only there may symbols join, so everywhere else is a cut. */
    struct wg_pretok *pretok;
    uint64_t *joints;

    /* encoding of a word */
    struct wg_bpe bpe;
    bool whole_words;                            /* a word that is an entry is that entry */
    bool fuse_unk;                               /* neighbouring unknown characters are one token */
    bool byte_fallback;                          /* unknown characters become byte tokens */
    int32_t byte_id[256];                        /* token of each byte, -1: none */
    int32_t space_run[WG_TOK_MAX_SPACE_RUN + 1]; /* tokens that are so many U+2581, 0: none */
    int max_space_run;                           /* 0: no such tokens */
    struct wg_tok_lowercase {                    /* WordPiece */
        bool lowercase, accents;
    } wordpiece;

    /* What goes around a text on request. */
    int32_t before[WG_TOK_MAX_AROUND], after[WG_TOK_MAX_AROUND];
    int n_before, n_after;
};

struct wg_word_cache;

struct wg_enc {
    const struct wg_tok *t;
    struct wg_ids *out;
    struct wg_pretok_run *pretok;
    struct wg_bpe_work work;
    struct wg_sym *sym;
    size_t sym_cap;
    struct wg_word_cache *cache;
    size_t dropped; /* characters without a token in a vocabulary without an unknown token */
    bool last_unk;  /* the last id is the unknown token, of this piece of text */
};

/* Room for n symbols in e->sym. */
enum wg_status wg_enc_syms(struct wg_enc *e, size_t n, struct wg_err *err) WG_NODISCARD;
/* The unknown token, once for a run where the tokenizer fuses; without one a drop is counted. */
enum wg_status wg_enc_unknown(struct wg_enc *e, struct wg_err *err) WG_NODISCARD;

/*
 * Steps that finish a tokenizer whose vocabulary is filled; each fails on a contradiction.
 */
/* added from attributes: CONTROL and UNKNOWN on request, USER always. */
enum wg_status wg_tok_index_added(struct wg_tok *t, unsigned control_flags,
                                  struct wg_err *err) WG_NODISCARD;
/* byte_id of a byte-level vocabulary. */
enum wg_status wg_tok_index_bytes(struct wg_tok *t, struct wg_err *err) WG_NODISCARD;
/* byte_id from "<0xHH>" entries, space_run and joints of a vocabulary with U+2581. */
enum wg_status wg_tok_index_sentencepiece(struct wg_tok *t, struct wg_err *err) WG_NODISCARD;
/* eog from the given ids (-1 are skipped) and the well-known spellings. */
enum wg_status wg_tok_index_eog(struct wg_tok *t, const int32_t *ids, size_t n,
                                struct wg_err *err) WG_NODISCARD;
/* Sets pre, compiles the row's stages. */
enum wg_status wg_tok_set_pre(struct wg_tok *t, const struct wg_pretok_row *row, const char *name,
                              size_t n, struct wg_err *err) WG_NODISCARD;
struct wg_tok *wg_tok_new(const struct wg_tok_ops *ops, struct wg_err *err) WG_NODISCARD;

#endif
