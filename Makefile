# Verbs only: Meson describes the build (meson.build), this file saves typing. `make help` lists them.
# T=<target>, RUNS=<n>: make fuzz.  PREFIX=<dir>, DESTDIR=<dir>: make install.  NINJAFLAGS=-j2: all.
MESON ?= meson
PREFIX ?= /usr/local
T ?= gguf
RUNS ?= 100000

SAN_ADDRESS = -Db_sanitize=address,undefined -Db_lundef=false -Dc_args=-fno-sanitize-recover=undefined
SAN_THREAD = -Db_sanitize=thread -Db_lundef=false

.PHONY: all deps try test check bench lint fmt asan tsan fuzz cov install docs clean help

all: build/build.ninja ## build build/weigh (the default); installs nothing
	@ninja $(NINJAFLAGS) -C build weigh

build/build.ninja:
	@$(MESON) setup build || { tools/bootstrap.sh --check build; exit 1; }

deps: ## install what is missing to build and test (Debian: apt, as root or with sudo)
	@tools/bootstrap.sh build test

try: ## install, build, fetch a small model, assess it and ask it something
	@tools/bootstrap.sh build
	@$(MAKE) --no-print-directory all
	@tools/try.sh

test: ## install, build and run every test; the last line says N passed, N failed
	@tools/bootstrap.sh build test
	@tools/test.py

check: build/build.ninja ## build and run the quick tests: no model, no network
	@ninja $(NINJAFLAGS) -C build
	@$(MESON) test -C build --suite check --print-errorlogs

bench: all ## measure this machine, beside llama.cpp: docs/SPEED.md
	@bench/compare

lint: ## rooms, style, headers, format, warnings of two compilers, clang-tidy, symbols, scripts
	@tools/lint.sh

fmt: ## rewrite the sources with clang-format 14
	@git ls-files '*.c' '*.h' | xargs clang-format-14 -i

asan: ## quick tests under AddressSanitizer and UndefinedBehaviorSanitizer, base and best kernels
	@test -f build-asan/build.ninja || $(MESON) setup build-asan $(SAN_ADDRESS) -Dbuildtype=debugoptimized
	@ninja $(NINJAFLAGS) -C build-asan
	@WEIGH_CPU_MASK=base $(MESON) test -C build-asan --suite check --print-errorlogs --logbase testlog-base -t 5
	@$(MESON) test -C build-asan --suite check --print-errorlogs -t 5

tsan: ## unit tests under ThreadSanitizer
	@test -f build-tsan/build.ninja || $(MESON) setup build-tsan $(SAN_THREAD) -Dbuildtype=debugoptimized
	@ninja $(NINJAFLAGS) -C build-tsan
	@$(MESON) test -C build-tsan --suite unit --print-errorlogs -t 10

fuzz: ## fuzz one parser: make fuzz T=gguf RUNS=100000
	@test -f fuzz/fuzz_$(T).c || { echo "no target $(T); there are:" \
		$(patsubst fuzz/fuzz_%.c,%,$(wildcard fuzz/fuzz_*.c)); exit 2; }
	@test -f build-fuzz/build.ninja || CC=clang-16 $(MESON) setup build-fuzz $(SAN_ADDRESS) \
		-Dbuildtype=debugoptimized -Dfuzz=true -Dtests=false \
		|| { tools/bootstrap.sh --check build fuzz; exit 1; }
	@ninja $(NINJAFLAGS) -C build-fuzz fuzz/fuzz_$(T)
	@tools/fuzz.sh $(T) $(RUNS)

cov: ## line coverage of the quick tests, as text and HTML
	@test -f build-cov/build.ninja || $(MESON) setup build-cov -Db_coverage=true -Dbuildtype=debug
	@ninja $(NINJAFLAGS) -C build-cov
	@$(MESON) test -C build-cov --suite check
	@ninja $(NINJAFLAGS) -C build-cov coverage || { tools/bootstrap.sh --check cov; exit 1; }

install: ## build and install below PREFIX (default /usr/local)
	@$(MESON) setup build --prefix $(PREFIX) --reconfigure
	@ninja $(NINJAFLAGS) -C build weigh
	@$(MESON) install -C build

docs: all ## write docs/cli/*.md from weigh's own help
	@tools/gen_cli_docs.py build/weigh

clean: ## remove every build folder
	@rm -rf build build-asan build-tsan build-fuzz build-cov build-lint-gcc build-lint-clang

help: ## this list
	@sed -n 's/^\([a-z]*\):[^#]*## /\1\t/p' Makefile | expand -t 10
