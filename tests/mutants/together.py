"""Asks tests about many mutants with one build.

    together.py COPY LISTED NAMES OUT -- CARGO-ARGUMENT… -- TEST… [then TEST…]…

COPY is a cut of the checkout (cut.py), LISTED what `cargo mutants --list --json` says of the checkout: all mutants that
the build gets. NAMES are the names of those to ask about, one a line; TEST names tests, and what is not caught by those
before a `then` is asked of those behind it; `kinds:K` stands for the vectors of the kind K. A function that has mutants
gets all its bodies: the tool's own text of each mutant and, for every other number, its own; which one runs is told by
a number in the environment. What does not compile is taken out until the rest does. The tests are built once, and run
once for each mutant.

OUT gets caught.txt, missed.txt, unviable.txt and timeout.txt. Mutants that this way cannot ask about are in none of
them: those outside functions, in a `const fn` that a constant needs, and in functions of an unnamed type that is no
iterator.
"""

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from multiprocessing.pool import ThreadPool
from pathlib import Path
from threading import Timer

NUMBER = "COUNTERFOIL_MUTANT"
MARK = "/* ~ changed by cargo-mutants ~ */"
# a comment, a text, a character, or one sign
TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?\'(?:\\[^\n]+?|[^\\\'\n])\'|\'\w+|\w+|\s+|.', re.S
)
BOX, DYN = "Box::new({", "Box<dyn Iterator<Item = _> + '_>"
FAILED = re.compile(r"test \S+( - should panic)? \.\.\. FAILED")
# of one process: none that waits for ever, and none that eats the machine. A loop without end uses up its processor
# time, which a busy machine does not shorten.
WALL, ADDRESSES = 1800, 12 << 30


class Source:
    """The text of a file, and where its lines begin."""

    def __init__(self, text):
        self.text = text
        self.lines = [0] + [found.end() for found in re.finditer("\n", text)]

    def offset(self, place):
        return self.lines[place["line"] - 1] + place["column"] - 1

    def span(self, span):
        return self.offset(span["start"]), self.offset(span["end"])


def body_of(text, start, end):
    """Where the body of the function in text[start:end] begins, behind its brace, and whether it is `const`."""
    depth, words = 0, []
    for token in TOKEN.finditer(text, start, end):
        sign = token[0]
        if sign in "([":
            depth += 1
        elif sign in ")]":
            depth -= 1
        elif sign == "{" and depth == 0:
            return token.end(), words
        elif depth == 0 and sign.isidentifier():
            words.append((sign, token.start()))
    raise ValueError(f"no body: {text[start:end]}")


def mutated(source, mutant):
    """The text with this mutant, which has to change the lines that the tool's own difference shows."""
    start, end = source.span(mutant["span"])
    text = source.text[:start] + mutant["replacement"] + " " + MARK + source.text[end:]
    shown = [line[1:] for line in mutant["diff"].splitlines()[2:] if line.startswith("+")]
    missing = [line for line in shown if line.rstrip() not in text]
    assert MARK in "".join(shown) and not missing, f"{mutant['name']}: {missing}"
    return text


def outermost(source, mutants):
    """The functions that mutants are in, each with its own; one inside another is a part of that."""
    found = {}
    for mutant in mutants:
        found.setdefault(source.span(mutant["function"]["span"]), []).append(mutant)
    groups = []
    for (start, end), own in sorted(found.items(), key=lambda item: (item[0][0], -item[0][1])):
        if groups and end <= groups[-1][1]:
            groups[-1][2].extend(own)
        else:
            groups.append((start, end, list(own)))
    return groups


def with_all(source, mutants, constant):
    """The text with every mutant in it, the lines on which each stands, and the mutants that this way cannot ask."""
    text, ranges, alone, at, line = [], [], [], 0, 1

    def put(piece):
        nonlocal line
        text.append(piece)
        line += piece.count("\n")

    for start, end, own in outermost(source, mutants):
        body, words = body_of(source.text, start, end)
        names = [word for word, _ in words]
        qualifiers = words[: names.index("fn")]
        name = names[len(qualifiers) + 1]
        returned = source.text[start:body].partition("->")[2]
        # each body has an unnamed type of its own
        opens, closes = (BOX, f"}}) as {DYN}") if re.match(r"\s*impl Iterator<", returned) else ("{", "}")
        if (re.search(r"\bimpl\b", returned) and opens == "{") or (name in constant and "const" in dict(qualifiers)):
            alone += own
            continue
        head = source.text[at:body]
        for word, place in qualifiers:
            if word == "const":
                head = head[: place - at] + "     " + head[place - at + 5 :]
        put(head + " match crate::mutant_number() {\n")
        for mutant in own:
            first = line
            changed = mutated(source, mutant)
            put(f"{mutant['number']} => {opens}{changed[body : end - 1 + len(changed) - len(source.text)]}{closes},\n")
            ranges.append((first, line - 1, mutant))
        put(f"_ => {opens}{source.text[body : end - 1]}{closes} }}")
        at = end - 1
    put(source.text[at:])
    return "".join(text), ranges, alone


def build(copy, arguments):
    """Builds. Returns the errors, each with its lines and message, and the tests' programs."""
    command = ["cargo", *arguments, "--features", "parquet,finality", "--message-format=json"]
    run = subprocess.run(command, cwd=copy, capture_output=True, text=True)
    errors, programs = [], []
    for line in run.stdout.splitlines():
        said = json.loads(line)
        if said["reason"] == "compiler-artifact" and said.get("executable") and said["profile"]["test"]:
            programs.append(said["executable"])
        message = said.get("message", {})
        if said["reason"] == "compiler-message" and message["level"] == "error":
            places = [(span["file_name"], span["line_start"]) for span in message["spans"] if span["is_primary"]]
            errors.append((places, message["message"]))
    if run.returncode and not errors:
        sys.exit(f"{' '.join(command)}\n{run.stderr}")
    return errors, programs


