/* Execution of statements, and the frames of their scopes. */
#include "text/jinja/ast.h"

#include <string.h>

enum wg_status wg_j_enter(struct wg_j_run *r, const struct wg_j_scope *s, struct wg_j_frame *up,
                          struct wg_j_frame **out)
{
    struct wg_j_frame *f = r->idle[s->id];
    void *mem;

    if (f) {
        r->idle[s->id] = f->next_idle;
    } else {
        WG_TRY(wg_j_alloc(r, 1, sizeof *f + s->n * sizeof f->slot[0], &mem));
        f = mem;
        f->scope = s;
    }
    f->up = up;
    *out = f;
    return wg_j_fill(r, f);
}

enum wg_status wg_j_fill(struct wg_j_run *r, struct wg_j_frame *f)
{
    const struct wg_j_scope *s = f->scope;
    struct wg_j_val *slot;

    for (size_t i = 0; i < s->n; i++) {
        const struct wg_j_var *v = &s->var[i];
        f->slot[i] = WG_J_MISSING_VAL;
        if (v->load == WG_J_LOAD_ALIAS) {
            const struct wg_j_frame *from = f;
            for (int k = 0; k < v->outer.hops; k++)
                from = from->up;
            f->slot[i] = from->slot[v->outer.slot];
        } else if (v->load == WG_J_LOAD_GLOBAL) {
            WG_TRY(wg_j_dict_find(r, r->vars, WG_J_STR_VAL(v->name), &slot));
            const struct wg_j_builtin *fn = slot ? NULL : wg_j_find_global(v->name->p, v->name->n);
            if (slot)
                f->slot[i] = *slot;
            else if (fn)
                f->slot[i] = (struct wg_j_val){.t = WG_J_FUNC, .func = fn};
        }
    }
    return WG_OK;
}

void wg_j_leave(struct wg_j_run *r, struct wg_j_frame *f)
{
    if (f->scope->captured)
        return;
    f->next_idle = r->idle[f->scope->id];
    r->idle[f->scope->id] = f;
}

static enum wg_status unpack(struct wg_j_run *r, const struct wg_j_node *target, struct wg_j_val v)
{
    struct wg_j_iter it;
    struct wg_j_val item;
    size_t want = target->list.n, n = 0;
    bool more;

    if (v.t != WG_J_UNDEFINED && wg_j_iter_start(r, v, &it) != WG_OK)
        return wg_j_fail(r, WG_E_INPUT, "cannot unpack non-iterable %s object", wg_j_type_name(v));
    WG_TRY(wg_j_iter_start(r, v, &it));
    struct wg_j_list *items;
    WG_TRY(wg_j_list_new(r, want, &items));
    for (;; n++) {
        WG_TRY(wg_j_iter_next(r, &it, &item, &more));
        if (!more)
            break;
        if (n == want)
            return wg_j_fail(r, WG_E_INPUT, "too many values to unpack (expected %zu)", want);
        items->v[n] = item;
    }
    if (n < want)
        return wg_j_fail(r, WG_E_INPUT, "not enough values to unpack (expected %zu, got %zu)", want,
                         n);
    for (size_t i = 0; i < want; i++)
        WG_TRY(wg_j_assign(r, target->list.v[i], items->v[i]));
    return WG_OK;
}

static enum wg_status assign_attr(struct wg_j_run *r, const struct wg_j_node *target,
                                  struct wg_j_val v)
{
    struct wg_j_val ns = *wg_j_slot(r, target->name.ref);
    const struct wg_j_str *name = target->name.attr;

    if (ns.t != WG_J_NAMESPACE)
        return wg_j_fail(r, WG_E_INPUT, "cannot assign attribute on non-namespace object");
    if (name->n && name->p[0] == '_')
        return wg_j_fail(r, WG_E_INPUT,
                         "a namespace cannot store the attribute '%.*s': it begins with _",
                         (int)WG_MIN(name->n, (size_t)60), name->p);
    return wg_j_dict_put(r, ns.d, WG_J_STR_VAL(target->name.attr), v);
}

enum wg_status wg_j_assign(struct wg_j_run *r, const struct wg_j_node *target, struct wg_j_val v)
{
    r->line = target->line;
    if (target->kind == WG_J_N_NSREF)
        return assign_attr(r, target, v);
    if (target->kind == WG_J_N_TUPLE)
        return unpack(r, target, v);
    *wg_j_slot(r, target->name.ref) = v;
    return WG_OK;
}

enum wg_status wg_j_capture(struct wg_j_run *r, const struct wg_j_nodes *body, struct wg_j_frame *f,
                            struct wg_j_val *out)
{
    struct wg_buf b, *back_out = r->out;
    struct wg_j_frame *back = r->frame;

    wg_j_buf_start(r, &b);
    r->out = &b;
    r->frame = f;
    enum wg_status st = wg_j_exec(r, body);
    r->out = back_out;
    r->frame = back;
    return wg_j_buf_finish(r, &b, st, out);
}

/* A body whose output is kept, in a scope of its own, and the filter that goes over it. */
static enum wg_status exec_captured(struct wg_j_run *r, const struct wg_j_node *x,
                                    struct wg_j_val *out)
{
    struct wg_j_frame *f, *back = r->frame;

    WG_TRY(wg_j_enter(r, x->block.body.scope, back, &f));
    WG_TRY(wg_j_capture(r, &x->block.body.list, f, out));
    if (x->block.filter && r->flow == WG_J_GO_ON) {
        r->frame = f;
        r->captured = *out; /* what the innermost filter of the chain works on */
        WG_TRY(wg_j_eval(r, x->block.filter, out));
        r->frame = back;
    }
    wg_j_leave(r, f);
    return WG_OK;
}

