# -*- test-case-name: tests.doors.admin.test_tool -*-
"""
Asks a running server, or has it do something: C{python -m twisted_chat.admin}.
"""

from __future__ import annotations

import sys

from .doors.admin.tool import main

if __name__ == "__main__":
    sys.exit(main())
