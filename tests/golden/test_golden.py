"""Recorded answers of the upstream against the generation events they come to.

``tests/fixtures/gemini/NAME.sse`` holds wire bytes, ``NAME.events.jsonl`` one event per line.
``pytest tests/golden --update-golden`` writes what the code makes now; review the difference.
"""

from pathlib import Path

import msgspec
import pytest

from responses_api.core.generation_events import GenerationEvent
from responses_api.gemini.stream_parser import GeminiStreamParser

FIXTURES = Path(__file__).parent.parent / "fixtures" / "gemini"
RECORDINGS = sorted(FIXTURES.glob("*.sse"))


def events_of(body: bytes) -> list[GenerationEvent]:
    parser = GeminiStreamParser()
    return parser.feed(body) + parser.feed(b"")


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_events_of_a_recording(recording: Path, request: pytest.FixtureRequest) -> None:
    made = msgspec.json.Encoder().encode_lines(events_of(recording.read_bytes())).decode()
    golden = recording.with_suffix(".events.jsonl")
    if request.config.getoption("--update-golden", default=False):
        golden.write_text(made, encoding="utf-8")
    assert made == golden.read_text(encoding="utf-8")


def test_every_golden_file_has_its_recording() -> None:
    golden = {path.name.removesuffix(".events.jsonl") for path in FIXTURES.glob("*.events.jsonl")}
    assert golden == {path.stem for path in RECORDINGS}
    assert len(golden) >= 12
