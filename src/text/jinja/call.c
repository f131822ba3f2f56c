/* Calls: arguments, binding to parameters, macros, and everything that can be called. */
#include "text/jinja/ast.h"

#include <string.h>

static enum wg_status add_kw(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_str *name,
                             struct wg_j_val v, size_t cap)
{
    if (c->n_kw >= cap)
        return wg_j_fail(r, WG_E_INTERNAL, "too many keyword arguments");
    for (size_t i = 0; i < c->n_kw; i++)
        if (wg_j_same(WG_J_STR_VAL(c->kw[i].name), WG_J_STR_VAL(name)))
            return wg_j_fail(r, WG_E_INPUT, "got multiple values for keyword argument '%.*s'",
                             (int)WG_MIN(name->n, (size_t)60), name->p);
    c->kw[c->n_kw++] = (struct wg_j_kw){name, v};
    return WG_OK;
}

static enum wg_status eval_kwargs(struct wg_j_run *r, const struct wg_j_args *a,
                                  struct wg_j_val caller, struct wg_j_call *c)
{
    struct wg_j_val v, extra = WG_J_MISSING_VAL, name;
    size_t cap = a->n_kw + (caller.t != WG_J_MISSING);
    void *mem;

    if (!cap && !a->star_star)
        return WG_OK;
    struct wg_j_list *values;
    WG_TRY(wg_j_list_new(r, a->n_kw, &values));
    for (size_t i = 0; i < a->n_kw; i++)
        WG_TRY(wg_j_eval(r, a->kw[i].x, &values->v[i]));
    if (a->star_star) {
        WG_TRY(wg_j_eval(r, a->star_star, &extra));
        if (extra.t != WG_J_DICT)
            return wg_j_fail(r, WG_E_INPUT, "argument after ** must be a mapping, not %s",
                             wg_j_type_name(extra));
        cap += extra.d->n;
    }
    WG_TRY(wg_j_alloc(r, cap, sizeof *c->kw, &mem));
    c->kw = mem;
    for (size_t i = 0; i < a->n_kw; i++)
        WG_TRY(add_kw(r, c, a->kw[i].name, values->v[i], cap));
    if (caller.t != WG_J_MISSING) {
        WG_TRY(wg_j_str_z(r, "caller", &name));
        WG_TRY(add_kw(r, c, name.s, caller, cap));
    }
    for (size_t i = 0; extra.t == WG_J_DICT && i < extra.d->n; i++) {
        v = extra.d->e[i].key;
        if (v.t != WG_J_STR)
            return wg_j_fail(r, WG_E_INPUT, "keywords must be strings");
        WG_TRY(add_kw(r, c, v.s, extra.d->e[i].value, cap));
    }
    return WG_OK;
}

enum wg_status wg_j_eval_args(struct wg_j_run *r, const struct wg_j_args *a, struct wg_j_val caller,
                              struct wg_j_call *c)
{
    struct wg_j_list *l;
    struct wg_j_val v;
    struct wg_j_iter it;
    bool more = true;

    if (a->pos.n || a->star) {
        WG_TRY(wg_j_list_new(r, a->pos.n, &l));
        for (size_t i = 0; i < a->pos.n; i++)
            WG_TRY(wg_j_eval(r, a->pos.v[i], &l->v[i]));
        l->n = a->pos.n;
        if (a->star) {
            WG_TRY(wg_j_eval(r, a->star, &v));
            WG_TRY(wg_j_iter_start(r, v, &it));
            while (more) {
                WG_TRY(wg_j_iter_next(r, &it, &v, &more));
                if (more)
                    WG_TRY(wg_j_list_add(r, l, v));
            }
        }
        c->pos = l->v;
        c->n = l->n;
    }
    return eval_kwargs(r, a, caller, c);
}

/* Index of the parameter of that name in "a b c", or -1. */
static int param_index(const char *params, const struct wg_j_str *name)
{
    for (int i = 0; *params; i++) {
        size_t n = strcspn(params, " ");
        if (n == name->n && memcmp(params, name->p, n) == 0)
            return i;
        params += n + (params[n] == ' ');
    }
    return -1;
}

