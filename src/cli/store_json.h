/* Models of the store as JSON: shared by the commands pull and list. */
#ifndef WG_CLI_STORE_JSON_H
#define WG_CLI_STORE_JSON_H

#include "base/json.h"
#include "package/store.h"

/* {name, ref, added_at, bytes, files[{path, role, bytes, sha256, source}]}; NULL: out of memory. */
json_t *wg_store_model_json(const struct wg_store_model *m);
/* Bytes of all files. */
uint64_t wg_store_model_bytes(const struct wg_store_model *m);
/* "2026-01-31 09:05 UTC" */
enum { WG_WHEN_BYTES = 32 };
const char *wg_when(char out[WG_WHEN_BYTES], int64_t seconds);

#endif
