/*
 * Limits of the package room. Input over one of these is refused with a message that names the
 * number.
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
#define WG_GGUF_MAX_DIMS         4u
#define WG_GGUF_MAX_DIM          ((uint64_t)1 << 40)
#define WG_GGUF_MAX_PARTS        1024u
#define WG_GGUF_MAX_INDEX_BYTES  ((size_t)1 << 30) /* memory for keys and tensor rows of a part */

/* safetensors. The format itself gives the header 100,000,000 bytes. */
#define WG_ST_MAX_HEADER_BYTES ((uint64_t)100000000)
#define WG_ST_MAX_TREE_BYTES   ((size_t)512 << 20) /* memory for a header or index as JSON values */
#define WG_ST_MAX_NAME_BYTES   1023u
#define WG_ST_MAX_INDEX_BYTES  ((size_t)64 << 20)
#define WG_ST_MAX_PARTS        1024u
#define WG_ST_MAX_ROWS_BYTES   ((size_t)512 << 20) /* memory for tensor rows of a file */

/* A folder that is opened as a package. */
#define WG_PKG_MAX_FILES      100000u
#define WG_PKG_MAX_DEPTH      16
#define WG_PKG_MAX_PATH_BYTES 4096u

/* References and fetched files. */
#define WG_REF_MAX_WORD_BYTES  200u
#define WG_FETCH_MAX_BYTES     ((uint64_t)2 << 40) /* of one file */
#define WG_FETCH_MAX_REDIRECTS 10L
#define WG_FETCH_TRIES         6 /* in a row without a byte gained */

/* Archives (wheel, sdist, zip, tar). */
#define WG_ARCHIVE_MAX_ENTRIES    100000u
#define WG_ARCHIVE_MAX_BYTES      ((uint64_t)2 << 40)  /* unpacked, all entries */
#define WG_ARCHIVE_FREE_BYTES     ((uint64_t)64 << 20) /* below, the ratio does not count */
#define WG_ARCHIVE_MAX_RATIO      50u /* unpacked to packed: weights do not compress so well */
#define WG_ARCHIVE_MAX_META_BYTES ((size_t)8 << 20) /* METADATA, PKG-INFO, RECORD */

#endif
