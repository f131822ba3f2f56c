/* Evaluation of expressions: operators, attributes, indices and slices. */
#include "text/jinja/ast.h"

#include "text/jinja/uni.h"

#include <string.h>

enum wg_status wgj_deep(struct wgj_run *r)
{
    if (++r->steps > r->max_steps)
        return wgj_work(r, 0);
    if (++r->depth > WGJ_MAX_EVAL)
        return wgj_fail(r, WG_E_LIMIT, "evaluation is nested over %d levels deep", WGJ_MAX_EVAL);
    return WG_OK;
}

struct wgj_val *wgj_slot(struct wgj_run *r, struct wgj_ref ref)
{
    struct wgj_frame *f = r->frame;

    for (int i = 0; i < ref.hops; i++)
        f = f->up;
    return &f->slot[ref.slot];
}

static enum wg_status eval_name(struct wgj_run *r, const struct wgj_node *x, struct wgj_val *out)
{
    *out = *wgj_slot(r, x->name.ref);
    if (out->t != WGJ_MISSING)
        return WG_OK;
    return wgj_undefined_new(r, out, "'%.*s' is undefined", (int)WG_MIN(x->name.s->n, (size_t)100),
                             x->name.s->p);
}

/* Attributes */

static enum wg_status bind_method(struct wgj_run *r, struct wgj_val self,
                                  const struct wgj_builtin *fn, struct wgj_val *out)
{
    void *m;

    WG_TRY(wgj_alloc(r, 1, sizeof(struct wgj_method), &m));
    *out = (struct wgj_val){.t = WGJ_METHOD, .method = m};
    *out->method = (struct wgj_method){.self = self, .fn = fn};
    return WG_OK;
}

static enum wg_status macro_attr(struct wgj_run *r, const struct wgj_macro *m,
                                 const struct wgj_str *name, struct wgj_val *out, bool *found)
{
    const struct wgj_macro_node *x = m->node;
    struct wgj_val v = WGJ_STR_VAL((struct wgj_str *)(uintptr_t)name);
    struct wgj_list *l;

    *found = true;
    if (wgj_str_is(v, "name")) {
        *out = x->name ? WGJ_STR_VAL(x->name) : WGJ_NONE_VAL;
    } else if (wgj_str_is(v, "arguments")) {
        WG_TRY(wgj_list_new(r, x->params.n, &l));
        for (size_t i = 0; i < x->params.n; i++)
            l->v[l->n++] = WGJ_STR_VAL(x->params.v[i]->name.s);
        *out = WGJ_TUPLE_VAL(l);
    } else if (wgj_str_is(v, "caller")) {
        *out = WGJ_BOOL_VAL(x->uses[0]);
    } else if (wgj_str_is(v, "catch_kwargs")) {
        *out = WGJ_BOOL_VAL(x->kwargs >= 0);
    } else if (wgj_str_is(v, "catch_varargs")) {
        *out = WGJ_BOOL_VAL(x->varargs >= 0);
    } else {
        *found = false;
    }
    return WG_OK;
}

static bool number_attr(struct wgj_val v, struct wgj_val name, struct wgj_val *out)
{
    bool whole = v.t != WGJ_FLOAT;

    if (wgj_str_is(name, "real") || (whole && wgj_str_is(name, "numerator")))
        *out = whole ? WGJ_INT_VAL(WGJ_AS_INT(v)) : v;
    else if (wgj_str_is(name, "imag"))
        *out = whole ? WGJ_INT_VAL(0) : WGJ_FLOAT_VAL(0.0);
    else if (whole && wgj_str_is(name, "denominator"))
        *out = WGJ_INT_VAL(1);
    else
        return false;
    return true;
}

static bool range_attr(const struct wgj_range *x, struct wgj_val name, struct wgj_val *out)
{
    bool start = wgj_str_is(name, "start"), stop = wgj_str_is(name, "stop");

    *out = WGJ_INT_VAL(start ? x->start : stop ? x->stop : x->step);
    return start || stop || wgj_str_is(name, "step");
}

/* Python's getattr(): attributes that are not items. */
static enum wg_status own_attr(struct wgj_run *r, struct wgj_val obj, struct wgj_val name,
                               struct wgj_val *out, bool *found)
{
    const struct wgj_str *s = name.s;
    struct wgj_val *slot;
    bool refused = false;

