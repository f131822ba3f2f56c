/* A running for loop, which is also what `loop` means inside it. */
#ifndef WG_TEXT_JINJA_LOOP_H
#define WG_TEXT_JINJA_LOOP_H

#include "text/jinja/ast.h"

struct wg_j_loop {
    const struct wg_j_node *node;
    struct wg_j_frame *outer, *test_frame;
    struct wg_j_iter it;
    bool filtered;          /* items pass the loop's own `if` first */
    int64_t index0, length; /* length < 0: not known yet */
    struct wg_j_val after;  /* looked at early; WG_J_MISSING: not */
    struct wg_j_val current, before;
    struct wg_j_val changed; /* arguments of the last changed() */
    int depth0;
};

#endif
