/* SentencePiece vocabularies: the fields of tokenizer.model (a protocol buffer, sentencepiece's
 * sentencepiece_model.proto) that a GGUF file has keys for. */
#include "convert/hf_tokenizer.h"

#include "base/file.h"
#include "base/rd.h"
#include "convert/limits.h"
#include "package/gguf_write.h"

#include <stdlib.h>
#include <string.h>

#define KEY(name) "tokenizer.ggml." name

/* Wire types of protocol buffers. */
enum { VARINT = 0, FIXED_64 = 1, BYTES = 2, FIXED_32 = 5 };

/* One field of a message. */
struct field {
    uint64_t number, value;
    unsigned wire;
    const uint8_t *bytes; /* of BYTES and FIXED_32; value is their number */
};

/* The added tokens of tokenizer_config.json come after the pieces, with a score that no merge
 * reaches. */
#define ADDED_SCORE (-1000.0f)

struct spm {
    struct wg_hf_tok *t;
    float *scores; /* [t->n] */
    int64_t n_pieces;
    bool bpe, prefix, squeeze, charsmap;
};

static uint64_t varint(struct wg_rd *r)
{
    uint64_t v = 0;

    for (int shift = 0; shift < 64; shift += 7) {
        uint8_t byte = wg_rd_u8(r, "a number");
        v |= (uint64_t)(byte & 127) << shift;
        if (!(byte & 128))
            return v;
    }
    (void)wg_rd_fail(r, r->pos, WG_E_INPUT, "a number has more than 64 bits");
    return 0;
}

/* False at the end of the message, and after a failure. */
static bool next_field(struct wg_rd *r, struct field *f)
{
    if (!wg_rd_ok(r) || wg_rd_left(r) == 0)
        return false;
    uint64_t tag = varint(r);
    *f = (struct field){.number = tag >> 3, .wire = (unsigned)(tag & 7)};
    switch (f->wire) {
    case VARINT:
        f->value = varint(r);
        break;
    case FIXED_64:
    case FIXED_32:
        f->value = f->wire == FIXED_64 ? 8 : 4;
        f->bytes = wg_rd_take(r, (size_t)f->value, "a number");
        break;
    case BYTES:
        f->value = varint(r);
        f->bytes = wg_rd_take(r, (size_t)f->value, "a field");
        break;
    default:
        (void)wg_rd_fail(r, r->pos, WG_E_INPUT, "wire type %u is none of 0, 1, 2 and 5", f->wire);
    }
    return wg_rd_ok(r);
}

static float as_float(const struct field *f)
{
    uint32_t bits = (uint32_t)f->bytes[0] | (uint32_t)f->bytes[1] << 8 |
                    (uint32_t)f->bytes[2] << 16 | (uint32_t)f->bytes[3] << 24;
    float v;

    memcpy(&v, &bits, sizeof v);
    return v;
}

static enum wg_status read_piece(struct spm *s, const struct field *message, struct wg_err *err)
{
    const char *text = "";
    size_t n = 0;
    uint64_t type = WG_HF_NORMAL;
    float score = 0;
    struct wg_rd r;
    struct field f;

    wg_rd_init(&r, message->bytes, (size_t)message->value, s->t->name, err);
    while (next_field(&r, &f)) {
        if (f.number == 1 && f.wire == BYTES) {
            text = (const char *)f.bytes;
            n = (size_t)f.value;
        } else if (f.number == 2 && f.wire == FIXED_32) {
            score = as_float(&f);
        } else if (f.number == 3 && f.wire == VARINT) {
            type = f.value;
        }
    }
    if (!wg_rd_ok(&r))
        return r.failed;
    if (type < WG_HF_NORMAL || type > WG_HF_BYTE)
        return wg_fail(err, WG_E_INPUT, "%s: piece %lld has the type %llu; types are 1 to 6",
                       s->t->name, (long long)s->n_pieces, (unsigned long long)type);
    char *copy = wg_arena_strndup(s->t->arena, text, n);
    if (!copy)
        return wg_oom(err, "the vocabulary");
    WG_TRY(wg_hf_set_token(s->t, s->n_pieces, copy, n, (enum wg_hf_token)type, err));
    s->scores[s->n_pieces++] = score;
    return WG_OK;
}

/* trainer_spec and normalizer_spec. */
static enum wg_status read_spec(struct spm *s, const struct field *message, struct wg_err *err)
{
    bool trainer = message->number == 2;
    struct wg_rd r;
    struct field f;

    wg_rd_init(&r, message->bytes, (size_t)message->value, s->t->name, err);
    while (next_field(&r, &f)) {
        if (trainer && f.number == 3 && f.wire == VARINT)
            s->bpe = f.value == 2;
        else if (!trainer && f.number == 2 && f.wire == BYTES)
            s->charsmap = f.value > 0;
        else if (!trainer && f.number == 3 && f.wire == VARINT)
            s->prefix = f.value != 0;
        else if (!trainer && f.number == 4 && f.wire == VARINT)
            s->squeeze = f.value != 0;
    }
    return r.failed;
}

