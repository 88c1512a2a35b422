from dataclasses import replace

import pytest

from responses_api.core.errors import InvalidRequest
from responses_api.gemini.models import PROFILES, ModelCatalogue


def served(catalogue: ModelCatalogue, name: str | None) -> str:
    return catalogue.resolve(name).name


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        (None, "gemini-3.8-flash"),
        ("gemini-2.5-pro", "gemini-2.5-pro"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("gemini-pro-latest", "gemini-3.1-pro-preview"),
        ("gemini-flash-latest", "gemini-3.8-flash"),
        ("gemini-flash-lite-latest", "gemini-3.5-flash-lite"),
    ],
)
def test_names_that_resolve(asked: str | None, name: str) -> None:
    profile = ModelCatalogue().resolve(asked)
    assert (profile.name, profile.upstream_name) == (name, name)


@pytest.mark.parametrize(
    "name", ["gpt-5", "gemini-0", "gemini-1.5-pro", "GEMINI-3.8-FLASH", "", "models/x", "gemini-5-flash/x"]
)
def test_an_unknown_model_is_refused_with_a_list_of_what_there_is(name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ModelCatalogue().resolve(name)
    error = caught.value
    assert (error.http_status, error.code, error.param) == (400, "model_not_found", "model")
    assert error.message.startswith(f"The requested model '{name}' does not exist. Available models: ")
    assert all(profile.name in error.message for profile in PROFILES)


def test_a_newer_model_is_served_under_its_own_name() -> None:
    catalogue = ModelCatalogue()
    profile = catalogue.resolve("models/gemini-5-flash")
    assert (profile.name, profile.upstream_name) == ("gemini-5-flash", "gemini-5-flash")
    assert catalogue.find("gemini-5-flash") is None
    assert profile not in catalogue.profiles


def test_a_newer_model_is_refused_where_the_installation_wants_that() -> None:
    with pytest.raises(InvalidRequest, match="'gemini-5-flash' does not exist"):
        ModelCatalogue(serve_unknown=False).resolve("gemini-5-flash")


def test_the_installations_own_aliases_and_default() -> None:
    catalogue = ModelCatalogue(
        aliases={
            "gpt-5": "gemini-2.5-pro",
            "gemini-pro-latest": "gemini-4-carbon",
            "newest": "models/gemini-5-pro",
        },
        default="gpt-5",
    )
    assert served(catalogue, "gpt-5") == served(catalogue, "models/gpt-5") == "gemini-2.5-pro"
    assert served(catalogue, None) == "gemini-2.5-pro"
    assert served(catalogue, "gemini-pro-latest") == "gemini-4-carbon"
    assert served(catalogue, "newest") == "gemini-5-pro"


def test_an_alias_never_hides_a_model() -> None:
    catalogue = ModelCatalogue(aliases={"gemini-2.5-pro": "gemini-3.8-flash"})
    assert served(catalogue, "gemini-2.5-pro") == "gemini-2.5-pro"


def test_a_model_that_is_switched_off_is_neither_served_nor_guessed_at() -> None:
    off = tuple(
        replace(profile, enabled=profile.name != "gemini-3.8-flash", aliases=("gemini-3.8-flash-002",))
        if profile.name == "gemini-3.8-flash"
        else profile
        for profile in PROFILES
    )
    catalogue = ModelCatalogue(off)
    assert "gemini-3.8-flash" not in [profile.name for profile in catalogue.profiles]
    for name in ("gemini-3.8-flash", "models/gemini-3.8-flash", "gemini-3.8-flash-002", None):
        with pytest.raises(InvalidRequest) as caught:
            catalogue.resolve(name)
        assert " gemini-3.8-flash," not in caught.value.message


def test_an_alias_may_take_the_name_of_a_model_that_is_switched_off() -> None:
    off = [replace(profile, enabled=profile.name != "gemini-2.5-pro") for profile in PROFILES]
    catalogue = ModelCatalogue(off, aliases={"gemini-2.5-pro": "gemini-3.8-flash"})
    assert served(catalogue, "gemini-2.5-pro") == "gemini-3.8-flash"


def test_dangling_names_are_told() -> None:
    assert ModelCatalogue(aliases={"gpt-5": "gemini-pro-latest", "gpt-6": "gemini-6-pro"}).dangling() == ()
    assert ModelCatalogue(aliases={"a": "nothing", "b": "nothing"}, default="gone").dangling() == (
        "gone",
        "nothing",
    )
    assert ModelCatalogue(aliases={"a": "gemini-6-pro"}, serve_unknown=False).dangling() == ("gemini-6-pro",)


def test_a_default_that_leads_nowhere_is_named_in_the_refusal() -> None:
    with pytest.raises(InvalidRequest, match="'gone' does not exist"):
        ModelCatalogue(default="gone").resolve(None)


def test_the_default_is_a_model_of_the_catalogue_or_nothing() -> None:
    found = ModelCatalogue(aliases={"fast": "gemini-3.8-flash"}, default="fast").default()
    assert found is not None
    assert found.name == "gemini-3.8-flash"
    assert ModelCatalogue(default="gone").default() is None


def test_a_catalogue_restricted_to_some_models() -> None:
    whole = ModelCatalogue(aliases={"gpt-5": "gemini-3.8-flash"})
    assert whole.restricted_to(()) is whole
    some = whole.restricted_to(["gemini-3.8-*", "gemini-pro-latest"])
    assert {profile.name for profile in some.profiles} == {"gemini-3.8-flash", "gemini-3.1-pro-preview"}
    assert served(some, "gpt-5") == "gemini-3.8-flash"
    assert served(some, "gemini-3.1-pro-preview") == "gemini-3.1-pro-preview"
    assert some.find("gemini-2.5-pro") is None
    for name in ("gemini-2.5-pro", "gemini-5-flash"):
        with pytest.raises(InvalidRequest) as caught:
            some.resolve(name)
        assert (caught.value.http_status, caught.value.code) == (403, "model_not_found")
        assert caught.value.message == f"This API key does not have access to model `{name}`."
    with pytest.raises(InvalidRequest) as caught:
        some.resolve("unknown")
    assert caught.value.message.endswith("Available models: gemini-3.1-pro-preview, gemini-3.8-flash.")


def test_a_dot_in_a_pattern_is_a_dot() -> None:
    assert ModelCatalogue().restricted_to(["gemini-3x8-flash", "gemini-3"]).profiles == ()
