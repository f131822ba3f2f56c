/* tojson as transformers defines it: Python's json.dumps without HTML escapes. */
#include "text/jinja/ast.h"

#include "text/jinja/uni.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct dumper {
    struct wg_j_run *r;
    struct wg_buf *b;
    bool ascii, sort_keys, indented;
    const char *indent;
    size_t indent_n;
    struct wg_j_val item_sep, key_sep;
    int level;
};

static enum wg_status dump(struct dumper *d, struct wg_j_val v);

static void dump_escaped(struct wg_buf *b, uint32_t cp)
{
    if (cp >= 0x10000) {
        cp -= 0x10000;
        wg_buf_addf(b, "\\u%04x\\u%04x", 0xD800 + (cp >> 10), 0xDC00 + (cp & 0x3FF));
    } else {
        wg_buf_addf(b, "\\u%04x", cp);
    }
}

static void dump_str(struct dumper *d, const struct wg_j_str *s)
{
    static const char from[] = "\"\\\n\r\t\b\f", to[] = "\"\\nrtbf";
    size_t done = 0;
    int len;

    wg_buf_addc(d->b, '"');
    for (size_t i = 0; i < s->n; i += (size_t)len) {
        unsigned char c = (unsigned char)s->p[i];
        len = 1;
        if (c >= 0x20 && c != '"' && c != '\\' && (c < 0x7F || !d->ascii))
            continue;
        wg_buf_add(d->b, s->p + done, i - done);
        const char *hit = c ? memchr(from, c, sizeof from - 1) : NULL;
        if (hit)
            wg_buf_addf(d->b, "\\%c", to[hit - from]);
        else
            dump_escaped(d->b, wg_j_cp(s->p + i, &len));
        done = i + (size_t)len;
    }
    wg_buf_add(d->b, s->p + done, s->n - done);
    wg_buf_addc(d->b, '"');
}

static void new_line(struct dumper *d)
{
    wg_buf_addc(d->b, '\n');
    for (int i = 0; i < d->level; i++)
        wg_buf_add(d->b, d->indent, d->indent_n);
}

/* Before the i-th of some items. */
static void before_item(struct dumper *d, size_t i)
{
    if (i)
        wg_buf_add(d->b, d->item_sep.s->p, d->item_sep.s->n);
    if (d->indented)
        new_line(d);
}

static void after_items(struct dumper *d, char close)
{
    d->level--;
    if (d->indented)
        new_line(d);
    wg_buf_addc(d->b, close);
}

static void dump_float(struct dumper *d, double f)
{
    if (isfinite(f))
        wg_j_print_float(d->b, f);
    else
        wg_buf_adds(d->b, isnan(f) ? "NaN" : f < 0 ? "-Infinity" : "Infinity");
}

static enum wg_status dump_list(struct dumper *d, const struct wg_j_list *l)
{
    if (!l->n) {
        wg_buf_adds(d->b, "[]");
        return WG_OK;
    }
    wg_buf_addc(d->b, '[');
    d->level++;
    for (size_t i = 0; i < l->n; i++) {
        before_item(d, i);
        WG_TRY(dump(d, l->v[i]));
    }
    after_items(d, ']');
    return WG_OK;
}

static enum wg_status dump_key(struct dumper *d, struct wg_j_val key)
{
    switch (key.t) {
    case WG_J_STR:
        dump_str(d, key.s);
        break;
    case WG_J_NONE:
    case WG_J_BOOL:
        wg_buf_adds(d->b, key.t == WG_J_NONE ? "\"null\"" : key.b ? "\"true\"" : "\"false\"");
        break;
    case WG_J_INT:
        wg_buf_addf(d->b, "\"%lld\"", (long long)key.i);
        break;
    case WG_J_FLOAT:
        wg_buf_addc(d->b, '"');
        dump_float(d, key.f);
        wg_buf_addc(d->b, '"');
        break;
    default:
        return wg_j_fail(d->r, WG_E_INPUT, "keys must be str, int, float, bool or None, not %s",
                         wg_j_type_name(key));
    }
    wg_buf_add(d->b, d->key_sep.s->p, d->key_sep.s->n);
    return WG_OK;
}

/* The entries in the order to write them. */
static enum wg_status sorted_items(struct dumper *d, const struct wg_j_dict *x,
                                   struct wg_j_val **items)
{
    void *v, *keys;

