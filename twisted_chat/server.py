# -*- test-case-name: tests.test_server -*-
"""
The public face of the server: what a program imports that runs a chat of its own.

Everything else of the package may move between two versions.
"""

from __future__ import annotations

from .chat.hub import Hub
from .doors.lines.factory import ChatFactory
from .doors.lines.protocol import ChatProtocol

__all__ = ["ChatFactory", "ChatProtocol", "Hub"]
