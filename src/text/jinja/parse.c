/* Parser of statements: tokens to the tree of a template. */
#include "text/jinja/ast.h"

#include <string.h>

enum wg_status wg_j_new_node(struct wg_j_compiler *c, enum wg_j_kind kind, int line,
                             struct wg_j_node **out)
{
    void *x;

    WG_TRY(wg_j_calloc(c, 1, sizeof **out, &x));
    *out = x;
    (*out)->kind = kind;
    (*out)->line = line;
    (*out)->height = 1;
    return WG_OK;
}

enum wg_status wg_j_push(struct wg_j_compiler *c, struct wg_j_nodes *l, struct wg_j_node *x)
{
    if (l->n == l->cap) {
        void *mem;
        size_t cap = l->cap ? l->cap * 2 : 4;
        WG_TRY(wg_j_calloc(c, cap, sizeof(struct wg_j_node *), &mem));
        if (l->n)
            memcpy(mem, l->v, l->n * sizeof(struct wg_j_node *));
        l->v = mem;
        l->cap = cap;
    }
    l->v[l->n++] = x;
    return WG_OK;
}

enum wg_status wg_j_deeper(struct wg_j_compiler *c)
{
    if (++c->nest > WG_J_MAX_NEST)
        return wg_j_cfail(c, c->tok->line, WG_E_LIMIT,
                          "blocks and expressions are nested over %d deep", WG_J_MAX_NEST);
    return WG_OK;
}

bool wg_j_at_op(const struct wg_j_compiler *c, char op)
{
    return c->tok->type == WG_J_T_OP && c->tok->op == op;
}

bool wg_j_at_name(const struct wg_j_compiler *c, const char *name)
{
    return c->tok->type == WG_J_T_NAME && c->tok->n == strlen(name) &&
           memcmp(c->tok->p, name, c->tok->n) == 0;
}

bool wg_j_take_op(struct wg_j_compiler *c, char op)
{
    if (!wg_j_at_op(c, op))
        return false;
    c->tok++;
    return true;
}

bool wg_j_take_name(struct wg_j_compiler *c, const char *name)
{
    if (!wg_j_at_name(c, name))
        return false;
    c->tok++;
    return true;
}

enum wg_status wg_j_unexpected(struct wg_j_compiler *c, const char *wanted)
{
    static const char *const what[] = {
        [WG_J_T_EOF] = "end of template",
        [WG_J_T_DATA] = "template data / text",
        [WG_J_T_VAR_BEGIN] = "begin of print statement",
        [WG_J_T_VAR_END] = "end of print statement",
        [WG_J_T_BLOCK_BEGIN] = "begin of statement block",
        [WG_J_T_BLOCK_END] = "end of statement block",
        [WG_J_T_STR] = "string",
        [WG_J_T_INT] = "integer",
        [WG_J_T_FLOAT] = "float",
    };
    const struct wg_j_tok *t = c->tok;
    const char *got = t->type == WG_J_T_NAME || t->type == WG_J_T_OP ? t->p : what[t->type];
    int n = t->type == WG_J_T_NAME || t->type == WG_J_T_OP ? (int)WG_MIN(t->n, (size_t)60)
                                                           : (int)strlen(got);

    if (!wanted)
        return wg_j_cfail(c, t->line, WG_E_INPUT, "unexpected '%.*s'", n, got);
    return wg_j_cfail(c, t->line, WG_E_INPUT, "expected %s, got '%.*s'", wanted, n, got);
}

enum wg_status wg_j_want(struct wg_j_compiler *c, enum wg_j_tok_type type, const char *what)
{
    if (c->tok->type != type)
        return wg_j_unexpected(c, what);
    c->tok++;
    return WG_OK;
}

enum wg_status wg_j_want_op(struct wg_j_compiler *c, char op)
{
    char wanted[] = {'\'', op, '\'', '\0'};

    return wg_j_take_op(c, op) ? WG_OK : wg_j_unexpected(c, wanted);
}

/* Names of the tags that may end the block being read; the first is the one that closes it. */
struct ends {
    const char *name[3];
};

static enum wg_status parse_until(struct wg_j_compiler *c, const struct ends *ends,
                                  struct wg_j_nodes *out, int *end);

/* "%}" and the statements up to the tag that ends them, which is read except for its "%}" (an else
 * or elif has more to come). */
static enum wg_status parse_block(struct wg_j_compiler *c, struct ends ends, struct wg_j_nodes *out,
                                  int *end)
{
    wg_j_take_op(c, ':');
    WG_TRY(wg_j_want(c, WG_J_T_BLOCK_END, "end of statement block"));
    WG_TRY(wg_j_deeper(c));
    WG_TRY(parse_until(c, &ends, out, end));
    c->nest--;
    return WG_OK;
}

