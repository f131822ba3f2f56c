/*
 * A pull at work: a folder partial/KEY of the store, KEY from the hash of the reference, that one
 * process holds at a time. Fetched files gather in it under plain names; committing moves them
 * into blobs and names them in the catalogue. What a killed or interrupted pull leaves here is what
 * the next pull of the same reference goes on from.
 */
#ifndef WG_PACKAGE_STAGE_H
#define WG_PACKAGE_STAGE_H

#include "package/store.h"

struct wg_stage {
    struct wg_store *store; /* borrowed */
    char *dir;
    char *ref;
    int lock_fd; /* inherited by children, so that a pull waits for what it started */
    struct wg_store_file *files; /* staged so far */
    char **tmp;                  /* n_files: where each lies now */
    size_t n_files;
};

/* Makes the folder and takes its lock, waiting (with a note) while another pull has it. */
enum wg_status wg_stage_open(struct wg_store *s, const char *ref, struct wg_stage *out,
                             struct wg_err *err) WG_NODISCARD;
/* Releases the lock; without `keep` removes the folder. */
void wg_stage_close(struct wg_stage *stage, bool keep);

/* Full path of `name` in the folder; wg_free it. */
char *wg_stage_path(const struct wg_stage *stage, const char *name) WG_NODISCARD;
/* Adds the finished file `tmp` as `path` of the model; the strings are copied. */
enum wg_status wg_stage_add(struct wg_stage *stage, const char *path, const char *tmp,
                            const char *sha256, uint64_t bytes, const char *source,
                            const char *etag, struct wg_err *err) WG_NODISCARD;
/* Whether a file is staged under this path. */
bool wg_stage_has(const struct wg_stage *stage, const char *path);
/*
 * Reads every staged GGUF header (a damaged one is refused here), syncs, moves the files into
 * blobs, and names them: wg_store_add. `fallback` is for wg_store_name.
 */
enum wg_status wg_stage_commit(struct wg_stage *stage, const char *name, const char *fallback,
                               struct wg_store_model **out, struct wg_err *err) WG_NODISCARD;

#endif