    *found = false;
    switch (obj.t) {
    case WGJ_NAMESPACE:
        WG_TRY(wgj_dict_find(r, obj.d, name, &slot));
        *found = slot != NULL;
        if (slot)
            *out = *slot;
        return WG_OK;
    case WGJ_LOOP:
        WG_TRY(wgj_loop_attr(r, obj.loop, s->p, s->n, out, found));
        break;
    case WGJ_CYCLER:
        *found = wgj_str_is(name, "current");
        if (*found)
            *out = obj.cycler->items->v[obj.cycler->pos];
        break;
    case WGJ_MACRO:
        WG_TRY(macro_attr(r, obj.macro, s, out, found));
        break;
    case WGJ_BOOL:
    case WGJ_INT:
    case WGJ_FLOAT:
        *found = number_attr(obj, name, out);
        break;
    case WGJ_RANGE:
        *found = range_attr(obj.range, name, out);
        break;
    case WGJ_TUPLE:
        *found = obj.l->group && (wgj_str_is(name, "grouper") || wgj_str_is(name, "list"));
        if (*found)
            *out = obj.l->v[s->p[0] == 'l'];
        break;
    default:
        break;
    }
    if (*found)
        return WG_OK;
    const struct wgj_builtin *m = wgj_find_method(obj, s->p, s->n, &refused);
    if (refused || (s->n > 1 && s->p[0] == '_' && s->p[1] == '_')) {
        *found = true;
        return wgj_undefined_new(r, out, "access to attribute '%.*s' of '%s' object is unsafe.",
                                 (int)WG_MIN(s->n, (size_t)60), s->p, wgj_type_name(obj));
    }
    if (!m)
        return WG_OK;
    *found = true;
    return bind_method(r, obj, m, out);
}

static enum wg_status no_attr(struct wgj_run *r, struct wgj_val obj, struct wgj_val key,
                              struct wgj_val *out)
{
    struct wg_buf b;

    if (key.t == WGJ_STR)
        return wgj_undefined_new(r, out, "'%s' has no attribute '%.*s'", wgj_owner_name(obj),
                                 (int)WG_MIN(key.s->n, (size_t)100), key.s->p);
    wgj_buf_start(r, &b);
    enum wg_status st = wgj_repr(r, &b, key);
    if (st == WG_OK)
        st = wgj_undefined_new(r, out, "%s has no element %.100s", wgj_owner_name(obj),
                               b.p ? b.p : "");
    wg_buf_release(&b);
    return st;
}

/* obj[key] for an int key; *found is false when Python raises a lookup error. */
static enum wg_status index_item(struct wgj_run *r, struct wgj_val obj, int64_t i,
                                 struct wgj_val *out, bool *found)
{
    size_t n;

    *found = false;
    if (obj.t != WGJ_STR && obj.t != WGJ_RANGE && !WGJ_IS_SEQUENCE(obj))
        return WG_OK;
    if (!wgj_len(obj, &n))
        return WG_OK;
    if (i < 0)
        i += (int64_t)n;
    if (i < 0 || (uint64_t)i >= n)
        return WG_OK;
    *found = true;
    if (obj.t == WGJ_RANGE) {
        *out = WGJ_INT_VAL(obj.range->start + i * obj.range->step);
        return WG_OK;
    }
    if (obj.t != WGJ_STR) {
        *out = obj.l->v[i];
        return WG_OK;
    }
    int len;
    if (wgj_chars(obj.s) != obj.s->n)
        WG_TRY(wgj_work(r, obj.s->n));
    const char *p = obj.s->p + wgj_char_offset(obj.s, (size_t)i);
    wgj_cp(p, &len);
    WG_TRY(wgj_str_borrow(r, p, (size_t)len, out));
    out->s->markup = obj.s->markup;
    return WG_OK;
}

static enum wg_status own_item(struct wgj_run *r, struct wgj_val obj, struct wgj_val key,
                               struct wgj_val *out, bool *found)
{
    struct wgj_val *slot = NULL;

