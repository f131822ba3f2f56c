/* `weigh tokenize` and `weigh detokenize`. */
#include "cli/cli.h"

#include "base/file.h"
#include "base/log.h"
#include "base/utf8.h"
#include "package/package.h"
#include "text/tokenizer.h"

#include <errno.h>
#include <string.h>

enum { MAX_TEXT_BYTES = 1 << 30 };

struct encode_options {
    const char *text, *file;
    bool special, bos;
};

#define AT(field) offsetof(struct encode_options, field)
static const struct wg_opt encode_opts[] = {
    {"text", 't', WG_OPT_STRING, "TEXT", "The text.", AT(text), 0, 0},
    {"file", 'f', WG_OPT_STRING, "FILE", "Or the file that holds it, byte for byte.", AT(file), 0,
     0},
    {"special", 0, WG_OPT_FLAG, NULL,
     "Text that spells a control token (\"<|im_start|>\") becomes that token.", AT(special), 0, 0},
    {"bos", 0, WG_OPT_FLAG, NULL, "Put the token before it that the model's own tokenizer puts.",
     AT(bos), 0, 0},
    {0},
};
#undef AT

struct decode_options {
    const char *ids;
    bool special;
};

#define AT(field) offsetof(struct decode_options, field)
static const struct wg_opt decode_opts[] = {
    {"ids", 0, WG_OPT_STRING, "LIST", "Token ids: 1,2,3.", AT(ids), 0, 0},
    {"special", 0, WG_OPT_FLAG, NULL, "Print control tokens too.", AT(special), 0, 0},
    {0},
};
#undef AT

static enum wg_status open_tokenizer(const char *model, struct wg_tok **tok, struct wg_err *err)
{
    struct wg_pkg *pkg;

    WG_TRY(wg_pkg_open(model, &pkg, err));
    enum wg_status st = wg_tok_open(pkg, tok, err);
    wg_pkg_close(pkg);
    return st;
}

static enum wg_status print_pieces(const struct wg_global *g, const struct wg_tok *tok,
                                   const struct wg_ids *ids, struct wg_err *err)
{
    json_t *list = json_array(), *pieces = json_array();

    for (size_t i = 0; i < ids->n; i++) {
        size_t n;
        const char *p = wg_tok_bytes(tok, ids->v[i], true, &n);
        json_array_append_new(list, json_integer(ids->v[i]));
        json_array_append_new(pieces, wg_json_text(p, n));
    }
    return wg_cli_json(g, json_pack("{s:o, s:o}", "ids", list, "pieces", pieces), err);
}

static enum wg_status write_all(const struct wg_global *g, const struct wg_buf *b,
                                struct wg_err *err)
{
    if (fwrite(b->p ? b->p : "", 1, b->len, g->out) != b->len)
        return wg_fail(err, WG_E_IO, "cannot write to stdout: %s", strerror(errno));
    return WG_OK;
}

static enum wg_status print_ids(const struct wg_global *g, const struct wg_ids *ids,
                                struct wg_err *err)
{
    struct wg_buf b;

    wg_buf_init(&b, SIZE_MAX);
    for (size_t i = 0; i < ids->n; i++)
        wg_buf_addf(&b, "%s%d", i ? "," : "", ids->v[i]);
    wg_buf_addc(&b, '\n');
    enum wg_status st = wg_buf_check(&b, "the ids", err);
    if (st == WG_OK)
        st = write_all(g, &b, err);
    wg_buf_release(&b);
    return st;
}

static enum wg_status encode(const struct wg_global *g, const struct encode_options *o,
                             const char *model, struct wg_buf *text, struct wg_err *err)
{
    struct wg_tok *tok = NULL;
    struct wg_ids ids = {0};

    WG_TRY(open_tokenizer(model, &tok, err));
    if (text->len > 0 && !wg_utf8_valid(text->p, text->len))
        wg_log(WG_LOG_WARN, "the text is not valid UTF-8; its malformed parts were read as U+FFFD");
    unsigned flags = (o->special ? WG_TOK_SPECIAL : 0u) | (o->bos ? WG_TOK_BOS : 0u);
    enum wg_status st = wg_tok_encode(tok, text->p ? text->p : "", text->len, flags, &ids, err);
    if (st == WG_OK)
        st = g->json ? print_pieces(g, tok, &ids, err) : print_ids(g, &ids, err);
    wg_ids_release(&ids);
    wg_tok_free(tok);
    return st;
}

static enum wg_status run_encode(const struct wg_global *g, const void *options, int argc,
                                 char **argv, int *exit_code, struct wg_err *err)
{
    const struct encode_options *o = options;
    struct wg_buf text;
    enum wg_status st = WG_OK;

    (void)argc;
    (void)exit_code;
    if (!o->text == !o->file)
        return wg_fail(err, WG_E_USAGE, "give the text with --text or with --file");
    wg_buf_init(&text, SIZE_MAX);
    if (o->text)
        wg_buf_adds(&text, o->text);
    else
        st = wg_file_read(&text, o->file, MAX_TEXT_BYTES, err);
    if (st == WG_OK)
        st = wg_buf_check(&text, "the text", err);
    if (st == WG_OK)
        st = encode(g, o, argv[0], &text, err);
    wg_buf_release(&text);
    return st;
}

static enum wg_status run_decode(const struct wg_global *g, const void *options, int argc,
                                 char **argv, int *exit_code, struct wg_err *err)
{
    const struct decode_options *o = options;
    struct wg_tok *tok = NULL;
    struct wg_ids ids = {0};
    struct wg_buf text;

    (void)argc;
    (void)exit_code;
    if (!o->ids)
        return wg_fail(err, WG_E_USAGE, "--ids is needed: --ids 1,2,3");
    wg_buf_init(&text, SIZE_MAX);
    enum wg_status st = wg_cli_ids(o->ids, &ids, err);
    if (st == WG_OK)
        st = open_tokenizer(argv[0], &tok, err);
    if (st == WG_OK)
        st = wg_tok_decode(tok, ids.v, ids.n, o->special, &text, err);
    if (st == WG_OK && g->json) {
        st = wg_cli_json(
            g, json_pack("{s:o}", "text", wg_json_text(text.p ? text.p : "", text.len)), err);
    } else if (st == WG_OK) {
        wg_buf_addc(&text, '\n');
        st = wg_buf_check(&text, "the text", err);
        if (st == WG_OK)
            st = write_all(g, &text, err);
    }
    wg_buf_release(&text);
    wg_ids_release(&ids);
    wg_tok_free(tok);
    return st;
}

const struct wg_cmd wg_cmd_tokenize = {
    .name = "tokenize",
    .group = "use",
    .synopsis = "MODEL (--text TEXT | --file FILE)",
    .help = "Print the token ids of a text.",
    .details = "No control token is added or read from the text unless asked for. Malformed UTF-8\n"
               "is read as U+FFFD. --json prints the text of each token too.",
    .opts = encode_opts,
    .opts_bytes = sizeof(struct encode_options),
    .min_args = 1,
    .max_args = 1,
    .run = run_encode,
};

const struct wg_cmd wg_cmd_detokenize = {
    .name = "detokenize",
    .group = "use",
    .synopsis = "MODEL --ids 1,2,3",
    .help = "Print the text of token ids.",
    .opts = decode_opts,
    .opts_bytes = sizeof(struct decode_options),
    .min_args = 1,
    .max_args = 1,
    .run = run_decode,
};
