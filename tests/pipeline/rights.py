"""Rights: TLS and logins at the real servers, what a wrong one meets, and what each user may do.

Every program that links librdkafka or libpq takes part: one that is not listed here fails the test.
At the end everything that was said, and the servers' logs, are searched for every secret.
"""

import concurrent.futures
import contextlib
import re
import signal
import subprocess
import time
import unittest


import facts
from secured import SecuredWorld
from world import BUILD, TOP, await_condition

SECURITY_PAGE = (TOP / "docs" / "security.md").read_text()  # its commands are run
ASSAY = BUILD / "bin" / "assay"
AT_ONCE = 8  # they mostly wait

RESULT = facts.lines([facts.result("mail", "chk", "PASS", facts.ago(minutes=5))])
SCAN = TOP / "tests" / "fixtures" / "xccdf" / "instances.xml"
SCANNED = ("--service=mail", "--environment=prod", SCAN)

# How each program is called that speaks to Kafka (the last part of its name below build/bin), and
# what it reads. --timeout bounds what would be tried again.
TO_KAFKA = {
    "publish": (("publish", "--timeout=2"), RESULT),
    "catalog": (("catalog", "publish", "iso-27001-2022", "--timeout=2"), b""),
    "import": (("import", "xccdf", "--timeout=2", *SCANNED), b""),
    "topics": (("topics", "create", "--timeout=2"), b""),
    "aggregate": (("aggregate", "--once"), b""),
}
TO_POSTGRESQL = {
    "aggregate": ("aggregate", "--once"),
    "status": ("status",),
    "explain": ("explain", "mail", "prod", facts.STANDARD, "1.1"),
    "forecast": ("forecast",),
    "impact": ("impact", "mail"),
    "what-if": ("what-if", "/dev/null"),
    "report": ("report", "programme", "audit"),
    "rejects": ("rejects", "list"),
    "rebuild": ("rebuild",),
    "reopen": ("topics", "reopen", "assay.scope", "0"),
    "migrate": ("migrate",),
}

# What is wrong, as changes to a login; the words that have to say what to do; and whether the
# same attempt may yet succeed, which only the aggregator waits for.
def kafka_failures(certificates, wrong):
    return {
        "wrong CA": ({"ssl_ca_location": certificates.other_ca.certificate}, "ssl.ca.location",
                     False),
        "expired certificate": ({"listener": "expired"}, "has expired", False),
        "wrong host": ({"listener": "misnamed"}, "is not for this host", False),
        "wrong password": ({"sasl_password": wrong}, "sasl.password", False),
        "unknown user": ({"sasl_username": "nobody"}, "sasl.username", False),
        "wrong mechanism": ({"sasl_mechanism": "PLAIN"}, "sasl.mechanism", False),
        "no right": ({}, "ACLs", False),
        "plain to TLS": ({"security_protocol": "PLAINTEXT"}, "security.protocol", True),
        "TLS to plain": ({"listener": "plain"}, "security.protocol", True),
    }


def postgresql_failures(certificates, wrong):
    return {
        "wrong CA": ({"PGSSLROOTCERT": str(certificates.other_ca.certificate)}, "sslrootcert"),
        "no CA": ({"PGSSLROOTCERT": "/there/is/none.pem"}, "/there/is/none.pem"),
        "wrong password": ({"PGPASSWORD": wrong}, "PGPASSFILE"),
        "no password": ({"PGPASSWORD": ""}, "PGPASSFILE"),
        "unknown user": ({"PGUSER": "nobody", "PGPASSWORD": wrong}, "PGUSER"),
        "plain to TLS": ({"PGSSLMODE": "disable"}, "sslmode=verify-full"),
        "no database": ({"PGDATABASE": "elsewhere"}, '"elsewhere" does not exist'),
    }


def links(library):
    """The programs, by the last part of their names, that link it."""
    found = set()
    for program in (BUILD / "bin").glob("assay-*"):
        out = subprocess.run(["ldd", program], check=True, stdout=subprocess.PIPE, text=True).stdout
        if library in out:
            found.add(program.name.removeprefix("assay-"))
    return found


