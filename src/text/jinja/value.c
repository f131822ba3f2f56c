#include "text/jinja/value.h"

#include "base/mem.h"
#include "text/jinja/run.h"
#include "text/jinja/uni.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { INDEX_FROM = 9, TAIL_FROM = 256 };

const char *wg_j_type_name(struct wg_j_val v)
{
    static const char *const names[] = {
        [WG_J_MISSING] = "Undefined",
        [WG_J_UNDEFINED] = "Undefined",
        [WG_J_NONE] = "NoneType",
        [WG_J_BOOL] = "bool",
        [WG_J_INT] = "int",
        [WG_J_FLOAT] = "float",
        [WG_J_STR] = "str",
        [WG_J_LIST] = "list",
        [WG_J_TUPLE] = "tuple",
        [WG_J_DICT] = "dict",
        [WG_J_RANGE] = "range",
        [WG_J_GEN] = "generator",
        [WG_J_NAMESPACE] = "Namespace",
        [WG_J_LOOP] = "LoopContext",
        [WG_J_CYCLER] = "Cycler",
        [WG_J_JOINER] = "Joiner",
        [WG_J_MACRO] = "Macro",
        [WG_J_METHOD] = "builtin_function_or_method",
        [WG_J_FUNC] = "function",
    };
    static const char *const views[] = {"dict_keys", "dict_values", "dict_items"};

    return v.t == WG_J_VIEW ? views[v.view->kind] : names[v.t];
}

const char *wg_j_owner_name(struct wg_j_val v)
{
    switch (v.t) {
    case WG_J_NONE:
        return "None";
    case WG_J_BOOL:
        return "bool object";
    case WG_J_INT:
        return "int object";
    case WG_J_FLOAT:
        return "float object";
    case WG_J_STR:
        return "str object";
    case WG_J_LIST:
        return "list object";
    case WG_J_TUPLE:
        return "tuple object";
    case WG_J_DICT:
        return "dict object";
    case WG_J_NAMESPACE:
        return "namespace object";
    default:
        return wg_j_type_name(v);
    }
}

bool wg_j_truth(struct wg_j_val v)
{
    size_t n;

    switch (v.t) {
    case WG_J_MISSING:
    case WG_J_UNDEFINED:
    case WG_J_NONE:
        return false;
    case WG_J_BOOL:
        return v.b;
    case WG_J_INT:
        return v.i != 0;
    case WG_J_FLOAT:
        return v.f != 0;
    case WG_J_STR:
        return v.s->n > 0;
    default:
        return !wg_j_len(v, &n) || n > 0;
    }
}

double wg_j_as_double(struct wg_j_val v)
{
    return v.t == WG_J_FLOAT ? v.f : (double)WG_J_AS_INT(v);
}

bool wg_j_len(struct wg_j_val v, size_t *n)
{
    switch (v.t) {
    case WG_J_MISSING:
    case WG_J_UNDEFINED:
        *n = 0;
        return true;
    case WG_J_STR:
        *n = wg_j_chars(v.s);
        return true;
    case WG_J_LIST:
    case WG_J_TUPLE:
        *n = v.l->n;
        return true;
    case WG_J_DICT:
        *n = v.d->n;
        return true;
    case WG_J_VIEW:
        *n = v.view->d->n;
        return true;
    case WG_J_RANGE:
        *n = (size_t)v.range->n;
        return true;
    default:
        return false;
    }
}

enum wg_status wg_j_alloc(struct wg_j_run *r, size_t n, size_t size, void **out)
{
    *out = wg_arena_alloc(&r->heap, n, size);
    if (*out)
        return WG_OK;
    size_t bytes;
    if (!wg_mul_ok(n, size, &bytes) || bytes + 16 > r->heap.max_bytes - r->heap.used_bytes)
        return wg_j_fail(r, WG_E_LIMIT, "the values of this render are over the limit of %zu bytes",
                         r->heap.max_bytes);
    return wg_oom(r->err, "a template value");
}

