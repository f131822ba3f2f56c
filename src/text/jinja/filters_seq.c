/* Filters on sequences and dicts. */
#include "text/jinja/run.h"
#include "text/jinja/uni.h"

#include <string.h>

#define FILTER(name)                                                                               \
    static enum wg_status name(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)

static bool given(struct wg_j_val v)
{
    return v.t != WG_J_MISSING && v.t != WG_J_NONE;
}

static bool flag(struct wg_j_val v)
{
    return v.t != WG_J_MISSING && wg_j_truth(v);
}

/* A filter that Python computes item by item, when they are asked for: what goes wrong with one is
 * not an error before that. */
static enum wg_status lazily(struct wg_j_run *r, struct wg_j_call *c,
                             enum wg_status (*fill)(struct wg_j_run *, struct wg_j_call *,
                                                    struct wg_j_list *),
                             struct wg_j_val *out)
{
    struct wg_j_list *l;
    struct wg_j_val why;
    int depth = r->depth;

    WG_TRY(wg_j_list_new(r, 0, &l));
    enum wg_status st = fill(r, c, l);
    if (st != WG_OK && st != WG_E_INPUT && st != WG_E_UNSUPPORTED)
        return st;
    WG_TRY(wg_j_gen_new(r, l, out));
    if (st == WG_OK)
        return WG_OK;
    r->depth = depth;
    const char *msg = r->err ? r->err->msg : "";
    WG_TRY(wg_j_str_new(r, msg, strlen(msg) + 1, &why));
    out->gen->failed = st;
    out->gen->why = why.s->p;
    return WG_OK;
}

/* Keys */

/* One step of a dotted path: digits are an index. */
static enum wg_status get_part(struct wg_j_run *r, struct wg_j_val item, const char *p, size_t n,
                               struct wg_j_val *out)
{
    struct wg_j_val part;
    int64_t index = 0;
    bool digits = n > 0 && n < 18;

    for (size_t i = 0; i < n && digits; i++) {
        digits = p[i] >= '0' && p[i] <= '9';
        index = index * 10 + (p[i] - '0');
    }
    if (digits)
        return wg_j_getitem(r, item, WG_J_INT_VAL(index), out);
    WG_TRY(wg_j_str_borrow(r, p, n, &part));
    return wg_j_getitem(r, item, part, out);
}

/* item.a.b for the path "a.b"; a default takes the place of what is undefined on the way. */
static enum wg_status get_path(struct wg_j_run *r, struct wg_j_val item, const char *p, size_t n,
                               struct wg_j_val fallback, struct wg_j_val *out)
{
    *out = item;
    for (;;) {
        const char *dot = memchr(p, '.', n);
        size_t len = dot ? (size_t)(dot - p) : n;
        WG_TRY(get_part(r, *out, p, len, out));
        if (out->t == WG_J_UNDEFINED && given(fallback))
            *out = fallback;
        if (!dot)
            return WG_OK;
        p += len + 1;
        n -= len + 1;
    }
}

/* The attribute argument of a filter on one item: a path, an index or nothing. */
static enum wg_status get_attr(struct wg_j_run *r, struct wg_j_val item, struct wg_j_val attribute,
                               struct wg_j_val fallback, struct wg_j_val *out)
{
    *out = item;
    if (!given(attribute))
        return WG_OK;
    if (attribute.t == WG_J_STR)
        return get_path(r, item, attribute.s->p, attribute.s->n, fallback, out);
    WG_TRY(wg_j_getitem(r, item, attribute, out));
    if (out->t == WG_J_UNDEFINED && given(fallback))
        *out = fallback;
    return WG_OK;
}

static enum wg_status fold_case(struct wg_j_run *r, bool case_sensitive, struct wg_j_val *v)
{
    struct wg_j_call c = {.self = *v};
    bool refused;

    if (case_sensitive || v->t != WG_J_STR)
        return WG_OK;
    c.fn = wg_j_find_method(*v, "lower", 5, &refused);
    return wg_j_invoke(r, &c, v);
}

