"""The waterfall of a trace: what took how long, as bars on one scale. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

WIDTH = 1000
"""Of the scale, in its own units."""
_LEAST = 3
"""Of a bar: a moment is to be seen as well."""

_LABELS = {
    "call": "Upstream call",
    "thinking": "Thinking",
    "text": "Text",
    "code": "Code",
    "image": "Image",
    "tool": "Tool call",
}


@dataclass(frozen=True, slots=True)
class Bar:
    """A piece of a row: where it begins and how long it is, in units of ``WIDTH``."""

    x: float
    width: float


@dataclass(frozen=True, slots=True)
class Row:
    """One thing that took time, in one or several pieces.

    Attributes:
        label: what.
        kind: chooses the colour.
        begin: of the first piece, in milliseconds since the request.
        took: all pieces together, in milliseconds.
        bars: the pieces.
    """

    label: str
    kind: str
    begin: float
    took: float
    bars: tuple[Bar, ...]


def waterfall(
    marks: Mapping[str, Any] | None,
    *,
    gate_wait: float | None,
    first_event: float | None,
    total: float | None,
) -> tuple[Row, ...]:
    """The rows from top to bottom; none while the exchange runs. Times are in milliseconds.

    Args:
        marks: the trace's ``marks`` (see ``responses_api.generation.course``).
        gate_wait: how long the gate was closed.
        first_event: when the model said something first.
        total: how long the exchange took.
    """
    if not total:
        return ()
    noted = marks or {}
    begun = noted.get("begun")
    spans: list[list[Any]] = noted.get("spans") or []
    pieces: list[tuple[str, str, list[tuple[float, float]]]] = []
    if begun is not None:
        closed = begun - (gate_wait or 0.0)
        pieces.append(("Preparation", "preparation", [(0.0, closed)]))
        pieces.append(("Gate", "gate", [(closed, begun)]))
    heard = spans[0][1] if spans else first_event
    if heard is not None:
        pieces.append(("Waiting for the upstream", "upstream", [(begun or 0.0, heard)]))
    pieces += _of_the_model(spans)
    last = max((span[2] for span in spans), default=heard if heard is not None else begun)
    if last is not None:
        # Of a call that was only seen passing, all after the first word is its answer.
        rest = ("Answer", "text") if begun is None and not spans else ("Ending and booking", "ending")
        pieces.append((*rest, [(last, total)]))
    return tuple(_row(label, kind, times, total) for label, kind, times in pieces)


def _of_the_model(spans: list[list[Any]]) -> list[tuple[str, str, list[tuple[float, float]]]]:
    """A row per kind, and one per tool, in the order in which they began."""
    rows: dict[tuple[str, str], list[tuple[float, float]]] = {}
    for kind, begin, end, *name in spans:
        label = _LABELS.get(kind, kind)
        rows.setdefault((f"{label}: {name[0]}" if name else label, kind), []).append((begin, end))
    if len(calls := rows.get(("Upstream call", "call"), [])) == 1:
        # It says no more than the end of the waiting.
        calls.clear()
    return [(label, kind, times) for (label, kind), times in rows.items() if times]


def _row(label: str, kind: str, times: list[tuple[float, float]], total: float) -> Row:
    bars = tuple(_bar(begin, end, total) for begin, end in times)
    took = sum(max(0.0, end - begin) for begin, end in times)
    return Row(label, kind, times[0][0], took, bars)


def _bar(begin: float, end: float, total: float) -> Bar:
    x = min(max(begin / total, 0.0), 1.0) * WIDTH
    width = min(max((end - begin) / total, 0.0) * WIDTH, WIDTH - x)
    return Bar(round(min(x, WIDTH - _LEAST), 1), round(max(width, _LEAST), 1))
