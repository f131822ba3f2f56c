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

enum wg_j_tok_type {
    WG_J_T_EOF,
    WG_J_T_DATA,
    WG_J_T_VAR_BEGIN,
    WG_J_T_VAR_END,
    WG_J_T_BLOCK_BEGIN,
    WG_J_T_BLOCK_END,
    WG_J_T_NAME,
    WG_J_T_STR,
    WG_J_T_INT,
    WG_J_T_FLOAT,
    WG_J_T_OP, /* op holds it: one character, or a two-character operator as below */
};

/* Two-character operators as one byte. */
enum {
    WG_J_OP_FLOORDIV = 'd',
    WG_J_OP_POW = 'p',
    WG_J_OP_EQ = 'e',
    WG_J_OP_NE = 'n',
    WG_J_OP_GE = 'g',
    WG_J_OP_LE = 'l',
    WG_J_OP_IN = 'i',
    WG_J_OP_NOT_IN = 'o'
};

struct wg_j_tok {
    uint8_t type;
    char op;
    int line;
    const char *p; /* text of data, names and (decoded) strings */
    size_t n;
    int64_t i;
    double f;
};

struct wg_j_lexed {
    struct wg_j_tok *tok; /* ends with WG_J_T_EOF; wg_free */
    size_t n;
};

enum wg_j_kind {
    /* expressions */
    WG_J_N_CONST,
    WG_J_N_NAME,
    WG_J_N_NSREF,
    WG_J_N_ATTR,
    WG_J_N_ITEM,
    WG_J_N_SLICE,
    WG_J_N_BIN,
    WG_J_N_NEG,
    WG_J_N_POS,
    WG_J_N_NOT,
    WG_J_N_AND,
    WG_J_N_OR,
    WG_J_N_COMPARE,
    WG_J_N_CONCAT,
    WG_J_N_COND,
    WG_J_N_LIST,
    WG_J_N_TUPLE,
    WG_J_N_DICT,
    WG_J_N_CALL,
    WG_J_N_FILTER,
    WG_J_N_TEST,
    /* statements */
    WG_J_N_DATA,
    WG_J_N_PRINT,
    WG_J_N_IF,
    WG_J_N_FOR,
    WG_J_N_SET,
    WG_J_N_SET_BLOCK,
    WG_J_N_MACRO,
    WG_J_N_CALL_BLOCK,
    WG_J_N_FILTER_BLOCK,
    WG_J_N_WITH,
    WG_J_N_GENERATION,
    WG_J_N_BREAK,
    WG_J_N_CONTINUE,
};

struct wg_j_node;

struct wg_j_nodes {
    struct wg_j_node **v;
    size_t n, cap;
};

struct wg_j_kwarg {
    struct wg_j_str *name;
    struct wg_j_node *x;
};

struct wg_j_args {
    struct wg_j_nodes pos;
    struct wg_j_kwarg *kw;
    size_t n_kw, cap_kw;
    struct wg_j_node *star, *star_star; /* *args, **kwargs */
};

/* Where a name lives: the slot of a frame some scopes further out. */
struct wg_j_ref {
    int hops, slot;
};

enum wg_j_load { WG_J_LOAD_PARAM, WG_J_LOAD_GLOBAL, WG_J_LOAD_ALIAS, WG_J_LOAD_UNSET };

struct wg_j_var {
    struct wg_j_str *name;
    enum wg_j_load load;
    struct wg_j_ref outer; /* of an alias, counted from this scope's own frame */
};

struct wg_j_scope {
    struct wg_j_scope *up;
    struct wg_j_var *var;
    size_t n, cap;
    int id, depth;
    bool captured; /* a macro made inside may outlive the frame */
};

/* What is inside a macro, call block or for statement. */
struct wg_j_body {
    struct wg_j_scope *scope;
    struct wg_j_nodes list;
};

