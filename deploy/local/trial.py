"""trial -- what deploy/try does, once its flags are read.

    python3 -m local.trial ONCE KEEP SCAN DEMO BROKERS DATABASE   (yes or no; empty: not given)

Everything it starts is its own: servers and aggregator are tied to this process, so that not even
a kill leaves them, and go in good order when it is asked to stop. A signal only sets a flag;
whatever waits looks at it. All input goes through the programs, as a user's would.
"""

import fcntl
import hashlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from datetime import datetime, timezone
from pathlib import Path

from local import demo
from local.daemon import Daemon, Failed, await_condition
from local.kafka import Kafka
from local.postgresql import PostgreSQL

DEPLOY = Path(__file__).resolve().parent.parent
TOP = DEPLOY.parent
DATA = DEPLOY / "data"
ASSAY = TOP / "build" / "bin" / "assay"
SCAN_CONTENT = Path("/usr/share/xml/scap/ssg/content/ssg-debian11-ds.xml")
# Debian 12 packages content for Debian 11 and older, and each rule says of itself where it applies.
# What the whole benchmark says is left out, else OpenSCAP would run none of them.
SCAN_PLATFORM = rb'<[\w.:-]*platform idref="cpe:/o:debian:debian_linux:11"/>'
SCAN_PROFILE = "xccdf_org.ssgproject.content_profile_standard"
STANDARD = "iso-27001-2013"
SERVICE, ENVIRONMENT = "exchange-online", "gcc"  # what the scanned host belongs to
CATCH_UP_SECONDS = 120
NOW_IN_SHELL = "'$(date -u +%FT%TZ)'"  # within a text in single quotes

# Caught up: every partition was taken to its end after the last event was sent, and every
# service is evaluated to the last commit.
CAUGHT_UP = """
SELECT coalesce(bool_or(halted), false),
       count(DISTINCT topic) >= 4 AND min(complete_through) >= '{since}'
                                  AND max(evaluation_lag) = 0,
       string_agg(topic || '/' || partition || ': ' || reason, '; ') FILTER (WHERE halted)
FROM assay.completeness
"""


class Interrupted(Exception):
    pass


class Stop:
    """Whether this process was asked to stop."""

    def __init__(self):
        self.asked = False
        # also where a shell that put us in the background had set Ctrl-C to be ignored
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask)

    def _ask(self, _number, _frame):
        self.asked = True

    def look(self):
        if self.asked:
            raise Interrupted


class Aggregator(Daemon):
    NAME = "the aggregator"

    def __init__(self, directory, environment):
        super().__init__(directory, tied=True)
        self.environment = environment

    def begin(self):
        self.directory.mkdir(exist_ok=True)
        self.launch([], [ASSAY.with_name("assay-aggregate")], self.environment)

    def must_run(self):
        if self.pid() is None:
            raise Failed(f"the aggregator ended: {self.log_tail()} ({self.log})")


def without_password(uri):
    """A password given in the URI moves to this process's environment, where libpq finds it: it
    is not to be seen in a list of processes, nor printed."""
    password = urllib.parse.urlsplit(uri).password
    if not password:
        return uri
    os.environ["PGPASSWORD"] = urllib.parse.unquote(password)
    return uri.replace(f":{password}@", "@", 1)


