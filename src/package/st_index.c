#include "package/st_index.h"

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "package/limits.h"

#include <string.h>

void wg_st_index_release(struct wg_st_index *x)
{
    json_decref(x->doc);
    wg_free(x->files);
    *x = (struct wg_st_index){0};
}

/* What is wrong with a shard's name, or NULL. */
static const char *name_rule(const char *file, size_t n)
{
    if (n == 0)
        return "is empty";
    if (n > WG_ST_MAX_NAME_BYTES)
        return "is too long";
    if (wg_has_control(file, n))
        return "holds a control character";
    if (strchr(file, '/') || strchr(file, '\\'))
        return "leads to another folder; the shards must lie beside the index";
    if (file[0] == '.')
        return "begins with a dot";
    if (!wg_has_suffix(file, ".safetensors"))
        return "does not end in .safetensors";
    return NULL;
}

/* Every value of the map; the file names in order, those that come again included, to x->files. */
static enum wg_status read_map(struct wg_st_index *x, const char *path, struct wg_err *err)
{
    const char *tensor;
    json_t *v;
    size_t i = 0;

    json_object_foreach(x->map, tensor, v) {
        if (!json_is_string(v))
            return wg_fail(err, WG_E_INPUT, "%s: the file of tensor \"%.120s\" is not a string",
                           path, tensor);
        const char *rule = name_rule(json_string_value(v), json_string_length(v));
        if (rule)
            return wg_fail(err, WG_E_INPUT, "%s: the file name \"%.120s\" of tensor \"%.120s\" %s",
                           path, json_string_value(v), tensor, rule);
        x->files[i] = (struct wg_name){json_string_value(v), i};
        i++;
    }
    x->n_files = i;
    return WG_OK;
}

static enum wg_status number_files(struct wg_st_index *x, const char *path, struct wg_err *err)
{
    size_t n = 0;

    (void)wg_names_sort(x->files, x->n_files); /* a file holds many tensors */
    for (size_t i = 0; i < x->n_files; i++)
        if (n == 0 || strcmp(x->files[n - 1].name, x->files[i].name) != 0) {
            x->files[n] = (struct wg_name){x->files[i].name, n};
            n++;
        }
    x->n_files = n;
    if (n > WG_ST_MAX_PARTS)
        return wg_fail(err, WG_E_LIMIT, "%s: names %zu files, the limit is %u", path, n,
                       WG_ST_MAX_PARTS);
    return WG_OK;
}

static enum wg_status parse(struct wg_st_index *x, const char *text, size_t n, const char *path,
                            struct wg_err *err)
{
    WG_TRY(wg_json_parse_within(text, n, WG_ST_MAX_TREE_BYTES, path, &x->doc, err));
    x->map = json_object_get(x->doc, "weight_map");
    if (!json_is_object(x->map))
        return wg_fail(err, WG_E_INPUT,
                       "%s: has no object \"weight_map\", which tells the file of each tensor",
                       path);
    if (json_object_size(x->map) == 0)
        return wg_fail(err, WG_E_INPUT, "%s: \"weight_map\" names no tensor", path);
    x->files = wg_calloc(json_object_size(x->map), sizeof *x->files);
    if (!x->files)
        return wg_oom(err, path);
    WG_TRY(read_map(x, path, err));
    return number_files(x, path, err);
}

enum wg_status wg_st_index_parse(const char *text, size_t n, const char *name,
                                 struct wg_st_index *out, struct wg_err *err)
{
    *out = (struct wg_st_index){0};
    enum wg_status st = parse(out, text, n, name, err);
    if (st != WG_OK)
        wg_st_index_release(out);
    return st;
}

enum wg_status wg_st_index_load(const char *path, struct wg_st_index *out, struct wg_err *err)
{
    struct wg_buf b;

    wg_buf_init(&b, WG_ST_MAX_INDEX_BYTES + (1 << 17));
    enum wg_status st = wg_file_read(&b, path, WG_ST_MAX_INDEX_BYTES, err);
    if (st == WG_OK)
        st = wg_st_index_parse(b.p ? b.p : "", b.len, path, out, err);
    wg_buf_release(&b);
    return st;
}
