import pytest

from interceptor.simulator.models import MODELS
from interceptor.simulator.prompt import Medium, Prompt, continuation_token, read_prompt

from .bodies import G2, G3, ask, model, result, user


def read(body: dict[str, object], name: str = G3) -> Prompt:
    return read_prompt(MODELS[name], body)


def test_only_the_last_turn_steers() -> None:
    prompt = read({"contents": [user("[[chunks=3]]"), model({"text": "a"}), user("b [[cut=1]]")]})
    assert (prompt.text, prompt.directives.chunks, prompt.directives.cut, prompt.earlier_turns) == (
        "b",
        None,
        1,
        2,
    )


@pytest.mark.parametrize(("data", "size"), [("", 0), ("QQ==", 1), ("QUI=", 2), ("QUJD", 3), ("QUJDRA", 4)])
def test_the_size_of_a_picture_is_in_bytes(data: str, size: int) -> None:
    parts = [{"inlineData": {"mimeType": "image/png", "data": data}}]
    assert read({"contents": [{"role": "user", "parts": parts}]}).media == (Medium("image/png", size),)


@pytest.mark.parametrize(
    ("name", "thinking", "thinks"),
    [
        (G3, {}, True),
        ("gemini-3.5-flash-lite", {}, False),
        ("gemini-3.5-flash-lite", {"thinkingLevel": "high"}, True),
        (G2, {}, True),
        (G2, {"thinkingBudget": 0}, False),
        ("gemini-2.5-flash-lite", {}, False),
        ("gemini-2.5-flash-lite", {"thinkingBudget": 512}, True),
    ],
)
def test_when_a_model_thinks(name: str, thinking: dict[str, object], thinks: bool) -> None:
    assert read(ask("x", generationConfig={"thinkingConfig": thinking}), name).thinks is thinks


def test_text_beside_results_is_muddled() -> None:
    parts = [result("f"), {"text": "x"}]
    assert read({"contents": [{"role": "user", "parts": parts}]}).is_muddled
    assert not read({"contents": [{"role": "user", "parts": parts[:1]}]}).is_muddled


def test_continuation_tokens() -> None:
    assert read(ask("x", continuationToken=continuation_token(17))).resume_at == 17
    assert read(ask("x", continuationToken="QQ==")).resume_at == 0
