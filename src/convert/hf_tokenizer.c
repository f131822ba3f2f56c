#include "convert/hf_tokenizer.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "convert/limits.h"
#include "package/gguf_write.h"
#include "package/package.h"
#include "text/pretok.h"

#include <stdio.h>
#include <string.h>

#define KEY(name) "tokenizer.ggml." name
/* A tokenizer.json besides. */
struct tokenizer {
    struct wg_hf_tok t;
    json_t *doc;
    const json_t *model;
};

static bool is(const json_t *object, const char *key, const char *value)
{
    const char *s = json_string_value(json_object_get(object, key));

    return s && strcmp(s, value) == 0;
}

/* Calls fn for an object, or for the items of a "Sequence" of them under `list`. */
static enum wg_status each(struct tokenizer *t, const json_t *v, const char *list,
                           enum wg_status (*fn)(struct tokenizer *t, const json_t *item, void *arg,
                                                struct wg_err *err),
                           void *arg, struct wg_err *err)
{
    const json_t *items = is(v, "type", "Sequence") ? json_object_get(v, list) : NULL, *item;
    size_t i;

    if (!items)
        return json_is_object(v) ? fn(t, v, arg, err) : WG_OK;
    json_array_foreach(items, i, item)
        WG_TRY(fn(t, item, arg, err));
    return WG_OK;
}

static enum wg_status not_written(const struct tokenizer *t, const char *what, const json_t *item,
                                  struct wg_err *err)
{
    const char *type = json_string_value(json_object_get(item, "type"));

    return wg_fail(
        err, WG_E_UNSUPPORTED,
        "%s: %s \"%.60s\" has no form in a GGUF file that this version writes" WG_HF_GO_WITHOUT,
        t->t.name, what, type ? type : "");
}

/* What row of pre-tokenizers (text/pretok.h) this is. */
struct stages {
    const char *stage[WG_PRETOK_ROW_STAGES];
    int n;
    unsigned flags;
    bool byte_level;
};

static enum wg_status add_normalizer(struct tokenizer *t, const json_t *item, void *arg,
                                     struct wg_err *err)
{
    struct stages *s = arg;

    if (!is(item, "type", "NFC"))
        return not_written(t, "the normalizer", item, err);
    s->flags |= WG_PRE_NFC;
    return WG_OK;
}

static enum wg_status add_stage(struct tokenizer *t, const json_t *item, void *arg,
                                struct wg_err *err)
{
    struct stages *s = arg;
    const char *regex =
        json_string_value(json_object_get(json_object_get(item, "pattern"), "Regex"));

    if (is(item, "type", "ByteLevel")) {
        s->byte_level = true;
        if (json_is_true(json_object_get(item, "add_prefix_space")))
            return not_written(t, "add_prefix_space of the pre-tokenizer", item, err);
        if (json_is_false(json_object_get(item, "use_regex")))
            return WG_OK;
        regex = wg_pretok_gpt2;
    } else if (is(item, "type", "Digits") &&
               json_is_true(json_object_get(item, "individual_digits"))) {
        regex = "\\p{N}";
    } else if (!is(item, "type", "Split") || !is(item, "behavior", "Isolated") ||
               json_is_true(json_object_get(item, "invert"))) {
        return not_written(t, "the pre-tokenizer", item, err);
    }
    if (!regex || s->n == WG_PRETOK_ROW_STAGES)
        return not_written(t, "the pre-tokenizer", item, err);
    s->stage[s->n++] = regex;
    return WG_OK;
}

static enum wg_status put_pre(struct tokenizer *t, struct wg_err *err)
{
    struct stages s = {0};