static enum wg_status exec_set_block(struct wg_j_run *r, const struct wg_j_node *x)
{
    struct wg_j_val v;

    WG_TRY(exec_captured(r, x, &v));
    return r->flow == WG_J_GO_ON ? wg_j_assign(r, x->block.target, v) : WG_OK;
}

static enum wg_status exec_filter_block(struct wg_j_run *r, const struct wg_j_node *x)
{
    struct wg_j_val v;

    WG_TRY(exec_captured(r, x, &v));
    return r->flow == WG_J_GO_ON ? wg_j_print(r, r->out, v) : WG_OK;
}

static enum wg_status exec_generation(struct wg_j_run *r, const struct wg_j_node *x)
{
    struct wg_j_frame *f, *back = r->frame;

    WG_TRY(wg_j_enter(r, x->block.body.scope, back, &f));
    r->frame = f;
    WG_TRY(wg_j_exec(r, &x->block.body.list));
    r->frame = back;
    wg_j_leave(r, f);
    return WG_OK;
}

static enum wg_status exec_with(struct wg_j_run *r, const struct wg_j_node *x)
{
    struct wg_j_frame *f, *back = r->frame;
    struct wg_j_val v;

    WG_TRY(wg_j_enter(r, x->with.body.scope, back, &f));
    for (size_t i = 0; i < x->with.values.n; i++) {
        WG_TRY(wg_j_eval(r, x->with.values.v[i], &v));
        r->frame = f;
        WG_TRY(wg_j_assign(r, x->with.targets.v[i], v));
        r->frame = back;
    }
    r->frame = f;
    WG_TRY(wg_j_exec(r, &x->with.body.list));
    r->frame = back;
    wg_j_leave(r, f);
    return WG_OK;
}

static enum wg_status new_macro(struct wg_j_run *r, const struct wg_j_macro_node *m,
                                struct wg_j_val *out)
{
    void *mem;

    WG_TRY(wg_j_alloc(r, 1, sizeof(struct wg_j_macro), &mem));
    *out = (struct wg_j_val){.t = WG_J_MACRO, .macro = mem};
    *out->macro = (struct wg_j_macro){m, r->frame};
    return WG_OK;
}

static enum wg_status exec_call_block(struct wg_j_run *r, const struct wg_j_node *x)
{
    const struct wg_j_node *call = x->macro.target;
    struct wg_j_val caller, callee, v;
    struct wg_j_call c = {0};

    WG_TRY(new_macro(r, x->macro.m, &caller));
    WG_TRY(wg_j_eval(r, call->call.a, &callee));
    WG_TRY(wg_j_eval_args(r, &call->call.args, caller, &c));
    r->line = call->line;
    WG_TRY(wg_j_call_value(r, callee, &c, &v));
    return wg_j_print(r, r->out, v);
}

static enum wg_status exec_if(struct wg_j_run *r, const struct wg_j_node *x)
{
    struct wg_j_val v;

    for (size_t i = 0; i < x->branch.n; i++) {
        const struct wg_j_arm *arm = &x->branch.arm[i];
        v = WG_J_BOOL_VAL(true);
        if (arm->test)
            WG_TRY(wg_j_eval(r, arm->test, &v));
        if (wg_j_truth(v))
            return wg_j_exec(r, &arm->body);
    }
    return WG_OK;
}

static enum wg_status exec_one(struct wg_j_run *r, const struct wg_j_node *x)
{
    struct wg_j_val v;

    switch (x->kind) {
    case WG_J_N_DATA:
        wg_buf_add(r->out, x->data.p, x->data.n);
        return wg_j_print_check(r, r->out);
    case WG_J_N_PRINT:
        WG_TRY(wg_j_eval(r, x->x.a, &v));
        return wg_j_print(r, r->out, v);
    case WG_J_N_IF:
        return exec_if(r, x);
    case WG_J_N_FOR:
        return wg_j_for(r, x);
    case WG_J_N_SET:
        WG_TRY(wg_j_eval(r, x->x.b, &v));
        return wg_j_assign(r, x->x.a, v);
    case WG_J_N_SET_BLOCK:
        return exec_set_block(r, x);
    case WG_J_N_MACRO:
        WG_TRY(new_macro(r, x->macro.m, &v));
        return wg_j_assign(r, x->macro.target, v);
    case WG_J_N_CALL_BLOCK:
        return exec_call_block(r, x);
    case WG_J_N_FILTER_BLOCK:
        return exec_filter_block(r, x);
    case WG_J_N_WITH:
        return exec_with(r, x);
    case WG_J_N_GENERATION:
        return exec_generation(r, x);
    case WG_J_N_BREAK:
        r->flow = WG_J_BREAK;
        return WG_OK;
    case WG_J_N_CONTINUE:
        r->flow = WG_J_CONTINUE;
        return WG_OK;
    default:
        return wg_j_fail(r, WG_E_INTERNAL, "an expression stands where a statement belongs");
    }
}

enum wg_status wg_j_exec(struct wg_j_run *r, const struct wg_j_nodes *body)
{
    WG_TRY(wg_j_deep(r));
    for (size_t i = 0; i < body->n && r->flow == WG_J_GO_ON; i++) {
        r->line = body->v[i]->line;
        WG_TRY(wg_j_deep(r));
        WG_TRY(exec_one(r, body->v[i]));
        r->depth--;
    }
    r->depth--;
    return WG_OK;
}
