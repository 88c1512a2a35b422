"""Captured panes as text to read. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from responses_api.captures.panes import Gap
from responses_api.storage.captures import CapturedExchange, DocumentPane, StreamPane


@dataclass(frozen=True, slots=True)
class Line:
    """A piece of a stream: when it came, in milliseconds since the request, and what it was.

    ``at`` is None for a remark of ours.
    """

    at: float | None
    text: str


@dataclass(frozen=True, slots=True)
class PaneText:
    """One pane: what stands above it, and its text, or its lines if it is a stream."""

    mode: str
    size: int
    cut: bool
    head: str
    text: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class CallPanes:
    """The panes of one upstream call."""

    number: int
    before: PaneText | None
    after: PaneText | None
    answer: PaneText | None


@dataclass(frozen=True, slots=True)
class ExchangePanes:
    """The panes of an exchange."""

    client_request: PaneText | None
    sent: PaneText | None
    calls: tuple[CallPanes, ...]


def exchange_panes(captured: CapturedExchange) -> ExchangePanes:
    """All panes of an exchange, as text."""
    return ExchangePanes(
        _pane(captured.client_request),
        _pane(captured.sent),
        tuple(
            CallPanes(call.number, _pane(call.before), _pane(call.after), _pane(call.answer))
            for call in captured.calls
        ),
    )


def _pane(pane: DocumentPane | StreamPane | None) -> PaneText | None:
    if pane is None:
        return None
    text, lines = "", tuple[Line, ...]()
    if isinstance(pane, StreamPane):
        lines = tuple(
            Line(None, f"{piece.left_out} pieces did not fit.")
            if isinstance(piece, Gap)
            else Line(piece.at, _compact(piece.data))
            for piece in pane.pieces
        )
    else:
        text = pane.pretty
    return PaneText(pane.mode, pane.size, pane.cut, _head(pane.head), text, lines)


def _head(head: Mapping[str, Any]) -> str:
    """Request line or status, and headers, a line each, as they are on the wire."""
    line = " ".join(str(head[name]) for name in ("method", "path", "url", "status") if head.get(name))
    headers = head.get("headers") or []
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return "\n".join([*([line] if line else []), *(f"{name}: {value}" for name, value in pairs)])


def _compact(data: Any) -> str:
    return data if isinstance(data, str) else json.dumps(data, ensure_ascii=False, separators=(",", ":"))
