"""What is written down about an exchange: its trace at the start, its end with usage and response.

Turns the state machine's final state into rows; decides nothing about the exchange itself.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import GatewayError
from responses_api.core.generation_events import UsageReported
from responses_api.core.response_stream import Lifecycle, ResponseStream
from responses_api.models import Outcome, UsageSource
from responses_api.storage import TokenCounts

CHARACTERS_PER_TOKEN = 4
"""Rule of thumb for the estimate that is used where nobody counted."""


@dataclass(frozen=True, slots=True)
class ClientCall:
    """The client's HTTP request, as far as the trace wants it."""

    request_id: str
    user_agent: str
    body_bytes: int
    received_at: datetime


def describe_request(request: CreateRequest, call: ClientCall, history_items: int) -> dict[str, Any]:
    """The trace's ``client_request``: counts, sizes and parameters, no content."""
    reasoning = request.reasoning
    return {
        "request_id": call.request_id,
        "user_agent": call.user_agent,
        "body_bytes": call.body_bytes,
        "input_items": len(request.input),
        "history_items": history_items,
        "instructions": request.instructions is not None,
        "tools": len(request.tools),
        "stream": request.stream,
        "store": request.store,
        "previous_response_id": request.previous_response_id,
        "temperature": request.temperature,
        "top_p": request.top_p,
        "max_output_tokens": request.max_output_tokens,
        "reasoning_effort": reasoning.effort if reasoning is not None else None,
    }


def describe_response(machine: ResponseStream) -> dict[str, Any]:
    """The trace's ``response_summary``."""
    return {
        "status": machine.lifecycle.value,
        "items": [item.wire["type"] for item in machine.items],
        "text_characters": machine.visible_chars,
        "thought_characters": machine.thought_chars,
        "upstream_id": machine.upstream_id,
        "ignored_parts": machine.ignored_parts,
        "dropped_calls": [call.name for call in machine.dropped],
    }


def describe_error(error: GatewayError) -> dict[str, Any]:
    """The trace's ``error``."""
    return {
        "message": error.message,
        "type": error.type,
        "code": error.code,
        "param": error.param,
        "http_status": error.http_status,
        "retry_after": error.retry_after,
    }


def natural_outcome(machine: ResponseStream) -> Outcome:
    """How the exchange ended, judged by the response alone."""
    match machine.lifecycle:
        case Lifecycle.COMPLETED:
            called = any(item.wire["type"] == "function_call" for item in machine.items)
            return Outcome.TOOL_CALL if called else Outcome.COMPLETED
        case Lifecycle.INCOMPLETE:
            return Outcome.INCOMPLETE
        case Lifecycle.CANCELLED:
            return Outcome.CANCELLED
        case _:
            return Outcome.UPSTREAM_ERROR


def count_tokens(reported: UsageReported | None, source: UsageSource) -> TokenCounts:
    """Counts that somebody made."""
    if reported is None:
        return TokenCounts(UsageSource.NONE)
    return TokenCounts(
        source,
        reported.input_tokens,
        reported.cached_tokens,
        reported.output_tokens,
        reported.reasoning_tokens,
    )


def estimate_tokens(machine: ResponseStream, overlay_bytes: int) -> UsageReported:
    """Counts from text lengths, for an answer that broke off before anybody counted."""
    reasoning = machine.thought_chars // CHARACTERS_PER_TOKEN
    return UsageReported(
        input_tokens=overlay_bytes // CHARACTERS_PER_TOKEN,
        output_tokens=machine.visible_chars // CHARACTERS_PER_TOKEN + reasoning,
        reasoning_tokens=reasoning,
    )
