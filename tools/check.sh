#!/usr/bin/env bash
# The checks of the tree that need no build. Each says what is wrong and where.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0
step() {
  local name=$1
  shift
  if "$@"; then echo "ok   $name"; else echo "FAIL $name"; failed=1; fi
}
sources() { git ls-files 'src/*.h' 'src/*.cpp' 'tests/*.cpp' 'tests/*.h' 'fuzz/*.cpp' 'bench/*.cpp'; }
step "format" bash -c "$(declare -f sources); sources | xargs -r clang-format-19 --dry-run -Werror"
step "layers: arrows point down only" python3 tools/check_layers.py
step "event names" python3 tools/check_events.py
step "findings of a check" python3 tools/check_findings.py
step "rfc references" python3 tools/check_rfc_references.py
step "rules: every mutation still applies" python3 tools/mutate.py --check
step "file sizes" python3 tools/check_sizes.py
exit $failed
