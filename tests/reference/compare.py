#!/usr/bin/python3
"""
compare -- holds the posture library against the reference, history by history.

For each seed one history is generated and answered by the reference once; then the library's driver
(posture_replay, which reads the same lines) is given the history in several orders of arrival, cut
into other batches, with records repeated. Every answer must be the same, cell by cell, on the keys
that both sides print.

With --covers it is also a difference where the histories never reached something that coverage.py
has a name for: what cannot occur cannot be compared.

At a difference the history is shrunk: records and questions are left out as long as the two still
differ, and what remains is printed as JSON Lines, in the order in which it must arrive.

Exit: 0 all alike, 1 some differ, 2 usage, 3 the driver cannot be run.
"""

import argparse
import json
import multiprocessing
import os
import random
import subprocess
import sys

import coverage
import generate
from facts import instant
from reference import evaluate

INSTANTS = {"at", "since", "until", "validFrom", "validUntil", "surveillanceDeadline"}
NAMES = ("service", "environment", "programme", "standard", "control")


class DriverFailed(Exception):
    """The driver ended with an error, or said something that is no answer."""


def run_driver(command, lines):
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=120,
                              check=False)
    except subprocess.TimeoutExpired as late:
        raise DriverFailed("no end after 120 s") from late
    if done.returncode != 0:
        raise DriverFailed(f"status {done.returncode}: {done.stderr.decode(errors='replace')}")
    try:
        return [json.loads(line) for line in done.stdout.decode().splitlines() if line]
    except ValueError as wrong:
        raise DriverFailed(f"no JSON: {wrong}") from wrong


def indexed(answers):
    """{what the answer is about: the answer}"""
    found = {}
    for answer in answers:
        kind = "cell" if "control" in answer else "standing"
        if "programme" in answer:
            kind = "certification"
        about = (kind, instant(answer["at"]), *(answer.get(name, "") for name in NAMES))
        if "unmapped" in answer:  # a line for each record of an event, on one side
            row = json.dumps(answer["unmapped"], sort_keys=True)
            found["unmapped", instant(answer["at"]), row] = answer
            continue
        if about in found:
            raise DriverFailed(f"answered twice: {about}")
        found[about] = answer
    return found


def normal(key, value):
    return instant(value) if key in INSTANTS and value is not None else value


def differences(expected, given):
    """[(about, key, expected, given)]; an answer or a key that only one side has is one."""
    expected, given = indexed(expected), indexed(given)
    found = []
    for about in sorted(expected.keys() | given.keys()):
        ours, theirs = expected.get(about), given.get(about)
        if ours is None or theirs is None:
            found.append((about, "(the line)", ours, theirs))
            continue
        for key in sorted(ours.keys() | theirs.keys()):
            missing = "(no such key)"
            one, other = ours.get(key, missing), theirs.get(key, missing)
            if missing in (one, other) or normal(key, one) != normal(key, other):
                found.append((about, key, one, other))
    return found


