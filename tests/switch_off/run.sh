#!/usr/bin/env bash
# Switches countermeasures off and demands that their tests fail without them.
#
#   tests/switch_off/run.sh              every patch, in some eight builds; writes tests/switch_off/README.md
#   tests/switch_off/run.sh NAME…        these together, in one build; names without `.patch`
#   tests/switch_off/run.sh --build I…   these builds of the whole, counted from 1
#   tests/switch_off/run.sh --one        one build, chosen by the commit: another commit, other patches
#   tests/switch_off/run.sh --plain      one build without any patch: every test must pass
#   tests/switch_off/run.sh --plan       which patches are in which build
#
# A patch begins with `Off:`, what it switches off, `Test:`, which is one of
#   lab NAME…               scenarios of the lab: each must end otherwise than it says (CF-9011)
#   vector FOLDER/NAME…     vectors: each must give another result than the one in it
# and, for scenarios, `Then:`, how they end without the countermeasure: `believed`, or the codes of what stands behind it.
#
# Each patch is in three of the builds, and no two patches are in the same three. In a build the tests of its patches
# must fail, and all others must pass. So whatever patch q does to the test of patch p, there is a build with q and
# without p that shows it (docs/decisions/0060).
#
# The checkout is copied, patched and built elsewhere. Builds share the target folder, so that dependencies are built
# once and a build begins where the last one ended, and no patched program ever stands where a good one belongs.
set -euo pipefail
export LC_ALL=C
cd "$(dirname "$0")/../.."
root=$PWD
features=${COUNTERFOIL_FEATURES:-parquet,finality}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target} CARGO_INCREMENTAL=1
copy=$CARGO_TARGET_DIR/switch_off
page=tests/switch_off/README.md

field() { sed -n "s/^$2: //p" "$root/tests/switch_off/$1.patch" | head -1; }

patches=()
declare -A tests=() builds_of=()
all_tests=()
for file in tests/switch_off/*.patch; do
    name=${file##*/} name=${name%.patch}
    patches+=("$name")
    read -ra words <<<"$(field "$name" Test)"
    tests[$name]=''
    for one in "${words[@]:1}"; do
        tests[$name]+=" ${words[0]}:$one"
        all_tests+=("${words[0]}:$one")
    done
done

# Three builds for each patch: 1 2 3, 1 2 4 … 6 7 8.
count=3
while ((count * (count - 1) * (count - 2) / 6 < ${#patches[@]})); do count=$((count + 1)); done
plan=()
at=0
for ((c = 3; c <= count; c++)); do for ((b = 2; b < c; b++)); do for ((a = 1; a < b; a++)); do
    name=${patches[at]:-}
    [[ -n $name ]] || break 3
    builds_of[$name]="$a $b $c"
    for i in "$a" "$b" "$c"; do plan[i]+=" $name"; done
    at=$((at + 1))
done; done; done

builds=()
case ${1:-} in
    '') builds=("" "${plan[@]}") ;;
    --plain) builds=("") ;;
    --plan)
        for i in "${!plan[@]}"; do echo "$i:${plan[i]}"; done
        exit 0
        ;;
    --build) for i in "${@:2}"; do builds+=("${plan[i]}"); done ;;
    --one)
        commit=$(git rev-parse --short=7 HEAD 2>/dev/null || echo 0)
        builds=("${plan[16#$commit % count + 1]}")
        ;;
    *) builds=("$*") ;;
esac

# What a commit would hold: tracked files, and new ones that are not ignored. The copy stays, and only what differs from
# it is written, with the time of now: so the compiler takes up the last build where it was, and what a run that was cut
# short left patched is seen as changed.
mkdir -p "$copy/examples"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
put() { cmp -s "$1" "$2" || { mkdir -p "${2%/*}" && cp "$1" "$2"; }; }
git ls-files -z --cached --others --exclude-standard >"$scratch/files"
while IFS= read -r -d '' file; do
    [[ ! -f $file || $file == Cargo.toml ]] || put "$file" "$copy/$file"
done <"$scratch/files"
(cd "$copy" && find src tests benches vectors -type f -print0) | while IFS= read -r -d '' file; do
    [[ -e $file ]] || rm -f "$copy/$file"
