from dataclasses import replace
from typing import Any

import pytest

from responses_api.gemini.models import PROFILES, ModelCatalogue
from responses_api.rest.codex_models import codex_models

# codex-rs/protocol/src/openai_models.rs, ``ModelInfo``: what has neither a default nor an Option,
# in any of the versions that were read.
REQUIRED = {
    "slug": str,
    "display_name": str,
    "supported_reasoning_levels": list,
    "shell_type": str,
    "visibility": str,
    "supported_in_api": bool,
    "priority": int,
    "base_instructions": str,
    "supports_reasoning_summaries": bool,
    "support_verbosity": bool,
    "truncation_policy": dict,
    "supports_parallel_tool_calls": bool,
    "experimental_supported_tools": list,
}
WORDS: dict[str, set[str | None]] = {
    "shell_type": {"default", "local", "unified_exec", "disabled", "shell_command"},
    "visibility": {"list", "hide", "none"},
    "apply_patch_tool_type": {"freeform", None},
    "web_search_tool_type": {"text", "text_and_image"},
    "default_reasoning_summary": {"auto", "concise", "detailed", "none"},
    "default_verbosity": {None, "low", "medium", "high"},
}
EFFORTS = {"none", "minimal", "low", "medium", "high", "xhigh"}


def listed(catalogue: ModelCatalogue | None = None) -> list[dict[str, Any]]:
    models: list[dict[str, Any]] = codex_models(catalogue or ModelCatalogue())["models"]
    return models


def entry(name: str) -> dict[str, Any]:
    return next(model for model in listed() if model["slug"] == name)


@pytest.mark.parametrize("model", listed(), ids=lambda model: model["slug"])
def test_codex_can_read_every_entry(model: dict[str, Any]) -> None:
    assert {name: type(model[name]) for name in REQUIRED} == REQUIRED
    assert all(model[name] in words for name, words in WORDS.items())
    assert model["truncation_policy"]["mode"] in ("bytes", "tokens")
    assert type(model["truncation_policy"]["limit"]) is type(model["effective_context_window_percent"]) is int
    assert set(model["input_modalities"]) <= {"text", "image"}
    efforts = [level["effort"] for level in model["supported_reasoning_levels"]]
    assert set(efforts) <= EFFORTS
    assert model.get("default_reasoning_level") in ([*efforts] if efforts else [None])
    assert all(level["description"] for level in model["supported_reasoning_levels"])


def test_the_installations_default_comes_first() -> None:
    models = listed(ModelCatalogue(default="fast", aliases={"fast": "gemini-2.5-pro"}))
    assert models[0]["slug"] == "gemini-2.5-pro"
    assert [model["priority"] for model in models] == list(range(1, len(PROFILES) + 1))
    assert {model["slug"] for model in models} == {profile.name for profile in PROFILES}


def test_a_default_outside_the_catalogue_is_not_listed() -> None:
    assert len(listed(ModelCatalogue(default="gemini-9-flash"))) == len(PROFILES)


def test_models_that_are_switched_off_are_not_listed() -> None:
    assert listed(ModelCatalogue([replace(PROFILES[0], enabled=False)])) == []


@pytest.mark.parametrize(
    ("name", "efforts", "default"),
    [
        ("gemini-4-hydrogen", ["low", "medium", "high", "xhigh"], "high"),
        ("gemini-3.6-flash", ["minimal", "low", "medium", "high"], "medium"),
        ("gemini-2.5-pro", ["low", "medium", "high"], "medium"),
        ("gemini-2.5-flash-lite", ["none", "low", "medium", "high"], "none"),
        ("gemma-4-31b-it", ["minimal", "high"], "high"),
        ("gemini-3-pro-image", [], None),
    ],
)
def test_reasoning_levels(name: str, efforts: list[str], default: str | None) -> None:
    model = entry(name)
    assert [level["effort"] for level in model["supported_reasoning_levels"]] == efforts
    assert model.get("default_reasoning_level") == default
    assert model["supports_reasoning_summaries"] is bool(efforts)


def test_what_a_model_is_to_codex() -> None:
    model = entry("gemini-3.8-flash")
    assert model["display_name"] == "Gemini 3.8 Flash"
    assert (model["context_window"], model["max_context_window"]) == (1_048_576, 1_048_576)
    assert model["visibility"] == "list"
    assert entry("gemini-3-pro-image")["visibility"] == "hide"


def test_old_and_new_versions_get_the_same_instructions() -> None:
    for model in listed():
        assert model["base_instructions"].startswith("You are a coding agent")
        assert model["model_messages"]["instructions_template"] == model["base_instructions"]
