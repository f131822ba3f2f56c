#include "text/jinja/value.h"

#include "base/mem.h"
#include "text/jinja/run.h"
#include "text/jinja/uni.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { INDEX_FROM = 9, TAIL_FROM = 256 };

const char *wgj_type_name(struct wgj_val v)
{
    static const char *const names[] = {
        [WGJ_MISSING] = "Undefined",
        [WGJ_UNDEFINED] = "Undefined",
        [WGJ_NONE] = "NoneType",
        [WGJ_BOOL] = "bool",
        [WGJ_INT] = "int",
        [WGJ_FLOAT] = "float",
        [WGJ_STR] = "str",
        [WGJ_LIST] = "list",
        [WGJ_TUPLE] = "tuple",
        [WGJ_DICT] = "dict",
        [WGJ_RANGE] = "range",
        [WGJ_GEN] = "generator",
        [WGJ_NAMESPACE] = "Namespace",
        [WGJ_LOOP] = "LoopContext",
        [WGJ_CYCLER] = "Cycler",
        [WGJ_JOINER] = "Joiner",
        [WGJ_MACRO] = "Macro",
        [WGJ_METHOD] = "builtin_function_or_method",
        [WGJ_FUNC] = "function",
    };
    static const char *const views[] = {"dict_keys", "dict_values", "dict_items"};

    return v.t == WGJ_VIEW ? views[v.view->kind] : names[v.t];
}

const char *wgj_owner_name(struct wgj_val v)
{
    switch (v.t) {
    case WGJ_NONE:
        return "None";
    case WGJ_BOOL:
        return "bool object";
    case WGJ_INT:
        return "int object";
    case WGJ_FLOAT:
        return "float object";
    case WGJ_STR:
        return "str object";
    case WGJ_LIST:
        return "list object";
    case WGJ_TUPLE:
        return "tuple object";
    case WGJ_DICT:
        return "dict object";
    case WGJ_NAMESPACE:
        return "namespace object";
    default:
        return wgj_type_name(v);
    }
}

bool wgj_truth(struct wgj_val v)
{
    size_t n;

    switch (v.t) {
    case WGJ_MISSING:
    case WGJ_UNDEFINED:
    case WGJ_NONE:
        return false;
    case WGJ_BOOL:
        return v.b;
    case WGJ_INT:
        return v.i != 0;
    case WGJ_FLOAT:
        return v.f != 0;
    case WGJ_STR:
        return v.s->n > 0;
    default:
        return !wgj_len(v, &n) || n > 0;
    }
}

double wgj_as_double(struct wgj_val v)
{
    return v.t == WGJ_FLOAT ? v.f : (double)WGJ_AS_INT(v);
}

bool wgj_len(struct wgj_val v, size_t *n)
{
    switch (v.t) {
    case WGJ_MISSING:
    case WGJ_UNDEFINED:
        *n = 0;
        return true;
    case WGJ_STR:
        *n = wgj_chars(v.s);
        return true;
    case WGJ_LIST:
    case WGJ_TUPLE:
        *n = v.l->n;
        return true;
    case WGJ_DICT:
        *n = v.d->n;
        return true;
    case WGJ_VIEW:
        *n = v.view->d->n;
        return true;
    case WGJ_RANGE:
        *n = (size_t)v.range->n;
        return true;
    default:
        return false;
    }
}

enum wg_status wgj_alloc(struct wgj_run *r, size_t n, size_t size, void **out)
{
    *out = wg_arena_alloc(&r->heap, n, size);
    if (*out)
        return WG_OK;
    size_t bytes;
    if (!wg_mul_ok(n, size, &bytes) || bytes + 16 > r->heap.max_bytes - r->heap.used_bytes)
        return wgj_fail(r, WG_E_LIMIT, "the values of this render are over the limit of %zu bytes",
                        r->heap.max_bytes);
    return wg_oom(r->err, "a template value");
}

static enum wg_status str_header(struct wgj_run *r, const char *p, size_t n, struct wgj_val *out)
{
    void *s;

    WG_TRY(wgj_alloc(r, 1, sizeof(struct wgj_str), &s));
    *out = WGJ_STR_VAL(s);
    *out->s = (struct wgj_str){.p = p, .n = n, .chars = WGJ_UNCOUNTED};
    return WG_OK;
}

