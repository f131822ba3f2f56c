/* The table of filters; those on numbers and single values are here, the others beside. */
#include "text/jinja/run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILTER(name)                                                                               \
    static enum wg_status name(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)

FILTER(do_default)
{
    bool missing = c->self.t == WG_J_UNDEFINED ||
                   (c->arg[1].t != WG_J_MISSING && wg_j_truth(c->arg[1]) && !wg_j_truth(c->self));

    *out = missing ? c->arg[0] : c->self;
    return out->t == WG_J_MISSING ? wg_j_str_borrow(r, "", 0, out) : WG_OK;
}

FILTER(do_length)
{
    size_t n;

    if (!wg_j_len(c->self, &n))
        return wg_j_fail(r, WG_E_INPUT, "object of type '%s' has no len()",
                         wg_j_type_name(c->self));
    *out = WG_J_INT_VAL((int64_t)n);
    return WG_OK;
}

FILTER(do_string)
{
    return wg_j_soft_str(r, c->self, out);
}

FILTER(do_safe)
{
    WG_TRY(wg_j_to_str(r, c->self, out));
    return wg_j_mark(r, *out, true, out);
}

static enum wg_status float_to_int(struct wg_j_run *r, double d, struct wg_j_val *out, bool *ok)
{
    *ok = !isnan(d);
    if (!*ok)
        return WG_OK;
    if (!(fabs(d) < 9223372036854775808.0))
        return wg_j_fail(r, WG_E_LIMIT, "a whole number does not fit in 64 bits");
    *out = WG_J_INT_VAL((int64_t)d);
    return WG_OK;
}

FILTER(do_int)
{
    int64_t base = 10, i;
    bool ok = false, overflow = false;
    double d;

    if (c->arg[1].t != WG_J_MISSING && !WG_J_IS_INT(c->arg[1]))
        return wg_j_fail(r, WG_E_INPUT, "int() base must be an integer");
    if (c->arg[1].t != WG_J_MISSING)
        base = WG_J_AS_INT(c->arg[1]);
    *out = c->arg[0].t == WG_J_MISSING ? WG_J_INT_VAL(0) : c->arg[0];
    switch (c->self.t) {
    case WG_J_UNDEFINED:
        return wg_j_fail_undefined(r, c->self);
    case WG_J_BOOL:
    case WG_J_INT:
        *out = WG_J_INT_VAL(WG_J_AS_INT(c->self));
        return WG_OK;
    case WG_J_FLOAT:
        return float_to_int(r, c->self.f, out, &ok);
    case WG_J_STR:
        WG_TRY(wg_j_work(r, c->self.s->n));
        if ((base == 0 || (base >= 2 && base <= 36)) &&
            wg_j_parse_int(c->self.s, (int)base, &i, &overflow)) {
            if (overflow)
                return wg_j_fail(r, WG_E_LIMIT, "a whole number does not fit in 64 bits");
            *out = WG_J_INT_VAL(i);
            return WG_OK;
        }
        /* "42.23"|int is 42; infinity is the default. */
        return wg_j_parse_float(c->self.s, &d) && isfinite(d) ? float_to_int(r, d, out, &ok)
                                                              : WG_OK;
    default:
        return WG_OK;
    }
}

FILTER(do_float)
{
    double d;

    *out = c->arg[0].t == WG_J_MISSING ? WG_J_FLOAT_VAL(0.0) : c->arg[0];
    if (c->self.t == WG_J_UNDEFINED)
        return wg_j_fail_undefined(r, c->self);
    if (WG_J_IS_NUMBER(c->self))
        *out = WG_J_FLOAT_VAL(wg_j_as_double(c->self));
    else if (c->self.t == WG_J_STR && wg_j_parse_float(c->self.s, &d))
        *out = WG_J_FLOAT_VAL(d);
    return WG_OK;
}

