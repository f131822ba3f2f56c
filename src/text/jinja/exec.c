/* Execution of statements, and the frames of their scopes. */
#include "text/jinja/ast.h"

#include <string.h>

enum wg_status wgj_enter(struct wgj_run *r, const struct wgj_scope *s, struct wgj_frame *up,
                         struct wgj_frame **out)
{
    struct wgj_frame *f = r->idle[s->id];
    void *mem;

    if (f) {
        r->idle[s->id] = f->next_idle;
    } else {
        WG_TRY(wgj_alloc(r, 1, sizeof *f + s->n * sizeof f->slot[0], &mem));
        f = mem;
        f->scope = s;
    }
    f->up = up;
    *out = f;
    return wgj_fill(r, f);
}

enum wg_status wgj_fill(struct wgj_run *r, struct wgj_frame *f)
{
    const struct wgj_scope *s = f->scope;
    struct wgj_val *slot;

    for (size_t i = 0; i < s->n; i++) {
        const struct wgj_var *v = &s->var[i];
        f->slot[i] = WGJ_MISSING_VAL;
        if (v->load == WGJ_LOAD_ALIAS) {
            const struct wgj_frame *from = f;
            for (int k = 0; k < v->outer.hops; k++)
                from = from->up;
            f->slot[i] = from->slot[v->outer.slot];
        } else if (v->load == WGJ_LOAD_GLOBAL) {
            WG_TRY(wgj_dict_find(r, r->vars, WGJ_STR_VAL(v->name), &slot));
            const struct wgj_builtin *fn = slot ? NULL : wgj_find_global(v->name->p, v->name->n);
            if (slot)
                f->slot[i] = *slot;
            else if (fn)
                f->slot[i] = (struct wgj_val){.t = WGJ_FUNC, .func = fn};
        }
    }
    return WG_OK;
}

void wgj_leave(struct wgj_run *r, struct wgj_frame *f)
{
    if (f->scope->captured)
        return;
    f->next_idle = r->idle[f->scope->id];
    r->idle[f->scope->id] = f;
}

static enum wg_status unpack(struct wgj_run *r, const struct wgj_node *target, struct wgj_val v)
{
    struct wgj_iter it;
    struct wgj_val item;
    size_t want = target->list.n, n = 0;
    bool more;

    if (v.t != WGJ_UNDEFINED && wgj_iter_start(r, v, &it) != WG_OK)
        return wgj_fail(r, WG_E_INPUT, "cannot unpack non-iterable %s object", wgj_type_name(v));
    WG_TRY(wgj_iter_start(r, v, &it));
    struct wgj_list *items;
    WG_TRY(wgj_list_new(r, want, &items));
    for (;; n++) {
        WG_TRY(wgj_iter_next(r, &it, &item, &more));
        if (!more)
            break;
        if (n == want)
            return wgj_fail(r, WG_E_INPUT, "too many values to unpack (expected %zu)", want);
        items->v[n] = item;
    }
    if (n < want)
        return wgj_fail(r, WG_E_INPUT, "not enough values to unpack (expected %zu, got %zu)", want,
                        n);
    for (size_t i = 0; i < want; i++)
        WG_TRY(wgj_assign(r, target->list.v[i], items->v[i]));
    return WG_OK;
}

static enum wg_status assign_attr(struct wgj_run *r, const struct wgj_node *target,
                                  struct wgj_val v)
{
    struct wgj_val ns = *wgj_slot(r, target->name.ref);
    const struct wgj_str *name = target->name.attr;

    if (ns.t != WGJ_NAMESPACE)
        return wgj_fail(r, WG_E_INPUT, "cannot assign attribute on non-namespace object");
    if (name->n && name->p[0] == '_')
        return wgj_fail(r, WG_E_INPUT,
                        "a namespace cannot store the attribute '%.*s': it begins with _",
                        (int)WG_MIN(name->n, (size_t)60), name->p);
    return wgj_dict_put(r, ns.d, WGJ_STR_VAL(target->name.attr), v);
}

enum wg_status wgj_assign(struct wgj_run *r, const struct wgj_node *target, struct wgj_val v)
{
    r->line = target->line;
    if (target->kind == WGJ_N_NSREF)
        return assign_attr(r, target, v);
    if (target->kind == WGJ_N_TUPLE)
        return unpack(r, target, v);
    *wgj_slot(r, target->name.ref) = v;
    return WG_OK;
}

enum wg_status wgj_capture(struct wgj_run *r, const struct wgj_nodes *body, struct wgj_frame *f,
                           struct wgj_val *out)
{
    struct wg_buf b, *back_out = r->out;
    struct wgj_frame *back = r->frame;

    wgj_buf_start(r, &b);
    r->out = &b;
    r->frame = f;
    enum wg_status st = wgj_exec(r, body);
    r->out = back_out;
    r->frame = back;
    return wgj_buf_finish(r, &b, st, out);
}

/* A body whose output is kept, in a scope of its own, and the filter that goes over it. */
static enum wg_status exec_captured(struct wgj_run *r, const struct wgj_node *x,
                                    struct wgj_val *out)
{
    struct wgj_frame *f, *back = r->frame;

    WG_TRY(wgj_enter(r, x->block.body.scope, back, &f));
    WG_TRY(wgj_capture(r, &x->block.body.list, f, out));
    if (x->block.filter && r->flow == WGJ_GO_ON) {
        r->frame = f;
        r->captured = *out; /* what the innermost filter of the chain works on */
        WG_TRY(wgj_eval(r, x->block.filter, out));
        r->frame = back;
    }
    wgj_leave(r, f);
    return WG_OK;
}

