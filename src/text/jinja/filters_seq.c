/* Filters on sequences and dicts. */
#include "text/jinja/run.h"
#include "text/jinja/uni.h"

#include <string.h>

#define FILTER(name)                                                                               \
    static enum wg_status name(struct wgj_run *r, struct wgj_call *c, struct wgj_val *out)

static bool given(struct wgj_val v)
{
    return v.t != WGJ_MISSING && v.t != WGJ_NONE;
}

static bool flag(struct wgj_val v)
{
    return v.t != WGJ_MISSING && wgj_truth(v);
}

/* Keys */

/* One step of a dotted path: digits are an index. */
static enum wg_status get_part(struct wgj_run *r, struct wgj_val item, const char *p, size_t n,
                               struct wgj_val *out)
{
    struct wgj_val part;
    int64_t index = 0;
    bool digits = n > 0 && n < 18;

    for (size_t i = 0; i < n && digits; i++) {
        digits = p[i] >= '0' && p[i] <= '9';
        index = index * 10 + (p[i] - '0');
    }
    if (digits)
        return wgj_getitem(r, item, WGJ_INT_VAL(index), out);
    WG_TRY(wgj_str_borrow(r, p, n, &part));
    return wgj_getitem(r, item, part, out);
}

/* item.a.b for the path "a.b"; a default takes the place of what is undefined on the way. */
static enum wg_status get_path(struct wgj_run *r, struct wgj_val item, const char *p, size_t n,
                               struct wgj_val fallback, struct wgj_val *out)
{
    *out = item;
    for (;;) {
        const char *dot = memchr(p, '.', n);
        size_t len = dot ? (size_t)(dot - p) : n;
        WG_TRY(get_part(r, *out, p, len, out));
        if (out->t == WGJ_UNDEFINED && given(fallback))
            *out = fallback;
        if (!dot)
            return WG_OK;
        p += len + 1;
        n -= len + 1;
    }
}

/* The attribute argument of a filter on one item: a path, an index or nothing. */
static enum wg_status get_attr(struct wgj_run *r, struct wgj_val item, struct wgj_val attribute,
                               struct wgj_val fallback, struct wgj_val *out)
{
    *out = item;
    if (!given(attribute))
        return WG_OK;
    if (attribute.t == WGJ_STR)
        return get_path(r, item, attribute.s->p, attribute.s->n, fallback, out);
    WG_TRY(wgj_getitem(r, item, attribute, out));
    if (out->t == WGJ_UNDEFINED && given(fallback))
        *out = fallback;
    return WG_OK;
}

static enum wg_status fold_case(struct wgj_run *r, bool case_sensitive, struct wgj_val *v)
{
    struct wgj_call c = {.self = *v};
    bool refused;

    if (case_sensitive || v->t != WGJ_STR)
        return WG_OK;
    c.fn = wgj_find_method(*v, "lower", 5, &refused);
    return wgj_invoke(r, &c, v);
}

/* The keys of all items by one attribute. */
static enum wg_status keys_of(struct wgj_run *r, const struct wgj_list *items,
                              struct wgj_val attribute, struct wgj_val fallback,
                              bool case_sensitive, struct wgj_list **out)
{
    WG_TRY(wgj_list_new(r, items->n, out));
    for (size_t i = 0; i < items->n; i++) {
        struct wgj_val *key = &(*out)->v[i];
        WG_TRY(get_attr(r, items->v[i], attribute, fallback, key));
        WG_TRY(fold_case(r, case_sensitive, key));
    }
    (*out)->n = items->n;
    return WG_OK;
}

