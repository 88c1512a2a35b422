"""Prompt templates in PostgreSQL."""

import pytest
from django.contrib.auth.models import User

from responses_api.core.errors import InternalError, InvalidRequest, NotFound
from responses_api.models import PromptTemplate, PromptVersion
from responses_api.storage import prompts

pytestmark = pytest.mark.django_db


def template(prompt_id: str = "pmpt_1", owner: User | None = None) -> PromptTemplate:
    return PromptTemplate.objects.create(id=prompt_id, name="Greeting", owner=owner)


def bodies(prompt: PromptTemplate) -> list[tuple[int, object, bool]]:
    return list(prompt.versions.order_by("version").values_list("version", "body", "is_current"))


def test_every_change_is_a_version_and_the_last_one_is_current() -> None:
    prompt = template()
    one, two = {"instructions": "One."}, {"instructions": "Two."}

    assert prompts.add_version(prompt.id, one).version == 1
    assert prompts.add_version(prompt.id, two).version == 2
    assert bodies(prompt) == [(1, one, False), (2, two, True)]

    prompts.make_current(prompt.versions.get(version=1))
    assert bodies(prompt) == [(1, one, True), (2, two, False)]


def test_what_is_no_template_is_not_kept() -> None:
    prompt = template()
    with pytest.raises(InvalidRequest):
        prompts.add_version(prompt.id, {"stream": True})
    assert not PromptVersion.objects.exists()


def test_a_version_is_found_by_its_number_or_as_the_current_one(alice: User) -> None:
    prompt = template()
    for text in ("One.", "Two."):
        prompts.add_version(prompt.id, {"instructions": text})

    assert prompts.find_version(alice.pk, prompt.id, None).version == 2
    assert prompts.find_version(alice.pk, prompt.id, "1").body == {"instructions": "One."}
    for version in ("3", "0", "01x", "", "-1", "1.0", "9" * 30, "٢", "\x00"):
        with pytest.raises(NotFound) as caught:
            prompts.find_version(alice.pk, prompt.id, version)
        assert caught.value.message == f"Prompt with id 'pmpt_1' and version '{version}' not found."


def test_a_template_is_its_owners_or_everybodys(alice: User, bob: User) -> None:
    prompts.add_version(template("pmpt_alice", alice).id, {"instructions": "Hers."})
    prompts.add_version(template("pmpt_all").id, {"instructions": "Ours."})

    assert prompts.find_version(alice.pk, "pmpt_alice", None).body == {"instructions": "Hers."}
    for user in (alice, bob):
        assert prompts.find_version(user.pk, "pmpt_all", "1").version == 1
    for prompt_id in ("pmpt_alice", "pmpt_unknown", "pmpt_\x00"):
        with pytest.raises(NotFound) as caught:
            prompts.find_version(bob.pk, prompt_id, None)
        assert caught.value.message == f"Prompt with id '{prompt_id}' not found."
        assert (caught.value.http_status, caught.value.param, caught.value.code) == (
            404,
            "prompt",
            "prompt_not_found",
        )


def test_a_template_without_a_current_version_cannot_be_used(alice: User) -> None:
    prompt = template()
    prompts.add_version(prompt.id, {"instructions": "One."})
    prompt.versions.update(is_current=False)
    with pytest.raises(NotFound):
        prompts.find_version(alice.pk, prompt.id, None)


def test_a_body_that_was_written_past_the_check_is_no_clients_fault() -> None:
    version = PromptVersion(prompt=template(), version=1, body={"stream": True})
    with pytest.raises(InternalError, match="'stream'"):
        prompts.template_of(version)
