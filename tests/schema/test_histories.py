"""Random histories of steps, written with and without keyframes, against a naive evaluation.

A history is what posture would report, commit by commit, about timelines that keep changing, in the
past as well as in the future. It is written three times: as deltas alone; with keyframes and,
behind a change that reaches back before the last one, what is in force there; with keyframes, such
a change being followed by a further one. All must give the same answer as the timelines themselves,
for any instant and any known_at, and the same wherever record.present has been written.
"""

import os
import random
import unittest

import rows
from cluster import Database
from rows import NONE, REMOVED, STATUS_NAMES, Rows, Standing, Step, event_id, hour

CELLS = 4
COMMITS = 30
HOURS = 30
QUESTIONS = 3  # instants asked for each commit
SEEDS = [int(os.environ["ASSAY_SEED"])] if "ASSAY_SEED" in os.environ else [1, 2]


def with_transitions(steps):
    """A cell's steps in order, without those that change nothing; marked where the status does."""
    kept = []
    for at in sorted(steps):
        status, deciding = steps[at]
        before = kept[-1] if kept else None
        if before is None and status == NONE:
            continue
        if before is not None and (before.status, before.deciding) == (status, deciding):
            continue
        transition = before is None or before.status != status
        kept.append(Step(0, at, status, transition, deciding=deciding))
    return kept


def in_force(steps, at):
    return max((step for step in steps if step.at <= at), key=lambda step: step.at, default=None)


def began(steps, at):
    return in_force([step for step in steps if step.transition], at)


class History:
    """The timelines after each commit: known[position][cell] is a list of steps."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.raw = [{} for _ in range(CELLS)]
        self.known = [[[] for _ in range(CELLS)]]

    def change(self):
        """The next commit. Returns, for each cell, what is set and what is removed."""
        draw = self.random
        for cell in draw.sample(range(CELLS), draw.randint(1, CELLS)):
            raw = self.raw[cell]
            for _ in range(draw.randint(1, 3)):
                at = draw.randrange(HOURS)
                if at in raw and draw.random() < 0.5:
                    del raw[at]
                else:
                    raw[at] = (draw.choice((0, 3, 3, 6, 8)), event_id(draw.randrange(3)))
        after = [with_transitions({hour(at): raw[at] for at in raw}) for raw in self.raw]
        changes = []
        for cell in range(CELLS):
            before = {step.at: step for step in self.known[-1][cell]}
            now = {step.at: step for step in after[cell]}
            changes.append(
                [step for at, step in now.items() if before.get(at) != step]
                + [Step(0, at, REMOVED) for at in before if at not in now]
            )
        self.known.append(after)
        return changes

    def answer(self, position, at):
        """What cell_status_at ought to say: {cell: (status, since, until, deciding)}."""
        answer = {}
        for cell, steps in enumerate(self.known[position]):
            step = in_force(steps, at)
            if step is None or step.status == NONE:
                continue
            later = [s.at for s in steps if s.transition and s.at > at]
            answer[cell] = (
                STATUS_NAMES[step.status], began(steps, at).at, min(later, default=None),
                step.deciding,
            )
        return answer


def of_cell(cell, steps):
    return [Step(cell, *(getattr(step, name) for name in (
        "at", "status", "transition", "stale", "checks", "missing", "deciding"))) for step in steps]


class Writer:
    """Writes a history under a service's name."""

    def __init__(self, rows, name, keyframes, late, seed):
        self.rows = rows
        self.name = name
        self.keyframes = keyframes
        self.late = late  # "said" or "keyed": what is done about changes that reach back
        self.complete_from = None
        self.random = random.Random(seed)
        self.begun = False
        rows.pair(name, "prod", [f"c{cell}" for cell in range(CELLS)])

    def write(self, batch, changes, timelines):
        steps = []
        earliest = None
        for cell, changed in enumerate(changes):
            steps += of_cell(cell, changed)
            for step in changed:
                if self.complete_from is None or step.at > self.complete_from:
                    continue
                earliest = min(filter(None, (earliest, step.at)))
                if self.late == "said":
                    now = timelines[cell]
                    there = {in_force(now, step.at), began(now, step.at)} - {None, *changed}
                    steps += [s for s in of_cell(cell, there) if s not in steps]
        self.random.shuffle(steps)
        if steps:
            self.rows.timeline(self.name, "prod", batch, steps)
            self.begun = True
        if earliest is not None and self.late == "keyed":
            self.keyframe(batch, timelines, earliest)
        elif self.begun and self.keyframes and self.random.random() < 0.3:
            self.keyframe(batch, timelines, hour(self.random.randrange(HOURS)))

    def keyframe(self, batch, timelines, at):
        steps = []
        for cell, now in enumerate(timelines):
            there = {in_force(now, at), began(now, at)} - {None}
            steps += of_cell(cell, there | {step for step in now if step.at > at})
        self.rows.timeline(self.name, "prod", batch, steps, complete_from=at)
        self.complete_from = at


