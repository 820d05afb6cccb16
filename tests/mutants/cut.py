"""Cuts a copy of the checkout down to some modules, so that a mutant in them is compiled in seconds.

    cut.py COPY MODULE…              a module is `hash`, or `reserve::address_set` for a part of one, and `test:NAME`
                                     puts tests/NAME.rs in as unit tests of a module `test_NAME`
    cut.py --mutants COPY MODULE…    leaves files alone that have mutants in them (together.py writes those)

Only what a commit would hold is copied. The runner of the vectors keeps the kinds whose code is still there. Used by
tests/mutants/run.sh.
"""

import re
import subprocess
import sys
from pathlib import Path

# of a copy that has many mutants in one build
MUTANT_NUMBER = b"""
/// Which mutant runs, by its number; 0 is the program as it is.
pub fn mutant_number() -> u32 {
    static NUMBER: std::sync::LazyLock<u32> = std::sync::LazyLock::new(|| {
        std::env::var("COUNTERFOIL_MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0)
    });
    *NUMBER
}
"""


def checkout():
    """Every file that a commit would hold, by its path."""
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".", ":!fuzz"]
    names = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0")
    return {name: Path(name).read_bytes() for name in names if name and Path(name).is_file()}


def change(files, name, change_text):
    files[name] = change_text(files[name].decode()).encode()


def without_command(files, version):
    """Another version is another package to cargo, as in tests/switch_off/run.sh; and no command is built."""
    new = f'version = "0.0.0-mutants.{version}"'
    change(files, "Cargo.toml", lambda text: re.sub(r'^version = "[^"]*"', new, text, count=1, flags=re.M))
    change(files, "Cargo.toml", lambda text: re.sub(r"^\[\[bin\]\]\n(.+\n)*", "", text, flags=re.M))
    del files["src/main.rs"]


def library(files, modules):
    """The library, and modules of which only parts are wanted."""
    parts = {}
    for module in modules:
        whole, _, part = module.partition("::")
        parts.setdefault(whole, []).append(part)
    lines = [f"pub mod {module};\n" for module in parts]
    files["src/lib.rs"] = ("//! A part of the library.\n" + "".join(lines)).encode()
    for module, wanted in parts.items():
        if wanted != [""]:
            lines = [f"pub mod {part};\n" for part in wanted]
            files[f"src/{module}.rs"] = ("//! A part of the module.\n" + "".join(lines)).encode()


def used(runner):
    """Which modules of the library a runner of vectors names."""
    return set(re.findall(r"\bcounterfoil::(\w+(?:::[a-z]\w*)?)", runner.decode()))


def with_vectors(files, modules):
    """The vectors become a unit test, so that one program is built and not two. Kinds without their code are not run."""
    there = lambda needed: needed in modules or needed.partition("::")[0] in modules
    text, kinds = files["tests/vector_runner/mod.rs"].decode(), []
    runners = re.findall(r"^pub\(crate\) mod (\w+);", text, re.M)
    gone = [name for name in runners if not all(map(there, used(files[f"tests/vector_runner/{name}.rs"])))]
    if gone == runners:
        return
    for name in gone:
        text = text.replace(f"pub(crate) mod {name};\n", "")
        kinds += re.findall(rf'^        "(.*)" => {name}::.*\n', text, re.M)
        text = re.sub(rf'^        ".*" => {name}::.*\n', "", text, flags=re.M)
    for kind in kinds:
        text = text.replace(f'    "{kind}",\n', "")
    number = lambda match: f"[&str; {int(match[1]) - len(kinds)}]"
    files["tests/vector_runner/mod.rs"] = re.sub(r"\[&str; (\d+)\]", number, text).encode()
    known = "for vector in vectors.iter().filter(|vector| KINDS.contains(&vector.kind.as_str())) {"
    # some kinds alone, when the environment names them: a mutant is asked sooner by the vectors of its part
    some = 'std::env::var("COUNTERFOIL_KINDS").ok().is_none_or(|some| some.split(\',\').any(|one| one == {}))'
    folders = '    folders.retain(|path| !path.ends_with("reference")'
    name = some.format('path.file_name().and_then(|name| name.to_str()).unwrap_or_default()')
    unused, flags = "    wrong.extend(unused.iter()", some.format('"flags"')
    change(files, "tests/vector_files/mod.rs", lambda text: text
        .replace(folders, f"    folders.retain(|path| {name});\n{folders}")
        .replace(unused, f"{unused}.filter(|_| {flags})"))
    change(files, "tests/vectors.rs", lambda text: re.sub(r"^mod (\w+);", r"use crate::\1;", text, flags=re.M))
    change(files, "tests/vectors.rs", lambda text: text.replace("for vector in &vectors {", known))
    kind = some.format("*kind")
    wanted = f"for kind in KINDS.into_iter().filter(|kind| {kind}) {{"
    change(files, "tests/vectors.rs", lambda text: text.replace("for kind in KINDS {", wanted))
    files["src/lib.rs"] += b"#[cfg(test)]\nextern crate self as counterfoil;\n"
    for name, file in [("vector_files", "vector_files/mod"), ("vector_runner", "vector_runner/mod"), ("vectors", "vectors")]:
        files["src/lib.rs"] += f'#[cfg(test)]\n#[path = "../tests/{file}.rs"]\nmod {name};\n'.encode()


def with_tests(files, names):
    """Tests of whole cases become unit tests: one program, of which one build knows the mutants, and not one for each."""
    shared = set()
    for name in names:
        def from_library(match):
            shared.add(match[1])
            return f"use crate::{match[1]};"

        change(files, f"tests/{name}.rs", lambda text: re.sub(r"^mod (\w+);", from_library, text, flags=re.M))
        files["src/lib.rs"] += f'#[cfg(test)]\n#[path = "../tests/{name}.rs"]\nmod test_{name};\n'.encode()
    for name in sorted(shared):
        files["src/lib.rs"] += f'#[cfg(test)]\n#[path = "../tests/{name}/mod.rs"]\nmod {name};\n'.encode()


def without_chains(files):
    """Unit tests that play with the embedded chains are asked where these are."""
    for name, content in files.items():
        if name.startswith("src/") and "tests" in Path(name).with_suffix("").parts and b"crate::lab" in content:
            files[name] = b""


def written(files, copy, keep):
    """Only what differs is written, with the time of now: what was built of the rest stays good."""
    for old in [path for path in copy.rglob("*") if path.is_file()]:
        if str(old.relative_to(copy)) not in files:
            old.unlink()
    for name, content in files.items():
        path = copy / name
        there = path.read_bytes() if path.exists() else None
        if there != content and not (keep and there and b"crate::mutant_number()" in there):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def main():
    words = sys.argv[1:]
    keep = words[0] == "--mutants" and words.pop(0)
    copy, modules = Path(words[0]), [word for word in words[1:] if not word.startswith("test:")]
    files = checkout()
    without_command(files, copy.name)
    library(files, modules)
    with_vectors(files, modules)
    with_tests(files, [word.removeprefix("test:") for word in words[1:] if word.startswith("test:")])
    if "lab" not in modules:
        without_chains(files)
    if keep:
        files["src/lib.rs"] += MUTANT_NUMBER
    written(files, copy, keep)


main()
