"""A conversation as ``systemInstruction`` and ``contents``.

Pure. Turns alternate between ``user`` and ``model``; parts are joined to one content but never
melted into one another, because a thought signature belongs to exactly one part.

System and developer messages at the beginning become the system instruction, after the
request's ``instructions``. Later ones stay where they were said, inside the user's turn and
marked as what they are: order is kept, and a system instruction that does not change keeps the
upstream's implicit cache warm.

Reasoning items are summaries and stay out, unless they carry a signature: then the thought
goes back as the part that it was.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import assert_never

from responses_api.core.conversation import ConversationItem
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.adaptations import Adaptations
from responses_api.gemini.call_parts import call_part, result_parts, valid_signature
from responses_api.gemini.input_parts import Part, texts, to_parts
from responses_api.gemini.models import ModelProfile
from responses_api.gemini.turns import AnsweredCall, ModelTurn, Turn, UserTurn, split_into_turns

type Content = dict[str, object]

RESULTS_SEEN = "I have the tool results."
"""What the model is made to say between tool results and a new message of the user. A user's
text in the same turn as results makes Gemini 3 answer with nothing at all."""
CONVERSATION_RESUMED = "(The conversation continues.)"
"""What the user is made to say before a conversation that begins with the model."""

_SYSTEM_ROLES = frozenset({"system", "developer"})


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What a conversation comes to upstream."""

    system_texts: tuple[str, ...]
    """Parts of ``systemInstruction``; none for models that have no place for it."""
    contents: list[Content]
    """Never empty; begins with the user."""


def build_dialogue(
    instructions: str | None,
    conversation: Sequence[ConversationItem],
    model: ModelProfile,
    notes: Adaptations,
) -> Dialogue:
    """Translate a conversation.

    Args:
        instructions: The request's ``instructions``.
        conversation: History and the request's own items, in order, in canonical form.
        model: The model that will read it.
        notes: Where approximations are recorded.

    Raises:
        InvalidRequest: nothing to answer, a part that cannot be carried, or calls and outputs
            that do not belong together.
    """
    leading = list(takewhile(_is_system_message, conversation))
    if len(leading) == len(conversation):
        leading = []
    system_texts = [instructions] if instructions else []
    system_texts += [text for item in leading for text in texts(item.wire["content"])]
    contents = _Contents(model, notes)
    if not model.has_system_slot and system_texts:
        contents.add("user", [{"text": text} for text in system_texts])
        notes.add(f"{model.name} has no system instruction: it is sent at the start of the user's turn")
        system_texts = []
    for turn in split_into_turns(conversation[len(leading) :]):
        contents.add_turn(turn)
    if not contents.has_dialogue:
        raise InvalidRequest("'input' holds nothing that the model could answer.", param="input")
    return Dialogue(tuple(system_texts), contents.finished)


class _Contents:
    """The contents so far, kept alternating."""

    def __init__(self, model: ModelProfile, notes: Adaptations) -> None:
        self._model = model
        self._notes = notes
        self._role: str | None = None
        self._ends_with_results = False
        self._parts: list[Part] = []
        self.finished: list[Content] = []
        self.has_dialogue = False

    def add(self, role: str, parts: list[Part]) -> None:
        """Append ``parts``, to the last content if it is of the same role."""
        if not parts:
            return
        if role == "model" and self._role is None:
            self.add("user", [{"text": CONVERSATION_RESUMED}])
            self._notes.add("a short user turn is placed before a conversation that begins with the model")
        if role != self._role:
            self._parts = []
            self._role = role
            self.finished.append({"role": role, "parts": self._parts})
        self._parts += parts
        self._ends_with_results = False

    def add_turn(self, turn: Turn) -> None:
        match turn:
            case UserTurn():
                parts = [part for item in turn.messages for part in self._user_parts(item)]
                if parts and self._ends_with_results:
                    self.add("model", [{"text": RESULTS_SEEN}])
                    self._notes.add(
                        "a short model turn is placed between tool results and the user's message"
                    )
                self.add("user", parts)
                self.has_dialogue = self.has_dialogue or bool(parts)
            case ModelTurn():
                self._add_model_turn(turn)
            case _:
                assert_never(turn)

    def _add_model_turn(self, turn: ModelTurn) -> None:
        parts: list[Part] = []
        results: list[Part] = []
        for entry in turn.entries:
            match entry:
                case AnsweredCall():
                    parts.append(call_part(entry.call, self._model, self._notes, first_of_step=not results))
                    results += result_parts(entry, self._model, self._notes)
                case ConversationItem():
                    parts += _spoken_parts(entry, self._model)
                case _:
                    assert_never(entry)
        self.add("model", parts)
        self.has_dialogue = self.has_dialogue or bool(parts)
        if results:
            self.add("user", results)
            self._ends_with_results = True

    def _user_parts(self, item: ConversationItem) -> list[Part]:
        parts = to_parts(item.wire["content"], self._model, self._notes)
        role = item.wire["role"]
        if role not in _SYSTEM_ROLES or not parts:
            return parts
        self._notes.add(f"a later {role} message is sent, marked, inside the user's turn")
        return [{"text": f"<{role}_message>"}, *parts, {"text": f"</{role}_message>"}]


def _spoken_parts(item: ConversationItem, model: ModelProfile) -> list[Part]:
    """Parts of what the model said or thought, its signature on the last one."""
    signature = valid_signature(item, model)
    match item.wire["type"]:
        case "message":
            parts: list[Part] = [{"text": text} for text in texts(item.wire["content"])]
        case "reasoning":
            if signature is None:
                return []
            summary = "\n\n".join(part["text"] for part in item.wire["summary"])
            parts = [{"text": summary, "thought": True}] if summary else []
        case kind:
            raise InvalidRequest(f"Input items of type '{kind}' are not supported.", param="input")
    if signature is not None:
        parts = parts or [{"text": ""}]
        parts[-1]["thoughtSignature"] = signature
    return parts


def _is_system_message(item: ConversationItem) -> bool:
    return item.wire["type"] == "message" and item.wire["role"] in _SYSTEM_ROLES
