import pytest

from interceptor.simulator.logprobs import logprobs_result


@pytest.mark.parametrize("text", ["one two  three", " lead", "trail ", "\n", "", "über alles"])
def test_the_tokens_are_the_text(text: str) -> None:
    found = logprobs_result(text, 3)
    assert "".join(token["token"] for token in found["chosenCandidates"]) == text
    for chosen, top in zip(found["chosenCandidates"], found["topCandidates"], strict=True):
        assert top["candidates"][0] == chosen
        assert len({token["token"] for token in top["candidates"]}) == 3


def test_without_alternatives_there_is_no_list_of_them() -> None:
    assert "topCandidates" not in logprobs_result("a", 0)
