/*
 * Generation: feed a prompt, then sample token by token until the model ends its turn, a limit, a
 * stop string or an interrupt. Text is handed out as it comes, in whole characters.
 */
#ifndef WG_ENGINE_GENERATE_H
#define WG_ENGINE_GENERATE_H

#include "base/buf.h"
#include "engine/engine.h"
#include "engine/sampler.h"
#include "text/tokenizer.h"

enum wg_finish { WG_FINISH_STOP, WG_FINISH_LENGTH, WG_FINISH_INTERRUPTED };
const char *wg_finish_name(enum wg_finish f); /* "stop", "length", "interrupted" */

struct wg_gen_opts {
    struct wg_sampling sampling;
    int64_t max_tokens;      /* 0: until the context is full */
    const char *const *stop; /* n_stop strings that end the answer; not part of it */
    int n_stop;
    /* Called with each new piece of text (may be NULL). */
    void (*on_text)(void *arg, const char *text, size_t n);
    void *arg;
};

struct wg_gen_result {
    struct wg_buf text; /* all of it */
    struct wg_ids ids;  /* sampled ids, without the one that ended the turn */
    enum wg_finish finish;
    int64_t prompt_tokens; /* in the timeline when sampling began */
    int64_t cached_tokens; /* of those, already in the session */
    double prefill_s, decode_s;
    double ttft_s; /* from the call to the first token */
};

void wg_gen_result_release(struct wg_gen_result *r);

/*
 * Makes the session's timeline equal prompt[0..n) (keeping the longest common beginning), then
 * generates. A prompt that leaves no room for one token is WG_E_LIMIT with both numbers. *r is
 * released by the caller, also after a failure; an interrupt is not a failure.
 */
enum wg_status wg_generate(struct wg_session *s, const int32_t *prompt, int64_t n,
                           const struct wg_gen_opts *opts, struct wg_gen_result *r,
                           struct wg_err *err) WG_NODISCARD;

#endif
