#!/usr/bin/python3
"""tidy -- the house rules, checked over the text of every source file.

    tidy.py TOP

Each rule is a function from a path and its text to what is wrong with it. Each has a sample that
breaks it, so that a rule which has stopped seeing anything fails too.
"""

import os
import re
import subprocess
import sys
import unittest
from pathlib import Path

TOP = Path(sys.argv.pop(1)) if len(sys.argv) > 1 else Path(__file__).resolve().parents[2]

FILE_LINES = 600
FUNCTION_LINES = 80
COLUMNS = 100

C = (".c", ".h")
TEXT = (*C, ".sql", ".proto", ".py", ".txt", "")  # "": scripts, which have no suffix

# What a folder may include, besides the system's and libraries' headers. The longest prefix rules.
FLOW = {
    "runtime/": ["runtime/"],
    "proto/": ["proto/", "runtime/", "assay/v1/"],
    "producers/": ["producers/", "proto/", "runtime/", "assay/"],
    "consumers/posture/": ["consumers/posture/", "proto/", "runtime/", "assay/v1/"],
    "consumers/intake/": [
        "consumers/intake/",
        "proto/",
        "runtime/",
        "assay/v1/",
        # the one way programs are told about their brokers, and the one translator of librdkafka
        "producers/kafka_settings.h",
        "producers/emitter/kafka_fault.h",
        "producers/emitter/kafka_trouble.h",
    ],
    "consumers/store/": [
        "consumers/store/", "consumers/posture/", "proto/", "runtime/", "assay/v1/",
    ],
    "consumers/": [
        "consumers/", "proto/", "runtime/", "assay/v1/", "producers/kafka_settings.h",
    ],
    "schema/": ["schema/", "consumers/store/", "proto/", "runtime/"],
    "tests/": [""],
}

# Which folders may speak Kafka, and which SQL.
KAFKA = ("producers/", "consumers/intake/", "consumers/aggregator/", "tests/")
SQL = ("consumers/store/", "schema/", "tests/")

BANNED = {
    r"strcpy|strcat|sprintf|vsprintf|gets|strncpy|strncat|alloca": "has no bound, or a wrong one",
    r"strtok|localtime|gmtime|asctime|ctime|rand|srand": "keeps hidden state",
    r"atoi|atol|atoll|atof|sscanf": "does not say when it cannot read a number",
    r"system|popen": "goes through a shell",
    r"signal": "sigaction says what happens, signal does not",
    r"sleep|usleep": "await the condition, with a limit",
}


def banned_calls(path, text):
    if not path.endswith(C):
        return
    code = without_comments(text)
    for names, why in BANNED.items():
        for match in re.finditer(rf"(?<![\w.>])({names})\s*\(", code):
            yield f"{line_of(code, match)}: {match[1]}: {why}"


def impure_posture(path, text):
    if path.startswith("consumers/posture/") and path.endswith(C):
        code = without_comments(text)
        clock = r"(?<![\w.>])(time|clock_gettime|gettimeofday|clock|getenv|fopen|open|printf)\s*\("
        for match in re.finditer(clock, code):
            yield f"{line_of(code, match)}: {match[1]}: posture has no I/O and no clock"


def sleeping_test(path, text):
    if path.startswith("tests/") and path.endswith(".py") and Path(path).name != "tidy.py":
        for number, line in enumerate(text.splitlines(), 1):
            if re.search(r"\bsleep\(|from time import.*sleep", line):
                yield f"{number}: a test awaits a condition, it does not sleep"


def file_length(path, text):
    lines = text.count("\n")
    if path.endswith((*C, ".py", ".sql")) and lines > FILE_LINES:
        yield f"{lines} lines, more than {FILE_LINES}"


def function_length(path, text):
    if not path.endswith(".c"):
        return
    start = None
    for number, line in enumerate(text.splitlines(), 1):
        if line == "{":
            start = number
        elif line.startswith("}") and start is not None:
            if number - start - 1 > FUNCTION_LINES:
                yield f"{start}: a function of {number - start - 1} lines, over {FUNCTION_LINES}"
            start = None


def long_lines(path, text):
    if Path(path).suffix not in TEXT:
        return
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > COLUMNS and "://" not in line:
            yield f"{number}: {len(line)} columns, more than {COLUMNS}"


