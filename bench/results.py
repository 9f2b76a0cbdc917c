"""All samples of a bench, and the file they are kept in."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.cells import Cell, Sample
from bench.errors import BenchError
from bench.figures import median

FORMAT = 1
"""Version of the results file."""


@dataclass
class Results:
    """
    What was measured.

    @ivar date: the day, as C{YYYY-MM-DD}.
    @ivar machine: what L{bench.machine.describe} said.
    @ivar samples: all runs by cell and name of the server.
    """

    date: str
    machine: dict[str, str]
    samples: dict[Cell, dict[str, list[Sample]]] = field(default_factory=dict)

    def add(self, cell: Cell, server: str, sample: Sample) -> None:
        """Keep one run."""
        self.samples.setdefault(cell, {}).setdefault(server, []).append(sample)

    def cells(self, section: str) -> list[Cell]:
        """Return the cells of a section, in the order they were measured."""
        return [cell for cell in self.samples if cell.section == section]

    def middle(self, cell: Cell, server: str, figure: Callable[[Sample], float]) -> float | None:
        """
        Return the median of a figure over the runs, or C{None} when there is no run.

        @param figure: takes the figure out of a sample.
        """
        samples = self.samples.get(cell, {}).get(server)
        return median([figure(sample) for sample in samples]) if samples else None

    def save(self, path: Path) -> None:
        """Write the file."""
        rows = [
            {"cell": asdict(cell), "server": server, "runs": [asdict(sample) for sample in samples]}
            for cell, servers in self.samples.items()
            for server, samples in servers.items()
        ]
        whole = {"format": FORMAT, "date": self.date, "machine": self.machine, "results": rows}
        path.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")


def load(path: Path) -> Results:
    """
    Read a file of results.

    @raise BenchError: if it is none.
    """
    try:
        whole = json.loads(path.read_text(encoding="utf-8"))
        if whole["format"] != FORMAT:
            raise BenchError(
                f"{path.name} has format {whole['format']}, this bench reads {FORMAT}."
            )
        results = Results(whole["date"], whole["machine"])
        for row in whole["results"]:
            cell = Cell(**row["cell"])
            for run in row["runs"]:
                pairs: dict[str, Any] = {
                    key: tuple(value) if isinstance(value, list) else value
                    for key, value in run.items()
                }
                results.add(cell, row["server"], Sample(**pairs))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BenchError(f"{path} is no file of results: {error}") from error
    return results
