#!/usr/bin/env bash
# Prints every figure of docs/performance.md beside its floor and its peers, measured in one run on this machine.
#
#   benches/run.sh                              ledgers of 10^5, 10^6 and 10^7 rows, about 2 GB of disk
#   benches/run.sh --rows 100_000_000           one of 10^8 rows, about 20 GB of disk
#   benches/run.sh --dir FOLDER                 measure the disk under FOLDER
#   benches/run.sh --leaves N                   leaves of the trees in memory
#   benches/run.sh --coins N                    coins of the snapshot of unspent outputs (5 million)
#   benches/run.sh --reserves                   the reserve side only
#   benches/run.sh --states                     proofs of accounts of an EVM chain only
#   benches/run.sh --windows                    bundles with long windows only
#   benches/run.sh --accounts N                 accounts of that chain (50,000)
#   benches/run.sh --keep                       keep ledgers and stores for a look
#   benches/run.sh --serve                      the server of published files only, under wrk (benches/serve.sh)
#   benches/run.sh --smoke                      tiny sizes: only to see that it runs
#
# Nothing else should run meanwhile. No figure is a test: a machine that is busy is slower, and nothing fails.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
unset RUSTFLAGS
cd "$root"
[ "${1:-}" != --serve ] || exec benches/serve.sh "${@:2}"

peers=()
target=${CARGO_TARGET_DIR:-$root/target}
if CARGO_TARGET_DIR=$target/peers cargo build --release --locked --quiet --manifest-path benches/peers/Cargo.toml; then
  peers=(--peers "$target/peers/release/counterfoil-peers")
else
  echo "benches/peers cannot be built here: dapol is left out" >&2
fi
exec cargo bench --locked --quiet --bench figures -- "${peers[@]}" "$@"
