/* MLP block: hidden values, gated or not. */
#include "model/forward_impl.h"

void wg_gated_hidden(const struct wg_forward *f, const struct wg_worker *w,
                     const struct wg_mlp_spec *ms, int64_t d_ff, const struct wg_matrix *gate,
                     const struct wg_matrix *up, const struct wg_norm *norm)
{
    int64_t d = f->m->spec->d_model, begin, end;
    const struct wg_matrix *first = ms->gated ? gate : up;
    float *second = f->ff + (int64_t)f->max_tokens * f->ff_width;
    int64_t unit =
        WG_MAX(wg_matmul_of(f, first->type)->row_unit, wg_matmul_of(f, up->type)->row_unit);
    struct wg_packed in = wg_pack_rows(f, w, first->type, f->x, d, d, norm);

    wg_share(w, d_ff, unit, &begin, &end);
    wg_matmul_rows(f, first, in, f->ff, f->ff_width, begin, end);
    if (ms->gated) {
        if (!wg_same_pack(f, first->type, up->type)) {
            wg_repack_barrier(f, w);
            in = wg_pack_rows(f, w, up->type, f->x, d, d, norm);
        }
        wg_matmul_rows(f, up, in, second, f->ff_width, begin, end);
    }
    for (int64_t t = 0; t < f->n; t++)
        f->k->gated(ms->act, f->ff + t * f->ff_width + begin,
                    ms->gated ? second + t * f->ff_width + begin : NULL, end - begin);
    wg_barrier(w);
}

void wg_mlp_hidden(const struct wg_forward *f, const struct wg_worker *w, int layer,
                   const struct wg_norm *norm)
{
    const struct wg_layer *l = &f->m->layers[layer];
    const struct wg_mlp_spec *ms = &f->m->spec->layers[layer].mlp;

    wg_gated_hidden(f, w, ms, ms->d_ff, &l->gate, &l->up, norm);
}
