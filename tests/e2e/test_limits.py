"""Limits of API keys through whole stacks: over PostgreSQL (``serve``) and over Redis (``split``)."""

import asyncio
import json
import subprocess
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx2
import openai
import pytest

from tests.e2e.conftest import BOTH
from tests.e2e.processes import MANAGE
from tests.e2e.stacks import MODEL, Stack, further_gateway, wait_until

_OUTPUT = 100
_LONG = "[[chunks=40]] [[delay_ms=50]]"
"""Two seconds."""


def limited_key(stack: Stack, user: str, **fields: Any) -> str:
    """A fresh key of ``user`` with these columns set."""
    return stack.make_api_key(user, **fields)


def ask(stack: Stack, key: str, text: str = "hi", **parameters: Any) -> httpx2.Response:
    headers = {"Authorization": f"Bearer {key}"}
    with httpx2.Client(base_url=stack.base_url, headers=headers, timeout=30, trust_env=False) as http:
        return http.post("/v1/responses", json={"model": MODEL, "input": text, **parameters})


async def together(stack: Stack, key: str, number: int, **parameters: Any) -> list[str]:
    """So many requests at once through OpenAI's client; "completed", or the code of the refusal."""

    async def one(client: openai.AsyncOpenAI) -> str:
        try:
            answer = await client.responses.create(model=MODEL, **parameters)
        except openai.RateLimitError as error:
            return str(error.code)
        return str(answer.status)

    async with stack.async_client(api_key=key, timeout=100) as client:
        return await asyncio.gather(*(one(client) for _ in range(number)))


@BOTH
@pytest.mark.parametrize(
    ("column", "limit", "code"),
    [
        ("requests_per_minute", 5, "rate_limit_exceeded"),
        ("concurrent_responses", 5, "rate_limit_exceeded"),
        ("tokens_per_day", 5 * (_OUTPUT + 25), "insufficient_quota"),
    ],
)
async def test_fifty_at_once_against_room_for_five(stack: Stack, column: str, limit: int, code: str) -> None:
    key = limited_key(stack, f"fifty-{column}", **{column: limit})
    said = await together(stack, key, 50, input=_LONG, max_output_tokens=_OUTPUT)
    assert 1 <= said.count("completed") + said.count("incomplete") <= 5
    assert said.count(code) >= 45


@BOTH
def test_the_headers_tell_what_is_left(stack: Stack) -> None:
    key = limited_key(stack, "headers", requests_per_minute=3, tokens_per_minute=10_000)
    first = ask(stack, key, max_output_tokens=50).headers
    assert first["x-ratelimit-limit-requests"] == "3"
    assert first["x-ratelimit-remaining-requests"] == "2"
    assert first["x-ratelimit-reset-requests"] == "20s"
    assert first["x-ratelimit-limit-tokens"] == "10000"
    assert 9_000 < int(first["x-ratelimit-remaining-tokens"]) < 10_000
    assert first["x-ratelimit-reset-tokens"].endswith("ms")

    assert ask(stack, key, "[[status=503]]").headers["x-ratelimit-remaining-requests"] == "1"
    streamed = ask(stack, key, stream=True)
    assert streamed.headers["x-ratelimit-remaining-requests"] == "0"
    refused = ask(stack, key)
    assert refused.status_code == 429
    assert refused.headers["x-ratelimit-remaining-requests"] == "0"
    assert 1 <= int(refused.headers["retry-after"]) <= 20
    error = refused.json()["error"]
    assert error["type"] == "requests"
    assert error["code"] == "rate_limit_exceeded"
    assert "on requests per min (RPM): Limit 3, Used 3, Requested 1. Please try again in" in error["message"]

    assert not [name for name in ask(stack, stack.api_key).headers if "ratelimit" in name]


@BOTH
def test_a_request_that_can_never_fit_is_not_to_be_sent_again(stack: Stack) -> None:
    key = limited_key(stack, "large", tokens_per_minute=100)
    refused = ask(stack, key, max_output_tokens=200)
    assert refused.status_code == 429
    assert refused.json()["error"]["type"] == "tokens"
    assert refused.json()["error"]["message"].startswith("Request too large for this API key on tokens per")
    assert refused.headers["x-should-retry"] == "false"
    assert "retry-after" not in refused.headers


