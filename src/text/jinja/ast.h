/*
 * Syntax tree of a template, and the tables of scopes that resolve.c makes from it. All of it lives
 * in the arena of the template and is immutable after wg_jinja_compile.
 *
 * Names are resolved before anything runs, by Jinja's rules: every scope knows which names it
 * stores; on entry a name that it stores starts as a copy of the outer one, as a global, or unset.
 */
#ifndef WG_TEXT_JINJA_AST_H
#define WG_TEXT_JINJA_AST_H

#include "base/arena.h"
#include "text/jinja/run.h"

enum wgj_tok_type {
    WGJ_T_EOF,
    WGJ_T_DATA,
    WGJ_T_VAR_BEGIN,
    WGJ_T_VAR_END,
    WGJ_T_BLOCK_BEGIN,
    WGJ_T_BLOCK_END,
    WGJ_T_NAME,
    WGJ_T_STR,
    WGJ_T_INT,
    WGJ_T_FLOAT,
    WGJ_T_OP, /* op holds it: one character, or a two-character operator as below */
};

/* Two-character operators as one byte. */
enum {
    WGJ_OP_FLOORDIV = 'd',
    WGJ_OP_POW = 'p',
    WGJ_OP_EQ = 'e',
    WGJ_OP_NE = 'n',
    WGJ_OP_GE = 'g',
    WGJ_OP_LE = 'l',
    WGJ_OP_IN = 'i',
    WGJ_OP_NOT_IN = 'o'
};

struct wgj_tok {
    uint8_t type;
    char op;
    int line;
    const char *p; /* text of data, names and (decoded) strings */
    size_t n;
    int64_t i;
    double f;
};

struct wgj_lexed {
    struct wgj_tok *tok; /* ends with WGJ_T_EOF; wg_free */
    size_t n;
};

enum wgj_kind {
    /* expressions */
    WGJ_N_CONST,
    WGJ_N_NAME,
    WGJ_N_NSREF,
    WGJ_N_ATTR,
    WGJ_N_ITEM,
    WGJ_N_SLICE,
    WGJ_N_BIN,
    WGJ_N_NEG,
    WGJ_N_POS,
    WGJ_N_NOT,
    WGJ_N_AND,
    WGJ_N_OR,
    WGJ_N_COMPARE,
    WGJ_N_CONCAT,
    WGJ_N_COND,
    WGJ_N_LIST,
    WGJ_N_TUPLE,
    WGJ_N_DICT,
    WGJ_N_CALL,
    WGJ_N_FILTER,
    WGJ_N_TEST,
    /* statements */
    WGJ_N_DATA,
    WGJ_N_PRINT,
    WGJ_N_IF,
    WGJ_N_FOR,
    WGJ_N_SET,
    WGJ_N_SET_BLOCK,
    WGJ_N_MACRO,
    WGJ_N_CALL_BLOCK,
    WGJ_N_FILTER_BLOCK,
    WGJ_N_WITH,
    WGJ_N_GENERATION,
    WGJ_N_BREAK,
    WGJ_N_CONTINUE,
};

struct wgj_node;

struct wgj_nodes {
    struct wgj_node **v;
    size_t n, cap;
};

struct wgj_kwarg {
    struct wgj_str *name;
    struct wgj_node *x;
};

struct wgj_args {
    struct wgj_nodes pos;
    struct wgj_kwarg *kw;
    size_t n_kw, cap_kw;
    struct wgj_node *star, *star_star; /* *args, **kwargs */
};

/* Where a name lives: the slot of a frame some scopes further out. */
struct wgj_ref {
    int hops, slot;
};

enum wgj_load { WGJ_LOAD_PARAM, WGJ_LOAD_GLOBAL, WGJ_LOAD_ALIAS, WGJ_LOAD_UNSET };

struct wgj_var {
    struct wgj_str *name;
    enum wgj_load load;
    struct wgj_ref outer; /* of an alias, counted from this scope's own frame */
};

struct wgj_scope {
    struct wgj_scope *up;
    struct wgj_var *var;
    size_t n, cap;
    int id, depth;
    bool captured; /* a macro made inside may outlive the frame */
};

