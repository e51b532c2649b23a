"""checker -- what must hold after a schedule, said relation by relation and row by row.

What is expected comes from the producers' notes, from the logs as a stock consumer reads them, and
from the naive reference; never from Assay. Each relation is compared whole, by a digest over its
rows in order; where digests differ, the rows that do are named.

The order is that of the data: the log has what was acknowledged, the ledger has the log, the
refusals are the malformed records, facts and histories are the accepted ones, the commit log is the
order in which they became known; then every answer, at any instant and as known at any position, is
the reference's; and a rebuild from ledger and commit log gives the same rows.
"""

import hashlib
import io
import unittest

from google.protobuf import json_format

from differential import differences
from differential_histories import instant, messages
from killing import Disturbed
from oracle import digest

MOST_LINES = 12  # of what differs, a relation
TIMES = "CASE WHEN isfinite({0}) THEN (extract(epoch FROM {0}) * 1000000)::bigint END"


def digest_of(rows):
    """One digest over a relation: {what a row is about: {column: value}}."""
    whole = hashlib.sha256()
    for about in sorted(rows, key=str):
        whole.update(f"{about} {sorted(rows[about].items())}\n".encode())
    return whole.hexdigest()


def packed_headers(headers):
    """As consumers/store/headers.h lays them out; None: there is none."""
    if not headers:
        return None
    packed = b""
    for name, value in headers:
        packed += len(name.encode()).to_bytes(4, "big") + name.encode()
        packed += (-1 if value is None else len(value)).to_bytes(4, "big", signed=True)
        packed += value or b""
    return packed


class Answers(Disturbed):
    """The comparisons of tests/pipeline over the world as the schedule has left it."""

    LEAST_ANSWERS = 0  # faults may leave the witness without any for as long as a seed lasts

    @classmethod
    def setUpClass(cls):
        cls.positions = {
            (row["topic"], row["partition"], row["offset"]): row["position"] for row in
            cls.world.query('SELECT topic, partition, "offset", position FROM assay.event')}
        cls.stamps = {row["position"]: row["known_at"]
                      for row in cls.world.query("SELECT * FROM assay.commit")}

    def test_1_every_record_is_accepted_once(self):
        sent = [record.at for told in self.told for record in told.records]
        self.assertEqual(sorted(sent), sorted(self.positions))


