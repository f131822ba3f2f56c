/* The tokenizer of a GGUF file: keys tokenizer.ggml.* (specification: ggml docs/gguf.md). */
#include "base/log.h"
#include "base/mem.h"
#include "package/gguf.h"
#include "text/limits.h"
#include "text/tok.h"

#include <math.h>
#include <string.h>

#define KEY(name) "tokenizer.ggml." name

/* A required or optional array of `count` items; *out is NULL when the key is absent. */
static enum wg_status find_array(const struct wg_gguf *g, const char *key, bool strings,
                                 uint64_t count, const struct wg_gguf_kv **out, struct wg_err *err)
{
    const struct wg_gguf_kv *kv = wg_gguf_find(g, key);

    *out = NULL;
    if (!kv)
        return WG_OK;
    if (kv->kind != WG_GGUF_ARRAY || (kv->item_kind == WG_GGUF_STRING) != strings)
        return wg_fail(err, WG_E_INPUT, "%s: %s is not an array of %s", wg_gguf_path(g), key,
                       strings ? "strings" : "numbers");
    if (count && kv->count != count)
        return wg_fail(err, WG_E_INPUT, "%s: %s has %llu items, the vocabulary has %llu",
                       wg_gguf_path(g), key, (unsigned long long)kv->count,
                       (unsigned long long)count);
    *out = kv;
    return WG_OK;
}

/* tokenizer.ggml.token_type to enum wg_tok_attr; 0 when unknown. */
static enum wg_status attr_of(const struct wg_gguf *g, int64_t type, uint64_t id, unsigned *attr,
                              struct wg_err *err)
{
    static const uint8_t attrs[] = {
        0, 0, WG_TOK_UNKNOWN, WG_TOK_CONTROL, WG_TOK_USER, WG_TOK_UNUSED, WG_TOK_BYTE};

    if (type < 0 || type >= (int64_t)WG_COUNT(attrs))
        return wg_fail(err, WG_E_INPUT,
                       "%s: " KEY("token_type") ": token %llu has type %lld; "
                                                "types are 1 to 6",
                       wg_gguf_path(g), (unsigned long long)id, (long long)type);
    *attr = attrs[type];
    return WG_OK;
}

static enum wg_status read_scores(struct wg_tok *t, const struct wg_gguf *g,
                                  const struct wg_gguf_kv *scores, struct wg_err *err)
{
    for (int32_t id = 0; id < t->vocab.size; id++) {
        double score;
        WG_TRY(wg_gguf_item_f64(scores, (uint64_t)id, &score, err));
        if (isnan(score))
            return wg_fail(err, WG_E_INPUT, "%s: " KEY("scores") ": token %d has no number",
                           wg_gguf_path(g), id);
        t->vocab.score[id] = (float)score;
    }
    return WG_OK;
}

static enum wg_status read_vocab(struct wg_tok *t, const struct wg_gguf *g, bool need_scores,
                                 struct wg_err *err)
{
    const struct wg_gguf_kv *tokens, *types, *scores = NULL;
    size_t bytes = 0;

    WG_TRY(find_array(g, KEY("tokens"), true, 0, &tokens, err));
    if (!tokens)
        return wg_fail(err, WG_E_INPUT, "%s: there is no " KEY("tokens"), wg_gguf_path(g));
    if (tokens->count > WG_TEXT_MAX_TOKENS)
        return wg_fail(err, WG_E_LIMIT, "%s: " KEY("tokens") " has %llu items; the limit is %d",
                       wg_gguf_path(g), (unsigned long long)tokens->count, WG_TEXT_MAX_TOKENS);
    WG_TRY(find_array(g, KEY("token_type"), false, tokens->count, &types, err));
    if (need_scores)
        WG_TRY(find_array(g, KEY("scores"), false, tokens->count, &scores, err));
    if (need_scores && !scores)
        return wg_fail(err, WG_E_INPUT, "%s: there is no " KEY("scores"), wg_gguf_path(g));
    for (uint64_t i = 0; i < tokens->count; i++)
        bytes += tokens->strs[i].n; /* all in the file, so no overflow */
    WG_TRY(wg_vocab_init(&t->vocab, (int32_t)tokens->count, bytes, need_scores, err));
    for (uint64_t i = 0; i < tokens->count; i++) {
        int64_t type = 1;
        unsigned attr = 0;
        if (types)
            WG_TRY(wg_gguf_item_i64(types, i, &type, err));
        WG_TRY(attr_of(g, type, i, &attr, err));
        if (!wg_vocab_add(&t->vocab, tokens->strs[i].p, tokens->strs[i].n, attr))
            return wg_fail(err, WG_E_INTERNAL, "the vocabulary does not fit");
    }
    if (scores)
        WG_TRY(read_scores(t, g, scores, err));
    t->info.size = t->vocab.size;
    enum wg_status st = wg_vocab_index(&t->vocab, err);
    if (st != WG_OK)
        (void)wg_err_prefix(err, "%s: " KEY("tokens"), wg_gguf_path(g));
    return st;
}

