from typing import Any

import pytest

from interceptor.simulator.models import MODELS
from interceptor.simulator.turns import turns_error

from .bodies import G2, G3, model, result, user

COUNT = "the number of function response parts is equal to the number of function call parts"
TEXT = model({"text": "a"})


def call(name: str, identity: str = "") -> dict[str, Any]:
    return {"functionCall": {"name": name, **({"id": identity} if identity else {})}}


def answers(*parts: dict[str, Any]) -> dict[str, Any]:
    return {"role": "user", "parts": list(parts)}


def problem(*contents: dict[str, Any], name: str = G3) -> str | None:
    error = turns_error(MODELS[name], list(contents))
    return None if error is None else error.message


@pytest.mark.parametrize(
    "contents",
    [
        [user("a")],
        [user("a"), TEXT, user("b")],
        [user("a"), model(call("f")), answers(result("f"))],
        [user("a"), model(call("f", "1"), call("f", "2")), answers(result("f", id="2"), result("f", id="1"))],
        [
            user("a"),
            model(call("f")),
            answers(result("f")),
            model(call("g")),
            answers(result("g")),
            TEXT,
            user("b"),
        ],
    ],
)
def test_good_sequences(contents: list[dict[str, Any]]) -> None:
    assert problem(*contents) is None


@pytest.mark.parametrize(
    ("contents", "part"),
    [
        ([TEXT, user("a")], "start with a user role"),
        ([user("a"), TEXT], "ends with a user role or a function response"),
        ([user("a"), user("b")], "alternate between user and model"),
        ([user("a"), TEXT, TEXT, user("b")], "alternate between user and model"),
        ([user("a"), model(call("f")), user("b")], COUNT),
        ([user("a"), model(call("f"), call("g")), answers(result("f"))], COUNT),
        ([user("a"), model(call("f")), answers(result("f"), result("f"))], COUNT),
        ([answers(result("f"))], "function response turn comes immediately after a function call turn"),
        (
            [user("a"), TEXT, answers(result("f"))],
            "function response turn comes immediately after a function call turn",
        ),
        ([user("a"), model(call("f")), answers(result("g"))], "`g` matches no function call"),
        ([user("a"), model(call("f", "1")), answers(result("f", id="2"))], "`f` matches no function call"),
        ([user("a"), model(call("f", "1")), answers(result("f"))], "`f` matches no function call"),
        ([answers(call("f"))], "function call parts are in a turn of the model role"),
        (
            [user("a"), model(result("f")), user("b")],
            "function response parts are in a turn of the user role",
        ),
    ],
)
def test_bad_sequences(contents: list[dict[str, Any]], part: str) -> None:
    assert part in (problem(*contents) or "")


def hosted(kind: str, identity: str | None = "1", tool: str = "URL_CONTEXT") -> dict[str, Any]:
    return {kind: {"toolType": tool} | ({} if identity is None else {"id": identity})}


@pytest.mark.parametrize(
    "parts",
    [
        [hosted("toolCall"), hosted("toolResponse")],
        [
            hosted("toolCall", "1"),
            hosted("toolCall", "2"),
            hosted("toolResponse", "2"),
            hosted("toolResponse", "1"),
        ],
        [hosted("toolCall", None), hosted("toolResponse", None), {"text": "a"}],
    ],
)
def test_hosted_tools_and_their_responses(parts: list[dict[str, Any]]) -> None:
    assert problem(user("a"), model(*parts), user("b")) is None


@pytest.mark.parametrize(
    ("parts", "part"),
    [
        ([hosted("toolCall")], "followed by its tool response part"),
        ([hosted("toolResponse")], "comes after its tool call part"),
        ([hosted("toolResponse"), hosted("toolCall")], "comes after its tool call part"),
        (
            [hosted("toolCall"), hosted("toolResponse"), hosted("toolResponse")],
            "comes after its tool call part",
        ),
        ([hosted("toolCall"), hosted("toolResponse", "2")], "comes after its tool call part"),
        ([hosted("toolCall"), hosted("toolResponse", "1", "FILE_SEARCH")], "comes after its tool call part"),
    ],
)
def test_hosted_tools_and_responses_that_do_not_fit(parts: list[dict[str, Any]], part: str) -> None:
    assert part in (problem(user("a"), model(*parts), user("b")) or "")


@pytest.mark.parametrize("kind", ["toolCall", "toolResponse"])
def test_hosted_tools_are_the_models(kind: str) -> None:
    assert "in a turn of the model role" in (problem(answers(hosted(kind))) or "")


def test_gemini_2_pairs_by_name_alone() -> None:
    assert problem(user("a"), model(call("f", "1")), answers(result("f")), name=G2) is None
