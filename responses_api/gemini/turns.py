"""The turns of a conversation: who spoke, and which calls were made together.

Pure. The upstream wants strict alternation, and wants all results of a parallel step directly
after all of its calls; the Responses API lets clients write calls and outputs in any order.
This module puts every output with its call and finds the boundaries of the model's steps.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass

from responses_api.core.client_tools import CALL_TYPES, OUTPUT_TYPES
from responses_api.core.conversation import ConversationItem
from responses_api.core.errors import InvalidRequest
from responses_api.core.output_pairing import with_call_ids


@dataclass(frozen=True, slots=True)
class AnsweredCall:
    """A tool call of the model, and what the client's tool answered."""

    call: ConversationItem
    output: ConversationItem


@dataclass(frozen=True, slots=True)
class UserTurn:
    """What is not the model's, in order: messages, and what a tool said without being called."""

    messages: tuple[ConversationItem, ...]


@dataclass(frozen=True, slots=True)
class ModelTurn:
    """One step of the model: messages, reasoning, hosted steps and calls. Its calls are parallel."""

    entries: tuple[ConversationItem | AnsweredCall, ...]


type Turn = UserTurn | ModelTurn


def split_into_turns(conversation: Sequence[ConversationItem]) -> list[Turn]:
    """Group items into turns.

    Two neighbouring items of the model belong to one step if they have the same response id
    and no output with that same id stands between them: a response never receives the outputs
    of its own calls. So calls that one response made stay together even where a client wrote
    each output directly after its call, and calls of a history that a client wrote itself
    (all of one id, or of none) are sequential where outputs stand between them.

    Raises:
        InvalidRequest: an output without its call, or a call without its output.
    """
    items = with_call_ids(conversation)
    outputs = _outputs_by_call(items)
    turns: list[Turn] = []
    speakers: list[ConversationItem] = []
    step: list[ConversationItem | AnsweredCall] = []
    step_id: str | None = None
    answered_by: set[str | None] = set()
    for index, item in enumerate(items):
        if _is_answer(item):
            answered_by.add(item.response_id)
            continue
        is_user = _is_from_outside(item)
        if step and (is_user or item.response_id != step_id or item.response_id in answered_by):
            turns.append(ModelTurn(tuple(step)))
            step = []
        if is_user:
            speakers.append(item)
            continue
        if speakers:
            turns.append(UserTurn(tuple(speakers)))
            speakers = []
        if not step:
            step_id, answered_by = item.response_id, set()
        step.append(AnsweredCall(item, outputs[index]) if item.wire["type"] in CALL_TYPES else item)
    if step:
        turns.append(ModelTurn(tuple(step)))
    if speakers:
        turns.append(UserTurn(tuple(speakers)))
    return turns


def _is_answer(item: ConversationItem) -> bool:
    return item.wire["type"] in OUTPUT_TYPES and item.wire.get("call_id") is not None


def _is_from_outside(item: ConversationItem) -> bool:
    """Whether ``item``, which answers no call, was said by somebody other than the model."""
    kind = item.wire["type"]
    return kind in OUTPUT_TYPES or (kind == "message" and item.wire["role"] != "assistant")


def _outputs_by_call(items: Sequence[ConversationItem]) -> dict[int, ConversationItem]:
    """The output for every call, by the call's index. Ids may repeat; the oldest open call is meant."""
    open_calls: defaultdict[str, deque[int]] = defaultdict(deque)
    outputs: dict[int, ConversationItem] = {}
    for index, item in enumerate(items):
        if item.wire["type"] in CALL_TYPES:
            open_calls[item.wire["call_id"]].append(index)
        elif _is_answer(item):
            call_id = item.wire["call_id"]
            if not open_calls[call_id]:
                raise InvalidRequest(
                    f"No tool call found for function call output with call_id {call_id}.", param="input"
                )
            outputs[open_calls[call_id].popleft()] = item
    for call_id, indexes in open_calls.items():
        if indexes:
            raise InvalidRequest(f"No tool output found for function call {call_id}.", param="input")
    return outputs
