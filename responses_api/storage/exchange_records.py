"""What an exchange reads from and writes to PostgreSQL: one trip at its start, one at its end.

Plain synchronous functions, each one transaction, safe to repeat after a lost connection;
``responses_api.runtime.database`` runs them. The pure core never sees a model instance: rows are
turned into ``ConversationItem`` and back here.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper
from psycopg.types.numeric import Int8

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.errors import InvalidRequest
from responses_api.models import ItemSide, Outcome
from responses_api.runtime import prepared
from responses_api.storage.item_rows import as_jsonb, item_from_row

GATEWAY_LOST = "gateway_lost"
"""Error code of traces that were closed because their gateway seemed to be dead (``storage.orphans``)."""

_CHAIN = """
WITH RECURSIVE chain AS (
    SELECT id, previous_id, 0 AS depth
    FROM responses_api_response
    WHERE id = %(id)s AND owner_id = %(owner)s AND status NOT IN ('queued', 'in_progress')
  UNION ALL
    SELECT earlier.id, earlier.previous_id, chain.depth + 1
    FROM chain JOIN responses_api_response AS earlier
      ON earlier.id = chain.previous_id AND earlier.owner_id = %(owner)s
)
SELECT item.response_id, item.wire, item.signature, item.upstream_call_id, item.upstream_model,
    item.upstream_parts
FROM chain JOIN responses_api_item AS item ON item.response_id = chain.id
ORDER BY chain.depth DESC, item.position
"""


_UNENDED = """
SELECT status FROM responses_api_response
WHERE id = %(id)s AND owner_id = %(owner)s AND status IN ('queued', 'in_progress')
"""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response to keep: the wire object (its ``output`` is taken from ``outputs``) and its items."""

    wire: dict[str, Any]
    inputs: Sequence[ConversationItem]
    outputs: Sequence[ConversationItem]
    first_position: int = 0
    """Position of the first of these items: behind those that are stored already."""


@dataclass(frozen=True, slots=True)
class BackgroundRow:
    """A response whose row and input items were written when it was queued.

    Only the gateway that holds it may end it: if ``runner`` is not its runner any more,
    nothing is booked. If the response was deleted, only trace and usage are.
    """

    response_id: str
    runner: str


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Usage of one exchange, with where it comes from (``UsageSource``)."""

    source: str
    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0
    cost: Decimal | None = None
    """US dollars; None where no price is known."""


@dataclass(frozen=True, slots=True)
class ExchangeBegin:
    """What is known of an exchange when it begins: the trace's first fields."""

    id: str
    response_id: str
    owner_id: int
    api_key_id: int
    started_at: datetime
    model: str
    stream: bool
    simulated: bool
    client_request: dict[str, Any]
    adaptations: tuple[str, ...]
    gateway: str = ""
    """The process that makes the response (``identifiers.gateway_id``); empty while it waits in the queue."""


@dataclass(frozen=True, slots=True)
class ExchangeEnd:
    """All that is booked when an exchange ends: the trace's last fields, its usage, maybe its response."""

    trace_id: str
    model: str
    ended_at: datetime
    outcome: Outcome
    trace_fields: dict[str, Any]
    usage: TokenCounts
    response: StoredResponse | None
    background: BackgroundRow | None = None
    """Where the response's row exists already."""
    also: tuple[Callable[[CursorWrapper], None], ...] = ()
    """Run in the same transaction, and only if this call is the one that closes the exchange."""


def load_chain(owner_id: int, previous_response_id: str) -> list[ConversationItem]:
    """All items said up to and including ``previous_response_id``, oldest first. One query.

    Raises:
        InvalidRequest: no such response of this owner; the same for unknown, deleted,
            unstored and other people's ids. Or the response has not ended.
    """
    if "\x00" in previous_response_id:  # which PostgreSQL's text cannot hold
        raise _unusable(previous_response_id, None)
    with prepared.cursor() as cursor:
        cursor.execute(_CHAIN, {"id": previous_response_id, "owner": owner_id})
        rows = cursor.fetchall()
        if not rows:
            cursor.execute(_UNENDED, {"id": previous_response_id, "owner": owner_id})
            raise _unusable(previous_response_id, cursor.fetchone())
    return [item_from_row(*row) for row in rows]


