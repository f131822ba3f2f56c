/* `weigh run`: one answer, or a chat on a terminal. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/generate.h"
#include "package/package.h"
#include "text/chat.h"

#include <errno.h>
#include <histedit.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

/* A prompt longer than any context this program takes. */
#define MAX_PROMPT_BYTES ((size_t)64 << 20)

struct options {
    const char *prompt, *system, *stop;
    bool raw, exact;
    int64_t max_tokens, context, seed, top_k, repetition_window;
    double temperature, top_p, min_p, repetition_penalty;
};

static const struct options defaults = {
    .seed = -1, .temperature = 0.8, .top_p = 0.95, .min_p = 0.05, .repetition_penalty = 1};

#define AT(field) offsetof(struct options, field)
static const struct wg_opt opts[] = {
    {"prompt", 'p', WG_OPT_STRING, "TEXT", "Answer this and end; \"-\" reads it from stdin.",
     AT(prompt), 0, 0},
    {"raw", 0, WG_OPT_FLAG, NULL, "Continue the text itself, without the chat template.", AT(raw),
     0, 0},
    {"system", 0, WG_OPT_STRING, "TEXT", "System message of the chat.", AT(system), 0, 0},
    {"max-tokens", 'n', WG_OPT_INT, "N", "End after this many tokens. Default: the context.",
     AT(max_tokens), 1, 1 << 30},
    {"context", 0, WG_OPT_INT, "N", "Tokens a chat can hold. Default: what the model allows.",
     AT(context), 1, 1 << 30},
    {"temperature", 0, WG_OPT_FLOAT, "T", "0 takes the most likely token. Default: 0.8.",
     AT(temperature), 0, 100},
    {"temp", 0, WG_OPT_FLOAT, "T", NULL, AT(temperature), 0, 100},
    {"top-k", 0, WG_OPT_INT, "N", "Keep the N most likely tokens; 0: off. Default: 0.", AT(top_k),
     0, 1 << 24},
    {"top-p", 0, WG_OPT_FLOAT, "P", "Keep the most likely tokens up to this mass. Default: 0.95.",
     AT(top_p), 0, 1},
    {"min-p", 0, WG_OPT_FLOAT, "P", "Keep tokens of at least P times the best. Default: 0.05.",
     AT(min_p), 0, 1},
    {"repetition-penalty", 0, WG_OPT_FLOAT, "R",
     "Divide logits of tokens seen; 1: off. Default: 1.", AT(repetition_penalty), 0.01, 100},
    {"repetition-window", 0, WG_OPT_INT, "N", "Tokens that the penalty looks back on; 0: all.",
     AT(repetition_window), 0, 1 << 30},
    {"seed", 0, WG_OPT_INT, "S", "Seed of the draw; the same seed repeats the answer.", AT(seed), 0,
     0},
    {"stop", 0, WG_OPT_STRING, "TEXT", "End the answer before this text.", AT(stop), 0, 0},
    {"exact", 0, WG_OPT_FLAG, NULL, "Compute in f32 from dequantized weights.", AT(exact), 0, 0},
    {0},
};

struct chat {
    const struct wg_global *g;
    const struct options *o;
    struct wg_engine *engine;
    struct wg_session *session;
    json_t *messages;
    uint64_t seed;
};

static void print_text(void *arg, const char *text, size_t n)
{
    const struct wg_global *g = arg;

    fwrite(text, 1, n, g->out);
    fflush(g->out);
}

static enum wg_status add_message(json_t *messages, const char *role, const char *text, size_t n,
                                  struct wg_err *err)
{
    json_t *content = wg_json_text(text, n);
    json_t *m = content ? json_pack("{s:s, s:o}", "role", role, "content", content) : NULL;

    return m && json_array_append_new(messages, m) == 0 ? WG_OK : wg_oom(err, "a message");
}

static enum wg_status clear_chat(struct chat *c, struct wg_err *err)
{
    json_array_clear(c->messages);
    if (!c->o->system)
        return WG_OK;
    return add_message(c->messages, "system", c->o->system, strlen(c->o->system), err);
}

/* Ids of the whole conversation so far, or of the raw text. */
static enum wg_status prompt_ids(struct chat *c, const char *raw, size_t n, struct wg_ids *ids,
                                 struct wg_err *err)
{
    const struct wg_tok *tok = wg_engine_tok(c->engine);
    const struct wg_chat *tmpl = NULL;
    struct wg_buf text;

