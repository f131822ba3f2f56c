/*
 * Scopes: decides for every name of the tree which slot of which frame it means, before anything
 * runs.
 *
 * A scope is analysed as a whole first: a name that it stores gets a slot there, which starts as a
 * copy of the outer variable of that name if there is one; a name that it only reads is looked up
 * outwards, and at last among the globals. Loops, macros, call, filter, set, with and generation
 * blocks make scopes; if does not. So a name that is stored later in the same scope hides the
 * global of that name from the beginning, unless it is read first or stored inside an if.
 */
#include "text/jinja/ast.h"

#include "base/mem.h"

#include <string.h>

struct binding {
    struct wg_j_scope *scope;
    int slot;
    struct binding *outer;
};

struct symbol {
    struct wg_j_str *name;
    struct binding *top; /* innermost of the scopes that are open */
};

struct resolver {
    struct wg_j_compiler *c;
    struct wg_j_scope *scope;
    struct symbol *table;
    size_t n, cap;
    int soft; /* inside an if: an unknown filter fails only when it is reached */
};

static uint64_t hash_name(const struct wg_j_str *s)
{
    uint64_t h = UINT64_C(1469598103934665603);

    for (size_t i = 0; i < s->n; i++)
        h = (h ^ (unsigned char)s->p[i]) * UINT64_C(1099511628211);
    return h ^ h >> 31;
}

static struct symbol *place_of(struct symbol *table, size_t cap, const struct wg_j_str *name)
{
    size_t i = (size_t)hash_name(name) & (cap - 1);

    while (table[i].name &&
           (table[i].name->n != name->n || memcmp(table[i].name->p, name->p, name->n) != 0))
        i = (i + 1) & (cap - 1);
    return &table[i];
}

static enum wg_status symbol_of(struct resolver *r, struct wg_j_str *name, struct symbol **out)
{
    if (r->n * 2 >= r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 256;
        struct symbol *table = wg_calloc(cap, sizeof *table);
        if (!table)
            return wg_oom(r->c->err, "the names of a template");
        for (size_t i = 0; i < r->cap; i++)
            if (r->table[i].name)
                *place_of(table, cap, r->table[i].name) = r->table[i];
        wg_free(r->table);
        r->table = table;
        r->cap = cap;
    }
    *out = place_of(r->table, r->cap, name);
    r->n += !(*out)->name;
    (*out)->name = name;
    return WG_OK;
}

static enum wg_status open_scope(struct resolver *r, struct wg_j_scope **out)
{
    struct wg_jinja *t = r->c->t;
    void *s;

    WG_TRY(wg_j_calloc(r->c, 1, sizeof **out, &s));
    *out = s;
    (*out)->up = r->scope;
    (*out)->depth = r->scope ? r->scope->depth + 1 : 0;
    if (t->n_scopes == t->cap_scopes) {
        void *mem;
        t->cap_scopes = t->cap_scopes ? t->cap_scopes * 2 : 16;
        WG_TRY(wg_j_calloc(r->c, t->cap_scopes, sizeof(struct wg_j_scope *), &mem));
        if (t->n_scopes)
            memcpy(mem, t->scopes, t->n_scopes * sizeof(struct wg_j_scope *));
        t->scopes = mem;
    }
    (*out)->id = (int)t->n_scopes;
    t->scopes[t->n_scopes++] = *out;
    r->scope = *out;
    return WG_OK;
}

static enum wg_status close_scope(struct resolver *r)
{
    for (size_t i = 0; i < r->scope->n; i++) {
        struct symbol *y;
        WG_TRY(symbol_of(r, r->scope->var[i].name, &y));
        y->top = y->top->outer;
    }
    r->scope = r->scope->up;
    return WG_OK;
}

static enum wg_status define(struct resolver *r, struct symbol *y, enum wg_j_load load, int *slot)
{
    struct wg_j_scope *s = r->scope;
    void *mem;

