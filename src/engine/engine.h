/*
 * Engine and session: the only model types that the command line, the server, tuning and
 * evaluation see.
 *
 * An engine is a loaded model with its tokenizer and template; immutable after opening, but its
 * steps run one at a time (its thread pool and work buffers serve one batch). A session is one
 * mutable timeline of tokens with its KV cache.
 */
#ifndef WG_ENGINE_ENGINE_H
#define WG_ENGINE_ENGINE_H

#include "base/status.h"

#include <stdbool.h>
#include <stdint.h>

struct wg_pkg;
struct wg_gguf;
struct wg_spec;
struct wg_model;
struct wg_tok;
struct wg_chat;
struct wg_engine;
struct wg_session;

enum { WG_ENGINE_BATCH = 512 }; /* tokens a step runs at once, by default */

struct wg_engine_opts {
    int threads;       /* 0: wg_cpu_count() */
    int max_batch;     /* 0: WG_ENGINE_BATCH */
    bool exact;        /* f32 everywhere (docs/NUMERICS.md) */
    bool no_tokenizer; /* ids only: the package need not have a vocabulary */
};

/* The package has to stay open as long as the engine. */
enum wg_status wg_engine_open(const struct wg_pkg *pkg, const struct wg_engine_opts *opts,
                              struct wg_engine **out, struct wg_err *err) WG_NODISCARD;
void wg_engine_close(struct wg_engine *e);

const struct wg_spec *wg_engine_spec(const struct wg_engine *e);
const struct wg_model *wg_engine_model(const struct wg_engine *e);
const struct wg_tok *wg_engine_tok(const struct wg_engine *e); /* NULL with no_tokenizer */
/* The package's chat template; WG_E_UNSUPPORTED when it has none. Compiled at the first call. */
enum wg_status wg_engine_chat(struct wg_engine *e, const struct wg_chat **out,
                              struct wg_err *err) WG_NODISCARD;
int wg_engine_threads(const struct wg_engine *e);
double wg_engine_load_s(const struct wg_engine *e); /* time that opening took */

/* A session that can hold `context` tokens; 0: what the model was trained for. More than that is
 * WG_E_LIMIT with both numbers. */
enum wg_status wg_session_new(struct wg_engine *e, int64_t context, struct wg_session **out,
                              struct wg_err *err) WG_NODISCARD;
void wg_session_free(struct wg_session *s);
struct wg_engine *wg_session_engine(const struct wg_session *s);
int64_t wg_session_length(const struct wg_session *s); /* tokens so far */
int64_t wg_session_capacity(const struct wg_session *s);
const int32_t *wg_session_ids(const struct wg_session *s); /* [length], borrowed */
/* Back to the first `length` tokens. Models with a recurrent state run these again at the next
 * step: it cannot be taken back. */
void wg_session_truncate(struct wg_session *s, int64_t length);

/* What one session wants of a step. */
struct wg_feed {
    struct wg_session *session;
    const int32_t *ids; /* to append */
    int64_t n;
    float *logits; /* NULL, or [n_vocab] for the last token, or [n][n_vocab] with all_logits */
    bool all_logits;
};

/* Appends tokens to several sessions, in as many batches as max_batch asks for. Checked before any
 * work: ids in range, room in every session (WG_E_LIMIT with both numbers), no session twice. After
 * WG_E_INTERRUPTED each session holds the tokens that were done. */
enum wg_status wg_engine_step(struct wg_engine *e, const struct wg_feed *feeds, int n_feeds,
                              struct wg_err *err) WG_NODISCARD;

#endif
