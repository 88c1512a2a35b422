import pytest

from responses_api.gemini.redaction import MESSAGE_LIMIT, redact, secret_spans, without_secrets

SECRETS = [
    "AIzaSyD-0123456789_abcdefghijklmnopqrstu",
    "AQ.Ab8RN6Kx_0123456789-abc",
    "ya29.a0AfH6SMB-xyz_0123",
    "1//0gAbCdEfGhIjKlMnOpQrStUv",
    "GOCSPX-abcdef_0123",
    "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
    "sk-zg-0123456789abcdefghij",
    "zg-AbCd1234-0123456789_abc-defghij",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "around", ["{}", "key '{}' is bad", "Authorization: Bearer {}, sorry", "https://x/?key={}&alt=sse"]
)
def test_secrets_go(secret: str, around: str) -> None:
    clean = redact(around.format(secret))
    assert secret not in clean
    assert clean == around.format("[redacted]")


@pytest.mark.parametrize(
    "text",
    ["Bearer opaque-token", "authorization: bearer opaque-token", "?key=opaque-token", "&key=opaque-token"],
)
def test_what_stands_in_a_secrets_place_goes(text: str) -> None:
    assert "opaque-token" not in redact(text)


@pytest.mark.parametrize(
    "text", ["", "The model is overloaded.", "Quota for model: gemini-3.8-flash, limit: 10", "a task-list"]
)
def test_plain_text_stays(text: str) -> None:
    assert redact(text) == text


def test_long_texts_are_cut() -> None:
    assert redact("x" * 10_000) == "x" * MESSAGE_LIMIT + "…"


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_go_from_texts_of_any_length(secret: str) -> None:
    long = "x " * MESSAGE_LIMIT
    assert without_secrets(f"{long}{secret}, {long}") == f"{long}[redacted], {long}"
    assert secret_spans(f"{long}{secret}, {long}") == [(len(long), len(long) + len(secret))]


def test_in_prose_a_bearer_may_come_without_a_token() -> None:
    assert without_secrets("a bearer of news") == "a bearer of news"
    assert without_secrets("Bearer opaque-token-0123456789") == "Bearer [redacted]"
