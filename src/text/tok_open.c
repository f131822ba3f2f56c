/* The tokenizer of a package, in whichever form it has one. */
#include "package/gguf.h"
#include "package/package.h"
#include "text/tok.h"

#include <string.h>

enum wg_status wg_tok_open(const struct wg_pkg *pkg, struct wg_tok **out, struct wg_err *err)
{
    struct wg_gguf *g;

    if (pkg->format != WG_WEIGHTS_GGUF)
        return wg_fail(err, WG_E_UNSUPPORTED,
                       "%s: this version reads the tokenizers of GGUF files only", pkg->name);
    WG_TRY(wg_pkg_gguf(pkg, &g, err));
    enum wg_status st = wg_tok_from_gguf(g, out, err);
    wg_gguf_close(g);
    return st;
}
