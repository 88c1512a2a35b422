"""/v1/conversations, as a client sees it."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from responses_api.core.conversation import ConversationItem, UpstreamFacts
from responses_api.models import Conversation, ConversationEntry
from responses_api.storage import conversations
from tests.conftest import MakeApiKey
from tests.responses_api.core.openapi_schemas import validator

pytestmark = pytest.mark.django_db

PNG = "data:image/png;base64,aW1n"
ITEM = validator("item_resources.openai.json", "ItemResource")
HELLO = {"role": "user", "content": "hello"}
CALL = {"type": "function_call", "call_id": "call_1", "name": "f", "arguments": "{}"}


class Caller:
    """One person's client; answers with status and body."""

    def __init__(self, key: str) -> None:
        self._client = Client(headers={"Authorization": f"Bearer {key}"})

    def get(self, path: str, **query: Any) -> tuple[int, Any]:
        return self._answer(self._client.get(f"/v1/conversations{path}", query_params=query))

    def post(self, path: str, body: object = None, **query: Any) -> tuple[int, Any]:
        return self._answer(
            self._client.post(
                f"/v1/conversations{path}", body, content_type="application/json", query_params=query
            )
        )

    def delete(self, path: str) -> tuple[int, Any]:
        return self._answer(self._client.delete(f"/v1/conversations{path}"))

    def begin(self, *items: object, **metadata: str) -> str:
        status, body = self.post("", {"items": items, "metadata": metadata})
        assert status == 200, body
        return str(body["id"])

    @staticmethod
    def _answer(response: Any) -> tuple[int, Any]:
        return response.status_code, response.json()


@pytest.fixture
def hers(alice: User, make_api_key: MakeApiKey) -> Caller:
    return Caller(make_api_key(alice)[1])


@pytest.fixture
def his(bob: User, make_api_key: MakeApiKey) -> Caller:
    return Caller(make_api_key(bob)[1])


def texts(body: Any) -> str:
    return " ".join(item["content"][0]["text"] for item in body["data"])


def test_the_life_of_a_conversation(hers: Caller) -> None:
    status, made = hers.post("", {"metadata": {"topic": "demo"}})
    assert status == 200
    assert made["id"].startswith("conv_")
    assert isinstance(made["created_at"], int)
    assert made == {**made, "object": "conversation", "metadata": {"topic": "demo"}}
    assert made.keys() == {"id", "object", "created_at", "metadata"}
    assert hers.get(f"/{made['id']}") == (200, made)

    status, updated = hers.post(f"/{made['id']}", {"metadata": {"topic": "other"}})
    assert (status, updated) == (200, {**made, "metadata": {"topic": "other"}})

    deleted = {"id": made["id"], "object": "conversation.deleted", "deleted": True}
    assert hers.delete(f"/{made['id']}") == (200, deleted)
    assert hers.get(f"/{made['id']}")[0] == 404


@pytest.mark.parametrize("body", [{}, None, ""])
def test_it_may_begin_with_nothing(hers: Caller, body: object) -> None:
    status, made = hers.post("", body)
    assert (status, made["metadata"]) == (200, {})
    assert hers.get(f"/{made['id']}/items") == (
        200,
        {"object": "list", "data": [], "first_id": "", "last_id": "", "has_more": False},
    )


def test_items_are_kept_in_canonical_form_under_ids_of_ours(hers: Caller) -> None:
    name = hers.begin()

    status, added = hers.post(
        f"/{name}/items",
        {"items": [{**HELLO, "id": "mine"}, {"role": "assistant", "content": "hi"}, CALL]},
    )

    assert status == 200
    assert [item["id"].split("_")[0] for item in added["data"]] == ["msg", "msg", "fc"]
    assert (added["object"], added["has_more"]) == ("list", False)
    assert (added["first_id"], added["last_id"]) == (added["data"][0]["id"], added["data"][2]["id"])
    for item in added["data"]:
        ITEM.validate(item)
        assert hers.get(f"/{name}/items/{item['id']}") == (200, item)
    assert hers.get(f"/{name}/items", order="asc") == (200, added)


def test_pages(hers: Caller) -> None:
    name = hers.begin(*({"role": "user", "content": text} for text in "abc"))
    hers.post(f"/{name}/items", {"items": [{"role": "user", "content": text} for text in "de"]})

    status, newest = hers.get(f"/{name}/items", limit=2)
    assert (status, texts(newest), newest["has_more"]) == (200, "e d", True)
    assert texts(hers.get(f"/{name}/items", limit=2, after=newest["last_id"])[1]) == "c b"
    assert texts(hers.get(f"/{name}/items", order="asc")[1]) == "a b c d e"

    wrong: list[tuple[dict[str, Any], str]] = [
        ({"limit": 0}, "limit"),
        ({"limit": 101}, "limit"),
        ({"order": "random"}, "order"),
        ({"include": "nothing"}, "include[0]"),
    ]
    for query, param in wrong:
        status, refusal = hers.get(f"/{name}/items", **query)
        assert (status, refusal["error"]["param"]) == (400, param)
    status, refusal = hers.get(f"/{name}/items", after="msg_unknown")
    assert (status, refusal["error"]["param"]) == (404, "after")