    WG_TRY(each(t, json_object_get(t->doc, "normalizer"), "normalizers", add_normalizer, &s, err));
    WG_TRY(each(t, json_object_get(t->doc, "pre_tokenizer"), "pretokenizers", add_stage, &s, err));
    if (!s.byte_level || !is(t->model, "type", "BPE"))
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: only byte-level BPE is written into a GGUF file by this version, and "
                       "this is another kind" WG_HF_GO_WITHOUT,
                       t->t.name);
    if (json_is_true(json_object_get(t->model, "ignore_merges")))
        s.flags |= WG_PRE_WHOLE_WORDS;
    const struct wg_pretok_row *row = wg_pretok_row_of(s.stage, s.n, s.flags);
    if (!row)
        return wg_fail(
            err, WG_E_UNSUPPORTED,
            "%s: the pre-tokenizer has no name that GGUF files know it by" WG_HF_GO_WITHOUT,
            t->t.name);
    WG_TRY(wg_gguf_put_string(t->t.out, KEY("model"), "gpt2", 4, err));
    return wg_gguf_put_string(t->t.out, KEY("pre"), row->names, strcspn(row->names, " "), err);
}

enum wg_status wg_hf_set_token(struct wg_hf_tok *t, json_int_t id, const char *s, size_t n,
                               enum wg_hf_token type, struct wg_err *err)
{
    if (id < 0 || id >= t->n)
        return wg_fail(err, WG_E_INPUT,
                       "%s: token \"%.*s\" has the id %lld, and the embedding has %lld rows",
                       t->name, (int)WG_MIN(n, 60), s, (long long)id, (long long)t->n);
    t->tokens[id] = (struct wg_gguf_str){s, n};
    t->types[id] = (int32_t)type;
    return WG_OK;
}

enum wg_status wg_hf_put_tokens(struct wg_hf_tok *t, struct wg_err *err)
{
    for (int64_t k = 0; k < t->n; k++) {
        char pad[32];
        if (t->types[k])
            continue;
        int n = snprintf(pad, sizeof pad, "[PAD%lld]", (long long)k);
        char *copy = wg_arena_strndup(t->arena, pad, (size_t)n);
        if (!copy)
            return wg_oom(err, "the vocabulary");
        WG_TRY(wg_hf_set_token(t, k, copy, (size_t)n, WG_HF_UNUSED, err));
    }
    WG_TRY(wg_gguf_put_strings(t->out, KEY("tokens"), t->tokens, (size_t)t->n, err));
    return wg_gguf_put_array(t->out, KEY("token_type"), WG_GGUF_I32, t->types, (size_t)t->n, err);
}

static enum wg_status put_vocab(struct tokenizer *t, struct wg_err *err)
{
    json_t *vocab = json_object_get(t->model, "vocab"), *id;
    const json_t *added = json_object_get(t->doc, "added_tokens"), *item;
    const char *s;
    size_t i;

    if (!json_is_object(vocab))
        return wg_fail(err, WG_E_INPUT, "%s: model.vocab is not an object", t->t.name);
    json_object_foreach(vocab, s, id)
        WG_TRY(wg_hf_set_token(&t->t, json_is_integer(id) ? json_integer_value(id) : -1, s,
                               strlen(s), WG_HF_NORMAL, err));
    json_array_foreach(added, i, item) {
        const json_t *text = json_object_get(item, "content"), *at = json_object_get(item, "id");
        bool control = json_is_true(json_object_get(item, "special"));
        WG_TRY(wg_hf_set_token(&t->t, json_is_integer(at) ? json_integer_value(at) : -1,
                               json_is_string(text) ? json_string_value(text) : "",
                               json_string_length(text), control ? WG_HF_CONTROL : WG_HF_USER,
                               err));
    }
    return wg_hf_put_tokens(&t->t, err);
}

/* "a b", or ["a", "b"] in newer files. */
static enum wg_status merge_text(struct tokenizer *t, const json_t *v, struct wg_gguf_str *to,
                                 struct wg_err *err)
{
    const json_t *a = json_array_get(v, 0), *b = json_array_get(v, 1);

