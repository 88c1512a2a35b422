"""From a body to a request, with the prompt template that it names."""

import pytest
from django.contrib.auth.models import User

from responses_api.access.callers import Caller
from responses_api.core.create_request import CreateRequest
from responses_api.core.errors import InvalidRequest, NotFound
from responses_api.generation.requests import understand
from responses_api.models import PromptTemplate
from responses_api.storage import prompts
from tests.responses_api.without_loop import finish, run_here

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    run_here(monkeypatch)


def understood(owner: User, body: object) -> CreateRequest:
    return finish(understand(Caller(1, owner.pk, "none"), body))


@pytest.fixture
def prompt(alice: User) -> PromptTemplate:
    made = PromptTemplate.objects.create(id="pmpt_1", name="Tutor", owner=alice)
    prompts.add_version(made.id, {"instructions": "Teach {{subject}}.", "model": "gemini-2.5-pro"})
    prompts.add_version(made.id, {"instructions": "Explain {{subject}}."})
    return made


def test_a_request_without_a_prompt_is_only_checked(alice: User) -> None:
    assert understood(alice, {"input": "hi"}).instructions is None


@pytest.mark.parametrize("body", [[], None, {"input": 5}, {"prompt": 5}])
def test_what_is_no_request_is_refused(alice: User, body: object) -> None:
    with pytest.raises(InvalidRequest):
        understood(alice, body)


def test_a_prompt_is_filled_in_and_told_with_the_version_in_effect(
    alice: User, prompt: PromptTemplate
) -> None:
    body = {"prompt": {"id": prompt.id, "variables": {"subject": "Latin"}}, "input": "hi"}
    request = understood(alice, body)
    assert request.instructions == "Explain Latin."
    assert request.prompt is not None
    assert request.prompt.model_dump() == {"id": "pmpt_1", "version": "2", "variables": {"subject": "Latin"}}


def test_an_older_version_can_be_asked_for(alice: User, prompt: PromptTemplate) -> None:
    body = {"prompt": {"id": prompt.id, "version": "1", "variables": {"subject": "Latin"}}, "input": "hi"}
    request = understood(alice, body)
    assert (request.instructions, request.model) == ("Teach Latin.", "gemini-2.5-pro")


def test_anothers_prompt_is_unknown(bob: User, prompt: PromptTemplate) -> None:
    with pytest.raises(NotFound):
        understood(bob, {"prompt": {"id": prompt.id}, "input": "hi"})
