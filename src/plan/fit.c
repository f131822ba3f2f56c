#include "plan/fit.h"

#include "engine/engine.h"
#include "model/families/families.h"
#include "model/forward.h"
#include "package/gguf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    KV_BYTES = 2, /* an element of the default cache, F16 */
    /* The program, its libraries, its stacks and the buffers of one command. */
    PROGRAM_BYTES = 8 << 20,
    /* Loaded, a vocabulary (strings, hash tables, merges) takes this many times its bytes in the
     * file, which are mapped as well. */
    METADATA_FACTOR = 5,
};

static uint64_t metadata_bytes(const struct wg_gguf *g)
{
    uint64_t total = 0;

    for (size_t i = 0; i < wg_gguf_kv_count(g); i++) {
        const struct wg_gguf_kv *kv = wg_gguf_kv_at(g, i);
        for (uint64_t k = 0; kv->strs && k < kv->count; k++)
            total += kv->strs[k].n + sizeof(uint64_t);
        if (!kv->strs)
            total += kv->count * sizeof(uint32_t);
    }
    return total;
}

/* Share of a tensor that one token passes: of the experts of a layer, those that are chosen. */
static double share_used(const struct wg_fit_model *m, const char *name)
{
    char *end;

    if (strncmp(name, "blk.", 4) != 0 || !strstr(name, "_exps."))
        return 1;
    unsigned long layer = strtoul(name + 4, &end, 10);
    if (end == name + 4 || layer >= (unsigned long)m->spec.n_layers)
        return 1;
    const struct wg_moe_spec *moe = &m->spec.layers[layer].mlp.moe;
    return moe->n_experts > 0 ? (double)moe->n_used / moe->n_experts : 1;
}

/* Embedding rows are looked up; the matrix is read whole only where it is the output head too. */
static void add_tensor(struct wg_fit_model *m, const struct wg_tensor *t)
{
    bool embedding = strcmp(t->name, "token_embd.weight") == 0;
    bool head = strcmp(t->name, "output.weight") == 0;

    m->weights_bytes += t->bytes;
    if (t->n_dims < 2 || (embedding && !m->spec.tied_output))
        return;
    double values = share_used(m, t->name);
    if (m->step_bytes[t->type] == 0)
        m->types[m->n_types++] = t->type;
    m->step_bytes[t->type] += (uint64_t)(values * (double)t->bytes);
    for (int i = 0; i < WG_MAX_DIMS; i++)
        values *= (double)t->ne[i];
    if (!embedding && !head)
        m->prompt_values[t->type] += (uint64_t)values;
}

enum wg_status wg_fit_model_read(const struct wg_gguf *g, struct wg_fit_model *m,
                                 struct wg_err *err)
{
    *m = (struct wg_fit_model){0};
    WG_TRY(wg_spec_from_gguf(g, &m->spec, err));
    for (size_t i = 0; i < wg_gguf_tensor_count(g); i++)
        add_tensor(m, wg_gguf_tensor_at(g, i));
    m->metadata_bytes = metadata_bytes(g);
    return WG_OK;
}

void wg_fit_model_release(struct wg_fit_model *m)
{
    wg_spec_release(&m->spec);
    *m = (struct wg_fit_model){0};
}

static uint64_t kv_bytes(const struct wg_fit_model *m, int64_t context, int64_t users)
{
    return (uint64_t)users * wg_spec_kv_bytes(&m->spec, context, KV_BYTES);
}

static uint64_t compute_bytes(const struct wg_fit_model *m, const struct wg_fit_ask *ask,
                              int64_t users)
{
    int batch = ask->max_batch ? ask->max_batch : WG_ENGINE_BATCH;

    return wg_forward_bytes(&m->spec, batch, ask->threads) +
           (uint64_t)users * (uint64_t)m->spec.n_vocab * sizeof(float) +
           METADATA_FACTOR * m->metadata_bytes + PROGRAM_BYTES;
}

static uint64_t total_bytes(const struct wg_fit_model *m, const struct wg_fit_ask *ask,
                            int64_t context, int64_t users)
{
    return m->weights_bytes + kv_bytes(m, context, users) + compute_bytes(m, ask, users);
}

/* Largest value in [0, high] for which `fits` holds, when it holds up to some value and not
 * beyond. */
struct search {
    const struct wg_fit_model *m;
    const struct wg_fit_ask *ask;
    int64_t context, users; /* the one that is 0 is searched */
    uint64_t room;
};

static int64_t search_most(const struct search *s, int64_t high)
{
    int64_t low = 0;

    while (low < high) {
        int64_t mid = low + (high - low + 1) / 2;
        uint64_t need =
            total_bytes(s->m, s->ask, s->context ? s->context : mid, s->users ? s->users : mid);
        if (need <= s->room)
            low = mid;
        else
            high = mid - 1;
    }
    return low;
}

/* Seconds of one decode step of one short session. */
static double decode_seconds(const struct wg_fit_model *m, const struct wg_machine *machine,
                             struct wg_fit *f)
{
    double compute_s = 0;
    uint64_t weights = 0;

