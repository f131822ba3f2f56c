/*
 * Lexer: template text to tokens, with Jinja's white-space control under trim_blocks and
 * lstrip_blocks. Follows the rules of Jinja's own lexer in their order, so that odd input is read
 * the same way.
 */
#include "text/jinja/ast.h"

#include "base/mem.h"
#include "base/utf8.h"
#include "text/jinja/uni.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct lexer {
    struct wg_j_compiler *c;
    struct wg_j_lexed *out;
    size_t cap;
    const char *start, *p, *end;
    int line;
    bool line_starting; /* the last token ended with a newline */
    char closers[WG_J_MAX_NEST];
    int n_closers;
};

static enum wg_status add(struct lexer *x, struct wg_j_tok t)
{
    if (x->out->n == x->cap) {
        size_t cap = x->cap ? x->cap * 2 : 256;
        struct wg_j_tok *tok = wg_realloc(x->out->tok, cap, sizeof *tok);
        if (!tok)
            return wg_oom(x->c->err, "template tokens");
        x->out->tok = tok;
        x->cap = cap;
    }
    x->out->tok[x->out->n++] = t;
    return WG_OK;
}

/* Moves over n bytes and counts their lines. */
static void skip(struct lexer *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x->line += x->p[i] == '\n';
    if (n)
        x->line_starting = x->p[n - 1] == '\n';
    x->p += n;
}

static bool at(const struct lexer *x, const char *p, const char *s)
{
    size_t n = strlen(s);
    return (size_t)(x->end - p) >= n && memcmp(p, s, n) == 0;
}

static const char *over_space(const struct lexer *x, const char *p)
{
    int len;

    while (p < x->end && wg_j_is_space(wg_j_cp(p, &len)))
        p += len;
    return p;
}

/* End of "{% raw %}" that begins at p, or NULL; *sign is its mark. */
static const char *raw_begin(const struct lexer *x, const char *p, char *sign)
{
    if (!at(x, p, "{%"))
        return NULL;
    p += 2;
    *sign = p < x->end && (*p == '-' || *p == '+') ? *p++ : 0;
    p = over_space(x, p);
    if (!at(x, p, "raw"))
        return NULL;
    p = over_space(x, p + 3);
    if (at(x, p, "-%}"))
        return over_space(x, p + 3);
    return at(x, p, "%}") ? p + 2 : NULL;
}

/* End of the closing mark of a tag at p ("+%}", "-%} ", "%}\n"), or NULL. */
static const char *tag_end(const struct lexer *x, const char *p, const char *mark, bool trim)
{
    if (trim && *p == '+' && at(x, p + 1, mark))
        return p + 1 + strlen(mark);
    if (*p == '-' && at(x, p + 1, mark))
        return over_space(x, p + 1 + strlen(mark));
    if (!at(x, p, mark))
        return NULL;
    p += strlen(mark);
    return trim && p < x->end && *p == '\n' ? p + 1 : p;
}

/* Text before a tag, cut by the mark of the tag or by lstrip_blocks. */
static size_t data_length(const struct lexer *x, const char *text, size_t n, char sign,
                          bool is_variable)
{
    size_t from = n;
    const char *p = text;

    if (sign == '-') {
        wg_j_strip(&p, &n, false, true);
        return n;
    }
    if (sign == '+' || is_variable)
        return n;
    while (from > 0 && text[from - 1] != '\n')
        from--;
    if (from == 0 && !x->line_starting)
        return n;
    const char *rest = text + from;
    return over_space(x, rest) >= text + n ? from : n;
}

static enum wg_status add_data(struct lexer *x, const char *p, size_t n)
{
    if (!n)
        return WG_OK;
    return add(x, (struct wg_j_tok){.type = WG_J_T_DATA, .line = x->line, .p = p, .n = n});
}

