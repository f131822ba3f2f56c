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

struct wg_j_run;
struct wg_j_loop;
struct wg_j_macro;
struct wg_j_builtin;

enum wg_j_type {
    WG_J_MISSING, /* no value: an argument not given, a variable not set */
    WG_J_UNDEFINED,
    WG_J_NONE,
    WG_J_BOOL,
    WG_J_INT,
    WG_J_FLOAT,
    WG_J_STR,
    WG_J_LIST,
    WG_J_TUPLE,
    WG_J_DICT,
    WG_J_VIEW, /* of a dict: keys, values or items */
    WG_J_RANGE,
    WG_J_GEN, /* what map, select and their like return: read once, true, without a length */
    WG_J_NAMESPACE,
    WG_J_LOOP,
    WG_J_CYCLER,
    WG_J_JOINER,
    WG_J_MACRO,
    WG_J_METHOD, /* a method bound to its object */
    WG_J_FUNC,   /* a global function */
};

struct wg_j_val {
    enum wg_j_type t;
    union {
        bool b;
        int64_t i;
        double f;
        struct wg_j_str *s;
        struct wg_j_list *l;
        struct wg_j_dict *d;
        struct wg_j_view *view;
        struct wg_j_range *range;
        struct wg_j_gen *gen;
        struct wg_j_undefined *u;
        struct wg_j_loop *loop;
        struct wg_j_cycler *cycler;
        struct wg_j_joiner *joiner;
        struct wg_j_macro *macro;
        struct wg_j_method *method;
        const struct wg_j_builtin *func;
        const void *ptr;
    };
};

/* Room behind a string's bytes, so that s = s + more in a loop is not quadratic. */
struct wg_j_tail {
    size_t used, cap;
};

struct wg_j_str {
    const char *p; /* not NUL-terminated */
    size_t n;
    size_t chars; /* code points, or WG_J_UNCOUNTED */
    struct wg_j_tail *tail;
    bool markup; /* see markup.c */
};

#define WG_J_UNCOUNTED SIZE_MAX

struct wg_j_list { /* of a list or a tuple */
    size_t n, cap;
    struct wg_j_val *v;
    bool group; /* a tuple of groupby, which has the attributes grouper and list */
};

struct wg_j_pair {
    struct wg_j_val key, value;
};

struct wg_j_dict { /* in order of insertion; of a dict or a namespace */
    size_t n, cap;
    struct wg_j_pair *e;
    uint32_t *index; /* open addressing over e, entry + 1 or 0; NULL while small */
    size_t index_cap;
};

enum wg_j_view_kind { WG_J_KEYS, WG_J_VALUES, WG_J_ITEMS };

struct wg_j_view {
    enum wg_j_view_kind kind;
    struct wg_j_dict *d;
};

struct wg_j_range {
    int64_t start, stop, step;
    int64_t n;
};

struct wg_j_gen {
    struct wg_j_list *l;
    size_t pos;
    enum wg_status failed; /* raised behind the last item, as Python's lazy iterators do */
    const char *why;       /* the whole message */
};

struct wg_j_undefined {
    const char *message; /* what an operation on it says */
};

struct wg_j_cycler {
    struct wg_j_list *items;
    size_t pos;
};

struct wg_j_joiner {
    struct wg_j_val sep;
    bool used;
};

struct wg_j_method {
    struct wg_j_val self;
    const struct wg_j_builtin *fn;
};

#define WG_J_NONE_VAL       ((struct wg_j_val){.t = WG_J_NONE})
#define WG_J_BOOL_VAL(x)    ((struct wg_j_val){.t = WG_J_BOOL, .b = (x)})
#define WG_J_INT_VAL(x)     ((struct wg_j_val){.t = WG_J_INT, .i = (x)})
#define WG_J_FLOAT_VAL(x)   ((struct wg_j_val){.t = WG_J_FLOAT, .f = (x)})
#define WG_J_STR_VAL(x)     ((struct wg_j_val){.t = WG_J_STR, .s = (x)})
#define WG_J_LIST_VAL(x)    ((struct wg_j_val){.t = WG_J_LIST, .l = (x)})
#define WG_J_TUPLE_VAL(x)   ((struct wg_j_val){.t = WG_J_TUPLE, .l = (x)})
#define WG_J_DICT_VAL(x)    ((struct wg_j_val){.t = WG_J_DICT, .d = (x)})
#define WG_J_UNDEF_VAL(x)   ((struct wg_j_val){.t = WG_J_UNDEFINED, .u = (x)})
#define WG_J_MISSING_VAL    ((struct wg_j_val){.t = WG_J_MISSING})
#define WG_J_IS_INT(v)      ((v).t == WG_J_INT || (v).t == WG_J_BOOL)
#define WG_J_IS_NUMBER(v)   (WG_J_IS_INT(v) || (v).t == WG_J_FLOAT)
#define WG_J_IS_MARKUP(v)   ((v).t == WG_J_STR && (v).s->markup)
#define WG_J_AS_INT(v)      ((v).t == WG_J_BOOL ? (int64_t)(v).b : (v).i)
#define WG_J_IS_SEQUENCE(v) ((v).t == WG_J_LIST || (v).t == WG_J_TUPLE)

