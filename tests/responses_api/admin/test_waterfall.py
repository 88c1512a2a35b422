from responses_api.admin.waterfall import WIDTH, Row, waterfall
from responses_api.core.generation_events import (
    AnswerStarted,
    TextDelta,
    ThoughtDelta,
    ToolCall,
    UsageReported,
)
from responses_api.generation.course import Course


def rows(course: Course, total: float = 100.0) -> dict[str, Row]:
    drawn = waterfall(course.marks(), gate_wait=10.0, first_event=40.0, total=total)
    return {row.label: row for row in drawn}


def test_what_took_how_long() -> None:
    course = Course(begun=20.0)
    course.note(AnswerStarted(), 40.0)
    course.note(ThoughtDelta("a"), 40.0)
    course.note(ThoughtDelta("b"), 60.0)
    course.note(UsageReported(), 60.0)
    course.note(TextDelta("c"), 65.0)
    course.note(ToolCall("look_up", "{}"), 70.0)
    course.note(TextDelta("d"), 80.0)
    course.note(TextDelta("e"), 90.0)
    drawn = rows(course)
    assert list(drawn) == [
        "Preparation",
        "Gate",
        "Waiting for the upstream",
        "Thinking",
        "Text",
        "Tool call: look_up",
        "Ending and booking",
    ]
    assert [(row.begin, row.took) for row in drawn.values()] == [
        (0.0, 10.0),
        (10.0, 10.0),
        (20.0, 20.0),
        (40.0, 20.0),
        (65.0, 10.0),
        (70.0, 0.0),
        (90.0, 10.0),
    ]
    assert [(bar.x, bar.width) for bar in drawn["Text"].bars] == [(650.0, 3), (800.0, 100.0)]
    assert course.tools == ["look_up"]


def test_several_upstream_calls_are_shown() -> None:
    course = Course(begun=20.0)
    course.note(AnswerStarted(), 30.0)
    course.note(AnswerStarted(), 50.0)
    assert len(rows(course)["Upstream call"].bars) == 2


def test_bars_stay_on_the_scale() -> None:
    course = Course(begun=20.0)
    course.note(TextDelta("late"), 500.0)
    for row in rows(course).values():
        assert all(0 <= bar.x and bar.x + bar.width <= WIDTH + 3 for bar in row.bars)


def test_a_trace_without_marks_has_what_is_known() -> None:
    drawn = waterfall(None, gate_wait=1.0, first_event=40.0, total=100.0)
    assert [row.label for row in drawn] == ["Waiting for the upstream", "Answer"]


def test_an_exchange_that_runs_has_no_waterfall_yet() -> None:
    assert waterfall(None, gate_wait=None, first_event=None, total=None) == ()
