import pytest

from responses_api.core.errors import InvalidRequest
from responses_api.gemini.models import PROFILES, Generation, ModelCatalogue, model_line


def test_names_are_unique_and_of_text_models() -> None:
    names = [name for profile in PROFILES for name in (profile.name, *profile.aliases)]
    assert len(names) == len(set(names))
    assert not any("image" in name or "banana" in name for name in names)


@pytest.mark.parametrize(
    ("asked", "served"),
    [
        (None, "gemini-3.8-flash"),
        ("gemini-2.5-pro", "gemini-2.5-pro"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("gemini-pro-latest", "gemini-3.1-pro-preview"),
        ("gemini-flash-latest", "gemini-3.8-flash"),
        ("gemini-flash-lite-latest", "gemini-3.5-flash-lite"),
    ],
)
def test_names_that_resolve(asked: str | None, served: str) -> None:
    profile = ModelCatalogue().resolve(asked)
    assert (profile.name, profile.upstream_name) == (served, served)


@pytest.mark.parametrize(
    "name", ["gpt-5", "gemini-5-flash", "gemini-9.9-pro", "GEMINI-3.8-FLASH", "", "models/x"]
)
def test_an_unknown_model_is_refused_with_a_list_of_what_there_is(name: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ModelCatalogue().resolve(name)
    error = caught.value
    assert (error.http_status, error.code, error.param) == (400, "model_not_found", "model")
    assert error.message.startswith(f"The requested model '{name}' does not exist. Available models: ")
    assert all(profile.name in error.message for profile in PROFILES)


def test_the_installations_own_aliases_and_default() -> None:
    catalogue = ModelCatalogue(
        aliases={"gpt-5": "gemini-2.5-pro", "gemini-pro-latest": "gemini-4-carbon"}, default="gpt-5"
    )
    assert catalogue.resolve("gpt-5").name == catalogue.resolve(None).name == "gemini-2.5-pro"
    assert catalogue.resolve("gemini-pro-latest").name == "gemini-4-carbon"


def test_an_alias_never_hides_a_model() -> None:
    catalogue = ModelCatalogue(aliases={"gemini-2.5-pro": "gemini-3.8-flash"})
    assert catalogue.resolve("gemini-2.5-pro").name == "gemini-2.5-pro"


def test_a_catalogue_with_a_dangling_name_is_refused() -> None:
    with pytest.raises(ValueError, match="'gpt-5'.*'nothing'"):
        ModelCatalogue(aliases={"gpt-5": "nothing"})
    with pytest.raises(ValueError, match="default.*'nothing'"):
        ModelCatalogue(default="nothing")


@pytest.mark.parametrize(
    ("signer", "reader", "good"),
    [
        ("gemini-3.8-flash", "gemini-3.8-flash", True),
        ("gemini-3.8-flash-002", "gemini-3.8-flash", True),
        ("models/gemini-3.8-flash", "gemini-3.8-flash", True),
        ("gemini-3.5-flash", "gemini-3.8-flash", True),
        ("gemini-3-flash-preview", "gemini-3.8-flash", True),
        ("gemini-3.5-flash-lite", "gemini-3.8-flash", False),
        ("gemini-3.1-pro-preview", "gemini-3.8-flash", False),
        ("gemini-2.5-flash", "gemini-3.8-flash", False),
        ("gemini-4-carbon", "gemini-4-argon", False),
        ("gpt-5", "gemini-3.8-flash", False),
        (None, "gemini-3.8-flash", False),
    ],
)
def test_signatures_travel_inside_one_line(signer: str | None, reader: str, good: bool) -> None:
    assert ModelCatalogue().resolve(reader).signs_like(signer) is good


def test_a_name_of_another_form_is_a_line_of_its_own() -> None:
    assert model_line("tunedModels/mine") == model_line("mine") != model_line("yours")


def test_rules_by_generation() -> None:
    modern = {profile.generation for profile in PROFILES if profile.is_modern}
    assert modern == {Generation.G3, Generation.G4}
    assert {profile.generation for profile in PROFILES if not profile.has_system_slot} == {Generation.GEMMA}
