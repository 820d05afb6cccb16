#!/usr/bin/env bash
# Installs hardhat, a node of Ethereum for development that keeps its state as Ethereum does where anvil does not, in a
# folder outside the checkout.
#
#   tests/nodes/install-hardhat.sh DIR     afterwards DIR/hardhat-node starts
#   tests/nodes/install-hardhat.sh --id    prints the version and the first 12 digits of the sha256 of what it is made of
#
# npm checks every package against the hashes in hardhat/package-lock.json and runs none of their scripts. DIR appears by
# a rename when everything in it works.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
version=2.29.1

fail() { echo "tests/nodes/install-hardhat.sh: $*" >&2; exit 1; }

[ $# = 1 ] || fail "expected one argument: the folder to install into, or --id"
if [ "$1" = --id ]; then
  made_of=$(cat "$here/hardhat/package-lock.json" "$here/hardhat/hardhat.config.js" "$here/hardhat/hardhat-node" |
    sha256sum | cut -c1-12)
  echo "$version-$made_of"
  exit 0
fi

works() {
  [ -x "$1/hardhat-node" ] &&
    (cd "$1" && COUNTERFOIL_NODE_START=0 HARDHAT_DISABLE_TELEMETRY_PROMPT=true \
      node node_modules/hardhat/internal/cli/cli.js --version >/dev/null 2>&1)
}
dir=$1
if [ -e "$dir" ]; then
  works "$dir" && exit 0
  fail "$dir is there but its hardhat does not start; remove the folder and run again"
fi
[ "$(uname -sm)" = "Linux x86_64" ] || fail "hardhat is installed on Linux on x86-64 only"
command -v npm >/dev/null || "$here/apt.sh" npm

parent=$(dirname "$dir")
mkdir -p "$parent"
work=$(mktemp -d "$parent/.hardhat-install.XXXXXX")
trap 'rm -rf "$work"' EXIT
mkdir "$work/out"
cp "$here/hardhat/"{package.json,package-lock.json,hardhat.config.js,hardhat-node} "$work/out/"
(cd "$work/out" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >/dev/null) ||
  fail "npm could not install what hardhat/package-lock.json names"
# programs for other machines: more than half of the bytes
find "$work/out/node_modules/@nomicfoundation" -maxdepth 1 -name 'edr-*' ! -name edr-linux-x64-gnu -exec rm -rf {} +
works "$work/out" || fail "the installed hardhat does not start"
# another run may have finished first: its result is as good
mv -T "$work/out" "$dir" 2>/dev/null || works "$dir" || fail "$dir could not be created"
echo "hardhat $version"
