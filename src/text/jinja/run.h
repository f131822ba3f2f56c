/*
 * One render: its heap, counters and error place; and the signatures by which the parts of the
 * interpreter call each other.
 */
#ifndef WG_TEXT_JINJA_RUN_H
#define WG_TEXT_JINJA_RUN_H

#include "base/arena.h"
#include "base/buf.h"
#include "text/jinja/limits.h"
#include "text/jinja/value.h"

#include <string.h>

struct wg_jinja;
struct wg_j_frame;

enum wg_j_flow { WG_J_GO_ON, WG_J_BREAK, WG_J_CONTINUE };

struct wg_j_run {
    const struct wg_jinja *t;
    struct wg_arena heap;
    struct wg_buf *out; /* where print goes now: the caller's buffer or a capture */
    struct wg_err *err;
    struct wg_j_dict *vars;
    struct wg_j_frame *frame;
    struct wg_j_frame **idle; /* by scope: a frame that may be used again */
    struct wg_j_val captured; /* input of a filter that has none written */
    enum wg_j_flow flow;
    int line;
    int depth, macro_depth;
    uint64_t steps, max_steps;
    int64_t now_unix;
};

/* Fails with "NAME: line N: MESSAGE". */
enum wg_status wg_j_fail(struct wg_j_run *r, enum wg_status st, const char *fmt, ...)
    WG_PRINTF(3, 4);
/* Counts work of n bytes or items; WG_E_LIMIT when the render did too much. */
enum wg_status wg_j_work(struct wg_j_run *r, size_t n) WG_NODISCARD;
/* The error of an operation on an undefined value. */
enum wg_status wg_j_fail_undefined(struct wg_j_run *r, struct wg_j_val u);

/* A call of a filter, test, method or function. */
struct wg_j_kw {
    struct wg_j_str *name;
    struct wg_j_val v;
};

struct wg_j_call {
    const struct wg_j_builtin *fn;
    struct wg_j_val self; /* the filtered or tested value, or the object of the method */
    struct wg_j_val *pos;
    size_t n;
    struct wg_j_kw *kw;
    size_t n_kw;
    struct wg_j_val arg[WG_J_MAX_PARAMS]; /* bound by name; WG_J_MISSING when not given */
};

typedef enum wg_status wg_j_fn(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out);

/*
 * A row of the tables of filters, tests, methods and functions.
 *
 * params: names separated by blanks; the first `required` must be given. A leading "/" means
 * positional only, "*" hands pos and kw over unbound. fn NULL: known to Jinja or Python and not
 * supported here.
 *
 * To add one: 1. its function; 2. its row; 3. cases in tools/make_jinja_fixtures.py, whose
 * coverage check fails for a name without a case.
 */
struct wg_j_builtin {
    const char *name;
    const char *params;
    int required;
    wg_j_fn *fn;
};

/* Whether a string that is not NUL-terminated (and may hold NULs) is z. */
static inline bool wg_j_named(const char *z, const char *p, size_t n)
{
    return strlen(z) == n && memcmp(z, p, n) == 0;
}

/* Binds arguments to parameters and calls. */
enum wg_status wg_j_invoke(struct wg_j_run *r, struct wg_j_call *c,
                           struct wg_j_val *out) WG_NODISCARD;

const struct wg_j_builtin *wg_j_find_filter(const char *name, size_t n);
const struct wg_j_builtin *wg_j_find_test(const char *name, size_t n);
const struct wg_j_builtin *wg_j_find_global(const char *name, size_t n);
/* Methods of the value's type; *refused when the sandbox does not hand it out. */
const struct wg_j_builtin *wg_j_find_method(struct wg_j_val v, const char *name, size_t n,
                                            bool *refused);

/* filters_*.c: the second and third part of the filter table. */
extern const struct wg_j_builtin wg_j_filters_text[], wg_j_filters_seq[];
extern const struct wg_j_builtin wg_j_str_methods[];

/* eval.c */
enum wg_status wg_j_getattr(struct wg_j_run *r, struct wg_j_val obj, struct wg_j_val name,
                            struct wg_j_val *out) WG_NODISCARD;
enum wg_status wg_j_getitem(struct wg_j_run *r, struct wg_j_val obj, struct wg_j_val key,
                            struct wg_j_val *out) WG_NODISCARD;
enum wg_status wg_j_contains(struct wg_j_run *r, struct wg_j_val item, struct wg_j_val in,
                             bool *out) WG_NODISCARD;

