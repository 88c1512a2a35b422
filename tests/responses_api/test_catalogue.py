import asyncio
import logging
from dataclasses import replace
from typing import NoReturn

import pytest
from django.db import OperationalError
from pytest_django import DjangoAssertNumQueries, Settings

from responses_api import catalogue
from responses_api.catalogue import CatalogueMemory, current_catalogue, read_catalogue
from responses_api.core.errors import InvalidRequest
from responses_api.gemini.models import PROFILES, ModelCatalogue
from responses_api.model_seed import seed_models
from responses_api.models import ServedModel
from responses_api.runtime import database


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A memory of the test's own, with its own time."""
    clock = Clock()
    monkeypatch.setattr(catalogue, "memory", CatalogueMemory(clock))
    return clock


def names(found: ModelCatalogue) -> set[str]:
    return {profile.name for profile in found.profiles}


ALL = {profile.name for profile in PROFILES}


def test_before_the_first_read_the_built_in_models_are_known() -> None:
    assert names(catalogue.memory.latest()) == ALL


@pytest.mark.django_db
def test_an_empty_table_stands_for_the_built_in_models() -> None:
    assert names(read_catalogue()) == ALL


@pytest.mark.django_db
def test_a_change_is_seen_after_two_seconds(clock: Clock) -> None:
    seed_models()
    assert names(read_catalogue()) == ALL
    ServedModel.objects.filter(name="gemini-2.5-pro").update(enabled=False)
    clock.now += 1.9
    assert names(read_catalogue()) == ALL
    clock.now += 0.2
    assert names(read_catalogue()) == names(catalogue.memory.latest()) == ALL - {"gemini-2.5-pro"}
    with pytest.raises(InvalidRequest):
        catalogue.memory.latest().resolve("gemini-2.5-pro")


@pytest.mark.django_db
def test_the_table_is_read_with_one_query(
    clock: Clock, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    seed_models()
    with django_assert_num_queries(1):
        read_catalogue()
        read_catalogue()
    clock.now += 3
    with django_assert_num_queries(1):
        read_catalogue()


@pytest.mark.django_db
def test_the_settings_win(settings: Settings) -> None:
    settings.DEFAULT_MODEL = "fast"
    settings.MODEL_ALIASES = {"fast": "ours", "gemini-flash-latest": "gemini-2.5-pro"}
    settings.UNKNOWN_MODELS = "refuse"
    seed_models([*PROFILES, replace(PROFILES[0], name="ours", upstream_name="gemini-4-hydrogen")])
    found = read_catalogue()
    assert found.resolve(None).name == "ours"
    assert found.resolve("ours").upstream_name == "gemini-4-hydrogen"
    assert found.resolve("gemini-flash-latest").name == "gemini-2.5-pro"
    with pytest.raises(InvalidRequest):
        found.resolve("gemini-9-flash")


@pytest.mark.django_db
def test_names_in_the_settings_that_lead_nowhere_are_reported_once(
    clock: Clock, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.MODEL_ALIASES = {"gpt-5": "nothing"}
    for _ in range(3):
        read_catalogue()
        clock.now += 3
    assert [record.message for record in caplog.records if "nothing" in record.message] == [
        "DEFAULT_MODEL or MODEL_ALIASES names models that are not served: nothing"
    ]


@pytest.mark.django_db
def test_a_row_that_makes_no_sense_costs_no_other_model(caplog: pytest.LogCaptureFixture) -> None:
    seed_models()
    ServedModel.objects.filter(name="gemini-2.5-pro").update(thinking={})
    ServedModel.objects.filter(name="gemini-2.5-flash").update(aliases=5)
    assert names(read_catalogue()) == ALL - {"gemini-2.5-pro", "gemini-2.5-flash"}
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.ERROR]


@pytest.mark.django_db
def test_without_the_database_what_is_known_goes_on(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    seed_models()
    ServedModel.objects.filter(name="gemini-2.5-pro").update(enabled=False)
    known = read_catalogue()
    clock.now += 3

    def fail() -> NoReturn:
        raise OperationalError("the server closed the connection")

    with monkeypatch.context() as patched:
        patched.setattr(catalogue, "stored_profiles", fail)
        assert read_catalogue() is known
        assert "going on with what is known" in caplog.text
    ServedModel.objects.update(enabled=True)
    clock.now += 3
    assert names(read_catalogue()) == ALL


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("database_threads")
async def test_on_the_event_loop(clock: Clock) -> None:
    await database.run(seed_models)
    found = await asyncio.gather(*(current_catalogue() for _ in range(20)))
    assert {id(one) for one in found} == {id(catalogue.memory.latest())}
    await database.run(ServedModel.objects.filter(name="gemini-2.5-pro").update, enabled=False)
    assert names(await current_catalogue()) == ALL
    clock.now += 3
    assert names(await current_catalogue()) == ALL - {"gemini-2.5-pro"}


@pytest.mark.usefixtures("database_threads")
async def test_on_the_event_loop_without_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> NoReturn:
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(catalogue, "stored_profiles", fail)
    assert names(await current_catalogue()) == ALL
