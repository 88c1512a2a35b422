"""Reading, listing, cancelling and deleting of stored responses over HTTP."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from responses_api.models import Response
from tests.conftest import MakeApiKey
from tests.responses_api.stored import message, store_response

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(alice: User, make_api_key: MakeApiKey) -> Client:
    """Alice's."""
    return client_of(alice, make_api_key)


def client_of(owner: User, make_api_key: MakeApiKey) -> Client:
    _, plain = make_api_key(owner)
    return Client(headers={"Authorization": f"Bearer {plain}"})


def test_a_response_is_what_it_was_answered_as(alice: User, client: Client) -> None:
    wire = store_response(alice, [message("hi")], [message("ho", "assistant")])
    got = client.get(f"/v1/responses/{wire['id']}")
    assert (got.status_code, got.headers["Content-Type"]) == (200, "application/json")
    assert got.json() == wire


@pytest.mark.parametrize("accept", ["application/json", "*/*", "text/event-stream", "text/html"])
def test_the_answer_is_json_whatever_is_accepted(alice: User, client: Client, accept: str) -> None:
    wire = store_response(alice)
    got = client.get(f"/v1/responses/{wire['id']}?format=xml", headers={"Accept": accept})
    assert got.json() == wire


def test_an_include_that_does_not_exist_is_refused(alice: User, client: Client) -> None:
    wire = store_response(alice)
    path = f"/v1/responses/{wire['id']}"
    assert client.get(f"{path}?include[]=reasoning.encrypted_content").json() == wire
    error = client.get(f"{path}?include=all")
    assert (error.status_code, error.json()["error"]["param"]) == (400, "include[0]")


def test_deleting(alice: User, client: Client) -> None:
    wire = store_response(alice, [message("hi")])
    path = f"/v1/responses/{wire['id']}"
    assert client.delete(path).json() == {"id": wire["id"], "object": "response", "deleted": True}
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404


def test_input_items_newest_first(alice: User, client: Client) -> None:
    items = [message(text) for text in "abc"]
    wire = store_response(alice, items, [message("answer", "assistant")])
    path = f"/v1/responses/{wire['id']}/input_items"
    assert client.get(path).json() == {
        "object": "list",
        "data": items[::-1],
        "first_id": items[2]["id"],
        "last_id": items[0]["id"],
        "has_more": False,
    }
    page = client.get(f"{path}?limit=1&order=asc&after={items[0]['id']}").json()
    assert (page["data"], page["has_more"]) == ([items[1]], True)


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "order=up", "after=msg_unknown", "include=all"])
def test_a_page_that_cannot_be(alice: User, client: Client, query: str) -> None:
    wire = store_response(alice, [message("a")])
    got = client.get(f"/v1/responses/{wire['id']}/input_items?{query}")
    assert got.status_code == 400
    assert got.json()["error"]["param"].startswith(query.split("=")[0])


def test_only_what_is_in_the_background_can_be_cancelled(alice: User, client: Client) -> None:
    wire = store_response(alice)
    got = client.post(f"/v1/responses/{wire['id']}/cancel")
    assert got.status_code == 400
    error = got.json()["error"]
    assert error.pop("message").startswith("Cannot cancel a synchronous response")
    assert error == {"type": "invalid_request_error", "param": None, "code": None}


@pytest.mark.parametrize("status", ["completed", "incomplete", "failed", "cancelled"])
def test_what_has_ended_stays_as_it_is(alice: User, client: Client, status: str) -> None:
    wire = store_response(alice, status=status, background=True)
    for _ in range(2):
        got = client.post(f"/v1/responses/{wire['id']}/cancel")
        assert (got.status_code, got.json()) == (200, wire)


@pytest.mark.parametrize(
    ("method", "below"),
    [("get", ""), ("delete", ""), ("post", "/cancel"), ("get", "/input_items")],
)
def test_unknown_foreign_and_deleted_are_one(
    alice: User, bob: User, client: Client, make_api_key: MakeApiKey, method: str, below: str
) -> None:
    foreign = [store_response(bob, background=background)["id"] for background in (False, True)]
    deleted = store_response(alice)["id"]
    client.delete(f"/v1/responses/{deleted}")

    answers = {}
    for response_id in ("resp_unknown", *foreign, deleted):
        got = client.generic(method.upper(), f"/v1/responses/{response_id}{below}")
        answers[got.content.replace(response_id.encode(), b"ID")] = got.status_code

    assert answers == {
        b'{"error":{"message":"Response with id \'ID\' not found.","type":"invalid_request_error",'
        b'"param":null,"code":null}}': 404
    }
    assert set(Response.objects.values_list("id", flat=True)) == set(foreign)


@pytest.mark.parametrize("path", ["/v1/responses/resp_1", "/v1/responses/resp_1/input_items"])
def test_without_a_key_nothing_is_told(path: str, db: None) -> None:
    got = Client().get(path)
    assert (got.status_code, got.json()["error"]["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/responses/resp_1"),
        ("GET", "/v1/responses/resp_1/cancel"),
        ("DELETE", "/v1/responses/resp_1/input_items"),
    ],
)
def test_a_method_that_a_path_has_not(client: Client, method: str, path: str) -> None:
    got = client.generic(method, path)
    assert (got.status_code, got.json()["error"]["code"]) == (405, "method_not_allowed")
    assert method not in got.headers["Allow"]


def test_an_odd_id_is_an_unknown_one(client: Client) -> None:
    for odd in ("%00", "a%00b", "%ff", "%F0%9F%98%80", "x" * 3000):
        got: Any = client.get(f"/v1/responses/{odd}")
        assert got.status_code == 404, odd
