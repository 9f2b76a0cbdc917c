"""
Tests of the link against what no good server sends.
"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import Linked


class TextTests(SynchronousTestCase):
    """
    The text dialect.
    """

    def test_hostileText(self) -> None:
        """Controls that a server sends never reach the user interface."""
        it = Linked("Ann", textOnly=True)
        peer = it.enterText()
        peer.sends(b"Bob :: \x1b[2J\xe2\x80\xae\xff\r\n")
        self.assertEqual(it.ui.took(), [("heard", "Bob :: \ufffd[2J\ufffd")])

    def test_endlessLine(self) -> None:
        """A line that is too long costs one line, and what follows it is shown."""
        it = Linked("Ann", textOnly=True)
        peer = it.enterText()
        for _ in range(3):
            peer.sends(b"x" * 40000)
        peer.sends(b"y\r\nBob :: Hi!\r\n")
        tooLong = "! the server sent a line that is too long"
        self.assertEqual(it.ui.took(), [("heard", tooLong), ("heard", "Bob :: Hi!")])

    def test_endlessGreeting(self) -> None:
        """A server that sends an endless line before the welcome is no chat server."""
        it = Linked("Ann", textOnly=True)
        it.endpoint.accept().sends(b"x" * 70000)
        self.assertEqual(it.ui.took(), [("ended", "unreachable")])
        self.assertIn("no chat server", it.ui.sentence)


class JSONTests(SynchronousTestCase):
    """
    The JSON dialect.
    """

    def test_garbage(self) -> None:
        """A line that is no object after the welcome costs that line, and what follows is shown."""
        for line in (
            b"{",
            b"[1]",
            b"hello",
            b"\xff",
            b"[" * 9000,
            b'{"type":"ok","id":' + b"9" * 4400 + b"}",
            b'{"type":"said","time":NaN}',
            b'{"type":"said","name":"' + "é".encode() * 40000 + b'"}',
        ):
            it = Linked("Ann")
            peer = it.enterJSON()
            peer.sends(line + b"\r\n")
            peer.says(type="notice", text="on")
            (_, told), after = it.ui.took()
            self.assertTrue(told.startswith("! the server sent "), told)
            self.assertEqual(after, ("heard", "* on"))

    def test_hugeNumbers(self) -> None:
        """Numbers that no log can hold are taken for absent, and never sent back."""
        huge = b"9" * 4000
        it = Linked("Ann", retry=True)
        peer = it.enterJSON()
        for line in (
            b'{"type":"said","id":12,"time":#,"room":"#lobby","name":"Bob","text":"x"}',
            b'{"type":"said","id":#,"room":"#lobby","name":"Bob","text":"y"}',
            b'{"type":"ok","id":#}',
            b'{"type":"gap","count":#}',
            b'{"type":"room","room":"#lobby","names":#}',
        ):
            peer.sends(line.replace(b":#", b":" + huge) + b"\r\n")
        self.assertEqual(it.ui.took()[0], ("heard", "Bob :: x"))
        peer.closes()
        it.clock.advance(0.5)
        self.assertEqual(it.endpoint.accept().objects()[0]["last"], 12)

    def test_longName(self) -> None:
        """A name of 25,000 characters is one line."""
        it = Linked("Ann")
        peer = it.enterJSON()
        peer.says(type="said", id=12, time=1.0, room="#lobby", name="B" * 25000, text="x")
        peer.says(type="notice", text="on")
        self.assertEqual([len(line) for _, line in it.ui.took()], [25005, 4])

    def test_wrongTypes(self) -> None:
        """Fields of a wrong type are taken for absent."""
        it = Linked("Ann")
        peer = it.enterJSON()
        peer.says(type="said", id="x", time="y", room=1, name=None, text=[])
        peer.says(type="said", id=12, time=1e308, room="#lobby", name="Bob", text="x", old=True)
        peer.says(type="history", events=[1, {"type": "said"}])
        peer.says(type="ok", key=5)
        peer.says(type=5)
        self.assertNotIn("ended", [call[0] for call in it.ui.took()])
        it = Linked("Ann")
        it.enterJSON(last=True)
        self.assertIs(it.link.session.last, 0)