/* The list of keys of one item by "a,b.c". */
static enum wg_status multi_key(struct wgj_run *r, struct wgj_val item, struct wgj_val attribute,
                                bool case_sensitive, struct wgj_val *out)
{
    struct wgj_list *l;
    struct wgj_val v;

    WG_TRY(wgj_list_new(r, 1, &l));
    *out = WGJ_LIST_VAL(l);
    if (attribute.t != WGJ_STR) {
        WG_TRY(get_attr(r, item, attribute, WGJ_MISSING_VAL, &v));
        WG_TRY(fold_case(r, case_sensitive, &v));
        return wgj_list_add(r, l, v);
    }
    const char *p = attribute.s->p;
    size_t n = attribute.s->n;
    for (;;) {
        const char *comma = memchr(p, ',', n);
        size_t len = comma ? (size_t)(comma - p) : n;
        WG_TRY(get_path(r, item, p, len, WGJ_MISSING_VAL, &v));
        WG_TRY(fold_case(r, case_sensitive, &v));
        WG_TRY(wgj_list_add(r, l, v));
        if (!comma)
            return WG_OK;
        p += len + 1;
        n -= len + 1;
    }
}

/* Order */

/* sort(reverse=False, case_sensitive=False, attribute=None) */
FILTER(do_sort)
{
    struct wgj_list *items, *keys;

    WG_TRY(wgj_to_list(r, c->self, &items));
    WG_TRY(wgj_list_new(r, items->n, &keys));
    for (size_t i = 0; i < items->n; i++)
        WG_TRY(multi_key(r, items->v[i], c->arg[2], flag(c->arg[1]), &keys->v[i]));
    *out = WGJ_LIST_VAL(items);
    return wgj_sort(r, items->v, keys->v, items->n, flag(c->arg[0]));
}

/* dictsort(case_sensitive=False, by='key', reverse=False) */
FILTER(do_dictsort)
{
    struct wgj_list *items, *keys;
    bool by_value = wgj_str_is(c->arg[1], "value");

    if (c->arg[1].t != WGJ_MISSING && !by_value && !wgj_str_is(c->arg[1], "key"))
        return wgj_fail(r, WG_E_INPUT, "You can only sort by either \"key\" or \"value\"");
    if (c->self.t == WGJ_UNDEFINED)
        return wgj_fail_undefined(r, c->self);
    if (c->self.t != WGJ_DICT)
        return wgj_fail(r, WG_E_INPUT, "'%s' object has no attribute 'items'",
                        wgj_type_name(c->self));
    const struct wgj_dict *d = c->self.d;
    WG_TRY(wgj_list_new(r, d->n, &items));
    WG_TRY(wgj_list_new(r, d->n, &keys));
    for (size_t i = 0; i < d->n; i++) {
        keys->v[i] = by_value ? d->e[i].value : d->e[i].key;
        WG_TRY(fold_case(r, flag(c->arg[0]), &keys->v[i]));
        WG_TRY(wgj_pair_new(r, d->e[i].key, d->e[i].value, &items->v[i]));
    }
    items->n = d->n;
    *out = WGJ_LIST_VAL(items);
    return wgj_sort(r, items->v, keys->v, items->n, flag(c->arg[2]));
}

FILTER(do_reverse)
{
    struct wgj_list *items;
    size_t n;

    if (c->self.t == WGJ_STR) {
        struct wg_buf b;
        int len;
        WG_TRY(wgj_work(r, c->self.s->n));
        wgj_buf_start(r, &b);
        for (const char *p = c->self.s->p, *end = p + c->self.s->n; end > p; end -= len) {
            wgj_cp_before(p, end, &len);
            wg_buf_add(&b, end - len, (size_t)len);
        }
        return wgj_buf_finish(r, &b, WG_OK, out);
    }
    WG_TRY(wgj_to_list(r, c->self, &items));
    for (size_t i = 0; i < items->n / 2; i++) {
        struct wgj_val v = items->v[i];
        items->v[i] = items->v[items->n - 1 - i];
        items->v[items->n - 1 - i] = v;
    }
    if (!wgj_len(c->self, &n)) {
        *out = WGJ_LIST_VAL(items);
        return WG_OK;
    }
    return wgj_gen_new(r, items, "reverse", out);
}