FILTER(do_abs)
{
    if (c->self.t == WG_J_FLOAT) {
        *out = WG_J_FLOAT_VAL(fabs(c->self.f));
        return WG_OK;
    }
    if (c->self.t == WG_J_UNDEFINED)
        return wg_j_fail_undefined(r, c->self);
    if (!WG_J_IS_INT(c->self))
        return wg_j_fail(r, WG_E_INPUT, "bad operand type for abs(): '%s'",
                         wg_j_type_name(c->self));
    *out = WG_J_INT_VAL(WG_J_AS_INT(c->self));
    return out->i < 0 ? wg_j_sign(r, true, *out, out) : WG_OK;
}

/* round(int, negative) of Python: half to even at a power of ten. */
static enum wg_status round_int(struct wg_j_run *r, int64_t x, int64_t places, struct wg_j_val *out)
{
    int64_t unit = 1;

    *out = WG_J_INT_VAL(x);
    if (places >= 0)
        return WG_OK;
    if (places < -18) {
        *out = WG_J_INT_VAL(0);
        return places == -19 ? wg_j_fail(r, WG_E_LIMIT, "round() to 19 zeros is not supported")
                             : WG_OK;
    }
    for (; places < 0; places++)
        unit *= 10;
    int64_t rest = ((x % unit) + unit) % unit, low;
    if (__builtin_sub_overflow(x, rest, &low))
        return wg_j_fail(r, WG_E_LIMIT, "a whole number does not fit in 64 bits");
    bool up = rest > unit / 2 || (rest == unit / 2 && (low / unit) % 2 != 0);
    if (up && __builtin_add_overflow(low, unit, &low))
        return wg_j_fail(r, WG_E_LIMIT, "a whole number does not fit in 64 bits");
    *out = WG_J_INT_VAL(low);
    return WG_OK;
}

static double round_float(double x, int64_t places)
{
    char text[512];

    if (!isfinite(x) || places > 323)
        return x;
    if (places >= 0) {
        snprintf(text, sizeof text, "%.*f", (int)places, x);
        return strtod(text, NULL);
    }
    if (places < -308)
        return copysign(0.0, x);
    double unit = pow(10.0, (double)-places), y = nearbyint(x / unit);
    return y * unit;
}

FILTER(do_round)
{
    int64_t places = 0;
    struct wg_j_val ten = WG_J_INT_VAL(10), unit, x;
    struct wg_j_val method = c->arg[1];
    bool ceiling = wg_j_str_is(method, "ceil"), down = wg_j_str_is(method, "floor");

    if (method.t != WG_J_MISSING && !ceiling && !down && !wg_j_str_is(method, "common"))
        return wg_j_fail(r, WG_E_INPUT, "method must be common, ceil or floor");
    if (c->arg[0].t != WG_J_MISSING) {
        if (!WG_J_IS_INT(c->arg[0]))
            return wg_j_fail(r, WG_E_INPUT, "'%s' object cannot be interpreted as an integer",
                             wg_j_type_name(c->arg[0]));
        places = WG_J_AS_INT(c->arg[0]);
    }
    if (c->self.t == WG_J_UNDEFINED)
        return wg_j_fail_undefined(r, c->self);
    if (!WG_J_IS_NUMBER(c->self))
        return wg_j_fail(r, WG_E_INPUT, "type %s doesn't define __round__ method",
                         wg_j_type_name(c->self));
    if (ceiling || down) {
        WG_TRY(wg_j_arith(r, 'p', ten, WG_J_INT_VAL(places), &unit));
        WG_TRY(wg_j_arith(r, '*', c->self, unit, &x));
        double d = wg_j_as_double(x);
        x = WG_J_FLOAT_VAL(ceiling ? ceil(d) : floor(d));
        return wg_j_arith(r, '/', x, unit, out);
    }
    if (WG_J_IS_INT(c->self))
        return round_int(r, WG_J_AS_INT(c->self), places, out);
    *out = WG_J_FLOAT_VAL(round_float(c->self.f, places));
    return WG_OK;
}

