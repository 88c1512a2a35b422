"""A conversation as ``systemInstruction`` and ``contents``.

Pure. Turns alternate between ``user`` and ``model``; parts are joined to one content but never
melted into one another, because a thought signature belongs to exactly one part.

System and developer messages at the beginning become the system instruction, after the
request's ``instructions``. Later ones stay where they were said, inside the user's turn and
marked as what they are: order is kept, and a system instruction that does not change keeps the
upstream's implicit cache warm.

Reasoning items are summaries and stay out, unless they carry a signature: then the thought
goes back as the part that it was. Items that only declare tools say nothing and stay out too.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import assert_never

from responses_api.core.client_tools import OUTPUT_TYPES, output_content
from responses_api.core.conversation import ConversationItem
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.call_parts import call_part, result_parts
from responses_api.gemini.hosted_parts import kept_parts, picture_parts, program_parts
from responses_api.gemini.input_parts import Part, texts, to_parts
from responses_api.gemini.translation import Translation
from responses_api.gemini.turns import AnsweredCall, ModelTurn, Turn, UserTurn, split_into_turns

type Content = dict[str, object]

RESULTS_SEEN = "I have the tool results."
"""What the model is made to say between tool results and a new message of the user. A user's
text in the same turn as results makes Gemini 3 answer with nothing at all."""
CONVERSATION_RESUMED = "(The conversation continues.)"
"""What the user is made to say before a conversation that begins with the model."""
PLEASE_GO_ON = "(Please continue.)"
"""What the user is made to say after a conversation that ends with the model. Clients send such
when they resume an answer that broke off."""

_SYSTEM_ROLES = frozenset({"system", "developer"})


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What a conversation comes to upstream."""

    system_texts: tuple[str, ...]
    """Parts of ``systemInstruction``; none for models that have no place for it."""
    contents: list[Content]
    """Never empty; begins and ends with the user."""


def build_dialogue(
    instructions: str | None,
    conversation: Sequence[ConversationItem],
    translation: Translation,
    *,
    hint: str | None = None,
    current_turn_only: bool = False,
) -> Dialogue:
    """Translate a conversation.

    Args:
        instructions: The request's ``instructions``.
        conversation: History and the request's own items, in order, in canonical form.
        translation: Who will read it, with the files that the conversation names.
        hint: What the model shall be told about its answer, as the last system text.
        current_turn_only: Whether thought signatures go back only for what the model did
            after the user's last message.

    Raises:
        InvalidRequest: nothing to answer, a part that cannot be carried, or calls and outputs
            that do not belong together.
    """
    said = [item for item in conversation if item.wire["type"] != "additional_tools"]
    leading = list(takewhile(_is_system_message, said))
    if len(leading) == len(said):
        leading = []
    system_texts = [instructions] if instructions else []
    system_texts += [text for item in leading for text in texts(item.wire["content"])]
    system_texts += [hint] if hint else []
    model, notes = translation.model, translation.notes
    contents = _Contents(translation)
    if not model.has_system_slot and system_texts:
        contents.add("user", [{"text": text} for text in system_texts])
        notes.add(f"{model.name} has no system instruction: it is sent at the start of the user's turn")
        system_texts = []
    turns = split_into_turns(said[len(leading) :])
    signed_from = _last_user_turn(turns) if current_turn_only else 0
    if any(isinstance(turn, ModelTurn) for turn in turns[:signed_from]):
        notes.add("reasoning.context=current_turn: thought signatures of earlier turns are left out")
    for index, turn in enumerate(turns):
        contents.add_turn(turn, signed=index >= signed_from)
    if not contents.has_dialogue:
        raise InvalidRequest("'input' holds nothing that the model could answer.", param="input")
    contents.leave_the_word_to_the_model()
    return Dialogue(tuple(system_texts), contents.finished)


