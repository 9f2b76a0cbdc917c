"""
C{python -m tests [NAME ...]}: run all tests, or those named.
"""

from __future__ import annotations

import sys

from tests.runner import main

sys.exit(main(sys.argv[1:]))