FILTER(do_filesizeformat)
{
    static const char *const units[] = {"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"};
    static const char *const binary_units[] = {"KiB", "MiB", "GiB", "TiB",
                                               "PiB", "EiB", "ZiB", "YiB"};
    bool binary = c->arg[0].t != WG_J_MISSING && wg_j_truth(c->arg[0]);
    double base = binary ? 1024 : 1000, bytes, unit;
    char text[400];
    int i = 0;

    if (c->self.t == WG_J_UNDEFINED)
        return wg_j_fail_undefined(r, c->self);
    if (WG_J_IS_NUMBER(c->self))
        bytes = wg_j_as_double(c->self);
    else if (c->self.t != WG_J_STR || !wg_j_parse_float(c->self.s, &bytes))
        return wg_j_fail(r, WG_E_INPUT, "could not convert the value to a number of bytes");
    if (!isfinite(bytes))
        return wg_j_fail(r, WG_E_INPUT, "an infinite number of bytes has no size");
    if (bytes == 1)
        return wg_j_str_z(r, "1 Byte", out);
    if (bytes < base) {
        snprintf(text, sizeof text, "%.0f Bytes", trunc(bytes) + 0.0);
        return wg_j_str_z(r, text, out);
    }
    unit = base * base;
    while (i < 7 && bytes >= unit) {
        unit *= base;
        i++;
    }
    snprintf(text, sizeof text, "%.1f %s", base * bytes / unit,
             binary ? binary_units[i] : units[i]);
    return wg_j_str_z(r, text, out);
}

FILTER(do_attr)
{
    bool refused;

    if (c->arg[0].t != WG_J_STR)
        return wg_j_fail(r, WG_E_INPUT, "attribute name must be string, not '%s'",
                         wg_j_type_name(c->arg[0]));
    /* Attributes only: what a dict or list holds is not one. */
    const struct wg_j_str *name = c->arg[0].s;
    if (c->self.t == WG_J_DICT && !wg_j_find_method(c->self, name->p, name->n, &refused) &&
        !refused)
        return wg_j_undefined_new(r, out, "'dict object' has no attribute '%.*s'",
                                  (int)WG_MIN(name->n, (size_t)60), name->p);
    return wg_j_getattr(r, c->self, c->arg[0], out);
}

static const struct wg_j_builtin filters[] = {
    {"abs", "/", 0, do_abs},
    {"attr", "name", 1, do_attr},
    {"count", "/", 0, do_length},
    {"d", "default_value boolean", 0, do_default},
    {"default", "default_value boolean", 0, do_default},
    {"filesizeformat", "binary", 0, do_filesizeformat},
    {"float", "default", 0, do_float},
    {"int", "default base", 0, do_int},
    {"length", "/", 0, do_length},
    {"pprint", "*", 0, NULL},
    {"random", "*", 0, NULL},
    {"round", "precision method", 0, do_round},
    {"safe", "", 0, do_safe},
    {"string", "", 0, do_string},
    {"striptags", "*", 0, NULL},
    {"tojson", "ensure_ascii indent separators sort_keys", 0, wg_j_filter_tojson},
    {"urlencode", "*", 0, NULL},
    {"urlize", "*", 0, NULL},
    {"wordwrap", "*", 0, NULL},
    {"xmlattr", "*", 0, NULL},
    {0},
};

const struct wg_j_builtin *wg_j_find_filter(const char *name, size_t n)
{
    const struct wg_j_builtin *const tables[] = {filters, wg_j_filters_text, wg_j_filters_seq};

    for (size_t k = 0; k < WG_COUNT(tables); k++)
        for (const struct wg_j_builtin *b = tables[k]; b->name; b++)
            if (wg_j_named(b->name, name, n))
                return b;
    return NULL;
}
