/*
 * What the package says about itself: front matter of the card (Hugging Face model card), PyPI core
 * metadata, GGUF keys, adapter_config.json. Labels and links only; a label is never a permission.
 */
#include "license/work.h"

#include "base/file.h"
#include "license/limits.h"
#include "package/gguf.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

size_t wg_license_front_matter(const char *text, size_t n)
{
    size_t at = n >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    bool first = true;

    while (at < n) {
        const char *nl = memchr(text + at, '\n', n - at);
        size_t end = nl ? (size_t)(nl - text) : n, len = end - at;
        while (len > 0 && strchr(" \t\r", text[at + len - 1]))
            len--;
        bool fence = len == 3 && memcmp(text + at, "---", 3) == 0;
        at = nl ? end + 1 : n;
        if (first && !fence)
            return 0;
        if (!first && fence)
            return at;
        first = false;
    }
    return 0;
}

/* Same licence under two spellings ("Apache-2.0", "apache-2.0")? */
static bool same_label(const char *a, const char *b)
{
    const struct wg_ref_text *ra = wg_ref_by_label(a), *rb = wg_ref_by_label(b);

    return strcasecmp(a, b) == 0 || (ra && ra == rb);
}

/* The first label is the package's; a later one that differs is a finding. */
static enum wg_status add_label(struct wg_license_work *w, const char *label, size_t n,
                                const char *source)
{
    struct wg_license_result *r = w->r;
    const char *value = wg_arena_strndup(&r->arena, label, n);

    if (!value)
        return wg_oom(w->err, "a licence label");
    if (!*value)
        return WG_OK;
    if (!r->label) {
        r->label = value;
        r->label_source = wg_arena_strndup(&r->arena, source, strlen(source));
        return r->label_source ? WG_OK : wg_oom(w->err, "a licence label");
    }
    if (same_label(r->label, value))
        return WG_OK;
    r->label_conflict = true;
    return wg_license_reason(
        w, (struct wg_license_reason){
               .topic = "label",
               .verdict = WG_VERDICT_REVIEW,
               .why = wg_license_textf(&r->arena, "two labels: \"%s\" in %s, \"%s\" in %s",
                                       r->label, r->label_source, value, source),
               .file = source});
}

static enum wg_status add_link(struct wg_license_work *w, struct wg_license_link **list, size_t *n,
                               const char *id, size_t id_bytes, const char *source)
{
    if (id_bytes == 0)
        return WG_OK;
    if (*n >= WG_LICENSE_MAX_LINKS)
        return wg_fail(w->err, WG_E_LIMIT, "%s: more than %d base models or data sets", source,
                       (int)WG_LICENSE_MAX_LINKS);
    for (size_t i = 0; i < *n; i++)
        if (strlen((*list)[i].id) == id_bytes && memcmp((*list)[i].id, id, id_bytes) == 0)
            return WG_OK;
    struct wg_license_link *all = wg_license_grow(&w->r->arena, *list, n, sizeof *all);
    if (!all)
        return wg_oom(w->err, "base models and data sets");
    *list = all;
    all[*n - 1].id = wg_arena_strndup(&w->r->arena, id, id_bytes);
    all[*n - 1].source = wg_arena_strndup(&w->r->arena, source, strlen(source));
    return all[*n - 1].id && all[*n - 1].source ? WG_OK
                                                : wg_oom(w->err, "base models and data sets");
}

/* A key of front matter that is a text or a list of texts. */
static enum wg_status add_links(struct wg_license_work *w, const json_t *v,
                                struct wg_license_link **list, size_t *n, const char *source)
{
    const json_t *item;
    size_t i;

    if (json_is_string(v))
        return add_link(w, list, n, json_string_value(v), json_string_length(v), source);
    json_array_foreach(v, i, item) {
        if (json_is_string(item))
            WG_TRY(add_link(w, list, n, json_string_value(item), json_string_length(item), source));
    }
    return WG_OK;
}

/* `license`, which may be a list; "other" stands for license_name. */
static enum wg_status card_label(struct wg_license_work *w, const json_t *doc, const char *path)
{
    const json_t *license = json_object_get(doc, "license"), *item;
    const char *name = json_string_value(json_object_get(doc, "license_name"));
    struct wg_buf b;
    size_t i;

    wg_buf_init(&b, WG_LICENSE_MAX_FRONT);
    if (json_is_string(license))
        wg_buf_adds(&b, json_string_value(license));
    json_array_foreach(license, i, item) {
        if (json_is_string(item))
            wg_buf_addf(&b, "%s%s", b.len ? ", " : "", json_string_value(item));
    }
    if (name && (b.len == 0 || strcasecmp(b.p, "other") == 0)) {
        wg_buf_clear(&b);
        wg_buf_adds(&b, name);
    }
    enum wg_status st = wg_buf_check(&b, "a licence label", w->err);
    if (st == WG_OK && b.len)
        st = add_label(w, b.p, b.len, path);
    wg_buf_release(&b);
    return st;
}

