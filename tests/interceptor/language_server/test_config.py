import pytest

from interceptor.language_server.config import LanguageServerConfig, UnknownModel


def config(**members: object) -> LanguageServerConfig:
    return LanguageServerConfig(upstream_url="https://u", **{"csrf_token": "t", **members})  # type: ignore[arg-type]


def test_an_empty_csrf_token_is_refused() -> None:
    with pytest.raises(ValueError, match="CSRF"):
        config(csrf_token="")


def test_secrets_are_not_in_the_repr() -> None:
    shown = repr(config(csrf_token="s3cret", credential_headers={"x-goog-api-key": "k3y"}))
    assert "s3cret" not in shown
    assert "k3y" not in shown


def test_a_model_is_an_enum_of_the_map_or_a_plain_name() -> None:
    assert config().upstream_model("MODEL_PLACEHOLDER_M1") == "gemini-3.8-flash"
    assert config().upstream_model("gemini-4-argon") == "gemini-4-argon"


@pytest.mark.parametrize("name", ["MODEL_X", "", "a/b", "..", "a?b", "a:b", "ü"])
def test_other_names_are_unknown(name: str) -> None:
    with pytest.raises(UnknownModel):
        config().upstream_model(name)