    *to = (struct wg_gguf_str){json_string_value(v), json_string_length(v)};
    if (json_is_string(v))
        return WG_OK;
    if (json_array_size(v) != 2 || !json_is_string(a) || !json_is_string(b))
        return wg_fail(err, WG_E_INPUT, "%s: an item of model.merges is not two tokens", t->t.name);
    size_t na = json_string_length(a), nb = json_string_length(b);
    char *p = wg_arena_alloc(t->t.arena, na + nb + 1, 1);
    if (!p)
        return wg_oom(err, "the merges");
    memcpy(p, json_string_value(a), na);
    p[na] = ' ';
    memcpy(p + na + 1, json_string_value(b), nb);
    *to = (struct wg_gguf_str){p, na + nb + 1};
    return WG_OK;
}

static enum wg_status put_merges(struct tokenizer *t, struct wg_err *err)
{
    const json_t *list = json_object_get(t->model, "merges");
    size_t n = json_array_size(list);
    struct wg_gguf_str *merges = wg_arena_alloc(t->t.arena, n, sizeof *merges);

    if (!merges)
        return wg_oom(err, "the merges");
    if (!json_is_array(list))
        return wg_fail(err, WG_E_INPUT, "%s: model.merges is not a list", t->t.name);
    for (size_t i = 0; i < n; i++)
        WG_TRY(merge_text(t, json_array_get(list, i), &merges[i], err));
    return wg_gguf_put_strings(t->t.out, KEY("merges"), merges, n, err);
}

/* "bos_token": "<s>" or {"content": "<s>"} of tokenizer_config.json, as the id of that token. */
static enum wg_status put_special(struct tokenizer *t, const char *name, const char *key,
                                  struct wg_err *err)
{
    const json_t *v = json_object_get(t->t.config, name);

    v = json_is_object(v) ? json_object_get(v, "content") : v;
    if (!json_is_string(v))
        return WG_OK;
    for (int64_t i = 0; i < t->t.n; i++)
        if (t->t.tokens[i].n == json_string_length(v) &&
            memcmp(t->t.tokens[i].p, json_string_value(v), t->t.tokens[i].n) == 0)
            return wg_gguf_put_u32(t->t.out, key, (uint32_t)i, err);
    return wg_fail(err, WG_E_INPUT, "%s: %s of tokenizer_config.json, \"%.60s\", is no token",
                   t->t.name, name, json_string_value(v));
}

/* Whether the template of the post-processor begins (end: false) or ends with a special token. */
struct around {
    bool begin, end;
};

static enum wg_status look_around(struct tokenizer *t, const json_t *item, void *arg,
                                  struct wg_err *err)
{
    const json_t *single = json_object_get(item, "single");
    size_t n = json_array_size(single);
    struct around *a = arg;

    (void)t;
    (void)err;
    if (is(item, "type", "TemplateProcessing") && n > 1) {
        a->begin |= json_object_get(json_array_get(single, 0), "SpecialToken") != NULL;
        a->end |= json_object_get(json_array_get(single, n - 1), "SpecialToken") != NULL;
    }
    return WG_OK;
}

static enum wg_status put_around(struct tokenizer *t, struct wg_err *err)
{
    struct around a = {false, false};

    WG_TRY(each(t, json_object_get(t->doc, "post_processor"), "processors", look_around, &a, err));
    WG_TRY(wg_gguf_put_bool(t->t.out, KEY("add_bos_token"), a.begin, err));
    return wg_gguf_put_bool(t->t.out, KEY("add_eos_token"), a.end, err);
}

static enum wg_status put_string(struct tokenizer *t, const char *key, const json_t *v,
                                 struct wg_err *err)
{
    if (!json_is_string(v))
        return WG_OK;
    return wg_gguf_put_string(t->t.out, key, json_string_value(v), json_string_length(v), err);
}

