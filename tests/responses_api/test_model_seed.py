from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from django.db import connection

from responses_api.gemini.models import PROFILES, ModelProfile
from responses_api.model_seed import Seeded, reset_model, seed_models
from responses_api.models import ServedModel
from responses_api.models.catalogue import row_values

ALL = tuple(profile.name for profile in PROFILES)


def with_alias(name: str, *aliases: str) -> Sequence[ModelProfile]:
    return [replace(profile, aliases=aliases) if profile.name == name else profile for profile in PROFILES]


@pytest.mark.django_db
def test_an_empty_table_is_filled() -> None:
    assert seed_models() == Seeded(ALL, (), ())
    assert {row.profile().name: row.profile() for row in ServedModel.objects.all()} == {
        profile.name: profile for profile in PROFILES
    }
    assert not ServedModel.objects.filter(customised=True).exists()


@pytest.mark.django_db
def test_a_second_run_changes_nothing() -> None:
    seed_models()
    assert seed_models() == Seeded((), (), ())
    assert ServedModel.objects.count() == len(PROFILES)


@pytest.mark.django_db
def test_what_nobody_has_edited_is_updated() -> None:
    seed_models()
    newer = [replace(profile, output_limit=profile.output_limit + 1) for profile in PROFILES[:2]]
    assert seed_models([*newer, *PROFILES[2:]]) == Seeded((), ALL[:2], ())
    assert ServedModel.objects.get(name=ALL[0]).output_limit == newer[0].output_limit


@pytest.mark.django_db
def test_what_somebody_has_edited_is_left_alone() -> None:
    seed_models()
    ServedModel.objects.filter(name=ALL[0]).update(enabled=False, output_limit=1, customised=True)
    assert seed_models() == Seeded((), (), ALL[:1])
    row = ServedModel.objects.get(name=ALL[0])
    assert (row.enabled, row.output_limit) == (False, 1)


@pytest.mark.django_db
def test_models_of_the_operators_own_stay() -> None:
    ServedModel.objects.create(name="ours", customised=True, **row_values(PROFILES[0]))
    seed_models()
    assert ServedModel.objects.filter(name="ours").exists()


@pytest.mark.django_db
def test_a_name_that_the_operator_has_given_to_another_model_stays_there() -> None:
    values = {**row_values(PROFILES[0]), "aliases": ["fast"]}
    ServedModel.objects.create(name="best", customised=True, **values)
    seed_models(with_alias("gemini-2.5-pro", "fast", "best", "smart"))
    assert ServedModel.objects.get(name="gemini-2.5-pro").aliases == ["smart"]


@pytest.mark.django_db
def test_a_model_is_reset() -> None:
    seed_models()
    ServedModel.objects.filter(name="gemini-3.8-flash").update(enabled=False, aliases=[], customised=True)
    assert reset_model("gemini-3.8-flash")
    row = ServedModel.objects.get(name="gemini-3.8-flash")
    assert (row.enabled, row.aliases, row.customised) == (True, ["gemini-flash-latest"], False)


@pytest.mark.django_db
def test_a_reset_takes_no_name_from_another_model() -> None:
    seed_models()
    ServedModel.objects.filter(name="gemini-3.8-flash").update(aliases=[], customised=True)
    ServedModel.objects.filter(name="gemini-4-argon").update(aliases=["gemini-flash-latest"], customised=True)
    reset_model("gemini-3.8-flash")
    assert ServedModel.objects.get(name="gemini-3.8-flash").aliases == []


@pytest.mark.django_db
def test_only_built_in_models_can_be_reset() -> None:
    assert not reset_model("ours")
    assert not ServedModel.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_several_processes_may_seed_at_once() -> None:
    def seed(_: int) -> None:
        try:
            seed_models()
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(seed, range(4)))
    assert set(ServedModel.objects.values_list("name", flat=True)) == set(ALL)