    if (c->o->raw)
        return wg_tok_encode(tok, raw, n, WG_TOK_BOS, ids, err);
    WG_TRY(wg_engine_chat(c->engine, &tmpl, err));
    wg_buf_init(&text, MAX_PROMPT_BYTES);
    struct wg_chat_request req = {.messages = c->messages, .add_generation_prompt = true};
    enum wg_status st = wg_chat_render(tmpl, &req, &text, err);
    /* The template spells BOS itself where the model wants one. */
    if (st == WG_OK)
        st = wg_tok_encode(tok, text.p ? text.p : "", text.len, WG_TOK_SPECIAL, ids, err);
    wg_buf_release(&text);
    return st;
}

static enum wg_status answer(struct chat *c, const char *raw, size_t n, struct wg_gen_result *r,
                             struct wg_err *err)
{
    const struct options *o = c->o;
    struct wg_gen_opts go = {
        .sampling = {.temperature = o->temperature,
                     .top_k = o->top_k,
                     .top_p = o->top_p,
                     .min_p = o->min_p,
                     .repetition_penalty = o->repetition_penalty,
                     .repetition_window = o->repetition_window,
                     .seed = c->seed},
        .max_tokens = o->max_tokens,
        .stop = &o->stop,
        .n_stop = o->stop ? 1 : 0,
        .on_text = c->g->json ? NULL : print_text,
        .arg = (void *)c->g,
    };
    struct wg_ids ids = {0};

    enum wg_status st = prompt_ids(c, raw, n, &ids, err);
    if (st == WG_OK)
        st = wg_generate(c->session, ids.v, (int64_t)ids.n, &go, r, err);
    wg_ids_release(&ids);
    return st;
}

static json_t *rate(double tokens, double seconds)
{
    return seconds > 0 && tokens > 0 ? json_real(tokens / seconds) : json_null();
}

static json_t *result_json(const struct chat *c, const struct wg_gen_result *r)
{
    json_t *ids = json_array();

    for (size_t i = 0; ids && i < r->ids.n; i++)
        json_array_append_new(ids, json_integer(r->ids.v[i]));
    return json_pack("{s:o, s:o, s:I, s:I, s:s, s:I, s:{s:f, s:f, s:o, s:o}}", "text",
                     wg_json_text(r->text.p ? r->text.p : "", r->text.len), "ids", ids,
                     "prompt_tokens", (json_int_t)r->prompt_tokens, "completion_tokens",
                     (json_int_t)r->ids.n, "finish_reason", wg_finish_name(r->finish), "seed",
                     (json_int_t)c->seed, "timings", "load_ms", 1e3 * wg_engine_load_s(c->engine),
                     "ttft_ms", 1e3 * r->ttft_s, "prefill_tokens_per_s",
                     rate((double)(r->prompt_tokens - r->cached_tokens), r->prefill_s),
                     "decode_tokens_per_s", rate((double)r->ids.n, r->decode_s));
}

static void print_speed(const struct chat *c, const struct wg_gen_result *r)
{
    int64_t fresh = r->prompt_tokens - r->cached_tokens;

    (void)c;
    wg_log(WG_LOG_INFO, "[%lld prompt tokens, %.0f/s; %zu answered, %.1f/s; %s]",
           (long long)r->prompt_tokens, r->prefill_s > 0 ? (double)fresh / r->prefill_s : 0.0,
           r->ids.n, r->decode_s > 0 ? (double)r->ids.n / r->decode_s : 0.0,
           wg_finish_name(r->finish));
}

static enum wg_status one_answer(struct chat *c, const char *text, size_t n, struct wg_err *err)
{
    struct wg_gen_result r = {0};

    WG_TRY(clear_chat(c, err));
    WG_TRY(add_message(c->messages, "user", text, n, err));
    enum wg_status st = answer(c, text, n, &r, err);
    if (st == WG_OK && c->g->json) {
        st = wg_cli_json(c->g, result_json(c, &r), err);
    } else if (st == WG_OK) {
        fputc('\n', c->g->out);
        print_speed(c, &r);
    }
    if (st == WG_OK && r.finish == WG_FINISH_INTERRUPTED)
        st = wg_fail(err, WG_E_INTERRUPTED, "interrupted; the answer above is not complete");
    wg_gen_result_release(&r);
    return st;
}

