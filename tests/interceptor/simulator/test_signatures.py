from typing import Any

import pytest

from interceptor.simulator.models import MODELS
from interceptor.simulator.signatures import SKIP_VALUES, bears_signature, sign, signature_error

from .bodies import G2, G3, G4, model, result, user


def call(name: str = "f", **args: Any) -> dict[str, Any]:
    return {"functionCall": {"name": name, "args": args, "id": "c1"}}


def signed(part: dict[str, Any], name: str = G3) -> dict[str, Any]:
    return {**part, "thoughtSignature": sign(MODELS[name], part)}


def problem(*contents: dict[str, Any], name: str = G3) -> str | None:
    error = signature_error(MODELS[name], list(contents))
    return None if error is None else error.message


RESULT = {"role": "user", "parts": [result("f")]}


@pytest.mark.parametrize("name", [G3, G4])
def test_a_signed_call_passes(name: str) -> None:
    assert problem(user("x"), model(signed(call(a=1), name)), RESULT, name=name) is None


def test_a_missing_signature_is_refused() -> None:
    message = problem(user("x"), model(call()), RESULT)
    assert message is not None
    assert message.startswith("Function call is missing a thought_signature in functionCall parts.")
    assert "`default_api:f` , position 2" in message


def test_gemini_2_does_not_care() -> None:
    assert problem(user("x"), model(call()), RESULT, name=G2) is None


def test_only_the_first_of_parallel_calls_needs_one() -> None:
    both = {"role": "user", "parts": [result("f"), result("g")]}
    assert problem(user("x"), model(signed(call()), call("g")), both) is None
    assert problem(user("x"), model(call("g"), signed(call())), both) is not None


def test_every_step_of_the_current_turn_is_checked() -> None:
    assert problem(user("x"), model(signed(call())), RESULT, model(call()), RESULT) is not None


def test_earlier_turns_are_not_checked() -> None:
    assert problem(user("x"), model(call()), RESULT, model({"text": "done"}), user("y")) is None


@pytest.mark.parametrize("value", sorted(SKIP_VALUES))
def test_the_documented_skip_values_pass(value: str) -> None:
    assert problem(user("x"), model({**call(), "thoughtSignature": value}), RESULT) is None


@pytest.mark.parametrize("value", ["QQ==", "a", "x" * 48])
def test_what_it_never_issued_is_corrupted(value: str) -> None:
    assert (
        problem(user("x"), model({**call(), "thoughtSignature": value}), RESULT)
        == "Corrupted thought signature."
    )


def test_a_signature_on_another_part_is_invalid() -> None:
    moved = {**call(a=2), "thoughtSignature": signed(call(a=1))["thoughtSignature"]}
    assert problem(user("x"), model(moved), RESULT) == "Thought signature is not valid."


def test_a_signature_of_another_model_line_is_invalid() -> None:
    assert problem(user("x"), model(signed(call(), G4)), RESULT) == "Thought signature is not valid."


RUN = {"id": "s1", "toolType": "GOOGLE_SEARCH_WEB"}
SEARCH: dict[str, Any] = {"toolCall": {**RUN, "args": {"queries": ["q"]}}}
FOUND: dict[str, Any] = {"toolResponse": {**RUN, "response": {"n": 1}}}


def test_the_steps_of_hosted_tools_are_checked_like_calls() -> None:
    good = model(signed(SEARCH), signed(FOUND), signed(call()))
    assert problem(user("x"), good, RESULT) is None
    assert problem(user("x"), model(signed(SEARCH), FOUND, signed(call())), RESULT) is None
    stand_in = {**SEARCH, "thoughtSignature": sorted(SKIP_VALUES)[0]}
    assert problem(user("x"), model(stand_in, FOUND, signed(call())), RESULT) is None
    missing = problem(user("x"), model(SEARCH, FOUND, signed(call())), RESULT)
    assert missing is not None and missing.startswith("Tool call is missing a thought_signature")
    changed = {**signed(FOUND), "toolResponse": {**RUN, "response": {"n": 2}}}
    assert problem(user("x"), model(signed(SEARCH), changed, signed(call())), RESULT) == (
        "Thought signature is not valid."
    )
    assert problem(user("x"), model(SEARCH, FOUND, {"text": "a"}), user("y")) is None


@pytest.mark.parametrize(
    ("signature", "borne"),
    [("QQ==", True), (None, False), *((value, False) for value in sorted(SKIP_VALUES))],
)
def test_which_signatures_are_real(signature: str | None, borne: bool) -> None:
    part = {"text": "a"} if signature is None else {"text": "a", "thoughtSignature": signature}
    assert bears_signature([user("x"), model({"text": "b"}, part)]) is borne


def test_a_trip_through_json_elsewhere_does_not_hurt() -> None:
    there, back = call(a=1.0, b={"c": [2.0], "d": 1}), call(b={"d": 1, "c": [2]}, a=1)
    back["functionCall"]["id"] = "another"
    assert (
        problem(user("x"), model({**back, "thoughtSignature": signed(there)["thoughtSignature"]}), RESULT)
        is None
    )
