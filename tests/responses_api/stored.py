"""Makes stored responses for tests, as the end of an exchange leaves them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User

from responses_api.core.create_request import parse_create_request
from responses_api.core.response_object import new_response
from responses_api.models import Item, ItemSide, Response
from responses_api.runtime.identifiers import new_id

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def message(text: str, role: str = "user") -> dict[str, Any]:
    kind = "output_text" if role == "assistant" else "input_text"
    content = [{"type": kind, "text": text}]
    return {"type": "message", "id": new_id("msg"), "role": role, "status": "completed", "content": content}


def store_response(
    owner: User,
    inputs: Sequence[dict[str, Any]] = (),
    outputs: Sequence[dict[str, Any]] = (),
    *,
    previous: str | None = None,
    status: str = "completed",
    background: bool = False,
) -> dict[str, Any]:
    """Its wire object."""
    request = parse_create_request({"input": "hi", "previous_response_id": previous})
    wire: dict[str, Any] = {
        **new_response(
            request, response_id=new_id("resp"), model="gemini-3.8-flash", created_at=int(NOW.timestamp())
        ),
        "status": status,
        "background": background,
        "output": list(outputs),
    }
    body = {name: value for name, value in wire.items() if name != "output"}
    row = Response.objects.create(
        id=wire["id"],
        owner=owner,
        previous_id=previous or "",
        created_at=NOW,
        status=status,
        model=wire["model"],
        body=body,
        background=background,
    )
    sides = [(ItemSide.INPUT, item) for item in inputs] + [(ItemSide.OUTPUT, item) for item in outputs]
    for position, (side, item) in enumerate(sides):
        Item.objects.create(
            id=item.get("id", ""), response=row, position=position, side=side, type=item["type"], wire=item
        )
    return wire
