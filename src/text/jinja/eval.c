/* Evaluation of expressions: operators, attributes, indices and slices. */
#include "text/jinja/ast.h"

#include "text/jinja/uni.h"

#include <assert.h>
#include <string.h>

enum wg_status wg_j_deep(struct wg_j_run *r)
{
    if (++r->steps > r->max_steps)
        return wg_j_work(r, 0);
    if (++r->depth > WG_J_MAX_EVAL)
        return wg_j_fail(r, WG_E_LIMIT, "evaluation is nested over %d levels deep", WG_J_MAX_EVAL);
    return WG_OK;
}

struct wg_j_val *wg_j_slot(struct wg_j_run *r, struct wg_j_ref ref)
{
    struct wg_j_frame *f = r->frame;

    for (int i = 0; i < ref.hops; i++)
        f = f->up;
    return &f->slot[ref.slot];
}

static enum wg_status eval_name(struct wg_j_run *r, const struct wg_j_node *x, struct wg_j_val *out)
{
    *out = *wg_j_slot(r, x->name.ref);
    if (out->t != WG_J_MISSING)
        return WG_OK;
    return wg_j_undefined_new(r, out, "'%.*s' is undefined", (int)WG_MIN(x->name.s->n, (size_t)100),
                              x->name.s->p);
}

/* Attributes */

static enum wg_status bind_method(struct wg_j_run *r, struct wg_j_val self,
                                  const struct wg_j_builtin *fn, struct wg_j_val *out)
{
    void *m;

    WG_TRY(wg_j_alloc(r, 1, sizeof(struct wg_j_method), &m));
    *out = (struct wg_j_val){.t = WG_J_METHOD, .method = m};
    *out->method = (struct wg_j_method){.self = self, .fn = fn};
    return WG_OK;
}

static enum wg_status macro_attr(struct wg_j_run *r, const struct wg_j_macro *m,
                                 const struct wg_j_str *name, struct wg_j_val *out, bool *found)
{
    const struct wg_j_macro_node *x = m->node;
    struct wg_j_val v = WG_J_STR_VAL((struct wg_j_str *)name);
    struct wg_j_list *l;

    *found = true;
    if (wg_j_str_is(v, "name")) {
        *out = x->name ? WG_J_STR_VAL(x->name) : WG_J_NONE_VAL;
    } else if (wg_j_str_is(v, "arguments")) {
        WG_TRY(wg_j_list_new(r, x->params.n, &l));
        for (size_t i = 0; i < x->params.n; i++)
            l->v[l->n++] = WG_J_STR_VAL(x->params.v[i]->name.s);
        *out = WG_J_TUPLE_VAL(l);
    } else if (wg_j_str_is(v, "caller")) {
        *out = WG_J_BOOL_VAL(x->uses[0]);
    } else if (wg_j_str_is(v, "catch_kwargs")) {
        *out = WG_J_BOOL_VAL(x->kwargs >= 0);
    } else if (wg_j_str_is(v, "catch_varargs")) {
        *out = WG_J_BOOL_VAL(x->varargs >= 0);
    } else {
        *found = false;
    }
    return WG_OK;
}

static bool number_attr(struct wg_j_val v, struct wg_j_val name, struct wg_j_val *out)
{
    bool whole = v.t != WG_J_FLOAT;

    if (wg_j_str_is(name, "real") || (whole && wg_j_str_is(name, "numerator")))
        *out = whole ? WG_J_INT_VAL(WG_J_AS_INT(v)) : v;
    else if (wg_j_str_is(name, "imag"))
        *out = whole ? WG_J_INT_VAL(0) : WG_J_FLOAT_VAL(0.0);
    else if (whole && wg_j_str_is(name, "denominator"))
        *out = WG_J_INT_VAL(1);
    else
        return false;
    return true;
}

static bool range_attr(const struct wg_j_range *x, struct wg_j_val name, struct wg_j_val *out)
{
    bool start = wg_j_str_is(name, "start"), stop = wg_j_str_is(name, "stop");

    *out = WG_J_INT_VAL(start ? x->start : stop ? x->stop : x->step);
    return start || stop || wg_j_str_is(name, "step");
}

/* Python's getattr(): attributes that are not items. */
static enum wg_status own_attr(struct wg_j_run *r, struct wg_j_val obj, struct wg_j_val name,
                               struct wg_j_val *out, bool *found)
{
    const struct wg_j_str *s = name.s;
    struct wg_j_val *slot;
    bool refused = false;