static const char repl_help[] = "  /new          forget the conversation\n"
                                "  /help         this text\n"
                                "  /exit         leave (also Ctrl-D)\n"
                                "  Ctrl-C stops an answer; a line that ends with \\ goes on\n";

/* True when the line was a command of the chat itself. */
static bool repl_command(struct chat *c, const char *line, bool *quit)
{
    if (strcmp(line, "/exit") == 0 || strcmp(line, "/quit") == 0 || strcmp(line, "/bye") == 0) {
        *quit = true;
    } else if (strcmp(line, "/new") == 0) {
        struct wg_err err = {0};
        if (clear_chat(c, &err) != WG_OK)
            wg_log(WG_LOG_ERROR, "%s", err.msg);
        wg_log(WG_LOG_INFO, "(new conversation)");
    } else if (strcmp(line, "/help") == 0 || strcmp(line, "/?") == 0) {
        fputs(repl_help, stderr);
    } else if (line[0] == '/') {
        wg_log(WG_LOG_WARN, "there is no command %s; /help lists them", line);
    } else {
        return false;
    }
    return true;
}

static void repl_answer(struct chat *c, const char *text, size_t n)
{
    struct wg_gen_result r = {0};
    struct wg_err err = {0};
    enum wg_status st = add_message(c->messages, "user", text, n, &err);

    if (st == WG_OK)
        st = answer(c, text, n, &r, &err);
    if (st == WG_OK)
        st = add_message(c->messages, "assistant", r.text.p ? r.text.p : "", r.text.len, &err);
    fputc('\n', c->g->out);
    fflush(c->g->out);
    if (st == WG_OK) {
        print_speed(c, &r);
    } else {
        /* The turn did not happen: a too long message must not stay in the conversation. */
        size_t last = json_array_size(c->messages);
        if (last)
            json_array_remove(c->messages, last - 1);
        wg_log(WG_LOG_ERROR, "%s", err.msg);
    }
    wg_gen_result_release(&r);
    wg_cli_arm_signals();
}

static char *history_path(void)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    char *dir = state && state[0] == '/' ? wg_path_join(state, "weigh")
                : home                   ? wg_path_join(home, ".local/state/weigh")
                                         : NULL;
    char *path = dir && wg_mkdirs(dir, NULL) == WG_OK ? wg_path_join(dir, "history") : NULL;

    wg_free(dir);
    return path;
}

static char *prompt_string(EditLine *el)
{
    static char first[] = "> ", more[] = ". ";
    const bool *continued = NULL;

    el_get(el, EL_CLIENTDATA, &continued);
    return continued && *continued ? more : first;
}

/* Reads one message, lines that end with a backslash joined. *got is false at the end of input. */
static enum wg_status read_message(EditLine *el, bool *continued, struct wg_buf *msg, bool *got,
                                   struct wg_err *err)
{
    int n = 0;

    wg_buf_clear(msg);
    *got = false;
    for (;;) {
        const char *line = el_gets(el, &n);
        if (!line || n <= 0) {
            if (!wg_interrupted())
                break;
            /* Ctrl-C at the prompt drops what was typed. */
            wg_cli_arm_signals();
            wg_buf_clear(msg);
            *continued = false;
            fputc('\n', stderr);
            continue;
        }
        *got = true;
        size_t len = (size_t)n;
        while (len && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            len--;
        *continued = len && line[len - 1] == '\\';
        wg_buf_add(msg, line, *continued ? len - 1 : len);
        if (!*continued)
            break;
        wg_buf_addc(msg, '\n');
    }
    *continued = false;
    return wg_buf_check(msg, "the message", err);
}

static enum wg_status repl_loop(struct chat *c, EditLine *el, History *hist, HistEvent *ev,
                                bool *continued, struct wg_err *err)
{
    struct wg_buf msg;
    bool quit = false, got = true;
    enum wg_status st = WG_OK;

    wg_buf_init(&msg, MAX_PROMPT_BYTES);
    while (!quit) {
        st = read_message(el, continued, &msg, &got, err);
        if (st != WG_OK || !got)
            break;
        if (msg.len == 0)
            continue;
        history(hist, ev, H_ENTER, msg.p);
        if (!repl_command(c, msg.p, &quit))
            repl_answer(c, msg.p, msg.len);
    }
    wg_buf_release(&msg);
    return st;
}

static enum wg_status repl(struct chat *c, const char *name, struct wg_err *err)
{
    bool continued = false;
    HistEvent ev;
    EditLine *el = el_init("weigh", stdin, stderr, stderr);
    History *hist = history_init();
    char *path = history_path();
    enum wg_status st = WG_OK;

