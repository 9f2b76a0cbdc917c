"""
Tests for L{twisted_chat.doors.admin.tool}.
"""

from __future__ import annotations

import io
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from twisted_chat.doors.admin.tool import main


class ToolTests(SynchronousTestCase):
    """
    Tests for L{main}, with a server that gives one answer.
    """

    def setUp(self) -> None:
        # The path of a socket may not be long.
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.history = str(Path(folder.name) / "chat.sqlite")
        self.asked = b""

    def serve(self, answer: bytes) -> None:
        """
        Give one answer to the first client.
        """
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(self.history + "-admin")
        listening.listen()

        def talk() -> None:
            connection, _ = listening.accept()
            with connection:
                self.asked = connection.recv(1000)
                connection.sendall(answer)

        thread = threading.Thread(target=talk)
        thread.start()
        self.addCleanup(listening.close)
        self.addCleanup(thread.join)

    def run_(self, *arguments: str) -> tuple[Any, str, str]:
        """
        @return: the exit code, and both outputs.
        """
        out, err = io.StringIO(), io.StringIO()
        self.patch(sys, "stdout", out)
        self.patch(sys, "stderr", err)
        try:
            code: Any = main([self.history, *arguments])
        except SystemExit as error:
            code = error.code
        return code, out.getvalue(), err.getvalue()

    def test_done(self) -> None:
        """A success is told, and the exit code is 0."""
        self.serve(b'{"type":"open","room":"#den","text":"#den is open to everybody"}\r\n')
        self.assertEqual(self.run_("open", "#den"), (0, "#den is open to everybody\n", ""))
        self.assertEqual(self.asked, b'{"type": "open", "room": "#den"}\n')

    def test_refused(self) -> None:
        """A refusal is told on standard error, and the exit code is 1."""
        self.serve(b'{"type":"error","code":"not-ready","text":"the disk is full"}\r\n')
        self.assertEqual(self.run_("health"), (1, "", "the disk is full\n"))

    def test_lists(self) -> None:
        """Lists are lines, and a user's text cannot forge one."""
        self.serve(
            b'{"type":"rooms","rooms":[{"room":"#den","members":1,"private":true,'
            b'"topic":"a\\u001b[2J"}]}\r\n'
        )
        self.assertEqual(self.run_("rooms")[:2], (0, "#den  1 members, private  a\\x1b[2J\n"))

    def test_command(self) -> None:
        """A moderator's command is passed on as it is typed, with the room."""
        self.serve(b'{"type":"command","lines":["* server muted Spam","* done"]}\r\n')
        result = self.run_("mute", "--room", "#dev", "Spam", "2h", "too", "loud")
        self.assertEqual(result, (0, "server muted Spam\ndone\n", ""))
        self.assertEqual(
            self.asked, b'{"type": "command", "line": "mute Spam 2h too loud", "room": "#dev"}\n'
        )

    def test_code(self) -> None:
        """A code may be for an account."""
        self.serve(b'{"type":"code","code":"X","text":"within a day"}\r\n')
        self.assertEqual(self.run_("code", "Ann")[:2], (0, "within a day\n"))
        self.assertEqual(self.asked, b'{"type": "code", "name": "Ann"}\n')

    def test_json(self) -> None:
        """A program gets the answer as it is."""
        self.serve(b'{"type":"health","text":"all is well"}\r\n')
        self.assertEqual(
            self.run_("--json", "health")[:2], (0, '{"type": "health", "text": "all is well"}\n')
        )

    def test_nobody(self) -> None:
        """A missing server is told, with the path."""
        code, _, told = self.run_("status")
        self.assertEqual(code, 1)
        self.assertEqual(
            told,
            f"no server can be asked over {self.history}-admin: No such file or directory\n",
        )

    def test_stranger(self) -> None:
        """An answer of another program is told as such."""
        self.serve(b"HTTP/1.0 400\r\n")
        code, _, told = self.run_("status")
        self.assertEqual(code, 1)
        self.assertIn("is no chat server", told)

    def test_usage(self) -> None:
        """Wrong usage ends with the code 2."""
        self.assertEqual(self.run_("sing")[0], 2)
        self.assertEqual(self.run_("open")[0], 2)
