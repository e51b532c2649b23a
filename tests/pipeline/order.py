"""The same events in another order, twice, by several aggregators that are killed in between: the
same answers."""

import random
import signal
import unittest

import facts
from answers import answers, events, instants
from world import World, await_condition

CHUNKS = 6


class Order(unittest.TestCase):
    maxDiff = 2000

    def in_order(self, sent):
        world = World()
        self.addCleanup(world.close)
        world.aggregate()
        world.assay("publish", stdin=facts.lines(sent))
        world.await_caught_up()
        return answers(world, instants())

    def in_disorder(self, sent, seed, aggregators):
        world = World(partitions=7)
        self.addCleanup(world.close)
        chance = random.Random(seed)
        for _ in range(aggregators):
            world.aggregate()
        twice = sent + sent
        chance.shuffle(twice)
        size = len(twice) // CHUNKS + 1
        for start in range(0, len(twice), size):
            position = self.position(world)
            world.assay("publish", stdin=facts.lines(twice[start:start + size]))
            # in the middle of it: as soon as something of the chunk is committed
            await_condition(lambda: self.position(world) > position, 60, "the next commit",
                            lambda: [one.must_run() for one in world.aggregators])
            victim = world.aggregators.pop(chance.randrange(len(world.aggregators)))
            victim.stop(signal.SIGKILL)
            world.aggregate()
        world.await_caught_up()
        return answers(world, instants())

    @staticmethod
    def position(world):
        return world.value("SELECT coalesce(max(position), 0) FROM assay.commit")

    def test_the_same_answers(self):
        sent = events(seed=20261123)
        expected = self.in_order(sent)
        statuses = {
            dict(cell)["status"]
            for (relation, *_), cells in expected.items() if relation == "cell_status_at"
            for cell in cells
        }
        # what is compared has to have something in it
        self.assertLessEqual(
            {"PASSED", "FAILED", "ERROR", "STALE", "NOT_TESTED", "OUT_OF_SCOPE"}, statuses
        )
        for seed, aggregators in ((1, 1), (2, 3)):
            with self.subTest(seed=seed, aggregators=aggregators):
                found = self.in_disorder(sent, seed, aggregators)
                for name, rows in expected.items():
                    with self.subTest(name=name):
                        self.assertEqual(found[name], rows)


if __name__ == "__main__":
    unittest.main()
