/*
 * libweigh: run an open-weights model inside another program. The whole public interface: an engine
 * (a loaded model) and sessions (one timeline of tokens each). C11 and C++; nothing but this header
 * and the shared library is needed.
 *
 *   struct weigh_error e;
 *   weigh_engine *m = weigh_engine_open("model.gguf", NULL, &e);
 *   weigh_session *s = m ? weigh_session_open(m, 0, &e) : NULL;
 *   const char *messages = "[{\"role\":\"user\",\"content\":\"Hello\"}]";
 *   if (s && weigh_session_chat(s, messages, NULL, on_text, NULL, &e) != WEIGH_OK)
 *       fputs(e.message, stderr);
 *
 * Threads: an engine may be shared by threads, its steps run one after another; a session belongs
 * to one thread at a time. Nothing here opens a network connection or writes a file. Strings are
 * UTF-8. Pointers that are returned as const live as long as what they were read from.
 */
#ifndef WEIGH_H
#define WEIGH_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define WEIGH_API __attribute__((visibility("default")))
#else
#define WEIGH_API
#endif

/* What a failed call means for the caller; values do not change between versions. */
enum weigh_status {
    WEIGH_OK = 0,
    WEIGH_FAILED = 1,
    WEIGH_BAD_INPUT = 10, /* damaged, hostile, unsupported or missing model, or over a limit */
    WEIGH_IO = 20,
    WEIGH_NO_MEMORY = 30,
    WEIGH_USAGE = 40,
    WEIGH_STOPPED = 42, /* the process was asked to stop */
};

struct weigh_error {
    enum weigh_status status;
    char message[1024]; /* complete: what, where, which rule */
};

typedef struct weigh_engine weigh_engine;
typedef struct weigh_session weigh_session;

/* Zero-initialise; every zero is the default. */
struct weigh_engine_options {
    int threads;   /* 0: all that this process may use */
    int max_batch; /* prompt tokens a step; 0: 512 */
    int exact;     /* 1: f32 from dequantized weights */
    int ids_only;  /* 1: open a package without a tokenizer too; no text goes in or out */
};

/* Zero-initialise; all zeroes is greedy without a limit. */
struct weigh_sampling {
    double temperature;
    int64_t top_k;             /* 0: off */
    double top_p;              /* 0 or 1: off */
    double min_p;              /* 0: off */
    double repetition_penalty; /* 0 or 1: off */
    uint64_t seed;
    int64_t max_tokens; /* 0: until the context is full */
};

/* Version of the library, "0.1.0". */
WEIGH_API const char *weigh_version(void);

/* model: a .gguf file, a folder, or a name in the store. NULL with *error filled on failure;
 * options and error may be NULL. */
WEIGH_API weigh_engine *weigh_engine_open(const char *model,
                                          const struct weigh_engine_options *options,
                                          struct weigh_error *error);
/* Close its sessions first. NULL is allowed. */
WEIGH_API void weigh_engine_close(weigh_engine *engine);
WEIGH_API int64_t weigh_engine_vocab(const weigh_engine *engine);
WEIGH_API int64_t weigh_engine_context(const weigh_engine *engine);

/*
 * Not with ids_only. Ids of text[0..n): *count is how many there are, the first `capacity` of them
 * are in ids. With parse_special, text that spells a control token becomes that token.
 */
WEIGH_API enum weigh_status weigh_tokenize(const weigh_engine *engine, const char *text, size_t n,
                                           int parse_special, int32_t *ids, size_t capacity,
                                           size_t *count, struct weigh_error *error);

/* A session of up to `context` tokens; 0: what the model was trained for. */
WEIGH_API weigh_session *weigh_session_open(weigh_engine *engine, int64_t context,
                                            struct weigh_error *error);
WEIGH_API void weigh_session_close(weigh_session *session);
WEIGH_API int64_t weigh_session_length(const weigh_session *session);
/* Back to the first `length` tokens. */
WEIGH_API void weigh_session_truncate(weigh_session *session, int64_t length);
/* Appends n tokens; logits is NULL or takes weigh_engine_vocab() values for the last of them. */
WEIGH_API enum weigh_status weigh_session_feed(weigh_session *session, const int32_t *ids,
                                               int64_t n, float *logits, struct weigh_error *error);

/* Called with each piece of an answer, in whole characters; not NUL-terminated. */
typedef void weigh_text_fn(void *arg, const char *text, size_t n);

/*
 * Answers a conversation: messages_json is an array of {"role", "content"} objects, rendered with
 * the model's own chat template. What the session holds already of it is not computed again.
 */
WEIGH_API enum weigh_status weigh_session_chat(weigh_session *session, const char *messages_json,
                                               const struct weigh_sampling *sampling,
                                               weigh_text_fn *on_text, void *arg,
                                               struct weigh_error *error);

#ifdef __cplusplus
}
#endif

#endif
