"""One part of the upstream's answer as generation events. Pure.

Most parts stand for themselves. Steps of hosted tools do not: a result belongs to the call or
the program before it, which is what a ``PartReader`` remembers.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from responses_api.core.generation_events import (
    CodeRan,
    CodeWritten,
    GenerationEvent,
    HostedTool,
    HostedToolAnswered,
    HostedToolCalled,
    ImageMade,
    PartIgnored,
    PartSigned,
    TextDelta,
    ThoughtDelta,
    TokenLogprob,
    ToolCall,
)
from responses_api.gemini.chunks import (
    Blob,
    CodeExecutionResult,
    FunctionCall,
    HostedInvocation,
    Part,
    arguments_json,
    verbatim,
)

_HOSTED_TOOLS: dict[str, HostedTool] = {
    "GOOGLE_SEARCH_WEB": "web_search",
    "GOOGLE_SEARCH_IMAGE": "web_search",
    "URL_CONTEXT": "open_page",
}
_STANDARD_ALPHABET = str.maketrans("-_", "+/")


class PartReader:
    """Turns the parts of one answer into events, in their order."""

    def __init__(self) -> None:
        self._program_runs = False
        self._runs: list[_Run] = []
        self._keys: set[str] = set()

    def events(
        self, part: Part, raw: msgspec.Raw, logprobs: tuple[TokenLogprob, ...] = ()
    ) -> list[GenerationEvent]:
        """The events of ``part``.

        Args:
            part: As decoded.
            raw: The same as JSON; parts of hosted tools are handed on as they came.
            logprobs: The tokens that belong to its text.

        Raises:
            UnreadableChunk: a part of it is not of the protocol's shape.
        """
        if part.text and part.function_call is None:
            delta = ThoughtDelta(part.text) if part.thought else TextDelta(part.text, logprobs)
            return [delta, PartSigned(part.thought_signature)] if part.thought_signature else [delta]
        event = self._whole_part(part, raw)
        if event is not None:
            return [event]
        if not part.thought_signature:
            return []
        return [PartSigned(part.thought_signature, empty="thought" if part.thought else "text")]

    def _whole_part(self, part: Part, raw: msgspec.Raw) -> GenerationEvent | None:
        """The event of a part that is never a fragment; None for an empty text."""
        if part.function_call is not None:
            return _tool_call(part.function_call, part.thought_signature)
        if part.executable_code is not None:
            self._program_runs = True
            return CodeWritten(part.executable_code.code, verbatim(raw))
        if part.code_execution_result is not None:
            return self._code_ran(part.code_execution_result, raw)
        if part.tool_call is not None:
            return self._called(part.tool_call, raw)
        if part.tool_response is not None:
            return self._answered(part.tool_response, raw)
        if part.inline_data is not None:
            return _image(part, part.inline_data)
        kind = part.foreign_kind()
        return None if kind is None else PartIgnored(kind)

    def _code_ran(self, result: CodeExecutionResult, raw: msgspec.Raw) -> GenerationEvent:
        if not self._program_runs:
            return PartIgnored("codeExecutionResult")
        self._program_runs = False
        return CodeRan(result.output, verbatim(raw), succeeded=result.outcome == "OUTCOME_OK")

    def _called(self, call: HostedInvocation, raw: msgspec.Raw) -> GenerationEvent:
        tool = _HOSTED_TOOLS.get(call.tool_type)
        if tool is None:
            return PartIgnored(f"toolCall {call.tool_type}".rstrip())
        run = _Run(self._new_key(call.id), call.id, call.tool_type)
        self._runs.append(run)
        args = call.args or {}
        return HostedToolCalled(
            run.key, tool, verbatim(raw), _texts(args, "queries", "query"), _texts(args, "urls", "url")
        )

    def _answered(self, answer: HostedInvocation, raw: msgspec.Raw) -> GenerationEvent:
        run = next((run for run in self._runs if run.is_answered_by(answer)), None)
        if run is None:
            return PartIgnored(f"toolResponse {answer.tool_type}".rstrip())
        self._runs.remove(run)
        return HostedToolAnswered(run.key, verbatim(raw), succeeded="error" not in (answer.response or {}))

    def _new_key(self, upstream_id: str | None) -> str:
        """A name that no other run of this answer bears: the upstream's id where it is one."""
        key = upstream_id or f"hosted_{len(self._keys) + 1}"
        while key in self._keys:
            key += "+"
        self._keys.add(key)
        return key


class _Run(msgspec.Struct, frozen=True):
    """A run of a hosted tool that is under way."""

    key: str
    upstream_id: str | None
    tool_type: str

    def is_answered_by(self, answer: HostedInvocation) -> bool:
        """By id where both bear one, else by the tool."""
        if answer.id and self.upstream_id:
            return answer.id == self.upstream_id
        return answer.tool_type in ("", self.tool_type)


def _tool_call(call: FunctionCall, signature: str | None) -> ToolCall | PartIgnored:
    if not call.name:
        return PartIgnored("functionCall")
    return ToolCall(
        name=call.name,
        arguments=arguments_json(call),
        upstream_call_id=call.id or None,
        signature=signature or None,
    )


def _image(part: Part, blob: Blob) -> ImageMade | PartIgnored:
    """A picture; drafts, which the model draws while it thinks, are not part of the answer."""
    if part.thought or not blob.data or not blob.mime_type.startswith("image/"):
        return PartIgnored(f"inlineData {blob.mime_type}".rstrip())
    return ImageMade(blob.mime_type, blob.data.translate(_STANDARD_ALPHABET), part.thought_signature or None)


def _texts(args: Mapping[str, Any], several: str, single: str) -> tuple[str, ...]:
    """The texts under either name, whichever form they have."""
    found = args.get(several, args.get(single))
    texts = found if isinstance(found, list) else [found]
    return tuple(text for text in texts if isinstance(text, str) and text)
