/* exp and tanh of mathf.h on sixteen lanes; the same operations in the same order. */
#include "kernel/mathf.h"

static inline v16 v16_muladd(v16 a, v16 b, v16 c) /* two roundings */
{
    return v16_add(v16_mul(a, b), c);
}

static inline v16 v16_exp(v16 x)
{
    v16 round = v16_set1(WG_ROUND);
    v16 n = v16_sub(v16_muladd(x, v16_set1(WG_LOG2E), round), round);
    v16 r = v16_sub(x, v16_mul(n, v16_set1(WG_LN2_HI)));
    r = v16_sub(r, v16_mul(n, v16_set1(WG_LN2_LO)));
    v16 p = v16_muladd(v16_set1(WG_EXP_C5), r, v16_set1(WG_EXP_C4));
    p = v16_muladd(p, r, v16_set1(WG_EXP_C3));
    p = v16_muladd(p, r, v16_set1(WG_EXP_C2));
    p = v16_muladd(p, r, v16_set1(WG_EXP_C1));
    p = v16_muladd(p, r, v16_set1(WG_EXP_C0));
    p = v16_add(v16_muladd(p, v16_mul(r, r), r), v16_set1(1.0f));
    v16 y = v16_scale2(p, n);
    y = v16_select(v16_less(v16_set1(WG_EXP_HIGH), x), v16_set1(wg_bits_f32(0x7f800000u)), y);
    y = v16_select(v16_less(x, v16_set1(WG_EXP_LOW)), v16_zero(), y);
    return v16_select(v16_is_nan(x), x, y);
}

static inline v16 v16_tanh(v16 x)
{
    v16 a = v16_abs(x), z = v16_mul(x, x), one = v16_set1(1.0f);
    v16 p = v16_muladd(v16_set1(WG_TANH_C4), z, v16_set1(WG_TANH_C3));
    p = v16_muladd(p, z, v16_set1(WG_TANH_C2));
    p = v16_muladd(p, z, v16_set1(WG_TANH_C1));
    p = v16_muladd(p, z, v16_set1(WG_TANH_C0));
    v16 small = v16_muladd(v16_mul(p, z), x, x);
    v16 e = v16_add(v16_exp(v16_add(a, a)), one);
    v16 t = v16_sub(one, v16_div(v16_set1(2.0f), e));
    t = v16_select(v16_less(x, v16_zero()), v16_neg(t), t);
    return v16_select(v16_less(a, v16_set1(WG_TANH_SMALL)), small, t);
}
