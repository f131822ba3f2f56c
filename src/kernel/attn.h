/* What the variants of attention share. */
#ifndef WG_KERNEL_ATTN_H
#define WG_KERNEL_ATTN_H

#include "kernel/kernel.h"

enum { WG_ATTN_BLOCK = 64 };

/* Divides head h's sums of weighted values by the sum of weights, the sink's included. */
void wg_attn_finish(const struct wg_attn_args *a, int h, float max, float sum);

#endif
