/*
 * Dot products of a decoded block by VPMADDUBSW, for levels without VNNI: sums of 16 bits are kept
 * as long as they cannot overflow (2 * 127 * code a step), then widened.
 */
static WG_ALWAYS_INLINE void dots(int bits, int group, const vi *q, const int8_t *const *a,
                                  int cols, vi (*sum)[2])
{
    int steps = bits == 4 ? 8 : bits == 5 ? 4 : bits == 6 ? 2 : 1;

    if (steps > group / 4)
        steps = group / 4;
    for (int c = 0; c < cols; c++)
        sum[c][0] = sum[c][1] = vi_set1(0);
    for (int j = 0; j < 8; j += steps) {
        for (int c = 0; c < cols; c++) {
            vi pairs = pair_sums(bits, q[j], vi_set1(load_i32(a[c] + 4 * j)));
            for (int i = j + 1; i < j + steps; i++)
                pairs = vi_add16(pairs, pair_sums(bits, q[i], vi_set1(load_i32(a[c] + 4 * i))));
            int g = group == 16 ? j / 4 : 0;
            sum[c][g] = vi_add(sum[c][g], vi_widen_sum(pairs));
        }
    }
}
