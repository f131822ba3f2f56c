/*
 * What a package may be used for: which licence texts it holds, word for word, what its label says,
 * which clauses follow, and a verdict for one intended use. Not legal advice.
 *
 * Every quote in a result is a substring of the user's file, from the line named. A text that is
 * not in the data is NONE, never the nearest; what is not proven leads to REVIEW, never to GO.
 */
#ifndef WG_LICENSE_LICENSE_H
#define WG_LICENSE_LICENSE_H

#include "base/arena.h"
#include "base/json.h"
#include "base/status.h"
#include "license/ref.h"
#include "license/use.h"
#include "license/verdict.h"
#include "package/package.h"

#include <stdbool.h>
#include <stddef.h>

/* X(enumerator and name) of what a file was found to be. */
#define WG_LICENSE_STATES(X)                                                                       \
    X(EXACT_BYTES)   /* the file has a known SHA-256 */                                            \
    X(EXACT_TEXT)    /* every token of a known text and no other */                                \
    X(EXACT_IN_FILE) /* a known text, and foreign text before or after it */                       \
    X(VARIANT)                                                                                     \
    X(EDITED) /* close to a known text, with the edits listed */                                   \
    X(TRUNCATED)                                                                                   \
    X(PARTIAL)                                                                                     \
    X(MULTI) /* more than one known text */                                                        \
    X(TITLE_ONLY)                                                                                  \
    X(LINK_ONLY)                                                                                   \
    X(TRANSLATED)                                                                                  \
    X(NONE) /* not a text that is known here */

enum wg_license_state {
#define WG_LICENSE_STATE_ENUM(e) WG_LICENSE_##e,
    WG_LICENSE_STATES(WG_LICENSE_STATE_ENUM)
#undef WG_LICENSE_STATE_ENUM
        WG_LICENSE_STATE_COUNT
};

enum wg_license_flag { /* a set */
                       WG_LICENSE_SUSPICIOUS_CHARACTERS = 1 << 0,
                       WG_LICENSE_VERSION_CONFLICT = 1 << 1,
                       WG_LICENSE_ADDITIONAL_TERMS = 1 << 2,
};

enum wg_edit_kind { WG_EDIT_INSERT, WG_EDIT_DELETE, WG_EDIT_REPLACE };

/* A known text found in a file. */
struct wg_license_found {
    const struct wg_ref_text *ref;
    size_t first_line, last_line;
};

/* Where the file differs from the known text. For a deletion, text is "" and line is where the
 * words are missing: the words themselves are not in the program. */
struct wg_license_edit {
    enum wg_edit_kind kind;
    size_t line;
    const char *text;   /* from the file, cut at WG_LICENSE_MAX_QUOTE */
    size_t words;       /* of the file, that the edit covers */
    size_t words_known; /* of the known text, that it replaces or deletes */
    bool sensitive;     /* a number, a negation, a permission, or inside a clause */
};

struct wg_license_file {
    const char *path; /* inside the package */
    enum wg_role role;
    enum wg_license_state state;
    unsigned flags;
    const char *sha256;
    struct wg_license_found *found;
    size_t n_found;
    struct wg_license_edit *edits;
    size_t n_edits;
    size_t suspicious_line; /* first line with a suspicious character, 0 if none */
};

/* A base model or data set that a card or a GGUF names. */
struct wg_license_link {
    const char *id;
    const char *source; /* file, or "model.gguf: general.base_model.0.repo_url" */
};

enum wg_clause_state { WG_CLAUSE_INTACT, WG_CLAUSE_ALTERED, WG_CLAUSE_MISSING };

struct wg_license_clause {
    const struct wg_ref_text *ref;
    const struct wg_clause *clause;
    enum wg_clause_state state;
    const char *file;
    size_t line;       /* 0 when not intact */
    const char *quote; /* NULL when not intact */
};

struct wg_license_reason {
    const char *topic; /* a clause topic, or text, label, inheritance, use, policy */
    enum wg_verdict verdict;
    const char *why;
    const char *file; /* NULL when there is no file to point at */
    size_t line;      /* 0: the whole file */
    const char *quote;
};

struct wg_license_obligation {
    const char *what;
    const char *file;
    size_t line;
    const char *quote;
};

struct wg_license_result {
    struct wg_arena arena; /* owns everything below */
    struct wg_license_file *files;
    size_t n_files;
    const char *label, *label_source; /* NULL: no label anywhere */
    bool label_conflict;              /* two labels of the package differ */
    bool mismatch_known, mismatch;    /* known only with a label and an identified text */
    struct wg_license_link *base_models, *datasets;
    size_t n_base_models, n_datasets;
    struct wg_license_clause *clauses;
    size_t n_clauses;
    enum wg_verdict verdict; /* NONE without a use */
    struct wg_license_reason *reasons;
    size_t n_reasons;
    struct wg_license_obligation *obligations;
    size_t n_obligations;
};

/* `use` may be NULL: then the verdict is NONE and reasons say only what holds for any use. */
enum wg_status wg_license_package(const struct wg_pkg *p, const struct wg_use *use,
                                  struct wg_license_result **out, struct wg_err *err) WG_NODISCARD;
/* PATH of the command line: a licence text, a card, a GGUF file, a folder, or a store name. */
enum wg_status wg_license_path(const char *path, const struct wg_use *use,
                               struct wg_license_result **out, struct wg_err *err) WG_NODISCARD;
void wg_license_free(struct wg_license_result *r);

/* The document of `weigh license --json`; a new reference, NULL when out of memory. */
json_t *wg_license_json(const struct wg_license_result *r) WG_NODISCARD;
const char *wg_license_state_name(enum wg_license_state s);
/* "This is not legal advice." in one sentence, the only place that says it. */
extern const char wg_license_disclaimer[];

#endif