    *found = false;
    if (obj.t == WGJ_DICT) {
        if (wgj_hashable(key))
            WG_TRY(wgj_dict_find(r, obj.d, key, &slot));
        *found = slot != NULL;
        if (slot)
            *out = *slot;
        return WG_OK;
    }
    return WGJ_IS_INT(key) ? index_item(r, obj, WGJ_AS_INT(key), out, found) : WG_OK;
}

enum wg_status wgj_getattr(struct wgj_run *r, struct wgj_val obj, struct wgj_val name,
                           struct wgj_val *out)
{
    bool found;

    if (obj.t == WGJ_UNDEFINED)
        return wgj_fail_undefined(r, obj);
    WG_TRY(own_attr(r, obj, name, out, &found));
    if (!found)
        WG_TRY(own_item(r, obj, name, out, &found));
    return found ? WG_OK : no_attr(r, obj, name, out);
}

enum wg_status wgj_getitem(struct wgj_run *r, struct wgj_val obj, struct wgj_val key,
                           struct wgj_val *out)
{
    bool found;

    if (obj.t == WGJ_UNDEFINED)
        return wgj_fail_undefined(r, obj);
    WG_TRY(own_item(r, obj, key, out, &found));
    if (!found && key.t == WGJ_STR)
        WG_TRY(own_attr(r, obj, key, out, &found));
    return found ? WG_OK : no_attr(r, obj, key, out);
}

/* Slices */

/* Python's slice.indices() for a sequence of n items: items start, start + step, ... `count` of
 * them. */
static enum wg_status slice_bounds(struct wgj_run *r, const struct wgj_val v[3], int64_t n,
                                   int64_t *start, int64_t *step, int64_t *count)
{
    int64_t bound[3];

    for (int i = 0; i < 3; i++) {
        if (v[i].t != WGJ_NONE && !WGJ_IS_INT(v[i]))
            return wgj_fail(r, WG_E_INPUT, "slice indices must be integers or None, not %s",
                            wgj_type_name(v[i]));
        bound[i] = v[i].t == WGJ_NONE ? 0 : WGJ_AS_INT(v[i]);
    }
    *step = v[2].t == WGJ_NONE ? 1 : bound[2];
    if (*step == 0)
        return wgj_fail(r, WG_E_INPUT, "slice step cannot be zero");
    if (*step > n + 1) /* one item at most; and no overflow below */
        *step = n + 1;
    if (*step < -(n + 1))
        *step = -(n + 1);
    int64_t low = *step < 0 ? -1 : 0, high = *step < 0 ? n - 1 : n;
    for (int i = 0; i < 2; i++) {
        if (v[i].t == WGJ_NONE) {
            bound[i] = (i == 0) == (*step > 0) ? low : high;
            continue;
        }
        if (bound[i] < 0)
            bound[i] = bound[i] < -n ? low : WG_MAX(bound[i] + n, low);
        bound[i] = WG_MIN(bound[i], high);
    }
    *start = bound[0];
    int64_t span = *step > 0 ? bound[1] - bound[0] : bound[0] - bound[1];
    int64_t size = *step > 0 ? *step : -*step;
    *count = span > 0 ? (span + size - 1) / size : 0;
    return WG_OK;
}

static enum wg_status slice_str(struct wgj_run *r, struct wgj_str *s, int64_t start, int64_t step,
                                int64_t count, struct wgj_val *out)
{
    struct wg_buf b;
    int len;

    WG_TRY(wgj_work(r, s->n));
    if (step == 1 || count <= 1) {
        size_t from = count ? wgj_char_offset(s, (size_t)start) : 0;
        const char *p = s->p + from;
        size_t n = 0;
        if (wgj_chars(s) == s->n) {
            n = (size_t)count;
        } else {
            for (int64_t i = 0; i < count; i++) {
                wgj_cp(p + n, &len);
                n += (size_t)len;
            }
        }
        return wgj_str_borrow(r, p, n, out);
    }
    wgj_buf_start(r, &b);
    const char *p = s->p + wgj_char_offset(s, (size_t)start);
    for (int64_t i = 0; i < count; i++) {
        wgj_cp(p, &len);
        wg_buf_add(&b, p, (size_t)len);
        for (int64_t k = 0; i + 1 < count && k < (step > 0 ? step : -step); k++) {
            if (step > 0) {
                wgj_cp(p, &len);
                p += len;
            } else {
                wgj_cp_before(s->p, p, &len);
                p -= len;
            }
        }
    }
    return wgj_buf_finish(r, &b, WG_OK, out);
}