def written(path, text):
    """Only what differs is written: what was built of the rest stays good."""
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def compiled(copy, sources, mutants, cargo):
    """Writes the files with all mutants that compile. Returns those, those that do not, and the tests' programs."""
    # what the last build found is where this one begins
    known_file = copy.with_suffix(".unviable.json")
    names, constant = map(set, json.loads(known_file.read_text()) if known_file.exists() else ([], []))
    unviable = [mutant for mutant in mutants if mutant["name"] + mutant["diff"] in names]
    while True:
        lines = {}
        for name, source in sources.items():
            here = [mutant for mutant in mutants if mutant["file"] == name and mutant not in unviable]
            text, lines[name], _ = with_all(source, here, constant)
            written(copy / name, text)
        # where the last build is known, most likely nothing is left to refuse
        errors = [] if names else build(copy, ["check", "--lib"])[0]
        if not errors:
            # some lints that refuse, of sums that cannot be, speak only here
            errors, programs = build(copy, ["test", "--no-run", *cargo])
        if not errors:
            names = [mutant["name"] + mutant["diff"] for mutant in unviable]
            known_file.write_text(json.dumps([names, sorted(constant)]))
            return [entry[2] for ranges in lines.values() for entry in ranges], unviable, programs
        known = (len(unviable), len(constant))
        for places, message in errors:
            for name, line in places:
                for first, last, mutant in lines.get(name, []):
                    if first <= line <= last and mutant not in unviable:
                        unviable.append(mutant)
            if "non-const" in message:
                constant.update(found.rpartition("::")[2] for found in re.findall(r"`([^`]*)`", message))
        print(f"  {len(unviable)} do not compile; wanted as constants: {len(constant)}", flush=True)
        if known == (len(unviable), len(constant)):
            sys.exit("not because of a mutant:\n" + "\n".join(map(str, errors)))


def run(program, arguments, copy, number, seconds):
    """Whether the tests pass: True, False, or None where they did not end. And the seconds of processor time."""

    def limit():
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 5))
        resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))

    environment = {**os.environ, NUMBER: str(number), "CARGO_MANIFEST_DIR": str(copy), "RUST_BACKTRACE": "0"}
    kinds = [word.partition(":")[2] for word in arguments if word.startswith("kinds:")]
    if kinds:
        arguments = [word for word in arguments if not word.startswith("kinds:")] + ["vectors_give_their_results"]
        environment["COUNTERFOIL_KINDS"] = ",".join(kinds)
    quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    said = []
    with subprocess.Popen([program, *arguments], cwd=copy, env=environment, preexec_fn=limit, **quiet) as tests:
        wall = Timer(WALL, tests.kill)
        wall.start()
        for line in tests.stdout:
            said.append(line.decode(errors="replace"))
            # one test that fails is enough
            if number and FAILED.match(said[-1]):
                tests.kill()
                wall.cancel()
                return False, 0, ""
        code = -tests.wait()
        wall.cancel()
    if code in (signal.SIGINT, signal.SIGTERM):
        raise RuntimeError("the tests were stopped from outside, which says nothing about a mutant")
    passed = None if code in (signal.SIGXCPU, signal.SIGKILL) else code == 0
    return passed, resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, "".join(said)


def groups(words):
    """The tests to ask, first to last."""
    found = [[]]
    for word in words:
        found.append([]) if word == "then" else found[-1].append(word)
    return found


def main():
    copy, listed, names, out = (Path(word) for word in sys.argv[1:5])
    rest = sys.argv[6:]
    cargo, tests = rest[: rest.index("--")], groups(rest[rest.index("--") + 1 :])
    asked = set(names.read_text().splitlines())
    mutants = [mutant for mutant in json.loads(listed.read_text()) if mutant["function"]]
    for number, mutant in enumerate(mutants, 1):
        mutant["number"] = number
    # the checkout's own, since the copy may have those with mutants
    sources = {name: Source(Path(name).read_text()) for name in sorted({mutant["file"] for mutant in mutants})}

    began = time.monotonic()
    ready, unviable, programs = compiled(copy, sources, mutants, cargo)
    lists = {kind: (out / f"{kind}.txt").open("a", buffering=1) for kind in ("caught", "missed", "timeout", "unviable")}
    for mutant in unviable:
        if mutant["name"] in asked:
            print(mutant["name"], file=lists["unviable"])
    print(f"  built in {time.monotonic() - began:.0f} s: {len(ready)} mutants, {len(programs)} programs", flush=True)
    usual = []
    for program in programs:
        for group in tests:
            passed, seconds, said = run(program, group, copy, 0, 600)
            if not passed:
                sys.exit(f"{program} fails without a mutant:\n{said[-3000:]}")
            usual.append((program, group, int(10 + 5 * seconds)))
            count = len(re.findall(r"^test .* \.\.\. ok$", said, re.M))
            print(f"  {Path(program).name} {' '.join(group)}: {seconds:.1f} s, {count} tests", flush=True)

    def answer(mutant):
        for program, group, seconds in usual:
            passed, _, _ = run(program, group, copy, mutant["number"], seconds)
            if not passed:
                return mutant, "timeout" if passed is None else "caught"
        return mutant, "missed"

    with ThreadPool(os.cpu_count()) as pool:
        for mutant, kind in pool.imap_unordered(answer, [mutant for mutant in ready if mutant["name"] in asked]):
            print(mutant["name"], file=lists[kind])
    print(f"  all asked after {time.monotonic() - began:.0f} s", flush=True)


main()
