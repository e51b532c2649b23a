"""rebuild -- everything that is derived, made again from the ledger, against the ingest it follows.
"""

import time

from answer import compare, expected
from figures import Figure
from rows.ingest import told
from rows.ingesting import ingest
from stage import BUILD, Stage


def measure(options):
    rebuilt, ingested = [], []
    with Stage(options.variant("steady")) as stage:
        template = stage.filled()
        stage.load(options.events)
        for _ in range(options.repeats):
            database = stage.database("run", template)
            ingested.append(ingest(stage, database).rate)
            stage.checkpoint()
            began = time.monotonic()
            stage.run(BUILD / "bin" / "assay", "rebuild", environment=database.environment())
            rebuilt.append(stage.sent / (time.monotonic() - began))
            compare(database, expected(told(stage)), stage.sent)
            stage.drop(database)
    yield Figure("rebuild", "rebuild from the ledger", "/s", rebuilt, ingested, "ingest",
                 at_least=2)


ROWS = {"rebuild": measure}