static enum wg_status add_arm(struct wg_j_compiler *c, struct wg_j_node *x, struct wg_j_arm **out)
{
    if (x->branch.n == x->branch.cap) {
        void *mem;
        size_t cap = x->branch.cap ? x->branch.cap * 2 : 2;
        WG_TRY(wg_j_calloc(c, cap, sizeof **out, &mem));
        if (x->branch.n)
            memcpy(mem, x->branch.arm, x->branch.n * sizeof **out);
        x->branch.arm = mem;
        x->branch.cap = cap;
    }
    *out = &x->branch.arm[x->branch.n++];
    return WG_OK;
}

static enum wg_status parse_if(struct wg_j_compiler *c, struct wg_j_node *x)
{
    struct wg_j_arm *arm;
    int end = 0;

    x->kind = WG_J_N_IF;
    do {
        WG_TRY(add_arm(c, x, &arm));
        WG_TRY(wg_j_tuple(c, false, &arm->test));
        WG_TRY(parse_block(c, (struct ends){{"endif", "else", "elif"}}, &arm->body, &end));
    } while (end == 2);
    if (end == 0)
        return WG_OK;
    WG_TRY(add_arm(c, x, &arm));
    return parse_block(c, (struct ends){{"endif"}}, &arm->body, &end);
}

/* A copy of an assignment target, to be resolved in another scope. */
static enum wg_status copy_target(struct wg_j_compiler *c, const struct wg_j_node *x,
                                  struct wg_j_node **out)
{
    struct wg_j_node *item;

    WG_TRY(wg_j_new_node(c, x->kind, x->line, out));
    if (x->kind == WG_J_N_NAME) {
        (*out)->name.s = x->name.s;
        return WG_OK;
    }
    for (size_t i = 0; i < x->list.n; i++) {
        WG_TRY(copy_target(c, x->list.v[i], &item));
        WG_TRY(wg_j_push(c, &(*out)->list, item));
    }
    return WG_OK;
}

static bool stores_loop(const struct wg_j_node *x)
{
    if (x->kind == WG_J_N_NAME)
        return wg_j_str_is(WG_J_STR_VAL(x->name.s), "loop");
    for (size_t i = 0; i < x->list.n; i++)
        if (stores_loop(x->list.v[i]))
            return true;
    return false;
}

static enum wg_status parse_for(struct wg_j_compiler *c, struct wg_j_node *x)
{
    int end = 0;

    x->kind = WG_J_N_FOR;
    WG_TRY(wg_j_target(c, false, &x->loop.target));
    if (stores_loop(x->loop.target))
        return wg_j_cfail(c, x->line, WG_E_INPUT,
                          "Can't assign to special loop variable in for-loop target");
    if (!wg_j_take_name(c, "in"))
        return wg_j_unexpected(c, "'in'");
    WG_TRY(wg_j_tuple(c, false, &x->loop.iter));
    if (wg_j_take_name(c, "if")) {
        WG_TRY(wg_j_expression(c, &x->loop.test));
        WG_TRY(copy_target(c, x->loop.target, &x->loop.test_target));
    }
    x->loop.recursive = wg_j_take_name(c, "recursive");
    c->loop_depth++;
    WG_TRY(parse_block(c, (struct ends){{"endfor", "else"}}, &x->loop.body.list, &end));
    c->loop_depth--;
    if (end == 1)
        WG_TRY(parse_block(c, (struct ends){{"endfor"}}, &x->loop.orelse.list, &end));
    return WG_OK;
}

static enum wg_status parse_set(struct wg_j_compiler *c, struct wg_j_node *x)
{
    struct wg_j_node *target;
    int end = 0;

    WG_TRY(wg_j_target(c, true, &target));
    if (wg_j_take_op(c, '=')) {
        x->kind = WG_J_N_SET;
        x->x.a = target;
        return wg_j_tuple(c, true, &x->x.b);
    }
    x->kind = WG_J_N_SET_BLOCK;
    x->block.target = target;
    WG_TRY(wg_j_filters(c, NULL, false, &x->block.filter));
    WG_TRY(parse_block(c, (struct ends){{"endset"}}, &x->block.body.list, &end));
    return WG_OK;
}

static enum wg_status parse_signature(struct wg_j_compiler *c, struct wg_j_macro_node *m)
{
    struct wg_j_node *x;

