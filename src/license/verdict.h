/* The three answers of every section, and the exit codes that go with them. */
#ifndef WG_LICENSE_VERDICT_H
#define WG_LICENSE_VERDICT_H

enum wg_verdict {
    WG_VERDICT_NONE, /* not asked for: JSON null */
    WG_VERDICT_GO,
    WG_VERDICT_REVIEW, /* needs a person */
    WG_VERDICT_NO_GO,
};

const char *wg_verdict_name(enum wg_verdict v); /* "go", "review", "no-go"; NULL for NONE */
int wg_verdict_exit_code(enum wg_verdict v);    /* 0, 5, 4; NONE is 0 */
/* The graver of two: no-go, then review, then go, then none. */
enum wg_verdict wg_verdict_worse(enum wg_verdict a, enum wg_verdict b);

#endif