enum wg_status wgj_str_borrow(struct wgj_run *r, const char *p, size_t n, struct wgj_val *out)
{
    return str_header(r, p, n, out);
}

enum wg_status wgj_str_new(struct wgj_run *r, const char *p, size_t n, struct wgj_val *out)
{
    void *copy;

    WG_TRY(wgj_work(r, n));
    WG_TRY(wgj_alloc(r, n, 1, &copy));
    if (n)
        memcpy(copy, p, n);
    return str_header(r, copy, n, out);
}

enum wg_status wgj_str_z(struct wgj_run *r, const char *z, struct wgj_val *out)
{
    return wgj_str_new(r, z, strlen(z), out);
}

enum wg_status wgj_str_concat(struct wgj_run *r, struct wgj_val a, struct wgj_val b,
                              struct wgj_val *out)
{
    struct wgj_str *s = a.s;
    size_t n, cap;
    void *mem;

    if (b.s->n == 0 || a.s->n == 0) {
        *out = a.s->n ? a : b;
        return WG_OK;
    }
    WG_TRY(wgj_work(r, b.s->n));
    /* The bytes of `a` end where its tail begins: they can be extended in place, since no older
     * string reaches past its own length. */
    if (s->tail && s->p + s->n == (const char *)(s->tail + 1) + s->tail->used &&
        b.s->n <= s->tail->cap - s->tail->used) {
        memcpy((char *)(s->tail + 1) + s->tail->used, b.s->p, b.s->n);
        s->tail->used += b.s->n;
        WG_TRY(str_header(r, s->p, s->n + b.s->n, out));
        out->s->tail = s->tail;
        return WG_OK;
    }
    WG_TRY(wgj_work(r, s->n));
    if (!wg_add_ok(s->n, b.s->n, &n) || !wg_mul_ok(n, 2, &cap))
        return wgj_fail(r, WG_E_LIMIT, "a string is too long");
    if (s->n < TAIL_FROM) {
        WG_TRY(wgj_alloc(r, n, 1, &mem));
        memcpy(mem, s->p, s->n);
        memcpy((char *)mem + s->n, b.s->p, b.s->n);
        return str_header(r, mem, n, out);
    }
    WG_TRY(wgj_alloc(r, sizeof(struct wgj_tail) + cap, 1, &mem));
    struct wgj_tail *tail = mem;
    char *p = (char *)(tail + 1);
    tail->used = n;
    tail->cap = cap;
    memcpy(p, s->p, s->n);
    memcpy(p + s->n, b.s->p, b.s->n);
    WG_TRY(str_header(r, p, n, out));
    out->s->tail = tail;
    return WG_OK;
}

enum wg_status wgj_list_new(struct wgj_run *r, size_t cap, struct wgj_list **out)
{
    void *l, *v = NULL;

    WG_TRY(wgj_alloc(r, 1, sizeof(struct wgj_list), &l));
    if (cap)
        WG_TRY(wgj_alloc(r, cap, sizeof(struct wgj_val), &v));
    *out = l;
    **out = (struct wgj_list){.cap = cap, .v = v};
    return WG_OK;
}

enum wg_status wgj_list_add(struct wgj_run *r, struct wgj_list *l, struct wgj_val v)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 4;
        void *mem;
        WG_TRY(wgj_work(r, l->n));
        WG_TRY(wgj_alloc(r, cap, sizeof(struct wgj_val), &mem));
        if (l->n)
            memcpy(mem, l->v, l->n * sizeof *l->v);
        l->v = mem;
        l->cap = cap;
    }
    l->v[l->n++] = v;
    return WG_OK;
}

enum wg_status wgj_pair_new(struct wgj_run *r, struct wgj_val a, struct wgj_val b,
                            struct wgj_val *out)
{
    struct wgj_list *l;

    WG_TRY(wgj_list_new(r, 2, &l));
    l->v[0] = a;
    l->v[1] = b;
    l->n = 2;
    *out = WGJ_TUPLE_VAL(l);
    return WG_OK;
}

enum wg_status wgj_gen_new(struct wgj_run *r, struct wgj_list *l, const char *what,
                           struct wgj_val *out)
{
    void *g;

    WG_TRY(wgj_alloc(r, 1, sizeof(struct wgj_gen), &g));
    *out = (struct wgj_val){.t = WGJ_GEN, .gen = g};
    *out->gen = (struct wgj_gen){.l = l, .what = what};
    return WG_OK;
}

