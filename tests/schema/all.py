#!/usr/bin/python3
"""all -- runs every test_*.py of this folder against one throwaway cluster.

    ASSAY_BUILD=build tests/schema/all.py [NAME…]

NAME as unittest takes it: test_migrate, or test_migrate.Migrating.test_twice.
"""

import sys
import unittest
from pathlib import Path

import cluster


def main():
    here = Path(__file__).parent
    loader = unittest.TestLoader()
    if sys.argv[1:]:
        tests = loader.loadTestsFromNames(sys.argv[1:])
    else:
        tests = loader.discover(str(here), pattern="test_*.py", top_level_dir=str(here))
    with cluster.started():
        result = unittest.TextTestRunner(verbosity=1).run(tests)
    sys.exit(not result.wasSuccessful() or result.testsRun == 0)


if __name__ == "__main__":
    main()
