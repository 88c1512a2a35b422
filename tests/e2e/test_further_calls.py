"""Answers that take more than one upstream call, driven through the whole stack."""

from tests.e2e.conftest import BOTH
from tests.e2e.stacks import MODEL, Stack
from tests.e2e.streams import text_of

G4 = "gemini-4-argon"


@BOTH
def test_an_answer_that_stops_at_the_limit_of_a_call_goes_on(stack: Stack) -> None:
    text = "[[finish=CONTINUATION]] [[text=one two three four five six]]"
    events = stack.stream(text, model=G4)

    assert text_of(events) == "one two three four five six"
    response = events[-1]["response"]
    assert (response["status"], [item["type"] for item in response["output"]]) == ("completed", ["message"])
    booking = stack.booking(response["id"])
    assert (booking["turns"], booking["outcome"]) == (2, "completed")
    assert booking["input_tokens"] == response["usage"]["input_tokens"]
    hops = [seen["body"] for seen in stack.simulator.requests if "one two three four" in str(seen["body"])]
    assert "continuationToken" not in hops[-2]
    assert {key: value for key, value in hops[-1].items() if key != "continuationToken"} == hops[-2]


@BOTH
def test_an_unusable_answer_is_asked_for_once_more(stack: Stack) -> None:
    text = f"[[finish=MALFORMED_FUNCTION_CALL times=1]] [[no_content]] again, please, on {stack.name}"
    response = stack.client().responses.create(model=MODEL, input=text)

    assert response.status == "completed"
    booking = stack.booking(response.id)
    assert booking["turns"] == 2
    assert booking["response_summary"]["remedies"] == [
        "the upstream's answer was unusable: it was asked again"
    ]
