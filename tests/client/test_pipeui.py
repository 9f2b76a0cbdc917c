"""
Tests of the plain face, between a link and a stream.
"""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.error import ConnectionLost
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from tests.support.chatting import CONNECTED, OK, PROMPT, WELCOME, Endpoint, Peer
from twisted_chat.client.link import ChatLink
from twisted_chat.client.pipeui import JSONFace, PlainFace, SendFace


class RecordingEnds:
    """
    The ends of no process.
    """

    def __init__(self) -> None:
        self.calls: list[Any] = []

    def end(self, code: int, sentence: str = "") -> None:
        self.calls.append((code, sentence))

    def hurry(self) -> None:
        self.calls.append("hurry")

    def gone(self) -> None:
        self.calls.append("gone")

    def stop(self) -> None:
        self.calls.append("stop")


class Stage:
    """
    A face on a stream, and the server's end of its link.
    """

    def __init__(
        self, kind: type[PlainFace] = PlainFace, name: str = "", text: bool = True, **options: bool
    ) -> None:
        self.clock, self.endpoint, self.ends = Clock(), Endpoint(), RecordingEnds()
        self.face = kind(self.ends, lambda: 0.0, **options)  # type: ignore[arg-type]
        self.stream = StringTransport(lenient=True)
        self.face.makeConnection(self.stream)
        self.link = ChatLink(
            self.clock, self.endpoint, self.face, "example port 5000", "k", textOnly=text
        )
        self.link.standing.name = name

    def begin(self) -> Peer:
        self.face.begin(self.link)
        peer = self.endpoint.accept()
        peer.sends(PROMPT)
        return peer

    def inside(self) -> Peer:
        peer = self.begin()
        peer.sends(CONNECTED)
        peer.got()
        self.shown()
        return peer

    def shown(self) -> str:
        data: bytes = self.stream.value()
        self.stream.clear()
        return data.decode()


