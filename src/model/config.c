#include "model/config.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_CONFIG_BYTES = 16 << 20 };

static enum wg_status set_arch(struct wg_config *c, struct wg_err *err)
{
    const json_t *list = json_object_get(c->root, "architectures");
    const char *name = json_string_value(json_array_get(list, 0));

    if (!json_is_object(c->root))
        return wg_fail(err, WG_E_INPUT, "%s: is not a JSON object", c->name);
    if (!name || strlen(name) >= sizeof c->arch)
        return wg_fail(err, WG_E_INPUT,
                       "%s: \"architectures\" names no architecture; it has to be a list such as "
                       "[\"LlamaForCausalLM\"]",
                       c->name);
    memcpy(c->arch, name, strlen(name) + 1);
    return WG_OK;
}

enum wg_status wg_config_load(const char *path, struct wg_config *c, struct wg_err *err)
{
    *c = (struct wg_config){.name = path};
    WG_TRY(wg_json_load(path, MAX_CONFIG_BYTES, &c->root, err));
    WG_TRY(set_arch(c, err));
    /* A model with a vision part keeps its text part's numbers in an object of their own. */
    const json_t *text = json_object_get(c->root, "text_config");
    c->text = json_is_object(text) ? text : c->root;
    return WG_OK;
}

void wg_config_release(struct wg_config *c)
{
    json_decref(c->root);
    *c = (struct wg_config){0};
}

static const json_t *get(const struct wg_config *c, const char *key)
{
    const json_t *v = json_object_get(c->text, key);
    return json_is_null(v) ? NULL : v;
}

bool wg_cfg_has(const struct wg_config *c, const char *key)
{
    return get(c, key) != NULL;
}

static enum wg_status wrong_kind(const struct wg_config *c, const char *key, const char *kind,
                                 struct wg_err *err)
{
    return wg_fail(err, WG_E_INPUT, "%s: %s has to be %s", c->name, key, kind);
}

static enum wg_status check_i64(const struct wg_config *c, const char *key, const json_t *v,
                                int64_t lo, int64_t hi, int64_t *out, struct wg_err *err)
{
    /* Some converters write whole numbers as 4096.0. */
    double d = json_is_number(v) ? json_number_value(v) : (double)NAN;
    if (!(fabs(d) <= 9e15) || d != floor(d))
        return wrong_kind(c, key, "a whole number", err);
    int64_t i = json_is_integer(v) ? json_integer_value(v) : (int64_t)d;
    if (i < lo || i > hi)
        return wg_fail(err, WG_E_INPUT, "%s: %s is %lld, outside %lld to %lld", c->name, key,
                       (long long)i, (long long)lo, (long long)hi);
    *out = i;
    return WG_OK;
}

enum wg_status wg_cfg_i64(const struct wg_config *c, const char *key, int64_t def, int64_t lo,
                          int64_t hi, int64_t *out, struct wg_err *err)
{
    const json_t *v = get(c, key);

    *out = def;
    return v ? check_i64(c, key, v, lo, hi, out, err) : WG_OK;
}

enum wg_status wg_cfg_layer_i64(const struct wg_config *c, const char *key, int layer, int n_layers,
                                int64_t def, int64_t lo, int64_t hi, int64_t *out,
                                struct wg_err *err)
{
    const json_t *v = get(c, key);

    *out = def;
    if (json_is_array(v)) {
        if (json_array_size(v) != (size_t)n_layers)
            return wg_fail(err, WG_E_INPUT, "%s: %s has %zu items for %d layers", c->name, key,
                           json_array_size(v), n_layers);
        v = json_array_get(v, (size_t)layer);
    }
    return v ? check_i64(c, key, v, lo, hi, out, err) : WG_OK;
}

static enum wg_status number(const struct wg_config *c, const json_t *object, const char *key,
                             double def, double *out, struct wg_err *err)
{
    const json_t *v = json_object_get(object, key);

    *out = def;
    if (!v || json_is_null(v))
        return WG_OK;
    *out = json_number_value(v);
    if (!json_is_number(v) || !isfinite(*out))
        return wrong_kind(c, key, "a number", err);
    return WG_OK;
}

enum wg_status wg_cfg_f64(const struct wg_config *c, const char *key, double def, double *out,
                          struct wg_err *err)
{
    return number(c, c->text, key, def, out, err);
}