enum wg_status wg_j_invoke(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    const struct wg_j_builtin *fn = c->fn;
    const char *params = fn->params;
    bool positional = params[0] == '/';
    int n = 0;

    if (!fn->fn)
        return wg_j_fail(r, WG_E_UNSUPPORTED, "'%s' is not supported", fn->name);
    if (params[0] == '*')
        return fn->fn(r, c, out);
    params += positional;
    for (const char *p = params; *p; n++) {
        p += strcspn(p, " ");
        p += *p == ' ';
    }
    if (c->n > (size_t)n)
        return wg_j_fail(r, WG_E_INPUT, "%s() takes at most %d argument%s (%zu given)", fn->name, n,
                         n == 1 ? "" : "s", c->n);
    for (int i = 0; i < WG_J_MAX_PARAMS; i++)
        c->arg[i] = (size_t)i < c->n ? c->pos[i] : WG_J_MISSING_VAL;
    for (size_t i = 0; i < c->n_kw; i++) {
        const struct wg_j_str *name = c->kw[i].name;
        int k = positional ? -1 : param_index(params, name);
        if (k < 0 || c->arg[k].t != WG_J_MISSING)
            return wg_j_fail(r, WG_E_INPUT,
                             k < 0 ? "%s() got an unexpected keyword argument '%.*s'"
                                   : "%s() got multiple values for argument '%.*s'",
                             fn->name, (int)WG_MIN(name->n, (size_t)60), name->p);
        c->arg[k] = c->kw[i].v;
    }
    for (int i = 0; i < fn->required; i++)
        if (c->arg[i].t == WG_J_MISSING)
            return wg_j_fail(r, WG_E_INPUT, "%s() missing %d required argument%s", fn->name,
                             fn->required - i, fn->required - i == 1 ? "" : "s");
    bool refused;
    if (WG_J_IS_MARKUP(c->self) &&
        wg_j_find_method(c->self, fn->name, strlen(fn->name), &refused) == fn)
        return wg_j_markup_method(r, c, out);
    return fn->fn(r, c, out);
}

/* Macros */

static bool take_kw(struct wg_j_call *c, const struct wg_j_str *name, struct wg_j_val *v)
{
    for (size_t i = 0; i < c->n_kw; i++) {
        if (!wg_j_same(WG_J_STR_VAL(c->kw[i].name), WG_J_STR_VAL((struct wg_j_str *)name)))
            continue;
        *v = c->kw[i].v;
        memmove(&c->kw[i], &c->kw[i + 1], (c->n_kw - i - 1) * sizeof c->kw[0]);
        c->n_kw--;
        return true;
    }
    return false;
}

static enum wg_status macro_specials(struct wg_j_run *r, const struct wg_j_macro_node *m,
                                     struct wg_j_call *c, struct wg_j_frame *f)
{
    const char *name = m->name ? m->name->p : "caller";
    int len = m->name ? (int)WG_MIN(m->name->n, (size_t)60) : 6;
    struct wg_j_str caller = {.p = "caller", .n = 6};
    struct wg_j_val v;

    if (m->caller >= 0) {
        if (!take_kw(c, &caller, &v) || v.t == WG_J_NONE)
            WG_TRY(wg_j_undefined_new(r, &v, "No caller defined"));
        f->slot[m->caller] = v;
    }
    if (m->kwargs >= 0) {
        struct wg_j_dict *d;
        WG_TRY(wg_j_dict_new(r, c->n_kw, &d));
        for (size_t i = 0; i < c->n_kw; i++)
            WG_TRY(wg_j_dict_put(r, d, WG_J_STR_VAL(c->kw[i].name), c->kw[i].v));
        f->slot[m->kwargs] = WG_J_DICT_VAL(d);
    } else if (c->n_kw) {
        return wg_j_fail(r, WG_E_INPUT, "macro '%.*s' takes no keyword argument '%.*s'", len, name,
                         (int)WG_MIN(c->kw[0].name->n, (size_t)60), c->kw[0].name->p);
    }
    if (m->varargs >= 0) {
        struct wg_j_list *l;
        WG_TRY(wg_j_list_new(r, c->n, &l));
        for (size_t i = m->params.n; i < c->n; i++)
            l->v[l->n++] = c->pos[i];
        f->slot[m->varargs] = WG_J_TUPLE_VAL(l);
    } else if (c->n > m->params.n) {
        return wg_j_fail(r, WG_E_INPUT, "macro '%.*s' takes not more than %zu argument(s)", len,
                         name, m->params.n);
    }
    return WG_OK;
}

