"""Whom the load generator calls: how a request to each looks, and how its answer is checked. Pure."""

from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from bench.answers import check_gemini, check_gemini_stream, check_response, check_response_stream
from bench.load import Call
from interceptor.simulator.answer import expected_text
from interceptor.simulator.frames import STAMP

MODEL = "gemini-3.8-flash"


@dataclass(frozen=True, slots=True)
class Request:
    """One HTTP request, and what must come back."""

    url: str
    headers: dict[str, str]
    body: bytes
    text: str


class Target(Protocol):
    """A server under load."""

    first_text: bytes
    """What the first piece of text of a stream is recognised by."""

    def request(self, call: Call, number: int) -> Request:
        """The ``number``-th request of its kind."""

    def check(self, call: Call, request: Request, body: bytes) -> None:
        """Raise ``WrongAnswer`` unless ``body`` is the whole and right answer."""


@dataclass(frozen=True, slots=True)
class Gateway:
    """The Responses API: everything under test."""

    urls: tuple[str, ...]
    """Each ends in ``/v1``; requests go to one after the other."""
    key: str
    first_text = b'{"type":"response.output_text.delta"'

    def request(self, call: Call, number: int) -> Request:
        """``POST /responses``."""
        prompt = _prompt(call, number)
        body = {"model": MODEL, "input": prompt, "stream": call.stream}
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        return Request(
            f"{self.urls[number % len(self.urls)]}/responses",
            headers,
            msgspec.json.encode(body),
            expected_text(prompt, MODEL),
        )

    def check(self, call: Call, request: Request, body: bytes) -> None:
        """Events or the response object."""
        if call.stream:
            check_response_stream(body, request.text, call.chunks)
        else:
            check_response(msgspec.json.decode(body), request.text)


@dataclass(frozen=True, slots=True)
class Upstream:
    """The simulator without us: what the same load costs and takes at the least."""

    url: str
    first_text = b'"text":'

    def request(self, call: Call, number: int) -> Request:
        """``generateContent`` or ``streamGenerateContent``."""
        prompt = _prompt(call, number)
        body: dict[str, Any] = {"contents": [{"role": "user", "parts": [{"text": prompt}]}]}
        method = "streamGenerateContent?alt=sse" if call.stream else "generateContent"
        headers = {"x-goog-api-key": "bench", "Content-Type": "application/json"}
        url = f"{self.url}/v1beta/models/{MODEL}:{method}"
        return Request(url, headers, msgspec.json.encode(body), expected_text(prompt, MODEL))

    def check(self, call: Call, request: Request, body: bytes) -> None:
        """Chunks or the one answer."""
        if call.stream:
            check_gemini_stream(body, request.text, call.chunks)
        else:
            check_gemini(msgspec.json.decode(body), request.text)


def _prompt(call: Call, number: int) -> str:
    """Directives for the simulator; the text to say is another one in every request."""
    if call.stamped:
        said = "".join(map(stamped_piece, range(call.chunks)))
        return f"[[stamp]] [[chunks={call.chunks}]] [[delay_ms={call.delay_ms}]] [[text={said}]]"
    said = f"This is answer {number}: " + expected_text(f"[[chunks={call.chunks}]]", MODEL)
    prompt = f"[[chunks={call.chunks}]] [[delay_ms={call.delay_ms}]] [[text={said}]]"
    return prompt if call.stall_after is None else f"{prompt} [[stall={call.stall_after}]]"


def stamped_piece(number: int) -> str:
    """As it is asked for; all are of the same length, so that each becomes one chunk."""
    return f"<{number:05}@{STAMP.decode()}>"
