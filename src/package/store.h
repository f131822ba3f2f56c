/*
 * The store: every model that `weigh pull` kept, under $WEIGH_HOME (default $XDG_DATA_HOME/weigh,
 * else ~/.local/share/weigh).
 *
 *   blobs/sha256/ab/cdef...   content, named by its SHA-256; read-only, shared by models
 *   catalogue.db              SQLite in WAL mode: models and their files
 *   partial/KEY/              a pull at work or interrupted (package/stage.h), with KEY.lock
 *   lock                      taken shared to put blobs in place, exclusive to remove some
 *
 * What is in the catalogue is whole: blobs are synced and renamed into place before one transaction
 * names them, so a process that is killed at any moment leaves at most files in partial/ and blobs
 * that no model names; the next removal sweeps those. Several processes may use a store at once. A
 * read-only store can be read.
 */
#ifndef WG_PACKAGE_STORE_H
#define WG_PACKAGE_STORE_H

#include "base/hash.h"
#include "base/status.h"
#include "package/package.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wg_store;

struct wg_store_file {
    char *path; /* inside the model, '/' separated */
    enum wg_role role;
    char sha256[WG_SHA256_HEX];
    uint64_t bytes;
    char *source; /* where it was fetched from */
    char *etag;   /* the far side's mark of this version, or "" */
};

/* Owned by the caller of the function that gave it: wg_store_model_free. */
struct wg_store_model {
    char *name;
    char *ref;                   /* what was pulled, in its canonical form */
    int64_t added_at;            /* seconds since 1970, UTC */
    struct wg_store_file *files; /* by path */
    size_t n_files;
};

/* Folder of the store, whether it exists or not; wg_free it. */
enum wg_status wg_store_home(char **out, struct wg_err *err) WG_NODISCARD;

/* With `create` makes what is missing; else WG_E_NOT_FOUND when there is no store yet. */
enum wg_status wg_store_open(bool create, struct wg_store **out, struct wg_err *err) WG_NODISCARD;
void wg_store_close(struct wg_store *s);
const char *wg_store_folder(const struct wg_store *s);

/* By name, else by the reference it was pulled from (the last one pulled). WG_E_NOT_FOUND says
 * which names are near. */
enum wg_status wg_store_find(struct wg_store *s, const char *name, struct wg_store_model **out,
                             struct wg_err *err) WG_NODISCARD;
/* All models by name: *n of them in *out, each to be freed, then the array with wg_free. */
enum wg_status wg_store_list(struct wg_store *s, struct wg_store_model ***out, size_t *n,
                             struct wg_err *err) WG_NODISCARD;
void wg_store_model_free(struct wg_store_model *m);
void wg_store_models_free(struct wg_store_model **models, size_t n);

/* Where the content with this hash is or would be; wg_free it. NULL: out of memory. */
char *wg_store_blob(const struct wg_store *s, const char *sha256) WG_NODISCARD;
/* Hashes a file of the store: "ok", "changed" or "missing" in *state (static). */
enum wg_status wg_store_check(const struct wg_store *s, const struct wg_store_file *f,
                              const char **state, struct wg_err *err) WG_NODISCARD;

/* Forgets a model and removes blobs that no model names; *freed_bytes may be NULL. */
enum wg_status wg_store_remove(struct wg_store *s, const char *name, uint64_t *freed_bytes,
                               struct wg_err *err) WG_NODISCARD;

/* Removes blobs that no model names, such as a killed pull leaves. */
enum wg_status wg_store_sweep(struct wg_store *s, struct wg_err *err) WG_NODISCARD;

/*
 * Names `files` (whose blobs are in place) in one transaction and returns the model. `name` NULL
 * takes the first free one of the names that wg_store_name gives with `fallback`. A model of the
 * chosen name is replaced when it came from the same reference or has the same files; with `name`
 * given and taken by another model this is WG_E_FAILED.
 */
enum wg_status wg_store_add(struct wg_store *s, const char *name, const char *fallback,
                            const char *ref, const struct wg_store_file *files, size_t n_files,
                            struct wg_store_model **out, struct wg_err *err) WG_NODISCARD;

/* Waits for the lock of the store, shared or exclusive; returns a descriptor to close, or -1. */
int wg_store_lock(struct wg_store *s, bool exclusive, struct wg_err *err) WG_NODISCARD;

/*
 * The name of a model, from the file name of its weights: lower case, without extension and split
 * number, what is not a letter, digit or dot as one '-', and without the quantization at its end.
 * SmolLM2-135M-Instruct.Q4_1.gguf is smollm2-135m-instruct. `attempt` 1 keeps the quantization, 2
 * appends six digits of the weights' hash. Where the file name says nothing ("model",
 * "ggml-model"), `fallback` (package name, folder) takes its place.
 */
enum { WG_STORE_NAME_BYTES = 128, WG_STORE_NAME_ATTEMPTS = 3 };
void wg_store_name(char out[WG_STORE_NAME_BYTES], const char *weights_path, const char *fallback,
                   const char *sha256, int attempt);
/* A name that a user gives: 1 to 100 of a-z 0-9 . _ - beginning with a letter or digit. */
enum wg_status wg_store_name_check(const char *name, struct wg_err *err) WG_NODISCARD;

#endif