static enum wg_status slice_range(struct wgj_run *r, const struct wgj_range *from, int64_t start,
                                  int64_t step, int64_t count, struct wgj_val *out)
{
    void *mem;

    WG_TRY(wgj_alloc(r, 1, sizeof(struct wgj_range), &mem));
    *out = (struct wgj_val){.t = WGJ_RANGE, .range = mem};
    *out->range = (struct wgj_range){
        .start = from->start + start * from->step, .step = from->step * step, .n = count};
    out->range->stop = out->range->start + count * out->range->step;
    return WG_OK;
}

static enum wg_status eval_slice(struct wgj_run *r, struct wgj_val obj, const struct wgj_node *x,
                                 struct wgj_val *out)
{
    struct wgj_node *part[3] = {x->x3.a, x->x3.b, x->x3.c};
    struct wgj_val v[3];
    struct wgj_list *l;
    int64_t start = 0, step = 1, count = 0;
    size_t n = 0;

    for (int i = 0; i < 3; i++) {
        v[i] = WGJ_NONE_VAL;
        if (part[i])
            WG_TRY(wgj_eval(r, part[i], &v[i]));
    }
    if (obj.t == WGJ_UNDEFINED)
        return wgj_fail_undefined(r, obj);
    if (obj.t != WGJ_STR && obj.t != WGJ_RANGE && !WGJ_IS_SEQUENCE(obj))
        return wgj_fail(r, WG_E_INPUT, "'%s' object cannot be sliced", wgj_type_name(obj));
    wgj_len(obj, &n);
    WG_TRY(slice_bounds(r, v, (int64_t)n, &start, &step, &count));
    if (obj.t == WGJ_STR) {
        WG_TRY(slice_str(r, obj.s, start, step, count, out));
        out->s->markup = obj.s->markup;
        return WG_OK;
    }
    if (obj.t == WGJ_RANGE)
        return slice_range(r, obj.range, start, step, count, out);
    WG_TRY(wgj_work(r, (size_t)count));
    WG_TRY(wgj_list_new(r, (size_t)count, &l));
    for (int64_t i = 0; i < count; i++)
        l->v[l->n++] = obj.l->v[start + i * step];
    *out = obj.t == WGJ_LIST ? WGJ_LIST_VAL(l) : WGJ_TUPLE_VAL(l);
    return WG_OK;
}

static enum wg_status eval_item(struct wgj_run *r, const struct wgj_node *x, struct wgj_val *out)
{
    struct wgj_val obj, key;

    WG_TRY(wgj_eval(r, x->x.a, &obj));
    if (x->x.b->kind == WGJ_N_SLICE)
        return eval_slice(r, obj, x->x.b, out);
    WG_TRY(wgj_eval(r, x->x.b, &key));
    return wgj_getitem(r, obj, key, out);
}

/* Comparison */

static enum wg_status contains_str(struct wgj_run *r, struct wgj_val item, struct wgj_val in,
                                   bool *out)
{
    if (item.t != WGJ_STR)
        return wgj_fail(r, WG_E_INPUT, "'in <string>' requires string as left operand, not %s",
                        wgj_type_name(item));
    WG_TRY(wgj_work(r, in.s->n));
    *out = item.s->n == 0 ||
           (in.s->n >= item.s->n && memmem(in.s->p, in.s->n, item.s->p, item.s->n) != NULL);
    return WG_OK;
}

enum wg_status wgj_contains(struct wgj_run *r, struct wgj_val item, struct wgj_val in, bool *out)
{
    struct wgj_iter it;
    struct wgj_val v, *slot;
    bool more;

