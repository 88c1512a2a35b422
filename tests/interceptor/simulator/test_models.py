import pytest

from interceptor.simulator.models import ALIASES, MODELS, Budget, Levels, find_model

from .bodies import assert_fits


@pytest.mark.parametrize("name", MODELS)
def test_every_model_is_a_model_resource(name: str) -> None:
    model = MODELS[name]
    assert_fits("Model", model.to_json())
    assert find_model(name, "v1") is model
    match model.thinking:
        case Levels() as levels:
            assert levels.default in levels.accepted and not model.is_gemini_2
        case Budget() as budget:
            assert budget.low < budget.high and model.is_gemini_2
        case None:
            assert model.makes_images and model.to_json()["thinking"] is False


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases_exist_on_v1beta_only(alias: str) -> None:
    assert find_model(alias, "v1beta") is MODELS[ALIASES[alias]]
    assert find_model(alias, "v1") is None


def test_an_unknown_model() -> None:
    assert find_model("gpt-5", "v1beta") is None
