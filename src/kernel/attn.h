/* What the variants of attention share. */
#ifndef WG_KERNEL_ATTN_H
#define WG_KERNEL_ATTN_H

enum { WG_ATTN_BLOCK = 64 };

#endif
