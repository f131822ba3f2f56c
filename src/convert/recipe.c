#include "convert/recipe.h"

#include "base/attr.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Which layers a rule is for; the first ones and the last ones are the most sensitive. */
enum layers {
    ALL,
    FIRST_TWO,
    FIRST_16TH, /* of n / 16 layers */
    FIRST_8TH,
    SOME,      /* the first and the last eighth, and every third between them */
    SHARED_4,  /* all, where 4 or more query heads share what the tensor makes */
    SHARED_8,  /* as SHARED_4 */
    TIED_ONLY, /* the embedding that is the output head too */
};

/* "blk.N." + stem + ".weight", or stem + ".weight"; the first rule that fits is taken. */
struct rule {
    const char *stem;
    enum layers layers;
    enum wg_type type;
};

struct wg_recipe {
    const char *name;
    uint32_t file_type;
    enum wg_type base;
    const struct rule *rules; /* stem NULL at the end */
};

// clang-format off
static const struct rule plain[] = {{0}};

static const struct rule head[] = {
    {"output",     ALL,       WG_TYPE_Q6_K},
    {"token_embd", TIED_ONLY, WG_TYPE_Q6_K},
    {0},
};

static const struct rule q2_k[] = {
    {"output",        ALL,       WG_TYPE_Q6_K},
    {"token_embd",    TIED_ONLY, WG_TYPE_Q6_K},
    {"attn_v",        SHARED_4,  WG_TYPE_Q4_K},
    {"attn_v",        ALL,       WG_TYPE_Q3_K},
    {"attn_qkv",      ALL,       WG_TYPE_Q3_K},
    {"attn_output",   ALL,       WG_TYPE_Q3_K},
    {"ffn_down",      ALL,       WG_TYPE_Q3_K},
    {"ffn_down_exps", ALL,       WG_TYPE_Q3_K},
    {0},
};

static const struct rule q3_k_m[] = {
    {"output",        ALL,        WG_TYPE_Q6_K},
    {"token_embd",    TIED_ONLY,  WG_TYPE_Q6_K},
    {"attn_v",        FIRST_TWO,  WG_TYPE_Q5_K},
    {"attn_v",        SHARED_8,   WG_TYPE_Q5_K},
    {"attn_v",        ALL,        WG_TYPE_Q4_K},
    {"attn_qkv",      ALL,        WG_TYPE_Q4_K},
    {"attn_output",   ALL,        WG_TYPE_Q4_K},
    {"ffn_down",      FIRST_16TH, WG_TYPE_Q5_K},
    {"ffn_down",      SOME,       WG_TYPE_Q4_K},
    {"ffn_down_exps", FIRST_16TH, WG_TYPE_Q5_K},
    {"ffn_down_exps", SOME,       WG_TYPE_Q4_K},
    {0},
};

static const struct rule q4_k_m[] = {
    {"output",        ALL,       WG_TYPE_Q6_K},
    {"token_embd",    TIED_ONLY, WG_TYPE_Q6_K},
    {"attn_v",        SOME,      WG_TYPE_Q6_K},
    {"attn_v",        SHARED_8,  WG_TYPE_Q5_K},
    {"attn_qkv",      ALL,       WG_TYPE_Q5_K},
    {"ffn_down",      SOME,      WG_TYPE_Q6_K},
    {"ffn_down_exps", SOME,      WG_TYPE_Q6_K},
    {0},
};

static const struct rule q5_k_m[] = {
    {"output",        ALL,       WG_TYPE_Q6_K},
    {"token_embd",    TIED_ONLY, WG_TYPE_Q6_K},
    {"attn_v",        SOME,      WG_TYPE_Q6_K},
    {"attn_qkv",      ALL,       WG_TYPE_Q6_K},
    {"ffn_down",      SOME,      WG_TYPE_Q6_K},
    {"ffn_down_exps", SOME,      WG_TYPE_Q6_K},
    {0},
};

static const struct rule iq4_xs[] = {
    {"output",        ALL,       WG_TYPE_Q6_K},
    {"token_embd",    TIED_ONLY, WG_TYPE_Q6_K},
    {"attn_v",        SHARED_4,  WG_TYPE_Q5_K},
    {"attn_qkv",      ALL,       WG_TYPE_Q5_K},
    {"ffn_down",      FIRST_8TH, WG_TYPE_Q5_K},
    {"ffn_down_exps", FIRST_8TH, WG_TYPE_Q5_K},
    {0},
};

static const struct wg_recipe recipes[] = {
    {"F32",    0,  WG_TYPE_F32,    plain},
    {"F16",    1,  WG_TYPE_F16,    plain},
    {"BF16",   32, WG_TYPE_BF16,   plain},
    {"Q8_0",   7,  WG_TYPE_Q8_0,   plain},
    {"Q6_K",   18, WG_TYPE_Q6_K,   plain},
    {"Q5_K_M", 17, WG_TYPE_Q5_K,   q5_k_m},
    {"Q5_1",   9,  WG_TYPE_Q5_1,   head},
    {"Q5_0",   8,  WG_TYPE_Q5_0,   head},
    {"Q4_K_M", 15, WG_TYPE_Q4_K,   q4_k_m},
    {"Q4_1",   3,  WG_TYPE_Q4_1,   head},
    {"Q4_0",   2,  WG_TYPE_Q4_0,   head},
    {"IQ4_XS", 30, WG_TYPE_IQ4_XS, iq4_xs},
    {"IQ4_NL", 25, WG_TYPE_IQ4_NL, iq4_xs},
    {"Q3_K_M", 12, WG_TYPE_Q3_K,   q3_k_m},
    {"Q2_K",   10, WG_TYPE_Q2_K,   q2_k},
};

