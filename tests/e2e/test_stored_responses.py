"""Stored responses: read, listed and deleted with the official client."""

from typing import Any

import httpx2
import openai
import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack, wait_until

WEATHER: Any = {"type": "function", "name": "get_weather", "parameters": {"type": "object"}}
PNG = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5E"
    "rkJggg=="
)
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def created(stack: Stack, **parameters: Any) -> dict[str, Any]:
    """What ``POST /v1/responses`` answers, off the wire."""
    with stack.http() as http:
        answer = http.post("/v1/responses", json={"model": MODEL, "input": "hi", **parameters})
    assert answer.status_code == 200, answer.text
    wire: dict[str, Any] = answer.json()
    return wire


def read(stack: Stack, response_id: str) -> Any:
    with stack.http() as http:
        answer = http.get(f"/v1/responses/{response_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@BOTH
@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {
            "input": "Think!",
            "instructions": "Be brief.",
            "reasoning": {"effort": "high", "summary": "auto"},
            "include": ["reasoning.encrypted_content"],
            "metadata": {"a": "ü\u2028"},
            "temperature": 1.0,
            "top_p": 0.1,
        },
        {"tools": [WEATHER], "tool_choice": "required"},
        {"text": {"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}}}},
        {"input": "[[finish=MAX_TOKENS]]"},
    ],
)
def test_what_is_read_is_what_was_answered(stack: Stack, parameters: dict[str, Any]) -> None:
    wire = created(stack, **parameters)
    found = read(stack, wire["id"])
    assert found == wire
    assert list(found) == list(wire)


@pytest.mark.parametrize(
    "text", ["hi", "[[finish=MAX_TOKENS]]", "[[finish=SAFETY]]", "[[chunks=9]] [[error_mid=3]]"]
)
def test_what_is_read_is_what_the_terminal_event_held(stack: Stack, text: str) -> None:
    events = stack.stream(text)
    assert read(stack, events[-1]["response"]["id"]) == events[-1]["response"]


@BOTH
def test_with_the_official_client(stack: Stack) -> None:
    responses = stack.client().responses
    made = responses.create(model=MODEL, input=[{"role": "user", "content": text} for text in "abc"])

    assert responses.retrieve(made.id) == made
    items: Any = list(responses.input_items.list(made.id, limit=2))
    assert [item.content[0].text for item in items] == ["c", "b", "a"]
    responses.delete(made.id)
    with pytest.raises(openai.NotFoundError) as caught:
        responses.retrieve(made.id)
    assert caught.value.body == {
        "message": f"Response with id '{made.id}' not found.",
        "type": "invalid_request_error",
        "param": None,
        "code": None,
    }


def test_a_stored_response_is_there_at_the_terminal_event(stack: Stack) -> None:
    client = stack.client()
    for event in client.responses.create(model=MODEL, input="hi", stream=True):
        if event.type == "response.completed":
            assert client.responses.retrieve(event.response.id) == event.response


def test_images_are_listed_if_they_are_asked_for(stack: Stack) -> None:
    content: Any = [{"type": "input_image", "image_url": PNG}, {"type": "input_text", "text": "What is it?"}]
    client = stack.client()
    made = client.responses.create(model=MODEL, input=[{"role": "user", "content": content}])

    def image(**asked: Any) -> object:
        listed: Any = client.responses.input_items.list(made.id, **asked).data
        shown: object = listed[0].content[0].image_url
        return shown

    assert image() is None
    assert image(include=["message.input_image.image_url"]) == PNG


def test_a_deleted_turn_cannot_be_gone_on_from_but_around(stack: Stack) -> None:
    client = stack.client()
    ask = client.responses.create
    first = ask(model=MODEL, input="one")
    second = ask(model=MODEL, input="two", previous_response_id=first.id)
    third = ask(model=MODEL, input="three", previous_response_id=second.id)
    client.responses.delete(second.id)

    with pytest.raises(openai.BadRequestError) as caught:
        ask(model=MODEL, input="and?", previous_response_id=second.id)
    assert caught.value.code == "previous_response_not_found"
    told = ask(model=MODEL, input="four", previous_response_id=third.id)
    assert told.output_text == "You said: four\nThere were 4 earlier turns."
    assert client.responses.retrieve(third.id).previous_response_id == second.id


def test_an_output_whose_call_was_deleted_says_so(stack: Stack) -> None:
    client = stack.client()
    asked = client.responses.create(model=MODEL, input="Weather?", tools=[WEATHER], tool_choice="required")
    call: Any = asked.output[-1]
    output: Any = {"type": "function_call_output", "call_id": call.call_id, "output": "fine"}
    told = client.responses.create(model=MODEL, previous_response_id=asked.id, input=[output])
    client.responses.delete(asked.id)

    with pytest.raises(openai.BadRequestError, match=f"No tool call found .* {call.call_id}"):
        client.responses.create(model=MODEL, previous_response_id=told.id, input="and then?")


def test_nothing_of_a_deleted_response_is_kept(stack: Stack) -> None:
    wire = created(stack, input="secret-word-plugh")
    stack.client().responses.delete(wire["id"])
    for table in ("response", "item", "responseevents", "trace"):
        sql = f"SELECT 1 FROM responses_api_{table} t WHERE t::text LIKE '%%secret-word-plugh%%'"
        assert stack.query(sql) == []
    assert stack.booking(wire["id"])["outcome"] == "completed"


def test_what_is_deleted_while_it_is_made_is_gone(stack: Stack) -> None:
    client = stack.client()
    with stack.simulator.stream_is_closed():
        made = client.responses.create(model=MODEL, input="[[chunks=9]] [[stall=2]]", background=True)
        wait_until(lambda: client.responses.retrieve(made.id).status == "in_progress", within=5)
        wait_until(lambda: stack.simulator.stats["open_streams"] > 0, within=5)
        client.responses.delete(made.id)
    assert stack.booking(made.id)["outcome"] == "cancelled"
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


@BOTH
def test_unstored_unknown_foreign_and_deleted_are_one(stack: Stack) -> None:
    stranger = stack.client(api_key=stack.make_api_key("stranger")).responses
    deleted = created(stack)["id"]
    stack.client().responses.delete(deleted)
    ids = [
        "resp_unknown",
        created(stack, store=False)["id"],
        stranger.create(model=MODEL, input="mine").id,
        stranger.create(model=MODEL, input="mine", background=True).id,
        deleted,
    ]
    calls = [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/cancel"),
        ("GET", "/input_items"),
        ("GET", "?stream=true"),
    ]
    with stack.http() as http:
        for method, below in calls:
            answers = [http.request(method, f"/v1/responses/{given}{below}") for given in ids]
            told = {(a.status_code, a.text.replace(i, "ID")) for a, i in zip(answers, ids, strict=True)}
            assert len(told) == 1, (method, below)
            assert {status for status, _ in told} == {404}
        bodies = [{"model": MODEL, "input": "hi", "previous_response_id": given} for given in ids]
        refused = [http.post("/v1/responses", json=body) for body in bodies]
    assert {(a.status_code, a.text.replace(i, "ID")) for a, i in zip(refused, ids, strict=True)} == {
        (400, refused[0].text.replace(ids[0], "ID"))
    }


@BOTH
@pytest.mark.parametrize("path", ["/v1/responses", "/v1/responses/resp_1", "/v1/models", "/v1/nothing"])
def test_every_answer_can_be_found_again(stack: Stack, path: str) -> None:
    given = {"X-Request-Id": "job-17", "traceparent": TRACE}
    with stack.http() as http:
        headers = http.get(path, headers=given).headers
    assert (headers["x-request-id"], headers["traceparent"]) == ("job-17", TRACE)
    assert (headers["x-zg-simulated"], headers["openai-version"]) == ("true", "2020-10-01")
    assert int(headers["openai-processing-ms"]) >= 0


def test_the_trace_that_a_request_belongs_to_is_kept(stack: Stack) -> None:
    client = stack.client(default_headers={"traceparent": TRACE, "X-Request-Id": "job-18"})
    made = client.responses.create(model=MODEL, input="hi")
    (row,) = stack.query(
        "SELECT client_request FROM responses_api_trace WHERE response_id = %(id)s", id=made.id
    )
    assert row["client_request"]["traceparent"] == TRACE
    assert row["client_request"]["request_id"] == "job-18"


def test_the_api_page_needs_no_key_and_no_other_host(stack: Stack) -> None:
    with httpx2.Client(base_url=stack.base_url, trust_env=False) as http:
        page = http.get("/schema/docs/")
        assert page.status_code == 200
        assert "https://" not in page.text
        assert http.get("/schema/", params={"format": "json"}).json()["openapi"].startswith("3.1")
