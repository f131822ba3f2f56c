#include "license/use.h"

#include "base/file.h"
#include "base/json.h"
#include "base/mem.h"
#include "license/limits.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *key, *question;
} rows[] = {
#define WG_USE_ROW(e, key, question) {key, question},
    WG_USE_KEYS(WG_USE_ROW)
#undef WG_USE_ROW
};

const char *wg_use_key_name(enum wg_use_key key)
{
    return rows[key].key;
}

const char *wg_use_question(enum wg_use_key key)
{
    return rows[key].question;
}

struct use_reader {
    struct wg_use *use;
    const char *name;
    struct wg_err *err;
};

/* Edit distance of two short words, rows of at most 64 letters. */
static size_t distance(const char *a, const char *b)
{
    size_t row[65], n = WG_MIN(strlen(b), (size_t)64);

    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; a[i]; i++) {
        size_t diagonal = row[0]++;
        for (size_t j = 0; j < n; j++) {
            size_t up = row[j + 1];
            size_t best = WG_MIN(WG_MIN(up, row[j]) + 1, diagonal + (a[i] != b[j]));
            diagonal = up;
            row[j + 1] = best;
        }
    }
    return row[n];
}

static enum wg_status unknown_key(struct use_reader *r, const char *prefix, const char *key)
{
    char full[128];
    const char *nearest = rows[0].key;
    size_t best = SIZE_MAX;

    snprintf(full, sizeof full, "%s%.64s", prefix, key);
    for (size_t i = 0; i < WG_COUNT(rows); i++) {
        size_t d = distance(full, rows[i].key);
        if (d < best) {
            best = d;
            nearest = rows[i].key;
        }
    }
    return wg_fail(r->err, WG_E_INPUT,
                   "%s: %s: there is no such question; the nearest is \"%s\". docs/LICENSES.md "
                   "lists them all",
                   r->name, full, nearest);
}

static enum wg_status wrong(struct use_reader *r, enum wg_use_key k, const char *rule)
{
    return wg_fail(r->err, WG_E_INPUT, "%s: %s: %s (%s)", r->name, rows[k].key, rule,
                   rows[k].question);
}

static enum wg_status read_bool(struct use_reader *r, enum wg_use_key k, const json_t *v, bool *out)
{
    if (!json_is_boolean(v))
        return wrong(r, k, "write true or false");
    *out = json_is_true(v);
    return WG_OK;
}

static enum wg_status read_amount(struct use_reader *r, enum wg_use_key k, const json_t *v,
                                  double *out)
{
    if (!json_is_number(v))
        return wrong(r, k, "write a number, without separators and units");
    *out = json_number_value(v);
    if (!(*out >= 0 && *out <= 1e15))
        return wrong(r, k, "write a number from 0 to 1e15");
    return WG_OK;
}

static enum wg_status read_text(struct use_reader *r, enum wg_use_key k, const json_t *v,
                                const char **out)
{
    if (!json_is_string(v) || json_string_length(v) == 0 || json_string_length(v) > 256 ||
        strlen(json_string_value(v)) != json_string_length(v))
        return wrong(r, k, "write a text of 1 to 256 characters");
    *out = wg_arena_strndup(&r->use->arena, json_string_value(v), json_string_length(v));
    return *out ? WG_OK : wg_oom(r->err, "USE.yaml");
}

/* Index of the value among n names, or an error that lists them. */
static enum wg_status read_choice(struct use_reader *r, enum wg_use_key k, const json_t *v,
                                  const char *const *names, size_t n, size_t *out)
{
    char rule[256] = "write one of";

    for (size_t i = 0; i < n; i++) {
        if (json_is_string(v) && strcmp(json_string_value(v), names[i]) == 0) {
            *out = i;
            return WG_OK;
        }
        size_t at = strlen(rule);
        snprintf(rule + at, sizeof rule - at, "%s %s", i ? "," : "", names[i]);
    }
    return wrong(r, k, rule);
}

static bool is_date(const char *s)
{
    static const char form[] = "dddd-dd-dd";
    int month, day;

    for (size_t i = 0; i < sizeof form; i++)
        if (form[i] == 'd' ? s[i] < '0' || s[i] > '9' : s[i] != form[i])
            return false;
    month = (s[5] - '0') * 10 + s[6] - '0';
    day = (s[8] - '0') * 10 + s[9] - '0';
    return month >= 1 && month <= 12 && day >= 1 && day <= 31;
}

static enum wg_status read_at_release(struct use_reader *r, const json_t *v)
{
    struct wg_use *u = r->use;
    const char *date;
    json_t *users;