/* What is inside a macro, call block or for statement. */
struct wgj_body {
    struct wgj_scope *scope;
    struct wgj_nodes list;
};

struct wgj_macro_node {
    struct wgj_str *name;      /* NULL: a call block */
    struct wgj_nodes params;   /* WGJ_N_NAME */
    struct wgj_nodes defaults; /* of the last params */
    struct wgj_body body;
    int *slots;                  /* of params, in the scope of the body */
    int caller, kwargs, varargs; /* slots; -1: the body does not mention it */
    bool uses[3];                /* caller, kwargs, varargs */
    bool explicit_caller;        /* a parameter has that name */
};

struct wgj_arm {
    struct wgj_node *test;
    struct wgj_nodes body;
};

struct wgj_node {
    enum wgj_kind kind;
    char op;
    int line, height;
    union {
        struct wgj_val value; /* CONST */
        struct {              /* NAME, NSREF */
            struct wgj_str *s;
            struct wgj_str *attr;
            struct wgj_ref ref;
        } name;
        struct { /* ATTR, ITEM, BIN, AND, OR, NEG, POS, NOT, PRINT, SET */
            struct wgj_node *a, *b;
            struct wgj_str *attr;
        } x;
        struct { /* SLICE (of ITEM), COND */
            struct wgj_node *a, *b, *c;
        } x3;
        struct wgj_nodes list; /* CONCAT, LIST, TUPLE, DICT (key, value, ...) */
        struct {               /* COMPARE: ops[i] stands before list.v[i + 1] */
            struct wgj_nodes list;
            char *ops;
        } compare;
        struct { /* CALL, FILTER, TEST; a is NULL in a filter block */
            struct wgj_node *a;
            struct wgj_args args;
            const struct wgj_builtin *fn; /* NULL: not known, an error when it is reached */
            struct wgj_str *name;
        } call;
        struct { /* DATA */
            const char *p;
            size_t n;
        } data;
        struct { /* IF: the arm of an else has no test */
            struct wgj_arm *arm;
            size_t n, cap;
        } branch;
        struct {
            struct wgj_node *target, *iter, *test, *test_target;
            struct wgj_body body, orelse;
            struct wgj_scope *test_scope;
            int loop_slot;
            bool recursive;
        } loop;
        struct { /* SET_BLOCK, FILTER_BLOCK, GENERATION */
            struct wgj_node *target, *filter;
            struct wgj_body body;
        } block;
        struct {
            struct wgj_macro_node *m;
            struct wgj_node *target; /* MACRO: the name it is stored under; CALL_BLOCK: the call */
        } macro;
        struct {
            struct wgj_nodes targets, values;
            struct wgj_body body;
        } with;
    };
};

struct wg_jinja {
    struct wg_arena arena;
    char *name;
    struct wgj_nodes body;
    struct wgj_scope *root;
    struct wgj_scope **scopes;
    size_t n_scopes, cap_scopes;
};

/* Failures of compilation: "NAME: line N: MESSAGE". */
struct wgj_compiler {
    struct wg_jinja *t;
    struct wg_err *err;
    const struct wgj_tok *tok; /* current */
    int nest;
    int loop_depth;  /* loops that break and continue may mean */
    int mentions[3]; /* of caller, kwargs and varargs so far */
};

enum wg_status wgj_cfail(struct wgj_compiler *c, int line, enum wg_status st, const char *fmt, ...)
    WG_PRINTF(4, 5);
enum wg_status wgj_calloc(struct wgj_compiler *c, size_t n, size_t size, void **out) WG_NODISCARD;
enum wg_status wgj_cstr(struct wgj_compiler *c, const char *p, size_t n,
                        struct wgj_str **out) WG_NODISCARD;

enum wg_status wgj_lex(struct wgj_compiler *c, const char *source, size_t n,
                       struct wgj_lexed *out) WG_NODISCARD;

/* parse.c and parse_expr.c */
enum wg_status wgj_parse(struct wgj_compiler *c, struct wgj_nodes *body) WG_NODISCARD;
enum wg_status wgj_new_node(struct wgj_compiler *c, enum wgj_kind kind, int line,
                            struct wgj_node **out) WG_NODISCARD;