enum wg_status wgj_undefined_new(struct wgj_run *r, struct wgj_val *out, const char *fmt, ...)
{
    char msg[256];
    void *u, *copy;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    WG_TRY(wgj_alloc(r, 1, sizeof(struct wgj_undefined), &u));
    WG_TRY(wgj_alloc(r, strlen(msg) + 1, 1, &copy));
    memcpy(copy, msg, strlen(msg) + 1);
    *out = WGJ_UNDEF_VAL(u);
    out->u->message = copy;
    return WG_OK;
}

/* Dicts */

bool wgj_hashable(struct wgj_val v)
{
    if (v.t == WGJ_TUPLE) {
        for (size_t i = 0; i < v.l->n; i++)
            if (!wgj_hashable(v.l->v[i]))
                return false;
        return true;
    }
    return v.t != WGJ_LIST && v.t != WGJ_DICT && v.t != WGJ_VIEW;
}

static uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ h >> 29;
}

/* Equal values hash equally: 1, 1.0 and true are one key. */
static uint64_t hash(struct wgj_val v)
{
    uint64_t h = 1469598103934665603u;

    switch (v.t) {
    case WGJ_STR:
        for (size_t i = 0; i < v.s->n; i++)
            h = (h ^ (unsigned char)v.s->p[i]) * UINT64_C(1099511628211);
        return mix(h, 3);
    case WGJ_BOOL:
    case WGJ_INT:
        return mix(h, (uint64_t)WGJ_AS_INT(v));
    case WGJ_FLOAT:
        if (v.f == floor(v.f) && fabs(v.f) < 9.2e18)
            return mix(h, (uint64_t)(int64_t)v.f);
        memcpy(&h, &v.f, sizeof h);
        return mix(h, 5);
    case WGJ_TUPLE:
        for (size_t i = 0; i < v.l->n; i++)
            h = mix(h, hash(v.l->v[i]));
        return h;
    case WGJ_NONE:
    case WGJ_MISSING:
    case WGJ_UNDEFINED:
        return mix(h, v.t);
    default:
        return mix(h, (uint64_t)(uintptr_t)v.ptr);
    }
}

enum wg_status wgj_dict_new(struct wgj_run *r, size_t cap, struct wgj_dict **out)
{
    void *d, *e = NULL;

    WG_TRY(wgj_alloc(r, 1, sizeof(struct wgj_dict), &d));
    if (cap)
        WG_TRY(wgj_alloc(r, cap, sizeof(struct wgj_pair), &e));
    *out = d;
    **out = (struct wgj_dict){.cap = cap, .e = e};
    return WG_OK;
}

static enum wg_status key_equal(struct wgj_run *r, struct wgj_val a, struct wgj_val b, bool *same)
{
    if (a.t == WGJ_STR && b.t == WGJ_STR) {
        *same = a.s->n == b.s->n && memcmp(a.s->p, b.s->p, a.s->n) == 0;
        return WG_OK;
    }
    if (wgj_same(a, b)) {
        *same = true;
        return WG_OK;
    }
    return wgj_equal(r, a, b, same);
}

/* Entry of the key, or d->n; with an index also the place where it belongs there. */
static enum wg_status find(struct wgj_run *r, const struct wgj_dict *d, struct wgj_val key,
                           size_t *entry, size_t *place)
{
    bool same = false;

    if (!wgj_hashable(key))
        return wgj_fail(r, WG_E_INPUT, "unhashable type: '%s'", wgj_type_name(key));
    if (!d->index) {
        for (size_t i = 0; i < d->n; i++) {
            WG_TRY(key_equal(r, key, d->e[i].key, &same));
            if (same) {
                *entry = i;
                return WG_OK;
            }
        }
        *entry = d->n;
        return WG_OK;
    }
    size_t mask = d->index_cap - 1, i = (size_t)hash(key) & mask, probes = 0;
    for (; d->index[i]; i = (i + 1) & mask) {
        WG_TRY(key_equal(r, key, d->e[d->index[i] - 1].key, &same));
        if (same) {
            *entry = d->index[i] - 1;
            *place = i;
            return WG_OK;
        }
        if (++probes % 8 == 0)
            WG_TRY(wgj_work(r, WGJ_BYTES_PER_STEP));
    }
    *entry = d->n;
    *place = i;
    return WG_OK;
}