class Histories(unittest.TestCase):
    def setUp(self):
        self.database = Database()
        self.addCleanup(self.database.close)
        self.rows = Rows(self.database)

    def ask(self, names, *arguments):
        """{service: {cell: (status, since, until, deciding)}}"""
        marks = ", ".join(["%s"] * len(arguments))
        found = {}
        for row in self.database.query(
            f"SELECT * FROM assay.cell_status_at({marks}) WHERE service = ANY (%s)",
            *arguments, names,
        ):
            found.setdefault(row["service"], {})[int(row["control"][1:])] = (
                row["status"], row["since"], row["until"], row["deciding_event"],
            )
        return found

    def check(self, writers, expected, context, *arguments):
        found = self.ask([writer.name for writer in writers], *arguments)
        for writer in writers:
            self.assertEqual(
                found.get(writer.name, {}), expected, f"{writer.name}, {context}, {arguments}"
            )

    def note_present(self, name, at):
        self.database.query("SELECT record.note_present(%s, 'prod', %s)", name, at)

    def walk(self, most):
        """The pairs that were written, by a walk that looks at so many at a time."""
        written, service, environment = [], None, None
        while True:
            (row,) = self.database.query("SELECT * FROM record.refresh_present(%s, %s, %s)",
                                         service, environment, most)
            service, environment = row["service"], row["environment"]
            if row["written"]:
                written.append((service, environment))
            if service is None:
                return written

    def test_walk(self):
        pairs = [(f"service {n}", name) for n in range(4) for name in ("prod", "test")]
        step = Step(0, hour(0), 3, True)
        for pair in pairs:
            self.rows.pair(*pair, ["c0"])
            self.rows.timeline(*pair, self.rows.commit(), [step])
        self.assertEqual(self.walk(3), pairs)
        self.assertEqual(self.walk(3), [])
        self.rows.timeline(*pairs[2], self.rows.commit(), [Step(0, hour(1), 8, True)])
        self.rows.timeline(*pairs[7], self.rows.commit(), [step])
        self.assertEqual(self.walk(1), [pairs[2], pairs[7]])
        self.database.query("UPDATE record.present SET until = now() WHERE service = %s",
                            pairs[0][0])
        self.assertEqual(self.walk(100), pairs[:2])

    def check_present(self, names, check):
        """Whatever instant the rows were written at: within their spans, at their ends, outside."""
        served = 0
        for noted in range(-1, HOURS + 1, 3):
            for name in names:
                self.note_present(name, hour(noted))
            for at in range(-2, 2 * HOURS + 2):
                check(hour(at / 2))
                served += self.database.value(
                    "SELECT count(*) FROM record.present WHERE service = ANY (%s)"
                    " AND since <= %s AND until > %s", names, hour(at / 2), hour(at / 2))
        self.assertGreater(served, HOURS)

    def test_cells(self):
        for seed in SEEDS:
            history = History(seed)
            writers = [
                Writer(self.rows, f"deltas-{seed}", False, "said", seed),
                Writer(self.rows, f"said-{seed}", True, "said", seed),
                Writer(self.rows, f"keyed-{seed}", True, "keyed", seed),
            ]
            first = self.rows.position
            for _ in range(COMMITS):
                batch = self.rows.commit()
                changes = history.change()
                for writer in writers:
                    writer.write(batch, changes, history.known[-1])
                    if history.random.random() < 0.5:
                        self.note_present(writer.name, hour(history.random.randrange(HOURS)))
                at = hour(history.random.randrange(-1, HOURS + 1))
                self.check(writers, history.answer(-1, at), f"seed {seed}", at)
            kept = self.database.value(
                "SELECT count(*) FROM record.timeline WHERE service <> %s AND keyframe AND seq > 0",
                writers[0].name,
            )
            self.assertGreater(kept, 10)
            for position in range(COMMITS + 1):
                for _ in range(QUESTIONS):
                    at = hour(history.random.randrange(-1, HOURS + 1))
                    self.check(writers, history.answer(position, at), f"seed {seed}", at,
                               hour(first + position))
            for at in range(-1, HOURS + 1):
                self.check(writers, history.answer(COMMITS, hour(at)), f"seed {seed}", hour(at))
            self.check_present(
                [writer.name for writer in writers],
                lambda at: self.check(writers, history.answer(COMMITS, at), f"seed {seed}", at))
            self.check_changes(writers, history.known[-1], seed)

    def check_changes(self, writers, timelines, seed):
        expected = sorted(
            (cell, step.at, STATUS_NAMES[before.status] if before else None,
             STATUS_NAMES[step.status])
            for cell, steps in enumerate(timelines)
            for spans in [[step for step in steps if step.transition]]
            for before, step in zip([None, *spans], spans)
        )
        for writer in writers:
            found = self.database.query(
                "SELECT * FROM assay.change WHERE service = %s ORDER BY control, at", writer.name
            )
            self.assertEqual(
                [(int(row["control"][1:]), row["at"], row["from_status"], row["to_status"])
                 for row in found],
                expected, f"{writer.name}, seed {seed}",
            )

    def test_standings(self):
        """Memberships in place of statuses, one standard a cell."""
        for seed in SEEDS:
            history = History(seed)
            names = [f"deltas-{seed}", f"keyed-{seed}"]
            for name in names:
                self.rows.pair(name, "prod")
            draw = random.Random(seed)
            complete_from = None
            first = self.rows.position

            def standings(timelines):
                return [
                    Standing(f"std{cell}", step.at, {8: 4, 6: 5}.get(step.status, step.status),
                             passed=step.deciding.int if step.status else 0)
                    for cell, steps in enumerate(timelines) for step in steps
                ]

            def phase_removed(before, now):
                return min((at for _, at in set(rows.phases(before)) - set(rows.phases(now))),
                           default=None)

            for _ in range(COMMITS):
                batch = self.rows.commit()
                history.change()
                before, now = map(standings, history.known[-2:])
                for name in names:
                    self.rows.standing(name, "prod", batch, now, before)
                    self.note_present(name, hour(draw.randrange(HOURS)))
                reach = phase_removed(before, now)
                late = complete_from is not None and reach is not None and reach <= complete_from
                if late or draw.random() < 0.3:
                    complete_from = reach if late else hour(draw.randrange(HOURS))
                    self.rows.standing(names[1], "prod", batch, now, complete_from=complete_from)

            def check(position, at, *known_at):
                marks = ", ".join(["%s"] * len((at, *known_at)))
                answers = [self.database.query(
                    "SELECT standard, membership, passed"
                    f" FROM assay.service_status_at({marks}) WHERE service = %s ORDER BY 1",
                    at, *known_at, name,
                ) for name in names]
                expected = [
                    {"standard": f"std{cell}",
                     "membership": {"PASSED": "PENDING_AUDIT", "FAILED": "IN_SCOPE",
                                    "STALE": "REMOVED"}[status],
                     "passed": deciding.int}
                    for cell, (status, _, _, deciding) in history.answer(position, at).items()
                ]
                self.assertEqual(answers, [expected, expected], f"seed {seed}, {at}, {position}")

            for position in list(range(COMMITS + 1)) * QUESTIONS:
                at = hour(history.random.randrange(-1, HOURS + 1))
                check(position, at, hour(first + position))
            self.check_present(names, lambda at: check(COMMITS, at))
