"""Answers that the interceptor gives the language server itself, without any upstream. Pure.

Valid Gemini answers, so that an unmodified language server ends its turn quietly.
"""

import msgspec

from interceptor.matching import GenerateCall

_EMPTY_STOP = {
    "candidates": [
        {"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": "STOP", "index": 0}
    ],
    "usageMetadata": {"promptTokenCount": 0, "totalTokenCount": 0},
}


def empty_stop(call: GenerateCall) -> tuple[bytes, str]:
    """Body and content type of an answer that stops without saying anything."""
    answer = {"response": _EMPTY_STOP} if call.wrapped else _EMPTY_STOP
    encoded = msgspec.json.encode(answer)
    if call.streaming:
        return b"data: " + encoded + b"\r\n\r\n", "text/event-stream"
    return encoded, "application/json; charset=UTF-8"
