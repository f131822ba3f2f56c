/*
 * Parser of expressions. One function a precedence level, from loosest: a if b else c; or; and;
 * not; comparisons; + -; ~; * / // %; **; sign; then names and literals with what follows them.
 */
#include "text/jinja/ast.h"

#include "text/jinja/uni.h"

#include <string.h>

static enum wg_status parse_not(struct wg_j_compiler *c, struct wg_j_node **out);
static enum wg_status parse_sum(struct wg_j_compiler *c, struct wg_j_node **out);
static enum wg_status parse_product(struct wg_j_compiler *c, struct wg_j_node **out);
static enum wg_status parse_sign(struct wg_j_compiler *c, bool filters, struct wg_j_node **out);
static enum wg_status parse_primary(struct wg_j_compiler *c, struct wg_j_node **out);
static enum wg_status parse_postfix(struct wg_j_compiler *c, struct wg_j_node *x,
                                    struct wg_j_node **out);

static enum wg_status raise_height(struct wg_j_compiler *c, struct wg_j_node *x,
                                   const struct wg_j_node *child)
{
    if (child && child->height >= x->height)
        x->height = child->height + 1;
    if (x->height > WG_J_MAX_HEIGHT)
        return wg_j_cfail(c, x->line, WG_E_LIMIT, "an expression has over %d levels",
                          WG_J_MAX_HEIGHT);
    return WG_OK;
}

/* A node of kind with operands a and b (b may be NULL). */
static enum wg_status join(struct wg_j_compiler *c, enum wg_j_kind kind, char op, int line,
                           struct wg_j_node *a, struct wg_j_node *b, struct wg_j_node **out)
{
    struct wg_j_node *x;

    WG_TRY(wg_j_new_node(c, kind, line, &x));
    x->op = op;
    x->x.a = a;
    x->x.b = b;
    WG_TRY(raise_height(c, x, a));
    WG_TRY(raise_height(c, x, b));
    *out = x;
    return WG_OK;
}

static enum wg_status push_child(struct wg_j_compiler *c, struct wg_j_node *x, struct wg_j_nodes *l,
                                 struct wg_j_node *child)
{
    WG_TRY(wg_j_push(c, l, child));
    return raise_height(c, x, child);
}

static enum wg_status parse_and(struct wg_j_compiler *c, struct wg_j_node **out)
{
    int line = c->tok->line;

    WG_TRY(parse_not(c, out));
    while (wg_j_take_name(c, "and")) {
        struct wg_j_node *right;
        WG_TRY(parse_not(c, &right));
        WG_TRY(join(c, WG_J_N_AND, 0, line, *out, right, out));
    }
    return WG_OK;
}

static enum wg_status parse_or(struct wg_j_compiler *c, struct wg_j_node **out)
{
    int line = c->tok->line;

    WG_TRY(parse_and(c, out));
    while (wg_j_take_name(c, "or")) {
        struct wg_j_node *right;
        WG_TRY(parse_and(c, &right));
        WG_TRY(join(c, WG_J_N_OR, 0, line, *out, right, out));
    }
    return WG_OK;
}

static enum wg_status parse_cond(struct wg_j_compiler *c, struct wg_j_node **out)
{
    WG_TRY(wg_j_deeper(c));
    WG_TRY(parse_or(c, out));
    while (wg_j_at_name(c, "if")) {
        struct wg_j_node *x;
        WG_TRY(wg_j_new_node(c, WG_J_N_COND, c->tok->line, &x));
        c->tok++;
        x->x3.a = *out;
        WG_TRY(parse_or(c, &x->x3.b));
        if (wg_j_take_name(c, "else"))
            WG_TRY(parse_cond(c, &x->x3.c));
        WG_TRY(raise_height(c, x, x->x3.a));
        WG_TRY(raise_height(c, x, x->x3.b));
        WG_TRY(raise_height(c, x, x->x3.c));
        *out = x;
    }
    c->nest--;
    return WG_OK;
}

