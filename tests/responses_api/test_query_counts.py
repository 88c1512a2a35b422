"""How often each endpoint asks the database: a number that does not grow with the rows."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator
from django.contrib.auth.models import User
from django.db.backends.utils import CursorWrapper
from django.test import Client
from pytest_django import Settings

from responses_api import catalogue
from responses_api.access import callers
from responses_api.access.callers import CallerMemory
from responses_api.catalogue import CatalogueMemory
from responses_api.consumers.create_response import CreateResponseConsumer
from responses_api.consumers.owned_task import OwnedTaskConsumer
from responses_api.core.conversation import ConversationItem
from responses_api.runtime import database
from responses_api.storage import conversations
from responses_api.webhooks.reports import foreground_listeners
from tests.conftest import MakeApiKey
from tests.responses_api.played_upstream import played_upstream
from tests.responses_api.stored import message, store_response

_TRANSACTION = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


@contextmanager
def statements(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The statements of all threads within the block, transactions left out."""
    said: list[str] = []
    execute = CursorWrapper.execute

    def noting(self: CursorWrapper, sql: Any, params: Any = None) -> Any:
        if not str(sql).startswith(_TRANSACTION):
            said.append(str(sql))
        return execute(self, sql, params)

    with monkeypatch.context() as patch:
        patch.setattr(CursorWrapper, "execute", noting)
        yield said


@pytest.fixture(autouse=True)
def _time_stands_still(monkeypatch: pytest.MonkeyPatch) -> None:
    """What key and catalogue say is remembered for two seconds: for the whole test."""
    monkeypatch.setattr(callers, "memory", CallerMemory(lambda: 0.0))
    monkeypatch.setattr(catalogue, "memory", CatalogueMemory(lambda: 0.0))


# --- the views ---

VIEWS = {
    "GET /v1/models": 0,
    "GET /v1/models/gemini-3.5-flash": 0,
    "GET /v1/responses/{response}": 1,
    "DELETE /v1/responses/{response}": 9,
    "POST /v1/responses/{response}/cancel": 3,
    "GET /v1/responses/{response}/input_items?limit=3": 2,
    "GET /v1/responses/{response}/input_items?limit=3&after={input_item}": 3,
    "POST /v1/conversations": 2,
    "GET /v1/conversations/{conversation}": 1,
    "POST /v1/conversations/{conversation}": 2,
    "DELETE /v1/conversations/{conversation}": 4,
    "GET /v1/conversations/{conversation}/items?limit=3": 2,
    "POST /v1/conversations/{conversation}/items": 3,
    "GET /v1/conversations/{conversation}/items/{item}": 2,
    "DELETE /v1/conversations/{conversation}/items/{item}": 3,
}
"""Statements of each request; key and catalogue are remembered for two seconds."""

BODIES: dict[str, Any] = {
    "POST /v1/conversations": {"items": [message("a"), message("b")]},
    "POST /v1/conversations/{conversation}": {"metadata": {"a": "b"}},
    "POST /v1/conversations/{conversation}/items": {"items": [message("a"), message("b")]},
}


def rows(owner: User, count: int) -> dict[str, str]:
    """A response with ``count`` items on either side and a conversation of as many, among ``count`` others."""
    for _ in range(count):
        store_response(owner, [message("other")], [message("other", "assistant")])
    inputs, outputs = (
        [message("in") for _ in range(count)],
        [message("out", "assistant") for _ in range(count)],
    )
    wire = store_response(owner, inputs, outputs, background=True)
    said = [ConversationItem(message("said")) for _ in range(count)]
    conversation = conversations.create_conversation(owner.pk, {}, said)
    return {
        "response": wire["id"],
        "input_item": inputs[-1]["id"],
        "conversation": conversation.id,
        "item": said[0].wire["id"],
    }


@pytest.mark.django_db
@pytest.mark.parametrize("count", [3, 90])
@pytest.mark.parametrize("endpoint", VIEWS)
def test_a_views_statements(
    alice: User, make_api_key: MakeApiKey, monkeypatch: pytest.MonkeyPatch, endpoint: str, count: int
) -> None:
    client = Client(headers={"Authorization": f"Bearer {make_api_key(alice)[1]}"})
    names = rows(alice, count)
    assert client.get("/v1/models").status_code == 200  # remembers the key and the catalogue
    method, path = endpoint.format(**names).split(" ")

    with statements(monkeypatch) as said:
        answer = client.generic(
            method, path, json.dumps(BODIES.get(endpoint, {})), content_type="application/json"
        )
    assert answer.status_code == 200, answer.content
    assert len(said) == VIEWS[endpoint], "\n".join(said)


# --- the consumers ---


async def ask(consumer: type[OwnedTaskConsumer], plain: str, **body: Any) -> bytes:
    """The body of the answer to a request that succeeds."""
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/responses",
        "headers": [(b"authorization", f"Bearer {plain}".encode())],
    }
    endpoint = ApplicationCommunicator(consumer.as_asgi(), scope)
    await endpoint.send_input({"type": "http.request", "body": json.dumps(body).encode(), "more_body": False})
    start = await endpoint.receive_output(5)
    told, more = b"", True
    while more:
        output = await endpoint.receive_output(5)
        told, more = told + output["body"], output.get("more_body", False)
    await endpoint.send_input({"type": "http.disconnect"})
    await endpoint.wait(5)
    assert start["status"] == 200, told
    return told


@pytest.fixture
async def plain(settings: Settings, alice: User, make_api_key: MakeApiKey) -> AsyncIterator[str]:
    """An API key of Alice's that was used just now, with an upstream behind it."""
    _, plain = await database.run(make_api_key, alice)
    async with played_upstream(settings):
        foreground_listeners.update(frozenset())
        await ask(CreateResponseConsumer, plain, input="warm up")
        yield plain
        foreground_listeners.update(None)


CREATING: dict[str, tuple[dict[str, Any], int]] = {
    "json": ({}, 2),
    "stream": ({"stream": True}, 2),
    "unstored": ({"store": False}, 2),
}


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("database_threads")
@pytest.mark.parametrize("kind", CREATING)
async def test_a_responses_statements(plain: str, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    parameters, expected = CREATING[kind]
    with statements(monkeypatch) as said:
        await ask(CreateResponseConsumer, plain, input="hi", **parameters)
    assert len(said) == expected, "\n".join(said)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("database_threads")
async def test_a_chains_statements_do_not_grow_with_its_length(
    plain: str, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def chain(turns: int) -> str:
        last = ""
        for _ in range(turns):
            wire = store_response(alice, [message("q")], [message("a", "assistant")], previous=last or None)
            last = str(wire["id"])
        return last

    for turns in (1, 100):
        last = await database.run(chain, turns)
        with statements(monkeypatch) as said:
            await ask(CreateResponseConsumer, plain, input="hi", previous_response_id=last)
        assert len(said) == 3, "\n".join(said)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("database_threads")
async def test_a_conversations_statements_do_not_grow_with_its_length(
    plain: str, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for count in (1, 100):
        conversation = (await database.run(rows, alice, count))["conversation"]
        with statements(monkeypatch) as said:
            await ask(CreateResponseConsumer, plain, input="hi", conversation=conversation)
        assert len(said) == 4, "\n".join(said)
