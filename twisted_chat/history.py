# -*- test-case-name: tests.stores.sqlite.test_tool -*-
"""
Looks after a history file, also while a server uses it: C{python -m twisted_chat.history}.
"""

from __future__ import annotations

import sys

from .accounts.rules import project
from .stores.sqlite.tool import main

if __name__ == "__main__":
    sys.exit(main(projection=project))
