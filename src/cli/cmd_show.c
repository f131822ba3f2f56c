/* `weigh show`: what a package contains, from headers only. */
#include "cli/cli.h"

#include "base/fmt.h"
#include "base/mem.h"
#include "model/config.h"
#include "model/families/families.h"
#include "package/gguf.h"
#include "package/package.h"
#include "package/safetensors.h"

#include <string.h>

enum { MAX_CONFIG_BYTES = 16 << 20 };

/* What is known; NULL and 0 are unknown, printed as such and null in JSON. */
struct facts {
    json_t *title, *family, *architecture, *license, *tokenizer_kind, *tokenizer_pre, *template;
    json_int_t parameters, context_length, vocab;
    uint64_t weights_bytes;
    size_t types[WG_TYPE_LIMIT]; /* tensors of each type */
    size_t n_tensors;
    uint32_t gguf_version;
};

static void release(struct facts *f)
{
    json_decref(f->title);
    json_decref(f->family);
    json_decref(f->architecture);
    json_decref(f->license);
    json_decref(f->tokenizer_kind);
    json_decref(f->tokenizer_pre);
    json_decref(f->template);
}

/* A string key as JSON text, or NULL. */
static enum wg_status text_key(const struct wg_gguf *g, const char *key, json_t **out,
                               struct wg_err *err)
{
    struct wg_gguf_str s = {"", 0};
    bool found = false;

    WG_TRY(wg_gguf_string(g, key, &s, &found, err));
    if (found)
        *out = wg_json_text(s.p, s.n);
    return WG_OK;
}

static enum wg_status arch_facts(struct facts *f, const struct wg_gguf *g, struct wg_err *err)
{
    struct wg_spec spec = {0};
    struct wg_err ignored;
    int64_t context = 0;
    char key[128];

    WG_TRY(text_key(g, "general.architecture", &f->architecture, err));
    if (!f->architecture)
        return WG_OK;
    snprintf(key, sizeof key, "%.64s.context_length", json_string_value(f->architecture));
    WG_TRY(wg_gguf_i64(g, key, &context, NULL, err));
    f->context_length = context;
    if (wg_spec_from_gguf(g, &spec, &ignored) == WG_OK)
        f->family = json_string(spec.family);
    wg_spec_release(&spec);
    return WG_OK;
}

static void count_tensor(struct facts *f, const struct wg_tensor *t)
{
    int64_t values = 1;

    for (int d = 0; d < WG_MAX_DIMS; d++)
        values *= t->ne[d];
    f->parameters += values;
    f->types[t->type]++;
    f->n_tensors++;
}

static enum wg_status gguf_facts(struct facts *f, const struct wg_gguf *g, struct wg_err *err)
{
    const struct wg_gguf_kv *tokens = wg_gguf_find(g, "tokenizer.ggml.tokens");

    f->gguf_version = wg_gguf_version(g);
    for (size_t i = 0; i < wg_gguf_tensor_count(g); i++)
        count_tensor(f, wg_gguf_tensor_at(g, i));
    WG_TRY(arch_facts(f, g, err));
    WG_TRY(text_key(g, "general.name", &f->title, err));
    WG_TRY(text_key(g, "general.license", &f->license, err));
    WG_TRY(text_key(g, "tokenizer.ggml.model", &f->tokenizer_kind, err));
    WG_TRY(text_key(g, "tokenizer.ggml.pre", &f->tokenizer_pre, err));
    f->vocab = tokens ? (json_int_t)tokens->count : 0;
    return text_key(g, "tokenizer.chat_template", &f->template, err);
}

static json_t *known(json_t *object, const char *key)
{
    json_t *v = json_object_get(object, key);
    return json_is_string(v) ? json_incref(v) : NULL;
}

static enum wg_status safetensors_facts(struct facts *f, const struct wg_pkg *p, struct wg_err *err)
{
    struct wg_st *s = NULL;

    WG_TRY(wg_pkg_safetensors(p, &s, err));
    for (size_t i = 0; i < wg_st_tensor_count(s); i++)
        count_tensor(f, wg_st_tensor_at(s, i));
    wg_st_close(s);
    return WG_OK;
}

static void config_family(struct facts *f, const char *path)
{
    const struct wg_family *family;
    struct wg_config c = {0};
    struct wg_spec spec = {0};
    struct wg_err ignored; /* a family that is not known is shown as such */

    if (wg_config_load(path, &c, &ignored) == WG_OK &&
        wg_spec_read(&c, &spec, &family, &ignored) == WG_OK) {
        f->family = json_string(spec.family);
        f->context_length = spec.context_length;
    }
    wg_spec_release(&spec);
    wg_config_release(&c);
}

