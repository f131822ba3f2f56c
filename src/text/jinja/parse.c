/* Parser of statements: tokens to the tree of a template. */
#include "text/jinja/ast.h"

#include <string.h>

enum wg_status wgj_new_node(struct wgj_compiler *c, enum wgj_kind kind, int line,
                            struct wgj_node **out)
{
    void *x;

    WG_TRY(wgj_calloc(c, 1, sizeof **out, &x));
    *out = x;
    (*out)->kind = kind;
    (*out)->line = line;
    (*out)->height = 1;
    return WG_OK;
}

enum wg_status wgj_push(struct wgj_compiler *c, struct wgj_nodes *l, struct wgj_node *x)
{
    if (l->n == l->cap) {
        void *mem;
        size_t cap = l->cap ? l->cap * 2 : 4;
        WG_TRY(wgj_calloc(c, cap, sizeof *l->v, &mem));
        if (l->n)
            memcpy(mem, l->v, l->n * sizeof *l->v);
        l->v = mem;
        l->cap = cap;
    }
    l->v[l->n++] = x;
    return WG_OK;
}

enum wg_status wgj_deeper(struct wgj_compiler *c)
{
    if (++c->nest > WGJ_MAX_NEST)
        return wgj_cfail(c, c->tok->line, WG_E_LIMIT,
                         "blocks and expressions are nested over %d deep", WGJ_MAX_NEST);
    return WG_OK;
}

bool wgj_at_op(const struct wgj_compiler *c, char op)
{
    return c->tok->type == WGJ_T_OP && c->tok->op == op;
}

bool wgj_at_name(const struct wgj_compiler *c, const char *name)
{
    return c->tok->type == WGJ_T_NAME && c->tok->n == strlen(name) &&
           memcmp(c->tok->p, name, c->tok->n) == 0;
}

bool wgj_take_op(struct wgj_compiler *c, char op)
{
    if (!wgj_at_op(c, op))
        return false;
    c->tok++;
    return true;
}

bool wgj_take_name(struct wgj_compiler *c, const char *name)
{
    if (!wgj_at_name(c, name))
        return false;
    c->tok++;
    return true;
}

enum wg_status wgj_unexpected(struct wgj_compiler *c, const char *wanted)
{
    static const char *const what[] = {
        [WGJ_T_EOF] = "end of template",
        [WGJ_T_DATA] = "template data / text",
        [WGJ_T_VAR_BEGIN] = "begin of print statement",
        [WGJ_T_VAR_END] = "end of print statement",
        [WGJ_T_BLOCK_BEGIN] = "begin of statement block",
        [WGJ_T_BLOCK_END] = "end of statement block",
        [WGJ_T_STR] = "string",
        [WGJ_T_INT] = "integer",
        [WGJ_T_FLOAT] = "float",
    };
    const struct wgj_tok *t = c->tok;
    const char *got = t->type == WGJ_T_NAME || t->type == WGJ_T_OP ? t->p : what[t->type];
    int n = t->type == WGJ_T_NAME || t->type == WGJ_T_OP ? (int)WG_MIN(t->n, (size_t)60)
                                                         : (int)strlen(got);

    if (!wanted)
        return wgj_cfail(c, t->line, WG_E_INPUT, "unexpected '%.*s'", n, got);
    return wgj_cfail(c, t->line, WG_E_INPUT, "expected %s, got '%.*s'", wanted, n, got);
}

enum wg_status wgj_want(struct wgj_compiler *c, enum wgj_tok_type type, const char *what)
{
    if (c->tok->type != type)
        return wgj_unexpected(c, what);
    c->tok++;
    return WG_OK;
}

enum wg_status wgj_want_op(struct wgj_compiler *c, char op)
{
    char wanted[] = {'\'', op, '\'', '\0'};

    return wgj_take_op(c, op) ? WG_OK : wgj_unexpected(c, wanted);
}

/* Names of the tags that may end the block being read; the first is the one that closes it. */
struct ends {
    const char *name[3];
};

static enum wg_status parse_until(struct wgj_compiler *c, const struct ends *ends,
                                  struct wgj_nodes *out, int *end);

/* "%}" and the statements up to the tag that ends them, which is read except for its "%}" (an else
 * or elif has more to come). */
static enum wg_status parse_block(struct wgj_compiler *c, struct ends ends, struct wgj_nodes *out,
                                  int *end)
{
    wgj_take_op(c, ':');
    WG_TRY(wgj_want(c, WGJ_T_BLOCK_END, "end of statement block"));
    WG_TRY(wgj_deeper(c));
    WG_TRY(parse_until(c, &ends, out, end));
    c->nest--;
    return WG_OK;
}

