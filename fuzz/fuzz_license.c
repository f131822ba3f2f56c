/*
 * Words, matcher and edits of licence texts. An even first byte: the rest is a text. An odd one: a
 * reference is laid out from its hashes and edited as the rest says (the hashes alone do not let a
 * fuzzer write a text that matches); an edited one may not be whole.
 */
#include "fuzz.h"

#include "base/mem.h"
#include "license/match.h"
#include "license/work.h"

#include <stdlib.h>
#include <string.h>

static void examine(const struct wg_license_text *t)
{
    struct wg_license_result *r = wg_calloc(1, sizeof *r);
    struct wg_pkg pkg = {0};
    struct wg_license_work w = {.r = r, .pkg = &pkg};
    struct wg_license_file f = {.path = "LICENSE", .role = WG_ROLE_LICENSE};

    wg_arena_init(&r->arena, 16 << 20);
    if (wg_license_examine(&w, t, &f) == WG_OK)
        for (size_t i = 0; i < f.n_edits; i++)
            if (f.edits[i].text[0] &&
                !memmem(t->p, t->n, f.edits[i].text, strlen(f.edits[i].text)) &&
                !memchr(t->p, 0, t->n))
                abort(); /* a quote that is not in the text */
    wg_license_free(r);
}

static void fuzz_text(const char *p, size_t n)
{
    struct wg_license_text t = {.path = "LICENSE", .p = p, .n = n};
    uint32_t last = 0;

    if (wg_words_read(&t.words, p, n, "LICENSE", NULL) != WG_OK)
        return;
    for (size_t i = 0; i < t.words.n; i++) {
        const struct wg_token *w = &t.words.tokens[i];
        if (w->offset < last || w->bytes == 0 || (size_t)w->offset + w->bytes > n)
            abort();
        last = w->offset + w->bytes;
    }
    examine(&t);
    wg_words_release(&t.words);
}

/* Each three bytes: what to do, and where. */
static void fuzz_edits(const struct wg_ref_text *ref, const uint8_t *data, size_t size)
{
    struct wg_words w = {.text = ""};
    bool edited = false;

    w.tokens = wg_calloc(ref->n_tokens + size + 2 * ref->n_parts, sizeof *w.tokens);
    for (size_t p = 0; p < ref->n_parts; p++) {
        const struct wg_ref_part *part = &ref->parts[p];
        if (part->kind == WG_PART_NAME)
            w.tokens[w.n++].hash = wg_word_hash("acme", 4);
        if (part->optional ||
            (p > 0 && part->alternative && part->alternative == ref->parts[p - 1].alternative))
            continue;
        for (uint32_t i = part->first; i < part->first + part->tokens; i++) {
            w.tokens[w.n].flags = ref->tokens[i] & WG_REF_SOFT ? WG_TOKEN_SOFT : 0;
            w.tokens[w.n++].hash = ref->words[ref->tokens[i] & ~WG_REF_SOFT];
        }
    }
    for (size_t k = 0; k + 2 < size && w.n > 1; k += 3) {
        size_t at = (size_t)(data[k + 1] << 8 | data[k + 2]) % w.n;
        if (data[k] % 3 == 0) {
            memmove(w.tokens + at, w.tokens + at + 1, (w.n - at - 1) * sizeof *w.tokens);
            w.n--;
            edited = true;
        } else {
            if (data[k] % 3 == 1)
                memmove(w.tokens + at + 1, w.tokens + at, (w.n++ - at) * sizeof *w.tokens);
            w.tokens[at] = (struct wg_token){.hash = wg_word_hash("not", 3), .line = 1};
            edited = true;
        }
    }
    for (size_t i = 0; i < w.n; i++)
        w.tokens[i].line = 1;
    struct wg_match m;
    bool whole = wg_match_find(ref, &w, 0, &m) && m.first == 0 && m.end == w.n;
    if (!edited && !whole)
        abort();
    wg_free(w.tokens);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    if (data[0] & 1) {
        fuzz_edits(wg_ref_at(data[1] % wg_ref_count()), data + 2, size - 2);
        return 0;
    }
    char *copy = wg_calloc(size - 1, 1); /* exact size, so that a read past the end is seen */
    if (copy) {
        memcpy(copy, data + 1, size - 1);
        fuzz_text(copy, size - 1);
    }
    wg_free(copy);
    return 0;
}
