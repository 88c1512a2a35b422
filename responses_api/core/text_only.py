"""Requests for an upstream that takes one text and gives one: which can be served, and as what text.

A conversation becomes one text of blocks, oldest first::

    Below is a conversation, oldest message first. Write the assistant's next message, nothing else.

    <instructions>
    Be brief.
    </instructions>

    <user>
    What is a monad?
    </user>

A single message of the user without instructions is sent as it is. Where a text contains one of
the tags, all tags get the first number that occurs in none: ``<user-2>``. So nobody can end a
block in another's name.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from responses_api.core.conversation import ConversationItem
from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import InvalidRequest
from responses_api.core.text_format import PlainTextFormat

LEFT_OUT_REASONING: Final = "reasoning items of earlier answers are left out: only text is carried here"

_PREFACE: Final = (
    "Below is a conversation, oldest message first. Write the assistant's next message, nothing else."
)
_INSTRUCTIONS: Final = "instructions"
_ROLES: Final = ("user", "assistant", "system", "developer")
_TEXTS: Final = {"input_text": "text", "output_text": "text", "refusal": "refusal"}
"""Types of parts that are text, and the member that holds it."""

_NOT_CARRIED: Final[dict[str, Callable[[CreateRequest], object]]] = {
    "tools": lambda request: request.tools,
    "text.format": lambda request: (
        request.text is not None and not isinstance(request.text.format, PlainTextFormat | None)
    ),
    "text.verbosity": lambda request: request.text is not None and request.text.verbosity in ("low", "high"),
    "max_output_tokens": lambda request: request.max_output_tokens is not None,
    "temperature": lambda request: request.temperature not in (None, 1.0),
    "top_p": lambda request: request.top_p not in (None, 1.0),
    "presence_penalty": lambda request: request.presence_penalty,
    "frequency_penalty": lambda request: request.frequency_penalty,
    "stop": lambda request: request.stop,
    "seed": lambda request: request.seed is not None,
    "top_logprobs": lambda request: request.top_logprobs,
    "include": lambda request: "message.output_text.logprobs" in request.include,
    "service_tier": lambda request: request.service_tier not in ("auto", "default"),
    "context_management": lambda request: request.context_management,
    "input": lambda request: request.asks_for_compaction,
}
"""Parameters, and whether a request uses them for something that a text cannot say."""


def check_text_only(request: CreateRequest) -> None:
    """See that ``request`` asks for nothing but text from text.

    Raises:
        InvalidRequest: it asks for more; ``param`` names what.
    """
    for param, is_used in _NOT_CARRIED.items():
        if is_used(request):
            raise _not_carried(f"'{param}'" if param != "input" else "compaction", param)
    for index, item in enumerate(request.input):
        if item["type"] not in ("message", "reasoning", "item_reference", "compaction"):
            raise _not_carried(f"an item of type '{item['type']}'", f"input[{index}]")
        for number, part in enumerate(item.get("content") or () if item["type"] == "message" else ()):
            if part["type"] not in _TEXTS:
                raise _not_carried(f"content of type '{part['type']}'", f"input[{index}].content[{number}]")


def as_one_text(
    instructions: str | None, conversation: Sequence[ConversationItem], *, param: str
) -> tuple[str, tuple[str, ...]]:
    """A conversation as one text.

    Args:
        instructions: the request's.
        conversation: history, then the request's own items, in order and in canonical form,
            references resolved and compaction items opened.
        param: the parameter that brought the history, for errors.

    Returns:
        The text, and what was left out, for people.

    Raises:
        InvalidRequest: it holds something that is no text.
    """
    blocks = [(_INSTRUCTIONS, instructions)] if instructions else []
    notes: tuple[str, ...] = ()
    for item in conversation:
        wire = item.wire
        if wire["type"] == "reasoning":
            notes = (LEFT_OUT_REASONING,)
        elif wire["type"] == "message":
            where = "input" if item.response_id is None else param
            blocks.append((wire["role"], "".join(_texts(wire["content"], where))))
        else:
            where = "input" if item.response_id is None else param
            raise _not_carried(f"an item of type '{wire['type']}'", where)
    match blocks:
        case [("user", text)]:
            return text, notes
    ending = _ending([text for _, text in blocks])
    written = [f"<{name}{ending}>\n{text}\n</{name}{ending}>" for name, text in blocks]
    return "\n\n".join([_PREFACE, *written]), notes


def _texts(content: Sequence[dict[str, Any]], param: str) -> Iterator[str]:
    for part in content:
        if (member := _TEXTS.get(part["type"])) is None:
            raise _not_carried(f"content of type '{part['type']}'", param)
        yield part[member]


def _ending(texts: Sequence[str]) -> str:
    """What the tags' names end with, so that none of them occurs in ``texts``."""
    ending, number = "", 1
    while any(
        f"<{slash}{name}{ending}>" in text
        for text in texts
        for name in (_INSTRUCTIONS, *_ROLES)
        for slash in ("", "/")
    ):
        number += 1
        ending = f"-{number}"
    return ending


def _not_carried(what: str, param: str) -> InvalidRequest:
    return InvalidRequest(
        f"This gateway runs without its interceptor and carries only text: {what} cannot be served.",
        param=param,
        code="unsupported_parameter",
    )
