#!/usr/bin/python3
"""
memchecked -- the unit tests once more, each under valgrind: no invalid access, no use of what was
never set, and nothing lost at the end.

    memchecked.py BUILD

Runs the programs that ctest knows as unit/…; each of their tests is a fork, which valgrind follows,
and fails by itself.
Exit: 0 clean, 1 not, with what valgrind said.
"""

import json
import multiprocessing.pool
import os
import re
import subprocess
import sys
from pathlib import Path

# Unit tests that are scripts start servers and programs of their own; here it is about C.
VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite,indirect"]
FEWER = {"unit/posture/chance": ["20"]}  # histories: each takes fifty times as long


def programs(build):
    """{name: command} of the unit tests that are programs."""
    listed = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"],
                            stdout=subprocess.PIPE, check=True)
    for test in json.loads(listed.stdout)["tests"]:
        command = test.get("command", [])
        if re.match("unit/", test["name"]) and command and Path(command[0]).is_relative_to(build):
            yield test["name"], command


def run(task):
    name, command = task
    done = subprocess.run(
        [*VALGRIND, command[0], *FEWER.get(name, command[1:])],
        env={**os.environ, "CK_TIMEOUT_MULTIPLIER": "100"},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    return name, done.returncode, done.stdout


def main():
    tasks = sorted(programs(Path(sys.argv[1]).resolve()))
    failed = 0
    with multiprocessing.pool.ThreadPool(os.cpu_count()) as pool:
        for name, status, text in pool.imap(run, tasks):
            if status != 0:
                failed += 1
                print(f"{name}: exit status {status}\n{text}")
    print(f"{len(tasks)} programs, {failed} not clean")
    return 1 if failed or not tasks else 0


if __name__ == "__main__":
    sys.exit(main())
