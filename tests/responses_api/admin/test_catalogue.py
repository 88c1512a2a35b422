from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from responses_api.gemini.models import PROFILES
from responses_api.model_seed import seed_models
from responses_api.models import ServedModel

pytestmark = pytest.mark.django_db

LIST = reverse("admin:responses_api_servedmodel_changelist")
ADD = reverse("admin:responses_api_servedmodel_add")
NEW: dict[str, Any] = {
    "name": "ours",
    "aliases": "mine, team/ours  best",
    "enabled": "on",
    "upstream_name": "gemini-3.8-flash-tuned",
    "generation": "3.x",
    "created": "2026-11-01",
    "language_server_model": "MODEL_PLACEHOLDER_M12",
    "context_limit": "100000",
    "output_limit": "1000",
    "thinking_kind": "levels",
    "thinking": '{"levels": ["low", "high"], "default": null}',
    "input_kinds": ["image", "pdf"],
    "json_with_functions": "on",
    "input_price": "0.75",
    "cached_input_price": "0.075",
    "output_price": "3.75",
}


@pytest.fixture(autouse=True)
def _seeded() -> None:
    seed_models()


def change_url(name: str) -> str:
    return reverse("admin:responses_api_servedmodel_change", args=[ServedModel.objects.get(name=name).pk])


def form_of(client: Client, url: str) -> dict[str, Any]:
    """What a browser would send back from this page if nothing were changed."""
    form = client.get(url).context["adminform"].form
    values = {name: form[name].value() for name in form.fields}
    return {name: value for name, value in values.items() if value is not None and value is not False}


def errors_of(response: Any) -> dict[str, list[str]]:
    assert response.status_code == 200
    errors: dict[str, list[str]] = response.context["adminform"].form.errors
    return errors


def act(operator: Client, action: str, *names: str) -> str:
    rows = list(ServedModel.objects.filter(name__in=names).values_list("pk", flat=True))
    page = operator.post(LIST, {"action": action, "_selected_action": rows, "confirmed": "yes"}, follow=True)
    assert page.status_code == 200
    return page.content.decode()


def test_the_list_shows_all_models(operator: Client) -> None:
    page = operator.get(LIST).content.decode()
    assert all(profile.name in page for profile in PROFILES)
    assert "gemini-flash-latest" in page


@pytest.mark.parametrize("filters", ["enabled__exact=0", "generation__exact=4", "customised__exact=1"])
def test_filters(operator: Client, filters: str) -> None:
    assert operator.get(f"{LIST}?{filters}").status_code == 200


def test_a_model_is_added(operator: Client) -> None:
    assert operator.post(ADD, NEW).status_code == 302
    row = ServedModel.objects.get(name="ours")
    assert row.customised
    assert row.aliases == ["mine", "team/ours", "best"]
    profile = row.profile()
    assert profile.media == {"image", "pdf"}
    assert (profile.json_with_functions, profile.hosted_with_functions) == (True, False)
    assert profile.prices is not None


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("name", {"name": "gemini-3.8-flash"}),
        ("name", {"name": "gemini-flash-latest"}),
        ("aliases", {"aliases": "gemini-3.8-flash"}),
        ("aliases", {"aliases": "models/x"}),
        ("thinking", {"thinking": '{"levels": ["loud"], "default": null}'}),
        ("thinking", {"thinking": "{"}),
        ("input_price", {"output_price": ""}),
        ("input_kinds", {"input_kinds": ["smell"]}),
    ],
)
def test_mistakes_are_shown_beside_their_fields(
    operator: Client, field: str, changes: dict[str, Any]
) -> None:
    assert list(errors_of(operator.post(ADD, {**NEW, **changes}))) == [field]
    assert not ServedModel.objects.filter(name="ours").exists()


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_saving_without_a_change_leaves_a_model_to_the_seed(operator: Client, profile: Any) -> None:
    url = change_url(profile.name)
    assert operator.post(url, form_of(operator, url)).status_code == 302
    row = ServedModel.objects.get(name=profile.name)
    assert row.profile() == profile
    assert not row.customised


def test_an_edited_model_is_left_alone_from_then_on(operator: Client) -> None:
    url = change_url("gemini-2.5-pro")
    assert operator.post(url, {**form_of(operator, url), "output_limit": "1000"}).status_code == 302
    seed_models()
    row = ServedModel.objects.get(name="gemini-2.5-pro")
    assert (row.output_limit, row.customised) == (1000, True)


def test_a_model_is_switched_off_in_the_list(operator: Client) -> None:
    rows = list(operator.get(LIST).context["cl"].result_list)
    ticks = {f"form-{number}-id": str(row.pk) for number, row in enumerate(rows)}
    ticks |= {
        f"form-{number}-enabled": "on" for number, row in enumerate(rows) if row.name != "gemini-2.5-pro"
    }
    management = {"form-TOTAL_FORMS": len(rows), "form-INITIAL_FORMS": len(rows), "_save": "Save"}
    assert operator.post(LIST, {**ticks, **management}).status_code == 302
    (row,) = ServedModel.objects.filter(enabled=False)
    assert (row.name, row.customised) == ("gemini-2.5-pro", True)
    assert ServedModel.objects.filter(customised=True).count() == 1


def test_actions(operator: Client) -> None:
    assert "2 model(s) switched off." in act(operator, "switch_off", "gemini-2.5-pro", "gemini-2.5-flash")
    assert set(ServedModel.objects.filter(enabled=False, customised=True).values_list("name", flat=True)) == {
        "gemini-2.5-pro",
        "gemini-2.5-flash",
    }
    assert "1 model(s) switched on." in act(operator, "switch_on", "gemini-2.5-pro", "gemini-4-argon")
    assert ServedModel.objects.get(name="gemini-2.5-pro").enabled
    assert not ServedModel.objects.get(name="gemini-4-argon").customised


def test_reset(operator: Client) -> None:
    operator.post(ADD, NEW)
    ServedModel.objects.filter(name="gemini-2.5-pro").update(enabled=False, customised=True)
    page = act(operator, "reset", "gemini-2.5-pro", "ours")
    assert "1 model(s) reset." in page and "Not built in: ours." in page
    row = ServedModel.objects.get(name="gemini-2.5-pro")
    assert (row.enabled, row.customised) == (True, False)
    assert ServedModel.objects.filter(name="ours").exists()
