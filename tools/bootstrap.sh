#!/bin/sh
# Installs the Debian packages of tools/packages.txt that are missing, and nothing else.
# Usage: bootstrap.sh [--check] [GROUP...]     groups: build test lint fuzz cov; default: build test
# With --check it only says what is missing, and fails when something is.
set -eu

check=false
if [ "${1:-}" = --check ]; then
    check=true
    shift
fi
[ $# -gt 0 ] || set -- build test
list=$(dirname "$0")/packages.txt

if ! command -v dpkg-query >/dev/null 2>&1; then
    echo "bootstrap: this is not a Debian system, so nothing is installed. weigh needs:" >&2
    awk -v groups=" $* " '$1 !~ /^#/ && index(groups, " " $1 " ") { print "  " $2 }' "$list" |
        sort -u >&2
    exit 0
fi

has() { # package, command that proves it
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] && return 0
    [ -n "$2" ] && sh -c "$2" >/dev/null 2>&1 </dev/null
}

missing=
while read -r group package probe; do
    case " $* " in *" $group "*) ;; *) continue ;; esac
    case " $missing " in *" $package "*) continue ;; esac
    has "$package" "$probe" || missing="$missing $package"
done <"$list"
[ -n "$missing" ] || exit 0

if $check; then
    echo "missing Debian packages:$missing" >&2
    case $* in
    build | "build test") echo "run \`make deps\`" >&2 ;;
    *) echo "run: tools/bootstrap.sh $*" >&2 ;;
    esac
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    sudo=
elif command -v sudo >/dev/null 2>&1; then
    sudo=sudo
    [ -t 0 ] || sudo="sudo -n"
else
    echo "bootstrap: neither root nor sudo here. Ask an administrator to run:" >&2
    echo "  apt-get install --no-install-recommends$missing" >&2
    exit 1
fi
echo "installing:$missing" >&2
export DEBIAN_FRONTEND=noninteractive
$sudo apt-get update -q >&2
# shellcheck disable=SC2086 # a list of names
$sudo apt-get install -q -y --no-install-recommends $missing >&2 </dev/null
