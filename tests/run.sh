#!/usr/bin/env bash
# The test command: everything that continuous integration runs, in the same order, on this machine.
#
# What is missing is installed first: Debian packages (as root or through sudo), cargo-deny, pyarrow, anvil with the
# contracts of the Safe, hardhat, and Bitcoin Core, built from source. All but the first go to a cache outside the checkout, so
# that only the first run is slow. The first step that fails ends the run, with its name and exit code 1.
#
#   COUNTERFOIL_CACHE      the cache; by default counterfoil/ in the user's cache folder
#   COUNTERFOIL_FIXTURES   public test data listed in vectors/external.toml; without it those tests show as ignored
#   COUNTERFOIL_PYARROW    a Python with pyarrow to use instead of installing one
#   COUNTERFOIL_WITNESS    a folder with another implementation of witnesses, instead of installing one
#   BITCOIND, BITCOIN_CLI  a Bitcoin Core to use instead of building one
#   CHROMIUM               a headless Chromium to use instead of installing one
#   ANVIL, SAFE_CONTRACTS  an EVM node and the Safe's contracts to use instead of installing them
#   POOL_CONTRACTS         likewise the contracts of pools and vaults
#   HARDHAT                a second EVM node to use, started as tests/nodes/hardhat/hardhat-node is
#   CI=true                nothing may be left out
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
cache=${COUNTERFOIL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/counterfoil}
cargo_deny_version=0.20.2
cargo_fuzz_version=0.13.2
pyarrow_version=26.0.1
aics_witness_version=0.1.0
aics_tlog_version=0.2.1
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}"
export CARGO_TERM_COLOR="${CARGO_TERM_COLOR:-never}"
# the same bytes whatever the user's settings are
export LC_ALL=C.UTF-8 TZ=UTC
unset RUSTFLAGS

scratch=$(mktemp -d)
step=start
steps=0
left_out=()
finish() {
  local code=$?
  rm -rf "$scratch"
  if [ "$code" != 0 ]; then
    echo
    echo "FAILED: $step (exit code $code) after $SECONDS s"
    exit 1
  fi
}
trap finish EXIT
trap 'exit 130' INT TERM

# run NAME COMMAND…: a heading, the command, its seconds. `set -e` ends the run when the command fails.
run() {
  step=$1
  local began=$SECONDS
  echo
  echo "=== $step"
  nice "${@:2}"
  steps=$((steps + 1))
  echo "--- $step: $((SECONDS - began)) s"
}
# the same for a shell function, in a shell of its own
run_function() { run "$1" bash -euo pipefail -c "$(declare -f "$2"); $2" "$2"; }