def _unusable(response_id: str, unended: tuple[str] | None) -> InvalidRequest:
    if unended is not None:
        return InvalidRequest(
            f"Previous response with id '{response_id}' has not ended yet: it is {unended[0]}. "
            "Wait until it has, or cancel it.",
            param="previous_response_id",
            code="previous_response_not_ended",
        )
    return InvalidRequest(
        f"Previous response with id '{response_id}' not found.",
        param="previous_response_id",
        code="previous_response_not_found",
    )


_OPEN = """
INSERT INTO responses_api_trace (
    id, response_id, owner_id, api_key_id, started_at, outcome, model, stream, simulated, client_request,
    adaptations, gateway, turns
) VALUES (
    %(id)s, %(response_id)s, %(owner_id)s, %(api_key_id)s, %(started_at)s, 'in_progress', %(model)s,
    %(stream)s, %(simulated)s, %(client_request)s, %(adaptations)s, %(gateway)s, 0
) ON CONFLICT (id) DO NOTHING
"""


def open_trace(begin: ExchangeBegin) -> None:
    """Begin the record of an exchange."""
    with prepared.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {
                **asdict(begin),
                "client_request": as_jsonb(begin.client_request),
                "adaptations": as_jsonb(begin.adaptations),
            },
        )


_ITEM_COLUMNS = """
    id text, response_id text, position integer, side text, type text, wire jsonb,
    signature text, upstream_call_id text, upstream_model text, upstream_parts jsonb, call_id text
"""

_CLOSE = f"""
WITH held AS MATERIALIZED (
    SELECT id FROM responses_api_response
    WHERE id = %(held_id)s::text AND runner = %(runner)s AND status IN ('queued', 'in_progress')
    FOR UPDATE
), closed AS (
    UPDATE responses_api_trace SET
        outcome = %(outcome)s, ended_at = %(ended_at)s, cascade_id = %(cascade_id)s,
        upstream_model = %(upstream_model)s, gate_wait_ms = %(gate_wait_ms)s,
        first_event_ms = %(first_event_ms)s, duration_ms = %(duration_ms)s, turns = %(turns)s,
        marks = %(marks)s, tools = %(tools)s, response_summary = %(response_summary)s, error = %(error)s
    WHERE id = %(trace_id)s AND (outcome = 'in_progress' OR error->>'code' = '{GATEWAY_LOST}') AND (
        %(held_id)s::text IS NULL OR EXISTS (SELECT FROM held)
        OR NOT EXISTS (SELECT FROM responses_api_response WHERE id = %(held_id)s::text)
    )
    RETURNING id, owner_id, api_key_id
), used AS (
    INSERT INTO responses_api_usage (
        trace_id, owner_id, api_key_id, at, model, source,
        input_tokens, cached_tokens, output_tokens, reasoning_tokens, total_tokens, cost
    )
    SELECT id, owner_id, api_key_id, %(ended_at)s, %(model)s, %(usage_source)s,
        %(input)s, %(cached)s, %(output)s, %(reasoning)s, %(total)s, %(cost)s::numeric
    FROM closed
    ON CONFLICT (trace_id) DO UPDATE SET
        at = excluded.at, source = excluded.source, input_tokens = excluded.input_tokens,
        cached_tokens = excluded.cached_tokens, output_tokens = excluded.output_tokens,
        reasoning_tokens = excluded.reasoning_tokens, total_tokens = excluded.total_tokens,
        cost = excluded.cost
), response AS (
    SELECT * FROM jsonb_to_recordset(%(responses)s::jsonb)
        AS response (id text, previous_id text, conversation_id text, status text, body jsonb)
), made AS (
    INSERT INTO responses_api_response (
        id, owner_id, previous_id, conversation_id, created_at, status, model, body
    )
    SELECT response.id, closed.owner_id, response.previous_id,
        (SELECT id FROM responses_api_conversation WHERE id = response.conversation_id),
        %(created_at)s::timestamptz, response.status, %(model)s, response.body
    FROM closed, response WHERE %(held_id)s::text IS NULL
), ended AS (
    UPDATE responses_api_response AS row
    SET status = response.status, body = response.body, model = %(model)s, request = NULL
    FROM closed, held, response WHERE row.id = held.id
), kept AS (
    INSERT INTO responses_api_item (
        id, response_id, position, side, type, wire, signature, upstream_call_id, upstream_model,
        upstream_parts, call_id
    )
    SELECT item.* FROM closed, jsonb_to_recordset(%(items)s::jsonb) AS item ({_ITEM_COLUMNS})
    WHERE %(held_id)s::text IS NULL OR EXISTS (SELECT FROM held)
)
SELECT id FROM closed
"""


