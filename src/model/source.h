/*
 * Where a model's weights come from: a GGUF file or a folder in Hugging Face layout, seen as one
 * list of tensors under the names of GGUF ("blk.0.attn_q.weight"). What the two store differently
 * is named here and absorbed by the loader; the graph never knows.
 */
#ifndef WG_MODEL_SOURCE_H
#define WG_MODEL_SOURCE_H

#include "base/arena.h"
#include "model/config.h"
#include "model/families/families.h"
#include "model/spec.h"

struct wg_gguf;
struct wg_pkg;
struct wg_st;
struct wg_tensor;

struct wg_source_tensor {
    const char *name; /* of GGUF */
    const struct wg_tensor *tensor;
    bool used; /* the loader's mark */
};

struct wg_source {
    const char *name;     /* of the file or folder, for messages */
    struct wg_gguf *gguf; /* or NULL */
    struct wg_st *st;     /* or NULL */
    struct wg_config config;
    struct wg_spec spec;
    const struct wg_family *family;
    struct wg_source_tensor *tensors; /* sorted by name */
    size_t n_tensors;
    bool norm_plus_one; /* norm weights are kept less 1 */
    struct wg_arena arena;
};

/* Opens the weights of a package and reads the spec. A tensor name that the family does not know is
 * WG_E_UNSUPPORTED. The package has to stay open. */
enum wg_status wg_source_open(const struct wg_pkg *pkg, struct wg_source **out,
                              struct wg_err *err) WG_NODISCARD;
void wg_source_close(struct wg_source *s);

/* Marks the tensor as used; NULL when there is none of this name. */
const struct wg_tensor *wg_source_take(struct wg_source *s, const char *name);

#endif
