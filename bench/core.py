"""The pure core by itself: what one text delta costs from the upstream's bytes to the client's."""

import cProfile
import io
import itertools
import pstats
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from bench.scenarios import WrongAnswers
from responses_api.core.create_request import parse_create_request
from responses_api.core.generation_events import GenerationEvent
from responses_api.core.response_object import new_response
from responses_api.core.response_stream import ResponseStream
from responses_api.core.sse_encoding import encode_events
from responses_api.core.stream_events import StreamEvent
from responses_api.gemini.stream_parser import GeminiStreamParser

DELTAS = 2_000
"""Text chunks of one answer."""
_PROFILE_LINES = 18
_REQUEST = {"model": "gemini-3.8-flash", "input": "Tell me something long.", "stream": True}


@dataclass(frozen=True, slots=True)
class CoreResult:
    """Microseconds of CPU per text delta; the median of the rounds."""

    parsing: float
    """Bytes to generation events."""
    machine: float
    """Generation events to stream events."""
    encoding: float
    """Stream events to bytes."""
    whole: float
    """Bytes to bytes, measured in one go."""

    @property
    def deltas_per_second(self) -> float:
        """That one core carries."""
        return 1e6 / self.whole


def measure_core(rounds: int) -> CoreResult:
    """Run the path so many times, whole and step by step."""
    chunks = _chunks()
    _check(_through(chunks))
    steps = [_steps(chunks) for _ in range(rounds)]
    parsing, machine, encoding = (statistics.median(times) for times in zip(*steps, strict=True))
    whole = statistics.median(_cpu(lambda: _through(chunks)) for _ in range(rounds))
    return CoreResult(*(seconds * 1e6 / DELTAS for seconds in (parsing, machine, encoding, whole)))


def profile_core() -> str:
    """Where the time goes, as cProfile tells it."""
    chunks = _chunks()
    profiler = cProfile.Profile()
    profiler.runcall(_through, chunks)
    text = io.StringIO()
    pstats.Stats(profiler, stream=text).strip_dirs().sort_stats("tottime").print_stats(_PROFILE_LINES)
    return text.getvalue()


def _chunks() -> list[bytes]:
    """SSE frames as the upstream sends them: a few words each, usage in every one, a finish at the end."""
    return [_frame(number, finish=number == DELTAS - 1) for number in range(DELTAS)]


def _words(number: int) -> str:
    return f"word number {number}, "


def _frame(number: int, *, finish: bool) -> bytes:
    candidate: dict[str, object] = {
        "content": {"role": "model", "parts": [{"text": _words(number)}]},
        "index": 0,
    }
    if finish:
        candidate["finishReason"] = "STOP"
    chunk = {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": 12,
            "candidatesTokenCount": number,
            "totalTokenCount": 12 + number,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": 12}],
            "thoughtsTokenCount": 0,
        },
        "modelVersion": "gemini-3.8-flash",
        "responseId": "mT1laZ-kDsGmmtkPn6zO8Ag",
    }
    return b"data: " + msgspec.json.encode(chunk) + b"\r\n\r\n"


def _machine() -> ResponseStream:
    numbers = itertools.count()
    blank = new_response(
        parse_create_request(_REQUEST), response_id="resp_1", model="gemini-3.8-flash", created_at=0
    )
    return ResponseStream(blank, new_id=lambda prefix: f"{prefix}_{next(numbers)}", now=lambda: 0)


def _through(chunks: list[bytes]) -> ResponseStream:
    """The whole path, a chunk at a time."""
    parser, machine = GeminiStreamParser(), _machine()
    encode_events(machine.start())
    for chunk in [*chunks, b""]:
        for event in parser.feed(chunk):
            encode_events(machine.send(event))
    return machine


def _check(machine: ResponseStream) -> None:
    (item,) = machine.response["output"]
    if item["content"][0]["text"] != "".join(map(_words, range(DELTAS))):
        raise WrongAnswers("the core made another text of the upstream's chunks")


def _steps(chunks: list[bytes]) -> tuple[float, float, float]:
    parser, machine = GeminiStreamParser(), _machine()
    machine.start()
    events: list[GenerationEvent] = []
    told: list[list[StreamEvent]] = []

    def parse() -> None:
        for chunk in [*chunks, b""]:
            events.extend(parser.feed(chunk))

    def tell() -> None:
        told.extend(machine.send(event) for event in events)

    def encode() -> None:
        for batch in told:
            encode_events(batch)

    return _cpu(parse), _cpu(tell), _cpu(encode)


def _cpu(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began
