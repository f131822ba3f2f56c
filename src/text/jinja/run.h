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

struct wg_jinja;
struct wgj_frame;

enum wgj_flow { WGJ_GO_ON, WGJ_BREAK, WGJ_CONTINUE };

struct wgj_run {
    const struct wg_jinja *t;
    struct wg_arena heap;
    struct wg_buf *out; /* where print goes now: the caller's buffer or a capture */
    struct wg_err *err;
    struct wgj_dict *vars;
    struct wgj_frame *frame;
    struct wgj_frame **idle; /* by scope: a frame that may be used again */
    struct wgj_val captured; /* input of a filter that has none written */
    enum wgj_flow flow;
    int line;
    int depth, macro_depth;
    uint64_t steps, max_steps;
    int64_t now_unix;
};

/* Fails with "NAME: line N: MESSAGE". */
enum wg_status wgj_fail(struct wgj_run *r, enum wg_status st, const char *fmt, ...) WG_PRINTF(3, 4);
/* Counts work of n bytes or items; WG_E_LIMIT when the render did too much. */
enum wg_status wgj_work(struct wgj_run *r, size_t n) WG_NODISCARD;
/* The error of an operation on an undefined value. */
enum wg_status wgj_fail_undefined(struct wgj_run *r, struct wgj_val u);

/* A call of a filter, test, method or function. */
struct wgj_kw {
    struct wgj_str *name;
    struct wgj_val v;
};

struct wgj_call {
    const struct wgj_builtin *fn;
    struct wgj_val self; /* the filtered or tested value, or the object of the method */
    struct wgj_val *pos;
    size_t n;
    struct wgj_kw *kw;
    size_t n_kw;
    struct wgj_val arg[WGJ_MAX_PARAMS]; /* bound by name; WGJ_MISSING when not given */
};

typedef enum wg_status wgj_fn(struct wgj_run *r, struct wgj_call *c, struct wgj_val *out);

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
struct wgj_builtin {
    const char *name;
    const char *params;
    int required;
    wgj_fn *fn;
};

/* Binds arguments to parameters and calls. */
enum wg_status wgj_invoke(struct wgj_run *r, struct wgj_call *c, struct wgj_val *out) WG_NODISCARD;

const struct wgj_builtin *wgj_find_filter(const char *name, size_t n);
const struct wgj_builtin *wgj_find_test(const char *name, size_t n);
const struct wgj_builtin *wgj_find_global(const char *name, size_t n);
/* Methods of the value's type; *refused when the sandbox does not hand it out. */
const struct wgj_builtin *wgj_find_method(struct wgj_val v, const char *name, size_t n,
                                          bool *refused);

/* filters_*.c: the second and third part of the filter table. */
extern const struct wgj_builtin wgj_filters_text[], wgj_filters_seq[];
extern const struct wgj_builtin wgj_str_methods[];

/* eval.c */
enum wg_status wgj_getattr(struct wgj_run *r, struct wgj_val obj, struct wgj_val name,
                           struct wgj_val *out) WG_NODISCARD;
enum wg_status wgj_getitem(struct wgj_run *r, struct wgj_val obj, struct wgj_val key,
                           struct wgj_val *out) WG_NODISCARD;
enum wg_status wgj_contains(struct wgj_run *r, struct wgj_val item, struct wgj_val in,
                            bool *out) WG_NODISCARD;

/* call.c */
enum wg_status wgj_call_value(struct wgj_run *r, struct wgj_val callee, struct wgj_call *c,
                              struct wgj_val *out) WG_NODISCARD;

/* arith.c: op is one of + - * / % and 'd' for //, 'p' for **. */
enum wg_status wgj_arith(struct wgj_run *r, char op, struct wgj_val a, struct wgj_val b,
                         struct wgj_val *out) WG_NODISCARD;
enum wg_status wgj_sign(struct wgj_run *r, bool negative, struct wgj_val a,
                        struct wgj_val *out) WG_NODISCARD;

/* loop.c */
enum wg_status wgj_loop_attr(struct wgj_run *r, struct wgj_loop *l, const char *name, size_t n,
                             struct wgj_val *out, bool *found) WG_NODISCARD;
enum wg_status wgj_loop_recurse(struct wgj_run *r, struct wgj_loop *l, struct wgj_call *c,
                                struct wgj_val *out) WG_NODISCARD;
extern const struct wgj_builtin wgj_loop_methods[];

/* print.c: str() and repr() into a buffer, and str() as a value. */
enum wg_status wgj_print(struct wgj_run *r, struct wg_buf *b, struct wgj_val v) WG_NODISCARD;
enum wg_status wgj_repr(struct wgj_run *r, struct wg_buf *b, struct wgj_val v) WG_NODISCARD;
enum wg_status wgj_to_str(struct wgj_run *r, struct wgj_val v, struct wgj_val *out) WG_NODISCARD;
/* As to_str, and markup stays markup. */
enum wg_status wgj_soft_str(struct wgj_run *r, struct wgj_val v, struct wgj_val *out) WG_NODISCARD;
enum wg_status wgj_print_check(struct wgj_run *r, const struct wg_buf *b) WG_NODISCARD;
void wgj_print_float(struct wg_buf *b, double d);
/* A scratch buffer with the heap that is left as its ceiling, and its content as a string; the
 * buffer is released in every case. */
void wgj_buf_start(struct wgj_run *r, struct wg_buf *b);
enum wg_status wgj_buf_finish(struct wgj_run *r, struct wg_buf *b, enum wg_status st,
                              struct wgj_val *out) WG_NODISCARD;

/* json.c */
wgj_fn wgj_filter_tojson;
/* markup.c */
void wgj_add_escaped(struct wg_buf *b, const char *p, size_t n);
/* str(v) escaped for HTML, as markup; markup stays as it is. */
enum wg_status wgj_escape(struct wgj_run *r, struct wgj_val v, struct wgj_val *out) WG_NODISCARD;
/* The same string as markup or as a plain one. */
enum wg_status wgj_mark(struct wgj_run *r, struct wgj_val v, bool markup,
                        struct wgj_val *out) WG_NODISCARD;
/* Calls the bound string method of a markup string. */
enum wg_status wgj_markup_method(struct wgj_run *r, struct wgj_call *c,
                                 struct wgj_val *out) WG_NODISCARD;
/* clock.c */
wgj_fn wgj_strftime_now;
/* format.c: "..." % args, and str.format. */
enum wg_status wgj_percent(struct wgj_run *r, struct wgj_val fmt, struct wgj_val args,
                           struct wgj_val *out) WG_NODISCARD;
wgj_fn wgj_str_format;
/* strings.c: max < 0 replaces all; align -1, 0, 1 puts the text left, centred, right. */
enum wg_status wgj_replace(struct wgj_run *r, const struct wgj_str *s, const struct wgj_str *old,
                           const struct wgj_str *new, int64_t max,
                           struct wgj_val *out) WG_NODISCARD;
enum wg_status wgj_pad(struct wgj_run *r, struct wgj_str *s, int64_t width, const char *fill,
                       size_t fill_n, int align, struct wgj_val *out) WG_NODISCARD;
/* sort.c: stable, by Python's < on the keys. */
enum wg_status wgj_sort(struct wgj_run *r, struct wgj_val *items, struct wgj_val *keys, size_t n,
                        bool reverse) WG_NODISCARD;
/* number.c: int() and float() of a string; false when it is not one. */
bool wgj_parse_int(const struct wgj_str *s, int base, int64_t *out, bool *overflow);
bool wgj_parse_float(const struct wgj_str *s, double *out);

#endif
