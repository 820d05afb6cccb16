#!/usr/bin/env bash
# Installs Debian packages, as root or through sudo. Called only with packages that are missing.
set -euo pipefail
command -v apt-get >/dev/null || { echo "please install: $*" >&2; exit 1; }
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
echo "installing packages: $*"
"${as_root[@]}" apt-get update -qq
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
