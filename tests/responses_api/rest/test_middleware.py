"""The API's own headers on what Django answers."""

import pytest
from django.contrib.auth.models import User
from django.test import AsyncClient, Client
from pytest_django import Settings

from tests.conftest import MakeApiKey

pytestmark = pytest.mark.django_db

PARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
GIVEN = {"X-Request-Id": "job-17", "Traceparent": PARENT}


@pytest.mark.parametrize("path", ["/v1/models", "/v1/nothing", "/v1/responses/resp_1"])
def test_every_answer_of_the_api_has_them(
    alice: User, make_api_key: MakeApiKey, settings: Settings, path: str
) -> None:
    settings.UPSTREAM_SIMULATED = True
    _, plain = make_api_key(alice)
    headers = Client().get(path, headers={**GIVEN, "Authorization": f"Bearer {plain}"}).headers
    assert (headers["x-request-id"], headers["traceparent"]) == ("job-17", PARENT)
    assert (headers["x-zg-simulated"], headers["openai-version"]) == ("true", "2020-10-01")
    assert int(headers["openai-processing-ms"]) >= 0


def test_refusals_have_them() -> None:
    answer = Client().get("/v1/models", headers=GIVEN)
    assert (answer.status_code, answer.headers["x-request-id"]) == (401, "job-17")


def test_a_host_that_is_not_ours_is_refused_in_json(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["gateway.example"]
    answer = Client().get("/v1/models", headers={**GIVEN, "Host": "elsewhere.example"})
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "invalid_request_error")
    assert answer.headers["x-request-id"] == "job-17"


async def test_it_works_on_an_event_loop_too() -> None:
    answer = await AsyncClient().get("/v1/nothing", headers=GIVEN)
    assert (answer.status_code, answer.headers["x-request-id"]) == (404, "job-17")


def test_other_pages_are_left_alone() -> None:
    assert "x-request-id" not in Client().get("/healthz", headers=GIVEN).headers
