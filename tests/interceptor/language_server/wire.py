"""Gemini answers as bytes, for the tests' upstreams."""

from typing import Any

import msgspec


def frame(chunk: dict[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(chunk) + b"\r\n\r\n"


def parts(*parts: dict[str, Any], finish: str | None = None, **members: Any) -> dict[str, Any]:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": list(parts)}}
    if finish:
        candidate["finishReason"] = finish
    return {"candidates": [candidate], **members}


def text(value: str, **members: Any) -> dict[str, Any]:
    return parts({"text": value}, **members)


def thought(value: str, **members: Any) -> dict[str, Any]:
    return parts({"text": value, "thought": True}, **members)


def finish(reason: str = "STOP") -> dict[str, Any]:
    return {"candidates": [{"finishReason": reason}]}