enum wg_status wg_j_expression(struct wg_j_compiler *c, struct wg_j_node **out)
{
    return parse_cond(c, out);
}

static enum wg_status parse_compare(struct wg_j_compiler *c, struct wg_j_node **out)
{
    struct wg_j_node *x = NULL, *right;
    size_t cap = 0;

    WG_TRY(parse_sum(c, out));
    for (;;) {
        char op = c->tok->type == WG_J_T_OP && strchr("engl<>", c->tok->op) ? c->tok->op : 0;
        int used = 1;
        if (wg_j_at_name(c, "in")) {
            op = WG_J_OP_IN;
        } else if (wg_j_at_name(c, "not") && c->tok[1].type == WG_J_T_NAME && c->tok[1].n == 2 &&
                   memcmp(c->tok[1].p, "in", 2) == 0) {
            op = WG_J_OP_NOT_IN;
            used = 2;
        }
        if (!op)
            return WG_OK;
        if (!x) {
            WG_TRY(wg_j_new_node(c, WG_J_N_COMPARE, c->tok->line, &x));
            WG_TRY(push_child(c, x, &x->compare.list, *out));
        }
        c->tok += used;
        WG_TRY(parse_sum(c, &right));
        WG_TRY(push_child(c, x, &x->compare.list, right));
        size_t k = x->compare.list.n - 2;
        if (k >= cap) {
            void *mem;
            cap = cap ? cap * 2 : 4;
            WG_TRY(wg_j_calloc(c, cap, 1, &mem));
            if (k)
                memcpy(mem, x->compare.ops, k);
            x->compare.ops = mem;
        }
        x->compare.ops[k] = op;
        *out = x;
    }
}

static enum wg_status parse_not(struct wg_j_compiler *c, struct wg_j_node **out)
{
    int line = c->tok->line;

    if (!wg_j_take_name(c, "not"))
        return parse_compare(c, out);
    WG_TRY(wg_j_deeper(c));
    WG_TRY(parse_not(c, out));
    c->nest--;
    return join(c, WG_J_N_NOT, 0, line, *out, NULL, out);
}

static enum wg_status parse_concat(struct wg_j_compiler *c, struct wg_j_node **out)
{
    struct wg_j_node *x, *right;

    WG_TRY(parse_product(c, out));
    if (!wg_j_at_op(c, '~'))
        return WG_OK;
    WG_TRY(wg_j_new_node(c, WG_J_N_CONCAT, c->tok->line, &x));
    WG_TRY(push_child(c, x, &x->list, *out));
    while (wg_j_take_op(c, '~')) {
        WG_TRY(parse_product(c, &right));
        WG_TRY(push_child(c, x, &x->list, right));
    }
    *out = x;
    return WG_OK;
}

static enum wg_status parse_power(struct wg_j_compiler *c, struct wg_j_node **out)
{
    int line = c->tok->line;

    WG_TRY(parse_sign(c, true, out));
    while (wg_j_take_op(c, WG_J_OP_POW)) {
        struct wg_j_node *right;
        WG_TRY(parse_sign(c, true, &right));
        WG_TRY(join(c, WG_J_N_BIN, WG_J_OP_POW, line, *out, right, out));
    }
    return WG_OK;
}

static enum wg_status left_chain(struct wg_j_compiler *c, const char *ops,
                                 enum wg_status (*operand)(struct wg_j_compiler *,
                                                           struct wg_j_node **),
                                 struct wg_j_node **out)
{
    WG_TRY(operand(c, out));
    while (c->tok->type == WG_J_T_OP && strchr(ops, c->tok->op)) {
        struct wg_j_node *right;
        char op = c->tok->op;
        int line = c->tok->line;
        c->tok++;
        WG_TRY(operand(c, &right));
        WG_TRY(join(c, WG_J_N_BIN, op, line, *out, right, out));
    }
    return WG_OK;
}

static enum wg_status parse_sum(struct wg_j_compiler *c, struct wg_j_node **out)
{
    return left_chain(c, "+-", parse_concat, out);
}

