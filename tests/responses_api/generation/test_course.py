from responses_api.core.generation_events import (
    AnswerStarted,
    HostedToolCalled,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    UsageReported,
)
from responses_api.generation.course import MAX_SPANS, Course


def test_what_goes_on_is_one_span_and_a_moment_is_one_each() -> None:
    course = Course(begun=1.0)
    course.note(AnswerStarted(), 2.0)
    course.note(ThoughtDelta("a"), 3.0)
    course.note(UsageReported(), 3.5)
    course.note(ThoughtDelta("b"), 4.0)
    course.note(ToolCall("look_up", "{}"), 5.0)
    course.note(ToolCall("look_up", "{}"), 5.0)
    course.note(HostedToolCalled("c", "web_search", {}), 6.0)
    course.note(TextDelta("d"), 7.0)
    assert course.marks() == {
        "begun": 1.0,
        "spans": [
            ["call", 2.0, 2.0],
            ["thinking", 3.0, 4.0],
            ["tool", 5.0, 5.0, "look_up"],
            ["tool", 5.0, 5.0, "look_up"],
            ["tool", 6.0, 6.0, "web_search"],
            ["text", 7.0, 7.0],
        ],
    }
    assert course.tools == ["look_up", "web_search"]


def test_nothing_noted() -> None:
    assert Course().marks() == {"begun": None, "spans": []}
    assert Course().tools == []


def test_notes_are_bounded() -> None:
    course = Course()
    for moment in range(2 * MAX_SPANS):
        course.note(ThoughtDelta("a") if moment % 2 else TextDelta("b"), float(moment))
    assert len(course.spans) == MAX_SPANS


def test_a_name_is_bounded() -> None:
    course = Course()
    course.note(ToolCall("x" * 1000, "{}"), 1.0)
    assert len(course.tools[0]) == 128
