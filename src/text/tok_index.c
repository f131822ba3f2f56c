/* What every kind of tokenizer derives from its vocabulary once it is filled. */
#include "base/mem.h"
#include "base/utf8.h"
#include "text/tok.h"

#include <stdio.h>
#include <string.h>

/*
 * Tokens that end a turn or a text, by spelling. The marked ones are ordinary text in some
 * vocabularies (HTML's </s> in Gemma) and count only where the file calls them control tokens; the
 * others are control tokens whatever the file says, since old converters forgot to.
 */
static const struct {
    const char *text;
    bool only_control;
} ends[] = {
    {"<|eot_id|>", false},
    {"<|eom_id|>", false},
    {"<|im_end|>", false},
    {"<|endoftext|>", false},
    {"<|end_of_text|>", false},
    {"<|end|>", false},
    {"<|return|>", false},
    {"<|call|>", false},
    {"<|eot|>", false},
    {"<|eom|>", false},
    {"<end_of_turn>", false},
    {"<end_of_utterance>", false},
    {"<turn|>", false},
    {"<|tool_response>", false},
    {"<\xEF\xBD\x9C"
     "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>",
     false},
    {"<|END_OF_TURN_TOKEN|>", false},
    {"</s>", true},
    {"<eos>", true},
    {"<EOT>", true},
    {"[EOT]", true},
    {"[EOS]", true},
};

static int32_t find_str(const struct wg_tok *t, const char *s)
{
    return wg_vocab_find(&t->vocab, s, strlen(s));
}

enum wg_status wg_tok_index_eog(struct wg_tok *t, const int32_t *ids, size_t n, struct wg_err *err)
{
    t->eog = wg_calloc((size_t)t->vocab.size, 1);
    if (!t->eog)
        return wg_oom(err, "the vocabulary");
    for (size_t i = 0; i < WG_COUNT(ends); i++) {
        int32_t id = find_str(t, ends[i].text);
        if (id < 0 || (ends[i].only_control && !(t->vocab.attr[id] & WG_TOK_CONTROL)))
            continue;
        t->vocab.attr[id] = WG_TOK_CONTROL;
        t->eog[id] = 1;
    }
    /* In the Harmony format <|end|> ends a message, not the turn. */
    int32_t end = find_str(t, "<|end|>");
    if (end >= 0 && find_str(t, "<|return|>") >= 0 && find_str(t, "<|call|>") >= 0)
        t->eog[end] = 0;
    for (size_t i = 0; i < n; i++)
        if (ids[i] >= 0)
            t->eog[ids[i]] = 1;
    return WG_OK;
}

/* Length in U+2581 of an entry that is only spaces, 0 for others. */
static size_t space_run_length(const char *s, size_t n)
{
    size_t run = 0;

    for (size_t i = 0; i < n; run++) {
        if (s[i] == ' ')
            i++;
        else if (n - i >= 3 && memcmp(s + i, "\xE2\x96\x81", 3) == 0)
            i += 3;
        else
            return 0;
    }
    return run;
}

enum wg_status wg_tok_index_added(struct wg_tok *t, unsigned control_flags, struct wg_err *err)
{
    enum { MATCHED = WG_TOK_CONTROL | WG_TOK_UNKNOWN | WG_TOK_USER };

    for (int32_t id = 0; id < t->vocab.size; id++) {
        unsigned attr = t->vocab.attr[id];
        size_t n;
        const char *s = wg_vocab_spelling(&t->vocab, id, &n);
        char marks[WG_TOK_MAX_SPACE_RUN * 3];
        if (!(attr & MATCHED))
            continue;
        /* Converters write runs of U+2581 as spaces; the text that they match has U+2581, while
         * spaces reach them through normalisation. */
        size_t run = t->spaces && (attr & WG_TOK_USER) ? space_run_length(s, n) : 0;
        if (run > 1 && run <= WG_TOK_MAX_SPACE_RUN) {
            for (size_t i = 0; i < run; i++)
                memcpy(marks + i * 3, "\xE2\x96\x81", 3);
            s = marks;
            n = run * 3;
        }
        unsigned flags = attr & WG_TOK_USER ? 0 : WG_ADDED_CONTROL;
        bool plain = (attr & WG_TOK_UNKNOWN) || id == t->info.bos ||
                     (n == 13 && memcmp(s, "<|endoftext|>", 13) == 0);
        WG_TRY(wg_added_add(&t->added, s, n, id, flags | (plain ? 0 : control_flags), err));
    }
    wg_added_build(&t->added);
    return WG_OK;
}

