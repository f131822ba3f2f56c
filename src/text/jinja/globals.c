/* Global functions: range, dict, namespace, cycler, joiner, and what transformers adds. */
#include "text/jinja/run.h"

#include <string.h>

static enum wg_status fn_range(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    int64_t v[3] = {0, 0, 1};
    void *mem;

    if (c->n_kw || c->n < 1 || c->n > 3)
        return wg_j_fail(r, WG_E_INPUT, "range expected 1 to 3 arguments, got %zu", c->n + c->n_kw);
    for (size_t i = 0; i < c->n; i++) {
        if (c->pos[i].t == WG_J_UNDEFINED)
            return wg_j_fail_undefined(r, c->pos[i]);
        if (!WG_J_IS_INT(c->pos[i]))
            return wg_j_fail(r, WG_E_INPUT, "'%s' object cannot be interpreted as an integer",
                             wg_j_type_name(c->pos[i]));
        v[c->n == 1 ? 1 : i] = WG_J_AS_INT(c->pos[i]);
    }
    if (v[2] == 0)
        return wg_j_fail(r, WG_E_INPUT, "range() arg 3 must not be zero");
    __extension__ typedef __int128 wide; /* the distance of two 64-bit numbers */
    wide span = v[2] > 0 ? (wide)v[1] - v[0] : (wide)v[0] - v[1];
    wide step = v[2] > 0 ? (wide)v[2] : -(wide)v[2];
    wide n = span > 0 ? (span + step - 1) / step : 0;
    if (n > WG_J_MAX_RANGE)
        return wg_j_fail(r, WG_E_LIMIT,
                         "Range too big. The sandbox blocks ranges larger than MAX_RANGE (%d).",
                         WG_J_MAX_RANGE);
    WG_TRY(wg_j_alloc(r, 1, sizeof(struct wg_j_range), &mem));
    *out = (struct wg_j_val){.t = WG_J_RANGE, .range = mem};
    *out->range = (struct wg_j_range){v[0], v[1], v[2], (int64_t)n};
    return WG_OK;
}

static enum wg_status put_pairs(struct wg_j_run *r, struct wg_j_dict *d, struct wg_j_val from)
{
    struct wg_j_iter it;
    struct wg_j_val v;
    struct wg_j_list *pair;
    bool more;

    WG_TRY(wg_j_iter_start(r, from, &it));
    for (;;) {
        WG_TRY(wg_j_iter_next(r, &it, &v, &more));
        if (!more)
            return WG_OK;
        WG_TRY(wg_j_to_list(r, v, &pair));
        if (pair->n != 2)
            return wg_j_fail(r, WG_E_INPUT, "a dict is made from pairs; an item has %zu parts",
                             pair->n);
        WG_TRY(wg_j_dict_put(r, d, pair->v[0], pair->v[1]));
    }
}

/* dict(mapping or pairs, **more) */
static enum wg_status build_dict(struct wg_j_run *r, const struct wg_j_call *c,
                                 struct wg_j_dict **out)
{
    WG_TRY(wg_j_dict_new(r, c->n_kw, out));
    if (c->n > 1)
        return wg_j_fail(r, WG_E_INPUT, "dict expected at most 1 argument, got %zu", c->n);
    if (c->n == 1 && c->pos[0].t == WG_J_DICT) {
        const struct wg_j_dict *from = c->pos[0].d;
        for (size_t i = 0; i < from->n; i++)
            WG_TRY(wg_j_dict_put(r, *out, from->e[i].key, from->e[i].value));
    } else if (c->n == 1) {
        WG_TRY(put_pairs(r, *out, c->pos[0]));
    }
    for (size_t i = 0; i < c->n_kw; i++)
        WG_TRY(wg_j_dict_put(r, *out, WG_J_STR_VAL(c->kw[i].name), c->kw[i].v));
    return WG_OK;
}

static enum wg_status fn_dict(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    struct wg_j_dict *d;

    WG_TRY(build_dict(r, c, &d));
    *out = WG_J_DICT_VAL(d);
    return WG_OK;
}

static enum wg_status fn_namespace(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    struct wg_j_dict *d;

    WG_TRY(build_dict(r, c, &d));
    for (size_t i = 0; i < d->n; i++) {
        struct wg_j_val key = d->e[i].key;
        if (key.t == WG_J_STR && key.s->n && key.s->p[0] == '_')
            return wg_j_fail(r, WG_E_INPUT,
                             "a namespace cannot store the attribute '%.*s': it begins with _",
                             (int)WG_MIN(key.s->n, (size_t)60), key.s->p);
    }
    *out = (struct wg_j_val){.t = WG_J_NAMESPACE, .d = d};
    return WG_OK;
}

