#include "engine/engine.h"

#include "base/cpu.h"
#include "base/log.h"
#include "base/mem.h"
#include "model/forward.h"
#include "model/source.h"
#include "package/gguf.h"
#include "package/package.h"
#include "text/chat.h"
#include "text/tokenizer.h"

#include <pthread.h>
#include <string.h>

enum { MAX_BATCH = 4096 };

struct wg_engine {
    const struct wg_pkg *pkg;
    struct wg_source *source;
    struct wg_model model;
    struct wg_tok *tok;
    struct wg_chat *chat;
    struct wg_pool *pool;
    struct wg_forward *forward;
    struct wg_batch_token *batch; /* [max_batch] */
    int max_batch;
    bool exact;
    double load_s;
    pthread_mutex_t lock; /* one step at a time; also guards chat */
};

struct wg_session {
    struct wg_engine *engine;
    struct wg_kv kv;
    int32_t *ids; /* [kv.capacity] */
    int64_t length;
};

static enum wg_status open_tokenizer(struct wg_engine *e, struct wg_err *err)
{
    if (!e->source->gguf)
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: this version reads tokenizers from GGUF files only; commands that take "
                       "ids work",
                       e->pkg->name);
    WG_TRY(wg_tok_from_gguf(e->source->gguf, &e->tok, err));
    int32_t size = wg_tok_info(e->tok)->size;
    if (size > e->model.spec->n_vocab)
        return wg_fail(err, WG_E_INPUT, "%s: the vocabulary has %d tokens, the embedding %lld rows",
                       e->source->name, size, (long long)e->model.spec->n_vocab);
    return WG_OK;
}

static enum wg_status open_parts(struct wg_engine *e, const struct wg_pkg *pkg,
                                 const struct wg_engine_opts *o, struct wg_err *err)
{
    int threads = o->threads ? o->threads : wg_cpu_count();

    e->pkg = pkg;
    WG_TRY(wg_source_open(pkg, &e->source, err));
    WG_TRY(wg_model_load(e->source, &e->model, err));
    if (!o->no_tokenizer)
        WG_TRY(open_tokenizer(e, err));
    e->max_batch = o->max_batch ? o->max_batch : WG_ENGINE_BATCH;
    if (e->max_batch < 1 || e->max_batch > MAX_BATCH)
        return wg_fail(err, WG_E_USAGE, "a batch of %d tokens: use 1 to %d", e->max_batch,
                       MAX_BATCH);
    e->batch = wg_calloc((size_t)e->max_batch, sizeof *e->batch);
    if (!e->batch)
        return wg_oom(err, "the batch");
    WG_TRY(wg_pool_new(threads, &e->pool, err));
    return wg_forward_new(&e->model, e->max_batch, threads, o->exact, &e->forward, err);
}

enum wg_status wg_engine_open(const struct wg_pkg *pkg, const struct wg_engine_opts *opts,
                              struct wg_engine **out, struct wg_err *err)
{
    double start = wg_now_s();
    struct wg_engine *e = wg_calloc(1, sizeof *e);

    if (!e)
        return wg_oom(err, "the engine");
    pthread_mutex_init(&e->lock, NULL);
    e->exact = opts->exact;
    enum wg_status st = open_parts(e, pkg, opts, err);
    if (st != WG_OK) {
        wg_engine_close(e);
        return st;
    }
    e->load_s = wg_now_s() - start;
    *out = e;
    return WG_OK;
}

void wg_engine_close(struct wg_engine *e)
{
    if (!e)
        return;
    wg_forward_free(e->forward);
    wg_pool_free(e->pool);
    wg_free(e->batch);
    wg_chat_free(e->chat);
    wg_tok_free(e->tok);
    wg_model_release(&e->model);
    wg_source_close(e->source);
    pthread_mutex_destroy(&e->lock);
    wg_free(e);
}

const struct wg_spec *wg_engine_spec(const struct wg_engine *e)
{
    return e->model.spec;
}

const struct wg_model *wg_engine_model(const struct wg_engine *e)
{
    return &e->model;
}

const struct wg_tok *wg_engine_tok(const struct wg_engine *e)
{
    return e->tok;
}

int wg_engine_threads(const struct wg_engine *e)
{
    return wg_pool_threads(e->pool);
}

double wg_engine_load_s(const struct wg_engine *e)
{
    return e->load_s;
}

enum wg_status wg_engine_chat(struct wg_engine *e, const struct wg_chat **out, struct wg_err *err)
{
    pthread_mutex_lock(&e->lock);
    enum wg_status st = e->chat ? WG_OK : wg_chat_open(e->pkg, &e->chat, err);
    pthread_mutex_unlock(&e->lock);
    *out = e->chat;
    return st;
}

enum wg_status wg_session_new(struct wg_engine *e, int64_t context, struct wg_session **out,
                              struct wg_err *err)
{
    const struct wg_spec *spec = e->model.spec;
    struct wg_session *s;

