"""The OpenAPI document: valid, whole, and true to what the gateway takes and gives."""

import json
import re
from typing import Any

import jsonschema
import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from drf_spectacular.validation import validate_schema

from responses_api.rest.openapi.operations import OPERATIONS
from tests.responses_api.stored import message

BY_CONSUMERS = {
    ("/v1/responses", "post"),
    ("/v1/responses/compact", "post"),
    ("/v1/responses/input_tokens", "post"),
}


@pytest.fixture(scope="module")
def document() -> Any:
    answer = Client().get("/schema/?format=json")
    assert answer.status_code == 200
    return json.loads(answer.content)


def validator(document: Any, name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
    )


def test_it_is_valid(document: Any) -> None:
    validate_schema(document)
    for schema in document["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_every_reference_leads_somewhere(document: Any) -> None:
    referred = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert referred <= document["components"]["schemas"].keys()


def routes() -> set[tuple[str, str]]:
    """Every path and method of the REST views."""
    found = set()
    for pattern in get_resolver().url_patterns:
        assert isinstance(pattern, URLPattern | URLResolver)
        view = getattr(getattr(pattern, "callback", None), "cls", None)
        path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern))
        if view is not None and path.startswith("/v1/"):
            methods = set(view.http_method_names) - {"options", "head", "trace"}
            found |= {(path, method) for method in methods if hasattr(view, method)}
    return found


def test_every_route_is_described(document: Any) -> None:
    described = {(path, method) for path, methods in document["paths"].items() for method in methods}
    assert described == routes() | BY_CONSUMERS
    assert described == OPERATIONS.keys()


def test_operations_have_names_of_their_own(document: Any) -> None:
    names = [operation["operationId"] for path in document["paths"].values() for operation in path.values()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "body",
    [
        {"input": "hi"},
        {"model": "m", "input": [{"role": "user", "content": "hi"}], "temperature": None, "stop": "x"},
        {"input": [message("hi"), {"type": "item_reference", "id": "msg_1"}], "conversation": "conv_1"},
        {"input": "hi", "tools": [{"type": "function", "name": "f", "parameters": {}}], "stream": True},
        {"input": "hi", "text": {"format": {"type": "json_schema", "name": "n", "schema": {}}}},
    ],
)
def test_bodies_that_are_taken_are_described(document: Any, body: Any) -> None:
    validator(document, "CreateResponse").validate(body)


@pytest.mark.parametrize(
    "body",
    [
        {"input": 7},
        {"input": [{"role": "king", "content": "hi"}]},
        {"input": [{"type": "what", "content": "hi"}]},
        {"input": "hi", "temperature": 3},
        {"input": "hi", "temprature": 1},
    ],
)
def test_bodies_that_are_refused_are_not(document: Any, body: Any) -> None:
    assert not validator(document, "CreateResponse").is_valid(body)


def test_yaml_is_the_default() -> None:
    answer = Client().get("/schema/")
    assert answer.content.startswith(b"openapi: 3.1")


@pytest.mark.django_db
def test_the_page_loads_nothing_from_elsewhere() -> None:
    answer = Client().get("/schema/docs/")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert re.findall(r"https?://[^\s\"'<]+", page) == []
    assert '"validatorUrl": null' in page
    scripts = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert scripts
    for script in scripts:
        file = Client().get(script)
        file.close()
        assert file.status_code == 200
