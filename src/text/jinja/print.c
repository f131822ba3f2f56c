/* str() and repr() of values, as Python writes them. */
#include "text/jinja/ast.h"

#include "text/jinja/uni.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void wg_j_print_float(struct wg_buf *b, double d)
{
    char text[40], digits[24] = "0";
    int exp = 0, n = 0;

    if (!isfinite(d)) {
        wg_buf_adds(b, isnan(d) ? "nan" : d < 0 ? "-inf" : "inf");
        return;
    }
    /* The fewest digits that read back as the same number. */
    for (int k = 0; k < 17; k++) {
        snprintf(text, sizeof text, "%.*e", k, d);
        if (strtod(text, NULL) == d)
            break;
    }
    const char *p = text;
    if (*p == '-')
        wg_buf_addc(b, *p++);
    for (; *p != 'e'; p++)
        if (*p != '.')
            digits[n++] = *p;
    exp = (int)strtol(p + 1, NULL, 10);
    while (n > 1 && digits[n - 1] == '0')
        n--;
    if (exp < -4 || exp >= 16) {
        wg_buf_addc(b, digits[0]);
        if (n > 1)
            wg_buf_addc(b, '.');
        wg_buf_add(b, digits + 1, (size_t)n - 1);
        wg_buf_addf(b, "e%c%02d", exp < 0 ? '-' : '+', abs(exp));
        return;
    }
    if (exp < 0) {
        wg_buf_adds(b, "0.");
        for (int i = -1; i > exp; i--)
            wg_buf_addc(b, '0');
        wg_buf_add(b, digits, (size_t)n);
        return;
    }
    for (int i = 0; i <= exp || i < n; i++) {
        if (i == exp + 1)
            wg_buf_addc(b, '.');
        wg_buf_addc(b, i < n ? digits[i] : '0');
    }
    if (n <= exp + 1)
        wg_buf_adds(b, ".0");
}

enum wg_status wg_j_print_check(struct wg_j_run *r, const struct wg_buf *b)
{
    if (b->failed == WG_E_LIMIT)
        return wg_j_fail(r, WG_E_LIMIT, "the output is over the limit of %zu bytes", b->max);
    return b->failed ? wg_oom(r->err, "the output of a template") : WG_OK;
}

static void repr_str(struct wg_buf *b, const struct wg_j_str *s)
{
    char quote = memchr(s->p, '\'', s->n) && !memchr(s->p, '"', s->n) ? '"' : '\'';
    int len;

    wg_buf_addc(b, quote);
    for (size_t i = 0; i < s->n; i += (size_t)len) {
        uint32_t cp = wg_j_cp(s->p + i, &len);
        if (cp == (uint32_t)quote || cp == '\\')
            wg_buf_addf(b, "\\%c", (int)cp);
        else if (cp == '\n' || cp == '\r' || cp == '\t')
            wg_buf_addf(b, "\\%c", cp == '\n' ? 'n' : cp == '\r' ? 'r' : 't');
        else if (wg_j_is_printable(cp))
            wg_buf_add(b, s->p + i, (size_t)len);
        else
            wg_buf_addf(b, cp < 0x100 ? "\\x%02x" : cp < 0x10000 ? "\\u%04x" : "\\U%08x", cp);
    }
    wg_buf_addc(b, quote);
}

static enum wg_status repr_items(struct wg_j_run *r, struct wg_buf *b, const struct wg_j_list *l,
                                 const char *open, const char *close)
{
    wg_buf_adds(b, open);
    for (size_t i = 0; i < l->n; i++) {
        if (i)
            wg_buf_adds(b, ", ");
        WG_TRY(wg_j_repr(r, b, l->v[i]));
    }
    wg_buf_adds(b, close);
    return WG_OK;
}

static enum wg_status repr_dict(struct wg_j_run *r, struct wg_buf *b, const struct wg_j_dict *d)
{
    wg_buf_addc(b, '{');
    for (size_t i = 0; i < d->n; i++) {
        if (i)
            wg_buf_adds(b, ", ");
        WG_TRY(wg_j_repr(r, b, d->e[i].key));
        wg_buf_adds(b, ": ");
        WG_TRY(wg_j_repr(r, b, d->e[i].value));
    }
    wg_buf_addc(b, '}');
    return WG_OK;
}

static enum wg_status repr_view(struct wg_j_run *r, struct wg_buf *b, struct wg_j_val v)
{
    struct wg_j_list *l;

    WG_TRY(wg_j_to_list(r, v, &l));
    wg_buf_adds(b, wg_j_type_name(v));
    return repr_items(r, b, l, "([", "])");
}

