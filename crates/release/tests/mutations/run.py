#!/usr/bin/env python3
"""Breaks the release protocol on purpose, one change of `mutations.toml` at a time, and tells how many random schedules notice, and in
which of the small worlds of which every schedule is tried.

    crates/release/tests/mutations/run.py [--seeds 1000] [part of a change's name ...]

prints the table that stands at the head of `../protocol.rs`; `--seeds 0` asks the small worlds alone and prints the one of `../exhaustive.rs`
(`RELEASE_WORLD=7` asks but one of them). It works on a copy of the files as they are, never on them, and
refuses to begin while the text that a change replaces does not stand exactly once in its file.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[3]


def git_files() -> list[str]:
    listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    text = subprocess.run(listed, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in text.split("\0") if name and (ROOT / name).is_file()]


def copy_to(copy: pathlib.Path) -> None:
    """Takes over what differs, and leaves the times of the rest alone: cargo builds by them."""
    files = git_files()
    for name in files:
        source, target = ROOT / name, copy / name
        if target.is_file() and source.read_bytes() == target.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    known = set(files)
    for folder, _, names in os.walk(copy):
        for name in names:
            path = pathlib.Path(folder, name)
            if str(path.relative_to(copy)) not in known:
                path.unlink()


def changed(change: dict) -> dict[str, str]:
    """The files of a change, as it leaves them."""
    files: dict[str, str] = {}
    for edit in change["edit"]:
        name = f"crates/release/src/{edit['file']}"
        text = files.get(name) or (ROOT / name).read_text()
        if (count := text.count(edit["before"])) != 1:
            sys.exit(f"{change['name']}: {name} has this {count} times, not once:\n{edit['before']}")
        files[name] = text.replace(edit["before"], edit["after"])
    return files


def only_schedules(copy: pathlib.Path) -> None:
    """Leaves out of the test program what takes long to compile and is not asked."""
    main = copy / "crates/release/tests/main.rs"
    modules = re.compile(r"^mod (?!(clients|duels|exhaustive|protocol|schedule|world);)\w+;\n", re.MULTILINE)
    main.write_text(modules.sub("", main.read_text()))


def cargo(copy: pathlib.Path, target: pathlib.Path, arguments: list[str], **variables: str) -> str:
    # A build of its own, a little optimised where many schedules are to run: it disturbs no other build in this folder.
    level = "0" if variables["RELEASE_SEEDS"] == "0" else "1"
    optimised = {"CARGO_PROFILE_DEV_OPT_LEVEL": level, "CARGO_PROFILE_DEV_DEBUG": "false"}
    environment = {**os.environ, "CARGO_TARGET_DIR": str(target), **optimised, **variables}
    command = ["cargo", "test", "-p", "access", "-p", "release", "-p", "domain", "--test", "proof", "--", *arguments]
    done = subprocess.run(command, cwd=copy, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="1000")
    parser.add_argument("--why", action="store_true", help="say how the first failures show")
    parser.add_argument("names", nargs="*", help="only changes with this in their name")
    options = parser.parse_args()
    table = tomllib.loads((HERE / "mutations.toml").read_text())["change"]
    changes = [(change, changed(change)) for change in table]
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")).resolve()
    copy = target / "mutations"
    copy_to(copy)
    only_schedules(copy)
    random = options.seeds != "0"
    print("| change | failed | first seed | worlds |\n|---|---|---|---|" if random else "| change | worlds |\n|---|---|", flush=True)
    for change, files in changes:
        if options.names and not any(part in change["name"] for part in options.names):
            continue
        unchanged = {name: (copy / name).read_text() for name in files}
        for name, text in files.items():
            (copy / name).write_text(text)
        said = cargo(copy, target, ["protocol::", "exhaustive::"], RELEASE_SEEDS=options.seeds, RUST_BACKTRACE="0")
        for name, text in unchanged.items():
            (copy / name).write_text(text)
        if "test result:" not in said:
            sys.exit(f"{change['name']} does not compile:\n{said}")
        seeds = sorted(int(seed) for seed in re.findall(r"RELEASE_SEED=(\d+) repeats", said))
        worlds = ", ".join(re.findall(r"^world (\d+), [^\n]* is broken", said, re.MULTILINE))
        failed = f"{len(seeds)} | {seeds[0] if seeds else ''} | " if random else ""
        print(f"| {change['name']} | {failed}{worlds} |", flush=True)
        if options.why:
            for line in re.findall(r"panicked at [^\n]*\n([^\n]*)", said)[:3]:
                print(f"    {line}", flush=True)


if __name__ == "__main__":
    main()
