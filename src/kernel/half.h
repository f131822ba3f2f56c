/*
 * Scalar conversions of the small float formats, exact, for the reference kernels and for the
 * scales inside quantized blocks. All loads are unaligned and little-endian.
 */
#ifndef WG_KERNEL_HALF_H
#define WG_KERNEL_HALF_H

#include <stdint.h>
#include <string.h>

static inline float wg_bits_f32(uint32_t bits)
{
    float f;

    memcpy(&f, &bits, sizeof f);
    return f;
}

static inline uint32_t wg_f32_bits(float f)
{
    uint32_t bits;

    memcpy(&bits, &f, sizeof bits);
    return bits;
}

static inline uint16_t wg_load_u16(const void *p)
{
    const uint8_t *b = p;

    return (uint16_t)(b[0] | b[1] << 8);
}

static inline uint32_t wg_load_u32(const void *p)
{
    const uint8_t *b = p;

    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* IEEE binary16; a NaN keeps its payload and becomes quiet, as VCVTPH2PS does. */
static inline float wg_f16_f32(uint16_t h)
{
    uint32_t sign = (uint32_t)(h & 0x8000) << 16, low = (uint32_t)(h & 0x7fff) << 13;
    uint32_t finite = wg_f32_bits(wg_bits_f32(low) * 0x1p112f); /* exact, subnormals too */
    uint32_t special = low | 0x7f800000u | ((h & 0x3ff) ? 0x400000u : 0);

    return wg_bits_f32(sign | ((h & 0x7c00) == 0x7c00 ? special : finite));
}

static inline float wg_load_f16(const void *p)
{
    return wg_f16_f32(wg_load_u16(p));
}

/* Round to nearest even; overflow becomes infinity, a NaN stays a quiet NaN. */
static inline uint16_t wg_f32_f16(float f)
{
    uint32_t bits = wg_f32_bits(f), sign = bits >> 16 & 0x8000, a = bits & 0x7fffffff;

    if (a > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00 | (a >> 13 & 0x1ff));
    if (a >= 0x47800000u)
        return (uint16_t)(sign | 0x7c00);
    if (a < 0x38800000u) /* below 2^-14: adding 1/2 rounds to a multiple of 2^-24 */
        return (uint16_t)(sign | (wg_f32_bits(wg_bits_f32(a) + 0.5f) - 0x3f000000u));
    a += 0xfff + (a >> 13 & 1);
    return (uint16_t)(sign | (a - 0x38000000u) >> 13);
}

static inline float wg_bf16_f32(uint16_t h)
{
    return wg_bits_f32((uint32_t)h << 16);
}

static inline uint16_t wg_f32_bf16(float f)
{
    uint32_t bits = wg_f32_bits(f);

    if ((bits & 0x7fffffff) > 0x7f800000u)
        return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* Half of 2^(e - 127), the scale of MXFP4 (OCP Microscaling Formats 1.0): the table of values is
 * doubled to be whole. */
static inline float wg_e8m0_half(uint8_t e)
{
    return wg_bits_f32(e < 2 ? 0x00200000u << e : (uint32_t)(e - 1) << 23);
}

/* OCP 8-bit Floating Point 1.0, E4M3 (bias 7): no infinity, all ones is a NaN. */
static inline float wg_f8e4m3_f32(uint8_t x)
{
    uint32_t sign = (uint32_t)(x & 0x80) << 24, exp = x >> 3 & 15, man = x & 7;
    uint32_t normal = (exp + 120) << 23 | man << 20;
    uint32_t small = wg_f32_bits((float)man * 0x1p-9f);

    if ((x & 0x7f) == 0x7f)
        normal = 0x7ff00000u;
    return wg_bits_f32(sign | (exp == 0 ? small : normal));
}

/* OCP 8-bit Floating Point 1.0, E5M2 (bias 15): the upper half of a binary16. */
static inline float wg_f8e5m2_f32(uint8_t x)
{
    return wg_f16_f32((uint16_t)(x << 8));
}

/* 2^(e - 127), a block scale (OCP Microscaling Formats 1.0); 255 is a NaN. */
static inline float wg_e8m0_f32(uint8_t e)
{
    if (e == 255)
        return wg_bits_f32(0x7fc00000u);
    return wg_bits_f32(e == 0 ? 0x00400000u : (uint32_t)e << 23);
}

/* Half of an unsigned E4M3 value (bias 7), the scale of NVFP4; 0x7f (NaN) counts as 0. */
static inline float wg_ue4m3_half(uint8_t x)
{
    uint32_t exp = x >> 3 & 15, man = x & 7;

    if (x == 0x7f)
        return 0;
    if (exp == 0)
        return (float)man * 0x1p-10f;
    return wg_bits_f32((exp + 119) << 23 | man << 20);
}

#endif
