#!/usr/bin/env bash
# `counterfoil serve` under wrk on loopback, beside nginx with the configuration of docs/serving.md and Python's file
# server, all with the same folder, in one run.
#
#   benches/serve.sh                 ten seconds for each figure
#   benches/serve.sh --seconds N
#   benches/serve.sh --smoke         one second: only to see that nothing fails
#
# Ends with exit code 1 when `serve` gave an error, cut an answer, or let a client wait in vain, and when it took more than
# 200 MiB: these are no figures. Needs wrk, nginx and python3; COUNTERFOIL names another program than the release build.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$root"
unset RUSTFLAGS
seconds=10
while [ $# -gt 0 ]; do
  case $1 in
    --seconds) seconds=$2; shift 2 ;;
    --smoke) seconds=1; shift ;;
    *) echo "unknown argument $1" >&2; exit 2 ;;
  esac
done
export PATH="$PATH:/usr/sbin"
for program in wrk nginx python3; do
  command -v "$program" >/dev/null || { echo "$program is not installed" >&2; exit 2; }
done
if [ -z "${COUNTERFOIL:-}" ]; then
  cargo build --release --locked --quiet
  COUNTERFOIL=${CARGO_TARGET_DIR:-$root/target}/release/counterfoil
fi

work=$(mktemp -d)
chmod 755 "$work"
pids=()
finish() {
  for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
  wait 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# a pack of the length that 128 customers of one asset have, a tile, and the page
mkdir -p "$work/site/proofs/7/packs" "$work/site/log/tile/0"
"$COUNTERFOIL" page --out "$work/site/verify.html" >/dev/null
python3 - "$work/site" <<'PYTHON'
import os, sys
site = sys.argv[1]
open(site + "/proofs/7/packs/0.pack", "wb").write(b"counterfoil\0sp\0\x01" + os.urandom((640 << 10) - 16))
open(site + "/proofs/7/index.json", "w").write("{}")
open(site + "/log/tile/0/000", "wb").write(os.urandom(8192))
open(site + "/log/checkpoint", "w").write("log.example/x\n256\n" + "A" * 43 + "=\n\n")
PYTHON

ours=$(free_port)
"$COUNTERFOIL" serve "$work/site" --listen "127.0.0.1:$ours" >"$work/serve.txt" 2>&1 &
serve=$!
pids+=("$serve")
mkdir "$work/nginx"
port_nginx=$(free_port)
{
  echo "daemon off; worker_processes auto; pid $work/nginx/pid; error_log $work/nginx/error.log crit;"
  echo "events { worker_connections 2048; } http {"
  for name in client_body proxy fastcgi uwsgi scgi; do echo "${name}_temp_path $work/nginx/$name;"; done
  awk '/^```nginx$/ {on = 1; next} /^```$/ {on = 0} on' docs/serving.md |
    sed -e "s|127.0.0.1:7381|127.0.0.1:$port_nginx|" -e "s|/srv/example-exchange/site|$work/site|"
  echo "}"
} >"$work/nginx/nginx.conf"
nginx -p "$work/nginx" -c "$work/nginx/nginx.conf" 2>/dev/null &
pids+=("$!")
python_port=$(free_port)
python3 -m http.server "$python_port" --bind 127.0.0.1 --directory "$work/site" >/dev/null 2>&1 &
pids+=("$!")
for port in "$ours" "$port_nginx" "$python_port"; do
  for _ in $(seq 200); do (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.05; done
done

failed=0
echo "| file | connections | server | requests/s | MiB/s | errors | against nginx |"
echo "|---|---|---|---|---|---|---|"
# measure LABEL PATH CONNECTIONS SERVER PORT
measure() {
  wrk -t1 -c"$3" -d"${seconds}s" --timeout 10s "http://127.0.0.1:$5/$2" >"$work/wrk.txt"
  local rate errors
  rate=$(awk '/^Requests\/sec:/ {print $2}' "$work/wrk.txt")
  errors=$(awk '/Socket errors:/ {gsub(",", ""); n += $4 + $6 + $8 + $10} /Non-2xx/ {n += $NF} END {print n + 0}' "$work/wrk.txt")
  local size
  size=$(stat -c %s "$work/site/$2")
  [ "$4" != nginx ] || base=$rate
  awk -v label="$1" -v n="$3" -v server="$4" -v rate="$rate" -v errors="$errors" -v size="$size" -v base="$base" \
    'BEGIN {printf "| %s, %.0f KiB | %d | %s | %.0f | %.0f | %d | %.0f %% |\n", label, size / 1024, n, server, rate, rate * size / 1048576, errors, 100 * rate / base}'
  if [ "$4" = serve ] && [ "$errors" != 0 ]; then failed=1; cat "$work/wrk.txt" >&2; fi
}
for connections in 16 1000; do
  while read -r label path; do
    base=1
    measure "$label" "$path" "$connections" nginx "$port_nginx"
    measure "$label" "$path" "$connections" serve "$ours"
    # one thread a connection: more of them would measure the scheduler
    [ "$connections" != 16 ] || measure "$label" "$path" "$connections" "Python" "$python_port"
  done <<'FILES'
tile log/tile/0/000
page verify.html
pack proofs/7/packs/0.pack
FILES
done
memory=$(awk '/^VmHWM:/ {print int($2 / 1024)}' "/proc/$serve/status")
echo
echo "serve took at most $memory MiB of resident memory with 256 places and up to 1,000 clients."
[ "$memory" -le 200 ] || failed=1
kill -TERM "$serve"
wait "$serve" || failed=1
tail -1 "$work/serve.txt"
[ "$failed" = 0 ] || { echo "FAILED: see above" >&2; exit 1; }
