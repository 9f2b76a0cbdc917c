"""
What the tests of accounts share.
"""

from __future__ import annotations

from hypothesis import settings

FAST = settings(deadline=None, max_examples=150, derandomize=True, database=None)
"""How long each property is looked for: the same examples each time, on a machine of any speed."""
