"""differential_witness -- asks, while records come, what was known at some commit, and asks the
same again when all is over: an answer once given never changes."""

import random
import threading

import psycopg2
from psycopg2 import errors

NOT_YET = (
    errors.ObjectNotInPrerequisiteState,  # a service still has to be evaluated
    psycopg2.OperationalError,  # PostgreSQL is down
    psycopg2.InterfaceError,
)
RELATIONS = ["cell_status", "service_status", "scope", "certification"]


class Witness:
    def __init__(self, uri, instants, seed):
        self.uri = uri
        self.instants = instants
        self.chance = random.Random(f"witness {seed}")
        self.answers = []
        self.refused = 0
        self.failure = None
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def close(self):
        self.over.set()
        self.thread.join()

    def changed(self, limit):
        """The questions, of at most so many, that are answered differently now."""
        asked = self.chance.sample(self.answers, min(limit, len(self.answers)))
        connection = psycopg2.connect(self.uri)
        try:
            with connection.cursor() as cursor:
                return [question for question, answer in asked
                        if self._ask(cursor, *question) != answer]
        finally:
            connection.close()

    def _watch(self):
        connection = None
        while not self.over.is_set() and self.failure is None:
            try:
                if connection is None or connection.closed:
                    connection = psycopg2.connect(self.uri)
                    connection.autocommit = True
                with connection.cursor() as cursor:
                    self._witness(cursor)
            except NOT_YET:
                self.refused += 1
            except Exception as why:  # told by who looks at it
                self.failure = why
            self.over.wait(0.02)
        if connection is not None:
            connection.close()

    def _witness(self, cursor):
        cursor.execute("SELECT position, known_at FROM assay.commit ORDER BY 1 DESC LIMIT 3")
        commits = cursor.fetchall()
        if commits:
            question = (self.chance.choice(RELATIONS), self.chance.choice(self.instants),
                        *self.chance.choice(commits))
            self.answers.append((question, self._ask(cursor, *question)))

    @staticmethod
    def _ask(cursor, relation, at, _, known_at):
        cursor.execute(f"SELECT * FROM assay.{relation}_at(%s::timestamptz, %s)", (at, known_at))
        return sorted(map(str, cursor.fetchall()))
