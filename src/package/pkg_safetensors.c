/* Which of a folder's safetensors files are the model. */
#include "package/pkg_build.h"

#include "base/attr.h"
#include "base/file.h"
#include "base/log.h"

#include <stdbool.h>
#include <string.h>

#define INDEX ".safetensors.index.json"

enum { NOT_WEIGHTS = 1000 };

/* The lowest is taken. */
static int rank(const struct wg_pkg_file *f)
{
    bool index = wg_has_suffix(f->path, INDEX);
    const char *name = wg_basename(f->path);
    int below = name != f->path ? 10 : 0;
    unsigned no, count;

    if (index ? f->role != WG_ROLE_CONFIG
              : f->role != WG_ROLE_WEIGHTS || !wg_has_suffix(f->path, ".safetensors"))
        return NOT_WEIGHTS;
    if (strcmp(name, "model" INDEX) == 0)
        return below;
    if (strcmp(name, "model.safetensors") == 0)
        return below + 1;
    if (strncmp(name, "consolidated", strlen("consolidated")) == 0)
        return below + (index ? 4 : 5);
    if (wg_numbered_stem(f->path, ".safetensors", &no, &count))
        return below + 6;
    return below + (index ? 2 : 3);
}

enum wg_status wg_pkg_choose_safetensors(struct wg_pkg *p, struct wg_err *err)
{
    int best = NOT_WEIGHTS, same = 0;
    size_t chosen = 0;
    unsigned no, count;

    for (size_t i = 0; i < p->n_files; i++) {
        int r = rank(&p->files[i]);
        if (r < best) {
            best = r;
            chosen = i;
            same = 0;
        }
        same += r == best;
    }
    if (best == NOT_WEIGHTS)
        return WG_OK;
    if (p->format != WG_WEIGHTS_NONE) {
        wg_log(WG_LOG_WARN, "%s holds GGUF and safetensors weights; %s is taken", p->root,
               p->files[p->weights].path);
        return WG_OK;
    }
    const char *path = p->files[chosen].path;
    if (wg_numbered_stem(path, ".safetensors", &no, &count))
        return wg_fail(err, WG_E_INPUT,
                       "%s: is shard %u of %u; the index that lists the shards "
                       "(model.safetensors.index.json) is missing",
                       p->files[chosen].full, no, count);
    if (same > 1)
        wg_log(WG_LOG_WARN, "%s holds %d safetensors models; %s is taken", p->root, same, path);
    p->format = WG_WEIGHTS_SAFETENSORS;
    p->weights = chosen;
    return WG_OK;
}
