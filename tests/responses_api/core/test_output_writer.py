"""The table of what may stay open is complete."""

from typing import get_args

from responses_api.core.generation_events import GenerationEvent
from responses_api.core.output_writer import KEEPS_OPEN


def test_every_event_is_in_the_table() -> None:
    assert set(KEEPS_OPEN) == set(get_args(GenerationEvent.__value__))
