from datetime import date

import pytest

from responses_api.gemini.built_in_models import newer_model
from responses_api.gemini.models import MEDIA, PROFILES, Generation, ModelProfile
from responses_api.gemini.thinking import BudgetControl, LevelControl, NoControl

BY_NAME = {profile.name: profile for profile in PROFILES}


def newer(name: str) -> ModelProfile:
    profile = newer_model(name)
    assert profile is not None
    return profile


def test_names_are_unique() -> None:
    names = [name for profile in PROFILES for name in (profile.name, *profile.aliases)]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    ("name", "json_with_functions", "hosted_with_functions", "continuation"),
    [
        ("gemini-4-carbon", True, True, True),
        ("gemini-3.8-flash", True, True, False),
        ("gemini-2.5-pro", False, False, False),
        ("gemma-4-31b-it", False, False, False),
        ("gemini-3-pro-image", False, False, False),
    ],
)
def test_capabilities(
    name: str, json_with_functions: bool, hosted_with_functions: bool, continuation: bool
) -> None:
    profile = BY_NAME[name]
    assert profile.json_with_functions is json_with_functions
    assert profile.hosted_with_functions is hosted_with_functions
    assert profile.continuation is continuation


def test_all_models_read_images_and_only_known_kinds() -> None:
    assert all({"image"} <= profile.media <= set(MEDIA) for profile in PROFILES)
    assert BY_NAME["gemini-3.8-flash"].media == BY_NAME["gemini-2.5-pro"].media == set(MEDIA)


def test_models_that_make_images() -> None:
    assert {profile.name for profile in PROFILES if profile.image_output} == {
        "gemini-nano-banana-2.1",
        "gemini-3.1-flash-image",
        "gemini-3.1-flash-lite-image",
        "gemini-3-pro-image",
        "gemini-2.5-flash-image",
    }


def test_prices_are_the_operators_to_enter() -> None:
    assert {profile.prices for profile in PROFILES} == {None}


@pytest.mark.parametrize(
    ("name", "generation", "like"),
    [
        ("gemini-3.9-flash", Generation.G3, "gemini-3.8-flash"),
        ("gemini-3.8-flash-002", Generation.G3, "gemini-3.8-flash"),
        ("gemini-4-neon", Generation.G4, "gemini-4-argon"),
        ("gemini-5-flash-preview-02-2027", Generation.G4, "gemini-4-argon"),
        ("gemini-17-pro", Generation.G4, "gemini-4-argon"),
    ],
)
def test_a_newer_gemini_does_what_its_generation_does(name: str, generation: Generation, like: str) -> None:
    profile, known = newer(name), BY_NAME[like]
    assert (profile.name, profile.upstream_name, profile.generation) == (name, name, generation)
    assert profile.thinking == LevelControl(("low", "medium", "high"), None)
    for field in ("json_with_functions", "hosted_with_functions", "media", "continuation", "context_limit"):
        assert getattr(profile, field) == getattr(known, field)
    assert not profile.logprobs
    assert not profile.image_output
    assert profile.created == date(1970, 1, 1)


def test_an_unlisted_gemini_2_takes_a_budget() -> None:
    profile = newer("gemini-2.0-flash")
    assert profile.generation is Generation.G2
    assert isinstance(profile.thinking, BudgetControl)
    assert profile.thinking == BY_NAME["gemini-2.5-flash"].thinking


def test_an_unlisted_gemma() -> None:
    profile = newer("gemma-5-40b-it")
    assert profile.generation is Generation.GEMMA
    assert profile.thinking == BY_NAME["gemma-4-31b-it"].thinking
    assert (profile.context_limit, profile.output_limit) == (262_144, 32_768)
    assert newer("gemma-3-27b-it").thinking == NoControl(thinks=False)


def test_a_newer_model_that_makes_images_says_so_in_its_name() -> None:
    profile = newer("gemini-5-pro-image-preview")
    assert profile.image_output
    assert not profile.json_with_functions
    assert not profile.continuation


@pytest.mark.parametrize(
    "name",
    [
        "gemini-1.5-pro",
        "gemini-0-x",
        "gemini-5",
        "gemini-05-flash",
        "gemini-100-flash",
        "gemini-flash",
        "gemini-embedding-001",
        "gemma-2-9b-it",
        "gpt-5",
        "gemini-5-flash/../x",
        "gemini-5-flash?alt=sse",
        "gemini-5-flash\n",
        "Gemini-5-flash",
        f"gemini-5-{'x' * 100}",
    ],
)
def test_no_guess_at_other_names(name: str) -> None:
    assert newer_model(name) is None