static enum wg_status add_arm(struct wgj_compiler *c, struct wgj_node *x, struct wgj_arm **out)
{
    if (x->branch.n == x->branch.cap) {
        void *mem;
        size_t cap = x->branch.cap ? x->branch.cap * 2 : 2;
        WG_TRY(wgj_calloc(c, cap, sizeof **out, &mem));
        if (x->branch.n)
            memcpy(mem, x->branch.arm, x->branch.n * sizeof **out);
        x->branch.arm = mem;
        x->branch.cap = cap;
    }
    *out = &x->branch.arm[x->branch.n++];
    return WG_OK;
}

static enum wg_status parse_if(struct wgj_compiler *c, struct wgj_node *x)
{
    struct wgj_arm *arm;
    int end;

    x->kind = WGJ_N_IF;
    do {
        WG_TRY(add_arm(c, x, &arm));
        WG_TRY(wgj_tuple(c, false, &arm->test));
        WG_TRY(parse_block(c, (struct ends){{"endif", "else", "elif"}}, &arm->body, &end));
    } while (end == 2);
    if (end == 0)
        return WG_OK;
    WG_TRY(add_arm(c, x, &arm));
    return parse_block(c, (struct ends){{"endif"}}, &arm->body, &end);
}

/* A copy of an assignment target, to be resolved in another scope. */
static enum wg_status copy_target(struct wgj_compiler *c, const struct wgj_node *x,
                                  struct wgj_node **out)
{
    struct wgj_node *item;

    WG_TRY(wgj_new_node(c, x->kind, x->line, out));
    if (x->kind == WGJ_N_NAME) {
        (*out)->name.s = x->name.s;
        return WG_OK;
    }
    for (size_t i = 0; i < x->list.n; i++) {
        WG_TRY(copy_target(c, x->list.v[i], &item));
        WG_TRY(wgj_push(c, &(*out)->list, item));
    }
    return WG_OK;
}

static bool stores_loop(const struct wgj_node *x)
{
    if (x->kind == WGJ_N_NAME)
        return wgj_str_is(WGJ_STR_VAL(x->name.s), "loop");
    for (size_t i = 0; i < x->list.n; i++)
        if (stores_loop(x->list.v[i]))
            return true;
    return false;
}

static enum wg_status parse_for(struct wgj_compiler *c, struct wgj_node *x)
{
    int end;

    x->kind = WGJ_N_FOR;
    WG_TRY(wgj_target(c, false, &x->loop.target));
    if (stores_loop(x->loop.target))
        return wgj_cfail(c, x->line, WG_E_INPUT,
                         "Can't assign to special loop variable in for-loop target");
    if (!wgj_take_name(c, "in"))
        return wgj_unexpected(c, "'in'");
    WG_TRY(wgj_tuple(c, false, &x->loop.iter));
    if (wgj_take_name(c, "if")) {
        WG_TRY(wgj_expression(c, &x->loop.test));
        WG_TRY(copy_target(c, x->loop.target, &x->loop.test_target));
    }
    x->loop.recursive = wgj_take_name(c, "recursive");
    c->loop_depth++;
    WG_TRY(parse_block(c, (struct ends){{"endfor", "else"}}, &x->loop.body.list, &end));
    c->loop_depth--;
    if (end == 1)
        WG_TRY(parse_block(c, (struct ends){{"endfor"}}, &x->loop.orelse.list, &end));
    return WG_OK;
}

static enum wg_status parse_set(struct wgj_compiler *c, struct wgj_node *x)
{
    struct wgj_node *target;
    int end;

    WG_TRY(wgj_target(c, true, &target));
    if (wgj_take_op(c, '=')) {
        x->kind = WGJ_N_SET;
        x->x.a = target;
        return wgj_tuple(c, true, &x->x.b);
    }
    x->kind = WGJ_N_SET_BLOCK;
    x->block.target = target;
    WG_TRY(wgj_filters(c, NULL, false, &x->block.filter));
    WG_TRY(parse_block(c, (struct ends){{"endset"}}, &x->block.body.list, &end));
    return WG_OK;
}

static enum wg_status parse_signature(struct wgj_compiler *c, struct wgj_macro_node *m)
{
    struct wgj_node *x;

