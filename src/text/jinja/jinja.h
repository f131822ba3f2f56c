/*
 * Jinja interpreter for chat templates: the template language of Jinja 3.1 (documentation:
 * "Template Designer Documentation") as far as chat templates use it, with the settings of
 * transformers' apply_chat_template: trim_blocks and lstrip_blocks on, the loop controls extension,
 * the `generation` block, undefined values that print as nothing, and Python's str(), repr, slicing
 * and tojson rules.
 *
 * Untrusted input: depth, steps and output are capped (struct wg_jinja_limits); the only effects a
 * template has are its output and the error it raises. A compiled template is immutable and may be
 * rendered by several threads at once.
 *
 * Errors: WG_E_INPUT "NAME: line N: MESSAGE" for what does not parse; WG_E_UNSUPPORTED for a tag,
 * filter, test or method that this interpreter does not have, by name; at run time WG_E_FAILED with
 * the template's own text for raise_exception(), WG_E_INPUT for a Python-style type or lookup
 * error, WG_E_LIMIT for a cap.
 */
#ifndef WG_TEXT_JINJA_JINJA_H
#define WG_TEXT_JINJA_JINJA_H

#include "base/buf.h"
#include "base/json.h"
#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

struct wg_jinja;

struct wg_jinja_limits {
    uint64_t max_steps;    /* nodes evaluated; 0: default of 20 million */
    size_t max_out_bytes;  /* 0: default of 64 MiB */
    size_t max_heap_bytes; /* of values during one render; 0: default of 256 MiB */
    int64_t now_unix;      /* what strftime_now() sees, for repeatable renders; 0: the clock */
};

enum wg_status wg_jinja_compile(const char *source, size_t n, const char *name,
                                struct wg_jinja **out, struct wg_err *err) WG_NODISCARD;
void wg_jinja_free(struct wg_jinja *t);

/* Renders with the members of `vars` (a JSON object, borrowed) as global variables; appends to out,
 * which keeps what was written before a failure. */
enum wg_status wg_jinja_render(const struct wg_jinja *t, const json_t *vars,
                               const struct wg_jinja_limits *limits, struct wg_buf *out,
                               struct wg_err *err) WG_NODISCARD;

/* 1 when the template's source mentions the variable as a free name (to tell, for example, whether
 * it can take tools). */
int wg_jinja_uses(const struct wg_jinja *t, const char *variable);

#endif
