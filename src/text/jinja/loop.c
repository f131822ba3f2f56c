/* for: items are fetched one by one, so that a loop's `if` sees what its body did before. */
#include "text/jinja/loop.h"

#include <string.h>

/* The next item that passes the test. */
static enum wg_status fetch(struct wg_j_run *r, struct wg_j_loop *l, struct wg_j_val *v, bool *more)
{
    struct wg_j_frame *back = r->frame;
    struct wg_j_val pass;

    for (;;) {
        WG_TRY(wg_j_iter_next(r, &l->it, v, more));
        if (!*more || !l->filtered)
            return WG_OK;
        r->frame = l->test_frame;
        WG_TRY(wg_j_assign(r, l->node->loop.test_target, *v));
        WG_TRY(wg_j_eval(r, l->node->loop.test, &pass));
        r->frame = back;
        if (wg_j_truth(pass))
            return WG_OK;
    }
}

static enum wg_status peek(struct wg_j_run *r, struct wg_j_loop *l, bool *more)
{
    struct wg_j_val v;

    *more = true;
    if (l->after.t != WG_J_MISSING)
        return WG_OK;
    WG_TRY(fetch(r, l, &v, more));
    if (*more)
        l->after = v;
    return WG_OK;
}

static enum wg_status advance(struct wg_j_run *r, struct wg_j_loop *l, bool *more)
{
    struct wg_j_val v = l->after;

    *more = true;
    if (v.t == WG_J_MISSING)
        WG_TRY(fetch(r, l, &v, more));
    l->after = WG_J_MISSING_VAL;
    if (!*more)
        return WG_OK;
    l->index0++;
    l->before = l->current;
    l->current = v;
    return WG_OK;
}

/* What has no length is read to its end. */
static enum wg_status length_of(struct wg_j_run *r, struct wg_j_loop *l)
{
    size_t n;
    struct wg_j_list *rest;
    struct wg_j_val v;
    bool more;

    if (l->length >= 0)
        return WG_OK;
    if (!l->filtered && wg_j_len(l->it.src, &n)) {
        l->length = (int64_t)n;
        return WG_OK;
    }
    WG_TRY(wg_j_list_new(r, 0, &rest));
    for (;;) {
        WG_TRY(fetch(r, l, &v, &more));
        if (!more)
            break;
        WG_TRY(wg_j_list_add(r, rest, v));
    }
    l->length = (int64_t)rest->n + l->index0 + 1 + (l->after.t != WG_J_MISSING);
    l->filtered = false;
    return wg_j_iter_start(r, WG_J_LIST_VAL(rest), &l->it);
}

static enum wg_status run_loop(struct wg_j_run *r, struct wg_j_loop *l)
{
    const struct wg_j_node *x = l->node;
    struct wg_j_frame *f, *back = r->frame;
    bool more, ran = false;

    WG_TRY(wg_j_enter(r, x->loop.body.scope, l->outer, &f));
    if (x->loop.test) {
        WG_TRY(wg_j_enter(r, x->loop.test_scope, l->outer, &l->test_frame));
        l->filtered = true;
    }
    for (;;) {
        WG_TRY(advance(r, l, &more));
        if (!more)
            break;
        WG_TRY(wg_j_fill(r, f));
        r->frame = f;
        f->slot[x->loop.loop_slot] = (struct wg_j_val){.t = WG_J_LOOP, .loop = l};
        WG_TRY(wg_j_assign(r, x->loop.target, l->current));
        WG_TRY(wg_j_exec(r, &x->loop.body.list));
        r->frame = back;
        enum wg_j_flow flow = r->flow;
        r->flow = WG_J_GO_ON;
        if (flow == WG_J_BREAK)
            break;
        ran = ran || flow == WG_J_GO_ON; /* as Jinja: `continue` leaves the else in force */
    }
    wg_j_leave(r, f);
    if (ran || !x->loop.orelse.list.n)
        return WG_OK;
    WG_TRY(wg_j_enter(r, x->loop.orelse.scope, l->outer, &f));
    r->frame = f;
    WG_TRY(wg_j_exec(r, &x->loop.orelse.list));
    r->frame = back;
    wg_j_leave(r, f);
    return WG_OK;
}

static enum wg_status start(struct wg_j_run *r, const struct wg_j_node *x, struct wg_j_frame *outer,
                            struct wg_j_val items, int depth0)
{
    void *mem;

    WG_TRY(wg_j_alloc(r, 1, sizeof(struct wg_j_loop), &mem));
    struct wg_j_loop *l = mem;
    l->node = x;
    l->outer = outer;
    l->index0 = l->length = -1;
    l->depth0 = depth0;
    WG_TRY(wg_j_iter_start(r, items, &l->it));
    return run_loop(r, l);
}