/* chat_template.jinja, or the text or the list of named texts in tokenizer_config.json. */
static enum wg_status put_template(struct tokenizer *t, const struct wg_pkg *pkg,
                                   struct wg_err *err)
{
    const struct wg_pkg_file *file = wg_pkg_file(pkg, "chat_template.jinja");
    const json_t *v = json_object_get(t->t.config, "chat_template"), *item;
    struct wg_buf text;
    char key[128];
    size_t i;

    if (file) {
        wg_buf_init(&text, WG_CONV_MAX_TEMPLATE_BYTES);
        enum wg_status st = wg_file_read(&text, file->full, WG_CONV_MAX_TEMPLATE_BYTES, err);
        if (st == WG_OK)
            st = wg_gguf_put_string(t->t.out, "tokenizer.chat_template", text.p ? text.p : "",
                                    text.len, err);
        wg_buf_release(&text);
        return st;
    }
    json_array_foreach(v, i, item) {
        const char *name = json_string_value(json_object_get(item, "name"));
        if (!name)
            continue;
        snprintf(key, sizeof key, "tokenizer.chat_template.%.64s", name);
        if (strcmp(name, "default") == 0)
            key[strlen("tokenizer.chat_template")] = '\0';
        WG_TRY(put_string(t, key, json_object_get(item, "template"), err));
    }
    return put_string(t, "tokenizer.chat_template", v, err);
}

static enum wg_status put_json(struct tokenizer *t, const char *path, struct wg_err *err)
{
    t->t.name = path;
    WG_TRY(wg_json_load(path, WG_CONV_MAX_TOKENIZER_BYTES, &t->doc, err));
    t->model = json_object_get(t->doc, "model");
    WG_TRY(put_pre(t, err));
    WG_TRY(put_vocab(t, err));
    WG_TRY(put_merges(t, err));
    return put_around(t, err);
}

static enum wg_status put_all(struct tokenizer *t, const struct wg_pkg *pkg, struct wg_err *err)
{
    static const char *const specials[][2] = {{"bos_token", KEY("bos_token_id")},
                                              {"eos_token", KEY("eos_token_id")},
                                              {"unk_token", KEY("unknown_token_id")},
                                              {"pad_token", KEY("padding_token_id")}};
    const struct wg_pkg_file *doc = wg_pkg_file(pkg, "tokenizer.json");
    const struct wg_pkg_file *pieces = wg_pkg_file(pkg, "tokenizer.model");
    const struct wg_pkg_file *config = wg_pkg_file(pkg, "tokenizer_config.json");

    if (!doc && !pieces)
        return wg_fail(err, WG_E_INPUT,
                       "%s: there is no tokenizer.model and no tokenizer.json" WG_HF_GO_WITHOUT,
                       pkg->name);
    t->t.tokens = wg_arena_alloc(t->t.arena, (size_t)t->t.n, sizeof *t->t.tokens);
    t->t.types = wg_arena_alloc(t->t.arena, (size_t)t->t.n, sizeof *t->t.types);
    if (!t->t.tokens || !t->t.types)
        return wg_oom(err, "the vocabulary");
    if (config)
        WG_TRY(wg_json_load(config->full, WG_CONV_MAX_TOKENIZER_BYTES, &t->t.config, err));
    WG_TRY(pieces ? wg_hf_put_spm(&t->t, pieces->full, err) : put_json(t, doc->full, err));
    for (size_t i = 0; i < WG_COUNT(specials); i++)
        WG_TRY(put_special(t, specials[i][0], specials[i][1], err));
    return put_template(t, pkg, err);
}

enum wg_status wg_hf_put_tokenizer(const struct wg_pkg *pkg, int64_t n_vocab,
                                   struct wg_arena *arena, struct wg_gguf_out *out,
                                   struct wg_err *err)
{
    struct tokenizer t = {.t = {.n = n_vocab, .arena = arena, .out = out}};
    enum wg_status st = put_all(&t, pkg, err);

    json_decref(t.doc);
    json_decref(t.t.config);
    return st;
}