static enum wg_status lex_comment(struct lexer *x)
{
    if (x->p == x->end) /* as Jinja: nothing is left that would not belong to it */
        return WG_OK;
    for (const char *p = x->p; p < x->end; p++) {
        const char *end = tag_end(x, p, "#}", true);
        if (end) {
            skip(x, (size_t)(end - x->p));
            return WG_OK;
        }
    }
    return wg_j_cfail(x->c, x->line, WG_E_INPUT, "Missing end of comment tag: a {# without a #}");
}

static enum wg_status lex_raw(struct lexer *x)
{
    if (x->p == x->end)
        return WG_OK;
    for (const char *p = x->p; p < x->end; p++) {
        if (!at(x, p, "{%"))
            continue;
        const char *q = p + 2;
        char sign = q < x->end && (*q == '-' || *q == '+') ? *q++ : 0;
        q = over_space(x, q);
        if (!at(x, q, "endraw"))
            continue;
        q = over_space(x, q + 6);
        const char *end = q < x->end ? tag_end(x, q, "%}", true) : NULL;
        if (!end)
            continue;
        size_t n = (size_t)(p - x->p);
        WG_TRY(add_data(x, x->p, data_length(x, x->p, n, sign, false)));
        skip(x, (size_t)(end - x->p));
        return WG_OK;
    }
    return wg_j_cfail(x->c, x->line, WG_E_INPUT,
                      "Missing end of raw directive: a {%% raw %%} without {%% endraw %%}");
}

static size_t digits(const char *p, const char *end, int base)
{
    size_t i = 0;

    for (;;) {
        size_t k = i;
        if (i > 0 && p + k < end && p[k] == '_')
            k++;
        int d = p + k < end ? (unsigned char)p[k] : 0;
        d = d >= '0' && d <= '9'                 ? d - '0'
            : (d | 32) >= 'a' && (d | 32) <= 'f' ? (d | 32) - 'a' + 10
                                                 : 99;
        if (d >= base)
            return i;
        i = k + 1;
    }
}

/* Copies a number without its underscores; false when it is too long for buf. */
static bool plain_number(const char *p, size_t n, char *buf, size_t size)
{
    size_t k = 0;

    for (size_t i = 0; i < n; i++) {
        if (p[i] == '_')
            continue;
        if (k + 1 >= size)
            return false;
        buf[k++] = p[i];
    }
    buf[k] = '\0';
    return true;
}

/* Length of a float literal at p, or 0. */
static size_t float_length(const struct lexer *x)
{
    const char *p = x->p;
    size_t n = digits(p, x->end, 10), frac = 0, exp = 0;

    if (!n || (x->p > x->start && x->p[-1] == '.'))
        return 0;
    if (p + n < x->end && p[n] == '.') {
        frac = digits(p + n + 1, x->end, 10);
        if (frac)
            frac++;
    }
    const char *e = p + n + frac;
    if (e < x->end && (*e | 32) == 'e') {
        size_t sign = e + 1 < x->end && (e[1] == '+' || e[1] == '-');
        exp = digits(e + 1 + sign, x->end, 10);
        if (exp)
            exp += 1 + sign;
    }
    return frac || exp ? n + frac + exp : 0;
}

static enum wg_status lex_number(struct lexer *x)
{
    struct wg_j_tok t = {.type = WG_J_T_FLOAT, .line = x->line, .p = x->p};
    char buf[128];
    int base = 10;
    size_t prefix = 0;

