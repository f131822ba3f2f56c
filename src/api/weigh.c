/* The public C interface over the engine: translation of types, nothing else. */
#include "weigh.h"

#include "base/json.h"
#include "base/mem.h"
#include "engine/generate.h"
#include "model/spec.h"
#include "package/package.h"
#include "text/chat.h"

#include <string.h>

#define MAX_PROMPT_BYTES ((size_t)64 << 20)

struct weigh_engine {
    struct wg_pkg *pkg;
    struct wg_engine *engine;
};

struct weigh_session {
    struct wg_session *session;
};

static enum weigh_status public_status(enum wg_status st)
{
    switch (st) {
    case WG_OK:
        return WEIGH_OK;
    case WG_E_INPUT:
    case WG_E_UNSUPPORTED:
    case WG_E_NOT_FOUND:
    case WG_E_LIMIT:
        return WEIGH_BAD_INPUT;
    case WG_E_IO:
        return WEIGH_IO;
    case WG_E_OOM:
        return WEIGH_NO_MEMORY;
    case WG_E_USAGE:
        return WEIGH_USAGE;
    case WG_E_INTERRUPTED:
        return WEIGH_STOPPED;
    default:
        return WEIGH_FAILED;
    }
}

/* Copies a failure out. */
static enum weigh_status report(struct weigh_error *out, enum wg_status st,
                                const struct wg_err *err)
{
    enum weigh_status status = public_status(st);

    if (out && status != WEIGH_OK) {
        out->status = status;
        memcpy(out->message, err->msg, sizeof out->message);
        out->message[sizeof out->message - 1] = '\0';
    }
    return status;
}

const char *weigh_version(void)
{
    return WG_VERSION;
}

weigh_engine *weigh_engine_open(const char *model, const struct weigh_engine_options *options,
                                struct weigh_error *error)
{
    struct wg_engine_opts eo = {0};
    struct wg_err err = {0};
    weigh_engine *e = wg_calloc(1, sizeof *e);

    if (!e) {
        report(error, wg_oom(&err, "the engine"), &err);
        return NULL;
    }
    if (options) {
        eo.threads = options->threads;
        eo.max_batch = options->max_batch;
        eo.exact = options->exact != 0;
        eo.no_tokenizer = options->ids_only != 0;
    }
    enum wg_status st = wg_pkg_open(model, &e->pkg, &err);
    if (st == WG_OK)
        st = wg_engine_open(e->pkg, &eo, &e->engine, &err);
    if (st == WG_OK)
        return e;
    report(error, st, &err);
    weigh_engine_close(e);
    return NULL;
}

void weigh_engine_close(weigh_engine *engine)
{
    if (!engine)
        return;
    wg_engine_close(engine->engine);
    wg_pkg_close(engine->pkg);
    wg_free(engine);
}

int64_t weigh_engine_vocab(const weigh_engine *engine)
{
    return wg_engine_spec(engine->engine)->n_vocab;
}

int64_t weigh_engine_context(const weigh_engine *engine)
{
    return wg_engine_spec(engine->engine)->context_length;
}

enum weigh_status weigh_tokenize(const weigh_engine *engine, const char *text, size_t n,
                                 int parse_special, int32_t *ids, size_t capacity, size_t *count,
                                 struct weigh_error *error)
{
    const struct wg_tok *tok = wg_engine_tok(engine->engine);
    struct wg_ids out = {0};
    struct wg_err err = {0};
    enum wg_status st =
        tok ? wg_tok_encode(tok, text, n, parse_special ? WG_TOK_SPECIAL : 0, &out, &err)
            : wg_fail(&err, WG_E_USAGE, "the engine was opened with ids_only");

    if (st == WG_OK) {
        *count = out.n;
        if (WG_MIN(out.n, capacity))
            memcpy(ids, out.v, WG_MIN(out.n, capacity) * sizeof *ids);
    }
    wg_ids_release(&out);
    return report(error, st, &err);
}

weigh_session *weigh_session_open(weigh_engine *engine, int64_t context, struct weigh_error *error)
{
    struct wg_err err = {0};
    weigh_session *s = wg_calloc(1, sizeof *s);
    enum wg_status st = s ? wg_session_new(engine->engine, context, &s->session, &err)
                          : wg_oom(&err, "a session");

    if (st == WG_OK)
        return s;
    report(error, st, &err);
    wg_free(s);
    return NULL;
}

void weigh_session_close(weigh_session *session)
{
    if (!session)
        return;
    wg_session_free(session->session);
    wg_free(session);
}

int64_t weigh_session_length(const weigh_session *session)
{
    return wg_session_length(session->session);
}

void weigh_session_truncate(weigh_session *session, int64_t length)
{
    wg_session_truncate(session->session, length < 0 ? 0 : length);
}

enum weigh_status weigh_session_feed(weigh_session *session, const int32_t *ids, int64_t n,
                                     float *logits, struct weigh_error *error)
{
    struct wg_err err = {0};
    struct wg_feed feed = {.session = session->session, .ids = ids, .n = n, .logits = logits};

    return report(error, wg_engine_step(wg_session_engine(session->session), &feed, 1, &err), &err);
}

static enum wg_status render(struct wg_engine *e, const char *messages_json, struct wg_ids *ids,
                             struct wg_err *err)
{
    const struct wg_chat *tmpl = NULL;
    json_t *messages = NULL;
    struct wg_buf text;

    if (!wg_engine_tok(e))
        return wg_fail(err, WG_E_USAGE, "the engine was opened with ids_only");
    WG_TRY(wg_engine_chat(e, &tmpl, err));
    WG_TRY(wg_json_parse(messages_json, strlen(messages_json), "messages", &messages, err));
    wg_buf_init(&text, MAX_PROMPT_BYTES);
    struct wg_chat_request req = {.messages = messages, .add_generation_prompt = true};
    enum wg_status st = wg_chat_render(tmpl, &req, &text, err);
    if (st == WG_OK)
        st = wg_tok_encode(wg_engine_tok(e), text.p ? text.p : "", text.len, WG_TOK_SPECIAL, ids,
                           err);
    wg_buf_release(&text);
    json_decref(messages);
    return st;
}

enum weigh_status weigh_session_chat(weigh_session *session, const char *messages_json,
                                     const struct weigh_sampling *sampling, weigh_text_fn *on_text,
                                     void *arg, struct weigh_error *error)
{
    static const struct weigh_sampling greedy = {0};
    const struct weigh_sampling *p = sampling ? sampling : &greedy;
    struct wg_gen_opts go = {
        .sampling = {.temperature = p->temperature,
                     .top_k = p->top_k,
                     .top_p = p->top_p > 0 ? p->top_p : 1,
                     .min_p = p->min_p,
                     .repetition_penalty = p->repetition_penalty > 0 ? p->repetition_penalty : 1,
                     .seed = p->seed},
        .max_tokens = p->max_tokens,
        .on_text = on_text,
        .arg = arg,
    };
    struct wg_gen_result r = {0};
    struct wg_ids ids = {0};
    struct wg_err err = {0};
    enum wg_status st = render(wg_session_engine(session->session), messages_json, &ids, &err);

    if (st == WG_OK)
        st = wg_generate(session->session, ids.v, (int64_t)ids.n, &go, &r, &err);
    wg_gen_result_release(&r);
    wg_ids_release(&ids);
    return report(error, st, &err);
}