static enum wg_status read_model(struct spm *s, const struct wg_buf *b, struct wg_err *err)
{
    struct wg_rd r;
    struct field f;

    wg_rd_init(&r, b->p, b->len, s->t->name, err);
    while (next_field(&r, &f)) {
        if (f.wire != BYTES)
            continue;
        if (f.number == 1)
            WG_TRY(read_piece(s, &f, err));
        else if (f.number == 2 || f.number == 3)
            WG_TRY(read_spec(s, &f, err));
    }
    if (!wg_rd_ok(&r))
        return r.failed;
    if (s->n_pieces == 0)
        return wg_fail(err, WG_E_INPUT, "%s: has no pieces", s->t->name);
    if (!s->bpe || s->charsmap || s->squeeze)
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: only BPE vocabularies that leave the text as it is are written into a "
                       "GGUF file by this version, and this one %s" WG_HF_GO_WITHOUT,
                       s->t->name,
                       !s->bpe       ? "is of another kind"
                       : s->charsmap ? "has a character map"
                                     : "removes extra spaces");
    return WG_OK;
}

/* "added_tokens_decoder": {"32000": {"content": "<|end|>", "special": true}} */
static enum wg_status add_tokens(struct spm *s, struct wg_err *err)
{
    json_t *added = json_object_get(s->t->config, "added_tokens_decoder"), *item;
    const char *key;

    json_object_foreach(added, key, item) {
        const json_t *text = json_object_get(item, "content");
        bool control = json_is_true(json_object_get(item, "special"));
        char *end;
        long long id = strtoll(key, &end, 10);
        if (*end || !*key || !json_is_string(text))
            return wg_fail(err, WG_E_INPUT,
                           "%s: added_tokens_decoder of tokenizer_config.json: \"%.40s\" is no id "
                           "with a content",
                           s->t->name, key);
        bool there = id >= 0 && id < s->n_pieces;
        if (there && (s->t->types[id] == WG_HF_UNKNOWN || s->t->types[id] == WG_HF_BYTE))
            continue;
        WG_TRY(wg_hf_set_token(s->t, id, json_string_value(text), json_string_length(text),
                               control ? WG_HF_CONTROL : WG_HF_USER, err));
        if (!there)
            s->scores[id] = ADDED_SCORE;
    }
    return WG_OK;
}

static enum wg_status put_keys(struct spm *s, struct wg_err *err)
{
    const json_t *config = s->t->config;
    struct wg_gguf_out *out = s->t->out;

    WG_TRY(wg_gguf_put_string(out, KEY("model"), "llama", 5, err));
    WG_TRY(wg_gguf_put_string(out, KEY("pre"), "default", 7, err));
    for (int64_t i = s->n_pieces; i < s->t->n; i++)
        if (!s->t->types[i])
            s->scores[i] = ADDED_SCORE;
    WG_TRY(wg_hf_put_tokens(s->t, err));
    WG_TRY(wg_gguf_put_array(out, KEY("scores"), WG_GGUF_F32, s->scores, (size_t)s->t->n, err));
    WG_TRY(wg_gguf_put_bool(out, KEY("add_space_prefix"), s->prefix, err));
    /* The class behind these vocabularies puts BOS where nothing else is said. */
    WG_TRY(wg_gguf_put_bool(out, KEY("add_bos_token"),
                            !json_is_false(json_object_get(config, "add_bos_token")), err));
    return wg_gguf_put_bool(out, KEY("add_eos_token"),
                            json_is_true(json_object_get(config, "add_eos_token")), err);
}

enum wg_status wg_hf_put_spm(struct wg_hf_tok *t, const char *path, struct wg_err *err)
{
    /* Defaults of the protocol buffer: unigram, with a prefix, without extra spaces. */
    struct spm s = {.t = t, .prefix = true, .squeeze = true};
    struct wg_buf b;

    t->name = path;
    s.scores = wg_arena_alloc(t->arena, (size_t)t->n, sizeof *s.scores);
    if (!s.scores)
        return wg_oom(err, "the vocabulary");
    wg_buf_init(&b, WG_CONV_MAX_TOKENIZER_BYTES);
    enum wg_status st = wg_file_read(&b, path, WG_CONV_MAX_TOKENIZER_BYTES, err);
    if (st == WG_OK)
        st = read_model(&s, &b, err);
    wg_buf_release(&b);
    if (st == WG_OK)
        st = add_tokens(&s, err);
    return st == WG_OK ? put_keys(&s, err) : st;
}
