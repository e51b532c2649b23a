#!/usr/bin/python3
"""
fuzzed -- holds the posture library against the reference over inputs of the fuzz target.

libFuzzer keeps an input because it reached code that none before it did; as a history
(posture_history makes it one) it is worth the reference's time. Each is answered by the reference
once and by the library in two orders of arrival. A difference is shrunk and printed as compare.py
does.

Exit: 0 all alike, 1 some differ, 2 usage or nothing to compare.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

from compare import Comparison, arrivals, describe
from reference import evaluate


def read_history(program, path):
    done = subprocess.run([program, path], capture_output=True, timeout=60, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    parser = argparse.ArgumentParser(description="Compares posture_replay with the reference.")
    parser.add_argument("history", help="path of posture_history")
    parser.add_argument("driver", help="path of posture_replay")
    parser.add_argument("folders", nargs="+", type=Path, help="corpora of fuzz-posture")
    arguments = parser.parse_args()
    inputs = sorted(path for folder in arguments.folders for path in folder.iterdir())
    if not inputs:
        print("fuzzed: no inputs there", file=sys.stderr)
        return 2
    comparison = Comparison([arguments.driver])
    differing = 0
    for path in inputs:
        lines = read_history(arguments.history, path)
        expected = evaluate(lines)
        for order, arrived in enumerate(arrivals(lines, path.name, 2)):
            found = comparison.differ(arrived, expected)
            if found:
                differing += 1
                print(describe(comparison, "fuzzed", path.name, order, arrived, found, True),
                      flush=True)
                break
    print(f"{len(inputs)} histories, 2 orders of arrival each: {differing} differ")
    return 1 if differing else 0


if __name__ == "__main__":
    sys.exit(main())