    *found = false;
    switch (obj.t) {
    case WG_J_NAMESPACE:
        WG_TRY(wg_j_dict_find(r, obj.d, name, &slot));
        *found = slot != NULL;
        if (slot)
            *out = *slot;
        return WG_OK;
    case WG_J_LOOP:
        WG_TRY(wg_j_loop_attr(r, obj.loop, s->p, s->n, out, found));
        break;
    case WG_J_CYCLER:
        *found = wg_j_str_is(name, "current");
        if (*found)
            *out = obj.cycler->items->v[obj.cycler->pos];
        break;
    case WG_J_MACRO:
        WG_TRY(macro_attr(r, obj.macro, s, out, found));
        break;
    case WG_J_BOOL:
    case WG_J_INT:
    case WG_J_FLOAT:
        *found = number_attr(obj, name, out);
        break;
    case WG_J_RANGE:
        *found = range_attr(obj.range, name, out);
        break;
    case WG_J_TUPLE:
        *found = obj.l->group && (wg_j_str_is(name, "grouper") || wg_j_str_is(name, "list"));
        if (*found)
            *out = obj.l->v[s->p[0] == 'l'];
        break;
    default:
        break;
    }
    if (*found)
        return WG_OK;
    const struct wg_j_builtin *m = wg_j_find_method(obj, s->p, s->n, &refused);
    if (refused || (s->n > 1 && s->p[0] == '_' && s->p[1] == '_')) {
        *found = true;
        return wg_j_undefined_new(r, out, "access to attribute '%.*s' of '%s' object is unsafe.",
                                  (int)WG_MIN(s->n, (size_t)60), s->p, wg_j_type_name(obj));
    }
    if (!m)
        return WG_OK;
    *found = true;
    return bind_method(r, obj, m, out);
}

static enum wg_status no_attr(struct wg_j_run *r, struct wg_j_val obj, struct wg_j_val key,
                              struct wg_j_val *out)
{
    struct wg_buf b;

    if (key.t == WG_J_STR)
        return wg_j_undefined_new(r, out, "'%s' has no attribute '%.*s'", wg_j_owner_name(obj),
                                  (int)WG_MIN(key.s->n, (size_t)100), key.s->p);
    wg_j_buf_start(r, &b);
    enum wg_status st = wg_j_repr(r, &b, key);
    if (st == WG_OK)
        st = wg_j_undefined_new(r, out, "%s has no element %.100s", wg_j_owner_name(obj),
                                b.p ? b.p : "");
    wg_buf_release(&b);
    return st;
}

/* obj[key] for an int key; *found is false when Python raises a lookup error. */
static enum wg_status index_item(struct wg_j_run *r, struct wg_j_val obj, int64_t i,
                                 struct wg_j_val *out, bool *found)
{
    size_t n;

    *found = false;
    if (obj.t != WG_J_STR && obj.t != WG_J_RANGE && !WG_J_IS_SEQUENCE(obj))
        return WG_OK;
    if (!wg_j_len(obj, &n))
        return WG_OK;
    if (i < 0)
        i += (int64_t)n;
    if (i < 0 || (uint64_t)i >= n)
        return WG_OK;
    *found = true;
    if (obj.t == WG_J_RANGE) {
        *out = WG_J_INT_VAL(wg_j_range_at(obj.range, i));
        return WG_OK;
    }
    if (obj.t != WG_J_STR) {
        *out = obj.l->v[i];
        return WG_OK;
    }
    int len;
    if (wg_j_chars(obj.s) != obj.s->n)
        WG_TRY(wg_j_work(r, obj.s->n));
    const char *p = obj.s->p + wg_j_char_offset(obj.s, (size_t)i);
    wg_j_cp(p, &len);
    WG_TRY(wg_j_str_borrow(r, p, (size_t)len, out));
    out->s->markup = obj.s->markup;
    return WG_OK;
}

static enum wg_status own_item(struct wg_j_run *r, struct wg_j_val obj, struct wg_j_val key,
                               struct wg_j_val *out, bool *found)
{
    struct wg_j_val *slot = NULL;

    *found = false;
    if (obj.t == WG_J_DICT) {
        if (wg_j_hashable(key))
            WG_TRY(wg_j_dict_find(r, obj.d, key, &slot));
        *found = slot != NULL;
        if (slot)
            *out = *slot;
        return WG_OK;
    }
    return WG_J_IS_INT(key) ? index_item(r, obj, WG_J_AS_INT(key), out, found) : WG_OK;
}

