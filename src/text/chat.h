/*
 * Chat rendering: messages to the prompt that the model was trained on, as transformers'
 * apply_chat_template does it.
 */
#ifndef WG_TEXT_CHAT_H
#define WG_TEXT_CHAT_H

#include "base/buf.h"
#include "base/json.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct wg_pkg;
struct wg_chat; /* a compiled template with its BOS and EOS spellings; immutable */

/* bos and eos are spellings ("<s>") or NULL. name is for messages. */
enum wg_status wg_chat_new(const char *template_text, size_t n, const char *name, const char *bos,
                           const char *eos, struct wg_chat **out, struct wg_err *err) WG_NODISCARD;
void wg_chat_free(struct wg_chat *c);

/* The chat of a package: the template and spellings of a GGUF file, or chat_template.jinja and
 * tokenizer_config.json of a folder in Hugging Face layout. WG_E_UNSUPPORTED when it has no
 * template. */
enum wg_status wg_chat_open(const struct wg_pkg *pkg, struct wg_chat **out,
                            struct wg_err *err) WG_NODISCARD;

struct wg_chat_request {
    const json_t *messages; /* array of {role, content, ...}, borrowed */
    const json_t *tools;    /* array or NULL */
    const json_t *extra;    /* object of further template variables, or NULL */
    bool add_generation_prompt;
};

/* Checks the shape of messages (an array of objects with a string role: WG_E_INPUT names the index
 * and field) and appends the prompt. */
enum wg_status wg_chat_render(const struct wg_chat *c, const struct wg_chat_request *req,
                              struct wg_buf *out, struct wg_err *err) WG_NODISCARD;

#endif