    WG_TRY(wgj_want_op(c, '('));
    while (!wgj_at_op(c, ')')) {
        if (m->params.n)
            WG_TRY(wgj_want_op(c, ','));
        WG_TRY(wgj_target_name(c, &x));
        for (size_t i = 0; i < m->params.n; i++)
            if (wgj_same(WGJ_STR_VAL(x->name.s), WGJ_STR_VAL(m->params.v[i]->name.s)))
                return wgj_cfail(c, x->line, WG_E_INPUT, "a macro names the parameter '%.*s' twice",
                                 (int)WG_MIN(x->name.s->n, (size_t)60), x->name.s->p);
        WG_TRY(wgj_push(c, &m->params, x));
        if (wgj_take_op(c, '=')) {
            WG_TRY(wgj_expression(c, &x));
            WG_TRY(wgj_push(c, &m->defaults, x));
        } else if (m->defaults.n) {
            return wgj_cfail(c, x->line, WG_E_INPUT,
                             "non-default argument follows default argument");
        }
        if (m->params.n > WGJ_MAX_HEIGHT)
            return wgj_cfail(c, x->line, WG_E_LIMIT, "a macro has over %d parameters",
                             WGJ_MAX_HEIGHT);
    }
    return wgj_want_op(c, ')');
}

static enum wg_status macro_body(struct wgj_compiler *c, struct wgj_node *x, const char *end_tag)
{
    int end, loops = c->loop_depth;

    int before[3];
    memcpy(before, c->mentions, sizeof before);
    c->loop_depth = 0;
    WG_TRY(parse_block(c, (struct ends){{end_tag}}, &x->macro.m->body.list, &end));
    c->loop_depth = loops;
    for (int i = 0; i < 3; i++)
        x->macro.m->uses[i] = c->mentions[i] > before[i];
    return WG_OK;
}

static enum wg_status new_macro(struct wgj_compiler *c, struct wgj_node *x, enum wgj_kind kind)
{
    void *m;

    WG_TRY(wgj_calloc(c, 1, sizeof(struct wgj_macro_node), &m));
    x->kind = kind;
    x->macro.m = m;
    return WG_OK;
}

static enum wg_status parse_macro(struct wgj_compiler *c, struct wgj_node *x)
{
    WG_TRY(new_macro(c, x, WGJ_N_MACRO));
    WG_TRY(wgj_target_name(c, &x->macro.target));
    x->macro.m->name = x->macro.target->name.s;
    WG_TRY(parse_signature(c, x->macro.m));
    return macro_body(c, x, "endmacro");
}

static enum wg_status parse_call_block(struct wgj_compiler *c, struct wgj_node *x)
{
    WG_TRY(new_macro(c, x, WGJ_N_CALL_BLOCK));
    if (wgj_at_op(c, '('))
        WG_TRY(parse_signature(c, x->macro.m));
    WG_TRY(wgj_expression(c, &x->macro.target));
    if (x->macro.target->kind != WGJ_N_CALL)
        return wgj_cfail(c, x->line, WG_E_INPUT, "expected call");
    return macro_body(c, x, "endcall");
}

static enum wg_status parse_filter_block(struct wgj_compiler *c, struct wgj_node *x)
{
    int end;

    x->kind = WGJ_N_FILTER_BLOCK;
    WG_TRY(wgj_filters(c, NULL, true, &x->block.filter));
    WG_TRY(parse_block(c, (struct ends){{"endfilter"}}, &x->block.body.list, &end));
    return WG_OK;
}

static enum wg_status parse_with(struct wgj_compiler *c, struct wgj_node *x)
{
    struct wgj_node *t;
    int end;

    x->kind = WGJ_N_WITH;
    while (c->tok->type != WGJ_T_BLOCK_END) {
        if (x->with.targets.n)
            WG_TRY(wgj_want_op(c, ','));
        WG_TRY(wgj_target_name(c, &t));
        WG_TRY(wgj_push(c, &x->with.targets, t));
        WG_TRY(wgj_want_op(c, '='));
        WG_TRY(wgj_expression(c, &t));
        WG_TRY(wgj_push(c, &x->with.values, t));
    }
    WG_TRY(parse_block(c, (struct ends){{"endwith"}}, &x->with.body.list, &end));
    return WG_OK;
}

static enum wg_status parse_generation(struct wgj_compiler *c, struct wgj_node *x)
{
    int end, loops = c->loop_depth;

    x->kind = WGJ_N_GENERATION;
    c->loop_depth = 0;
    WG_TRY(parse_block(c, (struct ends){{"endgeneration"}}, &x->block.body.list, &end));
    c->loop_depth = loops;
    return WG_OK;
}

static enum wg_status parse_jump(struct wgj_compiler *c, struct wgj_node *x)
{
    x->kind = c->tok[-1].n == 5 ? WGJ_N_BREAK : WGJ_N_CONTINUE;
    if (c->loop_depth == 0)
        return wgj_cfail(c, x->line, WG_E_INPUT, "'%.*s' outside loop", (int)c->tok[-1].n,
                         c->tok[-1].p);
    return WG_OK;
}

