/* Names of models in the store. */
#include "package/store.h"

#include "base/file.h"

#include <regex.h>
#include <stdio.h>
#include <string.h>

enum { MAX_NAME = 100 };

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* Length of s without what `pattern` matches at its end, or n. */
static size_t without(const char *s, size_t n, const char *pattern)
{
    regex_t re;
    regmatch_t m;
    char copy[MAX_NAME + 1];

    memcpy(copy, s, n);
    copy[n] = '\0';
    if (regcomp(&re, pattern, REG_EXTENDED) != 0)
        return n;
    if (regexec(&re, copy, 1, &m, 0) == 0 && m.rm_so > 0)
        n = (size_t)m.rm_so;
    regfree(&re);
    return n;
}

/* The first s_n bytes of s as a name of at most MAX_NAME. */
static size_t simplify(char *out, const char *s, size_t s_n)
{
    size_t n = 0;

    for (const char *end = s + s_n; s < end && n < MAX_NAME; s++) {
        char c = lower(*s);
        if (name_char(c) || c == '_')
            out[n++] = c;
        else if (n > 0 && out[n - 1] != '-')
            out[n++] = '-';
    }
    while (n > 0 && (out[n - 1] == '-' || out[n - 1] == '.'))
        n--;
    out[n] = '\0';
    size_t skip = strspn(out, ".-_");
    memmove(out, out + skip, n - skip + 1);
    return n - skip;
}

void wg_store_name(char out[WG_STORE_NAME_BYTES], const char *weights_path, const char *fallback,
                   const char *sha256, int attempt)
{
    static const char *const vague[] = {"", "model", "ggml-model", "weights", "adapter_model"};
    const char *file = wg_basename(weights_path), *dot = strrchr(file, '.');
    size_t n = simplify(out, file, dot ? (size_t)(dot - file) : strlen(file));

    n = without(out, n, "-[0-9]{5}-of-[0-9]{5}$");
    size_t plain = without(out, n,
                           "[-.]((ud-)?(i?q[0-9]_[a-z0-9_]+|tq[12]_0|mxfp4(_moe)?|nvfp4|"
                           "b?f16|fp16|f32|fp32|i?q[0-9]))$");
    out[attempt == 0 ? plain : n] = '\0';
    for (n = strlen(out); n > 0 && strchr("-._", out[n - 1]); n--)
        out[n - 1] = '\0';
    for (size_t i = 0; i < WG_COUNT(vague); i++)
        if (strncmp(out, vague[i], WG_MAX(strlen(vague[i]), plain)) == 0) {
            file = wg_basename(fallback);
            simplify(out, file, strlen(file));
            break;
        }
    if (out[0] == '\0')
        snprintf(out, WG_STORE_NAME_BYTES, "model");
    n = strlen(out);
    if (attempt >= 2)
        snprintf(out + n, WG_STORE_NAME_BYTES - n, "-%.6s", sha256);
}

enum wg_status wg_store_name_check(const char *name, struct wg_err *err)
{
    size_t n = strlen(name);
    bool ok = n >= 1 && n <= MAX_NAME && name[0] != '.' && name[0] != '-' && name[0] != '_';

    for (size_t i = 0; i < n && ok; i++)
        ok = name_char(name[i]) || name[i] == '-' || name[i] == '_';
    if (!ok)
        return wg_fail(err, WG_E_USAGE,
                       "\"%s\" cannot be a name: names have 1 to %d of a-z, 0-9, '.', '_' and '-', "
                       "and begin with a letter or digit",
                       name, MAX_NAME);
    return WG_OK;
}
