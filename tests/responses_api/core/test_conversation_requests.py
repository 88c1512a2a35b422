"""The bodies of requests to /v1/conversations."""

from typing import Any

import pytest
from pydantic import BaseModel

from responses_api.core.conversation_requests import (
    AddItems,
    CreateConversation,
    UpdateConversation,
    parse_body,
)
from responses_api.core.errors import InvalidRequest

HELLO = {"role": "user", "content": "hello"}


def test_items_come_in_canonical_form() -> None:
    content = [{"type": "input_text", "text": "hello"}]
    canonical = ({"type": "message", "role": "user", "content": content},)
    assert parse_body(CreateConversation, {"items": [HELLO]}).items == canonical
    assert parse_body(AddItems, {"items": [HELLO]}).items == canonical


@pytest.mark.parametrize("body", [{}, {"items": None, "metadata": None}, {"items": [], "metadata": {}}])
def test_a_conversation_can_begin_empty(body: object) -> None:
    made = parse_body(CreateConversation, body)
    assert (made.items, made.metadata) == ((), {})


WRONG: list[tuple[type[BaseModel], Any, str | None, str]] = [
    (CreateConversation, [], None, "invalid_type"),
    (CreateConversation, {"items": "hello"}, "items", "invalid_type"),
    (CreateConversation, {"items": [HELLO] * 21}, "items", "array_above_max_length"),
    (AddItems, {"items": [HELLO] * 21}, "items", "array_above_max_length"),
    (CreateConversation, {"items": [{"role": "user", "content": 5}]}, "items[0].content", "invalid_type"),
    (CreateConversation, {"metadata": {"a": 5}}, "metadata.a", "invalid_type"),
    (
        CreateConversation,
        {"metadata": {str(n): "" for n in range(17)}},
        "metadata",
        "object_above_max_properties",
    ),
    (CreateConversation, {"name": "x"}, "name", "unknown_parameter"),
    (UpdateConversation, {}, "metadata", "missing_required_parameter"),
    (UpdateConversation, {"metadata": None}, "metadata", "missing_required_parameter"),
    (AddItems, {}, "items", "missing_required_parameter"),
]


@pytest.mark.parametrize(("kind", "body", "param", "code"), WRONG)
def test_a_fault_is_named(kind: type[BaseModel], body: object, param: str | None, code: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        parse_body(kind, body)
    assert (caught.value.param, caught.value.code) == (param, code)
