/* What the card of a folder (README.md, its YAML head) says about the licence, as keys of a GGUF
 * file. */
#include "convert/hf_keys.h"

#include "base/file.h"
#include "base/log.h"
#include "convert/limits.h"
#include "package/gguf_write.h"
#include "package/package.h"

#include <string.h>

/* The lines between the first line "---" and the next one; false when there are none. */
static bool find_head(const char *text, const char **head, size_t *n)
{
    if (strncmp(text, "---\n", 4) != 0)
        return false;
    const char *end = strstr(text + 3, "\n---");
    *head = text + 4;
    *n = end && end >= *head ? (size_t)(end - *head) : 0;
    return *n > 0;
}

static enum wg_status put_head(const json_t *head, struct wg_gguf_out *out, struct wg_err *err)
{
    static const char *const keys[][2] = {{"license", "general.license"},
                                          {"license_name", "general.license.name"},
                                          {"license_link", "general.license.link"}};

    for (size_t i = 0; i < WG_COUNT(keys); i++) {
        const json_t *v = json_object_get(head, keys[i][0]);
        if (json_is_string(v))
            WG_TRY(wg_gguf_put_string(out, keys[i][1], json_string_value(v), json_string_length(v),
                                      err));
    }
    return WG_OK;
}

enum wg_status wg_hf_put_card(const struct wg_pkg *pkg, struct wg_gguf_out *out, struct wg_err *err)
{
    const struct wg_pkg_file *card = wg_pkg_file(pkg, "README.md");
    struct wg_err why = {0};
    const char *text;
    json_t *head = NULL;
    struct wg_buf b;
    size_t n;

    if (!card)
        return WG_OK;
    wg_buf_init(&b, WG_CONV_MAX_CARD_BYTES);
    enum wg_status st = wg_file_read(&b, card->full, WG_CONV_MAX_CARD_BYTES, &why);
    if (st == WG_OK && find_head(b.p ? b.p : "", &text, &n))
        st = wg_yaml_parse(text, n, card->full, &head, &why);
    /* A card is written by hand, and the weights do not depend on it. */
    if (st != WG_OK)
        wg_log(WG_LOG_WARN, "no licence keys are written: %s", why.msg);
    wg_buf_release(&b);
    st = put_head(head, out, err);
    json_decref(head);
    return st;
}
