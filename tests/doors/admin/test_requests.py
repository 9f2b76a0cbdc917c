"""
Tests for L{twisted_chat.doors.admin.requests}: what it does is tested over a connection, in
C{tests.doors.admin.test_protocol}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.doors.admin.requests import ORDERS, REQUESTS
from twisted_chat.doors.admin.tool import _parser


class TableTests(SynchronousTestCase):
    """
    Tests for L{REQUESTS}.
    """

    def test_tool(self) -> None:
        """The tool has a command for each request."""
        help = _parser().format_help()
        for name in (*REQUESTS, *ORDERS):
            self.assertRegex(help, rf"(?m)^    {name} ")
