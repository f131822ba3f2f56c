/* text/tokenizer.h: the input as a GGUF whose vocabulary is opened and used, and as a text for a
 * small vocabulary, where what goes in must come out. */
#include "fuzz.h"

#include "base/mem.h"
#include "package/gguf.h"
#include "text/normalize.h"
#include "text/tokenizer.h"

#include <stdlib.h>
#include <string.h>

static struct wg_tok *open_tok(const void *bytes, size_t n)
{
    struct wg_gguf *g = NULL;
    struct wg_tok *t = NULL;
    struct wg_err err = {0};

    if (wg_gguf_parse(bytes, n, false, 0, "fuzz", &g, &err) != WG_OK)
        return NULL;
    if (wg_tok_from_gguf(g, &t, &err) != WG_OK && (t || err.msg[0] == '\0'))
        abort();
    wg_gguf_close(g);
    return t;
}

/* Encodes and decodes; with `back` the well-formed text must return. */
static void use(const struct wg_tok *t, const char *text, size_t n, bool back)
{
    struct wg_ids ids = {0};
    struct wg_buf clean, all, stream;
    struct wg_detok d;

    wg_buf_init(&clean, SIZE_MAX);
    wg_buf_init(&all, SIZE_MAX);
    wg_buf_init(&stream, SIZE_MAX);
    wg_norm_utf8(&clean, text, n);
    if (wg_tok_encode(t, text, n, WG_TOK_SPECIAL, &ids, NULL) == WG_OK) {
        wg_detok_init(&d, t, true);
        for (size_t i = 0; i < ids.n; i++) {
            if (ids.v[i] < 0 || ids.v[i] >= wg_tok_info(t)->size)
                abort();
            wg_detok_feed(&d, ids.v[i], &stream);
        }
        wg_detok_finish(&d, &stream);
        if (wg_tok_decode(t, ids.v, ids.n, true, &all, NULL) != WG_OK)
            abort();
        if (back && (all.len != clean.len || (all.len && memcmp(all.p, clean.p, all.len) != 0)))
            abort();
    } else if (back) {
        abort();
    }
    wg_buf_release(&clean);
    wg_buf_release(&all);
    wg_buf_release(&stream);
    wg_ids_release(&ids);
}

/* The byte-level vocabulary of the tests; NULL when the working folder is another. */
static struct wg_tok *byte_level(void)
{
    static struct wg_tok *t;
    static bool tried;
    struct wg_gguf *g;

    if (!tried && wg_gguf_open("tests/fixtures/tok/bpe-llama-bpe.gguf", &g, NULL) == WG_OK) {
        if (wg_tok_from_gguf(g, &t, NULL) != WG_OK)
            abort();
        wg_gguf_close(g);
    }
    tried = true;
    return t;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char sample[] = "The <s> 12  \xE2\x96\x81 q\xCC\x87\xCC\xA3";
    uint8_t *copy = malloc(size ? size : 1); /* exact size: a read of one more is seen */

    if (!copy)
        return 0;
    if (size)
        memcpy(copy, data, size);
    struct wg_tok *t = open_tok(copy, size), *bytes = byte_level();
    size_t tail = size < 256 ? size : 256;
    if (t) {
        use(t, (const char *)copy + size - tail, tail, false);
        use(t, sample, sizeof sample - 1, false);
    } else if (bytes) {
        use(bytes, (const char *)copy, size, true);
    }
    wg_tok_free(t);
    free(copy);
    return 0;
}