/* The keys of all items by one attribute. */
static enum wg_status keys_of(struct wg_j_run *r, const struct wg_j_list *items,
                              struct wg_j_val attribute, struct wg_j_val fallback,
                              bool case_sensitive, struct wg_j_list **out)
{
    WG_TRY(wg_j_list_new(r, items->n, out));
    for (size_t i = 0; i < items->n; i++) {
        struct wg_j_val *key = &(*out)->v[i];
        WG_TRY(get_attr(r, items->v[i], attribute, fallback, key));
        WG_TRY(fold_case(r, case_sensitive, key));
    }
    (*out)->n = items->n;
    return WG_OK;
}

/* The list of keys of one item by "a,b.c". */
static enum wg_status multi_key(struct wg_j_run *r, struct wg_j_val item, struct wg_j_val attribute,
                                bool case_sensitive, struct wg_j_val *out)
{
    struct wg_j_list *l;
    struct wg_j_val v;

    WG_TRY(wg_j_list_new(r, 1, &l));
    *out = WG_J_LIST_VAL(l);
    if (attribute.t != WG_J_STR) {
        WG_TRY(get_attr(r, item, attribute, WG_J_MISSING_VAL, &v));
        WG_TRY(fold_case(r, case_sensitive, &v));
        return wg_j_list_add(r, l, v);
    }
    const char *p = attribute.s->p;
    size_t n = attribute.s->n;
    for (;;) {
        const char *comma = memchr(p, ',', n);
        size_t len = comma ? (size_t)(comma - p) : n;
        WG_TRY(get_path(r, item, p, len, WG_J_MISSING_VAL, &v));
        WG_TRY(fold_case(r, case_sensitive, &v));
        WG_TRY(wg_j_list_add(r, l, v));
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
    struct wg_j_list *items, *keys;

    WG_TRY(wg_j_to_list(r, c->self, &items));
    WG_TRY(wg_j_list_new(r, items->n, &keys));
    for (size_t i = 0; i < items->n; i++)
        WG_TRY(multi_key(r, items->v[i], c->arg[2], flag(c->arg[1]), &keys->v[i]));
    *out = WG_J_LIST_VAL(items);
    return wg_j_sort(r, items->v, keys->v, items->n, flag(c->arg[0]));
}

/* dictsort(case_sensitive=False, by='key', reverse=False) */
FILTER(do_dictsort)
{
    struct wg_j_list *items, *keys;
    bool by_value = wg_j_str_is(c->arg[1], "value");

    if (c->arg[1].t != WG_J_MISSING && !by_value && !wg_j_str_is(c->arg[1], "key"))
        return wg_j_fail(r, WG_E_INPUT, "You can only sort by either \"key\" or \"value\"");
    if (c->self.t == WG_J_UNDEFINED)
        return wg_j_fail_undefined(r, c->self);
    if (c->self.t != WG_J_DICT)
        return wg_j_fail(r, WG_E_INPUT, "'%s' object has no attribute 'items'",
                         wg_j_type_name(c->self));
    const struct wg_j_dict *d = c->self.d;
    WG_TRY(wg_j_list_new(r, d->n, &items));
    WG_TRY(wg_j_list_new(r, d->n, &keys));
    for (size_t i = 0; i < d->n; i++) {
        keys->v[i] = by_value ? d->e[i].value : d->e[i].key;
        WG_TRY(fold_case(r, flag(c->arg[0]), &keys->v[i]));
        WG_TRY(wg_j_pair_new(r, d->e[i].key, d->e[i].value, &items->v[i]));
    }
    items->n = d->n;
    *out = WG_J_LIST_VAL(items);
    return wg_j_sort(r, items->v, keys->v, items->n, flag(c->arg[2]));
}

FILTER(do_reverse)
{
    struct wg_j_list *items;
    size_t n;

    if (c->self.t == WG_J_STR) {
        struct wg_buf b;
        int len;
        WG_TRY(wg_j_work(r, c->self.s->n));
        wg_j_buf_start(r, &b);
        for (const char *p = c->self.s->p, *end = p + c->self.s->n; end > p; end -= len) {
            wg_j_cp_before(p, end, &len);
            wg_buf_add(&b, end - len, (size_t)len);
        }
        WG_TRY(wg_j_buf_finish(r, &b, WG_OK, out));
        return wg_j_mark(r, *out, c->self.s->markup, out);
    }
    WG_TRY(wg_j_to_list(r, c->self, &items));
    for (size_t i = 0; i < items->n / 2; i++) {
        struct wg_j_val v = items->v[i];
        items->v[i] = items->v[items->n - 1 - i];
        items->v[items->n - 1 - i] = v;
    }
    if (!wg_j_len(c->self, &n)) {
        *out = WG_J_LIST_VAL(items);
        return WG_OK;
    }
    return wg_j_gen_new(r, items, out);
}

static enum wg_status fill_unique(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_list *kept)
{
    struct wg_j_list *items;
    struct wg_j_dict *seen;
    struct wg_j_val *slot, key;

    WG_TRY(wg_j_to_list(r, c->self, &items));
    WG_TRY(wg_j_dict_new(r, 0, &seen));
    for (size_t i = 0; i < items->n; i++) {
        WG_TRY(get_attr(r, items->v[i], c->arg[1], WG_J_MISSING_VAL, &key));
        WG_TRY(fold_case(r, flag(c->arg[0]), &key));
        WG_TRY(wg_j_dict_find(r, seen, key, &slot));
        if (slot)
            continue;
        WG_TRY(wg_j_dict_put(r, seen, key, WG_J_NONE_VAL));
        WG_TRY(wg_j_list_add(r, kept, items->v[i]));
    }
    return WG_OK;
}

FILTER(do_unique)
{
    return lazily(r, c, fill_unique, out);
}

/* groupby(attribute, default=None, case_sensitive=False) */
FILTER(do_groupby)
{
    struct wg_j_list *items, *keys, *order, *groups, *members = NULL;
    bool same = false;

    WG_TRY(wg_j_to_list(r, c->self, &items));
    WG_TRY(keys_of(r, items, c->arg[0], c->arg[1], flag(c->arg[2]), &keys));
    WG_TRY(wg_j_list_new(r, items->n, &order));
    for (size_t i = 0; i < items->n; i++)
        order->v[i] = WG_J_INT_VAL((int64_t)i);
    WG_TRY(wg_j_sort(r, order->v, keys->v, items->n, false));
    WG_TRY(wg_j_list_new(r, 0, &groups));
    struct wg_j_val last = WG_J_MISSING_VAL;
    for (size_t i = 0; i < items->n; i++) {
        size_t k = (size_t)order->v[i].i;
        if (members)
            WG_TRY(wg_j_equal(r, last, keys->v[k], &same));
        if (!members || !same) {
            struct wg_j_val name, group;
            WG_TRY(get_attr(r, items->v[k], c->arg[0], c->arg[1], &name));
            WG_TRY(wg_j_list_new(r, 1, &members));
            WG_TRY(wg_j_pair_new(r, name, WG_J_LIST_VAL(members), &group));
            group.l->group = true;
            WG_TRY(wg_j_list_add(r, groups, group));
            last = keys->v[k];
        }
        WG_TRY(wg_j_list_add(r, members, items->v[k]));
    }
    *out = WG_J_LIST_VAL(groups);
    return WG_OK;
}

static enum wg_status extreme(struct wg_j_run *r, struct wg_j_call *c, bool max,
                              struct wg_j_val *out)
{
    struct wg_j_list *items, *keys;
    size_t best = 0;
    bool better;

    WG_TRY(wg_j_to_list(r, c->self, &items));
    WG_TRY(keys_of(r, items, c->arg[1], WG_J_MISSING_VAL, flag(c->arg[0]), &keys));
    if (!items->n)
        return wg_j_undefined_new(r, out, "No aggregated item, sequence was empty.");
    for (size_t i = 1; i < items->n; i++) {
        struct wg_j_val a = keys->v[max ? best : i], b = keys->v[max ? i : best];
        WG_TRY(wg_j_less(r, a, b, max ? ">" : "<", &better));
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
    struct wg_j_iter it;
    bool more;

    WG_TRY(wg_j_iter_start(r, c->self, &it));
    WG_TRY(wg_j_iter_next(r, &it, out, &more));
    return more ? WG_OK : wg_j_undefined_new(r, out, "No first item, sequence was empty.");
}

FILTER(do_last)
{
    struct wg_j_list *items;
    size_t n;

    if (!wg_j_len(c->self, &n))
        return wg_j_fail(r, WG_E_INPUT, "'%s' object is not reversible", wg_j_type_name(c->self));
    if (!n)
        return wg_j_undefined_new(r, out, "No last item, sequence was empty.");
    if (WG_J_IS_SEQUENCE(c->self)) {
        *out = c->self.l->v[n - 1];
        return WG_OK;
    }
    WG_TRY(wg_j_to_list(r, c->self, &items));
    *out = items->v[items->n - 1];
    return WG_OK;
}

FILTER(do_list)
{
    struct wg_j_list *items;

    WG_TRY(wg_j_to_list(r, c->self, &items));
    *out = WG_J_LIST_VAL(items);
    return WG_OK;
}

static enum wg_status fill_items(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_list *l)
{
    struct wg_j_val pair;

    if (c->self.t == WG_J_UNDEFINED)
        return WG_OK;
    if (c->self.t != WG_J_DICT)
        return wg_j_fail(r, WG_E_INPUT, "Can only get item pairs from a mapping.");
    for (size_t i = 0; i < c->self.d->n; i++) {
        WG_TRY(wg_j_pair_new(r, c->self.d->e[i].key, c->self.d->e[i].value, &pair));
        WG_TRY(wg_j_list_add(r, l, pair));
    }
    return WG_OK;
}

FILTER(do_items)
{
    return lazily(r, c, fill_items, out);
}

/* join(d='', attribute=None) */
FILTER(do_join)
{
    struct wg_j_list *items;
    struct wg_j_val sep;
    struct wg_buf b;
    enum wg_status st = WG_OK;

    if (c->arg[0].t == WG_J_MISSING)
        WG_TRY(wg_j_str_borrow(r, "", 0, &sep));
    else
        WG_TRY(wg_j_to_str(r, c->arg[0], &sep));
    WG_TRY(wg_j_to_list(r, c->self, &items));
    for (size_t i = 0; i < items->n; i++)
        WG_TRY(get_attr(r, items->v[i], c->arg[1], WG_J_MISSING_VAL, &items->v[i]));
    wg_j_buf_start(r, &b);
    for (size_t i = 0; st == WG_OK && i < items->n; i++) {
        if (i)
            wg_buf_add(&b, sep.s->p, sep.s->n);
        st = wg_j_print(r, &b, items->v[i]);
    }
    return wg_j_buf_finish(r, &b, st, out);
}

/* sum(attribute=None, start=0) */
FILTER(do_sum)
{
    struct wg_j_list *items;
    struct wg_j_val v;

    WG_TRY(wg_j_to_list(r, c->self, &items));
    *out = c->arg[1].t == WG_J_MISSING ? WG_J_INT_VAL(0) : c->arg[1];
    if (out->t == WG_J_STR)
        return wg_j_fail(r, WG_E_INPUT, "sum() can't sum strings [use ''.join(seq) instead]");
    for (size_t i = 0; i < items->n; i++) {
        WG_TRY(get_attr(r, items->v[i], c->arg[0], WG_J_MISSING_VAL, &v));
        WG_TRY(wg_j_arith(r, '+', *out, v, out));
    }
    return WG_OK;
}

static enum wg_status count_of(struct wg_j_run *r, struct wg_j_val v, int64_t *out)
{
    if (!WG_J_IS_INT(v))
        return wg_j_fail(r, WG_E_INPUT, "a number of items must be whole, not %s",
                         wg_j_type_name(v));
    *out = WG_J_AS_INT(v);
    return WG_OK;
}

/* batch(linecount, fill_with=None) */
static enum wg_status fill_batch(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_list *rows)
{
    struct wg_j_list *items, *row;
    int64_t n = 0;

    WG_TRY(wg_j_to_list(r, c->self, &items));
    WG_TRY(wg_j_list_new(r, 0, &row));
    if (items->n)
        WG_TRY(count_of(r, c->arg[0], &n));
    for (size_t i = 0; i < items->n; i++) {
        if ((int64_t)row->n == n) {
            WG_TRY(wg_j_list_add(r, rows, WG_J_LIST_VAL(row)));
            WG_TRY(wg_j_list_new(r, 0, &row));
        }
        WG_TRY(wg_j_list_add(r, row, items->v[i]));
    }
    while (row->n && given(c->arg[1]) && (int64_t)row->n < n) {
        WG_TRY(wg_j_work(r, 16));
        WG_TRY(wg_j_list_add(r, row, c->arg[1]));
    }
    return row->n ? wg_j_list_add(r, rows, WG_J_LIST_VAL(row)) : WG_OK;
}

FILTER(do_batch)
{
    return lazily(r, c, fill_batch, out);
}

/* slice(slices, fill_with=None) */
static enum wg_status fill_slice(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_list *rows)
{
    struct wg_j_list *items, *row;
    int64_t n = 0;

    WG_TRY(wg_j_to_list(r, c->self, &items));
    WG_TRY(count_of(r, c->arg[0], &n));
    if (n == 0)
        return wg_j_fail(r, WG_E_INPUT, "integer division or modulo by zero");
    if (n < 0)
        return WG_OK;
    size_t each = items->n / (size_t)n, longer = items->n % (size_t)n, k = 0;
    for (size_t i = 0; i < (size_t)n; i++) {
        size_t take = each + (i < longer);
        WG_TRY(wg_j_work(r, 64));
        WG_TRY(wg_j_list_new(r, take + 1, &row));
        while (take--)
            row->v[row->n++] = items->v[k++];
        if (given(c->arg[1]) && i >= longer)
            row->v[row->n++] = c->arg[1];
        WG_TRY(wg_j_list_add(r, rows, WG_J_LIST_VAL(row)));
    }
    return WG_OK;
}

FILTER(do_slice)
{
    return lazily(r, c, fill_slice, out);
}

/* map, select and reject */

/* A call of the filter or test that is named by pos[at], with what follows as its arguments. */
static enum wg_status named_call(struct wg_j_run *r, const struct wg_j_call *c, size_t at,
                                 bool test, struct wg_j_call *call)
{
    struct wg_j_val name = c->pos[at];

    *call = (struct wg_j_call){
        .pos = c->pos + at + 1, .n = c->n - at - 1, .kw = c->kw, .n_kw = c->n_kw};
    if (name.t == WG_J_STR)
        call->fn = test ? wg_j_find_test(name.s->p, name.s->n)
                        : wg_j_find_filter(name.s->p, name.s->n);
    if (call->fn)
        return WG_OK;
    if (name.t != WG_J_STR)
        return wg_j_fail(r, WG_E_INPUT, "the name of a %s must be a string, not %s",
                         test ? "test" : "filter", wg_j_type_name(name));
    return wg_j_fail(r, WG_E_UNSUPPORTED, "No %s named '%.*s'.", test ? "test" : "filter",
                     (int)WG_MIN(name.s->n, (size_t)60), name.s->p);
}

/* map(attribute=..., default=...) */
static enum wg_status map_arguments(struct wg_j_run *r, const struct wg_j_call *c,
                                    struct wg_j_val *attribute, struct wg_j_val *fallback)
{
    *attribute = *fallback = WG_J_MISSING_VAL;
    for (size_t i = 0; i < c->n_kw; i++) {
        if (wg_j_str_is(WG_J_STR_VAL(c->kw[i].name), "attribute"))
            *attribute = c->kw[i].v;
        else if (wg_j_str_is(WG_J_STR_VAL(c->kw[i].name), "default"))
            *fallback = c->kw[i].v;
        else
            return wg_j_fail(r, WG_E_INPUT, "Unexpected keyword argument '%.*s'",
                             (int)WG_MIN(c->kw[i].name->n, (size_t)60), c->kw[i].name->p);
    }
    if (attribute->t == WG_J_MISSING)
        return wg_j_fail(r, WG_E_INPUT, "map requires a filter argument");
    return WG_OK;
}

static enum wg_status fill_map(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_list *l)
{
    struct wg_j_val attribute, fallback, v;
    struct wg_j_call call;
    struct wg_j_iter it;
    bool more;

    if (!wg_j_truth(c->self))
        return WG_OK;
    if (!c->n)
        WG_TRY(map_arguments(r, c, &attribute, &fallback));
    WG_TRY(wg_j_iter_start(r, c->self, &it));
    for (;;) {
        WG_TRY(wg_j_iter_next(r, &it, &v, &more));
        if (!more)
            return WG_OK;
        WG_TRY(wg_j_work(r, WG_J_BYTES_PER_STEP));
        if (c->n) {
            WG_TRY(named_call(r, c, 0, false, &call));
            call.self = v;
            WG_TRY(wg_j_invoke(r, &call, &v));
        } else {
            WG_TRY(get_attr(r, v, attribute, fallback, &v));
        }
        WG_TRY(wg_j_list_add(r, l, v));
    }
}

FILTER(do_map)
{
    return lazily(r, c, fill_map, out);
}

/* Keeps the items for which the test (or truth) is `keep`. */
static enum wg_status choose(struct wg_j_run *r, struct wg_j_call *c, bool keep, bool attr,
                             struct wg_j_list *kept)
{
    struct wg_j_call call;
    struct wg_j_iter it;
    struct wg_j_val item, v;
    bool more;

    if (!wg_j_truth(c->self))
        return WG_OK;
    if (attr && !c->n)
        return wg_j_fail(r, WG_E_INPUT, "Missing parameter for attribute name");
    WG_TRY(wg_j_iter_start(r, c->self, &it));
    for (;;) {
        WG_TRY(wg_j_iter_next(r, &it, &item, &more));
        if (!more)
            return WG_OK;
        v = item;
        WG_TRY(wg_j_work(r, WG_J_BYTES_PER_STEP));
        if (attr)
            WG_TRY(get_attr(r, v, c->pos[0], WG_J_MISSING_VAL, &v));
        if (c->n > attr) {
            WG_TRY(named_call(r, c, attr, true, &call));
            call.self = v;
            WG_TRY(wg_j_invoke(r, &call, &v));
        }
        if (wg_j_truth(v) == keep)
            WG_TRY(wg_j_list_add(r, kept, item));
    }
}

static enum wg_status fill_select(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_list *l)
{
    return choose(r, c, true, false, l);
}

FILTER(do_select)
{
    return lazily(r, c, fill_select, out);
}

static enum wg_status fill_reject(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_list *l)
{
    return choose(r, c, false, false, l);
}

FILTER(do_reject)
{
    return lazily(r, c, fill_reject, out);
}

static enum wg_status fill_selectattr(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_list *l)
{
    return choose(r, c, true, true, l);
}

FILTER(do_selectattr)
{
    return lazily(r, c, fill_selectattr, out);
}

static enum wg_status fill_rejectattr(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_list *l)
{
    return choose(r, c, false, true, l);
}

FILTER(do_rejectattr)
{
    return lazily(r, c, fill_rejectattr, out);
}

const struct wg_j_builtin wg_j_filters_seq[] = {
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
