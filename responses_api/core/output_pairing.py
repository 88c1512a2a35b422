"""Finds the call that an output without ``call_id`` answers.

Pure. Codex leaves the ``call_id`` of a ``function_call_output`` out now and then, and OpenAI
takes it so: with a call open, the output is that call's; without one it is what the tool of
that ``name`` said unasked, for instance the message of another thread of the client's.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from responses_api.core.client_tools import CALL_TYPES, OUTPUT_TYPES, call_id_of
from responses_api.core.conversation import ConversationItem, WireItem
from responses_api.core.errors import InvalidRequest


def with_call_ids(conversation: Sequence[ConversationItem]) -> list[ConversationItem]:
    """``conversation`` with a ``call_id`` in every call, and in every output that answers one.

    An output without ``call_id`` gets that of the oldest call before it that is of its kind,
    of its name if it has one, and answered by nobody else. Calls that came without an id get
    one by their place. Outputs that are left without a call keep having no ``call_id``.

    Raises:
        InvalidRequest: such an output, where it does not name the tool that it is of.
    """
    named = Counter(call_id_of(item.wire) for item in conversation if item.wire["type"] in OUTPUT_TYPES)
    waiting: list[WireItem] = []
    paired: list[ConversationItem] = []
    for index, item in enumerate(conversation):
        wire = item.wire
        call_id = call_id_of(wire)
        if wire["type"] in CALL_TYPES:
            call_id = call_id or f"call_{index}"
            if named[call_id]:
                named[call_id] -= 1
            else:
                waiting.append({**wire, "call_id": call_id})
        elif wire["type"] in OUTPUT_TYPES:
            call_id = call_id or _answered(wire, waiting)
        else:
            call_id = None
        known = call_id is None or call_id == wire.get("call_id")
        paired.append(item if known else replace(item, wire={**wire, "call_id": call_id}))
    return paired


def _answered(output: WireItem, waiting: list[WireItem]) -> str | None:
    """The ``call_id`` of the call that ``output`` answers, which then waits no more."""
    for position, call in enumerate(waiting):
        if call["type"] == _call_type(output) and _names(output, call):
            return str(waiting.pop(position)["call_id"])
    if output.get("name"):
        return None
    raise InvalidRequest(
        f"No tool call found for a {output['type']} without call_id. "
        "It needs the call_id of its call, or the name of the tool that it is of.",
        param="input",
    )


def _call_type(output: WireItem) -> str:
    kind: str = output["type"]
    return kind.removesuffix("_output").removesuffix("_call") + "_call"


def _names(output: WireItem, call: WireItem) -> bool:
    given = [member for member in ("name", "namespace") if output.get(member)]
    return all(output[member] == call.get(member) for member in given)