static enum wg_status str_header(struct wg_j_run *r, const char *p, size_t n, struct wg_j_val *out)
{
    void *s;

    WG_TRY(wg_j_alloc(r, 1, sizeof(struct wg_j_str), &s));
    *out = WG_J_STR_VAL(s);
    *out->s = (struct wg_j_str){.p = p, .n = n, .chars = WG_J_UNCOUNTED};
    return WG_OK;
}

enum wg_status wg_j_str_borrow(struct wg_j_run *r, const char *p, size_t n, struct wg_j_val *out)
{
    return str_header(r, p, n, out);
}

enum wg_status wg_j_str_new(struct wg_j_run *r, const char *p, size_t n, struct wg_j_val *out)
{
    void *copy;

    WG_TRY(wg_j_work(r, n));
    WG_TRY(wg_j_alloc(r, n, 1, &copy));
    if (n)
        memcpy(copy, p, n);
    return str_header(r, copy, n, out);
}

enum wg_status wg_j_str_z(struct wg_j_run *r, const char *z, struct wg_j_val *out)
{
    return wg_j_str_new(r, z, strlen(z), out);
}

enum wg_status wg_j_str_concat(struct wg_j_run *r, struct wg_j_val a, struct wg_j_val b,
                               struct wg_j_val *out)
{
    struct wg_j_str *s = a.s;
    size_t n, cap;
    void *mem;

    if (b.s->n == 0 || a.s->n == 0) {
        *out = a.s->n ? a : b;
        return WG_OK;
    }
    WG_TRY(wg_j_work(r, b.s->n));
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
    WG_TRY(wg_j_work(r, s->n));
    if (!wg_add_ok(s->n, b.s->n, &n) || !wg_mul_ok(n, 2, &cap))
        return wg_j_fail(r, WG_E_LIMIT, "a string is too long");
    if (s->n < TAIL_FROM) {
        WG_TRY(wg_j_alloc(r, n, 1, &mem));
        memcpy(mem, s->p, s->n);
        memcpy((char *)mem + s->n, b.s->p, b.s->n);
        return str_header(r, mem, n, out);
    }
    WG_TRY(wg_j_alloc(r, sizeof(struct wg_j_tail) + cap, 1, &mem));
    struct wg_j_tail *tail = mem;
    char *p = (char *)(tail + 1);
    tail->used = n;
    tail->cap = cap;
    memcpy(p, s->p, s->n);
    memcpy(p + s->n, b.s->p, b.s->n);
    WG_TRY(str_header(r, p, n, out));
    out->s->tail = tail;
    return WG_OK;
}

enum wg_status wg_j_list_new(struct wg_j_run *r, size_t cap, struct wg_j_list **out)
{
    void *l, *v = NULL;

    WG_TRY(wg_j_alloc(r, 1, sizeof(struct wg_j_list), &l));
    if (cap)
        WG_TRY(wg_j_alloc(r, cap, sizeof(struct wg_j_val), &v));
    *out = l;
    **out = (struct wg_j_list){.cap = cap, .v = v};
    return WG_OK;
}

enum wg_status wg_j_list_add(struct wg_j_run *r, struct wg_j_list *l, struct wg_j_val v)
{
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 4;
        void *mem;
        WG_TRY(wg_j_work(r, l->n));
        WG_TRY(wg_j_alloc(r, cap, sizeof(struct wg_j_val), &mem));
        if (l->n)
            memcpy(mem, l->v, l->n * sizeof *l->v);
        l->v = mem;
        l->cap = cap;
    }
    l->v[l->n++] = v;
    return WG_OK;
}

enum wg_status wg_j_pair_new(struct wg_j_run *r, struct wg_j_val a, struct wg_j_val b,
                             struct wg_j_val *out)
{
    struct wg_j_list *l;

    WG_TRY(wg_j_list_new(r, 2, &l));
    l->v[0] = a;
    l->v[1] = b;
    l->n = 2;
    *out = WG_J_TUPLE_VAL(l);
    return WG_OK;
}

