"""``Idempotency-Key`` on ``POST /v1/responses``: what is sent twice is answered once."""

import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack, further_gateway, wait_until
from tests.e2e.streams import parse, text_of


def new_key() -> str:
    return str(uuid.uuid4())


def post(stack: Stack, key: str, text: str, **parameters: Any) -> httpx2.Response:
    body = {"model": MODEL, "input": text, **parameters}
    with stack.http() as http:
        return http.post("/v1/responses", json=body, headers={"Idempotency-Key": key})


def times_asked(stack: Stack, text: str) -> int:
    """How often the model was."""
    return sum(text in str(request["body"]) for request in stack.simulator.requests)


def code_of(answer: httpx2.Response) -> str:
    assert answer.status_code == 409, answer.text
    return str(answer.json()["error"]["code"])


@BOTH
@pytest.mark.parametrize("stream", [False, True])
def test_the_second_answer_is_the_first_byte_for_byte(stack: Stack, stream: bool) -> None:
    key, text = new_key(), f"once {uuid.uuid4()}"
    first = post(stack, key, text, stream=stream)
    again = post(stack, key, text, stream=stream)

    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert again.headers["content-type"] == first.headers["content-type"]
    assert again.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert times_asked(stack, text) == 1
    if stream:
        assert text in text_of(parse(again.text))


@BOTH
def test_of_twenty_at_once_one_is_made(stack: Stack) -> None:
    key, text = new_key(), f"twenty {uuid.uuid4()} [[chunks=20]] [[delay_ms=20]]"
    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(lambda _: post(stack, key, text), range(20)))
        last = post(stack, key, text)

    made = {answer.json()["id"] for answer in answers if answer.status_code == 200}
    assert len(made) == 1
    assert {code_of(answer) for answer in answers if answer.status_code != 200} <= {"idempotency_key_in_use"}
    assert last.json()["id"] in made
    assert len(stack.bookings(made.pop())) == 1
    assert times_asked(stack, text) == 1


def test_another_body_is_refused_for_good(stack: Stack) -> None:
    key = new_key()
    post(stack, key, "one")
    other = post(stack, key, "two")
    assert code_of(other) == "idempotency_key_reused"
    assert other.headers["x-should-retry"] == "false"


def test_another_owner_has_keys_of_its_own(stack: Stack) -> None:
    key = new_key()
    mine = post(stack, key, "mine")
    with stack.http() as http:
        headers = {"Idempotency-Key": key, "Authorization": f"Bearer {stack.make_api_key('bob')}"}
        theirs = http.post("/v1/responses", json={"model": MODEL, "input": "theirs"}, headers=headers)
    assert theirs.status_code == 200
    assert theirs.json()["id"] != mine.json()["id"]


def test_openais_client_sends_the_key_as_it_is_told(stack: Stack) -> None:
    headers = {"Idempotency-Key": new_key()}
    made = [
        stack.client().responses.create(model=MODEL, input="by the client", extra_headers=headers)
        for _ in range(2)
    ]
    assert made[0] == made[1]


def test_an_unstored_answer_is_given_once_and_not_kept(stack: Stack) -> None:
    key = new_key()
    assert post(stack, key, "forget this", store=False).status_code == 200
    assert code_of(post(stack, key, "forget this", store=False)) == "idempotency_answer_not_kept"
    (row,) = stack.query("SELECT answer FROM responses_api_idempotentrequest WHERE key = %(key)s", key=key)
    assert row["answer"] is None


@pytest.mark.parametrize(
    ("text", "parameters", "status"),
    [
        ("hi", {"temperature": 99}, 400),
        ("[[status=500]]", {}, 500),
        ("[[status=429]]", {"stream": True}, 429),
    ],
)
def test_an_error_is_not_the_answer(stack: Stack, text: str, parameters: dict[str, Any], status: int) -> None:
    key = new_key()
    refused = post(stack, key, text, **parameters)
    assert refused.status_code == status
    answer = post(stack, key, "another body altogether")
    assert answer.status_code == 200


def test_a_stream_that_fails_is_not_the_answer(stack: Stack) -> None:
    key, text = new_key(), f"{uuid.uuid4()} [[chunks=3]] [[cut=2]]"
    for _ in range(2):
        assert parse(post(stack, key, text, stream=True).text)[-1]["type"] == "response.failed"
    assert times_asked(stack, text) == 2


def test_a_client_that_leaves_can_come_back_with_its_key(stack: Stack) -> None:
    key, text = new_key(), "[[first_delay_ms=3000]] back again"
    body = {"model": MODEL, "input": text}
    with stack.http() as http, pytest.raises(httpx2.ReadTimeout):
        http.post("/v1/responses", json=body, headers={"Idempotency-Key": key}, timeout=0.5)
    wait_until(
        lambda: not stack.query("SELECT 1 FROM responses_api_idempotentrequest WHERE key = %(key)s", key=key),
        within=5,
    )
    assert post(stack, key, text).status_code == 200


def test_a_deleted_response_is_not_replayed(stack: Stack) -> None:
    key = new_key()
    response_id = post(stack, key, "delete me").json()["id"]
    stack.client().responses.delete(response_id)
    assert code_of(post(stack, key, "delete me")) == "idempotency_answer_not_kept"


def test_a_background_response_is_queued_once(stack: Stack) -> None:
    key, text = new_key(), f"later {uuid.uuid4()}"
    first = post(stack, key, text, background=True)
    again = post(stack, key, text, background=True)
    assert first.json()["status"] == "queued"
    assert again.content == first.content
    client = stack.client()
    wait_until(lambda: client.responses.retrieve(first.json()["id"]).status == "completed", within=20)
    assert times_asked(stack, text) == 1


@pytest.mark.parametrize("arrangement", ["split"])
def test_another_gateway_knows_the_key(stack: Stack, folder: Path) -> None:
    other, process = further_gateway(stack, folder)
    try:
        key = new_key()
        first = post(stack, key, "at either door")
        again = post(other, key, "at either door")
        assert again.content == first.content
        assert again.headers["idempotency-replayed"] == "true"
    finally:
        process.stop()
