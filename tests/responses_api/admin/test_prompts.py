import json
from typing import Any

import pytest
from django.contrib.admin.utils import quote
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from responses_api.models import PromptTemplate

pytestmark = pytest.mark.django_db

LIST = reverse("admin:responses_api_prompttemplate_changelist")
ADD = reverse("admin:responses_api_prompttemplate_add")
ONE = {"instructions": "Teach {{subject}}."}
TWO = {"instructions": "Explain {{subject}}."}
NO_ROWS = {"versions-TOTAL_FORMS": "0", "versions-INITIAL_FORMS": "0"}


def change_url(prompt: PromptTemplate) -> str:
    return reverse("admin:responses_api_prompttemplate_change", args=[quote(prompt.pk)])


def save(operator: Client, url: str, body: object, **fields: Any) -> Any:
    text = body if isinstance(body, str) else json.dumps(body)
    return operator.post(url, {"name": "Tutor", "body": text, **NO_ROWS, **fields})


@pytest.fixture
def prompt(operator: Client) -> PromptTemplate:
    assert save(operator, ADD, ONE).status_code == 302
    return PromptTemplate.objects.get()


def versions(prompt: PromptTemplate) -> list[tuple[int, object, bool]]:
    return list(prompt.versions.order_by("version").values_list("version", "body", "is_current"))


def test_a_template_gets_an_id_and_its_first_version(operator: Client, prompt: PromptTemplate) -> None:
    assert prompt.id.startswith("pmpt_")
    assert versions(prompt) == [(1, ONE, True)]
    assert prompt.id in operator.get(LIST).content.decode()
    shown = operator.get(change_url(prompt)).content.decode()
    assert prompt.id in shown
    assert shown.count("Teach {{subject}}.") == 2


def test_a_changed_body_is_a_new_version(operator: Client, prompt: PromptTemplate) -> None:
    current = prompt.versions.get().pk
    assert save(operator, change_url(prompt), TWO, current=current).status_code == 302
    assert versions(prompt) == [(1, ONE, False), (2, TWO, True)]


def test_saving_without_a_change_makes_none(operator: Client, prompt: PromptTemplate, alice: User) -> None:
    saved = save(operator, change_url(prompt), ONE, current=prompt.versions.get().pk, owner=alice.pk)
    assert saved.status_code == 302
    prompt.refresh_from_db()
    assert prompt.owner == alice
    assert versions(prompt) == [(1, ONE, True)]


def test_an_older_version_can_be_made_current(operator: Client, prompt: PromptTemplate) -> None:
    first = prompt.versions.get().pk
    save(operator, change_url(prompt), TWO, current=first)
    assert save(operator, change_url(prompt), TWO, current=first).status_code == 302
    assert versions(prompt) == [(1, ONE, True), (2, TWO, False)]


def test_not_both_at_once(operator: Client, prompt: PromptTemplate) -> None:
    first = prompt.versions.get().pk
    save(operator, change_url(prompt), TWO, current=first)
    refused = save(operator, change_url(prompt), {"instructions": "Three."}, current=first)
    assert refused.status_code == 200
    assert "not both at once" in refused.content.decode()
    assert len(versions(prompt)) == 2


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        ({"stream": True}, "A prompt template cannot set &#x27;stream&#x27;."),
        ({"temperature": 9}, "Invalid &#x27;temperature&#x27;"),
        ([], "This field is required."),
        ([1], "expected an object, but got an array"),
        ("{", "Enter a valid JSON."),
    ],
)
def test_what_is_no_template_is_not_saved(operator: Client, body: object, problem: str) -> None:
    refused = save(operator, ADD, body)
    assert refused.status_code == 200
    assert problem in refused.content.decode()
    assert not PromptTemplate.objects.exists()


def test_a_nul_does_not_reach_the_database(operator: Client) -> None:
    assert save(operator, ADD, {"instructions": "a\x00b"}).status_code == 302
    assert versions(PromptTemplate.objects.get()) == [(1, {"instructions": "a\ufffdb"}, True)]