static enum wg_status parse_product(struct wg_j_compiler *c, struct wg_j_node **out)
{
    return left_chain(c, "*/d%", parse_power, out);
}

/* Call arguments, from "(" to ")". */
static enum wg_status parse_args(struct wg_j_compiler *c, struct wg_j_node *owner,
                                 struct wg_j_args *a)
{
    int line = c->tok->line;
    bool comma = false;

    WG_TRY(wg_j_want_op(c, '('));
    while (!wg_j_at_op(c, ')')) {
        bool bad = false;
        struct wg_j_node *x = NULL;
        if (comma) {
            WG_TRY(wg_j_want_op(c, ','));
            if (wg_j_at_op(c, ')'))
                break;
        }
        if (wg_j_take_op(c, '*')) {
            bad = a->star || a->star_star;
            WG_TRY(wg_j_expression(c, &a->star));
            x = a->star;
        } else if (wg_j_take_op(c, WG_J_OP_POW)) {
            bad = a->star_star;
            WG_TRY(wg_j_expression(c, &a->star_star));
            x = a->star_star;
        } else if (c->tok->type == WG_J_T_NAME && c->tok[1].type == WG_J_T_OP &&
                   c->tok[1].op == '=') {
            struct wg_j_kwarg kw;
            WG_TRY(wg_j_cstr(c, c->tok->p, c->tok->n, &kw.name));
            c->tok += 2;
            bad = a->star_star;
            WG_TRY(wg_j_expression(c, &kw.x));
            x = kw.x;
            for (size_t i = 0; i < a->n_kw; i++)
                if (wg_j_same(WG_J_STR_VAL(kw.name), WG_J_STR_VAL(a->kw[i].name)))
                    return wg_j_cfail(c, line, WG_E_INPUT, "keyword argument repeated: %.*s",
                                      (int)WG_MIN(kw.name->n, (size_t)100), kw.name->p);
            if (a->n_kw == a->cap_kw) {
                void *mem;
                a->cap_kw = a->cap_kw ? a->cap_kw * 2 : 4;
                WG_TRY(wg_j_calloc(c, a->cap_kw, sizeof kw, &mem));
                if (a->n_kw)
                    memcpy(mem, a->kw, a->n_kw * sizeof kw);
                a->kw = mem;
            }
            a->kw[a->n_kw++] = kw;
        } else {
            bad = a->star || a->star_star || a->n_kw;
            WG_TRY(wg_j_expression(c, &x));
            WG_TRY(wg_j_push(c, &a->pos, x));
        }
        if (bad)
            return wg_j_cfail(c, line, WG_E_INPUT, "invalid syntax for function call expression");
        WG_TRY(raise_height(c, owner, x));
        comma = true;
    }
    return wg_j_want_op(c, ')');
}

static enum wg_status parse_call(struct wg_j_compiler *c, struct wg_j_node *x,
                                 struct wg_j_node **out)
{
    struct wg_j_node *call;

    WG_TRY(wg_j_new_node(c, WG_J_N_CALL, c->tok->line, &call));
    call->call.a = x;
    WG_TRY(parse_args(c, call, &call->call.args));
    WG_TRY(raise_height(c, call, x));
    *out = call;
    return WG_OK;
}

/* name or name.name of a filter or test. */
static enum wg_status parse_builtin_name(struct wg_j_compiler *c, struct wg_j_str **out)
{
    char buf[128];
    size_t n = 0;

    do {
        if (c->tok->type != WG_J_T_NAME)
            return wg_j_unexpected(c, "name");
        if (n + c->tok->n + 2 > sizeof buf)
            return wg_j_cfail(c, c->tok->line, WG_E_UNSUPPORTED,
                              "No filter or test named '%.*s...'", 40, c->tok->p);
        if (n)
            buf[n++] = '.';
        memcpy(buf + n, c->tok->p, c->tok->n);
        n += c->tok->n;
        c->tok++;
    } while (wg_j_take_op(c, '.'));
    return wg_j_cstr(c, buf, n, out);
}