enum wg_status wgj_dict_find(struct wgj_run *r, const struct wgj_dict *d, struct wgj_val key,
                             struct wgj_val **slot)
{
    size_t entry, place;

    WG_TRY(find(r, d, key, &entry, &place));
    *slot = entry < d->n ? &d->e[entry].value : NULL;
    return WG_OK;
}

static enum wg_status grow(struct wgj_run *r, struct wgj_dict *d)
{
    void *mem;

    if (d->n == d->cap) {
        size_t cap = d->cap ? d->cap * 2 : 4;
        WG_TRY(wgj_alloc(r, cap, sizeof *d->e, &mem));
        if (d->n)
            memcpy(mem, d->e, d->n * sizeof *d->e);
        d->e = mem;
        d->cap = cap;
    }
    if (d->n + 1 < INDEX_FROM || (d->index && d->n + 1 <= d->index_cap / 2))
        return WG_OK;
    size_t cap = d->index_cap ? d->index_cap * 2 : 32;
    while (cap / 2 < d->n + 1)
        cap *= 2;
    if (d->n >= UINT32_MAX / 2)
        return wgj_fail(r, WG_E_LIMIT, "a dict is too large");
    WG_TRY(wgj_alloc(r, cap, sizeof *d->index, &mem));
    d->index = mem;
    d->index_cap = cap;
    for (size_t k = 0; k < d->n; k++) {
        size_t i = (size_t)hash(d->e[k].key) & (cap - 1);
        while (d->index[i])
            i = (i + 1) & (cap - 1);
        d->index[i] = (uint32_t)k + 1;
    }
    return WG_OK;
}

enum wg_status wgj_dict_put(struct wgj_run *r, struct wgj_dict *d, struct wgj_val key,
                            struct wgj_val value)
{
    size_t entry, place = 0;

    WG_TRY(find(r, d, key, &entry, &place));
    if (entry == d->n) {
        const uint32_t *old = d->index;
        WG_TRY(grow(r, d));
        if (d->index != old)
            WG_TRY(find(r, d, key, &entry, &place));
        if (d->index)
            d->index[place] = (uint32_t)d->n + 1;
        d->e[d->n++].key = key;
    }
    d->e[entry].value = value;
    return WG_OK;
}

/* Comparison */

bool wgj_same(struct wgj_val a, struct wgj_val b)
{
    if (a.t != b.t)
        return false;
    switch (a.t) {
    case WGJ_NONE:
        return true;
    case WGJ_BOOL:
        return a.b == b.b;
    case WGJ_INT:
        return a.i == b.i;
    case WGJ_FLOAT:
        return a.f == b.f;
    case WGJ_STR:
        return a.s->n == b.s->n && (a.s->p == b.s->p || memcmp(a.s->p, b.s->p, a.s->n) == 0);
    default:
        return a.ptr == b.ptr;
    }
}

/* Exact comparison of an int with a float, without rounding the int: <0, 0, >0, or 2 for NaN. */
static int compare_int_float(int64_t i, double f)
{
    if (isnan(f))
        return 2;
    if (f >= 9223372036854775808.0)
        return -1;
    if (f < -9223372036854775808.0)
        return 1;
    double whole = trunc(f);
    int64_t w = (int64_t)whole;
    if (i != w)
        return i < w ? -1 : 1;
    return f > whole ? -1 : f < whole ? 1 : 0;
}

static int compare_numbers(struct wgj_val a, struct wgj_val b)
{
    if (a.t == WGJ_FLOAT && b.t == WGJ_FLOAT)
        return isnan(a.f) || isnan(b.f) ? 2 : a.f < b.f ? -1 : a.f > b.f;
    if (a.t == WGJ_FLOAT) {
        int c = compare_int_float(WGJ_AS_INT(b), a.f);
        return c == 2 ? 2 : -c;
    }
    if (b.t == WGJ_FLOAT)
        return compare_int_float(WGJ_AS_INT(a), b.f);
    return WGJ_AS_INT(a) < WGJ_AS_INT(b) ? -1 : WGJ_AS_INT(a) > WGJ_AS_INT(b);
}

static enum wg_status enter(struct wgj_run *r)
{
    WG_TRY(wgj_work(r, WGJ_BYTES_PER_STEP));
    if (++r->depth > WGJ_MAX_EVAL)
        return wgj_fail(r, WG_E_LIMIT, "values are nested too deeply to compare");
    return WG_OK;
}

