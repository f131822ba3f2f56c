/* Filters on text. */
#include "text/jinja/run.h"
#include "text/jinja/uni.h"

#include <string.h>

#define FILTER(name)                                                                               \
    static enum wg_status name(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)

/* The string method of that name on str(value). */
static enum wg_status by_method(struct wg_j_run *r, struct wg_j_call *c, const char *name,
                                struct wg_j_val *out)
{
    struct wg_j_call m = {.pos = c->arg};
    bool refused;

    WG_TRY(wg_j_soft_str(r, c->self, &m.self));
    while (m.n < WG_J_MAX_PARAMS && c->arg[m.n].t != WG_J_MISSING)
        m.n++;
    m.fn = wg_j_find_method(m.self, name, strlen(name), &refused);
    return wg_j_invoke(r, &m, out);
}

FILTER(do_upper)
{
    return by_method(r, c, "upper", out);
}

FILTER(do_lower)
{
    return by_method(r, c, "lower", out);
}

FILTER(do_capitalize)
{
    return by_method(r, c, "capitalize", out);
}

FILTER(do_trim)
{
    return by_method(r, c, "strip", out);
}

FILTER(do_center)
{
    if (c->arg[0].t == WG_J_MISSING)
        c->arg[0] = WG_J_INT_VAL(80);
    return by_method(r, c, "center", out);
}

/* Words begin after white space, hyphens and opening brackets. */
FILTER(do_title)
{
    struct wg_j_val s;
    struct wg_buf b;
    bool inside = false;
    int len;

    WG_TRY(wg_j_to_str(r, c->self, &s));
    WG_TRY(wg_j_work(r, s.s->n));
    wg_j_buf_start(r, &b);
    const char *word = s.s->p, *end = s.s->p + s.s->n;
    for (const char *p = word; p < end; p += len) {
        uint32_t cp = wg_j_cp(p, &len);
        bool gap = wg_j_is_space(cp) || (cp < 0x80 && cp && strchr("-({[<", (int)cp));
        if (gap || !inside)
            word = p;
        wg_j_add_case(&b, inside && !gap ? WG_J_LOWER : WG_J_UPPER, inside ? p : word, p, end);
        inside = !gap;
    }
    return wg_j_buf_finish(r, &b, WG_OK, out);
}

FILTER(do_replace)
{
    struct wg_j_val s, old, new;
    int64_t max = -1;

    WG_TRY(wg_j_to_str(r, c->self, &s));
    WG_TRY(wg_j_to_str(r, c->arg[0], &old));
    WG_TRY(wg_j_to_str(r, c->arg[1], &new));
    if (c->arg[2].t != WG_J_MISSING && c->arg[2].t != WG_J_NONE) {
        if (!WG_J_IS_INT(c->arg[2]))
            return wg_j_fail(r, WG_E_INPUT, "'%s' object cannot be interpreted as an integer",
                             wg_j_type_name(c->arg[2]));
        max = WG_J_AS_INT(c->arg[2]);
    }
    return wg_j_replace(r, s.s, old.s, new.s, max, out);
}

FILTER(do_escape)
{
    return wg_j_escape(r, c->self, out);
}

FILTER(do_forceescape)
{
    WG_TRY(wg_j_to_str(r, c->self, out));
    return wg_j_escape(r, *out, out);
}

/* indent(width=4, first=False, blank=False) */
FILTER(do_indent)
{
    struct wg_j_val by = c->arg[0], s = c->self, newline, blank;
    struct wg_j_call lines = {0};
    struct wg_buf b;
    bool refused, all = c->arg[2].t != WG_J_MISSING && wg_j_truth(c->arg[2]);

    if (by.t != WG_J_STR) {
        WG_TRY(wg_j_str_z(r, " ", &blank));
        WG_TRY(wg_j_arith(r, '*', blank, by.t == WG_J_MISSING ? WG_J_INT_VAL(4) : by, &by));
    }
    WG_TRY(wg_j_str_z(r, "\n", &newline));
    WG_TRY(wg_j_arith(r, '+', s, newline, &lines.self));
    lines.fn = wg_j_find_method(lines.self, "splitlines", 10, &refused);
    WG_TRY(wg_j_invoke(r, &lines, out));
    const struct wg_j_list *l = out->l;
    wg_j_buf_start(r, &b);
    if (c->arg[1].t != WG_J_MISSING && wg_j_truth(c->arg[1]))
        wg_buf_add(&b, by.s->p, by.s->n);
    for (size_t i = 0; i < l->n; i++) {
        if (i)
            wg_buf_addc(&b, '\n');
        if (i && (all || l->v[i].s->n))
            wg_buf_add(&b, by.s->p, by.s->n);
        wg_buf_add(&b, l->v[i].s->p, l->v[i].s->n);
    }
    WG_TRY(wg_j_buf_finish(r, &b, WG_OK, out));
    return wg_j_mark(r, *out, lines.self.s->markup, out);
}