check_tools() {
  command -v cargo >/dev/null || { echo "Rust is missing: https://www.rust-lang.org/tools/install"; return 1; }
  local missing=()
  command -v git >/dev/null || missing+=(git)
  command -v python3 >/dev/null || missing+=(python3)
  command -v c++ >/dev/null || missing+=(g++)
  command -v openssl >/dev/null || missing+=(openssl)
  command -v zstd >/dev/null || missing+=(zstd)
  # peers of `serve`, and what sees every write of `keygen`
  command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
  command -v strace >/dev/null || missing+=(strace)
  command -v wrk >/dev/null || missing+=(wrk)
  command -v node >/dev/null || missing+=(nodejs)
  command -v npm >/dev/null || missing+=(npm)
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
  # with a font, or plots could not be judged
  [ -n "${CHROMIUM:-}" ] || command -v chromium >/dev/null || missing+=(chromium fonts-liberation fonts-noto-cjk)
  [ -n "${COUNTERFOIL_PYARROW:-}" ] || python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
  [ ${#missing[@]} = 0 ] || tests/nodes/apt.sh "${missing[@]}"
  cargo fmt --version || rustup component add rustfmt
  cargo clippy --version || rustup component add clippy
  cargo --version
  python3 --version
}

install_cargo_deny() {
  local tool=$cache/tools/bin/cargo-deny
  if [ "$("$tool" --version 2>/dev/null)" != "cargo-deny $cargo_deny_version" ]; then
    CARGO_TARGET_DIR=$cache/tools/build \
      cargo install cargo-deny --locked --quiet --version "$cargo_deny_version" --root "$cache/tools"
    rm -rf "$cache/tools/build"
  fi
  "$tool" --version
}

# Parquet is read by two implementations: the other one writes what the tests read.
install_pyarrow() {
  local venv=$cache/pyarrow-$pyarrow_version
  if ! "$venv/bin/python" -c 'import pyarrow' 2>/dev/null; then
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "pyarrow==$pyarrow_version"
  fi
  "$venv/bin/python" -c 'import pyarrow; print("pyarrow", pyarrow.__version__)'
}

# Another implementation of logs and witnesses. It needs Python 3.12, which a system may have under several names.
install_witness() {
  local venv=$cache/aics-witness-$aics_witness_version python
  if ! "$venv/bin/aics-witness" --help >/dev/null 2>&1; then
    rm -rf "$venv"
    for python in python3 python3.12 python3.13 python3.14 "$HOME"/.pyenv/versions/3.1[2-9]*/bin/python3; do
      "$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 12))' 2>/dev/null && break
    done
    "$python" -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check \
      "aics-witness==$aics_witness_version" "aics-tlog==$aics_tlog_version"
  fi
  "$venv/bin/python" -c 'import aics_witness; print("aics-witness", aics_witness.__version__)'
}

# Says why not when it cannot be had: the inputs that are kept run as ordinary tests in any case.
fuzzer_is_here() {
  cargo +nightly --version || { echo "no nightly compiler: rustup toolchain install nightly"; return 1; }
  local tool=$cache/tools/bin/cargo-fuzz
  if [ "$("$tool" --version 2>/dev/null)" != "cargo-fuzz $cargo_fuzz_version" ]; then
    CARGO_TARGET_DIR=$cache/tools/build \
      cargo install cargo-fuzz --locked --quiet --version "$cargo_fuzz_version" --root "$cache/tools" || return 1
    rm -rf "$cache/tools/build"
  fi
  "$tool" --version
}

# Every target for a few seconds, from the inputs that are kept. What is found new stays out of the checkout.
smoke_fuzz() {
  local target
  export PATH="$cache/tools/bin:$PATH"
  # another compiler and other options than the tests': kept, or every run would compile all of it again
  export CARGO_TARGET_DIR=$cache/fuzz CARGO_INCREMENTAL=0
  local machine
  machine=$(rustc +nightly -vV | sed -n 's/^host: //p')
  cargo +nightly fuzz build --dev --sanitizer none --target "$machine"
  for target in $(cargo +nightly fuzz list); do
    mkdir -p "$scratch/fuzz/$target"
    # as `cargo fuzz run` does, which would ask the compiler again for each of them
    "$CARGO_TARGET_DIR/$machine/debug/$target" "$scratch/fuzz/$target" "fuzz/corpus/$target" \
      -max_total_time=3 -verbosity=0 -print_final_stats=1 -artifact_prefix="$scratch/fuzz/"
  done
}

# Small mistakes in lines that the last commit changed: which of them does no test notice? It is printed, and no failure:
# docs/decisions/0059. For at most three minutes, and the tool's own build on a new machine.
mutate_changed_lines() {
  tests/mutants/run.sh --in-diff HEAD~1 || echo "see docs/mutation.md: exit code $?"
}

run_tests() {
  cargo test --no-fail-fast --locked --features parquet,finality 2>&1 | tee "$scratch/tests.log"
}

# The page is what its sources give, agrees with every vector, and works in a real browser.
check_page() {
  cd src/web/page
  npm ci --ignore-scripts --no-audit --no-fund
  node build.mjs --check
  node test/vectors.mjs
  node --test test/note.test.mjs test/page.test.mjs
}

check_docs() {
  RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items --features parquet,finality
}

# The README's first command, twice: the same figures, files and exit code each time.
check_demo() {
  local round
  for round in first second; do
    mkdir "$scratch/$round"
    (cd "$scratch/$round" &&
      cargo run --release --locked --quiet --manifest-path "$root/Cargo.toml" -- demo >output.txt)
  done
  cat "$scratch/first/output.txt"
  diff -r "$scratch/first" "$scratch/second"
  echo "both runs gave the same bytes"
}

# Everything that git sees of the checkout: changed files with their content, and new ones by name.
tree_state() {
  git status --porcelain --untracked-files=all
  git diff HEAD
}

check_tree() {
  tree_state >"$scratch/tree-after"
  diff "$scratch/tree-before" "$scratch/tree-after"
  # on a clean checkout this is `git diff --exit-code`
  [ -s "$scratch/tree-before" ] || git diff --exit-code
}

export -f tree_state
export root cache scratch cargo_deny_version pyarrow_version aics_witness_version aics_tlog_version

run_function "tools" check_tools
run_function "cargo-deny $cargo_deny_version" install_cargo_deny
if [ -z "${COUNTERFOIL_PYARROW:-}" ]; then
  run_function "pyarrow $pyarrow_version" install_pyarrow
  COUNTERFOIL_PYARROW=$cache/pyarrow-$pyarrow_version/bin/python
fi
export COUNTERFOIL_PYARROW
if [ -z "${COUNTERFOIL_WITNESS:-}" ]; then
  run_function "aics-witness $aics_witness_version" install_witness
  COUNTERFOIL_WITNESS=$cache/aics-witness-$aics_witness_version/bin
fi
export COUNTERFOIL_WITNESS
if [ -n "${BITCOIND:-}" ] && [ -n "${BITCOIN_CLI:-}" ]; then
  run "Bitcoin Core (given)" "$BITCOIND" --version
else
  node_dir=$cache/bitcoind-$(tests/nodes/install.sh --id)
  run "Bitcoin Core" tests/nodes/install.sh "$node_dir"
  BITCOIND=$node_dir/bitcoind
  BITCOIN_CLI=$node_dir/bitcoin-cli
fi
export BITCOIND BITCOIN_CLI
if [ -n "${ANVIL:-}" ] && [ -n "${SAFE_CONTRACTS:-}" ]; then
  run "anvil (given)" "$ANVIL" --version
else
  anvil_dir=$cache/anvil-$(tests/nodes/install-anvil.sh --id)
  run "anvil" tests/nodes/install-anvil.sh "$anvil_dir"
  ANVIL=$anvil_dir/anvil
  SAFE_CONTRACTS=$anvil_dir/safe-contracts
fi
export ANVIL SAFE_CONTRACTS
if [ -z "${POOL_CONTRACTS:-}" ]; then
  POOL_CONTRACTS=$cache/pools-$(tests/nodes/install-pools.sh --id)
  run "contracts of pools" tests/nodes/install-pools.sh "$POOL_CONTRACTS"
fi
export POOL_CONTRACTS
if [ -z "${HARDHAT:-}" ]; then
  hardhat_dir=$cache/hardhat-$(tests/nodes/install-hardhat.sh --id)
  run "hardhat" tests/nodes/install-hardhat.sh "$hardhat_dir"
  HARDHAT=$hardhat_dir/hardhat-node
fi
export HARDHAT

step="state of the checkout"
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  tree_state >"$scratch/tree-before"
elif [ "${CI:-}" = true ]; then
  echo "this is no git checkout: what the tests changed cannot be seen"
  exit 1
else
  left_out+=("checkout unchanged (no git here)")
fi
if [ -z "${COUNTERFOIL_FIXTURES:-}" ]; then
  [ "${CI:-}" != true ] || { step="COUNTERFOIL_FIXTURES is not set"; exit 1; }
  left_out+=("public test data (COUNTERFOIL_FIXTURES is not set)")
fi

run "format" cargo fmt --check
# one configuration is compiled and tested, the one with everything; the smallest one must compile
run "clippy" cargo clippy --all-targets --locked --features parquet,finality -- -D warnings
run "without features" cargo check --locked --no-default-features
run "licences and sources" "$cache/tools/bin/cargo-deny" --locked check bans licenses sources
run_function "tests" run_tests
# another build for another commit; all of them are run before a release
if git rev-parse --is-inside-work-tree >/dev/null 2>&1; then
  run "countermeasures switched off, one build" tests/switch_off/run.sh --one
else
  left_out+=("countermeasures switched off (no git here)")
fi
run_function "page" check_page
# figures are for quiet machines: here the program only has to run to its end, and the peers' lock file to fit
run "benchmarks, tiny sizes" cargo test --locked --features parquet,finality --bench figures
run "serve under wrk" env COUNTERFOIL="$CARGO_TARGET_DIR/debug/counterfoil" benches/serve.sh --smoke
run "benchmarks, lock file of the peers" cargo update --workspace --locked --manifest-path benches/peers/Cargo.toml
run "fuzz targets, lock file" cargo update --workspace --locked --manifest-path fuzz/Cargo.toml
step="cargo-fuzz $cargo_fuzz_version"
if fuzzer_is_here; then
  run_function "fuzz smoke" smoke_fuzz
else
  left_out+=("fuzz smoke (no nightly compiler or no cargo-fuzz; its inputs ran as tests)")
fi
run_function "mutants of changed lines" mutate_changed_lines
run_function "documentation" check_docs
if [ -e vectors/reference/counterfoil.py ]; then
  run "vectors, second implementation" python3 vectors/reference/counterfoil.py
elif [ "${CI:-}" = true ]; then
  step="vectors/reference/counterfoil.py is missing"
  exit 1
else
  left_out+=("second implementation (vectors/reference/counterfoil.py is missing)")
fi
run_function "demonstration" check_demo
[ ! -e "$scratch/tree-before" ] || run_function "checkout unchanged" check_tree

counts=$(awk '/^test result: / {passed += $4; ignored += $8}
  END {print passed + 0 " tests passed, " ignored + 0 " ignored"}' "$scratch/tests.log")
echo
for item in "${left_out[@]}"; do echo "left out: $item"; done
echo "OK: $steps steps in $SECONDS s; $counts"