static enum wg_status equal_lists(struct wgj_run *r, const struct wgj_list *a,
                                  const struct wgj_list *b, bool *out)
{
    *out = a->n == b->n;
    for (size_t i = 0; *out && i < a->n; i++)
        if (!wgj_same(a->v[i], b->v[i]))
            WG_TRY(wgj_equal(r, a->v[i], b->v[i], out));
    return WG_OK;
}

static enum wg_status equal_dicts(struct wgj_run *r, const struct wgj_dict *a,
                                  const struct wgj_dict *b, bool *out)
{
    *out = a->n == b->n;
    for (size_t i = 0; *out && i < a->n; i++) {
        struct wgj_val *other;
        WG_TRY(wgj_dict_find(r, b, a->e[i].key, &other));
        *out = other != NULL;
        if (other && !wgj_same(a->e[i].value, *other))
            WG_TRY(wgj_equal(r, a->e[i].value, *other, out));
    }
    return WG_OK;
}

enum wg_status wgj_equal(struct wgj_run *r, struct wgj_val a, struct wgj_val b, bool *out)
{
    if (WGJ_IS_NUMBER(a) && WGJ_IS_NUMBER(b)) {
        *out = compare_numbers(a, b) == 0;
        return WG_OK;
    }
    if (a.t == WGJ_MISSING)
        a.t = WGJ_UNDEFINED;
    if (b.t == WGJ_MISSING)
        b.t = WGJ_UNDEFINED;
    *out = a.t == b.t;
    if (!*out || a.t == WGJ_UNDEFINED)
        return WG_OK;
    switch (a.t) {
    case WGJ_STR:
        *out = wgj_same(a, b);
        return wgj_work(r, a.s->n);
    case WGJ_LIST:
    case WGJ_TUPLE:
        WG_TRY(enter(r));
        WG_TRY(equal_lists(r, a.l, b.l, out));
        r->depth--;
        return WG_OK;
    case WGJ_DICT:
        WG_TRY(enter(r));
        WG_TRY(equal_dicts(r, a.d, b.d, out));
        r->depth--;
        return WG_OK;
    case WGJ_RANGE:
        *out = a.range->n == b.range->n &&
               (a.range->n == 0 || (a.range->start == b.range->start &&
                                    (a.range->n == 1 || a.range->step == b.range->step)));
        return WG_OK;
    default:
        *out = wgj_same(a, b);
        return WG_OK;
    }
}

static enum wg_status less_lists(struct wgj_run *r, const struct wgj_list *a,
                                 const struct wgj_list *b, const char *op, bool *out)
{
    for (size_t i = 0; i < a->n && i < b->n; i++) {
        bool same = wgj_same(a->v[i], b->v[i]);
        if (!same)
            WG_TRY(wgj_equal(r, a->v[i], b->v[i], &same));
        if (!same)
            return wgj_less(r, a->v[i], b->v[i], op, out);
    }
    *out = a->n < b->n;
    return WG_OK;
}

enum wg_status wgj_less(struct wgj_run *r, struct wgj_val a, struct wgj_val b, const char *op,
                        bool *out)
{
    if (WGJ_IS_NUMBER(a) && WGJ_IS_NUMBER(b)) {
        *out = compare_numbers(a, b) == -1;
        return WG_OK;
    }
    if (a.t == WGJ_STR && b.t == WGJ_STR) {
        size_t n = WG_MIN(a.s->n, b.s->n);
        int c = n ? memcmp(a.s->p, b.s->p, n) : 0;
        *out = c ? c < 0 : a.s->n < b.s->n;
        return wgj_work(r, n);
    }
    if (a.t == b.t && WGJ_IS_SEQUENCE(a)) {
        WG_TRY(enter(r));
        WG_TRY(less_lists(r, a.l, b.l, op, out));
        r->depth--;
        return WG_OK;
    }
    if (a.t == WGJ_UNDEFINED || a.t == WGJ_MISSING)
        return wgj_fail_undefined(r, a);
    if (b.t == WGJ_UNDEFINED || b.t == WGJ_MISSING)
        return wgj_fail_undefined(r, b);
    return wgj_fail(r, WG_E_INPUT, "'%s' not supported between instances of '%s' and '%s'", op,
                    wgj_type_name(a), wgj_type_name(b));
}

