"""Whether an answer is right: its text to the letter, its stream to the grammar. Pure."""

from typing import Any

import msgspec

_DONE = b"data: [DONE]"
_TERMINAL = {"response.completed", "response.incomplete", "response.failed"}


class WrongAnswer(Exception):
    """An answer that is not what was asked for; the text says why."""


def check_response_stream(body: bytes, text: str, pieces: int) -> None:
    """Check the events of ``POST /v1/responses`` with ``"stream": true``.

    Args:
        body: the whole ``text/event-stream``.
        text: what the model said.
        pieces: in how many pieces it said so; each must have become one delta.

    Raises:
        WrongAnswer: another text, or not the grammar.
    """
    events = _events(body)
    types = [event["type"] for event in events]
    _require(types[:2] == ["response.created", "response.in_progress"], f"it begins with {types[:2]}")
    ends = [kind for kind in types if kind in _TERMINAL]
    _require(
        ends == types[-1:] == ["response.completed"], f"it ends with {types[-1:]}, terminal events {ends}"
    )
    numbers = [event["sequence_number"] for event in events]
    _require(numbers == list(range(len(events))), f"sequence numbers are not dense: {numbers}")
    ids = {event["response"]["id"] for event in events if "response" in event}
    _require(len(ids) == 1, f"several response ids: {ids}")
    deltas = [event["delta"] for event in events if event["type"] == "response.output_text.delta"]
    _require(len(deltas) == pieces, f"{len(deltas)} deltas instead of {pieces}")
    done = [event["text"] for event in events if event["type"] == "response.output_text.done"]
    for place, said in (("the deltas", "".join(deltas)), ("output_text.done", "".join(done))):
        _require_text(place, said, text)
    check_response(events[-1]["response"], text)


def check_response(response: dict[str, Any], text: str) -> None:
    """Check a finished response object.

    Raises:
        WrongAnswer: not completed, another text, or no usage.
    """
    _require(response["status"] == "completed", f"its status is {response['status']}")
    parts = [part for item in response["output"] if item["type"] == "message" for part in item["content"]]
    _require_text("the response", "".join(part["text"] for part in parts), text)
    usage = response["usage"]
    _require(bool(usage and usage["output_tokens"]), "it has no usage")


def check_gemini_stream(body: bytes, text: str, pieces: int) -> None:
    """Check the chunks of ``streamGenerateContent?alt=sse``.

    Raises:
        WrongAnswer: another text, or in another number of pieces.
    """
    frames = [frame for frame in body.split(b"\r\n\r\n") if frame]
    texts = [_gemini_text(msgspec.json.decode(frame.removeprefix(b"data: "))) for frame in frames]
    _require_text("the chunks", "".join(texts), text)
    filled = sum(map(bool, texts))
    _require(filled == pieces, f"{filled} chunks with text instead of {pieces}")


def check_gemini(answer: dict[str, Any], text: str) -> None:
    """Check the answer of ``generateContent``.

    Raises:
        WrongAnswer: another text.
    """
    _require_text("the answer", _gemini_text(answer), text)


def _gemini_text(answer: dict[str, Any]) -> str:
    parts = answer["candidates"][0].get("content", {}).get("parts", ())
    return "".join(part.get("text", "") for part in parts if not part.get("thought"))


def _events(body: bytes) -> list[dict[str, Any]]:
    *frames, done, rest = body.split(b"\n\n")
    _require(done == _DONE and not rest, f"the stream ends with {body[-80:]!r}")
    return [_event(frame) for frame in frames]


def _event(frame: bytes) -> dict[str, Any]:
    name, separator, data = frame.partition(b"\ndata: ")
    _require(bool(separator) and name.startswith(b"event: "), f"not an event: {frame[:80]!r}")
    event: dict[str, Any] = msgspec.json.decode(data)
    _require(name == b"event: " + event["type"].encode(), f"{name!r} holds a {event['type']}")
    return event


def _require_text(place: str, said: str, expected: str) -> None:
    _require(said == expected, f"{place}: {said[:60]!r}… instead of {expected[:60]!r}…")


def _require(condition: bool, problem: str) -> None:
    if not condition:
        raise WrongAnswer(problem)