    WG_TRY(wg_j_want_op(c, '('));
    while (!wg_j_at_op(c, ')')) {
        if (m->params.n)
            WG_TRY(wg_j_want_op(c, ','));
        WG_TRY(wg_j_target_name(c, &x));
        for (size_t i = 0; i < m->params.n; i++)
            if (wg_j_same(WG_J_STR_VAL(x->name.s), WG_J_STR_VAL(m->params.v[i]->name.s)))
                return wg_j_cfail(c, x->line, WG_E_INPUT,
                                  "a macro names the parameter '%.*s' twice",
                                  (int)WG_MIN(x->name.s->n, (size_t)60), x->name.s->p);
        WG_TRY(wg_j_push(c, &m->params, x));
        if (wg_j_take_op(c, '=')) {
            WG_TRY(wg_j_expression(c, &x));
            WG_TRY(wg_j_push(c, &m->defaults, x));
        } else if (m->defaults.n) {
            return wg_j_cfail(c, x->line, WG_E_INPUT,
                              "non-default argument follows default argument");
        }
        if (m->params.n > WG_J_MAX_HEIGHT)
            return wg_j_cfail(c, x->line, WG_E_LIMIT, "a macro has over %d parameters",
                              WG_J_MAX_HEIGHT);
    }
    return wg_j_want_op(c, ')');
}

static enum wg_status macro_body(struct wg_j_compiler *c, struct wg_j_node *x, const char *end_tag)
{
    int end = 0, loops = c->loop_depth;

    int before[3];
    memcpy(before, c->mentions, sizeof before);
    c->loop_depth = 0;
    WG_TRY(parse_block(c, (struct ends){{end_tag}}, &x->macro.m->body.list, &end));
    c->loop_depth = loops;
    for (int i = 0; i < 3; i++)
        x->macro.m->uses[i] = c->mentions[i] > before[i];
    return WG_OK;
}

static enum wg_status new_macro(struct wg_j_compiler *c, struct wg_j_node *x, enum wg_j_kind kind)
{
    void *m;

    WG_TRY(wg_j_calloc(c, 1, sizeof(struct wg_j_macro_node), &m));
    x->kind = kind;
    x->macro.m = m;
    return WG_OK;
}

static enum wg_status parse_macro(struct wg_j_compiler *c, struct wg_j_node *x)
{
    WG_TRY(new_macro(c, x, WG_J_N_MACRO));
    WG_TRY(wg_j_target_name(c, &x->macro.target));
    x->macro.m->name = x->macro.target->name.s;
    WG_TRY(parse_signature(c, x->macro.m));
    return macro_body(c, x, "endmacro");
}

static enum wg_status parse_call_block(struct wg_j_compiler *c, struct wg_j_node *x)
{
    WG_TRY(new_macro(c, x, WG_J_N_CALL_BLOCK));
    if (wg_j_at_op(c, '('))
        WG_TRY(parse_signature(c, x->macro.m));
    WG_TRY(wg_j_expression(c, &x->macro.target));
    if (x->macro.target->kind != WG_J_N_CALL)
        return wg_j_cfail(c, x->line, WG_E_INPUT, "expected call");
    return macro_body(c, x, "endcall");
}

static enum wg_status parse_filter_block(struct wg_j_compiler *c, struct wg_j_node *x)
{
    int end = 0;

    x->kind = WG_J_N_FILTER_BLOCK;
    WG_TRY(wg_j_filters(c, NULL, true, &x->block.filter));
    WG_TRY(parse_block(c, (struct ends){{"endfilter"}}, &x->block.body.list, &end));
    return WG_OK;
}

static enum wg_status parse_with(struct wg_j_compiler *c, struct wg_j_node *x)
{
    struct wg_j_node *t;
    int end = 0;

    x->kind = WG_J_N_WITH;
    while (c->tok->type != WG_J_T_BLOCK_END) {
        if (x->with.targets.n)
            WG_TRY(wg_j_want_op(c, ','));
        WG_TRY(wg_j_target_name(c, &t));
        WG_TRY(wg_j_push(c, &x->with.targets, t));
        WG_TRY(wg_j_want_op(c, '='));
        WG_TRY(wg_j_expression(c, &t));
        WG_TRY(wg_j_push(c, &x->with.values, t));
    }
    WG_TRY(parse_block(c, (struct ends){{"endwith"}}, &x->with.body.list, &end));
    return WG_OK;
}

static enum wg_status parse_generation(struct wg_j_compiler *c, struct wg_j_node *x)
{
    int end = 0, loops = c->loop_depth;

    x->kind = WG_J_N_GENERATION;
    c->loop_depth = 0;
    WG_TRY(parse_block(c, (struct ends){{"endgeneration"}}, &x->block.body.list, &end));
    c->loop_depth = loops;
    return WG_OK;
}

