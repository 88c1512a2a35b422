from decimal import Decimal

import pytest

from responses_api.gemini.models import PROFILES, Generation, ModelCatalogue, Prices, model_line


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


def test_what_tokens_cost() -> None:
    prices = Prices(input=Decimal("0.3"), cached_input=Decimal("0.075"), output=Decimal("2.5"))
    assert prices.cost(1_000_000, 0, 0) == Decimal("0.3")
    assert prices.cost(1_000, 400, 10) == Decimal("0.000235")
