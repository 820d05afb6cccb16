#!/usr/bin/env bash
# Installs the contracts that tests/evm_pool_node.rs deploys, in a folder outside the checkout: the published code of a
# constant-product pair, and a token and a vault of ERC-4626, compiled from a published library by a published compiler.
#
#   tests/nodes/install-pools.sh DIR     afterwards DIR has UniswapV2Factory.json, UniswapV2Pair.json, Token.json and
#                                        Vault.json
#   tests/nodes/install-pools.sh --id    prints the first 12 digits of the sha256 of what they are made of
#
# npm checks every package against the hashes in pools/package-lock.json and runs none of their scripts. DIR appears by
# a rename when everything in it is there.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

fail() { echo "tests/nodes/install-pools.sh: $*" >&2; exit 1; }

[ $# = 1 ] || fail "expected one argument: the folder to install into, or --id"
if [ "$1" = --id ]; then
  cat "$here/pools/package-lock.json" "$here/pools/contracts.sol" "$here/pools/compile.js" | sha256sum | cut -c1-12
  exit 0
fi

works() {
  local name
  for name in UniswapV2Factory UniswapV2Pair Token Vault; do [ -s "$1/$name.json" ] || return 1; done
}
dir=$1
if [ -e "$dir" ]; then
  works "$dir" && exit 0
  fail "$dir is there and lacks a contract; remove the folder and run again"
fi
command -v npm >/dev/null || "$here/apt.sh" npm

parent=$(dirname "$dir")
mkdir -p "$parent"
work=$(mktemp -d "$parent/.pools-install.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp "$here/pools/"{package.json,package-lock.json,contracts.sol,compile.js} "$work/"
(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) ||
  fail "npm could not install what pools/package-lock.json names"
mkdir "$work/out"
cp "$work/node_modules/@uniswap/v2-core/build/UniswapV2"{Factory,Pair}.json "$work/out/"
(cd "$work" && node compile.js out) || fail "contracts.sol could not be compiled"
works "$work/out" || fail "a contract is missing"
# another run may have finished first: its result is as good
mv -T "$work/out" "$dir" 2>/dev/null || works "$dir" || fail "$dir could not be created"
echo "contracts of pools"
