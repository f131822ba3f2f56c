/*
 * Decoders of the integer matmuls: one unit (a block of 32 values, or a super-block of eight) of
 * ROWS rows, p the unit in the first of them, to codes and scales. The layouts are those of
 * quant_legacy.c and quant_k.c. Codes are unsigned with the type's offset (rows_matmul_tmpl.h)
 * added; U8(x) is the level's form of codes of eight bits.
 */
#include "kernel/quant.h"

/* 32 values of ROWS rows. */
struct rows_block {
    vi q[8];       /* codes 4j..4j+3 of each row */
    vf d[2], m[2]; /* scale and minimum; of the halves for types with groups of 16 */
};

static WG_ALWAYS_INLINE void low_high(const vi x[4], vi q[8])
{
    vi mask = vi_bytes(15);

    for (int j = 0; j < 4; j++) {
        q[j] = vi_and(x[j], mask);
        q[j + 4] = vi_and(vi_right(x[j], 4), mask);
    }
}

static WG_ALWAYS_INLINE void nibbles(const uint8_t *p, size_t stride, vi q[8])
{
    vi x[4];

    rows_quad(p, stride, x);
    low_high(x, q);
}

static WG_ALWAYS_INLINE void bytes32(const uint8_t *p, size_t stride, vi q[8])
{
    rows_quad(p, stride, q);
    rows_quad(p + 16, stride, q + 4);
}

static WG_ALWAYS_INLINE void add_fifth_bits(vi high, vi q[8])
{
    for (int j = 0; j < 8; j++)
        q[j] = vi_or(q[j], vi_fifth_bits(high, j));
}

/* Bits of x from `shift` on, under `mask`, moved up by `up`. */
static WG_ALWAYS_INLINE vi field(vi x, int shift, int mask, int up)
{
    return vi_left(vi_and(vi_right(x, shift), vi_bytes(mask)), up);
}

static WG_ALWAYS_INLINE void decode_q4_0(const uint8_t *p, size_t stride, struct rows_block *o)
{
    o->d[0] = vf_low_f16(rows_dword(p, stride));
    nibbles(p + 2, stride, o->q);
}

static WG_ALWAYS_INLINE void decode_q4_1(const uint8_t *p, size_t stride, struct rows_block *o)
{
    vi dm = rows_dword(p, stride);

    o->d[0] = vf_low_f16(dm);
    o->m[0] = vf_high_f16(dm);
    nibbles(p + 4, stride, o->q);
}

static WG_ALWAYS_INLINE void decode_q5_0(const uint8_t *p, size_t stride, struct rows_block *o)
{
    o->d[0] = vf_low_f16(rows_dword(p, stride));
    nibbles(p + 6, stride, o->q);
    add_fifth_bits(rows_dword(p + 2, stride), o->q);
}

static WG_ALWAYS_INLINE void decode_q5_1(const uint8_t *p, size_t stride, struct rows_block *o)
{
    vi dm = rows_dword(p, stride);

    o->d[0] = vf_low_f16(dm);
    o->m[0] = vf_high_f16(dm);
    nibbles(p + 8, stride, o->q);
    add_fifth_bits(rows_dword(p + 4, stride), o->q);
}

static WG_ALWAYS_INLINE void decode_q8_0(const uint8_t *p, size_t stride, struct rows_block *o)
{
    o->d[0] = vf_low_f16(rows_dword(p, stride));
    bytes32(p + 2, stride, o->q);
    for (int j = 0; j < 8; j++)
        o->q[j] = U8(o->q[j]);
}

static WG_ALWAYS_INLINE void lookup_iq4(const uint8_t *p, size_t stride, vi q[8])
{
    nibbles(p, stride, q);
    for (int j = 0; j < 8; j++)
        q[j] = U8(vi_lookup(wg_iq4nl_values, q[j]));
}