    if (!el || !hist) {
        st = wg_oom(err, "the line editor");
    } else {
        history(hist, &ev, H_SETSIZE, 1000);
        history(hist, &ev, H_SETUNIQUE, 1);
        if (path)
            history(hist, &ev, H_LOAD, path);
        el_set(el, EL_CLIENTDATA, &continued);
        el_set(el, EL_PROMPT, prompt_string);
        el_set(el, EL_EDITOR, "emacs");
        el_set(el, EL_HIST, history, hist);
        el_source(el, NULL);
        wg_log(WG_LOG_INFO, "%s; /help for help, Ctrl-D to leave", name);
        st = clear_chat(c, err);
        if (st == WG_OK)
            st = repl_loop(c, el, hist, &ev, &continued, err);
        if (path)
            history(hist, &ev, H_SAVE, path);
        fputc('\n', stderr);
    }
    if (hist)
        history_end(hist);
    if (el)
        el_end(el);
    wg_free(path);
    return st;
}

static enum wg_status choose_seed(const struct options *o, uint64_t *seed, struct wg_err *err)
{
    uint32_t random = 0;

    *seed = (uint64_t)o->seed;
    if (o->seed >= 0)
        return WG_OK;
    if (getrandom(&random, sizeof random, 0) != sizeof random)
        return wg_fail(err, WG_E_IO, "no random seed from the system: %s", strerror(errno));
    *seed = random;
    return WG_OK;
}

static enum wg_status talk(struct chat *c, const struct wg_pkg *pkg, struct wg_err *err)
{
    const struct options *o = c->o;
    const struct wg_chat *tmpl = NULL;
    bool from_stdin = o->prompt ? strcmp(o->prompt, "-") == 0 : isatty(STDIN_FILENO) != 1;
    struct wg_buf text;

    if (!o->raw)
        WG_TRY(wg_engine_chat(c->engine, &tmpl, err));
    if (!o->prompt && !from_stdin) {
        if (c->g->json)
            return wg_fail(err, WG_E_USAGE, "--json needs one prompt: -p TEXT");
        if (!o->raw)
            return repl(c, pkg->name, err);
        return wg_fail(err, WG_E_USAGE, "--raw needs a text to continue: -p TEXT");
    }
    if (!from_stdin)
        return one_answer(c, o->prompt, strlen(o->prompt), err);
    wg_buf_init(&text, MAX_PROMPT_BYTES);
    enum wg_status st = wg_file_read(&text, "/dev/stdin", MAX_PROMPT_BYTES, err);
    if (st == WG_OK)
        st = one_answer(c, text.p ? text.p : "", text.len, err);
    wg_buf_release(&text);
    return st;
}

static enum wg_status run(const struct wg_global *g, const void *options, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    const struct options *o = options;
    struct chat c = {.g = g, .o = o, .messages = json_array()};
    struct wg_engine_opts eo = {.threads = wg_cli_threads(g), .exact = o->exact};
    struct wg_pkg *pkg = NULL;

    (void)argc;
    (void)exit_code;
    enum wg_status st = c.messages ? choose_seed(o, &c.seed, err) : wg_oom(err, "the chat");
    if (st == WG_OK)
        st = wg_pkg_open(argv[0], &pkg, err);
    if (st == WG_OK)
        st = wg_engine_open(pkg, &eo, &c.engine, err);
    if (st == WG_OK)
        st = wg_session_new(c.engine, o->context, &c.session, err);
    if (st == WG_OK)
        st = talk(&c, pkg, err);
    wg_session_free(c.session);
    wg_engine_close(c.engine);
    wg_pkg_close(pkg);
    json_decref(c.messages);
    return st;
}

const struct wg_cmd wg_cmd_run = {
    .name = "run",
    .group = "use",
    .synopsis = "MODEL [-p TEXT] [--raw] [-n N] [--temp T] [--seed S]",
    .help = "Chat with a model, or get one answer.",
    .details = "On a terminal without -p this is a chat with history and line editing. The answer\n"
               "goes to stdout as it comes, speed and notes go to stderr. Nothing leaves this\n"
               "machine.",
    .opts = opts,
    .opts_bytes = sizeof(struct options),
    .defaults = &defaults,
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