FILTER(do_unique)
{
    struct wgj_list *items, *keys, *kept;
    struct wgj_dict *seen;
    struct wgj_val *slot;

    WG_TRY(wgj_to_list(r, c->self, &items));
    WG_TRY(keys_of(r, items, c->arg[1], WGJ_MISSING_VAL, flag(c->arg[0]), &keys));
    WG_TRY(wgj_dict_new(r, 0, &seen));
    WG_TRY(wgj_list_new(r, 0, &kept));
    for (size_t i = 0; i < items->n; i++) {
        WG_TRY(wgj_dict_find(r, seen, keys->v[i], &slot));
        if (slot)
            continue;
        WG_TRY(wgj_dict_put(r, seen, keys->v[i], WGJ_NONE_VAL));
        WG_TRY(wgj_list_add(r, kept, items->v[i]));
    }
    return wgj_gen_new(r, kept, "unique", out);
}

/* groupby(attribute, default=None, case_sensitive=False) */
FILTER(do_groupby)
{
    struct wgj_list *items, *keys, *order, *groups, *members = NULL;
    bool same = false;

    WG_TRY(wgj_to_list(r, c->self, &items));
    WG_TRY(keys_of(r, items, c->arg[0], c->arg[1], flag(c->arg[2]), &keys));
    WG_TRY(wgj_list_new(r, items->n, &order));
    for (size_t i = 0; i < items->n; i++)
        order->v[i] = WGJ_INT_VAL((int64_t)i);
    WG_TRY(wgj_sort(r, order->v, keys->v, items->n, false));
    WG_TRY(wgj_list_new(r, 0, &groups));
    struct wgj_val last = WGJ_MISSING_VAL;
    for (size_t i = 0; i < items->n; i++) {
        size_t k = (size_t)order->v[i].i;
        if (members)
            WG_TRY(wgj_equal(r, last, keys->v[k], &same));
        if (!members || !same) {
            struct wgj_val name, group;
            WG_TRY(get_attr(r, items->v[k], c->arg[0], c->arg[1], &name));
            WG_TRY(wgj_list_new(r, 1, &members));
            WG_TRY(wgj_pair_new(r, name, WGJ_LIST_VAL(members), &group));
            group.l->group = true;
            WG_TRY(wgj_list_add(r, groups, group));
            last = keys->v[k];
        }
        WG_TRY(wgj_list_add(r, members, items->v[k]));
    }
    *out = WGJ_LIST_VAL(groups);
    return WG_OK;
}

static enum wg_status extreme(struct wgj_run *r, struct wgj_call *c, bool max, struct wgj_val *out)
{
    struct wgj_list *items, *keys;
    size_t best = 0;
    bool better;

    WG_TRY(wgj_to_list(r, c->self, &items));
    WG_TRY(keys_of(r, items, c->arg[1], WGJ_MISSING_VAL, flag(c->arg[0]), &keys));
    if (!items->n)
        return wgj_undefined_new(r, out, "No aggregated item, sequence was empty.");
    for (size_t i = 1; i < items->n; i++) {
        struct wgj_val a = keys->v[max ? best : i], b = keys->v[max ? i : best];
        WG_TRY(wgj_less(r, a, b, max ? ">" : "<", &better));
        if (better)
            best = i;
    }
    *out = items->v[best];
    return WG_OK;
}

FILTER(do_min)
{
    return extreme(r, c, false, out);
}

FILTER(do_max)
{
    return extreme(r, c, true, out);
}

/* Items */

FILTER(do_first)
{
    struct wgj_iter it;
    bool more;

    WG_TRY(wgj_iter_start(r, c->self, &it));
    WG_TRY(wgj_iter_next(r, &it, out, &more));
    return more ? WG_OK : wgj_undefined_new(r, out, "No first item, sequence was empty.");
}

