/* `weigh quantize`: a model with fewer bits a weight. */
#include "cli/cli.h"

#include "base/buf.h"
#include "cli/convert_out.h"
#include "package/package.h"

#include <stddef.h>

struct options {
    const char *type, *out;
    bool allow_requantize, no_tokenizer;
};

static const struct wg_opt opts[] = {
    {"type", 0, WG_OPT_STRING, "T", "Quantization, such as Q4_K_M.", offsetof(struct options, type),
     0, 0},
    {"out", 'o', WG_OPT_STRING, "F", "The file to write.", offsetof(struct options, out), 0, 0},
    {"allow-requantize", 0, WG_OPT_FLAG, NULL,
     "Quantize what is quantized already; the errors add up.",
     offsetof(struct options, allow_requantize), 0, 0},
    {"no-tokenizer", 0, WG_OPT_FLAG, NULL,
     "Write the file of a folder without tokenizer: for ids only.",
     offsetof(struct options, no_tokenizer), 0, 0},
    {0},
};

static enum wg_status find_recipe(const char *name, const struct wg_recipe **out,
                                  struct wg_err *err)
{
    struct wg_buf names;

    *out = name ? wg_recipe_find(name) : NULL;
    if (*out)
        return WG_OK;
    wg_buf_init(&names, 4096);
    for (size_t i = 0; wg_recipe_at(i); i++)
        wg_buf_addf(&names, "%s%s", i ? ", " : "", wg_recipe_name(wg_recipe_at(i)));
    enum wg_status st = wg_buf_check(&names, "the list of types", err);
    if (st == WG_OK)
        st = name ? wg_fail(err, WG_E_USAGE, "--type %.40s is none of %s", name, names.p)
                  : wg_fail(err, WG_E_USAGE, "--type is needed: one of %s", names.p);
    wg_buf_release(&names);
    return st;
}

static enum wg_status run(const struct wg_global *g, const void *options, int argc, char **argv,
                          int *exit_code, struct wg_err *err)
{
    const struct options *o = options;
    struct wg_convert_opts co = {.out = o->out,
                                 .allow_requantize = o->allow_requantize,
                                 .no_tokenizer = o->no_tokenizer,
                                 .threads = wg_cli_threads(g)};
    struct wg_convert_result result;
    struct wg_pkg *pkg = NULL;

    (void)argc;
    (void)exit_code;
    WG_TRY(find_recipe(o->type, &co.recipe, err));
    if (!o->out)
        return wg_fail(err, WG_E_USAGE, "--out is needed: the file to write");
    enum wg_status st = wg_pkg_open(argv[0], &pkg, err);
    if (st == WG_OK)
        st = wg_convert(pkg, &co, &result, err);
    if (st == WG_OK)
        st = wg_cli_converted(g, &co, &result, err);
    wg_pkg_close(pkg);
    return st;
}

const struct wg_cmd wg_cmd_quantize = {
    .name = "quantize",
    .group = "use",
    .synopsis = "MODEL --type T --out F",
    .help = "Write a GGUF file of a model with fewer bits a weight.",
    .details =
        "T is F32, F16, BF16, Q8_0, Q6_K, Q5_K_M, Q5_1, Q5_0, Q4_K_M, Q4_1, Q4_0, IQ4_XS,\n"
        "IQ4_NL, Q3_K_M or Q2_K, in upper or lower case: 32 to 2.6 bits a weight. Tensors in "
        "which\n"
        "an error costs most get a type with more bits (docs/FORMATS.md); norms, biases and "
        "routers\n"
        "are not quantized; a row that is no multiple of the blocks gets a type with smaller "
        "ones.\n\n"
        "All keys are kept: tokenizer, chat template, licence. The file is written in pieces and\n"
        "appears when it is whole, so that the model may be larger than the memory and an\n"
        "interrupted run leaves nothing.",
    .opts = opts,
    .opts_bytes = sizeof(struct options),
    .min_args = 1,
    .max_args = 1,
    .run = run,
};
