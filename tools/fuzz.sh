#!/usr/bin/env bash
# Replays every corpus, then fuzzes each target for SECONDS. Stops at the first crash and says how to
# run it again. usage: tools/fuzz.sh BUILD_DIR SECONDS
set -euo pipefail
cd "$(dirname "$0")/.."
build=$1 seconds=$2
mkdir -p "$build/found"
run_target() {
  local target=$1 name corpus
  name=$(basename "$target" _fuzz)
  corpus=fuzz/corpus/$name
  mkdir -p "$build/found/$name"
  if ! "$target" -runs=0 -rss_limit_mb=2048 "$corpus" >"$build/found/$name.log" 2>&1 ||
     ! "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 -max_len=65536 \
       -artifact_prefix="$build/found/$name-" "$build/found/$name" "$corpus" >>"$build/found/$name.log" 2>&1; then
    tail -40 "$build/found/$name.log"
    echo "FAIL $name: run $target on the file named above"
    return 1
  fi
  echo "ok   $name: $(find "$corpus" -type f | wc -l) seeds, $(grep -oE '^#[0-9]+' "$build/found/$name.log" | tail -1 | tr -d '#') runs"
}
export -f run_target
export build seconds
find "$build" -name '*_fuzz' -type f -perm -u+x | sort | xargs -P "$(nproc)" -I{} bash -c 'run_target {}'
