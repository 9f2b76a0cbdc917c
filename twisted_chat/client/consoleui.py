# -*- test-case-name: tests.client -*-
"""
Displays a link in a console: the user interface in a terminal.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ..console.completion import candidates
from ..console.console import Console
from ..console.inputhistory import withoutSecrets
from ..console.local import LocalHost
from ..console.process import DONE, LOST, SIGNALLED, UNREACHABLE
from ..console.styledtext import NOTICE, PLAIN, REFUSAL, Line, Style
from ..errors import ChatError
from ..text.cleaning import neutralise
from ..wire.events import JOINED, LEFT, SPOKEN, Event
from .accountcommands import AccountCommands
from .away import SEARCHED, Absence
from .devicesecrets import DeviceSecrets
from .dialect import isCommand, isQuit
from .link import ChatLink
from .localcommands import LocalCommands
from .messages import (
    ACCOUNT,
    BYE,
    COMMANDS,
    CONNECTED,
    LOGIN,
    NAMES,
    PROMPT,
    READ,
    REGISTERED,
    ROOM,
    ServerMessage,
)
from .reading import Reading
from .rendering import asSentence, reconnected
from .sessionfile import SessionFile
from .settings import Seen, Settings
from .ui import Unconfirmed
from .view import View

_DIALECT_COMMANDS = ("/help", "/me", "/msg", "/quit", "/r")
"""Commands that are always offered, because the client itself interprets them."""

_FOLD_DELAY = 1.0
"""Seconds for which joins and leaves are collected after one was shown."""

_SHOWN_ROOMS = 3
"""Most rooms with unread messages that are named before the prompt."""

_LEAVING = re.compile(r"/(join|leave|part)\b", re.IGNORECASE)
"""Commands that may change the current room."""

_HIDDEN = "..."
"""Stands on the screen in the place of a secret."""

_SHOWN_BEFORE = 3
"""How many read messages are shown before the unread ones of a room."""

_SHOWN_UNREAD = 100
"""Most unread messages that are shown when the user enters their room; /history shows more."""

_SHOWN_NAME = 40
"""Most characters of a name that are shown in the status; names of an honest server are shorter."""


class ConsoleUI:
    """
    Shows a link in a console, and owns both.  See L{ui.UserInterface},
    L{console.console.ConsoleDelegate}, L{localcommands.CommandContext} and
    L{accountcommands.AccountContext}.
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
        secrets: DeviceSecrets | None = None,
    ) -> None:
        """
        @param where: the server, in words.
        @param now: the wall time, in seconds since the epoch, UTC.
        @param log: returns the lines that were logged.
        @param sessions: keeps the session for the next run; C{None} to begin a new one each time.
        @param secrets: keeps the secrets by which this device logs in; C{None} to keep none.
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
        self._secrets = secrets
        self._serverCommands: tuple[str, ...] = ()
        self._room = ""
        self._warning = ""
        self._goodbye = ""
        self._fold: IDelayedCall | None = None

    def use(self, link: ChatLink) -> None:
        """
        Display this link, and let it resume the session of an earlier run under the wanted name.
        """
        self.link = link
        self._reading = Reading(self._clock, link.tellRead, lambda: self.console.visible)
        self._absence = Absence(link.session, self._reading)
        self._view = View(self._settings, link.session, self._reading)
        self._accounts = AccountCommands(link, self._secrets, self)
        if link.session.name:
            self._resume(link.session.name)

    def _resume(self, name: str) -> None:
        """
        Take over the stored session of a name, unless another client is using it.
        """
        stored = None
        if self._sessions is not None and not self.link.speaksText:
            self._sessions.release()
            stored = self._sessions.take(name)
        if stored is not None:
            mine = self.link.session
            mine.name = name
            mine.token, mine.epoch, mine.last = stored.token, stored.epoch, stored.last
            mine.account = stored.account

    def begin(self, console: Console) -> None:
        """
        Connect, once the console is drawn.  A missing name is asked for at once, so that nothing
        typed before the connection is made is lost.
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
        Store the session and the newest event seen, for the next run.
        """
        mine = self.link.session
        if mine.epoch and self._room:
            self._seen.keep(mine.epoch, mine.last)
            if self._sessions is not None:
                self._sessions.keep(mine)

    # Called by the console

    def _throttled(self, full: bool) -> None:
        """
        Stop reading from the server while the terminal takes no output, so that nothing is lost.
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
        @return: a hint if the text was begun in a room that is no longer the current one; empty for
            a command, which is not a message to a room.
        """
        return "" if not text.strip() or isCommand(text) else self._warning

    def _said(self, line: str) -> None:
        if not isCommand(line):
            self._warning = ""
        if _LEAVING.match(line) is not None or isQuit(line):
            # The server accepts a mark only for a room that the user is still in.
            self._reading.flush()
        try:
            if not (self._commands.does(line) or self._accounts.does(line)):
                self.link.say(line)
                self._accounts.followed(line)
        except ChatError as error:
            self.refuse(error.sentence)

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

    # Called by the link

    def nameWanted(self, refusal: str | None, code: str = "") -> None:
        """See L{ui.UserInterface.nameWanted}."""
        if refusal is not None:
            self.refuse(refusal)
        if not self._asking:
            self._asking = True
            self.console.ask(f"{PROMPT} ", self._named, shown=_nameAlone)

    def _named(self, answer: str) -> None:
        self._asking = False
        # Names have no blanks, so a password may follow one.
        name, _, password = answer.strip().partition(" ")
        if not name:
            self.nameWanted(None)
            return
        if name != self.link.session.name:
            self.link.session.forget()
            self._resume(name)
            self.link.session.name = name
        self.link.enter(name, password)

    def passwordWanted(self, name: str, refusal: str | None) -> None:
        """See L{ui.UserInterface.passwordWanted}."""
        if refusal is not None:
            self.refuse(refusal)
        elif not self._asking:
            self.notice(
                f"{name} is registered: if it is yours, give its password or a one-time code; Enter"
                " alone takes you to another name"
            )
        if not self._asking:
            self._asking = True
            self.askPassword(name, lambda password: self._proved(name, password))

    def _proved(self, name: str, password: str) -> None:
        self._asking = False
        if password.strip():
            self.link.enter(name, password)
        else:
            self.nameWanted(None)

    def entered(self, message: ServerMessage, again: bool) -> None:
        """See L{ui.UserInterface.entered}."""
        self._endTick()
        self._goodbye = ""
        mine, room = self.link.session, self._room
        if message.welcome is not None:
            welcome = message.welcome
            self._reading.welcomed(welcome.marks, welcome.unread, welcome.last)
            self._view.entered()
            if self._reading.missed(mine.room):
                # The output after the welcome shows it.
                self._reading.shown(mine.room, welcome.last)
        self._enterRoom()
        self.link.askCommands()
        self.link.askNames()
        if not again:
            self._show(CONNECTED)
            self.console.ownLine = self._own
            if message.welcome is not None and message.welcome.resumed:
                missed = f"{message.welcome.missed} missed; --name starts under another name"
                self.notice(f"You are {mine.name} again, in {mine.room}: {missed}")
            elif not mine.account:
                self._view.markAfter(self._seen.last(mine.epoch))
            sought = self._absence.begin(message.welcome and message.welcome.unread)
            if sought:
                self.link.askSearch(sought, SEARCHED)
            self._offerDevice()
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

    def _offerDevice(self) -> None:
        """
        Offer to let this device log in by itself the next time; a one-time code was given for that,
        so then do it without asking.
        """
        account, kept = self.link.session.account, self._secrets
        if kept is None or self.link.speaksText:
            return
        if self.link.login.byCode:
            try:
                self._accounts.registerDevice()
            except ChatError as error:
                self.refuse(error.sentence)
        elif account and self.link.login.hasPassword and kept.find(account) is None:
            self.notice("/register lets this device in without the password from now on")

    def _enterRoom(self) -> int:
        """
        Note the current room, for which the text of the input is meant from now on.

        @return: how many of its messages from before the client entered are unread.
        """
        if self._room and self._room != self.link.session.room:
            self._reading.left(self._room)
        self._room = self.link.session.room
        self._warning = ""
        self._view.known.entered(self._room)
        missed = self._reading.missed(self._room)
        self._reading.looked(self._room, self.link.session.last)
        return missed

    def _moved(self, former: str) -> None:
        """
        Tell the user that the server changed the current room.  A text that they have begun was
        meant for the former room, so it is sent only once they confirm it.
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
        if any(each.kind in (ROOM, LOGIN) for each in batch):
            former = self._room
            missed = self._enterRoom()
            if missed:
                self.link.askHistory(self._room, min(missed, _SHOWN_UNREAD) + _SHOWN_BEFORE)
            self.link.askNames()
            if any(each.kind == LOGIN for each in batch):
                self.remember()
            if any(each.kind == ROOM and each.forced for each in batch) and former != self._room:
                self._moved(former)
        if self._view.alert:
            self._view.alert = False
            self.console.bell()
        self._status()

    def _learned(self, message: ServerMessage) -> bool:
        """
        @return: whether the message answers a request of the client itself, and is not for the
            user.
        """
        if self._accounts.answered(message):
            if message.kind == REGISTERED:
                self._reading.registered()
                self.remember()
        elif message.answers == "search":
            told = self._absence.found(message)
            if told:
                self.notice(told)
        elif message.answers == "history":
            self._showMissed(message.events)
        elif message.kind == READ:
            self._reading.readElsewhere(message.room, message.id)
        elif message.answers == ACCOUNT:
            self.remember()
        elif message.kind == NAMES:
            now = self._clock.seconds()
            self._view.known.listed(message.room, message.names, message.more, now)
        elif message.kind == COMMANDS:
            self._serverCommands = tuple(
                f"/{each.removeprefix('/')}" for each in message.names if each.strip("/")
            )
        else:
            return False
        return True

    def _showMissed(self, events: Sequence[Event]) -> None:
        """
        Show the messages of a room that the user missed, and where they stopped reading.
        """
        for event in events:
            if event.kind in SPOKEN and event.id <= self._reading.newest:
                self._view.entered(event.room)
                break
        self._coming += [
            ServerMessage(event.kind, event=event, old=True)
            for event in events
            if event.kind in SPOKEN and event.id <= self._reading.newest
        ]
        self._unfold()

    def _folded(self) -> None:
        self._fold = None
        if self._coming:
            self.received(())

    def _unfold(self) -> None:
        """
        Show the joins and leaves that were collected.
        """
        batch, self._coming = self._coming, []
        for line in self._view.lines(batch, self._now()):
            self.console.show(line)

    def _own(self, text: str) -> Sequence[Line]:
        self._unfold()
        return self._view.own(withoutSecrets(text, _HIDDEN), self._now())

    def offline(self, sentence: str, delay: float, unconfirmed: int) -> None:
        """See L{ui.UserInterface.offline}."""
        self._reading.stop()
        self._accounts.disconnected()
        if self._tick is None:
            why = "" if sentence == self._goodbye else f"{asSentence(sentence)} "
            self.notice(f"{why}What you say waits for the connection.")
        self._endTick()
        self._due = self._clock.seconds() + delay
        self._status()

    def ended(self, error: ChatError | None) -> None:
        """See L{ui.UserInterface.ended}."""
        self._reading.stop()
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
        self._reading.flush()
        self.link.leave()

    # Called by the commands

    def notice(self, text: str) -> None:
        """See L{CommandContext.notice}."""
        self._show(f"* {text}", NOTICE)

    def refuse(self, text: str) -> None:
        """See L{AccountContext.refuse}."""
        self._show(f"! {text}", REFUSAL)

    def askPassword(self, name: str, answered: Callable[[str], None]) -> None:
        """See L{AccountContext.askPassword}."""

        def take(password: str) -> None:
            try:
                answered(password)
            except ChatError as error:
                self.refuse(error.sentence)

        self.console.ask(f"Password of {_short(name)} (not shown) > ", take, secret=True)

    def clear(self) -> None:
        """See L{CommandContext.clear}."""
        self.console.clear()

    def setColor(self, color: bool) -> None:
        """See L{CommandContext.setColor}."""
        self.console.setColor(color)

    def resend(self) -> int:
        """See L{CommandContext.resend}."""
        return self.link.resend()

    def accountOf(self, name: str) -> str:
        """See L{CommandContext.accountOf}."""
        return self._view.known.accountOf(name)

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
        Show the current room, unread messages and the time of the next attempt before the prompt.
        """
        mine = self.link.session
        parts = [f"[{_short(mine.room)}]"] if mine.room else []
        unread = [each for each in self._reading.counts.items() if each[0] != mine.room]
        parts += [f"[{_short(room)} {count}]" for room, count in unread[:_SHOWN_ROOMS]]
        if len(unread) > _SHOWN_ROOMS:
            parts.append(f"[{len(unread) - _SHOWN_ROOMS} more]")
        if not self.link.online and self._due:
            left = max(0, round(self._due - self._clock.seconds()))
            parts.append(f"[offline, retry {left} s]" if left else "[offline]")
            self._endTick()
            self._tick = self._clock.callLater(1, self._status)
        self.console.setStatus(" ".join(parts))
        owner = f" ({_short(mine.account)})" if mine.account not in ("", mine.name) else ""
        self.console.setPrompt(f"{_short(mine.name)}{owner}> ")

    def _endTick(self) -> None:
        tick, self._tick = self._tick, None
        if tick is not None and tick.active():
            tick.cancel()


def _nameAlone(answer: str) -> str:
    """
    @return: the visible part of a name that a password may follow.
    """
    name, _, password = answer.lstrip().partition(" ")
    return f"{name} {_HIDDEN}" if password.strip() else answer


def _short(name: str) -> str:
    return name if len(name) <= _SHOWN_NAME else f"{name[:_SHOWN_NAME]}..."
