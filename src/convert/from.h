/* The readers of formats: each fills a job and writes the keys of the new file. */
#ifndef WG_CONVERT_FROM_H
#define WG_CONVERT_FROM_H

#include "convert/job.h"

struct wg_gguf;
struct wg_pkg;
struct wg_source;

/* All keys are copied but those of a split set; g has to stay open. */
enum wg_status wg_conv_from_gguf(const struct wg_gguf *g, const struct wg_convert_opts *o,
                                 struct wg_conv_job *j, struct wg_gguf_out *out,
                                 struct wg_err *err) WG_NODISCARD;

/* WG_E_UNSUPPORTED for an architecture that has no GGUF form here (hf_keys.h). s has to stay open.
 */
enum wg_status wg_conv_from_hf(const struct wg_pkg *pkg, const struct wg_source *s,
                               const struct wg_convert_opts *o, struct wg_conv_job *j,
                               struct wg_gguf_out *out, struct wg_err *err) WG_NODISCARD;

#endif