/* Strings */

size_t wgj_chars(struct wgj_str *s)
{
    if (s->chars == WGJ_UNCOUNTED)
        s->chars = wgj_count_chars(s->p, s->n);
    return s->chars;
}

size_t wgj_char_offset(struct wgj_str *s, size_t k)
{
    size_t i = 0;

    if (wgj_chars(s) == s->n)
        return k;
    for (; k > 0 && i < s->n; k--) {
        int len;
        wgj_cp(s->p + i, &len);
        i += (size_t)len;
    }
    return i;
}

bool wgj_str_is(struct wgj_val v, const char *z)
{
    return v.t == WGJ_STR && v.s->n == strlen(z) && memcmp(v.s->p, z, v.s->n) == 0;
}

/* Iteration */

enum wg_status wgj_iter_start(struct wgj_run *r, struct wgj_val v, struct wgj_iter *it)
{
    *it = (struct wgj_iter){.src = v};
    switch (v.t) {
    case WGJ_MISSING:
    case WGJ_UNDEFINED:
    case WGJ_STR:
    case WGJ_LIST:
    case WGJ_TUPLE:
    case WGJ_DICT:
    case WGJ_VIEW:
    case WGJ_RANGE:
    case WGJ_GEN:
        return WG_OK;
    default:
        return wgj_fail(r, WG_E_INPUT, "'%s' object is not iterable", wgj_type_name(v));
    }
}

static enum wg_status next_pair(struct wgj_run *r, struct wgj_iter *it, struct wgj_val *v,
                                bool *more)
{
    struct wgj_dict *d = it->src.t == WGJ_DICT ? it->src.d : it->src.view->d;
    enum wgj_view_kind kind = it->src.t == WGJ_DICT ? WGJ_KEYS : it->src.view->kind;

    *more = it->pos < d->n;
    if (!*more)
        return WG_OK;
    struct wgj_pair *e = &d->e[it->pos++];
    if (kind == WGJ_ITEMS)
        return wgj_pair_new(r, e->key, e->value, v);
    *v = kind == WGJ_KEYS ? e->key : e->value;
    return WG_OK;
}

static enum wg_status next_char(struct wgj_run *r, struct wgj_iter *it, struct wgj_val *v,
                                bool *more)
{
    const struct wgj_str *s = it->src.s;
    int len;

    *more = it->pos < s->n;
    if (!*more)
        return WG_OK;
    wgj_cp(s->p + it->pos, &len);
    WG_TRY(wgj_str_borrow(r, s->p + it->pos, (size_t)len, v));
    it->pos += (size_t)len;
    return WG_OK;
}

enum wg_status wgj_iter_next(struct wgj_run *r, struct wgj_iter *it, struct wgj_val *v, bool *more)
{
    *more = false;
    switch (it->src.t) {
    case WGJ_STR:
        return next_char(r, it, v, more);
    case WGJ_LIST:
    case WGJ_TUPLE:
        *more = it->pos < it->src.l->n;
        if (*more)
            *v = it->src.l->v[it->pos++];
        return WG_OK;
    case WGJ_DICT:
    case WGJ_VIEW:
        return next_pair(r, it, v, more);
    case WGJ_RANGE:
        *more = (int64_t)it->pos < it->src.range->n;
        if (*more)
            *v = WGJ_INT_VAL(it->src.range->start + (int64_t)it->pos++ * it->src.range->step);
        return WG_OK;
    case WGJ_GEN:
        *more = it->src.gen->pos < it->src.gen->l->n;
        if (*more)
            *v = it->src.gen->l->v[it->src.gen->pos++];
        return WG_OK;
    default:
        return WG_OK;
    }
}

enum wg_status wgj_to_list(struct wgj_run *r, struct wgj_val v, struct wgj_list **out)
{
    struct wgj_iter it;
    struct wgj_val item;
    bool more;
    size_t n = 0;

    WG_TRY(wgj_iter_start(r, v, &it));
    wgj_len(v, &n);
    WG_TRY(wgj_work(r, n));
    WG_TRY(wgj_list_new(r, n, out));
    for (;;) {
        WG_TRY(wgj_iter_next(r, &it, &item, &more));
        if (!more)
            return WG_OK;
        WG_TRY(wgj_list_add(r, *out, item));
    }
}