    WG_TRY(wg_j_alloc(d->r, x->n, sizeof(struct wg_j_val), &v));
    WG_TRY(wg_j_alloc(d->r, x->n, sizeof(struct wg_j_val), &keys));
    *items = v;
    for (size_t i = 0; i < x->n; i++) {
        (*items)[i] = WG_J_INT_VAL((int64_t)i);
        ((struct wg_j_val *)keys)[i] = x->e[i].key;
    }
    return wg_j_sort(d->r, *items, keys, x->n, false);
}

static enum wg_status dump_dict(struct dumper *d, const struct wg_j_dict *x)
{
    struct wg_j_val *order = NULL;

    if (!x->n) {
        wg_buf_adds(d->b, "{}");
        return WG_OK;
    }
    if (d->sort_keys)
        WG_TRY(sorted_items(d, x, &order));
    wg_buf_addc(d->b, '{');
    d->level++;
    for (size_t i = 0; i < x->n; i++) {
        const struct wg_j_pair *e = &x->e[order ? (size_t)order[i].i : i];
        before_item(d, i);
        WG_TRY(dump_key(d, e->key));
        WG_TRY(dump(d, e->value));
    }
    after_items(d, '}');
    return WG_OK;
}

static enum wg_status dump_inner(struct dumper *d, struct wg_j_val v)
{
    switch (v.t) {
    case WG_J_NONE:
        wg_buf_adds(d->b, "null");
        return WG_OK;
    case WG_J_BOOL:
        wg_buf_adds(d->b, v.b ? "true" : "false");
        return WG_OK;
    case WG_J_INT:
        wg_buf_addf(d->b, "%lld", (long long)v.i);
        return WG_OK;
    case WG_J_FLOAT:
        dump_float(d, v.f);
        return WG_OK;
    case WG_J_STR:
        dump_str(d, v.s);
        return wg_j_work(d->r, v.s->n);
    case WG_J_LIST:
    case WG_J_TUPLE:
        return dump_list(d, v.l);
    case WG_J_DICT:
        return dump_dict(d, v.d);
    default:
        return wg_j_fail(d->r, WG_E_INPUT, "Object of type %s is not JSON serializable",
                         wg_j_type_name(v));
    }
}

static enum wg_status dump(struct dumper *d, struct wg_j_val v)
{
    WG_TRY(wg_j_deep(d->r));
    WG_TRY(dump_inner(d, v));
    d->r->depth--;
    return wg_j_print_check(d->r, d->b);
}

/* indent: None, a number of blanks, or a string. */
static enum wg_status set_indent(struct dumper *d, struct wg_j_val v)
{
    struct wg_j_val blanks, one;

    if (v.t == WG_J_MISSING || v.t == WG_J_NONE)
        return WG_OK;
    d->indented = true;
    if (v.t != WG_J_STR) {
        if (!WG_J_IS_INT(v))
            return wg_j_fail(d->r, WG_E_INPUT, "indent must be a number or a string, not %s",
                             wg_j_type_name(v));
        WG_TRY(wg_j_str_z(d->r, " ", &one));
        WG_TRY(wg_j_arith(d->r, '*', one, v, &blanks));
        v = blanks;
    }
    d->indent = v.s->p;
    d->indent_n = v.s->n;
    return WG_OK;
}

static enum wg_status set_separators(struct dumper *d, struct wg_j_val v)
{
    struct wg_j_list *l;

    WG_TRY(wg_j_str_z(d->r, d->indented ? "," : ", ", &d->item_sep));
    WG_TRY(wg_j_str_z(d->r, ": ", &d->key_sep));
    if (v.t == WG_J_MISSING || v.t == WG_J_NONE)
        return WG_OK;
    WG_TRY(wg_j_to_list(d->r, v, &l));
    if (l->n != 2 || l->v[0].t != WG_J_STR || l->v[1].t != WG_J_STR)
        return wg_j_fail(d->r, WG_E_INPUT, "separators must be two strings");
    d->item_sep = l->v[0];
    d->key_sep = l->v[1];
    return WG_OK;
}

/* tojson(ensure_ascii=False, indent=None, separators=None, sort_keys=False) */
enum wg_status wg_j_filter_tojson(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    struct wg_buf b;
    struct dumper d = {.r = r, .b = &b};

    d.ascii = wg_j_truth(c->arg[0]);
    d.sort_keys = wg_j_truth(c->arg[3]);
    WG_TRY(set_indent(&d, c->arg[1]));
    WG_TRY(set_separators(&d, c->arg[2]));
    wg_j_buf_start(r, &b);
    enum wg_status st = dump(&d, c->self);
    return wg_j_buf_finish(r, &b, st, out);
}
