/* Front matter of cards, PyPI metadata, USE.yaml: labels and answers from YAML. */
#include "fuzz.h"

#include "base/mem.h"
#include "license/use.h"
#include "license/work.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = wg_calloc(size + 1, 1);
    struct wg_license_result *r = wg_calloc(1, sizeof *r);
    struct wg_pkg pkg = {0};
    struct wg_license_work w = {.r = r, .pkg = &pkg};
    struct wg_use *use = NULL;

    if (copy && r) {
        memcpy(copy, data, size);
        wg_arena_init(&r->arena, 16 << 20);
        (void)!wg_license_read_card(&w, "README.md", copy, size);
        (void)!wg_license_read_metadata(&w, "METADATA", copy, size);
        if (wg_use_parse(copy, size, "USE.yaml", &use, NULL) == WG_OK)
            wg_use_free(use);
        wg_license_free(r);
    }
    wg_free(copy);
    return 0;
}