class Comparison:
    """One driver, held against the reference."""

    def __init__(self, driver):
        self.driver = driver

    def differ(self, lines, expected=None):
        """The differences over these lines; a driver that fails differs, too."""
        if expected is None:
            expected = evaluate(lines)
        try:
            return differences(expected, run_driver(self.driver, lines))
        except DriverFailed as failed:
            return [(("driver",), "(failed)", None, str(failed))]

    def shrink(self, lines):
        """The fewest lines found that still differ in the same key, tried by leaving out ever
        smaller parts."""
        wanted = {key for _, key, _, _ in self.differ(lines)}

        def still(fewer):
            return wanted & {key for _, key, _, _ in self.differ(fewer)}

        asked = [line for line in lines if "query" in line]
        records = [line for line in lines if "event" in line]
        for question in asked:
            if still(records + [question]):
                asked = [question]
                break
        size = max(1, len(records) // 2)
        while True:
            start, left_out = 0, False
            while start < len(records):
                fewer = records[:start] + records[start + size:]
                if still(fewer + asked):
                    records, left_out = fewer, True
                else:
                    start += size
            if size > 1:
                size //= 2
            elif not left_out:
                return records + asked


def arrivals(lines, seed, orders):
    """The same records and questions in several orders of arrival; the first is the history's own,
    whole; the others are shuffled and partly repeated."""
    records = [line for line in lines if "event" in line]
    asked = [line for line in lines if "query" in line]
    yield lines
    for order in range(1, orders):
        chance = random.Random(f"{seed} {order}")
        shuffled = list(records)
        chance.shuffle(shuffled)
        yield generate.arrange(shuffled, chance, repeated=0.1) + asked


def try_seed(task):
    """(None where all orders agree, else the text to print; what the history covers, if asked)"""
    comparison, profile, seed, orders, shrink, covering = task
    lines = generate.history(seed, profile)
    expected = evaluate(lines)
    covered = coverage.of_history(lines) if covering else None
    for order, arrived in enumerate(arrivals(lines, seed, orders)):
        found = comparison.differ(arrived, expected)
        if found:
            return describe(comparison, profile, seed, order, arrived, found, shrink), covered
    return None, covered


def describe(comparison, profile, seed, order, lines, found, shrink):
    text = [f"# profile {profile}, seed {seed}, order of arrival {order}: "
            f"{len(found)} differences over {len(lines)} lines"]
    if shrink:
        lines = comparison.shrink(lines)
        found = comparison.differ(lines)
    for about, key, ours, theirs in found[:20]:
        text.append(f"# {' '.join(str(part) for part in about[:1] + about[2:] if part)}: {key}")
        text.append(f"#   reference {json.dumps(ours, ensure_ascii=False)}")
        text.append(f"#   driver    {json.dumps(theirs, ensure_ascii=False)}")
    if shrink:
        text += [json.dumps(line, ensure_ascii=False) for line in lines]
    return "\n".join(text) + "\n"


def main():
    parser = argparse.ArgumentParser(
        description="Compares posture_replay with the reference over generated histories.",
        epilog="A history printed at a difference can be given to both again: "
               "reference.py FILE, and posture_replay < FILE (without the lines that start in #).")
    parser.add_argument("driver", help="path of posture_replay")
    parser.add_argument("first", type=int, help="first seed")
    parser.add_argument("last", type=int, help="last seed")
    parser.add_argument("--profile", choices=["evidence", "full"], default="evidence")
    parser.add_argument("--orders", type=int, default=4, help="of arrival, a seed (default 4)")
    parser.add_argument("--jobs", type=int, default=1, help="seeds tried at once")
    parser.add_argument("--stop-after", type=int, default=1,
                        help="so many differing seeds (default 1; 0: go on to the last)")
    parser.add_argument("--no-shrink", action="store_true")
    parser.add_argument("--directory", help="write each difference to PROFILE-SEED.txt there")
    parser.add_argument("--coverage", action="store_true",
                        help="print how often each rule, state, flag and meeting occurred")
    parser.add_argument("--covers", action="store_true", help="each of them must have occurred")
    arguments = parser.parse_args()
    if not os.access(arguments.driver, os.X_OK):
        print(f"compare: {arguments.driver}: no such program", file=sys.stderr)
        return 3
    differing, covered = compare_all(arguments)
    if arguments.coverage:
        print("\n".join(covered.table(arguments.profile)))
    never = covered.missing(arguments.profile) if arguments.covers else []
    for name in never:
        print(f"never occurred: {name}")
    return 1 if differing or never else 0


def compare_all(arguments):
    """(how many seeds differ, what all of them cover); differences are printed as they are found"""
    comparison, profile = Comparison([arguments.driver]), arguments.profile
    seeds = range(arguments.first, arguments.last + 1)
    tasks = ((comparison, profile, seed, arguments.orders, not arguments.no_shrink,
              arguments.coverage or arguments.covers) for seed in seeds)
    tried = differing = 0
    covered = coverage.Coverage()
    with multiprocessing.Pool(arguments.jobs) as pool:
        for seed, (text, of_one) in zip(seeds, pool.imap(try_seed, tasks, chunksize=1)):
            tried += 1
            if of_one is not None:
                covered.add(of_one)
            if text is None:
                continue
            differing += 1
            print(text, flush=True)
            if arguments.directory:
                name = f"{arguments.directory}/{profile}-{seed}.txt"
                with open(name, "w", encoding="utf-8") as file:
                    file.write(text)
            if differing == arguments.stop_after:
                pool.terminate()
                break
    print(f"{tried} histories, {arguments.orders} orders of arrival each: {differing} differ")
    return differing, covered


if __name__ == "__main__":
    sys.exit(main())
