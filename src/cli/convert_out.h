/* What `weigh quantize` and `weigh convert` say at the end. */
#ifndef WG_CLI_CONVERT_OUT_H
#define WG_CLI_CONVERT_OUT_H

#include "cli/cli.h"
#include "convert/convert.h"

enum wg_status wg_cli_converted(const struct wg_global *g, const struct wg_convert_opts *o,
                                const struct wg_convert_result *r, struct wg_err *err) WG_NODISCARD;

#endif