    t.n = float_length(x);
    if (t.n) {
        if (!plain_number(x->p, t.n, buf, sizeof buf))
            return wg_j_cfail(x->c, x->line, WG_E_LIMIT, "a number has too many digits");
        t.f = strtod(buf, NULL);
    } else {
        t.type = WG_J_T_INT;
        if (x->p[0] == '0' && x->end - x->p > 2) {
            int kind = x->p[1] | 32;
            base = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 10;
            size_t under = x->p[2] == '_';
            t.n = base != 10 ? digits(x->p + 2 + under, x->end, base) : 0;
            prefix = t.n ? 2 + under : 0;
            if (!t.n)
                base = 10;
        }
        if (!t.n)
            t.n = digits(x->p, x->end, x->p[0] == '0' ? 1 : 10);
        if (!plain_number(x->p + prefix, t.n, buf, sizeof buf))
            return wg_j_cfail(x->c, x->line, WG_E_LIMIT, "a number has too many digits");
        errno = 0;
        t.i = strtoll(buf, NULL, base);
        if (errno)
            return wg_j_cfail(x->c, x->line, WG_E_LIMIT,
                              "the whole number %s does not fit in 64 bits", buf);
    }
    skip(x, prefix + t.n);
    return add(x, t);
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9'                 ? c - '0'
           : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10
                                                : -1;
}

/* \xhh, \uhhhh, \Uhhhhhhhh. */
static enum wg_status hex_escape(struct lexer *x, const char **p, const char *end, int n,
                                 struct wg_buf *b)
{
    uint32_t cp = 0;

    for (int i = 0; i < n; i++) {
        int d = *p < end ? hex_value(**p) : -1;
        if (d < 0)
            return wg_j_cfail(x->c, x->line, WG_E_INPUT,
                              "a string has an escape with fewer than %d hexadecimal digits", n);
        cp = cp << 4 | (uint32_t)d;
        (*p)++;
    }
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        return wg_j_cfail(x->c, x->line, WG_E_INPUT,
                          "a string has an escape for U+%04X, which is not a character", cp);
    wg_buf_add_utf8(b, cp);
    return WG_OK;
}

static enum wg_status escape(struct lexer *x, const char **p, const char *end, struct wg_buf *b)
{
    static const char from[] = "abfnrtv\\'\"", to[] = "\a\b\f\n\r\t\v\\'\"";
    char c = **p;
    const char *hit = memchr(from, c, sizeof from - 1);
    int len;

    if (hit) {
        wg_buf_addc(b, to[hit - from]);
    } else if (c >= '0' && c <= '7') {
        uint32_t cp = 0;
        for (int i = 0; i < 3 && *p < end && **p >= '0' && **p <= '7'; i++)
            cp = cp * 8 + (uint32_t)(*(*p)++ - '0');
        wg_buf_add_utf8(b, cp);
        return WG_OK;
    } else if (c == 'x' || c == 'u' || c == 'U') {
        (*p)++;
        return hex_escape(x, p, end, c == 'x' ? 2 : c == 'u' ? 4 : 8, b);
    } else if (c == 'N') {
        return wg_j_cfail(x->c, x->line, WG_E_UNSUPPORTED,
                          "a string has an escape \\N{...}, which is not supported");
    } else if ((unsigned char)c >= 0x80) {
        /* Jinja turns the character into an escape before it looks at backslashes. */
        uint32_t cp = wg_j_cp(*p, &len);
        wg_buf_addf(b, cp < 0x100 ? "\\x%02x" : cp < 0x10000 ? "\\u%04x" : "\\U%08x", cp);
        *p += len;
        return WG_OK;
    } else if (c != '\n') {
        wg_buf_addc(b, '\\');
        wg_buf_addc(b, c);
    }
    (*p)++;
    return WG_OK;
}

static enum wg_status unescape(struct lexer *x, const char *p, const char *end, struct wg_j_tok *t)
{
    struct wg_buf b;
    struct wg_j_str *s;
    enum wg_status st = WG_OK;

    if (!memchr(p, '\\', (size_t)(end - p))) {
        t->p = p;
        t->n = (size_t)(end - p);
        return WG_OK;
    }
    wg_buf_init(&b, WG_J_MAX_SOURCE * 4);
    while (st == WG_OK && p < end) {
        if (*p == '\\') {
            p++;
            st = escape(x, &p, end, &b);
        } else {
            wg_buf_addc(&b, *p++);
        }
    }
    if (st == WG_OK)
        st = wg_buf_check(&b, "a string of the template", x->c->err);
    if (st == WG_OK)
        st = wg_j_cstr(x->c, b.p ? b.p : "", b.len, &s);
    wg_buf_release(&b);
    if (st == WG_OK) {
        t->p = s->p;
        t->n = s->n;
    }
    return st;
}