enum wg_status wg_tok_index_bytes(struct wg_tok *t, struct wg_err *err)
{
    int missing = 0;

    for (unsigned b = 0; b < 256; b++) {
        char c = (char)b;
        t->byte_id[b] = wg_vocab_find_bytes(&t->vocab, &c, 1);
        missing += t->byte_id[b] < 0;
    }
    /* Some trained alphabets lack rare control characters; a vocabulary that lacks more than it
     * has is not byte-level. */
    if (missing > 128)
        return wg_fail(err, WG_E_INPUT,
                       "the vocabulary has no token for %d of the 256 bytes: it is not byte-level",
                       missing);
    return WG_OK;
}

static void index_joints(struct wg_tok *t)
{
    for (int32_t id = 0; id < t->vocab.size; id++) {
        size_t n;
        const char *s = wg_vocab_spelling(&t->vocab, id, &n);
        unsigned prev = 0;
        for (size_t i = 0; i < n;) {
            bool mark = n - i >= 3 && memcmp(s + i, "\xE2\x96\x81", 3) == 0;
            unsigned q = mark ? ' ' : (unsigned char)s[i];
            unsigned bit = prev << 8 | q;
            if (i > 0)
                t->joints[bit / 64] |= (uint64_t)1 << (bit % 64);
            prev = q;
            i += mark ? 3 : 1;
        }
    }
}

enum wg_status wg_tok_index_sentencepiece(struct wg_tok *t, struct wg_err *err)
{
    t->joints = wg_calloc(65536 / 64, sizeof *t->joints);
    if (!t->joints)
        return wg_oom(err, "the vocabulary");
    index_joints(t);
    for (unsigned b = 0; b < 256; b++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", b);
        t->byte_id[b] = find_str(t, name);
        if (t->byte_id[b] >= 0)
            t->byte_fallback = true;
    }
    for (int32_t id = 0; id < t->vocab.size; id++) {
        size_t n;
        const char *s = wg_vocab_spelling(&t->vocab, id, &n);
        size_t run = t->vocab.attr[id] & WG_TOK_USER ? space_run_length(s, n) : 0;
        if (run < 2 || run > WG_TOK_MAX_SPACE_RUN || !t->bpe.scores)
            continue;
        t->space_run[run] = id;
        if ((int)run > t->max_space_run)
            t->max_space_run = (int)run;
    }
    return WG_OK;
}

enum wg_status wg_tok_set_pre(struct wg_tok *t, const struct wg_pretok_row *row, const char *name,
                              size_t n, struct wg_err *err)
{
    t->pre = wg_strndup(name, n);
    if (!t->pre)
        return wg_oom(err, "the tokenizer");
    t->info.pre = t->pre;
    t->whole_words = row->flags & WG_PRE_WHOLE_WORDS;
    t->normal_form = row->flags & WG_PRE_NFC;
    t->form = WG_NORM_NFC;
    if (!row->stage[0])
        return WG_OK;
    WG_TRY(wg_pretok_new(&t->pretok, err));
    for (int i = 0; i < WG_PRETOK_ROW_STAGES && row->stage[i]; i++)
        WG_TRY(wg_pretok_add(t->pretok, row->stage[i], strlen(row->stage[i]), WG_SPLIT_ISOLATED,
                             false, t->pre, err));
    return WG_OK;
}
