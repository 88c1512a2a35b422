import pytest

from interceptor.language_server.steps import (
    ErrorMessage,
    GrowingText,
    PlannerResponse,
    StopReason,
    TokenUsage,
    ToolRequest,
    UserInput,
    rfc3339,
    step_view,
)


def test_growing_text_is_the_joined_pieces_whenever_it_is_looked_at() -> None:
    text = GrowingText()
    assert not text
    assert str(text) == ""
    text.append("a")
    text.append("b")
    assert str(text) == "ab"
    text.append("c")
    assert str(text) == "abc"
    assert text


@pytest.mark.parametrize(
    ("unix_seconds", "timestamp"),
    [(0.0, "1970-01-01T00:00:00.000Z"), (1_795_305_600.25, "2026-11-22T00:00:00.250Z")],
)
def test_timestamps(unix_seconds: float, timestamp: str) -> None:
    assert rfc3339(unix_seconds) == timestamp


def test_zero_values_are_left_out_of_a_fresh_planner_step() -> None:
    assert step_view(PlannerResponse("m", "MODEL", "e", 0.0)) == {
        "type": "CORTEX_STEP_TYPE_PLANNER_RESPONSE",
        "status": "CORTEX_STEP_STATUS_GENERATING",
        "metadata": {
            "createdAt": "1970-01-01T00:00:00.000Z",
            "source": "CORTEX_STEP_SOURCE_MODEL",
            "executionId": "e",
            "requestedModel": {"model": "MODEL"},
        },
        "plannerResponse": {"messageId": "m"},
    }


def test_counts_are_strings_and_calls_carry_their_arguments_as_json_text() -> None:
    step = PlannerResponse("m", "MODEL", "e", 0.0, stop_reason=StopReason.MAX_TOKENS)
    step.usage = TokenUsage(prompt=1, answer=2, thoughts=0)
    step.calls.append(ToolRequest("", "f", "{}"))
    view = step_view(step)
    assert view["metadata"]["modelUsage"] == {
        "inputTokens": "1",
        "outputTokens": "2",
        "responseOutputTokens": "2",
    }
    assert view["plannerResponse"]["toolCalls"] == [{"name": "f", "argumentsJson": "{}"}]
    assert view["plannerResponse"]["stopReason"] == "STOP_REASON_MAX_TOKENS"


def test_a_view_does_not_change_with_its_step() -> None:
    step = PlannerResponse("m", "MODEL", "e", 0.0)
    step.text.append("a")
    view = step_view(step)
    step.text.append("b")
    assert view["plannerResponse"]["response"] == "a"


def test_user_input_and_error_message() -> None:
    assert step_view(UserInput(("a", "b"), "MODEL", "e", 0.0))["userInput"] == {
        "userResponse": "a\nb",
        "items": [{"text": "a"}, {"text": "b"}],
    }
    error = step_view(ErrorMessage("It broke.", "HTTP 500", "e", 0.0))
    assert error["type"] == "CORTEX_STEP_TYPE_ERROR_MESSAGE"
    assert error["errorMessage"] == {"error": {"userErrorMessage": "It broke.", "shortError": "HTTP 500"}}