enum wg_status wgj_push(struct wgj_compiler *c, struct wgj_nodes *l,
                        struct wgj_node *x) WG_NODISCARD;
enum wg_status wgj_deeper(struct wgj_compiler *c) WG_NODISCARD;
bool wgj_at_op(const struct wgj_compiler *c, char op);
bool wgj_at_name(const struct wgj_compiler *c, const char *name);
bool wgj_take_op(struct wgj_compiler *c, char op);
bool wgj_take_name(struct wgj_compiler *c, const char *name);
enum wg_status wgj_want_op(struct wgj_compiler *c, char op) WG_NODISCARD;
enum wg_status wgj_want(struct wgj_compiler *c, enum wgj_tok_type type,
                        const char *what) WG_NODISCARD;
enum wg_status wgj_unexpected(struct wgj_compiler *c, const char *wanted) WG_NODISCARD;
enum wg_status wgj_expression(struct wgj_compiler *c, struct wgj_node **out) WG_NODISCARD;
/* Expressions that commas may join to a tuple; cond: `a if b else c` is allowed. */
enum wg_status wgj_tuple(struct wgj_compiler *c, bool cond, struct wgj_node **out) WG_NODISCARD;
/* Names and (namespace) attributes, or tuples of them. */
enum wg_status wgj_target(struct wgj_compiler *c, bool attrs, struct wgj_node **out) WG_NODISCARD;
enum wg_status wgj_target_name(struct wgj_compiler *c, struct wgj_node **out) WG_NODISCARD;
enum wg_status wgj_filters(struct wgj_compiler *c, struct wgj_node *x, bool inline_first,
                           struct wgj_node **out) WG_NODISCARD;

/* resolve.c: scopes of the whole template. */
enum wg_status wgj_resolve(struct wgj_compiler *c) WG_NODISCARD;

/* exec.c */
struct wgj_frame {
    struct wgj_frame *up;
    const struct wgj_scope *scope;
    struct wgj_frame *next_idle;
    struct wgj_val slot[];
};

struct wgj_macro {
    const struct wgj_macro_node *node;
    struct wgj_frame *frame;
};

enum wg_status wgj_eval(struct wgj_run *r, const struct wgj_node *x,
                        struct wgj_val *out) WG_NODISCARD;
enum wg_status wgj_exec(struct wgj_run *r, const struct wgj_nodes *body) WG_NODISCARD;
enum wg_status wgj_enter(struct wgj_run *r, const struct wgj_scope *s, struct wgj_frame *up,
                         struct wgj_frame **out) WG_NODISCARD;
/* Sets the slots to what they are on entry. */
enum wg_status wgj_fill(struct wgj_run *r, struct wgj_frame *f) WG_NODISCARD;
void wgj_leave(struct wgj_run *r, struct wgj_frame *f);
enum wg_status wgj_assign(struct wgj_run *r, const struct wgj_node *target,
                          struct wgj_val v) WG_NODISCARD;
/* Runs body in frame f and gives what it prints. */
enum wg_status wgj_capture(struct wgj_run *r, const struct wgj_nodes *body, struct wgj_frame *f,
                           struct wgj_val *out) WG_NODISCARD;
enum wg_status wgj_for(struct wgj_run *r, const struct wgj_node *x) WG_NODISCARD;
enum wg_status wgj_deep(struct wgj_run *r) WG_NODISCARD;
struct wgj_val *wgj_slot(struct wgj_run *r, struct wgj_ref ref);
/* Evaluates the arguments of a call into c->pos and c->kw; `caller` is WGJ_MISSING or given as the
 * keyword of that name. */
enum wg_status wgj_eval_args(struct wgj_run *r, const struct wgj_args *a, struct wgj_val caller,
                             struct wgj_call *c) WG_NODISCARD;
enum wg_status wgj_call_macro(struct wgj_run *r, struct wgj_macro *m, struct wgj_call *c,
                              struct wgj_val *out) WG_NODISCARD;

#endif
