"""Medians, spreads and percentiles."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import median, quantiles

__all__ = ["median", "percentile", "ratio", "short", "spread"]


def percentile(histogram: Iterable[Sequence[float]], share: float) -> float:
    """
    Find the value below which a share of all counted values lies.

    @param histogram: pairs of a value and how often it was seen, by rising value.
    @param share: between 0 and 1.
    @return: the value; NaN for an empty histogram.
    """
    pairs = [(value, seen) for value, seen in histogram if seen]
    wanted = share * sum(seen for _, seen in pairs)
    total = 0.0
    for value, seen in pairs:
        total += seen
        if total >= wanted:
            return value
    return float("nan")


def spread(values: Sequence[float]) -> float:
    """
    Say how far runs lie apart.

    @return: half the distance of the quartiles, as a share of the median; 0 for a single run.
    """
    middle = median(values)
    if len(values) < 2 or not middle:
        return 0.0
    low, _, high = quantiles(values, n=4, method="inclusive")
    return (high - low) / 2 / middle


def ratio(value: float, base: float | None) -> str:
    """Render C{value / base} for a table, or a dash where there is nothing to compare with."""
    return f"{value / base:.2f}" if base else "-"


def short(value: float) -> str:
    """Render a count with a unit: 950, 12.3k, 4.56M."""
    for limit, divisor, unit, digits in (
        (1e3, 1, "", 0),
        (1e5, 1e3, "k", 1),
        (1e6, 1e3, "k", 0),
        (1e8, 1e6, "M", 2),
    ):
        if value < limit:
            return f"{value / divisor:.{digits}f}{unit}"
    return f"{value / 1e6:.0f}M"
