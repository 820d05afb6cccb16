#!/usr/bin/env bash
# Makes small mistakes in the parts that carry a verdict, one at a time, and demands that a test fails of each.
#
#   tests/mutants/run.sh PART…                the mutants of these parts, all of them; without a name, of every part
#   tests/mutants/run.sh --share I/N PART…    every N-th mutant, from the I-th on, counted from 1
#   tests/mutants/run.sh --in-diff REV PART…  at most twelve of lines that changed since REV, for at most three minutes
#   tests/mutants/run.sh --list PART…         their names and number
#   --match REGEX                             only those whose name the tool's list shows with this in it
#   --seconds S                               begin nothing new after S seconds, name what was not reached
#   --again                                   only what no test has noticed so far, by the last run of the part
#   --each                                    build for each mutant, as the tool does, instead of once for all
#
# Compiling is what a mutant costs. So a part is cut out first, a copy of the checkout whose library has only the modules
# that the part needs, and all mutants of the copy are in one build, of which a number in the environment chooses one
# (together.py). Asked are the part's own unit tests, then the vectors, then all unit tests of the copy. What cannot be
# asked so the tool itself asks, one build for each. What is missed is tried once more in a larger copy, with the tests
# beside the part that would notice. Nothing is left in the checkout.
#
# What came of it stands in $CARGO_TARGET_DIR/mutants/PART.out: caught.txt, missed.txt, unviable.txt, timeout.txt.
# Exit code: 0 every mutant is noticed, or explained in tests/mutants/explained.txt; 1 one is not; 2 nothing could be said.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
root=$PWD
cache=${COUNTERFOIL_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/counterfoil}
version=27.1.0
tool=$cache/tools/bin/cargo-mutants
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
# only the copies are built with these: their dependencies are those of the tests
export CARGO_INCREMENTAL=1 CARGO_PROFILE_DEV_DEBUG=none CARGO_TERM_COLOR=never
work=$CARGO_TARGET_DIR/mutants
explained=$root/tests/mutants/explained.txt

# Of each part: the files that are changed; the modules that the first copy has, and the tests that are asked there; the
# same for the second one. `only:` names tests of those, `kinds:` vectors that are asked before all of them are.
values="amount asset basis bundle code hash json merkle_set secret signature snapshot table"
published="$values ledger liability publish reserve::address_set"
books="$values ledger liability policy publish reconcile reserve"
all="$books fetch lab report"
# whole cases, which need the embedded chains
for name in reconcile control_reserves attacks_{reserves,windows,explained} window_verdicts policy_knobs custody credit \
    quality episodes lab_variants chained_statements statement_{notices,history} evm_finality; do
    all+=" test:$name"
done
parts=(amount hash coverage proof challenge verdict statement control window)
part() {
    local vectors="--lib only:vectors_give_their_results"
    second_modules=$published second_tests=$vectors
    case $1 in
        amount)
            files=(src/amount.rs 'src/amount/*.rs')
            first_modules="amount code json" first_tests="--lib only:amount" ;;
        hash)
            files=(src/hash.rs 'src/hash/*.rs')
            first_modules=hash first_tests="--lib only:hash" ;;
        coverage)
            files=(src/reconcile/coverage.rs)
            first_modules="amount code json reconcile::coverage" first_tests="--lib only:coverage"
            second_modules=$books ;;
        challenge)
            files=(src/reserve/{challenge,address_set}.rs)
            first_modules="$values reserve::address_set reserve::challenge" first_tests="--lib only:reserve"
            second_modules=$books ;;
        proof)
            files=(src/liability/inclusion_proof.rs 'src/liability/inclusion_proof/*.rs' src/liability/sum_tree.rs
                'src/liability/sum_tree/*.rs' src/liability/leaf.rs 'src/liability/leaf/*.rs')
            first_modules=$published
            first_tests="$vectors only:inclusion_proof only:leaf only:sum_tree::tests"
            first_tests+=" kinds:inclusion-proof kinds:leaf kinds:sum-tree"
            second_tests="--lib only:liability --test oracle_rs_merkle --test properties" ;;
        verdict)
            files=(src/reconcile/{verdicts,assess,case}.rs)
            first_modules=$all first_tests="$vectors only:reconcile::case only:reconcile::verdicts"
            first_tests+=" then only:reconcile:: kinds:reconcile then only:test_" ;;
        statement)
            files=(src/publish/{statement,statement_check,statement_kinds}.rs 'src/publish/statement_kinds/*.rs')
            first_modules=$published first_tests="$vectors kinds:statement"
            second_modules=$all second_tests="--lib only:publish only:test_statement_ then" ;;
        control)
            files=(src/reserve/{bitcoin,evm}/control.rs 'src/reserve/bitcoin/control/**/*.rs'
                'src/reserve/evm/control/**/*.rs')
            first_modules="$values reserve" first_tests="--lib only:control"
            second_modules=$all second_tests="--lib --test bip322_vectors" ;;
        window)
            files=(src/reconcile/{window,windows}.rs 'src/reconcile/window/*.rs')
            first_modules=$all first_tests="$vectors only:reconcile::window"
            first_tests+=" then only:reconcile:: kinds:reconcile then only:test_" ;;
        *) echo "no part $1; there are: ${parts[*]}"; exit 2 ;;
    esac
}