struct wg_j_macro_node {
    struct wg_j_str *name;      /* NULL: a call block */
    struct wg_j_nodes params;   /* WG_J_N_NAME */
    struct wg_j_nodes defaults; /* of the last params */
    struct wg_j_body body;
    int *slots;                  /* of params, in the scope of the body */
    int caller, kwargs, varargs; /* slots; -1: the body does not mention it */
    bool uses[3];                /* caller, kwargs, varargs */
    bool explicit_caller;        /* a parameter has that name */
};

struct wg_j_arm {
    struct wg_j_node *test;
    struct wg_j_nodes body;
};

struct wg_j_node {
    enum wg_j_kind kind;
    char op;
    int line, height;
    union {
        struct wg_j_val value; /* CONST */
        struct {               /* NAME, NSREF */
            struct wg_j_str *s;
            struct wg_j_str *attr;
            struct wg_j_ref ref;
        } name;
        struct { /* ATTR, ITEM, BIN, AND, OR, NEG, POS, NOT, PRINT, SET */
            struct wg_j_node *a, *b;
            struct wg_j_str *attr;
        } x;
        struct { /* SLICE (of ITEM), COND */
            struct wg_j_node *a, *b, *c;
        } x3;
        struct wg_j_nodes list; /* CONCAT, LIST, TUPLE, DICT (key, value, ...) */
        struct {                /* COMPARE: ops[i] stands before list.v[i + 1] */
            struct wg_j_nodes list;
            char *ops;
        } compare;
        struct { /* CALL, FILTER, TEST; a is NULL in a filter block */
            struct wg_j_node *a;
            struct wg_j_args args;
            const struct wg_j_builtin *fn; /* NULL: not known, an error when it is reached */
            struct wg_j_str *name;
        } call;
        struct { /* DATA */
            const char *p;
            size_t n;
        } data;
        struct { /* IF: the arm of an else has no test */
            struct wg_j_arm *arm;
            size_t n, cap;
        } branch;
        struct {
            struct wg_j_node *target, *iter, *test, *test_target;
            struct wg_j_body body, orelse;
            struct wg_j_scope *test_scope;
            int loop_slot;
            bool recursive;
        } loop;
        struct { /* SET_BLOCK, FILTER_BLOCK, GENERATION */
            struct wg_j_node *target, *filter;
            struct wg_j_body body;
        } block;
        struct {
            struct wg_j_macro_node *m;
            struct wg_j_node *target; /* MACRO: the name it is stored under; CALL_BLOCK: the call */
        } macro;
        struct {
            struct wg_j_nodes targets, values;
            struct wg_j_body body;
        } with;
    };
};

struct wg_jinja {
    struct wg_arena arena;
    char *name;
    struct wg_j_nodes body;
    struct wg_j_scope *root;
    struct wg_j_scope **scopes;
    size_t n_scopes, cap_scopes;
};

/* Failures of compilation: "NAME: line N: MESSAGE". */
struct wg_j_compiler {
    struct wg_jinja *t;
    struct wg_err *err;
    const struct wg_j_tok *tok; /* current */
    int nest;
    int loop_depth;  /* loops that break and continue may mean */
    int mentions[3]; /* of caller, kwargs and varargs so far */
};

enum wg_status wg_j_cfail(struct wg_j_compiler *c, int line, enum wg_status st, const char *fmt,
                          ...) WG_PRINTF(4, 5);
enum wg_status wg_j_calloc(struct wg_j_compiler *c, size_t n, size_t size, void **out) WG_NODISCARD;
enum wg_status wg_j_cstr(struct wg_j_compiler *c, const char *p, size_t n,
                         struct wg_j_str **out) WG_NODISCARD;

enum wg_status wg_j_lex(struct wg_j_compiler *c, const char *source, size_t n,
                        struct wg_j_lexed *out) WG_NODISCARD;

/* parse.c and parse_expr.c */
enum wg_status wg_j_parse(struct wg_j_compiler *c, struct wg_j_nodes *body) WG_NODISCARD;
enum wg_status wg_j_new_node(struct wg_j_compiler *c, enum wg_j_kind kind, int line,
                             struct wg_j_node **out) WG_NODISCARD;
enum wg_status wg_j_push(struct wg_j_compiler *c, struct wg_j_nodes *l,
                         struct wg_j_node *x) WG_NODISCARD;
