"""Reading our event streams off the wire, with nothing of ours in between."""

import json
from collections.abc import Iterator
from typing import Any

type Event = dict[str, Any]

TERMINAL = frozenset({"response.completed", "response.incomplete", "response.failed"})


def parse(body: str) -> list[Event]:
    """The events of a whole stream.

    Checks its frame: ``event`` equals ``type``, numbers are dense from 0, one terminal
    event, which is last, then ``[DONE]``.
    """
    events = list(_events(body))
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    assert [event["type"] for event in events if event["type"] in TERMINAL] == [events[-1]["type"]]
    return events


def _events(body: str) -> Iterator[Event]:
    *frames, done, rest = body.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    for frame in frames:
        name, data = frame.split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        yield event


def types(events: list[Event]) -> list[str]:
    return [event["type"] for event in events]


def text_of(events: list[Event]) -> str:
    return "".join(event["delta"] for event in events if event["type"] == "response.output_text.delta")
