/* BSD 2-Clause License, with or without one of its titles, any copyright lines, and either word
 * for whoever holds the copyright. */
#include "license/ref/bsd_2_clause.h"

#include "base/attr.h"

static const enum wg_use_key ask_commercial[] = {WG_USE_COMMERCIAL};
static const enum wg_use_key ask_passing_on[] = {WG_USE_REDISTRIBUTES_WEIGHTS,
                                                 WG_USE_REDISTRIBUTES_FINE_TUNE};

enum { TERMS = 9, WARRANTY = 10 };

static const struct wg_clause clauses[] = {
    {.topic = "commercial",
     .clause = "grant",
     .effect = WG_EFFECT_GRANT,
     .when = WG_WHEN_ALWAYS,
     .value = "any use, commercial too; changing and passing on under the conditions",
     .part = TERMS,
     .first = 0,
     .tokens = 21,
     .needs = ask_commercial,
     .n_needs = WG_COUNT(ask_commercial)},
    {.topic = "copy_of_license",
     .clause = "1",
     .effect = WG_EFFECT_DUTY,
     .when = WG_WHEN_REDISTRIBUTES,
     .value = "source copies keep copyright line, conditions and disclaimer",
     .what = "keep the copyright line, the conditions and the disclaimer in every copy",
     .part = TERMS,
     .first = 21,
     .tokens = 18,
     .needs = ask_passing_on,
     .n_needs = WG_COUNT(ask_passing_on)},
    {.topic = "attribution",
     .clause = "2",
     .effect = WG_EFFECT_DUTY,
     .when = WG_WHEN_REDISTRIBUTES,
     .value = "other copies reproduce them in what comes with the copy",
     .what = "reproduce the copyright line, the conditions and the disclaimer in the documentation",
     .part = TERMS,
     .first = 39,
     .tokens = 29,
     .needs = ask_passing_on,
     .n_needs = WG_COUNT(ask_passing_on)},
    {.topic = "warranty",
     .clause = "disclaimer",
     .effect = WG_EFFECT_NOTE,
     .when = WG_WHEN_ALWAYS,
     .value = "no warranty",
     .part = WARRANTY,
     .first = 0,
     .tokens = 36},
};

const struct wg_ref_text wg_ref_bsd_2_clause = {
    .id = "bsd-2-clause",
    .spdx = "BSD-2-Clause",
    .name = "BSD 2-Clause License",
    .osi_approved = true,
    .words = words,
    .n_words = WG_COUNT(words),
    .tokens = tokens,
    .n_tokens = WG_COUNT(tokens),
    .parts = parts,
    .n_parts = WG_COUNT(parts),
    .clauses = clauses,
    .n_clauses = WG_COUNT(clauses),
};
