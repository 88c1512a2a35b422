"""Requests that the gateway itself turns away: status, envelope, and nothing sent upstream."""

from typing import Any

import openai
import pytest

from tests.e2e.conftest import BOTH, MAX_REQUEST_BYTES
from tests.e2e.stacks import MODEL, Stack


def error_of(stack: Stack, method: str, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """Status and inner error object; checks the envelope and the headers."""
    with stack.http() as http:
        answer = http.request(method, path, **options)
    body = answer.json()
    assert answer.headers["content-type"].startswith("application/json")
    assert body.keys() == {"error"}
    assert body["error"].keys() == {"message", "type", "param", "code"}
    return answer.status_code, body["error"]


@BOTH
@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer zg-aaaaaaaa-" + "b" * 43},
        {"Authorization": "Bearer sk-something"},
        {"Authorization": "Basic Zm9vOmJhcg=="},
        {"Authorization": ""},
    ],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/responses"), ("GET", "/v1/models")])
def test_without_a_good_key(stack: Stack, headers: dict[str, str], method: str, path: str) -> None:
    body = {"model": MODEL, "input": "hi"} if method == "POST" else None
    status, error = error_of(stack, method, path, headers=headers, json=body)

    assert (status, error["code"], error["type"]) == (401, "invalid_api_key", "invalid_request_error")
    assert "b" * 10 not in error["message"]


def test_an_unknown_model_lists_the_known_ones(stack: Stack) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        stack.client().responses.create(model="gpt-9", input="hi")

    assert (caught.value.code, caught.value.param) == ("model_not_found", "model")
    listed = [model.id for model in stack.client().models.list()]
    assert MODEL in listed
    assert all(name in caught.value.message for name in listed)


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"temperature": 3}, "temperature"),
        ({"temperature": "warm"}, "temperature"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"input": None}, "input"),
        ({"input": []}, "input"),
        ({"input": 5}, "input"),
        ({"input": [{"role": "nobody", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": [{"type": "input_odor"}]}]}, "input[0].content[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
        ({"tool_choice": {"type": "function", "name": "missing"}}, "tool_choice"),
        ({"metadata": {"a": 1}}, "metadata.a"),
        ({"stream": "yes"}, "stream"),
        ({"no_such_parameter": 1}, "no_such_parameter"),
        ({"background": True, "store": False}, "background"),
    ],
)
def test_a_wrong_parameter_is_named(stack: Stack, change: dict[str, Any], param: str) -> None:
    before = stack.simulator.stats["requests"]
    status, error = error_of(stack, "POST", "/v1/responses", json={"model": MODEL, "input": "hi", **change})

    assert (status, error["type"], error["param"]) == (400, "invalid_request_error", param)
    assert stack.simulator.stats["requests"] == before


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b"nul"])
def test_a_body_that_is_no_json(stack: Stack, body: bytes) -> None:
    status, error = error_of(stack, "POST", "/v1/responses", content=body)

    assert status == 400
    assert error["message"].startswith("We could not parse the JSON body of your request.")


@pytest.mark.parametrize("body", [b"[]", b'"text"', b"null", b"7"])
def test_a_body_that_is_no_object(stack: Stack, body: bytes) -> None:
    status, error = error_of(stack, "POST", "/v1/responses", content=body)

    assert (status, error["code"]) == (400, "invalid_type")


def test_a_body_that_is_too_large(stack: Stack) -> None:
    status, error = error_of(
        stack, "POST", "/v1/responses", json={"model": MODEL, "input": "x" * MAX_REQUEST_BYTES}
    )

    assert (status, error["code"]) == (413, "request_too_large")
    assert f"{MAX_REQUEST_BYTES:,}" in error["message"]


def test_a_body_just_below_the_limit_is_served(stack: Stack) -> None:
    text = "[[text=ok]]" + "x" * (MAX_REQUEST_BYTES - 200)

    assert stack.client().responses.create(model=MODEL, input=text).output_text == "ok"


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_another_method(stack: Stack, method: str) -> None:
    status, error = error_of(stack, method, "/v1/responses")

    assert (status, error["code"]) == (405, "method_not_allowed")


@pytest.mark.parametrize("path", ["/v1/", "/v1/no/such/route", "/v1/chat/completions"])
def test_an_unknown_route(stack: Stack, path: str) -> None:
    status, error = error_of(stack, "POST", path, json={})

    assert status == 404
    assert error["message"] == f"Invalid URL (POST {path})"


def test_one_model_by_name_and_an_unknown_one(stack: Stack) -> None:
    client = stack.client()

    assert client.models.retrieve(MODEL).id == MODEL
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("gpt-9")
    assert caught.value.code == "model_not_found"


@BOTH
def test_health_needs_no_key(stack: Stack) -> None:
    with stack.http() as http:
        del http.headers["Authorization"]
        assert http.get("/healthz").json() == {"status": "ok"}
        ready = http.get("/readyz")

    assert ready.status_code == 200
    assert ready.json()["checks"] == dict.fromkeys(
        ["database", "channel_layer", "interceptor", "language_server"], "ok"
    )
