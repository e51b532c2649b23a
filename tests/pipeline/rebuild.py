"""rebuild: everything derived is made again from the ledger, row for row the same; and a record
refused by mistake counts once replay has judged it anew."""

import unittest

import facts
from answers import answers, events, instants
from world import World

# What is the ledger's own; everything else in schema record is derived from it.
KEPT = {"migration", "repeatable", "topic", "partition", "commit_head", "commit_log",
        "commit_take", "governance_head", "verdict", "ledger", "batch_tiebreak",
        "archive", "erasure",
        "present"}  # written or not: it follows from the others
# How often a service was written is no fact: it validates caches.
COLUMNS = {"service": "service, governance"}


def derived(world):
    """Every row of every derived table, as text, in one order."""
    tables = [
        row["name"] for row in world.query(
            "SELECT relname AS name FROM pg_class JOIN pg_namespace n ON n.oid = relnamespace"
            " WHERE nspname = 'record' AND relkind = 'r' AND NOT relispartition"
        ) if row["name"] not in KEPT
    ]
    return {
        table: [
            row["text"] for row in world.query(
                f'SELECT t::text AS text FROM (SELECT {COLUMNS.get(table, "*")}'
                f' FROM record."{table}") t ORDER BY 1'
            )
        ] for table in tables
    }


class Rebuild(unittest.TestCase):
    maxDiff = 4000

    def test_row_for_row(self):
        world = World()
        self.addCleanup(world.close)
        world.aggregate()
        world.aggregate()
        sent = events(seed=99)
        for start in range(0, len(sent), 60):  # so that there are many commits
            world.assay("publish", stdin=facts.lines(sent[start:start + 60]))
            world.await_caught_up()
        world.stop_aggregators()

        known = [row["known_at"] for row in world.query(
            "SELECT known_at FROM assay.commit ORDER BY position")]
        self.assertGreater(len(known), 5)
        at_times = [(at, then) for at in instants(3) for then in known[:: len(known) // 4 + 1]]

        def as_known():
            return [
                sorted(str(dict(row)) for row in world.query(
                    "SELECT * FROM assay.cell_status_at(%s, %s)", at, then))
                for at, then in at_times
            ]

        before = derived(world), answers(world, instants(4)), as_known()
        self.assertTrue(before[0]["timeline"] and before[0]["history"])
        world.assay("rebuild")
        after = derived(world), answers(world, instants(4)), as_known()
        self.assertEqual(before[0].keys(), after[0].keys())
        for table, rows in before[0].items():
            with self.subTest(table=table):
                self.assertEqual(after[0][table], rows)
        self.assertEqual(after[1], before[1])
        self.assertEqual(after[2], before[2])

        # and it goes on from there
        world.aggregate()
        world.assay("publish", stdin=facts.lines(
            [facts.result("mail", "backup", "FAIL", facts.ago(hours=1))]
        ))
        world.await_caught_up()
        self.assertNotEqual(answers(world, [facts.now()]), before[1])

    def test_with_little_memory(self):
        """Most services are read again between their batches, and rows are sent by and by."""
        world = World()
        self.addCleanup(world.close)
        services = [f"service-{number}" for number in range(6)]
        checks = [f"check-{number}" for number in range(40)]
        world.assay("publish", stdin=facts.lines(facts.base(services, checks)))
        world.aggregate()
        world.await_caught_up()
        for hours in range(8, 0, -1):
            world.assay("publish", stdin=facts.lines(
                facts.result(services[number % 6], check, "FAIL" if number % 7 == hours else "PASS",
                             facts.ago(hours=hours), subject=f"host-{number}")
                for number in range(24) for check in checks
            ))
            if hours % 3 == 0:
                world.assay("publish", stdin=facts.lines(
                    [facts.mapping(checks[hours], [f"C.{hours}"], at=facts.ago(hours=hours))]
                ))
            world.await_caught_up()
        world.stop_aggregators()
        before = derived(world)

        def rebuild(*flags):
            world.assay("rebuild", *flags)
            after = derived(world)
            for table, rows in before.items():
                with self.subTest(table=table, flags=flags):
                    self.assertEqual(after[table], rows)

        rebuild("--memory=1")
        for flags in [(), ("--memory=1",)]:  # names that are there, and those that come out
            world.query("UPDATE record.stream SET subject = 'host-x' WHERE stream = 30")
            rebuild(*flags)
            world.query("DELETE FROM record.cell WHERE cell > 3")
            world.query("INSERT INTO record.tool VALUES ('service-9', 0, 'none', '1')")
            rebuild(*flags)


if __name__ == "__main__":
    unittest.main()