enum wg_status wg_j_deeper(struct wg_j_compiler *c) WG_NODISCARD;
bool wg_j_at_op(const struct wg_j_compiler *c, char op);
bool wg_j_at_name(const struct wg_j_compiler *c, const char *name);
bool wg_j_take_op(struct wg_j_compiler *c, char op);
bool wg_j_take_name(struct wg_j_compiler *c, const char *name);
enum wg_status wg_j_want_op(struct wg_j_compiler *c, char op) WG_NODISCARD;
enum wg_status wg_j_want(struct wg_j_compiler *c, enum wg_j_tok_type type,
                         const char *what) WG_NODISCARD;
enum wg_status wg_j_unexpected(struct wg_j_compiler *c, const char *wanted) WG_NODISCARD;
enum wg_status wg_j_expression(struct wg_j_compiler *c, struct wg_j_node **out) WG_NODISCARD;
/* Expressions that commas may join to a tuple; cond: `a if b else c` is allowed. */
enum wg_status wg_j_tuple(struct wg_j_compiler *c, bool cond, struct wg_j_node **out) WG_NODISCARD;
/* Names and (namespace) attributes, or tuples of them. */
enum wg_status wg_j_target(struct wg_j_compiler *c, bool attrs,
                           struct wg_j_node **out) WG_NODISCARD;
enum wg_status wg_j_target_name(struct wg_j_compiler *c, struct wg_j_node **out) WG_NODISCARD;
enum wg_status wg_j_filters(struct wg_j_compiler *c, struct wg_j_node *x, bool inline_first,
                            struct wg_j_node **out) WG_NODISCARD;

/* resolve.c: scopes of the whole template. */
enum wg_status wg_j_resolve(struct wg_j_compiler *c) WG_NODISCARD;

/* exec.c */
struct wg_j_frame {
    struct wg_j_frame *up;
    const struct wg_j_scope *scope;
    struct wg_j_frame *next_idle;
    struct wg_j_val slot[];
};

struct wg_j_macro {
    const struct wg_j_macro_node *node;
    struct wg_j_frame *frame;
};

enum wg_status wg_j_eval(struct wg_j_run *r, const struct wg_j_node *x,
                         struct wg_j_val *out) WG_NODISCARD;
enum wg_status wg_j_exec(struct wg_j_run *r, const struct wg_j_nodes *body) WG_NODISCARD;
enum wg_status wg_j_enter(struct wg_j_run *r, const struct wg_j_scope *s, struct wg_j_frame *up,
                          struct wg_j_frame **out) WG_NODISCARD;
/* Sets the slots to what they are on entry. */
enum wg_status wg_j_fill(struct wg_j_run *r, struct wg_j_frame *f) WG_NODISCARD;
void wg_j_leave(struct wg_j_run *r, struct wg_j_frame *f);
enum wg_status wg_j_assign(struct wg_j_run *r, const struct wg_j_node *target,
                           struct wg_j_val v) WG_NODISCARD;
/* Runs body in frame f and gives what it prints. */
enum wg_status wg_j_capture(struct wg_j_run *r, const struct wg_j_nodes *body, struct wg_j_frame *f,
                            struct wg_j_val *out) WG_NODISCARD;
enum wg_status wg_j_for(struct wg_j_run *r, const struct wg_j_node *x) WG_NODISCARD;
enum wg_status wg_j_deep(struct wg_j_run *r) WG_NODISCARD;
struct wg_j_val *wg_j_slot(struct wg_j_run *r, struct wg_j_ref ref);
/* Evaluates the arguments of a call into c->pos and c->kw; `caller` is WG_J_MISSING or given as the
 * keyword of that name. */
enum wg_status wg_j_eval_args(struct wg_j_run *r, const struct wg_j_args *a, struct wg_j_val caller,
                              struct wg_j_call *c) WG_NODISCARD;
enum wg_status wg_j_call_macro(struct wg_j_run *r, struct wg_j_macro *m, struct wg_j_call *c,
                               struct wg_j_val *out) WG_NODISCARD;

#endif