enum wg_status wg_j_getattr(struct wg_j_run *r, struct wg_j_val obj, struct wg_j_val name,
                            struct wg_j_val *out)
{
    bool found;

    if (obj.t == WG_J_UNDEFINED)
        return wg_j_fail_undefined(r, obj);
    WG_TRY(own_attr(r, obj, name, out, &found));
    if (!found)
        WG_TRY(own_item(r, obj, name, out, &found));
    return found ? WG_OK : no_attr(r, obj, name, out);
}

enum wg_status wg_j_getitem(struct wg_j_run *r, struct wg_j_val obj, struct wg_j_val key,
                            struct wg_j_val *out)
{
    bool found;

    if (obj.t == WG_J_UNDEFINED)
        return wg_j_fail_undefined(r, obj);
    WG_TRY(own_item(r, obj, key, out, &found));
    if (!found && key.t == WG_J_STR)
        WG_TRY(own_attr(r, obj, key, out, &found));
    return found ? WG_OK : no_attr(r, obj, key, out);
}

/* Slices */

/* Python's slice.indices() for a sequence of n items: items start, start + step, ... before stop,
 * `count` of them. */
static enum wg_status slice_bounds(struct wg_j_run *r, const struct wg_j_val v[3], int64_t n,
                                   int64_t *start, int64_t *stop, int64_t *step, int64_t *count)
{
    int64_t bound[3];

    assert(n >= 0 && n < INT64_MAX);
    for (int i = 0; i < 3; i++) {
        if (v[i].t != WG_J_NONE && !WG_J_IS_INT(v[i]))
            return wg_j_fail(r, WG_E_INPUT, "slice indices must be integers or None, not %s",
                             wg_j_type_name(v[i]));
        bound[i] = v[i].t == WG_J_NONE ? 0 : WG_J_AS_INT(v[i]);
    }
    *step = v[2].t == WG_J_NONE ? 1 : bound[2];
    if (*step == 0)
        return wg_j_fail(r, WG_E_INPUT, "slice step cannot be zero");
    if (*step > n + 1) /* one item at most; and no overflow below */
        *step = n + 1;
    if (*step < -(n + 1))
        *step = -(n + 1);
    int64_t low = *step < 0 ? -1 : 0, high = *step < 0 ? n - 1 : n;
    for (int i = 0; i < 2; i++) {
        if (v[i].t == WG_J_NONE) {
            bound[i] = (i == 0) == (*step > 0) ? low : high;
            continue;
        }
        if (bound[i] < 0)
            bound[i] = bound[i] < -n ? low : WG_MAX(bound[i] + n, low);
        bound[i] = WG_MIN(bound[i], high);
    }
    *start = bound[0];
    *stop = bound[1];
    int64_t span = *step > 0 ? bound[1] - bound[0] : bound[0] - bound[1];
    int64_t size = WG_MAX(*step > 0 ? *step : -*step, 1);
    *count = span > 0 ? (span + size - 1) / size : 0;
    return WG_OK;
}

static enum wg_status slice_str(struct wg_j_run *r, struct wg_j_str *s, int64_t start, int64_t step,
                                int64_t count, struct wg_j_val *out)
{
    struct wg_buf b;
    int len;

    WG_TRY(wg_j_work(r, s->n));
    if (step == 1 || count <= 1) {
        size_t from = count ? wg_j_char_offset(s, (size_t)start) : 0;
        const char *p = s->p + from;
        size_t n = 0;
        if (wg_j_chars(s) == s->n) {
            n = (size_t)count;
        } else {
            for (int64_t i = 0; i < count; i++) {
                wg_j_cp(p + n, &len);
                n += (size_t)len;
            }
        }
        return wg_j_str_borrow(r, p, n, out);
    }
    wg_j_buf_start(r, &b);
    const char *p = s->p + wg_j_char_offset(s, (size_t)start);
    for (int64_t i = 0; i < count; i++) {
        wg_j_cp(p, &len);
        wg_buf_add(&b, p, (size_t)len);
        for (int64_t k = 0; i + 1 < count && k < (step > 0 ? step : -step); k++) {
            if (step > 0) {
                wg_j_cp(p, &len);
                p += len;
            } else {
                wg_j_cp_before(s->p, p, &len);
                p -= len;
            }
        }
    }
    return wg_j_buf_finish(r, &b, WG_OK, out);
}