enum wg_status wg_j_filters(struct wg_j_compiler *c, struct wg_j_node *x, bool inline_first,
                            struct wg_j_node **out)
{
    while (inline_first || wg_j_at_op(c, '|')) {
        struct wg_j_node *f;
        if (!inline_first)
            c->tok++;
        inline_first = false;
        WG_TRY(wg_j_new_node(c, WG_J_N_FILTER, c->tok->line, &f));
        WG_TRY(parse_builtin_name(c, &f->call.name));
        f->call.a = x;
        if (wg_j_at_op(c, '('))
            WG_TRY(parse_args(c, f, &f->call.args));
        WG_TRY(raise_height(c, f, x));
        f->call.fn = wg_j_find_filter(f->call.name->p, f->call.name->n);
        x = f;
    }
    *out = x;
    return WG_OK;
}

static bool starts_argument(const struct wg_j_compiler *c)
{
    switch (c->tok->type) {
    case WG_J_T_NAME:
        return !wg_j_at_name(c, "else") && !wg_j_at_name(c, "or") && !wg_j_at_name(c, "and");
    case WG_J_T_STR:
    case WG_J_T_INT:
    case WG_J_T_FLOAT:
        return true;
    default:
        return wg_j_at_op(c, '[') || wg_j_at_op(c, '{');
    }
}

/* After "is". */
static enum wg_status parse_test(struct wg_j_compiler *c, struct wg_j_node *a,
                                 struct wg_j_node **out)
{
    struct wg_j_node *x, *arg;
    int line = c->tok->line;
    bool negated = wg_j_take_name(c, "not");

    WG_TRY(wg_j_new_node(c, WG_J_N_TEST, line, &x));
    x->call.a = a;
    WG_TRY(parse_builtin_name(c, &x->call.name));
    if (wg_j_at_op(c, '(')) {
        WG_TRY(parse_args(c, x, &x->call.args));
    } else if (starts_argument(c)) {
        if (wg_j_at_name(c, "is"))
            return wg_j_cfail(c, c->tok->line, WG_E_INPUT,
                              "You cannot chain multiple tests with is");
        WG_TRY(parse_primary(c, &arg));
        WG_TRY(parse_postfix(c, arg, &arg));
        WG_TRY(push_child(c, x, &x->call.args.pos, arg));
    }
    WG_TRY(raise_height(c, x, a));
    x->call.fn = wg_j_find_test(x->call.name->p, x->call.name->n);
    *out = x;
    return negated ? join(c, WG_J_N_NOT, 0, line, x, NULL, out) : WG_OK;
}

/* One index or slice inside brackets. */
static enum wg_status parse_index(struct wg_j_compiler *c, struct wg_j_node **out)
{
    struct wg_j_node *x, *start = NULL;

    if (!wg_j_at_op(c, ':')) {
        WG_TRY(wg_j_expression(c, &start));
        if (!wg_j_at_op(c, ':')) {
            *out = start;
            return WG_OK;
        }
    }
    WG_TRY(wg_j_new_node(c, WG_J_N_SLICE, c->tok->line, &x));
    c->tok++;
    x->x3.a = start;
    if (!wg_j_at_op(c, ':') && !wg_j_at_op(c, ']') && !wg_j_at_op(c, ','))
        WG_TRY(wg_j_expression(c, &x->x3.b));
    if (wg_j_take_op(c, ':') && !wg_j_at_op(c, ']') && !wg_j_at_op(c, ','))
        WG_TRY(wg_j_expression(c, &x->x3.c));
    WG_TRY(raise_height(c, x, x->x3.a));
    WG_TRY(raise_height(c, x, x->x3.b));
    WG_TRY(raise_height(c, x, x->x3.c));
    *out = x;
    return WG_OK;
}

static enum wg_status parse_brackets(struct wg_j_compiler *c, struct wg_j_node *a,
                                     struct wg_j_node **out)
{
    int line = c->tok->line;
    struct wg_j_node *index = NULL, *tuple = NULL, *x;