/* truncate(length=255, killwords=False, end='...', leeway=5) */
FILTER(do_truncate)
{
    struct wg_j_val s = c->self, end = c->arg[2], cut;
    int64_t limit[2] = {255, 5};
    size_t n;

    for (int i = 0; i < 2; i++) {
        struct wg_j_val v = c->arg[i * 3];
        if (v.t == WG_J_MISSING || (i == 1 && v.t == WG_J_NONE))
            continue;
        if (!WG_J_IS_INT(v))
            return wg_j_fail(r, WG_E_INPUT, "truncate() needs whole numbers, not %s",
                             wg_j_type_name(v));
        limit[i] = WG_J_AS_INT(v);
    }
    if (end.t == WG_J_MISSING)
        WG_TRY(wg_j_str_z(r, "...", &end));
    if (end.t != WG_J_STR || !wg_j_len(s, &n))
        return wg_j_fail(r, WG_E_INPUT, "truncate() needs strings, not %s",
                         wg_j_type_name(end.t != WG_J_STR ? end : s));
    int64_t end_chars = (int64_t)wg_j_chars(end.s);
    if (limit[0] < end_chars)
        return wg_j_fail(r, WG_E_INPUT, "expected length >= %lld, got %lld", (long long)end_chars,
                         (long long)limit[0]);
    if (limit[1] < 0)
        return wg_j_fail(r, WG_E_INPUT, "expected leeway >= 0, got %lld", (long long)limit[1]);
    *out = s;
    if ((int64_t)n <= limit[0] || (int64_t)n - limit[0] <= limit[1])
        return WG_OK;
    if (s.t != WG_J_STR)
        return wg_j_fail(r, WG_E_INPUT, "truncate() needs strings, not %s", wg_j_type_name(s));
    WG_TRY(wg_j_work(r, s.s->n));
    size_t keep = wg_j_char_offset(s.s, (size_t)(limit[0] - end_chars));
    if (c->arg[1].t == WG_J_MISSING || !wg_j_truth(c->arg[1])) {
        const char *blank = memrchr(s.s->p, ' ', keep);
        keep = blank ? (size_t)(blank - s.s->p) : keep;
    }
    WG_TRY(wg_j_str_borrow(r, s.s->p, keep, &cut));
    cut.s->markup = s.s->markup;
    return wg_j_arith(r, '+', cut, end, out);
}

FILTER(do_wordcount)
{
    struct wg_j_val s;
    int64_t words = 0;
    bool inside = false;
    int len;

    WG_TRY(wg_j_to_str(r, c->self, &s));
    WG_TRY(wg_j_work(r, s.s->n));
    for (size_t i = 0; i < s.s->n; i += (size_t)len) {
        bool word = wg_j_is_word(wg_j_cp(s.s->p + i, &len));
        words += word && !inside;
        inside = word;
    }
    *out = WG_J_INT_VAL(words);
    return WG_OK;
}

/* "..." % args, with positional or keyword arguments. */
FILTER(do_format)
{
    struct wg_j_list *l;
    struct wg_j_dict *d;
    struct wg_j_val s;

    if (c->n && c->n_kw)
        return wg_j_fail(r, WG_E_INPUT,
                         "can't handle positional and keyword arguments at the same time");
    WG_TRY(wg_j_soft_str(r, c->self, &s));
    if (c->n_kw) {
        WG_TRY(wg_j_dict_new(r, c->n_kw, &d));
        for (size_t i = 0; i < c->n_kw; i++)
            WG_TRY(wg_j_dict_put(r, d, WG_J_STR_VAL(c->kw[i].name), c->kw[i].v));
        return wg_j_percent(r, s, WG_J_DICT_VAL(d), out);
    }
    WG_TRY(wg_j_list_new(r, c->n, &l));
    for (size_t i = 0; i < c->n; i++)
        l->v[l->n++] = c->pos[i];
    return wg_j_percent(r, s, WG_J_TUPLE_VAL(l), out);
}

const struct wg_j_builtin wg_j_filters_text[] = {
    {"capitalize", "", 0, do_capitalize},
    {"center", "width", 0, do_center},
    {"e", "", 0, do_escape},
    {"escape", "", 0, do_escape},
    {"forceescape", "", 0, do_forceescape},
    {"format", "*", 0, do_format},
    {"indent", "width first blank", 0, do_indent},
    {"lower", "", 0, do_lower},
    {"replace", "old new count", 2, do_replace},
    {"title", "", 0, do_title},
    {"trim", "chars", 0, do_trim},
    {"truncate", "length killwords end leeway", 0, do_truncate},
    {"upper", "", 0, do_upper},
    {"wordcount", "", 0, do_wordcount},
    {0},
};
