/* Limits of src/text/: one place for every number that untrusted input is held against. */
#ifndef WG_TEXT_LIMITS_H
#define WG_TEXT_LIMITS_H

enum {
    WG_TEXT_MAX_BYTES = 1 << 30,       /* of one text to encode */
    WG_TEXT_MAX_TOKENS = 1 << 24,      /* entries of a vocabulary */
    WG_TEXT_MAX_VOCAB_BYTES = 1 << 29, /* all spellings of a vocabulary */
    WG_TEXT_MAX_ADDED_BYTES = 1024,    /* one token that is matched in raw text */
    WG_TEXT_MAX_PROBES = 4096,         /* in a hash table: more means a crafted vocabulary */
    WG_TEXT_MAX_STAGES = 8,            /* of a pre-tokenizer */
    WG_TEXT_MAX_EXPR_BYTES = 65536,    /* of one pre-tokenizer expression, translated */
    WG_TEXT_JIT_STACK_BYTES = 1 << 20, /* of one running expression */
};

#endif
