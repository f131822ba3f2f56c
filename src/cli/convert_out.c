/* What `weigh quantize` and `weigh convert` say at the end. */
#include "cli/convert_out.h"

#include "base/fmt.h"

static enum wg_status as_json(const struct wg_global *g, const struct wg_convert_opts *o,
                              const struct wg_convert_result *r, struct wg_err *err)
{
    json_t *types = json_object();

    for (uint32_t id = 0; id < WG_TYPE_LIMIT; id++)
        if (r->by_type[id])
            json_object_set_new(types, wg_type_info(id)->name,
                                json_integer((json_int_t)r->by_type[id]));
    json_t *doc = json_pack("{s:s, s:I, s:I, s:o}", "out", o->out, "bytes", (json_int_t)r->bytes,
                            "tensors", (json_int_t)r->tensors, "types", types);
    if (doc && o->recipe)
        json_object_set_new(doc, "type", json_string(wg_recipe_name(o->recipe)));
    return wg_cli_json(g, doc, err);
}

enum wg_status wg_cli_converted(const struct wg_global *g, const struct wg_convert_opts *o,
                                const struct wg_convert_result *r, struct wg_err *err)
{
    char size[WG_FMT_BYTES];

    if (g->json)
        return as_json(g, o, r, err);
    fprintf(g->out, "%s  %s, %zu tensors:", o->out, wg_fmt_bytes(size, r->bytes), r->tensors);
    for (uint32_t id = 0; id < WG_TYPE_LIMIT; id++)
        if (r->by_type[id])
            fprintf(g->out, " %zu %s", r->by_type[id], wg_type_info(id)->name);
    fputc('\n', g->out);
    return WG_OK;
}
