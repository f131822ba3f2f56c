/*
 * Known licence texts, without the texts. A reference is a sequence of word hashes
 * (license/words.h) cut into parts; parts may be optional, alternatives of each other, or holes
 * that a copyright line or a name fills. Everything else has to be there, word for word.
 *
 * To add one:
 *   1. write the publisher's text with part marks (docs/LICENSES.md, "Marks") outside the tree;
 *   2. `ninja -C build license-index && build/license-index MARKED > src/license/ref/<id>.h`, which
 *      holds hashes only;
 *   3. src/license/ref/<id>.c: names, SHA-256 of known files, and the clause table, with token
 *      ranges from build/license-index --number MARKED;
 *   4. its line in WG_REFS below and its file in src/license/meson.build;
 *   5. a row in docs/LICENSES.md. tests/unit/test_license.c fails when a range is outside its part,
 *      a part is empty, or a topic is not in WG_TOPICS.
 */
#ifndef WG_LICENSE_REF_H
#define WG_LICENSE_REF_H

#include "license/use.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* X(topic): what a clause is about. */
#define WG_TOPICS(X)                                                                               \
    X(commercial)                                                                                  \
    X(redistribute)                                                                                \
    X(derivative)                                                                                  \
    X(copy_of_license)                                                                             \
    X(modified_notice)                                                                             \
    X(attribution)                                                                                 \
    X(notice_file)                                                                                 \
    X(endorsement)                                                                                 \
    X(patent)                                                                                      \
    X(trademark)                                                                                   \
    X(threshold)                                                                                   \
    X(aup)                                                                                         \
    X(output_train)                                                                                \
    X(geo)                                                                                         \
    X(warranty)

enum wg_effect {
    WG_EFFECT_GRANT, /* allows */
    WG_EFFECT_DUTY,  /* demands something when `when` holds */
    WG_EFFECT_DENY,  /* forbids when `when` holds */
    WG_EFFECT_NOTE,  /* to be known, demands nothing of this use */
};

/* When a clause bites, in terms of USE.yaml. */
enum wg_when {
    WG_WHEN_ALWAYS,
    WG_WHEN_COMMERCIAL,
    WG_WHEN_REDISTRIBUTES,           /* weights or fine-tuned weights */
    WG_WHEN_REDISTRIBUTES_FINE_TUNE, /* fine-tuned weights */
    WG_WHEN_NOTICE_FILE,             /* redistributes, and the package has a NOTICE */
};

struct wg_clause {
    const char *topic;
    const char *clause; /* section number in the publisher's edition */
    enum wg_effect effect;
    enum wg_when when;
    const char *value;      /* what it means, in our words */
    const char *what;       /* of a duty: what to do; else NULL */
    uint16_t part;          /* index into parts */
    uint16_t first, tokens; /* the anchor: a range of that part's tokens */
    /* Answers of USE.yaml without which the clause cannot be judged. */
    const enum wg_use_key *needs;
    size_t n_needs;
};

enum wg_part_kind {
    WG_PART_TEXT,
    WG_PART_COPYRIGHT, /* copyright statements; none, one or several */
    WG_PART_NAME,      /* one to twelve words, none of them a term */
};

struct wg_ref_part {
    const char *name;
    enum wg_part_kind kind;
    bool optional;
    uint8_t alternative; /* consecutive parts with the same number > 0: one of them */
    uint32_t first, tokens;
};

struct wg_ref_text {
    const char *id, *spdx, *name;
    bool osi_approved;
    const uint64_t *words;  /* the distinct hashes */
    const uint16_t *tokens; /* indices into words; bit 15: an enumerator (soft) */
    size_t n_words, n_tokens;
    const struct wg_ref_part *parts;
    size_t n_parts;
    const struct wg_clause *clauses;
    size_t n_clauses;
    const char *const *sha256; /* of files that are this text, byte for byte */
    size_t n_sha256;
};

enum { WG_REF_SOFT = 0x8000 };

/* X(C name) */
#define WG_REFS(X)                                                                                 \
    X(apache_2_0)                                                                                  \
    X(mit)                                                                                         \
    X(bsd_2_clause)                                                                                \
    X(bsd_3_clause)

#define WG_REF_DECLARE(name) extern const struct wg_ref_text wg_ref_##name;
WG_REFS(WG_REF_DECLARE)
#undef WG_REF_DECLARE

size_t wg_ref_count(void);
const struct wg_ref_text *wg_ref_at(size_t i);
/* By its id, its SPDX id or a label that hubs use for it, case ignored; NULL for none. */
const struct wg_ref_text *wg_ref_by_label(const char *label);

#endif