enum wg_status wg_j_gen_new(struct wg_j_run *r, struct wg_j_list *l, struct wg_j_val *out)
{
    void *g;

    WG_TRY(wg_j_alloc(r, 1, sizeof(struct wg_j_gen), &g));
    *out = (struct wg_j_val){.t = WG_J_GEN, .gen = g};
    *out->gen = (struct wg_j_gen){.l = l};
    return WG_OK;
}

enum wg_status wg_j_undefined_new(struct wg_j_run *r, struct wg_j_val *out, const char *fmt, ...)
{
    char msg[256];
    void *u, *copy;
    va_list ap;

    va_start(ap, fmt);
    vsnprintf(msg, sizeof msg, fmt, ap);
    va_end(ap);
    WG_TRY(wg_j_alloc(r, 1, sizeof(struct wg_j_undefined), &u));
    WG_TRY(wg_j_alloc(r, strlen(msg) + 1, 1, &copy));
    memcpy(copy, msg, strlen(msg) + 1);
    *out = WG_J_UNDEF_VAL(u);
    out->u->message = copy;
    return WG_OK;
}

/* Dicts */

bool wg_j_hashable(struct wg_j_val v)
{
    if (v.t == WG_J_TUPLE) {
        for (size_t i = 0; i < v.l->n; i++)
            if (!wg_j_hashable(v.l->v[i]))
                return false;
        return true;
    }
    return v.t != WG_J_LIST && v.t != WG_J_DICT && v.t != WG_J_VIEW;
}

static uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ h >> 29;
}

/* Equal values hash equally: 1, 1.0 and true are one key. */
static uint64_t hash(struct wg_j_val v)
{
    uint64_t h = 1469598103934665603u;

    switch (v.t) {
    case WG_J_STR:
        for (size_t i = 0; i < v.s->n; i++)
            h = (h ^ (unsigned char)v.s->p[i]) * UINT64_C(1099511628211);
        return mix(h, 3);
    case WG_J_BOOL:
    case WG_J_INT:
        return mix(h, (uint64_t)WG_J_AS_INT(v));
    case WG_J_FLOAT:
        if (v.f == floor(v.f) && fabs(v.f) < 9.2e18)
            return mix(h, (uint64_t)(int64_t)v.f);
        memcpy(&h, &v.f, sizeof h);
        return mix(h, 5);
    case WG_J_TUPLE:
        for (size_t i = 0; i < v.l->n; i++)
            h = mix(h, hash(v.l->v[i]));
        return h;
    case WG_J_NONE:
    case WG_J_MISSING:
    case WG_J_UNDEFINED:
        return mix(h, v.t);
    default:
        return mix(h, (uint64_t)(uintptr_t)v.ptr);
    }
}

enum wg_status wg_j_dict_new(struct wg_j_run *r, size_t cap, struct wg_j_dict **out)
{
    void *d, *e = NULL;

    WG_TRY(wg_j_alloc(r, 1, sizeof(struct wg_j_dict), &d));
    if (cap)
        WG_TRY(wg_j_alloc(r, cap, sizeof(struct wg_j_pair), &e));
    *out = d;
    **out = (struct wg_j_dict){.cap = cap, .e = e};
    return WG_OK;
}

static enum wg_status key_equal(struct wg_j_run *r, struct wg_j_val a, struct wg_j_val b,
                                bool *same)
{
    if (a.t == WG_J_STR && b.t == WG_J_STR) {
        *same = a.s->n == b.s->n && memcmp(a.s->p, b.s->p, a.s->n) == 0;
        return WG_OK;
    }
    if (wg_j_same(a, b)) {
        *same = true;
        return WG_OK;
    }
    return wg_j_equal(r, a, b, same);
}