static enum wg_status read_id(const struct wg_tok *t, const struct wg_gguf *g, const char *key,
                              int32_t *out, struct wg_err *err)
{
    int64_t id = -1;
    bool found;

    WG_TRY(wg_gguf_i64(g, key, &id, &found, err));
    if (!found)
        return WG_OK;
    /* Converters write -1 or 2^32 - 1 for "none". */
    if (id == -1 || id == UINT32_MAX) {
        *out = -1;
        return WG_OK;
    }
    if (id < 0 || id >= t->vocab.size)
        return wg_fail(err, WG_E_INPUT, "%s: %s is %lld, outside the vocabulary of %d",
                       wg_gguf_path(g), key, (long long)id, t->vocab.size);
    *out = (int32_t)id;
    return WG_OK;
}

static enum wg_status read_special(struct wg_tok *t, const struct wg_gguf *g, struct wg_err *err)
{
    static const char *const end_keys[] = {KEY("eot_token_id"), KEY("eom_token_id")};
    int32_t ends[3] = {-1, -1, -1};

    WG_TRY(read_id(t, g, KEY("bos_token_id"), &t->info.bos, err));
    WG_TRY(read_id(t, g, KEY("eos_token_id"), &t->info.eos, err));
    WG_TRY(read_id(t, g, KEY("unknown_token_id"), &t->info.unk, err));
    WG_TRY(read_id(t, g, KEY("padding_token_id"), &t->info.pad, err));
    for (size_t i = 0; i < WG_COUNT(end_keys); i++)
        WG_TRY(read_id(t, g, end_keys[i], &ends[i], err));
    ends[2] = t->info.eos;
    WG_TRY(wg_gguf_bool(g, KEY("add_bos_token"), &t->info.add_bos, NULL, err));
    WG_TRY(wg_gguf_bool(g, KEY("add_eos_token"), &t->info.add_eos, NULL, err));
    if (t->info.add_bos && t->info.bos >= 0)
        t->before[t->n_before++] = t->info.bos;
    if (t->info.add_eos && t->info.eos >= 0)
        t->after[t->n_after++] = t->info.eos;
    return wg_tok_index_eog(t, ends, WG_COUNT(ends), err);
}

/* The two sides of "left right": the first space after the first byte parts them. */
static enum wg_status add_merge(struct wg_tok *t, const struct wg_gguf *g,
                                const struct wg_gguf_str *s, uint64_t rank, struct wg_buf *joined,
                                struct wg_err *err)
{
    const char *space = s->n > 1 ? memchr(s->p + 1, ' ', s->n - 1) : NULL;

    if (!space)
        return wg_fail(err, WG_E_INPUT, "%s: " KEY("merges") ": item %llu is not two tokens",
                       wg_gguf_path(g), (unsigned long long)rank);
    size_t left_n = (size_t)(space - s->p), right_n = s->n - left_n - 1;
    wg_buf_clear(joined);
    wg_buf_add(joined, s->p, left_n);
    wg_buf_add(joined, space + 1, right_n);
    WG_TRY(wg_buf_check(joined, "a merge", err));
    int32_t left = wg_vocab_find(&t->vocab, s->p, left_n);
    int32_t right = wg_vocab_find(&t->vocab, space + 1, right_n);
    int32_t id = wg_vocab_find(&t->vocab, joined->p, joined->len);
    if (left < 0 || right < 0 || id < 0)
        return wg_fail(err, WG_E_INPUT,
                       "%s: " KEY("merges") ": item %llu, \"%.*s\": %s is not in "
                                            "the vocabulary",
                       wg_gguf_path(g), (unsigned long long)rank, (int)WG_MIN(s->n, 80), s->p,
                       left < 0    ? "the left side"
                       : right < 0 ? "the right side"
                                   : "the joined token");
    return wg_bpe_add(&t->bpe, left, right, (uint32_t)rank, id, err);
}

