#include "license/verdict.h"

#include <stddef.h>

const char *wg_verdict_name(enum wg_verdict v)
{
    static const char *const names[] = {NULL, "go", "review", "no-go"};

    return names[v];
}

int wg_verdict_exit_code(enum wg_verdict v)
{
    static const int codes[] = {0, 0, 5, 4};

    return codes[v];
}

enum wg_verdict wg_verdict_worse(enum wg_verdict a, enum wg_verdict b)
{
    return a > b ? a : b;
}
