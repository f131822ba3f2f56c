/*
 * Python's two ways to format: "..." % args (printf style) and "...".format(...) with its format
 * specifications.
 */
#include "text/jinja/run.h"
#include "text/jinja/uni.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WIDTH = 100000, MAX_PRECISION = 100 };

/* What stands between % or : and the conversion. */
struct spec {
    char fill[5];
    char align, sign, type; /* 0: not given */
    bool alt, zero, comma;
    int64_t width, precision; /* -1: not given */
};

/* Digits to a number within a limit; moves *p. */
static int64_t number(const char **p, const char *end)
{
    int64_t x = -1;

    for (; *p < end && **p >= '0' && **p <= '9'; (*p)++)
        x = x < 0 ? **p - '0' : x > MAX_WIDTH ? x : x * 10 + (**p - '0');
    return x;
}

/* Groups the leading digits of text by three. */
static void add_grouped(struct wg_buf *b, const char *text, bool comma)
{
    size_t digits = strspn(text, "0123456789");

    for (size_t i = 0; i < digits; i++) {
        wg_buf_addc(b, text[i]);
        if (comma && (digits - i) % 3 == 1 && i + 1 < digits)
            wg_buf_addc(b, ',');
    }
    wg_buf_adds(b, text + digits);
}

/* Sign, prefix and body with padding between or around. */
static enum wg_status add_padded(struct wg_j_run *r, struct wg_buf *b, const struct spec *s,
                                 const char *sign, const char *body, size_t n, char align)
{
    int64_t used = (int64_t)(strlen(sign) + wg_j_count_chars(body, n));
    int64_t pad = s->width > used ? s->width - used : 0;
    int64_t left = align == '>' ? pad : align == '^' ? pad / 2 : 0;
    const char *fill = s->fill[0] ? s->fill : " ";

    if (pad > MAX_WIDTH)
        return wg_j_fail(r, WG_E_LIMIT, "a format is wider than %d", MAX_WIDTH);
    for (int64_t i = 0; i < left; i++)
        wg_buf_adds(b, fill);
    wg_buf_adds(b, sign);
    for (int64_t i = 0; align == '=' && i < pad; i++)
        wg_buf_adds(b, fill);
    wg_buf_add(b, body, n);
    for (int64_t i = left; align != '=' && i < pad; i++)
        wg_buf_adds(b, fill);
    return WG_OK;
}

static void int_digits(uint64_t x, int base, bool upper, char out[72])
{
    char rev[72];
    size_t n = 0, k = 0;

    do {
        unsigned d = (unsigned)(x % (unsigned)base);
        rev[n++] = (char)(d < 10 ? '0' + d : (upper ? 'A' : 'a') + d - 10);
        x /= (unsigned)base;
    } while (x);
    while (n)
        out[k++] = rev[--n];
    out[k] = '\0';
}

static const char *sign_of(bool negative, char want)
{
    return negative ? "-" : want == '+' ? "+" : want == ' ' ? " " : "";
}

static enum wg_status add_int(struct wg_j_run *r, struct wg_buf *b, const struct spec *s, int64_t x,
                              bool old_style)
{
    char digits[72], sign[8];
    struct wg_buf body;
    int base = s->type == 'x' || s->type == 'X' ? 16 : s->type == 'o' ? 8 : s->type == 'b' ? 2 : 10;

    int_digits(x < 0 ? -(uint64_t)x : (uint64_t)x, base, s->type == 'X', digits);
    snprintf(sign, sizeof sign, "%s%s", sign_of(x < 0, s->sign),
             !s->alt || base == 10 ? ""
             : base == 16          ? (s->type == 'X' ? "0X" : "0x")
             : base == 8           ? "0o"
                                   : "0b");
    wg_buf_init(&body, 4096);
    for (int64_t i = (int64_t)strlen(digits); old_style && i < s->precision; i++)
        wg_buf_addc(&body, '0');
    add_grouped(&body, digits, s->comma);
    char align = s->align ? s->align : s->zero ? '=' : '>';
    struct spec padded = *s;
    if (s->zero && !s->fill[0])
        padded.fill[0] = '0';
    enum wg_status st = add_padded(r, b, &padded, sign, body.p ? body.p : "", body.len, align);
    wg_buf_release(&body);
    return st;
}