class Rights(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.world = SecuredWorld()
        cls.addClassCleanup(cls.world.close)
        cls.world.kafka_acls(re.findall(r"(?m)^kafka-acls\.sh .*", SECURITY_PAGE))
        cls.example = cls.world.emitter_example()

    def good(self, *arguments, stdin=b"", status=0, **environment):
        done = self.world.assay(*arguments, environment=environment, stdin=stdin)
        self.assertEqual(done.returncode, status, (arguments, done.stderr.decode()))
        return done

    def errors(self, done):
        """What failed, each reason once: of several events that were not delivered each is named,
        and some may have been queued before the reason came. What was therefore not sent is not
        news."""
        lines = [
            re.sub(r"(?<=error: )\S.*?:\d+: event .*?(?=Failed to acquire|was not)", "", line)
            for line in done.stderr.decode().splitlines()
            if re.search(r"\berror: |^example: ", line)
        ]
        follows = (": not sent", ": not imported", "nothing was sent")
        return {
            re.sub(r"was not delivered: .*(?=Failed to acquire)", "", line)
            for line in lines if not line.endswith(follows)
        }

    # -- what works -------------------------------------------------------------------------------

    def test_0_all_that_docs_security_allows_works(self):
        world = self.world
        self.assertEqual(links("librdkafka"), set(TO_KAFKA))
        self.assertEqual(links("libpq"), set(TO_POSTGRESQL))
        self.good("topics", "create", **world.login("operator"))
        self.good("topics", "create", "--team=mail", **world.login("operator"))
        self.good("topics", "create", "--team=chat", **world.login("operator"))
        superuser = world.database("postgres", PGPASSFILE=str(world.postgresql.passwords))
        self.good("migrate", **superuser)

        events = [*facts.base([], ["chk"])]
        self.good("publish", stdin=facts.lines(events), **world.login("office"))
        self.good("publish", stdin=facts.lines(
            [facts.onboarding("mail", owner="mail"), facts.onboarding("chat", owner="chat")]
        ), **world.login("platform"))
        self.good("publish", stdin=facts.lines([facts.scope("mail"), facts.scope("chat")]),
                  **world.login("office"))
        self.good("catalog", "publish", "iso-27001-2022", **world.login("office"))
        self.good("import", "xccdf", *SCANNED, **world.login("pipelines"))
        with_key = world.login(
            "team-mail", ssl_certificate_location=world.certificates.client.certificate,
            ssl_key_location=world.certificates.client.key, ssl_key_password=world.key_password)
        self.good("publish", "--team=mail", stdin=RESULT, **with_key)
        done = world.run(self.example, environment=world.login("pipelines"))
        self.assertEqual(done.returncode, 0, done.stderr)

        self.good("aggregate", "--once", **world.login("aggregator"),
                  **world.database("assay_aggregator"))
        for name, arguments in TO_POSTGRESQL.items():
            if name not in ("aggregate", "rebuild", "reopen", "migrate"):
                with self.subTest(name):
                    done = world.assay(*arguments, environment=world.database("assay_auditor"))
                    self.assertIn(done.returncode, (0, 1), done.stderr)
                    self.assertNotIn(b"PostgreSQL", done.stderr)
        self.good("rebuild", **world.database("assay_aggregator"))
        self.good("rejects", "replay", **world.database("assay_aggregator"))
        self.good("topics", "reopen", "assay.scope", "0", status=1,
                  **world.database("assay_aggregator"))
        self.assertIn(b"mail", self.good("status", **world.database("assay_reader")).stdout)

    def test_1_one_broker_of_several_may_be_wrong(self):
        world = self.world
        for first, second in (("expired", "secured"), ("secured", "expired")):
            both = f"{world.kafka.at(first)},{world.kafka.at(second)}"
            self.good("publish", stdin=RESULT, **{
                **world.login("pipelines"), "ASSAY_BROKERS": both})
            self.good("aggregate", "--once", **{
                **world.login("aggregator"), **world.database("assay_aggregator"),
                "ASSAY_BROKERS": both})

    def test_2_a_login_can_stand_in_files_and_uris(self):
        world = self.world
        password = world.role_passwords["assay_reader"]
        service = world.directory / "services"
        service.write_text("".join(
            f"{line}\n" for line in (
                "[assay]", "host=127.0.0.1", f"port={world.postgresql.port}", "dbname=assay",
                "user=assay_reader", f"password={password}", "sslmode=verify-full",
                f"sslrootcert={world.certificates.ca.certificate}")))
        self.good("status", PGSERVICE="assay", PGSERVICEFILE=str(service))
        uri = (f"postgresql://assay_reader:{password}@127.0.0.1:{world.postgresql.port}/assay"
               f"?sslmode=verify-full&sslrootcert={world.certificates.ca.certificate}")
        self.good("status", ASSAY_DATABASE=uri)
        self.assertEqual(self.world.assay("status", "--help", environment={
            "ASSAY_DATABASE": uri, **world.login("admin")}).returncode, 0)
        person = re.search(r"(?m)^CREATE ROLE (\w+) LOGIN .*", SECURITY_PAGE)
        with contextlib.closing(world.postgresql.connect()) as session:
            with session.cursor() as cursor:
                cursor.execute(person[0])
                cursor.execute(f"SET ROLE {person[1]}")
                cursor.execute("SELECT value FROM assay.event LIMIT 1")
                self.assertEqual(cursor.rowcount, 1)
        for stray in ("/", "@", "%"):
            broken = uri.replace(password, password[:9] + stray + password[9:])
            done = self.good("status", status=3, ASSAY_DATABASE=broken)
            self.assertNotIn(password[9:].encode(), done.stderr)
            self.assertNotIn(password[:9].encode(), done.stderr)

    # -- what fails -------------------------------------------------------------------------------

    def refused(self, case, command, words, environment, stdin=b""):
        """One line says so and what to do, and the exit status is 3."""
        done = self.world.run(*command, environment=environment, stdin=stdin)
        out = done.stdout.decode()
        wrong = (case, command, done.returncode, done.stderr.decode() + out)
        self.assertEqual(done.returncode, 3, wrong)
        errors = self.errors(done)
        self.assertEqual(len(errors), 1, wrong)
        # topics prints what became of each
        self.assertIn(words, errors.pop() + (out if "topics" in command else ""), wrong)

    def in_parallel(self, calls):
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
            for call in [pool.submit(self.refused, *arguments) for arguments in calls]:
                call.result()

    def test_3_a_wrong_way_to_kafka_is_said_once_with_what_to_do(self):
        world = self.world
        calls = []
        for case, (changes, words, passes) in kafka_failures(
                world.certificates, world.passwords["admin"]).items():
            login = world.login("stranger", **changes)
            environment = {**login, **world.database("assay_aggregator")}
            for program, (arguments, stdin) in TO_KAFKA.items():
                if program != "aggregate" or not passes:
                    calls.append((case, (ASSAY, *arguments), words, environment, stdin))
            if case in ("wrong CA", "wrong password", "no right"):  # it takes ten seconds
                calls.insert(0, (case, (self.example,), words, environment))
        before = self.refusals()
        self.in_parallel(calls)
        # one each for TLS and for a login; while the answer is on its way a second one may begin
        self.assertLessEqual(self.refusals() - before, 3 * len(calls))

    def refusals(self):
        """What Kafka itself has counted in its log."""
        return self.world.kafka.log.read_text(errors="replace").count("Failed authentication with")

    def test_4_an_aggregator_waits_for_what_may_pass_and_makes_no_storm(self):
        """A port that does not speak TLS now may do so after a restart of the broker."""
        world = self.world
        log = world.directory / "waiting.log"
        began = time.monotonic()
        before = self.refusals()
        environment = {**world.login("aggregator", security_protocol="SASL_PLAINTEXT"),
                       **world.database("assay_aggregator")}
        process = world.start(BUILD / "bin" / "assay-aggregate", "--lanes=2",
                              environment=environment, log=log)
        try:
            await_condition(lambda: self.refusals() - before >= 4, 60, "four attempts")
            attempts = self.refusals() - before
            elapsed = time.monotonic() - began
            self.assertIsNone(process.poll(), log.read_text())
        finally:
            process.send_signal(signal.SIGTERM)
            status = process.wait(timeout=60)
        said = log.read_text()
        world.said.append(said.encode())
        self.assertEqual(status, 0, said)
        self.assertLessEqual(attempts, 4 + 4 * elapsed)
        for lane in ("lane 1", "lane 2"):
            self.assertEqual(said.count(f"{lane}: warning: "), 1, said)
        self.assertIn("security.protocol", said)

    def test_5_a_wrong_way_to_postgresql_is_said_once_with_what_to_do(self):
        world = self.world
        kafka = world.login("aggregator")
        cases = postgresql_failures(world.certificates, world.passwords["admin"])
        calls = [
            (case, (ASSAY, *arguments), words,
             {**kafka, **world.database("assay_reader"), **changes})
            for case, (changes, words) in cases.items() for arguments in TO_POSTGRESQL.values()
        ]
        before = world.postgresql.arrivals()
        self.in_parallel(calls)
        self.assertLessEqual(world.postgresql.arrivals() - before, len(calls), "attempts")

    def test_6_a_server_that_shows_the_wrong_certificate(self):
        world = self.world
        certificates = world.certificates
        good = {**world.login("aggregator"), **world.database("assay_reader")}
        for case, shown, words in (
            ("expired certificate", certificates.expired, "has expired"),
            ("wrong host", certificates.misnamed, "is not for this host"),
            ("TLS to plain", None, "no TLS at that port"),
        ):
            world.postgresql.present(shown)
            self.await_words(words, good)
            self.in_parallel([
                (case, (ASSAY, *arguments), words, good) for arguments in TO_POSTGRESQL.values()
            ])
        world.postgresql.present(certificates.node)
        await_condition(
            lambda: world.assay("status", environment=good).returncode == 0, 30, "the good one")

    def await_words(self, words, environment):
        """The server takes over new settings a moment after it was told to."""
        await_condition(
            lambda: words in self.world.assay("status", environment=environment).stderr.decode(),
            30, words)

    # -- who may do what --------------------------------------------------------------------------

    def test_7_a_team_writes_its_own_topic_only(self):
        world = self.world
        team = world.login("team-mail")
        own = facts.result("mail", "chk", "PASS", facts.ago(minutes=3), subject="own")
        cases = {
            "another team's topic": (("--team=chat",), own),
            "the trusted topic": ((), own),
            "services": ((), facts.onboarding("mail", owner="other")),
            "scope": ((), facts.scope("mail", membership="REMOVED")),
            "governance": ((), facts.mapping("chk", ["1.1"], required=False)),
            "a retraction": ((), facts.retraction(
                "5f0c2c9e-8d5e-4c0e-9a55-0f8c33a4b1ab", facts.ago(minutes=1))),
        }
        before = self.ends()
        for case, (flags, event) in cases.items():
            done = world.assay("publish", *flags, environment=team, stdin=facts.lines([event]))
            self.assertEqual(done.returncode, 3, case)
            self.assertEqual(len(self.errors(done)), 1, done.stderr)
            self.assertIn("ACLs", done.stderr.decode(), case)
        self.assertEqual(self.ends(), before, "something was written")
        self.good("publish", "--team=mail", stdin=facts.lines([own]), **team)
        self.assertEqual(sum(self.ends().values()), sum(before.values()) + 1)
        done = world.assay("aggregate", "--once", environment={
            **team, **world.database("assay_aggregator")})
        self.assertEqual(done.returncode, 3, "a team reads")
        done = world.assay("topics", "create", "--team=third", environment=team)
        self.assertEqual(done.returncode, 3, "a team creates topics")

    def ends(self):
        """Each partition's log end, as the aggregator's user sees it."""
        import confluent_kafka
        login = self.world.login("aggregator")
        settings = dict(line.split("=", 1) for line in login["ASSAY_PROPERTIES"].splitlines())
        consumer = confluent_kafka.Consumer({
            **settings, "bootstrap.servers": login["ASSAY_BROKERS"], "group.id": "assay-aggregate"})
        try:
            topics = consumer.list_topics(timeout=20).topics
            return {
                (topic, partition): consumer.get_watermark_offsets(
                    confluent_kafka.TopicPartition(topic, partition), timeout=20)[1]
                for topic in topics for partition in topics[topic].partitions
            }
        finally:
            consumer.close()

    def test_8_what_a_team_says_of_anothers_service_shows_and_has_no_effect(self):
        world = self.world
        self.good("publish", "--team=mail", stdin=facts.lines([
            facts.result("chat", "chk", "PASS", facts.ago(minutes=2), subject="not-ours")
        ]), **world.login("team-mail"))
        self.good("aggregate", "--once", **world.login("aggregator"),
                  **world.database("assay_aggregator"))
        with contextlib.closing(world.postgresql.connect()) as session:
            with session.cursor() as cursor:
                cursor.execute(
                    "SELECT service, topic FROM assay.unmapped"
                    " WHERE topic = 'assay.evidence.mail'")
                self.assertEqual(cursor.fetchall(), [("chat", "assay.evidence.mail")])
                cursor.execute(
                    "SELECT service, status FROM assay.cell_status WHERE standard = %s ORDER BY 1",
                    (facts.STANDARD,))
                self.assertEqual(cursor.fetchall(), [("chat", "NOT_TESTED"), ("mail", "PASSED")])

    def test_9_no_secret_was_said(self):
        world = self.world
        loud = {"ASSAY_LOG": "debug", **world.database("assay_reader")}
        key = world.certificates.client
        for changes in ({}, {"sasl_password": world.passwords["admin"]},
                        {"ssl_certificate_location": key.certificate, "ssl_key_location": key.key,
                         "ssl_key_password": world.key_password},
                        {"ssl_certificate_location": key.certificate, "ssl_key_location": key.key,
                         "ssl_key_password": world.passwords["admin"]}):
            for program, (arguments, stdin) in TO_KAFKA.items():
                environment = {**world.login("stranger", debug="all", **changes), **loud}
                world.assay(*arguments, environment=environment, stdin=stdin)
        said = b"\n".join([
            *world.said, world.kafka.log.read_bytes(), world.postgresql.log.read_bytes()])
        self.assertIn(b"librdkafka: ", said)  # it was as loud as it can be
        self.assertIn(b"sasl.password = [redacted]", said)
        self.assertIn(b"ssl.key.password = [redacted]", said)
        for each in world.secrets():
            self.assertNotIn(each.encode(), said, each.split(".")[1])


if __name__ == "__main__":
    unittest.main()
