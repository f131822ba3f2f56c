/* Limits of the template interpreter. Templates and messages are untrusted. */
#ifndef WG_TEXT_JINJA_LIMITS_H
#define WG_TEXT_JINJA_LIMITS_H

enum {
    WGJ_MAX_SOURCE = 4 << 20, /* bytes of a template */
    WGJ_MAX_NEST = 100,       /* brackets, unary operators and blocks inside each other */
    WGJ_MAX_HEIGHT = 1000,    /* levels of a syntax tree: a + b + c + ... is a tree of height n */
    WGJ_MAX_EVAL = 2000,      /* levels of evaluation, macro calls included */
    WGJ_MAX_MACRO = 200,      /* macro calls and recursive loops inside each other */
    WGJ_MAX_DEPTH = 200,      /* lists and dicts inside each other, in variables and in print */
    WGJ_MAX_RANGE = 100000,   /* items of a range, as in Jinja's sandbox */
    WGJ_MAX_PARAMS = 8,       /* parameters of a filter, test or method */
};

#define WGJ_COMPILE_BYTES ((size_t)256 << 20)
#define WGJ_DEFAULT_STEPS UINT64_C(20000000)
#define WGJ_DEFAULT_OUT   ((size_t)64 << 20)
#define WGJ_DEFAULT_HEAP  ((size_t)256 << 20)

/* A scan of this many bytes or items counts as one step. */
enum { WGJ_BYTES_PER_STEP = 256 };

#endif
