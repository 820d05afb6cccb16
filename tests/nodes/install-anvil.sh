#!/usr/bin/env bash
# Installs anvil, a node of Ethereum for development, and the contracts of the Safe wallet, in a folder outside the
# checkout.
#
#   tests/nodes/install-anvil.sh DIR     afterwards DIR/anvil starts, and DIR/safe-contracts has the contracts
#   tests/nodes/install-anvil.sh --id    prints the version and the first 12 digits of the sha256 of the lock file
#
# npm checks both packages against the hashes in anvil/package-lock.json and runs none of their scripts. DIR appears by a
# rename when everything in it works.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=1.7.1

fail() { echo "tests/nodes/install-anvil.sh: $*" >&2; exit 1; }

[ $# = 1 ] || fail "expected one argument: the folder to install into, or --id"
if [ "$1" = --id ]; then
  echo "$version-$(sha256sum "$here/anvil/package-lock.json" | cut -c1-12)"
  exit 0
fi

works() { "$1/anvil" --version >/dev/null 2>&1 && [ -d "$1/safe-contracts/build/artifacts" ]; }
dir=$1
if [ -e "$dir" ]; then
  works "$dir" && exit 0
  fail "$dir is there but its anvil does not start; remove the folder and run again"
fi
[ "$(uname -sm)" = "Linux x86_64" ] || fail "anvil is installed on Linux on x86-64 only"
command -v npm >/dev/null || "$here/apt.sh" npm

parent=$(dirname "$dir")
mkdir -p "$parent"
work=$(mktemp -d "$parent/.anvil-install.XXXXXX")
trap 'rm -rf "$work"' EXIT
cp "$here/anvil/package.json" "$here/anvil/package-lock.json" "$work/"
(cd "$work" && npm ci --ignore-scripts --no-audit --no-fund --legacy-peer-deps --loglevel=error >/dev/null) ||
  fail "npm could not install what anvil/package-lock.json names"
mkdir "$work/out"
install -m 755 "$work/node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil" "$work/out/anvil"
cp -r "$work/node_modules/@safe-global/safe-contracts" "$work/out/safe-contracts"
works "$work/out" || fail "the installed anvil does not start"
# another run may have finished first: its result is as good
mv -T "$work/out" "$dir" 2>/dev/null || works "$dir" || fail "$dir could not be created"
"$dir/anvil" --version | head -n 1
