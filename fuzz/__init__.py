"""
Throws broken bytes at everything that reads what strangers send: C{python -m fuzz --help}.
"""

from __future__ import annotations