static enum wg_status fn_cycler(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    void *mem;

    if (!c->n || c->n_kw)
        return wg_j_fail(r, WG_E_INPUT, "at least one item has to be provided");
    WG_TRY(wg_j_alloc(r, 1, sizeof(struct wg_j_cycler), &mem));
    *out = (struct wg_j_val){.t = WG_J_CYCLER, .cycler = mem};
    WG_TRY(wg_j_list_new(r, c->n, &out->cycler->items));
    for (size_t i = 0; i < c->n; i++)
        out->cycler->items->v[out->cycler->items->n++] = c->pos[i];
    return WG_OK;
}

static enum wg_status cycler_next(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    struct wg_j_cycler *x = c->self.cycler;

    (void)r;
    *out = x->items->v[x->pos];
    x->pos = (x->pos + 1) % x->items->n;
    return WG_OK;
}

static enum wg_status cycler_reset(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    (void)r;
    c->self.cycler->pos = 0;
    *out = WG_J_NONE_VAL;
    return WG_OK;
}

static enum wg_status fn_joiner(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    void *mem;

    WG_TRY(wg_j_alloc(r, 1, sizeof(struct wg_j_joiner), &mem));
    *out = (struct wg_j_val){.t = WG_J_JOINER, .joiner = mem};
    out->joiner->sep = c->arg[0];
    return c->arg[0].t == WG_J_MISSING ? wg_j_str_z(r, ", ", &out->joiner->sep) : WG_OK;
}

static enum wg_status fn_raise(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    struct wg_j_val s;

    (void)out;
    WG_TRY(wg_j_to_str(r, c->arg[0], &s));
    return wg_j_fail(r, WG_E_FAILED, "%.*s", (int)WG_MIN(s.s->n, (size_t)800), s.s->p);
}

static const struct wg_j_builtin globals[] = {
    {"range", "*", 0, fn_range},
    {"dict", "*", 0, fn_dict},
    {"namespace", "*", 0, fn_namespace},
    {"cycler", "*", 0, fn_cycler},
    {"joiner", "sep", 0, fn_joiner},
    {"raise_exception", "message", 1, fn_raise},
    {"strftime_now", "format", 1, wg_j_strftime_now},
    {"lipsum", "*", 0, NULL},
};

static const struct wg_j_builtin cycler_methods[] = {
    {"next", "", 0, cycler_next}, {"reset", "", 0, cycler_reset}, {0}};

const struct wg_j_builtin *wg_j_find_global(const char *name, size_t n)
{
    for (size_t i = 0; i < WG_COUNT(globals); i++)
        if (wg_j_named(globals[i].name, name, n))
            return &globals[i];
    return NULL;
}

/* dict and list methods */

static enum wg_status dict_view(struct wg_j_run *r, struct wg_j_call *c, enum wg_j_view_kind kind,
                                struct wg_j_val *out)
{
    void *mem;

    WG_TRY(wg_j_alloc(r, 1, sizeof(struct wg_j_view), &mem));
    *out = (struct wg_j_val){.t = WG_J_VIEW, .view = mem};
    *out->view = (struct wg_j_view){kind, c->self.d};
    return WG_OK;
}

static enum wg_status dict_keys(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    return dict_view(r, c, WG_J_KEYS, out);
}

static enum wg_status dict_values(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    return dict_view(r, c, WG_J_VALUES, out);
}

static enum wg_status dict_items(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    return dict_view(r, c, WG_J_ITEMS, out);
}

static enum wg_status dict_get(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    struct wg_j_val *slot;

    WG_TRY(wg_j_dict_find(r, c->self.d, c->arg[0], &slot));
    *out = slot ? *slot : c->arg[1].t == WG_J_MISSING ? WG_J_NONE_VAL : c->arg[1];
    return WG_OK;
}

/* Nothing can change either of the two, so the copy is the same object. */
static enum wg_status copy(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    (void)r;
    *out = c->self;
    return WG_OK;
}

static const struct wg_j_builtin dict_methods[] = {{"get", "/key default", 1, dict_get},
                                                   {"keys", "/", 0, dict_keys},
                                                   {"values", "/", 0, dict_values},
                                                   {"items", "/", 0, dict_items},
                                                   {"copy", "/", 0, copy},
                                                   {"fromkeys", "*", 0, NULL},
                                                   {0}};

static enum wg_status list_count(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    int64_t n = 0;
    bool same;

    WG_TRY(wg_j_work(r, c->self.l->n * 16));
    for (size_t i = 0; i < c->self.l->n; i++) {
        same = wg_j_same(c->self.l->v[i], c->arg[0]);
        if (!same)
            WG_TRY(wg_j_equal(r, c->self.l->v[i], c->arg[0], &same));
        n += same;
    }
    *out = WG_J_INT_VAL(n);
    return WG_OK;
}

