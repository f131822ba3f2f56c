/* Prices of an API and rates of this machine, from the files that the user names. */
#include "plan/cost.h"

#include "base/file.h"
#include "base/hash.h"

#include <stdio.h>
#include <string.h>

enum { PRICE_MAX_BYTES = 64 << 20, BENCH_MAX_BYTES = 1 << 20 };

static const char *keep(struct wg_arena *a, const char *s)
{
    return wg_arena_strndup(a, s, strlen(s));
}

/* A number >= 0 under `key`, or an error that names the place. */
static enum wg_status amount(const json_t *map, const char *key, const char *name,
                             const char *where, double *out, struct wg_err *err)
{
    const json_t *v = json_object_get(map, key);

    if (!json_is_number(v) || !(json_number_value(v) >= 0) || json_number_value(v) > 1e9)
        return wg_fail(err, WG_E_INPUT, "%s: %s: \"%s\" has to be a number of USD from 0 to 1e9",
                       name, where, key);
    *out = json_number_value(v);
    return WG_OK;
}

/* Names of the models there are, as many as fit. */
struct offer {
    char text[512];
    size_t left_out;
};

static void offer_add(struct offer *o, const char *provider, const char *model)
{
    size_t at = strlen(o->text), n = strlen(provider) + strlen(model) + 3;

    if (at + n >= sizeof o->text)
        o->left_out++;
    else
        snprintf(o->text + at, sizeof o->text - at, "%s%s/%s", at ? ", " : "", provider, model);
}

static enum wg_status not_there(const struct offer *o, const char *path, const char *provider,
                                const char *model, struct wg_err *err)
{
    return wg_fail(err, WG_E_NOT_FOUND, "%s: no price for %s/%s; it has %s%s", path, provider,
                   model, o->text[0] ? o->text : "none of this provider",
                   o->left_out ? ", ..." : "");
}

static enum wg_status find_own(const json_t *doc, const char *path, const char *provider,
                               const char *model, struct wg_price *out, struct wg_err *err)
{
    const json_t *list = json_object_get(doc, "prices"), *row, *hit = NULL;
    struct offer offer = {.text = ""};
    char where[64];
    size_t i;

    out->as_of = json_string_value(json_object_get(doc, "as_of"));
    if (!out->as_of)
        return wg_fail(err, WG_E_INPUT,
                       "%s: \"as_of\" has to say of which day the prices are, "
                       "YYYY-MM-DD",
                       path);
    if (!json_is_array(list))
        return wg_fail(err, WG_E_INPUT, "%s: \"prices\" has to be a list", path);
    json_array_foreach(list, i, row) {
        const char *p = json_string_value(json_object_get(row, "provider"));
        const char *m = json_string_value(json_object_get(row, "model"));
        snprintf(where, sizeof where, "prices[%zu]", i);
        if (!p || !m)
            return wg_fail(err, WG_E_INPUT, "%s: %s: \"provider\" and \"model\" have to be texts",
                           path, where);
        double input, output;
        WG_TRY(amount(row, "input_usd_per_million", path, where, &input, err));
        WG_TRY(amount(row, "output_usd_per_million", path, where, &output, err));
        if (strcmp(p, provider) != 0 || strcmp(m, model) != 0) {
            offer_add(&offer, p, m);
            continue;
        }
        if (hit)
            return wg_fail(err, WG_E_INPUT, "%s: %s: a second price for %s/%s", path, where,
                           provider, model);
        hit = row;
        out->input_usd_per_million = input;
        out->output_usd_per_million = output;
    }
    return hit ? WG_OK : not_there(&offer, path, provider, model, err);
}

static enum wg_status find_models_dev(const json_t *doc, const char *path, const char *provider,
                                      const char *model, struct wg_price *out, struct wg_err *err)
{
    const json_t *models = json_object_get(json_object_get(doc, provider), "models");
    const json_t *cost = json_object_get(json_object_get(models, model), "cost");
    struct offer offer = {.text = ""};
    const char *key;
    json_t *v;
    char where[256];

    if (!json_object_get(models, model)) {
        json_object_foreach((json_t *)models, key, v)
            offer_add(&offer, provider, key);
        return not_there(&offer, path, provider, model, err);
    }
    snprintf(where, sizeof where, "%.100s/%.100s/cost", provider, model);
    WG_TRY(amount(cost, "input", path, where, &out->input_usd_per_million, err));
    return amount(cost, "output", path, where, &out->output_usd_per_million, err);
}

