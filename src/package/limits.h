/*
 * Limits of the package room. Input over one of these is refused with a message that names the
 * number; docs/LIMITS.md lists them for users.
 */
#ifndef WG_PACKAGE_LIMITS_H
#define WG_PACKAGE_LIMITS_H

/* GGUF. The specification gives keys 65,535 bytes and tensor names 64; real files exceed the
 * second one. */
#define WG_GGUF_MAX_KEYS         65536u
#define WG_GGUF_MAX_TENSORS      1000000u
#define WG_GGUF_MAX_KEY_BYTES    65535u
#define WG_GGUF_MAX_NAME_BYTES   255u
#define WG_GGUF_MAX_STRING_BYTES (16u << 20)
#define WG_GGUF_MAX_ALIGNMENT    65536u
#define WG_GGUF_MAX_DIM          ((uint64_t)1 << 40)
#define WG_GGUF_MAX_PARTS        1024u
#define WG_GGUF_MAX_INDEX_BYTES  ((size_t)1 << 30) /* memory for keys and tensor rows of a part */

/* A folder that is opened as a package. */
#define WG_PKG_MAX_FILES      100000u
#define WG_PKG_MAX_DEPTH      16
#define WG_PKG_MAX_PATH_BYTES 4096u

#endif
