"""
Writes C{contrib/chat.toml}: every option of the server with its default, from the table of options.

    python contrib/sample.py
"""

from __future__ import annotations

from pathlib import Path

from twisted_chat.ops.config import sample
from twisted_chat.options import settings

if __name__ == "__main__":
    path = Path(__file__).with_name("chat.toml")
    path.write_text(sample(settings(), "twistd -n --pidfile= chatserver"), "utf-8")
