/*
 * The order of every float sum of the kernels: term i goes to lane i % 16, each lane adds its terms
 * in order, and the lanes are added in a tree. It is what vector code does naturally, and it is the
 * same at every level, so the sums are equal to the last bit.
 */
#ifndef WG_KERNEL_LANES_H
#define WG_KERNEL_LANES_H

#include <stdint.h>

enum { WG_LANES = 16 };

static inline float wg_lanes_sum(const float *l)
{
    float t[8];

    for (int i = 0; i < 8; i++)
        t[i] = l[i] + l[i + 8];
    for (int i = 0; i < 4; i++)
        t[i] += t[i + 4];
    return (t[0] + t[2]) + (t[1] + t[3]);
}

#endif