share='' since='' match='' seconds=0 list='' again='' each='' chosen=()
while (($#)); do
    case $1 in
        --share) share=$2; shift ;;
        --in-diff) since=$2; shift ;;
        --match) match=$2; shift ;;
        --seconds) seconds=$2; shift ;;
        --list) list=yes ;;
        --again) again=yes ;;
        --each) each=yes ;;
        -*) echo "unknown option $1"; exit 2 ;;
        *) chosen+=("$1") ;;
    esac
    shift
done
((${#chosen[@]})) || chosen=("${parts[@]}")
[ -z "$since" ] || ((seconds)) || seconds=180
# few mutants are sooner asked one by one
[ -z "$since" ] || each=yes
# of one part, of changed lines
most=12

install() {
    [ "$("$tool" --version 2>/dev/null)" = "cargo-mutants $version" ] || {
        CARGO_TARGET_DIR=$cache/tools/build-mutants \
            cargo install cargo-mutants --locked --quiet --version "$version" --root "$cache/tools"
        rm -rf "$cache/tools/build-mutants"
    }
}

# copies are shared by the parts that need the same modules
copy_of() {
    case $2 in
        "$published") echo published ;;
        "$books") echo books ;;
        "$all") echo all ;;
        *) echo "$1" ;;
    esac
}

# The whole name of a mutant: file, line, column, what is replaced. As an expression that fits it alone.
exactly() { sed -e 's/[][\.*^$+?(){}|/]/\\&/g' -e 's/.*/-F^&$/'; }

# the mutants of the part, one a line
mutants() {
    local file globs=()
    for file in "${files[@]}"; do globs+=(-f "$file"); done
    "$tool" mutants -d "$root" --list "${globs[@]}" "$@"
}

# the seconds that are left, 0 for no limit; fails when there are none
left() {
    ((seconds)) || { echo 0; return; }
    ((seconds > SECONDS)) && echo $((seconds - SECONDS))
}

# What tests say of $out/todo with one build. The lists go to $out/asked. The first build has the mutants of all parts
# that share it, so that it is made once; the second one only those that are asked about.
ask_together() {
    local word tests=() args=() status=0 time only=() other some
    time=$(left) || return 0
    for word in $3; do
        case $word in
            only:vectors*) ;;
            only:*) tests+=("${word#only:}") ;;
            kinds:* | then) tests+=("$word") ;;
            *) args+=("$word") ;;
        esac
    done
    if [ "$4" = first ]; then
        tests+=(then vectors_give_their_results then)
        only=("${files[@]}")
        for other in "${parts[@]}"; do
            part "$other"
            [ "$(copy_of "$other" "$first_modules")" != "$1" ] || only+=("${files[@]}")
        done
        files=("${only[@]}")
        mutants --json >"$out/listed.json"
        part "$name"
    else
        mapfile -t some < <(exactly <"$out/todo")
        mutants --json "${some[@]}" >"$out/listed.json"
    fi
    # shellcheck disable=SC2086
    python3 tests/mutants/cut.py --mutants "$work/together-$1" $2 || exit 2
    timeout --signal=INT "$time" nice -n 19 python3 tests/mutants/together.py "$work/together-$1" "$out/listed.json" \
        "$out/todo" "$out/asked" -- "${args[@]}" -- "${tests[@]}" || status=$?
    case $status in
        0) ;;
        124) echo "the time is up" ;;
        *) exit 2 ;;
    esac
}

# The same of what $out/asked has no answer to, with one build for each.
ask_each() {
    local copy=$work/$1 args=() only=() word status=0 kind time
    grep -vxFf <(cat "$out/asked/"*.txt) "$out/todo" >"$out/alone" || return 0
    time=$(left) || return 0
    # shellcheck disable=SC2086
    python3 tests/mutants/cut.py "$copy" $2 || exit 2
    for word in $3; do
        case $word in
            only:*) only+=("${word#only:}") ;;
            kinds:* | then) ;;
            *) args+=("--cargo-arg=$word") ;;
        esac
    done
    # files, too: mutants of one kind pass by the names
    for word in "${files[@]}"; do args+=(-f "$word"); done
    mapfile -t -O ${#args[@]} args < <(exactly <"$out/alone")
    rm -rf "$out/tool"
    timeout --signal=INT "$time" nice -n 19 "$tool" mutants -d "$copy" --in-place -o "$out/tool" \
        --caught --unviable "${args[@]}" -- -- "${only[@]}" >"$out/tool.log" || status=$?
    case $status in
        0 | 2 | 3) ;;
        124) echo "the time is up" ;;
        *) echo "cargo-mutants ended with $status: see $out/tool.log"; exit 2 ;;
    esac
    for kind in caught unviable timeout missed; do
        touch "$out/tool/mutants.out/$kind.txt"
        grep -xFf "$out/alone" "$out/tool/mutants.out/$kind.txt" >>"$out/asked/$kind.txt" || true
    done
}

