from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from responses_api import catalogue
from responses_api.catalogue import CatalogueMemory
from responses_api.gemini.models import PROFILES
from responses_api.model_seed import seed_models
from responses_api.models import ServedModel
from tests.conftest import MakeApiKey

pytestmark = pytest.mark.django_db

CODEX = "/v1/models?client_version=0.130.0"


@pytest.fixture(autouse=True)
def _nothing_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "memory", CatalogueMemory())


@pytest.fixture
def client(alice: User, make_api_key: MakeApiKey) -> Client:
    """A client with an API key."""
    _, plain = make_api_key(alice)
    return Client(headers={"Authorization": f"Bearer {plain}"})


def body(client: Client, path: str, status: int = 200) -> Any:
    response = client.get(path)
    assert response.status_code == status
    return response.json()


def test_the_list(client: Client) -> None:
    seed_models()
    ServedModel.objects.filter(name="gemini-2.5-pro").update(enabled=False)
    listed = body(client, "/v1/models")
    assert listed["object"] == "list"
    assert {model["id"] for model in listed["data"]} == {
        profile.name for profile in PROFILES if profile.name != "gemini-2.5-pro"
    }
    assert {
        "id": "gemini-3.8-flash",
        "object": "model",
        "created": 1_788_307_200,
        "owned_by": "google",
    } in listed["data"]


def test_codex_gets_a_form_of_its_own(client: Client) -> None:
    listed = body(client, CODEX)
    assert list(listed) == ["models"]
    assert listed["models"][0]["slug"] == "gemini-3.8-flash"


@pytest.mark.parametrize("path", ["/v1/models", CODEX])
def test_a_list_that_the_client_has_is_not_sent_again(client: Client, path: str) -> None:
    first = client.get(path)
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    assert client.get(path, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_change_changes_the_etag(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    seed_models()
    first = client.get("/v1/models").headers["ETag"]
    ServedModel.objects.filter(name="gemini-2.5-pro").update(enabled=False)
    monkeypatch.setattr(catalogue, "memory", CatalogueMemory())
    assert client.get("/v1/models").headers["ETag"] != first


@pytest.mark.parametrize(
    "name", ["gemini-3.8-flash", "models/gemini-3.8-flash", "gemini-flash-latest", "gpt-5", "team/fast"]
)
def test_one_model(client: Client, settings: Settings, name: str) -> None:
    settings.MODEL_ALIASES = {"gpt-5": "gemini-3.8-flash", "team/fast": "gemini-3.8-flash"}
    assert body(client, f"/v1/models/{name}")["id"] == "gemini-3.8-flash"


@pytest.mark.parametrize("name", ["nothing", "gemini-9-flash", "gemini-2.5-pro"])
def test_a_model_that_is_not_in_the_catalogue(client: Client, name: str) -> None:
    seed_models()
    ServedModel.objects.filter(name="gemini-2.5-pro").update(enabled=False)
    assert body(client, f"/v1/models/{name}", 404)["error"] == {
        "message": f"The model '{name}' does not exist.",
        "type": "invalid_request_error",
        "param": "model",
        "code": "model_not_found",
    }


def test_a_key_sees_the_models_that_it_may_use(alice: User, make_api_key: MakeApiKey) -> None:
    _, plain = make_api_key(alice, allowed_models=["gemini-2.5-*"])
    client = Client(headers={"Authorization": f"Bearer {plain}"})
    listed = [model["id"] for model in body(client, "/v1/models")["data"]]
    assert "gemini-2.5-pro" in listed
    assert all(name.startswith("gemini-2.5-") for name in listed)
    assert {model["slug"] for model in body(client, CODEX)["models"]} == set(listed)
    unknown = body(client, "/v1/models/gemini-3.8-flash", 404)["error"]
    assert unknown["message"] == "The model 'gemini-3.8-flash' does not exist."
