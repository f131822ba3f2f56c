#include "base/hash.h"

#include "base/mem.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

struct wg_sha256 {
    EVP_MD_CTX *ctx;
};

static void to_hex(const unsigned char *d, char hex[WG_SHA256_HEX])
{
    for (int i = 0; i < WG_SHA256_BYTES; i++) {
        hex[2 * i] = "0123456789abcdef"[d[i] >> 4];
        hex[2 * i + 1] = "0123456789abcdef"[d[i] & 15];
    }
    hex[2 * WG_SHA256_BYTES] = '\0';
}

struct wg_sha256 *wg_sha256_new(void)
{
    struct wg_sha256 *h = wg_calloc(1, sizeof *h);

    if (!h)
        return NULL;
    h->ctx = EVP_MD_CTX_new();
    if (!h->ctx || EVP_DigestInit_ex(h->ctx, EVP_sha256(), NULL) != 1) {
        wg_sha256_free(h);
        return NULL;
    }
    return h;
}

void wg_sha256_add(struct wg_sha256 *h, const void *bytes, size_t n)
{
    EVP_DigestUpdate(h->ctx, bytes, n);
}

void wg_sha256_finish(struct wg_sha256 *h, char hex[WG_SHA256_HEX])
{
    unsigned char d[EVP_MAX_MD_SIZE];

    EVP_DigestFinal_ex(h->ctx, d, NULL);
    to_hex(d, hex);
    wg_sha256_free(h);
}

void wg_sha256_free(struct wg_sha256 *h)
{
    if (!h)
        return;
    EVP_MD_CTX_free(h->ctx);
    wg_free(h);
}

void wg_sha256_hex(const void *bytes, size_t n, char hex[WG_SHA256_HEX])
{
    unsigned char d[EVP_MAX_MD_SIZE];

    EVP_Digest(bytes, n, d, NULL, EVP_sha256(), NULL);
    to_hex(d, hex);
}

enum wg_status wg_sha256_file(const char *path, char hex[WG_SHA256_HEX], uint64_t *bytes,
                              struct wg_err *err)
{
    enum { CHUNK = 1 << 20 };
    enum wg_status st = WG_OK;
    FILE *f = fopen(path, "rb");

    if (!f)
        return wg_fail(err, errno == ENOENT ? WG_E_NOT_FOUND : WG_E_IO, "%s: cannot open: %s", path,
                       strerror(errno));
    struct wg_sha256 *h = wg_sha256_new();
    char *buf = wg_realloc(NULL, CHUNK, 1);
    uint64_t total = 0;
    if (!h || !buf)
        st = wg_oom(err, "a hash");
    while (st == WG_OK) {
        size_t n = fread(buf, 1, CHUNK, f);
        wg_sha256_add(h, buf, n);
        total += n;
        if (n < CHUNK) {
            if (ferror(f))
                st = wg_fail(err, WG_E_IO, "%s: cannot read: %s", path, strerror(errno));
            break;
        }
    }
    if (st == WG_OK) {
        wg_sha256_finish(h, hex);
        h = NULL;
        if (bytes)
            *bytes = total;
    }
    wg_sha256_free(h);
    wg_free(buf);
    fclose(f);
    return st;
}
