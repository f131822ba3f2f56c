/* Arithmetic with Python's rules; a whole number that leaves 64 bits is an error. */
#include "base/mem.h"
#include "text/jinja/run.h"

#include <math.h>
#include <string.h>

static enum wg_status too_large(struct wg_j_run *r)
{
    return wg_j_fail(r, WG_E_LIMIT, "a whole number does not fit in 64 bits");
}

static enum wg_status by_zero(struct wg_j_run *r)
{
    return wg_j_fail(r, WG_E_INPUT, "division by zero");
}

static enum wg_status int_power(struct wg_j_run *r, int64_t a, int64_t b, struct wg_j_val *out)
{
    int64_t x = 1;

    if (b < 0) {
        if (a == 0)
            return by_zero(r);
        *out = WG_J_FLOAT_VAL(pow((double)a, (double)b));
        return WG_OK;
    }
    if (a == 0 || a == 1 || a == -1) {
        *out = WG_J_INT_VAL(b == 0 ? 1 : a == -1 && b % 2 == 0 ? 1 : a);
        return WG_OK;
    }
    for (; b > 0; b--)
        if (__builtin_mul_overflow(x, a, &x))
            return too_large(r);
    *out = WG_J_INT_VAL(x);
    return WG_OK;
}

static enum wg_status int_arith(struct wg_j_run *r, char op, int64_t a, int64_t b,
                                struct wg_j_val *out)
{
    int64_t x = 0;

    switch (op) {
    case '+':
        if (__builtin_add_overflow(a, b, &x))
            return too_large(r);
        break;
    case '-':
        if (__builtin_sub_overflow(a, b, &x))
            return too_large(r);
        break;
    case '*':
        if (__builtin_mul_overflow(a, b, &x))
            return too_large(r);
        break;
    case 'p':
        return int_power(r, a, b, out);
    default:
        if (b == 0)
            return by_zero(r);
        if (op == '/') {
            *out = WG_J_FLOAT_VAL((double)a / (double)b);
            return WG_OK;
        }
        if (a == INT64_MIN && b == -1) {
            if (op == 'd')
                return too_large(r);
            break;
        }
        x = a % b;
        x = x != 0 && (x < 0) != (b < 0) ? x + b : x;
        if (op == 'd')
            x = a / b - ((a % b != 0) && ((a < 0) != (b < 0)));
        break;
    }
    *out = WG_J_INT_VAL(x);
    return WG_OK;
}

/* Python's float % and //: the remainder has the sign of the divisor. */
static void float_divmod(double a, double b, double *div, double *mod)
{
    *mod = fmod(a, b);
    *div = (a - *mod) / b;
    if (*mod != 0) {
        if ((b < 0) != (*mod < 0)) {
            *mod += b;
            *div -= 1.0;
        }
    } else {
        *mod = copysign(0.0, b);
    }
    if (*div != 0) {
        double floor_div = floor(*div);
        if (*div - floor_div > 0.5)
            floor_div += 1.0;
        *div = floor_div;
    } else {
        *div = copysign(0.0, a / b);
    }
}

static enum wg_status float_arith(struct wg_j_run *r, char op, double a, double b,
                                  struct wg_j_val *out)
{
    double x, mod;

    switch (op) {
    case '+':
        x = a + b;
        break;
    case '-':
        x = a - b;
        break;
    case '*':
        x = a * b;
        break;
    case 'p':
        if (a == 0 && b < 0)
            return by_zero(r);
        if (a < 0 && isfinite(a) && isfinite(b) && b != floor(b))
            return wg_j_fail(r, WG_E_UNSUPPORTED, "complex numbers are not supported");
        x = pow(a, b);
        if (isinf(x) && isfinite(a) && isfinite(b))
            return wg_j_fail(r, WG_E_INPUT, "(34, 'Numerical result out of range')");
        break;
    default:
        if (b == 0)
            return by_zero(r);
        if (op == '/') {
            x = a / b;
            break;
        }
        float_divmod(a, b, &x, &mod);
        if (op == '%')
            x = mod;
        break;
    }
    *out = WG_J_FLOAT_VAL(x);
    return WG_OK;
}

static enum wg_status repeat_str(struct wg_j_run *r, struct wg_j_val s, int64_t times,
                                 struct wg_j_val *out)
{
    size_t n;
    void *mem;

    if (times <= 0 || s.s->n == 0)
        return wg_j_str_borrow(r, "", 0, out);
    if (!wg_mul_ok(s.s->n, (size_t)times, &n))
        return wg_j_fail(r, WG_E_LIMIT, "a repeated string is too long");
    WG_TRY(wg_j_work(r, n));
    WG_TRY(wg_j_alloc(r, n, 1, &mem));
    for (size_t i = 0; i < n; i += s.s->n)
        memcpy((char *)mem + i, s.s->p, s.s->n);
    WG_TRY(wg_j_str_borrow(r, mem, n, out));
    out->s->markup = s.s->markup;
    return WG_OK;
}