FILTER(do_last)
{
    struct wgj_list *items;
    size_t n;

    if (!wgj_len(c->self, &n))
        return wgj_fail(r, WG_E_INPUT, "'%s' object is not reversible", wgj_type_name(c->self));
    if (!n)
        return wgj_undefined_new(r, out, "No last item, sequence was empty.");
    if (WGJ_IS_SEQUENCE(c->self)) {
        *out = c->self.l->v[n - 1];
        return WG_OK;
    }
    WG_TRY(wgj_to_list(r, c->self, &items));
    *out = items->v[items->n - 1];
    return WG_OK;
}

FILTER(do_list)
{
    struct wgj_list *items;

    WG_TRY(wgj_to_list(r, c->self, &items));
    *out = WGJ_LIST_VAL(items);
    return WG_OK;
}

FILTER(do_items)
{
    struct wgj_list *items;
    struct wgj_view view = {WGJ_ITEMS, c->self.d};

    if (c->self.t != WGJ_UNDEFINED && c->self.t != WGJ_DICT)
        return wgj_fail(r, WG_E_INPUT, "Can only get item pairs from a mapping.");
    struct wgj_val v = {.t = WGJ_VIEW, .view = &view};
    WG_TRY(wgj_to_list(r, c->self.t == WGJ_DICT ? v : c->self, &items));
    return wgj_gen_new(r, items, "items", out);
}

/* join(d='', attribute=None) */
FILTER(do_join)
{
    struct wgj_list *items;
    struct wgj_val sep;
    struct wg_buf b;
    enum wg_status st = WG_OK;

    if (c->arg[0].t == WGJ_MISSING)
        WG_TRY(wgj_str_borrow(r, "", 0, &sep));
    else
        WG_TRY(wgj_to_str(r, c->arg[0], &sep));
    WG_TRY(wgj_to_list(r, c->self, &items));
    for (size_t i = 0; i < items->n; i++)
        WG_TRY(get_attr(r, items->v[i], c->arg[1], WGJ_MISSING_VAL, &items->v[i]));
    wgj_buf_start(r, &b);
    for (size_t i = 0; st == WG_OK && i < items->n; i++) {
        if (i)
            wg_buf_add(&b, sep.s->p, sep.s->n);
        st = wgj_print(r, &b, items->v[i]);
    }
    return wgj_buf_finish(r, &b, st, out);
}

/* sum(attribute=None, start=0) */
FILTER(do_sum)
{
    struct wgj_list *items;
    struct wgj_val v;

    WG_TRY(wgj_to_list(r, c->self, &items));
    *out = c->arg[1].t == WGJ_MISSING ? WGJ_INT_VAL(0) : c->arg[1];
    if (out->t == WGJ_STR)
        return wgj_fail(r, WG_E_INPUT, "sum() can't sum strings [use ''.join(seq) instead]");
    for (size_t i = 0; i < items->n; i++) {
        WG_TRY(get_attr(r, items->v[i], c->arg[0], WGJ_MISSING_VAL, &v));
        WG_TRY(wgj_arith(r, '+', *out, v, out));
    }
    return WG_OK;
}

static enum wg_status count_of(struct wgj_run *r, struct wgj_val v, int64_t *out)
{
    if (!WGJ_IS_INT(v))
        return wgj_fail(r, WG_E_INPUT, "a number of items must be whole, not %s", wgj_type_name(v));
    *out = WGJ_AS_INT(v);
    return WG_OK;
}

