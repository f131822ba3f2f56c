/* Inside src/license: the result while it grows, and what its parts share. */
#ifndef WG_LICENSE_WORK_H
#define WG_LICENSE_WORK_H

#include "license/license.h"
#include "license/match.h"
#include "license/words.h"

struct wg_license_work {
    struct wg_license_result *r;
    const struct wg_pkg *pkg;
    const struct wg_use *use;
    struct wg_err *err;
    bool notice_file; /* the package has one */
};

/* A text in memory with its words, from the body on when it has front matter. */
struct wg_license_text {
    const char *path; /* inside the package */
    const char *p;
    size_t n;
    struct wg_words words;
};

/* Makes room for one more item in an arena array and returns it zeroed; NULL when out of memory. */
void *wg_license_grow(struct wg_arena *a, void *array, size_t *n, size_t item_bytes);

/* Text of words [first, end), cut at WG_LICENSE_MAX_QUOTE bytes at a word; NULL when out of
 * memory. */
const char *wg_license_quote(struct wg_arena *a, const struct wg_license_text *t, size_t first,
                             size_t end);
const char *wg_license_textf(struct wg_arena *a, const char *fmt, ...) WG_PRINTF(2, 3);

enum wg_status wg_license_reason(struct wg_license_work *w,
                                 struct wg_license_reason reason) WG_NODISCARD;

/* examine.c: finds known texts in t, fills f (state, found, edits, flags) and appends the clauses.
 */
enum wg_status wg_license_examine(struct wg_license_work *w, const struct wg_license_text *t,
                                  struct wg_license_file *f) WG_NODISCARD;
/* edits.c: for a text without a known one inside: is it one with edits? Fills state and edits, and
 * *ref, or leaves f alone and *ref NULL. */
enum wg_status wg_license_find_edits(struct wg_license_work *w, const struct wg_license_text *t,
                                     struct wg_license_file *f,
                                     const struct wg_ref_text **ref) WG_NODISCARD;
/* Does other text run on from the match: on its first or last line, or as an optional part with
 * edits? Then the whole is an edited text rather than a known one beside another. */
enum wg_status wg_license_runs_on(struct wg_license_work *w, const struct wg_license_text *t,
                                  const struct wg_match *m, bool *out) WG_NODISCARD;
/* Bytes of front matter at the start of a card, its closing line included; 0 for none. */
size_t wg_license_front_matter(const char *text, size_t n);
/* card.c: labels, base models and data sets. */
enum wg_status wg_license_read_card(struct wg_license_work *w, const char *path, const char *text,
                                    size_t n) WG_NODISCARD;
enum wg_status wg_license_read_metadata(struct wg_license_work *w, const char *path,
                                        const char *text, size_t n) WG_NODISCARD;
enum wg_status wg_license_read_gguf(struct wg_license_work *w, const char *path,
                                    const char *full) WG_NODISCARD;
enum wg_status wg_license_read_adapter(struct wg_license_work *w, const char *path,
                                       const char *full) WG_NODISCARD;
/* judge.c: reasons, obligations and the verdict, once everything is read. */
enum wg_status wg_license_judge(struct wg_license_work *w) WG_NODISCARD;

#endif
