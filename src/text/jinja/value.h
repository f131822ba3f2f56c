/*
 * Values of a render: Python's None, bool, int (64 bits), float, str, list, tuple, dict, range and
 * dict views, and Jinja's undefined, namespace, macro, loop, cycler and joiner.
 *
 * A value is 16 bytes and passed by value; what it points to lives in the heap of the run (or, for
 * constants, in the template) and is never freed before the run ends. Lists, tuples and dicts do
 * not change after they are built: the sandbox refuses every method that would.
 * Strings are valid UTF-8; lengths and indices that a template sees count code points.
 */
#ifndef WG_TEXT_JINJA_VALUE_H
#define WG_TEXT_JINJA_VALUE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wgj_run;
struct wgj_loop;
struct wgj_macro;
struct wgj_builtin;

enum wgj_type {
    WGJ_MISSING, /* no value: an argument not given, a variable not set */
    WGJ_UNDEFINED,
    WGJ_NONE,
    WGJ_BOOL,
    WGJ_INT,
    WGJ_FLOAT,
    WGJ_STR,
    WGJ_LIST,
    WGJ_TUPLE,
    WGJ_DICT,
    WGJ_VIEW, /* of a dict: keys, values or items */
    WGJ_RANGE,
    WGJ_GEN, /* what map, select and their like return: read once, true, without a length */
    WGJ_NAMESPACE,
    WGJ_LOOP,
    WGJ_CYCLER,
    WGJ_JOINER,
    WGJ_MACRO,
    WGJ_METHOD, /* a method bound to its object */
    WGJ_FUNC,   /* a global function */
};

struct wgj_val {
    enum wgj_type t;
    union {
        bool b;
        int64_t i;
        double f;
        struct wgj_str *s;
        struct wgj_list *l;
        struct wgj_dict *d;
        struct wgj_view *view;
        struct wgj_range *range;
        struct wgj_gen *gen;
        struct wgj_undefined *u;
        struct wgj_loop *loop;
        struct wgj_cycler *cycler;
        struct wgj_joiner *joiner;
        struct wgj_macro *macro;
        struct wgj_method *method;
        const struct wgj_builtin *func;
        const void *ptr;
    };
};

/* Room behind a string's bytes, so that s = s + more in a loop is not quadratic. */
struct wgj_tail {
    size_t used, cap;
};

struct wgj_str {
    const char *p; /* not NUL-terminated */
    size_t n;
    size_t chars; /* code points, or WGJ_UNCOUNTED */
    struct wgj_tail *tail;
    bool markup; /* see markup.c */
};

#define WGJ_UNCOUNTED SIZE_MAX

struct wgj_list { /* of a list or a tuple */
    size_t n, cap;
    struct wgj_val *v;
    bool group; /* a tuple of groupby, which has the attributes grouper and list */
};

struct wgj_pair {
    struct wgj_val key, value;
};

struct wgj_dict { /* in order of insertion; of a dict or a namespace */
    size_t n, cap;
    struct wgj_pair *e;
    uint32_t *index; /* open addressing over e, entry + 1 or 0; NULL while small */
    size_t index_cap;
};

enum wgj_view_kind { WGJ_KEYS, WGJ_VALUES, WGJ_ITEMS };

struct wgj_view {
    enum wgj_view_kind kind;
    struct wgj_dict *d;
};

struct wgj_range {
    int64_t start, stop, step;
    int64_t n;
};

struct wgj_gen {
    struct wgj_list *l;
    size_t pos;
    const char *what; /* name for print */
};

struct wgj_undefined {
    const char *message; /* what an operation on it says */
};

struct wgj_cycler {
    struct wgj_list *items;
    size_t pos;
};

struct wgj_joiner {
    struct wgj_val sep;
    bool used;
};

struct wgj_method {
    struct wgj_val self;
    const struct wgj_builtin *fn;
};

#define WGJ_NONE_VAL       ((struct wgj_val){.t = WGJ_NONE})
#define WGJ_BOOL_VAL(x)    ((struct wgj_val){.t = WGJ_BOOL, .b = (x)})
#define WGJ_INT_VAL(x)     ((struct wgj_val){.t = WGJ_INT, .i = (x)})
#define WGJ_FLOAT_VAL(x)   ((struct wgj_val){.t = WGJ_FLOAT, .f = (x)})
#define WGJ_STR_VAL(x)     ((struct wgj_val){.t = WGJ_STR, .s = (x)})
#define WGJ_LIST_VAL(x)    ((struct wgj_val){.t = WGJ_LIST, .l = (x)})
#define WGJ_TUPLE_VAL(x)   ((struct wgj_val){.t = WGJ_TUPLE, .l = (x)})
#define WGJ_DICT_VAL(x)    ((struct wgj_val){.t = WGJ_DICT, .d = (x)})
#define WGJ_UNDEF_VAL(x)   ((struct wgj_val){.t = WGJ_UNDEFINED, .u = (x)})
#define WGJ_MISSING_VAL    ((struct wgj_val){.t = WGJ_MISSING})
#define WGJ_IS_INT(v)      ((v).t == WGJ_INT || (v).t == WGJ_BOOL)
#define WGJ_IS_NUMBER(v)   (WGJ_IS_INT(v) || (v).t == WGJ_FLOAT)
#define WGJ_IS_MARKUP(v)   ((v).t == WGJ_STR && (v).s->markup)
#define WGJ_AS_INT(v)      ((v).t == WGJ_BOOL ? (int64_t)(v).b : (v).i)
#define WGJ_IS_SEQUENCE(v) ((v).t == WGJ_LIST || (v).t == WGJ_TUPLE)