    *out = false;
    if (in.t == WGJ_STR)
        return contains_str(r, item, in, out);
    if (in.t == WGJ_DICT || (in.t == WGJ_VIEW && in.view->kind == WGJ_KEYS)) {
        WG_TRY(wgj_dict_find(r, in.t == WGJ_DICT ? in.d : in.view->d, item, &slot));
        *out = slot != NULL;
        return WG_OK;
    }
    if (in.t == WGJ_NAMESPACE || wgj_iter_start(r, in, &it) != WG_OK)
        return wgj_fail(r, WG_E_INPUT, "argument of type '%s' is not iterable", wgj_type_name(in));
    while (!*out) {
        WG_TRY(wgj_iter_next(r, &it, &v, &more));
        if (!more)
            return WG_OK;
        WG_TRY(wgj_work(r, 16));
        *out = wgj_same(item, v);
        if (!*out)
            WG_TRY(wgj_equal(r, item, v, out));
    }
    return WG_OK;
}

/* a <= b is "less or equal" and not "not greater": NaN compares to nothing. */
static enum wg_status less_equal(struct wgj_run *r, struct wgj_val a, struct wgj_val b,
                                 const char *op, bool *out)
{
    WG_TRY(wgj_less(r, a, b, op, out));
    return *out ? WG_OK : wgj_equal(r, a, b, out);
}

static enum wg_status compare(struct wgj_run *r, char op, struct wgj_val a, struct wgj_val b,
                              bool *out)
{
    switch (op) {
    case WGJ_OP_EQ:
        return wgj_equal(r, a, b, out);
    case WGJ_OP_NE:
        WG_TRY(wgj_equal(r, a, b, out));
        *out = !*out;
        return WG_OK;
    case '<':
        return wgj_less(r, a, b, "<", out);
    case '>':
        return wgj_less(r, b, a, ">", out);
    case WGJ_OP_LE:
        return less_equal(r, a, b, "<=", out);
    case WGJ_OP_GE:
        return less_equal(r, b, a, ">=", out);
    case WGJ_OP_IN:
        return wgj_contains(r, a, b, out);
    default:
        WG_TRY(wgj_contains(r, a, b, out));
        *out = !*out;
        return WG_OK;
    }
}

static enum wg_status eval_compare(struct wgj_run *r, const struct wgj_node *x, struct wgj_val *out)
{
    struct wgj_val left, right;
    bool holds = true;

    WG_TRY(wgj_eval(r, x->compare.list.v[0], &left));
    for (size_t i = 1; holds && i < x->compare.list.n; i++) {
        WG_TRY(wgj_eval(r, x->compare.list.v[i], &right));
        r->line = x->line;
        WG_TRY(compare(r, x->compare.ops[i - 1], left, right, &holds));
        left = right;
    }
    *out = WGJ_BOOL_VAL(holds);
    return WG_OK;
}

/* Literals and the rest */

static enum wg_status eval_list(struct wgj_run *r, const struct wgj_node *x, struct wgj_val *out)
{
    struct wgj_list *l;

    WG_TRY(wgj_list_new(r, x->list.n, &l));
    for (size_t i = 0; i < x->list.n; i++)
        WG_TRY(wgj_eval(r, x->list.v[i], &l->v[i]));
    l->n = x->list.n;
    *out = x->kind == WGJ_N_LIST ? WGJ_LIST_VAL(l) : WGJ_TUPLE_VAL(l);
    return WG_OK;
}

static enum wg_status eval_dict(struct wgj_run *r, const struct wgj_node *x, struct wgj_val *out)
{
    struct wgj_dict *d;
    struct wgj_val key, value;

    WG_TRY(wgj_dict_new(r, x->list.n / 2, &d));
    for (size_t i = 0; i < x->list.n; i += 2) {
        WG_TRY(wgj_eval(r, x->list.v[i], &key));
        WG_TRY(wgj_eval(r, x->list.v[i + 1], &value));
        WG_TRY(wgj_dict_put(r, d, key, value));
    }
    *out = WGJ_DICT_VAL(d);
    return WG_OK;
}

static enum wg_status eval_concat(struct wgj_run *r, const struct wgj_node *x, struct wgj_val *out)
{
    struct wgj_val v, s;

    WG_TRY(wgj_str_borrow(r, "", 0, out));
    for (size_t i = 0; i < x->list.n; i++) {
        WG_TRY(wgj_eval(r, x->list.v[i], &v));
        WG_TRY(wgj_to_str(r, v, &s));
        WG_TRY(wgj_str_concat(r, *out, s, out));
    }
    return WG_OK;
}

static enum wg_status eval_cond(struct wgj_run *r, const struct wgj_node *x, struct wgj_val *out)
{
    struct wgj_val test;