class PlainTests(SynchronousTestCase):
    """
    Lines in, lines out.
    """

    def test_offline(self) -> None:
        """A drop is told in sentences, with what is in doubt and when the next attempt is."""
        stage = Stage()
        stage.face.offline("server is going down", 2.0, 3)
        self.assertEqual(
            stage.shown(),
            "* server is going down. Unconfirmed messages: 3. The next attempt is in 2.0 s.\n",
        )

    def test_exercise(self) -> None:
        """The exercise's dialogue; the name of a pipe is not seen, so its line is ended."""
        it = Stage()
        peer = it.begin()
        it.face.dataReceived("Stanislav\nПривет!\n".encode())
        self.assertEqual(peer.got(), b"Stanislav\r\n")
        peer.sends(CONNECTED + OK + "Alexei :: Да!\r\n".encode())
        self.assertEqual(peer.got(), "Привет!\r\n".encode())
        self.assertEqual(
            it.shown(),
            "Enter your name to enter the chat > \nConnected... Start sending messages\n"
            "OK . .\nAlexei :: Да!\n",
        )

    def test_echoedName(self) -> None:
        """In a terminal the name ends the line of its prompt."""
        it = Stage(typed=True, echoed=True)
        peer = it.begin()
        it.face.dataReceived(b"\nAnn\n")
        peer.sends(CONNECTED)
        self.assertEqual(
            it.shown(),
            "Enter your name to enter the chat > Enter your name to enter the chat > "
            "Connected... Start sending messages\n",
        )

    def test_inputIsHeld(self) -> None:
        """Nothing is read before the welcome but the name, and nothing is lost."""
        it = Stage(name="Ann")
        it.face.begin(it.link)
        self.assertEqual(it.stream.producerState, "paused")
        it.face.dataReceived(b"one\ntwo\n")
        peer = it.endpoint.accept()
        peer.sends(PROMPT + CONNECTED)
        self.assertEqual(peer.got(), b"Ann\r\none\r\ntwo\r\n")
        self.assertEqual(it.stream.producerState, "producing")

    def test_outputIsHeld(self) -> None:
        """An output that is full stops reading from the server."""
        it = Stage(name="Ann")
        peer = it.inside()
        self.assertIs(it.stream.producer, it.link)
        it.link.pauseProducing()
        self.assertEqual(peer.transport.producerState, "paused")

    def test_lastLine(self) -> None:
        """A last line without an end is said too, and its receipt waited for."""
        it = Stage(name="Ann")
        peer = it.inside()
        it.face.dataReceived(b"one\nlast")
        it.face.readConnectionLost()
        self.assertEqual(peer.got(), b"one\r\nlast\r\n")
        peer.sends(OK)
        self.assertEqual(it.ends.calls, [])
        peer.sends(OK)
        peer.closes()
        self.assertEqual(it.ends.calls, [(0, "")])

    def test_notSent(self) -> None:
        """Blank lines are skipped; what is no UTF-8 or too long is refused here."""
        it = Stage(name="Ann")
        peer = it.inside()
        it.face.dataReceived(b"\n  \n\xe2\x80\x8b\n\xff\n" + b"x" * 5000 + b"\nend\n")
        self.assertEqual(peer.got(), b"end\r\n")
        self.assertEqual([line[:2] for line in it.shown().splitlines()], ["! ", "! "])

    def test_noLines(self) -> None:
        """An input that is no text ends the client."""
        it = Stage(name="Ann")
        peer = it.inside()
        it.face.dataReceived(b"x" * 200_000)
        it.face.dataReceived(b"\n")
        peer.closes()
        self.assertEqual(it.ends.calls[0][0], 65)

    def test_nameRefused(self) -> None:
        """A script ends, a person is asked again."""
        for typed in (False, True):
            it = Stage(name="Ann", typed=typed)
            peer = it.begin()
            peer.sends(b"! taken\r\n" + PROMPT)
            if typed:
                self.assertEqual(it.shown(), "! taken\nEnter your name to enter the chat > ")
                self.assertEqual(it.ends.calls, [])
            else:
                peer.closes()
                self.assertEqual(it.ends.calls, [(77, "taken")])

    def test_noName(self) -> None:
        """The end of the input in place of the name: a mistake of a script, a person's goodbye."""
        for typed, code in ((False, 2), (True, 0)):
            it = Stage(typed=typed)
            peer = it.begin()
            it.face.readConnectionLost()
            peer.closes()
            self.assertEqual(it.ends.calls[0][0], code)
            self.assertEqual(it.shown(), "Enter your name to enter the chat > \n")

    def test_lost(self) -> None:
        """The code tells whether something is unconfirmed."""
        for said, code in ((b"", 69), (b"x\n", 74)):
            it = Stage(name="Ann")
            peer = it.inside()
            it.face.dataReceived(said)
            peer.closes(ConnectionLost())
            self.assertEqual(it.ends.calls[0][0], code)

    def test_interrupted(self) -> None:
        """A signal's code is the process's, whatever is under way, at any stage."""
        for stage in ("connecting", "asked", "inside"):
            it = Stage(name="" if stage == "asked" else "Ann")
            if stage == "connecting":
                it.face.begin(it.link)
            elif stage == "asked":
                it.begin()
            else:
                it.inside()
                it.face.dataReceived(b"unconfirmed\n")
            it.face.interrupted(143)
            it.clock.advance(5)
            self.assertEqual(sorted(map(str, it.ends.calls)), ["(143, '')", "hurry"], stage)

    def test_nobodyReads(self) -> None:
        """A closed output ends the client at any stage, also without a connection."""
        for connected in (False, True):
            it = Stage(name="Ann")
            if connected:
                it.inside()
            else:
                it.face.begin(it.link)
            it.face.writeConnectionLost()
            it.clock.advance(5)
            self.assertEqual(it.ends.calls, ["gone", (141, "")])

    def test_hostileServer(self) -> None:
        """No control reaches the output."""
        it = Stage(name="Ann")
        it.inside().sends(b"\x1b]0;x\x07\x9b2J\r\nB\rob :: \xc2\x9b\r\n")
        shown = it.shown()
        self.assertTrue(all(line.isprintable() for line in shown.splitlines()), repr(shown))


