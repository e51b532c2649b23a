"""certificates -- a certification authority for tests, made with openssl.

Keys and certificates are PEM files in one directory, good for two days. What PostgreSQL, Kafka and
the clients want of them differs only in which files they are given. Not for anything but tests:
the authority's key lies beside what it signs.
"""

import subprocess
from pathlib import Path

KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
DAYS = 2


def _openssl(*arguments):
    done = subprocess.run(
        ["openssl", *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True,
    )
    if done.returncode != 0:
        raise AssertionError(f"openssl {arguments[0]}: {done.stdout}")


class Issued:
    """A key (PKCS #8, under the password where one was given) and its certificate; `both` holds
    them in one file, as Kafka wants them."""

    def __init__(self, directory, name):
        self.key = directory / f"{name}.key"
        self.certificate = directory / f"{name}.pem"
        self.both = directory / f"{name}.both.pem"


class Authority:
    def __init__(self, directory, name):
        self.directory = Path(directory)
        self.name = name
        self.directory.mkdir(exist_ok=True)
        self.key = self.directory / f"{name}.ca.key"
        self.certificate = self.directory / f"{name}.ca.pem"
        _openssl("req", "-x509", *KEY, "-noenc", "-keyout", self.key, "-out", self.certificate,
                 "-subj", f"/CN={name}", "-days", DAYS)

    def issue(self, name, hosts=(), password=None, expired=False):
        """A certificate for the subject `name`, valid for those hosts and addresses; an expired
        one ended a day ago."""
        issued = Issued(self.directory, f"{self.name}.{name}")
        request = self.directory / "request"
        extensions = self.directory / "extensions"
        protection = ["-passout", f"pass:{password}"] if password else ["-noenc"]
        _openssl("req", "-new", *KEY, *protection, "-keyout", issued.key, "-out", request,
                 "-subj", f"/CN={name}")
        names = [f"{'IP' if host[0].isdigit() else 'DNS'}:{host}" for host in hosts]
        extensions.write_text(f"subjectAltName={','.join(names)}\n" if names else "")
        _openssl("x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self.key,
                 "-days", -1 if expired else DAYS, "-extfile", extensions,
                 "-out", issued.certificate)
        issued.both.write_text(issued.key.read_text() + issued.certificate.read_text())
        return issued
