# -*- test-case-name: tests.ops.test_reloading -*-
"""
Reads the options once more while the server runs, and has what may change take effect: all of it,
or nothing if anything in them is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from twisted.logger import Logger

from ..errors import ChatError

Options = Mapping[str, Any]


class Change(NamedTuple):
    """
    Options that take effect at once.

    @ivar names: which ones.
    @ivar prepare: given the new options, reads what they lead to and returns what makes it take
        effect, which cannot fail; or C{None} if all is as before.  Raises a L{ChatError} if they
        cannot be used.
    """

    names: Sequence[str]
    prepare: Callable[[Options], Callable[[], None] | None]


def whenChanged(names: Sequence[str], inForce: Options, apply: Callable[[Options], None]) -> Change:
    """
    @param inForce: the options as they are.
    @param apply: makes new options take effect, and cannot fail.
    @return: a change of options that are no more than their values.
    """
    current = {name: inForce[name] for name in names}

    def prepare(new: Options) -> Callable[[], None] | None:
        wanted = {name: new[name] for name in names}
        if wanted == current:
            return None

        def commit() -> None:
            current.update(wanted)
            apply(new)

        return commit

    return Change(names, prepare)


class Reloader:
    """
    Reloads the options.
    """

    _log = Logger("chat")

    def __init__(
        self, read: Callable[[], Options], inForce: Options, changes: Sequence[Change]
    ) -> None:
        """
        @param read: reads the options; raises a L{ChatError} if they cannot be used.
        @param inForce: those that the server was started with.
        @param changes: what may change; all other options need a restart.
        """
        self._read = read
        self._current = dict(inForce)
        self._changes = changes

    def reload(self) -> str:
        """
        Read the options and have them take effect; the log says what came of it.

        @return: the same sentence.
        @raise ChatError: if anything is wrong: nothing has changed.
        """
        try:
            new = self._read()
            prepared = [(change.names, change.prepare(new)) for change in self._changes]
        except ChatError as error:
            sentence = f"not reloaded, nothing was changed: {error.sentence}"
            self._log.error("{sentence}", sentence=sentence)
            raise type(error)(sentence) from None
        done: list[str] = []
        for names, commit in prepared:
            if commit is not None:
                commit()
                # Where no option is another one, a file that it names is.
                done += self._changed(names, new) or names
                self._current.update({name: new[name] for name in names})
        sentence = f"reloaded: {_listed(done)} changed" if done else "reloaded: nothing changed"
        waiting = self._waiting(new)
        if waiting:
            sentence += f"; {_listed(waiting)} will change at the next start"
        self._log.info("{sentence}", sentence=sentence)
        return sentence

    def _waiting(self, new: Options) -> list[str]:
        live = {name for change in self._changes for name in change.names}
        names = {*new, *self._current} - live
        return self._changed(sorted(names), new)

    def _changed(self, names: Sequence[str], new: Options) -> list[str]:
        return [name for name in names if new.get(name) != self._current.get(name)]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"--{name}" for name in names)
