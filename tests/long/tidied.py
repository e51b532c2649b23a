#!/usr/bin/python3
"""
tidied -- clang-tidy over all C of the product, by the checks of .clang-tidy: no finding.

    tidied.py BUILD

BUILD is a build directory with generated headers and compile_commands.json. Exit: 0 nothing found,
1 something, printed.
"""

import json
import multiprocessing.pool
import os
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
PRODUCT = ("proto", "producers", "consumers", "runtime", "schema")
ONLY_GCC_KNOWS = {"-fanalyzer", "-fstack-clash-protection"}


def commands(build):
    """The compile commands of the product's own sources, as clang understands them."""
    with open(build / "compile_commands.json", encoding="utf-8") as file:
        for command in json.load(file):
            path = Path(command["file"])
            if not path.is_relative_to(TOP) or path.is_relative_to(build):
                continue
            if path.relative_to(TOP).parts[0] not in PRODUCT:
                continue
            words = [word for word in command["command"].split() if word not in ONLY_GCC_KNOWS]
            # assert(!"why this cannot be reached") is how it is said here
            words.append("-Wno-string-conversion")
            yield {**command, "command": " ".join(words)}


def look(task):
    folder, path = task
    done = subprocess.run(["clang-tidy-14", "-p", folder, "--quiet", path], cwd=TOP,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return done.stdout if done.returncode != 0 else ""


def main():
    build = Path(sys.argv[1]).resolve()
    found = list(commands(build))
    paths = sorted({command["file"] for command in found})
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "compile_commands.json").write_text(json.dumps(found), encoding="utf-8")
        with multiprocessing.pool.ThreadPool(os.cpu_count()) as pool:
            texts = [text for text in pool.map(look, [(folder, path) for path in paths]) if text]
    print("".join(texts) + f"{len(paths)} files, {len(texts)} with findings")
    return 1 if texts or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
