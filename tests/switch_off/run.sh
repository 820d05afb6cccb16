#!/usr/bin/env bash
# Switches countermeasures off and demands that their tests fail without them.
#
#   tests/switch_off/run.sh              every patch
#   tests/switch_off/run.sh NAME…        these together, in one build; names without `.patch`
#   tests/switch_off/run.sh --share I/N  every N-th build, from the I-th on, counted from 1
#   tests/switch_off/run.sh --one        one build, chosen by the commit: another commit, other patches
#
# A patch begins with `Off:`, what it switches off, and `Test:`, which is one of
#   lab NAME…    scenarios of the lab: each must end otherwise than it says (CF-9011)
#   lib FILTER   unit tests of the library: at least one must fail
#
# A build takes a minute, so several patches of the first kind share one, and all scenarios are played: those that the
# patches name must fail, and all others must pass. The patches stand in a square, and each row and each column of it is
# one build. No two patches are together in both, so a scenario that fails in its row because of another patch of the
# row fails in that patch's column, too, where it must pass (docs/decisions/0051).
#
# The checkout is copied, patched and built elsewhere. Builds share the target folder, so that dependencies are built
# once, and no patched program ever stands where a good one belongs.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
features=${COUNTERFOIL_FEATURES:-parquet,finality}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
copy=$CARGO_TARGET_DIR/switch_off

field() { sed -n "s/^$2: //p" "$root/tests/switch_off/$1.patch" | head -1; }

lab=() lib=()
for file in tests/switch_off/*.patch; do
    name=${file##*/} name=${name%.patch}
    if [[ $(field "$name" Test) == lab* ]]; then lab+=("$name"); else lib+=("$name"); fi
done

# each build is a line: the patches in it
builds=()
side=1
while ((side * side < ${#lab[@]})); do side=$((side + 1)); done
for ((line = 0; line < side; line++)); do
    row='' column=''
    for ((place = 0; place < side; place++)); do
        row+=" ${lab[line * side + place]:-}"
        column+=" ${lab[place * side + line]:-}"
    done
    builds+=("$row" "$column")
done
builds+=("${lib[@]}")

chosen=()
case ${1:-} in
    '') chosen=("${builds[@]}") ;;
    --share)
        first=${2%/*} step=${2#*/}
        for ((at = first - 1; at < ${#builds[@]}; at += step)); do chosen+=("${builds[at]}"); done
        ;;
    --one) chosen=("${builds[16#$(git rev-parse --short=7 HEAD 2>/dev/null || echo 0) % ${#builds[@]}]}") ;;
    *) chosen=("$*") ;;
esac

# what a commit would hold: tracked files, and new ones that are not ignored
rm -rf "$copy"
mkdir -p "$copy/examples"
git ls-files -z --cached --others --exclude-standard | xargs -0 cp -p --parents -t "$copy"
# another version is another package to cargo: what is built of the copy never takes the place of what is built of the
# checkout in the folder that they share
sed -i '0,/^version = "[^"]*"/s//version = "0.0.0-off"/' "$copy/Cargo.toml"
# not in the checkout: only the copy plays scenarios without the command
cat > "$copy/examples/switch_off.rs" <<'RUST'
//! Plays every scenario and prints how each ends.
fn main() {
    for scenario in counterfoil::lab::scenarios::ALL {
        match scenario.run() {
            Ok(_) => println!("passes {}", scenario.name),
            Err(error) => println!("fails {} {error}", scenario.name),
        }
    }
}
RUST
log=$copy/log

play() {
    (cd "$copy" && cargo build --quiet --example switch_off --features "$features") >"$log" 2>&1 || return 1
    "$CARGO_TARGET_DIR/debug/examples/switch_off" >"$log" 2>&1
}

unit_tests() {
    (cd "$copy" && cargo test --quiet --no-run --lib --features "$features") >"$log" 2>&1 || return 2
    if (cd "$copy" && cargo test --quiet --lib --features "$features" -- "$1") >"$log" 2>&1; then return 1; fi
    grep -q '^test result: FAILED' "$log" || return 2
}

bad=0
say() { printf '%-30s %-38s %s\n' "$1" "$2" "$3"; }
wrong() { say "$@"; bad=1; }

for build in "${chosen[@]}"; do
    read -ra names <<<"$build"
    ((${#names[@]})) || continue
    begun=$SECONDS
    expected=()
    for name in "${names[@]}"; do
        patch --quiet --forward --directory="$copy" -p1 <"tests/switch_off/$name.patch"
    done
    if [[ $(field "${names[0]}" Test) == lib* ]]; then
        filter=$(field "${names[0]}" Test) status=0
        unit_tests "${filter#lib }" || status=$?
        case $status in
            0) say "${names[0]}" "$filter" "fails, as it must" ;;
            1) wrong "${names[0]}" "$filter" "STILL PASSES" ;;
            *) wrong "${names[0]}" "$filter" "NO ANSWER" ; tail -20 "$log" ;;
        esac
    elif play; then
        for name in "${names[@]}"; do
            for scenario in $(field "$name" Test | sed 's/^lab //'); do
                expected+=("$scenario")
                if grep -q "^fails $scenario " "$log"; then say "$name" "$scenario" "fails, as it must"
                else wrong "$name" "$scenario" "STILL PASSES"; fi
            done
        done
        while read -r _ scenario said; do
            [[ " ${expected[*]} " == *" $scenario "* ]] || wrong "${names[*]}" "$scenario" "FAILS TOO: $said"
        done < <(grep '^fails ' "$log" || true)
    else
        wrong "${names[*]}" "" "NO ANSWER"
        tail -20 "$log"
    fi
    for name in "${names[@]}"; do
        patch --quiet --reverse --directory="$copy" -p1 <"tests/switch_off/$name.patch"
    done
    echo "  ($((SECONDS - begun)) s)"
done
rm -rf "$copy"
exit $bad