enum wg_status wg_cfg_bool(const struct wg_config *c, const char *key, bool def, bool *out,
                           struct wg_err *err)
{
    const json_t *v = get(c, key);

    *out = v ? json_is_true(v) : def;
    return !v || json_is_boolean(v) ? WG_OK : wrong_kind(c, key, "true or false", err);
}

enum wg_status wg_cfg_string(const struct wg_config *c, const char *key, const char *def,
                             const char **out, struct wg_err *err)
{
    const json_t *v = get(c, key);

    *out = v ? json_string_value(v) : def;
    return !v || *out ? WG_OK : wrong_kind(c, key, "a string", err);
}

enum wg_status wg_cfg_item_string(const struct wg_config *c, const char *key, int i, int n,
                                  const char **out, struct wg_err *err)
{
    const json_t *v = get(c, key);

    *out = NULL;
    if (!v)
        return WG_OK;
    if (!json_is_array(v) || json_array_size(v) != (size_t)n)
        return wg_fail(err, WG_E_INPUT, "%s: %s has to be a list of %d, one a layer", c->name, key,
                       n);
    *out = json_string_value(json_array_get(v, (size_t)i));
    return *out ? WG_OK : wrong_kind(c, key, "a list of strings", err);
}

/* The object with the scaling, in the newer or the older form; NULL when there is none. */
static const json_t *rope_object(const struct wg_config *c, const char *layer_type)
{
    const json_t *p = get(c, "rope_parameters");
    const json_t *of_type = layer_type ? json_object_get(p, layer_type) : NULL;

    if (json_is_object(of_type))
        return of_type;
    if (json_is_object(p) && !json_is_object(json_object_get(p, "full_attention")))
        return p;
    p = get(c, "rope_scaling");
    return json_is_object(p) ? p : NULL;
}

static const char *rope_type(const json_t *p)
{
    const char *type = json_string_value(json_object_get(p, "rope_type"));

    if (!type)
        type = json_string_value(json_object_get(p, "type"));
    if (!type || strcmp(type, "none") == 0 || strcmp(type, "mrope") == 0)
        return "default";
    return strcmp(type, "su") == 0 ? "longrope" : type;
}

enum wg_status wg_cfg_rope(const struct wg_config *c, const char *layer_type, double default_theta,
                           struct wg_rope_config *out, struct wg_err *err)
{
    const json_t *p = rope_object(c, layer_type);
    double theta, partial, context, original;

    *out = (struct wg_rope_config){.type = rope_type(p)};
    WG_TRY(wg_cfg_f64(c, "rope_theta", default_theta, &theta, err));
    WG_TRY(wg_cfg_f64(c, "partial_rotary_factor", 0, &partial, err));
    WG_TRY(wg_cfg_f64(c, "max_position_embeddings", 0, &context, err));
    WG_TRY(wg_cfg_f64(c, "original_max_position_embeddings", context, &original, err));
    const struct {
        const char *key;
        double def, *to;
    } fields[] = {
        {"rope_theta", theta, &out->theta},
        {"partial_rotary_factor", partial, &out->partial},
        {"factor", 0, &out->factor},
        {"low_freq_factor", 1, &out->low_freq_factor},
        {"high_freq_factor", 4, &out->high_freq_factor},
        {"beta_fast", 32, &out->beta_fast},
        {"beta_slow", 1, &out->beta_slow},
        {"attention_factor", 0, &out->attention_factor},
        {"mscale", 0, &out->mscale},
        {"mscale_all_dim", 0, &out->mscale_all_dim},
        {"llama_4_scaling_beta", 0, &out->temp_beta},
        {"original_max_position_embeddings", original, &original},
    };
    for (size_t i = 0; i < WG_COUNT(fields); i++)
        WG_TRY(number(c, p, fields[i].key, fields[i].def, fields[i].to, err));
    if (!(original >= 0 && original <= 9e15))
        return wrong_kind(c, "original_max_position_embeddings", "a positive number", err);
    out->original_context = (int64_t)original;
    out->truncate = !json_is_false(json_object_get(p, "truncate"));
    out->short_factor = json_object_get(p, "short_factor");
    out->long_factor = json_object_get(p, "long_factor");
    return WG_OK;
}