    if (s->n == s->cap) {
        s->cap = s->cap ? s->cap * 2 : 4;
        WG_TRY(wg_j_calloc(r->c, s->cap, sizeof *s->var, &mem));
        if (s->n)
            memcpy(mem, s->var, s->n * sizeof *s->var);
        s->var = mem;
    }
    struct wg_j_var *v = &s->var[s->n];
    *v = (struct wg_j_var){.name = y->name, .load = load};
    if (load == WG_J_LOAD_ALIAS)
        v->outer = (struct wg_j_ref){s->depth - y->top->scope->depth, y->top->slot};
    WG_TRY(wg_j_calloc(r->c, 1, sizeof(struct binding), &mem));
    struct binding *b = mem;
    *b = (struct binding){s, (int)s->n, y->top};
    y->top = b;
    *slot = (int)s->n++;
    return WG_OK;
}

static enum wg_status declare(struct resolver *r, struct wg_j_str *name, int *slot)
{
    struct symbol *y;

    WG_TRY(symbol_of(r, name, &y));
    if (y->top && y->top->scope == r->scope) {
        *slot = y->top->slot;
        return WG_OK;
    }
    return define(r, y, WG_J_LOAD_PARAM, slot);
}

static enum wg_status see_load(struct resolver *r, struct wg_j_str *name)
{
    struct symbol *y;
    int slot;

    WG_TRY(symbol_of(r, name, &y));
    return y->top ? WG_OK : define(r, y, WG_J_LOAD_GLOBAL, &slot);
}

static enum wg_status see_store(struct resolver *r, struct wg_j_str *name, bool branch)
{
    struct symbol *y;
    int slot;

    WG_TRY(symbol_of(r, name, &y));
    if (y->top && y->top->scope == r->scope)
        return WG_OK;
    return define(r, y,
                  y->top   ? WG_J_LOAD_ALIAS
                  : branch ? WG_J_LOAD_GLOBAL
                           : WG_J_LOAD_UNSET,
                  &slot);
}

/* First pass over a scope: which names it loads and stores. */

static enum wg_status see_expr(struct resolver *r, const struct wg_j_node *x);

static enum wg_status see_list(struct resolver *r, const struct wg_j_nodes *l)
{
    for (size_t i = 0; i < l->n; i++)
        WG_TRY(see_expr(r, l->v[i]));
    return WG_OK;
}

static enum wg_status see_args(struct resolver *r, const struct wg_j_args *a)
{
    WG_TRY(see_list(r, &a->pos));
    for (size_t i = 0; i < a->n_kw; i++)
        WG_TRY(see_expr(r, a->kw[i].x));
    WG_TRY(see_expr(r, a->star));
    return see_expr(r, a->star_star);
}

static enum wg_status see_expr(struct resolver *r, const struct wg_j_node *x)
{
    if (!x)
        return WG_OK;
    switch (x->kind) {
    case WG_J_N_NAME:
        return see_load(r, x->name.s);
    case WG_J_N_ATTR:
    case WG_J_N_ITEM:
    case WG_J_N_BIN:
    case WG_J_N_NEG:
    case WG_J_N_POS:
    case WG_J_N_NOT:
    case WG_J_N_AND:
    case WG_J_N_OR:
        WG_TRY(see_expr(r, x->x.a));
        return see_expr(r, x->x.b);
    case WG_J_N_SLICE:
    case WG_J_N_COND:
        WG_TRY(see_expr(r, x->x3.a));
        WG_TRY(see_expr(r, x->x3.b));
        return see_expr(r, x->x3.c);
    case WG_J_N_CONCAT:
    case WG_J_N_LIST:
    case WG_J_N_TUPLE:
    case WG_J_N_DICT:
        return see_list(r, &x->list);
    case WG_J_N_COMPARE:
        return see_list(r, &x->compare.list);
    case WG_J_N_CALL:
    case WG_J_N_FILTER:
    case WG_J_N_TEST:
        WG_TRY(see_expr(r, x->call.a));
        return see_args(r, &x->call.args);
    default:
        return WG_OK;
    }
}

static enum wg_status see_target(struct resolver *r, const struct wg_j_node *x, bool branch)
{
    if (x->kind == WG_J_N_NAME)
        return see_store(r, x->name.s, branch);
    if (x->kind == WG_J_N_NSREF)
        return see_load(r, x->name.s);
    for (size_t i = 0; i < x->list.n; i++)
        WG_TRY(see_target(r, x->list.v[i], branch));
    return WG_OK;
}

