#!/usr/bin/env bash
# Builds and runs the benchmarks; the release build must stand in build/release. RUNS=3
set -euo pipefail
cd "$(dirname "$0")/.."
tools/setup.sh --peers
cmake --preset bench >/dev/null
cmake --build --preset bench --target relay_bench memory_bench check_bench smtp_load smtp_sink dialog_bench
as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}
as_root build/bench/bench/relay_bench "$PWD/build/release/pawl" "$PWD/build/bench/bench/smtp_load" "$PWD/build/bench/bench/smtp_sink" "${RUNS:-3}"
build/bench/bench/memory_bench "$PWD/build/release/pawl" "$PWD/build/bench/bench/smtp_load"
build/bench/bench/dialog_bench --benchmark_min_time=0.05 --benchmark_repetitions=9 --benchmark_enable_random_interleaving \
  --benchmark_report_aggregates_only
as_root build/bench/bench/check_bench "$PWD/build/release/pawl" "${RUNS:-3}"
