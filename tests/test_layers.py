"""
Holds the levels of the house: every file imports only from levels below its own.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

PACKAGE = "twisted_chat"
ROOT = Path(__file__).parent.parent / PACKAGE

# The level of every module.  A module may import those with a smaller number only.  Modules of one
# level that may know each other get decimals, in the order they may; for type checking alone, all
# modules of one level may know each other.
LEVELS: Mapping[str, float] = {
    "__init__": 0,
    "errors": 0,
    #
    "text": 1,
    "looks": 1.1,
    "names": 1.2,
    "events": 1,
    "session": 1,
    #
    "interfaces": 2,
    "framing": 2,
    "journal": 2,
    "certs": 2,
    "textdialect": 2.1,
    "jsondialect": 2.1,
    #
    "limits": 3,
    "sockets": 3,
    "doorkeeper": 3.1,
    "ledger": 3.1,
    "intake": 3.1,
    "outlet": 3.2,
    "deadlines": 3,
    "transcript": 3,
    "notify": 3,
    "tls": 3,
    #
    "stores.faults": 3,
    "stores.following": 3,
    "stores.worker": 3,
    "stores.sessions": 3,
    "stores.search": 3,
    "stores.repeats": 3,
    "stores.__init__": 3,
    "stores.memory": 3.1,
    "stores.place": 3.1,
    "stores.schema": 3.1,
    "stores.opening": 3.2,
    "stores.fulltext": 3.2,
    "stores.retention": 3.3,
    "stores.reader": 3.4,
    "stores.writer": 3.4,
    "stores.alarm": 3.5,
    "stores.checkup": 3.5,
    "stores.sqlite": 3.6,
    #
    "room": 4,
    "fanout": 4.1,
    "rooms": 4.1,
    "user": 4.1,
    "welcome": 4.2,
    "moves": 4.2,
    "hub": 4.3,
    "inquiries": 4.4,
    "membership": 4.4,
    "commands": 4.5,
    "requests": 4.6,
    #
    "protocol": 5,
    "server": 5.1,
    #
    "console.__init__": 5,
    "console.graphemes": 5.1,
    "console.keys": 5.1,
    "console.line": 5.1,
    "console.complete": 5.1,
    "console.modes": 5.1,
    "console.terminal": 5.1,
    "console.motions": 5.1,
    "console.recall": 5.1,
    "console.interfaces": 5.2,
    "console.editor": 5.2,
    "console.history": 5.3,
    "console.buffer": 5.15,
    "console.paint": 5.3,
    "console.dumb": 5.35,
    "console.screen": 5.35,
    "console.console": 5.4,
    "console.local": 5.5,
    "client.reading": 5,
    "client.outbox": 5,
    "client.ends": 5,
    "client.pins": 5,
    "client.vestibule": 5,
    "client.trust": 5.1,
    "client.face": 5.1,
    "client.connector": 5.1,
    "client.speech": 5.1,
    "client.textspeech": 5.12,
    "client.jsonspeech": 5.12,
    "client.postbox": 5.15,
    "client.link": 5.2,
    "client.settings": 5,
    "client.view": 5.5,
    "client.verbs": 5.55,
    "client.talk": 5.56,
    "client.plain": 5.6,
    "client.command": 5.7,
    "client.__init__": 5.75,
    "client.__main__": 5.8,
    #
    "listener": 5.8,
    "service": 5.9,
    "tap": 6,
    "history": 6,
}

# What runs on the machine of the person who chats, and what it must do without: all of levels 3
# and 4, and what stands on them.
CLIENT_SIDE = ("client.", "console.")
SERVER_SIDE = {"protocol", "server", "service", "tap", "history"} | {
    name for name, level in LEVELS.items() if 3 <= level < 5
}
CRYPTOGRAPHY = frozenset({"cryptography", "OpenSSL", "service_identity"})

# Importing the reactor installs it, so only what starts a process may, and only when it starts.
STARTERS = frozenset({"client.command", "tap"})
REACTOR = "twisted.internet.reactor."


def modulesOf(root: Path) -> dict[str, ast.Module]:
    """
    @return: the parsed source of every module below a package's folder, by its dotted name inside
        the package; a package's own module is C{__init__}.
    """
    return {
        ".".join(path.relative_to(root).with_suffix("").parts): ast.parse(path.read_text("utf-8"))
        for path in sorted(root.rglob("*.py"))
    }


def imported(name: str, statement: ast.Import | ast.ImportFrom) -> Iterator[str]:
    """
    @param name: the module of L{PACKAGE} that holds the statement.

    @return: the full dotted name of each thing an import statement asks for, module or not.
    """
    base: list[str] = []
    if isinstance(statement, ast.ImportFrom):
        if statement.level:
            base += f"{PACKAGE}.{name}".split(".")[: -statement.level]
        if statement.module is not None:
            base.append(statement.module)
    yield from (".".join([*base, alias.name]) for alias in statement.names)


def isTypeChecking(node: ast.AST) -> bool:
    """
    @return: whether this is an C{if TYPE_CHECKING:}.
    """
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def running(node: ast.AST) -> Iterator[ast.AST]:
    """
    @return: all nodes but those that are for type checking alone.
    """
    yield node
    for child in ast.iter_child_nodes(node):
        if not isTypeChecking(child):
            yield from running(child)


def importsOf(name: str, nodes: Iterable[ast.AST]) -> set[str]:
    """
    @return: the full dotted names of all that these nodes of a module import.
    """
    return {
        target
        for node in nodes
        if isinstance(node, ast.Import | ast.ImportFrom)
        for target in imported(name, node)
    }


def localImports(name: str, nodes: Iterable[ast.AST], known: Iterable[str]) -> set[str]:
    """
    @param nodes: nodes of the module C{name}.

    @param known: the modules there are.

    @return: those of C{known} that a module asks for, or for something in them.
    """
    modules = {f"{PACKAGE}.{each}".removesuffix(".__init__"): each for each in known}
    asked = importsOf(name, nodes)
    holders = {each if each in modules else each.rpartition(".")[0] for each in asked}
    return {modules[each] for each in holders & modules.keys()} - {name}


def upwardImports(trees: Mapping[str, ast.AST], levels: Mapping[str, float]) -> list[str]:
    """
    @return: a sentence for each import that does not lead to a lower level, or, for type checking,
        leads to a higher one; modules without a level are left out.
    """
    known = levels.keys() & trees.keys()
    wrong = []
    for name in known & trees.keys():
        own = levels[name]
        used = localImports(name, running(trees[name]), known)
        for target in sorted(localImports(name, ast.walk(trees[name]), known)):
            level = levels[target]
            if level >= own if target in used else int(level) > own:
                wrong.append(f"{name} (level {own}) imports {target} (level {level})")
    return sorted(wrong)


def outsideFunctions(node: ast.AST) -> Iterator[ast.AST]:
    """
    @return: what a module does while it is imported: all its nodes but those of function bodies.
    """
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from outsideFunctions(child)


def reactorImports(trees: Mapping[str, ast.AST], starters: Iterable[str]) -> list[str]:
    """
    @param starters: the modules that may import the reactor inside a function.

    @return: the modules that import the global reactor where they may not.
    """
    return [
        name
        for name, tree in trees.items()
        for node in (outsideFunctions(tree) if name in starters else ast.walk(tree))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any(f"{each}.".startswith(REACTOR) for each in imported(name, node))
    ]


def reach(
    start: str,
    trees: Mapping[str, ast.AST],
    nodes: Callable[[ast.AST], Iterable[ast.AST]] = ast.walk,
) -> set[str]:
    """
    @param nodes: which nodes of a module count.

    @return: all modules that a module imports, itself included, also through others.
    """
    found: set[str] = set()
    waiting = [start]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting += localImports(name, nodes(trees[name]), trees)
    return found


class LayerTests(SynchronousTestCase):
    """
    What holds for the package as it stands.
    """

    def setUp(self) -> None:
        self.trees = modulesOf(ROOT)

    def test_everyModuleHasALevel(self) -> None:
        """A module that is not in the table is an error: its author gives it a level."""
        self.assertEqual(sorted(self.trees.keys() - LEVELS.keys()), [])

    def test_importsLeadDown(self) -> None:
        """No module imports one of its own level or of a higher one."""
        self.assertEqual(upwardImports(self.trees, LEVELS), [])

    def test_onlyStartersImportTheReactor(self) -> None:
        """The global reactor is imported by what starts a process, inside functions."""
        self.assertEqual(reactorImports(self.trees, STARTERS), [])

    def test_clientSideNeverReachesTheServer(self) -> None:
        """No way of imports leads from the client's modules to the server's"""
        clients = [name for name in self.trees if name.startswith(CLIENT_SIDE)]
        self.assertIn("client.command", clients)
        for client in clients:
            reached = reach(client, self.trees)
            self.assertEqual(reached & SERVER_SIDE, set(), client)

    def test_clientStartsWithoutCryptography(self) -> None:
        """Nothing that is imported when the client starts imports cryptography."""
        for name in reach("client.command", self.trees, outsideFunctions):
            targets = importsOf(name, outsideFunctions(self.trees[name]))
            self.assertEqual({each.split(".")[0] for each in targets} & CRYPTOGRAPHY, set(), name)

    def test_clientRunsWithoutServerAndCryptography(self) -> None:
        """The client can be imported where there is no cryptography, and loads no server module."""
        script = (
            "import sys\n"
            f"sys.modules.update(dict.fromkeys({sorted(CRYPTOGRAPHY)!r}))\n"
            f"import {PACKAGE}.client.command\n"
            "print(*sys.modules)\n"
        )
        run = subprocess.run(
            [sys.executable, "-c", script],
            cwd=ROOT.parent,
            check=False,
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        loaded = set(run.stdout.split())
        self.assertIn(f"{PACKAGE}.client.command", loaded)
        self.assertEqual(loaded & {f"{PACKAGE}.{name}" for name in SERVER_SIDE}, set())
        self.assertNotIn("twisted.internet.reactor", loaded)


class CheckTests(SynchronousTestCase):
    """
    The checks above find what they look for.
    """

    def local(self, name: str, source: str) -> set[str]:
        """
        @return: the modules of the real table that a module of this source imports.
        """
        return localImports(name, ast.walk(ast.parse(source)), LEVELS)

    def upward(self, source: str) -> list[str]:
        """
        @return: what is wrong with C{room} having this source, beside empty C{errors} and C{hub}.
        """
        trees = {"room": ast.parse(source), "errors": ast.parse(""), "hub": ast.parse("")}
        return upwardImports(trees, {"errors": 0, "room": 4, "hub": 4})

    def reactor(self, source: str) -> list[str]:
        """
        @return: the complaints about two modules of this source, of which C{tap} is a starter.
        """
        tree = ast.parse(source)
        return reactorImports({"hub": tree, "tap": tree}, {"tap"})

    def test_everyFormOfImport(self) -> None:
        """Absolute and relative forms, of a module and of a name inside it, mean the same."""
        for source in (
            "import twisted_chat.text",
            "import twisted_chat.text as t",
            "from twisted_chat import text",
            "from twisted_chat.text import clean",
            "from . import text",
            "from .text import clean",
        ):
            self.assertEqual(self.local("hub", source), {"text"}, source)

    def test_relativeInsideAFolder(self) -> None:
        """Dots are counted from the folder of the module that holds them."""
        self.assertEqual(self.local("console.paint", "from .keys import K"), {"console.keys"})
        self.assertEqual(self.local("console.paint", "from . import keys"), {"console.keys"})
        self.assertEqual(self.local("console.paint", "from ..text import clean"), {"text"})
        self.assertEqual(self.local("console.__init__", "from . import keys"), {"console.keys"})

    def test_nameOfThePackage(self) -> None:
        """A name that is no module is taken from the package itself."""
        self.assertEqual(self.local("tap", "from twisted_chat import __version__"), {"__init__"})

    def test_downwardIsAllowed(self) -> None:
        """An import of a lower level, and of other packages, is no complaint."""
        self.assertEqual(self.upward("import ast\nfrom twisted_chat.errors import BadRoom"), [])

    def test_sameLevelIsFound(self) -> None:
        """An import of the same level is a complaint that names both."""
        self.assertEqual(
            self.upward("from twisted_chat.hub import Hub"),
            ["room (level 4) imports hub (level 4)"],
        )

    def test_hiddenImportIsFound(self) -> None:
        """An import inside a function counts as any other."""
        lazy = "def f():\n    from twisted_chat.hub import Hub"
        self.assertEqual(len(self.upward(lazy)), 1)

    def test_typesOfTheSameLevel(self) -> None:
        """For type checking a module may know its own level, but none above it."""
        checking = "if TYPE_CHECKING:\n    from twisted_chat.hub import Hub"
        trees = {"room": ast.parse(checking), "hub": ast.parse("")}
        self.assertEqual(upwardImports(trees, {"room": 4, "hub": 4.3}), [])
        self.assertEqual(len(upwardImports(trees, {"room": 3, "hub": 4.3})), 1)

    def test_reactorIsFound(self) -> None:
        """The reactor is a complaint for everybody at the top, in a class and for type checking."""
        for source in (
            "from twisted.internet import reactor",
            "import twisted.internet.reactor",
            "from twisted.internet.reactor import callLater",
            "class C:\n    from twisted.internet import reactor",
            "if TYPE_CHECKING:\n    from twisted.internet import reactor",
        ):
            self.assertEqual(self.reactor(source), ["hub", "tap"], source)

    def test_reactorInAFunction(self) -> None:
        """Inside a function the reactor is a complaint for all but the starters."""
        self.assertEqual(
            self.reactor("def main():\n    from twisted.internet import reactor"), ["hub"]
        )

    def test_reachFollowsOthers(self) -> None:
        """What is reached includes what the imported modules import in turn, and ends in cycles."""
        trees = {
            "service": ast.parse("from twisted_chat.client import link"),
            "client.link": ast.parse("from twisted_chat.hub import Hub"),
            "hub": ast.parse("import twisted_chat.client.link"),
            "tap": ast.parse(""),
        }
        self.assertEqual(reach("service", trees), {"service", "client.link", "hub"})