    for (size_t i = 0; i < m->n_types; i++) {
        const struct wg_machine_matmul *k = &machine->matmul[m->types[i]];
        if (!k->known)
            return (double)INFINITY;
        compute_s += (double)m->step_bytes[m->types[i]] / k->row_bytes_per_s;
        weights += m->step_bytes[m->types[i]];
    }
    f->decode_read_bytes =
        weights + wg_spec_kv_bytes(&m->spec, WG_MIN(f->context, WG_FIT_FORECAST_TOKENS), KV_BYTES);
    double read_s = (double)f->decode_read_bytes /
                    wg_machine_bandwidth(machine, f->decode_read_bytes);
    return fmax(compute_s, read_s) / WG_FIT_DECODE_EFFICIENCY;
}

static double prefill_seconds(const struct wg_fit_model *m, const struct wg_machine *machine)
{
    double s = 0;

    for (size_t i = 0; i < m->n_types; i++) {
        const struct wg_machine_matmul *k = &machine->matmul[m->types[i]];
        if (!k->known)
            return (double)INFINITY;
        s += 2 * (double)m->prompt_values[m->types[i]] / k->batch_flops;
    }
    return s / WG_FIT_PREFILL_EFFICIENCY;
}

enum wg_status wg_fit(const struct wg_fit_model *m, const struct wg_machine *machine,
                      const struct wg_fit_ask *ask, struct wg_fit *out, struct wg_err *err)
{
    enum { MAX_USERS = 1 << 20 };
    struct wg_fit f = {.model_context = m->spec.context_length,
                       .context = ask->context ? ask->context : m->spec.context_length,
                       .users = ask->users ? ask->users : 1,
                       .context_assumed = ask->context == 0,
                       .users_assumed = ask->users == 0};

    if (f.context < 1 || f.context > f.model_context)
        return wg_fail(err, WG_E_LIMIT,
                       "a context of %lld tokens: the model was trained for 1 to %lld",
                       (long long)f.context, (long long)f.model_context);
    if (f.users < 1 || f.users > MAX_USERS)
        return wg_fail(err, WG_E_LIMIT, "%lld users at once: use 1 to %d", (long long)f.users,
                       MAX_USERS);
    f.weights_bytes = m->weights_bytes;
    f.kv_bytes = kv_bytes(m, f.context, f.users);
    f.kv_bytes_per_token = kv_bytes(m, 1, 1);
    f.compute_bytes = compute_bytes(m, ask, f.users);
    f.total_bytes = f.weights_bytes + f.kv_bytes + f.compute_bytes;
    f.available_bytes = machine->memory_available_bytes;
    f.margin_bytes = (uint64_t)(WG_FIT_MARGIN * (double)f.available_bytes);
    uint64_t room = f.available_bytes - f.margin_bytes;
    f.fits = f.total_bytes <= room;
    f.max_context = search_most(
        &(struct search){.m = m, .ask = ask, .users = f.users, .room = room}, f.model_context);
    f.max_users = search_most(
        &(struct search){.m = m, .ask = ask, .context = f.context, .room = room}, MAX_USERS);
    double decode_s = decode_seconds(m, machine, &f), prefill_s = prefill_seconds(m, machine);
    f.decode_tokens_per_s = decode_s > 0 && isfinite(decode_s) ? 1 / decode_s : 0;
    f.prefill_tokens_per_s = prefill_s > 0 && isfinite(prefill_s) ? 1 / prefill_s : 0;
    *out = f;
    return WG_OK;
}

static json_t *rate(double tokens_per_s)
{
    return tokens_per_s > 0 ? json_real(tokens_per_s) : json_null();
}

json_t *wg_fit_json(const struct wg_fit *f, const struct wg_machine *machine)
{
    return json_pack(
        "{s:{s:I, s:I, s:I, s:I}, s:b, s:{s:o, s:o, s:I}, s:I, s:b, s:I, s:I, s:b, s:I, s:I, s:I, "
        "s:I, s:I, s:o}",
        "bytes", "weights", (json_int_t)f->weights_bytes, "kv", (json_int_t)f->kv_bytes, "compute",
        (json_int_t)f->compute_bytes, "total", (json_int_t)f->total_bytes, "fits", (int)f->fits,
        "forecast", "prefill_tokens_per_s", rate(f->prefill_tokens_per_s), "decode_tokens_per_s",
        rate(f->decode_tokens_per_s), "decode_read_bytes", (json_int_t)f->decode_read_bytes,
        "context", (json_int_t)f->context, "context_assumed", (int)f->context_assumed,
        "model_context", (json_int_t)f->model_context, "users", (json_int_t)f->users,
        "users_assumed", (int)f->users_assumed, "kv_bytes_per_token",
        (json_int_t)f->kv_bytes_per_token, "available_bytes", (json_int_t)f->available_bytes,
        "margin_bytes", (json_int_t)f->margin_bytes, "max_context", (json_int_t)f->max_context,
        "max_users", (json_int_t)f->max_users, "machine", wg_machine_json(machine));
}
