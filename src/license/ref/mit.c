/* MIT License, with or without one of its titles, and any copyright lines. */
#include "license/ref/mit.h"

#include "base/attr.h"

static const enum wg_use_key ask_commercial[] = {WG_USE_COMMERCIAL};
static const enum wg_use_key ask_passing_on[] = {WG_USE_REDISTRIBUTES_WEIGHTS,
                                                 WG_USE_REDISTRIBUTES_FINE_TUNE};

enum { TERMS = 6 };

static const struct wg_clause clauses[] = {
    {.topic = "commercial",
     .clause = "grant",
     .effect = WG_EFFECT_GRANT,
     .when = WG_WHEN_ALWAYS,
     .value = "any use, commercial too; changing, passing on and selling included",
     .part = TERMS,
     .first = 22,
     .tokens = 27,
     .needs = ask_commercial,
     .n_needs = WG_COUNT(ask_commercial)},
    {.topic = "copy_of_license",
     .clause = "condition",
     .effect = WG_EFFECT_DUTY,
     .when = WG_WHEN_REDISTRIBUTES,
     .value = "copyright and permission notice go with every copy",
     .what = "keep the copyright line and this licence text in every copy",
     .part = TERMS,
     .first = 67,
     .tokens = 20,
     .needs = ask_passing_on,
     .n_needs = WG_COUNT(ask_passing_on)},
    {.topic = "warranty",
     .clause = "disclaimer",
     .effect = WG_EFFECT_NOTE,
     .when = WG_WHEN_ALWAYS,
     .value = "no warranty",
     .part = TERMS,
     .first = 87,
     .tokens = 11},
};

const struct wg_ref_text wg_ref_mit = {
    .id = "mit",
    .spdx = "MIT",
    .name = "MIT License",
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