static enum wg_status list_index(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    int64_t n = (int64_t)c->self.l->n, bound[2] = {0, n};
    bool same;

    for (int i = 0; i < 2; i++) {
        if (c->arg[i + 1].t == WG_J_MISSING)
            continue;
        if (!WG_J_IS_INT(c->arg[i + 1]))
            return wg_j_fail(r, WG_E_INPUT, "slice indices must be integers");
        bound[i] = WG_J_AS_INT(c->arg[i + 1]);
        if (bound[i] < 0)
            bound[i] = bound[i] < -n ? 0 : bound[i] + n;
    }
    WG_TRY(wg_j_work(r, (size_t)n * 16));
    for (int64_t i = bound[0]; i < n && i < bound[1]; i++) {
        same = wg_j_same(c->self.l->v[i], c->arg[0]);
        if (!same)
            WG_TRY(wg_j_equal(r, c->self.l->v[i], c->arg[0], &same));
        if (same) {
            *out = WG_J_INT_VAL(i);
            return WG_OK;
        }
    }
    return wg_j_fail(r, WG_E_INPUT, "the value is not in the %s", wg_j_type_name(c->self));
}

static enum wg_status range_count(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    WG_TRY(wg_j_to_list(r, c->self, &c->self.l));
    return list_count(r, c, out);
}

static enum wg_status range_index(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    WG_TRY(wg_j_to_list(r, c->self, &c->self.l));
    return list_index(r, c, out);
}

static const struct wg_j_builtin list_methods[] = {{"copy", "/", 0, copy},
                                                   {"count", "/value", 1, list_count},
                                                   {"index", "/value start stop", 1, list_index},
                                                   {0}};
static const struct wg_j_builtin tuple_methods[] = {
    {"count", "/value", 1, list_count}, {"index", "/value start stop", 1, list_index}, {0}};

/* Known to Python, so not undefined; calling one says that it is not supported. */
static const struct wg_j_builtin int_methods[] = {{"as_integer_ratio", "*", 0, NULL},
                                                  {"bit_count", "*", 0, NULL},
                                                  {"bit_length", "*", 0, NULL},
                                                  {"conjugate", "*", 0, NULL},
                                                  {"from_bytes", "*", 0, NULL},
                                                  {"to_bytes", "*", 0, NULL},
                                                  {0}};
static const struct wg_j_builtin float_methods[] = {
    {"as_integer_ratio", "*", 0, NULL}, {"conjugate", "*", 0, NULL},
    {"fromhex", "*", 0, NULL},          {"hex", "*", 0, NULL},
    {"is_integer", "*", 0, NULL},       {0}};
static const struct wg_j_builtin range_methods[] = {
    {"count", "/value", 1, range_count}, {"index", "/value", 1, range_index}, {0}};
static const struct wg_j_builtin view_methods[] = {
    {"isdisjoint", "*", 0, NULL}, {"mapping", "*", 0, NULL}, {0}};
static const struct wg_j_builtin gen_methods[] = {
    {"close", "*", 0, NULL}, {"send", "*", 0, NULL}, {"throw", "*", 0, NULL}, {0}};

static const struct wg_j_builtin *find_in(const struct wg_j_builtin *table, const char *name,
                                          size_t n)
{
    for (; table->name; table++)
        if (wg_j_named(table->name, name, n))
            return table;
    return NULL;
}

/* What the immutable sandbox does not hand out. */
static bool changes_object(enum wg_j_type t, const char *name, size_t n)
{
    static const char *const list_names[] = {"append", "clear", "pop",    "reverse",
                                             "insert", "sort",  "extend", "remove"};
    static const char *const dict_names[] = {"clear", "pop", "popitem", "setdefault", "update"};
    const char *const *names = t == WG_J_LIST ? list_names : dict_names;
    size_t count = t == WG_J_LIST ? WG_COUNT(list_names) : WG_COUNT(dict_names);

    for (size_t i = 0; i < count; i++)
        if (wg_j_named(names[i], name, n))
            return true;
    return false;
}

const struct wg_j_builtin *wg_j_find_method(struct wg_j_val v, const char *name, size_t n,
                                            bool *refused)
{
    *refused = false;
    switch (v.t) {
    case WG_J_STR:
        return find_in(wg_j_str_methods, name, n);
    case WG_J_LIST:
    case WG_J_DICT:
        *refused = changes_object(v.t, name, n);
        return find_in(v.t == WG_J_LIST ? list_methods : dict_methods, name, n);
    case WG_J_TUPLE:
        return find_in(tuple_methods, name, n);
    case WG_J_BOOL:
    case WG_J_INT:
        return find_in(int_methods, name, n);
    case WG_J_FLOAT:
        return find_in(float_methods, name, n);
    case WG_J_RANGE:
        return find_in(range_methods, name, n);
    case WG_J_VIEW:
        return find_in(view_methods, name, n);
    case WG_J_GEN:
        return find_in(gen_methods, name, n);
    case WG_J_CYCLER:
        return find_in(cycler_methods, name, n);
    case WG_J_LOOP:
        return find_in(wg_j_loop_methods, name, n);
    default:
        return NULL;
    }
}
