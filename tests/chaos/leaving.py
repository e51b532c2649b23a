"""leaving -- TERM comes to an aggregator that has just learnt that its partitions are another's: it
ends in good order, as at any other moment."""

import os
import pathlib
import signal
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "pipeline"))

from world import Scenario, await_condition  # noqa: E402

from supervisor import Supervised  # noqa: E402


class Leaving(Scenario):
    def test_term_meets_a_fenced_aggregator(self):
        world = self.world
        one = Supervised(world.directory / "aggregator", [], world.environment(), [])
        one.begin()
        self.addCleanup(one.stop, signal.SIGKILL)
        await_condition(lambda: "claimed" in one.log.read_text(), 60, "a claim")
        one.killpoint.arm("before-look", 1, signal.SIGSTOP)
        await_condition(one.killpoint.fired, 60, "its look at a log's end")
        _, status = os.waitpid(one.pid(), os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(status))
        world.query("UPDATE record.partition SET epoch = epoch + 1")
        one.send(signal.SIGTERM)  # it hears of it when it goes on, and of its partitions next
        one.send(signal.SIGCONT)
        self.assertEqual(one.process.wait(60), 0, one.log.read_text())
        self.assertIn("joining the group again", one.log.read_text())


if __name__ == "__main__":
    unittest.main()
