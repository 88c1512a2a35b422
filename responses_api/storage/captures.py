"""Captured content in PostgreSQL: written at the end of exchanges and upstream calls, read by people.

Plain synchronous functions, each one transaction, safe to repeat.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

from responses_api.captures import panes
from responses_api.captures.panes import CapturedPane, Gap, Pane, Piece
from responses_api.models import Capture
from responses_api.storage.item_rows import as_jsonb

_INSERT = """
INSERT INTO responses_api_capture (trace_id, call, pane, mode, head, body, size, cut, created_at)
SELECT trace.id, captured.*, now()
FROM responses_api_trace AS trace, unnest(
    %(call)s::int[], %(pane)s::text[], %(mode)s::text[], %(head)s::jsonb[], %(body)b::bytea[],
    %(size)s::bigint[], %(cut)s::boolean[]
) AS captured
WHERE trace.id = %(trace)s
ON CONFLICT DO NOTHING
"""


@dataclass(frozen=True, slots=True)
class DocumentPane:
    """A request as it was captured.

    Attributes:
        mode: "preview" or "full".
        head: request line and headers.
        size: bytes of the original.
        cut: whether ``text`` is only its start.
        text: JSON in one line, or what else it was.
    """

    mode: str
    head: dict[str, Any]
    size: int
    cut: bool
    text: str

    @property
    def pretty(self) -> str:
        """``text`` for people: JSON is laid out."""
        return panes.readable(self.text)


@dataclass(frozen=True, slots=True)
class StreamPane:
    """An answer as it was captured, piece by piece; one that was not streamed is one piece.

    Attributes:
        mode: "preview" or "full".
        head: status and headers; empty for what the client was sent.
        size: bytes of the original.
        cut: whether pieces are missing.
        pieces: in order; ``Piece.at`` of all streams of an exchange is on one clock.
    """

    mode: str
    head: dict[str, Any]
    size: int
    cut: bool
    pieces: tuple[Piece | Gap, ...]


@dataclass(frozen=True, slots=True)
class CapturedCall:
    """One upstream call: what the language server sent, what went out instead, what came back."""

    number: int
    before: DocumentPane | None = None
    after: DocumentPane | None = None
    answer: StreamPane | None = None


@dataclass(frozen=True, slots=True)
class CapturedExchange:
    """All that was captured of one exchange; what is missing was not captured or is deleted already."""

    client_request: DocumentPane | None
    sent: StreamPane | None
    calls: tuple[CapturedCall, ...]


def insert(trace_id: str, captured: Sequence[CapturedPane]) -> None:
    """Write panes of a trace; those that are there already are left alone, and so is a trace that is gone."""
    connection.ensure_connection()
    # Not Django's cursor: it would write each body as a hexadecimal literal into the statement.
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(_INSERT, {"trace": trace_id, **_columns(captured)})


def insert_on_close(trace_id: str, captured: Sequence[CapturedPane]) -> Callable[[CursorWrapper], None]:
    """A statement for the transaction that ends the exchange: writes its panes."""

    def write(cursor: CursorWrapper) -> None:
        insert(trace_id, captured)

    return write


def read(trace_id: str) -> CapturedExchange | None:
    """What was captured of an exchange; None if nothing was. One query."""
    captured = list(Capture.objects.filter(trace_id=trace_id))
    return _exchange(captured) if captured else None


def read_many(trace_ids: Sequence[str]) -> dict[str, CapturedExchange]:
    """What was captured of several exchanges, by the id of their trace. One query."""
    found: dict[str, list[Capture]] = {}
    for row in Capture.objects.filter(trace_id__in=trace_ids):
        found.setdefault(row.trace_id, []).append(row)
    return {trace_id: _exchange(rows) for trace_id, rows in found.items()}


def _columns(captured: Sequence[CapturedPane]) -> dict[str, list[Any]]:
    return {
        "call": [pane.call for pane in captured],
        "pane": [pane.pane.value for pane in captured],
        "mode": [pane.mode for pane in captured],
        "head": [as_jsonb(pane.head) for pane in captured],
        "body": [pane.body for pane in captured],
        "size": [pane.size for pane in captured],
        "cut": [pane.cut for pane in captured],
    }


def _exchange(captured: Sequence[Capture]) -> CapturedExchange:
    rows = {(row.call, row.pane): row for row in captured}
    numbers = sorted({row.call for row in captured if row.call})
    return CapturedExchange(
        _document(rows.get((0, Pane.CLIENT_REQUEST))),
        _stream(rows.get((0, Pane.SENT))),
        tuple(
            CapturedCall(
                number,
                _document(rows.get((number, Pane.REQUEST_BEFORE))),
                _document(rows.get((number, Pane.REQUEST_AFTER))),
                _stream(rows.get((number, Pane.ANSWER))),
            )
            for number in numbers
        ),
    )


def _document(row: Capture | None) -> DocumentPane | None:
    if row is None:
        return None
    return DocumentPane(row.mode, row.head, row.size, row.cut, panes.unpack(bytes(row.body)))


def _stream(row: Capture | None) -> StreamPane | None:
    if row is None:
        return None
    return StreamPane(row.mode, row.head, row.size, row.cut, panes.unpack_stream(bytes(row.body)))