    c->tok++;
    while (!wg_j_at_op(c, ']')) {
        if (index)
            WG_TRY(wg_j_want_op(c, ','));
        WG_TRY(parse_index(c, &x));
        if (index && !tuple) {
            WG_TRY(wg_j_new_node(c, WG_J_N_TUPLE, line, &tuple));
            WG_TRY(push_child(c, tuple, &tuple->list, index));
        }
        if (tuple)
            WG_TRY(push_child(c, tuple, &tuple->list, x));
        if (tuple && (x->kind == WG_J_N_SLICE || index->kind == WG_J_N_SLICE))
            return wg_j_cfail(c, line, WG_E_UNSUPPORTED,
                              "a slice among several indices is not supported");
        index = x;
    }
    c->tok++;
    if (!index)
        WG_TRY(wg_j_new_node(c, WG_J_N_TUPLE, line, &index));
    return join(c, WG_J_N_ITEM, 0, line, a, tuple ? tuple : index, out);
}

static enum wg_status parse_dot(struct wg_j_compiler *c, struct wg_j_node *a,
                                struct wg_j_node **out)
{
    int line = c->tok->line;
    struct wg_j_node *index;

    c->tok++;
    if (c->tok->type == WG_J_T_NAME) {
        WG_TRY(join(c, WG_J_N_ATTR, 0, line, a, NULL, out));
        WG_TRY(wg_j_cstr(c, c->tok->p, c->tok->n, &(*out)->x.attr));
        c->tok++;
        return WG_OK;
    }
    if (c->tok->type != WG_J_T_INT)
        return wg_j_cfail(c, c->tok->line, WG_E_INPUT, "expected name or number");
    WG_TRY(wg_j_new_node(c, WG_J_N_CONST, line, &index));
    index->value = WG_J_INT_VAL(c->tok->i);
    c->tok++;
    return join(c, WG_J_N_ITEM, 0, line, a, index, out);
}

static enum wg_status parse_postfix(struct wg_j_compiler *c, struct wg_j_node *x,
                                    struct wg_j_node **out)
{
    for (;;) {
        if (wg_j_at_op(c, '.')) {
            WG_TRY(parse_dot(c, x, &x));
        } else if (wg_j_at_op(c, '[')) {
            WG_TRY(parse_brackets(c, x, &x));
        } else if (wg_j_at_op(c, '(')) {
            WG_TRY(parse_call(c, x, &x));
        } else {
            *out = x;
            return WG_OK;
        }
    }
}

static enum wg_status parse_sign(struct wg_j_compiler *c, bool filters, struct wg_j_node **out)
{
    struct wg_j_node *x;
    int line = c->tok->line;

    if (wg_j_at_op(c, '-') || wg_j_at_op(c, '+')) {
        enum wg_j_kind kind = c->tok->op == '-' ? WG_J_N_NEG : WG_J_N_POS;
        c->tok++;
        WG_TRY(wg_j_deeper(c));
        WG_TRY(parse_sign(c, false, &x));
        c->nest--;
        WG_TRY(join(c, kind, 0, line, x, NULL, &x));
    } else {
        WG_TRY(parse_primary(c, &x));
    }
    WG_TRY(parse_postfix(c, x, &x));
    while (filters) {
        if (wg_j_at_op(c, '|'))
            WG_TRY(wg_j_filters(c, x, false, &x));
        else if (wg_j_take_name(c, "is"))
            WG_TRY(parse_test(c, x, &x));
        else if (wg_j_at_op(c, '('))
            WG_TRY(parse_call(c, x, &x));
        else
            break;
    }
    *out = x;
    return WG_OK;
}

/* Adjacent string literals are one. */
static enum wg_status parse_strings(struct wg_j_compiler *c, struct wg_j_node *x)
{
    struct wg_buf b;
    struct wg_j_str *s;