/* Parameters that were not given, in order: a default sees the ones before it. */
static enum wg_status macro_defaults(struct wg_j_run *r, const struct wg_j_macro_node *m,
                                     struct wg_j_frame *f)
{
    for (size_t i = 0; i < m->params.n; i++) {
        struct wg_j_val *v = &f->slot[m->slots[i]];
        size_t first = m->params.n - m->defaults.n;
        if (v->t != WG_J_MISSING)
            continue;
        const struct wg_j_str *name = m->params.v[i]->name.s;
        if (i >= first)
            WG_TRY(wg_j_eval(r, m->defaults.v[i - first], v));
        else
            WG_TRY(wg_j_undefined_new(r, v, "parameter '%.*s' was not provided",
                                      (int)WG_MIN(name->n, (size_t)60), name->p));
    }
    return WG_OK;
}

enum wg_status wg_j_call_macro(struct wg_j_run *r, struct wg_j_macro *macro, struct wg_j_call *c,
                               struct wg_j_val *out)
{
    const struct wg_j_macro_node *m = macro->node;
    struct wg_j_frame *f, *back = r->frame;

    if (++r->macro_depth > WG_J_MAX_MACRO)
        return wg_j_fail(r, WG_E_LIMIT, "macro calls are nested over %d deep", WG_J_MAX_MACRO);
    WG_TRY(wg_j_deep(r));
    WG_TRY(wg_j_enter(r, m->body.scope, macro->frame, &f));
    for (size_t i = 0; i < m->params.n; i++) {
        struct wg_j_val *v = &f->slot[m->slots[i]];
        if (i < c->n)
            *v = c->pos[i];
        else
            take_kw(c, m->params.v[i]->name.s, v);
    }
    WG_TRY(macro_specials(r, m, c, f));
    r->frame = f;
    WG_TRY(macro_defaults(r, m, f));
    WG_TRY(wg_j_capture(r, &m->body.list, f, out));
    r->frame = back;
    wg_j_leave(r, f);
    r->depth--;
    r->macro_depth--;
    return WG_OK;
}

static enum wg_status call_joiner(struct wg_j_run *r, struct wg_j_joiner *j,
                                  const struct wg_j_call *c, struct wg_j_val *out)
{
    if (c->n || c->n_kw)
        return wg_j_fail(r, WG_E_INPUT, "a joiner takes no arguments");
    if (j->used) {
        *out = j->sep;
        return WG_OK;
    }
    j->used = true;
    return wg_j_str_borrow(r, "", 0, out);
}

enum wg_status wg_j_call_value(struct wg_j_run *r, struct wg_j_val callee, struct wg_j_call *c,
                               struct wg_j_val *out)
{
    switch (callee.t) {
    case WG_J_METHOD:
        c->self = callee.method->self;
        c->fn = callee.method->fn;
        return wg_j_invoke(r, c, out);
    case WG_J_FUNC:
        c->fn = callee.func;
        return wg_j_invoke(r, c, out);
    case WG_J_MACRO:
        return wg_j_call_macro(r, callee.macro, c, out);
    case WG_J_LOOP:
        return wg_j_loop_recurse(r, callee.loop, c, out);
    case WG_J_JOINER:
        return call_joiner(r, callee.joiner, c, out);
    case WG_J_UNDEFINED:
        return wg_j_fail_undefined(r, callee);
    default:
        return wg_j_fail(r, WG_E_INPUT, "'%s' object is not callable", wg_j_type_name(callee));
    }
}
