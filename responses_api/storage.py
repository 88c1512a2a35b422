"""What an exchange reads from and writes to PostgreSQL: one trip at its start, one at its end.

Plain synchronous functions, each one transaction, safe to repeat after a lost connection;
``responses_api.database`` runs them. The pure core never sees a model instance: rows are
turned into ``ConversationItem`` and back here.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import connection

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.errors import InvalidRequest, NotFound
from responses_api.models import Item, ItemSide, Outcome

_CHAIN = """
WITH RECURSIVE chain AS (
    SELECT id, previous_id, 0 AS depth
    FROM responses_api_response WHERE id = %(id)s AND owner_id = %(owner)s
  UNION ALL
    SELECT earlier.id, earlier.previous_id, chain.depth + 1
    FROM chain JOIN responses_api_response AS earlier
      ON earlier.id = chain.previous_id AND earlier.owner_id = %(owner)s
)
SELECT item.response_id, item.wire, item.signature, item.upstream_call_id, item.upstream_model
FROM chain JOIN responses_api_item AS item ON item.response_id = chain.id
ORDER BY chain.depth DESC, item.position
"""


@dataclass(frozen=True, slots=True)
class StoredResponse:
    """A response to keep: the wire object (its ``output`` is taken from ``outputs``) and its items."""

    wire: dict[str, Any]
    inputs: Sequence[ConversationItem]
    outputs: Sequence[ConversationItem]


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """Usage of one exchange, with where it comes from (``UsageSource``)."""

    source: str
    input: int = 0
    cached: int = 0
    output: int = 0
    reasoning: int = 0


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


def load_chain(owner_id: int, previous_response_id: str) -> list[ConversationItem]:
    """All items said up to and including ``previous_response_id``, oldest first. One query.

    Raises:
        InvalidRequest: no such response of this owner; the same for unknown, deleted,
            unstored and other people's ids.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CHAIN, {"id": previous_response_id, "owner": owner_id})
        rows = cursor.fetchall()
    if not rows:
        raise InvalidRequest(
            f"Previous response with id '{previous_response_id}' not found.",
            param="previous_response_id",
            code="previous_response_not_found",
        )
    return [
        ConversationItem(
            wire=msgspec.json.decode(wire) if isinstance(wire, str) else wire,
            response_id=response_id,
            upstream=UpstreamFacts(signature or None, call_id or None, model or None),
        )
        for response_id, wire, signature, call_id, model in rows
    ]


def resolve_references(owner_id: int, said: Sequence[ConversationItem]) -> list[ConversationItem]:
    """``said`` with every ``item_reference`` replaced by the stored item it stands for. One query.

    Raises:
        NotFound: no such item of this owner.
    """
    wanted = [item.wire["id"] for item in said if item.wire["type"] == "item_reference"]
    found = {
        item.id: ConversationItem(
            wire=item.wire,
            response_id=item.response_id,
            upstream=UpstreamFacts(
                item.signature or None, item.upstream_call_id or None, item.upstream_model or None
            ),
        )
        for item in Item.objects.filter(id__in=wanted, response__owner_id=owner_id)
    }
    for item_id in wanted:
        if item_id not in found:
            raise NotFound(
                f"Item with id '{item_id}' not found. Items are not persisted when `store` is set to false. "
                "Try again with `store` set to true, or remove this item from your input.",
                param="input",
            )
    return [found[item.wire["id"]] if item.wire["type"] == "item_reference" else item for item in said]


_OPEN = """
INSERT INTO responses_api_trace (
    id, response_id, owner_id, api_key_id, started_at, outcome, model, stream, simulated, client_request,
    adaptations, turns
) VALUES (
    %(id)s, %(response_id)s, %(owner_id)s, %(api_key_id)s, %(started_at)s, 'in_progress', %(model)s,
    %(stream)s, %(simulated)s, %(client_request)s, %(adaptations)s, 0
)
"""


def open_trace(begin: ExchangeBegin) -> None:
    """Begin the record of an exchange."""
    with connection.cursor() as cursor:
        cursor.execute(
            _OPEN,
            {
                **asdict(begin),
                "client_request": _json(begin.client_request),
                "adaptations": _json(begin.adaptations),
            },
        )