static enum wg_status refuse(struct wgj_compiler *c, struct wgj_node *x)
{
    return wgj_cfail(c, x->line, WG_E_UNSUPPORTED, "the tag '%.*s' is not supported",
                     (int)c->tok[-1].n, c->tok[-1].p);
}

/* {% print a, b %}: one node an expression. */
static enum wg_status parse_print(struct wgj_compiler *c, struct wgj_node *x)
{
    struct wgj_node *list;

    WG_TRY(wgj_new_node(c, WGJ_N_CONCAT, x->line, &list));
    x->kind = WGJ_N_PRINT;
    x->x.a = list;
    while (c->tok->type != WGJ_T_BLOCK_END) {
        struct wgj_node *item;
        if (list->list.n)
            WG_TRY(wgj_want_op(c, ','));
        WG_TRY(wgj_expression(c, &item));
        WG_TRY(wgj_push(c, &list->list, item));
        list->height = WG_MAX(list->height, item->height + 1);
    }
    return WG_OK;
}

static enum wg_status parse_statement(struct wgj_compiler *c, struct wgj_nodes *out)
{
    static const struct {
        const char *name;
        enum wg_status (*parse)(struct wgj_compiler *, struct wgj_node *);
    } tags[] = {
        {"if", parse_if},           {"for", parse_for},
        {"set", parse_set},         {"macro", parse_macro},
        {"call", parse_call_block}, {"filter", parse_filter_block},
        {"with", parse_with},       {"generation", parse_generation},
        {"break", parse_jump},      {"continue", parse_jump},
        {"print", parse_print},     {"import", refuse},
        {"from", refuse},           {"include", refuse},
        {"extends", refuse},        {"block", refuse},
        {"autoescape", refuse},
    };
    const struct wgj_tok *t = c->tok;
    struct wgj_node *x;

    if (t->type != WGJ_T_NAME)
        return wgj_cfail(c, t->line, WG_E_INPUT, "tag name expected");
    for (size_t i = 0; i < WG_COUNT(tags); i++) {
        if (!wgj_at_name(c, tags[i].name))
            continue;
        WG_TRY(wgj_new_node(c, WGJ_N_DATA, t->line, &x));
        c->tok++;
        WG_TRY(tags[i].parse(c, x));
        return wgj_push(c, out, x);
    }
    return wgj_cfail(c, t->line, WG_E_UNSUPPORTED, "Encountered unknown tag '%.*s'.",
                     (int)WG_MIN(t->n, (size_t)60), t->p);
}

static enum wg_status parse_data(struct wgj_compiler *c, struct wgj_nodes *out)
{
    struct wgj_node *x;

    WG_TRY(wgj_new_node(c, WGJ_N_DATA, c->tok->line, &x));
    x->data.p = c->tok->p;
    x->data.n = c->tok->n;
    c->tok++;
    return wgj_push(c, out, x);
}

static enum wg_status no_end(struct wgj_compiler *c, const struct ends *ends, int line)
{
    return wgj_cfail(c, c->tok->line, WG_E_INPUT,
                     "Unexpected end of template: the block of line %d has no '%s'", line,
                     ends->name[0]);
}

static enum wg_status parse_until(struct wgj_compiler *c, const struct ends *ends,
                                  struct wgj_nodes *out, int *end)
{
    struct wgj_node *x;
    int line = c->tok->line;

    for (;;) {
        switch (c->tok->type) {
        case WGJ_T_EOF:
            return ends ? no_end(c, ends, line) : WG_OK;
        case WGJ_T_DATA:
            WG_TRY(parse_data(c, out));
            break;
        case WGJ_T_VAR_BEGIN:
            WG_TRY(wgj_new_node(c, WGJ_N_PRINT, c->tok->line, &x));
            c->tok++;
            WG_TRY(wgj_tuple(c, true, &x->x.a));
            WG_TRY(wgj_want(c, WGJ_T_VAR_END, "end of print statement"));
            WG_TRY(wgj_push(c, out, x));
            break;
        default:
            c->tok++;
            for (int i = 0; ends && i < 3 && ends->name[i]; i++) {
                if (wgj_take_name(c, ends->name[i])) {
                    *end = i;
                    return WG_OK;
                }
            }
            WG_TRY(parse_statement(c, out));
            WG_TRY(wgj_want(c, WGJ_T_BLOCK_END, "end of statement block"));
        }
    }
}

enum wg_status wgj_parse(struct wgj_compiler *c, struct wgj_nodes *body)
{
    return parse_until(c, NULL, body, &c->nest);
}