static enum wg_status parse_jump(struct wg_j_compiler *c, struct wg_j_node *x)
{
    x->kind = c->tok[-1].n == 5 ? WG_J_N_BREAK : WG_J_N_CONTINUE;
    if (c->loop_depth == 0)
        return wg_j_cfail(c, x->line, WG_E_INPUT, "'%.*s' outside loop", (int)c->tok[-1].n,
                          c->tok[-1].p);
    return WG_OK;
}

static enum wg_status refuse(struct wg_j_compiler *c, struct wg_j_node *x)
{
    return wg_j_cfail(c, x->line, WG_E_UNSUPPORTED, "the tag '%.*s' is not supported",
                      (int)c->tok[-1].n, c->tok[-1].p);
}

/* {% print a, b %}: one node an expression. */
static enum wg_status parse_print(struct wg_j_compiler *c, struct wg_j_node *x)
{
    struct wg_j_node *list;

    WG_TRY(wg_j_new_node(c, WG_J_N_CONCAT, x->line, &list));
    x->kind = WG_J_N_PRINT;
    x->x.a = list;
    while (c->tok->type != WG_J_T_BLOCK_END) {
        struct wg_j_node *item;
        if (list->list.n)
            WG_TRY(wg_j_want_op(c, ','));
        WG_TRY(wg_j_expression(c, &item));
        WG_TRY(wg_j_push(c, &list->list, item));
        list->height = WG_MAX(list->height, item->height + 1);
    }
    return WG_OK;
}

static enum wg_status parse_statement(struct wg_j_compiler *c, struct wg_j_nodes *out)
{
    static const struct {
        const char *name;
        enum wg_status (*parse)(struct wg_j_compiler *, struct wg_j_node *);
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
    const struct wg_j_tok *t = c->tok;
    struct wg_j_node *x;

    if (t->type != WG_J_T_NAME)
        return wg_j_cfail(c, t->line, WG_E_INPUT, "tag name expected");
    for (size_t i = 0; i < WG_COUNT(tags); i++) {
        if (!wg_j_at_name(c, tags[i].name))
            continue;
        WG_TRY(wg_j_new_node(c, WG_J_N_DATA, t->line, &x));
        c->tok++;
        WG_TRY(tags[i].parse(c, x));
        return wg_j_push(c, out, x);
    }
    return wg_j_cfail(c, t->line, WG_E_UNSUPPORTED, "Encountered unknown tag '%.*s'.",
                      (int)WG_MIN(t->n, (size_t)60), t->p);
}

static enum wg_status parse_data(struct wg_j_compiler *c, struct wg_j_nodes *out)
{
    struct wg_j_node *x;

    WG_TRY(wg_j_new_node(c, WG_J_N_DATA, c->tok->line, &x));
    x->data.p = c->tok->p;
    x->data.n = c->tok->n;
    c->tok++;
    return wg_j_push(c, out, x);
}

static enum wg_status no_end(struct wg_j_compiler *c, const struct ends *ends, int line)
{
    return wg_j_cfail(c, c->tok->line, WG_E_INPUT,
                      "Unexpected end of template: the block of line %d has no '%s'", line,
                      ends->name[0]);
}

static enum wg_status parse_until(struct wg_j_compiler *c, const struct ends *ends,
                                  struct wg_j_nodes *out, int *end)
{
    struct wg_j_node *x;
    int line = c->tok->line;

    for (;;) {
        switch (c->tok->type) {
        case WG_J_T_EOF:
            return ends ? no_end(c, ends, line) : WG_OK;
        case WG_J_T_DATA:
            WG_TRY(parse_data(c, out));
            break;
        case WG_J_T_VAR_BEGIN:
            WG_TRY(wg_j_new_node(c, WG_J_N_PRINT, c->tok->line, &x));
            c->tok++;
            WG_TRY(wg_j_tuple(c, true, &x->x.a));
            WG_TRY(wg_j_want(c, WG_J_T_VAR_END, "end of print statement"));
            WG_TRY(wg_j_push(c, out, x));
            break;
        default:
            c->tok++;
            for (int i = 0; ends && i < 3 && ends->name[i]; i++) {
                if (wg_j_take_name(c, ends->name[i])) {
                    *end = i;
                    return WG_OK;
                }
            }
            WG_TRY(parse_statement(c, out));
            WG_TRY(wg_j_want(c, WG_J_T_BLOCK_END, "end of statement block"));
        }
    }
}

enum wg_status wg_j_parse(struct wg_j_compiler *c, struct wg_j_nodes *body)
{
    return parse_until(c, NULL, body, &c->nest);
}
