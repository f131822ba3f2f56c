/* Finds the chat template of a package, and how its BOS and EOS tokens are spelled. */
#include "text/chat.h"

#include "base/file.h"
#include "base/mem.h"
#include "package/gguf.h"
#include "package/package.h"

#include <string.h>

enum { MAX_TEMPLATE_BYTES = 4 << 20, MAX_CONFIG_BYTES = 64 << 20 };

/* What a chat is made of, with the owner of each text. */
struct parts {
    struct wg_buf text;
    char *bos, *eos;
};

static enum wg_status no_template(const char *model, struct wg_err *err)
{
    return wg_fail(
        err, WG_E_UNSUPPORTED,
        "%s: the package has no chat template: it is a base model, which continues a text "
        "(weigh run --raw)",
        model);
}

static enum wg_status gguf_token(const struct wg_gguf *g, const char *key, char **out,
                                 struct wg_err *err)
{
    const struct wg_gguf_kv *tokens = wg_gguf_find(g, "tokenizer.ggml.tokens");
    int64_t id = -1;
    bool found = false;

    WG_TRY(wg_gguf_i64(g, key, &id, &found, err));
    if (!found || !tokens || tokens->item_kind != WG_GGUF_STRING || id < 0)
        return WG_OK;
    if ((uint64_t)id >= tokens->count)
        return wg_fail(err, WG_E_INPUT, "%s: %s: there is no token %lld", wg_gguf_path(g), key,
                       (long long)id);
    *out = wg_strndup(tokens->strs[id].p, tokens->strs[id].n);
    return *out ? WG_OK : wg_oom(err, "a token");
}

static enum wg_status from_gguf(const struct wg_pkg *pkg, struct parts *p, struct wg_err *err)
{
    struct wg_gguf_str text = {"", 0};
    struct wg_gguf *g;
    bool found = false;

    WG_TRY(wg_pkg_gguf(pkg, &g, err));
    enum wg_status st = wg_gguf_string(g, "tokenizer.chat_template", &text, &found, err);
    if (st == WG_OK && !found)
        st = no_template(wg_gguf_path(g), err);
    if (st == WG_OK)
        st = gguf_token(g, "tokenizer.ggml.bos_token_id", &p->bos, err);
    if (st == WG_OK)
        st = gguf_token(g, "tokenizer.ggml.eos_token_id", &p->eos, err);
    wg_buf_add(&p->text, text.p, text.n);
    wg_gguf_close(g);
    return st;
}

/* "bos_token": "<s>" or {"content": "<s>", ...} */
static enum wg_status config_token(const json_t *config, const char *key, char **out,
                                   struct wg_err *err)
{
    const json_t *v = json_object_get(config, key);

    if (json_is_object(v))
        v = json_object_get(v, "content");
    if (!json_is_string(v))
        return WG_OK;
    *out = wg_strdup(json_string_value(v));
    return *out ? WG_OK : wg_oom(err, "a token");
}

/* "chat_template": text, or a list of {name, template} of which "default" is taken. */
static const json_t *config_template(const json_t *config)
{
    const json_t *v = json_object_get(config, "chat_template");

    for (size_t i = 0; i < json_array_size(v); i++) {
        const json_t *row = json_array_get(v, i);
        const char *name = json_string_value(json_object_get(row, "name"));
        if (name && strcmp(name, "default") == 0)
            return json_object_get(row, "template");
    }
    return v;
}

static enum wg_status from_folder(const struct wg_pkg *pkg, struct parts *p, struct wg_err *err)
{
    const struct wg_pkg_file *file = wg_pkg_file(pkg, "chat_template.jinja");
    const struct wg_pkg_file *config = wg_pkg_file(pkg, "tokenizer_config.json");
    json_t *j = NULL;
    enum wg_status st = WG_OK;

    if (config)
        WG_TRY(wg_json_load(config->full, MAX_CONFIG_BYTES, &j, err));
    const json_t *text = config_template(j);
    if (file)
        st = wg_file_read(&p->text, file->full, MAX_TEMPLATE_BYTES, err);
    else if (json_is_string(text))
        wg_buf_add(&p->text, json_string_value(text), json_string_length(text));
    else
        st = no_template(pkg->name, err);
    if (st == WG_OK)
        st = config_token(j, "bos_token", &p->bos, err);
    if (st == WG_OK)
        st = config_token(j, "eos_token", &p->eos, err);
    json_decref(j);
    return st;
}

enum wg_status wg_chat_open(const struct wg_pkg *pkg, struct wg_chat **out, struct wg_err *err)
{
    struct parts p = {0};

    wg_buf_init(&p.text, MAX_TEMPLATE_BYTES + 1);
    enum wg_status st = pkg->format == WG_WEIGHTS_GGUF ? from_gguf(pkg, &p, err)
                                                       : from_folder(pkg, &p, err);
    if (st == WG_OK)
        st = wg_buf_check(&p.text, "a chat template", err);
    if (st == WG_OK)
        st = wg_chat_new(p.text.p ? p.text.p : "", p.text.len, pkg->name, p.bos, p.eos, out, err);
    wg_buf_release(&p.text);
    wg_free(p.bos);
    wg_free(p.eos);
    return st;
}
