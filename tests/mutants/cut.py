"""Cuts a copy of the checkout down to some modules, so that a mutant in them is compiled in seconds.

    cut.py COPY MODULE…        a module is `hash`, or `reserve::address_set` for a part of one

Only what a commit would hold is copied. The runner of the vectors keeps the kinds whose code is still there. Used by
tests/mutants/run.sh.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# which modules a file of tests/vector_runner/ needs
RUNNERS = {
    "clearing": ["reconcile"],
    "credit": ["reconcile"],
    "custody": ["reconcile"],
    "liability": ["publish"],
    "log": ["publish"],
    "publish": ["publish"],
    "range": ["liability::compact_range"],
    "receipt": ["publish"],
    "reconcile": ["reconcile"],
    "reserve": ["reserve", "publish"],
    "sample": ["reconcile"],
    "sealed": ["liability::sealed_proof"],
    "utxo": ["reserve"],
    "values": ["amount", "hash", "json", "merkle_set", "signature"],
}


def copied(copy):
    """Every file of the checkout, with its time; a path of the copy stays the same, so its builds are continued."""
    shutil.rmtree(copy, ignore_errors=True)
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ".", ":!fuzz"]
    for name in subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split("\0"):
        if name and os.path.exists(name):
            (copy / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(name, copy / name)


def without_command(copy):
    """Another version is another package to cargo, as in tests/switch_off/run.sh; and no command is built."""
    path = copy / "Cargo.toml"
    text = re.sub(r'^version = "[^"]*"', f'version = "0.0.0-mutants.{copy.name}"', path.read_text(), 1, re.M)
    path.write_text(re.sub(r"^\[\[bin\]\]\n(.+\n)*", "", text, 0, re.M))
    (copy / "src/main.rs").unlink()


def library(copy, modules):
    """The library, and modules of which only parts are wanted."""
    parts = {}
    for module in modules:
        whole, _, part = module.partition("::")
        parts.setdefault(whole, []).append(part)
    lines = [f"pub mod {module};" for module in parts]
    (copy / "src/lib.rs").write_text("//! A part of the library.\n" + "\n".join(lines) + "\n")
    for module, wanted in parts.items():
        if wanted != [""]:
            lines = [f"pub mod {part};" for part in wanted]
            (copy / f"src/{module}.rs").write_text("//! A part of the module.\n" + "\n".join(lines) + "\n")


def with_vectors(copy, modules):
    """The vectors become a unit test, so that one program is built and not two. Kinds whose code is missing are not run."""
    there = lambda needed: needed in modules or needed.partition("::")[0] in modules
    gone = [name for name, needed in RUNNERS.items() if not all(map(there, needed))]
    if len(gone) == len(RUNNERS):
        return
    path = copy / "tests/vector_runner/mod.rs"
    text, kinds = path.read_text(), []
    for name in gone:
        text = text.replace(f"pub(crate) mod {name};\n", "")
        kinds += re.findall(rf'^        "(.*)" => {name}::.*\n', text, re.M)
        text = re.sub(rf'^        ".*" => {name}::.*\n', "", text, 0, re.M)
    for kind in kinds:
        text = text.replace(f'    "{kind}",\n', "")
    number = lambda match: f"[&str; {int(match[1]) - len(kinds)}]"
    path.write_text(re.sub(r"\[&str; (\d+)\]", number, text))
    path = copy / "tests/vectors.rs"
    text = re.sub(r"^mod (\w+);", r"use crate::\1;", path.read_text(), 0, re.M)
    known = "for vector in vectors.iter().filter(|vector| KINDS.contains(&vector.kind.as_str())) {"
    path.write_text(text.replace("for vector in &vectors {", known))
    with open(copy / "src/lib.rs", "a") as library:
        library.write("#[cfg(test)]\nextern crate self as counterfoil;\n")
        for name, file in [("vector_files", "vector_files/mod"), ("vector_runner", "vector_runner/mod"), ("vectors", "vectors")]:
            library.write(f'#[cfg(test)]\n#[path = "../tests/{file}.rs"]\nmod {name};\n')


def main():
    copy, modules = Path(sys.argv[1]), sys.argv[2:]
    copied(copy)
    without_command(copy)
    library(copy, modules)
    with_vectors(copy, modules)
    for path in (copy / "src").rglob("*.rs"):
        # unit tests that play with the embedded chains are asked where these are
        if "lab" not in modules and "tests" in path.with_suffix("").parts and "crate::lab" in path.read_text():
            path.write_text("")
        # a file that was changed and put back may be older than what was built of it
        path.touch()


main()