    if (c->tok[1].type != WG_J_T_STR) {
        WG_TRY(wg_j_cstr(c, c->tok->p, c->tok->n, &s));
        c->tok++;
    } else {
        wg_buf_init(&b, (size_t)WG_J_MAX_SOURCE * 4);
        for (; c->tok->type == WG_J_T_STR; c->tok++)
            wg_buf_add(&b, c->tok->p, c->tok->n);
        enum wg_status st = wg_buf_check(&b, "a string of the template", c->err);
        if (st == WG_OK)
            st = wg_j_cstr(c, b.p, b.len, &s);
        wg_buf_release(&b);
        WG_TRY(st);
    }
    x->value = WG_J_STR_VAL(s);
    return WG_OK;
}

static bool constant_name(const struct wg_j_tok *t, struct wg_j_val *v)
{
    static const struct {
        const char *name;
        struct wg_j_val v;
    } names[] = {
        {"true", {.t = WG_J_BOOL, .b = true}},
        {"True", {.t = WG_J_BOOL, .b = true}},
        {"false", {.t = WG_J_BOOL, .b = false}},
        {"False", {.t = WG_J_BOOL, .b = false}},
        {"none", {.t = WG_J_NONE}},
        {"None", {.t = WG_J_NONE}},
    };

    for (size_t i = 0; i < WG_COUNT(names); i++) {
        if (strlen(names[i].name) == t->n && memcmp(names[i].name, t->p, t->n) == 0) {
            *v = names[i].v;
            return true;
        }
    }
    return false;
}

/* The items of a list or dict literal, after its opening bracket. */
static enum wg_status parse_items(struct wg_j_compiler *c, struct wg_j_node *x, char close)
{
    struct wg_j_node *item;

    while (!wg_j_at_op(c, close)) {
        if (x->list.n) {
            WG_TRY(wg_j_want_op(c, ','));
            if (wg_j_at_op(c, close))
                break;
        }
        WG_TRY(wg_j_expression(c, &item));
        WG_TRY(push_child(c, x, &x->list, item));
        if (close == '}') {
            WG_TRY(wg_j_want_op(c, ':'));
            WG_TRY(wg_j_expression(c, &item));
            WG_TRY(push_child(c, x, &x->list, item));
        }
    }
    return wg_j_want_op(c, close);
}

static enum wg_status tuple_of(struct wg_j_compiler *c, bool cond, bool parens,
                               struct wg_j_node **out)
{
    struct wg_j_node *tuple = NULL, *first = NULL, *x;
    int line = c->tok->line;

    for (;;) {
        uint8_t type = c->tok->type;
        if (type == WG_J_T_VAR_END || type == WG_J_T_BLOCK_END || wg_j_at_op(c, ')'))
            break;
        WG_TRY(cond ? wg_j_expression(c, &x) : parse_or(c, &x));
        if (!first)
            first = x;
        else
            WG_TRY(push_child(c, tuple, &tuple->list, x));
        if (!wg_j_take_op(c, ','))
            break;
        if (!tuple) {
            WG_TRY(wg_j_new_node(c, WG_J_N_TUPLE, line, &tuple));
            WG_TRY(push_child(c, tuple, &tuple->list, first));
        }
    }
    if (!first && !parens)
        return wg_j_unexpected(c, "an expression");
    if (!first)
        WG_TRY(wg_j_new_node(c, WG_J_N_TUPLE, line, &tuple));
    *out = tuple ? tuple : first;
    return WG_OK;
}

enum wg_status wg_j_tuple(struct wg_j_compiler *c, bool cond, struct wg_j_node **out)
{
    return tuple_of(c, cond, false, out);
}

static enum wg_status parse_name(struct wg_j_compiler *c, struct wg_j_node *x)
{
    static const char *const special[] = {"caller", "kwargs", "varargs"};

    for (size_t i = 0; i < WG_COUNT(special); i++)
        c->mentions[i] += wg_j_at_name(c, special[i]);
    if (constant_name(c->tok, &x->value)) {
        x->kind = WG_J_N_CONST;
    } else {
        WG_TRY(wg_j_cstr(c, c->tok->p, c->tok->n, &x->name.s));
        x->kind = WG_J_N_NAME;
    }
    c->tok++;
    return WG_OK;
}