/* Text of |x| by conversion e, f, g, % or none. */
static void float_text(const struct spec *s, double x, char *text, size_t size, struct wg_buf *tmp)
{
    int p = s->precision < 0 ? 6 : (int)s->precision;
    char type = s->type;

    if (!isfinite(x)) {
        snprintf(text, size, "%s", isnan(x) ? "nan" : "inf");
        for (char *c = text; *c && type >= 'A' && type <= 'Z'; c++)
            *c = (char)(*c - 32);
        return;
    }
    if (type == 0 && s->precision < 0) {
        wg_j_print_float(tmp, x);
        snprintf(text, size, "%s", tmp->p);
        return;
    }
    char conv = type == '%' ? 'f' : type == 0 || type == 'n' ? 'g' : type;
    if ((conv | 32) == 'f')
        snprintf(text, size, s->alt ? "%#.*f" : "%.*f", p, type == '%' ? x * 100 : x);
    else if (conv == 'e')
        snprintf(text, size, s->alt ? "%#.*e" : "%.*e", p, x);
    else if (conv == 'E')
        snprintf(text, size, s->alt ? "%#.*E" : "%.*E", p, x);
    else if (conv == 'g')
        snprintf(text, size, s->alt ? "%#.*g" : "%.*g", WG_MAX(p, 1), x);
    else
        snprintf(text, size, s->alt ? "%#.*G" : "%.*G", WG_MAX(p, 1), x);
    if (type == 0 && !strpbrk(text, ".e"))
        snprintf(text + strlen(text), size - strlen(text), ".0");
    if (type == '%')
        snprintf(text + strlen(text), size - strlen(text), "%%");
}

static enum wg_status add_float(struct wg_j_run *r, struct wg_buf *b, const struct spec *s,
                                double x)
{
    char text[512];
    struct wg_buf body, tmp;
    bool negative = signbit(x) && !isnan(x);

    if (s->precision > MAX_PRECISION)
        return wg_j_fail(r, WG_E_LIMIT, "a format has over %d digits", MAX_PRECISION);
    wg_buf_init(&tmp, 4096);
    wg_buf_init(&body, 8192);
    float_text(s, fabs(x), text, sizeof text, &tmp);
    add_grouped(&body, text, s->comma);
    char align = s->align ? s->align : s->zero ? '=' : '>';
    struct spec padded = *s;
    if (s->zero && !s->fill[0])
        padded.fill[0] = '0';
    enum wg_status st = add_padded(r, b, &padded, sign_of(negative, s->sign), body.p ? body.p : "",
                                   body.len, align);
    wg_buf_release(&body);
    wg_buf_release(&tmp);
    return st;
}

static enum wg_status add_text(struct wg_j_run *r, struct wg_buf *b, const struct spec *s,
                               struct wg_j_val v, char align)
{
    size_t n = v.s->n;

    if (s->precision >= 0 && (size_t)s->precision < wg_j_chars(v.s))
        n = wg_j_char_offset(v.s, (size_t)s->precision);
    return add_padded(r, b, s, "", v.s->p, n, s->align ? s->align : align);
}

/* repr(v) as a string. */
static enum wg_status repr_of(struct wg_j_run *r, struct wg_j_val v, struct wg_j_val *out)
{
    struct wg_buf b;

    wg_j_buf_start(r, &b);
    enum wg_status st = wg_j_repr(r, &b, v);
    return wg_j_buf_finish(r, &b, st, out);
}

/* % */

struct percent {
    struct wg_j_run *r;
    struct wg_buf *b;
    const char *p, *end;
    struct wg_j_val args;
    size_t used;
    bool markup; /* the format is: texts that go into it are escaped */
};

static enum wg_status next_arg(struct percent *x, struct wg_j_val *v)
{
    if (x->args.t == WG_J_TUPLE ? x->used >= x->args.l->n : x->used > 0)
        return wg_j_fail(x->r, WG_E_INPUT, "not enough arguments for format string");
    *v = x->args.t == WG_J_TUPLE ? x->args.l->v[x->used] : x->args;
    x->used++;
    return WG_OK;
}

