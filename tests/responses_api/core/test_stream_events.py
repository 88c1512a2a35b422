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


def types_of(event: Any) -> list[str]:
    return [str(name) for name in get_args(get_type_hints(event)["type"])]


EVENTS = {name: event for event in members(StreamEvent) for name in types_of(event)}


def test_every_event_has_its_own_type() -> None:
    assert len(EVENTS) == sum(len(types_of(event)) for event in members(StreamEvent))
    assert set(EVENTS) == set(get_args(StreamEventType.__value__))


def test_terminal_types_are_events() -> None:
    assert set(EVENTS) > TERMINAL_TYPES


def schemas(document: str) -> dict[str, Any]:
    """The document's schema of every event that it knows."""
    found = json.loads((FIXTURES / f"stream_events.{document}.json").read_text())
    return {name: found["components"]["schemas"][schema] for name, schema in found["events"].items()}


@pytest.mark.parametrize("document", ["openai", "openresponses"])
def test_every_required_field_is_there(document: str) -> None:
    for name, schema in schemas(document).items():
        assert set(schema["required"]) <= EVENTS[name].__required_keys__, name


def test_every_event_is_openais() -> None:
    assert set(schemas("openai")) == set(EVENTS)