/* call.c */
enum wg_status wg_j_call_value(struct wg_j_run *r, struct wg_j_val callee, struct wg_j_call *c,
                               struct wg_j_val *out) WG_NODISCARD;

/* arith.c: op is one of + - * / % and 'd' for //, 'p' for **. */
enum wg_status wg_j_arith(struct wg_j_run *r, char op, struct wg_j_val a, struct wg_j_val b,
                          struct wg_j_val *out) WG_NODISCARD;
enum wg_status wg_j_sign(struct wg_j_run *r, bool negative, struct wg_j_val a,
                         struct wg_j_val *out) WG_NODISCARD;

/* loop.c */
enum wg_status wg_j_loop_attr(struct wg_j_run *r, struct wg_j_loop *l, const char *name, size_t n,
                              struct wg_j_val *out, bool *found) WG_NODISCARD;
enum wg_status wg_j_loop_recurse(struct wg_j_run *r, struct wg_j_loop *l, struct wg_j_call *c,
                                 struct wg_j_val *out) WG_NODISCARD;
extern const struct wg_j_builtin wg_j_loop_methods[];

/* print.c: str() and repr() into a buffer, and str() as a value. */
enum wg_status wg_j_print(struct wg_j_run *r, struct wg_buf *b, struct wg_j_val v) WG_NODISCARD;
enum wg_status wg_j_repr(struct wg_j_run *r, struct wg_buf *b, struct wg_j_val v) WG_NODISCARD;
enum wg_status wg_j_to_str(struct wg_j_run *r, struct wg_j_val v,
                           struct wg_j_val *out) WG_NODISCARD;
/* As to_str, and markup stays markup. */
enum wg_status wg_j_soft_str(struct wg_j_run *r, struct wg_j_val v,
                             struct wg_j_val *out) WG_NODISCARD;
enum wg_status wg_j_print_check(struct wg_j_run *r, const struct wg_buf *b) WG_NODISCARD;
void wg_j_print_float(struct wg_buf *b, double d);
/* A scratch buffer with the heap that is left as its ceiling, and its content as a string; the
 * buffer is released in every case. */
void wg_j_buf_start(struct wg_j_run *r, struct wg_buf *b);
enum wg_status wg_j_buf_finish(struct wg_j_run *r, struct wg_buf *b, enum wg_status st,
                               struct wg_j_val *out) WG_NODISCARD;

/* json.c */
wg_j_fn wg_j_filter_tojson;
/* markup.c */
void wg_j_add_escaped(struct wg_buf *b, const char *p, size_t n);
/* str(v) escaped for HTML, as markup; markup stays as it is. */
enum wg_status wg_j_escape(struct wg_j_run *r, struct wg_j_val v,
                           struct wg_j_val *out) WG_NODISCARD;
/* The same string as markup or as a plain one. */
enum wg_status wg_j_mark(struct wg_j_run *r, struct wg_j_val v, bool markup,
                         struct wg_j_val *out) WG_NODISCARD;
/* Calls the bound string method of a markup string. */
enum wg_status wg_j_markup_method(struct wg_j_run *r, struct wg_j_call *c,
                                  struct wg_j_val *out) WG_NODISCARD;
/* clock.c */
wg_j_fn wg_j_strftime_now;
/* format.c: "..." % args, and str.format. */
enum wg_status wg_j_percent(struct wg_j_run *r, struct wg_j_val fmt, struct wg_j_val args,
                            struct wg_j_val *out) WG_NODISCARD;
wg_j_fn wg_j_str_format;
/* strings.c: max < 0 replaces all; align -1, 0, 1 puts the text left, centred, right. */
enum wg_status wg_j_replace(struct wg_j_run *r, const struct wg_j_str *s,
                            const struct wg_j_str *old, const struct wg_j_str *new, int64_t max,
                            struct wg_j_val *out) WG_NODISCARD;
enum wg_status wg_j_pad(struct wg_j_run *r, struct wg_j_str *s, int64_t width, const char *fill,
                        size_t fill_n, int align, struct wg_j_val *out) WG_NODISCARD;
/* sort.c: stable, by Python's < on the keys. */
enum wg_status wg_j_sort(struct wg_j_run *r, struct wg_j_val *items, struct wg_j_val *keys,
                         size_t n, bool reverse) WG_NODISCARD;
/* number.c: int() and float() of a string; false when it is not one. */
bool wg_j_parse_int(const struct wg_j_str *s, int base, int64_t *out, bool *overflow);
bool wg_j_parse_float(const struct wg_j_str *s, double *out);

#endif