/* Where a row is no multiple of 256, and of 32. */
static const struct { enum wg_type from, to; } fallbacks[] = {
    {WG_TYPE_Q2_K,   WG_TYPE_IQ4_NL},
    {WG_TYPE_Q3_K,   WG_TYPE_IQ4_NL},
    {WG_TYPE_IQ4_XS, WG_TYPE_IQ4_NL},
    {WG_TYPE_Q4_K,   WG_TYPE_Q5_0},
    {WG_TYPE_Q5_K,   WG_TYPE_Q5_1},
    {WG_TYPE_Q6_K,   WG_TYPE_Q8_0},
};
// clang-format on

const struct wg_recipe *wg_recipe_find(const char *name)
{
    for (size_t i = 0; i < WG_COUNT(recipes); i++)
        if (strcasecmp(recipes[i].name, name) == 0)
            return &recipes[i];
    return NULL;
}

const struct wg_recipe *wg_recipe_at(size_t i)
{
    return i < WG_COUNT(recipes) ? &recipes[i] : NULL;
}

const char *wg_recipe_name(const struct wg_recipe *r)
{
    return r->name;
}

uint32_t wg_recipe_file_type(const struct wg_recipe *r)
{
    return r->file_type;
}

static bool in_layers(enum layers which, const struct wg_recipe_model *m, int64_t layer)
{
    int64_t n = m->n_layers, eighth = n / 8;

    switch (which) {
    case FIRST_TWO:
        return layer < 2;
    case FIRST_16TH:
        return layer < n / 16;
    case FIRST_8TH:
        return layer < eighth;
    case SOME:
        return layer < eighth || layer >= 7 * n / 8 || (layer - eighth) % 3 == 2;
    case SHARED_4:
        return m->heads_per_kv >= 4;
    case SHARED_8:
        return m->heads_per_kv >= 8;
    case TIED_ONLY:
        return m->tied;
    case ALL:
        break;
    }
    return true;
}

int64_t wg_recipe_layer(const char *name, const char **rest)
{
    char *end;

    *rest = name;
    if (strncmp(name, "blk.", 4) != 0 || name[4] < '0' || name[4] > '9')
        return -1;
    errno = 0;
    unsigned long layer = strtoul(name + 4, &end, 10);
    if (errno != 0 || *end != '.' || layer > INT32_MAX)
        return -1;
    *rest = end + 1;
    return (int64_t)layer;
}

/* As wg_recipe_layer without ".weight": "ffn_down", n bytes. False for a name without it. */
static bool parse_name(const char *name, int64_t *layer, const char **stem, size_t *n)
{
    const char *end = strrchr(name, '.');

    *layer = wg_recipe_layer(name, stem);
    if (!end || strcmp(end, ".weight") != 0 || *stem >= end)
        return false;
    *n = (size_t)(end - *stem);
    return true;
}

/* Small ones that decide much. */
static bool is_kept(const char *stem, size_t n)
{
    static const char *const kept[] = {"ffn_gate_inp", "ffn_gate_inp_shexp", "token_types",
                                       "position_embd", "ssm_conv1d"};

    if (memmem(stem, n, "norm", 4))
        return true;
    for (size_t i = 0; i < WG_COUNT(kept); i++)
        if (strlen(kept[i]) == n && memcmp(kept[i], stem, n) == 0)
            return true;
    return false;
}

static enum wg_type fitting(enum wg_type type, int64_t row)
{
    for (size_t i = 0; i < WG_COUNT(fallbacks); i++)
        if (fallbacks[i].from == type && row % wg_type_info((uint32_t)type)->block_values != 0)
            type = fallbacks[i].to;
    return row % wg_type_info((uint32_t)type)->block_values == 0 ? type : WG_TYPE_F16;
}

bool wg_recipe_type(const struct wg_recipe *r, const struct wg_recipe_model *m, const char *name,
                    int n_dims, const int64_t *ne, enum wg_type *out)
{
    int64_t layer;
    const char *stem;
    size_t n;

    if (n_dims < 2 || !parse_name(name, &layer, &stem, &n) || is_kept(stem, n))
        return false;
    enum wg_type type = r->base;
    for (const struct rule *rule = r->rules; rule->stem; rule++) {
        if (strlen(rule->stem) == n && memcmp(rule->stem, stem, n) == 0 &&
            in_layers(rule->layers, m, layer)) {
            type = rule->type;
            break;
        }
    }
    *out = fitting(type, ne[0]);
    return true;
}
