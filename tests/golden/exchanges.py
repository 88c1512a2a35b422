"""Whole exchanges on file: what a client asked, what the upstream was asked, answered, and what the client got.

``tests/golden/exchanges/NAME/`` holds, written by hand:

    request.json      body of the client's POST
    history.json      optional: stored items before it: [{"wire": …, "response_id": …, "upstream": {…}}]
    stored.json       optional, same form: stored items that the request itself replays
    files.json        optional: what the web addresses in it lead to: {URL: {"media_type": …, "data": BASE64}}
    upstream.sse      body of the upstream's answer, as it came (``upstream.json`` if it was not streamed,
                      ``upstream.STATUS.json`` if it was an HTTP error); none where the request is refused

and, written by ``pytest tests/golden --update-golden``:

    overlay.json      model, body and adaptations of the upstream request
    stream.sse        the client's stream
    response.json     the response object at its end
    error.json        instead of all three, where the request is refused
"""

import base64
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.core.create_request import CreateRequest, parse_create_request
from responses_api.core.errors import GatewayError
from responses_api.core.generation_events import GenerationEvent
from responses_api.core.output_options import OutputOptions
from responses_api.core.remote_files import FetchedFile
from responses_api.core.response_object import new_response
from responses_api.core.response_stream import ResponseStream
from responses_api.core.sealed_reasoning import SealedReasoning
from responses_api.core.signature_recovery import StoredItems, recover
from responses_api.core.sse_encoding import DONE, encode_events
from responses_api.core.stream_events import StreamEvent
from responses_api.gemini.models import ModelCatalogue
from responses_api.gemini.overlay import Overlay, build_overlay
from responses_api.gemini.sse import SseDecoder
from responses_api.gemini.stream_parser import GeminiStreamParser

FOLDER = Path(__file__).parent / "exchanges"
NAMES = sorted(path.name for path in FOLDER.iterdir() if path.is_dir())
GOLDEN = ("error.json", "overlay.json", "stream.sse", "response.json")
NOW = 1_795_000_000


def seal(reasoning: SealedReasoning) -> str:
    """Readable blobs, so that golden files show what is in them."""
    return "sealed:" + base64.urlsafe_b64encode(msgspec.json.encode(reasoning)).decode()


def unseal(blob: str) -> SealedReasoning | None:
    if not blob.startswith("sealed:"):
        return None
    return msgspec.json.decode(base64.urlsafe_b64decode(blob.removeprefix("sealed:")), type=SealedReasoning)


