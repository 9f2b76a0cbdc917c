# -*- test-case-name: tests.client -*-
"""
Links a user to a server, over all its connections.

A L{ChatLink} knows no terminal and no descriptor.  It talks to a L{UserInterface}, which is a pipe,
a file or a terminal.  It sends nothing but the hello before the server's welcome, it sends what
waits in the order in which it was typed, and it calls L{UserInterface.ended} last, once.
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
"""Seconds without any answer, while one is owed, after which the end of the input is the end."""

LOGIN_TIMEOUT = 30.0
"""Seconds from the hello to the welcome."""

GOODBYE_TIMEOUT = 1.0
"""Seconds that a server has to say goodbye to a user who leaves."""

HEARTBEAT_INTERVAL = 30.0
"""
Seconds of silence after which the server is asked for a sign of life; after as many more without an
answer the connection counts as lost.  A laptop that slept is not told of its connection's end.
"""


@implementer(IPushProducer)
class ChatLink:
    """
    Links one user to one server.  To an output it is a producer: pausing it stops reading from the
    server.

    @ivar session: what the client is to the server.
    @ivar outbox: what the server has not answered for.
    @ivar login: by what the user proves who they are.
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
        @param where: the server in words, for sentences.
        @param prefix: begins the keys of all messages: random, so that those of two runs differ.
        @param retry: whether to connect again when a connection is lost.
        @param insist: whether to try again when there was none yet.
        @param textOnly: whether to speak the text dialect even if the server knows both.
        @param backlog: how many events from before to ask for; C{None} leaves it to the server.
        @param encrypted: whether the endpoint speaks TLS.
        @param isPrivate: whether nobody on the way can read what is sent.
        @param secrets: by which this device logs in; C{None} to use none.
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

    # What a user interface asks for.

    @property
    def online(self) -> bool:
        """
        Whether the server has said welcome and the connection stands.
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
        Log in under this name, now or as soon as there is a connection.  Another name than that of
        the session begins a new one.

        @param password: proves that a registered name is the user's: a password, a made secret or a
            one-time code; empty if it has to be proved in no way or by the secret of this device.
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
        Send a line as a user types it: a message or a command.  Without a connection a message
        waits for the next one.

        @raise OutboxFull: if too many lines wait already.
        @raise BadCommand: if it is a command and there is no connection.
        """
        if not self._leaving:
            self._sender.say(line)
            self._flow()

    def send(self, fields: dict[str, Any]) -> None:
        """
        Send an object as a program writes it, to a server that speaks the JSON dialect.  Messages
        wait for a connection as those of L{say} do.

        @raise OutboxFull: as L{say}.
        @raise BadCommand: as L{say}.
        @raise BadObject: if programs must not send it.
        """
        if not self._leaving:
            self._sender.send(fields)
            self._flow()

    def askHistory(self, room: str, count: int) -> None:
        """
        Ask for the last messages of a room, where the dialect has a way to: the server's answer
        comes as L{messages.HISTORY}, and says that it answers C{history}.
        """
        self._ask(self._dialect.history(room, count))

    def askSearch(self, words: str, count: int) -> None:
        """
        Ask for the newest messages with these words, as L{askHistory} does; the answer says that it
        answers C{search}.
        """
        self._ask(self._dialect.search(words, count))

    def register(self, label: str, verifier: str) -> None:
        """
        Make the user's name their own, or add this device to their account, where the dialect has a
        way to: the server's answer, L{messages.REGISTERED} or a refusal, says that it answers
        C{register}.

        @param label: what this device is called.
        @param verifier: what checks that it knows its secret.
        """
        self._ask(self._dialect.register(label, verifier))

    def askAccount(self) -> None:
        """
        Ask for the name of the user's account, where the dialect has a way to.
        """
        self._ask(self._dialect.account())

    def tellRead(self, room: str, id: int) -> None:
        """
        Say up to which event a room was read, where the dialect has read marks.
        """
        self._ask(self._dialect.read(room, id))

    def _ask(self, line: bytes) -> None:
        if self.online and not self._leaving:
            self._connector.write(line)

    def askNames(self) -> None:
        """
        Ask who is in the current room, where the dialect has a way to: the server's answer comes as
        L{messages.NAMES}.
        """
        self._ask(self._dialect.names())

    def askCommands(self) -> None:
        """
        Ask for the server's commands, where the dialect has a way to: the server's answer comes as
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
        Take no more lines, and leave when everything is answered.
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

    # What an output asks for.

    def pauseProducing(self) -> None:
        """Stop reading from the server."""
        self._paused = True
        self._connector.pause()

    def resumeProducing(self) -> None:
        """Read from the server again."""
        self._paused = False
        self._connector.resume()

    def stopProducing(self) -> None:
        """Do nothing: the owner of the output decides what follows when it is gone."""

    # Connections coming and going.

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
        Give this connection up.

        @param sentence: why, if not because the server is silent.
        """
        self._sentence = sentence or f"The server at {self._where} does not answer."
        self._connector.abort()

    def connectionLost(self, reason: Failure, settled: bool) -> None:
        """See L{connection.Owner.connectionLost}."""
        self._quiet(self._watch)
        self._quiet(self._pulse)
        entered = self.online
        if entered:
            self._sender.closed()
        greeted, self._greeted = self._greeted, False
        if self._leaving or (entered and self._finishing and not self.outbox.expected):
            self._end(None)
        elif greeted and self._refusedHere and not self._everEntered:
            # A server closes after a few wrong logins: the last hello came too late for this one.
            self._connector.connect()
        elif entered or greeted or not (settled or self._refusedHere):
            if greeted and not self._spokenTo:
                self._sentence = self._silent(reason)
            self._again(reason, Gone if entered else Unreachable)
        else:
            # The user may think about a name for longer than the server waits for it.
            self._asleep = True
        self._flow()

    def _silent(self, reason: Failure) -> str:
        """
        @return: why there is no connection to a server that said nothing: one that expects TLS does
            not answer a client that does not speak it.
        """
        sentence = self._sentence or explain(reason, self._where)
        return sentence if self._encrypted else f"{sentence} If it expects TLS, add --tls."

    def _again(self, failure: Failure, kind: type[ChatError]) -> None:
        """
        Connect again after a while, or end.

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
        End, whatever is still under way.
        """
        if self._over:
            return
        self._over = self._leaving = True
        self._quiet(self._watch)
        self._quiet(self._pulse)
        self._connector.forget()
        count = self._sender.unconfirmed
        if count and self._everEntered:
            what = "1 message is" if count == 1 else f"{count} messages are"
            reason = f"{error.sentence} " if error is not None else ""
            error = Unconfirmed(f"{reason}{what} unconfirmed.")
        self._ui.ended(error)

    # Lines coming and going.

    def linesReceived(self, lines: Sequence[bytes | Excess]) -> None:
        """See L{connection.Owner.linesReceived}."""
        if self._leaving and not self.online:
            # The user left before the welcome: it must not be shown any more, nor must another
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
                    # A bug or a whim of the server costs a line, not the connection.
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
        Handle what changes the state of the connection.

        @return: whether there is nothing left for the user interface.
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
                # At the end of the input it is the client that asks for this goodbye.
                return self._finishing and self._leaving
            return False
        return True

    def _prove(self, challenge: str) -> None:
        """
        Answer a challenge; a server that cannot be the right one gets no answer.
        """
        try:
            answer = self.login.answer(challenge)
        except ChatError as error:
            self._end(error)
        else:
            self._connector.write(self._dialect.prove(answer))

    def _fallBack(self) -> None:
        """
        Speak text, over a new connection, since the server knows nothing else.
        """
        try:
            self.login.fallBack()
        except ChatError as error:
            self._end(error)
            return
        self._sender.dialect = TextClientDialect(self.session, self.outbox)
        self._quiet(self._watch)
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
        self._quiet(self._watch)
        self._pulse = self._clock.callLater(HEARTBEAT_INTERVAL, self._beat)
        self._sender.open = True
        self._ui.entered(message, again)
        self._sender.opened()

    def _refused(self, refusal: ServerMessage) -> None:
        """
        Ask for a proof, or for another name.  A name that was good before has another owner for
        now, perhaps the connection that was lost: a later attempt may find it free.
        """
        self._quiet(self._watch)
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
        Hold the input exactly as long as a line given now would have to wait.
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
        Give up waiting for the answers that the server owes after the end of the input.  While our
        own output holds them up, wait on.
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
        Call something after a time, unless another wait begins before.
        """
        self._quiet(self._watch)
        self._watch = self._clock.callLater(delay, then)

    def _quiet(self, timer: IDelayedCall | None) -> None:
        if timer is not None and timer.active():
            timer.cancel()