static enum wg_status key_arg(struct percent *x, struct wg_j_val *v)
{
    const char *close = memchr(x->p, ')', (size_t)(x->end - x->p));
    struct wg_j_val key, *slot;

    if (!close)
        return wg_j_fail(x->r, WG_E_INPUT, "incomplete format key");
    if (x->args.t != WG_J_DICT)
        return wg_j_fail(x->r, WG_E_INPUT, "format requires a mapping");
    WG_TRY(wg_j_str_borrow(x->r, x->p + 1, (size_t)(close - x->p - 1), &key));
    WG_TRY(wg_j_dict_find(x->r, x->args.d, key, &slot));
    if (!slot)
        return wg_j_fail(x->r, WG_E_INPUT, "a format names the key '%.*s', which is not given",
                         (int)WG_MIN(key.s->n, (size_t)60), key.s->p);
    *v = *slot;
    x->p = close + 1;
    return WG_OK;
}

static enum wg_status star_or_number(struct percent *x, int64_t *out)
{
    struct wg_j_val v = WG_J_MISSING_VAL;

    if (x->p >= x->end || *x->p != '*') {
        *out = number(&x->p, x->end);
        return WG_OK;
    }
    x->p++;
    WG_TRY(next_arg(x, &v));
    if (!WG_J_IS_INT(v))
        return wg_j_fail(x->r, WG_E_INPUT, "* wants int");
    *out = WG_MIN(WG_J_AS_INT(v), MAX_WIDTH + 1);
    return WG_OK;
}

static enum wg_status percent_number(struct percent *x, struct spec *s, struct wg_j_val v)
{
    bool whole = strchr("diuxXo", s->type) != NULL;

    if (v.t == WG_J_UNDEFINED)
        return wg_j_fail_undefined(x->r, v);
    if (!WG_J_IS_NUMBER(v) || (v.t == WG_J_FLOAT && strchr("xXo", s->type)))
        return wg_j_fail(x->r, WG_E_INPUT, "%%%c format: a number is required, not %s", s->type,
                         wg_j_type_name(v));
    s->align = s->align ? s->align : 0;
    if (!whole) {
        if (s->precision < 0)
            s->precision = 6;
        return add_float(x->r, x->b, s, wg_j_as_double(v));
    }
    if (v.t == WG_J_FLOAT && !(fabs(v.f) < 9.2e18))
        return wg_j_fail(x->r, WG_E_LIMIT, "a whole number does not fit in 64 bits");
    if (s->precision > MAX_PRECISION)
        return wg_j_fail(x->r, WG_E_LIMIT, "a format has over %d digits", MAX_PRECISION);
    return add_int(x->r, x->b, s, v.t == WG_J_FLOAT ? (int64_t)v.f : WG_J_AS_INT(v), true);
}

static enum wg_status percent_convert(struct percent *x, struct spec *s, struct wg_j_val v)
{
    struct wg_j_val text = WG_J_MISSING_VAL;

    switch (s->type) {
    case 's':
        WG_TRY(x->markup ? wg_j_escape(x->r, v, &text) : wg_j_to_str(x->r, v, &text));
        return add_text(x->r, x->b, s, text, '>');
    case 'r':
    case 'a':
        WG_TRY(repr_of(x->r, v, &text));
        if (x->markup)
            WG_TRY(wg_j_escape(x->r, text, &text));
        return add_text(x->r, x->b, s, text, '>');
    case 'c':
        if (v.t == WG_J_STR && wg_j_chars(v.s) == 1) {
            text = v;
        } else {
            struct wg_buf b;
            int64_t cp = WG_J_IS_INT(v) ? WG_J_AS_INT(v) : -1;
            if (cp < 0 || cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
                return wg_j_fail(x->r, WG_E_INPUT, "%%c requires int or char");
            wg_buf_init(&b, 8);
            wg_buf_add_utf8(&b, (uint32_t)cp);
            enum wg_status st = wg_j_buf_finish(x->r, &b, WG_OK, &text);
            WG_TRY(st);
        }
        s->precision = -1;
        return add_text(x->r, x->b, s, text, '>');
    default:
        return percent_number(x, s, v);
    }
}

static enum wg_status percent_one(struct percent *x)
{
    struct spec s = {.precision = -1};
    struct wg_j_val v = {0};