@BOTH
@pytest.mark.parametrize("stream", [False, True])
def test_one_after_the_other_is_never_two_at_once(stack: Stack, stream: bool) -> None:
    """Also after failures and refusals of every kind: whatever became of one, the next one finds room."""
    key = limited_key(stack, "one", concurrent_responses=1)
    for text in ("hi", "[[status=503]]", "[[cut=1]]", "[[finish=SAFETY]]", "[[block=SAFETY]]", "hi"):
        assert ask(stack, key, text, stream=stream).status_code != 429
    assert ask(stack, key, previous_response_id="resp_unknown").status_code == 400
    assert ask(stack, key, stream=stream).status_code == 200


@BOTH
def test_a_client_that_leaves_gives_its_place_back(stack: Stack) -> None:
    key = limited_key(stack, "leaver", concurrent_responses=1)
    client = stack.client(api_key=key)
    with client.responses.create(model=MODEL, input="[[chunks=600]] [[delay_ms=50]]", stream=True) as events:
        next(iter(events))
        assert ask(stack, key).status_code == 429
    wait_until(lambda: ask(stack, key).status_code == 200, within=10)


@BOTH
def test_a_budget_is_settled_with_what_was_used(stack: Stack) -> None:
    """Each request reserves 2,048 tokens of output and uses a few; so many fit one after the other."""
    key = limited_key(stack, "settled", tokens_per_day=2_300, tokens_per_month=10_000)
    answers = [ask(stack, key) for _ in range(8)]
    assert {answer.status_code for answer in answers} == {200}
    used = sum(answer.json()["usage"]["total_tokens"] for answer in answers)
    refused = ask(stack, key, max_output_tokens=2_200)
    assert refused.status_code == 429
    assert refused.json()["error"]["code"] == refused.json()["error"]["type"] == "insufficient_quota"
    assert f"2,300 tokens per day, {used:,} tokens are used" in refused.json()["error"]["message"]
    assert int(refused.headers["retry-after"]) <= 24 * 3600


@BOTH
def test_a_budget_that_is_given_later_counts_what_was_used_before(stack: Stack) -> None:
    key = limited_key(stack, "later")
    used = ask(stack, key).json()["usage"]["total_tokens"]
    stack.query(
        "UPDATE responses_api_apikey SET tokens_per_month = %(limit)s WHERE prefix = %(prefix)s RETURNING id",
        limit=used + 40,
        prefix=key[:11],
    )
    time.sleep(2.1)  # the key as it was is remembered for two seconds
    assert ask(stack, key, max_output_tokens=39).status_code == 429
    assert ask(stack, key, max_output_tokens=16).status_code == 200


@BOTH
def test_money(stack: Stack) -> None:
    """Priced as in the catalogue; a model without a price costs nothing."""
    priced = "gemini-3.1-pro-preview"
    subprocess.run((*MANAGE, "seedmodels"), env=stack.environment, capture_output=True, check=True)
    columns = "input_price = 100000, cached_input_price = 0, output_price = 200000"
    stack.query(
        f"UPDATE responses_api_servedmodel SET {columns} WHERE name = %(name)s RETURNING name",
        name=priced,
    )
    try:
        time.sleep(2.1)  # the catalogue as it was is remembered for two seconds
        key = limited_key(stack, "money", dollars_per_month=100)
        answer = ask(stack, key, model=priced, max_output_tokens=400)
        assert answer.status_code == 200
        usage = answer.json()["usage"]
        cost = Decimal(usage["input_tokens"] + 2 * usage["output_tokens"]) / 10
        (row,) = stack.query(
            "SELECT u.cost FROM responses_api_usage u JOIN responses_api_trace t ON t.id = u.trace_id"
            " WHERE t.response_id = %(id)s",
            id=answer.json()["id"],
        )
        assert row["cost"] == cost
        refused = ask(stack, key, model=priced, max_output_tokens=490)
        assert refused.status_code == 429
        assert f"$100 per month, ${cost:f} are used" in refused.json()["error"]["message"]
        assert ask(stack, key, max_output_tokens=60_000).status_code == 200, "no price, no cost"
    finally:
        stack.query(
            "UPDATE responses_api_servedmodel SET input_price = NULL, cached_input_price = NULL,"
            " output_price = NULL WHERE name = %(name)s RETURNING name",
            name=priced,
        )


