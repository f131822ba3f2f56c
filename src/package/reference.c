#include "package/reference.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/mem.h"
#include "package/limits.h"

#include <limits.h>
#include <regex.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* PEP 508 names; PEP 440 public versions with an optional local part, in their normal form. */
static const char name_re[] = "^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$";
static const char version_re[] = "^([0-9]+!)?[0-9]+(\\.[0-9]+)*((a|b|rc)[0-9]+)?(\\.post[0-9]+)?"
                                 "(\\.dev[0-9]+)?(\\+[a-z0-9]+([._-][a-z0-9]+)*)?$";

static bool matches(const char *s, const char *pattern)
{
    regex_t re;

    if (strlen(s) > WG_REF_MAX_WORD_BYTES || regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
        return false;
    bool ok = regexec(&re, s, 0, NULL, 0) == 0;
    regfree(&re);
    return ok;
}

/* PEP 503: lower case, runs of '.', '_' and '-' as one '-'. */
static void normalize(char *name)
{
    char *w = name;

    for (const char *r = name; *r; r++) {
        bool mark = *r == '.' || *r == '_' || *r == '-';
        if (!mark)
            *w++ = (char)(*r >= 'A' && *r <= 'Z' ? *r + 32 : *r);
        else if (w[-1] != '-') /* the grammar has a letter or digit first */
            *w++ = '-';
    }
    *w = '\0';
}

static char *joined(const char *a, const char *b, const char *c, const char *d)
{
    struct wg_buf t;

    wg_buf_init(&t, WG_PKG_MAX_PATH_BYTES);
    wg_buf_addf(&t, "%s%s%s%s", a, b, c, d);
    char *s = t.failed ? NULL : wg_buf_detach(&t);
    wg_buf_release(&t);
    return s;
}

static enum wg_status parse_pypi(const char *text, const char *rest, struct wg_ref *out,
                                 struct wg_err *err)
{
    const char *eq = strstr(rest, "==");

    out->kind = WG_REF_PYPI;
    out->package = wg_strndup(rest, eq ? (size_t)(eq - rest) : strlen(rest));
    out->version = eq ? wg_strdup(eq + 2) : NULL;
    if (!out->package || (eq && !out->version))
        return wg_oom(err, "a reference");
    if (!matches(out->package, name_re))
        return wg_fail(err, WG_E_INPUT,
                       "%s: \"%s\" cannot be the name of a package on PyPI; write "
                       "pypi:package or pypi:package==version",
                       text, out->package);
    if (eq && !matches(out->version, version_re))
        return wg_fail(err, WG_E_INPUT,
                       "%s: \"%s\" is not a version such as 1.2.3 or 1.0rc1 (PEP 440)", text,
                       out->version);
    normalize(out->package);
    out->text = joined("pypi:", out->package, eq ? "==" : "", eq ? out->version : "");
    return out->text ? WG_OK : wg_oom(err, "a reference");
}

static bool is_loopback(const char *host, size_t n)
{
    return (n == 9 && memcmp(host, "127.0.0.1", n) == 0) ||
           (n == 9 && memcmp(host, "localhost", n) == 0) ||
           (n == 5 && memcmp(host, "[::1]", n) == 0);
}

/* Queries often carry keys, and references are kept and shown: a query counts by its hash. */
static char *canonical_url(const char *url)
{
    char hex[WG_SHA256_HEX];
    size_t n = strcspn(url, "?");
    struct wg_buf b;

    wg_buf_init(&b, WG_PKG_MAX_PATH_BYTES);
    wg_buf_add(&b, url, n);
    if (url[n]) {
        wg_sha256_hex(url + n, strlen(url + n), hex);
        wg_buf_addf(&b, "?%.12s", hex);
    }
    char *s = b.failed ? NULL : wg_buf_detach(&b);
    wg_buf_release(&b);
    return s;
}

static enum wg_status parse_url(const char *text, struct wg_ref *out, struct wg_err *err)
{
    bool https = strncmp(text, "https://", 8) == 0;
    const char *host = strstr(text, "://") + 3;
    size_t n = strcspn(host, "/?#"), name_n = n;

    out->kind = WG_REF_URL;
    for (const char *p = text; *p; p++)
        if ((unsigned char)*p <= 0x20 || *p == 0x7f)
            return wg_fail(err, WG_E_INPUT, "%s: a URL has no spaces or control characters", text);
    if (n == 0)
        return wg_fail(err, WG_E_INPUT, "%s: the URL names no host", text);
    if (memchr(host, '@', n))
        return wg_fail(err, WG_E_INPUT,
                       "the URL holds a user name or password, which would be kept in the store; "
                       "put it in ~/.netrc");
    const char *colon = memchr(host, ':', n);
    if (host[0] == '[') {
        const char *end = memchr(host, ']', n);
        name_n = end ? (size_t)(end - host) + 1 : n;
    } else if (colon) {
        name_n = (size_t)(colon - host);
    }
    if (!https && !is_loopback(host, name_n))
        return wg_fail(err, WG_E_INPUT,
                       "%s: plain http is for this machine only; use https, so that nobody on the "
                       "way can change the model",
                       text);
    out->target = wg_strndup(text, strcspn(text, "#"));
    out->text = out->target ? canonical_url(out->target) : NULL;
    return out->text ? WG_OK : wg_oom(err, "a reference");
}

static enum wg_status parse_path(const char *text, struct wg_ref *out, struct wg_err *err)
{
    char real[PATH_MAX];

    out->kind = WG_REF_PATH;
    out->target = wg_strdup(text);
    out->text = realpath(text, real) ? wg_strdup(real) : NULL;
    if (!out->target)
        return wg_oom(err, "a reference");
    if (!out->text)
        return wg_fail(err, WG_E_NOT_FOUND,
                       "%s: there is no such file or folder; a reference is pypi:package==version, "
                       "https://... or a path",
                       text);
    return WG_OK;
}

enum wg_status wg_ref_parse(const char *text, struct wg_ref *out, struct wg_err *err)
{
    static const char *const later[] = {"hf:", "oci:", "ollama:"};
    enum wg_status st;

    *out = (struct wg_ref){0};
    for (size_t i = 0; i < WG_COUNT(later); i++)
        if (strncmp(text, later[i], strlen(later[i])) == 0)
            return wg_fail(err, WG_E_UNSUPPORTED,
                           "%s: references of the scheme %.*s are not in this version; fetch the "
                           "files yourself and pull their folder",
                           text, (int)strlen(later[i]) - 1, later[i]);
    if (strlen(text) >= WG_PKG_MAX_PATH_BYTES)
        return wg_fail(err, WG_E_LIMIT, "the reference is over %u bytes long",
                       WG_PKG_MAX_PATH_BYTES - 1);
    if (strncmp(text, "pypi:", 5) == 0)
        st = parse_pypi(text, text + 5, out, err);
    else if (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0)
        st = parse_url(text, out, err);
    else if (strstr(text, "://") && text[0] != '.' && text[0] != '/')
        st = wg_fail(err, WG_E_UNSUPPORTED,
                     "%s: unknown scheme; pypi:, https:// and paths are known", text);
    else
        st = parse_path(text, out, err);
    if (st != WG_OK)
        wg_ref_release(out);
    return st;
}

void wg_ref_release(struct wg_ref *r)
{
    wg_free(r->text);
    wg_free(r->package);
    wg_free(r->version);
    wg_free(r->target);
    *r = (struct wg_ref){0};
}
