"""A request as a command line that sends it again. Pure.

The key stands in an environment variable: a page shows no secret, and a shell's history keeps none.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

LONGEST = 200_000
"""Characters of a command that is still shown."""
_END = "END_OF_REQUEST"
_ECHOED = (
    "model",
    "instructions",
    "previous_response_id",
    "conversation",
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
    "store",
    "metadata",
)
"""Members of a response that say what its request was."""
_UNSAID: tuple[Any, ...] = (None, [], {})


def request_of(
    response: Mapping[str, Any], inputs: Sequence[Mapping[str, Any]], *, stream: bool
) -> dict[str, Any]:
    """A request that asks for the same as the one that ``response`` answered.

    Args:
        response: the stored response object.
        inputs: its input items.
        stream: whether it was streamed.
    """
    said = {name: response[name] for name in _ECHOED if response.get(name) not in _UNSAID}
    return {**said, "input": [_without_id(item) for item in inputs], "stream": stream}


def _without_id(item: Mapping[str, Any]) -> dict[str, Any]:
    """An item as a client writes it: the id that it was stored under is not repeated."""
    return {name: value for name, value in item.items() if name not in ("id", "status")}


def curl(url: str, body: str, *, key: str, stream: bool) -> str | None:
    """The command; None if it would be too long to be shown.

    Args:
        url: of the gateway's ``/v1/responses``.
        body: the request, as JSON in one piece or laid out.
        key: says which API key it was, without being one.
        stream: whether the answer is to be shown as it comes.
    """
    command = "\n".join(
        (
            f"# OPENAI_API_KEY is to be the key {key}",
            f"curl {'--no-buffer ' if stream else ''}'{url}' \\",
            '  -H "Authorization: Bearer $OPENAI_API_KEY" \\',
            "  -H 'Content-Type: application/json' \\",
            f"  --data-binary @- <<'{_END}'",
            body,
            _END,
        )
    )
    return command if len(command) <= LONGEST else None


def laid_out(body: Mapping[str, Any]) -> str:
    """JSON with line breaks. None of its lines can end a here-document: all but braces are indented."""
    return json.dumps(body, indent=2, ensure_ascii=False)
