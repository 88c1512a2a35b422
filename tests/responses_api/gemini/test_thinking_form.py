import json
from typing import Any

import pytest

from responses_api.gemini.models import PROFILES, ModelProfile
from responses_api.gemini.thinking import EFFORTS, LevelControl
from responses_api.gemini.thinking_form import THINKING_KINDS, from_form, to_form

BUDGET: dict[str, Any] = {
    "minimum": 128,
    "maximum": 1024,
    "budgets": dict.fromkeys(EFFORTS, 128),
    "default": -1,
}


@pytest.mark.parametrize("profile", PROFILES, ids=lambda profile: profile.name)
def test_every_control_comes_back_from_json(profile: ModelProfile) -> None:
    kind, form = to_form(profile.thinking)
    assert from_form(kind, json.loads(json.dumps(form))) == profile.thinking


def test_every_kind_occurs() -> None:
    assert {to_form(profile.thinking)[0] for profile in PROFILES} == set(THINKING_KINDS)


def test_levels_are_put_in_order() -> None:
    control = from_form("levels", {"levels": ["high", "low"], "default": None})
    assert control == LevelControl(("low", "high"), None)


@pytest.mark.parametrize(
    ("kind", "form", "complaint"),
    [
        ("steps", {}, "one of levels, budget, none"),
        ("levels", None, "an object with exactly these members: default, levels"),
        ("levels", {"levels": ["low"]}, "exactly these members"),
        ("levels", {"levels": ["low"], "default": None, "more": 1}, "exactly these members"),
        ("levels", {"levels": "low", "default": None}, "array"),
        ("levels", {"levels": [], "default": None}, "one or more of minimal, low"),
        ("levels", {"levels": ["low", "low"], "default": None}, "each once"),
        ("levels", {"levels": ["none"], "default": None}, "one or more of minimal, low"),
        ("levels", {"levels": ["low"], "default": "high"}, "default: one of the levels"),
        ("budget", {**BUDGET, "minimum": 0}, "minimum: at least 1"),
        ("budget", {**BUDGET, "minimum": 2048}, "no more than maximum"),
        ("budget", {**BUDGET, "budgets": {"low": 128}}, "exactly one for each of none, minimal"),
        ("budget", {**BUDGET, "default": 64}, "between minimum and maximum, not 64"),
        ("budget", {**BUDGET, "budgets": dict.fromkeys(EFFORTS, 4096)}, "not 4096"),
        ("budget", {**BUDGET, "maximum": "1024"}, "int"),
        ("none", {}, "exactly these members: thinks"),
    ],
)
def test_what_makes_no_sense(kind: str, form: Any, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        from_form(kind, form)


def test_a_budget_may_be_off_or_the_models_own() -> None:
    off = {**BUDGET, "budgets": dict.fromkeys(EFFORTS, 0), "default": -1}
    assert to_form(from_form("budget", off)) == ("budget", off)
