"""How waiting times are added up: as counts per bin, so that percentiles of any sum can be told. Pure.

Each bin is wider than the one before by the same factor, the square root of two: from 10 ms to
about 22 minutes 35 bounds make 36 bins. So a percentile is off by 41 % at most, whatever its
size, and by a few per cent where many requests share the bin.
"""

from collections.abc import Sequence

_SHORTEST = 10.0
_STEPS = 35

BOUNDS: tuple[float, ...] = tuple(round(_SHORTEST * 2 ** (step / 2), 3) for step in range(_STEPS))
"""Milliseconds. The first bin lies below the first bound, the last one from the last bound on."""
BINS = len(BOUNDS) + 1


def percentile(counts: Sequence[int], share: float) -> float | None:
    """The time that ``share`` of the requests did not exceed.

    Args:
        counts: requests per bin, ``BINS`` of them.
        share: for instance 0.9.

    Returns:
        Milliseconds, interpolated within the bin as if times were spread evenly on a logarithmic
        scale; None if there were no requests.
    """
    total = sum(counts)
    if total == 0:
        return None
    rank = share * total
    below = 0
    for number, count in enumerate(counts):
        if count and below + count >= rank:
            low, high = _edges(number)
            return float(low * (high / low) ** ((rank - below) / count))
        below += count
    return BOUNDS[-1]


def _edges(number: int) -> tuple[float, float]:
    """Where a bin begins and ends; the two open ones are taken to be as wide as the others."""
    low = BOUNDS[number - 1] if number else BOUNDS[0] / 2**0.5
    high = BOUNDS[number] if number < len(BOUNDS) else BOUNDS[-1] * 2**0.5
    return low, high
