/*
 * Registry of quantizations by the names that people know them by: which tensor gets which type. A
 * recipe is a base type and rules for the tensors that are worth more bits, since errors in them
 * move the result most: the output head, values of attention, the projections back into the
 * residual stream. Norms, biases and routers are never quantized.
 *
 * To add one: 1. its rules and its line in recipe.c; 2. its row in docs/FORMATS.md; 3. where its
 * base type is new, its row in fallbacks[]. tests/unit/test_recipe.c holds what the layers of a
 * model get.
 */
#ifndef WG_CONVERT_RECIPE_H
#define WG_CONVERT_RECIPE_H

#include "base/type.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wg_recipe;

/* By name, in upper or lower case; NULL when there is none. */
const struct wg_recipe *wg_recipe_find(const char *name);
const struct wg_recipe *wg_recipe_at(size_t i); /* NULL past the last */
const char *wg_recipe_name(const struct wg_recipe *r);
uint32_t wg_recipe_file_type(const struct wg_recipe *r); /* general.file_type of GGUF files */

/* "blk.3.ffn_down.weight" -> 3 and "ffn_down.weight"; -1 and the name itself outside the layers. */
int64_t wg_recipe_layer(const char *name, const char **rest);

/* What the rules ask about the model. */
struct wg_recipe_model {
    int64_t n_layers;
    int64_t heads_per_kv; /* query heads that share a KV head */
    bool tied;            /* the output head is the embedding */
};

/* The type of the tensor with this GGUF name; false when it is left as it is. A row that is no
 * multiple of the type's block gets the recipe's next best type of smaller blocks. */
bool wg_recipe_type(const struct wg_recipe *r, const struct wg_recipe_model *m, const char *name,
                    int n_dims, const int64_t *ne, enum wg_type *out);

#endif
