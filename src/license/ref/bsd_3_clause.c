/* BSD 3-Clause License, with or without one of its titles, any copyright lines, and either word
 * for whoever holds the copyright, who may be named. */
#include "license/ref/bsd_3_clause.h"

#include "base/attr.h"

static const enum wg_use_key ask_commercial[] = {WG_USE_COMMERCIAL};
static const enum wg_use_key ask_passing_on[] = {WG_USE_REDISTRIBUTES_WEIGHTS,
                                                 WG_USE_REDISTRIBUTES_FINE_TUNE};

enum { TERMS = 11, ENDORSEMENT = 13, WARRANTY = 14 };

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
    {.topic = "endorsement",
     .clause = "3",
     .effect = WG_EFFECT_DUTY,
     .when = WG_WHEN_ALWAYS,
     .value = "no endorsement in the name of the holder or the contributors",
     .what = "do not advertise with the names of the copyright holder or the contributors",
     .part = ENDORSEMENT,
     .first = 0,
     .tokens = 23},
    {.topic = "warranty",
     .clause = "disclaimer",
     .effect = WG_EFFECT_NOTE,
     .when = WG_WHEN_ALWAYS,
     .value = "no warranty",
     .part = WARRANTY,
     .first = 0,
     .tokens = 36},
};

const struct wg_ref_text wg_ref_bsd_3_clause = {
    .id = "bsd-3-clause",
    .spdx = "BSD-3-Clause",
    .name = "BSD 3-Clause License",
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