static enum wg_status exec_set_block(struct wgj_run *r, const struct wgj_node *x)
{
    struct wgj_val v;

    WG_TRY(exec_captured(r, x, &v));
    return r->flow == WGJ_GO_ON ? wgj_assign(r, x->block.target, v) : WG_OK;
}

static enum wg_status exec_filter_block(struct wgj_run *r, const struct wgj_node *x)
{
    struct wgj_val v;

    WG_TRY(exec_captured(r, x, &v));
    return r->flow == WGJ_GO_ON ? wgj_print(r, r->out, v) : WG_OK;
}

static enum wg_status exec_generation(struct wgj_run *r, const struct wgj_node *x)
{
    struct wgj_frame *f, *back = r->frame;

    WG_TRY(wgj_enter(r, x->block.body.scope, back, &f));
    r->frame = f;
    WG_TRY(wgj_exec(r, &x->block.body.list));
    r->frame = back;
    wgj_leave(r, f);
    return WG_OK;
}

static enum wg_status exec_with(struct wgj_run *r, const struct wgj_node *x)
{
    struct wgj_frame *f, *back = r->frame;
    struct wgj_val v;

    WG_TRY(wgj_enter(r, x->with.body.scope, back, &f));
    for (size_t i = 0; i < x->with.values.n; i++) {
        WG_TRY(wgj_eval(r, x->with.values.v[i], &v));
        r->frame = f;
        WG_TRY(wgj_assign(r, x->with.targets.v[i], v));
        r->frame = back;
    }
    r->frame = f;
    WG_TRY(wgj_exec(r, &x->with.body.list));
    r->frame = back;
    wgj_leave(r, f);
    return WG_OK;
}

static enum wg_status new_macro(struct wgj_run *r, const struct wgj_macro_node *m,
                                struct wgj_val *out)
{
    void *mem;

    WG_TRY(wgj_alloc(r, 1, sizeof(struct wgj_macro), &mem));
    *out = (struct wgj_val){.t = WGJ_MACRO, .macro = mem};
    *out->macro = (struct wgj_macro){m, r->frame};
    return WG_OK;
}

static enum wg_status exec_call_block(struct wgj_run *r, const struct wgj_node *x)
{
    const struct wgj_node *call = x->macro.target;
    struct wgj_val caller, callee, v;
    struct wgj_call c = {0};

    WG_TRY(new_macro(r, x->macro.m, &caller));
    WG_TRY(wgj_eval(r, call->call.a, &callee));
    WG_TRY(wgj_eval_args(r, &call->call.args, caller, &c));
    r->line = call->line;
    WG_TRY(wgj_call_value(r, callee, &c, &v));
    return wgj_print(r, r->out, v);
}

static enum wg_status exec_if(struct wgj_run *r, const struct wgj_node *x)
{
    struct wgj_val v;

    for (size_t i = 0; i < x->branch.n; i++) {
        const struct wgj_arm *arm = &x->branch.arm[i];
        v = WGJ_BOOL_VAL(true);
        if (arm->test)
            WG_TRY(wgj_eval(r, arm->test, &v));
        if (wgj_truth(v))
            return wgj_exec(r, &arm->body);
    }
    return WG_OK;
}

static enum wg_status exec_one(struct wgj_run *r, const struct wgj_node *x)
{
    struct wgj_val v;

    switch (x->kind) {
    case WGJ_N_DATA:
        wg_buf_add(r->out, x->data.p, x->data.n);
        return wgj_print_check(r, r->out);
    case WGJ_N_PRINT:
        WG_TRY(wgj_eval(r, x->x.a, &v));
        return wgj_print(r, r->out, v);
    case WGJ_N_IF:
        return exec_if(r, x);
    case WGJ_N_FOR:
        return wgj_for(r, x);
    case WGJ_N_SET:
        WG_TRY(wgj_eval(r, x->x.b, &v));
        return wgj_assign(r, x->x.a, v);
    case WGJ_N_SET_BLOCK:
        return exec_set_block(r, x);
    case WGJ_N_MACRO:
        WG_TRY(new_macro(r, x->macro.m, &v));
        return wgj_assign(r, x->macro.target, v);
    case WGJ_N_CALL_BLOCK:
        return exec_call_block(r, x);
    case WGJ_N_FILTER_BLOCK:
        return exec_filter_block(r, x);
    case WGJ_N_WITH:
        return exec_with(r, x);
    case WGJ_N_GENERATION:
        return exec_generation(r, x);
    case WGJ_N_BREAK:
        r->flow = WGJ_BREAK;
        return WG_OK;
    case WGJ_N_CONTINUE:
        r->flow = WGJ_CONTINUE;
        return WG_OK;
    default:
        return wgj_fail(r, WG_E_INTERNAL, "an expression stands where a statement belongs");
    }
}

enum wg_status wgj_exec(struct wgj_run *r, const struct wgj_nodes *body)
{
    WG_TRY(wgj_deep(r));
    for (size_t i = 0; i < body->n && r->flow == WGJ_GO_ON; i++) {
        r->line = body->v[i]->line;
        WG_TRY(wgj_deep(r));
        WG_TRY(exec_one(r, body->v[i]));
        r->depth--;
    }
    r->depth--;
    return WG_OK;
}
