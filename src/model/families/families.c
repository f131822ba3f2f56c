#include "model/families/families.h"

#include "package/gguf.h"

#include <stdio.h>
#include <string.h>

#define WG_FAMILY_DECLARE(name) extern const struct wg_family wg_family_##name;
WG_FAMILIES(WG_FAMILY_DECLARE)
#undef WG_FAMILY_DECLARE

static const struct wg_family *const families[] = {
#define WG_FAMILY_ROW(name) &wg_family_##name,
    WG_FAMILIES(WG_FAMILY_ROW)
#undef WG_FAMILY_ROW
};

static const struct wg_family *find(const char *arch)
{
    for (size_t i = 0; i < WG_COUNT(families); i++)
        for (const char *const *a = families[i]->gguf_archs; *a; a++)
            if (strcmp(*a, arch) == 0)
                return families[i];
    return NULL;
}

enum wg_status wg_spec_from_gguf(const struct wg_gguf *g, struct wg_spec *spec, struct wg_err *err)
{
    struct wg_gguf_str name = {"", 0};
    char arch[sizeof spec->architecture];
    bool found = false;

    *spec = (struct wg_spec){0};
    WG_TRY(wg_gguf_string(g, "general.architecture", &name, &found, err));
    if (!found)
        return wg_fail(err, WG_E_INPUT, "%s: the key general.architecture is missing",
                       wg_gguf_path(g));
    snprintf(arch, sizeof arch, "%.*s", (int)name.n, name.p);
    const struct wg_family *f = find(arch);
    if (!f)
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: architecture \"%s\" is not supported by this version (docs/MODELS.md "
                       "lists what is)",
                       wg_gguf_path(g), arch);
    WG_TRY(f->read_gguf(g, arch, spec, err));
    spec->family = f->name;
    memcpy(spec->architecture, arch, sizeof arch);
    return wg_spec_check(spec, wg_gguf_path(g), err);
}

static void join(char out[128], const char *arch, const char *key)
{
    snprintf(out, 128, "%s.%s", arch, key);
}

static enum wg_status missing(const struct wg_gguf *g, const char *key, struct wg_err *err)
{
    return wg_fail(err, WG_E_INPUT, "%s: the key %s is missing", wg_gguf_path(g), key);
}

enum wg_status wg_arch_i64(const struct wg_gguf *g, const char *arch, const char *key, int64_t *out,
                           struct wg_err *err)
{
    char full[128];
    bool found = false;

    join(full, arch, key);
    WG_TRY(wg_gguf_i64(g, full, out, &found, err));
    return found ? WG_OK : missing(g, full, err);
}

enum wg_status wg_arch_opt_i64(const struct wg_gguf *g, const char *arch, const char *key,
                               int64_t *out, struct wg_err *err)
{
    char full[128];

    join(full, arch, key);
    return wg_gguf_i64(g, full, out, NULL, err);
}

enum wg_status wg_arch_f64(const struct wg_gguf *g, const char *arch, const char *key, double *out,
                           struct wg_err *err)
{
    char full[128];
    bool found = false;

    join(full, arch, key);
    WG_TRY(wg_gguf_f64(g, full, out, &found, err));
    return found ? WG_OK : missing(g, full, err);
}

enum wg_status wg_arch_opt_f64(const struct wg_gguf *g, const char *arch, const char *key,
                               double *out, struct wg_err *err)
{
    char full[128];

    join(full, arch, key);
    return wg_gguf_f64(g, full, out, NULL, err);
}

enum wg_status wg_arch_layer_i64(const struct wg_gguf *g, const char *arch, const char *key,
                                 int layer, int n_layers, int64_t *out, struct wg_err *err)
{
    char full[128];

    join(full, arch, key);
    const struct wg_gguf_kv *kv = wg_gguf_find(g, full);
    if (!kv)
        return missing(g, full, err);
    if (kv->kind != WG_GGUF_ARRAY)
        return wg_gguf_item_i64(kv, 0, out, err);
    if (kv->count != (uint64_t)n_layers)
        return wg_fail(err, WG_E_INPUT, "%s: %s has %llu items for %d layers", wg_gguf_path(g),
                       full, (unsigned long long)kv->count, n_layers);
    return wg_gguf_item_i64(kv, (uint64_t)layer, out, err);
}