_CLOSE = """
WITH closed AS (
    UPDATE responses_api_trace SET
        outcome = %(outcome)s, ended_at = %(ended_at)s, cascade_id = %(cascade_id)s,
        upstream_model = %(upstream_model)s, gate_wait_ms = %(gate_wait_ms)s,
        first_event_ms = %(first_event_ms)s, duration_ms = %(duration_ms)s, turns = %(turns)s,
        response_summary = %(response_summary)s, error = %(error)s
    WHERE id = %(trace_id)s AND outcome = 'in_progress'
    RETURNING id, owner_id, api_key_id
), used AS (
    INSERT INTO responses_api_usage (
        trace_id, owner_id, api_key_id, at, model, source,
        input_tokens, cached_tokens, output_tokens, reasoning_tokens, total_tokens
    )
    SELECT id, owner_id, api_key_id, %(ended_at)s, %(model)s, %(usage_source)s,
        %(input)s, %(cached)s, %(output)s, %(reasoning)s, %(total)s
    FROM closed
), stored AS (
    INSERT INTO responses_api_response (id, owner_id, previous_id, created_at, status, model, body)
    SELECT response.id, closed.owner_id, response.previous_id, %(created_at)s, response.status, %(model)s,
        response.body
    FROM closed, jsonb_to_recordset(%(responses)s::jsonb)
        AS response (id text, previous_id text, status text, body jsonb)
)
INSERT INTO responses_api_item (
    id, response_id, position, side, type, wire, signature, upstream_call_id, upstream_model
)
SELECT item.* FROM closed, jsonb_to_recordset(%(items)s::jsonb) AS item (
    id text, response_id text, position integer, side text, type text, wire jsonb,
    signature text, upstream_call_id text, upstream_model text
)
"""


def close_exchange(end: ExchangeEnd) -> None:
    """Book the end of an exchange: response and items, trace, usage; all or nothing.

    One statement, since it stands between the model's last word and the client: through the
    ORM it is five round trips and three milliseconds of CPU. Booking the same end twice
    changes nothing.
    """
    stored = end.response
    items = [] if stored is None else _item_records(stored)
    with connection.cursor() as cursor:
        cursor.execute(
            _CLOSE,
            {
                **end.trace_fields,
                "response_summary": _json(end.trace_fields["response_summary"]),
                "error": None if end.trace_fields["error"] is None else _json(end.trace_fields["error"]),
                "trace_id": end.trace_id,
                "model": end.model,
                "outcome": str(end.outcome),
                "ended_at": end.ended_at,
                "usage_source": str(end.usage.source),
                "input": end.usage.input,
                "cached": end.usage.cached,
                "output": end.usage.output,
                "reasoning": end.usage.reasoning,
                "total": end.usage.input + end.usage.output,
                "created_at": None
                if stored is None
                else datetime.fromtimestamp(stored.wire["created_at"], UTC),
                "responses": _json([] if stored is None else [_response_record(stored.wire)]),
                "items": _json(items),
            },
        )


_CLOSE_ORPHANS = """
WITH closed AS (
    UPDATE responses_api_trace SET outcome = 'failed', ended_at = now(), error = %(error)s
    WHERE outcome = 'in_progress'
    RETURNING id, owner_id, api_key_id, model
)
INSERT INTO responses_api_usage (
    trace_id, owner_id, api_key_id, at, model, source,
    input_tokens, cached_tokens, output_tokens, reasoning_tokens, total_tokens
)
SELECT id, owner_id, api_key_id, now(), model, 'none', 0, 0, 0, 0, 0 FROM closed
"""


def close_orphans() -> int:
    """Book the end of exchanges whose gateway was killed, drop their overlays; how many there were.

    Only for a gateway that has the database to itself, before its first request: the rows
    do not say whose they are.
    """
    error = {"message": "The gateway was killed while this response was being made.", "code": "server_error"}
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM responses_api_largeoverlay")
        cursor.execute(_CLOSE_ORPHANS, {"error": _json(error)})
        return int(cursor.rowcount)


def _response_record(wire: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": wire["id"],
        "previous_id": wire["previous_response_id"] or "",
        "status": wire["status"],
        "body": {name: value for name, value in wire.items() if name != "output"},
    }


def _item_records(stored: StoredResponse) -> list[dict[str, Any]]:
    sides = [(ItemSide.INPUT, item) for item in stored.inputs]
    sides += [(ItemSide.OUTPUT, item) for item in stored.outputs]
    return [
        _item_record(stored.wire["id"], position, side, item) for position, (side, item) in enumerate(sides)
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
    }


_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def _json(value: object) -> str:
    """``value`` as jsonb takes it, which has no NUL character: a replacement character stands in."""
    encoded = msgspec.json.encode(value).decode()
    return _NUL.sub(r"\1\\ufffd", encoded) if "\\u0000" in encoded else encoded
