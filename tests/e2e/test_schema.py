"""The running gateway against its own OpenAPI document: requests made up from it, answers checked by it."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from responses_api.rest.openapi.operations import OPERATIONS
from tests.e2e.stacks import MODEL, Stack

CHECKS: Any = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]


@pytest.fixture
def api_key(stack: Stack) -> str:
    """Of a user of its own: some requests set the upstream token of their user."""
    return stack.make_api_key(f"schema-{uuid.uuid4().hex[:8]}")


@pytest.fixture
def session(api_key: str) -> Iterator[requests.Session]:
    """A plain client with the API key set."""
    with requests.Session() as client:
        client.trust_env = False
        client.headers["Authorization"] = f"Bearer {api_key}"
        yield client


@pytest.fixture
def known(stack: Stack, api_key: str) -> dict[str, list[str]]:
    """Values of path parameters that lead somewhere."""
    client = stack.client(api_key=api_key)
    response = client.responses.create(model=MODEL, input="hi")
    failed = client.responses.create(model=MODEL, input="[[finish=SAFETY]]")
    conversation = client.conversations.create(items=[{"role": "user", "content": "hi"}])
    items = client.conversations.items.list(conversation.id).data
    return {
        "response_id": [response.id, failed.id],
        "conversation_id": [conversation.id],
        "item_id": [str(items[0].id)],
        "name": [MODEL],
    }


@pytest.mark.parametrize(("path", "method"), OPERATIONS)
def test_answers_are_as_described(
    stack: Stack, session: requests.Session, known: dict[str, list[str]], path: str, method: str
) -> None:
    document = session.get(f"{stack.base_url}/schema/", params={"format": "json"}).json()
    operation = schemathesis.openapi.from_dict(document)[path][method.upper()]

    @given(case=operation.as_strategy(generation_mode=GenerationMode.POSITIVE), choice=st.integers(0, 3))
    @settings(
        max_examples=20,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    def agrees(case: Any, choice: int) -> None:
        for name in case.path_parameters or {}:
            if choice:
                case.path_parameters[name] = known[name][choice % len(known[name])]
        if path.startswith("/v1/responses") and isinstance(case.body, dict):
            _make_servable(case.body, choice)
        answer = case.call(base_url=stack.base_url, session=session)
        case.validate_response(answer, checks=CHECKS)

    agrees()


def _make_servable(body: dict[str, Any], choice: int) -> None:
    """Most requests that are made up name what does not exist; and one without time rightly ends as a 504."""
    body.pop("timeout", None)
    if choice:
        body["model"] = MODEL
        for name in ("previous_response_id", "conversation", "prompt", "moderation", "tool_choice"):
            body.pop(name, None)
