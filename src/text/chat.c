/*
 * Chat rendering as transformers' apply_chat_template does it: fields of a message that are null
 * are left out, and the reasoning of a message is known by the names reasoning_content and
 * thinking, whichever of them (or `reasoning`) the message has.
 */
#include "text/chat.h"

#include "base/mem.h"
#include "text/jinja/jinja.h"

#include <string.h>

struct wg_chat {
    struct wg_jinja *t;
    char *name, *bos, *eos;
};

enum wg_status wg_chat_new(const char *template_text, size_t n, const char *name, const char *bos,
                           const char *eos, struct wg_chat **out, struct wg_err *err)
{
    struct wg_chat *c = wg_calloc(1, sizeof *c);

    if (!c)
        return wg_oom(err, "a chat template");
    enum wg_status st = wg_jinja_compile(template_text, n, name, &c->t, err);
    if (st == WG_OK) {
        c->name = wg_strdup(name ? name : "template");
        c->bos = bos ? wg_strdup(bos) : NULL;
        c->eos = eos ? wg_strdup(eos) : NULL;
        if (!c->name || (bos && !c->bos) || (eos && !c->eos))
            st = wg_oom(err, "a chat template");
    }
    if (st != WG_OK) {
        wg_chat_free(c);
        return st;
    }
    *out = c;
    return WG_OK;
}

void wg_chat_free(struct wg_chat *c)
{
    if (!c)
        return;
    wg_jinja_free(c->t);
    wg_free(c->name);
    wg_free(c->bos);
    wg_free(c->eos);
    wg_free(c);
}

static enum wg_status check_messages(const json_t *messages, struct wg_err *err)
{
    if (!json_is_array(messages))
        return wg_fail(err, WG_E_INPUT, "messages: must be an array of {role, content} objects");
    if (json_array_size(messages) == 0)
        return wg_fail(err, WG_E_INPUT, "messages: is empty; give at least one message");
    for (size_t i = 0; i < json_array_size(messages); i++) {
        const json_t *m = json_array_get(messages, i);
        if (!json_is_object(m))
            return wg_fail(err, WG_E_INPUT, "messages[%zu]: must be an object", i);
        if (!json_is_string(json_object_get(m, "role")))
            return wg_fail(err, WG_E_INPUT, "messages[%zu].role: must be a string", i);
    }
    return WG_OK;
}

static enum wg_status put(json_t *object, const char *key, json_t *stolen, struct wg_err *err)
{
    return json_object_set_new(object, key, stolen) == 0 ? WG_OK
                                                         : wg_oom(err, "template variables");
}

/* The message as the template sees it. */
static enum wg_status prepare(const json_t *message, json_t *m, struct wg_err *err)
{
    static const char *const names[] = {"reasoning_content", "thinking", "reasoning"};
    json_t *value, *reasoning = NULL, *from = (json_t *)message;
    const char *key;

    for (size_t i = 0; i < WG_COUNT(names) && !reasoning; i++) {
        value = json_object_get(message, names[i]);
        reasoning = value && !json_is_null(value) ? value : NULL;
    }
    if (reasoning)
        WG_TRY(put(m, "thinking", json_incref(reasoning), err));
    json_object_foreach(from, key, value) {
        if (!json_is_null(value))
            WG_TRY(put(m, key, json_incref(value), err));
    }
    return reasoning ? put(m, "reasoning_content", json_incref(reasoning), err) : WG_OK;
}

static enum wg_status add_messages(json_t *vars, const json_t *messages, struct wg_err *err)
{
    json_t *list = json_array();

    WG_TRY(put(vars, "messages", list, err));
    for (size_t i = 0; i < json_array_size(messages); i++) {
        json_t *m = json_object();
        if (json_array_append_new(list, m) != 0)
            return wg_oom(err, "template variables");
        WG_TRY(prepare(json_array_get(messages, i), m, err));
    }
    return WG_OK;
}

static enum wg_status add_variables(const struct wg_chat *c, const struct wg_chat_request *req,
                                    json_t *vars, struct wg_err *err)
{
    json_t *value, *extra = (json_t *)req->extra;
    const char *key;

    if (c->bos)
        WG_TRY(put(vars, "bos_token", wg_json_text(c->bos, strlen(c->bos)), err));
    if (c->eos)
        WG_TRY(put(vars, "eos_token", wg_json_text(c->eos, strlen(c->eos)), err));
    WG_TRY(put(vars, "documents", json_null(), err));
    json_object_foreach(extra, key, value)
        WG_TRY(put(vars, key, json_incref(value), err));
    WG_TRY(add_messages(vars, req->messages, err));
    value = req->tools ? json_incref((json_t *)req->tools) : json_null();
    WG_TRY(put(vars, "tools", value, err));
    return put(vars, "add_generation_prompt", json_boolean(req->add_generation_prompt), err);
}

enum wg_status wg_chat_render(const struct wg_chat *c, const struct wg_chat_request *req,
                              struct wg_buf *out, struct wg_err *err)
{
    WG_TRY(check_messages(req->messages, err));
    if (req->tools && !json_is_array(req->tools) && !json_is_null(req->tools))
        return wg_fail(err, WG_E_INPUT, "tools: must be an array of tool descriptions");
    if (req->extra && !json_is_object(req->extra))
        return wg_fail(err, WG_E_INPUT, "template variables: must be an object");
    json_t *vars = json_object();
    enum wg_status st = vars ? add_variables(c, req, vars, err) : wg_oom(err, "template variables");
    if (st == WG_OK)
        st = wg_jinja_render(c->t, vars, NULL, out, err);
    json_decref(vars);
    return st;
}