/* batch(linecount, fill_with=None) */
FILTER(do_batch)
{
    struct wgj_list *items, *rows, *row = NULL;
    int64_t n = 0;

    WG_TRY(wgj_to_list(r, c->self, &items));
    WG_TRY(count_of(r, c->arg[0], &n));
    WG_TRY(wgj_list_new(r, 0, &rows));
    for (size_t i = 0; i < items->n; i++) {
        if (!row || (int64_t)row->n == n) {
            if (!row && n == 0) { /* as Python: an empty row stands first */
                WG_TRY(wgj_list_new(r, 0, &row));
                WG_TRY(wgj_list_add(r, rows, WGJ_LIST_VAL(row)));
            }
            WG_TRY(wgj_list_new(r, 0, &row));
            WG_TRY(wgj_list_add(r, rows, WGJ_LIST_VAL(row)));
        }
        WG_TRY(wgj_list_add(r, row, items->v[i]));
    }
    while (row && given(c->arg[1]) && (int64_t)row->n < n) {
        WG_TRY(wgj_work(r, 16));
        WG_TRY(wgj_list_add(r, row, c->arg[1]));
    }
    return wgj_gen_new(r, rows, "batch", out);
}

/* slice(slices, fill_with=None) */
FILTER(do_slice)
{
    struct wgj_list *items, *rows, *row;
    int64_t n = 0;

    WG_TRY(wgj_to_list(r, c->self, &items));
    WG_TRY(count_of(r, c->arg[0], &n));
    if (n == 0)
        return wgj_fail(r, WG_E_INPUT, "integer division or modulo by zero");
    WG_TRY(wgj_list_new(r, 0, &rows));
    if (n < 0)
        return wgj_gen_new(r, rows, "slice", out);
    size_t each = items->n / (size_t)n, longer = items->n % (size_t)n, k = 0;
    for (size_t i = 0; i < (size_t)n; i++) {
        size_t take = each + (i < longer);
        WG_TRY(wgj_work(r, 64));
        WG_TRY(wgj_list_new(r, take + 1, &row));
        while (take--)
            row->v[row->n++] = items->v[k++];
        if (given(c->arg[1]) && i >= longer)
            row->v[row->n++] = c->arg[1];
        WG_TRY(wgj_list_add(r, rows, WGJ_LIST_VAL(row)));
    }
    return wgj_gen_new(r, rows, "slice", out);
}

/* map, select and reject */

/* A call of the filter or test that is named by pos[at], with what follows as its arguments. */
static enum wg_status named_call(struct wgj_run *r, const struct wgj_call *c, size_t at, bool test,
                                 struct wgj_call *call)
{
    struct wgj_val name = c->pos[at];

    *call =
        (struct wgj_call){.pos = c->pos + at + 1, .n = c->n - at - 1, .kw = c->kw, .n_kw = c->n_kw};
    if (name.t == WGJ_STR)
        call->fn = test ? wgj_find_test(name.s->p, name.s->n)
                        : wgj_find_filter(name.s->p, name.s->n);
    if (call->fn)
        return WG_OK;
    if (name.t != WGJ_STR)
        return wgj_fail(r, WG_E_INPUT, "the name of a %s must be a string, not %s",
                        test ? "test" : "filter", wgj_type_name(name));
    return wgj_fail(r, WG_E_UNSUPPORTED, "No %s named '%.*s'.", test ? "test" : "filter",
                    (int)WG_MIN(name.s->n, (size_t)60), name.s->p);
}

/* map(attribute=..., default=...) */
static enum wg_status map_attribute(struct wgj_run *r, struct wgj_call *c, struct wgj_list *items)
{
    struct wgj_val attribute = WGJ_MISSING_VAL, fallback = WGJ_MISSING_VAL;

    for (size_t i = 0; i < c->n_kw; i++) {
        if (wgj_str_is(WGJ_STR_VAL(c->kw[i].name), "attribute"))
            attribute = c->kw[i].v;
        else if (wgj_str_is(WGJ_STR_VAL(c->kw[i].name), "default"))
            fallback = c->kw[i].v;
        else
            return wgj_fail(r, WG_E_INPUT, "Unexpected keyword argument '%.*s'",
                            (int)WG_MIN(c->kw[i].name->n, (size_t)60), c->kw[i].name->p);
    }
    if (attribute.t == WGJ_MISSING)
        return wgj_fail(r, WG_E_INPUT, "map requires a filter argument");
    for (size_t i = 0; i < items->n; i++)
        WG_TRY(get_attr(r, items->v[i], attribute, fallback, &items->v[i]));
    return WG_OK;
}

