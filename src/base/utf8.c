#include "base/utf8.h"

int wg_utf8_decode(const char *s, size_t n, uint32_t *cp)
{
    const unsigned char *p = (const unsigned char *)s;
    unsigned lead = p[0], lo = 0x80, hi = 0xBF;
    int len;

    if (lead < 0x80) {
        *cp = lead;
        return 1;
    }
    *cp = 0xFFFD;
    if (lead < 0xC2 || lead > 0xF4)
        return -1;
    len = lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    /* The second byte is narrower after these leads: overlong forms, surrogates, > 0x10FFFF. */
    if (lead == 0xE0)
        lo = 0xA0;
    else if (lead == 0xED)
        hi = 0x9F;
    else if (lead == 0xF0)
        lo = 0x90;
    else if (lead == 0xF4)
        hi = 0x8F;
    uint32_t v = lead & (0x7Fu >> len);
    for (int i = 1; i < len; i++) {
        if ((size_t)i >= n)
            return 0;
        if (p[i] < lo || p[i] > hi)
            return -i;
        v = v << 6 | (p[i] & 0x3F);
        lo = 0x80;
        hi = 0xBF;
    }
    *cp = v;
    return len;
}

bool wg_utf8_valid(const char *s, size_t n)
{
    uint32_t cp;

    for (size_t i = 0; i < n;) {
        int len = wg_utf8_decode(s + i, n - i, &cp);
        if (len <= 0)
            return false;
        i += (size_t)len;
    }
    return true;
}

size_t wg_utf8_complete(const char *s, size_t n)
{
    size_t back = n < 4 ? n : 3;
    uint32_t cp;

    /* Only a lead byte among the last three can open a character that is not finished. */
    for (size_t i = n - back; i < n; i++)
        if (((unsigned char)s[i] & 0xC0) == 0xC0 && wg_utf8_decode(s + i, n - i, &cp) == 0)
            return i;
    return n;
}
