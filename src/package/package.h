/*
 * A package: the files of one model, wherever they lie, with a role each. This is the value that
 * the rest of the program starts from; nobody else looks for files.
 */
#ifndef WG_PACKAGE_PACKAGE_H
#define WG_PACKAGE_PACKAGE_H

#include "base/hash.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

enum wg_role {
    WG_ROLE_WEIGHTS,
    WG_ROLE_CONFIG,    /* config.json, generation_config.json */
    WG_ROLE_TOKENIZER, /* tokenizer.json, tokenizer.model, tekken.json, tokenizer_config.json ... */
    WG_ROLE_TEMPLATE,  /* chat_template.jinja, .json */
    WG_ROLE_LICENSE,
    WG_ROLE_NOTICE,
    WG_ROLE_POLICY, /* USE_POLICY.md and the like */
    WG_ROLE_CARD,   /* README.md */
    WG_ROLE_ADAPTER,
    WG_ROLE_CODE,
    WG_ROLE_OTHER,
};

const char *wg_role_name(enum wg_role role);
/* The role of a file by its path inside the package (rules: research conventions of model hubs). */
enum wg_role wg_role_of(const char *path);

struct wg_pkg_file {
    char *path; /* relative to the package, '/' separated */
    char *full; /* where it can be opened */
    uint64_t bytes;
    enum wg_role role;
    char sha256[WG_SHA256_HEX]; /* "" when the package is not from the store */
    char *source;               /* where it was fetched from; NULL when not from the store */
};

enum wg_weights_format { WG_WEIGHTS_NONE, WG_WEIGHTS_GGUF, WG_WEIGHTS_SAFETENSORS };

struct wg_gguf;
struct wg_st;

struct wg_pkg {
    char *name; /* as the user gave it, or the name in the store */
    char *root; /* folder, or the GGUF file itself (a blob, for a model of the store) */
    struct wg_pkg_file *files;
    size_t n_files;
    enum wg_weights_format format;
    /* When format is not NONE, the file to open: the first GGUF of a set, model.safetensors, or the
     * index (*.safetensors.index.json, role CONFIG) of safetensors shards. */
    size_t weights;
};

/*
 * Opens MODEL: a .gguf file (or the first of a split set: the other parts are found beside it), a
 * folder in Hugging Face layout, or a name in the store (or a reference that was pulled).
 * WG_E_NOT_FOUND for none of these, with the nearest store names in the message; WG_E_INPUT when a
 * split set is not whole.
 *
 * A folder of both formats is its GGUF: that holds tokenizer and configuration in itself and is as
 * a rule the smaller one; of several GGUF models the first by path is taken, with a warning. Of
 * several safetensors the order is model.safetensors.index.json, model.safetensors, another index,
 * another file, consolidated.* (the same weights under Mistral's own names), each in the root
 * before in folders below; shards without an index are WG_E_INPUT.
 */
enum wg_status wg_pkg_open(const char *model, struct wg_pkg **out, struct wg_err *err) WG_NODISCARD;
void wg_pkg_close(struct wg_pkg *p);

/* Opens the GGUF weights of p: the file, or all parts of the set, wherever they lie. */
enum wg_status wg_pkg_gguf(const struct wg_pkg *p, struct wg_gguf **out,
                           struct wg_err *err) WG_NODISCARD;

/* Opens the safetensors weights of p: the file, or what its index names. */
enum wg_status wg_pkg_safetensors(const struct wg_pkg *p, struct wg_st **out,
                                  struct wg_err *err) WG_NODISCARD;

/* First file with this role, or NULL. */
const struct wg_pkg_file *wg_pkg_find(const struct wg_pkg *p, enum wg_role role);
/* File at this path inside the package, or NULL. */
const struct wg_pkg_file *wg_pkg_file(const struct wg_pkg *p, const char *path);

#endif