def pretty(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode() + "\n"


@dataclass(frozen=True)
class Recording:
    """One folder."""

    name: str

    @property
    def path(self) -> Path:
        return FOLDER / self.name

    def load(self, file: str, default: Any = None) -> Any:
        path = self.path / file
        return msgspec.json.decode(path.read_bytes()) if path.exists() else default

    @property
    def is_served(self) -> bool:
        """Whether the upstream was asked."""
        return any(self.path.glob("upstream.*"))

    @property
    def body(self) -> Any:
        return self.load("request.json")

    def request(self, body: Any = None) -> CreateRequest:
        return parse_create_request(self.body if body is None else body)

    def conversation(self, request: CreateRequest) -> list[ConversationItem]:
        """All that is said before the answer, with what the upstream attached to it."""
        said = [ConversationItem(item) for item in request.input]
        blobs = {index: unseal(item.wire.get("encrypted_content") or "") for index, item in enumerate(said)}
        opened = {index: content for index, content in blobs.items() if content is not None}
        return [*self.history(), *recover(said, self.stored_items(), opened)]

    def history(self) -> list[ConversationItem]:
        """Stored items before the request's own."""
        return [_item(entry) for entry in self.load("history.json", [])]

    def stored_items(self) -> StoredItems:
        """Stored items that the request replays."""
        items = [_item(entry) for entry in self.load("stored.json", [])]
        return StoredItems(
            by_id={item.wire["id"]: item for item in items},
            by_call_id={item.wire["call_id"]: item for item in items if "call_id" in item.wire},
        )

    def files(self) -> dict[str, FetchedFile]:
        """What the web addresses in the request lead to."""
        return {
            url: FetchedFile(file["media_type"], base64.b64decode(file["data"]))
            for url, file in self.load("files.json", {}).items()
        }

    def overlay(self, request: CreateRequest) -> Overlay:
        model = ModelCatalogue().resolve(request.model)
        return build_overlay(request, self.conversation(request), model, self.files())

    def error(self) -> dict[str, Any] | None:
        """The body and status with which the request is refused; None if it is served."""
        try:
            self.overlay(self.request())
        except GatewayError as error:
            return {
                "status": error.http_status,
                "error": {
                    "message": error.message,
                    "type": error.type,
                    "param": error.param,
                    "code": error.code,
                },
            }
        return None

    def answer(self) -> "Answer":
        (path,) = self.path.glob("upstream.*")
        status = path.name.split(".")[1]
        return Answer(
            path.read_bytes(), int(status) if status.isdecimal() else 200, streaming=path.suffix == ".sse"
        )

    def run(self, body: Any = None) -> "Run":
        """The exchange, from the request to the last event.

        Args:
            body: In place of the recorded one, to get the same answer to another request.
        """
        request = self.request(body)
        return play(request, self.overlay(request), self.answer())


@dataclass(frozen=True)
class Answer:
    """The upstream's answer, and what it says however it is cut."""

    body: bytes
    http_status: int
    streaming: bool

    def candidates(self) -> Iterator[Any]:
        """What it holds, read without the code under test but for the framing of SSE."""
        decoder = SseDecoder()
        payloads = [*decoder.feed(self.body), *decoder.feed(b"")] if self.streaming else [self.body]
        for payload in payloads:
            chunk = msgspec.json.decode(payload)
            yield from chunk.get("response", chunk).get("candidates", ())

    def events(self) -> list[GenerationEvent]:
        return self._parsed([self.body])

    def events_cut_at(self, position: int) -> list[GenerationEvent]:
        return self._parsed([self.body[:position], self.body[position:]])

    def events_byte_by_byte(self) -> list[GenerationEvent]:
        return self._parsed([bytes([byte]) for byte in self.body])

    def _parsed(self, reads: list[bytes]) -> list[GenerationEvent]:
        parser = GeminiStreamParser(http_status=self.http_status, streaming=self.streaming)
        events: list[GenerationEvent] = []
        for data in reads:
            if data:
                events += parser.feed(data)
        return events + parser.feed(b"")


@dataclass(frozen=True)
class Run:
    """What came of an exchange."""

    overlay: Overlay
    events: list[StreamEvent]
    machine: ResponseStream

    @property
    def response(self) -> Any:
        return self.machine.response

    def files(self) -> Iterator[tuple[str, str]]:
        """The golden files, by name."""
        upstream = {
            "model": self.overlay.model,
            "adaptations": self.overlay.adaptations,
            "body": self.overlay.body,
        }
        yield "overlay.json", pretty(upstream)
        yield "stream.sse", (encode_events(self.events) + DONE).decode()
        yield "response.json", pretty(self.response)


def play(request: CreateRequest, overlay: Overlay, answer: Answer) -> Run:
    """What the client gets when the upstream gives ``answer`` to ``overlay``."""
    numbers = itertools.count(1)
    include = frozenset(request.include)
    blank = new_response(request, response_id="resp_1", model=overlay.model, created_at=NOW)
    machine = ResponseStream(
        blank,
        new_id=lambda prefix: f"{prefix}_{next(numbers)}",
        now=lambda: NOW + 7,
        options=OutputOptions(
            tools=overlay.client_tools,
            include=include,
            stateless=not request.store or "reasoning.encrypted_content" in include,
            seal=seal,
            upstream_model=overlay.model,
        ),
    )
    events = machine.start()
    for event in answer.events():
        events += machine.send(event)
    return Run(overlay, events, machine)


def _item(entry: dict[str, Any]) -> ConversationItem:
    return ConversationItem(entry["wire"], entry.get("response_id"), _facts(entry.get("upstream")))


def _facts(members: dict[str, Any] | None) -> UpstreamFacts | None:
    if members is None:
        return None
    return UpstreamFacts(**{**members, "parts": tuple(members.get("parts", ()))})
