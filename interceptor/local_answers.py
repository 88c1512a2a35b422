"""Answers that the interceptor gives the language server itself, without any upstream. Pure.

Valid Gemini answers, so that an unmodified language server ends its turn quietly.
"""

import msgspec

from interceptor.matching import AnswerForm, GenerateCall

_EMPTY_STOP = {
    "candidates": [
        {"content": {"role": "model", "parts": [{"text": ""}]}, "finishReason": "STOP", "index": 0}
    ],
    "usageMetadata": {"promptTokenCount": 0, "totalTokenCount": 0},
}
_JSON = "application/json; charset=UTF-8"


def empty_stop(call: GenerateCall) -> tuple[bytes, str]:
    """Body and content type of an answer that stops without saying anything."""
    answer = msgspec.json.encode({"response": _EMPTY_STOP} if call.wrapped else _EMPTY_STOP)
    match call.form:
        case AnswerForm.EVENTS:
            return b"data: " + answer + b"\r\n\r\n", "text/event-stream"
        case AnswerForm.ARRAY:
            return b"[" + answer + b"]", _JSON
        case AnswerForm.DOCUMENT:
            return answer, _JSON
