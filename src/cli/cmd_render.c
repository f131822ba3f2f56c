/* `weigh render`: the prompt that a chat template makes of messages. */
#include "cli/cli.h"

#include "base/file.h"
#include "package/package.h"
#include "text/chat.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

enum { MAX_TEMPLATE_BYTES = 4 << 20, MAX_JSON_BYTES = 256 << 20 };

struct options {
    const char *template_file, *bos, *eos, *messages, *tools, *vars;
    bool no_generation_prompt;
};

#define OPT(field) offsetof(struct options, field)
static const struct wg_opt opts[] = {
    {"template", 0, WG_OPT_STRING, "FILE", "Read the chat template from a file, not from a model.",
     OPT(template_file), 0, 0},
    {"bos-token", 0, WG_OPT_STRING, "S", "What the template sees as bos_token.", OPT(bos), 0, 0},
    {"eos-token", 0, WG_OPT_STRING, "S", "What the template sees as eos_token.", OPT(eos), 0, 0},
    {"messages", 0, WG_OPT_STRING, "FILE", "JSON array of {role, content} messages.", OPT(messages),
     0, 0},
    {"tools", 0, WG_OPT_STRING, "FILE", "JSON array of tool descriptions.", OPT(tools), 0, 0},
    {"vars", 0, WG_OPT_STRING, "FILE", "JSON object of further template variables.", OPT(vars), 0,
     0},
    {"no-generation-prompt", 0, WG_OPT_FLAG, NULL,
     "Do not ask the template for the beginning of an answer.", OPT(no_generation_prompt), 0, 0},
    {0},
};

struct inputs {
    json_t *messages, *tools, *vars;
};

static enum wg_status load(const struct options *o, struct inputs *in, struct wg_err *err)
{
    WG_TRY(wg_json_load(o->messages, MAX_JSON_BYTES, &in->messages, err));
    if (o->tools)
        WG_TRY(wg_json_load(o->tools, MAX_JSON_BYTES, &in->tools, err));
    if (o->vars)
        WG_TRY(wg_json_load(o->vars, MAX_JSON_BYTES, &in->vars, err));
    return WG_OK;
}

static enum wg_status print(const struct wg_global *g, const struct wg_buf *b, struct wg_err *err)
{
    if (g->json)
        return wg_cli_json(g, json_pack("{s:o}", "prompt", wg_json_text(b->p ? b->p : "", b->len)),
                           err);
    if (b->len && fwrite(b->p, 1, b->len, g->out) != b->len)
        return wg_fail(err, WG_E_IO, "cannot write to stdout: %s", strerror(errno));
    return WG_OK;
}

static enum wg_status render(const struct wg_global *g, const struct options *o,
                             const struct wg_chat *chat, struct wg_err *err)
{
    struct inputs in = {0};
    struct wg_buf b;

    wg_buf_init(&b, SIZE_MAX);
    enum wg_status st = load(o, &in, err);
    if (st == WG_OK)
        st = wg_chat_render(
            chat,
            &(struct wg_chat_request){.messages = in.messages,
                                      .tools = in.tools,
                                      .extra = in.vars,
                                      .add_generation_prompt = !o->no_generation_prompt},
            &b, err);
    if (st == WG_OK)
        st = print(g, &b, err);
    wg_buf_release(&b);
    json_decref(in.messages);
    json_decref(in.tools);
    json_decref(in.vars);
    return st;
}

static enum wg_status chat_of_file(const struct options *o, struct wg_chat **out,
                                   struct wg_err *err)
{
    struct wg_buf b;

    wg_buf_init(&b, MAX_TEMPLATE_BYTES + 1);
    enum wg_status st = wg_file_read(&b, o->template_file, MAX_TEMPLATE_BYTES, err);
    if (st == WG_OK)
        st = wg_chat_new(b.p ? b.p : "", b.len, o->template_file, o->bos, o->eos, out, err);
    wg_buf_release(&b);
    return st;
}

static enum wg_status chat_of_model(const char *model, struct wg_chat **chat, struct wg_err *err)
{
    struct wg_pkg *pkg;

    WG_TRY(wg_pkg_open(model, &pkg, err));
    enum wg_status st = wg_chat_open(pkg, chat, err);
    wg_pkg_close(pkg);
    return st;
}

static enum wg_status run(const struct wg_global *g, const void *options, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    const struct options *o = options;
    struct wg_chat *chat = NULL;

    (void)exit_code;
    if (!o->messages)
        return wg_fail(err, WG_E_USAGE, "--messages FILE is needed; see weigh render -h");
    if (argc == 1 && (o->bos || o->eos))
        return wg_fail(err, WG_E_USAGE,
                       "--bos-token and --eos-token go with --template; a model "
                       "has its own");
    if ((argc == 1) == (o->template_file != NULL))
        return wg_fail(err, WG_E_USAGE, "give a model or --template FILE; see weigh render -h");
    WG_TRY(argc == 1 ? chat_of_model(argv[0], &chat, err) : chat_of_file(o, &chat, err));
    enum wg_status st = render(g, o, chat, err);
    wg_chat_free(chat);
    return st;
}

const struct wg_cmd wg_cmd_render = {
    .name = "render",
    .group = "look inside",
    .synopsis = "(MODEL | --template FILE) --messages FILE",
    .help = "Print the prompt that the chat template makes of messages.",
    .details = "The prompt is written as it is, without a newline at its end. A template sees the\n"
               "variables that transformers passes: messages, tools, documents,\n"
               "add_generation_prompt, bos_token and eos_token, and those of --vars.",
    .opts = opts,
    .opts_bytes = sizeof(struct options),
    .min_args = 0,
    .max_args = 1,
    .run = run,
};
