import pytest

from interceptor.simulator.models import MODELS
from interceptor.simulator.prompt import Medium, Prompt, read_prompt

from .bodies import G2, G3, G4, ask, model, result, user


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


def test_directives_may_stand_in_a_function_result() -> None:
    parts = [result("f", {"output": "done [[chunks=3]]", "n": 1}), result("g", {"error": "[[cut=1]]"})]
    prompt = read({"contents": [{"role": "user", "parts": parts}]})
    assert (prompt.text, prompt.directives.chunks, prompt.directives.cut) == ("", 3, 1)
    assert not prompt.is_muddled


@pytest.mark.parametrize(
    ("text", "name", "hops"),
    [
        ("x", G4, 1),
        ("[[finish=CONTINUATION]]", G4, 2),
        ("[[hops=4]]", G4, 4),
        ("[[hops=4]] [[finish=CONTINUATION]]", G4, 4),
        ("[[hops=4]]", G3, 1),
        ("[[finish=CONTINUATION]]", G3, 1),
    ],
)
def test_how_many_upstream_calls_an_answer_takes(text: str, name: str, hops: int) -> None:
    body = ask(text)
    tokens: list[str] = []
    while token := read({**body, **({"continuationToken": tokens[-1]} if tokens else {})}, name).next_hop:
        tokens.append(token)
    assert len(tokens) + 1 == hops
    assert len(set(tokens)) == len(tokens)


@pytest.mark.parametrize(
    ("name", "modalities", "writes", "draws"),
    [
        (G3, None, True, False),
        ("gemini-3-pro-image", None, True, True),
        ("gemini-3-pro-image", [], True, True),
        ("gemini-3-pro-image", ["TEXT"], True, False),
        ("gemini-3-pro-image", ["IMAGE"], False, True),
    ],
)
def test_what_is_to_be_made(name: str, modalities: list[str] | None, writes: bool, draws: bool) -> None:
    config = {} if modalities is None else {"responseModalities": modalities}
    prompt = read(ask("x", generationConfig=config), name)
    assert (prompt.writes, prompt.draws) == (writes, draws)
