/* base/json.h: any bytes parse to a tree that can be written as JSON, or are refused. */
#include "fuzz.h"

#include "base/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wg_err err = {0};
    json_t *doc = NULL;
    struct wg_buf b;

    if (wg_yaml_parse((const char *)data, size, "fuzz", &doc, &err) != WG_OK)
        return 0;
    wg_buf_init(&b, SIZE_MAX);
    if (wg_json_write(&b, doc, 2, &err) != WG_OK)
        abort();
    json_decref(doc);
    wg_buf_release(&b);
    return 0;
}
