"""Governance and evidence published at the same time, taken by several aggregators at once."""

import threading
import unittest

import facts
from answers import answers, events, instants
from world import World

AGGREGATORS = 3
BATCHES = 8  # published one after the other by each of the publishers


class Racing(unittest.TestCase):
    maxDiff = 2000

    def test_the_same_answers(self):
        sent = events(seed=7, results=400)
        calm = World()
        self.addCleanup(calm.close)
        calm.aggregate()
        calm.assay("publish", stdin=facts.lines(sent))
        calm.await_caught_up()
        expected = answers(calm, instants())

        world = World()
        self.addCleanup(world.close)
        for _ in range(AGGREGATORS):
            world.aggregate()
        results = [event for event in sent if "controlTestResult" in event]
        governance = [event for event in sent if "controlTestResult" not in event]
        failures = []

        def publish(share):
            size = len(share) // BATCHES + 1
            try:
                for start in range(0, len(share), size):
                    world.assay("publish", stdin=facts.lines(share[start:start + size]))
            except Exception as why:
                failures.append(why)

        publishers = [
            threading.Thread(target=publish, args=(share,))
            for share in (results[::2], results[1::2], governance)
        ]
        for publisher in publishers:
            publisher.start()
        for publisher in publishers:
            publisher.join()
        self.assertEqual(failures, [])
        world.await_caught_up()
        found = answers(world, instants())
        for name, rows in expected.items():
            with self.subTest(name=name):
                self.assertEqual(found[name], rows)

        shares = {row["by"] for row in world.query("SELECT DISTINCT partition AS by"
                                                   " FROM assay.event")}
        self.assertGreater(len(shares), 1, "it was no race: one partition held everything")


if __name__ == "__main__":
    unittest.main()