static enum wg_status see_body(struct resolver *r, const struct wg_j_nodes *body, bool branch)
{
    for (size_t i = 0; i < body->n; i++) {
        const struct wg_j_node *x = body->v[i];
        switch (x->kind) {
        case WG_J_N_PRINT:
            WG_TRY(see_expr(r, x->x.a));
            break;
        case WG_J_N_IF:
            for (size_t k = 0; k < x->branch.n; k++) {
                WG_TRY(see_expr(r, x->branch.arm[k].test));
                WG_TRY(see_body(r, &x->branch.arm[k].body, true));
            }
            break;
        case WG_J_N_FOR:
            WG_TRY(see_expr(r, x->loop.iter));
            break;
        case WG_J_N_SET:
            WG_TRY(see_expr(r, x->x.b));
            WG_TRY(see_target(r, x->x.a, branch));
            break;
        case WG_J_N_SET_BLOCK:
            WG_TRY(see_target(r, x->block.target, branch));
            break;
        case WG_J_N_MACRO:
            WG_TRY(see_store(r, x->macro.m->name, branch));
            break;
        case WG_J_N_CALL_BLOCK:
            WG_TRY(see_expr(r, x->macro.target));
            break;
        case WG_J_N_FILTER_BLOCK:
            WG_TRY(see_expr(r, x->block.filter));
            break;
        case WG_J_N_WITH:
            WG_TRY(see_list(r, &x->with.values));
            break;
        default:
            break;
        }
    }
    return WG_OK;
}

/* Second pass: fills in the references, scope by scope. */

static enum wg_status bind_expr(struct resolver *r, struct wg_j_node *x);
static enum wg_status bind_body(struct resolver *r, const struct wg_j_nodes *body);

static enum wg_status bind_name(struct resolver *r, struct wg_j_node *x)
{
    struct symbol *y;

    WG_TRY(symbol_of(r, x->name.s, &y));
    if (!y->top)
        return wg_j_cfail(r->c, x->line, WG_E_INTERNAL, "the name '%.*s' was not resolved",
                          (int)WG_MIN(x->name.s->n, (size_t)60), x->name.s->p);
    x->name.ref = (struct wg_j_ref){r->scope->depth - y->top->scope->depth, y->top->slot};
    return WG_OK;
}

static enum wg_status bind_list(struct resolver *r, const struct wg_j_nodes *l)
{
    for (size_t i = 0; i < l->n; i++)
        WG_TRY(bind_expr(r, l->v[i]));
    return WG_OK;
}

static enum wg_status bind_call(struct resolver *r, struct wg_j_node *x)
{
    const struct wg_j_args *a = &x->call.args;

    WG_TRY(bind_expr(r, x->call.a));
    WG_TRY(bind_list(r, &a->pos));
    for (size_t i = 0; i < a->n_kw; i++)
        WG_TRY(bind_expr(r, a->kw[i].x));
    WG_TRY(bind_expr(r, a->star));
    WG_TRY(bind_expr(r, a->star_star));
    if (x->kind == WG_J_N_CALL || r->soft || (x->call.fn && x->call.fn->fn))
        return WG_OK;
    return wg_j_cfail(r->c, x->line, WG_E_UNSUPPORTED,
                      x->call.fn ? "the %s '%.*s' is not supported" : "No %s named '%.*s'.",
                      x->kind == WG_J_N_FILTER ? "filter" : "test", (int)x->call.name->n,
                      x->call.name->p);
}

