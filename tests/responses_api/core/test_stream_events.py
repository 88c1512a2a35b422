"""The union of stream events and the documents' fields agree."""

import json
from pathlib import Path
from typing import Any, TypeAliasType, get_args, get_type_hints

import pytest

from responses_api.core.stream_events import TERMINAL_TYPES, StreamEvent, StreamEventType

FIXTURES = Path(__file__).parents[2] / "fixtures" / "openapi"


def members(union: Any) -> list[Any]:
    """The TypedDicts of a union of unions."""
    if isinstance(union, TypeAliasType):
        union = union.__value__
    return [leaf for part in get_args(union) for leaf in members(part)] or [union]


def type_of(event: Any) -> str:
    [name] = get_args(get_type_hints(event)["type"])
    return str(name)


EVENTS = {type_of(event): event for event in members(StreamEvent)}


def test_every_event_has_its_own_type() -> None:
    assert len(EVENTS) == len(members(StreamEvent))
    assert set(EVENTS) == set(get_args(StreamEventType.__value__))


def test_terminal_types_are_events() -> None:
    assert set(EVENTS) > TERMINAL_TYPES


@pytest.mark.parametrize("document", ["openai", "openresponses"])
@pytest.mark.parametrize("name", EVENTS)
def test_every_required_field_is_there(document: str, name: str) -> None:
    schemas = json.loads((FIXTURES / f"stream_events.{document}.json").read_text())
    schema = schemas["components"]["schemas"][schemas["events"][name]]
    assert set(schema["required"]) <= EVENTS[name].__required_keys__