class Checker:
    """One check of one world. run() gives lines; none: everything holds."""

    def __init__(self, parts, oracle, log, witness=None):
        self.parts = parts
        self.oracle = oracle
        self.log = {(m.topic(), m.partition(), m.offset()): m for m in log}
        self.witness = witness
        self.digests = {}
        self.compared = 0
        self.lines = []
        self.placed = self._place()

    def run(self, rebuild=True):
        for check in (self.acknowledged, self.ledger, self.refusals, self.facts, self.histories,
                      self.commits, self.offsets):
            check()
        if not self.lines:  # else hardly any answer could be right
            self._answers(rebuild)
        return self.lines

    def differ(self, relation, expected, found):
        """Compares a relation by digest, and where that differs, row by row."""
        self.compared += len(expected)
        self.digests[relation] = digest_of(found)
        if digest_of(expected) == self.digests[relation]:
            return
        lines = [f"{relation}: {line}" for line in differences(expected, found)]
        assert lines, relation
        self.lines += lines[:MOST_LINES]
        if len(lines) > MOST_LINES:
            self.lines.append(f"{relation}: {len(lines)} differences in all")

    def rows(self, statement, about):
        """{the first so many columns: the others}; a row that comes twice is a difference."""
        found = {}
        for row in self.parts.query(statement):
            values = [bytes(v) if isinstance(v, memoryview) else v for v in row.values()]
            key = tuple(values[:about])
            if key in found:
                self.lines.append(f"{key} is there twice")
            found[key] = dict(zip(list(row)[about:], values[about:]))
        return found

    # -- what was said ----------------------------------------------------------------------------

    def _place(self):
        """{place in the log: its Record}; the histories get their records as the log has them."""
        placed = {}
        for at, message in self.log.items():
            about = message.topic(), message.key(), digest(message.value())
            if about in self.oracle.records:
                told, record = self.oracle.records[about]
                placed[at] = told, record.again()
                placed[at][1].at = at
        for told in self.oracle.told:
            told.records = [record for at, (whose, record) in sorted(placed.items())
                            if whose is told]
        return {at: record for at, (_, record) in placed.items()}

    def reason(self, message):
        """Why it must be refused; None: it must be accepted."""
        key = digest(message.key())
        return self.oracle.reasons.get((message.topic(), key, digest(message.value())))

    def acknowledged(self):
        """Kafka has what it said it has: without that nothing else could be expected."""
        self.differ("acknowledged",
                    {at: {"value": value} for at, value in self.oracle.acknowledged.items()},
                    {at: {"value": digest(self.log[at].value())}
                     for at in self.oracle.acknowledged if at in self.log})
        for at, message in self.log.items():
            if at not in self.placed and self.reason(message) is None:
                self.lines.append(f"acknowledged: nobody said what stands at {at}")

    # -- the record -------------------------------------------------------------------------------

    def ledger(self):
        found = self.rows(
            "SELECT t.name, l.partition, l.offset, l.incarnation,"
            " record.verdict_name(l.verdict) AS verdict, l.id::text, l.key, l.headers,"
            " (extract(epoch FROM kafka_timestamp) * 1000)::bigint AS stamp,"
            " CASE WHEN value IS NULL THEN 'none' ELSE encode(sha256(value), 'hex') END AS value"
            " FROM record.ledger l JOIN record.topic t USING (topic)", 3)
        for at, row in found.items():
            if at not in self.placed:
                row["id"] = None  # of refused ones whatever could be decoded
        self.differ("ledger", {
            at: {"incarnation": 1, "verdict": self.reason(message) or "accepted",
                 "id": self.placed[at].event["id"] if at in self.placed else None,
                 "key": message.key(), "headers": packed_headers(message.headers()),
                 "stamp": message.timestamp()[1], "value": digest(message.value())}
            for at, message in self.log.items()}, found)

    def refusals(self):
        self.differ("reject", {
            at: {"reason": self.reason(message), "key": message.key(), "value": message.value()}
            for at, message in self.log.items() if self.reason(message)
        }, self.rows('SELECT topic, partition, "offset", reason, key, value FROM assay.reject', 3))

    def facts(self):
        expected = {}
        for at, record in self.placed.items():
            event = record.event
            if "controlTestResult" in event:
                continue
            body = next(iter(event.keys() - {"id", "source", "sequence", "occurredAt", "actor"}))
            expected[at] = {
                "body": body.lower(), "id": event["id"], "at": instant(event["occurredAt"]),
                "sequence": int(event.get("sequence", 0)), "value": digest(record.value),
                "digest": record.line["digest"][:32]}
        self.differ("fact", expected, self.rows(
            "SELECT t.name, f.partition, f.offset, replace(f.body, '_', '') AS body, f.id::text,"
            f" {TIMES.format('f.occurred_at')} AS at, f.sequence,"
            " encode(sha256(f.value), 'hex') AS value, replace(f.digest::text, '-', '') AS digest"
            " FROM record.fact f JOIN record.topic t USING (topic)", 3))

    def histories(self):
        """Every accepted test result, element by element."""
        expected = {}
        for at, record in self.placed.items():
            fact = record.event.get("controlTestResult")
            if fact is None:
                continue
            message = json_format.ParseDict(record.event, messages().Event())
            tool = fact.get("tool")
            expected[at] = {
                "service": fact["service"], "environment": fact["environment"],
                "check": fact["check"], "subject": fact.get("subject", ""),
                "at": instant(record.event["occurredAt"]), "sequence": message.sequence,
                "result": message.control_test_result.result, "id": record.event["id"],
                "digest": record.line["digest"][:32],
                "expires": instant(fact["expiresAt"]) if fact.get("expiresAt") else None,
                "tool": (tool["name"] + " " + tool.get("version", "")) if tool else None}
        self.differ("history", expected, self.rows(
            "SELECT n.name, e.partition, e.offset, h.service, h.environment, s.check, s.subject,"
            f" {TIMES.format('e.occurred_at')} AS at, e.sequence, e.result, e.id::text,"
            f" replace(e.digest::text, '-', '') AS digest, {TIMES.format('e.expires_at')} AS"
            " expires, t.name || ' ' || t.version AS tool"
            # an array of one element stands for all
            " FROM record.history h CROSS JOIN LATERAL (SELECT u.stream, u.occurred_at, u.result,"
            " u.id, u.digest, u.offset, coalesce(u.sequence, h.sequence[1]) AS sequence,"
            " coalesce(u.expires_at, h.expires_at[1]) AS expires_at,"
            " coalesce(u.tool, h.tool[1]) AS tool, coalesce(u.topic, h.topic[1]) AS topic,"
            " coalesce(u.partition, h.partition[1]) AS partition"
            " FROM unnest(h.stream, h.occurred_at, h.sequence, h.result, h.id, h.digest,"
            " h.expires_at, h.tool, h.topic, h.partition, h.\"offset\") AS u (stream, occurred_at,"
            " sequence, result, id, digest, expires_at, tool, topic, partition, \"offset\")) e"
            " JOIN record.topic n ON n.topic = e.topic"
            " LEFT JOIN record.stream s ON s.service = h.service AND s.stream = e.stream"
            " AND s.environment = h.environment"
            " LEFT JOIN record.tool t ON t.service = h.service AND t.tool = e.tool", 3))

    def commits(self):
        """Dense, rising; every record in the batch that says it took it, and no batch unplaced."""
        for what, statement in {
            "positions have a gap or begin late":
                "SELECT l.position FROM record.commit_log l WHERE l.position > 1 AND NOT EXISTS"
                " (SELECT FROM record.commit_log b WHERE b.position = l.position - 1)",
            "known_at does not rise":
                "SELECT * FROM (SELECT position, known_at, lag(known_at) OVER (ORDER BY position)"
                " AS before FROM record.commit_log) l WHERE l.known_at <= l.before",
            "the head is not the last commit":
                "SELECT position, known_at FROM record.commit_head EXCEPT SELECT position, known_at"
                " FROM (SELECT position, known_at FROM record.commit_log"
                " ORDER BY position DESC LIMIT 1) l",
            "the head of governance is not the last commit of governance":
                "SELECT position FROM record.governance_head EXCEPT SELECT max(position)"
                " FROM record.commit_log WHERE governance",
            "a batch of governance that is not said to be one, or the reverse":
                "SELECT c.position FROM record.commit_log c WHERE c.governance <> EXISTS (SELECT"
                " FROM record.ledger l JOIN record.topic t USING (topic) WHERE l.batch = c.batch"
                " AND l.verdict = 0 AND t.name = 'assay.governance')",
            "a record lies in no batch that took it":
                "SELECT topic, partition, \"offset\", batch FROM record.ledger l WHERE NOT EXISTS"
                " (SELECT FROM record.commit_take k JOIN record.commit_log c USING (batch) WHERE"
                " k.batch = l.batch AND k.topic = l.topic AND k.partition = l.partition"
                " AND k.incarnation = l.incarnation AND l.offset >= k.from_offset"
                " AND l.offset < k.next_offset)",
            "takes do not follow one another":
                "SELECT * FROM (SELECT k.*, lag(k.next_offset, 1, 0::bigint) OVER (PARTITION BY"
                " topic, partition, incarnation ORDER BY from_offset) AS before"
                " FROM record.commit_take k) k WHERE from_offset <> before",
            "a commit took nothing":
                "SELECT position FROM record.commit_log c WHERE NOT EXISTS"
                " (SELECT FROM record.commit_take k WHERE k.batch = c.batch)",
        }.items():
            rows = self.parts.query(statement)
            if rows:
                self.lines.append(f"commit log: {what}: {dict(rows[0])}, {len(rows)} in all")

    def offsets(self):
        """Each partition is taken to its end, by whoever held it; nothing halted, nothing lags."""
        expected = {}
        for (topic, partition, offset), message in self.log.items():
            at = topic, partition
            if offset + 1 >= expected.get(at, {"next_offset": 0})["next_offset"]:
                expected[at] = {"next_offset": offset + 1, "last_offset": offset,
                                "incarnation": 1, "halted": False, "evaluation_lag": 0}
        found = self.rows(
            "SELECT c.topic, c.partition, c.next_offset, p.last_offset, c.incarnation,"
            " c.halted, c.evaluation_lag FROM assay.completeness c JOIN record.topic t"
            " ON t.name = c.topic JOIN record.partition p ON p.topic = t.topic"
            " AND p.partition = c.partition", 2)
        for at, row in found.items():  # one without any record is known, too
            if at not in expected and row["next_offset"] == 0:
                expected[at] = {**row, "halted": False, "evaluation_lag": 0}
        self.differ("completeness", expected, found)

    # -- the answers ------------------------------------------------------------------------------

    def _answers(self, rebuild):
        settings = {"world": self.parts, "told": self.oracle.told, "witness": self.witness}
        answers = type("Answers", (Answers, unittest.TestCase), settings)
        suite = unittest.TestSuite(
            answers(name) for name in unittest.TestLoader().getTestCaseNames(answers)
            if (rebuild or "rebuilt" not in name) and (self.witness or "meanwhile" not in name))
        result = unittest.TextTestRunner(stream=io.StringIO(), verbosity=0).run(suite)
        for test, text in [*result.failures, *result.errors]:
            name = test.id().rsplit(".", 1)[-1] if "test_" in test.id() else str(test)
            self.lines.append(f"answers, {name}: {text[-1500:].strip()}")
        assert result.testsRun >= 6, result