/* A folder without GGUF: config.json says what it is for. */
static enum wg_status config_facts(struct facts *f, const struct wg_pkg *p, struct wg_err *err)
{
    const struct wg_pkg_file *config = wg_pkg_file(p, "config.json");
    const struct wg_pkg_file *tok = wg_pkg_file(p, "tokenizer.json");
    json_t *doc = NULL;

    if (config) {
        WG_TRY(wg_json_load(config->full, MAX_CONFIG_BYTES, &doc, err));
        f->architecture = known(doc, "model_type");
        f->context_length = json_integer_value(json_object_get(doc, "max_position_embeddings"));
        f->vocab = json_integer_value(json_object_get(doc, "vocab_size"));
        json_decref(doc);
        config_family(f, config->full);
    }
    if (tok) {
        WG_TRY(wg_json_load(tok->full, 4 * (size_t)MAX_CONFIG_BYTES, &doc, err));
        f->tokenizer_kind = known(json_object_get(doc, "model"), "type");
        json_decref(doc);
    }
    return WG_OK;
}

static json_t *or_null(json_t *text)
{
    return text ? json_incref(text) : json_null();
}

static json_t *number_or_null(json_int_t n)
{
    return n ? json_integer(n) : json_null();
}

static json_t *files_json(const struct wg_pkg *p)
{
    json_t *files = json_array();

    for (size_t i = 0; i < p->n_files; i++) {
        const struct wg_pkg_file *f = &p->files[i];
        json_t *row = json_pack("{s:o, s:I, s:s}", "path", wg_json_text(f->path, strlen(f->path)),
                                "bytes", (json_int_t)f->bytes, "role", wg_role_name(f->role));
        if (f->sha256[0])
            json_object_set_new(row, "sha256", json_string(f->sha256));
        if (f->source)
            json_object_set_new(row, "source", wg_json_text(f->source, strlen(f->source)));
        json_array_append_new(files, row);
    }
    return files;
}

static enum wg_status print_json(const struct wg_global *g, const struct wg_pkg *p,
                                 const struct facts *f, struct wg_err *err)
{
    static const char *const formats[] = {"none", "gguf", "safetensors"};
    json_t *types = json_object(), *tokenizer = json_null();

    for (uint32_t i = 0; i < WG_TYPE_LIMIT; i++)
        if (f->types[i])
            json_object_set_new(types, wg_type_info(i)->name,
                                json_integer((json_int_t)f->types[i]));
    if (f->tokenizer_kind)
        tokenizer = json_pack("{s:o, s:o, s:o}", "kind", or_null(f->tokenizer_kind), "pre",
                              or_null(f->tokenizer_pre), "vocab", number_or_null(f->vocab));
    return wg_cli_json(g,
                       json_pack("{s:o, s:o, s:o, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                                 "name", wg_json_text(p->name, strlen(p->name)), "title",
                                 or_null(f->title), "family", or_null(f->family), "architecture",
                                 or_null(f->architecture), "format", formats[p->format],
                                 "parameters", number_or_null(f->parameters), "context_length",
                                 number_or_null(f->context_length), "types", types, "tokenizer",
                                 tokenizer, "license", or_null(f->license), "chat_template",
                                 or_null(f->template), "files", files_json(p)),
                       err);
}

/* Text out of a file, without what a terminal would obey. */
static void put(FILE *out, const json_t *text)
{
    for (const char *s = json_string_value(text); s && *s; s++)
        fputc((unsigned char)*s < 0x20 || *s == 0x7f ? ' ' : *s, out);
}

/* "134.5 million" */
static void print_parameters(FILE *out, json_int_t n)
{
    char count[WG_FMT_BYTES];

    fprintf(out, "parameters  %s", wg_fmt_count(count, n));
    if (n >= 1000000000)
        fprintf(out, " (%.1f billion)", (double)n / 1e9);
    else if (n >= 1000000)
        fprintf(out, " (%.1f million)", (double)n / 1e6);
    fputc('\n', out);
}

