"""Recorded answers of the upstream, as the parser's tests feed them.

``tests/fixtures/gemini/NAME.sse`` holds the bytes of a stream, ``NAME.STATUS.json`` those of an
answer that was not streamed, or of a refusal.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from responses_api.core.generation_events import GenerationEvent
from responses_api.gemini.stream_parser import GeminiStreamParser

FIXTURES = Path(__file__).parent.parent / "fixtures" / "gemini"


@dataclass(frozen=True)
class Recording:
    """One answer."""

    path: Path

    @property
    def name(self) -> str:
        return self.path.name.partition(".")[0]

    @property
    def golden(self) -> Path:
        return FIXTURES / f"{self.name}.events.jsonl"

    @property
    def body(self) -> bytes:
        return self.path.read_bytes()

    def events(self, reads: Iterable[bytes]) -> list[GenerationEvent]:
        """What the parser makes of the body, read in these pieces."""
        _, *status, _ = self.path.name.split(".")
        parser = GeminiStreamParser(http_status=int(status[0]) if status else 200, streaming=not status)
        return [event for read in (*reads, b"") for event in parser.feed(read)]


STREAMS = [Recording(path) for path in sorted(FIXTURES.glob("*.sse"))]
RECORDINGS = STREAMS + [Recording(path) for path in sorted(FIXTURES.glob("*.[0-9][0-9][0-9].json"))]