static enum wg_status parse_primary(struct wg_j_compiler *c, struct wg_j_node **out)
{
    const struct wg_j_tok *t = c->tok;
    struct wg_j_node *x;

    WG_TRY(wg_j_new_node(c, WG_J_N_CONST, t->line, &x));
    *out = x;
    switch (t->type) {
    case WG_J_T_NAME:
        return parse_name(c, x);
    case WG_J_T_STR:
        return parse_strings(c, x);
    case WG_J_T_INT:
        x->value = WG_J_INT_VAL(t->i);
        c->tok++;
        return WG_OK;
    case WG_J_T_FLOAT:
        x->value = WG_J_FLOAT_VAL(t->f);
        c->tok++;
        return WG_OK;
    default:
        break;
    }
    if (wg_j_take_op(c, '(')) {
        WG_TRY(tuple_of(c, true, true, out));
        return wg_j_want_op(c, ')');
    }
    if (wg_j_at_op(c, '[') || wg_j_at_op(c, '{')) {
        char close = (char)(t->op + 2);
        x->kind = close == ']' ? WG_J_N_LIST : WG_J_N_DICT;
        c->tok++;
        return parse_items(c, x, close);
    }
    return wg_j_unexpected(c, NULL);
}

enum wg_status wg_j_target_name(struct wg_j_compiler *c, struct wg_j_node **out)
{
    if (c->tok->type != WG_J_T_NAME)
        return wg_j_unexpected(c, "name");
    WG_TRY(wg_j_new_node(c, WG_J_N_NAME, c->tok->line, out));
    WG_TRY(parse_name(c, *out));
    if ((*out)->kind == WG_J_N_CONST)
        return wg_j_cfail(c, (*out)->line, WG_E_INPUT, "can't assign to 'const'");
    return WG_OK;
}

static enum wg_status target_item(struct wg_j_compiler *c, bool attrs, struct wg_j_node **out)
{
    if (c->tok->type == WG_J_T_NAME) {
        WG_TRY(wg_j_target_name(c, out));
        if (attrs && wg_j_take_op(c, '.')) {
            if (c->tok->type != WG_J_T_NAME)
                return wg_j_unexpected(c, "name");
            (*out)->kind = WG_J_N_NSREF;
            WG_TRY(wg_j_cstr(c, c->tok->p, c->tok->n, &(*out)->name.attr));
            c->tok++;
        }
        return WG_OK;
    }
    if (!wg_j_take_op(c, '('))
        return wg_j_cfail(c, c->tok->line, WG_E_INPUT,
                          "only names and tuples of names can be assigned to");
    WG_TRY(wg_j_deeper(c));
    if (wg_j_at_op(c, ')'))
        WG_TRY(wg_j_new_node(c, WG_J_N_TUPLE, c->tok->line, out));
    else
        WG_TRY(wg_j_target(c, false, out));
    c->nest--;
    return wg_j_want_op(c, ')');
}

enum wg_status wg_j_target(struct wg_j_compiler *c, bool attrs, struct wg_j_node **out)
{
    struct wg_j_node *tuple = NULL, *x = NULL;

    WG_TRY(target_item(c, attrs, out));
    if (!wg_j_at_op(c, ','))
        return WG_OK;
    WG_TRY(wg_j_new_node(c, WG_J_N_TUPLE, (*out)->line, &tuple));
    WG_TRY(push_child(c, tuple, &tuple->list, *out));
    *out = tuple;
    while (wg_j_take_op(c, ',')) {
        uint8_t type = c->tok->type;
        if (type == WG_J_T_BLOCK_END || wg_j_at_op(c, ')'))
            break;
        WG_TRY(target_item(c, attrs, &x));
        WG_TRY(push_child(c, tuple, &tuple->list, x));
    }
    return WG_OK;
}
