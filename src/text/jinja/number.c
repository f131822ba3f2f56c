/* int() and float() of strings, with Python's syntax: white space around, one sign, underscores
 * between digits. */
#include "text/jinja/run.h"
#include "text/jinja/uni.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_TEXT = 400 };

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 32;
    return c >= 'a' && c <= 'z' ? c - 'a' + 10 : 99;
}

bool wg_j_parse_int(const struct wg_j_str *s, int base, int64_t *out, bool *overflow)
{
    const char *p = s->p;
    size_t n = s->n, i = 0;
    bool negative = false, under = false;
    int64_t x = 0;

    *overflow = false;
    wg_j_strip(&p, &n, true, true);
    if (n && (*p == '-' || *p == '+')) {
        negative = *p == '-';
        i++;
    }
    if (n - i > 2 && p[i] == '0') {
        char kind = (char)(p[i + 1] | 32);
        int prefix = kind == 'x' ? 16 : kind == 'o' ? 8 : kind == 'b' ? 2 : 0;
        if (prefix && (base == prefix || base == 0)) {
            base = prefix;
            i += 2;
            i += p[i] == '_';
        }
    }
    bool zero_only = base == 0 && i < n && p[i] == '0'; /* 0 and 00, not 01 */
    if (base == 0)
        base = 10;
    if (i == n)
        return false;
    for (size_t k = i; k < n; k++) {
        if (p[k] == '_') {
            if (under || k == i)
                return false;
            under = true;
            continue;
        }
        int d = digit_value(p[k]);
        if (d >= base || (zero_only && d != 0))
            return false;
        under = false;
        if (__builtin_mul_overflow(x, base, &x) || __builtin_sub_overflow(x, d, &x))
            *overflow = true;
    }
    if (under)
        return false;
    if (!negative && x == INT64_MIN)
        *overflow = true;
    *out = *overflow ? 0 : negative ? x : -x;
    return true;
}

static bool is_word(const char *p, size_t n, const char *word)
{
    return n == strlen(word) && strncasecmp(p, word, n) == 0;
}

bool wg_j_parse_float(const struct wg_j_str *s, double *out)
{
    const char *p = s->p;
    size_t n = s->n, k = 0;
    char buf[MAX_TEXT];
    bool digits = false;

    wg_j_strip(&p, &n, true, true);
    if (!n || n >= sizeof buf)
        return false;
    size_t sign = *p == '-' || *p == '+';
    if (is_word(p + sign, n - sign, "inf") || is_word(p + sign, n - sign, "infinity") ||
        is_word(p + sign, n - sign, "nan")) {
        *out = (p[sign] | 32) == 'n' ? (double)NAN : *p == '-' ? -HUGE_VAL : HUGE_VAL;
        return true;
    }
    for (size_t i = 0; i < n; i++) {
        bool digit = p[i] >= '0' && p[i] <= '9';
        if (p[i] == '_') {
            bool between = i > 0 && i + 1 < n && p[i - 1] >= '0' && p[i - 1] <= '9' &&
                           p[i + 1] >= '0' && p[i + 1] <= '9';
            if (!between)
                return false;
            continue;
        }
        if (!digit && (p[i] == '\0' || !strchr("+-.eE", p[i])))
            return false;
        digits = digits || digit;
        buf[k++] = p[i];
    }
    buf[k] = '\0';
    char *end;
    *out = strtod(buf, &end);
    return digits && *end == '\0';
}
