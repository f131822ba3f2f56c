/* MLP block: hidden values, gated or not. */
#include "model/forward_impl.h"

void wg_mlp_hidden(const struct wg_forward *f, const struct wg_worker *w, int layer,
                   const struct wg_norm *norm)
{
    const struct wg_spec *s = f->m->spec;
    const struct wg_layer *l = &f->m->layers[layer];
    const struct wg_mlp_spec *ms = &s->layers[layer].mlp;
    const struct wg_matrix *first = ms->gated ? &l->gate : &l->up;
    float *up = f->ff + (int64_t)f->max_tokens * f->ff_width;
    int64_t begin, end,
        unit =
            WG_MAX(wg_matmul_of(f, first->type)->row_unit, wg_matmul_of(f, l->up.type)->row_unit);
    struct wg_packed in = wg_pack_rows(f, w, first->type, f->x, s->d_model, s->d_model, norm);

    wg_share(w, ms->d_ff, unit, &begin, &end);
    wg_matmul_rows(f, first, in, f->ff, f->ff_width, begin, end);
    if (ms->gated) {
        if (!wg_same_pack(f, first->type, l->up.type)) {
            wg_repack_barrier(f, w);
            in = wg_pack_rows(f, w, l->up.type, f->x, s->d_model, s->d_model, norm);
        }
        wg_matmul_rows(f, &l->up, in, up, f->ff_width, begin, end);
    }
    for (int64_t t = 0; t < f->n; t++)
        f->k->gated(ms->act, f->ff + t * f->ff_width + begin,
                    ms->gated ? up + t * f->ff_width + begin : NULL, end - begin);
    wg_barrier(w);
}
