#!/usr/bin/env bash
# Builds Bitcoin Core for the tests, once, and leaves it in a folder outside the checkout.
#
#   tests/nodes/install.sh DIR      afterwards DIR/bitcoind and DIR/bitcoin-cli exist
#   tests/nodes/install.sh --id     prints the first 12 digits of the sha256 of the source archive
#
# The source comes through cargo, which checks the archive against the hash in bitcoind/Cargo.lock. No wallet is
# built: the tests sign for themselves. DIR appears by a rename when everything in it works, so a run that dies leaves
# nothing that looks installed. About 3 minutes on 2 cores. COUNTERFOIL_NODE_STEP=configure stops before compiling.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
crate=libbitcoinkernel-sys
version=0.4.1
# stated a second time, so that a changed lock file alone cannot bring other source in
sha256=345d18a1ce19a1becfcaaa066e3a60e9c7813ef5c23ea8c20704ca4ba1a46339

fail() { echo "tests/nodes/install.sh: $*" >&2; exit 1; }

[ $# = 1 ] || fail "expected one argument: the folder to install into, or --id"
if [ "$1" = --id ]; then
  echo "${sha256:0:12}"
  exit 0
fi

works() { "$1/bitcoind" --version >/dev/null 2>&1 && "$1/bitcoin-cli" --version >/dev/null 2>&1; }
dir=$1
if [ -e "$dir" ]; then
  works "$dir" && exit 0
  fail "$dir is there but its bitcoind or bitcoin-cli does not start; remove the folder and run again"
fi

grep -A3 "^name = \"$crate\"\$" "$here/bitcoind/Cargo.lock" | grep -q "^checksum = \"$sha256\"\$" ||
  fail "bitcoind/Cargo.lock does not record sha256 $sha256 for $crate"

parent=$(dirname "$dir")
mkdir -p "$parent"
log=$dir.log
work=$(mktemp -d "$parent/.bitcoind-build.XXXXXX")
trap 'rm -rf "$work"' EXIT

missing=()
command -v cmake >/dev/null || missing+=(cmake)
command -v ninja >/dev/null || missing+=(ninja-build)
command -v pkg-config >/dev/null || missing+=(pkg-config)
command -v g++ >/dev/null || missing+=(g++)
[ -e /usr/include/boost/version.hpp ] || missing+=(libboost-dev)
[ ${#missing[@]} = 0 ] || "$here/apt.sh" "${missing[@]}"

# Everything the build prints goes to the log; its tail is shown when a step fails.
logged() {
  nice "$@" >>"$log" 2>&1 || {
    echo "--- last lines of $log" >&2
    tail -n 40 "$log" >&2
    return 1
  }
}

: >"$log"
echo "building Bitcoin Core from $crate $version, log in $log"
logged cargo vendor --locked --versioned-dirs --manifest-path "$here/bitcoind/Cargo.toml" "$work/vendor" ||
  fail "cargo could not fetch the source"
source=$work/vendor/$crate-$version/bitcoin
[ -e "$source/CMakeLists.txt" ] || fail "$crate $version has no bitcoin/CMakeLists.txt"

# -O1 halves the build and is fast enough for a chain of a few hundred blocks. The map of internet providers is left
# out because the crate does not carry its data.
options=(
  -G Ninja -DCMAKE_BUILD_TYPE=Release -DCMAKE_CXX_FLAGS_RELEASE=-O1 -DCMAKE_C_FLAGS_RELEASE=-O1
  -DBUILD_TESTS=OFF -DBUILD_BENCH=OFF -DBUILD_GUI=OFF -DBUILD_FUZZ_BINARY=OFF -DBUILD_KERNEL_LIB=OFF
  -DBUILD_UTIL=OFF -DBUILD_TX=OFF -DBUILD_BITCOIN_BIN=OFF -DBUILD_WALLET_TOOL=OFF
  -DENABLE_WALLET=OFF -DENABLE_IPC=OFF -DENABLE_EXTERNAL_SIGNER=OFF
  -DWITH_ZMQ=OFF -DWITH_EMBEDDED_ASMAP=OFF -DWITH_CCACHE=OFF
)
configure() { logged cmake -S "$source" -B "$work/$1" "${options[@]}" "${@:2}"; }
compile() { logged cmake --build "$work/$1" -j "$(nproc)" --target bitcoind bitcoin-cli; }

fast=-DCMAKE_PROJECT_BitcoinCore_INCLUDE=$here/bitcoind/fast.cmake
if [ "${COUNTERFOIL_NODE_STEP:-}" = configure ]; then
  configure fast "$fast" || fail "cmake could not configure the quick build"
  configure plain || fail "cmake could not configure the plain build"
  echo "configured, not compiled, not installed"
  exit 0
fi

built=fast
if ! { configure fast "$fast" && compile fast; }; then
  echo "the quick build failed; building without it" >&2
  rm -rf "$work/fast"
  built=plain
  { configure plain && compile plain; } || fail "Bitcoin Core could not be built, see $log"
fi

mkdir "$work/out"
install -s -m 755 "$work/$built/bin/bitcoind" "$work/$built/bin/bitcoin-cli" "$work/out/"
works "$work/out" || fail "the built bitcoind or bitcoin-cli does not start"
# another run may have finished first: its result is as good
mv -T "$work/out" "$dir" 2>>"$log" || works "$dir" || fail "$dir could not be created"
"$dir/bitcoind" --version | head -n 1
