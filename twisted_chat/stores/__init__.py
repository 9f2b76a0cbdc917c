"""
Where everything is kept: in memory, or in a SQLite file.

Both stores provide L{interfaces.IStore} and pass one suite of tests.  They know neither the hub nor
each other.
"""

from __future__ import annotations
