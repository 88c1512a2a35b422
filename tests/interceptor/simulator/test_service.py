import msgspec
import pytest

from interceptor.simulator.errors import ApiError
from interceptor.simulator.record import Record
from interceptor.simulator.service import Answer, Target, count_tokens, generate

from .bodies import G3, WEATHER, ask, assert_fits, model, tools, user

TARGET = Target("v1beta", G3, "generateContent")


def outcome(raw: bytes, target: Target = TARGET, record: Record | None = None) -> Answer | ApiError:
    return generate(target, raw, record or Record.keeping(1), lambda: "id")


@pytest.mark.parametrize(
    ("raw", "part"),
    [
        (b"{", "Invalid JSON payload received."),
        (b"\xff", "Invalid JSON payload received."),
        (b"[]", "Invalid value"),
        (b"{}", "contents is not specified"),
        (msgspec.json.encode(ask("x", generationConfig={"candidateCount": 2})), "Multiple candidates"),
        (
            msgspec.json.encode(
                ask(
                    "f",
                    tools=tools({"name": "f", "parametersJsonSchema": {"type": "object", "properties": [1]}}),
                )
            ),
            "Invalid schema",
        ),
        (msgspec.json.encode(ask("[[chunks=x]]")), "simulator: cannot read the directive [[chunks=x]]"),
    ],
)
def test_refusals(raw: bytes, part: str) -> None:
    error = outcome(raw)
    assert isinstance(error, ApiError) and part in error.message
    assert_fits("ErrorBody", error.body())


def test_an_unknown_model_is_refused_before_its_body() -> None:
    error = outcome(b"{", Target("v1beta", "gpt", "generateContent"))
    assert isinstance(error, ApiError) and error.http_status == 404


def test_a_scripted_error_for_good_or_for_a_while() -> None:
    record = Record.keeping(1)
    lasting = msgspec.json.encode(ask("[[status=503]]"))
    passing = msgspec.json.encode(ask("[[status=429 retry=1 times=2]] hi"))
    assert all(isinstance(outcome(lasting, record=record), ApiError) for _ in range(3))
    kinds = [type(outcome(passing, record=record)) for _ in range(4)]
    assert kinds == [ApiError, ApiError, Answer, Answer]


@pytest.mark.parametrize("fault", ["finish=MALFORMED_FUNCTION_CALL", "finish=MISSING_THOUGHT_SIGNATURE"])
def test_a_scripted_finish_for_a_while(fault: str) -> None:
    record = Record.keeping(1)
    raw = msgspec.json.encode(ask(f"[[{fault} times=1]] hi"))
    reasons = []
    for _ in range(2):
        answer = outcome(raw, record=record)
        assert isinstance(answer, Answer)
        reasons.append(answer.chunks[-1]["candidates"][0]["finishReason"])
    assert reasons == [fault.partition("=")[2], "STOP"]


@pytest.mark.parametrize(
    ("signature", "refused"), [("QQ==", True), ("skip_thought_signature_validator", False), (None, False)]
)
def test_signatures_can_be_refused_until_they_are_gone(signature: str | None, refused: bool) -> None:
    said = {"text": "a"} | ({} if signature is None else {"thoughtSignature": signature})
    contents = [user("x"), model(said), user("[[signature=refuse]] go on")]
    found = outcome(msgspec.json.encode({"contents": contents}))
    assert isinstance(found, ApiError) is refused
    assert not isinstance(found, ApiError) or (found.http_status, found.message) == (
        400,
        "Invalid thought signature.",
    )


def test_both_forms_of_count_tokens() -> None:
    flat = count_tokens(TARGET, msgspec.json.encode(ask("a" * 40)))
    inner = ask("a" * 40, model=f"models/{G3}", tools=tools(WEATHER))
    whole = count_tokens(TARGET, msgspec.json.encode({"generateContentRequest": inner}))
    assert isinstance(flat, dict) and isinstance(whole, dict)
    assert_fits("CountTokensResponse", flat)
    assert flat["totalTokens"] == 10 < whole["totalTokens"]


def test_the_inner_model_is_required() -> None:
    error = count_tokens(TARGET, msgspec.json.encode({"generateContentRequest": ask("x")}))
    assert isinstance(error, ApiError) and "model is not specified" in error.message
