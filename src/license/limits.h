/* Limits of the licence room, all in one place. Published in docs/LICENSES.md. */
#ifndef WG_LICENSE_LIMITS_H
#define WG_LICENSE_LIMITS_H

enum {
    WG_LICENSE_MAX_BYTES = 16 << 20,   /* a file that is read as a licence text or a card */
    WG_LICENSE_MAX_TOKENS = 4 << 20,   /* words of such a file */
    WG_LICENSE_MAX_FRONT = 1 << 20,    /* front matter of a card */
    WG_LICENSE_MAX_QUOTE = 600,        /* bytes of foreign text quoted as one edit */
    WG_LICENSE_MAX_EDITS = 64,         /* edits listed a file; more is another text */
    WG_LICENSE_MAX_FOUND = 64,         /* known texts found in one file */
    WG_LICENSE_MAX_LINKS = 256,        /* base models or data sets of a package */
    WG_LICENSE_ARENA_BYTES = 64 << 20, /* a result */
    WG_COPYRIGHT_MAX_TOKENS = 320,     /* all copyright statements of one hole */
    WG_COPYRIGHT_MAX_STATEMENT = 32,   /* one of them */
    WG_NAME_MAX_TOKENS = 12,           /* a name that fills a hole */
    WG_USE_MAX_BYTES = 1 << 20,        /* USE.yaml */
};

#endif