static enum wg_status slice_range(struct wg_j_run *r, const struct wg_j_range *from, int64_t start,
                                  int64_t stop, int64_t step, int64_t count, struct wg_j_val *out)
{
    void *mem;

    WG_TRY(wg_j_alloc(r, 1, sizeof(struct wg_j_range), &mem));
    *out = (struct wg_j_val){.t = WG_J_RANGE, .range = mem};
    *out->range = (struct wg_j_range){
        .start = wg_j_range_at(from, start), .stop = wg_j_range_at(from, stop), .n = count};
    if (__builtin_mul_overflow(from->step, step, &out->range->step))
        return wg_j_fail(r, WG_E_LIMIT, "a whole number does not fit in 64 bits");
    return WG_OK;
}

static enum wg_status eval_slice(struct wg_j_run *r, struct wg_j_val obj, const struct wg_j_node *x,
                                 struct wg_j_val *out)
{
    struct wg_j_node *part[3] = {x->x3.a, x->x3.b, x->x3.c};
    struct wg_j_val v[3];
    struct wg_j_list *l;
    int64_t start = 0, stop = 0, step = 1, count = 0;
    size_t n = 0;

    for (int i = 0; i < 3; i++) {
        v[i] = WG_J_NONE_VAL;
        if (part[i])
            WG_TRY(wg_j_eval(r, part[i], &v[i]));
    }
    if (obj.t == WG_J_UNDEFINED)
        return wg_j_fail_undefined(r, obj);
    if (obj.t != WG_J_STR && obj.t != WG_J_RANGE && !WG_J_IS_SEQUENCE(obj))
        return wg_j_fail(r, WG_E_INPUT, "'%s' object cannot be sliced", wg_j_type_name(obj));
    wg_j_len(obj, &n);
    WG_TRY(slice_bounds(r, v, (int64_t)n, &start, &stop, &step, &count));
    if (obj.t == WG_J_STR) {
        WG_TRY(slice_str(r, obj.s, start, step, count, out));
        out->s->markup = obj.s->markup;
        return WG_OK;
    }
    if (obj.t == WG_J_RANGE)
        return slice_range(r, obj.range, start, stop, step, count, out);
    WG_TRY(wg_j_work(r, (size_t)count));
    WG_TRY(wg_j_list_new(r, (size_t)count, &l));
    for (int64_t i = 0; i < count; i++)
        l->v[l->n++] = obj.l->v[start + i * step];
    *out = obj.t == WG_J_LIST ? WG_J_LIST_VAL(l) : WG_J_TUPLE_VAL(l);
    return WG_OK;
}

static enum wg_status eval_item(struct wg_j_run *r, const struct wg_j_node *x, struct wg_j_val *out)
{
    struct wg_j_val obj = {0}, key = {0};

    WG_TRY(wg_j_eval(r, x->x.a, &obj));
    if (x->x.b->kind == WG_J_N_SLICE)
        return eval_slice(r, obj, x->x.b, out);
    WG_TRY(wg_j_eval(r, x->x.b, &key));
    return wg_j_getitem(r, obj, key, out);
}

/* Comparison */

static enum wg_status contains_str(struct wg_j_run *r, struct wg_j_val item, struct wg_j_val in,
                                   bool *out)
{
    if (item.t != WG_J_STR)
        return wg_j_fail(r, WG_E_INPUT, "'in <string>' requires string as left operand, not %s",
                         wg_j_type_name(item));
    WG_TRY(wg_j_work(r, in.s->n));
    *out = item.s->n == 0 ||
           (in.s->n >= item.s->n && memmem(in.s->p, in.s->n, item.s->p, item.s->n) != NULL);
    return WG_OK;
}

enum wg_status wg_j_contains(struct wg_j_run *r, struct wg_j_val item, struct wg_j_val in,
                             bool *out)
{
    struct wg_j_iter it;
    struct wg_j_val v, *slot;
    bool more;

    *out = false;
    if (in.t == WG_J_STR)
        return contains_str(r, item, in, out);
    if (in.t == WG_J_DICT || (in.t == WG_J_VIEW && in.view->kind == WG_J_KEYS)) {
        WG_TRY(wg_j_dict_find(r, in.t == WG_J_DICT ? in.d : in.view->d, item, &slot));
        *out = slot != NULL;
        return WG_OK;
    }
    if (in.t == WG_J_NAMESPACE || wg_j_iter_start(r, in, &it) != WG_OK)
        return wg_j_fail(r, WG_E_INPUT, "argument of type '%s' is not iterable",
                         wg_j_type_name(in));
    while (!*out) {
        WG_TRY(wg_j_iter_next(r, &it, &v, &more));
        if (!more)
            return WG_OK;
        WG_TRY(wg_j_work(r, 16));
        *out = wg_j_same(item, v);
        if (!*out)
            WG_TRY(wg_j_equal(r, item, v, out));
    }
    return WG_OK;
}

