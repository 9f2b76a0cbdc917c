"""
The targets: each takes a stream and raises L{BrokenError} if a promise is broken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Any
from unicodedata import category

from twisted.internet.address import IPv4Address
from twisted.internet.testing import StringTransport

from fuzz.mutator import cut
from twisted_chat.chat.hub import Hub
from twisted_chat.doors.admin.factory import AdminDoor
from twisted_chat.doors.lines.factory import ChatFactory
from twisted_chat.doors.stream import StreamDoor
from twisted_chat.errors import ChatError
from twisted_chat.stores.memory import MemoryLog
from twisted_chat.stores.search import terms
from twisted_chat.text.cleaning import MAX_LINE, cleanText, escapeLog, parseText, showable
from twisted_chat.text.confusables import nameKey
from twisted_chat.text.names import cleanName, cleanRoom
from twisted_chat.text.secrets import cleanPassword, readSecret
from twisted_chat.wire.framing import FLOODED, AnyEndSplitter, Excess, LineSplitter
from twisted_chat.wire.proxyheader import BadHeader, parseHeader
from twisted_chat.wire.scram import (
    ClientExchange,
    ServerExchange,
    makeVerifier,
    parseClientFirst,
    parseVerifier,
)
from twisted_chat.wire.sniffing import sniff
from twisted_chat.wire.telnet import MAX_COMMANDS, TelnetFilter

NOW = 1_795_305_600.0

MAX_SENT = 64 * 1024
"""Bytes of the longest line that the server sends."""

_SECRETS = re.compile(rb'"(token|epoch)":"[^"]*"')
"""Fields that differ between two runs by design."""

_REFUSALS = re.compile(rb"\xff[\xfb-\xfe].", re.DOTALL)
"""Replies to telnet clients among the lines, which are UTF-8 and never hold the byte 255."""


_FIRST = parseClientFirst("n,,n=bob,r=cn")
_VERIFIER = makeVerifier("a secret of bob", 4096)
_CLIENT = ClientExchange("bob", "another secret", "cn")


class BrokenError(Exception):
    """A promise is broken."""


def expect(holds: object, promise: str, *facts: object) -> None:
    if not holds:
        raise BrokenError(f"{promise}: {', '.join(map(ascii, facts))}"[:2000])


def framing(stream: bytes, random: Random) -> None:
    """
    Lines do not depend on how the stream was cut, and neither they nor what is kept are too long.
    """
    whole = list(LineSplitter().feed(stream))
    splitter = LineSplitter()
    found: list[bytes | Excess] = []
    for chunk in cut(stream, random):
        found.extend(splitter.feed(chunk))
        expect(len(splitter.pending) <= MAX_LINE + 1, "memory is bounded", len(splitter.pending))
    expect(found == whole, "chunks do not matter", found, whole)
    expect(FLOODED not in whole[:-1], "nothing comes after a flood", whole)
    for line in whole:
        if isinstance(line, bytes):
            expect(len(line) <= MAX_LINE and b"\n" not in line, "a line is a line", line)
    told = [sniff(stream[:length]) for length in range(min(len(stream), 40))]
    first = next((n for n, sentence in enumerate(told) if sentence), len(told))
    expect(all(told[first:]), "a stranger stays a stranger", stream[:40])


def lineEnds(stream: bytes, random: Random) -> None:
    """
    Lines do not depend on how the stream was cut, whatever its line ends are.
    """
    lines = []
    for pieces in ([stream], cut(stream, random)):
        splitter = AnyEndSplitter()
        lines.append([line for piece in pieces for line in splitter.feed(piece) if line])
    expect(lines[0] == lines[1], "chunks do not matter", *lines)


def telnet(stream: bytes, random: Random) -> None:
    """
    Text and refusals do not depend on how the stream was cut, and little is kept.
    """
    if stream.count(b"\xff") > MAX_COMMANDS:
        return
    seen = []
    for pieces in ([stream], cut(stream, random)):
        client = TelnetFilter()
        parts = [client.feed(piece) for piece in pieces]
        seen.append(tuple(b"".join(part[n] for part in parts) for n in (0, 1)))
    expect(seen[0] == seen[1], "chunks do not matter", *seen)
    expect(len(seen[0][1]) <= len(stream), "no more is answered than was sent", *seen)


def proxyHeader(stream: bytes, random: Random) -> None:
    """
    Any bytes give a header, none yet, or a reason, and more bytes do not change a header.
    """
    for length in range(min(len(stream), 300)):
        try:
            header = parseHeader(stream[:length])
        except BadHeader:
            return
        if header is not None:
            expect(header.length <= length, "a header is not longer than what came", header)
            expect(parseHeader(stream) == header, "it stays the same", header)
            return


def words(stream: bytes, random: Random) -> None:
    """
    Text and names are clean or refused, cleaning changes nothing twice, and nothing is unprintable.
    """
    for raw in stream.split(b"\n"):
        with suppress(ChatError):
            text = parseText(raw)
            expect(cleanText(text) == text, "cleaning is done once", raw)
            isClean(text)
            terms(text)
        text = raw.decode("utf-8", "surrogateescape")
        isClean(showable(text))
        expect(showable(showable(text)) == showable(text), "showing is done once", raw)
        expect(escapeLog(text).isprintable(), "a log line is printable", raw)
        for clean in (cleanName, cleanRoom):
            with suppress(ChatError):
                name = clean(text)
                expect(clean(name) == name, "a good name is good", raw, name)
                expect(" " not in name and name.isprintable(), "a name is one word", raw, name)
                expect(nameKey(name), "a name looks like something", raw, name)


def proofs(stream: bytes, random: Random) -> None:
    """
    No message of a login gets in without the secret, and none is worse than refused.
    """
    for raw in stream.split(b"\n"):
        text = raw.decode("utf-8", "surrogateescape")
        readers = (ServerExchange(_FIRST, _VERIFIER, "sn").check, _CLIENT.answer, _CLIENT.verify)
        for read in readers:
            try:
                said = read(text)
            except ChatError:
                continue
            expect(read == _CLIENT.answer and said, "nobody is believed", raw, said)
        with suppress(ChatError):
            first = parseClientFirst(text)
            expect(first.header + first.bare == text, "what was said is proved", raw, first)
        with suppress(ChatError):
            expect(str(parseVerifier(text)) == text, "a verifier has one form", raw)
        with suppress(ChatError):
            expect(cleanPassword(cleanPassword(text)), "a good password is good", raw)
        secret = readSecret(text)
        expect(secret is None or readSecret(secret) == secret, "a secret has one form", raw)


def isClean(text: str) -> None:
    text.encode()
    bad = [char for char in text if char != "\t" and category(char) in ("Cc", "Cs", "Zl", "Zp")]
    expect(not bad, "a terminal can show it", text, bad)


class Peer:
    """
    One connection to a server in memory.
    """

    def __init__(self, factory: StreamDoor, *greeting: bytes) -> None:
        self.transport = StringTransport(peerAddress=IPv4Address("TCP", "127.0.0.1", 40000))
        protocol: Any = factory.buildProtocol(None)
        self.protocol = protocol
        self.protocol.makeConnection(self.transport)
        for line in greeting:
            self.send(line + b"\n")
        self.read()

    @property
    def closed(self) -> bool:
        return bool(self.transport.disconnecting or self.transport.disconnected)

    def send(self, data: bytes) -> None:
        """
        Deliver bytes as the reactor would: not to a connection that is closed or not read from.
        """
        if not self.closed and self.transport.producerState == "producing":
            self.protocol.dataReceived(data)

    def read(self) -> list[bytes]:
        """
        @return: the whole clean lines sent since the last call, without refused options of telnet.
        """
        sent = _REFUSALS.sub(b"", self.transport.value())
        self.transport.clear()
        lines = sent.split(b"\r\n")
        expect(lines.pop() == b"", "only whole lines are sent", sent[-100:])
        for line in lines:
            expect(len(line) <= MAX_SENT, "a line is not endless", line[:100])
            isClean(line.decode())
        return lines


def chat() -> ChatFactory:
    """
    A server whose time stands still.
    """

    def seconds() -> float:
        return NOW

    return ChatFactory(Hub(MemoryLog(seconds=seconds), seconds=seconds))


def door(stream: bytes, random: Random) -> None:
    """
    A nameless stranger gets clean lines, whatever it sends, and nobody else notices.
    """
    factory = chat()
    bob = Peer(factory, b"bob")
    stranger = Peer(factory)
    for chunk in cut(stream, random):
        stranger.send(chunk)
    stranger.read()
    bob.read()
    bob.send(b"still here\n")
    expect(b"OK . ." in bob.read(), "the others go on")


def answers(stream: bytes, random: Random) -> None:
    """
    Every line is answered exactly once, and what was stored is shown exactly once.
    """
    factory = chat()
    bob = Peer(factory, b"bob")
    talker = Peer(factory, b"talker")
    bob.read()
    isInLobby = True
    # The byte 255 may begin a command of telnet, which is no line.
    for line in LineSplitter().feed(stream.replace(b"\xff", b"\xfe")):
        raw = b"x" * 4097 if isinstance(line, Excess) else line
        talker.send(raw + b"\r\n")
        lines = talker.read()
        final = [line for line in lines if line == b"OK . ." or line.startswith(b"! ")]
        heard = bob.read()
        text = understood(raw)
        if talker.closed:
            expect(text.lower().startswith("/quit"), "nobody is thrown out", raw, lines)
            break
        if not raw:
            expect(not lines, "an empty line has no answer", lines)
        elif text.startswith("/") and not text.startswith("//"):
            isInLobby = isInLobby and lines[:1] != [] and lines[0].startswith(b"! ")
            expect(lines and len(final) <= 1, "a command is answered", raw, lines)
        else:
            expect(len(final) == 1, "a message is answered once", raw, lines)
            shown = [line for line in heard if line.startswith(b"talker :: ")]
            if isInLobby:
                expect(len(shown) == (final == [b"OK . ."]), "stored is shown once", raw, heard)


def understood(raw: bytes) -> str:
    """
    @return: the text that the server reads from a line; empty if it refuses the line.
    """
    with suppress(ChatError):
        return parseText(raw)
    return ""


def objects(stream: bytes, random: Random) -> None:
    """
    Every line of a program is answered by objects, every message exactly once.
    """
    factory = chat()
    bob = Peer(factory, b"bob")
    talker = Peer(factory, b'{"type":"hello","name":"talker"}')
    for line in LineSplitter(8192).feed(stream):
        raw = b"x" * 8193 if isinstance(line, Excess) else line
        talker.send(raw + b"\r\n")
        answered = [json.loads(sent) for sent in talker.read()]
        bob.read()
        if talker.closed:
            break
        final = [value for value in answered if value["type"] in ("ok", "error")]
        with suppress(ValueError, RecursionError):
            value = json.loads(raw)
            if isinstance(value, dict) and value.get("type") in ("say", "act", "tell"):
                expect(len(final) == 1, "a message is answered once", raw, answered)
                if final[0]["type"] == "ok":
                    expect(final[0].get("key") == value.get("key"), "by its key", raw, answered)
        if raw.strip():
            expect(answered and len(final) <= 1, "a line is answered", raw, answered)


def chunks(stream: bytes, random: Random) -> None:
    """
    What everybody sees does not depend on how the stream was cut.
    """
    greeting = random.choice((b"talker", b'{"type":"hello","name":"talker"}'))
    seen = []
    for pieces in ([stream], cut(stream, random)):
        factory = chat()
        bob = Peer(factory, b"bob")
        talker = Peer(factory, greeting)
        for piece in pieces:
            talker.send(piece)
        seen.append((talker.closed, *(hidden(peer) for peer in (talker, bob))))
    expect(seen[0] == seen[1], "chunks do not matter", *seen)


def operator(stream: bytes, random: Random) -> None:
    """
    The operator's door answers each line by one object, whatever stands on it.
    """
    factory = chat()
    bob = Peer(factory, b"bob")
    admin = Peer(AdminDoor(factory.gate, (), [factory]))
    for line in LineSplitter(4096).feed(stream):
        raw = b"x" * 4097 if isinstance(line, Excess) else line
        admin.send(raw + b"\r\n")
        answered = [json.loads(sent) for sent in admin.read()]
        bob.read()
        if admin.closed:
            break
        expect(len(answered) == bool(raw.strip()), "a line is answered once", raw, answered)


def hidden(peer: Peer) -> bytes:
    return _SECRETS.sub(b"", b"\n".join(peer.read()))


TARGETS: dict[str, Callable[[bytes, Random], None]] = {
    target.__name__: target
    for target in (
        framing,
        lineEnds,
        telnet,
        proxyHeader,
        words,
        proofs,
        door,
        answers,
        objects,
        operator,
        chunks,
    )
}