done
# another version is another package to cargo: what is built of the copy never takes the place of what is built of the
# checkout in the folder that they share
sed '0,/^version = "[^"]*"/s//version = "0.0.0-off"/' Cargo.toml >"$scratch/Cargo.toml"
put "$scratch/Cargo.toml" "$copy/Cargo.toml"
# not a program of the checkout: only the copy plays scenarios without the command
put tests/switch_off/play.rs "$copy/examples/switch_off.rs"

# play NAME…: builds with these patches and writes how every test ends, a line each, to $scratch/ends
play() {
    local name
    for name in "$@"; do
        patch --quiet --forward --no-backup-if-mismatch --directory="$copy" -p1 <"tests/switch_off/$name.patch" \
            >"$scratch/log" 2>&1 || { echo "$name does not apply beside the others:"; cat "$scratch/log"; return 1; }
    done
    (cd "$copy" && cargo build --quiet --example switch_off --features "$features") >"$scratch/log" 2>&1 || {
        grep -A 12 '^error' "$scratch/log" | head -40
        return 1
    }
    "$CARGO_TARGET_DIR/debug/examples/switch_off" "${all_tests[@]}" >"$scratch/ends" 2>"$scratch/log" ||
        { tail -20 "$scratch/log"; return 1; }
}

# the patched files as they were
restore() {
    local name file
    for name in "$@"; do
        for file in $(sed -n 's/^+++ b\///p' "tests/switch_off/$name.patch"); do put "$file" "$copy/$file"; done
    done
    find "$copy/src" -name '*.rej' -o -name '*.orig' | xargs -r rm -f
}

bad=0
say() { printf '  %-38s %-30s %s\n' "$1" "$2" "$3"; }
wrong() { say "$1" "$2" "WRONG: $3"; bad=1; }
declare -A seen=()

# judge NAME…: holds what is in $scratch/ends against what must be there
judge() {
    local -A off=() end=()
    local name one test ends
    while read -r test ends; do end[$test]=$ends; done <"$scratch/ends"
    for name in "$@"; do
        for one in ${tests[$name]}; do
            off[$one]=$name
            ends=${end[$one]:-nothing}
            if [[ $ends == passes ]]; then wrong "$name" "$one" "still passes"; continue; fi
            say "$name" "$one" "fails: ${ends#fails }"
            seen[$name]+="${ends#fails }"$'\n'
        done
    done
    for test in "${!end[@]}"; do
        # a vector has fixed bytes: whatever changes a leaf changes all that contain one
        [[ ${end[$test]} == passes || -n ${off[$test]:-} || ($test == vector:* && -n $*) ]] || wrong - "$test" "fails too: ${end[$test]}"
    done
}

begun=$SECONDS
for build in "${builds[@]}"; do
    read -ra names <<<"$build"
    since=$SECONDS
    echo "build of ${#names[@]} patches"
    if play "${names[@]}"; then judge "${names[@]}"; else wrong "${names[*]}" "" "no answer"; fi
    restore "${names[@]}"
    echo "  ($((SECONDS - since)) s)"
done

# in one of its builds at least a patch ends as it says: in others a second patch can have taken out what stands behind it,
# so only a whole run can tell
for name in "${!seen[@]}"; do
    [[ -z ${1:-} ]] || break
    expected=$(field "$name" Then)
    if [[ -n $expected ]] && ! grep -qF "$expected" <<<"${seen[$name]}"; then
        wrong "$name" "" "ends with $(sort -u <<<"${seen[$name]}" | tr '\n' ' '), Then: says $expected"
    fi
done
if [[ -z ${1:-} && $bad == 0 ]]; then
    {
        sed -n '1,/^| patch /p' "$page"
        echo '|---|---|---|---|'
        for name in "${patches[@]}"; do
            then=$(field "$name" Then)
            echo "| [$name]($name.patch) | $(field "$name" Off) | \`$(field "$name" Test)\` | ${then:-another result} |"
        done
    } >"$scratch/page"
    put "$scratch/page" "$page"
fi
echo "${#builds[@]} builds in $((SECONDS - begun)) s: $( ((bad)) && echo "WRONG, see above" || echo "every test failed as it must")"
exit $bad
