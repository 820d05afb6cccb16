#!/usr/bin/env bash
# Hours of search: every target for some seconds, with optimisation, debug assertions and overflow checks.
#
#   fuzz/run.sh SECONDS [TARGET…]      runs the targets, and says what each did
#   fuzz/run.sh table                  adds up all runs so far, as the table in docs/robustness.md has it
#   fuzz/run.sh keep                   takes into fuzz/corpus, of what was found, what reaches more of the program
#
# What is found stays in COUNTERFOIL_FOUND (by default ~/.cache/counterfoil/found), and is where the next run begins. An
# input that fails, or takes longer than two minutes, or 2 GiB, is in its folder `failed`. The first build takes long;
# with COUNTERFOIL_FUZZ_PROFILE=dev the binaries of `tests/run.sh` are used, which are slow and there already. With
# COUNTERFOIL_FUZZ_BINARIES=FOLDER nothing is built and these are run: a copy, so that the sources may change meanwhile.
set -euo pipefail
cd "$(dirname "$0")/.."

cache=${COUNTERFOIL_CACHE:-$HOME/.cache/counterfoil}
found=${COUNTERFOIL_FOUND:-$cache/found}
# bytes and number of new inputs that `keep` takes for a target
keep_bytes=${COUNTERFOIL_KEEP_BYTES:-6000}
keep_files=${COUNTERFOIL_KEEP_FILES:-12}
export PATH="$cache/tools/bin:$PATH" CARGO_TARGET_DIR="$cache/fuzz" CARGO_INCREMENTAL=0
machine=$(rustc +nightly -vV | sed -n 's/^host: //p')
case ${COUNTERFOIL_FUZZ_PROFILE:-release} in
  dev) binaries=$CARGO_TARGET_DIR/$machine/debug build=(--dev) ;;
  # in one unit, as cargo-fuzz has it otherwise, the library alone takes many minutes and three gigabytes
  *) binaries=$CARGO_TARGET_DIR/$machine/release build=(--codegen-units 16) ;;
esac
binaries=${COUNTERFOIL_FUZZ_BINARIES:-$binaries}
mkdir -p "$found/failed"

number() { sed -n "s/^stat::$1: *//p" "$2"; }

run_target() {
  local target=$1 seconds=$2 log=$found/$1.log before after code=0
  mkdir -p "$found/$target"
  before=$(find "$found/failed" -name "$target-*" | wc -l)
  # inputs beyond 64 KiB make a target slow and find little: sizes have tests of their own
  "$binaries/$target" "$found/$target" "fuzz/corpus/$target" -max_total_time="$seconds" -max_len=65536 \
    -timeout=120 -report_slow_units=120 -rss_limit_mb=2048 -print_final_stats=1 -verbosity=1 \
    -artifact_prefix="$found/failed/$target-" \
    >"$log" 2>&1 || code=$?
  after=$(find "$found/failed" -name "$target-*" | wc -l)
  printf '%s\t%s\t%s\t%s\t%s\n' "$target" "$(sed -n 's/^Done .* in \([0-9]*\) second.*/\1/p' "$log" | tail -1)" \
    "$(number number_of_executed_units "$log")" "$((after - before))" \
    "$(grep -o 'cov: [0-9]*' "$log" | tail -1 | tr -dc 0-9)" >>"$found/runs.tsv"
  tail -1 "$found/runs.tsv"
  [ "$code" = 0 ] || echo "$target ends with code $code: $log"
}

table() {
  echo "| target | seconds | executions | findings |"
  echo "|---|---|---|---|"
  awk -F '\t' '{s[$1] += $2; n[$1] += $3; f[$1] += $4; S += $2; N += $3; F += $4}
    END {for (t in s) printf "| `%s` | %d | %d | %d |\n", t, s[t], n[t], f[t] | "sort"
         close("sort"); printf "| all | %d | %d | %d |\n", S, N, F}' "$found/runs.tsv"
}

# The inputs that together reach the most with the fewest bytes; the smallest ones of them, up to a limit.
keep() {
  local target work left files
  for target in $(cargo +nightly fuzz list); do
    [ -d "$found/$target" ] || continue
    work=$(mktemp -d)
    cp "fuzz/corpus/$target/"* "$work/"
    "$binaries/$target" -set_cover_merge=1 -max_len=65536 "$work" "$found/$target" >/dev/null 2>&1 || true
    find "$work" -type f -size +0 -printf '%s %f\n' | sort -n >"$work.list"
    left=$keep_bytes files=0
    while read -r size name; do
      [ ! -e "fuzz/corpus/$target/$name" ] || continue
      left=$((left - size)) files=$((files + 1))
      [ "$left" -ge 0 ] && [ "$files" -le "$keep_files" ] || break
      cp "$work/$name" "fuzz/corpus/$target/$name"
    done <"$work.list"
    rm "$work.list"
    rm -rf "$work"
  done
}

case ${1:-} in
  table) table ;;
  keep) keep ;;
  *[!0-9]* | "") sed -n '2,11s/^# \{0,1\}//p' "$0"; exit 2 ;;
  *)
    seconds=$1
    shift
    [ -n "${COUNTERFOIL_FUZZ_BINARIES:-}" ] ||
      cargo +nightly fuzz build "${build[@]}" --sanitizer none --target "$machine"
    [ $# -gt 0 ] || set -- $(cargo +nightly fuzz list)
    for target in "$@"; do run_target "$target" "$seconds"; done
    if [ -n "$(ls "$found/failed")" ]; then
      echo "inputs that fail: $found/failed"
      exit 1
    fi
    ;;
esac
