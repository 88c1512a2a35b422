import msgspec

from interceptor.language_server.placeholder import build_request
from interceptor.language_server.steps import ErrorMessage, PlannerResponse, Step, UserInput


def said(*texts: str) -> UserInput:
    return UserInput(texts, "MODEL", "e", 0.0)


def answered(text: str) -> PlannerResponse:
    step = PlannerResponse("m", "MODEL", "e", 0.0)
    if text:
        step.text.append(text)
    return step


def test_turns_alternate_and_the_users_texts_stay_as_they_are() -> None:
    steps: list[Step] = [
        said("one"),
        answered(""),
        answered("1"),
        said(" two \n"),
        ErrorMessage("no", "no", "e", 0.0),
        said("x", "y"),
    ]
    body = msgspec.json.decode(build_request(steps, None))
    assert body["contents"] == [
        {"role": "user", "parts": [{"text": "one"}]},
        {"role": "model", "parts": [{"text": "1"}]},
        {"role": "user", "parts": [{"text": " two \n"}]},
        {"role": "model", "parts": [{"text": "(no answer)"}]},
        {"role": "user", "parts": [{"text": "x"}, {"text": "y"}]},
    ]


def test_the_thinking_budget_is_sent_only_when_given() -> None:
    plain = msgspec.json.decode(build_request([said("a")], None))
    bounded = msgspec.json.decode(build_request([said("a")], 0))
    assert plain["generationConfig"] == {"thinkingConfig": {"includeThoughts": True}}
    assert bounded["generationConfig"]["thinkingConfig"]["thinkingBudget"] == 0
