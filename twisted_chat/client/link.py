# -*- test-case-name: tests.client -*-
"""
Links a user to a server, over successive connections.

A L{ChatLink} knows no terminal and no descriptor, only a L{UserInterface}.  Before the server's
welcome it sends nothing but the hello; it sends lines in the order in which they were typed; and
its last call is L{UserInterface.ended}, once.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.interfaces import (
    IDelayedCall,
    IPushProducer,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.python.failure import Failure
from zope.interface import implementer

from ..errors import BadObject, ChatError, WrongLogin
from ..wire.framing import Excess
from .connection import Connector
from .devicesecrets import DeviceSecrets
from .dialect import ClientDialect, SessionState
from .jsondialect import TEXT_ONLY, JSONClientDialect
from .login import Login
from .messages import BYE, CHALLENGE, ERROR, NOTICE, REFUSED, WELCOME, ServerMessage
from .outbox import Outbox
from .rendering import explain
from .sender import MessageSender
from .textdialect import TextClientDialect
from .ui import Gone, Unconfirmed, Unreachable, UserInterface

ANSWER_TIMEOUT = 30.0
"""Seconds without any answer, while one is owed, after which a link whose input has ended gives
up."""

LOGIN_TIMEOUT = 30.0
"""Seconds from the hello to the welcome."""

GOODBYE_TIMEOUT = 1.0
"""Seconds to wait for the server's goodbye to a user who leaves."""

HEARTBEAT_INTERVAL = 30.0
"""
Seconds of silence after which the server is pinged; after as many more without an answer the
connection counts as lost.  A laptop that slept is not told that its connection has ended.
"""