/* Python's name of the type, for messages. */
const char *wgj_type_name(struct wgj_val v);
/* "dict object", "None": how Jinja names the owner of a missing attribute. */
const char *wgj_owner_name(struct wgj_val v);

bool wgj_truth(struct wgj_val v);
double wgj_as_double(struct wgj_val number);

/* len(); false when the type has none. */
bool wgj_len(struct wgj_val v, size_t *n);

/* Building. All allocate in the run's heap and fail with WG_E_LIMIT or WG_E_OOM. */
enum wg_status wgj_alloc(struct wgj_run *r, size_t n, size_t size, void **out) WG_NODISCARD;
/* A copy of the bytes. */
enum wg_status wgj_str_new(struct wgj_run *r, const char *p, size_t n,
                           struct wgj_val *out) WG_NODISCARD;
/* The bytes themselves, which outlive the run. */
enum wg_status wgj_str_borrow(struct wgj_run *r, const char *p, size_t n,
                              struct wgj_val *out) WG_NODISCARD;
enum wg_status wgj_str_z(struct wgj_run *r, const char *z, struct wgj_val *out) WG_NODISCARD;
enum wg_status wgj_str_concat(struct wgj_run *r, struct wgj_val a, struct wgj_val b,
                              struct wgj_val *out) WG_NODISCARD;
enum wg_status wgj_list_new(struct wgj_run *r, size_t cap, struct wgj_list **out) WG_NODISCARD;
enum wg_status wgj_list_add(struct wgj_run *r, struct wgj_list *l, struct wgj_val v) WG_NODISCARD;
enum wg_status wgj_pair_new(struct wgj_run *r, struct wgj_val a, struct wgj_val b,
                            struct wgj_val *out) WG_NODISCARD;
enum wg_status wgj_dict_new(struct wgj_run *r, size_t cap, struct wgj_dict **out) WG_NODISCARD;
enum wg_status wgj_dict_put(struct wgj_run *r, struct wgj_dict *d, struct wgj_val key,
                            struct wgj_val value) WG_NODISCARD;
enum wg_status wgj_gen_new(struct wgj_run *r, struct wgj_list *l, const char *what,
                           struct wgj_val *out) WG_NODISCARD;
enum wg_status wgj_undefined_new(struct wgj_run *r, struct wgj_val *out, const char *fmt, ...)
    WG_PRINTF(3, 4) WG_NODISCARD;

/* *slot is NULL when the key is not there. Unhashable keys fail as in Python. */
enum wg_status wgj_dict_find(struct wgj_run *r, const struct wgj_dict *d, struct wgj_val key,
                             struct wgj_val **slot) WG_NODISCARD;
bool wgj_hashable(struct wgj_val v);

/* Comparison with Python's rules. */
enum wg_status wgj_equal(struct wgj_run *r, struct wgj_val a, struct wgj_val b,
                         bool *out) WG_NODISCARD;
/* a < b; what does not compare is an error that names the operator. */
enum wg_status wgj_less(struct wgj_run *r, struct wgj_val a, struct wgj_val b, const char *op,
                        bool *out) WG_NODISCARD;
bool wgj_same(struct wgj_val a, struct wgj_val b); /* `is` */

/* Code points of a string (counted once) and the byte offset of the k-th. */
size_t wgj_chars(struct wgj_str *s);
size_t wgj_char_offset(struct wgj_str *s, size_t k);
bool wgj_str_is(struct wgj_val v, const char *z);

/* Iteration over anything that Python or Jinja iterates. */
struct wgj_iter {
    struct wgj_val src;
    size_t pos; /* index, or byte offset in a string */
};

enum wg_status wgj_iter_start(struct wgj_run *r, struct wgj_val v,
                              struct wgj_iter *it) WG_NODISCARD;
/* *more is false at the end. */
enum wg_status wgj_iter_next(struct wgj_run *r, struct wgj_iter *it, struct wgj_val *v,
                             bool *more) WG_NODISCARD;
/* A new list of the items that are left. */
enum wg_status wgj_to_list(struct wgj_run *r, struct wgj_val v, struct wgj_list **out) WG_NODISCARD;

#endif