    if (x->p < x->end && *x->p == '(')
        WG_TRY(key_arg(x, &v));
    for (; x->p < x->end && *x->p && strchr("-+ #0", *x->p); x->p++) {
        s.align = *x->p == '-' ? '<' : s.align;
        s.sign = *x->p == '+' || (*x->p == ' ' && s.sign != '+') ? *x->p : s.sign;
        s.alt = s.alt || *x->p == '#';
        s.zero = s.zero || *x->p == '0';
    }
    if (s.align)
        s.zero = false;
    WG_TRY(star_or_number(x, &s.width));
    if (s.width < -1) {
        s.align = '<';
        s.width = -s.width;
    }
    if (x->p < x->end && *x->p == '.') {
        x->p++;
        WG_TRY(star_or_number(x, &s.precision));
        s.precision = WG_MAX(s.precision, 0);
    }
    while (x->p < x->end && *x->p && strchr("hlL", *x->p))
        x->p++;
    if (x->p >= x->end)
        return wg_j_fail(x->r, WG_E_INPUT, "incomplete format");
    s.type = *x->p++;
    if (s.type == '%') {
        wg_buf_addc(x->b, '%');
        return WG_OK;
    }
    if (!s.type || !strchr("sracdiuxXoeEfFgG", s.type))
        return wg_j_fail(x->r, WG_E_INPUT, "unsupported format character '%c'", s.type);
    if (v.t == WG_J_MISSING)
        WG_TRY(next_arg(x, &v));
    return percent_convert(x, &s, v);
}

static enum wg_status percent_all(struct percent *x)
{
    while (x->p < x->end) {
        const char *hit = memchr(x->p, '%', (size_t)(x->end - x->p));
        wg_buf_add(x->b, x->p, (size_t)((hit ? hit : x->end) - x->p));
        x->p = hit ? hit + 1 : x->end;
        if (!hit)
            break;
        WG_TRY(wg_j_work(x->r, WG_J_BYTES_PER_STEP));
        WG_TRY(percent_one(x));
    }
    bool left = x->args.t == WG_J_TUPLE
                    ? x->used < x->args.l->n
                    : x->used == 0 && x->args.t != WG_J_DICT && x->args.t != WG_J_LIST &&
                          x->args.t != WG_J_RANGE && x->args.t != WG_J_UNDEFINED;
    if (left)
        return wg_j_fail(x->r, WG_E_INPUT, "not all arguments converted during string formatting");
    return WG_OK;
}

enum wg_status wg_j_percent(struct wg_j_run *r, struct wg_j_val fmt, struct wg_j_val args,
                            struct wg_j_val *out)
{
    struct wg_buf b;
    struct percent x = {.r = r,
                        .b = &b,
                        .p = fmt.s->p,
                        .end = fmt.s->p + fmt.s->n,
                        .args = args,
                        .markup = fmt.s->markup};

    wg_j_buf_start(r, &b);
    enum wg_status st = percent_all(&x);
    WG_TRY(wg_j_buf_finish(r, &b, st, out));
    return wg_j_mark(r, *out, fmt.s->markup, out);
}

/* str.format */

static bool is_align(char c)
{
    return c == '<' || c == '>' || c == '^' || c == '=';
}

static enum wg_status parse_spec(struct wg_j_run *r, const char *p, size_t n, struct spec *s)
{
    const char *end = p + n;
    int len = 0;