    if (!json_is_object(v))
        return wrong(r, WG_USE_MAU_AT_RELEASE, "write {YYYY-MM-DD: users}");
    u->at_release = wg_arena_alloc(&u->arena, json_object_size(v), sizeof *u->at_release);
    if (!u->at_release)
        return wg_oom(r->err, "USE.yaml");
    json_object_foreach((json_t *)v, date, users) {
        struct wg_use_at_release *a = &u->at_release[u->n_at_release];
        if (!is_date(date))
            return wrong(r, WG_USE_MAU_AT_RELEASE, "write the release date as YYYY-MM-DD");
        WG_TRY(read_amount(r, WG_USE_MAU_AT_RELEASE, users, &a->users));
        a->date = wg_arena_strndup(&u->arena, date, strlen(date));
        if (!a->date)
            return wg_oom(r->err, "USE.yaml");
        u->n_at_release++;
    }
    return WG_OK;
}

static enum wg_status read_regions(struct use_reader *r, const json_t *v)
{
    struct wg_use *u = r->use;
    size_t i;
    json_t *item;

    if (!json_is_array(v) || json_array_size(v) == 0)
        return wrong(r, WG_USE_REGIONS, "write a list of country codes, [DE, US]");
    u->regions = wg_arena_alloc(&u->arena, json_array_size(v), sizeof *u->regions);
    if (!u->regions)
        return wg_oom(r->err, "USE.yaml");
    json_array_foreach(v, i, item) {
        const char *s = json_string_value(item);
        if (!s || strlen(s) != 2 || s[0] < 'A' || s[0] > 'Z' || s[1] < 'A' || s[1] > 'Z')
            return wrong(r, WG_USE_REGIONS,
                         "write each country as two capital letters (ISO 3166-1; quote \"NO\")");
        u->regions[u->n_regions] = wg_arena_strndup(&u->arena, s, 2);
        if (!u->regions[u->n_regions++])
            return wg_oom(r->err, "USE.yaml");
    }
    return WG_OK;
}

static enum wg_status read_offers(struct use_reader *r, const json_t *v)
{
    static const char *const names[] = {"internal", "hosted-service", "product"};
    size_t i, choice = 0;
    json_t *item;

    if (!json_is_array(v) || json_array_size(v) == 0)
        return wrong(r, WG_USE_OFFERS, "write a list of internal, hosted-service, product");
    json_array_foreach(v, i, item) {
        WG_TRY(read_choice(r, WG_USE_OFFERS, item, names, WG_COUNT(names), &choice));
        r->use->offers |= 1u << choice;
    }
    return WG_OK;
}

static enum wg_status read_role(struct use_reader *r, const json_t *v)
{
    static const char *const names[] = {"deployer", "end-user"};
    size_t choice = 0;

    WG_TRY(read_choice(r, WG_USE_ROLE, v, names, WG_COUNT(names), &choice));
    r->use->role = choice == 0 ? WG_DEPLOYER : WG_END_USER;
    return WG_OK;
}

static enum wg_status read_modality(struct use_reader *r, const json_t *v)
{
    static const char *const names[] = {"text", "image", "audio", "video", "multimodal"};
    size_t choice = 0;

    WG_TRY(read_choice(r, WG_USE_MODALITY, v, names, WG_COUNT(names), &choice));
    r->use->modality = names[choice];
    return WG_OK;
}

static enum wg_status read_answer(struct use_reader *r, enum wg_use_key k, const json_t *v)
{
    struct wg_use *u = r->use;

