"""The client's fold: a response object and one more event give the next object.

Used to replay and resume stored streams, and by tests to check that what we stream and
what we return are the same thing. Nothing is changed in place: a result shares what did
not change with its predecessor and with the event, so treat all of them as read-only.
"""

from collections.abc import Callable, Mapping
from typing import Any, assert_never

from responses_api.core.stream_events import CallEvent, PartEvent, ResponseObject, StreamEvent

type _Item = dict[str, Any]


def apply(response: ResponseObject | None, event: StreamEvent) -> ResponseObject:
    """The response object after ``event``.

    Args:
        response: The object so far; None before the first event.
        event: The next event of the same response.

    Raises:
        ValueError: the event cannot follow: no ``response.created`` before it, another
            response's id, an item out of order, or a part of an item that is not there.
    """
    if (
        event["type"] == "response.created"
        or event["type"] == "response.queued"
        or event["type"] == "response.in_progress"
        or event["type"] == "response.completed"
        or event["type"] == "response.incomplete"
        or event["type"] == "response.failed"
    ):
        if (response is None) != (event["type"] == "response.created"):
            raise ValueError(f"{event['type']} out of order")
        if response is not None and response["id"] != event["response"]["id"]:
            raise ValueError(f"{event['type']} of another response")
        return event["response"]
    if response is None:
        raise ValueError(f"{event['type']} before response.created")
    match event["type"]:
        case "error":
            return response
        case "response.output_item.added":
            if event["output_index"] != len(response["output"]):
                raise ValueError(f"item {event['output_index']} added out of order")
            return {**response, "output": [*response["output"], event["item"]]}
        case "response.output_item.done":
            item_id = event["item"]["id"]
            return _with_item(response, event["output_index"], item_id, lambda item: dict(event["item"]))
        case _:
            return _with_item(
                response, event["output_index"], event["item_id"], lambda item: _changed(item, event)
            )


def _with_item(
    response: ResponseObject, index: int, item_id: str, change: Callable[[_Item], _Item]
) -> ResponseObject:
    output = list(response["output"])
    if index >= len(output) or output[index]["id"] != item_id:
        raise ValueError(f"no item {item_id} at {index}")
    output[index] = change(output[index])
    return {**response, "output": output}


def _changed(item: _Item, event: PartEvent) -> _Item:
    """``item`` after an event that happened inside it."""
    match event["type"]:
        case "response.content_part.added" | "response.content_part.done":
            return _with_part(item, "content", event["content_index"], event["part"])
        case "response.reasoning_summary_part.added" | "response.reasoning_summary_part.done":
            return _with_part(item, "summary", event["summary_index"], event["part"])
        case "response.output_text.delta":
            part = _part(item, "content", event["content_index"])
            grown = {"text": part["text"] + event["delta"], "logprobs": part["logprobs"] + event["logprobs"]}
            return _with_part(item, "content", event["content_index"], part | grown)
        case "response.output_text.done":
            part = _part(item, "content", event["content_index"])
            whole = {"text": event["text"], "logprobs": event["logprobs"]}
            return _with_part(item, "content", event["content_index"], part | whole)
        case "response.output_text.annotation.added":
            part = _part(item, "content", event["content_index"])
            annotated = _with_part(part, "annotations", event["annotation_index"], event["annotation"])
            return _with_part(item, "content", event["content_index"], annotated)
        case "response.refusal.delta":
            part = _part(item, "content", event["content_index"])
            grown = {"refusal": part["refusal"] + event["delta"]}
            return _with_part(item, "content", event["content_index"], part | grown)
        case "response.refusal.done":
            part = _part(item, "content", event["content_index"])
            return _with_part(item, "content", event["content_index"], part | {"refusal": event["refusal"]})
        case "response.reasoning_summary_text.delta":
            part = _part(item, "summary", event["summary_index"])
            grown = {"text": part["text"] + event["delta"]}
            return _with_part(item, "summary", event["summary_index"], part | grown)
        case "response.reasoning_summary_text.done":
            part = _part(item, "summary", event["summary_index"])
            return _with_part(item, "summary", event["summary_index"], part | {"text": event["text"]})
        case _:
            return _changed_call(item, event)


def _changed_call(item: _Item, event: CallEvent) -> _Item:
    """A call after an event that happened inside it."""
    match event["type"]:
        case "response.function_call_arguments.delta":
            return {**item, "arguments": item["arguments"] + event["delta"]}
        case "response.function_call_arguments.done":
            return {**item, "arguments": event["arguments"]}
        case "response.custom_tool_call_input.delta":
            return {**item, "input": item["input"] + event["delta"]}
        case "response.custom_tool_call_input.done":
            return {**item, "input": event["input"]}
        case "response.code_interpreter_call_code.delta":
            return {**item, "code": item["code"] + event["delta"]}
        case "response.code_interpreter_call_code.done":
            return {**item, "code": event["code"]}
        case (
            "response.web_search_call.in_progress"
            | "response.web_search_call.searching"
            | "response.web_search_call.completed"
            | "response.code_interpreter_call.in_progress"
            | "response.code_interpreter_call.interpreting"
            | "response.code_interpreter_call.completed"
            | "response.image_generation_call.in_progress"
            | "response.image_generation_call.generating"
            | "response.image_generation_call.completed"
        ):
            return {**item, "status": event["type"].rpartition(".")[2]}
        case _:
            assert_never(event["type"])


def _part(item: _Item, member: str, index: int) -> _Item:
    if index >= len(item[member]):
        raise ValueError(f"{item['id']} has no part {index}")
    part: _Item = item[member][index]
    return part


def _with_part(item: _Item, member: str, index: int, part: Mapping[str, Any]) -> _Item:
    """``item`` with ``part`` in place of the part at ``index``, or after the last one."""
    parts = list(item[member])
    if index > len(parts):
        raise ValueError(f"part {index} of {item.get('id', member)} out of order")
    parts[index : index + 1] = [part]
    return {**item, member: parts}