    WG_TRY(wgj_eval(r, x->x3.b, &test));
    if (wgj_truth(test))
        return wgj_eval(r, x->x3.a, out);
    if (x->x3.c)
        return wgj_eval(r, x->x3.c, out);
    return wgj_undefined_new(r, out,
                             "the inline if-expression on line %d evaluated to false and no else "
                             "section was defined.",
                             x->line);
}

static enum wg_status eval_call(struct wgj_run *r, const struct wgj_node *x, struct wgj_val *out)
{
    struct wgj_call c = {0};
    struct wgj_val callee;

    WG_TRY(wgj_eval(r, x->call.a, &callee));
    WG_TRY(wgj_eval_args(r, &x->call.args, WGJ_MISSING_VAL, &c));
    r->line = x->line;
    return wgj_call_value(r, callee, &c, out);
}

/* A filter or a test on a value. */
static enum wg_status eval_builtin(struct wgj_run *r, const struct wgj_node *x, struct wgj_val *out)
{
    struct wgj_call c = {.fn = x->call.fn, .self = r->captured};

    if (x->call.a)
        WG_TRY(wgj_eval(r, x->call.a, &c.self));
    WG_TRY(wgj_eval_args(r, &x->call.args, WGJ_MISSING_VAL, &c));
    r->line = x->line;
    if (!x->call.fn)
        return wgj_fail(r, WG_E_UNSUPPORTED, "No %s named '%.*s' found.",
                        x->kind == WGJ_N_FILTER ? "filter" : "test", (int)x->call.name->n,
                        x->call.name->p);
    return wgj_invoke(r, &c, out);
}

static enum wg_status eval_inner(struct wgj_run *r, const struct wgj_node *x, struct wgj_val *out)
{
    struct wgj_val a, b;

    switch (x->kind) {
    case WGJ_N_ATTR:
        WG_TRY(wgj_eval(r, x->x.a, &a));
        r->line = x->line;
        return wgj_getattr(r, a, WGJ_STR_VAL(x->x.attr), out);
    case WGJ_N_ITEM:
        return eval_item(r, x, out);
    case WGJ_N_BIN:
        WG_TRY(wgj_eval(r, x->x.a, &a));
        WG_TRY(wgj_eval(r, x->x.b, &b));
        r->line = x->line;
        return wgj_arith(r, x->op, a, b, out);
    case WGJ_N_NEG:
    case WGJ_N_POS:
        WG_TRY(wgj_eval(r, x->x.a, &a));
        return wgj_sign(r, x->kind == WGJ_N_NEG, a, out);
    case WGJ_N_NOT:
        WG_TRY(wgj_eval(r, x->x.a, &a));
        *out = WGJ_BOOL_VAL(!wgj_truth(a));
        return WG_OK;
    case WGJ_N_AND:
    case WGJ_N_OR:
        WG_TRY(wgj_eval(r, x->x.a, out));
        return wgj_truth(*out) == (x->kind == WGJ_N_OR) ? WG_OK : wgj_eval(r, x->x.b, out);
    case WGJ_N_COMPARE:
        return eval_compare(r, x, out);
    case WGJ_N_CONCAT:
        return eval_concat(r, x, out);
    case WGJ_N_COND:
        return eval_cond(r, x, out);
    case WGJ_N_LIST:
    case WGJ_N_TUPLE:
        return eval_list(r, x, out);
    case WGJ_N_DICT:
        return eval_dict(r, x, out);
    case WGJ_N_CALL:
        return eval_call(r, x, out);
    case WGJ_N_FILTER:
    case WGJ_N_TEST:
        return eval_builtin(r, x, out);
    default:
        return wgj_fail(r, WG_E_INTERNAL, "a statement stands where an expression belongs");
    }
}

enum wg_status wgj_eval(struct wgj_run *r, const struct wgj_node *x, struct wgj_val *out)
{
    WG_TRY(wgj_deep(r));
    r->line = x->line;
    if (x->kind == WGJ_N_CONST)
        *out = x->value;
    else if (x->kind == WGJ_N_NAME)
        WG_TRY(eval_name(r, x, out));
    else
        WG_TRY(eval_inner(r, x, out));
    r->depth--;
    return WG_OK;
}
