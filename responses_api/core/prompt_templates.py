"""Prompt templates: what one may hold, and the request that comes of it.

A template is a part of a request's body. Its members are defaults under the request's own,
and its ``input``, which holds nothing but messages, comes before the request's. In its
``instructions`` and in the texts of its messages ``{{name}}`` stands for a variable: for a
text, or, where it is all of a message's part, for a part such as an image. Values are put
in as they are; what looks like a placeholder in them is none.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from responses_api.core.content_parts import MAX_TEXT_LENGTH
from responses_api.core.conversation import WireItem
from responses_api.core.create_request import CreateRequest, parse_create_request
from responses_api.core.errors import InvalidRequest
from responses_api.core.prompt_reference import PromptReference, Variable
from responses_api.core.validation import json_type, listed, param_path

MEMBERS = frozenset(
    {
        "instructions",
        "input",
        "model",
        "tools",
        "tool_choice",
        "parallel_tool_calls",
        "max_tool_calls",
        "text",
        "reasoning",
        "temperature",
        "top_p",
        "presence_penalty",
        "frequency_penalty",
        "top_logprobs",
        "max_output_tokens",
        "truncation",
        "include",
        "stop",
        "seed",
        "service_tier",
        "metadata",
    }
)
"""Parameters that a template may set; all others are the affair of one request."""

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_][A-Za-z0-9_-]{0,63})\s*\}\}")
_STAND_IN = "a request's own input"


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """A template's checked body."""

    defaults: Mapping[str, Any]
    """Members for the request's body, without ``instructions`` and ``input``."""
    instructions: str | None
    messages: tuple[WireItem, ...]
    """In canonical form."""

    @property
    def variables(self) -> frozenset[str]:
        """Names of its placeholders."""
        texts = [self.instructions or "", *_texts(self.messages)]
        return frozenset(name for text in texts for name in _PLACEHOLDER.findall(text))


def parse_template(body: object) -> PromptTemplate:
    """The template in ``body``.

    Args:
        body: decoded JSON; left unchanged.

    Raises:
        InvalidRequest: it is no part of a request, or sets what a template may not set.
    """
    if not isinstance(body, dict):
        raise InvalidRequest(
            f"Invalid prompt template: expected an object, but got {json_type(body)} instead.",
            code="invalid_type",
        )
    given = {name: value for name, value in body.items() if value is not None}
    for name in given:
        if name not in MEMBERS:
            raise InvalidRequest(
                f"A prompt template cannot set '{name}'. It can set {listed(sorted(MEMBERS))}.",
                param=name,
                code="unknown_parameter",
            )
    if not given:
        raise InvalidRequest("Invalid prompt template: it is empty.", code="empty_object")
    request = parse_create_request({**given, "input": given.get("input") or _STAND_IN})
    messages = request.input if given.get("input") else ()
    for index, message in enumerate(messages):
        if message["type"] != "message":
            raise InvalidRequest(
                f"Invalid value: '{message['type']}'. The input of a prompt template is messages only.",
                param=f"input[{index}].type",
                code="invalid_value",
            )
    defaults = {name: value for name, value in given.items() if name not in ("instructions", "input")}
    return PromptTemplate(defaults, request.instructions, messages)


def fill_in(body: Mapping[str, Any], prompt: PromptReference, template: PromptTemplate) -> CreateRequest:
    """The request that ``body`` and the template that it names make together.

    Args:
        body: the request's own body; left unchanged.
        prompt: what ``body`` says of the template, with the version in effect.
        template: the template.

    Raises:
        InvalidRequest: a variable is missing, unknown, or of a wrong kind; or the body is wrong.
    """
    given = prompt.variables or {}
    _check_names(given.keys(), template.variables)
    filling = _Filling(given)
    instructions = None if template.instructions is None else filling.text(template.instructions)
    messages = tuple(filling.message(message) for message in template.messages)
    defaults = {**template.defaults, "instructions": instructions}
    own = {name: value for name, value in body.items() if value is not None or name not in defaults}
    request = parse_create_request({**defaults, **own})
    return request.model_copy(update={"input": (*messages, *request.input), "prompt": prompt})


def _check_names(given: Iterable[str], wanted: frozenset[str]) -> None:
    for name in sorted(wanted.difference(given)):
        path = _path(name)
        raise InvalidRequest(
            f"Missing required parameter: '{path}'.", param=path, code="missing_required_parameter"
        )
    for name in given:
        if name not in wanted:
            path = _path(name)
            raise InvalidRequest(f"Unknown parameter: '{path}'.", param=path, code="unknown_parameter")


def _path(name: str) -> str:
    return param_path(("prompt", "variables", name))


def _texts(messages: Iterable[WireItem]) -> Iterable[str]:
    return (part["text"] for message in messages for part in message["content"] if "text" in part)


class _Filling:
    """Puts the variables' values in; their whole length is limited, however often one occurs."""

    def __init__(self, values: Mapping[str, Variable]) -> None:
        self._values = values
        self._room = MAX_TEXT_LENGTH

    def text(self, text: str) -> str:
        """``text`` with values for its placeholders."""
        return _PLACEHOLDER.sub(self._text_value, text)

    def message(self, message: WireItem) -> WireItem:
        """``message`` with values for the placeholders of its parts."""
        return {**message, "content": [self._part(part) for part in message["content"]]}

    def _part(self, part: Mapping[str, Any]) -> Mapping[str, Any]:
        if "text" not in part:
            return part
        whole = _PLACEHOLDER.fullmatch(part["text"].strip())
        value = self._values[whole[1]] if whole else None
        if value is None or isinstance(value, str):
            return {**part, "text": self.text(part["text"])}
        if value["type"] == "input_text":
            self._take(len(value["text"]))
        return dict(value)

    def _text_value(self, found: re.Match[str]) -> str:
        value = self._values[found[1]]
        if not isinstance(value, str):
            if value["type"] != "input_text":
                path = _path(found[1])
                raise InvalidRequest(
                    f"Invalid type for '{path}': the prompt has it within a text, so it must be a string "
                    f"or a part of type 'input_text', but got '{value['type']}' instead.",
                    param=path,
                    code="invalid_type",
                )
            value = value["text"]
        self._take(len(value))
        return value

    def _take(self, length: int) -> None:
        self._room -= length
        if self._room < 0:
            raise InvalidRequest(
                f"Invalid 'prompt.variables': string too long. All that is filled in may have "
                f"{MAX_TEXT_LENGTH} characters.",
                param="prompt.variables",
                code="string_above_max_length",
            )
