#!/bin/sh
# Runs one libFuzzer target. Usage: fuzz.sh TARGET RUNS. New inputs go to build-fuzz/corpus/TARGET,
# a finding to build-fuzz/findings/.
set -eu
cd "$(dirname "$0")/.."
target=$1 runs=$2
new=build-fuzz/corpus/$target
mkdir -p "$new" build-fuzz/findings
set -- "$new" "fuzz/corpus/$target"
if [ -f "fuzz/$target.dict" ]; then
    set -- "-dict=fuzz/$target.dict" "$@"
fi
exec "build-fuzz/fuzz/fuzz_$target" -runs="$runs" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
    -artifact_prefix="build-fuzz/findings/$target-" -print_final_stats=1 "$@"
