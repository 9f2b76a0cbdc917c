"""
Tests of the user interface of a pipe, between a link and a stream.
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
from twisted_chat.client.pipeui import JSONPipeUI, PipeUI, SendUI


class RecordingProcess:
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


class PipeScene:
    """
    A user interface on a stream, and the server's end of its link.
    """

    def __init__(
        self, kind: type[PipeUI] = PipeUI, name: str = "", text: bool = True, **options: Any
    ) -> None:
        self.clock, self.endpoint, self.process = Clock(), Endpoint(), RecordingProcess()
        if kind is SendUI:
            options["later"] = self.clock.callLater
        self.ui = kind(self.process, lambda: 0.0, **options)  # type: ignore[arg-type]
        self.stream = StringTransport(lenient=True)
        self.ui.makeConnection(self.stream)
        self.link = ChatLink(
            self.clock, self.endpoint, self.ui, "example port 5000", "k", textOnly=text
        )
        self.link.session.name = name

    def begin(self) -> Peer:
        self.ui.begin(self.link)
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


class PipeUITests(SynchronousTestCase):
    """
    Lines in, lines out.
    """

    def test_offline(self) -> None:
        """A drop is told in sentences, with what is in doubt and when the next attempt is."""
        stage = PipeScene()
        stage.ui.offline("server is going down", 2.0, 3)
        self.assertEqual(
            stage.shown(),
            "* server is going down. Unconfirmed messages: 3. The next attempt is in 2.0 s.\n",
        )

    def test_exercise(self) -> None:
        """
        The dialogue of the exercise comes out as given; a pipe's typed name is not seen, so the
        prompt's line is ended.
        """
        it = PipeScene()
        peer = it.begin()
        it.ui.dataReceived("Stanislav\nПривет!\n".encode())
        self.assertEqual(peer.got(), b"Stanislav\r\n")
        peer.sends(CONNECTED + OK + "Alexei :: Да!\r\n".encode())
        self.assertEqual(peer.got(), "Привет!\r\n".encode())
        self.assertEqual(
            it.shown(),
            "Enter your name to enter the chat > \nConnected... Start sending messages\n"
            "OK . .\nAlexei :: Да!\n",
        )

    def test_echoedName(self) -> None:
        """The name ends the line of its prompt in a terminal."""
        it = PipeScene(typed=True, echoed=True)
        peer = it.begin()
        it.ui.dataReceived(b"\nAnn\n")
        peer.sends(CONNECTED)
        self.assertEqual(
            it.shown(),
            "Enter your name to enter the chat > Enter your name to enter the chat > "
            "Connected... Start sending messages\n",
        )

    def test_inputIsHeld(self) -> None:
        """Only the name is read before the welcome, and nothing is lost."""
        it = PipeScene(name="Ann")
        it.ui.begin(it.link)
        self.assertEqual(it.stream.producerState, "paused")
        it.ui.dataReceived(b"one\ntwo\n")
        peer = it.endpoint.accept()
        peer.sends(PROMPT + CONNECTED)
        self.assertEqual(peer.got(), b"Ann\r\none\r\ntwo\r\n")
        self.assertEqual(it.stream.producerState, "producing")

    def test_outputIsHeld(self) -> None:
        """A full output stops the client from reading from the server."""
        it = PipeScene(name="Ann")
        peer = it.inside()
        self.assertIs(it.stream.producer, it.link)
        it.link.pauseProducing()
        self.assertEqual(peer.transport.producerState, "paused")

    def test_lastLine(self) -> None:
        """A last line without an end is said too, and its receipt waited for."""
        it = PipeScene(name="Ann")
        peer = it.inside()
        it.ui.dataReceived(b"one\nlast")
        it.ui.readConnectionLost()
        self.assertEqual(peer.got(), b"one\r\nlast\r\n")
        peer.sends(OK)
        self.assertEqual(it.process.calls, [])
        peer.sends(OK)
        peer.closes()
        self.assertEqual(it.process.calls, [(0, "")])

    def test_notSent(self) -> None:
        """Blank lines are skipped; a line that is no UTF-8 or too long is refused here."""
        it = PipeScene(name="Ann")
        peer = it.inside()
        it.ui.dataReceived(b"\n  \n\xe2\x80\x8b\n\xff\n" + b"x" * 5000 + b"\nend\n")
        self.assertEqual(peer.got(), b"end\r\n")
        self.assertEqual([line[:2] for line in it.shown().splitlines()], ["! ", "! "])

    def test_noLines(self) -> None:
        """An input that is no text ends the client."""
        it = PipeScene(name="Ann")
        peer = it.inside()
        it.ui.dataReceived(b"x" * 200_000)
        it.ui.dataReceived(b"\n")
        peer.closes()
        self.assertEqual(it.process.calls[0][0], 65)

    def test_registeredName(self) -> None:
        """A script whose name is registered ends; a user may add the password."""
        taken = {"type": "error", "code": "name-taken", "text": "x", "login": ["scram"]}
        for typed in (False, True):
            it = PipeScene(name="Ann", text=False, typed=typed)
            peer = it.begin()
            peer.got()
            peer.says(**taken)
            if not typed:
                peer.closes()
                ((code, sentence),) = it.process.calls
                self.assertEqual(code, 77)
                self.assertIn("Ann is registered", sentence)
                continue
            self.assertIn("! Ann is registered", it.shown())
            it.ui.dataReceived(b"Ann swordfish fresh\n")
            (hello,) = peer.objects()
            self.assertEqual(hello["name"], "Ann")
            self.assertNotIn("swordfish", str(hello))
            self.assertTrue(hello["scram"].startswith("n,,n=Ann,"))

    def test_wrongPassword(self) -> None:
        """A script with a wrong password ends, and says what the server said."""
        it = PipeScene(name="Ann", text=False)
        it.link.login.prove("swordfish was wrong")
        peer = it.begin()
        peer.says(type="error", code="wrong-login", text="the password is wrong")
        peer.closes()
        self.assertEqual(it.process.calls, [(77, "the password is wrong")])

    def test_nameRefused(self) -> None:
        """A refused name ends a script, and a user is asked again."""
        for typed in (False, True):
            it = PipeScene(name="Ann", typed=typed)
            peer = it.begin()
            peer.sends(b"! taken\r\n" + PROMPT)
            if typed:
                self.assertEqual(it.shown(), "! taken\nEnter your name to enter the chat > ")
                self.assertEqual(it.process.calls, [])
            else:
                peer.closes()
                self.assertEqual(it.process.calls, [(77, "taken")])

    def test_noName(self) -> None:
        """An input that ends in place of the name is a mistake of a script, and a user leaving."""
        for typed, code in ((False, 2), (True, 0)):
            it = PipeScene(typed=typed)
            peer = it.begin()
            it.ui.readConnectionLost()
            peer.closes()
            self.assertEqual(it.process.calls[0][0], code)
            self.assertEqual(it.shown(), "Enter your name to enter the chat > \n")

    def test_lost(self) -> None:
        """The exit code tells whether a message is unconfirmed."""
        for said, code in ((b"", 69), (b"x\n", 74)):
            it = PipeScene(name="Ann")
            peer = it.inside()
            it.ui.dataReceived(said)
            peer.closes(ConnectionLost())
            self.assertEqual(it.process.calls[0][0], code)

    def test_interrupted(self) -> None:
        """A signal ends the process with its code, whatever is under way, at any stage."""
        for stage in ("connecting", "asked", "inside"):
            it = PipeScene(name="" if stage == "asked" else "Ann")
            if stage == "connecting":
                it.ui.begin(it.link)
            elif stage == "asked":
                it.begin()
            else:
                it.inside()
                it.ui.dataReceived(b"unconfirmed\n")
            it.ui.interrupted(143)
            it.clock.advance(5)
            self.assertEqual(sorted(map(str, it.process.calls)), ["(143, '')", "hurry"], stage)

    def test_nobodyReads(self) -> None:
        """A closed output ends the client at any stage, also without a connection."""
        for connected in (False, True):
            it = PipeScene(name="Ann")
            if connected:
                it.inside()
            else:
                it.ui.begin(it.link)
            it.ui.writeConnectionLost()
            it.clock.advance(5)
            self.assertEqual(it.process.calls, ["gone", (141, "")])

    def test_hostileServer(self) -> None:
        """No control reaches the output."""
        it = PipeScene(name="Ann")
        it.inside().sends(b"\x1b]0;x\x07\x9b2J\r\nB\rob :: \xc2\x9b\r\n")
        shown = it.shown()
        self.assertTrue(all(line.isprintable() for line in shown.splitlines()), repr(shown))


class JSONPipeUITests(SynchronousTestCase):
    """
    Objects in, objects out.
    """

    def inside(self, **options: bool) -> tuple[PipeScene, Peer]:
        it = PipeScene(JSONPipeUI, "Ann", text=False, **options)
        peer = it.begin()
        peer.says(**WELCOME)
        peer.got()
        return it, peer

    def test_objects(self) -> None:
        """Objects that come are written as they are, and objects that are written are sent."""
        it, peer = self.inside()
        peer.says(type="said", id=11, time=1.5, room="#lobby", name="Bob", text="да", more=[1])
        it.ui.dataReceived(b'{"type":"say","text":"x","key":"a"}\n')
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

    def test_pipe(self) -> None:
        """A pipe may end in a terminal: controls are escaped, and nothing else is lost."""
        for text in ("\x9b2J\x7f\x85", "a\u202eb\u2066", "\u2028\ufeff\u200b", "\ud800x"):
            it, peer = self.inside()
            it.shown()
            peer.says(type="notice", text=f"да{text}")
            shown = it.shown()
            self.assertIn("да", shown)
            self.assertFalse({each for each in text if not each.isascii()} & set(shown), shown)
            self.assertNotIn("\x7f", shown)
            self.assertEqual(json.loads(shown)["text"], f"да{text}")

    def test_hostileNumbers(self) -> None:
        """A line that is no JSON costs one line; a huge number is passed on as it is."""
        it, peer = self.inside()
        it.shown()
        peer.sends(b'{"type":"ok","id":' + b"9" * 5000 + b"}\r\n" + b'{"type":"ok","id":NaN}\r\n')
        peer.sends(b'{"type":"ok","id":' + b"9" * 4000 + b"}\r\n")
        peer.says(type="notice", text="x")
        kinds = [json.loads(line)["type"] for line in it.shown().splitlines()]
        self.assertEqual(kinds, ["error", "error", "ok", "notice"])

    def test_mistakes(self) -> None:
        """
        A line that is no object, or an object not for programs, is answered as the server would.
        """
        it, peer = self.inside()
        it.shown()
        it.ui.dataReceived(b'nonsense\n[1]\n{"type":"hello","name":"Eve"}\n')
        shown = it.shown()
        self.assertNotIn("\r", shown)
        codes = [json.loads(line)["code"] for line in shown.splitlines()]
        self.assertEqual(codes, ["bad-object"] * 3)
        self.assertEqual(peer.got(), b"")

    def test_textOnlyServer(self) -> None:
        """A server without the dialect ends the client with a sentence."""
        it = PipeScene(JSONPipeUI, "Ann", text=False)
        it.begin().sends(CONNECTED)
        peer = it.endpoint.accept()
        peer.sends(PROMPT + CONNECTED)
        peer.closes()
        self.assertEqual(it.process.calls[0][0], 69)
        self.assertIn("--json", it.process.calls[0][1])

    def test_noName(self) -> None:
        """
        A client for programs needs its name in the arguments, since its first line is an object.
        """
        it = PipeScene(JSONPipeUI, text=False)
        it.begin()
        it.clock.advance(5)
        self.assertEqual(it.process.calls[0][0], 2)


class SendTests(SynchronousTestCase):
    """
    C{--send}.
    """

    def sends(self, text: str, name: str = "Ann") -> tuple[PipeScene, Peer]:
        it = PipeScene(SendUI, name, text=False)
        assert isinstance(it.ui, SendUI)
        it.ui.sends(text)
        return it, it.begin()

    def refuses(self, peer: Peer, code: str) -> list[str]:
        """
        @return: the names that were asked for, all of which are refused.
        """
        asked: list[str] = []
        while hellos := peer.objects():
            for hello in hellos:
                asked.append(hello["name"])
                peer.says(type="error", code=code, text=f"the name {hello['name']} is refused")
        return asked

    def test_wrongPassword(self) -> None:
        """A user who gives a password wants this name and no other."""
        it, peer = self.sends("one")
        it.link.enter("Ann", "swordfish was wrong")
        self.assertEqual(len(peer.objects()), 1)
        peer.says(type="error", code="wrong-login", text="the password is wrong")
        peer.closes()
        ((code, sentence),) = it.process.calls
        self.assertEqual(code, 77)
        self.assertIn("the password is wrong", sentence)

    def test_stored(self) -> None:
        """Each line is a message, and only the receipts are shown."""
        it, peer = self.sends("one\ntwo")
        peer.says(**WELCOME)
        peer.says(type="notice", text="news")
        peer.says(type="said", id=11, time=1.0, room="#lobby", name="Bob", text="x")
        hello, *said = peer.objects()
        self.assertEqual(hello["name"], "Ann")
        self.assertEqual([each["text"] for each in said], ["one", "two"])
        for each in said:
            peer.says(type="ok", key=each["key"], id=12, time=1.0)
        peer.closes()
        self.assertEqual((it.shown(), it.process.calls), ("OK . .\nOK . .\n", [(0, "")]))

    def answered(self, **answer: str) -> tuple[int, str]:
        """
        @return: how the client ends if this is the answer to a message.
        """
        it, peer = self.sends("one")
        peer.says(**WELCOME)
        key = peer.objects()[1]["key"]
        peer.says(**answer, key=key)
        peer.closes()
        code, sentence = it.process.calls[0]
        return code, sentence

    def test_refused(self) -> None:
        """A refusal is an error, with the server's words."""
        refused = self.answered(type="error", code="bad-text", text="too rude")
        self.assertEqual(refused, (65, "too rude"))

    def test_notStored(self) -> None:
        """A message that the server cannot store now ends with a code that says to try again."""
        for code, words, status in (
            ("not-stored", "the disk is full", 74),
            ("not-stored", "nicht gespeichert", 74),
            ("too-long", "not stored: too long", 65),
            ("", "not stored", 65),
        ):
            self.assertEqual(self.answered(type="error", code=code, text=words), (status, words))

    def test_textDialect(self) -> None:
        """A server of the text dialect works as well, though its refusals have no codes."""
        it = PipeScene(SendUI, "Ann")
        assert isinstance(it.ui, SendUI)
        it.ui.sends("one")
        peer = it.begin()
        peer.sends(b"! taken\r\n" + PROMPT + CONNECTED)
        self.assertEqual(peer.got(), b"Ann\r\nAnn-2\r\none\r\n")
        peer.sends(OK)
        peer.closes()
        self.assertEqual(it.process.calls, [(0, "")])

    def test_unanswered(self) -> None:
        """A message without a receipt is not done."""
        it, peer = self.sends("one")
        peer.says(**WELCOME)
        it.clock.advance(30)
        self.assertEqual(it.process.calls[0][0], 74)

    def test_variants(self) -> None:
        """A name that is taken or reserved is replaced by a variant of it."""
        for code, name, variant in (
            ("name-taken", "Ann", "Ann-2"),
            ("bad-name", "root", "root-2"),
            ("name-taken", "a" * 32, f"{'a' * 29}-2"),
        ):
            it, peer = self.sends("one", name)
            peer.objects()
            peer.says(type="error", code=code, text="refused")
            (hello,) = peer.objects()
            self.assertEqual(hello["name"], variant)
            peer.says(**{**WELCOME, "name": variant})
            self.assertEqual(peer.objects()[0]["text"], "one")
            self.assertEqual(it.process.calls, [])

    def test_allTaken(self) -> None:
        """A script whose variants are all taken tries them again, a few times, after a while."""
        it, peer = self.sends("one")
        names = ["Ann", *(f"Ann-{number}" for number in range(2, 10))]
        for _ in range(3):
            self.assertEqual(self.refuses(peer, "name-taken"), names)
            it.clock.advance(2)
        (ended,) = it.process.calls
        self.assertEqual(ended, (77, "the name Ann-9 is refused. Give another name by --name."))

    def test_badName(self) -> None:
        """A name whose variant is refused as well is bad; other refusals are not about the name."""
        for code, tries in (("bad-name", 2), ("server-full", 1)):
            it, peer = self.sends("one")
            self.assertEqual(len(self.refuses(peer, code)), tries)
            peer.closes()
            self.assertEqual(it.process.calls[0][0], 77)
            self.assertIn("--name", it.process.calls[0][1])

    def test_interruptedBetweenRounds(self) -> None:
        """A signal while all names are taken ends the client."""
        it, peer = self.sends("one")
        self.refuses(peer, "name-taken")
        it.ui.interrupted(130)
        it.clock.advance(2)
        self.assertEqual(self.refuses(peer, "name-taken"), [])
        self.assertEqual(it.process.calls[-1], (130, ""))
