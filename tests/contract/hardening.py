#!/usr/bin/python3
"""hardening -- what the compiler and the linker put into every installed program and library.

    hardening.py BUILD COMPILER

Everything that `cmake --install` installs is looked at with readelf. Each property has a program
compiled here without it, so that a rule which has stopped seeing anything fails too.
"""

import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

BUILD = Path(sys.argv.pop(1)).resolve()
COMPILER = sys.argv.pop(1)


def readelf(*arguments):
    return subprocess.run(
        ["readelf", "--wide", *arguments], check=True, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True,
    ).stdout


class Elf:
    def __init__(self, path):
        self.header = readelf("--file-header", path)
        self.segments = readelf("--segments", path)
        self.dynamic = readelf("--dynamic", path)
        self.imports = set(re.findall(r" UND (\w+)", readelf("--dyn-syms", path)))
        self.is_program = re.search(r"\bINTERP\b", self.segments) is not None

    def flags(self, tag):
        """The words behind FLAGS or FLAGS_1."""
        return " ".join(re.findall(rf"\({tag}\)\s+(?:Flags: )?(.*)", self.dynamic)).split()


def position_independent(elf):
    shared = "DYN (" in elf.header
    return shared and ("PIE" in elf.flags("FLAGS_1")) == elf.is_program


def relocations_read_only(elf):
    bound = "BIND_NOW" in elf.flags("FLAGS") or "NOW" in elf.flags("FLAGS_1")
    return bound and "GNU_RELRO" in elf.segments


def stack_not_executable(elf):
    stack = re.search(r"GNU_STACK\s+(?:0x\w+\s+){5}(\S+)", elf.segments)
    return stack is not None and "E" not in stack[1]


def nothing_writable_is_executable(elf):
    loaded = re.findall(r"LOAD\s+(?:0x\w+\s+){5}([RWE ]+?)\s+0x", elf.segments)
    return loaded and not any("W" in flags and "E" in flags for flags in loaded)


def stack_protected(elf):
    return "__stack_chk_fail" in elf.imports


def fortified(elf):
    return any(re.fullmatch(r"__\w+_chk", name) for name in elf.imports)


def no_search_path(elf):
    return not re.search(r"\((RPATH|RUNPATH)\)", elf.dynamic)


def no_text_relocations(elf):
    return "(TEXTREL)" not in elf.dynamic and "TEXTREL" not in elf.flags("FLAGS")


HARDENED = ["-O2", "-fPIE", "-pie", "-fstack-protector-strong", "-D_FORTIFY_SOURCE=2",
            "-Wl,-z,relro,-z,now"]
# Each property, and flags that take it away from a program that has all of them.
PROPERTIES = {
    position_independent: ["-no-pie"],
    relocations_read_only: ["-Wl,-z,lazy"],
    stack_not_executable: ["-Wl,-z,execstack"],
    nothing_writable_is_executable: ["-DWRITABLE_CODE"],
    stack_protected: ["-fno-stack-protector"],
    fortified: ["-U_FORTIFY_SOURCE"],
    no_search_path: ["-Wl,-rpath,/tmp"],
    no_text_relocations: ["-DRELOCATED_CODE", "-Wl,-z,notext"],
}

SAMPLE = r"""
#include <stdio.h>
#include <string.h>
int main(int argc, char **argv)
{
    char copy[16];
    snprintf(copy, (size_t)argc, "%s", argv[0]);
    return (int)strlen(copy);
}
#ifdef WRITABLE_CODE
__asm__(".section .both, \"awx\", @progbits\n.quad 1\n.text\n");
#endif
#ifdef RELOCATED_CODE /* holds an address, which only the loader knows */
__asm__(".text\n.quad main\n");
#endif
"""


def missing(path):
    elf = Elf(path)
    return {each.__name__ for each in PROPERTIES if not each(elf)}


class Hardening(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        directory = tempfile.TemporaryDirectory(prefix="assay-hardening.")
        cls.addClassCleanup(directory.cleanup)
        cls.directory = Path(directory.name)

    def compile(self, flags):
        source, program = self.directory / "sample.c", self.directory / "sample"
        source.write_text(SAMPLE)
        subprocess.run([COMPILER, *HARDENED, source, "-o", program, *flags], check=True,
                       stderr=subprocess.DEVNULL)
        return program

    def test_each_property_is_missed_where_it_is_not(self):
        self.assertEqual(missing(self.compile([])), set())
        for each, flags in PROPERTIES.items():
            with self.subTest(each.__name__):
                self.assertIn(each.__name__, missing(self.compile(flags)))

    def test_everything_installed_has_all_of_them(self):
        prefix = self.directory / "installed"
        subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True,
                       stdout=subprocess.DEVNULL)
        files = [
            path for path in prefix.rglob("*")
            if path.is_file() and not path.is_symlink() and path.read_bytes()[:4] == b"\x7fELF"
        ]
        names = {path.name for path in files}
        built = {path.name for path in (BUILD / "bin").glob("assay*") if path.is_file()}
        self.assertLessEqual(built, names, "built and not installed")
        self.assertTrue(any(name.startswith("libassay-emitter.so") for name in names), names)
        wrong = {path.name: lacking for path in files if (lacking := missing(path))}
        self.assertEqual(wrong, {})


if __name__ == "__main__":
    unittest.main()
