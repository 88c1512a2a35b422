"""The tap on one answer: passes it on to the language server, and says what the model does in it.

The bytes go on in unchanged timing. What is read of them is a copy, which is decoded where the
upstream compressed it although it was asked not to. Nothing that goes wrong in the reading
costs the language server a byte.
"""

import logging
from typing import Protocol

from mitmproxy import http

from interceptor.call_removal import CallRemover, call_remover
from interceptor.capture import CallCapture
from interceptor.content_coding import ContentDecoder, Undecodable
from interceptor.matching import AnswerForm, GenerateCall
from responses_api.core.generation_events import GenerationEvent
from responses_api.gemini.errors import protocol_failure
from responses_api.gemini.stream_parser import GeminiStreamParser

logger = logging.getLogger("zg.interceptor")

LONGEST_ANSWER = 256 * 1024 * 1024
"""Bytes that a compressed answer may decode to."""

_TAP_FAILED = protocol_failure("TAP_FAILED", "The gateway could not read the upstream's answer.")
_BAD_CODING = protocol_failure(
    "UNREADABLE_CODING", "The upstream compressed its answer in a way that cannot be read."
)


class Listener(Protocol):
    """Who wants to know what the model does in an answer."""

    def answered(self, status: int) -> None:
        """The head of the answer is there."""

    def hear(self, events: list[GenerationEvent], *, last: bool) -> None:
        """What has come, in order; with ``last`` the answer is over and nothing follows."""

    def broke_off(self, usage: list[GenerationEvent], *, by_client: bool) -> None:
        """The answer ends here, before its end: whoever asked for it has left, or the upstream has."""


class AnswerTap:
    """Reads one answer as it passes. It is called by mitmproxy with the pieces of the body."""

    def __init__(
        self,
        call: GenerateCall,
        listener: Listener,
        *,
        removes_calls: bool = False,
        capture: CallCapture | None = None,
    ) -> None:
        """Prepare for one answer.

        Args:
            call: What is answered.
            listener: Is told what the model does.
            removes_calls: Whether function calls are taken out of what is passed on.
            capture: Keeps the content, if it is to be kept.
        """
        self._call = call
        self._listener = listener
        self._removes_calls = removes_calls
        self._capture = capture
        self._parser: GeminiStreamParser | None = None
        self._decoder: ContentDecoder | None = None
        self._remover: CallRemover | None = None
        self._over = False

    def begin(self, response: http.Response) -> None:
        """The head of the answer. Errors are passed on as they are, and so is what is compressed."""
        form = _form(response.headers.get("content-type", ""), self._call.form)
        streaming = form is AnswerForm.EVENTS
        self._parser = GeminiStreamParser(http_status=response.status_code, streaming=streaming)
        self._listener.answered(response.status_code)
        if self._capture is not None:
            self._capture.answered(response, streaming=streaming)
        if coding := response.headers.get("content-encoding", ""):
            try:
                self._decoder = ContentDecoder(coding, limit=LONGEST_ANSWER)
            except Undecodable as problem:
                self._fail(problem)
        elif self._removes_calls and 200 <= response.status_code < 300:
            self._remover = call_remover(form)

    def __call__(self, data: bytes) -> bytes | list[bytes]:
        """Take a piece of the body, ``b""`` at its end; what is passed on now."""
        self._read(data)
        return data if self._remover is None else self._remover.feed(data)

    def finish(self) -> None:
        """The answer is over, also if it had no body and nothing was ever passed."""
        self._read(b"")

    def break_off(self, *, by_client: bool) -> None:
        """The connection broke."""
        if not self._over:
            self._end_early("its client left" if by_client else "the upstream broke off")
            self._listener.broke_off(self._usage_so_far(), by_client=by_client)

    def cancel(self) -> None:
        """Nobody wants more of it: its usage so far is the last that is heard."""
        if not self._over:
            self._end_early("it was cancelled")
            self._listener.hear(self._usage_so_far(), last=True)

    def _end_early(self, reason: str) -> None:
        self._over = True
        if self._capture is not None:
            self._capture.broke_off(reason)

    def _usage_so_far(self) -> list[GenerationEvent]:
        return [] if self._parser is None else self._parser.abort()

    def _read(self, data: bytes) -> None:
        if self._over or self._parser is None:
            return
        try:
            content = data if self._decoder is None else self._decoder.feed(data)
            if self._capture is not None and (content or not data):
                self._capture.chunk(content)
            events = self._parser.feed(content) if content or not data else []
            self._over = not data
            self._listener.hear(events, last=self._over)
        except Undecodable as problem:
            self._fail(problem)
        except Exception:
            logger.exception("the tap failed")
            self._end_early("it could not be read")
            self._listener.hear([_TAP_FAILED], last=True)

    def _fail(self, problem: Undecodable) -> None:
        logger.warning("an answer cannot be read: %s", problem)
        self._end_early(str(problem))
        self._listener.hear([_BAD_CODING], last=True)


def _form(content_type: str, expected: AnswerForm) -> AnswerForm:
    """What the answer says of itself counts, not what was asked for."""
    match content_type.partition(";")[0].strip().lower():
        case "text/event-stream":
            return AnswerForm.EVENTS
        case "application/json" if expected is AnswerForm.EVENTS:
            return AnswerForm.DOCUMENT
        case _:
            return expected