static enum wg_status bind_expr(struct resolver *r, struct wg_j_node *x)
{
    if (!x)
        return WG_OK;
    switch (x->kind) {
    case WG_J_N_NAME:
    case WG_J_N_NSREF:
        return bind_name(r, x);
    case WG_J_N_ATTR:
    case WG_J_N_ITEM:
    case WG_J_N_BIN:
    case WG_J_N_NEG:
    case WG_J_N_POS:
    case WG_J_N_NOT:
    case WG_J_N_AND:
    case WG_J_N_OR:
        WG_TRY(bind_expr(r, x->x.a));
        return bind_expr(r, x->x.b);
    case WG_J_N_SLICE:
    case WG_J_N_COND:
        r->soft += x->kind == WG_J_N_COND;
        WG_TRY(bind_expr(r, x->x3.a));
        WG_TRY(bind_expr(r, x->x3.b));
        WG_TRY(bind_expr(r, x->x3.c));
        r->soft -= x->kind == WG_J_N_COND;
        return WG_OK;
    case WG_J_N_CONCAT:
    case WG_J_N_LIST:
    case WG_J_N_TUPLE:
    case WG_J_N_DICT:
        return bind_list(r, &x->list);
    case WG_J_N_COMPARE:
        return bind_list(r, &x->compare.list);
    case WG_J_N_CALL:
    case WG_J_N_FILTER:
    case WG_J_N_TEST:
        return bind_call(r, x);
    default:
        return WG_OK;
    }
}

/* Names that a target gives their values are variables of the new scope. */
static enum wg_status declare_target(struct resolver *r, const struct wg_j_node *x)
{
    int slot;

    if (x->kind == WG_J_N_NAME)
        return declare(r, x->name.s, &slot);
    for (size_t i = 0; i < x->list.n; i++)
        WG_TRY(declare_target(r, x->list.v[i]));
    return WG_OK;
}

static void mark_captured(struct wg_j_scope *s)
{
    for (; s && !s->captured; s = s->up)
        s->captured = true;
}

static enum wg_status bind_for(struct resolver *r, struct wg_j_node *x)
{
    struct wg_j_str *loop;
    int soft = r->soft;

    WG_TRY(bind_expr(r, x->loop.iter));
    r->soft = 0;
    if (x->loop.test) {
        WG_TRY(open_scope(r, &x->loop.test_scope));
        WG_TRY(declare_target(r, x->loop.test_target));
        WG_TRY(see_expr(r, x->loop.test));
        WG_TRY(bind_expr(r, x->loop.test_target));
        WG_TRY(bind_expr(r, x->loop.test));
        mark_captured(r->scope);
        WG_TRY(close_scope(r));
    }
    WG_TRY(open_scope(r, &x->loop.body.scope));
    WG_TRY(wg_j_cstr(r->c, "loop", 4, &loop));
    WG_TRY(declare(r, loop, &x->loop.loop_slot));
    WG_TRY(declare_target(r, x->loop.target));
    WG_TRY(see_body(r, &x->loop.body.list, false));
    if (x->loop.recursive)
        mark_captured(r->scope);
    WG_TRY(bind_expr(r, x->loop.target));
    WG_TRY(bind_body(r, &x->loop.body.list));
    WG_TRY(close_scope(r));
    WG_TRY(open_scope(r, &x->loop.orelse.scope));
    WG_TRY(see_body(r, &x->loop.orelse.list, false));
    WG_TRY(bind_body(r, &x->loop.orelse.list));
    r->soft = soft;
    return close_scope(r);
}

static enum wg_status declare_special(struct resolver *r, struct wg_j_macro_node *m, int i,
                                      int line, int *slot)
{
    static const char *const names[] = {"caller", "kwargs", "varargs"};
    struct wg_j_str *s;

    *slot = -1;
    for (size_t k = 0; k < m->params.n; k++) {
        if (!wg_j_str_is(WG_J_STR_VAL(m->params.v[k]->name.s), names[i]))
            continue;
        if (i == 0)
            m->explicit_caller = true;
        if (i == 0 && m->uses[0] && k < m->params.n - m->defaults.n)
            return wg_j_cfail(r->c, line, WG_E_INPUT,
                              "When defining macros or call blocks the special \"caller\" argument "
                              "must be omitted or be given a default.");
        return WG_OK;
    }
    if (!m->uses[i])
        return WG_OK;
    WG_TRY(wg_j_cstr(r->c, names[i], strlen(names[i]), &s));
    return declare(r, s, slot);
}

