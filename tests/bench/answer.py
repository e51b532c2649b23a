"""answer -- what must be known after an ingest, and whether it is.

The generator tells the result in force of each stream. Here every check has one control and is
required, so a cell is FAILED by its greatest failing stream, else PASSED by its greatest passing
one, unless the Statement of Applicability says that the control does not apply. Asked for an
instant at which all that was told is in force and fresh.
"""

import workload

AT = "2026-02-01T00:00:00Z"


class Differs(Exception):
    """The record's answer is not the workload's: no figure may be printed."""


def expected(told, soa=None):
    """{cell: (status, deciding event)}. told: bench-load's lines; soa: (id, control numbers that do
    not apply), of the version in force."""
    best = {}
    for line in told.splitlines():
        service, environment, check, result, at, event = line.split("\t")
        cell = (service, environment, f"C.{int(check.rsplit('-', 1)[1]) + 1}")
        said = (result == "FAIL", int(at), event)
        if said > best.get(cell, (False, -1, "")):
            best[cell] = said
    answer = {cell: ("FAILED" if failed else "PASSED", event)
              for cell, (failed, _, event) in best.items()}
    if soa is not None:
        event, out = soa
        controls = {f"C.{number + 1}" for number in out}
        for cell in answer:
            if cell[2] in controls:
                answer[cell] = ("NOT_APPLICABLE", event)
    return answer


def compare(database, wanted, records):
    """Raises Differs where a cell or the number of ledger rows is not as wanted."""
    taken, refused = database.query(
        "SELECT count(*), count(*) FILTER (WHERE verdict <> 0) FROM record.ledger"
    )[0]
    if (taken, refused) != (records, 0):
        raise Differs(f"{taken} ledger rows, {refused} of them refused; {records} were sent")
    got = {
        (service, environment, control): (status, event)
        for service, environment, control, status, event in database.query(
            "SELECT service, environment, control, status, deciding_event::text"
            " FROM assay.cell_status_at(%s) WHERE standard = %s", AT, workload.STANDARD)
    }
    wrong = [cell for cell in wanted.keys() | got.keys() if wanted.get(cell) != got.get(cell)]
    if wrong:
        cell = min(wrong)
        raise Differs(f"{len(wrong)} of {len(wanted)} cells differ, first {'/'.join(cell)}:"
                      f" {got.get(cell)} and not {wanted.get(cell)}")
