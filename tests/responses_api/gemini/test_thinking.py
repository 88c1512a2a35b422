import pytest

from responses_api.gemini.models import PROFILES, ModelCatalogue, ModelProfile
from responses_api.gemini.thinking import EFFORTS, LevelControl, NoControl, thinking_config

catalogue = ModelCatalogue()


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("gemini-4-hydrogen", ["low", "low", "low", "medium", "high", "xhigh", "xhigh"]),
        ("gemini-4-argon", ["low", "low", "low", "medium", "high", "high", "high"]),
        ("gemini-3.8-flash", ["low", "low", "low", "medium", "high", "high", "high"]),
        ("gemini-3.6-flash", ["minimal", "minimal", "low", "medium", "high", "high", "high"]),
        ("gemini-3.5-flash-lite", ["minimal", "minimal", "low", "medium", "high", "high", "high"]),
        ("gemini-3.1-pro-preview", ["low", "low", "low", "medium", "high", "high", "high"]),
        ("gemini-3-flash-preview", ["minimal", "minimal", "low", "medium", "high", "high", "high"]),
        ("gemma-4-31b-it", ["minimal", "minimal", "minimal", "high", "high", "high", "high"]),
    ],
)
def test_levels(model: str, sent: list[str]) -> None:
    control = catalogue.resolve(model).thinking
    assert [thinking_config(control, effort, None)[0] for effort in EFFORTS] == [
        {"thinkingLevel": level} for level in sent
    ]


@pytest.mark.parametrize(
    ("model", "sent"),
    [
        ("gemini-2.5-pro", [128, 128, 2048, 8192, 32768, 32768, 32768]),
        ("gemini-2.5-flash", [0, 128, 2048, 8192, 24576, 24576, 24576]),
        ("gemini-2.5-flash-lite", [0, 512, 2048, 8192, 24576, 24576, 24576]),
    ],
)
def test_budgets(model: str, sent: list[int]) -> None:
    control = catalogue.resolve(model).thinking
    configs = [thinking_config(control, effort, None)[0] for effort in EFFORTS]
    assert configs == [{"thinkingBudget": budget} for budget in sent]


def test_of_two_equally_near_levels_the_stronger() -> None:
    assert LevelControl(("minimal", "medium"), None).level_for("low") == "medium"


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_what_was_not_asked_for_is_not_sent(profile: ModelProfile) -> None:
    assert thinking_config(profile.thinking, None, None) == ({}, ())


def test_thoughts_are_asked_for_with_the_summary() -> None:
    control = catalogue.resolve(None).thinking
    assert thinking_config(control, None, "auto") == ({"includeThoughts": True}, ())
    config, notes = thinking_config(control, "high", "concise")
    assert config == {"includeThoughts": True, "thinkingLevel": "high"}
    assert notes == ("reasoning.summary=concise is sent as auto: summaries have no length control upstream",)


def test_an_approximated_effort_is_reported() -> None:
    _, notes = thinking_config(catalogue.resolve("gemini-3.8-flash").thinking, "none", None)
    assert notes == ("reasoning.effort=none is sent as thinking level low",)
    _, notes = thinking_config(catalogue.resolve("gemini-2.5-pro").thinking, "low", None)
    assert notes == ("reasoning.effort=low is sent as a thinking budget of 2048 tokens",)


def test_thinking_that_cannot_be_steered_is_left_alone() -> None:
    assert thinking_config(NoControl(thinks=True), "high", "auto") == (
        {"includeThoughts": True},
        ("reasoning.effort=high is left out: the model's thinking cannot be steered",),
    )


def test_a_model_that_does_not_think_is_not_asked_for_thoughts() -> None:
    assert thinking_config(NoControl(thinks=False), None, "auto") == (
        {},
        ("reasoning.summary=auto is left out: the model does not think",),
    )
    config, notes = thinking_config(NoControl(thinks=False), "low", "auto")
    assert config == {} and len(notes) == 2