@BOTH
def test_the_keys_of_a_user_share_the_users_limits(stack: Stack) -> None:
    keys = [limited_key(stack, "sharer") for _ in range(3)]
    stack.query(
        "INSERT INTO responses_api_userlimits (user_id, requests_per_minute)"
        " SELECT id, 2 FROM auth_user WHERE username = 'sharer' RETURNING user_id"
    )
    answers = [ask(stack, key) for key in keys]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert "for the user of this API key on requests" in answers[2].json()["error"]["message"]


@BOTH
def test_background_responses_are_admitted_when_they_are_queued(stack: Stack) -> None:
    key = limited_key(stack, "background", concurrent_responses=1, tokens_per_day=100_000)
    client = stack.client(api_key=key)
    queued = client.responses.create(model=MODEL, input=_LONG, background=True)
    assert ask(stack, key, background=True).status_code == 429
    wait_until(lambda: client.responses.retrieve(queued.id).status == "completed", within=15)
    second = ask(stack, key, "[[chunks=600]] [[delay_ms=50]]", background=True)
    assert second.status_code == 200
    assert client.responses.cancel(second.json()["id"]).status == "cancelled"
    assert ask(stack, key).status_code == 200


@BOTH
async def test_websocket_turns_are_limited(stack: Stack) -> None:
    key = limited_key(stack, "websocket", requests_per_minute=2)
    async with stack.async_client(api_key=key) as client, client.responses.connect() as connection:
        ended = []
        for _ in range(3):
            await connection.send({"type": "response.create", "model": MODEL, "input": "hi"})
            async for event in connection:
                if event.type in ("response.completed", "error"):
                    ended.append(json.loads(event.model_dump_json()))
                    break
    assert [event["type"] for event in ended] == ["response.completed", "response.completed", "error"]
    assert ended[2]["status"] == 429
    assert ended[2]["error"]["code"] == "rate_limit_exceeded"


@BOTH
def test_counting_tokens_and_compacting_are_requests(stack: Stack) -> None:
    key = limited_key(stack, "counter", requests_per_minute=2, tokens_per_day=1)
    headers = {"Authorization": f"Bearer {key}"}
    body = {"model": MODEL, "input": "hi"}
    with httpx2.Client(base_url=stack.base_url, headers=headers, timeout=30, trust_env=False) as http:
        assert http.post("/v1/responses/compact", json=body).json()["error"]["code"] == "insufficient_quota"
        for left in ("1", "0"):
            counted = http.post("/v1/responses/input_tokens", json=body)
            assert counted.status_code == 200
            assert counted.headers["x-ratelimit-remaining-requests"] == left
        assert http.post("/v1/responses/input_tokens", json=body).status_code == 429


@BOTH
def test_only_allowed_models(stack: Stack) -> None:
    key = limited_key(stack, "choosy", allowed_models=json.dumps(["gemini-3.8-*"]))
    client = stack.client(api_key=key)
    assert client.responses.create(model=MODEL, input="hi").output_text == "You said: hi"
    with pytest.raises(openai.PermissionDeniedError) as refused:
        client.responses.create(model="gemini-3.1-pro-preview", input="hi")
    assert refused.value.code == "model_not_found"
    listed = {model.id for model in client.models.list()}
    assert MODEL in listed
    assert all(name.startswith("gemini-3.8-") for name in listed)
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("gemini-3.1-pro-preview")


@BOTH
def test_a_rotated_key_shares_what_was_used_with_its_successor(stack: Stack) -> None:
    old = limited_key(stack, "rotated", requests_per_minute=2, note="for the build server")
    assert ask(stack, old).status_code == 200
    command = (*MANAGE, "rotateapikey", old[:11], "--overlap", "1h", "--quiet")
    made = subprocess.run(command, env=stack.environment, capture_output=True, check=True, text=True)
    new = made.stdout.strip()
    assert ask(stack, new).status_code == 200
    assert [ask(stack, key).status_code for key in (old, new)] == [429, 429]


@pytest.mark.parametrize("arrangement", ["split"])
def test_a_revoked_key_is_refused_by_every_gateway_within_two_seconds(stack: Stack, folder: Path) -> None:
    key = stack.make_api_key("revoked")
    other, process = further_gateway(stack, folder)
    try:
        gateways = [stack, other]
        assert {ask(gateway, key).status_code for gateway in gateways} == {200}
        stack.query(
            "UPDATE responses_api_apikey SET revoked_at = now() WHERE prefix = %(prefix)s RETURNING id",
            prefix=key[:11],
        )
        time.sleep(2)
        assert {ask(gateway, key).status_code for gateway in gateways} == {401}
    finally:
        process.stop()
