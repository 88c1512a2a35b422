from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from responses_api.models import ApiKey, Item, ItemSide, Outcome, Response, Trace, Usage, UsageSource
from tests.conftest import MakeApiKey, MakeUser
from tests.responses_api.oauth_fixtures import accounts, oauth_secret, signed_in, tls_files

__all__ = ["accounts", "oauth_secret", "signed_in", "tls_files"]

type Book = Callable[[int], Response]


@pytest.fixture
def operator(make_user: MakeUser) -> Client:
    """A browser in which the operator has logged in."""
    client = Client()
    client.force_login(make_user("operator", is_staff=True, is_superuser=True))
    return client


@pytest.fixture
def book(alice: User, make_api_key: MakeApiKey) -> Book:
    """``book(n)`` stores the n-th response with its items, trace and usage."""
    key, _ = make_api_key(alice)

    def make(number: int) -> Response:
        return _book(number, alice, key)

    return make


def _book(number: int, owner: User, key: ApiKey) -> Response:
    at = timezone.now() - timedelta(minutes=number)
    response = Response.objects.create(
        id=f"resp_{number}",
        owner=owner,
        previous_id=f"resp_{number + 1}",
        created_at=at,
        status="completed",
        model="gemini-3.8-flash",
        body={"temperature": 0.5},
    )
    said: list[tuple[ItemSide, dict[str, Any]]] = [
        (ItemSide.INPUT, {"type": "message", "role": "user", "content": "<b>How</b> are you?"}),
        (ItemSide.OUTPUT, {"type": "function_call", "name": "look_up", "arguments": "{}"}),
        (
            ItemSide.OUTPUT,
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Fine."}]},
        ),
    ]
    for position, (side, wire) in enumerate(said):
        Item.objects.create(
            response=response,
            position=position,
            id=f"item_{number}_{position}",
            side=side,
            type=wire["type"],
            wire=wire,
        )
    trace = Trace.objects.create(
        id=f"trace_{number}",
        response_id=response.pk,
        owner=owner,
        api_key=key,
        started_at=at,
        outcome=Outcome.COMPLETED,
        model=response.model,
        stream=True,
        client_request={"items": 1},
    )
    Usage.objects.create(
        trace=trace,
        owner=owner,
        api_key=key,
        at=at,
        model=response.model,
        source=UsageSource.INTERCEPTED,
        input_tokens=11,
        output_tokens=22,
        total_tokens=33,
    )
    return response