# ask COPY MODULES TESTS first|second: which of $out/todo these tests notice. Adds to the part's lists, and leaves in todo
# what was missed. A run that was cut short counts for what it did.
ask() {
    local kind
    left >/dev/null || return 1
    rm -rf "$out/asked"
    mkdir "$out/asked"
    touch "$out/asked/"{caught,unviable,timeout,missed}.txt
    [ -n "$each" ] || ask_together "$@"
    ask_each "$@"
    for kind in caught unviable timeout; do cat "$out/asked/$kind.txt" >>"$out/$kind.txt"; done
    grep -vxFf <(cat "$out/asked/"*.txt) "$out/todo" >>"$out/not_reached.txt" || true
    cp "$out/asked/missed.txt" "$out/todo"
}

# what is known to change nothing that matters: `FILE: what is replaced`, then a tab and the reason
unexplained() {
    sed -E 's/^([^:]*):[0-9]+:[0-9]+: /\1: /' "$out/missed.txt" | grep -vxFf <(grep -v '^#' "$explained" | cut -f1) || true
}

# in one function, so that a change of this file while it runs for an hour does no harm
main() {
    if [ -n "$since" ] && ! git rev-parse --verify --quiet "$since^{commit}" >/dev/null; then
        echo "skipped: there is no commit $since here to compare with"
        exit 0
    fi
    install
    # the tool's own build does not count
    SECONDS=0
    mkdir -p "$work"
    todo=$work/todo.$$
    bad=0
    for name in "${chosen[@]}"; do
        part "$name"
        out=$work/$name${share:+-${share/\//-of-}}.out
        if [ -n "$again" ]; then
            [ -e "$out/missed.txt" ] || { echo "$name has not been run"; exit 2; }
            cp "$out/missed.txt" "$todo"
        elif [ -n "$since" ]; then
            git -c diff.noprefix=false -c diff.mnemonicPrefix=false diff --no-color --no-ext-diff "$since" -- \
                "${files[@]/#/:(glob)}" >"$work/diff"
            [ -s "$work/diff" ] || { echo "$name: skipped, nothing of it changed since $since"; continue; }
            mutants --in-diff "$work/diff" >"$todo"
        else
            mutants >"$todo"
        fi
        [ -z "$match" ] || {
            grep -E -e "$match" "$todo" >"$todo.some" || true
            mv "$todo.some" "$todo"
        }
        [ -z "$share" ] || {
            awk -v first="${share%/*}" -v step="${share#*/}" 'NR % step == first % step' "$todo" >"$todo.some"
            mv "$todo.some" "$todo"
        }
        count=$(wc -l <"$todo")
        if [ -n "$since" ] && ((count > most)); then
            awk -v all="$count" -v most="$most" 'int(NR * most / all) > int((NR - 1) * most / all)' \
                "$todo" >"$todo.some"
            mv "$todo.some" "$todo"
            echo "$name: $most of $count mutants of changed lines, spread over them"
        fi
        if [ -n "$list" ]; then
            cat "$todo"
            echo "$name: $(wc -l <"$todo") mutants"
            continue
        fi
        rm -rf "$out"
        mkdir -p "$out"
        touch "$out/"{caught,missed,unviable,timeout,not_reached}.txt
        mv "$todo" "$out/todo"
        count=$(wc -l <"$out/todo")
        ((count)) || { echo "$name: skipped, there is no mutant of what is asked for"; continue; }
        echo "$name: $count mutants"
        answer=not_reached
        if ask "$(copy_of "$name" "$first_modules")" "$first_modules" "$first_tests" first; then
            if [ ! -s "$out/todo" ] ||
                ask "$(copy_of "$name" "$second_modules")" "$second_modules" "$second_tests" second; then
                answer=missed
            fi
        fi
        cat "$out/todo" >>"$out/$answer.txt"
        lines() { wc -l <"$out/$1.txt"; }
        unexplained >"$out/unexplained.txt"
        echo "$name: $count mutants: $(lines caught) caught, $(lines timeout) not ended in time," \
            "$(lines unviable) do not compile, $(lines missed) missed, $(lines unexplained) of these unexplained," \
            "$(lines not_reached) not reached"
        cat "$out/unexplained.txt"
        [ ! -s "$out/unexplained.txt" ] || bad=1
    done
    exit $bad
}

main