static enum wg_status read_merges(struct wg_tok *t, const struct wg_gguf *g, struct wg_err *err)
{
    const struct wg_gguf_kv *merges;
    struct wg_buf joined;

    WG_TRY(find_array(g, KEY("merges"), true, 0, &merges, err));
    if (!merges)
        return wg_fail(err, WG_E_INPUT, "%s: there is no " KEY("merges"), wg_gguf_path(g));
    WG_TRY(wg_bpe_init(&t->bpe, merges->count, err));
    wg_buf_init(&joined, SIZE_MAX);
    enum wg_status st = WG_OK;
    for (uint64_t i = 0; i < merges->count && st == WG_OK; i++)
        st = add_merge(t, g, &merges->strs[i], i, &joined, err);
    wg_buf_release(&joined);
    return st;
}

static enum wg_status read_pre(struct wg_tok *t, const struct wg_gguf *g, const char *fallback,
                               const struct wg_pretok_row **row, struct wg_err *err)
{
    struct wg_gguf_str name = {fallback, strlen(fallback)};
    bool found;

    WG_TRY(wg_gguf_string(g, KEY("pre"), &name, &found, err));
    if (!found && strcmp(fallback, "default") == 0)
        wg_log(WG_LOG_WARN,
               "%s does not name its pre-tokenizer (" KEY(
                   "pre") "): a generic one is "
                          "used, and some words may be cut differently",
               wg_gguf_path(g));
    *row = wg_pretok_row(name.p, name.n);
    if (!*row) {
        struct wg_buf names;
        wg_buf_init(&names, WG_ERR_MSG_BYTES / 2);
        wg_pretok_names(&names);
        (void)wg_fail(err, WG_E_UNSUPPORTED,
                      "%s: pre-tokenizer \"%.*s\" is not known; known are "
                      "%s",
                      wg_gguf_path(g), (int)WG_MIN(name.n, 80), name.p, names.p ? names.p : "");
        wg_buf_release(&names);
        return WG_E_UNSUPPORTED;
    }
    return wg_tok_set_pre(t, *row, name.p, name.n, err);
}

static enum wg_status load_gpt2(struct wg_tok *t, const struct wg_gguf *g, struct wg_err *err)
{
    const struct wg_pretok_row *row;

    WG_TRY(read_pre(t, g, "default", &row, err));
    if (row->flags & WG_PRE_SPACES)
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: pre-tokenizer \"%s\" with a byte-level "
                       "vocabulary",
                       wg_gguf_path(g), t->pre);
    t->info.add_bos = row->flags & WG_PRE_ADD_BOS;
    WG_TRY(read_vocab(t, g, false, err));
    WG_TRY(read_special(t, g, err));
    wg_vocab_fill_bytes(&t->vocab, WG_LETTERS_BYTE_LEVEL);
    WG_TRY(wg_vocab_index_bytes(&t->vocab, err));
    WG_TRY(wg_tok_index_bytes(t, err));
    WG_TRY(read_merges(t, g, err));
    return wg_tok_index_added(t, 0, err);
}

/* Phi-3's own tokenizer drops white space after its control tokens; no key says so. */
static unsigned control_flags(const struct wg_gguf *g)
{
    static const char *const names[] = {"phi-3", "Phi-3", "phi3", "Phi3", "Phi 3", "PHI-3"};
    struct wg_gguf_str name = {"", 0};

    if (wg_gguf_string(g, "general.name", &name, NULL, NULL) != WG_OK)
        return 0;
    for (size_t i = 0; i < WG_COUNT(names); i++)
        if (memmem(name.p, name.n, names[i], strlen(names[i])))
            return WG_ADDED_RSTRIP;
    return 0;
}