static void print_weights(FILE *out, const struct wg_pkg *p, const struct facts *f)
{
    char size[WG_FMT_BYTES];
    char sep = ':';

    if (p->format == WG_WEIGHTS_NONE) {
        fputs("weights     none\n", out);
        return;
    }
    if (p->format == WG_WEIGHTS_GGUF)
        fprintf(out, "weights     GGUF version %u, ", f->gguf_version);
    else
        fputs("weights     safetensors, ", out);
    fputs(wg_fmt_bytes(size, f->weights_bytes), out);
    for (uint32_t i = 0; i < WG_TYPE_LIMIT; i++) {
        if (!f->types[i])
            continue;
        if (sep == ':')
            fprintf(out, "\ntensors     %zu", f->n_tensors);
        fprintf(out, "%c %zu %s", sep, f->types[i], wg_type_info(i)->name);
        sep = ',';
    }
    fputc('\n', out);
}

static void print_model(FILE *out, const struct facts *f)
{
    char count[WG_FMT_BYTES];

    if (f->title) {
        fputs("title       ", out);
        put(out, f->title);
        fputc('\n', out);
    }
    if (f->architecture) {
        fputs("family      ", out);
        put(out, f->family ? f->family : f->architecture);
        fputs(f->family ? " (architecture " : " (weigh cannot run it)", out);
        if (f->family) {
            put(out, f->architecture);
            fputc(')', out);
        }
        fputc('\n', out);
    }
    if (f->parameters)
        print_parameters(out, f->parameters);
    if (f->context_length)
        fprintf(out, "context     %s tokens\n", wg_fmt_count(count, f->context_length));
}

static void print_text_side(FILE *out, const struct facts *f)
{
    char count[WG_FMT_BYTES];

    fputs("tokenizer   ", out);
    put(out, f->tokenizer_kind);
    if (f->tokenizer_pre) {
        fputs(" (", out);
        put(out, f->tokenizer_pre);
        fputc(')', out);
    }
    if (!f->tokenizer_kind)
        fputs("none: only commands that take ids can use it", out);
    else if (f->vocab)
        fprintf(out, ", %s tokens", wg_fmt_count(count, f->vocab));
    fputc('\n', out);
    if (f->template)
        fprintf(out, "chat        yes: a template of %zu bytes (--json prints it)\n",
                json_string_length(f->template));
    else
        fputs("chat        no template in the weights file\n", out);
    fputs("license     ", out);
    put(out, f->license);
    fputs(f->license ? " is what the weights file says; weigh license checks the texts\n"
                     : "the weights file names none; weigh license reads the texts\n",
          out);
}

static void print_text(FILE *out, const struct wg_pkg *p, const struct facts *f)
{
    char size[WG_FMT_BYTES];

    fprintf(out, "name        %s\n", p->name);
    print_model(out, f);
    print_weights(out, p, f);
    if (p->format != WG_WEIGHTS_NONE)
        print_text_side(out, f);
    fputs("files\n", out);
    for (size_t i = 0; i < p->n_files; i++)
        fprintf(out, "  %-9s %10s  %s\n", wg_role_name(p->files[i].role),
                wg_fmt_bytes(size, p->files[i].bytes), p->files[i].path);
}

static enum wg_status run(const struct wg_global *g, const void *options, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    struct facts f = {0};
    struct wg_gguf *gguf = NULL;
    struct wg_pkg *p = NULL;

    (void)options;
    (void)argc;
    (void)exit_code;
    enum wg_status st = wg_pkg_open(argv[0], &p, err);
    for (size_t i = 0; st == WG_OK && i < p->n_files; i++)
        if (p->files[i].role == WG_ROLE_WEIGHTS)
            f.weights_bytes += p->files[i].bytes;
    if (st == WG_OK && p->format == WG_WEIGHTS_GGUF) {
        st = wg_pkg_gguf(p, &gguf, err);
        if (st == WG_OK)
            st = gguf_facts(&f, gguf, err);
    } else if (st == WG_OK) {
        st = config_facts(&f, p, err);
        if (st == WG_OK && p->format == WG_WEIGHTS_SAFETENSORS)
            st = safetensors_facts(&f, p, err);
    }
    if (st == WG_OK && g->json)
        st = print_json(g, p, &f, err);
    else if (st == WG_OK)
        print_text(g->out, p, &f);
    wg_gguf_close(gguf);
    wg_pkg_close(p);
    release(&f);
    return st;
}

const struct wg_cmd wg_cmd_show = {
    .name = "show",
    .group = "models",
    .synopsis = "MODEL",
    .help = "Show what a model's package contains.",
    .details = "MODEL is a .gguf file (or the first of a split set), a folder, or a name in the "
               "store.\nOnly headers are read. types{} of --json counts tensors.",
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
