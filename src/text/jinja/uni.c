#include "text/jinja/uni.h"

#include "base/attr.h"

#include <utf8proc.h>

uint32_t wg_j_cp(const char *p, int *len)
{
    const unsigned char *s = (const unsigned char *)p;

    if (s[0] < 0x80) {
        *len = 1;
        return s[0];
    }
    if (s[0] < 0xE0) {
        *len = 2;
        return (uint32_t)(s[0] & 31) << 6 | (s[1] & 63);
    }
    if (s[0] < 0xF0) {
        *len = 3;
        return (uint32_t)(s[0] & 15) << 12 | (uint32_t)(s[1] & 63) << 6 | (s[2] & 63);
    }
    *len = 4;
    return (uint32_t)(s[0] & 7) << 18 | (uint32_t)(s[1] & 63) << 12 | (uint32_t)(s[2] & 63) << 6 |
           (s[3] & 63);
}

uint32_t wg_j_cp_before(const char *begin, const char *end, int *len)
{
    const char *p = end - 1;

    while (p > begin && ((unsigned char)*p & 0xC0) == 0x80)
        p--;
    return wg_j_cp(p, len);
}

size_t wg_j_count_chars(const char *p, size_t n)
{
    size_t chars = 0;

    for (size_t i = 0; i < n; i++)
        chars += ((unsigned char)p[i] & 0xC0) != 0x80;
    return chars;
}

bool wg_j_is_space(uint32_t cp)
{
    if (cp < 0x80)
        return cp == ' ' || (cp >= 9 && cp <= 13) || (cp >= 0x1C && cp <= 0x1F);
    return cp == 0x85 || cp == 0xA0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) ||
           cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000;
}

bool wg_j_is_line_break(uint32_t cp)
{
    return (cp >= 10 && cp <= 13) || (cp >= 0x1C && cp <= 0x1E) || cp == 0x85 || cp == 0x2028 ||
           cp == 0x2029;
}

static utf8proc_category_t category(uint32_t cp)
{
    return utf8proc_category((utf8proc_int32_t)cp);
}

bool wg_j_is_alpha(uint32_t cp)
{
    utf8proc_category_t c = category(cp);
    return c >= UTF8PROC_CATEGORY_LU && c <= UTF8PROC_CATEGORY_LO;
}

bool wg_j_is_decimal(uint32_t cp)
{
    return category(cp) == UTF8PROC_CATEGORY_ND;
}

/* Digits that are not decimal: superscripts, subscripts, circled and the like (Numeric_Type=Digit,
 * DerivedNumericType.txt of Unicode 15). */
bool wg_j_is_digit(uint32_t cp)
{
    static const uint32_t ranges[][2] = {
        {0xB2, 0xB3},       {0xB9, 0xB9},       {0x1369, 0x1371},   {0x19DA, 0x19DA},
        {0x2070, 0x2070},   {0x2074, 0x2079},   {0x2080, 0x2089},   {0x2460, 0x2468},
        {0x2474, 0x247C},   {0x2488, 0x2490},   {0x24EA, 0x24EA},   {0x24F5, 0x24FD},
        {0x24FF, 0x24FF},   {0x2776, 0x277E},   {0x2780, 0x2788},   {0x278A, 0x2792},
        {0x10A40, 0x10A43}, {0x10E60, 0x10E68}, {0x11052, 0x1105A}, {0x1F100, 0x1F10A},
    };

    if (wg_j_is_decimal(cp))
        return true;
    for (size_t i = 0; i < WG_COUNT(ranges); i++)
        if (cp >= ranges[i][0] && cp <= ranges[i][1])
            return true;
    return false;
}

bool wg_j_is_numeric(uint32_t cp)
{
    utf8proc_category_t c = category(cp);
    return c == UTF8PROC_CATEGORY_ND || c == UTF8PROC_CATEGORY_NL || c == UTF8PROC_CATEGORY_NO ||
           wg_j_is_digit(cp);
}

bool wg_j_is_upper(uint32_t cp)
{
    return utf8proc_isupper((utf8proc_int32_t)cp) && category(cp) != UTF8PROC_CATEGORY_LT;
}

bool wg_j_is_lower(uint32_t cp)
{
    return utf8proc_islower((utf8proc_int32_t)cp);
}

bool wg_j_is_title(uint32_t cp)
{
    return category(cp) == UTF8PROC_CATEGORY_LT;
}

bool wg_j_is_cased(uint32_t cp)
{
    return wg_j_is_upper(cp) || wg_j_is_lower(cp) || wg_j_is_title(cp);
}

bool wg_j_is_printable(uint32_t cp)
{
    switch (category(cp)) {
    case UTF8PROC_CATEGORY_CN:
    case UTF8PROC_CATEGORY_CC:
    case UTF8PROC_CATEGORY_CF:
    case UTF8PROC_CATEGORY_CS:
    case UTF8PROC_CATEGORY_CO:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
        return false;
    case UTF8PROC_CATEGORY_ZS:
        return cp == ' ';
    default:
        return true;
    }
}

bool wg_j_is_word(uint32_t cp)
{
    return cp == '_' || wg_j_is_alpha(cp) || wg_j_is_numeric(cp);
}

