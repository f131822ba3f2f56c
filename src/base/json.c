#include "base/json.h"

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"

#include <string.h>

enum wg_status wg_json_parse(const char *text, size_t n, const char *name, json_t **out,
                             struct wg_err *err)
{
    json_error_t je;
    json_t *doc =
        json_loadb(text, n, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &je);

    if (!doc)
        return wg_fail(err, WG_E_INPUT, "%s: line %d, column %d: not valid JSON: %s", name, je.line,
                       je.column, je.text);
    *out = doc;
    return WG_OK;
}

/* Upper estimate of what jansson takes for the text: its nodes with their allocator's overhead and
 * the tables that hold them, by the character that announces each. Wrong text gives any number. */
static uint64_t tree_bytes(const char *text, size_t n)
{
    enum { OBJECT = 256, ARRAY = 160, ITEM = 112, MEMBER = 160 };
    uint64_t sum = ITEM + (uint64_t)n;
    bool in_string = false;

    for (size_t i = 0; i < n; i++) {
        char c = text[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string)
            sum += c == '{' ? OBJECT : c == '[' ? ARRAY : c == ',' ? ITEM : c == ':' ? MEMBER : 0;
    }
    return sum;
}

enum wg_status wg_json_parse_within(const char *text, size_t n, size_t max_tree_bytes,
                                    const char *name, json_t **out, struct wg_err *err)
{
    uint64_t need = tree_bytes(text, n);

    if (need > max_tree_bytes)
        return wg_fail(err, WG_E_LIMIT,
                       "%s: %zu bytes of JSON would take about %llu bytes of memory, the limit is "
                       "%zu",
                       name, n, (unsigned long long)need, max_tree_bytes);
    return wg_json_parse(text, n, name, out, err);
}

enum wg_status wg_json_load(const char *path, size_t max_bytes, json_t **out, struct wg_err *err)
{
    struct wg_buf b;

    wg_buf_init(&b, max_bytes + 131072);
    enum wg_status st = wg_file_read(&b, path, max_bytes, err);
    if (st == WG_OK)
        st = wg_json_parse(b.p ? b.p : "", b.len, path, out, err);
    wg_buf_release(&b);
    return st;
}

static int add_to_buf(const char *bytes, size_t n, void *arg)
{
    struct wg_buf *b = arg;

    wg_buf_add(b, bytes, n);
    return b->failed ? -1 : 0;
}

enum wg_status wg_json_write(struct wg_buf *b, const json_t *doc, int indent, struct wg_err *err)
{
    size_t flags = JSON_ENCODE_ANY | JSON_REAL_PRECISION(12) | JSON_INDENT((size_t)indent);

    if (!doc)
        return wg_oom(err, "a JSON document");
    if (indent == 0)
        flags |= JSON_COMPACT;
    if (json_dump_callback(doc, add_to_buf, b, flags) != 0) {
        WG_TRY(wg_buf_check(b, "a JSON document", err));
        return wg_fail(err, WG_E_INTERNAL, "a JSON document cannot be written");
    }
    return WG_OK;
}

json_t *wg_json_text(const char *s, size_t n)
{
    struct wg_buf b;
    uint32_t cp;

    if (wg_utf8_valid(s, n))
        return json_stringn(s, n);
    wg_buf_init(&b, SIZE_MAX);
    for (size_t i = 0; i < n;) {
        int len = wg_utf8_decode(s + i, n - i, &cp);
        wg_buf_add_utf8(&b, cp);
        i += len > 0 ? (size_t)len : len < 0 ? (size_t)-len : n - i;
    }
    json_t *out = b.failed ? NULL : json_stringn(b.p, b.len);
    wg_buf_release(&b);
    return out;
}