    if (context == 0)
        context = spec->context_length;
    if (context > spec->context_length)
        return wg_fail(err, WG_E_LIMIT, "a context of %lld tokens: the model was trained for %lld",
                       (long long)context, (long long)spec->context_length);
    s = wg_calloc(1, sizeof *s);
    if (!s)
        return wg_oom(err, "a session");
    s->engine = e;
    s->ids = wg_calloc((size_t)context, sizeof *s->ids);
    enum wg_status st =
        s->ids ? wg_kv_init(&s->kv, spec, e->exact ? WG_KV_F32 : WG_KV_F16, context, err)
               : wg_oom(err, "a session");
    if (st != WG_OK) {
        wg_session_free(s);
        return st;
    }
    *out = s;
    return WG_OK;
}

void wg_session_free(struct wg_session *s)
{
    if (!s)
        return;
    wg_kv_release(&s->kv);
    wg_free(s->ids);
    wg_free(s);
}

struct wg_engine *wg_session_engine(const struct wg_session *s)
{
    return s->engine;
}

int64_t wg_session_length(const struct wg_session *s)
{
    return s->length;
}

int64_t wg_session_capacity(const struct wg_session *s)
{
    return s->kv.capacity;
}

const int32_t *wg_session_ids(const struct wg_session *s)
{
    return s->ids;
}

void wg_session_truncate(struct wg_session *s, int64_t length)
{
    if (length >= s->length)
        return;
    s->length = length;
    wg_kv_truncate(&s->kv, length);
}

static enum wg_status check_feeds(const struct wg_engine *e, const struct wg_feed *feeds,
                                  int n_feeds, struct wg_err *err)
{
    for (int i = 0; i < n_feeds; i++) {
        const struct wg_feed *f = &feeds[i];
        if (f->session->engine != e || f->n < 1)
            return wg_fail(err, WG_E_USAGE, "feed %d: wrong engine or no tokens", i);
        for (int j = 0; j < i; j++)
            if (feeds[j].session == f->session)
                return wg_fail(err, WG_E_USAGE, "feed %d: the session is in feed %d already", i, j);
        if (f->n > f->session->kv.capacity - f->session->length)
            return wg_fail(
                err, WG_E_LIMIT, "%lld tokens do not fit: the context holds %lld and %lld are used",
                (long long)f->n, (long long)f->session->kv.capacity, (long long)f->session->length);
        for (int64_t t = 0; t < f->n; t++)
            if (f->ids[t] < 0 || f->ids[t] >= e->model.spec->n_vocab)
                return wg_fail(err, WG_E_INPUT,
                               "token id %d at position %lld is outside the vocabulary of %lld",
                               f->ids[t], (long long)t, (long long)e->model.spec->n_vocab);
    }
    return WG_OK;
}

/* A longrope model turns all positions by other frequencies once its text is long, as the reference
 * does. */
static void switch_rope(struct wg_engine *e, const struct wg_feed *f)
{
    int64_t from = e->model.spec->long_rope_from;
    struct wg_session *s = f->session;
    bool long_text = from > 0 && s->length + f->n > from;

    if (long_text == s->kv.long_text)
        return;
    s->kv.long_text = long_text;
    wg_kv_truncate(&s->kv, 0);
}

/* Runs the session's tokens that its cache lost (to a change of frequencies, or because a state
 * cannot go back) once more. */
static enum wg_status catch_up(struct wg_engine *e, struct wg_session *s, struct wg_err *err)
{
    while (s->kv.length < s->length) {
        int n = 0;
        if (wg_interrupted())
            return wg_fail(err, WG_E_INTERRUPTED, "interrupted");
        for (int64_t at = s->kv.length; n < e->max_batch && at < s->length; n++, at++)
            e->batch[n] = (struct wg_batch_token){.id = s->ids[at], .pos = at, .kv = &s->kv};
        wg_forward_run(e->forward, e->pool, e->batch, n);
    }
    return WG_OK;
}

static void add_token(struct wg_engine *e, const struct wg_feed *f, int64_t t, int slot)
{
    struct wg_session *s = f->session;
    float *logits = NULL;

    if (f->logits && f->all_logits)
        logits = f->logits + t * e->model.spec->n_vocab;
    else if (f->logits && t == f->n - 1)
        logits = f->logits;
    e->batch[slot] =
        (struct wg_batch_token){.id = f->ids[t], .pos = s->length, .kv = &s->kv, .logits = logits};
    s->ids[s->length++] = f->ids[t];
}

enum wg_status wg_engine_step(struct wg_engine *e, const struct wg_feed *feeds, int n_feeds,
                              struct wg_err *err)
{
    enum wg_status st = WG_OK;
    int feed = 0;
    int64_t at = 0;

    WG_TRY(check_feeds(e, feeds, n_feeds, err));
    pthread_mutex_lock(&e->lock);
    for (int i = 0; i < n_feeds && st == WG_OK; i++) {
        switch_rope(e, &feeds[i]);
        st = catch_up(e, feeds[i].session, err);
    }
    while (st == WG_OK && feed < n_feeds) {
        int n = 0;
        if (wg_interrupted()) {
            st = wg_fail(err, WG_E_INTERRUPTED, "interrupted");
            break;
        }
        while (n < e->max_batch && feed < n_feeds) {
            add_token(e, &feeds[feed], at++, n++);
            if (at == feeds[feed].n) {
                feed++;
                at = 0;
            }
        }
        wg_forward_run(e->forward, e->pool, e->batch, n);
    }
    pthread_mutex_unlock(&e->lock);
    return st;
}