/* Entry of the key, or d->n; with an index also the place where it belongs there. */
static enum wg_status find(struct wg_j_run *r, const struct wg_j_dict *d, struct wg_j_val key,
                           size_t *entry, size_t *place)
{
    bool same = false;

    if (!wg_j_hashable(key))
        return wg_j_fail(r, WG_E_INPUT, "unhashable type: '%s'", wg_j_type_name(key));
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
            WG_TRY(wg_j_work(r, WG_J_BYTES_PER_STEP));
    }
    *entry = d->n;
    *place = i;
    return WG_OK;
}

enum wg_status wg_j_dict_find(struct wg_j_run *r, const struct wg_j_dict *d, struct wg_j_val key,
                              struct wg_j_val **slot)
{
    size_t entry = 0, place = 0;

    WG_TRY(find(r, d, key, &entry, &place));
    *slot = entry < d->n ? &d->e[entry].value : NULL;
    return WG_OK;
}

static enum wg_status grow(struct wg_j_run *r, struct wg_j_dict *d)
{
    void *mem;

    if (d->n == d->cap) {
        size_t cap = d->cap ? d->cap * 2 : 4;
        WG_TRY(wg_j_alloc(r, cap, sizeof *d->e, &mem));
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
        return wg_j_fail(r, WG_E_LIMIT, "a dict is too large");
    WG_TRY(wg_j_alloc(r, cap, sizeof *d->index, &mem));
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

enum wg_status wg_j_dict_put(struct wg_j_run *r, struct wg_j_dict *d, struct wg_j_val key,
                             struct wg_j_val value)
{
    size_t entry = 0, place = 0;

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

bool wg_j_same(struct wg_j_val a, struct wg_j_val b)
{
    if (a.t != b.t)
        return false;
    switch (a.t) {
    case WG_J_NONE:
        return true;
    case WG_J_BOOL:
        return a.b == b.b;
    case WG_J_INT:
        return a.i == b.i;
    case WG_J_FLOAT:
        return a.f == b.f;
    case WG_J_STR:
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

static int compare_numbers(struct wg_j_val a, struct wg_j_val b)
{
    if (a.t == WG_J_FLOAT && b.t == WG_J_FLOAT)
        return isnan(a.f) || isnan(b.f) ? 2 : a.f < b.f ? -1 : a.f > b.f;
    if (a.t == WG_J_FLOAT) {
        int c = compare_int_float(WG_J_AS_INT(b), a.f);
        return c == 2 ? 2 : -c;
    }
    if (b.t == WG_J_FLOAT)
        return compare_int_float(WG_J_AS_INT(a), b.f);
    return WG_J_AS_INT(a) < WG_J_AS_INT(b) ? -1 : WG_J_AS_INT(a) > WG_J_AS_INT(b);
}

static enum wg_status enter(struct wg_j_run *r)
{
    WG_TRY(wg_j_work(r, WG_J_BYTES_PER_STEP));
    if (++r->depth > WG_J_MAX_EVAL)
        return wg_j_fail(r, WG_E_LIMIT, "values are nested too deeply to compare");
    return WG_OK;
}

static enum wg_status equal_lists(struct wg_j_run *r, const struct wg_j_list *a,
                                  const struct wg_j_list *b, bool *out)
{
    *out = a->n == b->n;
    for (size_t i = 0; *out && i < a->n; i++)
        if (!wg_j_same(a->v[i], b->v[i]))
            WG_TRY(wg_j_equal(r, a->v[i], b->v[i], out));
    return WG_OK;
}

static enum wg_status equal_dicts(struct wg_j_run *r, const struct wg_j_dict *a,
                                  const struct wg_j_dict *b, bool *out)
{
    *out = a->n == b->n;
    for (size_t i = 0; *out && i < a->n; i++) {
        struct wg_j_val *other;
        WG_TRY(wg_j_dict_find(r, b, a->e[i].key, &other));
        *out = other != NULL;
        if (other && !wg_j_same(a->e[i].value, *other))
            WG_TRY(wg_j_equal(r, a->e[i].value, *other, out));
    }
    return WG_OK;
}

enum wg_status wg_j_equal(struct wg_j_run *r, struct wg_j_val a, struct wg_j_val b, bool *out)
{
    if (WG_J_IS_NUMBER(a) && WG_J_IS_NUMBER(b)) {
        *out = compare_numbers(a, b) == 0;
        return WG_OK;
    }
    if (a.t == WG_J_MISSING)
        a.t = WG_J_UNDEFINED;
    if (b.t == WG_J_MISSING)
        b.t = WG_J_UNDEFINED;
    *out = a.t == b.t;
    if (!*out || a.t == WG_J_UNDEFINED)
        return WG_OK;
    switch (a.t) {
    case WG_J_STR:
        *out = wg_j_same(a, b);
        return wg_j_work(r, a.s->n);
    case WG_J_LIST:
    case WG_J_TUPLE:
        WG_TRY(enter(r));
        WG_TRY(equal_lists(r, a.l, b.l, out));
        r->depth--;
        return WG_OK;
    case WG_J_DICT:
        WG_TRY(enter(r));
        WG_TRY(equal_dicts(r, a.d, b.d, out));
        r->depth--;
        return WG_OK;
    case WG_J_RANGE:
        *out = a.range->n == b.range->n &&
               (a.range->n == 0 || (a.range->start == b.range->start &&
                                    (a.range->n == 1 || a.range->step == b.range->step)));
        return WG_OK;
    default:
        *out = wg_j_same(a, b);
        return WG_OK;
    }
}

static enum wg_status less_lists(struct wg_j_run *r, const struct wg_j_list *a,
                                 const struct wg_j_list *b, const char *op, bool *out)
{
    for (size_t i = 0; i < a->n && i < b->n; i++) {
        bool same = wg_j_same(a->v[i], b->v[i]);
        if (!same)
            WG_TRY(wg_j_equal(r, a->v[i], b->v[i], &same));
        if (!same)
            return wg_j_less(r, a->v[i], b->v[i], op, out);
    }
    *out = a->n < b->n;
    return WG_OK;
}

enum wg_status wg_j_less(struct wg_j_run *r, struct wg_j_val a, struct wg_j_val b, const char *op,
                         bool *out)
{
    if (WG_J_IS_NUMBER(a) && WG_J_IS_NUMBER(b)) {
        *out = compare_numbers(a, b) == -1;
        return WG_OK;
    }
    if (a.t == WG_J_STR && b.t == WG_J_STR) {
        size_t n = WG_MIN(a.s->n, b.s->n);
        int c = n ? memcmp(a.s->p, b.s->p, n) : 0;
        *out = c ? c < 0 : a.s->n < b.s->n;
        return wg_j_work(r, n);
    }
    if (a.t == b.t && WG_J_IS_SEQUENCE(a)) {
        WG_TRY(enter(r));
        WG_TRY(less_lists(r, a.l, b.l, op, out));
        r->depth--;
        return WG_OK;
    }
    if (a.t == WG_J_UNDEFINED || a.t == WG_J_MISSING)
        return wg_j_fail_undefined(r, a);
    if (b.t == WG_J_UNDEFINED || b.t == WG_J_MISSING)
        return wg_j_fail_undefined(r, b);
    return wg_j_fail(r, WG_E_INPUT, "'%s' not supported between instances of '%s' and '%s'", op,
                     wg_j_type_name(a), wg_j_type_name(b));
}

/* Strings */

size_t wg_j_chars(struct wg_j_str *s)
{
    if (s->chars == WG_J_UNCOUNTED)
        s->chars = wg_j_count_chars(s->p, s->n);
    return s->chars;
}

size_t wg_j_char_offset(struct wg_j_str *s, size_t k)
{
    size_t i = 0;

    if (wg_j_chars(s) == s->n)
        return k;
    for (; k > 0 && i < s->n; k--) {
        int len;
        wg_j_cp(s->p + i, &len);
        i += (size_t)len;
    }
    return i;
}

bool wg_j_str_is(struct wg_j_val v, const char *z)
{
    return v.t == WG_J_STR && wg_j_named(z, v.s->p, v.s->n);
}

int64_t wg_j_range_at(const struct wg_j_range *x, int64_t i)
{
    return (int64_t)((uint64_t)x->start + (uint64_t)i * (uint64_t)x->step);
}

/* Iteration */

enum wg_status wg_j_iter_start(struct wg_j_run *r, struct wg_j_val v, struct wg_j_iter *it)
{
    *it = (struct wg_j_iter){.src = v};
    switch (v.t) {
    case WG_J_MISSING:
    case WG_J_UNDEFINED:
    case WG_J_STR:
    case WG_J_LIST:
    case WG_J_TUPLE:
    case WG_J_DICT:
    case WG_J_VIEW:
    case WG_J_RANGE:
    case WG_J_GEN:
        return WG_OK;
    default:
        return wg_j_fail(r, WG_E_INPUT, "'%s' object is not iterable", wg_j_type_name(v));
    }
}

static enum wg_status next_pair(struct wg_j_run *r, struct wg_j_iter *it, struct wg_j_val *v,
                                bool *more)
{
    struct wg_j_dict *d = it->src.t == WG_J_DICT ? it->src.d : it->src.view->d;
    enum wg_j_view_kind kind = it->src.t == WG_J_DICT ? WG_J_KEYS : it->src.view->kind;

    *more = it->pos < d->n;
    if (!*more)
        return WG_OK;
    struct wg_j_pair *e = &d->e[it->pos++];
    if (kind == WG_J_ITEMS)
        return wg_j_pair_new(r, e->key, e->value, v);
    *v = kind == WG_J_KEYS ? e->key : e->value;
    return WG_OK;
}

static enum wg_status next_char(struct wg_j_run *r, struct wg_j_iter *it, struct wg_j_val *v,
                                bool *more)
{
    const struct wg_j_str *s = it->src.s;
    int len;

    *more = it->pos < s->n;
    if (!*more)
        return WG_OK;
    wg_j_cp(s->p + it->pos, &len);
    WG_TRY(wg_j_str_borrow(r, s->p + it->pos, (size_t)len, v));
    it->pos += (size_t)len;
    return WG_OK;
}

enum wg_status wg_j_iter_next(struct wg_j_run *r, struct wg_j_iter *it, struct wg_j_val *v,
                              bool *more)
{
    *more = false;
    switch (it->src.t) {
    case WG_J_STR:
        return next_char(r, it, v, more);
    case WG_J_LIST:
    case WG_J_TUPLE:
        *more = it->pos < it->src.l->n;
        if (*more)
            *v = it->src.l->v[it->pos++];
        return WG_OK;
    case WG_J_DICT:
    case WG_J_VIEW:
        return next_pair(r, it, v, more);
    case WG_J_RANGE:
        *more = (int64_t)it->pos < it->src.range->n;
        if (*more)
            *v = WG_J_INT_VAL(wg_j_range_at(it->src.range, (int64_t)it->pos++));
        return WG_OK;
    case WG_J_GEN:
        *more = it->src.gen->pos < it->src.gen->l->n;
        if (!*more && it->src.gen->failed)
            return wg_fail(r->err, it->src.gen->failed, "%s", it->src.gen->why);
        if (*more)
            *v = it->src.gen->l->v[it->src.gen->pos++];
        return WG_OK;
    default:
        return WG_OK;
    }
}

enum wg_status wg_j_to_list(struct wg_j_run *r, struct wg_j_val v, struct wg_j_list **out)
{
    struct wg_j_iter it;
    struct wg_j_val item;
    bool more;
    size_t n = 0;

    WG_TRY(wg_j_iter_start(r, v, &it));
    wg_j_len(v, &n);
    WG_TRY(wg_j_work(r, n));
    WG_TRY(wg_j_list_new(r, n, out));
    for (;;) {
        WG_TRY(wg_j_iter_next(r, &it, &item, &more));
        if (!more)
            return WG_OK;
        WG_TRY(wg_j_list_add(r, *out, item));
    }
}