def blanks(path, text):
    if Path(path).suffix not in (*TEXT, ".md", ".xml"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if line != line.rstrip() or ("\t" in line and path.endswith((*C, ".py", ".sql"))):
            yield f"{number}: blanks at the end of the line, or a tab"
    if text and not text.endswith("\n"):
        yield "the last line has no end"


def charter(path, text):
    if path.endswith(".h") and not text.startswith("/*\n * "):
        yield "1: a header opens with its charter"


def names(path, _text):
    if re.search(r"util|common|helper|manager", Path(path).name, re.IGNORECASE):
        yield "a name that says nothing: util, common, helper, manager"


def left_undone(path, text):
    if Path(path).suffix not in (*TEXT, ".md"):
        return
    for number, line in enumerate(text.splitlines(), 1):
        if re.search(r"\b(TO" r"DO|FIX" r"ME|XX" r"X)\b", line):
            yield f"{number}: left undone"


def flow(path, text):
    if not path.endswith(C):
        return
    prefix = max((p for p in FLOW if path.startswith(p)), key=len, default=None)
    if prefix is None:
        yield "a folder that tests/contract/tidy.py has no rule for"
        return
    for number, line in enumerate(text.splitlines(), 1):
        own = re.match(r'#include "([^"]+)"', line)
        system = re.match(r"#include <([^>]+)>", line)
        if own and not any(own[1].startswith(allowed) for allowed in FLOW[prefix]):
            yield f"{number}: {prefix} does not include {own[1]}"
        if system and "rdkafka" in system[1] and not path.startswith(KAFKA):
            yield f"{number}: {prefix} speaks no Kafka"
        if system and "libpq" in system[1] and not path.startswith(SQL):
            yield f"{number}: {prefix} speaks no SQL"


RULES = {
    banned_calls: ("runtime/a.c", "void a(void)\n{\n    strcpy(b, c);\n}\n"),
    impure_posture: ("consumers/posture/a.c", "    t = time(NULL);\n"),
    sleeping_test: ("tests/pipeline/a.py", "    time.sleep" "(1)\n"),
    file_length: ("runtime/a.c", "\n" * (FILE_LINES + 1)),
    function_length: ("runtime/a.c", "{\n" + "    a();\n" * (FUNCTION_LINES + 1) + "}\n"),
    long_lines: ("runtime/a.c", "a" * (COLUMNS + 1) + "\n"),
    blanks: ("runtime/a.c", "int a; \n"),
    charter: ("runtime/a.h", "#ifndef A\n"),
    names: ("runtime/string_util.c", ""),
    left_undone: ("runtime/a.c", "/* TO" "DO */\n"),
    flow: ("consumers/posture/a.c", '#include "consumers/store/connection.h"\n'),
}


def without_comments(text):
    """The code with comments and strings blanked, every line where it was."""

    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])

    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', blank, text, flags=re.DOTALL)


def line_of(text, match):
    return text.count("\n", 0, match.start()) + 1


def sources():
    """The tree's own files, as paths below TOP; not what a build or an editor put there."""
    for folder, folders, files in os.walk(TOP):
        folders[:] = [
            name for name in folders
            if not name.startswith(("build", ".git", ".cache", "__pycache__"))
        ]
        for name in files:
            yield str((Path(folder) / name).relative_to(TOP))


class Tidy(unittest.TestCase):
    def test_every_rule_sees_its_sample(self):
        for rule, (path, text) in RULES.items():
            self.assertTrue(list(rule(path, text)), f"{rule.__name__} sees nothing wrong")

    def test_the_tree(self):
        wrong = []
        for path in sources():
            try:
                text = (TOP / path).read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue  # data
            if path.startswith("deploy/data/") or path == "LICENSE":
                continue  # not the project's own text
            for rule in RULES:
                wrong += [f"{path}:{violation}" for violation in rule(path, text)]
        self.assertFalse(wrong, "\n" + "\n".join(sorted(wrong)))

    def test_formatting(self):
        files = [path for path in sources() if path.endswith(C)]
        self.assertTrue(files)
        checked = subprocess.run(
            ["clang-format", "--dry-run", "--Werror", *files],
            cwd=TOP, stderr=subprocess.PIPE, text=True,
        )
        self.assertEqual(checked.returncode, 0, checked.stderr)

    def test_formatting_is_judged(self):
        checked = subprocess.run(
            ["clang-format", "--dry-run", "--Werror", "--assume-filename=runtime/a.c"],
            cwd=TOP, input="int  a ;\n", stderr=subprocess.DEVNULL, text=True,
        )
        self.assertNotEqual(checked.returncode, 0)


if __name__ == "__main__":
    unittest.main()