    switch (k) {
    case WG_USE_COMMERCIAL:
        return read_bool(r, k, v, &u->commercial);
    case WG_USE_MAU:
        return read_amount(r, k, v, &u->monthly_active_users);
    case WG_USE_MAU_AT_RELEASE:
        return read_at_release(r, v);
    case WG_USE_ANNUAL_REVENUE:
        return read_amount(r, k, v, &u->annual_revenue_usd);
    case WG_USE_MONTHLY_REVENUE:
        return read_amount(r, k, v, &u->monthly_revenue_usd);
    case WG_USE_REGIONS:
        return read_regions(r, v);
    case WG_USE_ROLE:
        return read_role(r, v);
    case WG_USE_OFFERS:
        return read_offers(r, v);
    case WG_USE_REDISTRIBUTES_WEIGHTS:
        return read_bool(r, k, v, &u->redistributes_weights);
    case WG_USE_REDISTRIBUTES_FINE_TUNE:
        return read_bool(r, k, v, &u->redistributes_fine_tune);
    case WG_USE_FINE_TUNES:
        return read_bool(r, k, v, &u->fine_tunes);
    case WG_USE_TRAINS_ON_OUTPUTS:
        return read_bool(r, k, v, &u->trains_other_models_on_outputs);
    case WG_USE_MODALITY:
        return read_modality(r, v);
    case WG_USE_BUDGET_HOST:
        return read_amount(r, k, v, &u->host_usd_per_month);
    case WG_USE_BUDGET_STAFF_HOURS:
        return read_amount(r, k, v, &u->staff_hours_per_month);
    case WG_USE_BUDGET_STAFF_RATE:
        return read_amount(r, k, v, &u->staff_usd_per_hour);
    case WG_USE_LOAD_REQUESTS:
        return read_amount(r, k, v, &u->requests_per_day);
    case WG_USE_LOAD_INPUT:
        return read_amount(r, k, v, &u->input_tokens);
    case WG_USE_LOAD_OUTPUT:
        return read_amount(r, k, v, &u->output_tokens);
    case WG_USE_LOAD_CONCURRENCY:
        return read_amount(r, k, v, &u->peak_concurrency);
    case WG_USE_LOAD_TTFT:
        return read_amount(r, k, v, &u->max_ttft_ms);
    case WG_USE_TODAY_PROVIDER:
        return read_text(r, k, v, &u->provider);
    case WG_USE_TODAY_MODEL:
        return read_text(r, k, v, &u->model);
    case WG_USE_COUNT:
        break;
    }
    return wg_fail(r->err, WG_E_INTERNAL, "a question without a reader");
}

/* One mapping of the file: the whole document (prefix "") or one of its groups ("load."). */
static enum wg_status read_group(struct use_reader *r, const char *prefix, const json_t *map)
{
    const char *key;
    json_t *v;

    json_object_foreach((json_t *)map, key, v) {
        char full[128];
        size_t n = (size_t)snprintf(full, sizeof full, "%s%s", prefix, key);
        bool group = false;
        size_t k = 0;
        for (; k < WG_COUNT(rows) && strcmp(rows[k].key, full) != 0; k++)
            group |= !*prefix && n < sizeof full && strncmp(rows[k].key, full, n) == 0 &&
                     rows[k].key[n] == '.';
        if (k < WG_COUNT(rows)) {
            if (json_is_null(v))
                continue;
            WG_TRY(read_answer(r, (enum wg_use_key)k, v));
            r->use->known[k] = true;
        } else if (!group) {
            return unknown_key(r, prefix, key);
        } else if (json_is_object(v)) {
            char inner[66];
            snprintf(inner, sizeof inner, "%.60s.", key);
            WG_TRY(read_group(r, inner, v));
        } else if (!json_is_null(v)) {
            return wg_fail(r->err, WG_E_INPUT, "%s: %s: write a mapping of its questions, {...}",
                           r->name, key);
        }
    }
    return WG_OK;
}

enum wg_status wg_use_parse(const char *text, size_t n, const char *name, struct wg_use **out,
                            struct wg_err *err)
{
    json_t *doc = NULL;
    enum wg_status st = wg_yaml_parse(text, n, name, &doc, err);

    if (st != WG_OK)
        return st;
    struct wg_use *u = wg_calloc(1, sizeof *u);
    if (!u) {
        json_decref(doc);
        return wg_oom(err, "USE.yaml");
    }
    wg_arena_init(&u->arena, 4 * WG_USE_MAX_BYTES);
    struct use_reader r = {.use = u, .name = name, .err = err};
    u->path = wg_arena_strndup(&u->arena, name, strlen(name));
    if (!u->path)
        st = wg_oom(err, "USE.yaml");
    else if (json_is_object(doc))
        st = read_group(&r, "", doc);
    else
        st = wg_fail(err, WG_E_INPUT, "%s: write a mapping of questions to answers", name);
    json_decref(doc);
    if (st == WG_OK)
        *out = u;
    else
        wg_use_free(u);
    return st;
}

enum wg_status wg_use_load(const char *path, struct wg_use **out, struct wg_err *err)
{
    struct wg_buf b;

    wg_buf_init(&b, WG_USE_MAX_BYTES + 131072);
    enum wg_status st = wg_file_read(&b, path, WG_USE_MAX_BYTES, err);
    if (st == WG_OK)
        st = wg_use_parse(b.p ? b.p : "", b.len, path, out, err);
    wg_buf_release(&b);
    return st;
}

void wg_use_free(struct wg_use *u)
{
    if (!u)
        return;
    wg_arena_release(&u->arena);
    wg_free(u);
}