/* a <= b is "less or equal" and not "not greater": NaN compares to nothing. */
static enum wg_status less_equal(struct wg_j_run *r, struct wg_j_val a, struct wg_j_val b,
                                 const char *op, bool *out)
{
    WG_TRY(wg_j_less(r, a, b, op, out));
    return *out ? WG_OK : wg_j_equal(r, a, b, out);
}

static enum wg_status compare(struct wg_j_run *r, char op, struct wg_j_val a, struct wg_j_val b,
                              bool *out)
{
    switch (op) {
    case WG_J_OP_EQ:
        return wg_j_equal(r, a, b, out);
    case WG_J_OP_NE:
        WG_TRY(wg_j_equal(r, a, b, out));
        *out = !*out;
        return WG_OK;
    case '<':
        return wg_j_less(r, a, b, "<", out);
    case '>':
        return wg_j_less(r, b, a, ">", out);
    case WG_J_OP_LE:
        return less_equal(r, a, b, "<=", out);
    case WG_J_OP_GE:
        return less_equal(r, b, a, ">=", out);
    case WG_J_OP_IN:
        return wg_j_contains(r, a, b, out);
    default:
        WG_TRY(wg_j_contains(r, a, b, out));
        *out = !*out;
        return WG_OK;
    }
}

static enum wg_status eval_compare(struct wg_j_run *r, const struct wg_j_node *x,
                                   struct wg_j_val *out)
{
    struct wg_j_val left = {0}, right = {0};
    bool holds = true;

    WG_TRY(wg_j_eval(r, x->compare.list.v[0], &left));
    for (size_t i = 1; holds && i < x->compare.list.n; i++) {
        WG_TRY(wg_j_eval(r, x->compare.list.v[i], &right));
        r->line = x->line;
        WG_TRY(compare(r, x->compare.ops[i - 1], left, right, &holds));
        left = right;
    }
    *out = WG_J_BOOL_VAL(holds);
    return WG_OK;
}

/* Literals and the rest */

static enum wg_status eval_list(struct wg_j_run *r, const struct wg_j_node *x, struct wg_j_val *out)
{
    struct wg_j_list *l;

    WG_TRY(wg_j_list_new(r, x->list.n, &l));
    for (size_t i = 0; i < x->list.n; i++)
        WG_TRY(wg_j_eval(r, x->list.v[i], &l->v[i]));
    l->n = x->list.n;
    *out = x->kind == WG_J_N_LIST ? WG_J_LIST_VAL(l) : WG_J_TUPLE_VAL(l);
    return WG_OK;
}

static enum wg_status eval_dict(struct wg_j_run *r, const struct wg_j_node *x, struct wg_j_val *out)
{
    struct wg_j_dict *d;
    struct wg_j_val key, value;

    WG_TRY(wg_j_dict_new(r, x->list.n / 2, &d));
    for (size_t i = 0; i < x->list.n; i += 2) {
        WG_TRY(wg_j_eval(r, x->list.v[i], &key));
        WG_TRY(wg_j_eval(r, x->list.v[i + 1], &value));
        WG_TRY(wg_j_dict_put(r, d, key, value));
    }
    *out = WG_J_DICT_VAL(d);
    return WG_OK;
}

static enum wg_status eval_concat(struct wg_j_run *r, const struct wg_j_node *x,
                                  struct wg_j_val *out)
{
    struct wg_j_val v, s;

    WG_TRY(wg_j_str_borrow(r, "", 0, out));
    for (size_t i = 0; i < x->list.n; i++) {
        WG_TRY(wg_j_eval(r, x->list.v[i], &v));
        WG_TRY(wg_j_to_str(r, v, &s));
        WG_TRY(wg_j_str_concat(r, *out, s, out));
    }
    return WG_OK;
}

static enum wg_status eval_cond(struct wg_j_run *r, const struct wg_j_node *x, struct wg_j_val *out)
{
    struct wg_j_val test = {0};

