# -*- test-case-name: tests.ops.test_config -*-
"""
A file of options: TOML, whose keys are the long options.

The file becomes arguments that stand in front of the real ones, so what may be written and what is
said of what may not be is the same in both places.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from pathlib import Path
from textwrap import wrap
from typing import Any, Final, NamedTuple

from ..errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover
    import tomli as tomllib

APART: Final = frozenset({"config", "check", "help", "version"})
"""Options that are about one start and not about the server, so that no file has them."""

WIDTH: Final = 98
"""Characters of a line of the sample."""


class Kind(Enum):
    """
    What an option takes.
    """

    FLAG = "true or false"
    NUMBER = "a number"
    TEXT = 'text, such as "chat.sqlite"'
    LIST = 'a list of texts, such as ["5000", "unix:/run/chat.sock"]'


class Setting(NamedTuple):
    """
    An option as a file may have it.

    @ivar kind: what it takes.
    @ivar default: what holds without it, or C{None}.
    @ivar help: what it is for, in one sentence.
    """

    kind: Kind
    default: object
    help: str


class ConfigFile:
    """
    What a file says.

    @ivar path: the file.
    @ivar names: the options in it, in their order.
    """

    def __init__(self, path: str, text: str, values: Mapping[str, Sequence[str]]) -> None:
        """
        @param text: what is in the file.
        @param values: the arguments that each option stands for, by its name.
        """
        self.path = path
        self.names = list(values)
        self._text = text
        self._values = values

    def arguments(self, names: Collection[str]) -> list[str]:
        """
        @return: the command line that says the same, of these options alone.
        """
        return [each for name in self.names if name in names for each in self._values[name]]

    def placeOf(self, name: str) -> str:
        """
        @return: where the option is, such as C{chat.toml, line 3}.
        """
        return _placeOf(self.path, self._text, name)


def _placeOf(path: str, text: str, name: str) -> str:
    found = re.search(rf"""^[ \t]*["']?{re.escape(name)}["']?[ \t]*[=.\]]""", text, re.MULTILINE)
    if found is None:
        return path
    return f"{path}, line {text.count(chr(10), 0, found.start()) + 1}"


def readConfig(path: str, settings: Mapping[str, Setting]) -> ConfigFile:
    """
    Read a file of options.

    @param settings: the options that there are.
    @raise ConfigError: if it cannot be read, is no TOML, or has something that is no option.
    """
    try:
        text = Path(path).read_bytes().decode("utf-8-sig")
        table = tomllib.loads(text)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise ConfigError(f"{path} is no text in UTF-8") from None
    except (ValueError, RecursionError) as error:
        reason = " ".join(str(error).split()) or "this is nested too deeply"
        raise ConfigError(f"{path} is no TOML: {reason}") from None
    values: dict[str, Sequence[str]] = {}
    for name, value in table.items():
        setting = settings.get(name)
        try:
            if setting is None or name in APART:
                raise ConfigError(
                    f"option --{name} belongs on the command line"
                    if name in APART
                    else f"option --{name} not recognized"
                )
            values[name] = _arguments(name, setting, value)
        except ConfigError as error:
            raise ConfigError(f"{error.sentence} ({_placeOf(path, text, name)})") from None
    return ConfigFile(path, text, values)


def _arguments(name: str, setting: Setting, value: Any) -> list[str]:
    """
    @return: the arguments that an option in a file stands for.
    @raise ConfigError: if it is of a wrong type.
    """
    kind = setting.kind
    if kind is Kind.FLAG:
        if isinstance(value, bool):
            return [f"--{name}"] if value else []
    elif kind is Kind.LIST:
        values = value if isinstance(value, list) else [value]
        if all(_isText(each) for each in values):
            return [f"--{name}={each}" for each in values]
    elif _isText(value) or (kind is Kind.NUMBER and type(value) is float):
        return [f"--{name}={value}"]
    raise ConfigError(f"--{name}: write {kind.value}")


def _isText(value: object) -> bool:
    """
    @return: whether an argument can be made of it; a port's number need not be quoted.
    """
    return type(value) is int or (isinstance(value, str) and "\0" not in value)


def sample(settings: Mapping[str, Setting], program: str) -> str:
    """
    @param program: what is given the file.
    @return: a file with every option and its default, all of them comments.
    """
    parts = [
        f"# The options of {program}, with their defaults; begin with:\n"
        f"#     {program} --config chat.toml\n"
        "# What stands on the command line goes first; paths are those of the folder where the\n"
        "# server is started.  To take up a change: kill -HUP, or\n"
        "#     python -m twisted_chat.admin chat.sqlite reload\n"
    ]
    for name, setting in settings.items():
        if name in APART:
            continue
        lines = "".join(f"# {line}\n" for line in wrap(setting.help, WIDTH))
        parts.append(f"{lines}#{name} = {_literal(setting)}\n")
    return "\n".join(parts)


def _literal(setting: Setting) -> str:
    """
    @return: the default as TOML has it, which for these values is as JSON has it; where there is
        none, what a value looks like.
    """
    default = setting.default
    if isinstance(default, float) and default.is_integer():
        default = int(default)
    if default is None:
        return '"..."'
    return json.dumps(default)
