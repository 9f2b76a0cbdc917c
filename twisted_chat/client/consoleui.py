# -*- test-case-name: tests.client.test_consoleui -*-
"""
Shows a link in a console: the user interface in a terminal.
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Mapping, Sequence

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ..console.completion import candidates
from ..console.console import Console
from ..console.local import LocalHost
from ..console.process import DONE, LOST, SIGNALLED, UNREACHABLE
from ..console.styledtext import NOTICE, PLAIN, REFUSAL, Line, Style
from ..errors import ChatError
from ..text.cleaning import neutralise
from ..wire.events import JOINED, LEFT
from .dialect import isCommand
from .link import ChatLink
from .localcommands import LocalCommands
from .messages import BYE, COMMANDS, CONNECTED, NAMES, PROMPT, ROOM, ServerMessage
from .rendering import asSentence, reconnected
from .sessionfile import SessionFile
from .settings import Seen, Settings
from .ui import Unconfirmed
from .view import View

_DIALECT_COMMANDS = ("/help", "/me", "/msg", "/quit", "/r")
"""The commands that the client takes part in, whatever else the server knows."""

_FOLD_DELAY = 1.0
"""Seconds for which joins and leaves are gathered after one was shown."""

_SHOWN_ROOMS = 3
"""How many rooms with unread messages are named before the prompt."""

_SHOWN_NAME = 40
"""How many characters of a name are shown there; those of a good server are shorter."""


class ConsoleUI:
    """
    Shows a link in a console, and owns both.  See L{ui.UserInterface},
    L{console.console.ConsoleDelegate} and L{localcommands.CommandContext}.
    """

    console: Console

    def __init__(
        self,
        clock: IReactorTime,
        host: LocalHost,
        environ: Mapping[str, str],
        where: str,
        now: Callable[[], float],
        log: Callable[[], Iterable[str]] = tuple,
        sessions: SessionFile | None = None,
    ) -> None:
        """
        @param where: the server, in words.
        @param now: the wall time, in seconds since the epoch, UTC.
        @param log: what was logged, in lines.
        @param sessions: keeps the session for the next run; C{None} to begin a new one each time.
        """
        self._clock = clock
        self._host = host
        self._where = where
        self._now = now
        self._log = log
        self._settings = Settings.load(environ)
        self._seen = Seen(environ, where)
        self._commands = LocalCommands(self._settings, self)
        self._verdict: tuple[int, str] | None = None
        self._due = 0.0
        self._asking = False
        self._tick: IDelayedCall | None = None
        self._coming: list[ServerMessage] = []
        self._sessions = sessions
        self._serverCommands: tuple[str, ...] = ()
        self._room = ""
        self._warning = ""
        self._goodbye = ""
        self._fold: IDelayedCall | None = None

    def use(self, link: ChatLink) -> None:
        """
        Show this link, and resume in it the session of an earlier run if its name is the one that
        the user wants.
        """
        self.link = link
        self._view = View(self._settings, link.session)
        if link.session.name:
            self._resume(link.session.name)

    def _resume(self, name: str) -> None:
        """
        Take the stored session of a name, unless another client is using it.
        """
        stored = None
        if self._sessions is not None and not self.link.speaksText:
            self._sessions.release()
            stored = self._sessions.take(name)
        if stored is not None:
            mine = self.link.session
            mine.name = name
            mine.token, mine.epoch, mine.last = stored.token, stored.epoch, stored.last

    def begin(self, console: Console) -> None:
        """
        Connect, once the console is drawn.  A missing name is asked for at once, so that nothing
        that is typed before the connection is made gets lost.
        """
        self.console = console
        console.throttled = self._throttled
        if not self._settings.color:
            console.setColor(False)
        if not self.link.session.name:
            self.nameWanted(None)
        self._view.begin(self._now())
        console.confirmation = self._confirmation
        self.link.start()

    def remember(self) -> None:
        """
        Store the session, and how far its log was seen, for the next run.
        """
        mine = self.link.session
        if mine.epoch and self._room:
            self._seen.keep(mine.epoch, mine.last)
            if self._sessions is not None:
                self._sessions.keep(mine)

    # What the console tells.

    def _throttled(self, full: bool) -> None:
        """
        Stop reading from the server while the terminal takes no more, so that nothing is lost.
        """
        if full:
            self.link.pauseProducing()
        else:
            self.link.resumeProducing()

    def lineEntered(self, text: str) -> None:
        """See L{ConsoleDelegate.lineEntered}."""
        for line in text.split("\n"):
            if neutralise(line).strip():
                self._said(line)

    def _confirmation(self, text: str) -> str:
        """
        @return: a hint, if the text was begun in a room that the user is no longer in.  Commands
            are no message to a room, so they need none.
        """
        return "" if not text.strip() or isCommand(text) else self._warning

    def _said(self, line: str) -> None:
        if not isCommand(line):
            self._warning = ""
        try:
            if not self._commands.does(line):
                self.link.say(line)
        except ChatError as error:
            self._show(f"! {error.sentence}", REFUSAL)

    def complete(self, text: str, cursor: int) -> Sequence[str]:
        """See L{ConsoleDelegate.complete}."""
        self._unfold()
        mine, known = self.link.session, self._view.known
        if known.stale(self._clock.seconds()):
            self.link.askNames()
        names = [each for each in known.names() if each != mine.name]
        rooms = sorted({mine.lobby, mine.room, *known.rooms} - {""})
        commands = dict.fromkeys(
            (*(self._serverCommands or _DIALECT_COMMANDS), "/quit", *self._commands.names)
        )
        return candidates(text, cursor, commands, names, rooms)

    def interrupted(self) -> None:
        """See L{ConsoleDelegate.interrupted}."""
        self._finish(SIGNALLED + signal.SIGINT)

    def eof(self) -> None:
        """See L{ConsoleDelegate.eof}."""
        self._finish(DONE)

    # What the link tells.

    def nameWanted(self, refusal: str | None, code: str = "") -> None:
        """See L{ui.UserInterface.nameWanted}."""
        if refusal is not None:
            self._show(f"! {refusal}", REFUSAL)
        if not self._asking:
            self._asking = True
            self.console.ask(f"{PROMPT} ", self._named)

    def _named(self, name: str) -> None:
        self._asking = False
        name = name.strip()
        if not name:
            self.nameWanted(None)
            return
        if name != self.link.session.name:
            self.link.session.forget()
            self._resume(name)
            self.link.session.name = name
        self.link.enter(name)

    def entered(self, message: ServerMessage, again: bool) -> None:
        """See L{ui.UserInterface.entered}."""
        self._endTick()
        self._goodbye = ""
        mine, room = self.link.session, self._room
        self._enterRoom()
        self.link.askCommands()
        self.link.askNames()
        if not again:
            self._show(CONNECTED)
            self.console.ownLine = self._own
            if message.welcome is not None and message.welcome.resumed:
                missed = f"{message.welcome.missed} missed; --name starts under another name"
                self.notice(f"You are {mine.name} again, in {mine.room}: {missed}")
            else:
                self._view.markAfter(self._seen.last(mine.epoch))
        else:
            self.notice(reconnected(message))
            if mine.room != room:
                self._moved(room)
            if self.link.outbox.doubtful:
                self.notice(
                    f"Unconfirmed messages: {self.link.outbox.doubtful}; /resend says them again"
                )
        self.remember()
        self._status()

    def _enterRoom(self) -> None:
        """
        Note the current room, in which the input's text is meant to be said from now on.
        """
        self._room = self.link.session.room
        self._warning = ""
        self._view.known.entered(self._room)

    def _moved(self, former: str) -> None:
        """
        Tell that the current room changed without the user's doing.  A text that they have begun
        was meant for the former room, so it is sent only when they confirm it.
        """
        room = self._room
        self._show(f"! You are in {room} now, and no longer in {former}", REFUSAL)
        if self.console.typing:
            self._warning = f"you are in {_short(room)} now, Enter again sends it there"

    def received(self, batch: Sequence[ServerMessage]) -> None:
        """See L{ui.UserInterface.received}.  Joins and leaves are folded over time."""
        batch = [each for each in batch if not self._learned(each)]
        self._coming += batch
        for each in batch:
            if each.kind == BYE:
                self._goodbye = each.text
        if self._fold is None:
            self._fold = self._clock.callLater(_FOLD_DELAY, self._folded)
            self._unfold()
        elif any(each.kind not in (JOINED, LEFT) for each in batch):
            self._unfold()
        if any(each.kind == ROOM for each in batch):
            former = self._room
            self._enterRoom()
            self.link.askNames()
            if any(each.kind == ROOM and each.forced for each in batch) and former != self._room:
                self._moved(former)
        if self._view.alert:
            self._view.alert = False
            self.console.bell()
        self._status()

    def _learned(self, message: ServerMessage) -> bool:
        """
        @return: whether the message answers a request of this client, and is not for the user.
        """
        if message.kind == NAMES:
            now = self._clock.seconds()
            self._view.known.listed(message.room, message.names, message.more, now)
        elif message.kind == COMMANDS:
            self._serverCommands = tuple(
                f"/{each.removeprefix('/')}" for each in message.names if each.strip("/")
            )
        else:
            return False
        return True

    def _folded(self) -> None:
        self._fold = None
        if self._coming:
            self.received(())

    def _unfold(self) -> None:
        """
        Show what was gathered.
        """
        batch, self._coming = self._coming, []
        for line in self._view.lines(batch, self._now()):
            self.console.show(line)

    def _own(self, text: str) -> Sequence[Line]:
        self._unfold()
        return self._view.own(text, self._now())

    def offline(self, sentence: str, delay: float, unconfirmed: int) -> None:
        """See L{ui.UserInterface.offline}."""
        if self._tick is None:
            why = "" if sentence == self._goodbye else f"{asSentence(sentence)} "
            self.notice(f"{why}What you say waits for the connection.")
        self._endTick()
        self._due = self._clock.seconds() + delay
        self._status()

    def ended(self, error: ChatError | None) -> None:
        """See L{ui.UserInterface.ended}."""
        self._endTick()
        self._unfold()
        if self._fold is not None:
            self._fold.cancel()
        if self._verdict is not None:
            self._host.leave(*self._verdict)
        elif error is None:
            self._host.leave(DONE)
        else:
            code = LOST if isinstance(error, Unconfirmed) else UNREACHABLE
            self._host.leave(code, error.sentence)

    def hold(self) -> None:
        """See L{ui.UserInterface.hold}.  The user may go on typing: the link queues."""

    def release(self) -> None:
        """See L{ui.UserInterface.release}."""

    def _finish(self, code: int) -> None:
        self._verdict = self._verdict or (code, "")
        self.link.leave()

    # What the commands act on.

    def notice(self, text: str) -> None:
        """See L{CommandContext.notice}."""
        self._show(f"* {text}", NOTICE)

    def clear(self) -> None:
        """See L{CommandContext.clear}."""
        self.console.clear()

    def setColor(self, color: bool) -> None:
        """See L{CommandContext.setColor}."""
        self.console.setColor(color)

    def resend(self) -> int:
        """See L{CommandContext.resend}."""
        return self.link.resend()

    def debug(self) -> Iterable[str]:
        """See L{CommandContext.debug}."""
        mine, box = self.link.session, self.link.outbox
        yield f"server {self._where}, {'text' if self.link.speaksText else 'JSON'} dialect"
        yield f"last event {mine.last}, unconfirmed {len(box)}, in doubt {box.doubtful}"
        yield from self._log()

    def _show(self, text: str, style: Style = PLAIN) -> None:
        self._unfold()
        self.console.show(text, style)

    # The prompt.

    def _status(self) -> None:
        """
        Show before the prompt the current room, what is unread, and when the next attempt is.
        """
        mine = self.link.session
        self._view.unread.pop(mine.room, None)
        parts = [f"[{_short(mine.room)}]"] if mine.room else []
        unread = list(self._view.unread.items())
        parts += [f"[{_short(room)} {count}]" for room, count in unread[:_SHOWN_ROOMS]]
        if len(unread) > _SHOWN_ROOMS:
            parts.append(f"[{len(unread) - _SHOWN_ROOMS} more]")
        if not self.link.online and self._due:
            left = max(0, round(self._due - self._clock.seconds()))
            parts.append(f"[offline, retry {left} s]" if left else "[offline]")
            self._endTick()
            self._tick = self._clock.callLater(1, self._status)
        self.console.setStatus(" ".join(parts))
        self.console.setPrompt(f"{_short(mine.name)}> ")

    def _endTick(self) -> None:
        tick, self._tick = self._tick, None
        if tick is not None and tick.active():
            tick.cancel()


def _short(name: str) -> str:
    return name if len(name) <= _SHOWN_NAME else f"{name[:_SHOWN_NAME]}..."
