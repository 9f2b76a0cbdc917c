"""
Draws docs/dashboard.svg: the panels of contrib/grafana.json, from what a real Prometheus has read
from a real server while people talked.

Run it from the project's folder, with the test extra, a C compiler and C{prometheus} installed; it
takes two minutes: C{python docs/dashboard.py}.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from html import escape
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from bench.compiler import build
from tests.support.processes import ROOT, TWISTD, environment, freePort

PHASES = ((200, 10, 20), (200, 20, 200), (400, 40, 100))
"""Users, senders, messages a second of each stretch of talk."""

SECONDS = 25
"""How long each stretch is, and how far the rates look back: twelve times the interval."""

WARMUP = 8
"""Seconds before the talk and after it."""

COLUMNS = 3
WIDTH, HEIGHT, GAP = 360, 200, 14
LEFT, TOP, BOTTOM = 46, 26, 48
COLORS = ("#2f81f7", "#d29922", "#3fb950", "#f85149", "#a371f7", "#39c5cf")


class Curve(NamedTuple):
    """
    One line of a panel.
    """

    name: str
    points: list[tuple[float, float]]


def ask(
    port: int, expression: str, begin: float, end: float
) -> Iterator[tuple[dict[str, str], Any]]:
    """
    @return: labels and values of what Prometheus has.
    """
    query = urllib.parse.urlencode({"query": expression, "start": begin, "end": end, "step": 1})
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query_range?{query}") as answer:
        for series in json.load(answer)["data"]["result"]:
            yield series["metric"], series["values"]


def curves(panel: Any, port: int, begin: float, end: float) -> list[Curve]:
    """
    @return: the lines of a panel.
    """
    found: list[Curve] = []
    for target in panel["targets"]:
        expression = target["expr"].replace("$__rate_interval", "12s").replace("$job", "chat")
        for labels, values in ask(port, expression, begin, end):
            name = target["legendFormat"]
            for label, word in labels.items():
                name = name.replace("{{" + label + "}}", word)
            points = [(float(at) - begin, float(value)) for at, value in values if value != "NaN"]
            if points and (any(value for _, value in points) or len(panel["targets"]) < 3):
                found.append(Curve(name, points))
    return found


def shown(value: float, unit: str) -> str:
    """
    @return: a value of an axis.
    """
    if unit == "s":
        return f"{value * 1000:.3g} ms"
    if unit == "percentunit":
        return f"{value * 100:.3g} %"
    if unit == "bytes":
        return f"{value / 2**20:.3g} M" if value >= 2**20 else f"{value / 1024:.3g} K"
    return f"{value / 1000:.3g} k" if value >= 10_000 else f"{value:.3g}"


def draw(panel: Any, lines: list[Curve], x: float, y: float, span: float) -> Iterator[str]:
    """
    @return: a panel as SVG.
    """
    unit = panel["fieldConfig"]["defaults"]["unit"]
    most = max((value for line in lines for _, value in line.points), default=0.0) or 1.0
    wide, high = WIDTH - LEFT - 12, HEIGHT - TOP - BOTTOM
    yield f'<g transform="translate({x} {y})">'
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" rx="4" fill="#181b1f"/>'
    yield f'<text x="10" y="17" fill="#d8d9da" font-weight="bold">{escape(panel["title"])}</text>'
    for part in (0.0, 0.5, 1.0):
        level = TOP + high * (1 - part)
        yield f'<line x1="{LEFT}" x2="{LEFT + wide}" y1="{level}" y2="{level}" stroke="#2c3235"/>'
        yield (
            f'<text x="{LEFT - 4}" y="{level + 4}" text-anchor="end" fill="#8e8e8e">'
            f"{shown(most * part, unit)}</text>"
        )
    for index, line in enumerate(lines):
        color = COLORS[index % len(COLORS)]
        points = " ".join(
            f"{LEFT + wide * at / span:.1f},{TOP + high * (1 - value / most):.1f}"
            for at, value in line.points
        )
        yield f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="1.5"/>'
        left, row = 10 + (index % 3) * 116, HEIGHT - 24 + (index // 3) * 14
        yield f'<rect x="{left}" y="{row - 7}" width="10" height="3" fill="{color}"/>'
        name = escape(line.name[: 18 if len(lines) > 1 else 40])
        yield f'<text x="{left + 14}" y="{row}" fill="#d8d9da">{name}</text>'
    yield "</g>"


def talk(port: int, pid: int) -> None:
    """
    Let people talk, a stretch after the other.
    """
    for users, senders, rate in PHASES:
        settings = {
            "port": port,
            "pid": pid,
            "users": users,
            "senders": senders,
            "rate": rate,
            "seconds": SECONDS,
        }
        words = [f"{name}={value}" for name, value in settings.items()]
        subprocess.run([str(build("load")), *words], check=True, stdout=subprocess.DEVNULL)


def main() -> None:
    """
    Draw the dashboard.
    """
    panels = json.loads((ROOT / "contrib" / "grafana.json").read_text("utf-8"))["panels"]
    port, metrics, prometheus = freePort(), freePort(), freePort()
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "prometheus.yml"
        config.write_text(
            "global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: chat\n"
            f'    static_configs: [{{targets: ["127.0.0.1:{metrics}"]}}]\n'
        )
        options = ["--port", f"tcp:{port}:interface=127.0.0.1", "--metrics", str(metrics)]
        server = subprocess.Popen(
            [sys.executable, *TWISTD, "-n", "chatserver", "--rate", "0", *options],
            cwd=folder,
            env=environment(),
            stdout=subprocess.DEVNULL,
        )
        watcher = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={folder}/data",
                f"--web.listen-address=127.0.0.1:{prometheus}",
            ],
            stderr=subprocess.DEVNULL,
        )
        try:
            time.sleep(WARMUP)
            begin = time.time()
            talk(port, server.pid)
            time.sleep(WARMUP)
            end = time.time()
            drawn: list[str] = []
            for index, panel in enumerate(panels):
                row, column = divmod(index, COLUMNS)
                x, y = GAP + column * (WIDTH + GAP), GAP + row * (HEIGHT + GAP)
                drawn += draw(panel, curves(panel, prometheus, begin, end), x, y, end - begin)
        finally:
            watcher.terminate()
            watcher.wait()
            server.terminate()
            server.wait()
    rows = -(-len(panels) // COLUMNS)
    wide, high = GAP + COLUMNS * (WIDTH + GAP), GAP + rows * (HEIGHT + GAP)
    (ROOT / "docs" / "dashboard.svg").write_text(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" '
        'font-family="Inter, Helvetica, Arial, sans-serif" font-size="11">\n'
        f'<rect width="{wide}" height="{high}" fill="#111217"/>\n' + "\n".join(drawn) + "\n</svg>\n"
    )


if __name__ == "__main__":
    main()