class _Contents:
    """The contents so far, kept alternating."""

    def __init__(self, translation: Translation) -> None:
        self._translation = translation
        # Only the current turn's signatures are checked: elsewhere a missing one needs no stand-in.
        self._unsigned = replace(translation, signatures=False, stand_ins=False)
        self._notes = translation.notes
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

    def add_turn(self, turn: Turn, *, signed: bool) -> None:
        """Append a turn, with the model's signatures if it is ``signed``."""
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
                self._add_model_turn(turn, self._translation if signed else self._unsigned)
            case _:
                assert_never(turn)

    def leave_the_word_to_the_model(self) -> None:
        """Make the user speak last: the upstream continues no turn of the model."""
        if self._role == "model":
            self.add("user", [{"text": PLEASE_GO_ON}])
            self._notes.add("a short user turn is placed after a conversation that ends with the model")

    def _add_model_turn(self, turn: ModelTurn, translation: Translation) -> None:
        parts: list[Part] = []
        results: list[Part] = []
        for entry in turn.entries:
            match entry:
                case AnsweredCall():
                    parts.append(call_part(entry.call, translation, first_of_step=not results))
                    results += result_parts(entry, translation)
                case ConversationItem():
                    parts += _model_parts(entry, translation)
                case _:
                    assert_never(entry)
        self.add("model", parts)
        self.has_dialogue = self.has_dialogue or bool(parts)
        if results:
            self.add("user", results)
            self._ends_with_results = True

    def _user_parts(self, item: ConversationItem) -> list[Part]:
        wire = item.wire
        if wire["type"] in OUTPUT_TYPES:
            self._notes.add("a tool's output without a call is sent, marked, inside the user's turn")
            output = output_content(wire)
            parts = [{"text": output}] if isinstance(output, str) else to_parts(output, self._translation)
            return _marked(parts, "tool_output", f' name="{wire["name"]}"')
        parts = to_parts(wire["content"], self._translation)
        role = wire["role"]
        if role not in _SYSTEM_ROLES or not parts:
            return parts
        self._notes.add(f"a later {role} message is sent, marked, inside the user's turn")
        return _marked(parts, f"{role}_message")


def _marked(parts: list[Part], mark: str, attributes: str = "") -> list[Part]:
    return [{"text": f"<{mark}{attributes}>"}, *parts, {"text": f"</{mark}>"}]


def _model_parts(item: ConversationItem, translation: Translation) -> list[Part]:
    """Parts of what the model said, thought, or had done for it by the upstream."""
    match item.wire["type"]:
        case "message":
            return _signed([{"text": text} for text in texts(item.wire["content"])], item, translation)
        case "reasoning":
            return [*kept_parts(item, translation), *_thought(item, translation)]
        case "web_search_call":
            return kept_parts(item, translation)
        case "code_interpreter_call":
            return program_parts(item, translation)
        case "image_generation_call":
            return picture_parts(item, translation)
        case kind:
            raise InvalidRequest(f"Input items of type '{kind}' are not supported.", param="input")


def _thought(item: ConversationItem, translation: Translation) -> list[Part]:
    if translation.signature_of(item) is None:
        return []
    summary = "\n\n".join(part["text"] for part in item.wire["summary"])
    return _signed([{"text": summary, "thought": True}] if summary else [], item, translation)


def _signed(parts: list[Part], item: ConversationItem, translation: Translation) -> list[Part]:
    """``parts`` with the item's signature on the last one; an empty text carries it if there is none."""
    signature = translation.signature_of(item)
    if signature is None:
        return parts
    parts = parts or [{"text": ""}]
    return [*parts[:-1], {**parts[-1], "thoughtSignature": signature}]


def _last_user_turn(turns: Sequence[Turn]) -> int:
    said = (isinstance(turn, UserTurn) and any(map(_says_something, turn.messages)) for turn in turns)
    return max((index for index, says in enumerate(said) if says), default=0)


def _says_something(item: ConversationItem) -> bool:
    """Whether a part comes of ``item``: empty texts are dropped, and a turn of nothing else with them."""
    return item.wire["type"] in OUTPUT_TYPES or any(part.get("text") != "" for part in item.wire["content"])


def _is_system_message(item: ConversationItem) -> bool:
    return item.wire["type"] == "message" and item.wire["role"] in _SYSTEM_ROLES
