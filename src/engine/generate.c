#include "engine/generate.h"

#include "base/log.h"
#include "base/mem.h"
#include "model/spec.h"

#include <string.h>

#define MAX_TEXT_BYTES ((size_t)256 << 20)

struct run {
    struct wg_session *session;
    struct wg_engine *engine;
    const struct wg_gen_opts *opts;
    struct wg_gen_result *r;
    struct wg_sampler *sampler;
    struct wg_detok detok;
    float *logits;
    size_t shown; /* bytes of r->text handed out */
};

const char *wg_finish_name(enum wg_finish f)
{
    return f == WG_FINISH_STOP ? "stop" : f == WG_FINISH_LENGTH ? "length" : "interrupted";
}

void wg_gen_result_release(struct wg_gen_result *r)
{
    wg_buf_release(&r->text);
    wg_ids_release(&r->ids);
}

static void show(struct run *g, size_t upto)
{
    if (upto > g->shown && g->opts->on_text)
        g->opts->on_text(g->opts->arg, g->r->text.p + g->shown, upto - g->shown);
    g->shown = WG_MAX(g->shown, upto);
}

/* Cuts the text at the first stop string; true when there is one. Otherwise *safe is how much can
 * be handed out: a tail that may be the beginning of a stop string is held back. */
static bool hit_stop(struct run *g, size_t *safe)
{
    struct wg_buf *t = &g->r->text;

    *safe = t->len;
    for (int i = 0; i < g->opts->n_stop; i++) {
        const char *stop = g->opts->stop[i];
        size_t n = strlen(stop), from = g->shown;
        char *at = n && t->len > from ? memmem(t->p + from, t->len - from, stop, n) : NULL;
        if (at) {
            t->len = (size_t)(at - t->p);
            *at = '\0';
            return true;
        }
        for (size_t k = n ? n - 1 : 0; k > 0; k--) {
            if (k <= t->len - from && memcmp(t->p + t->len - k, stop, k) == 0) {
                *safe = WG_MIN(*safe, t->len - k);
                break;
            }
        }
    }
    return false;
}

static enum wg_status prefill(struct run *g, const int32_t *prompt, int64_t n, struct wg_err *err)
{
    struct wg_session *s = g->session;
    int64_t keep = 0, have = wg_session_length(s);

    if (n < 1)
        return wg_fail(err, WG_E_USAGE, "the prompt is empty");
    if (n >= wg_session_capacity(s))
        return wg_fail(err, WG_E_LIMIT,
                       "the prompt has %lld tokens; the context of %lld has to hold it and at "
                       "least one more",
                       (long long)n, (long long)wg_session_capacity(s));
    while (keep < have && keep < n - 1 && wg_session_ids(s)[keep] == prompt[keep])
        keep++;
    wg_session_truncate(s, keep);
    g->r->prompt_tokens = n;
    g->r->cached_tokens = keep;
    struct wg_feed feed = {.session = s, .ids = prompt + keep, .n = n - keep, .logits = g->logits};
    return wg_engine_step(g->engine, &feed, 1, err);
}

/* One sampled token. Sets *done when the answer ends here. */
static enum wg_status next_token(struct run *g, bool *done, struct wg_err *err)
{
    struct wg_gen_result *r = g->r;
    int32_t id;
    size_t safe;

    WG_TRY(wg_sampler_next(g->sampler, g->logits, wg_session_ids(g->session),
                           wg_session_length(g->session), &id, err));
    *done = true;
    if (wg_tok_is_eog(g->detok.tok, id)) {
        r->finish = WG_FINISH_STOP;
        return WG_OK;
    }
    WG_TRY(wg_ids_add(&r->ids, id, err));
    wg_detok_feed(&g->detok, id, &r->text);
    WG_TRY(wg_buf_check(&r->text, "the answer", err));
    if (hit_stop(g, &safe)) {
        r->finish = WG_FINISH_STOP;
        return WG_OK;
    }
    show(g, safe);
    r->finish = WG_FINISH_LENGTH;
    if (g->opts->max_tokens && (int64_t)r->ids.n >= g->opts->max_tokens)
        return WG_OK;
    if (wg_session_length(g->session) + 1 >= wg_session_capacity(g->session))
        return WG_OK;
    struct wg_feed feed = {.session = g->session, .ids = &id, .n = 1, .logits = g->logits};
    *done = false;
    return wg_engine_step(g->engine, &feed, 1, err);
}

static enum wg_status generate(struct run *g, const int32_t *prompt, int64_t n, struct wg_err *err)
{
    double start = wg_now_s();
    bool done = false;

    WG_TRY(prefill(g, prompt, n, err));
    double decode_start = wg_now_s();
    g->r->prefill_s = decode_start - start;
    g->r->ttft_s = g->r->prefill_s;
    while (!done) {
        enum wg_status st = next_token(g, &done, err);
        g->r->decode_s = wg_now_s() - decode_start;
        if (st != WG_OK)
            return st;
    }
    wg_detok_finish(&g->detok, &g->r->text);
    show(g, g->r->text.len);
    return wg_buf_check(&g->r->text, "the answer", err);
}

enum wg_status wg_generate(struct wg_session *s, const int32_t *prompt, int64_t n,
                           const struct wg_gen_opts *opts, struct wg_gen_result *r,
                           struct wg_err *err)
{
    struct wg_engine *e = wg_session_engine(s);
    int64_t n_vocab = wg_engine_spec(e)->n_vocab;
    struct run g = {.session = s, .engine = e, .opts = opts, .r = r};

    *r = (struct wg_gen_result){0};
    wg_buf_init(&r->text, MAX_TEXT_BYTES);
    wg_detok_init(&g.detok, wg_engine_tok(e), false);
    WG_TRY(wg_sampler_new(&opts->sampling, n_vocab, &g.sampler, err));
    g.logits = wg_calloc((size_t)n_vocab, sizeof *g.logits);
    enum wg_status st = g.logits ? generate(&g, prompt, n, err) : wg_oom(err, "logits");
    if (st == WG_E_INTERRUPTED) {
        r->finish = WG_FINISH_INTERRUPTED;
        show(&g, r->text.len);
        st = WG_OK;
    }
    wg_sampler_free(g.sampler);
    wg_free(g.logits);
    return st;
}
