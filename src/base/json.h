/*
 * JSON and YAML glue over jansson and libyaml: one tree type (json_t) for both, one way to fail.
 *
 * Ownership is jansson's: a returned `json_t *` is a new reference that the caller json_decref()s,
 * unless the function says "borrowed".
 */
#ifndef WG_BASE_JSON_H
#define WG_BASE_JSON_H

#include "base/buf.h"
#include "base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* Parses one JSON document (RFC 8259), duplicate keys rejected, depth capped by jansson (2048).
 * The message names `name`, line and column. */
enum wg_status wg_json_parse(const char *text, size_t n, const char *name, json_t **out,
                             struct wg_err *err) WG_NODISCARD;
/* As wg_json_parse, for documents of a size that matters: a document whose tree would take more
 * than about max_tree_bytes is WG_E_LIMIT before it is built ("[{},{},..." takes 80 times its
 * text). */
enum wg_status wg_json_parse_within(const char *text, size_t n, size_t max_tree_bytes,
                                    const char *name, json_t **out,
                                    struct wg_err *err) WG_NODISCARD;
/* Reads and parses a file of at most max_bytes. */
enum wg_status wg_json_load(const char *path, size_t max_bytes, json_t **out,
                            struct wg_err *err) WG_NODISCARD;

/*
 * Parses one YAML document with the YAML 1.2 core schema: plain scalars become null, bool, int,
 * float or string; quoted ones stay strings; a plain date stays a string. Mapping keys become
 * strings. Refused with line and rule: duplicate keys, aliases and anchors (bombs), tags, several
 * documents, nesting over 64.
 */
enum wg_status wg_yaml_parse(const char *text, size_t n, const char *name, json_t **out,
                             struct wg_err *err) WG_NODISCARD;
enum wg_status wg_yaml_load(const char *path, size_t max_bytes, json_t **out,
                            struct wg_err *err) WG_NODISCARD;

/* Appends the document as JSON text, keys in insertion order; indent 0 is one line. */
enum wg_status wg_json_write(struct wg_buf *b, const json_t *doc, int indent,
                             struct wg_err *err) WG_NODISCARD;

/* `s` as a json string with malformed UTF-8 replaced by U+FFFD (json_string refuses it). */
json_t *wg_json_text(const char *s, size_t n) WG_NODISCARD;

#endif
