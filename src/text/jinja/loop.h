/* A running for loop, which is also what `loop` means inside it. */
#ifndef WG_TEXT_JINJA_LOOP_H
#define WG_TEXT_JINJA_LOOP_H

#include "text/jinja/ast.h"

struct wgj_loop {
    const struct wgj_node *node;
    struct wgj_frame *outer, *test_frame;
    struct wgj_iter it;
    bool filtered;          /* items pass the loop's own `if` first */
    int64_t index0, length; /* length < 0: not known yet */
    struct wgj_val after;   /* looked at early; WGJ_MISSING: not */
    struct wgj_val current, before;
    struct wgj_val changed; /* arguments of the last changed() */
    int depth0;
};

#endif