static enum wg_status load_spm(struct wg_tok *t, const struct wg_gguf *g, struct wg_err *err)
{
    bool prefix = true, squeeze = false;

    if (wg_gguf_find(g, KEY("precompiled_charsmap")))
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: a SentencePiece vocabulary with its own "
                       "character map (" KEY("precompiled_charsmap") ")",
                       wg_gguf_path(g));
    WG_TRY(wg_gguf_bool(g, KEY("add_space_prefix"), &prefix, NULL, err));
    WG_TRY(wg_gguf_bool(g, KEY("remove_extra_whitespaces"), &squeeze, NULL, err));
    if (squeeze)
        return wg_fail(err, WG_E_UNSUPPORTED, "%s: " KEY("remove_extra_whitespaces") " is true",
                       wg_gguf_path(g));
    t->info.add_bos = true;
    t->spaces = true;
    t->prefix = prefix ? WG_PREFIX_EACH : WG_PREFIX_NONE;
    t->strip_prefix = prefix;
    t->fuse_unk = true;
    WG_TRY(read_vocab(t, g, true, err));
    t->bpe.scores = &t->vocab;
    t->info.unk = 0;
    WG_TRY(read_special(t, g, err));
    wg_vocab_fill_bytes(&t->vocab, WG_LETTERS_SENTENCEPIECE);
    WG_TRY(wg_tok_index_sentencepiece(t, err));
    return wg_tok_index_added(t, control_flags(g), err);
}

/* Gemma 4: BPE with merges over characters, spaces as U+2581, bytes for what is unknown. */
static enum wg_status load_chars(struct wg_tok *t, const struct wg_gguf *g, struct wg_err *err)
{
    const struct wg_pretok_row *row;
    bool prefix = false;

    WG_TRY(read_pre(t, g, "gemma4", &row, err));
    WG_TRY(wg_gguf_bool(g, KEY("add_space_prefix"), &prefix, NULL, err));
    t->info.add_bos = true;
    t->spaces = true;
    t->prefix = prefix ? WG_PREFIX_EACH : WG_PREFIX_NONE;
    t->strip_prefix = prefix;
    t->fuse_unk = true;
    WG_TRY(read_vocab(t, g, false, err));
    WG_TRY(read_special(t, g, err));
    wg_vocab_fill_bytes(&t->vocab, WG_LETTERS_SENTENCEPIECE);
    WG_TRY(read_merges(t, g, err));
    WG_TRY(wg_tok_index_sentencepiece(t, err));
    return wg_tok_index_added(t, 0, err);
}

/* To add a kind: its row here. */
static const struct {
    const char *model; /* tokenizer.ggml.model */
    const struct wg_tok_ops *ops;
    enum wg_status (*load)(struct wg_tok *t, const struct wg_gguf *g, struct wg_err *err);
} tok_kinds[] = {
    {"gpt2", &wg_tok_bpe, load_gpt2},
    {"llama", &wg_tok_spm, load_spm},
    {"gemma4", &wg_tok_chars, load_chars},
};

enum wg_status wg_tok_from_gguf(const struct wg_gguf *g, struct wg_tok **out, struct wg_err *err)
{
    struct wg_gguf_str model = {NULL, 0};
    size_t i;

    WG_TRY(wg_gguf_string(g, KEY("model"), &model, NULL, err));
    if (!model.p)
        return wg_fail(err, WG_E_INPUT, "%s has no tokenizer (there is no " KEY("model") ")",
                       wg_gguf_path(g));
    for (i = 0; i < WG_COUNT(tok_kinds); i++)
        if (strlen(tok_kinds[i].model) == model.n &&
            memcmp(tok_kinds[i].model, model.p, model.n) == 0)
            break;
    if (i == WG_COUNT(tok_kinds))
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: tokenizer kind \"%.*s\" is not known; known are "
                       "gpt2, llama and gemma4",
                       wg_gguf_path(g), (int)WG_MIN(model.n, 80), model.p);
    struct wg_tok *t = wg_tok_new(tok_kinds[i].ops, err);
    if (!t)
        return WG_E_OOM;
    enum wg_status st = tok_kinds[i].load(t, g, err);
    if (st != WG_OK) {
        wg_tok_free(t);
        return st;
    }
    *out = t;
    return WG_OK;
}
