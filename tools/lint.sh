#!/usr/bin/env bash
# `make lint`: every static check. Usage: lint.sh [CHECK...]; without arguments all of them run, and
# all are reported before it fails.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1
tools/bootstrap.sh --check build lint || exit 1

check_rooms() { tools/check_rooms.py; }
check_style() { tools/check_style.py; }
check_headers() { tools/check_headers.py; }
check_docs() { tools/check_docs.py; }

check_format() {
    git ls-files -z '*.c' '*.h' | xargs -0 clang-format-14 --dry-run -Werror 2>&1 | grep 'error:'
    [ "${PIPESTATUS[1]}" = 0 ]
}

# A folder a compiler; --werror only here, so that a new compiler never stops a user's build.
werror_build() { # folder, compiler, options
    local folder=$1 compiler=$2
    shift 2
    [ -f "$folder/build.ninja" ] ||
        CC=$compiler meson setup "$folder" --werror -Dbuildtype=debugoptimized "$@" >/dev/null || return 1
    # shellcheck disable=SC2086 # flags
    ninja ${NINJAFLAGS:-} -C "$folder" --quiet 2>&1 |
        awk '/error|FAILED|ERROR/ { show = 12 } show-- > 0 && !/^(gcc|clang)/'
    return "${PIPESTATUS[0]}"
}
check_gcc() { werror_build build-lint-gcc gcc; }
check_clang() { werror_build build-lint-clang clang-16; }

check_tidy() { # reads the compile commands of check_clang
    [ -f build-lint-clang/compile_commands.json ] || check_clang || return 1
    run-clang-tidy-14 -quiet -p build-lint-clang -j "$(nproc)" "$PWD/(src|fuzz)/.*" 2>&1 |
        sed 's/\x1b\[[0-9;]*m//g' | grep -E '(error|warning): '
    return "${PIPESTATUS[0]}"
}

check_symbols() { # every name that a program linking libweigh could meet is ours
    [ -f build-lint-gcc/libweighcore.a ] || check_gcc || return 1
    local foreign
    foreign=$(nm -g --defined-only build-lint-gcc/libweighcore.a 2>/dev/null |
        awk 'NF == 3 && $3 !~ /^wg_/ { print $3 }' | sort -u)
    [ -z "$foreign" ] || { echo "global names without wg_: $foreign"; return 1; }
    foreign=$(nm -D --defined-only build-lint-gcc/libweigh.so | awk '{ print $3 }' | grep -v '^weigh_')
    [ -z "$foreign" ] || { echo "libweigh.so exports: $foreign"; return 1; }
    foreign=$(nm -D --defined-only build-lint-gcc/libweigh.so | awk '$3 !~ /^weigh_/ { print $3 }')
    [ -z "$foreign" ] || { echo "libweigh.so shows: $foreign"; return 1; }
}

check_scripts() {
    git ls-files -z '*.sh' '.ci/run' | xargs -0 shellcheck &&
        git ls-files -z '*.py' | xargs -0 python3 -m py_compile
}

failed=()
for name in "${@:-rooms style headers docs format gcc clang tidy symbols scripts}"; do
    for check in $name; do
        start=$SECONDS
        if output=$("check_$check" 2>&1); then
            printf 'ok      %-8s %3d s\n' "$check" $((SECONDS - start))
        else
            printf 'FAILED  %-8s %3d s\n%s\n' "$check" $((SECONDS - start)) "$output"
            failed+=("$check")
        fi
    done
done
[ ${#failed[@]} -eq 0 ] || { echo "lint: ${failed[*]} failed"; exit 1; }