    *s = (struct spec){.width = -1, .precision = -1};
    if (p < end)
        wg_j_cp(p, &len);
    if (p + len < end && is_align(p[len])) {
        memcpy(s->fill, p, (size_t)len);
        s->align = p[len];
        p += len + 1;
    } else if (p < end && is_align(*p)) {
        s->align = *p++;
    }
    if (p < end && (*p == '+' || *p == '-' || *p == ' '))
        s->sign = *p++;
    if (p < end && *p == '#')
        s->alt = *p++ == '#';
    if (p < end && *p == '0')
        s->zero = *p++ == '0';
    s->width = number(&p, end);
    if (p < end && *p == ',')
        s->comma = *p++ == ',';
    if (p < end && *p == '.') {
        p++;
        s->precision = number(&p, end);
        if (s->precision < 0)
            return wg_j_fail(r, WG_E_INPUT, "Format specifier missing precision");
    }
    if (p < end)
        s->type = *p++;
    if (p < end || (n > 0 && end[-1] == '\0'))
        return wg_j_fail(r, WG_E_INPUT, "Invalid format specifier");
    return WG_OK;
}

static enum wg_status add_formatted(struct wg_j_run *r, struct wg_buf *b, struct wg_j_val v,
                                    const char *p, size_t n)
{
    struct spec s = {0};

    if (n == 0)
        return wg_j_print(r, b, v);
    WG_TRY(parse_spec(r, p, n, &s));
    if (v.t == WG_J_STR && (s.type == 0 || s.type == 's') && s.align != '=' && !s.sign &&
        !s.comma) {
        if (s.zero && !s.fill[0])
            s.fill[0] = '0';
        return add_text(r, b, &s, v, '<');
    }
    if (WG_J_IS_INT(v) && (s.type == 0 || strchr("bdnoxX", s.type))) {
        if (s.precision >= 0)
            return wg_j_fail(r, WG_E_INPUT, "Precision not allowed in integer format specifier");
        return add_int(r, b, &s, WG_J_AS_INT(v), false);
    }
    if (WG_J_IS_NUMBER(v) && (s.type == 0 || strchr("eEfFgGn%", s.type)))
        return add_float(r, b, &s, wg_j_as_double(v));
    return wg_j_fail(r, WG_E_INPUT, "unsupported format string for a value of type %s",
                     wg_j_type_name(v));
}

struct formatter {
    struct wg_j_run *r;
    struct wg_buf *b;
    const struct wg_j_call *c;
    int64_t automatic; /* next number of {}; -1 after {0} */
};

/* p is the name before any attribute; `whole`: there are none. */
static enum wg_status first_field(struct formatter *x, const char *p, size_t n, bool whole,
                                  struct wg_j_val *v)
{
    const char *q = p;
    int64_t k = number(&q, p + n);

    if (n == 0 && whole) {
        if (x->automatic < 0)
            return wg_j_fail(x->r, WG_E_INPUT,
                             "cannot switch from manual field specification to automatic field "
                             "numbering");
        k = x->automatic++;
    } else if (n > 0 && q == p + n) {
        if (whole && x->automatic > 0)
            return wg_j_fail(x->r, WG_E_INPUT,
                             "cannot switch from automatic field numbering to manual field "
                             "specification");
        x->automatic = whole ? -1 : x->automatic;
    } else {
        for (size_t i = 0; i < x->c->n_kw; i++) {
            if (x->c->kw[i].name->n != n || memcmp(x->c->kw[i].name->p, p, n) != 0)
                continue;
            *v = x->c->kw[i].v;
            return WG_OK;
        }
        return wg_j_fail(x->r, WG_E_INPUT, "format() has no argument '%.*s'",
                         (int)WG_MIN(n, (size_t)60), p);
    }
    if ((uint64_t)k >= x->c->n)
        return wg_j_fail(x->r, WG_E_INPUT,
                         "Replacement index %lld out of range for positional args tuple",
                         (long long)k);
    *v = x->c->pos[k];
    return WG_OK;
}

/* name, then .attribute and [index] */
static enum wg_status field_value(struct formatter *x, const char *p, size_t n, struct wg_j_val *v)
{
    const char *end = p + n, *q = p;
    struct wg_j_val key;

