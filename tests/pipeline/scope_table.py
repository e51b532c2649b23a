"""The Office 365 table, Annex A and a real scan, published as a user would, and read back."""

import subprocess
import unittest

from world import TOP, Scenario

DATA = TOP / "deploy" / "data"
TABLE = DATA / "office365-in-scope.tsv"
ENVIRONMENTS = ["office-365", "gcc", "gcc-high", "dod"]  # the table's columns, in its order


def events(kind, file):
    return subprocess.run(
        [DATA / "events", kind, file], check=True, stdout=subprocess.PIPE
    ).stdout


class ScopeTable(Scenario):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.world.aggregate()
        cls.world.assay("publish", stdin=events("scope", TABLE))
        cls.world.assay(
            "publish", stdin=events("standard", DATA / "iso-27001-2013-annex-a.tsv")
        )
        cls.world.await_caught_up()

    def test_1_cell_for_cell(self):
        rows = self.world.query("SELECT * FROM assay.scope")
        read = {(row["title"], row["environment"]): row for row in rows}
        self.assertEqual(len(read), len(rows), "a title and environment twice")
        printed = {}
        for line in TABLE.read_text().splitlines()[1:]:
            title, *cells = line.split("\t")
            for environment, cell in zip(ENVIRONMENTS, cells, strict=True):
                printed[title, environment] = cell
        self.assertEqual(len(printed), 33 * 4)
        for place, cell in printed.items():
            with self.subTest(place=place):
                self.assertEqual(place in read, cell == "Y")
                if place in read:
                    self.assertEqual(read[place]["membership"], "IN_SCOPE")
                    self.assertEqual(read[place]["standard"], "iso-27001-2013")
                    self.assertEqual(read[place]["since"].isoformat(),
                                     "2026-11-01T00:00:00+00:00")
        self.assertLessEqual(read.keys(), printed.keys())

    def test_2_every_control_of_annex_a_is_a_cell_and_untested(self):
        rows = self.world.query(
            "SELECT service, environment, count(*) AS cells, count(DISTINCT control) AS controls,"
            " count(*) FILTER (WHERE status = 'NOT_TESTED') AS untested"
            " FROM assay.cell_status WHERE standard = 'iso-27001-2013' GROUP BY 1, 2"
        )
        self.assertEqual(len(rows), 84)
        for row in rows:
            self.assertEqual((row["cells"], row["controls"], row["untested"]), (114, 114, 114))

    def test_3_a_second_publication_changes_nothing(self):
        before = self.world.query("SELECT * FROM assay.cell_status ORDER BY 1, 2, 3, 4")
        changes = self.world.value("SELECT count(*) FROM assay.change")
        self.world.assay("publish", stdin=events("scope", TABLE))
        self.world.await_caught_up()
        self.assertEqual(
            before, self.world.query("SELECT * FROM assay.cell_status ORDER BY 1, 2, 3, 4")
        )
        self.assertEqual(changes, self.world.value("SELECT count(*) FROM assay.change"))


if __name__ == "__main__":
    unittest.main()
