"""The end of a stream from outside: what its maker left open is closed, then the end is told.

Knows only the events that were told. They were told in whole batches, so that at most the
last item is open, and of its text only pieces.
"""

from collections.abc import Sequence
from typing import Any, cast

from responses_api.core.failures import failure_code
from responses_api.core.generation_events import UpstreamFailed
from responses_api.core.snapshot import apply
from responses_api.core.stream_events import ResponseObject, StreamEvent, StreamEventType

_FINAL = frozenset({"completed", "incomplete", "failed"})


def break_off(told: Sequence[StreamEvent], failure: UpstreamFailed | None) -> list[StreamEvent]:
    """The events that must follow ``told``; the last one is terminal and holds the whole response.

    Args:
        told: a stream from its ``response.created`` on, without a terminal event.
        failure: what the client is told; None if the response was cancelled.

    Raises:
        ValueError: ``told`` is no such stream.
    """
    response: ResponseObject | None = None
    for event in told:
        response = apply(response, event)
    if response is None:
        raise ValueError("a stream without events")
    following: list[tuple[StreamEventType, dict[str, Any]]] = []
    output = list(response["output"])
    if output and output[-1].get("status") not in _FINAL:
        item, index = output[-1], len(output) - 1
        item = {**item, "status": "failed" if item["type"] == "web_search_call" else "incomplete"}
        following += _last_words(item, index)
        following.append(("response.output_item.done", {"output_index": index, "item": item}))
        output[-1] = item
    following += _ending({**response, "output": output}, failure)
    first = told[-1]["sequence_number"] + 1
    return [
        cast(StreamEvent, {"type": kind, "sequence_number": number, **fields})
        for number, (kind, fields) in enumerate(following, start=first)
    ]


def _ending(
    response: ResponseObject, failure: UpstreamFailed | None
) -> list[tuple[StreamEventType, dict[str, Any]]]:
    if failure is None:
        return [("response.incomplete", {"response": {**response, "status": "cancelled"}})]
    code, message = failure.code or "server_error", failure.message
    detail = {"type": failure.type, "code": code, "message": message, "param": failure.param}
    told = {"code": code, "message": message, "param": failure.param, "error": detail}
    error = {"code": failure_code(code, failure.http_status), "message": message}
    return [
        ("error", told),
        ("response.failed", {"response": {**response, "status": "failed", "error": error}}),
    ]


def _last_words(item: dict[str, Any], index: int) -> list[tuple[StreamEventType, dict[str, Any]]]:
    """The ends of an open item's text and part, if it has them."""
    place = {"item_id": item["id"], "output_index": index}
    if item["type"] == "message" and item["content"]:
        (part,) = item["content"]
        place["content_index"] = 0
        text = {"text": part["text"], "logprobs": part["logprobs"]}
        return [
            ("response.output_text.done", {**place, **text}),
            ("response.content_part.done", {**place, "part": part}),
        ]
    if item["type"] == "reasoning" and item["summary"]:
        (part,) = item["summary"]
        place["summary_index"] = 0
        return [
            ("response.reasoning_summary_text.done", {**place, "text": part["text"]}),
            ("response.reasoning_summary_part.done", {**place, "part": part}),
        ]
    return []