static enum wg_status repeat_list(struct wg_j_run *r, struct wg_j_val l, int64_t times,
                                  struct wg_j_val *out)
{
    struct wg_j_list *list;
    size_t n;

    if (times < 0)
        times = 0;
    if (!wg_mul_ok(l.l->n, (size_t)times, &n))
        return wg_j_fail(r, WG_E_LIMIT, "a repeated list is too long");
    WG_TRY(wg_j_work(r, n));
    WG_TRY(wg_j_list_new(r, n, &list));
    for (size_t i = 0; i < n; i++)
        list->v[i] = l.l->v[i % l.l->n];
    list->n = n;
    *out = l;
    out->l = list;
    return WG_OK;
}

static enum wg_status join_strs(struct wg_j_run *r, struct wg_j_val a, struct wg_j_val b,
                                struct wg_j_val *out)
{
    bool markup = a.s->markup || b.s->markup;

    if (markup) {
        WG_TRY(wg_j_escape(r, a, &a));
        WG_TRY(wg_j_escape(r, b, &b));
    }
    WG_TRY(wg_j_str_concat(r, a, b, out));
    return wg_j_mark(r, *out, markup, out);
}

static enum wg_status join_lists(struct wg_j_run *r, struct wg_j_val a, struct wg_j_val b,
                                 struct wg_j_val *out)
{
    struct wg_j_list *l;

    WG_TRY(wg_j_work(r, a.l->n + b.l->n));
    WG_TRY(wg_j_list_new(r, a.l->n + b.l->n, &l));
    if (a.l->n)
        memcpy(l->v, a.l->v, a.l->n * sizeof *l->v);
    if (b.l->n)
        memcpy(l->v + a.l->n, b.l->v, b.l->n * sizeof *l->v);
    l->n = a.l->n + b.l->n;
    *out = a;
    out->l = l;
    return WG_OK;
}

enum wg_status wg_j_arith(struct wg_j_run *r, char op, struct wg_j_val a, struct wg_j_val b,
                          struct wg_j_val *out)
{
    if (WG_J_IS_INT(a) && WG_J_IS_INT(b))
        return int_arith(r, op, WG_J_AS_INT(a), WG_J_AS_INT(b), out);
    if (WG_J_IS_NUMBER(a) && WG_J_IS_NUMBER(b))
        return float_arith(r, op, wg_j_as_double(a), wg_j_as_double(b), out);
    if (op == '+' && a.t == WG_J_STR && b.t == WG_J_STR)
        return join_strs(r, a, b, out);
    if (op == '+' && a.t == b.t && WG_J_IS_SEQUENCE(a))
        return join_lists(r, a, b, out);
    if (op == '%' && a.t == WG_J_STR)
        return wg_j_percent(r, a, b, out);
    if (op == '*' && WG_J_IS_INT(a) && (b.t == WG_J_STR || WG_J_IS_SEQUENCE(b))) {
        struct wg_j_val swap = a;
        a = b;
        b = swap;
    }
    if (op == '*' && WG_J_IS_INT(b) && a.t == WG_J_STR)
        return repeat_str(r, a, WG_J_AS_INT(b), out);
    if (op == '*' && WG_J_IS_INT(b) && WG_J_IS_SEQUENCE(a))
        return repeat_list(r, a, WG_J_AS_INT(b), out);
    if (a.t == WG_J_UNDEFINED)
        return wg_j_fail_undefined(r, a);
    if (b.t == WG_J_UNDEFINED)
        return wg_j_fail_undefined(r, b);
    return wg_j_fail(r, WG_E_INPUT, "unsupported operand type(s) for %s: '%s' and '%s'",
                     op == 'd'   ? "//"
                     : op == 'p' ? "**"
                     : op == '+' ? "+"
                     : op == '-' ? "-"
                     : op == '*' ? "*"
                     : op == '/' ? "/"
                                 : "%",
                     wg_j_type_name(a), wg_j_type_name(b));
}

enum wg_status wg_j_sign(struct wg_j_run *r, bool negative, struct wg_j_val a, struct wg_j_val *out)
{
    if (a.t == WG_J_UNDEFINED)
        return wg_j_fail_undefined(r, a);
    if (a.t == WG_J_FLOAT) {
        *out = WG_J_FLOAT_VAL(negative ? -a.f : a.f);
        return WG_OK;
    }
    if (!WG_J_IS_INT(a))
        return wg_j_fail(r, WG_E_INPUT, "bad operand type for unary %c: '%s'", negative ? '-' : '+',
                         wg_j_type_name(a));
    int64_t i = WG_J_AS_INT(a);
    if (negative && i == INT64_MIN)
        return too_large(r);
    *out = WG_J_INT_VAL(negative ? -i : i);
    return WG_OK;
}