    WG_TRY(wg_j_eval(r, x->x3.b, &test));
    if (wg_j_truth(test))
        return wg_j_eval(r, x->x3.a, out);
    if (x->x3.c)
        return wg_j_eval(r, x->x3.c, out);
    return wg_j_undefined_new(r, out,
                              "the inline if-expression on line %d evaluated to false and no else "
                              "section was defined.",
                              x->line);
}

static enum wg_status eval_call(struct wg_j_run *r, const struct wg_j_node *x, struct wg_j_val *out)
{
    struct wg_j_call c = {0};
    struct wg_j_val callee = {0};

    WG_TRY(wg_j_eval(r, x->call.a, &callee));
    WG_TRY(wg_j_eval_args(r, &x->call.args, WG_J_MISSING_VAL, &c));
    r->line = x->line;
    return wg_j_call_value(r, callee, &c, out);
}

/* A filter or a test on a value. */
static enum wg_status eval_builtin(struct wg_j_run *r, const struct wg_j_node *x,
                                   struct wg_j_val *out)
{
    struct wg_j_call c = {.fn = x->call.fn, .self = r->captured};

    if (x->call.a)
        WG_TRY(wg_j_eval(r, x->call.a, &c.self));
    WG_TRY(wg_j_eval_args(r, &x->call.args, WG_J_MISSING_VAL, &c));
    r->line = x->line;
    if (!x->call.fn)
        return wg_j_fail(r, WG_E_UNSUPPORTED, "No %s named '%.*s' found.",
                         x->kind == WG_J_N_FILTER ? "filter" : "test", (int)x->call.name->n,
                         x->call.name->p);
    return wg_j_invoke(r, &c, out);
}

static enum wg_status eval_inner(struct wg_j_run *r, const struct wg_j_node *x,
                                 struct wg_j_val *out)
{
    struct wg_j_val a = {0}, b = {0};

    switch (x->kind) {
    case WG_J_N_ATTR:
        WG_TRY(wg_j_eval(r, x->x.a, &a));
        r->line = x->line;
        return wg_j_getattr(r, a, WG_J_STR_VAL(x->x.attr), out);
    case WG_J_N_ITEM:
        return eval_item(r, x, out);
    case WG_J_N_BIN:
        WG_TRY(wg_j_eval(r, x->x.a, &a));
        WG_TRY(wg_j_eval(r, x->x.b, &b));
        r->line = x->line;
        return wg_j_arith(r, x->op, a, b, out);
    case WG_J_N_NEG:
    case WG_J_N_POS:
        WG_TRY(wg_j_eval(r, x->x.a, &a));
        return wg_j_sign(r, x->kind == WG_J_N_NEG, a, out);
    case WG_J_N_NOT:
        WG_TRY(wg_j_eval(r, x->x.a, &a));
        *out = WG_J_BOOL_VAL(!wg_j_truth(a));
        return WG_OK;
    case WG_J_N_AND:
    case WG_J_N_OR:
        WG_TRY(wg_j_eval(r, x->x.a, out));
        return wg_j_truth(*out) == (x->kind == WG_J_N_OR) ? WG_OK : wg_j_eval(r, x->x.b, out);
    case WG_J_N_COMPARE:
        return eval_compare(r, x, out);
    case WG_J_N_CONCAT:
        return eval_concat(r, x, out);
    case WG_J_N_COND:
        return eval_cond(r, x, out);
    case WG_J_N_LIST:
    case WG_J_N_TUPLE:
        return eval_list(r, x, out);
    case WG_J_N_DICT:
        return eval_dict(r, x, out);
    case WG_J_N_CALL:
        return eval_call(r, x, out);
    case WG_J_N_FILTER:
    case WG_J_N_TEST:
        return eval_builtin(r, x, out);
    default:
        return wg_j_fail(r, WG_E_INTERNAL, "a statement stands where an expression belongs");
    }
}

enum wg_status wg_j_eval(struct wg_j_run *r, const struct wg_j_node *x, struct wg_j_val *out)
{
    WG_TRY(wg_j_deep(r));
    r->line = x->line;
    if (x->kind == WG_J_N_CONST)
        *out = x->value;
    else if (x->kind == WG_J_N_NAME)
        WG_TRY(eval_name(r, x, out));
    else
        WG_TRY(eval_inner(r, x, out));
    r->depth--;
    return WG_OK;
}