static void repr_range(struct wg_buf *b, const struct wg_j_range *x)
{
    wg_buf_addf(b, "range(%lld, %lld", (long long)x->start, (long long)x->stop);
    if (x->step != 1)
        wg_buf_addf(b, ", %lld", (long long)x->step);
    wg_buf_addc(b, ')');
}

static enum wg_status repr_inner(struct wg_j_run *r, struct wg_buf *b, struct wg_j_val v)
{
    switch (v.t) {
    case WG_J_MISSING:
    case WG_J_UNDEFINED:
        wg_buf_adds(b, "Undefined");
        return WG_OK;
    case WG_J_NONE:
        wg_buf_adds(b, "None");
        return WG_OK;
    case WG_J_BOOL:
        wg_buf_adds(b, v.b ? "True" : "False");
        return WG_OK;
    case WG_J_INT:
        wg_buf_addf(b, "%lld", (long long)v.i);
        return WG_OK;
    case WG_J_FLOAT:
        wg_j_print_float(b, v.f);
        return WG_OK;
    case WG_J_STR:
        wg_buf_adds(b, v.s->markup ? "Markup(" : "");
        repr_str(b, v.s);
        wg_buf_adds(b, v.s->markup ? ")" : "");
        return wg_j_work(r, v.s->n);
    case WG_J_LIST:
        return repr_items(r, b, v.l, "[", "]");
    case WG_J_TUPLE:
        return repr_items(r, b, v.l, "(", v.l->n == 1 ? ",)" : ")");
    case WG_J_DICT:
        return repr_dict(r, b, v.d);
    case WG_J_NAMESPACE:
        wg_buf_adds(b, "<Namespace ");
        WG_TRY(repr_dict(r, b, v.d));
        wg_buf_addc(b, '>');
        return WG_OK;
    case WG_J_VIEW:
        return repr_view(r, b, v);
    case WG_J_RANGE:
        repr_range(b, v.range);
        return WG_OK;
    case WG_J_MACRO:
        wg_buf_adds(b, "<Macro ");
        if (v.macro->node->name)
            repr_str(b, v.macro->node->name);
        else
            wg_buf_adds(b, "anonymous");
        wg_buf_addc(b, '>');
        return WG_OK;
    case WG_J_METHOD:
        wg_buf_addf(b, "<built-in method %s of %s object>", v.method->fn->name,
                    wg_j_type_name(v.method->self));
        return WG_OK;
    default:
        wg_buf_addf(b, "<%s object>", wg_j_type_name(v));
        return WG_OK;
    }
}

enum wg_status wg_j_repr(struct wg_j_run *r, struct wg_buf *b, struct wg_j_val v)
{
    WG_TRY(wg_j_deep(r));
    WG_TRY(repr_inner(r, b, v));
    r->depth--;
    return wg_j_print_check(r, b);
}

enum wg_status wg_j_print(struct wg_j_run *r, struct wg_buf *b, struct wg_j_val v)
{
    if (v.t == WG_J_STR)
        wg_buf_add(b, v.s->p, v.s->n);
    else if (v.t != WG_J_UNDEFINED && v.t != WG_J_MISSING)
        return wg_j_repr(r, b, v);
    return wg_j_print_check(r, b);
}

enum wg_status wg_j_to_str(struct wg_j_run *r, struct wg_j_val v, struct wg_j_val *out)
{
    struct wg_buf b;

    if (v.t == WG_J_STR)
        return wg_j_mark(r, v, false, out);
    wg_j_buf_start(r, &b);
    enum wg_status st = wg_j_print(r, &b, v);
    return wg_j_buf_finish(r, &b, st, out);
}

enum wg_status wg_j_soft_str(struct wg_j_run *r, struct wg_j_val v, struct wg_j_val *out)
{
    *out = v;
    return v.t == WG_J_STR ? WG_OK : wg_j_to_str(r, v, out);
}

void wg_j_buf_start(struct wg_j_run *r, struct wg_buf *b)
{
    wg_buf_init(b, r->heap.max_bytes - r->heap.used_bytes + 1);
}

enum wg_status wg_j_buf_finish(struct wg_j_run *r, struct wg_buf *b, enum wg_status st,
                               struct wg_j_val *out)
{
    if (st == WG_OK)
        st = wg_j_print_check(r, b);
    if (st == WG_OK)
        st = wg_j_str_new(r, b->p ? b->p : "", b->len, out);
    wg_buf_release(b);
    return st;
}