bool wg_j_is_name(uint32_t cp, bool first)
{
    if (cp < 0x80)
        return cp == '_' || ((cp | 32) >= 'a' && (cp | 32) <= 'z') ||
               (!first && cp >= '0' && cp <= '9');
    utf8proc_category_t c = category(cp);
    if (wg_j_is_alpha(cp) || c == UTF8PROC_CATEGORY_NL)
        return true;
    return !first && (c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_MC ||
                      c == UTF8PROC_CATEGORY_ND || c == UTF8PROC_CATEGORY_PC);
}

/* A final sigma stands after a cased letter and not before one; case-ignorable characters between
 * do not count (Unicode 15, table 3-17). */
static bool case_ignorable(uint32_t cp)
{
    utf8proc_category_t c = category(cp);
    return c == UTF8PROC_CATEGORY_MN || c == UTF8PROC_CATEGORY_ME || c == UTF8PROC_CATEGORY_CF ||
           c == UTF8PROC_CATEGORY_LM || c == UTF8PROC_CATEGORY_SK || cp == '\'' || cp == '.' ||
           cp == ':' || cp == 0xB7 || cp == 0x2019;
}

static bool final_sigma(const char *begin, const char *p, const char *end)
{
    const char *q = p;
    int len;
    bool before = false;

    while (q > begin) {
        uint32_t cp = wg_j_cp_before(begin, q, &len);
        q -= len;
        if (case_ignorable(cp))
            continue;
        before = wg_j_is_cased(cp);
        break;
    }
    if (!before)
        return false;
    wg_j_cp(p, &len);
    for (q = p + len; q < end; q += len) {
        uint32_t cp = wg_j_cp(q, &len);
        if (!case_ignorable(cp))
            return !wg_j_is_cased(cp);
    }
    return true;
}

/* Code points whose upper case is longer (SpecialCasing.txt of Unicode 15, unconditional rows), the
 * Greek ones with iota aside: {code point, upper...}; the title form keeps all after the first
 * letter in lower case. */
struct special {
    uint32_t cp, upper[3], title[3];
};

// clang-format off
static const struct special specials[] = {
    {0xDF, {'S', 'S'}, {'S', 's'}},
    {0x149, {0x2BC, 'N'}, {0x2BC, 'N'}},
    {0x1F0, {'J', 0x30C}, {'J', 0x30C}},
    {0x390, {0x399, 0x308, 0x301}, {0x399, 0x308, 0x301}},
    {0x3B0, {0x3A5, 0x308, 0x301}, {0x3A5, 0x308, 0x301}},
    {0x587, {0x535, 0x552}, {0x535, 0x582}},
    {0x1E96, {'H', 0x331}, {'H', 0x331}},
    {0x1E97, {'T', 0x308}, {'T', 0x308}},
    {0x1E98, {'W', 0x30A}, {'W', 0x30A}},
    {0x1E99, {'Y', 0x30A}, {'Y', 0x30A}},
    {0x1E9A, {'A', 0x2BE}, {'A', 0x2BE}},
    {0xFB00, {'F', 'F'}, {'F', 'f'}},
    {0xFB01, {'F', 'I'}, {'F', 'i'}},
    {0xFB02, {'F', 'L'}, {'F', 'l'}},
    {0xFB03, {'F', 'F', 'I'}, {'F', 'f', 'i'}},
    {0xFB04, {'F', 'F', 'L'}, {'F', 'f', 'l'}},
    {0xFB05, {'S', 'T'}, {'S', 't'}},
    {0xFB06, {'S', 'T'}, {'S', 't'}},
};
// clang-format on

void wg_j_add_case(struct wg_buf *b, enum wg_j_case to, const char *begin, const char *p,
                   const char *end)
{
    int len;
    uint32_t cp = wg_j_cp(p, &len);

    if (cp < 0x80) {
        if (to == WG_J_LOWER ? cp >= 'A' && cp <= 'Z' : cp >= 'a' && cp <= 'z')
            cp ^= 32;
        wg_buf_addc(b, (char)cp);
        return;
    }
    if (to == WG_J_LOWER) {
        if (cp == 0x130)
            wg_buf_adds(b, "i\xCC\x87");
        else if (cp == 0x3A3)
            wg_buf_add_utf8(b, final_sigma(begin, p, end) ? 0x3C2 : 0x3C3);
        else
            wg_buf_add_utf8(b, (uint32_t)utf8proc_tolower((utf8proc_int32_t)cp));
        return;
    }
    for (size_t i = 0; i < WG_COUNT(specials); i++) {
        if (specials[i].cp != cp)
            continue;
        const uint32_t *full = to == WG_J_UPPER ? specials[i].upper : specials[i].title;
        for (int k = 0; k < 3 && full[k]; k++)
            wg_buf_add_utf8(b, full[k]);
        return;
    }
    wg_buf_add_utf8(b, (uint32_t)(to == WG_J_UPPER ? utf8proc_toupper((utf8proc_int32_t)cp)
                                                   : utf8proc_totitle((utf8proc_int32_t)cp)));
}

void wg_j_strip(const char **p, size_t *n, bool left, bool right)
{
    const char *q = *p, *end = q + *n;
    int len;

    while (left && q < end && wg_j_is_space(wg_j_cp(q, &len)))
        q += len;
    while (right && q < end && wg_j_is_space(wg_j_cp_before(q, end, &len)))
        end -= len;
    *p = q;
    *n = (size_t)(end - q);
}
