# -*- test-case-name: tests.client.test_consoleui -*-
"""
The face in a terminal: a link shown in a console.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from ..console.completion import candidates
from ..console.console import Console
from ..console.local import LocalHost
from ..console.process import DONE, LOST, SIGNALLED, UNREACHABLE
from ..console.styledtext import NOTICE, REFUSAL, Line, Segment
from ..errors import ChatError
from ..text.cleaning import neutralise
from ..wire.events import JOINED, LEFT
from .link import ChatLink
from .localcommands import Verbs
from .messages import BYE, CONNECTED, PROMPT, ROOM, Heard
from .rendering import asSentence, reconnected
from .settings import Seen, Settings
from .ui import Unconfirmed
from .view import View

_SERVER_COMMANDS = (
    "/help /names /who /nick /msg /r /me /join /leave /rooms /topic /invite /lock /unlock "
    "/history /search /quit"
).split()

_INTERRUPT = 2
"""The number of SIGINT."""

_FOLD_DELAY = 1.0
"""Seconds for which comings and goings are gathered after one was shown."""

_SHOWN_ROOMS = 3
"""So many rooms with something unread are named before the prompt."""

_SHOWN_NAME = 40
"""So many characters of a name stand there; those of a good server are shorter."""


class TalkFace:
    """
    Shows a link in a console, and is the owner of both.  See L{ui.Face},
    L{console.console.ConsoleDelegate} and L{localcommands.Stage}.
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
    ) -> None:
        """
        @param where: the server, in words.
        @param now: the wall time, in seconds since the epoch, UTC.
        @param log: what was logged, in lines.
        """
        self._clock = clock
        self._host = host
        self._where = where
        self._now = now
        self._log = log
        self._settings = Settings.load(environ)
        self._seen = Seen(environ, where)
        self._verbs = Verbs(self._settings, self)
        self._verdict: tuple[int, str] | None = None
        self._due = 0.0
        self._asking = False
        self._tick: IDelayedCall | None = None
        self._coming: list[Heard] = []
        self._goodbye = ""
        self._fold: IDelayedCall | None = None

    def use(self, link: ChatLink) -> None:
        """
        Show this link.
        """
        self.link = link
        self._view = View(self._settings, link.standing)

    def begin(self, console: Console) -> None:
        """
        The console is drawn: connect.  What is typed until then is not lost: a missing name is
        asked for at once.
        """
        self.console = console
        console.throttled = self._throttled
        if not self._settings.color:
            console.setColor(False)
        if not self.link.standing.name:
            self.nameWanted(None)
        self.link.start()

    def remember(self) -> None:
        """
        Keep for the next run until where the log was seen.
        """
        mine = self.link.standing
        if mine.epoch:
            self._seen.keep(mine.epoch, mine.last)

    # What the console tells.

    def _throttled(self, full: bool) -> None:
        """
        A terminal that takes no more holds the server back; nothing is lost.
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

    def _said(self, line: str) -> None:
        try:
            if not self._verbs.does(line):
                self.link.say(line)
        except ChatError as error:
            self._show(f"! {error.sentence}", REFUSAL)

    def complete(self, text: str, cursor: int) -> Sequence[str]:
        """See L{ConsoleDelegate.complete}."""
        self._unfold()
        mine = self.link.standing
        names = [each for each in reversed(self._view.names) if each != mine.name]
        rooms = sorted({mine.lobby, mine.room, *self._view.rooms} - {""})
        return candidates(text, cursor, [*_SERVER_COMMANDS, *self._verbs.names], names, rooms)

    def interrupted(self) -> None:
        """See L{ConsoleDelegate.interrupted}."""
        self._finish(SIGNALLED + _INTERRUPT)

    def eof(self) -> None:
        """See L{ConsoleDelegate.eof}."""
        self._finish(DONE)

    # What the link tells.

    def nameWanted(self, refusal: str | None) -> None:
        """See L{ui.Face.nameWanted}."""
        if refusal is not None:
            self._show(f"! {refusal}", REFUSAL)
        if not self._asking:
            self._asking = True
            self.console.ask(f"{PROMPT} ", self._named)

    def _named(self, name: str) -> None:
        self._asking = False
        if name.strip():
            self.link.enter(name.strip())
        else:
            self.nameWanted(None)

    def entered(self, heard: Heard, again: bool) -> None:
        """See L{ui.Face.entered}."""
        self._endTick()
        self._goodbye = ""
        if not again:
            self._show(CONNECTED)
            self.console.ownLine = self._own
            self.link.askNames()
            self._view.markAfter(self._seen.last(self.link.standing.epoch))
        else:
            self.notice(reconnected(heard))
            if self.link.outbox.doubtful:
                self.notice(
                    f"Unconfirmed messages: {self.link.outbox.doubtful}; /resend says them again"
                )
        self._status()

    def heard(self, batch: Sequence[Heard]) -> None:
        """See L{ui.Face.heard}.  Comings and goings are folded over time."""
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
            self.link.askNames()
        if self._view.alert:
            self._view.alert = False
            self.console.bell()
        self._status()

    def _folded(self) -> None:
        self._fold = None
        if self._coming:
            self.heard(())

    def _unfold(self) -> None:
        """
        Show what was gathered.
        """
        batch, self._coming = self._coming, []
        for line in self._view.lines(batch, self._now()):
            self.console.show(line)

    def _own(self, text: str) -> Line:
        self._unfold()
        return self._view.own(text, self._now())

    def offline(self, sentence: str, delay: float, unconfirmed: int) -> None:
        """See L{ui.Face.offline}."""
        if self._tick is None:
            why = "" if sentence == self._goodbye else f"{asSentence(sentence)} "
            self.notice(f"{why}What you say waits for the connection.")
        self._endTick()
        self._due = self._clock.seconds() + delay
        self._status()

    def ended(self, error: ChatError | None) -> None:
        """See L{ui.Face.ended}."""
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
        """See L{ui.Face.hold}.  A person goes on typing: the link queues."""

    def release(self) -> None:
        """See L{ui.Face.release}."""

    def _finish(self, code: int) -> None:
        self._verdict = self._verdict or (code, "")
        self.link.leave()

    # What the commands act on.

    def notice(self, text: str) -> None:
        """See L{Stage.notice}."""
        self._show(f"* {text}")

    def clear(self) -> None:
        """See L{Stage.clear}."""
        self.console.clear()

    def setColor(self, color: bool) -> None:
        """See L{Stage.setColor}."""
        self.console.setColor(color)

    def resend(self) -> int:
        """See L{Stage.resend}."""
        return self.link.resend()

    def debug(self) -> Iterable[str]:
        """See L{Stage.debug}."""
        mine, box = self.link.standing, self.link.outbox
        yield f"server {self._where}, {'text' if self.link.speaksText else 'JSON'} dialect"
        yield f"last event {mine.last}, unconfirmed {len(box)}, in doubt {box.doubtful}"
        yield from self._log()

    def _show(self, text: str, style: object = None) -> None:
        self._unfold()
        look = REFUSAL if style is REFUSAL else NOTICE if text.startswith("* ") else None
        self.console.show(Line.of(Segment(text, look)) if look is not None else text)

    # The prompt.

    def _status(self) -> None:
        """
        Say before the prompt where one is, what waits elsewhere, and when the next attempt is.
        """
        mine = self.link.standing
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