static enum wg_status lex_string(struct lexer *x)
{
    const char *p = x->p + 1;
    struct wg_j_tok t = {.type = WG_J_T_STR, .line = x->line};

    while (p < x->end && *p != *x->p)
        p += *p == '\\' && x->end - p > 1 ? 2 : 1;
    if (p >= x->end)
        return wg_j_cfail(x->c, x->line, WG_E_INPUT, "unexpected char %c: a string has no end",
                          *x->p);
    WG_TRY(unescape(x, x->p + 1, p, &t));
    skip(x, (size_t)(p + 1 - x->p));
    return add(x, t);
}

static enum wg_status balance(struct lexer *x, char c)
{
    if (c == '(' || c == '[' || c == '{') {
        if (x->n_closers == WG_J_MAX_NEST)
            return wg_j_cfail(x->c, x->line, WG_E_LIMIT, "brackets are nested over %d deep",
                              WG_J_MAX_NEST);
        x->closers[x->n_closers++] = c == '(' ? ')' : (char)(c + 2);
    } else if (c == ')' || c == ']' || c == '}') {
        if (x->n_closers == 0)
            return wg_j_cfail(x->c, x->line, WG_E_INPUT, "unexpected '%c'", c);
        char want = x->closers[--x->n_closers];
        if (want != c)
            return wg_j_cfail(x->c, x->line, WG_E_INPUT, "unexpected '%c', expected '%c'", c, want);
    }
    return WG_OK;
}

static enum wg_status lex_operator(struct lexer *x)
{
    static const struct {
        char text[3], op;
    } two[] = {{"//", WG_J_OP_FLOORDIV}, {"**", WG_J_OP_POW}, {"==", WG_J_OP_EQ},
               {"!=", WG_J_OP_NE},       {">=", WG_J_OP_GE},  {"<=", WG_J_OP_LE}};
    struct wg_j_tok t = {.type = WG_J_T_OP, .line = x->line, .p = x->p, .n = 1};
    int len;

    for (size_t i = 0; i < WG_COUNT(two); i++) {
        if (at(x, x->p, two[i].text)) {
            t.op = two[i].op;
            t.n = 2;
        }
    }
    if (!t.op) {
        if (*x->p == '\0' || !strchr("+-/*%~[](){}<>=.:|,;", *x->p)) {
            wg_j_cp(x->p, &len);
            return wg_j_cfail(x->c, x->line, WG_E_INPUT, "unexpected char '%.*s'", len, x->p);
        }
        t.op = *x->p;
        WG_TRY(balance(x, t.op));
    }
    skip(x, t.n);
    return add(x, t);
}

static enum wg_status lex_name(struct lexer *x)
{
    const char *p = x->p;
    int len;
    bool valid = true;

    for (; p < x->end; p += len) {
        uint32_t cp = wg_j_cp(p, &len);
        if (!wg_j_is_name(cp, false)) {
            if (!wg_j_is_word(cp))
                break;
            valid = false;
        }
    }
    struct wg_j_tok t = {.type = WG_J_T_NAME, .line = x->line, .p = x->p, .n = (size_t)(p - x->p)};
    if (!valid || !wg_j_is_name(wg_j_cp(x->p, &len), true))
        return wg_j_cfail(x->c, x->line, WG_E_INPUT, "Invalid character in identifier");
    skip(x, t.n);
    return add(x, t);
}

/* One token of an expression; *done after the end of the tag. */
static enum wg_status lex_inside(struct lexer *x, bool is_variable, bool *done)
{
    const char *end = x->n_closers ? NULL
                                   : tag_end(x, x->p, is_variable ? "}}" : "%}", !is_variable);
    int len;

