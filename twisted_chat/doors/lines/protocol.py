# -*- test-case-name: tests.doors.lines -*-
"""
One connection at the door for lines: its first line chooses the dialect, and each line becomes a
call on the user's avatar.

L{net.connection} sets bounds and timeouts; the chat decides what is said, to whom and in which
order.
"""

from __future__ import annotations

from typing import Any, Final

from twisted.internet.defer import Deferred
from twisted.protocols.basic import LineReceiver

from ...chat.interfaces import Challenge, LoginRequest
from ...errors import ChatError, WrongProtocol
from ...net.receiving import Splitter
from ...text.cleaning import parseText
from ...wire.framing import AnyEndSplitter
from ...wire.interfaces import IDialect
from ...wire.sniffing import NO_PROXY, sniff
from ...wire.telnet import TelnetFilter
from ...wire.textlines import PROMPT, TEXT
from ..stream import StreamClient
from .jsonrequests import JSONRequests

_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
"""The signature that some programs write before UTF-8 (RFC 3629 section 6): it is not part of the
first line."""

_JSON_WHITESPACE: Final = b" \t\r"
"""Whitespace that may precede an object (RFC 8259 section 2)."""


class ChatProtocol(StreamClient, LineReceiver):
    """
    One connection.  L{LineReceiver}'s own loop is not used: it copies the rest of a chunk for every
    line in it.

    @ivar dialect: L{TEXT} until the first line chooses another.
    """

    delimiter = b"\n"
    transport: Any
    dialect: IDialect = TEXT

    _requests: JSONRequests | None = None
    _loginKey: str | None = None
    _telnet: TelnetFilter | None = None

    def admitted(self) -> None:
        """
        Ask for a name.
        """
        self.put(PROMPT)

    @property
    def longestLine(self) -> int:
        """See L{Connection.longestLine}: JSON may need two bytes for one of the text."""
        limits = self.factory.gate.limits
        return limits.maxLine if self._requests is None else limits.maxObject

    def makeSplitter(self) -> Splitter:
        """See L{Connection.makeSplitter}: neither the dialect nor the line ends are known yet."""
        return AnyEndSplitter(self.factory.gate.limits.maxObject)

    def dataReceived(self, data: bytes) -> None:
        """
        Take data that was read from the socket, unless it begins like another protocol.
        """
        isStranger = self.user is None and self._requests is None and not self.isLoggingIn
        if isStranger and not self.isDone:
            stranger = sniff(self.pending + data)
            if stranger is not None:
                if stranger is NO_PROXY:
                    self.factory.gate.log.info(
                        "refused {address}: it sends a PROXY header, and no --proxy names it",
                        address=self.address,
                    )
                self.refuseAndClose(WrongProtocol(stranger))
                return
        if self._requests is None and (self._telnet is not None or b"\xff" in data):
            data = self._withoutTelnet(data)
        super().dataReceived(data)

    def _withoutTelnet(self, data: bytes) -> bytes:
        """
        @return: the text that a telnet client has sent; its commands are answered.
        """
        if self._telnet is None:
            self._telnet = TelnetFilter()
        text, replies = self._telnet.feed(data)
        if replies and not self.isDone:
            self.put(replies)
        return text

    def lineReceived(self, line: bytes) -> None:
        """
        Handle one line.

        @param line: without its end.
        @raise ChatError: if it is refused.
        """
        if self._requests is not None:
            self._requests.take(line)
        elif self.user is not None:
            if len(line) > self.factory.gate.limits.maxLine:
                self.lineLengthExceeded(line)
            answering = self.user.perform(parseText(line))
            if answering is not None:
                self.wait(answering)
        else:
            self._begin(line.removeprefix(_BYTE_ORDER_MARK))

    def _begin(self, line: bytes) -> None:
        """
        Handle a line before the dialect is known, or before login.
        """
        if line.lstrip(_JSON_WHITESPACE)[:1] == b"{":
            self._requests = JSONRequests(self)
            self._requests.take(line)
        elif line.strip():
            self._logIn(line)
        else:
            self.put(PROMPT)

    def emptyLineReceived(self) -> None:
        """
        Ask again for a name when somebody presses Enter: silence would look like a hang.  Like a
        line it takes a token, and without one there is no answer.
        """
        if self.user is None and self._requests is None and not self.isLoggingIn:
            bucket = self._receiving.bucket
            if bucket is None or not bucket.take():
                self.put(PROMPT)

    def _logIn(self, line: bytes) -> None:
        try:
            name = parseText(line)
        except ChatError as error:
            self.loginRefused(error)
        else:
            self.login(LoginRequest(name))

    def login(self, request: LoginRequest, key: str | None = None) -> None:
        """
        Log in, or refuse and say why; take no more lines until that is done.

        @param key: the client's own id of this request.
        """
        self._loginKey = key
        super().login(request)

    def challenge(self, message: str, key: str | None = None) -> Deferred[Challenge]:
        """See L{jsonrequests.Requester.challenge}."""
        self._loginKey = key
        return super().challenge(message)

    def loginRefused(self, error: ChatError) -> None:
        """
        Tell a client that its login was refused; people are asked for another name.
        """
        refusal = self.dialect.refusal(error, self._loginKey)
        self.put(refusal + PROMPT if self._requests is None else refusal)

    def sendLine(self, line: bytes) -> None:
        """
        Send one line through the send queue, like all other output.

        @param line: without its end.
        """
        self.put(line + b"\r\n")
