/*
 * One target a parser of untrusted bytes.
 *
 * To add a target:
 *   1. fuzz/fuzz_<name>.c with LLVMFuzzerTestOneInput: deterministic, quiet, no files left behind;
 *   2. fuzz/corpus/<name>/ with at least one accepted and one refused input, small files only;
 *   3. one row in fuzz/meson.build (other folders of inputs, such as test fixtures, go there too);
 *   4. optionally fuzz/<name>.dict, a libFuzzer dictionary.
 * `make check` then replays the corpus (test replay-<name>); `make fuzz T=<name> RUNS=100000` runs
 * libFuzzer with AddressSanitizer and UndefinedBehaviorSanitizer. An input that found a defect goes
 * into the corpus with the fix.
 */
#ifndef WG_FUZZ_FUZZ_H
#define WG_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Returns 0; the input may be any bytes of any length. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