static WG_ALWAYS_INLINE void decode_iq4_nl(const uint8_t *p, size_t stride, struct rows_block *o)
{
    o->d[0] = vf_low_f16(rows_dword(p, stride));
    lookup_iq4(p + 2, stride, o->q);
}

static WG_ALWAYS_INLINE void decode_mxfp4(const uint8_t *p, size_t stride, struct rows_block *o)
{
    o->d[0] = vf_e8m0_half(vi_and(rows_dword(p, stride), vi_set1(255)));
    nibbles(p + 1, stride, o->q);
    for (int j = 0; j < 8; j++) /* -12..12 with offset 16 stays below 32 */
        o->q[j] = vi_xor(vi_bytes(16), vi_lookup(wg_fp4_values, o->q[j]));
    for (int j = 0; j < 8; j++)
        o->q[j] = vi_and(o->q[j], vi_bytes(31));
}

static WG_ALWAYS_INLINE void decode_iq4_xs(const uint8_t *p, size_t stride, struct rows_block *o)
{
    vi head[4];

    rows_quad(p, stride, head);
    vf d = vf_low_f16(head[0]);
    for (int j = 0; j < 8; j++) {
        vi low = vi_and(vi_right(head[1], 4 * j), vi_set1(15));
        vi high = vi_and(vi_right(head[0], 16 + 2 * j), vi_set1(3));
        vi scale = vi_sub(vi_or(low, vi_left(high, 4)), vi_set1(32));
        o[j].d[0] = vf_mul(d, vf_from_int(scale));
        lookup_iq4(p + 8 + 16 * j, stride, o[j].q);
    }
}

/* Scales and minimums of Q4_K and Q5_K: d, dmin and twelve bytes at p. */
static WG_ALWAYS_INLINE void scales_q4_k(const uint8_t *p, size_t stride, struct rows_block *o)
{
    vi head[4], six = vi_set1(63), four = vi_set1(15), two = vi_set1(3);

    rows_quad(p, stride, head);
    vf d = vf_low_f16(head[0]), dmin = vf_high_f16(head[0]);
    for (int j = 0; j < 4; j++) {
        vi sc = vi_and(vi_right(head[1], 8 * j), six), mn = vi_and(vi_right(head[2], 8 * j), six);
        o[j].d[0] = vf_mul(d, vf_from_int(sc));
        o[j].m[0] = vf_neg(vf_mul(dmin, vf_from_int(mn)));
        sc = vi_or(vi_and(vi_right(head[3], 8 * j), four),
                   vi_left(vi_and(vi_right(head[1], 8 * j + 6), two), 4));
        mn = vi_or(vi_and(vi_right(head[3], 8 * j + 4), four),
                   vi_left(vi_and(vi_right(head[2], 8 * j + 6), two), 4));
        o[j + 4].d[0] = vf_mul(d, vf_from_int(sc));
        o[j + 4].m[0] = vf_neg(vf_mul(dmin, vf_from_int(mn)));
    }
}

/* 64 codes: the low halves of 32 bytes, then the high halves. */
static WG_ALWAYS_INLINE void nibbles64(const uint8_t *p, size_t stride, vi lo[8], vi hi[8])
{
    vi x[8], mask = vi_bytes(15);

    bytes32(p, stride, x);
    for (int j = 0; j < 8; j++) {
        lo[j] = vi_and(x[j], mask);
        hi[j] = vi_and(vi_right(x[j], 4), mask);
    }
}

static WG_ALWAYS_INLINE void decode_q4_k(const uint8_t *p, size_t stride, struct rows_block *o)
{
    scales_q4_k(p, stride, o);
    for (int j = 0; j < 8; j += 2)
        nibbles64(p + 16 + 16 * j, stride, o[j].q, o[j + 1].q);
}