static enum wg_status bind_macro(struct resolver *r, struct wg_j_node *x)
{
    struct wg_j_macro_node *m = x->macro.m;
    int soft = r->soft;
    void *mem;

    WG_TRY(bind_expr(r, x->macro.target));
    r->soft = 0;
    WG_TRY(open_scope(r, &m->body.scope));
    mark_captured(r->scope);
    WG_TRY(wg_j_calloc(r->c, m->params.n, sizeof *m->slots, &mem));
    m->slots = mem;
    for (size_t i = 0; i < m->params.n; i++)
        WG_TRY(declare(r, m->params.v[i]->name.s, &m->slots[i]));
    WG_TRY(declare_special(r, m, 0, x->line, &m->caller));
    WG_TRY(declare_special(r, m, 1, x->line, &m->kwargs));
    WG_TRY(declare_special(r, m, 2, x->line, &m->varargs));
    WG_TRY(see_list(r, &m->defaults));
    WG_TRY(see_body(r, &m->body.list, false));
    WG_TRY(bind_list(r, &m->defaults));
    WG_TRY(bind_body(r, &m->body.list));
    r->soft = soft;
    return close_scope(r);
}

/* set, filter and generation blocks: a body, and a filter that is evaluated inside. */
static enum wg_status bind_block(struct resolver *r, struct wg_j_node *x)
{
    int soft = r->soft;

    WG_TRY(bind_expr(r, x->block.target));
    r->soft = 0;
    WG_TRY(open_scope(r, &x->block.body.scope));
    WG_TRY(see_body(r, &x->block.body.list, false));
    WG_TRY(see_expr(r, x->block.filter));
    WG_TRY(bind_body(r, &x->block.body.list));
    WG_TRY(bind_expr(r, x->block.filter));
    r->soft = soft;
    return close_scope(r);
}

static enum wg_status bind_with(struct resolver *r, struct wg_j_node *x)
{
    int soft = r->soft;

    WG_TRY(bind_list(r, &x->with.values));
    r->soft = 0;
    WG_TRY(open_scope(r, &x->with.body.scope));
    for (size_t i = 0; i < x->with.targets.n; i++)
        WG_TRY(declare_target(r, x->with.targets.v[i]));
    WG_TRY(see_body(r, &x->with.body.list, false));
    WG_TRY(bind_list(r, &x->with.targets));
    WG_TRY(bind_body(r, &x->with.body.list));
    r->soft = soft;
    return close_scope(r);
}

static enum wg_status bind_statement(struct resolver *r, struct wg_j_node *x)
{
    switch (x->kind) {
    case WG_J_N_PRINT:
        return bind_expr(r, x->x.a);
    case WG_J_N_IF:
        r->soft++;
        for (size_t k = 0; k < x->branch.n; k++) {
            WG_TRY(bind_expr(r, x->branch.arm[k].test));
            WG_TRY(bind_body(r, &x->branch.arm[k].body));
        }
        r->soft--;
        return WG_OK;
    case WG_J_N_FOR:
        return bind_for(r, x);
    case WG_J_N_SET:
        WG_TRY(bind_expr(r, x->x.b));
        return bind_expr(r, x->x.a);
    case WG_J_N_SET_BLOCK:
    case WG_J_N_FILTER_BLOCK:
    case WG_J_N_GENERATION:
        return bind_block(r, x);
    case WG_J_N_MACRO:
    case WG_J_N_CALL_BLOCK:
        return bind_macro(r, x);
    case WG_J_N_WITH:
        return bind_with(r, x);
    default:
        return WG_OK;
    }
}

static enum wg_status bind_body(struct resolver *r, const struct wg_j_nodes *body)
{
    for (size_t i = 0; i < body->n; i++)
        WG_TRY(bind_statement(r, body->v[i]));
    return WG_OK;
}

enum wg_status wg_j_resolve(struct wg_j_compiler *c)
{
    struct resolver r = {.c = c};
    enum wg_status st = open_scope(&r, &c->t->root);

    if (st == WG_OK)
        st = see_body(&r, &c->t->body, false);
    if (st == WG_OK)
        st = bind_body(&r, &c->t->body);
    wg_free(r.table);
    return st;
}