@implementer(IPushProducer)
class ChatLink:
    """
    Links one user to one server.  It is a producer for an output: pausing it stops reading from the
    server.

    @ivar session: the state of the client's session.
    @ivar outbox: the messages that the server has not answered.
    @ivar login: proves who the user is.
    """

    def __init__(
        self,
        clock: IReactorTime,
        endpoint: IStreamClientEndpoint,
        ui: UserInterface,
        where: str,
        prefix: str,
        *,
        retry: bool = False,
        insist: bool = False,
        textOnly: bool = False,
        backlog: int | None = None,
        encrypted: bool = False,
        isPrivate: bool = False,
        secrets: DeviceSecrets | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """
        @param where: the server's name in sentences.
        @param prefix: begins the keys of all messages: random, so that those of two runs differ.
        @param retry: whether to connect again when a connection is lost.
        @param insist: whether to try again if the first attempt fails.
        @param textOnly: whether to speak the text dialect even if the server knows both.
        @param backlog: how many earlier events to ask for; C{None} for the server's default.
        @param encrypted: whether the endpoint speaks TLS.
        @param isPrivate: whether nobody on the way can read the connection.
        @param secrets: the secrets by which this device logs in; C{None} to use none.
        @param jitter: a random number from 0 to 1.
        """
        self._clock = clock
        self._connector = Connector(clock, endpoint, self, jitter)
        self._ui = ui
        self._where = where
        self._retry = retry
        self._insist = insist
        self._encrypted = encrypted
        self.outbox = Outbox(prefix)
        self.session = SessionState(backlog=backlog)
        self.login = Login(self.session, secrets, isPrivate)
        dialect = (TextClientDialect if textOnly else JSONClientDialect)(self.session, self.outbox)
        self._sender = MessageSender(self.outbox, dialect, self._connector.write, self._quit)
        self._sentence = ""
        self._watch: IDelayedCall | None = None
        self._pulse: IDelayedCall | None = None
        self._greeted = False
        self._refusedHere = False
        self._spokenTo = False
        self._asleep = False
        self._everEntered = False
        self._finishing = False
        self._leaving = False
        self._over = False
        self._paused = False
        self._clogged = False
        self._holding = True

    @property
    def _dialect(self) -> ClientDialect:
        return self._sender.dialect

    # Called by the user interface

    @property
    def online(self) -> bool:
        """
        Whether the server has welcomed the client on the present connection.
        """
        return self._sender.open

    @property
    def speaksText(self) -> bool:
        """
        Whether the text dialect is spoken: without ids, times, keys and sessions.
        """
        return isinstance(self._dialect, TextClientDialect)

    def start(self) -> None:
        """
        Connect.  L{UserInterface.nameWanted} follows if L{enter} was not called before.
        """
        self._connector.connect()

    def enter(self, name: str, password: str = "") -> None:
        """
        Log in under this name, now or once there is a connection.  A name other than that of the
        session begins a new session.

        @param password: proves that a registered name is the user's: a password, a generated secret
            or a one-time code; empty if no proof is needed, or the secret of this device is one.
        """
        self.login.prove(password)
        if not self._everEntered and name != self.session.name:
            self.session.forget()
        self.session.name = name
        if self._connector.connected:
            self._greet()
        elif self._asleep:
            self._asleep = False
            self._connector.connect()

    def say(self, line: str) -> None:
        """
        Send a line as typed: a message or a command.  Without a connection a message waits for the
        next one.

        @raise OutboxFull: if too many lines are waiting already.
        @raise BadCommand: if it is a command and there is no connection.
        """
        if not self._leaving:
            self._sender.say(line)
            self._flow()

    def send(self, fields: dict[str, Any]) -> None:
        """
        Send an object as a program writes it, to a server that speaks the JSON dialect.  Messages
        wait for a connection, as in L{say}.

        @raise OutboxFull: as L{say}.
        @raise BadCommand: as L{say}.
        @raise BadObject: if programs must not send it.
        """
        if not self._leaving:
            self._sender.send(fields)
            self._flow()

    def askHistory(self, room: str, count: int) -> None:
        """
        Ask for the last messages of a room, if the dialect allows it: the answer comes as
        L{messages.HISTORY} with C{answers} set to C{history}.
        """
        self._ask(self._dialect.history(room, count))

    def askSearch(self, words: str, count: int) -> None:
        """
        Ask for the newest messages with these words, like L{askHistory}; C{answers} is C{search}.
        """
        self._ask(self._dialect.search(words, count))

    def register(self, label: str, verifier: str) -> None:
        """
        Register the user's name, or add this device to their account, if the dialect allows it: the
        answer is L{messages.REGISTERED} or a refusal, with C{answers} set to C{register}.

        @param label: the label of this device.
        @param verifier: the verifier of its secret.
        """
        self._ask(self._dialect.register(label, verifier))

    def askAccount(self) -> None:
        """
        Ask for the name of the user's account, if the dialect allows it.
        """
        self._ask(self._dialect.account())

    def tellRead(self, room: str, id: int) -> None:
        """
        Move the read mark of a room, if the dialect has read marks.
        """
        self._ask(self._dialect.read(room, id))

    def _ask(self, line: bytes) -> None:
        if self.online and not self._leaving:
            self._connector.write(line)

    def askNames(self) -> None:
        """
        Ask who is in the current room, if the dialect allows it: the answer comes as
        L{messages.NAMES}.
        """
        self._ask(self._dialect.names())

    def askCommands(self) -> None:
        """
        Ask for the server's commands, if the dialect allows it: the answer comes as
        L{messages.COMMANDS}.
        """
        self._ask(self._dialect.commands())

    def resend(self) -> int:
        """
        Send again what is in doubt.

        @return: how many messages that are.
        """
        count = self._sender.resend()
        self._flow()
        return count

    def finish(self) -> None:
        """
        Take no more lines, and leave once everything is answered.
        """
        self._finishing = True
        if self.online:
            self._await(ANSWER_TIMEOUT, self._unanswered)
        self._settle()

    def leave(self) -> None:
        """
        Leave at once.
        """
        if self.online and not self._leaving and not self.speaksText:
            self._connector.write(self._dialect.bye())
        self._close()

    # Called by the output

    def pauseProducing(self) -> None:
        """Stop reading from the server."""
        self._paused = True
        self._connector.pause()

    def resumeProducing(self) -> None:
        """Read from the server again."""
        self._paused = False
        self._connector.resume()

    def stopProducing(self) -> None:
        """Do nothing: the owner of the output decides what to do when it is gone."""

    # Called by the connector

    def connectionMade(self) -> None:
        """See L{connection.Owner.connectionMade}."""
        self._sentence = ""
        self._greeted = self._clogged = self._spokenTo = self._refusedHere = False
        self._dialect.connected()
        if self.session.name:
            self._greet()
        else:
            self._ui.nameWanted(None)

    def _greet(self) -> None:
        if not self._greeted:
            self._greeted = True
            self._await(LOGIN_TIMEOUT, self._break)
            self._connector.write(self._dialect.hello(self.login.begin(self.speaksText)))

    def _break(self, sentence: str = "") -> None:
        """
        Abort this connection.

        @param sentence: the reason, unless it is that the server is silent.
        """
        self._sentence = sentence or f"The server at {self._where} does not answer."
        self._connector.abort()

    def connectionLost(self, reason: Failure, settled: bool) -> None:
        """See L{connection.Owner.connectionLost}."""
        self._cancelTimer(self._watch)
        self._cancelTimer(self._pulse)
        entered = self.online
        if entered:
            self._sender.closed()
        greeted, self._greeted = self._greeted, False
        if self._leaving or (entered and self._finishing and not self.outbox.expected):
            self._end(None)
        elif greeted and self._refusedHere and not self._everEntered:
            # A server closes after a few wrong logins, and the last hello came after that.
            self._connector.connect()
        elif entered or greeted or not (settled or self._refusedHere):
            if greeted and not self._spokenTo:
                self._sentence = self._silent(reason)
            self._reconnectOrEnd(reason, Gone if entered else Unreachable)
        else:
            # The user may think about a name for longer than the server waits for it.
            self._asleep = True
        self._flow()

    def _silent(self, reason: Failure) -> str:
        """
        @return: the sentence for a server that sent nothing: one that expects TLS does not answer a
            client without TLS.
        """
        sentence = self._sentence or explain(reason, self._where)
        return sentence if self._encrypted else f"{sentence} If it expects TLS, add --tls."

    def _reconnectOrEnd(self, failure: Failure, kind: type[ChatError]) -> None:
        """
        Reconnect after a delay, or end.

        @param kind: the error to end with.
        """
        if isinstance(failure.value, ChatError):
            self._end(failure.value)
            return
        sentence = self._sentence or explain(failure, self._where)
        if self._retry if self._everEntered else self._insist:
            self._ui.offline(sentence, self._connector.comeBack(), self.outbox.doubtful)
        else:
            self._end(kind(sentence))

    def _end(self, error: ChatError | None) -> None:
        """
        End at once.
        """
        if self._over:
            return
        self._over = self._leaving = True
        self._cancelTimer(self._watch)
        self._cancelTimer(self._pulse)
        self._connector.forget()
        count = self._sender.unconfirmed
        if count and self._everEntered:
            what = "1 message is" if count == 1 else f"{count} messages are"
            reason = f"{error.sentence} " if error is not None else ""
            error = Unconfirmed(f"{reason}{what} unconfirmed.")
        self._ui.ended(error)

    # Lines of the server

    def linesReceived(self, lines: Sequence[bytes | Excess]) -> None:
        """See L{connection.Owner.linesReceived}."""
        if self._leaving and not self.online:
            # The user left before the welcome, which must not be shown any more; nor must another
            # dialect be tried.
            return
        self._spokenTo = True
        batch: list[ServerMessage] = []
        dialect = self._dialect
        for line in lines:
            try:
                if isinstance(line, Excess):
                    raise BadObject("the server sent a line that is too long")
                messages = dialect.receive(line)
            except BadObject as error:
                if self.online:
                    # A bug of the server costs a line, not the connection.
                    batch.append(ServerMessage(ERROR, error.sentence, code=error.code))
                    continue
                self._tell(batch)
                self._break(f"This is no chat server, at {self._where}: {error.sentence}.")
                return
            for message in messages:
                if not self._turn(message, batch):
                    batch.append(message)
            if self._over or dialect is not self._dialect:
                return
        self._tell(batch)
        if not self._leaving:
            self._sender.answered()
        if self._finishing and self.online:
            self._await(ANSWER_TIMEOUT, self._unanswered)
        self._settle()
        self._flow()

    def tlsReceived(self) -> None:
        """See L{connection.Owner.tlsReceived}."""
        if not self.online:
            self._break(f"The server at {self._where} speaks TLS on this port: add --tls.")

    def _tell(self, batch: list[ServerMessage]) -> None:
        if batch:
            self._ui.received(tuple(batch))
            batch.clear()

    def _turn(self, message: ServerMessage, batch: list[ServerMessage]) -> bool:
        """
        Handle a message that changes the state of the connection.

        @return: whether the user interface is not concerned.
        """
        if message.kind == WELCOME:
            self._tell(batch)
            self._welcomed(message)
        elif message.kind == REFUSED:
            self._tell(batch)
            self._refused(message)
        elif message.kind == CHALLENGE and not self.online:
            self._prove(message.text)
        elif message.kind == TEXT_ONLY:
            self._fallBack()
        elif message.kind == ERROR and not self.online:
            self._sentence = message.text
        else:
            if message.kind == BYE:
                self._sentence = message.text
                # At the end of the input, the client itself asked for this goodbye.
                return self._finishing and self._leaving
            return False
        return True

    def _prove(self, challenge: str) -> None:
        """
        Answer a challenge, unless the server cannot be the right one.
        """
        try:
            answer = self.login.answer(challenge)
        except ChatError as error:
            self._end(error)
        else:
            self._connector.write(self._dialect.prove(answer))

    def _fallBack(self) -> None:
        """
        Reconnect in the text dialect, because the server knows no other.
        """
        try:
            self.login.fallBack()
        except ChatError as error:
            self._end(error)
            return
        self._sender.dialect = TextClientDialect(self.session, self.outbox)
        self._cancelTimer(self._watch)
        self._connector.forget()
        self._connector.connect()

    def _welcomed(self, message: ServerMessage) -> None:
        welcome = message.welcome
        try:
            self.login.welcomed((welcome and welcome.proof) or "")
        except ChatError as error:
            self._end(error)
            return
        again, self._everEntered = self._everEntered, True
        self._cancelTimer(self._watch)
        self._pulse = self._clock.callLater(HEARTBEAT_INTERVAL, self._beat)
        self._sender.open = True
        self._ui.entered(message, again)
        self._sender.opened()

    def _refused(self, refusal: ServerMessage) -> None:
        """
        Ask for a proof, or for another name.  If the name was accepted before, somebody else has it
        for now, perhaps the lost connection itself, so a later attempt may succeed.
        """
        self._cancelTimer(self._watch)
        self._refusedHere = True
        hadPassword = self.login.hasPassword
        isAgain = self.login.retries(refusal.code)
        note, name = self.login.note, self.session.name
        if isAgain:
            if note:
                self._ui.received((ServerMessage(NOTICE, note),))
            self._greeted = False
            self._greet()
        elif hadPassword and refusal.code == WrongLogin.code:
            self._greeted = False
            self._ui.passwordWanted(name, f"{refusal.text}. {note}" if note else refusal.text)
        elif refusal.login:
            self._greeted = False
            self._ui.passwordWanted(name, None)
        elif self._everEntered:
            self._break(refusal.text)
        else:
            self._greeted = False
            self._ui.nameWanted(refusal.text, refusal.code)

    def _beat(self) -> None:
        self._pulse = self._clock.callLater(HEARTBEAT_INTERVAL, self._beat)
        silence = self._connector.silence
        ping = self._dialect.ping() if silence >= HEARTBEAT_INTERVAL else b""
        if ping and silence >= 2 * HEARTBEAT_INTERVAL:
            self._break()
        else:
            self._connector.write(ping)

    # Holding and ending.

    def clogged(self, clogged: bool) -> None:
        """See L{connection.Owner.clogged}."""
        self._clogged = clogged
        self._flow()

    def _flow(self) -> None:
        """
        Hold the input exactly while a further line would have to wait.
        """
        hold = self._sender.full or self._leaving or self._clogged
        if hold != self._holding:
            self._holding = hold
            if hold:
                self._ui.hold()
            else:
                self._ui.release()

    def _settle(self) -> None:
        """
        Leave if the input has ended and no answer is owed.
        """
        if not self._finishing or self._leaving or self._sender.owes:
            return
        if self.online:
            if self._dialect.needsGoodbye:
                self._quit()
            else:
                self._close()
        elif self._everEntered:
            self._end(None)

    def _quit(self) -> None:
        """
        Ask the server for its last answers and its goodbye.
        """
        if not self.online:
            self._close()
            return
        self._leaving = True
        self._connector.write(self._dialect.bye())
        owed = self.outbox.expected or self._finishing
        self._await(ANSWER_TIMEOUT if owed else GOODBYE_TIMEOUT, self._close)

    def _unanswered(self) -> None:
        """
        Stop waiting for answers after the end of the input, unless the client's own unsent output
        delays them.
        """
        if self._paused:
            self._await(ANSWER_TIMEOUT, self._unanswered)
        else:
            self._end(Gone(f"The server at {self._where} does not answer."))

    def _close(self) -> None:
        self._leaving = True
        if self._connector.connected:
            self._await(GOODBYE_TIMEOUT, lambda: self._end(None))
            self._connector.close()
        else:
            self._end(None)

    def _await(self, delay: float, then: Callable[[], None]) -> None:
        """
        Call a function after a delay, unless another wait begins first.
        """
        self._cancelTimer(self._watch)
        self._watch = self._clock.callLater(delay, then)

    def _cancelTimer(self, timer: IDelayedCall | None) -> None:
        if timer is not None and timer.active():
            timer.cancel()