    while (q < end && *q != '.' && *q != '[')
        q++;
    WG_TRY(first_field(x, p, (size_t)(q - p), q == end, v));
    while (q < end) {
        bool dot = *q++ == '.';
        const char *from = q;
        while (q < end && (dot ? *q != '.' && *q != '[' : *q != ']'))
            q++;
        if (q == from || (!dot && q == end))
            return wg_j_fail(x->r, WG_E_INPUT, "Empty attribute in format string");
        const char *digits = from;
        int64_t k = dot ? -1 : number(&digits, q);
        WG_TRY(wg_j_str_borrow(x->r, from, (size_t)(q - from), &key));
        if (k >= 0 && digits == q)
            key = WG_J_INT_VAL(k);
        WG_TRY(dot ? wg_j_getattr(x->r, *v, key, v) : wg_j_getitem(x->r, *v, key, v));
        q += !dot;
        if (q < end && *q != '.' && *q != '[')
            return wg_j_fail(x->r, WG_E_INPUT,
                             "Only '.' or '[' may follow ']' in format field specifier");
    }
    return WG_OK;
}

/* One {field!conversion:spec}, without its braces. */
static enum wg_status format_field(struct formatter *x, const char *p, const char *end)
{
    const char *q = p;
    char conversion = 0;
    struct wg_j_val v = {0};

    while (q < end && *q != '!' && *q != ':')
        q += *q == '[' && memchr(q, ']', (size_t)(end - q))
                 ? (const char *)memchr(q, ']', (size_t)(end - q)) - q
                 : 1;
    WG_TRY(field_value(x, p, (size_t)(q - p), &v));
    if (q < end && *q == '!') {
        conversion = q + 1 < end ? q[1] : 0;
        q += 2;
        if (!conversion || !strchr("rsa", conversion) || (q < end && *q != ':'))
            return wg_j_fail(x->r, WG_E_INPUT, "Unknown conversion specifier in a format");
        WG_TRY(conversion == 's' ? wg_j_to_str(x->r, v, &v) : repr_of(x->r, v, &v));
    }
    q += q < end && *q == ':';
    if (memchr(q, '{', (size_t)(end - q)))
        return wg_j_fail(x->r, WG_E_UNSUPPORTED,
                         "a field inside a format specification is not supported");
    if (!WG_J_IS_MARKUP(x->c->self))
        return add_formatted(x->r, x->b, v, q, (size_t)(end - q));
    struct wg_buf b;
    struct wg_j_val text = v;
    if (!WG_J_IS_MARKUP(v)) {
        wg_j_buf_start(x->r, &b);
        enum wg_status st = add_formatted(x->r, &b, v, q, (size_t)(end - q));
        WG_TRY(wg_j_buf_finish(x->r, &b, st, &text));
        WG_TRY(wg_j_escape(x->r, text, &text));
    } else if (q < end) {
        return wg_j_fail(x->r, WG_E_INPUT, "a format specification is given for markup");
    }
    wg_buf_add(x->b, text.s->p, text.s->n);
    return WG_OK;
}

static enum wg_status format_all(struct formatter *x, const struct wg_j_str *s)
{
    const char *p = s->p, *end = p + s->n;

    while (p < end) {
        size_t n = 0;
        while (p + n < end && p[n] != '{' && p[n] != '}')
            n++;
        wg_buf_add(x->b, p, n);
        p += n;
        if (p == end)
            return WG_OK;
        if (p + 1 < end && p[1] == p[0]) {
            wg_buf_addc(x->b, *p);
            p += 2;
            continue;
        }
        if (*p == '}')
            return wg_j_fail(x->r, WG_E_INPUT, "Single '}' encountered in format string");
        const char *q = ++p;
        for (int depth = 1; q < end; q++) {
            depth += *q == '{' ? 1 : *q == '}' ? -1 : 0;
            if (depth == 0)
                break;
        }
        if (q == end)
            return wg_j_fail(x->r, WG_E_INPUT, "expected '}' before end of string");
        WG_TRY(wg_j_work(x->r, WG_J_BYTES_PER_STEP));
        WG_TRY(format_field(x, p, q));
        p = q + 1;
    }
    return WG_OK;
}

enum wg_status wg_j_str_format(struct wg_j_run *r, struct wg_j_call *c, struct wg_j_val *out)
{
    struct wg_buf b;
    struct formatter x = {.r = r, .b = &b, .c = c};

    wg_j_buf_start(r, &b);
    enum wg_status st = format_all(&x, c->self.s);
    WG_TRY(wg_j_buf_finish(r, &b, st, out));
    return wg_j_mark(r, *out, c->self.s->markup, out);
}