def test_an_item_can_be_taken_out(hers: Caller) -> None:
    name = hers.begin(HELLO, {"role": "user", "content": "again"})
    item = hers.get(f"/{name}/items")[1]["first_id"]

    status, conversation = hers.delete(f"/{name}/items/{item}")

    assert (status, conversation["id"], conversation["object"]) == (200, name, "conversation")
    assert texts(hers.get(f"/{name}/items")[1]) == "hello"
    for answer in (hers.get(f"/{name}/items/{item}"), hers.delete(f"/{name}/items/{item}")):
        assert answer[0] == 404
        assert answer[1]["error"]["message"] == f"Item with id '{item}' not found in conversation '{name}'."


def test_images_are_shown_where_they_are_asked_for(hers: Caller) -> None:
    image = {"role": "user", "content": [{"type": "input_image", "image_url": PNG}]}
    name = hers.begin(image)
    asked = {"include[]": "message.input_image.image_url"}
    item_id = hers.get(f"/{name}/items")[1]["first_id"]

    for path in (f"/{name}/items", f"/{name}/items/{item_id}"):
        assert PNG not in str(hers.get(path))
        assert PNG in str(hers.get(path, **asked))
    assert PNG not in str(hers.post(f"/{name}/items", {"items": [image]}))
    assert PNG in str(hers.post(f"/{name}/items", {"items": [image]}, **asked))


def test_an_item_of_another_conversation_can_be_referred_to(hers: Caller, alice: User) -> None:
    facts = UpstreamFacts("sig", "up", "m")
    kept = ConversationItem({**CALL, "id": "fc_1"}, "resp_1", facts)
    conversations.create_conversation(alice.pk, {}, [kept])
    name = hers.begin({"type": "item_reference", "id": "fc_1"}, CALL)

    history = conversations.load_history(alice.pk, name)

    assert [(item.response_id, item.upstream) for item in history] == [("resp_1", facts)] * 2
    assert len({item.wire["id"] for item in history} | {"fc_1"}) == 3


def test_an_output_without_call_id_finds_its_call_in_the_conversation(hers: Caller) -> None:
    name = hers.begin(CALL)
    output = {"type": "function_call_output", "output": "done"}
    assert hers.post(f"/{name}/items", {"items": [output]})[1]["data"][0]["call_id"] == "call_1"
    assert hers.post(f"/{name}/items", {"items": [output]})[0] == 400


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"items": [HELLO] * 21}, "items"),
        ({"items": [{"role": "user"}]}, "items[0].content"),
        ({"items": [{"type": "item_reference", "id": "msg_unknown"}]}, "items"),
        ({"items": [{"type": "compaction_trigger"}]}, "items[0].type"),
    ],
)
def test_wrong_items_are_named_and_nothing_is_kept(hers: Caller, body: object, param: str) -> None:
    name = hers.begin()
    for path in ("", f"/{name}/items"):
        status, refusal = hers.post(path, body)
        assert status in (400, 404)
        assert (refusal["error"]["param"], refusal["error"]["type"]) == (param, "invalid_request_error")
    assert Conversation.objects.count() == 1
    assert not ConversationEntry.objects.exists()


def test_anothers_conversation_is_unknown(hers: Caller, his: Caller) -> None:
    name = hers.begin(HELLO, topic="secret")
    item = hers.get(f"/{name}/items")[1]["first_id"]

    for unknown in (name, "conv_unknown", "conv_%00"):
        shown = unknown.replace("%00", "\x00")
        expected = {
            "error": {
                "message": f"Conversation with id '{shown}' not found.",
                "type": "invalid_request_error",
                "param": None,
                "code": None,
            }
        }
        for answer in (
            his.get(f"/{unknown}"),
            his.post(f"/{unknown}", {"metadata": {}}),
            his.delete(f"/{unknown}"),
            his.get(f"/{unknown}/items"),
            his.post(f"/{unknown}/items", {"items": [HELLO]}),
            his.get(f"/{unknown}/items/{item}"),
            his.delete(f"/{unknown}/items/{item}"),
        ):
            assert answer == (404, expected)
    assert his.post("", {"items": [{"type": "item_reference", "id": item}]})[0] == 404
    assert texts(hers.get(f"/{name}/items")[1]) == "hello"


def test_without_a_key_there_is_nothing(client: Client) -> None:
    for path in ("", "/conv_1", "/conv_1/items", "/conv_1/items/msg_1"):
        assert client.get(f"/v1/conversations{path}").status_code == 401


def test_a_body_is_json_and_bounded(hers: Caller, settings: Settings) -> None:
    status, refusal = hers.post("", '{"items": [')
    assert (status, refusal["error"]["type"]) == (400, "invalid_request_error")
    settings.MAX_REQUEST_BYTES = 100
    assert hers.post("", {"metadata": {"a": "x" * 100}})[0] == 413
    assert hers.post("", {"metadata": {"a": "x" * 10}})[0] == 200
