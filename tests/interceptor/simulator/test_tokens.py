import pytest

from interceptor.simulator.tokens import count_contents, count_prompt, tokens_of_length

from .bodies import WEATHER, ask, tools, user


@pytest.mark.parametrize(("characters", "tokens"), [(0, 0), (1, 1), (4, 1), (5, 2)])
def test_rounding(characters: int, tokens: int) -> None:
    assert tokens_of_length(characters) == tokens


def test_media_count_a_fixed_number() -> None:
    image = {"role": "user", "parts": [{"inlineData": {"mimeType": "image/png", "data": "A" * 4000}}]}
    assert count_contents([image, user("abcd")]) == 259


def test_system_text_and_tools_count() -> None:
    plain = count_prompt(ask("x"))
    assert count_prompt(ask("x", systemInstruction={"parts": [{"text": "a" * 40}]})) == plain + 10
    assert count_prompt(ask("x", tools=tools(WEATHER))) > plain