enum wg_status wg_price_find(const char *path, const char *provider, const char *model,
                             struct wg_arena *arena, struct wg_price *out, struct wg_err *err)
{
    char hex[WG_SHA256_HEX];
    json_t *doc = NULL;
    struct wg_buf b;
    struct wg_price p = {0};

    wg_buf_init(&b, PRICE_MAX_BYTES + 131072);
    enum wg_status st = wg_file_read(&b, path, PRICE_MAX_BYTES, err);
    if (st == WG_OK) {
        wg_sha256_hex(b.p ? b.p : "", b.len, hex);
        st = wg_has_suffix(path, ".json") ? wg_json_parse(b.p ? b.p : "", b.len, path, &doc, err)
                                          : wg_yaml_parse(b.p ? b.p : "", b.len, path, &doc, err);
    }
    wg_buf_release(&b);
    if (st != WG_OK)
        return st;
    if (!json_is_object(doc))
        st = wg_fail(err, WG_E_INPUT, "%s: a price file is a mapping", path);
    else if (json_object_get(doc, "prices") || json_object_get(doc, "as_of"))
        st = find_own(doc, path, provider, model, &p, err);
    else
        st = find_models_dev(doc, path, provider, model, &p, err);
    if (st == WG_OK) {
        p.provider = keep(arena, provider);
        p.model = keep(arena, model);
        p.as_of = p.as_of ? keep(arena, p.as_of) : NULL;
        p.source = keep(arena, path);
        p.sha256 = keep(arena, hex);
        if (!p.provider || !p.model || !p.source || !p.sha256)
            st = wg_oom(err, "a price");
        else
            *out = p;
    }
    json_decref(doc);
    return st;
}

static enum wg_status rate(const json_t *row, const char *name, size_t i, double *out,
                           struct wg_err *err)
{
    const json_t *v = json_object_get(row, "tokens_per_s");

    if (!json_is_number(v) || !(json_number_value(v) > 0) || json_number_value(v) > 1e12)
        return wg_fail(err, WG_E_INPUT,
                       "%s: results[%zu]: \"tokens_per_s\" has to be a number over 0", name, i);
    *out = json_number_value(v);
    return WG_OK;
}

enum wg_status wg_speed_from_json(const json_t *bench, double concurrency, const char *name,
                                  struct wg_arena *arena, struct wg_speed *out, struct wg_err *err)
{
    const json_t *rows = json_object_get(bench, "results"), *row;
    const char *isa = json_string_value(json_object_get(bench, "isa"));
    struct wg_speed s = {0};
    size_t i;

    if (!json_is_array(rows))
        return wg_fail(err, WG_E_INPUT,
                       "%s: \"results\" has to be a list, as `weigh bench --json` writes it", name);
    json_array_foreach(rows, i, row) {
        const char *test = json_string_value(json_object_get(row, "test"));
        const json_t *batch = json_object_get(row, "batch");
        long long n = json_is_integer(batch) ? json_integer_value(batch) : 1;
        double v;
        WG_TRY(rate(row, name, i, &v, err));
        if (!test || n < 1 || n > 1000000)
            return wg_fail(err, WG_E_INPUT, "%s: results[%zu]: no \"test\", or no whole \"batch\"",
                           name, i);
        if (strcmp(test, "prefill") == 0 && (s.prefill_tokens_per_s == 0 || n == 1))
            s.prefill_tokens_per_s = v;
        /* batches over the peak would promise rates that this load never sees */
        bool fits = n == 1 || (double)n <= concurrency;
        if (strcmp(test, "decode") == 0 && fits && n > s.batch) {
            s.decode_tokens_per_s = v;
            s.batch = (int)n;
        }
    }
    if (s.prefill_tokens_per_s == 0 || s.decode_tokens_per_s == 0)
        return wg_fail(err, WG_E_INPUT,
                       "%s: needs a \"prefill\" and a \"decode\" result with a batch of at most "
                       "load.peak_concurrency",
                       name);
    s.isa = isa ? keep(arena, isa) : NULL;
    s.source = keep(arena, name);
    if (!s.source || (isa && !s.isa))
        return wg_oom(err, "measured rates");
    *out = s;
    return WG_OK;
}

enum wg_status wg_speed_load(const char *path, double concurrency, struct wg_arena *arena,
                             struct wg_speed *out, struct wg_err *err)
{
    json_t *doc = NULL;

    WG_TRY(wg_json_load(path, BENCH_MAX_BYTES, &doc, err));
    enum wg_status st = wg_speed_from_json(doc, concurrency, path, arena, out, err);
    json_decref(doc);
    return st;
}
