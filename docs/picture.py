"""
Draws docs/console.svg: a real client in a real terminal, talking to a real server.

Run it from the project's folder, with the test extra installed: C{python docs/picture.py}.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import tempfile
import termios
import time
from html import escape
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tests.support.emulator import Emulator
from tests.support.processes import Child, Line, freePort
from twisted_chat.console.graphemes import cells

COLUMNS, ROWS = 84, 19
CELL, LINE, MARGIN = 8.4, 18, 14

COLORS = {
    "black": "#45475a",
    "red": "#f38ba8",
    "green": "#a6e3a1",
    "brown": "#f9e2af",
    "yellow": "#f9e2af",
    "blue": "#89b4fa",
    "magenta": "#cba6f7",
    "cyan": "#94e2d5",
    "white": "#bac2de",
    "default": "#cdd6f4",
}
"""The terminal's colours; those of the 256 come as hexadecimal digits."""


class Client:
    """
    The console client in a terminal of its own.
    """

    def __init__(self, port: int, home: str) -> None:
        self.screen = Emulator(COLUMNS, ROWS)
        pid, self._fd = pty.fork()
        if not pid:
            environ = {**os.environ, "TERM": "xterm-256color", "HOME": home, "LANG": "C.UTF-8"}
            command = [sys.executable, "-m", "twisted_chat.client", "127.0.0.1", str(port)]
            os.execve(sys.executable, command, environ)
        size = struct.pack("HHHH", ROWS, COLUMNS, 0, 0)
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, size)

    def see(self, text: str) -> None:
        """
        Read until this stands on the screen, at most ten seconds.
        """
        deadline = time.monotonic() + 10
        while not any(text in row for row in self.screen.screenRows()):
            ready, _, _ = select.select([self._fd], [], [], deadline - time.monotonic())
            if not ready:
                raise SystemExit(f"not seen: {text}")
            self.screen.write(os.read(self._fd, 65536))

    def type(self, keys: str, seen: str = "") -> None:
        """
        Press keys, and wait until this is seen, or what was typed.
        """
        os.write(self._fd, keys.encode())
        self.see(seen or keys)

    def close(self) -> None:
        """
        Close the terminal: the client ends by itself.
        """
        os.close(self._fd)


def color(name: str) -> str:
    """
    @return: a colour of the emulator for the picture.
    """
    return COLORS.get(name.removeprefix("bright"), f"#{name}" if len(name) == 6 else "#cdd6f4")


def draw(screen: Emulator) -> str:
    """
    @return: the screen as SVG.
    """
    width, height = COLUMNS * CELL + 2 * MARGIN, ROWS * LINE + 2 * MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height}" '
        f'viewBox="0 0 {width:.0f} {height}">',
        "<title>The console of twisted_chat</title>",
        '<rect width="100%" height="100%" rx="8" fill="#1e1e2e"/>',
        '<g font-family="DejaVu Sans Mono, Menlo, Consolas, monospace" font-size="14" '
        'xml:space="preserve">',
    ]
    for y in range(ROWS):
        x = 0
        while x < COLUMNS:
            cell = screen.buffer[y][x]
            text, start = cell.data or " ", x
            x += max(1, cells(text))
            while x < COLUMNS and cells(text) == len(text):
                after = screen.buffer[y][x]
                if after[1:] != cell[1:] or cells(after.data) != 1:
                    break
                text, x = text + after.data, x + 1
            if text.strip() or cell.reverse:
                parts.append(_span(start, y, x - start, text, cell))
    cursor = MARGIN + screen.cursor.x * CELL, MARGIN + screen.cursor.y * LINE
    parts.append(
        f'<rect x="{cursor[0]:.1f}" y="{cursor[1]:.0f}" width="{CELL}" height="{LINE}" '
        'fill="#f5e0dc" fill-opacity="0.8"/>'
    )
    return "\n".join([*parts, "</g>", "</svg>", ""])


def _span(x: int, y: int, count: int, text: str, cell: object) -> str:
    style = f'fill="{color(getattr(cell, "fg", "default"))}"'
    if getattr(cell, "bold", False):
        style += ' font-weight="bold"'
    left, base = MARGIN + x * CELL, MARGIN + y * LINE + 14
    background = ""
    if getattr(cell, "reverse", False):
        background = (
            f'<rect x="{left:.1f}" y="{base - 14}" width="{count * CELL:.1f}" height="{LINE}" '
            f"{style}/>"
        )
        style = 'fill="#1e1e2e"'
    return (
        f'{background}<text x="{left:.1f}" y="{base}" textLength="{count * CELL:.1f}" {style}>'
        f"{escape(text)}</text>"
    )


def main() -> None:
    """
    Let three people talk, and draw what one of them sees.
    """
    port = freePort()
    with tempfile.TemporaryDirectory() as folder:
        command = ["-m", "twisted", "chatserver", "--history", "memory"]
        server = Child([*command, "--port", f"tcp:{port}:interface=127.0.0.1"], folder)
        server.waitFor(r"Chat server started")
        alexei, marie = Line.to(port), Line.to(port)
        client = Client(port, folder)
        try:
            alexei.send("Alexei", "Has anybody seen the new release?")
            alexei.read(3)
            client.see("Enter your name")
            client.type("Stanislav\r", "Start sending messages")
            client.type("Hello!\r", "OK . .")
            alexei.send("Hi!")
            client.see("Hi!")
            marie.send("Мария", "привет всем 👋", "Stanislav: поможешь с тестами?")
            client.see("тестами")
            client.type("/join #dev\r", "#dev (1 here)")
            client.type("tests pass here ✅\r", "OK . .")
            marie.send("/join #dev", "/me reads the log")
            client.see("reads the log")
            alexei.send("lunch?")
            client.see("lunch?")
            marie.send("/msg Stanislav спасибо!")
            client.see("спасибо")
            client.type("half a line that nothing dis")
            (Path(__file__).parent / "console.svg").write_text(draw(client.screen), "utf-8")
        finally:
            for each in (client, alexei, marie, server):
                each.close()


if __name__ == "__main__":
    main()