def close_exchange(end: ExchangeEnd) -> None:
    """Book the end of an exchange: response and items, trace, usage; all or nothing.

    One statement, since it stands between the model's last word and the client: through the
    ORM it is five round trips and three milliseconds of CPU. Booking the same end twice
    changes nothing.
    """
    if not end.also:
        with prepared.cursor() as cursor:
            _close(cursor, end)
        return
    with transaction.atomic(), prepared.cursor() as cursor:
        if _close(cursor, end):
            with connection.cursor() as ordinary:
                for statement in end.also:
                    statement(ordinary)


def _close(cursor: CursorWrapper, end: ExchangeEnd) -> bool:
    """Whether it was this call that closed the exchange."""
    cursor.execute(_CLOSE, _closing(end))
    return cursor.fetchone() is not None


def _closing(end: ExchangeEnd) -> dict[str, Any]:
    """The parameters of ``_CLOSE``."""
    stored, background, usage = end.response, end.background, end.usage
    return {
        **end.trace_fields,
        "response_summary": as_jsonb(end.trace_fields["response_summary"]),
        "marks": None if (marks := end.trace_fields.get("marks")) is None else as_jsonb(marks),
        "tools": as_jsonb(end.trace_fields.get("tools", [])),
        "error": None if end.trace_fields["error"] is None else as_jsonb(end.trace_fields["error"]),
        "trace_id": end.trace_id,
        "held_id": None if background is None else background.response_id,
        "runner": None if background is None else background.runner,
        "model": end.model,
        "outcome": str(end.outcome),
        "ended_at": end.ended_at,
        "usage_source": str(usage.source),
        "input": Int8(usage.input),
        "cached": Int8(usage.cached),
        "output": Int8(usage.output),
        "reasoning": Int8(usage.reasoning),
        "total": Int8(usage.input + usage.output),
        "cost": usage.cost,
        "created_at": None if stored is None else datetime.fromtimestamp(stored.wire["created_at"], UTC),
        "responses": as_jsonb([] if stored is None else [response_record(stored.wire)]),
        "items": as_jsonb([] if stored is None else _item_records(stored)),
    }


_INSERT_ITEMS = f"""
INSERT INTO responses_api_item (
    id, response_id, position, side, type, wire, signature, upstream_call_id, upstream_model, upstream_parts,
    call_id
)
SELECT * FROM jsonb_to_recordset(%(items)s::jsonb) AS item ({_ITEM_COLUMNS})
"""


def insert_items(cursor: CursorWrapper, stored: StoredResponse) -> None:
    """Write the items of a response whose row exists."""
    cursor.execute(_INSERT_ITEMS, {"items": as_jsonb(_item_records(stored))})


def response_record(wire: dict[str, Any]) -> dict[str, Any]:
    """The columns that a response object gives its row."""
    conversation = wire.get("conversation")
    return {
        "id": wire["id"],
        "previous_id": wire["previous_response_id"] or "",
        "conversation_id": conversation["id"] if conversation else None,
        "status": wire["status"],
        "body": {name: value for name, value in wire.items() if name != "output"},
    }


def _item_records(stored: StoredResponse) -> list[dict[str, Any]]:
    sides = [(ItemSide.INPUT, item) for item in stored.inputs]
    sides += [(ItemSide.OUTPUT, item) for item in stored.outputs]
    return [
        _item_record(stored.wire["id"], position, side, item)
        for position, (side, item) in enumerate(sides, start=stored.first_position)
    ]


def _item_record(response_id: str, position: int, side: ItemSide, item: ConversationItem) -> dict[str, Any]:
    facts = item.upstream or UpstreamFacts()
    return {
        "id": item.wire.get("id", ""),
        "response_id": response_id,
        "position": position,
        "side": side.value,
        "type": item.wire["type"],
        "wire": item.wire,
        "signature": facts.signature or "",
        "upstream_call_id": facts.call_id or "",
        "upstream_model": facts.model or "",
        "upstream_parts": facts.parts or None,
        "call_id": item.wire.get("call_id") or "" if side is ItemSide.OUTPUT else "",
    }
