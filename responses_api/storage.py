"""What an exchange reads from and writes to PostgreSQL: one trip at its start, one at its end.

Plain synchronous functions, each one transaction, safe to repeat after a lost connection;
``responses_api.database`` runs them. The pure core never sees a model instance: rows are
turned into ``ConversationItem`` and back here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.db import connection, transaction

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.errors import InvalidRequest, NotFound
from responses_api.models import Item, ItemSide, Outcome, Response, Trace, Usage

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
class ExchangeEnd:
    """All that is booked when an exchange ends: the trace's last fields, its usage, maybe its response."""

    trace_id: str
    owner_id: int
    api_key_id: int
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


def open_trace(trace: Trace) -> None:
    """Begin the record of an exchange."""
    trace.save(force_insert=True)


def close_exchange(end: ExchangeEnd) -> None:
    """Book the end of an exchange: response and items, trace, usage; all or nothing.

    Booking the same end twice changes nothing.
    """
    with transaction.atomic():
        closed = Trace.objects.filter(id=end.trace_id, outcome=Outcome.IN_PROGRESS).update(
            outcome=end.outcome, ended_at=end.ended_at, **end.trace_fields
        )
        if not closed:
            return
        Usage.objects.bulk_create([_usage_row(end)])
        if end.response is not None:
            _save_response(end.owner_id, end.response)


def _usage_row(end: ExchangeEnd) -> Usage:
    tokens = end.usage
    return Usage(
        trace_id=end.trace_id,
        owner_id=end.owner_id,
        api_key_id=end.api_key_id,
        at=end.ended_at,
        model=end.model,
        source=tokens.source,
        input_tokens=tokens.input,
        cached_tokens=tokens.cached,
        output_tokens=tokens.output,
        reasoning_tokens=tokens.reasoning,
        total_tokens=tokens.input + tokens.output,
    )


def _save_response(owner_id: int, stored: StoredResponse) -> None:
    wire = stored.wire
    Response.objects.bulk_create(
        [
            Response(
                id=wire["id"],
                owner_id=owner_id,
                previous_id=wire["previous_response_id"] or "",
                created_at=datetime.fromtimestamp(wire["created_at"], tz=UTC),
                status=wire["status"],
                model=wire["model"],
                body={name: value for name, value in wire.items() if name != "output"},
            )
        ]
    )
    sides = [(ItemSide.INPUT, item) for item in stored.inputs]
    sides += [(ItemSide.OUTPUT, item) for item in stored.outputs]
    Item.objects.bulk_create(
        _item_row(wire["id"], position, side, item) for position, (side, item) in enumerate(sides)
    )


def _item_row(response_id: str, position: int, side: ItemSide, item: ConversationItem) -> Item:
    facts = item.upstream or UpstreamFacts()
    return Item(
        id=item.wire.get("id", ""),
        response_id=response_id,
        position=position,
        side=side,
        type=item.wire["type"],
        wire=item.wire,
        signature=facts.signature or "",
        upstream_call_id=facts.call_id or "",
        upstream_model=facts.model or "",
    )
