"""Recorded answers of the upstream against the generation events they come to.

``tests/fixtures/gemini/NAME.events.jsonl`` holds one event per line.
``pytest tests/golden --update-golden`` writes what the code makes now; review the difference.
"""

import msgspec
import pytest

from tests.golden.recordings import FIXTURES, RECORDINGS, Recording


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda recording: recording.name)
def test_events_of_a_recording(recording: Recording, update_golden: bool) -> None:
    made = msgspec.json.Encoder().encode_lines(recording.events([recording.body])).decode()
    if update_golden:
        recording.golden.write_text(made, encoding="utf-8")
    assert made == recording.golden.read_text(encoding="utf-8")


def test_every_golden_file_has_its_recording() -> None:
    assert set(FIXTURES.glob("*.events.jsonl")) == {recording.golden for recording in RECORDINGS}
    assert len(RECORDINGS) == len({recording.golden for recording in RECORDINGS}) >= 50