    if (end) {
        struct wg_j_tok t = {.type = is_variable ? WG_J_T_VAR_END : WG_J_T_BLOCK_END,
                             .line = x->line};
        skip(x, (size_t)(end - x->p));
        *done = true;
        return add(x, t);
    }
    uint32_t cp = wg_j_cp(x->p, &len);
    if (wg_j_is_space(cp)) {
        skip(x, (size_t)(over_space(x, x->p) - x->p));
        return WG_OK;
    }
    if (cp >= '0' && cp <= '9')
        return lex_number(x);
    if (cp == '_' || (cp < 0x80 ? wg_j_is_name(cp, true) : wg_j_is_word(cp)))
        return lex_name(x);
    if (cp == '"' || cp == '\'')
        return lex_string(x);
    return lex_operator(x);
}

static enum wg_status lex_tag(struct lexer *x, bool is_variable)
{
    bool done = false;

    WG_TRY(add(x, (struct wg_j_tok){.type = is_variable ? WG_J_T_VAR_BEGIN : WG_J_T_BLOCK_BEGIN,
                                    .line = x->line}));
    x->n_closers = 0;
    while (!done) {
        if (x->p >= x->end) /* the parser says what it was looking for */
            return WG_OK;
        WG_TRY(lex_inside(x, is_variable, &done));
    }
    return WG_OK;
}

/* Text up to the next tag, and that tag. */
static enum wg_status lex_root(struct lexer *x)
{
    const char *p = x->p, *raw = NULL;
    char sign = 0, kind = 0;

    for (;; p++) {
        p = memchr(p, '{', (size_t)(x->end - p));
        if (!p || x->end - p < 2) {
            WG_TRY(add_data(x, x->p, (size_t)(x->end - x->p)));
            skip(x, (size_t)(x->end - x->p));
            return WG_OK;
        }
        kind = p[1];
        if (kind == '%' || kind == '{' || kind == '#')
            break;
    }
    raw = raw_begin(x, p, &sign);
    const char *after = raw;
    if (!raw) {
        after = p + 2;
        sign = after < x->end && (*after == '-' || *after == '+') ? *after++ : 0;
    }
    size_t n = (size_t)(p - x->p);
    WG_TRY(add_data(x, x->p, data_length(x, x->p, n, sign, kind == '{')));
    skip(x, (size_t)(after - x->p));
    if (raw)
        return lex_raw(x);
    return kind == '#' ? lex_comment(x) : lex_tag(x, kind == '{');
}

enum wg_status wg_j_lex(struct wg_j_compiler *c, const char *source, size_t n,
                        struct wg_j_lexed *out)
{
    struct lexer x = {.c = c, .out = out, .line = 1, .line_starting = true};
    struct wg_j_str *text;

    *out = (struct wg_j_lexed){0};
    if (n > WG_J_MAX_SOURCE)
        return wg_j_cfail(c, 1, WG_E_LIMIT, "the template has %zu bytes; the limit is %d", n,
                          WG_J_MAX_SOURCE);
    if (!wg_utf8_valid(source, n))
        return wg_j_cfail(c, 1, WG_E_INPUT, "the template is not valid UTF-8");
    WG_TRY(wg_j_cstr(c, source, n, &text));
    char *p = (char *)text->p;
    size_t k = 0;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == '\r' && i + 1 < n && p[i + 1] == '\n')
            continue;
        p[k++] = p[i] == '\r' ? '\n' : p[i];
    }
    if (k > 0 && p[k - 1] == '\n')
        k--;
    x.start = x.p = p;
    x.end = p + k;
    while (x.p < x.end)
        WG_TRY(lex_root(&x));
    return add(&x, (struct wg_j_tok){.type = WG_J_T_EOF, .line = x.line});
}