enum wg_status wg_j_for(struct wg_j_run *r, const struct wg_j_node *x)
{
    struct wg_j_val items;

    WG_TRY(wg_j_eval(r, x->loop.iter, &items));
    r->line = x->line;
    return start(r, x, r->frame, items, 0);
}

enum wg_status wg_j_loop_recurse(struct wg_j_run *r, struct wg_j_loop *l, struct wg_j_call *c,
                                 struct wg_j_val *out)
{
    struct wg_buf b, *back = r->out;

    if (!l->node->loop.recursive)
        return wg_j_fail(r, WG_E_INPUT,
                         "The loop must have the 'recursive' marker to be called recursively.");
    if (c->n != 1 || c->n_kw)
        return wg_j_fail(r, WG_E_INPUT, "loop() takes one argument");
    if (++r->macro_depth > WG_J_MAX_MACRO)
        return wg_j_fail(r, WG_E_LIMIT, "recursive loops are nested over %d deep", WG_J_MAX_MACRO);
    wg_j_buf_start(r, &b);
    r->out = &b;
    enum wg_status st = start(r, l->node, l->outer, c->pos[0], l->depth0 + 1);
    r->out = back;
    r->macro_depth--;
    return wg_j_buf_finish(r, &b, st, out);
}

/* loop.cycle and loop.changed */

static enum wg_status loop_cycle(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    if (c->n_kw)
        return wg_j_fail(r, WG_E_INPUT, "cycle() takes no keyword arguments");
    if (!c->n)
        return wg_j_fail(r, WG_E_INPUT, "no items for cycling given");
    *out = c->pos[(size_t)c->self.loop->index0 % c->n];
    return WG_OK;
}

static enum wg_status loop_changed(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    struct wg_j_loop *l = c->self.loop;
    struct wg_j_list *args;
    bool same = false;

    if (c->n_kw)
        return wg_j_fail(r, WG_E_INPUT, "changed() takes no keyword arguments");
    WG_TRY(wg_j_list_new(r, c->n, &args));
    for (size_t i = 0; i < c->n; i++)
        args->v[args->n++] = c->pos[i];
    if (l->changed.t == WG_J_TUPLE)
        WG_TRY(wg_j_equal(r, l->changed, WG_J_TUPLE_VAL(args), &same));
    if (!same)
        l->changed = WG_J_TUPLE_VAL(args);
    *out = WG_J_BOOL_VAL(!same);
    return WG_OK;
}

const struct wg_j_builtin wg_j_loop_methods[] = {
    {"cycle", "*", 0, loop_cycle}, {"changed", "*", 0, loop_changed}, {0}};

static enum wg_status loop_neighbour(struct wg_j_run *r, struct wg_j_loop *l, bool next,
                                     struct wg_j_val *out)
{
    bool more;

    if (!next && l->index0 == 0)
        return wg_j_undefined_new(r, out, "there is no previous item");
    if (!next) {
        *out = l->before;
        return WG_OK;
    }
    WG_TRY(peek(r, l, &more));
    if (!more)
        return wg_j_undefined_new(r, out, "there is no next item");
    *out = l->after;
    return WG_OK;
}

enum wg_status wg_j_loop_attr(struct wg_j_run *r, struct wg_j_loop *l, const char *name, size_t n,
                              struct wg_j_val *out, bool *found)
{
    enum { INDEX, INDEX0, FIRST, LAST, LENGTH, REV, REV0, PREV, NEXT, DEPTH, DEPTH0, NONE };
    static const char *const names[] = {"index",    "index0",   "first",     "last",
                                        "length",   "revindex", "revindex0", "previtem",
                                        "nextitem", "depth",    "depth0"};
    bool more;
    int k = 0;

    while (k < NONE && !wg_j_named(names[k], name, n))
        k++;
    *found = k < NONE;
    if (k == LENGTH || k == REV || k == REV0)
        WG_TRY(length_of(r, l));
    switch (k) {
    case INDEX:
    case INDEX0:
        *out = WG_J_INT_VAL(l->index0 + (k == INDEX));
        return WG_OK;
    case FIRST:
        *out = WG_J_BOOL_VAL(l->index0 == 0);
        return WG_OK;
    case LAST:
        WG_TRY(peek(r, l, &more));
        *out = WG_J_BOOL_VAL(!more);
        return WG_OK;
    case LENGTH:
        *out = WG_J_INT_VAL(l->length);
        return WG_OK;
    case REV:
    case REV0:
        *out = WG_J_INT_VAL(l->length - l->index0 - (k == REV0));
        return WG_OK;
    case PREV:
    case NEXT:
        return loop_neighbour(r, l, k == NEXT, out);
    case DEPTH:
    case DEPTH0:
        *out = WG_J_INT_VAL(l->depth0 + (k == DEPTH));
        return WG_OK;
    default:
        return WG_OK;
    }
}