/* Python's name of the type, for messages. */
const char *wg_j_type_name(struct wg_j_val v);
/* "dict object", "None": how Jinja names the owner of a missing attribute. */
const char *wg_j_owner_name(struct wg_j_val v);

bool wg_j_truth(struct wg_j_val v);
double wg_j_as_double(struct wg_j_val number);

/* len(); false when the type has none. */
bool wg_j_len(struct wg_j_val v, size_t *n);

/* Building. All allocate in the run's heap and fail with WG_E_LIMIT or WG_E_OOM. */
enum wg_status wg_j_alloc(struct wg_j_run *r, size_t n, size_t size, void **out) WG_NODISCARD;
/* A copy of the bytes. */
enum wg_status wg_j_str_new(struct wg_j_run *r, const char *p, size_t n,
                            struct wg_j_val *out) WG_NODISCARD;
/* The bytes themselves, which outlive the run. */
enum wg_status wg_j_str_borrow(struct wg_j_run *r, const char *p, size_t n,
                               struct wg_j_val *out) WG_NODISCARD;
enum wg_status wg_j_str_z(struct wg_j_run *r, const char *z, struct wg_j_val *out) WG_NODISCARD;
enum wg_status wg_j_str_concat(struct wg_j_run *r, struct wg_j_val a, struct wg_j_val b,
                               struct wg_j_val *out) WG_NODISCARD;
enum wg_status wg_j_list_new(struct wg_j_run *r, size_t cap, struct wg_j_list **out) WG_NODISCARD;
enum wg_status wg_j_list_add(struct wg_j_run *r, struct wg_j_list *l,
                             struct wg_j_val v) WG_NODISCARD;
enum wg_status wg_j_pair_new(struct wg_j_run *r, struct wg_j_val a, struct wg_j_val b,
                             struct wg_j_val *out) WG_NODISCARD;
enum wg_status wg_j_dict_new(struct wg_j_run *r, size_t cap, struct wg_j_dict **out) WG_NODISCARD;
enum wg_status wg_j_dict_put(struct wg_j_run *r, struct wg_j_dict *d, struct wg_j_val key,
                             struct wg_j_val value) WG_NODISCARD;
enum wg_status wg_j_gen_new(struct wg_j_run *r, struct wg_j_list *l,
                            struct wg_j_val *out) WG_NODISCARD;
enum wg_status wg_j_undefined_new(struct wg_j_run *r, struct wg_j_val *out, const char *fmt, ...)
    WG_PRINTF(3, 4) WG_NODISCARD;

/* *slot is NULL when the key is not there. Unhashable keys fail as in Python. */
enum wg_status wg_j_dict_find(struct wg_j_run *r, const struct wg_j_dict *d, struct wg_j_val key,
                              struct wg_j_val **slot) WG_NODISCARD;
bool wg_j_hashable(struct wg_j_val v);

/* Comparison with Python's rules. */
enum wg_status wg_j_equal(struct wg_j_run *r, struct wg_j_val a, struct wg_j_val b,
                          bool *out) WG_NODISCARD;
/* a < b; what does not compare is an error that names the operator. */
enum wg_status wg_j_less(struct wg_j_run *r, struct wg_j_val a, struct wg_j_val b, const char *op,
                         bool *out) WG_NODISCARD;
bool wg_j_same(struct wg_j_val a, struct wg_j_val b); /* `is` */

/* Code points of a string (counted once) and the byte offset of the k-th. */
size_t wg_j_chars(struct wg_j_str *s);
size_t wg_j_char_offset(struct wg_j_str *s, size_t k);
bool wg_j_str_is(struct wg_j_val v, const char *z);

/* Item i, or its place behind the end: a step between two items may exceed 64 bits. */
int64_t wg_j_range_at(const struct wg_j_range *x, int64_t i);

/* Iteration over anything that Python or Jinja iterates. */
struct wg_j_iter {
    struct wg_j_val src;
    size_t pos; /* index, or byte offset in a string */
};

enum wg_status wg_j_iter_start(struct wg_j_run *r, struct wg_j_val v,
                               struct wg_j_iter *it) WG_NODISCARD;
/* *more is false at the end. */
enum wg_status wg_j_iter_next(struct wg_j_run *r, struct wg_j_iter *it, struct wg_j_val *v,
                              bool *more) WG_NODISCARD;
/* A new list of the items that are left. */
enum wg_status wg_j_to_list(struct wg_j_run *r, struct wg_j_val v,
                            struct wg_j_list **out) WG_NODISCARD;

#endif
