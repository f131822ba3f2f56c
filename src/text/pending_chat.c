/* Placeholder so that the engine links: delete this file (and its line in meson.build) in the commit
 * that brings chat.c. */
#include "text/chat.h"

enum wg_status wg_chat_new(const char *template_text, size_t n, const char *name, const char *bos,
                           const char *eos, struct wg_chat **out, struct wg_err *err)
{
    (void)template_text;
    (void)n;
    (void)bos;
    (void)eos;
    *out = NULL;
    return wg_fail(err, WG_E_UNSUPPORTED, "%s: chat templates are not in this build", name);
}

void wg_chat_free(struct wg_chat *c)
{
    (void)c;
}

enum wg_status wg_chat_render(const struct wg_chat *c, const struct wg_chat_request *req,
                              struct wg_buf *out, struct wg_err *err)
{
    (void)c;
    (void)req;
    (void)out;
    return wg_fail(err, WG_E_UNSUPPORTED, "chat templates are not in this build");
}
