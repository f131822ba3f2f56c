/* base/json.h: any bytes parse or are refused; what parsed is written and parses to the same. */
#include "fuzz.h"

#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wg_err err = {0};
    json_t *doc = NULL, *again = NULL;
    struct wg_buf b;

    if (wg_json_parse((const char *)data, size, "fuzz", &doc, &err) != WG_OK)
        return 0;
    wg_buf_init(&b, SIZE_MAX);
    if (wg_json_write(&b, doc, 0, &err) != WG_OK ||
        wg_json_parse(b.p, b.len, "written", &again, &err) != WG_OK || !json_equal(doc, again))
        abort();
    json_decref(doc);
    json_decref(again);
    wg_buf_release(&b);
    return 0;
}
