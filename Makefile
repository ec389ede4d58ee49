# The commands of the house. CMake does the work; this file is what a person types.
.PHONY: all run test rules setup build fuzz bench format lint check clean asan tsan

JOBS ?= $(shell nproc)
# Compiled files are shared between checkouts of the same tree.
export CCACHE_BASEDIR ?= $(CURDIR)
export CCACHE_NOHASHDIR ?= 1
CTEST = ctest --output-on-failure -j $(JOBS)

all: build

# Everything a fresh Debian 12 lacks, then the program, then the lab with a real message.
run: setup build
	@echo "== The lab: a small internet on loopback, a real message, an attacker on the path"
	./build/release/pawl lab --message tests/messages/letter.eml
	@echo "== Mail clients: every protocol under every attack in every mode"
	./build/release/pawl lab --protocol all

test: setup
	tools/setup.sh --peers
	cmake --preset dev >/dev/null
	@echo "== Building the program and the tests"
	cmake --build --preset dev -j $(JOBS)
	@echo "== Running the tests"
	$(CTEST) --test-dir build/dev

# Takes one rule of docs/rules.md after the other out of a copy and wants its test to fail.
rules:
	tools/mutate.py --jobs $(JOBS)

setup:
	@echo "== Installing what is missing (tools/packages.txt)"
	tools/setup.sh

build:
	@echo "== Building build/release/pawl"
	cmake --preset release >/dev/null
	cmake --build --preset release -j $(JOBS)

asan:
	tools/setup.sh --peers
	cmake --preset asan >/dev/null
	cmake --build --preset asan -j $(JOBS)
	$(CTEST) --test-dir build/asan

# The threaded parts: net, store, relay, resolver.
tsan:
	cmake --preset tsan >/dev/null
	cmake --build --preset tsan -j $(JOBS)
	TSAN_OPTIONS=suppressions=$(CURDIR)/tools/tsan.supp \
	  $(CTEST) --test-dir build/tsan -R '^(net|store|relay|resolver|faults):'

# A minute for each target; FUZZ_SECONDS=5 for a smoke run.
fuzz:
	cmake --preset fuzz >/dev/null
	cmake --build --preset fuzz -j $(JOBS)
	tools/fuzz.sh build/fuzz $(or $(FUZZ_SECONDS),60)

bench: build
	bench/run.sh

format:
	git ls-files 'src/*.h' 'src/*.cpp' 'tests/*.cpp' 'tests/*.h' 'fuzz/*.cpp' 'bench/*.cpp' | xargs clang-format-19 -i

check:
	tools/check.sh

clean:
	rm -rf build
