"""Pictures of results: bars and lines as SVG, written by hand."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from xml.sax.saxutils import escape

WIDTH, HEIGHT = 860, 440
LEFT, RIGHT, TOP, BOTTOM = 74, 150, 56, 62
COLOURS = {
    "ours": "#0b6e4f",
    "ours-sqlite": "#5fb49c",
    "naive": "#c1554d",
    "threads": "#c98a3c",
    "streams": "#d8b64a",
    "ngircd": "#4c6fae",
    "inspircd": "#8a6bb0",
    "c-limit": "#777777",
}
"""One colour per server, the same in all pictures."""

Point = tuple[float, float]


def text(
    x: float, y: float, words: str, *, anchor: str = "middle", size: int = 12, turn: int = 0
) -> str:
    """Render a piece of text."""
    rotated = f' transform="rotate({turn} {x:.1f} {y:.1f})"' if turn else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}"{rotated}>'
        f"{escape(words)}</text>"
    )


def number(value: float) -> str:
    """Render a value of an axis: 0.1, 5, 20k, 3M."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{unit}"
    return f"{value:g}"


def ticks(low: float, high: float) -> list[float]:
    """Return the powers of ten, and where those are few their doubles and fives, of a range."""
    exponents = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1,) if len(exponents) > 4 else (1, 2, 5)
    values = [step * 10.0**exponent for exponent in exponents for step in steps]
    return [value for value in values if low <= value * 1.0001 and value <= high * 1.0001]


def bounds(values: Iterable[float]) -> tuple[float, float]:
    """
    Return a range for a logarithmic axis that holds all values.

    @param values: positive ones; at least one.
    """
    kept = list(values)
    low, high = min(kept), max(kept)
    return low / 1.25, high * 1.25


def place(value: float, span: tuple[float, float], start: float, end: float) -> float:
    """Map a value of a logarithmic axis to a coordinate."""
    low, high = span
    return start + (math.log(value) - math.log(low)) / (math.log(high) - math.log(low)) * (
        end - start
    )


def frame(title: str, note: str, inside: Iterable[str]) -> str:
    """Render a whole picture; its ground is white, so that it can be read on dark pages as well."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' font-family="sans-serif" fill="#222222" role="img" aria-label="{escape(title)}">'
    )
    ground = f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    name = text(LEFT, 24, title, anchor="start", size=16)
    small = text(LEFT, 42, note, anchor="start", size=11)
    return "\n".join([head, ground, name, small, *inside, "</svg>", ""])


def legend(names: Iterable[str]) -> list[str]:
    """Render the names of the servers in their colours."""
    parts = []
    for row, name in enumerate(names):
        y = TOP + 8 + 20 * row
        colour = COLOURS.get(name, "#000000")
        parts.append(
            f'<rect x="{WIDTH - RIGHT + 16}" y="{y}" width="12" height="12" fill="{colour}"/>'
        )
        parts.append(text(WIDTH - RIGHT + 34, y + 10, name, anchor="start"))
    return parts


def scale(span: tuple[float, float], label: str) -> list[str]:
    """Render the vertical axis with its lines."""
    parts = []
    for value in ticks(*span):
        y = place(value, span, HEIGHT - BOTTOM, TOP)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="#dddddd"/>'
        )
        parts.append(text(LEFT - 8, y + 4, number(value), anchor="end", size=11))
    parts.append(text(20, (TOP + HEIGHT - BOTTOM) / 2, label, turn=-90))
    return parts


def bars(title: str, note: str, label: str, groups: Mapping[str, Mapping[str, float]]) -> str:
    """
    Draw groups of bars on a logarithmic scale.

    @param label: of the vertical axis.
    @param groups: the value of each server, by the name of the group, whose first word gets a line
        of its own.
    """
    names = list(dict.fromkeys(name for group in groups.values() for name in group))
    span = bounds(value for group in groups.values() for value in group.values())
    parts = scale(span, label)
    room = (WIDTH - LEFT - RIGHT) / len(groups)
    wide = room * 0.84 / len(names)
    for index, (group, values) in enumerate(groups.items()):
        left = LEFT + room * index + room * 0.08
        for name, value in values.items():
            x, y = left + wide * names.index(name), place(value, span, HEIGHT - BOTTOM, TOP)
            colour, height = COLOURS.get(name, "#000000"), HEIGHT - BOTTOM - y
            hint = escape(f"{name}: {value:.3g}")
            parts.append(
                f'<rect x="{x:.1f}" y="{y:.1f}" width="{wide * 0.9:.1f}" height="{height:.1f}"'
                f' fill="{colour}"><title>{hint}</title></rect>'
            )
            parts.append(
                text(
                    x + wide * 0.45, y - 4, f"{value:.2g}" if value < 10 else f"{value:.0f}", size=9
                )
            )
        middle = LEFT + room * (index + 0.5)
        for row, words in enumerate(group.split(" ", 1)):
            parts.append(text(middle, HEIGHT - BOTTOM + 18 + 15 * row, words, size=11))
    return frame(title, note, parts + legend(names))


def lines(
    title: str, note: str, labels: tuple[str, str], series: Mapping[str, Sequence[Point]]
) -> str:
    """
    Draw one line per server, both axes logarithmic.

    @param labels: of the horizontal and the vertical axis.
    @param series: the points of each server, by rising first value.
    """
    points = [point for line in series.values() for point in line]
    across, up = bounds(x for x, _ in points), bounds(y for _, y in points)
    parts = scale(up, labels[1])
    for value in ticks(*across):
        x = place(value, across, LEFT, WIDTH - RIGHT)
        parts.append(
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}" stroke="#eeeeee"/>'
        )
        parts.append(text(x, HEIGHT - BOTTOM + 18, number(value), size=11))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, labels[0]))
    for name, line in series.items():
        colour = COLOURS.get(name, "#000000")
        places = [
            (place(x, across, LEFT, WIDTH - RIGHT), place(y, up, HEIGHT - BOTTOM, TOP))
            for x, y in line
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
        parts.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2.5"/>'
        )
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in places]
    return frame(title, note, parts + legend(series))
