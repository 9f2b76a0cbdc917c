"""
Tests for L{twisted_chat.doors.admin.requests}: what it does is tested over a connection, in
C{tests.doors.admin.test_protocol}.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.chat.commands.table import BY_SERVER
from twisted_chat.doors.admin.requests import REQUESTS
from twisted_chat.doors.admin.tool import ORDERS, _parser


class TableTests(SynchronousTestCase):
    """
    Tests for L{REQUESTS}.
    """

    def test_tool(self) -> None:
        """The tool has a command for each request, and for each command of moderators."""
        help = _parser().format_help()
        self.assertEqual(list(ORDERS), list(BY_SERVER))
        for name in [*(REQUESTS.keys() - {"do"}), *BY_SERVER]:
            self.assertRegex(help, rf"(?m)^    {name} ")