class JSONFaceTests(SynchronousTestCase):
    """
    Objects in, objects out.
    """

    def inside(self, **options: bool) -> tuple[Stage, Peer]:
        it = Stage(JSONFace, "Ann", text=False, **options)
        peer = it.begin()
        peer.says(**WELCOME)
        peer.got()
        return it, peer

    def test_objects(self) -> None:
        """What comes is written as it is, and what is written is sent."""
        it, peer = self.inside()
        peer.says(type="said", id=11, time=1.5, room="#lobby", name="Bob", text="да", more=[1])
        it.face.dataReceived(b'{"type":"say","text":"x","key":"a"}\n')
        welcome, said = it.shown().splitlines()
        self.assertEqual(json.loads(welcome), WELCOME)
        self.assertEqual(json.loads(said)["more"], [1])
        self.assertIn("да", said)
        self.assertEqual(peer.objects(), [{"type": "say", "text": "x", "key": "a"}])

    def test_terminal(self) -> None:
        """A terminal gets ASCII only."""
        it, peer = self.inside(echoed=True)
        peer.says(type="notice", text="\x9b2J\u202e")
        self.assertTrue(it.shown().isascii())

    def test_mistakes(self) -> None:
        """What is no object, or not for programs, is answered as the server would."""
        it, peer = self.inside()
        it.shown()
        it.face.dataReceived(b'nonsense\n[1]\n{"type":"hello","name":"Eve"}\n')
        shown = it.shown()
        self.assertNotIn("\r", shown)
        codes = [json.loads(line)["code"] for line in shown.splitlines()]
        self.assertEqual(codes, ["bad-object"] * 3)
        self.assertEqual(peer.got(), b"")

    def test_textOnlyServer(self) -> None:
        """A server without the dialect ends the client with a sentence."""
        it = Stage(JSONFace, "Ann", text=False)
        it.begin().sends(CONNECTED)
        peer = it.endpoint.accept()
        peer.sends(PROMPT + CONNECTED)
        peer.closes()
        self.assertEqual(it.ends.calls[0][0], 69)
        self.assertIn("--json", it.ends.calls[0][1])

    def test_noName(self) -> None:
        """The first line is an object, so the name has to be given otherwise."""
        it = Stage(JSONFace, text=False)
        it.begin()
        it.clock.advance(5)
        self.assertEqual(it.ends.calls[0][0], 2)


class SendTests(SynchronousTestCase):
    """
    C{--send}.
    """

    def sends(self, text: str) -> tuple[Stage, Peer]:
        it = Stage(SendFace, "Ann")
        assert isinstance(it.face, SendFace)
        it.face.sends(text)
        return it, it.begin()

    def test_stored(self) -> None:
        """Each line is a message; the receipts are all that is shown."""
        it, peer = self.sends("one\ntwo")
        peer.sends(CONNECTED + b"* news\r\nBob :: x\r\n")
        self.assertEqual(peer.got(), b"Ann\r\none\r\ntwo\r\n")
        peer.sends(OK + OK)
        peer.closes()
        self.assertEqual((it.shown(), it.ends.calls), ("OK . .\nOK . .\n", [(0, "")]))

    def test_refused(self) -> None:
        """A refusal is an error, with the server's words."""
        it, peer = self.sends("one\ntwo")
        peer.sends(CONNECTED)
        peer.sends(b"! too rude\r\n" + OK)
        peer.closes()
        self.assertEqual(it.ends.calls, [(65, "too rude")])

    def test_notStored(self) -> None:
        """What the server cannot store now may be tried again."""
        it, peer = self.sends("one")
        peer.sends(CONNECTED)
        peer.sends(b"! not stored: the server's disk is full\r\n")
        peer.closes()
        self.assertEqual(it.ends.calls[0][0], 74)

    def test_unanswered(self) -> None:
        """Without a receipt it is not done."""
        it, peer = self.sends("one")
        peer.sends(CONNECTED)
        it.clock.advance(30)
        self.assertEqual(it.ends.calls[0][0], 74)