class Trial:
    def __init__(self, once, keep, scan, demo, brokers, database):
        self.once = once == "yes"
        self.scan = scan == "yes"
        self.demo = demo == "yes"
        self.keep = Path(keep).resolve() if keep else None
        self.brokers, self.database = brokers, without_password(database)
        self.password_given = self.database != database
        self.where = f"{brokers or 'own'} {database or 'own'}"
        self.stop = Stop()
        self.began = time.monotonic()
        self.daemons = []
        self.kafka = self.postgresql = None
        self.directory = None

    def say(self, text):
        print(f"{time.monotonic() - self.began:5.1f} s  {text}", file=sys.stderr, flush=True)

    # -- the way --------------------------------------------------------------------------------

    def run(self):
        self.refuse_early()
        self.prepare()
        self.make_directory()
        self.start_servers()
        self.run_to_end("topics", [ASSAY, "topics", "create"])
        self.run_to_end("migrate", [ASSAY, "migrate"])
        environment = self.variables()
        if self.postgresql:
            environment["ASSAY_DATABASE"] = self.postgresql.uri(role="assay_aggregator")
        self.aggregator = Aggregator(self.directory / "aggregator", environment)
        self.daemons.append(self.aggregator)
        self.aggregator.begin()
        self.publish()
        self.await_caught_up()
        self.show()
        if self.once:
            return
        self.suggest()
        while not self.stop.asked:
            self.aggregator.must_run()
            time.sleep(0.1)

    def refuse_early(self):
        if self.scan and not (shutil.which("oscap") and SCAN_CONTENT.exists()):
            raise Failed(
                "--scan needs Debian's packages: apt-get install openscap-scanner ssg-debian"
            )

    def prepare(self):
        flags = []
        if self.brokers:
            flags.append("--no-kafka")
        if self.database:
            flags.append("--no-postgresql")
        # in this process's own group: sudo may want to ask for a password
        preparing = subprocess.Popen([DEPLOY / "prepare", *flags], stdin=None)
        while preparing.poll() is None:
            if self.stop.asked:
                preparing.terminate()
                preparing.wait()
                raise Interrupted
            time.sleep(0.05)
        self.stop.look()
        if preparing.returncode != 0:
            raise Failed("")  # it has said why

    def make_directory(self):
        if self.keep is None:
            self.directory = Path(tempfile.mkdtemp(prefix="assay-try."))
        else:
            self.directory = self.keep
            self.directory.mkdir(parents=True, exist_ok=True)
        self.directory.chmod(0o711)  # PostgreSQL's own user passes through it
        self.lock = open(self.directory / "lock", "w")
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Failed(f"another deploy/try uses {self.directory} now") from None

    def start_servers(self):
        if not self.brokers:
            self.kafka = Kafka(self.directory / "kafka", tied=True)
        if not self.database:
            self.postgresql = PostgreSQL(self.directory / "postgresql", tied=True)
        self.daemons = [daemon for daemon in (self.kafka, self.postgresql) if daemon]
        for daemon in self.daemons:
            daemon.begin()
            self.stop.look()
        for daemon in self.daemons:
            daemon.await_ready(self.stop.look)
        if self.kafka:
            self.brokers = self.kafka.brokers
            self.say(f"Apache Kafka serves on {self.brokers}")
        if self.postgresql:
            self.database = self.postgresql.uri()
            self.say(f"PostgreSQL serves on 127.0.0.1:{self.postgresql.port}")

    def publish(self):
        for name, converted in (
            ("scope", DATA / "office365-in-scope.tsv"),
            ("standard", DATA / "iso-27001-2013-annex-a.tsv"),
        ):
            events = subprocess.run(
                [DATA / "events", name, converted], check=True, stdout=subprocess.PIPE
            ).stdout
            self.once_for(name, events, [ASSAY, "publish"], events)
        scan = DATA / "openscap-debian.xccdf.xml.gz"
        if self.scan:
            scan = self.directory / "scan.xml"
            self.scan_this_machine(scan)
        self.once_for(
            "scan",
            scan.read_bytes(),
            [ASSAY, "import", "xccdf", f"--service={SERVICE}", f"--environment={ENVIRONMENT}",
             "--with-mappings", scan],
        )

        if self.demo:
            self.publish_demo()

    def publish_demo(self):
        """While the aggregator takes in what was sent before."""
        command = [ASSAY, "catalog", "publish", *demo.STANDARDS]
        events = subprocess.run([*command, "--dry-run"], check=True, stdout=subprocess.PIPE).stdout
        self.once_for("catalog", events, command)
        for told in sorted((DATA / "demo").glob("*.jsonl")):
            events = told.read_bytes()
            self.once_for(told.stem, events, [ASSAY, "publish"], events)

    def scan_this_machine(self, results):
        self.say("OpenSCAP scans this machine with the content for Debian 11")
        content = self.directory / "scan-content.xml"
        content.write_bytes(re.sub(SCAN_PLATFORM, b"", SCAN_CONTENT.read_bytes()))
        # exit status 2 says that a rule failed, which is an answer
        self.run_to_end(
            "oscap",
            ["oscap", "xccdf", "eval", "--profile", SCAN_PROFILE, "--results", results,
             content],
            good=(0, 2),
        )

    def await_caught_up(self):
        since = datetime.now(timezone.utc).isoformat()

        def caught_up():
            answer = subprocess.run(
                ["psql", "-XAtq", "-F", "\t", "-d", self.database,
                 "-c", CAUGHT_UP.format(since=since)],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                text=True,
            )
            if answer.returncode != 0:
                raise Failed(f"reading assay.completeness: {answer.stderr.strip()}")
            halted, complete, reasons = answer.stdout.rstrip("\n").split("\t")
            if halted == "t":
                raise Failed(f"the aggregator halted: {reasons}")
            return complete == "t"

        def give_up():
            self.stop.look()
            self.aggregator.must_run()

        await_condition(caught_up, CATCH_UP_SECONDS, "taking in what was published", give_up)
        self.say("the aggregator has taken in everything")

    def show(self):
        # no other standard's services: the demo has its own
        self.run_to_end("status", [ASSAY, "status", f"--standard={STANDARD}"], printed=sys.stdout)
        if self.demo:
            self.show_demo()

    def show_demo(self):
        line = "=" * len(demo.TITLE)
        print(f"\n{line}\n{demo.TITLE}\n{line}\n\n{demo.INTRODUCTION}")
        for heading, questions in demo.QUESTIONS:
            print(f"\n-- {heading}")
            for question in questions:
                self.ask(question)
        self.report()

    def ask(self, question):
        """Prints the command, as one would type it, and its answer."""
        if isinstance(question, str):
            print(f'\n$ psql "$ASSAY_DATABASE" -c "\n{question}"', flush=True)
            command = ["psql", "-X", "-d", self.database, "-P", "pager=off", "-P", "footer=off",
                       "-c", question]
        else:
            print(f"\n$ {os.path.relpath(ASSAY)} {shlex.join(question)}", flush=True)
            command = [ASSAY, *question]
        self.run_to_end("demo", command, printed=sys.stdout)

    def report(self):
        """Writes the reports and prints the beginning of the first."""
        for programme, audit in demo.AUDITS:
            for form, ending in (("markdown", "md"), ("html", "html")):
                with open(self.directory / f"{audit}.{ending}", "wb") as written:
                    self.run_to_end(
                        "report", [ASSAY, "report", f"--format={form}", programme, audit],
                        printed=written,
                    )
        first, text = demo.AUDITS[0], (self.directory / f"{demo.AUDITS[0][1]}.md").read_text()
        beginning = demo.CHAPTER.join(text.split(demo.CHAPTER)[: 1 + demo.REPORT_CHAPTERS])
        print("\n-- The report of an audit, its beginning")
        print(f"\n$ {os.path.relpath(ASSAY)} report {shlex.join(first)}\n{beginning}…")
        if self.keep or not self.once:
            print(f"\nThe whole of it, and of {demo.AUDITS[1][0]}'s: {self.directory}/*.html, *.md")

    def suggest(self):
        assay = os.path.relpath(ASSAY)
        # what a host with a telnet server would say: A.12.6.2 rests on there being none
        event = (
            f'{{"source":"example/me","occurredAt":"{NOW_IN_SHELL}","controlTestResult":{{'
            f'"service":"{SERVICE}","environment":"{ENVIRONMENT}",'
            '"check":"package_telnetd_removed","subject":"my-host","method":"METHOD_TEST",'
            '"result":"RESULT_FAIL"}}'
        )
        password = " PGPASSWORD=…" if self.password_given else ""
        database = shlex.quote(self.database)
        print(
            f"""
Try next, in another terminal:

  export ASSAY_BROKERS={self.brokers} ASSAY_DATABASE={database}{password}
  {assay} explain {SERVICE} {ENVIRONMENT} iso-27001-2013 A.12.6.2
  psql "$ASSAY_DATABASE" -c "SELECT status, count(*) FROM assay.cell_status GROUP BY 1"
  echo '{event}' | {assay} publish{self.suggest_demo(assay)}

Ctrl-C ends it{"; " + str(self.keep) + " is kept" if self.keep else " and leaves nothing behind"}.
""",
            flush=True,
        )

    def suggest_demo(self, assay):
        return "\n\n" + demo.NEXT.format(assay=assay, now=NOW_IN_SHELL) if self.demo else ""

    # -- its means --------------------------------------------------------------------------------

    def variables(self):
        return {"ASSAY_BROKERS": self.brokers, "ASSAY_DATABASE": self.database}

    def once_for(self, name, content, command, stdin=b""):
        """Runs the command, unless a run before has sent the same content: with --keep, what was
        taken in stays. (Sent again it would change nothing; it would only be read again.)"""
        marker = self.directory / f"sent-{name}"
        digest = hashlib.sha256(f"{self.where}\n".encode() + content).hexdigest()
        if marker.exists() and marker.read_text() == digest:
            return
        self.run_to_end(name, command, stdin)
        self.say(f"sent: {name}")
        marker.write_text(digest)

    def run_to_end(self, name, command, stdin=b"", good=(0,), printed=None):
        """Runs a program to its end. What it says goes to a file; what it prints too, if nothing
        else is given for it."""
        self.stop.look()
        log = self.directory / f"{name}.log"
        with tempfile.TemporaryFile() as given, open(log, "wb") as messages:
            given.write(stdin)
            given.seek(0)
            process = subprocess.Popen(
                ["setpriv", "--pdeathsig", "KILL", *command],
                stdin=given, stdout=printed or messages, stderr=messages, cwd=TOP,
                env={**os.environ, **self.variables()}, start_new_session=True,
            )
            while process.poll() is None:
                if self.stop.asked:
                    process.kill()
                    process.wait()
                    raise Interrupted
                time.sleep(0.02)
            if process.returncode not in good:
                last = (log.read_text(errors="replace").strip().splitlines() or [""])[-1]
                raise Failed(f"{name}: {last or f'exit status {process.returncode}'}")

    def end(self):
        for daemon in reversed(self.daemons):
            if self.keep is None and daemon is self.kafka:
                daemon.stop(signal.SIGKILL)  # nothing is kept, so nothing has to be saved
            elif self.keep is None and daemon is self.postgresql:
                daemon.stop(signal.SIGQUIT)
            else:
                daemon.stop()
        if self.keep is None and self.directory is not None:
            shutil.rmtree(self.directory)


def main():
    trial = Trial(*sys.argv[1:])
    status = 0
    try:
        trial.run()
    except Interrupted:
        status = 130
    except (Failed, OSError, subprocess.CalledProcessError) as why:
        status = 3
        if str(why):
            print(f"try: {why}", file=sys.stderr)
            if trial.keep is None and trial.directory is not None:
                print("try: with --keep DIR the logs stay, in DIR", file=sys.stderr)
    finally:
        trial.end()
    return status


if __name__ == "__main__":
    sys.exit(main())
