"""soak -- hours in small: an aggregator under a steady mix, whose memory, connections and open
files do not grow.

    soak.py [SECONDS]     default 1800

The mix, round after round, over a fixed set of services, streams and governance: results that
re-affirm and some that do not, duplicates, refused records, retractions, new versions of mappings.

Open files and connections: the most held in the last quarter is no more than in the second (the
first warms up). Memory grows with the history that services have, up to the setting memory, so it
is held against another aggregator's, started at the end, that has taken up all the same services
and has no past: what the first holds beyond that, it has lost.
"""

import random
import sys
import time
import unittest
import uuid
from datetime import timedelta
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "tests" / "pipeline")]

import facts  # noqa: E402
from world import Scenario  # noqa: E402

SECONDS = 1800
SERVICES = [f"soak-{number}" for number in range(10)]
CHECKS = ["backup", "patched", "logged"]
A_ROUND = 200  # results
SLACK = 32 << 20  # malloc's, of memory given back in another order than it was taken


def held(pid):
    """(resident bytes, open files) of a process."""
    status = Path(f"/proc/{pid}/status").read_text()
    resident = int(status.split("VmRSS:")[1].split()[0]) * 1024
    return resident, len(list(Path(f"/proc/{pid}/fd").iterdir()))


class Soak(Scenario):
    seconds = SECONDS

    def round(self, chance, sent):
        made = []
        for _ in range(A_ROUND):
            at = facts.now() - timedelta(seconds=chance.randrange(60, 86400))
            made.append(facts.result(
                chance.choice(SERVICES), chance.choice(CHECKS),
                chance.choice(["PASS"] * 9 + ["FAIL", "ERROR"]), at,
                subject=f"host-{chance.randrange(10)}",
                id=str(uuid.UUID(int=chance.getrandbits(128), version=4))))
        made += chance.sample(made, 5)
        if sent:
            wrong = chance.choice(sent)
            made.append(facts.retraction(wrong["id"], facts.now(),
                                         service=wrong["controlTestResult"]["service"]))
        made.append(facts.mapping(chance.choice(CHECKS), ["C.1"], at=facts.LONG_AGO))
        sent[:] = made[:20]
        return made

    def measure(self, aggregator):
        connections = self.world.value(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'assay-aggregate'")
        return (*held(aggregator.pid()), connections)

    def fresh(self, aggregator):
        """What an aggregator holds that has just taken up all services."""
        aggregator.stop()
        self.world.aggregators.remove(aggregator)
        other = self.world.aggregate()
        self.world.assay("publish", stdin=facts.lines(
            [facts.result(service, CHECKS[0], "PASS", facts.ago(minutes=1))
             for service in SERVICES]))
        self.world.await_caught_up()
        return held(other.pid())[0]

    def test_nothing_grows(self):
        chance = random.Random(7)
        self.world.assay("publish", stdin=facts.lines(facts.base(SERVICES, CHECKS)))
        aggregator = self.world.aggregate()
        producer = self.world.producer()
        begin = time.monotonic()
        seen = []  # (share of the time, what was held)
        sent = []
        while (share := (time.monotonic() - begin) / self.seconds) < 1:
            self.world.assay("publish", stdin=facts.lines(self.round(chance, sent)))
            for size in range(20):
                producer.produce("assay.evidence", key="soak-0", value=chance.randbytes(size))
            self.assertEqual(producer.flush(30), 0)
            self.world.await_caught_up()
            seen.append((share, self.measure(aggregator)))

        def most(first, last):
            rows = [row[1] for row in seen if first <= row[0] < last]
            self.assertGreater(len(rows), 2, "too few rounds: give it more time")
            return [max(row[i] for row in rows) for i in range(3)]

        early, late = most(0.25, 0.5), most(0.75, 1)
        fresh = self.fresh(aggregator)
        print(f"{len(seen)} rounds of {A_ROUND} results in {self.seconds} s; second quarter:"
              f" {early[0] >> 10} KiB, {early[1]} files, {early[2]} connections; last:"
              f" {late[0] >> 10} KiB, {late[1]} files, {late[2]} connections;"
              f" without a past: {fresh >> 10} KiB")
        self.assertLessEqual(late[0], fresh + SLACK)
        self.assertLessEqual(late[1], early[1])
        self.assertLessEqual(late[2], early[2])
        for row in self.world.query("SELECT halted FROM assay.completeness"):
            self.assertFalse(row["halted"])


if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1].isdigit():
        Soak.seconds = int(sys.argv.pop(1))
    unittest.main()
