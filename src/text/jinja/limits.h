/* Limits of the template interpreter. Templates and messages are untrusted. */
#ifndef WG_TEXT_JINJA_LIMITS_H
#define WG_TEXT_JINJA_LIMITS_H

enum {
    WG_J_MAX_SOURCE = 4 << 20, /* bytes of a template */
    WG_J_MAX_NEST = 100,       /* brackets, unary operators and blocks inside each other */
    WG_J_MAX_HEIGHT = 1000,    /* levels of a syntax tree: a + b + c + ... is a tree of height n */
    WG_J_MAX_EVAL = 2000,      /* levels of evaluation, macro calls included */
    WG_J_MAX_MACRO = 200,      /* macro calls and recursive loops inside each other */
    WG_J_MAX_DEPTH = 200,      /* lists and dicts inside each other, in variables and in print */
    WG_J_MAX_RANGE = 100000,   /* items of a range, as in Jinja's sandbox */
    WG_J_MAX_PARAMS = 8,       /* parameters of a filter, test or method */
};

#define WG_J_COMPILE_BYTES ((size_t)256 << 20)
#define WG_J_DEFAULT_STEPS UINT64_C(20000000)
#define WG_J_DEFAULT_OUT   ((size_t)64 << 20)
#define WG_J_DEFAULT_HEAP  ((size_t)256 << 20)

/* A scan of this many bytes or items counts as one step. */
enum { WG_J_BYTES_PER_STEP = 256 };

#endif
