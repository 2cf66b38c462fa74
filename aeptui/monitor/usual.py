"""What is usual: robust figures, so that one wild run does not move them."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil


def median(values: Sequence[float]) -> float:
    """The middle of `values`, which may not be empty."""
    ordered = sorted(values)
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2


def deviation(values: Sequence[float]) -> float:
    """The median absolute deviation from the median."""
    middle = median(values)
    return median([abs(value - middle) for value in values])


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)]


def outside(value: float, past: Sequence[float], *, deviations: float, floor: float) -> bool:
    """Whether `value` lies further from the median of `past` than is usual.

    Past values that hardly vary would make every small difference remarkable,
    so the deviation counts as at least 2.5 % of the median, and as `floor`.
    """
    middle = median(past)
    spread = max(deviation(past), abs(middle) * 0.025, floor)
    return abs(value - middle) > deviations * spread
