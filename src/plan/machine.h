/*
 * Facts of this machine: what it is, and what it was measured to do. A forecast is made from these
 * and from the header of a model; no figure comes from a data sheet.
 *
 * Measurements are kept in one JSON file under the machine's fingerprint (processor, instruction
 * set in use, threads, kernel release, version of this program), because a container can move
 * between machines.
 */
#ifndef WG_PLAN_MACHINE_H
#define WG_PLAN_MACHINE_H

#include "base/cpu.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/type.h"

enum { WG_MACHINE_SIZES = 4 };

/* Streaming read by all threads over a buffer of this size: small ones stay in a cache. */
struct wg_machine_read {
    uint64_t bytes;
    double bytes_per_s;
};

/* Matrix product of one weight type by all threads, with the operands in the cores' own caches. */
struct wg_machine_matmul {
    double row_bytes_per_s; /* weight bytes against one activation row (decode) */
    double batch_flops;     /* multiply and add count two, against 64 rows (prefill) */
    bool known;
};

struct wg_machine {
    char fingerprint[WG_SHA256_HEX];
    char kernel[72]; /* release of the operating system kernel */
    enum wg_isa isa; /* in use */
    int threads;
    uint64_t memory_total_bytes, memory_available_bytes; /* now */
    struct wg_machine_read read[WG_MACHINE_SIZES];       /* by rising size */
    struct wg_machine_matmul matmul[WG_TYPE_LIMIT];
};

/*
 * Measures bandwidth and the matrix products of the types in `types` (n ids), about half a second
 * in all, or takes them from machine.json in wg_store_home(), unless `fresh`. A file that is
 * damaged or cannot be written is no failure: the machine is measured anew, and the log says so.
 */
enum wg_status wg_machine_facts(int threads, const enum wg_type *types, size_t n, bool fresh,
                                struct wg_machine *out, struct wg_err *err) WG_NODISCARD;
/* Bytes a second for a working set of `bytes` that is read again and again: between the measured
 * sizes on a logarithmic scale, beyond them the nearest. */
double wg_machine_bandwidth(const struct wg_machine *m, uint64_t bytes);
/* "AMD EPYC 9R14, 4 threads, avx512, 23.0 GiB": one line for people; wg_free it. */
char *wg_machine_describe(const struct wg_machine *m) WG_NODISCARD;
/* A new reference; NULL when out of memory. */
json_t *wg_machine_json(const struct wg_machine *m) WG_NODISCARD;

#endif
