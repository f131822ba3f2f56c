/* text/jinja: any bytes compile or are refused; what compiles renders or fails within limits. */
#include "fuzz.h"

#include "text/jinja/jinja.h"

#include <stdlib.h>

static const char VARS[] =
    "{\"messages\": [{\"role\": \"system\", \"content\": \" Be \\u00e9 \"}, {\"role\": \"user\","
    " \"content\": [{\"type\": \"text\", \"text\": \"a b\\nc\"}]}, {\"role\": \"assistant\","
    " \"tool_calls\": [{\"function\": {\"name\": \"f\", \"arguments\": {\"x\": 1.5, \"y\": "
    "null}}}]}],"
    " \"tools\": [{\"type\": \"function\", \"function\": {\"name\": \"f\", \"parameters\": {}}}],"
    " \"bos_token\": \"<s>\", \"n\": 7, \"x\": 2.5, \"yes\": true, \"list\": [3, 1, 2],"
    " \"d\": {\"b\": 1, \"a\": [1, {\"k\": \"v\"}]}, \"name\": \"World\"}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static json_t *vars; /* kept for the life of the process */
    struct wg_jinja_limits limits = {.max_steps = 20000,
                                     .max_out_bytes = 1 << 16,
                                     .max_heap_bytes = 4 << 20,
                                     .now_unix = 1772719629};
    struct wg_err err = {0};
    struct wg_jinja *t;
    struct wg_buf b;

    if (!vars && wg_json_parse(VARS, sizeof VARS - 1, "vars", &vars, &err) != WG_OK)
        abort();
    enum wg_status st = wg_jinja_compile((const char *)data, size, "fuzz", &t, &err);
    if (st != WG_OK) {
        if (st == WG_E_INTERNAL || err.msg[0] == '\0')
            abort();
        return 0;
    }
    wg_buf_init(&b, SIZE_MAX);
    st = wg_jinja_render(t, vars, &limits, &b, &err);
    if (st == WG_E_INTERNAL || (st != WG_OK && err.msg[0] == '\0'))
        abort();
    wg_buf_release(&b);
    wg_jinja_free(t);
    return 0;
}
