/*
 * What a session remembers. For every attention layer the keys and values of all positions so far,
 * laid out [kv_head][position][d_head] so that one head streams; for every delta net its state
 * after the last position, always in f32. Address space for the whole context is reserved at birth
 * and becomes memory as positions fill.
 */
#ifndef WG_MODEL_KV_H
#define WG_MODEL_KV_H

#include "model/spec.h"

struct wg_kv_layer {
    char *k, *v; /* head h, position p: k + h * k_head_bytes + p * k_row_bytes */
    size_t k_row_bytes, v_row_bytes;   /* of one position of one head */
    size_t k_head_bytes, v_head_bytes; /* of all positions of one head */
    float *past;        /* [taps - 1][channels] last inputs of a delta net's convolution */
    float *state;       /* [n_v_heads][d_v][d_k] of a delta net */
    size_t state_bytes; /* of both, one behind the other; 0: not a delta net */
};

struct wg_kv {
    enum wg_kv_type type;
    int64_t capacity; /* positions */
    int64_t length;   /* positions filled, and what the states stand at */
    bool recurrent;   /* has a state, which no position can be taken back from */
    bool long_text;   /* rotated with the frequencies of long texts (longrope) */
    int n_layers;
    struct wg_kv_layer *layers;
    void *memory; /* one mapping behind all layers */
    size_t memory_bytes;
};

enum wg_status wg_kv_init(struct wg_kv *kv, const struct wg_spec *spec, enum wg_kv_type type,
                          int64_t capacity, struct wg_err *err) WG_NODISCARD;
/* Forgets positions from `length` on; all of them where there is a state. kv->length says from
 * where the session's tokens have to be run again. */
void wg_kv_truncate(struct wg_kv *kv, int64_t length);
void wg_kv_release(struct wg_kv *kv);
int wg_kv_type_bytes(enum wg_kv_type type);

#endif