FILTER(do_map)
{
    struct wgj_list *items;
    struct wgj_call call;

    if (!wgj_truth(c->self)) {
        WG_TRY(wgj_list_new(r, 0, &items));
        return wgj_gen_new(r, items, "map", out);
    }
    WG_TRY(wgj_to_list(r, c->self, &items));
    if (!c->n) {
        WG_TRY(map_attribute(r, c, items));
        return wgj_gen_new(r, items, "map", out);
    }
    for (size_t i = 0; i < items->n; i++) {
        WG_TRY(named_call(r, c, 0, false, &call));
        call.self = items->v[i];
        WG_TRY(wgj_work(r, WGJ_BYTES_PER_STEP));
        WG_TRY(wgj_invoke(r, &call, &items->v[i]));
    }
    return wgj_gen_new(r, items, "map", out);
}

/* Keeps the items for which the test (or truth) is `keep`. */
static enum wg_status choose(struct wgj_run *r, struct wgj_call *c, bool keep, bool attr,
                             struct wgj_val *out)
{
    struct wgj_list *items, *kept;
    struct wgj_call call;
    struct wgj_val v;

    WG_TRY(wgj_list_new(r, 0, &kept));
    if (!wgj_truth(c->self))
        return wgj_gen_new(r, kept, "select", out);
    if (attr && !c->n)
        return wgj_fail(r, WG_E_INPUT, "Missing parameter for attribute name");
    WG_TRY(wgj_to_list(r, c->self, &items));
    for (size_t i = 0; i < items->n; i++) {
        v = items->v[i];
        if (attr)
            WG_TRY(get_attr(r, v, c->pos[0], WGJ_MISSING_VAL, &v));
        if (c->n > attr) {
            WG_TRY(named_call(r, c, attr, true, &call));
            call.self = v;
            WG_TRY(wgj_work(r, WGJ_BYTES_PER_STEP));
            WG_TRY(wgj_invoke(r, &call, &v));
        }
        if (wgj_truth(v) == keep)
            WG_TRY(wgj_list_add(r, kept, items->v[i]));
    }
    return wgj_gen_new(r, kept, "select", out);
}

FILTER(do_select)
{
    return choose(r, c, true, false, out);
}

FILTER(do_reject)
{
    return choose(r, c, false, false, out);
}

FILTER(do_selectattr)
{
    return choose(r, c, true, true, out);
}

FILTER(do_rejectattr)
{
    return choose(r, c, false, true, out);
}

const struct wgj_builtin wgj_filters_seq[] = {
    {"batch", "linecount fill_with", 1, do_batch},
    {"dictsort", "case_sensitive by reverse", 0, do_dictsort},
    {"first", "", 0, do_first},
    {"groupby", "attribute default case_sensitive", 1, do_groupby},
    {"items", "", 0, do_items},
    {"join", "d attribute", 0, do_join},
    {"last", "", 0, do_last},
    {"list", "", 0, do_list},
    {"map", "*", 0, do_map},
    {"max", "case_sensitive attribute", 0, do_max},
    {"min", "case_sensitive attribute", 0, do_min},
    {"reject", "*", 0, do_reject},
    {"rejectattr", "*", 0, do_rejectattr},
    {"reverse", "", 0, do_reverse},
    {"select", "*", 0, do_select},
    {"selectattr", "*", 0, do_selectattr},
    {"slice", "slices fill_with", 1, do_slice},
    {"sort", "reverse case_sensitive attribute", 0, do_sort},
    {"sum", "attribute start", 0, do_sum},
    {"unique", "case_sensitive attribute", 0, do_unique},
    {0},
};
