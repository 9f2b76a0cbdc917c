"""A second door, as small as one can be: the first line is a name, every other line is said."""

from __future__ import annotations

from collections.abc import Sequence

from twisted.internet.protocol import Protocol
from zope.interface import implementer

from twisted_chat.chat.interfaces import LoginRequest
from twisted_chat.doors.stream import StreamClient, StreamDoor
from twisted_chat.errors import ChatError
from twisted_chat.text.cleaning import parseText
from twisted_chat.wire.answers import Answer, Goodbye
from twisted_chat.wire.events import Event
from twisted_chat.wire.interfaces import IDialect, IView


@implementer(IDialect, IView)
class ToyDialect:
    """A dialect that tells messages and the end, and nothing else."""

    @property
    def here(self) -> IView:
        return self

    elsewhere = sent = here

    def events(self, events: Sequence[Event], lobby: str) -> list[bytes]:
        return [f"{event.name}> {event.text}\r\n".encode() for event in events]

    def receipt(self, event: Event) -> bytes:
        return b"+\r\n"

    def own(self, event: Event, key: str | None = None) -> bytes:
        return b""

    def answer(self, value: Answer, key: str | None = None) -> bytes:
        return f"{value.text}\r\n".encode() if isinstance(value, Goodbye) else b""

    def refusal(self, error: ChatError, key: str | None = None) -> bytes:
        return f"- {error.sentence}\r\n".encode()


class ToyProtocol(StreamClient, Protocol):
    dialect = ToyDialect()

    def lineReceived(self, line: bytes) -> None:
        text = parseText(line)
        if self.user is None:
            self.login(LoginRequest(text))
        elif (saying := self.user.say(text)) is not None:
            self.wait(saying)


class ToyDoor(StreamDoor):
    protocol = ToyProtocol  # type: ignore[assignment]
