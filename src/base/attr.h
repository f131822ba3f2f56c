/* Compiler attributes, so that the rest of the code is plain C11 with names. */
#ifndef WG_BASE_ATTR_H
#define WG_BASE_ATTR_H

#if defined(__GNUC__) || defined(__clang__)
#define WG_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define WG_NODISCARD         __attribute__((warn_unused_result))
#define WG_NORETURN          __attribute__((noreturn))
#define WG_UNUSED            __attribute__((unused))
#define WG_API               __attribute__((visibility("default")))
#define WG_ALIGNED(n)        __attribute__((aligned(n)))
#define WG_ALWAYS_INLINE     inline __attribute__((always_inline))
#define WG_LIKELY(x)         __builtin_expect(!!(x), 1)
#define WG_UNLIKELY(x)       __builtin_expect(!!(x), 0)
#else
#define WG_PRINTF(fmt, args)
#define WG_NODISCARD
#define WG_NORETURN
#define WG_UNUSED
#define WG_API
#define WG_ALIGNED(n)
#define WG_ALWAYS_INLINE inline
#define WG_LIKELY(x)     (x)
#define WG_UNLIKELY(x)   (x)
#endif

#define WG_COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define WG_MIN(a, b) ((a) < (b) ? (a) : (b))
#define WG_MAX(a, b) ((a) > (b) ? (a) : (b))

#endif
