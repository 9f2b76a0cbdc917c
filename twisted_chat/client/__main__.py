"""
Runs the client for C{python -m twisted_chat.client}.
"""

from __future__ import annotations

import sys

from . import main

if __name__ == "__main__":
    sys.exit(main())
