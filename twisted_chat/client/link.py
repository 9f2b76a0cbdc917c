# -*- test-case-name: tests.client.test_link -*-
"""
A person's link to a server: what is said and heard, over all its connections.

A L{ChatLink} knows no terminal and no descriptor.  It shows itself to a L{Face}, which is a pipe, a
file or a terminal.  It promises that nothing but the hello is sent before the server's welcome,
that what waits is sent in the order in which it was typed, and that L{Face.ended} comes last, once.
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

from ..errors import BadObject, ChatError
from ..wire.framing import Excess
from .connection import Connector
from .dialect import Speech, Standing
from .jsondialect import TEXT_ONLY, JSONSpeech
from .messages import BYE, ERROR, REFUSED, WELCOME, Heard
from .outbox import Outbox
from .rendering import explain
from .sender import Postbox
from .textdialect import TextSpeech
from .ui import Face, Gone, Unconfirmed, Unreachable

ANSWER_TIMEOUT = 30.0
"""Seconds without any answer, while one is owed, after which the end of the input is the end."""

LOGIN_TIMEOUT = 30.0
"""Seconds from the hello to the welcome."""

GOODBYE_TIMEOUT = 1.0
"""Seconds that a server has to say goodbye to a person who leaves."""

HEARTBEAT = 30.0
"""
Seconds of silence after which the server is asked whether it is there; after as many more without
an answer the connection is lost.  A laptop that slept does not hear of its connection's end.
"""


@implementer(IPushProducer)
class ChatLink:
    """
    See the module.  To an output it is a producer: pausing it stops reading from the server.

    @ivar standing: what the client is to the server.
    @ivar outbox: what the server has not answered for.
    """

    def __init__(
        self,
        clock: IReactorTime,
        endpoint: IStreamClientEndpoint,
        face: Face,
        where: str,
        prefix: str,
        *,
        retry: bool = False,
        insist: bool = False,
        textOnly: bool = False,
        backlog: int | None = None,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        """
        @param where: the server in words, for sentences.
        @param prefix: begins the keys of all messages: random, so that those of two runs differ.
        @param retry: whether to come back when a connection is lost.
        @param insist: whether to try again when there was none yet.
        @param textOnly: whether to speak the text dialect even if the server knows both.
        @param backlog: how many events from before to ask for; C{None} leaves it to the server.
        @param jitter: a random number from 0 to 1.
        """
        self._clock = clock
        self._connector = Connector(clock, endpoint, self, jitter)
        self._face = face
        self._where = where
        self._retry = retry
        self._insist = insist
        self.outbox = Outbox(prefix)
        self.standing = Standing(backlog=backlog)
        speech = (TextSpeech if textOnly else JSONSpeech)(self.standing, self.outbox)
        self._postbox = Postbox(self.outbox, speech, self._connector.write, self._quit)
        self._sentence = ""
        self._watch: IDelayedCall | None = None
        self._pulse: IDelayedCall | None = None
        self._greeted = False
        self._asleep = False
        self._everEntered = False
        self._finishing = False
        self._leaving = False
        self._over = False
        self._paused = False
        self._clogged = False
        self._holding = True

    @property
    def _speech(self) -> Speech:
        return self._postbox.speech

    # What a face asks for.

    @property
    def online(self) -> bool:
        """
        Whether the server has said welcome and the connection stands.
        """
        return self._postbox.open

    @property
    def speaksText(self) -> bool:
        """
        Whether the text dialect is spoken: without ids, times, keys and sessions.
        """
        return isinstance(self._speech, TextSpeech)

    def start(self) -> None:
        """
        Connect.  L{Face.nameWanted} follows if L{enter} was not called before.
        """
        self._connector.connect()

    def enter(self, name: str) -> None:
        """
        Take this name, now or as soon as there is a connection.
        """
        self.standing.name = name
        if self._connector.connected:
            self._greet()
        elif self._asleep:
            self._asleep = False
            self._connector.connect()

    def say(self, line: str) -> None:
        """
        Send a line as a person types it: a message or a command.  Without a connection a message
        waits for the next one.

        @raise OutboxFull: if too many lines wait already.
        @raise BadCommand: if it is a command and there is no connection.
        """
        if not self._leaving:
            self._postbox.say(line)
            self._flow()

    def send(self, fields: dict[str, Any]) -> None:
        """
        Send an object as a program writes it, to a server that speaks the JSON dialect.  Messages
        wait for a connection as those of L{say} do.

        @raise OutboxFull: as L{say}.
        @raise BadCommand: as L{say}.
        @raise BadObject: if it is not for programs to send.
        """
        if not self._leaving:
            self._postbox.send(fields)
            self._flow()

    def askNames(self) -> None:
        """
        Ask who is in the current room, where the dialect has a way to: what the server answers is
        heard as L{messages.NAMES}.
        """
        if self.online and not self._leaving:
            self._connector.write(self._speech.names())

    def resend(self) -> int:
        """
        Send again what is in doubt.

        @return: how many messages that are.
        """
        count = self._postbox.resend()
        self._flow()
        return count

    def finish(self) -> None:
        """
        No more lines will come: leave when everything is answered.
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
            self._connector.write(self._speech.bye())
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
        """The output is gone: whoever owns it decides what follows."""

    # Connections coming and going.

    def connectionMade(self) -> None:
        """See L{connection.Owner.connectionMade}."""
        self._sentence = ""
        self._greeted = self._clogged = False
        self._speech.connected()
        if self.standing.name:
            self._greet()
        else:
            self._face.nameWanted(None)

    def _greet(self) -> None:
        if not self._greeted:
            self._greeted = True
            self._await(LOGIN_TIMEOUT, self._break)
            self._connector.write(self._speech.hello())

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
            self._postbox.closed()
        if self._leaving or (entered and self._finishing and not self.outbox.expected):
            self._end(None)
        elif entered or self._greeted or not settled:
            self._again(reason, Gone if entered else Unreachable)
        else:
            # A person thinks about a name for longer than the server waits for it.
            self._asleep = True
        self._flow()

    def _again(self, failure: Failure, kind: type[ChatError]) -> None:
        """
        Come back after a while, or end.

        @param kind: what the end would be.
        """
        if isinstance(failure.value, ChatError):
            self._end(failure.value)
            return
        sentence = self._sentence or explain(failure, self._where)
        if self._retry if self._everEntered else self._insist:
            self._face.offline(sentence, self._connector.comeBack(), self.outbox.doubtful)
        else:
            self._end(kind(sentence))

    def _end(self, error: ChatError | None) -> None:
        """
        It is over, whatever is still under way.
        """
        if self._over:
            return
        self._over = self._leaving = True
        self._quiet(self._watch)
        self._quiet(self._pulse)
        self._connector.forget()
        count = self._postbox.unconfirmed
        if count and self._everEntered:
            what = "1 message is" if count == 1 else f"{count} messages are"
            reason = f"{error.sentence} " if error is not None else ""
            error = Unconfirmed(f"{reason}{what} unconfirmed.")
        self._face.ended(error)

    # Lines coming and going.

    def linesReceived(self, lines: Sequence[bytes | Excess]) -> None:
        """See L{connection.Owner.linesReceived}."""
        if self._leaving and not self.online:
            # Who leaves before he is let in hears no more: neither a welcome, nor that another
            # dialect is to be tried.
            return
        batch: list[Heard] = []
        speech = self._speech
        for line in lines:
            try:
                if isinstance(line, Excess):
                    raise BadObject("the server sent a line that is too long")
                heards = speech.hear(line)
            except BadObject as error:
                self._tell(batch)
                self._break(f"This is no chat server, at {self._where}: {error.sentence}.")
                return
            for heard in heards:
                if not self._turn(heard, batch):
                    batch.append(heard)
            if self._over or speech is not self._speech:
                return
        self._tell(batch)
        if not self._leaving:
            self._postbox.answered()
        if self._finishing and self.online:
            self._await(ANSWER_TIMEOUT, self._unanswered)
        self._settle()
        self._flow()

    def _tell(self, batch: list[Heard]) -> None:
        if batch:
            self._face.heard(tuple(batch))
            batch.clear()

    def _turn(self, heard: Heard, batch: list[Heard]) -> bool:
        """
        Do what the state of the connection asks for.

        @return: whether that is all there is to do.
        """
        if heard.kind == WELCOME:
            self._tell(batch)
            self._welcomed(heard)
        elif heard.kind == REFUSED:
            self._tell(batch)
            self._refused(heard.text)
        elif heard.kind == TEXT_ONLY:
            self._postbox.speech = TextSpeech(self.standing, self.outbox)
            self._quiet(self._watch)
            self._connector.forget()
            self._connector.connect()
        elif heard.kind == ERROR and not self.online:
            self._sentence = heard.text
        else:
            if heard.kind == BYE:
                self._sentence = heard.text
                # Nobody asked for the goodbye that only ends the input's last answers.
                return self._finishing and self._leaving
            return False
        return True

    def _welcomed(self, heard: Heard) -> None:
        again, self._everEntered = self._everEntered, True
        self._quiet(self._watch)
        self._pulse = self._clock.callLater(HEARTBEAT, self._beat)
        self._postbox.open = True
        self._face.entered(heard, again)
        self._postbox.opened()

    def _refused(self, sentence: str) -> None:
        """
        A name that was good before is held by somebody else for now, perhaps by the connection
        that was lost: a later attempt may find it free.
        """
        self._quiet(self._watch)
        if self._everEntered:
            self._break(sentence)
        else:
            self._greeted = False
            self._face.nameWanted(sentence)

    def _beat(self) -> None:
        self._pulse = self._clock.callLater(HEARTBEAT, self._beat)
        silence = self._connector.silence
        ping = self._speech.ping() if silence >= HEARTBEAT else b""
        if ping and silence >= 2 * HEARTBEAT:
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
        hold = self._postbox.full or self._leaving or self._clogged
        if hold != self._holding:
            self._holding = hold
            if hold:
                self._face.hold()
            else:
                self._face.release()

    def _settle(self) -> None:
        """
        Leave if the input has ended and nothing is owed any more.
        """
        if not self._finishing or self._leaving or self._postbox.owes:
            return
        if self.online:
            if self.speaksText and not self._speech.unanswered:
                self._close()
            else:
                self._quit()
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
        self._connector.write(self._speech.bye())
        owed = self.outbox.expected or self._finishing
        self._await(ANSWER_TIMEOUT if owed else GOODBYE_TIMEOUT, self._close)

    def _unanswered(self) -> None:
        """
        The input has ended and the server owes answers.  If it is our own output that holds them
        up, it may take as long as it wants.
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
        Do something after a time, unless another wait begins before.
        """
        self._quiet(self._watch)
        self._watch = self._clock.callLater(delay, then)

    def _quiet(self, timer: IDelayedCall | None) -> None:
        if timer is not None and timer.active():
            timer.cancel()