enum wg_status wg_license_read_card(struct wg_license_work *w, const char *path, const char *text,
                                    size_t n)
{
    size_t front = wg_license_front_matter(text, n);
    struct wg_err err = {0};
    json_t *doc = NULL;
    enum wg_status st;

    if (front == 0)
        return WG_OK;
    if (front > WG_LICENSE_MAX_FRONT)
        return wg_fail(w->err, WG_E_LIMIT, "%s: front matter of %zu bytes; at most %d", path, front,
                       (int)WG_LICENSE_MAX_FRONT);
    /* the closing "---" would begin a second document */
    size_t body = front;
    while (body > 0 && text[body - 1] != '-')
        body--;
    st = wg_yaml_parse(text, body >= 3 ? body - 3 : 0, path, &doc, &err);
    if (st == WG_E_OOM)
        return wg_oom(w->err, "the front matter of a card");
    if (st != WG_OK)
        return wg_license_reason(w, (struct wg_license_reason){
                                        .topic = "label",
                                        .verdict = WG_VERDICT_REVIEW,
                                        .why = wg_license_textf(&w->r->arena,
                                                                "the front matter cannot be read, "
                                                                "so the label is unknown: %s",
                                                                err.msg),
                                        .file = path});
    st = card_label(w, doc, path);
    if (st == WG_OK)
        st = add_links(w, json_object_get(doc, "base_model"), &w->r->base_models,
                       &w->r->n_base_models, path);
    if (st == WG_OK)
        st = add_links(w, json_object_get(doc, "datasets"), &w->r->datasets, &w->r->n_datasets,
                       path);
    json_decref(doc);
    return st;
}

/* Headers "License-Expression: X" or "License: X" of PyPI core metadata, before the blank line. */
enum wg_status wg_license_read_metadata(struct wg_license_work *w, const char *path,
                                        const char *text, size_t n)
{
    static const char *const keys[] = {"License-Expression: ", "License: "};

    if (n < 18 || memcmp(text, "Metadata-Version: ", 18) != 0)
        return WG_OK;
    for (size_t at = 0; at < n && text[at] != '\n' && text[at] != '\r';) {
        const char *nl = memchr(text + at, '\n', n - at);
        size_t end = nl ? (size_t)(nl - text) : n;
        for (size_t k = 0; k < WG_COUNT(keys); k++) {
            size_t len = strlen(keys[k]), stop = end;
            while (stop > at && text[stop - 1] == '\r')
                stop--;
            if (stop > at + len && memcmp(text + at, keys[k], len) == 0)
                return add_label(w, text + at + len, stop - at - len, path);
        }
        at = nl ? end + 1 : n;
    }
    return WG_OK;
}

static enum wg_status gguf_links(struct wg_license_work *w, const struct wg_gguf *g,
                                 const char *path, const char *what, struct wg_license_link **list,
                                 size_t *n)
{
    char key[96], source[512];
    int64_t count = 0;

    snprintf(key, sizeof key, "general.%s.count", what);
    WG_TRY(wg_gguf_i64(g, key, &count, NULL, w->err));
    for (int64_t i = 0; i < count && i <= WG_LICENSE_MAX_LINKS; i++) {
        struct wg_gguf_str s = {0};
        bool found = false;
        snprintf(key, sizeof key, "general.%s.%lld.repo_url", what, (long long)i);
        WG_TRY(wg_gguf_string(g, key, &s, &found, w->err));
        if (!found) {
            snprintf(key, sizeof key, "general.%s.%lld.name", what, (long long)i);
            WG_TRY(wg_gguf_string(g, key, &s, &found, w->err));
        }
        snprintf(source, sizeof source, "%.400s: %s", path, key);
        if (found)
            WG_TRY(add_link(w, list, n, s.p, s.n, source));
    }
    return WG_OK;
}

static enum wg_status gguf_labels(struct wg_license_work *w, const struct wg_gguf *g,
                                  const char *path)
{
    struct wg_gguf_str s = {0};
    bool found = false;
    char source[512];

    WG_TRY(wg_gguf_string(g, "general.license", &s, &found, w->err));
    snprintf(source, sizeof source, "%.400s: general.license", path);
    if (found && s.n == 5 && strncasecmp(s.p, "other", 5) == 0) {
        WG_TRY(wg_gguf_string(g, "general.license.name", &s, NULL, w->err));
        snprintf(source, sizeof source, "%.400s: general.license.name", path);
    }
    if (found)
        WG_TRY(add_label(w, s.p, s.n, source));
    WG_TRY(gguf_links(w, g, path, "base_model", &w->r->base_models, &w->r->n_base_models));
    return gguf_links(w, g, path, "dataset", &w->r->datasets, &w->r->n_datasets);
}

enum wg_status wg_license_read_gguf(struct wg_license_work *w, const char *path, const char *full)
{
    struct wg_gguf *g = NULL;
    struct wg_map m;

    /* By its bytes: a part of a split set is read alone, whatever its neighbours are called. */
    WG_TRY(wg_map_open(&m, full, w->err));
    enum wg_status st = wg_gguf_parse(m.p, m.size, false, 0, full, &g, w->err);
    if (st == WG_OK)
        st = gguf_labels(w, g, path);
    wg_gguf_close(g);
    wg_map_close(&m);
    return st;
}

enum wg_status wg_license_read_adapter(struct wg_license_work *w, const char *path,
                                       const char *full)
{
    json_t *doc = NULL;

    if (!wg_has_suffix(path, "adapter_config.json"))
        return WG_OK;
    WG_TRY(wg_json_load(full, WG_LICENSE_MAX_FRONT, &doc, w->err));
    const json_t *base = json_object_get(doc, "base_model_name_or_path");
    enum wg_status st = add_links(w, base, &w->r->base_models, &w->r->n_base_models, path);
    json_decref(doc);
    return st;
}
