"""Ends background responses that nobody makes: cancelled in the queue, refused, left by a dead gateway."""

import logging
from datetime import UTC, datetime
from typing import Any

from responses_api.access import callers
from responses_api.access.limits import reservations
from responses_api.access.limits.ledger import LedgerUnavailable
from responses_api.access.limits.reservations import Reservation, held_in
from responses_api.access.limits.rules import Amount
from responses_api.background import event_log
from responses_api.background.queue import Held
from responses_api.core.broken_off import break_off
from responses_api.core.conversation import ConversationItem
from responses_api.core.errors import GatewayError
from responses_api.generation.booking import describe_error
from responses_api.generation.outcomes import failed_by
from responses_api.models import Outcome, UsageSource
from responses_api.storage import conversations, exchange_records
from responses_api.webhooks.reports import enqueue_on_close

logger = logging.getLogger("zg.background")


def end(held: Held, runner: str, outcome: Outcome, error: GatewayError | None) -> None:
    """Append the end to the log and book it: one trace, one usage row.

    Nothing happens if the response is another's now, or has ended.

    Args:
        held: the response.
        runner: who holds it; empty if it was left.
        outcome: for the trace.
        error: why it failed; None if it was cancelled.
    """
    told = event_log.read_events(held.id)
    rest = break_off(told, None if error is None else failed_by(error))
    response: Any = rest[-1]
    wire = response["response"]
    outputs = [ConversationItem(item, response_id=held.id) for item in wire["output"]]
    report = enqueue_on_close(held.owner_id, held.api_key_id, held.id, wire["status"], background=True)
    also = [event_log.append_on_close(held.id, rest)]
    if (conversation := wire.get("conversation")) is not None:
        also.append(conversations.append_on_close(conversation["id"], held.id, wire["status"]))
    if report is not None:
        also.append(report)
    now = datetime.now(UTC)
    exchange_records.close_exchange(
        exchange_records.ExchangeEnd(
            trace_id=held.trace_id,
            model=wire["model"],
            ended_at=now,
            outcome=outcome,
            trace_fields={
                "cascade_id": "",
                "upstream_model": "",
                "gate_wait_ms": None,
                "first_event_ms": None,
                "duration_ms": round(held.waited * 1000, 2),
                "turns": 0,
                "response_summary": {
                    "status": wire["status"],
                    "items": [item["type"] for item in wire["output"]],
                },
                "error": None if error is None else describe_error(error),
            },
            usage=exchange_records.TokenCounts(UsageSource.NONE),
            response=exchange_records.StoredResponse(wire, [], outputs, held.stored_items),
            background=exchange_records.BackgroundRow(held.id, runner),
            also=tuple(also),
        )
    )
    _release(held, now)


def _release(held: Held, ended_at: datetime) -> None:
    """Give back what the response had reserved."""
    reserved = held_in(callers.allowances_of(held.owner_id, held.api_key_id))
    try:
        reservations.settle(Reservation(held.id, reserved), Amount(), ended_at)
    except LedgerUnavailable as error:
        logger.error("response %s cannot be settled, its reservation runs out by itself: %s", held.id, error)