static WG_ALWAYS_INLINE void decode_q5_k(const uint8_t *p, size_t stride, struct rows_block *o)
{
    vi high[8];

    scales_q4_k(p, stride, o);
    bytes32(p + 16, stride, high);
    for (int j = 0; j < 8; j += 2) {
        nibbles64(p + 48 + 16 * j, stride, o[j].q, o[j + 1].q);
        for (int i = 0; i < 8; i++) {
            o[j].q[i] = vi_or(o[j].q[i], field(high[i], j, 1, 4));
            o[j + 1].q[i] = vi_or(o[j + 1].q[i], field(high[i], j + 1, 1, 4));
        }
    }
}

static WG_ALWAYS_INLINE void decode_q2_k(const uint8_t *p, size_t stride, struct rows_block *o)
{
    vi scales[4], x[8], dm = rows_dword(p + 80, stride);
    vf d = vf_low_f16(dm), dmin = vf_high_f16(dm);

    rows_quad(p, stride, scales);
    for (int g = 0; g < 16; g++) {
        vi s = vi_right(scales[g / 4], g % 4 * 8);
        vi sc = vi_and(s, vi_set1(15)), mn = vi_and(vi_right(s, 4), vi_set1(15));
        o[g / 2].d[g % 2] = vf_mul(d, vf_from_int(sc));
        o[g / 2].m[g % 2] = vf_neg(vf_mul(dmin, vf_from_int(mn)));
    }
    for (int h = 0; h < 2; h++) {
        bytes32(p + 16 + 32 * h, stride, x);
        for (int j = 0; j < 4; j++) {
            for (int i = 0; i < 8; i++)
                o[4 * h + j].q[i] = field(x[i], 2 * j, 3, 0);
        }
    }
}

static WG_ALWAYS_INLINE void decode_q3_k(const uint8_t *p, size_t stride, struct rows_block *o)
{
    vi tail[4], x[8], high[8];
    vf d = vf_high_f16(rows_dword(p + 106, stride));

    rows_quad(p + 92, stride, tail); /* four codes, then the twelve bytes of scales */
    for (int g = 0; g < 16; g++) {
        vi low = vi_right(tail[1 + g % 8 / 4], g % 4 * 8 + g / 8 * 4);
        vi top = vi_right(tail[3], g % 4 * 8 + g / 4 * 2);
        vi sc = vi_or(vi_and(low, vi_set1(15)), vi_left(vi_and(top, vi_set1(3)), 4));
        o[g / 2].d[g % 2] = vf_mul(d, vf_from_int(vi_sub(sc, vi_set1(32))));
    }
    bytes32(p, stride, high);
    for (int h = 0; h < 2; h++) {
        bytes32(p + 32 + 32 * h, stride, x);
        for (int j = 0; j < 4; j++) {
            for (int i = 0; i < 8; i++)
                o[4 * h + j].q[i] =
                    vi_or(field(x[i], 2 * j, 3, 0), field(high[i], 4 * h + j, 1, 2));
        }
    }
}

static WG_ALWAYS_INLINE void decode_q6_k(const uint8_t *p, size_t stride, struct rows_block *o)
{
    vi scales[4], low[8], high[8];
    vf d = vf_high_f16(rows_dword(p + 206, stride));

    rows_quad(p + 192, stride, scales);
    for (int g = 0; g < 16; g++)
        o[g / 2].d[g % 2] = vf_mul(d, vf_from_int(vi_signed_byte(scales[g / 4], g % 4)));
    for (int h = 0; h < 2; h++) {
        bytes32(p + 128 + 32 * h, stride, high);
        for (int j = 0; j < 2; j++) {
            bytes32(p + 64 * h + 32 * j, stride, low);
            for (int i = 0; i < 8; i++) {
                o[4 * h + j].q[i] = vi_or(field(low[i], 0, 15, 0), field(high[i], 2 * j, 3, 4));
                o[4 * h + j + 2].q[i] =
                    vi_or(field(low[i], 4, 15, 0), field(high[i], 2 * j + 4, 3, 4));
            }
        }
    }
}
